"""What every test of this folder needs: a client of the server under test, and tables that clean up after themselves."""

import os
import unittest
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["STATOR_ENDPOINT"]
# One attempt, so that a fault of the server is seen and not retried away.
CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 1})


def session(access_key=None, region="us-east-1"):
    """The environment's key, or an unknown one."""
    secret = "test" if access_key else None
    return boto3.Session(aws_access_key_id=access_key, aws_secret_access_key=secret, region_name=region)


def client(access_key=None, region="us-east-1"):
    return session(access_key, region).client("dynamodb", endpoint_url=ENDPOINT, config=CONFIG)


def resource():
    return session().resource("dynamodb", endpoint_url=ENDPOINT, config=CONFIG)


class TestCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.dynamodb = client()

    def table(self, keys="pk", **settings):
        """Makes a table whose keys are written as "pk" or "pk sk:N", and waits until it is there."""
        name = f"e2e-{uuid.uuid4().hex[:12]}"
        attributes, schema = key_schema(keys)
        extra = settings.pop("AttributeDefinitions", [])
        settings.setdefault("BillingMode", "PAY_PER_REQUEST")
        self.dynamodb.create_table(
            TableName=name, AttributeDefinitions=attributes + extra, KeySchema=schema, **settings
        )
        self.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.addCleanup(self.drop, name)
        return name

    def drop(self, name):
        try:
            self.dynamodb.delete_table(TableName=name)
        except self.dynamodb.exceptions.ResourceNotFoundException:
            pass
        except self.dynamodb.exceptions.ResourceInUseException as refused:
            # Tables of one name are dropped once each.
            if "is being deleted" not in str(refused):
                raise

    def refused(self, code, message, call, **arguments):
        """The call must fail with this code, and its message must hold this text."""
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error)
        self.assertIn(message, error["Message"])
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        return caught.exception.response


def key_schema(keys):
    """"pk sk:N" as AttributeDefinitions and a KeySchema."""
    attributes, schema = [], []
    for name, kind in zip(keys.split(), ("HASH", "RANGE")):
        name, _, scalar = name.partition(":")
        attributes.append({"AttributeName": name, "AttributeType": scalar or "S"})
        schema.append({"AttributeName": name, "KeyType": kind})
    return attributes, schema


def index(name, keys, projection="ALL", **settings):
    """A secondary index whose keys are written as for a table."""
    projected = {"ProjectionType": projection} if isinstance(projection, str) else projection
    return {"IndexName": name, "KeySchema": key_schema(keys)[1], "Projection": projected, **settings}
