"""The PyPI package: pytest's fixtures, and servers by hand."""

import os
import signal
import subprocess
import sys
import time

import boto3
import pytest
import stator_db

ORDERS = {
    "TableName": "orders",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}


def is_alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


# Each of the two makes the table: the second one would find that of the first.
@pytest.mark.parametrize("turn", [1, 2])
def test_tables_are_deleted_behind_each_test(dynamodb, turn):
    assert dynamodb.list_tables()["TableNames"] == []
    dynamodb.create_table(**ORDERS)
    dynamodb.put_item(TableName="orders", Item={"id": {"S": str(turn)}})
    assert dynamodb.scan(TableName="orders")["Count"] == 1


def test_the_resource_and_the_client_have_one_server(dynamodb, dynamodb_resource):
    dynamodb.create_table(**ORDERS)
    assert [table.name for table in dynamodb_resource.tables.all()] == ["orders"]


def test_code_with_its_own_client_finds_the_server(stator_env):
    boto3.client("dynamodb").create_table(**ORDERS)
    assert boto3.client("dynamodb", **stator_env.config).list_tables()["TableNames"] == ["orders"]


def test_a_server_by_hand_is_another_one(stator):
    with stator_db.start(args=["--regions", "eu-west-1"]) as server:
        assert server.port != stator.port
        assert boto3.client("dynamodb", **server.config).list_tables()["TableNames"] == []
    assert not is_alive(server.pid)
    server.stop()


def test_a_failure_has_the_log():
    with pytest.raises(stator_db.StartError, match="(?s)it ended with status 2.*--no-such-flag"):
        stator_db.start(args=["--no-such-flag"])


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), 9)", ""])
def test_a_server_ends_with_its_process(ending):
    program = f"import os, stator_db; server = stator_db.start(); print(server.pid, flush=True); {ending}"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.returncode == (-signal.SIGKILL if ending else 0), ended.stderr
    pid = int(ended.stdout)
    until = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < until, "the server is still there"
        time.sleep(0.005)
