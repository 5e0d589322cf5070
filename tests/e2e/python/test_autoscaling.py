"""Application Auto Scaling: targets, policies with their alarms, scheduled actions, and what becomes of capacity."""

import datetime
import time

import e2e
from botocore.exceptions import ClientError

READ = "dynamodb:table:ReadCapacityUnits"


class AutoScaling(e2e.TestCase):
    def setUp(self):
        def client(service):
            return e2e.session().client(service, endpoint_url=e2e.ENDPOINT, config=e2e.CONFIG)

        self.scaling = client("application-autoscaling")
        self.cloudwatch = client("cloudwatch")
        units = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
        self.name = self.table(BillingMode="PROVISIONED", ProvisionedThroughput=units)
        self.target = {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{self.name}", "ScalableDimension": READ}
        self.addCleanup(self.deregister)

    def deregister(self):
        try:
            self.scaling.deregister_scalable_target(**self.target)
        except self.scaling.exceptions.ObjectNotFoundException:
            pass

    def units(self):
        throughput = self.dynamodb.describe_table(TableName=self.name)["Table"]["ProvisionedThroughput"]
        return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]

    def wait(self, what, expected, seconds=90):
        end = time.monotonic() + seconds
        while what() != expected and time.monotonic() < end:
            time.sleep(0.5)
        self.assertEqual(what(), expected)

    def activities(self):
        found = self.scaling.describe_scaling_activities(**self.target)["ScalingActivities"]
        return [(one["Cause"], one["StatusCode"], one["StatusMessage"]) for one in found]

    def policy(self, name="reads", value=70.0, **settings):
        metric = {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}
        configuration = {"TargetValue": value, "PredefinedMetricSpecification": metric, **settings}
        return self.scaling.put_scaling_policy(
            PolicyName=name, PolicyType="TargetTrackingScaling", **self.target,
            TargetTrackingScalingPolicyConfiguration=configuration)

    def test_targets_and_policies_are_as_they_were_put(self):
        self.refused("ObjectNotFoundException", f"No scalable target registered for service namespace: dynamodb, resource ID: table/{self.name}, "
                     f"scalable dimension: {READ}", self.policy)
        bounds = {"MinCapacity": 1, "MaxCapacity": 40}
        arn = self.scaling.register_scalable_target(**self.target, **bounds, Tags={"team": "a"})["ScalableTargetARN"]
        pages = self.scaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="dynamodb")
        found = [one for page in pages for one in page["ScalableTargets"] if one["ScalableTargetARN"] == arn]
        self.assertEqual([(found[0]["MinCapacity"], found[0]["MaxCapacity"])], [(1, 40)])
        self.assertEqual(self.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"], {"team": "a"})
        put = self.policy(ScaleInCooldown=60, ScaleOutCooldown=0)
        names = [alarm["AlarmName"] for alarm in put["Alarms"]]
        alarms = self.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
        self.assertEqual(sorted(alarm["Threshold"] for alarm in alarms), [2.0, 2.0, 60.0, 84.0])
        self.assertEqual({tuple(alarm["AlarmActions"]) for alarm in alarms}, {(put["PolicyARN"],)})
        described = self.scaling.describe_scaling_policies(PolicyNames=["reads"], **self.target)["ScalingPolicies"][0]
        self.assertEqual(described["TargetTrackingScalingPolicyConfiguration"]["ScaleInCooldown"], 60)
        self.refused("ValidationException", "target value must be between '10.0' and '90.0', but was '90.1'.",
                     self.policy, value=90.1)
        self.scaling.delete_scaling_policy(PolicyName="reads", **self.target)
        self.assertEqual(self.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"], [])

    def test_a_minimum_acts_at_once_and_a_quiet_table_falls_back_to_it(self):
        self.scaling.register_scalable_target(**self.target, MinCapacity=10, MaxCapacity=40)
        self.wait(self.units, (10, 3))
        message = "Successfully set read capacity units to 10. Change successfully fulfilled by dynamodb."
        self.wait(self.activities, [("minimum capacity was set to 10", "Successful", message)])
        self.scaling.register_scalable_target(**self.target, MaxCapacity=60000, MinCapacity=50000)
        self.wait(lambda: self.activities()[0][1:], ("Failed", "Failed to set read capacity units to 50000. Reason: The requested "
                  "ReadCapacityUnits, 50000, is above the per table maximum for the account in us-east-1. Per table maximum: 40000. Refer to the "
                  "Amazon DynamoDB Developer Guide for current limits and how to request higher limits."))
        self.scaling.register_scalable_target(**self.target, MinCapacity=5, MaxCapacity=40)
        low = next(alarm["AlarmName"] for alarm in self.policy()["Alarms"] if "-AlarmLow-" in alarm["AlarmName"])
        # As after 15 minutes without traffic.
        self.cloudwatch.set_alarm_state(AlarmName=low, StateValue="ALARM", StateReason="a test")
        self.wait(self.units, (5, 3))
        cause = f"monitor alarm {low} in state ALARM triggered policy reads"
        self.wait(lambda: self.activities()[0][:2], (cause, "Successful"))
        self.dynamodb.delete_table(TableName=self.name)
        self.assertEqual(len(self.scaling.describe_scalable_targets(
            ServiceNamespace="dynamodb", ResourceIds=[self.target["ResourceId"]])["ScalableTargets"]), 1)

    def test_scheduled_actions_run(self):
        self.scaling.register_scalable_target(**self.target, MinCapacity=1, MaxCapacity=40)
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        self.scaling.put_scheduled_action(
            ScheduledActionName="up", Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})", **self.target,
            ScalableTargetAction={"MinCapacity": 20, "MaxCapacity": 50})
        self.scaling.put_scheduled_action(
            ScheduledActionName="nightly", Schedule="cron(0 22 * * ? *)", Timezone="Europe/Berlin", **self.target,
            ScalableTargetAction={"MinCapacity": 1})
        with self.assertRaises(ClientError):
            self.scaling.put_scheduled_action(
                ScheduledActionName="wrong", Schedule="cron(0 22 * * *)", **self.target,
                ScalableTargetAction={"MinCapacity": 1})
        self.wait(self.units, (20, 3))
        cause = "scheduled action name up was triggered"
        self.wait(lambda: self.activities()[1], (cause, "Successful", "Successfully set min capacity to 20 and max capacity to 50"))
        actions = self.scaling.describe_scheduled_actions(**self.target)["ScheduledActions"]
        self.assertEqual({action["ScheduledActionName"]: action.get("Timezone") for action in actions},
                         {"up": None, "nightly": "Europe/Berlin"})
        self.scaling.delete_scheduled_action(ScheduledActionName="nightly", **self.target)
