"""Imports: from objects in a folder, in each format, with boto3's waiter; listed, refused, with bad items."""

import gzip
import os
import pathlib
import unittest
import uuid

import e2e
from botocore.exceptions import WaiterError

# The object store of the server under test: the default, in its data folder.
STORE = pathlib.Path(os.environ["E2E_WORK"]) / "open" / "s3"


class Imports(e2e.TestCase):
    def setUp(self):
        self.bucket = f"bucket-{uuid.uuid4().hex[:12]}"
        (STORE / self.bucket).mkdir(parents=True)

    def object(self, key, content):
        path = STORE / self.bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def begin(self, prefix="", keys="pk", **arguments):
        name = f"e2e-{uuid.uuid4().hex[:12]}"
        attributes, schema = e2e.key_schema(keys)
        parameters = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attributes, "KeySchema": schema}
        source = {"S3Bucket": self.bucket, "S3KeyPrefix": prefix}
        arguments = {"InputFormat": "DYNAMODB_JSON", **arguments}
        begun = self.dynamodb.import_table(S3BucketSource=source, TableCreationParameters=parameters, **arguments)
        self.addCleanup(self.drop, name)
        return name, begun["ImportTableDescription"]

    def ended(self, description):
        waiter = self.dynamodb.get_waiter("import_completed")
        waiter.wait(ImportArn=description["ImportArn"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return self.dynamodb.describe_import(ImportArn=description["ImportArn"])["ImportTableDescription"]

    def items(self, table):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table)
        return sorted((item for page in pages for item in page["Items"]), key=lambda item: str(item["pk"]))

    def test_dynamodb_json(self):
        lines = "".join(f'{{"Item":{{"pk":{{"S":"{at:04}"}},"n":{{"N":"{at}"}}}}}}\n' for at in range(1000))
        self.object("data/1.json.gz", gzip.compress(lines.encode()))
        self.object("other", "this is no object of the prefix")
        table, begun = self.begin("data/", InputCompressionType="GZIP")
        self.assertEqual(begun["ImportStatus"], "IN_PROGRESS")
        ended = self.ended(begun)
        self.assertEqual(ended["ImportStatus"], "COMPLETED")
        self.assertEqual((ended["ProcessedItemCount"], ended["ImportedItemCount"], ended["ErrorCount"]), (1000, 1000, 0))
        self.assertEqual(ended["ProcessedSizeBytes"], len(lines))
        description = self.dynamodb.describe_table(TableName=table)["Table"]
        self.assertEqual((description["TableStatus"], description["TableId"]), ("ACTIVE", ended["TableId"]))
        self.assertEqual(len(self.items(table)), 1000)

    def test_ion(self):
        self.object("1.ion", '$ion_1_0 {Item:{pk:"a",n:6d2,b:{{AQ==}},l:[1.,true,null]}}\n$ion_1_0 {Item:{pk:"b",s:$dynamodb_SS::["x","y"]}}\n')
        table, begun = self.begin(InputFormat="ION")
        self.ended(begun)
        first = {"pk": {"S": "a"}, "n": {"N": "600"}, "b": {"B": b"\x01"}, "l": {"L": [{"N": "1"}, {"BOOL": True}, {"NULL": True}]}}
        self.assertEqual(self.items(table), [first, {"pk": {"S": "b"}, "s": {"SS": ["x", "y"]}}])

    def test_csv(self):
        self.object("1.csv", 'pk;v;w\r\n1;"a;""b""";\r\n2;;c\r\n')
        options = {"Csv": {"Delimiter": ";"}}
        table, begun = self.begin(keys="pk:N", InputFormat="CSV", InputFormatOptions=options)
        self.assertEqual(self.ended(begun)["InputFormatOptions"], options)
        self.assertEqual(
            self.items(table), [{"pk": {"N": "1"}, "v": {"S": 'a;"b"'}}, {"pk": {"N": "2"}, "w": {"S": "c"}}]
        )

    def test_bad_items_fail_the_import_and_not_the_table(self):
        self.object("1", '{"Item":{"pk":{"S":"a"}}}\n{"Item":{"x":{"S":"b"}}}\n{"Item":{"pk":{"S":"c"}}}\n')
        table, begun = self.begin()
        with self.assertRaises(WaiterError):
            self.ended(begun)
        failed = self.dynamodb.describe_import(ImportArn=begun["ImportArn"])["ImportTableDescription"]
        self.assertEqual((failed["ImportStatus"], failed["FailureCode"]), ("FAILED", "ItemValidationError"))
        self.assertEqual((failed["ProcessedItemCount"], failed["ImportedItemCount"], failed["ErrorCount"]), (3, 2, 1))
        self.assertEqual(self.items(table), [{"pk": {"S": "a"}}, {"pk": {"S": "c"}}])

    def test_a_bucket_that_is_not_there(self):
        self.bucket = "missing"
        table, begun = self.begin()
        with self.assertRaises(WaiterError):
            self.ended(begun)
        failed = self.dynamodb.describe_import(ImportArn=begun["ImportArn"])["ImportTableDescription"]
        self.assertEqual(failed["FailureCode"], "S3NoSuchBucket")
        self.dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def test_lists(self):
        arns = []
        for _ in range(3):
            table, begun = self.begin("nothing/")
            self.ended(begun)
            arns.insert(0, begun["ImportArn"])
        self.assertEqual([it["ImportArn"] for it in self.dynamodb.list_imports(PageSize=3)["ImportSummaryList"]], arns)
        found, token = [], {}
        while len(found) < 3:
            page = self.dynamodb.list_imports(PageSize=1, **token)
            found += [it["ImportArn"] for it in page["ImportSummaryList"]]
            token = {"NextToken": page["NextToken"]}
        self.assertEqual(found, arns)
        arn = self.dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
        self.assertEqual([it["ImportArn"] for it in self.dynamodb.list_imports(TableArn=arn)["ImportSummaryList"]], arns[:1])

    def test_what_is_refused(self):
        _, begun = self.begin()
        self.refused("ValidationException", "Invalid Import ARN", self.dynamodb.describe_import, ImportArn=begun["TableArn"] + "/index/by-name")
        unknown = begun["TableArn"] + "/import/01700000000000-0123abcd"
        self.refused("ImportNotFoundException", unknown, self.dynamodb.describe_import, ImportArn=unknown)
        self.ended(begun)


if __name__ == "__main__":
    unittest.main()
