"""Kinesis streaming destinations: a table's changes, read back from a Kinesis data stream."""

import json
import os
import time
import unittest
import uuid

import e2e


class Kinesis(e2e.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        endpoint = os.environ["KINESIS_ENDPOINT"]
        cls.kinesis = e2e.session().client("kinesis", endpoint_url=endpoint, config=e2e.CONFIG)

    def stream(self, shards=2):
        name = f"e2e-{uuid.uuid4().hex[:12]}"
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)
        self.addCleanup(self.kinesis.delete_stream, StreamName=name)
        return self.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def destination(self, table):
        found = self.dynamodb.describe_kinesis_streaming_destination(TableName=table)
        return found["KinesisDataStreamDestinations"][-1]

    def wait(self, table, status):
        deadline = time.time() + 60
        while (found := self.destination(table))["DestinationStatus"] != status and time.time() < deadline:
            time.sleep(0.2)
        self.assertEqual(found["DestinationStatus"], status, found)
        return found

    def enable(self, table, arn, **configuration):
        answer = self.dynamodb.enable_kinesis_streaming_destination(
            TableName=table, StreamArn=arn, EnableKinesisStreamingConfiguration=configuration
        )
        self.assertEqual(answer["DestinationStatus"], "ENABLING")
        self.wait(table, "ACTIVE")

    def read(self, arn):
        """Everything in a stream, by shard."""
        shards = {}
        for shard in self.kinesis.list_shards(StreamARN=arn)["Shards"]:
            iterator = self.kinesis.get_shard_iterator(
                StreamARN=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            records = shards[shard["ShardId"]] = []
            while page := self.kinesis.get_records(StreamARN=arn, ShardIterator=iterator, Limit=1000):
                records += [json.loads(record["Data"]) for record in page["Records"]]
                iterator = page["NextShardIterator"]
                if not page["Records"]:
                    break
        return shards

    def read_until(self, arn, count):
        deadline = time.time() + 60
        while sum(map(len, (shards := self.read(arn)).values())) < count and time.time() < deadline:
            time.sleep(0.2)
        return shards

    def test_changes_arrive_in_the_order_of_each_item(self):
        table, arn = self.table("pk sk:N"), self.stream()
        self.enable(table, arn, ApproximateCreationDateTimePrecision="MICROSECOND")
        items = [({"S": f"item {at}"}, {"N": str(at)}) for at in range(10)]
        for value in range(20):
            with_value = [{"pk": pk, "sk": sk, "v": {"N": str(value)}} for pk, sk in items]
            self.dynamodb.batch_write_item(
                RequestItems={table: [{"PutRequest": {"Item": item}} for item in with_value]}
            )
        for pk, sk in items[:3]:
            self.dynamodb.delete_item(TableName=table, Key={"pk": pk, "sk": sk})
        shards = self.read_until(arn, 203)
        homes, seen = {}, {}
        for shard, records in shards.items():
            for record in records:
                change = record["dynamodb"]
                key = change["Keys"]["pk"]["S"]
                self.assertEqual(homes.setdefault(key, shard), shard)
                new = int(change["NewImage"]["v"]["N"]) if "NewImage" in change else 20
                if new > seen.get(key, -1):
                    self.assertEqual(new, seen.get(key, -1) + 1, key)
                    seen[key] = new
                self.assertEqual((record["tableName"], record["eventSource"]), (table, "aws:dynamodb"))
                self.assertEqual(change["ApproximateCreationDateTimePrecision"], "MICROSECOND")
                self.assertAlmostEqual(change["ApproximateCreationDateTime"] / 1e6, time.time(), delta=600)
        self.assertEqual(seen, {pk["S"]: 20 if at < 3 else 19 for at, (pk, _) in enumerate(items)})
        self.assertEqual(len(set(homes.values())), 2, "items are spread over the shards")

    def test_statuses(self):
        table, arn = self.table("pk"), self.stream(1)
        self.enable(table, arn)
        self.refused(
            "ValidationException",
            "must be DISABLED or ENABLE_FAILED",
            self.dynamodb.enable_kinesis_streaming_destination,
            TableName=table,
            StreamArn=arn,
        )
        self.dynamodb.disable_kinesis_streaming_destination(TableName=table, StreamArn=arn)
        self.wait(table, "DISABLED")
        missing = arn + "-that-is-not-there"
        self.dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=missing)
        found = self.wait(table, "ENABLE_FAILED")
        self.assertIn("ResourceNotFoundException", found["DestinationStatusDescription"])


if __name__ == "__main__":
    unittest.main()
