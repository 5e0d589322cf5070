"""Faults of rules, as boto3 meets them: what its retries hide, and what reaches the caller."""

import os
import unittest
import uuid

import boto3
import botocore.exceptions
from botocore.config import Config

import faults
from e2e import TestCase


def client(attempts=None, mode="standard", **settings):
    retries = {"mode": mode} if attempts is None else {"mode": mode, "total_max_attempts": attempts}
    config = Config(connect_timeout=5, read_timeout=20, retries=retries, **settings)
    # The suite's own variable would be the client's number of attempts.
    os.environ.pop("AWS_MAX_ATTEMPTS", None)
    return boto3.Session(region_name="us-east-1").client("dynamodb", endpoint_url=faults.ENDPOINT, config=config)


@unittest.skipUnless(faults.ENDPOINT, "needs a server with --faults")
class Faults(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dynamodb = client(attempts=1)

    def setUp(self):
        faults.admin("DELETE", "faults")
        self.name = self.table()
        self.addCleanup(faults.admin, "DELETE", "faults")

    def put(self, dynamodb, pk):
        answer = dynamodb.put_item(TableName=self.name, Item={"pk": {"S": pk}})
        return answer["ResponseMetadata"]["RetryAttempts"]

    def exists(self, pk):
        return "Item" in self.dynamodb.get_item(TableName=self.name, Key={"pk": {"S": pk}}, ConsistentRead=True)

    def test_one_throttled_request_is_invisible_and_four_are_not(self):
        for error in ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"):
            faults.add(table=self.name, operation="PutItem", error=error, count=1)
            self.assertEqual(self.put(client(), error), 1)
            rule = faults.add(table=self.name, operation="PutItem", error=error, count=4)
            with self.assertRaises(botocore.exceptions.ClientError) as caught:
                self.put(client(), "never")
            answer = caught.exception.response
            self.assertEqual(answer["Error"]["Code"], error)
            reasons = answer.get("ThrottlingReasons") or answer.get("throttlingReasons")
            self.assertTrue(reasons[0]["reason"].startswith("TableWrite"), answer)
            self.assertTrue(reasons[0]["resource"].endswith(f"table/{self.name}"), answer)
            self.assertEqual(faults.injected(rule), 4)
        self.assertFalse(self.exists("never"))

    def test_an_error_after_the_effect_is_retried_with_its_token(self):
        faults.add(table=self.name, operation="TransactWriteItems", error="InternalServerError", when="after", count=1)
        update = {
            "TableName": self.name,
            "Key": {"pk": {"S": "sum"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        answer = client().transact_write_items(TransactItems=[{"Update": update}])
        self.assertEqual(answer["ResponseMetadata"]["RetryAttempts"], 1)
        item = self.dynamodb.get_item(TableName=self.name, Key={"pk": {"S": "sum"}}, ConsistentRead=True)["Item"]
        self.assertEqual(item["n"], {"N": "1"}, "the token has made the second attempt a replay")

        # A plain update has no token: the retry adds again.
        faults.add(table=self.name, operation="UpdateItem", error="InternalServerError", when="after", count=1)
        client().update_item(**update)
        item = self.dynamodb.get_item(TableName=self.name, Key={"pk": {"S": "sum"}}, ConsistentRead=True)["Item"]
        self.assertEqual(item["n"], {"N": "3"})

    def test_transactions_in_progress_are_retried_and_conflicts_are_the_callers(self):
        put = {"Put": {"TableName": self.name, "Item": {"pk": {"S": "a"}}}}
        faults.add(table=self.name, error="TransactionInProgressException", operation="TransactWriteItems", count=1)
        answer = client().transact_write_items(TransactItems=[put], ClientRequestToken=uuid.uuid4().hex)
        self.assertEqual(answer["ResponseMetadata"]["RetryAttempts"], 1)
        faults.add(table=self.name, error="TransactionCanceledException", cancellation_codes=["TransactionConflict"], count=1)
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            client().transact_write_items(TransactItems=[put])
        self.assertEqual(caught.exception.response["CancellationReasons"][0]["Code"], "TransactionConflict")

    def test_batches_come_back_in_parts(self):
        faults.add(table=self.name, unprocessed=0.4, operation="BatchWriteItem", count=3)
        table = boto3.Session(region_name="us-east-1").resource("dynamodb", endpoint_url=faults.ENDPOINT).Table(self.name)
        with table.batch_writer() as batch:
            for pk in range(60):
                batch.put_item(Item={"pk": str(pk)})
        self.assertEqual(self.dynamodb.scan(TableName=self.name, Select="COUNT")["Count"], 60)
        faults.add(table=self.name, unprocessed=1, operation="BatchGetItem", count=1)
        keys = [{"pk": {"S": str(pk)}} for pk in range(10)]
        answer = self.dynamodb.batch_get_item(RequestItems={self.name: {"Keys": keys}})
        self.assertEqual(len(answer["Responses"][self.name]), 1)
        self.assertEqual(answer["UnprocessedKeys"][self.name]["Keys"], keys[1:])

    def test_a_dropped_connection_is_retried(self):
        rule = faults.add(table=self.name, operation="PutItem", drop_connection=True, when="after", count=1)
        self.assertEqual(self.put(client(), "a"), 1)
        self.assertEqual(faults.injected(rule), 1)
        faults.add(table=self.name, operation="PutItem", drop_connection=True)
        with self.assertRaises(botocore.exceptions.ConnectionClosedError):
            self.put(client(attempts=2), "b")
        self.assertFalse(self.exists("b"))

    def test_a_wrong_checksum_is_retried_by_the_legacy_mode(self):
        rule = faults.add(table=self.name, operation="GetItem", wrong_crc32=True, count=1)
        answer = client(mode="legacy").get_item(TableName=self.name, Key={"pk": {"S": "a"}})
        self.assertEqual((answer["ResponseMetadata"]["RetryAttempts"], faults.injected(rule)), (1, 1))

    def test_a_late_answer_times_out(self):
        faults.add(table=self.name, operation="GetItem", latency=3_000, count=1)
        config = Config(read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
        session = boto3.Session(region_name="us-east-1")
        impatient = session.client("dynamodb", endpoint_url=faults.ENDPOINT, config=config)
        with self.assertRaises(botocore.exceptions.ReadTimeoutError):
            impatient.get_item(TableName=self.name, Key={"pk": {"S": "a"}})
        self.assertFalse(self.exists("a"))


if __name__ == "__main__":
    unittest.main()
