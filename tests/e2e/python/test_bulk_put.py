"""Bulk puts: from objects in a folder, with boto3's waiter and paginator; conditions, reports, cancelled, refused."""

import gzip
import json
import os
import pathlib
import time
import unittest
import uuid

import e2e
from botocore.exceptions import WaiterError

# The object store of the server under test: the default, in its data folder.
STORE = pathlib.Path(os.environ["E2E_WORK"]) / "open" / "s3"
BOTH = ["ERROR", "CONDITION_CHECK_FAILURE"]


class BulkPuts(e2e.TestCase):
    def setUp(self):
        self.bucket, self.reports = (f"{name}-{uuid.uuid4().hex[:12]}" for name in ("bucket", "reports"))
        for bucket in (self.bucket, self.reports):
            (STORE / bucket).mkdir(parents=True)
        self.name = self.table()

    def object(self, key, content):
        path = STORE / self.bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def begin(self, prefix="", output_types=BOTH, **arguments):
        source = {"S3Bucket": self.bucket, "S3KeyPrefix": prefix, "InputFormat": "DYNAMODB_JSON", **arguments.pop("source", {})}
        begun = self.dynamodb.start_bulk_put_items(
            TableName=self.name,
            InputS3Configuration=source,
            OutputS3Configuration={"S3Bucket": self.reports, "S3KeyPrefix": "r/", "OutputType": output_types},
            **arguments,
        )
        return begun["BulkOperationDescription"]

    def ended(self, description):
        arn = description["BulkOperationArn"]
        waiter = self.dynamodb.get_waiter("bulk_operation_completed")
        waiter.wait(BulkOperationArn=arn, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return self.dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]

    def items(self):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.name)
        return sorted((item for page in pages for item in page["Items"]), key=lambda item: str(item["pk"]))

    def report(self, description, kind):
        folder = STORE / self.reports / "r/AWSDynamoDB" / description["BulkOperationArn"].rsplit("/", 1)[1]
        files = [json.loads(line) for line in (folder / "manifest-files.json").read_text().splitlines()]
        lines = []
        for file in files:
            if file["outputType"] == kind:
                text = gzip.decompress((STORE / self.reports / file["dataFileS3Key"]).read_bytes()).decode()
                lines += [json.loads(line) for line in text.splitlines()]
        return lines

    def test_dynamodb_json(self):
        lines = "".join(f'{{"Item":{{"pk":{{"S":"{at:04}"}},"n":{{"N":"{at}"}}}}}}\n' for at in range(1000))
        compressed = gzip.compress(lines.encode())
        self.object("data/1.json.gz", compressed)
        self.object("other", "this is no object of the prefix")
        self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": "0000"}, "old": {"BOOL": True}})
        begun = self.begin("data/", source={"InputCompressionType": "GZIP"}, PerformanceTier="ACCELERATED")
        self.assertEqual(begun["BulkOperationStatus"], "IN_PROGRESS")
        ended = self.ended(begun)
        self.assertEqual((ended["BulkOperationStatus"], ended["PerformanceTier"]), ("COMPLETED", "ACCELERATED"))
        self.assertEqual((ended["ProcessedItemCount"], ended["FailedItemCount"]), (1000, 0))
        self.assertEqual((ended["ProcessedInputBytes"], ended["TotalInputBytes"]), (len(compressed), len(compressed)))
        self.assertEqual(ended["BulkOperationUsage"][0]["Table"]["BulkPutBytes"], 1000 * 1024)
        table = self.dynamodb.describe_table(TableName=self.name)["Table"]
        self.assertEqual(ended["TableDetails"], [{"TableName": self.name, "TableId": table["TableId"]}])
        items = self.items()
        self.assertEqual((len(items), items[0]), (1000, {"pk": {"S": "0000"}, "n": {"N": "0"}}))

    def test_conditions_and_reports(self):
        new = ',"ConditionExpression":"attribute_not_exists(pk)"'
        self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": "a"}, "v": {"N": "1"}})
        self.object("1", f'{{"Item":{{"pk":{{"S":"a"}}}}{new}}}\n{{"Item":{{"pk":{{"S":"b"}}}}{new}}}\n{{"Item":{{"x":{{"S":"c"}}}}}}\n')
        ended = self.ended(self.begin())
        self.assertEqual(ended["BulkOperationStatus"], "COMPLETED_WITH_ERRORS")
        self.assertEqual((ended["ProcessedItemCount"], ended["FailedItemCount"]), (3, 1))
        self.assertEqual(self.items(), [{"pk": {"S": "a"}, "v": {"N": "1"}}, {"pk": {"S": "b"}}])
        (failed,) = self.report(ended, "CONDITION_CHECK_FAILURE")
        self.assertEqual(failed["ExistingItem"], {"pk": {"S": "a"}, "v": {"N": "1"}})
        (wrong,) = self.report(ended, "ERROR")
        self.assertEqual(wrong["itemS3Pointer"], {"bucket": self.bucket, "key": "1", "itemIndex": 2})
        self.assertIn("Missing the key pk", wrong["errorMessage"])
        # What was reported is corrected, and put again.
        wrong["Item"]["pk"] = {"S": "c"}
        self.object("again/1", json.dumps(wrong))
        self.assertEqual(self.ended(self.begin("again/"))["BulkOperationStatus"], "COMPLETED")
        self.assertEqual(len(self.items()), 3)

    def test_ion(self):
        self.object("1.ion", '$ion_1_0 {Item:{pk:"a",n:6d2,b:{{AQ==}}}}\n{Item:{pk:"a"},ConditionExpression:"n > :n",ExpressionAttributeValues:{\':n\':600}}\n')
        ended = self.ended(self.begin(source={"InputFormat": "ION"}))
        self.assertEqual((ended["BulkOperationStatus"], ended["ProcessedItemCount"]), ("COMPLETED", 2))
        self.assertEqual(self.items(), [{"pk": {"S": "a"}, "n": {"N": "600"}, "b": {"B": b"\x01"}}])

    def test_cancel(self):
        padding = "x" * 10_000
        self.object("1", "".join(f'{{"Item":{{"pk":{{"S":"{at:04}"}},"x":{{"S":"{padding}"}}}}}}\n' for at in range(4000)))
        begun = self.begin(MaxWriteRequestUnits=1024)
        arn = begun["BulkOperationArn"]
        while not self.dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]["ProcessedItemCount"]:
            time.sleep(0.05)
        self.assertEqual(
            self.dynamodb.cancel_bulk_operation(BulkOperationArn=arn)["BulkOperationStatus"], "CANCELLING"
        )
        with self.assertRaises(WaiterError):
            self.ended(begun)
        cancelled = self.dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
        self.assertEqual(cancelled["BulkOperationStatus"], "CANCELLED")
        self.assertLess(cancelled["ProcessedItemCount"], 4000)
        self.assertEqual(len(self.items()), cancelled["ProcessedItemCount"])

    def test_a_deleted_table(self):
        self.object("1", '{"Item":{"pk":{"S":"a"}}}\n')
        self.ended(self.begin())
        self.drop(self.name)
        self.dynamodb.get_waiter("table_not_exists").wait(TableName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.refused("ResourceNotFoundException", self.name, self.begin)

    def test_a_bucket_that_is_not_there(self):
        begun = self.begin(source={"S3Bucket": "missing"})
        with self.assertRaises(WaiterError):
            self.ended(begun)
        failed = self.dynamodb.describe_bulk_operation(BulkOperationArn=begun["BulkOperationArn"])
        self.assertEqual(failed["BulkOperationDescription"]["FailureCode"], "S3NoSuchBucket")

    def test_lists(self):
        arns = []
        for _ in range(3):
            arns.insert(0, self.ended(self.begin("nothing/"))["BulkOperationArn"])
        pages = self.dynamodb.get_paginator("list_bulk_operations").paginate(PaginationConfig={"PageSize": 2, "MaxItems": 3})
        found = [it["BulkOperationArn"] for page in pages for it in page["BulkOperationsSummaryList"]]
        self.assertEqual(found, arns)

    def test_tokens(self):
        begun = self.begin("nothing/", ClientToken="token-" + self.name)
        again = self.begin("nothing/", ClientToken="token-" + self.name)
        self.assertEqual(again["BulkOperationArn"], begun["BulkOperationArn"])
        self.refused(
            "IdempotentParameterMismatchException", "", self.begin, prefix="other/", ClientToken="token-" + self.name
        )
        self.ended(begun)

    def test_what_is_refused(self):
        arn = self.dynamodb.describe_table(TableName=self.name)["Table"]["TableArn"]
        unknown = arn + "/bulk-operation/01700000000000-0123abcd"
        for call in (self.dynamodb.describe_bulk_operation, self.dynamodb.cancel_bulk_operation):
            self.refused("ResourceNotFoundException", unknown, call, BulkOperationArn=unknown)
        self.refused("ValidationException", "OutputType", self.begin, output_types=[])


if __name__ == "__main__":
    unittest.main()
