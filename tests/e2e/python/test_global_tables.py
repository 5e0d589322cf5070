"""Global tables: replicas in several regions behind one endpoint, by boto3."""

import time
import unittest

import e2e
from botocore.exceptions import ClientError

OTHER = "eu-west-1"
THIRD = "us-west-2"


class GlobalTables(e2e.TestCase):
    def until(self, is_there):
        """What comes by itself: only a hang reaches the bound."""
        until = time.monotonic() + 60
        while not is_there():
            self.assertLess(time.monotonic(), until, "it does not come")
            time.sleep(0.02)

    def update(self, client, name, **update):
        return client.update_table(TableName=name, ReplicaUpdates=[update])["TableDescription"]

    def replicas(self, client, name):
        shown = client.describe_table(TableName=name)["Table"].get("Replicas", [])
        return {replica["RegionName"]: replica["ReplicaStatus"] for replica in shown}

    def pair(self):
        name, other = self.table(), e2e.client(region=OTHER)
        self.update(self.dynamodb, name, Create={"RegionName": OTHER})
        self.until(lambda: self.replicas(self.dynamodb, name) == {OTHER: "ACTIVE"})
        self.addCleanup(self.drop_in, other, name)
        return name, other

    def drop_in(self, client, name):
        try:
            client.delete_table(TableName=name)
        except client.exceptions.ResourceNotFoundException:
            pass

    def item(self, client, name, pk):
        return client.get_item(TableName=name, Key={"pk": {"S": pk}}, ConsistentRead=True).get("Item")

    def test_each_region_can_be_written(self):
        name = self.table()
        other = e2e.client(region=OTHER)
        with self.dynamodb_table(name).batch_writer() as batch:
            for number in range(300):
                batch.put_item(Item={"pk": str(number), "text": "x" * 200})
        described = self.update(self.dynamodb, name, Create={"RegionName": OTHER})
        self.assertEqual(described["TableStatus"], "UPDATING")
        self.assertNotIn("Replicas", described)
        self.assertEqual(described["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES")
        self.until(lambda: self.replicas(self.dynamodb, name) == {OTHER: "ACTIVE"})
        self.addCleanup(self.drop_in, other, name)
        self.assertEqual(other.scan(TableName=name, Select="COUNT")["Count"], 300)
        table = other.describe_table(TableName=name)["Table"]
        self.assertEqual(self.replicas(other, name), {"us-east-1": "ACTIVE"})
        self.assertEqual(table["GlobalTableVersion"], "2019.11.21")
        self.assertIn(f":{OTHER}:", table["TableArn"])
        other.put_item(TableName=name, Item={"pk": {"S": "there"}, "n": {"N": "1"}})
        self.until(lambda: self.item(self.dynamodb, name, "there"))
        self.dynamodb.update_item(TableName=name, Key={"pk": {"S": "there"}}, UpdateExpression="ADD n :n",
                                  ExpressionAttributeValues={":n": {"N": "2"}})
        self.until(lambda: self.item(other, name, "there")["n"] == {"N": "3"})
        self.dynamodb.delete_item(TableName=name, Key={"pk": {"S": "there"}})
        self.until(lambda: self.item(other, name, "there") is None)

    def dynamodb_table(self, name):
        return e2e.resource().Table(name)

    def test_members_come_and_go(self):
        name, other = self.pair()
        third = e2e.client(region=THIRD)
        self.update(other, name, Create={"RegionName": THIRD})
        self.addCleanup(self.drop_in, third, name)
        both = {OTHER: "ACTIVE", THIRD: "ACTIVE"}
        self.until(lambda: self.replicas(self.dynamodb, name) == both)
        third.put_item(TableName=name, Item={"pk": {"S": "last words"}})
        self.assertEqual(self.update(self.dynamodb, name, Delete={"RegionName": THIRD})["Replicas"][1]["RegionName"], THIRD)
        self.until(lambda: self.replicas(self.dynamodb, name) == {OTHER: "ACTIVE"})
        for client in (self.dynamodb, other):
            self.assertIsNotNone(self.item(client, name, "last words"))
        with self.assertRaises(third.exceptions.ResourceNotFoundException):
            third.describe_table(TableName=name)

    def test_refusals(self):
        name, other = self.pair()
        self.refused("ValidationException", "one or more replicas already existed as tables", self.update,
                     client=self.dynamodb, name=name, Create={"RegionName": OTHER})
        self.refused("ValidationException", "Region mars-1 is not supported", self.update, client=self.dynamodb, name=name,
                     Create={"RegionName": "mars-1"})
        self.refused("ValidationException", "not part of the global table", self.update, client=self.dynamodb, name=name,
                     Delete={"RegionName": THIRD})
        self.refused("ValidationException", "Disabling Stream is not allowed for a Global Table replica.",
                     other.update_table, TableName=name, StreamSpecification={"StreamEnabled": False})
        # An ARN of another region is no table of this one.
        arn = other.describe_table(TableName=name)["Table"]["TableArn"]
        with self.assertRaises(ClientError):
            self.dynamodb.delete_table(TableName=arn)
        self.assertEqual(self.replicas(self.dynamodb, name), {OTHER: "ACTIVE"})

    def test_settings_of_the_group_follow(self):
        name, other = self.pair()
        other.update_time_to_live(TableName=name, TimeToLiveSpecification={"AttributeName": "end", "Enabled": True})
        self.until(lambda: self.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get(
            "AttributeName") == "end")

    def test_provisioned_replicas_are_scaled(self):
        name, other = self.table(
            BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
        ), e2e.client(region=OTHER)
        scaling = e2e.session().client("application-autoscaling", endpoint_url=e2e.ENDPOINT, config=e2e.CONFIG)
        self.refused("ValidationException", "Table write capacity should either be Pay-Per-Request or AutoScaled.",
                     self.update, client=self.dynamodb, name=name, Create={"RegionName": OTHER})
        target = {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{name}",
                  "ScalableDimension": "dynamodb:table:WriteCapacityUnits"}
        scaling.register_scalable_target(**target, MinCapacity=3, MaxCapacity=30)
        self.addCleanup(scaling.deregister_scalable_target, **target)
        metric = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
        scaling.put_scaling_policy(
            **target, PolicyName="writes", PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 60.0, "PredefinedMetricSpecification": metric})
        self.update(self.dynamodb, name, Create={"RegionName": OTHER})
        self.until(lambda: self.replicas(self.dynamodb, name) == {OTHER: "ACTIVE"})
        self.addCleanup(self.drop_in, other, name)
        replicas = other.describe_table_replica_auto_scaling(TableName=name)["TableAutoScalingDescription"]["Replicas"]
        for replica in replicas:
            settings = replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
            policy, = settings["ScalingPolicies"]
            tracking = policy["TargetTrackingScalingPolicyConfiguration"]
            self.assertEqual((settings["MinimumUnits"], settings["MaximumUnits"], tracking["TargetValue"]), (3, 30, 60.0))
        self.assertEqual(len(replicas), 2)
        # What a request sets goes everywhere.
        other.update_table(TableName=name, ProvisionedThroughput={"ReadCapacityUnits": 4, "WriteCapacityUnits": 9})

        def units():
            found = self.dynamodb.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
            return found["ReadCapacityUnits"], found["WriteCapacityUnits"]

        self.until(lambda: units() == (4, 9))


if __name__ == "__main__":
    unittest.main()
