"""Exports: full and incremental, to a folder, with boto3's waiter; read by the manifests, listed, refused, failed."""

import base64
import gzip
import hashlib
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


class Exports(e2e.TestCase):
    def setUp(self):
        self.bucket = f"bucket-{uuid.uuid4().hex[:12]}"
        (STORE / self.bucket).mkdir(parents=True)

    def recoverable(self):
        table = self.table()
        enabled = {"PointInTimeRecoveryEnabled": True}
        self.dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=enabled)
        arn = self.dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
        return table, arn

    def exported(self, arn, **arguments):
        arguments = {"S3Bucket": self.bucket, **arguments}
        begun = self.dynamodb.export_table_to_point_in_time(TableArn=arn, **arguments)["ExportDescription"]
        self.assertEqual(begun["ExportStatus"], "IN_PROGRESS")
        waiter = self.dynamodb.get_waiter("export_completed")
        waiter.wait(ExportArn=begun["ExportArn"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return self.dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"]

    def object(self, key):
        return (STORE / self.bucket / key).read_bytes()

    def lines(self, description):
        """The lines of all files, as a reader of AWS's exports finds them."""
        manifest = description["ExportManifest"]
        summary = json.loads(self.object(manifest))
        self.check_md5(manifest)
        self.check_md5(summary["manifestFilesS3Key"])
        found = []
        for line in self.object(summary["manifestFilesS3Key"]).decode().splitlines():
            entry = json.loads(line)
            content = self.object(entry["dataFileS3Key"])
            self.assertEqual(self.md5(content), entry["md5Checksum"])
            lines = gzip.decompress(content).decode().splitlines()
            self.assertEqual(len(lines), entry["itemCount"])
            found += map(json.loads, lines)
        self.assertEqual(len(found), summary["itemCount"])
        self.assertEqual(len(found), description["ItemCount"])
        return found

    def md5(self, content):
        return base64.b64encode(hashlib.md5(content).digest()).decode()

    def check_md5(self, manifest):
        self.assertEqual(self.object(manifest.removesuffix(".json") + ".md5").decode(), self.md5(self.object(manifest)))

    def test_a_table_as_it_was(self):
        table, arn = self.recoverable()
        for at in range(40):
            self.dynamodb.put_item(TableName=table, Item={"pk": {"S": f"{at:03}"}, "v": {"N": str(at)}})
        described = self.exported(arn, S3Prefix="nightly", ClientToken="one")
        again = self.dynamodb.export_table_to_point_in_time(
            TableArn=arn, S3Bucket=self.bucket, S3Prefix="nightly", ClientToken="one"
        )["ExportDescription"]
        self.assertEqual(again["ExportArn"], described["ExportArn"])
        with self.assertRaises(self.dynamodb.exceptions.ExportConflictException):
            self.dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="other", ClientToken="one")
        self.assertEqual(described["ExportStatus"], "COMPLETED")
        self.assertTrue(described["ExportManifest"].startswith("nightly/AWSDynamoDB/"))
        items = sorted((line["Item"] for line in self.lines(described)), key=lambda item: item["pk"]["S"])
        self.assertEqual(items, [{"pk": {"S": f"{at:03}"}, "v": {"N": str(at)}} for at in range(40)])
        listed = self.dynamodb.list_exports(TableArn=arn)["ExportSummaries"]
        self.assertEqual([export["ExportArn"] for export in listed], [described["ExportArn"]])
        filtered = self.exported(
            arn,
            FilterSpecification={
                "FilterExpression": "v > :v",
                "ExpressionAttributeValues": {":v": {"N": "37"}},
                "ProjectionExpression": "pk",
            },
        )
        self.assertEqual(sorted(line["Item"]["pk"]["S"] for line in self.lines(filtered)), ["038", "039"])

    def test_ion(self):
        table, arn = self.recoverable()
        self.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "n": {"N": "600"}})
        described = self.exported(arn, ExportFormat="ION")
        key = json.loads(self.object(json.loads(self.object(described["ExportManifest"]))["manifestFilesS3Key"]))["dataFileS3Key"]
        self.assertEqual(gzip.decompress(self.object(key)).decode(), '$ion_1_0 {Item:{n:6d2,pk:"a"}}\n')

    def test_refusals(self):
        table, arn = self.recoverable()
        specification = {"ExportFromTime": time.time() - 60, "ExportToTime": time.time()}
        with self.assertRaises(self.dynamodb.exceptions.InvalidExportTimeException):
            self.dynamodb.export_table_to_point_in_time(
                TableArn=arn,
                S3Bucket=self.bucket,
                ExportType="INCREMENTAL_EXPORT",
                IncrementalExportSpecification=specification,
            )
        plain = self.dynamodb.describe_table(TableName=self.table())["Table"]["TableArn"]
        with self.assertRaises(self.dynamodb.exceptions.PointInTimeRecoveryUnavailableException):
            self.dynamodb.export_table_to_point_in_time(TableArn=plain, S3Bucket=self.bucket)
        with self.assertRaises(WaiterError):
            self.exported(arn, S3Bucket="no-such-bucket")
        listed = self.dynamodb.list_exports(TableArn=arn)["ExportSummaries"]
        self.assertEqual([export["ExportStatus"] for export in listed], ["FAILED"])
        failed = self.dynamodb.describe_export(ExportArn=listed[0]["ExportArn"])["ExportDescription"]
        self.assertEqual(failed["FailureCode"], "S3NoSuchBucket")


if __name__ == "__main__":
    unittest.main()
