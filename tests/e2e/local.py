"""The server in place of DynamoDB Local, with boto3 and the AWS CLI: started as an image, as jest-dynamodb and as testcontainers start it,
seeded, and reset between tests. The argument is the program."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import boto3

STATOR = os.path.abspath(sys.argv.pop(1))
TABLE = {
    "TableName": "Users",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}


class Server:
    """Ends with its standard input, at the latest when the test does."""

    def __init__(self, command, folder):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STATOR_")}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, cwd=folder, text=True, env=environment, **pipes)

    def wait_for(self, text):
        """As testcontainers wait for the log."""
        for line in self.process.stdout:
            if text in line:
                return line
        raise AssertionError(f"{text} is not printed")

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(timeout=600)


def client(port, path=""):
    keys = {"aws_access_key_id": "fakeMyKeyId", "aws_secret_access_key": "fake", "region_name": "local-env"}
    return boto3.client("dynamodb", endpoint_url=f"http://localhost:{port}{path}", **keys)


class Local(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.java = os.path.join(self.folder.name, "java")
        os.symlink(STATOR, self.java)

    def serve(self, *command):
        server = Server(command, self.folder.name)
        self.addCleanup(server.stop)
        return server

    def test_an_image_s_command(self):
        server = self.serve(self.java, "-Xmx256m", "-jar DynamoDBLocal.jar -sharedDb -inMemory -port 0 -untilStdinCloses")
        port = server.wait_for("Port:").split()[1]
        server.wait_for("CorsParams")
        dynamodb = client(port)
        dynamodb.create_table(**TABLE)
        dynamodb.put_item(TableName="Users", Item={"id": {"S": "1"}})
        # Another key and region, and an endpoint with the path of the shell.
        self.assertEqual(client(port, "/shell/").list_tables()["TableNames"], ["Users"])
        listed = subprocess.run(
            ["aws", "dynamodb", "list-tables", "--region", "ddblocal", "--endpoint-url", f"http://localhost:{port}"],
            capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(listed.stdout)["TableNames"], ["Users"])
        with urllib.request.urlopen(urllib.request.Request(f"http://localhost:{port}", method="HEAD")) as answer:
            self.assertEqual(answer.status, 200)
        health = subprocess.run([STATOR, "health", f"http://localhost:{port}"], capture_output=True, text=True)
        self.assertEqual((health.returncode, health.stdout), (0, "ok\n"))

    def test_a_reset_for_each_test(self):
        server = self.serve(STATOR, "serve", "--memory", "--listen", "127.0.0.1:0", "--port-file", "port", "--test-state",
                            "--until-stdin-closes")
        file = os.path.join(self.folder.name, "port")
        while not os.path.exists(file):
            self.assertIsNone(server.process.poll())
            time.sleep(0.01)
        with open(file, encoding="ascii") as text:
            port = text.read().strip()
        dynamodb = client(port)
        dynamodb.create_table(**TABLE)
        for at in range(100):
            dynamodb.put_item(TableName="Users", Item={"id": {"S": str(at)}})

        def admin(*command):
            done = subprocess.run([STATOR, *command, "--url", f"http://127.0.0.1:{port}"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)

        self.assertGreater(admin("snapshot", "create", "users")["rows"], 100)
        times = []
        for _ in range(10):
            dynamodb.delete_table(TableName="Users")
            times.append(admin("snapshot", "restore", "users")["duration_ms"])
            self.assertEqual(dynamodb.scan(TableName="Users", Select="COUNT")["Count"], 100)
        print(f"restored in {min(times)} to {max(times)} ms", file=sys.stderr)
        admin("reset")
        self.assertEqual(dynamodb.list_tables()["TableNames"], [])

    def test_seeds(self):
        items = [{"id": {"S": "1"}, "name": {"S": "Nina"}}]
        with open(os.path.join(self.folder.name, "seed.json"), "w", encoding="utf-8") as file:
            json.dump({"Tables": [{**TABLE, "Items": items}]}, file)
        server = self.serve(STATOR, "serve", "--memory", "--listen", "127.0.0.1:0", "--port-file", "port", "--seed", "seed.json",
                            "--until-stdin-closes")
        file = os.path.join(self.folder.name, "port")
        while not os.path.exists(file):
            self.assertIsNone(server.process.poll())
            time.sleep(0.01)
        with open(file, encoding="ascii") as text:
            dynamodb = client(text.read().strip())
        self.assertEqual(dynamodb.get_item(TableName="Users", Key={"id": {"S": "1"}})["Item"], items[0])


if __name__ == "__main__":
    unittest.main()
