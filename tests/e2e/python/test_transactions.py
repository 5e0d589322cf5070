"""Transactions: all or nothing, reasons in order, tokens, and many clients at once."""

import threading
import unittest

import e2e


class Transactions(e2e.TestCase):
    def test_all_or_nothing(self):
        table = self.table()
        put = lambda pk, **more: {"Put": {"TableName": table, "Item": {"pk": {"S": pk}, "n": {"N": "1"}}, **more}}
        self.dynamodb.transact_write_items(TransactItems=[put("a"), put("b")])
        response = self.refused(
            "TransactionCanceledException",
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            "[None, ConditionalCheckFailed, ConditionalCheckFailed]",
            self.dynamodb.transact_write_items,
            TransactItems=[
                put("c"),
                put("a", ConditionExpression="attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
                {"ConditionCheck": {"TableName": table, "Key": {"pk": {"S": "nope"}},
                                    "ConditionExpression": "attribute_exists(pk)"}},
            ],
        )
        self.assertEqual(response["CancellationReasons"], [
            {"Code": "None"},
            {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed",
             "Item": {"pk": {"S": "a"}, "n": {"N": "1"}}},
            {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
        ])
        self.assertEqual(self.dynamodb.scan(TableName=table)["Count"], 2)

    def test_every_kind_of_change(self):
        table = self.table()
        for pk in "abcd":
            self.dynamodb.put_item(TableName=table, Item={"pk": {"S": pk}, "n": {"N": "1"}})
        done = self.dynamodb.transact_write_items(
            ReturnConsumedCapacity="TOTAL",
            TransactItems=[
                {"Update": {"TableName": table, "Key": {"pk": {"S": "a"}}, "UpdateExpression": "ADD n :one",
                            "ExpressionAttributeValues": {":one": {"N": "1"}}}},
                {"Delete": {"TableName": table, "Key": {"pk": {"S": "b"}}}},
                {"ConditionCheck": {"TableName": table, "Key": {"pk": {"S": "c"}},
                                    "ConditionExpression": "n = :one",
                                    "ExpressionAttributeValues": {":one": {"N": "1"}}}},
                {"Put": {"TableName": table, "Item": {"pk": {"S": "e"}}}},
            ],
        )
        self.assertEqual(done["ConsumedCapacity"], [{"TableName": table, "CapacityUnits": 8, "WriteCapacityUnits": 8}])
        got = self.dynamodb.transact_get_items(TransactItems=[
            {"Get": {"TableName": table, "Key": {"pk": {"S": pk}}, "ProjectionExpression": "pk, n"}} for pk in "abcde"
        ])
        self.assertEqual(
            [response.get("Item", {}).get("n", {}).get("N") for response in got["Responses"]], ["2", None, "1", "1", None]
        )
        self.assertEqual(got["Responses"][1], {})

    def test_tokens(self):
        table = self.table()
        add = lambda n: [{"Update": {"TableName": table, "Key": {"pk": {"S": "a"}}, "UpdateExpression": "ADD n :n",
                                     "ExpressionAttributeValues": {":n": {"N": n}}}}]
        for _ in range(3):
            self.dynamodb.transact_write_items(TransactItems=add("1"), ClientRequestToken="token-1")
        self.assertEqual(self.dynamodb.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"]["n"], {"N": "1"})
        self.refused(
            "IdempotentParameterMismatchException", "", self.dynamodb.transact_write_items,
            TransactItems=add("2"), ClientRequestToken="token-1",
        )

    def test_errors(self):
        table = self.table()
        put = lambda pk: {"Put": {"TableName": table, "Item": {"pk": {"S": pk}}}}
        check = lambda message, items: self.refused(
            "ValidationException", message, self.dynamodb.transact_write_items, TransactItems=items
        )
        check("Transaction request cannot include multiple operations on one item", [put("a"), put("a")])
        check("less than or equal to 100", [put(str(n)) for n in range(101)])
        self.refused(
            "ResourceNotFoundException", "", self.dynamodb.transact_write_items,
            TransactItems=[put("a"), {"Put": {"TableName": "nope", "Item": {"pk": {"S": "a"}}}}],
        )
        self.assertEqual(self.dynamodb.scan(TableName=table)["Count"], 0)

    def test_money_is_never_made_nor_lost(self):
        """Four clients move amounts between accounts while one adds everything up in a single read."""
        table, accounts, total = self.table(), 5, 500
        for account in range(accounts):
            self.dynamodb.put_item(TableName=table, Item={"pk": {"S": str(account)}, "n": {"N": "100"}})
        expected_conflicts = {"TransactionCanceledException", "TransactionConflictException"}
        problems, moved = [], [0] * 4

        def move(worker):
            own = e2e.client()
            for step in range(25):
                source, target = str((worker + step) % accounts), str((worker + step * 2 + 1) % accounts)
                if source == target:
                    continue
                change = lambda pk, operator, condition: {"Update": {
                    "TableName": table, "Key": {"pk": {"S": pk}}, "UpdateExpression": f"SET n = n {operator} :n",
                    "ConditionExpression": condition, "ExpressionAttributeValues": {":n": {"N": "7"}}}}
                try:
                    own.transact_write_items(TransactItems=[
                        change(source, "-", "n >= :n"), change(target, "+", "attribute_exists(n) AND n <> :n OR n = :n"),
                    ])
                    moved[worker] += 1
                except own.exceptions.ClientError as error:
                    if error.response["Error"]["Code"] not in expected_conflicts:
                        problems.append(error)

        def total_now(reader):
            reads = [{"Get": {"TableName": table, "Key": {"pk": {"S": str(n)}}}} for n in range(accounts)]
            try:
                answers = reader.transact_get_items(TransactItems=reads)["Responses"]
                return sum(int(answer["Item"]["n"]["N"]) for answer in answers)
            except reader.exceptions.TransactionCanceledException:
                return total

        threads = [threading.Thread(target=move, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.assertEqual(total_now(self.dynamodb), total)
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertGreater(sum(moved), 0)
        self.assertEqual(total_now(self.dynamodb), total)


if __name__ == "__main__":
    unittest.main()
