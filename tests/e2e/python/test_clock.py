"""A clock that is moved, and states that last, as boto3 and its waiters meet them."""

import time
import unittest
import uuid

import boto3
from botocore.config import Config

import faults
from e2e import TestCase, index


@unittest.skipUnless(faults.ENDPOINT, "needs a server with --clock-offset and --transition-scale")
class Clock(TestCase):
    @classmethod
    def setUpClass(cls):
        faults.admin("DELETE", "faults")
        config = Config(retries={"mode": "standard", "total_max_attempts": 1})
        session = boto3.Session(region_name="us-east-1")
        cls.dynamodb = session.client("dynamodb", endpoint_url=faults.ENDPOINT, config=config)
        cls.streams = session.client("dynamodbstreams", endpoint_url=faults.ENDPOINT, config=config)

    def advance(self, by):
        return faults.admin("POST", "clock", {"advance": by})["now_ms"] // 1000

    def until(self, condition):
        deadline = time.monotonic() + 9
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def exists(self, name, pk):
        return "Item" in self.dynamodb.get_item(TableName=name, Key={"pk": {"S": pk}}, ConsistentRead=True)

    def test_time_to_live_deletes_within_seconds(self):
        name = self.table()
        self.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True}
        )
        now = faults.admin("GET", "clock")["now_ms"] // 1000
        for pk, expires in (("soon", now + 3600), ("late", now + 2 * 86400)):
            self.dynamodb.put_item(TableName=name, Item={"pk": {"S": pk}, "ttl": {"N": str(expires)}})
        self.advance("1d")
        self.until(lambda: not self.exists(name, "soon"))
        self.assertTrue(self.exists(name, "late"))

    def test_records_of_a_stream_go_after_a_day(self):
        name = self.table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
        self.dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}})
        arn = self.dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        shard = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]

        def records():
            iterator = self.streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            try:
                return self.streams.get_records(ShardIterator=iterator)["Records"]
            except self.streams.exceptions.TrimmedDataAccessException:
                # Deleted behind the iterator.
                return []

        self.assertEqual(len(records()), 1)
        self.advance("25h")
        self.until(lambda: not records())

    def test_a_token_is_forgotten_after_ten_minutes(self):
        name, token = self.table(), uuid.uuid4().hex
        update = {
            "TableName": name,
            "Key": {"pk": {"S": "sum"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        sums = []
        for by in ("0s", "9m", "2m"):
            self.advance(by)
            self.dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken=token)
            item = self.dynamodb.get_item(TableName=name, Key={"pk": {"S": "sum"}}, ConsistentRead=True)["Item"]
            sums.append(item["n"]["N"])
        self.assertEqual(sums, ["1", "1", "2"])

    def test_waiters_wait_for_slow_states(self):
        name = f"e2e-{uuid.uuid4().hex[:12]}"
        self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        status = lambda: self.dynamodb.describe_table(TableName=name)["Table"]["TableStatus"]
        self.assertEqual(status(), "CREATING")
        with self.assertRaises(self.dynamodb.exceptions.ResourceInUseException):
            self.dynamodb.delete_table(TableName=name)
        quick = {"Delay": 1, "MaxAttempts": 30}
        self.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=quick)
        self.dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}, "g": {"S": "b"}})

        self.dynamodb.update_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[{"Create": index("by-g", "g")}],
        )
        self.assertEqual(status(), "UPDATING")
        self.advance("10m")
        describe = lambda: self.dynamodb.describe_table(TableName=name)["Table"]
        self.until(lambda: describe()["TableStatus"] == "ACTIVE")
        self.until(lambda: describe()["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE")
        found = self.dynamodb.query(
            TableName=name,
            IndexName="by-g",
            KeyConditionExpression="g = :g",
            ExpressionAttributeValues={":g": {"S": "b"}},
        )
        self.assertEqual(found["Count"], 1)

        self.dynamodb.delete_table(TableName=name)
        self.assertEqual(status(), "DELETING")
        self.dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=quick)


if __name__ == "__main__":
    unittest.main()
