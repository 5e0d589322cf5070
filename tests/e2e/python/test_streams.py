"""Streams: a table's changes, followed as programs do it."""

import time
import unittest

import e2e


class Streams(e2e.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.streams = e2e.session().client("dynamodbstreams", endpoint_url=e2e.ENDPOINT, config=e2e.CONFIG)

    def streamed(self, view):
        return self.table("pk", StreamSpecification={"StreamEnabled": True, "StreamViewType": view})

    def arn(self, table):
        return self.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]

    def shards(self, arn):
        return self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]

    def records(self, arn, kind="TRIM_HORIZON", **place):
        records = []
        for shard in self.shards(arn):
            iterator = self.streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=kind, **place
            )["ShardIterator"]
            while iterator:
                page = self.streams.get_records(ShardIterator=iterator, Limit=2)
                if not page["Records"]:
                    break
                records += page["Records"]
                iterator = page.get("NextShardIterator")
        return records

    def test_time_to_live(self):
        table = self.streamed("OLD_IMAGE")
        self.dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}
        )
        now = int(time.time())
        for pk, expiry in (("gone", now - 5), ("stays", now + 3600)):
            self.dynamodb.put_item(TableName=table, Item={"pk": {"S": pk}, "ttl": {"N": str(expiry)}})
        deadline = now + 60
        while len(items := self.dynamodb.scan(TableName=table)["Items"]) > 1 and time.time() < deadline:
            time.sleep(0.5)
        self.assertEqual([item["pk"]["S"] for item in items], ["stays"])
        last = self.records(self.arn(table))[-1]
        self.assertEqual((last["eventName"], last["userIdentity"]["Type"]), ("REMOVE", "Service"))
        self.assertEqual(last["dynamodb"]["OldImage"]["pk"], {"S": "gone"})

    def put(self, table, pk, value):
        self.dynamodb.put_item(TableName=table, Item={"pk": {"S": pk}, "v": {"S": value}})

    def test_changes_in_order(self):
        table = self.streamed("NEW_AND_OLD_IMAGES")
        arn = self.arn(table)
        for value in ("1", "2", "2", "3"):
            self.put(table, "a", value)
        self.dynamodb.delete_item(TableName=table, Key={"pk": {"S": "a"}})
        records = self.records(arn)
        self.assertEqual([record["eventName"] for record in records], ["INSERT", "MODIFY", "MODIFY", "REMOVE"])
        images = [(record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")) for record in records]
        for (_, new), (old, _) in zip(images, images[1:]):
            self.assertEqual(new, old)
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        self.assertEqual(numbers, sorted(set(numbers)))
        rest = self.records(arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=str(numbers[1]))
        self.assertEqual(rest, records[2:])

    def test_view_types(self):
        for view, images in (("KEYS_ONLY", set()), ("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"})):
            table = self.streamed(view)
            self.put(table, "a", "1")
            self.put(table, "a", "2")
            changed = self.records(self.arn(table))[1]["dynamodb"]
            self.assertEqual({"NewImage", "OldImage"} & set(changed), images)
            self.assertEqual((changed["Keys"], changed["StreamViewType"]), ({"pk": {"S": "a"}}, view))

    def test_disabled_streams_end(self):
        table = self.streamed("KEYS_ONLY")
        arn = self.arn(table)
        self.put(table, "a", "1")
        self.dynamodb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
        self.put(table, "b", "1")
        for _ in range(300):
            if self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"] == "DISABLED":
                break
            time.sleep(0.1)
        (shard,) = self.shards(arn)
        (record,) = self.records(arn)
        self.assertEqual(record["dynamodb"]["SequenceNumber"], shard["SequenceNumberRange"]["EndingSequenceNumber"])
        listed = self.streams.list_streams(TableName=table)["Streams"]
        self.assertEqual([stream["StreamArn"] for stream in listed], [arn])

    def test_errors(self):
        arn = self.arn(self.streamed("KEYS_ONLY"))
        gone = arn[: arn.rindex("/")] + "/2020-01-01T00:00:00.000"
        self.refused("ResourceNotFoundException", gone, self.streams.describe_stream, StreamArn=gone)
        self.refused("ValidationException", "Invalid ShardIterator", self.streams.get_records, ShardIterator="x")


if __name__ == "__main__":
    unittest.main()
