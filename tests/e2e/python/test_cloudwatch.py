"""CloudWatch: what boto3 reads of the requests that it has made."""

import datetime
import http.server
import json
import os
import threading
import time
import unittest

import e2e
from botocore.exceptions import ClientError


def dimensions(**named):
    return [{"Name": name, "Value": value} for name, value in named.items()]


class CloudWatch(e2e.TestCase):
    def setUp(self):
        self.cloudwatch = e2e.session().client("cloudwatch", endpoint_url=e2e.ENDPOINT, config=e2e.CONFIG)
        self.name = self.table()
        now = datetime.datetime.now(datetime.timezone.utc)
        self.range = {"StartTime": now - datetime.timedelta(minutes=5), "EndTime": now + datetime.timedelta(minutes=10)}

    def sum(self, metric, **named):
        found = self.cloudwatch.get_metric_statistics(
            Namespace="AWS/DynamoDB", MetricName=metric, Dimensions=dimensions(**named), Period=60,
            Statistics=["Sum", "SampleCount"], **self.range)["Datapoints"]
        return sum(point["Sum"] for point in found), sum(point["SampleCount"] for point in found)

    def test_consumed_units_and_latencies_are_those_of_the_requests(self):
        for number in range(10):
            self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": str(number)}, "text": {"S": "x" * 1500}})
        for number in range(4):
            self.dynamodb.get_item(TableName=self.name, Key={"pk": {"S": str(number)}}, ConsistentRead=True)
        self.dynamodb.scan(TableName=self.name)
        self.assertEqual(self.sum("ConsumedWriteCapacityUnits", TableName=self.name), (20, 10))
        self.assertEqual(self.sum("ConsumedReadCapacityUnits", TableName=self.name)[0], 4 + 2)
        self.assertEqual(self.sum("SuccessfulRequestLatency", TableName=self.name, Operation="PutItem")[1], 10)
        self.assertEqual(self.sum("ReturnedItemCount", TableName=self.name, Operation="Scan"), (10, 1))
        queries = [
            {"Id": "writes", "MetricStat": {"Metric": {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedWriteCapacityUnits",
             "Dimensions": dimensions(TableName=self.name)}, "Period": 3600, "Stat": "Sum"}},
            {"Id": "slow", "Label": "slow", "MetricStat": {"Metric": {"Namespace": "AWS/DynamoDB",
             "MetricName": "SuccessfulRequestLatency", "Dimensions": dimensions(TableName=self.name, Operation="GetItem")},
             "Period": 3600, "Stat": "p99"}},
        ]
        pages = self.cloudwatch.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, **self.range)
        found = {result["Id"]: result for result in pages.build_full_result()["MetricDataResults"]}
        self.assertEqual(sum(found["writes"]["Values"]), 20)
        self.assertEqual(found["slow"]["Label"], "slow")
        self.assertGreater(found["slow"]["Values"][0], 0)

    def test_metrics_are_listed(self):
        self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": "a"}})
        pages = self.cloudwatch.get_paginator("list_metrics").paginate(
            Namespace="AWS/DynamoDB", Dimensions=[{"Name": "TableName", "Value": self.name}])
        names = {metric["MetricName"] for page in pages for metric in page["Metrics"]}
        self.assertGreaterEqual(names, {"ConsumedWriteCapacityUnits", "SuccessfulRequestLatency"})

    def test_failures_are_counted(self):
        self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": "a"}})
        with self.assertRaises(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": "a"}}, ConditionExpression="attribute_not_exists(pk)")
        self.assertEqual(self.sum("ConditionalCheckFailedRequests", TableName=self.name), (1, 1))

    def test_own_metrics(self):
        namespace = f"Own/{self.name}"
        data = [{"MetricName": "m", "Value": 2.5, "Unit": "Seconds"}, {"MetricName": "m", "Values": [1, 4], "Counts": [2, 1]}]
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
        found = self.cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName="m", Period=3600, Statistics=["Sum", "Maximum"], **self.range)["Datapoints"]
        self.assertEqual(sum(point["Sum"] for point in found), 2.5 + 2 + 4)
        self.assertEqual(max(point["Maximum"] for point in found), 4)

    def test_an_alarm_and_its_history(self):
        alarm = f"alarm-{self.name}"
        self.cloudwatch.put_metric_alarm(
            AlarmName=alarm, Namespace="AWS/DynamoDB", MetricName="ReadThrottleEvents",
            Dimensions=dimensions(TableName=self.name), Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=0,
            ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore", Tags=[{"Key": "k", "Value": "v"}])
        self.addCleanup(self.cloudwatch.delete_alarms, AlarmNames=[alarm])
        self.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
        found = self.cloudwatch.describe_alarms(AlarmNamePrefix=alarm, StateValue="ALARM")["MetricAlarms"]
        self.assertEqual([(one["AlarmName"], one["StateReason"]) for one in found], [(alarm, "a test")])
        tags = self.cloudwatch.list_tags_for_resource(ResourceARN=found[0]["AlarmArn"])["Tags"]
        self.assertEqual(tags, [{"Key": "k", "Value": "v"}])
        pages = self.cloudwatch.get_paginator("describe_alarm_history").paginate(
            AlarmName=alarm, PaginationConfig={"PageSize": 1})
        summaries = [item["HistorySummary"] for page in pages for item in page["AlarmHistoryItems"]]
        self.assertEqual(summaries, ["Alarm updated from INSUFFICIENT_DATA to ALARM", f'Alarm "{alarm}" created'])
        with self.assertRaises(ClientError) as refused:
            self.cloudwatch.set_alarm_state(AlarmName=f"{alarm}-none", StateValue="OK", StateReason="a test")
        self.assertEqual(refused.exception.response["Error"]["Code"], "ResourceNotFound")

    def alarm(self, *actions):
        name = f"alarm-{self.name}"
        self.cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace="AWS/DynamoDB", MetricName="ReadThrottleEvents", AlarmActions=list(actions),
            Dimensions=dimensions(TableName=self.name), Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=0,
            ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore")
        self.addCleanup(self.cloudwatch.delete_alarms, AlarmNames=[name])
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
        return name

    def outcomes(self, name, count):
        """The summaries of so many actions that were executed."""
        for _ in range(600):
            items = self.cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
            if len(items) >= count:
                return sorted(item["HistorySummary"] for item in items)
            time.sleep(0.1)
        self.fail("the actions were not executed")

    def test_actions_of_an_alarm_reach_urls(self):
        messages = []

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        receiver = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        url = f"http://127.0.0.1:{receiver.server_port}/hook"
        name = self.alarm(url, "arn:aws:automate:us-east-1:ec2:stop")
        summaries = self.outcomes(name, 2)
        self.assertEqual(summaries[1], f"Successfully executed action {url}")
        self.assertTrue(summaries[0].startswith("Failed to execute action arn:aws:automate:us-east-1:ec2:stop."), summaries)
        self.assertEqual([(one["AlarmName"], one["NewStateValue"], one["NewStateReason"]) for one in messages],
                         [(name, "ALARM", "a test")])

    @unittest.skipUnless("SNS_ENDPOINT" in os.environ, "there is no SNS")
    def test_actions_of_an_alarm_are_published(self):
        there = {"endpoint_url": os.environ["SNS_ENDPOINT"], "config": e2e.CONFIG}
        sns, sqs = (e2e.session("test").client(service, **there) for service in ("sns", "sqs"))
        topic = sns.create_topic(Name=self.name)["TopicArn"]
        queue = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        name = self.alarm(topic)
        self.assertEqual(self.outcomes(name, 1), [f"Successfully executed action {topic}"])
        received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
        envelope = json.loads(received[0]["Body"])
        self.assertEqual(envelope["Subject"], f'ALARM: "{name}" in us-east-1')
        self.assertEqual(json.loads(envelope["Message"])["AlarmName"], name)

    def test_what_is_not_here_is_named(self):
        with self.assertRaises(ClientError) as refused:
            self.cloudwatch.put_dashboard(DashboardName="d", DashboardBody="{}")
        self.assertIn("no operation PutDashboard", str(refused.exception))
        with self.assertRaises(ClientError) as refused:
            self.cloudwatch.get_metric_statistics(
                Namespace="AWS/DynamoDB", MetricName="UserErrors", Period=61, Statistics=["Sum"], **self.range)
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidParameterValue")


if __name__ == "__main__":
    unittest.main()
