"""Global tables over processes: two servers with two regions each, by boto3; one is killed, stopped, and cut off by a proxy.

    python3 tests/e2e/regions/regions.py STATOR
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PROGRAM = sys.argv[1]
CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 1})
SIDES = {"a": ["us-east-1", "us-west-2"], "b": ["eu-west-1", "eu-central-1"]}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """Passes connections on, until it is cut."""

    def __init__(self, port):
        self.target, self.is_cut, self.sockets = port, False, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                # As a network that drops what it gets: the client waits.
                self.sockets.append(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            self.sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                while self.is_cut:
                    time.sleep(0.01)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.is_cut = True

    def heal(self):
        self.is_cut = False
        sockets, self.sockets = self.sockets, []
        for end in sockets:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def close(self):
        self.listener.close()
        self.heal()


class Server:
    def __init__(self, work, name, listen, peer_url, security=("--replication-insecure",)):
        self.regions, self.data = SIDES[name], os.path.join(work, name)
        others = SIDES["b" if name == "a" else "a"]
        peers = ",".join(f"{region}={peer_url}" for region in others)
        self.flags = ["--data", self.data, "--listen", "127.0.0.1:0", "--region", self.regions[0], "--regions", self.regions[1]]
        self.flags += ["--replication-listen", f"127.0.0.1:{listen}", *security, "--peer", peers]
        self.flags += ["--faults", "--clock-offset", "0"]
        self.log, self.clients = os.path.join(work, f"{name}.log"), {}
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen([PROGRAM, "serve", *self.flags], stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            with open(self.log, encoding="utf-8") as log:
                log.seek(begin)
                if ready := re.search(r"ready on (http://[^,]*),", log.read()):
                    self.endpoint = ready[1]
                    return
            time.sleep(0.05)
        raise AssertionError(open(self.log, encoding="utf-8").read())

    def client(self, region):
        # Made once: that takes longer than a request.
        if (self.endpoint, region) not in self.clients:
            session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
            client = session.client("dynamodb", endpoint_url=self.endpoint, config=CONFIG)
            self.clients[self.endpoint, region] = client
        return self.clients[self.endpoint, region]

    def lines(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait()


class Regions(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp()
        ports = {"a": free_port(), "b": free_port()}
        # What a calls goes through a proxy, and so does what b calls.
        cls.proxies = {name: Proxy(port) for name, port in ports.items()}
        cls.a = Server(cls.work, "a", ports["a"], f"http://127.0.0.1:{cls.proxies['b'].port}")
        cls.b = Server(cls.work, "b", ports["b"], f"http://127.0.0.1:{cls.proxies['a'].port}")

    @classmethod
    def tearDownClass(cls):
        for proxy in cls.proxies.values():
            proxy.close()
        for server in (cls.a, cls.b):
            server.stop()
        failed = []
        for server in (cls.a, cls.b):
            failed += [line for line in server.lines().splitlines() if "panicked" in line]
        shutil.rmtree(cls.work)
        assert not failed, failed

    def until(self, is_there, seconds=60):
        until = time.monotonic() + seconds
        while not is_there():
            self.assertLess(time.monotonic(), until, "it does not come")
            time.sleep(0.02)

    def server(self, region):
        return self.a if region in SIDES["a"] else self.b

    def client(self, region):
        return self.server(region).client(region)

    def table(self, region="us-east-1"):
        name, client = f"regions-{uuid.uuid4().hex[:12]}", self.client(region)
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def update(self, name, region, **update):
        return self.client(region).update_table(TableName=name, ReplicaUpdates=[update])["TableDescription"]

    def replicas(self, name, region):
        shown = self.client(region).describe_table(TableName=name)["Table"].get("Replicas", [])
        return {replica["RegionName"]: replica["ReplicaStatus"] for replica in shown}

    def add(self, name, region, new):
        self.update(name, region, Create={"RegionName": new})
        self.until(lambda: self.replicas(name, region).get(new) == "ACTIVE")

    def group(self, *others):
        name = self.table()
        for other in others:
            self.add(name, "us-east-1", other)
        self.all_active(name, "us-east-1", *others)
        return name

    def all_active(self, name, *regions):
        for region in regions:
            others = {other: "ACTIVE" for other in regions if other != region}
            self.until(lambda: self.replicas(name, region) == others)

    def put(self, name, region, pk, value):
        self.client(region).put_item(TableName=name, Item={"pk": {"S": pk}, "v": {"S": value}})

    def items(self, name, region):
        client, found, start = self.client(region), {}, {}
        while True:
            page = client.scan(TableName=name, ConsistentRead=True, **start)
            found |= {item["pk"]["S"]: item.get("v", {}).get("S") for item in page["Items"]}
            if "LastEvaluatedKey" not in page:
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def converge(self, name, *regions):
        self.until(lambda: len({str(sorted(self.items(name, region).items())) for region in regions}) == 1)
        return self.items(name, regions[0])

    def test_a_replica_in_another_process_is_copied_and_follows(self):
        name, here = self.table(), self.client("us-east-1")
        resource = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        table = resource.resource("dynamodb", endpoint_url=self.a.endpoint, config=CONFIG).Table(name)
        with table.batch_writer() as batch:
            for number in range(3000):
                batch.put_item(Item={"pk": str(number), "v": "x" * 300})
        described = self.update(name, "us-east-1", Create={"RegionName": "eu-west-1"})
        self.assertEqual((described["TableStatus"], "Replicas" in described), ("UPDATING", False))
        # The table is written to all the time.
        for number in range(50):
            self.put(name, "us-east-1", str(number), "during")
        here.delete_item(TableName=name, Key={"pk": {"S": "60"}})
        self.all_active(name, "us-east-1", "eu-west-1")
        self.put(name, "eu-west-1", "there", "1")
        self.put(name, "us-east-1", "here", "2")
        items = self.converge(name, "us-east-1", "eu-west-1")
        self.assertEqual(len(items), 3001)
        self.assertEqual((items["7"], items["there"], items["here"], "60" in items), ("during", "1", "2", False))
        there = self.client("eu-west-1").describe_table(TableName=name)["Table"]
        self.assertEqual(there["GlobalTableVersion"], "2019.11.21")
        self.assertIn(":eu-west-1:", there["TableArn"])
        self.assertNotEqual(there["TableId"], here.describe_table(TableName=name)["Table"]["TableId"])

    def test_four_regions_of_two_processes(self):
        regions = [*SIDES["a"], *SIDES["b"]]
        name = self.group(*regions[1:])
        for region in regions:
            self.put(name, region, f"of-{region}", region)
            self.put(name, region, "same", region)
        items = self.converge(name, *regions)
        self.assertEqual(len(items), 5)
        self.client("eu-central-1").delete_item(TableName=name, Key={"pk": {"S": "same"}})
        self.assertNotIn("same", self.converge(name, *regions))

    def test_a_member_is_deleted_by_another_process(self):
        name = self.group("eu-west-1")
        self.put(name, "eu-west-1", "last", "1")
        self.update(name, "us-east-1", Delete={"RegionName": "eu-west-1"})
        self.until(lambda: self.replicas(name, "us-east-1") == {})
        self.assertEqual(self.items(name, "us-east-1"), {"last": "1"})
        self.until(lambda: name not in self.client("eu-west-1").list_tables()["TableNames"])
        self.assertNotIn("GlobalTableVersion", self.client("us-east-1").describe_table(TableName=name)["Table"])
        # The region may be added again.
        self.add(name, "us-east-1", "eu-west-1")
        self.assertEqual(self.converge(name, "us-east-1", "eu-west-1"), {"last": "1"})
        # A member leaves by itself as well.
        self.client("us-east-1").delete_table(TableName=name)
        self.until(lambda: self.replicas(name, "eu-west-1") == {})

    def test_settings_follow(self):
        name = self.group("eu-west-1")
        here, there = self.client("us-east-1"), self.client("eu-west-1")
        there.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "at"})
        ttl = lambda: here.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get("AttributeName")
        self.until(lambda: ttl() == "at")
        index = {
            "IndexName": "by-v",
            "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        here.update_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "v", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[{"Create": index}],
        )
        indexes = lambda client: [
            index["IndexStatus"] for index in client.describe_table(TableName=name)["Table"].get("GlobalSecondaryIndexes", [])
        ]
        self.until(lambda: indexes(here) == ["ACTIVE"] and indexes(there) == ["ACTIVE"])
        update = {"RegionName": "eu-west-1", "OnDemandThroughputOverride": {"MaxReadRequestUnits": 77}}
        self.update(name, "us-east-1", Update=update)
        described = there.describe_table(TableName=name)["Table"]
        self.assertEqual(described["OnDemandThroughput"]["MaxReadRequestUnits"], 77)
        shown = here.describe_table(TableName=name)["Table"]["Replicas"][0]
        self.assertEqual(shown["OnDemandThroughputOverride"], {"MaxReadRequestUnits": 77})

    def test_what_cannot_be_a_replica(self):
        name, there = self.table(), self.client("eu-west-1")
        there.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with self.assertRaisesRegex(ClientError, "already existed as tables"):
            self.update(name, "us-east-1", Create={"RegionName": "eu-west-1"})
        with self.assertRaisesRegex(ClientError, "Region ap-south-1 is not supported.*eu-west-1"):
            self.update(name, "us-east-1", Create={"RegionName": "ap-south-1"})
        with self.assertRaisesRegex(ClientError, "were not part of the global table"):
            self.update(name, "us-east-1", Delete={"RegionName": "eu-west-1"})

    def test_a_process_is_killed(self):
        name = self.group("eu-west-1")
        for number in range(100):
            self.put(name, "us-east-1", str(number), "before")
        self.b.kill()
        for number in range(50, 150):
            self.put(name, "us-east-1", str(number), "while it was away")
        self.b.start()
        items = self.converge(name, "us-east-1", "eu-west-1")
        self.assertEqual((len(items), items["60"], items["149"]), (150, "while it was away", "while it was away"))
        # And the one that delivers, with changes that are not delivered yet.
        self.proxies["b"].cut()
        for number in range(200, 250):
            self.put(name, "us-east-1", str(number), "kept")
        self.a.kill()
        self.proxies["b"].heal()
        self.a.start()
        self.assertEqual(len(self.converge(name, "us-east-1", "eu-west-1")), 200)

    def test_a_process_is_stopped(self):
        name = self.group("eu-west-1")
        self.b.process.send_signal(signal.SIGSTOP)
        try:
            begin = time.monotonic()
            for number in range(200):
                self.put(name, "us-east-1", str(number), "1")
            # Writers wait for no peer, which would take 10 seconds to be given up.
            self.assertLess(time.monotonic() - begin, 9)
            begin = time.monotonic()
            self.client("us-east-1").describe_table(TableName=name)
            self.assertLess(time.monotonic() - begin, 2)
            with self.assertRaisesRegex(ClientError, "Failed to access the region: ‘eu-central-1’"):
                self.update(name, "us-east-1", Create={"RegionName": "eu-central-1"})
        finally:
            self.b.process.send_signal(signal.SIGCONT)
        self.assertEqual(len(self.converge(name, "us-east-1", "eu-west-1")), 200)

    def test_both_sides_are_written_while_they_are_cut_off(self):
        name = self.group("eu-west-1")
        self.put(name, "us-east-1", "both", "0")
        self.put(name, "us-east-1", "deleted", "0")
        self.converge(name, "us-east-1", "eu-west-1")
        for proxy in self.proxies.values():
            proxy.cut()
        for number in range(30):
            self.put(name, "us-east-1", f"here-{number}", "1")
            self.put(name, "eu-west-1", f"there-{number}", "1")
        self.put(name, "us-east-1", "both", "first")
        self.put(name, "us-east-1", "deleted", "first")
        time.sleep(0.01)
        self.put(name, "eu-west-1", "both", "last")
        self.client("eu-west-1").delete_item(TableName=name, Key={"pk": {"S": "deleted"}})
        for proxy in self.proxies.values():
            proxy.heal()
        items = self.converge(name, "us-east-1", "eu-west-1")
        self.assertEqual((len(items), items["both"]), (61, "last"))


    def admin(self, server, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(server.endpoint + path, data=data, timeout=30) as answer:
            return json.load(answer)

    def pair_of(self, name, server):
        pairs = self.admin(server, "/admin/regions")["pairs"]
        return next(pair for pair in pairs if pair["table"] == name)

    def test_what_the_operator_sees(self):
        name = self.group("eu-west-1")
        self.admin(self.a, "/admin/regions", {"pause": ["us-east-1", "eu-west-1"]})
        self.addCleanup(self.admin, self.a, "/admin/regions", {"resume": ["us-east-1", "eu-west-1"]})
        # A batch that was being read goes on.
        time.sleep(1.5)
        for number in range(20):
            self.put(name, "us-east-1", str(number), "1")
        self.put(name, "eu-west-1", "other way", "1")
        self.until(lambda: "other way" in self.items(name, "us-east-1"))
        time.sleep(0.5)
        self.assertEqual(set(self.items(name, "eu-west-1")), {"other way"})
        self.assertTrue(self.pair_of(name, self.a)["is_paused"])
        with urllib.request.urlopen(self.a.endpoint + "/readyz", timeout=10) as answer:
            self.assertEqual(answer.status, 200)
        self.admin(self.a, "/admin/regions", {"resume": ["us-east-1", "eu-west-1"]})
        self.assertEqual(len(self.converge(name, "us-east-1", "eu-west-1")), 21)
        self.until(lambda: self.pair_of(name, self.a)["delivered"] >= 20)
        shown = subprocess.run(
            [PROGRAM, "regions", "--endpoint", self.a.endpoint], capture_output=True, text=True, check=True
        ).stdout
        self.assertIn("regions here: us-east-1, us-west-2", shown)
        self.assertRegex(shown, r"peer eu-west-1 +http://127.0.0.1:\d+ +answers")
        self.assertRegex(shown, name + r" +us-east-1 +eu-west-1 +0 ")
        with urllib.request.urlopen(self.a.endpoint + "/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
        labels = f'account="000000000000",table="{name}",from="us-east-1",to="eu-west-1"'
        self.assertRegex(metrics, r"stator_replication_delivered_total\{" + labels + r"\} \d")

    def test_z_a_member_is_away_for_longer_than_the_log(self):
        # The last one: it moves the clocks on.
        name = self.group("eu-west-1")
        for number in range(40):
            self.put(name, "us-east-1", str(number), "before")
        self.converge(name, "us-east-1", "eu-west-1")
        for proxy in self.proxies.values():
            proxy.cut()
        for number in range(10):
            self.client("us-east-1").delete_item(TableName=name, Key={"pk": {"S": str(number)}})
        for number in range(10, 20):
            self.put(name, "us-east-1", str(number), "while it was away")
        for number in range(100, 110):
            self.put(name, "eu-west-1", str(number), "there")
        for server in (self.a, self.b):
            self.admin(server, "/admin/clock", {"advance": "4d"})
        # Until records are gone.
        time.sleep(5)
        for proxy in self.proxies.values():
            proxy.heal()
        items = self.converge(name, "us-east-1", "eu-west-1")
        self.assertEqual((len(items), items["15"], items["105"]), (40, "while it was away", "there"))
        self.put(name, "us-east-1", "after", "1")
        self.assertEqual(len(self.converge(name, "us-east-1", "eu-west-1")), 41)
        self.assertTrue(self.pair_of(name, self.a)["resyncs"])


class Certificates(unittest.TestCase):
    """Peers are known by their certificates."""

    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp()
        cls.ports = {"a": free_port(), "b": free_port()}
        cls.authority("ca")
        cls.authority("stranger-ca")
        cls.certificate("a", "IP:127.0.0.1", "ca")
        cls.certificate("b", "DNS:localhost", "ca")
        cls.certificate("stranger", "DNS:localhost", "stranger-ca")
        cls.a = Server(cls.work, "a", cls.ports["a"], f"https://localhost:{cls.ports['b']}", cls.security("a"))
        cls.b = Server(cls.work, "b", cls.ports["b"], f"https://127.0.0.1:{cls.ports['a']}", cls.security("b"))

    @classmethod
    def tearDownClass(cls):
        for server in (cls.a, cls.b):
            server.stop()
        shutil.rmtree(cls.work)

    @classmethod
    def file(cls, name):
        return os.path.join(cls.work, name)

    @classmethod
    def openssl(cls, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    @classmethod
    def authority(cls, name):
        cls.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", cls.file(f"{name}.key"), "-out", cls.file(f"{name}.pem"),
        )

    @classmethod
    def certificate(cls, name, host, authority):
        with open(cls.file(f"{name}.ext"), "w", encoding="utf-8") as extensions:
            extensions.write(f"subjectAltName={host}\nextendedKeyUsage=serverAuth,clientAuth\n")
        cls.openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", cls.file(f"{name}.key"), "-out", cls.file(f"{name}.csr"),
        )
        cls.openssl(
            "x509", "-req", "-in", cls.file(f"{name}.csr"), "-days", "2", "-extfile", cls.file(f"{name}.ext"),
            "-CA", cls.file(f"{authority}.pem"), "-CAkey", cls.file(f"{authority}.key"), "-CAcreateserial",
            "-out", cls.file(f"{name}.pem"),
        )

    @classmethod
    def security(cls, name):
        return [
            "--replication-certificate", cls.file(f"{name}.pem"), "--replication-key", cls.file(f"{name}.key"),
            "--replication-ca", cls.file("ca.pem"),
        ]

    until, update, replicas = Regions.until, Regions.update, Regions.replicas
    server, client, table, add, put, items = (
        Regions.server, Regions.client, Regions.table, Regions.add, Regions.put, Regions.items,
    )
    all_active, group, converge = Regions.all_active, Regions.group, Regions.converge

    def post(self, port, certificate, path="/replication", body=b"", headers=None):
        context = ssl.create_default_context(cafile=self.file("ca.pem"))
        context.check_hostname = False
        if certificate:
            context.load_cert_chain(self.file(f"{certificate}.pem"), self.file(f"{certificate}.key"))
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
        try:
            connection.request("POST", path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def message(self, **request):
        """As ops::peers describes it, compressed by LZ4 as one run of literals."""
        head = json.dumps(request).encode()
        plain = b"\x01" + len(head).to_bytes(4, "big") + head
        left = len(plain) - 15
        return len(plain).to_bytes(4, "little") + b"\xf0" + b"\xff" * (left // 255) + bytes([left % 255]) + plain

    def test_peers_with_certificates_replicate(self):
        name = self.group("eu-west-1", "eu-central-1")
        self.put(name, "us-east-1", "a", "1")
        self.put(name, "eu-central-1", "b", "2")
        items = self.converge(name, "us-east-1", "eu-west-1", "eu-central-1")
        self.assertEqual(items, {"a": "1", "b": "2"})

    def test_a_client_without_a_certificate_of_a_peer_is_refused(self):
        for certificate in (None, "stranger"):
            with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                self.post(self.ports["a"], certificate)

    def test_a_certificate_is_one_of_its_host_alone(self):
        ask = {"account": "000000000000", "table_name": "t", "to": "us-east-1", "ask": "Look"}
        answered = self.post(self.ports["a"], "b", body=self.message(**{"from": "eu-west-1"}, **ask))
        self.assertEqual(answered[0], 200)
        self.assertIn(b"Absent", answered[1])
        # The certificate of the process itself is for another host.
        status, answer = self.post(self.ports["a"], "a", body=self.message(**{"from": "eu-west-1"}, **ask))
        self.assertEqual(status, 200)
        self.assertIn(b"Refused", answer)
        self.assertIn(b"certificate", answer)

    def test_peers_are_answered_about_replication_alone(self):
        headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
        self.assertEqual(self.post(self.ports["a"], "b", "/", b"{}", headers)[0], 404)
        for path in ("/metrics", "/readyz", "/admin/regions", "/console/"):
            self.assertEqual(self.post(self.ports["a"], "b", path)[0], 404)
        # And the API's address knows nothing of replication.
        request = urllib.request.Request(self.a.endpoint + "/replication", data=self.message(ask="Look"))
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=10)

    def test_certificates_are_reloaded(self):
        self.certificate("a", "IP:127.0.0.1", "ca")
        self.a.process.send_signal(signal.SIGHUP)
        self.until(lambda: "certificates as they are in the files now" in self.a.lines())
        self.test_peers_with_certificates_replicate()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
