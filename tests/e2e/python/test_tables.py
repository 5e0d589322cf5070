"""Tables and what belongs to them: life cycle, settings, indexes added later, tags, TTL, backups' description."""

import os
import time
import unittest

import e2e


class Tables(e2e.TestCase):
    def describe(self, name):
        return self.dynamodb.describe_table(TableName=name)["Table"]

    def wait_active(self, name):
        for _ in range(300):
            table = self.describe(name)
            indexes = table.get("GlobalSecondaryIndexes", [])
            if table["TableStatus"] == "ACTIVE" and all(index["IndexStatus"] == "ACTIVE" for index in indexes):
                return table
            time.sleep(0.1)
        self.fail(f"{name} does not become active: {table}")

    def test_life(self):
        name = self.table("pk sk:N", Tags=[{"Key": "a", "Value": "1"}])
        table = self.describe(name)
        self.assertEqual(table["TableStatus"], "ACTIVE")
        self.assertEqual(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
        self.assertEqual(table["ProvisionedThroughput"]["ReadCapacityUnits"], 0)
        self.assertRegex(table["TableArn"], rf"^arn:aws:dynamodb:us-east-1:\d{{12}}:table/{name}$")
        self.assertIn(name, [n for page in self.dynamodb.get_paginator("list_tables").paginate() for n in page["TableNames"]])
        self.refused("ResourceInUseException", "Table already exists", self.dynamodb.create_table, TableName=name,
                     AttributeDefinitions=e2e.key_schema("pk")[0], KeySchema=e2e.key_schema("pk")[1],
                     BillingMode="PAY_PER_REQUEST")
        # Names and ARNs are the same thing.
        arn = table["TableArn"]
        self.dynamodb.put_item(TableName=arn, Item={"pk": {"S": "a"}, "sk": {"N": "1"}})
        self.assertEqual(self.dynamodb.scan(TableName=name)["Count"], 1)
        self.assertEqual(self.describe(arn)["ItemCount"], 1)
        self.assertGreater(self.describe(arn)["TableSizeBytes"], 0)
        deleted = self.dynamodb.delete_table(TableName=name)["TableDescription"]
        self.assertEqual(deleted["TableStatus"], "DELETING")
        waiter = self.dynamodb.get_waiter("table_not_exists")
        waiter.wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.refused("ResourceNotFoundException", f"Table: {name} not found", self.dynamodb.describe_table, TableName=name)

    @unittest.skipIf(os.environ["STATOR_ENDPOINT"] == os.environ.get("SIGNED_ENDPOINT"), "signatures are checked here")
    def test_any_key_and_region_see_the_same_tables(self):
        name = self.table()
        other = e2e.client(access_key="another", region="eu-west-3")
        other.put_item(TableName=name, Item={"pk": {"S": "a"}})
        self.assertEqual(self.dynamodb.scan(TableName=name)["Count"], 1)

    def test_settings(self):
        name = self.table(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6})
        throughput = self.describe(name)["ProvisionedThroughput"]
        self.assertEqual((throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]), (5, 6))
        self.dynamodb.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
        self.assertEqual(self.wait_active(name)["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
        self.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
        self.wait_active(name)
        self.refused("ValidationException", "Resource cannot be deleted as it is currently protected against deletion",
                     self.dynamodb.delete_table, TableName=name)
        self.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        self.wait_active(name)

    def test_index_added_and_removed(self):
        name = self.table()
        for number in range(50):
            item = {"pk": {"S": str(number)}, **({"g": {"S": "x"}} if number % 2 else {})}
            self.dynamodb.put_item(TableName=name, Item=item)
        self.dynamodb.update_table(
            TableName=name, AttributeDefinitions=e2e.key_schema("g")[0],
            GlobalSecondaryIndexUpdates=[{"Create": e2e.index("later", "g")}],
        )
        # Writes meet the running backfill.
        for number in range(50, 60):
            self.dynamodb.put_item(TableName=name, Item={"pk": {"S": str(number)}, "g": {"S": "x"}})
        self.dynamodb.delete_item(TableName=name, Key={"pk": {"S": "1"}})
        self.wait_active(name)
        found = self.dynamodb.query(
            TableName=name, IndexName="later", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": "x"}}
        )
        expected = [str(n) for n in range(60) if (n % 2 or n >= 50) and n != 1]
        self.assertEqual(sorted(item["pk"]["S"] for item in found["Items"]), sorted(expected))
        described = self.describe(name)["GlobalSecondaryIndexes"][0]
        self.assertEqual((described["IndexName"], described["ItemCount"]), ("later", len(expected)))
        self.dynamodb.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "later"}}])
        for _ in range(300):
            if not self.describe(name).get("GlobalSecondaryIndexes"):
                break
            time.sleep(0.1)
        self.assertNotIn("GlobalSecondaryIndexes", self.wait_active(name))

    def test_index_of_several_attributes(self):
        name = self.table(
            AttributeDefinitions=e2e.key_schema("h1 h2:N")[0] + e2e.key_schema("r1 r2:N")[0],
            GlobalSecondaryIndexes=[{
                "IndexName": "wide", "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in
                              (("h1", "HASH"), ("h2", "HASH"), ("r1", "RANGE"), ("r2", "RANGE"))],
            }],
        )
        for number in range(12):
            self.dynamodb.put_item(TableName=name, Item={
                "pk": {"S": str(number)}, "h1": {"S": "h"}, "h2": {"N": "1"},
                "r1": {"S": "ab"[number % 2]}, "r2": {"N": str(number)},
            })
        query = lambda condition, **values: [item["r2"]["N"] for item in self.dynamodb.query(
            TableName=name, IndexName="wide", KeyConditionExpression="h1 = :h AND h2 = :one" + condition,
            ExpressionAttributeValues={":h": {"S": "h"}, ":one": {"N": "1"}} | {f":{k}": v for k, v in values.items()},
        )["Items"]]
        self.assertEqual(query(""), ["0", "2", "4", "6", "8", "10", "1", "3", "5", "7", "9", "11"])
        self.assertEqual(query(" AND r1 = :r AND r2 > :n", r={"S": "b"}, n={"N": "6"}), ["7", "9", "11"])

    def test_tags(self):
        name = self.table(Tags=[{"Key": "a", "Value": "1"}])
        arn = self.describe(name)["TableArn"]
        self.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
        tags = lambda: {tag["Key"]: tag["Value"] for tag in self.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]}
        self.assertEqual(tags(), {"a": "2", "b": "3"})
        self.dynamodb.untag_resource(ResourceArn=arn, TagKeys=["a"])
        self.assertEqual(tags(), {"b": "3"})

    def test_time_to_live_and_backups_are_described(self):
        name = self.table()
        ttl = lambda: self.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        self.assertEqual(ttl(), {"TimeToLiveStatus": "DISABLED"})
        self.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )
        self.assertIn(ttl()["TimeToLiveStatus"], ("ENABLING", "ENABLED"))
        self.assertEqual(ttl()["AttributeName"], "expires")
        backups = self.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        self.assertEqual(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "DISABLED")

    def test_endpoints_and_limits(self):
        self.assertTrue(self.dynamodb.describe_endpoints()["Endpoints"][0]["Address"])
        self.assertGreater(self.dynamodb.describe_limits()["AccountMaxReadCapacityUnits"], 0)

    def test_errors(self):
        keys = e2e.key_schema("pk")
        create = lambda **settings: self.dynamodb.create_table(
            **{"TableName": "e2e-refused", "AttributeDefinitions": keys[0], "KeySchema": keys[1],
               "BillingMode": "PAY_PER_REQUEST"} | settings
        )
        check = lambda message, **settings: self.refused("ValidationException", message, create, **settings)
        check("", AttributeDefinitions=e2e.key_schema("pk sk")[0])
        check("", KeySchema=e2e.key_schema("pk sk")[1])
        check("Duplicate index name: twice", AttributeDefinitions=e2e.key_schema("pk g")[0],
              GlobalSecondaryIndexes=[e2e.index("twice", "g"), e2e.index("twice", "g")])
        check("Table KeySchema does not have a range key", AttributeDefinitions=e2e.key_schema("pk g")[0],
              LocalSecondaryIndexes=[e2e.index("local", "pk g")])
        self.refused("ResourceNotFoundException", "", self.dynamodb.describe_table, TableName="e2e-refused")


if __name__ == "__main__":
    unittest.main()
