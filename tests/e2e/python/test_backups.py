"""Backups: made of a table that is written to, listed, restored with and without overrides, deleted."""

import datetime
import time
import unittest

import e2e


class Backups(e2e.TestCase):
    def backup(self, table, name="nightly"):
        details = self.dynamodb.create_backup(TableName=table, BackupName=name)["BackupDetails"]
        self.addCleanup(self.forget, details["BackupArn"])
        return details

    def forget(self, arn):
        try:
            self.dynamodb.delete_backup(BackupArn=arn)
        except self.dynamodb.exceptions.BackupNotFoundException:
            pass

    def restored(self, arn, name, **overrides):
        description = self.dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=arn, **overrides)
        self.addCleanup(self.drop, name)
        description = description["TableDescription"]
        self.assertEqual(description["TableStatus"], "CREATING")
        self.assertTrue(description["RestoreSummary"]["RestoreInProgress"])
        self.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return self.dynamodb.describe_table(TableName=name)["Table"]

    def items(self, table, **arguments):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, **arguments)
        return sorted((item for page in pages for item in page["Items"]), key=lambda item: item["pk"]["S"])

    def test_a_table_as_it_was(self):
        table = self.table(
            "pk sk:N",
            AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
            GlobalSecondaryIndexes=[e2e.index("by-g", "g")],
            LocalSecondaryIndexes=[e2e.index("by-pk-and-g", "pk g", "KEYS_ONLY")],
            Tags=[{"Key": "team", "Value": "red"}],
        )
        for at in range(50):
            item = {"pk": {"S": f"{at:03}"}, "sk": {"N": str(at)}, "g": {"S": "x"}, "b": {"B": bytes([at])}}
            self.dynamodb.put_item(TableName=table, Item=item)
        before = self.items(table)
        arn = self.backup(table)["BackupArn"]
        for item in before[::2]:
            self.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
        self.dynamodb.put_item(TableName=table, Item={"pk": {"S": "later"}, "sk": {"N": "0"}})

        described = self.dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
        self.assertEqual(described["BackupDetails"]["BackupStatus"], "AVAILABLE")
        self.assertEqual(described["SourceTableDetails"]["ItemCount"], 50)
        features = described["SourceTableFeatureDetails"]
        self.assertEqual([index["IndexName"] for index in features["GlobalSecondaryIndexes"]], ["by-g"])

        description = self.restored(arn, table + "-back")
        self.assertNotIn("RestoreSummary", description)
        self.assertEqual(description["WarmThroughput"]["Status"], "ACTIVE")
        self.assertEqual(description["GlobalSecondaryIndexes"][0]["IndexStatus"], "ACTIVE")
        self.assertEqual(self.items(table + "-back"), before)
        self.assertEqual(self.items(table + "-back", IndexName="by-g"), before)
        self.assertEqual(len(self.items(table + "-back", IndexName="by-pk-and-g")), 50)
        self.assertEqual(self.dynamodb.list_tags_of_resource(ResourceArn=description["TableArn"])["Tags"], [])
        self.dynamodb.put_item(TableName=table + "-back", Item={"pk": {"S": "new"}, "sk": {"N": "1"}})

        without = self.restored(arn, table + "-plain", GlobalSecondaryIndexOverride=[], LocalSecondaryIndexOverride=[])
        self.assertNotIn("GlobalSecondaryIndexes", without)
        self.assertNotIn("LocalSecondaryIndexes", without)

    def test_a_backup_outlives_its_table(self):
        table = self.table()
        self.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}})
        arn = self.backup(table)["BackupArn"]
        self.dynamodb.delete_table(TableName=table)
        self.dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.restored(arn, table)
        self.assertEqual(self.items(table), [{"pk": {"S": "a"}}])
        deleted = self.dynamodb.delete_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
        self.assertEqual(deleted["BackupStatus"], "DELETED")
        missing = self.dynamodb.exceptions.BackupNotFoundException
        self.assertRaises(missing, self.dynamodb.describe_backup, BackupArn=arn)
        self.assertRaises(missing, self.dynamodb.delete_backup, BackupArn=arn)

    def test_pages(self):
        table = self.table()
        made = [self.backup(table, f"backup.{at}")["BackupArn"] for at in range(5)]
        pages = self.dynamodb.get_paginator("list_backups").paginate(
            TableName=table, PaginationConfig={"PageSize": 2}
        )
        listed = [backup["BackupArn"] for page in pages for backup in page["BackupSummaries"]]
        self.assertEqual(sorted(listed), sorted(made))
        self.assertNotIn(table + "/backup", " ".join(self.dynamodb.list_tables()["TableNames"]))

    def test_a_table_as_it_was_at_a_moment(self):
        table = self.table()
        enabled = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 3}
        self.dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=enabled)
        self.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "v": {"N": "1"}})
        time.sleep(1.1)
        moment = self.recovery(table)["LatestRestorableDateTime"]
        self.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "v": {"N": "2"}})
        self.dynamodb.put_item(TableName=table, Item={"pk": {"S": "b"}})
        for name, arguments in [("then", {"RestoreDateTime": moment}), ("now", {"UseLatestRestorableTime": True})]:
            target = f"{table}-{name}"
            self.dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=target, **arguments)
            self.addCleanup(self.drop, target)
            waiter = self.dynamodb.get_waiter("table_exists")
            waiter.wait(TableName=target, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.assertEqual(self.items(table + "-then"), [{"pk": {"S": "a"}, "v": {"N": "1"}}])
        self.assertEqual(self.items(table + "-now"), self.items(table))
        too_early = moment - datetime.timedelta(days=1)
        with self.assertRaises(self.dynamodb.exceptions.InvalidRestoreTimeException):
            self.dynamodb.restore_table_to_point_in_time(
                SourceTableName=table, TargetTableName=table + "-early", RestoreDateTime=too_early
            )
        self.dynamodb.delete_table(TableName=table)
        self.dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        listed = self.dynamodb.list_backups(TableName=table, BackupType="SYSTEM")["BackupSummaries"]
        self.assertEqual([backup["BackupName"] for backup in listed], [table + "$DeletedTableBackup"])
        self.restored(listed[0]["BackupArn"], table)
        self.assertEqual(len(self.items(table)), 2)

    def recovery(self, table):
        described = self.dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        return described["PointInTimeRecoveryDescription"]


if __name__ == "__main__":
    unittest.main()
