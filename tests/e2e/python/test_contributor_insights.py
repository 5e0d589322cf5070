"""Contributor Insights: the keys that boto3's own requests weigh most on."""

import collections
import datetime
import time
import unittest

import e2e
from botocore.exceptions import ClientError


class ContributorInsights(e2e.TestCase):
    def setUp(self):
        self.cloudwatch = e2e.session().client("cloudwatch", endpoint_url=e2e.ENDPOINT, config=e2e.CONFIG)
        self.name = self.table("pk sk:N")

    def enable(self, **more):
        answer = self.dynamodb.update_contributor_insights(
            TableName=self.name, ContributorInsightsAction="ENABLE", **more)
        self.assertEqual(answer["ContributorInsightsStatus"], "ENABLING")
        described = self.dynamodb.describe_contributor_insights(TableName=self.name)
        self.assertEqual(described["ContributorInsightsStatus"], "ENABLED")
        return {rule.split("-")[1]: rule for rule in described["ContributorInsightsRuleList"]}

    def report(self, rule, **more):
        now = datetime.datetime.now(datetime.timezone.utc)
        return self.cloudwatch.get_insight_rule_report(
            RuleName=rule, StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=5),
            Period=60, **more)

    def test_a_report_has_what_the_client_has_consumed(self):
        rules = self.enable()
        self.assertEqual(sorted(rules), ["PKC", "PKT", "SKC", "SKT"])
        expected = collections.Counter()
        for number in range(40):
            pk, sk = f"p{number % 7}", str(number % 3)
            answer = self.dynamodb.put_item(
                TableName=self.name, Item={"pk": {"S": pk}, "sk": {"N": sk}, "text": {"S": "x" * 100 * number}},
                ReturnConsumedCapacity="TOTAL")
            expected[pk, sk] += 3 * answer["ConsumedCapacity"]["CapacityUnits"]
        for number in range(20):
            pk, sk = f"p{number % 2}", "0"
            answer = self.dynamodb.get_item(
                TableName=self.name, Key={"pk": {"S": pk}, "sk": {"N": sk}}, ReturnConsumedCapacity="TOTAL")
            expected[pk, sk] += answer["ConsumedCapacity"]["CapacityUnits"]
        report = self.report(rules["SKC"], MaxContributorCount=25, Metrics=["MaxContributorValue", "Sum"])
        found = {tuple(one["Keys"]): one["ApproximateAggregateValue"] for one in report["Contributors"]}
        self.assertEqual(found, expected)
        self.assertEqual(report["KeyLabels"], ["pk", "sk"])
        self.assertEqual(report["ApproximateUniqueCount"], len(expected))
        self.assertEqual(report["AggregateValue"], sum(expected.values()))
        self.assertEqual(sum(point["Sum"] for point in report["MetricDatapoints"]), sum(expected.values()))
        points = sum(point["ApproximateValue"] for one in report["Contributors"] for point in one["Datapoints"])
        self.assertEqual(points, sum(expected.values()))
        partitions = collections.Counter()
        for (pk, _), weight in expected.items():
            partitions[pk] += weight
        report = self.report(rules["PKC"], MaxContributorCount=2)
        found = [(one["Keys"], one["ApproximateAggregateValue"]) for one in report["Contributors"]]
        self.assertEqual([value for _, value in found], [weight for _, weight in partitions.most_common(2)])

    def test_throttled_keys_alone(self):
        rules = self.enable(ContributorInsightsMode="THROTTLED_KEYS")
        self.assertEqual(sorted(rules), ["PKT", "SKT"])
        self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": "a"}, "sk": {"N": "1"}})
        self.assertEqual(self.report(rules["PKT"])["Contributors"], [])

    def test_settings_are_listed_and_end(self):
        rule = self.enable()["PKC"]
        pages = self.cloudwatch.describe_insight_rules(MaxResults=500)["InsightRules"]
        self.assertIn((rule, "ENABLED", True), [(one["Name"], one["State"], one["ManagedRule"]) for one in pages])
        pages = self.dynamodb.list_contributor_insights(TableName=self.name)["ContributorInsightsSummaries"]
        self.assertEqual([(one["TableName"], one["ContributorInsightsStatus"]) for one in pages], [(self.name, "ENABLED")])
        time.sleep(0.01)
        answer = self.dynamodb.update_contributor_insights(TableName=self.name, ContributorInsightsAction="DISABLE")
        self.assertEqual(answer["ContributorInsightsStatus"], "DISABLING")
        described = self.dynamodb.describe_contributor_insights(TableName=self.name)
        self.assertEqual((described["ContributorInsightsStatus"], described.get("ContributorInsightsRuleList")), ("DISABLED", None))
        with self.assertRaises(ClientError) as refused:
            self.report(rule)
        self.assertEqual(refused.exception.response["Error"]["Code"], "ResourceNotFoundException")
        with self.assertRaises(ClientError) as refused:
            self.cloudwatch.put_insight_rule(RuleName="own", RuleDefinition="{}")
        self.assertIn("UpdateContributorInsights", str(refused.exception))


if __name__ == "__main__":
    unittest.main()
