"""Items: every type, the four operations on one item, conditions, what is returned, and batches."""

import decimal
import re
import unittest

from boto3.dynamodb.conditions import Attr

import e2e

EVERY_TYPE = {
    "pk": {"S": "every"},
    "text": {"S": "ünïcode \u0000 \U0001f600"},
    "empty": {"S": ""},
    "number": {"N": "-12345678901234567890.123456789012345678"},
    "tiny": {"N": "0." + "0" * 129 + "1"},
    "binary": {"B": bytes(range(256))},
    "true": {"BOOL": True},
    "null": {"NULL": True},
    "strings": {"SS": ["a", "b", "ç"]},
    "numbers": {"NS": ["-1", "0", "3.14"]},
    "binaries": {"BS": [b"\x00", b"\xff\xfe"]},
    "list": {"L": [{"S": "x"}, {"N": "1"}, {"L": []}, {"M": {}}]},
    "map": {"M": {"deep": {"M": {"er": {"L": [{"NULL": True}]}}}, "a.b": {"S": "dotted"}}},
}


def same(item):
    """An item with its sets in a fixed order."""
    return {
        name: {kind: sorted(inner) if kind in ("SS", "NS", "BS") else inner for kind, inner in value.items()}
        for name, value in item.items()
    }


class Items(e2e.TestCase):
    def test_every_type_survives(self):
        table = self.table()
        self.dynamodb.put_item(TableName=table, Item=EVERY_TYPE)
        found = self.dynamodb.get_item(TableName=table, Key={"pk": {"S": "every"}}, ConsistentRead=True)
        self.assertEqual(same(found["Item"]), same(EVERY_TYPE))

    def test_resource_layer(self):
        table = e2e.resource().Table(self.table("pk sk:N"))
        item = {"pk": "a", "sk": decimal.Decimal("1.5"), "tags": {"x", "y"}, "doc": {"list": [1, "two", None, True]}}
        table.put_item(Item=item)
        self.assertEqual(table.get_item(Key={"pk": "a", "sk": decimal.Decimal("1.50")})["Item"], item)
        table.update_item(
            Key={"pk": "a", "sk": decimal.Decimal("1.5")},
            UpdateExpression="SET doc.#l[1] = :v ADD hits :one DELETE tags :gone",
            ConditionExpression=Attr("doc.list[0]").eq(1) & Attr("tags").contains("x"),
            ExpressionAttributeNames={"#l": "list"},
            ExpressionAttributeValues={":v": "2", ":one": 1, ":gone": {"y"}},
        )
        item = table.get_item(Key={"pk": "a", "sk": decimal.Decimal("1.5")})["Item"]
        self.assertEqual((item["doc"]["list"][1], item["hits"], item["tags"]), ("2", 1, {"x"}))

    def test_return_values(self):
        table = self.table()
        key = {"pk": {"S": "a"}}
        put = lambda **more: self.dynamodb.put_item(TableName=table, Item={**key, "n": {"N": "1"}}, **more)
        self.assertNotIn("Attributes", put(ReturnValues="ALL_OLD"))
        self.assertEqual(put(ReturnValues="ALL_OLD")["Attributes"], {**key, "n": {"N": "1"}})

        def update(expression, returned, **values):
            values = {f":{name}": value for name, value in values.items()}
            return self.dynamodb.update_item(
                TableName=table, Key=key, UpdateExpression=expression, ReturnValues=returned,
                **({"ExpressionAttributeValues": values} if values else {}),
            ).get("Attributes")

        self.assertEqual(update("SET n = n + :d", "UPDATED_OLD", d={"N": "4"}), {"n": {"N": "1"}})
        self.assertEqual(update("SET n = n - :d", "UPDATED_NEW", d={"N": "2"}), {"n": {"N": "3"}})
        self.assertEqual(update("SET m = :m", "ALL_OLD", m={"M": {}}), {**key, "n": {"N": "3"}})
        self.assertEqual(update("SET m.a = :a", "UPDATED_NEW", a={"S": "x"}), {"m": {"M": {"a": {"S": "x"}}}})
        self.assertEqual(
            update("SET l = list_append(if_not_exists(l, :e), :v)", "UPDATED_NEW", e={"L": []}, v={"L": [{"N": "7"}]}),
            {"l": {"L": [{"N": "7"}]}},
        )
        self.assertEqual(update("REMOVE l, m", "ALL_NEW"), {**key, "n": {"N": "3"}})
        self.assertIsNone(update("SET q = :q", "NONE", q={"S": "q"}))
        gone = self.dynamodb.delete_item(TableName=table, Key=key, ReturnValues="ALL_OLD")
        self.assertEqual(gone["Attributes"], {**key, "n": {"N": "3"}, "q": {"S": "q"}})
        self.assertNotIn("Attributes", self.dynamodb.delete_item(TableName=table, Key=key, ReturnValues="ALL_OLD"))

    def test_conditions(self):
        table = self.table()
        item = {"pk": {"S": "a"}, "n": {"N": "5"}, "s": {"S": "hello"}, "l": {"L": [{"S": "x"}]}, "ss": {"SS": ["p"]}}
        self.dynamodb.put_item(TableName=table, Item=item)
        values = {
            ":n": {"N": "5"}, ":low": {"N": "1"}, ":high": {"N": "9"}, ":h": {"S": "he"}, ":x": {"S": "x"},
            ":p": {"S": "p"}, ":S": {"S": "S"}, ":other": {"S": "zzz"},
        }

        def check(condition, holds):
            used = {name: values[name] for name in re.findall(r":\w+", condition)}
            call = dict(
                TableName=table, Key={"pk": {"S": "a"}}, UpdateExpression="SET touched = s",
                ConditionExpression=condition, **({"ExpressionAttributeValues": used} if used else {}),
            )
            if holds:
                self.dynamodb.update_item(**call)
            else:
                self.refused(
                    "ConditionalCheckFailedException", "The conditional request failed", self.dynamodb.update_item, **call
                )

        for condition, holds in [
            ("n = :n", True), ("n <> :n", False), ("n BETWEEN :low AND :high", True), ("n IN (:low, :n)", True),
            ("NOT n < :n", True), ("n < :n OR n > :low", True), ("n < :n AND n > :low", False),
            ("attribute_exists(s)", True), ("attribute_not_exists(s)", False), ("attribute_exists(l[0])", True),
            ("attribute_exists(l[1])", False), ("attribute_type(s, :S)", True), ("begins_with(s, :h)", True),
            ("begins_with(s, :other)", False), ("contains(l, :x)", True), ("contains(ss, :p)", True),
            ("contains(s, :h)", True), ("size(s) = :n", True), ("size(s) > :n", False), ("absent = :n", False),
            ("absent <> :n", True), ("(n = :n AND (s <> :h OR l[0] = :x))", True),
        ]:
            with self.subTest(condition):
                check(condition, holds)

        response = self.refused(
            "ConditionalCheckFailedException", "The conditional request failed", self.dynamodb.put_item,
            TableName=table, Item={"pk": {"S": "a"}}, ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        self.assertEqual(response["Item"]["s"], {"S": "hello"})

    def test_legacy_parameters(self):
        table = self.table()
        key = {"pk": {"S": "a"}}
        self.dynamodb.put_item(TableName=table, Item={**key, "n": {"N": "1"}}, Expected={"pk": {"Exists": False}})
        self.refused(
            "ConditionalCheckFailedException", "", self.dynamodb.put_item,
            TableName=table, Item=key, Expected={"pk": {"Exists": False}},
        )
        updated = self.dynamodb.update_item(
            TableName=table, Key=key, ReturnValues="ALL_NEW",
            AttributeUpdates={
                "n": {"Action": "ADD", "Value": {"N": "2"}}, "s": {"Action": "PUT", "Value": {"S": "x"}},
            },
            Expected={"n": {"ComparisonOperator": "LE", "AttributeValueList": [{"N": "1"}]}},
        )
        self.assertEqual(updated["Attributes"], {**key, "n": {"N": "3"}, "s": {"S": "x"}})
        found = self.dynamodb.get_item(TableName=table, Key=key, AttributesToGet=["n"])
        self.assertEqual(found["Item"], {"n": {"N": "3"}})
        self.refused(
            "ValidationException", "Can not use both expression and non-expression parameters in the same request",
            self.dynamodb.get_item, TableName=table, Key=key, AttributesToGet=["n"], ProjectionExpression="n",
        )

    def test_errors(self):
        table = self.table("pk sk:N")
        key = {"pk": {"S": "a"}, "sk": {"N": "1"}}
        check = lambda message, call, **arguments: self.refused("ValidationException", message, call, **arguments)
        put, update, get = self.dynamodb.put_item, self.dynamodb.update_item, self.dynamodb.get_item
        schema = "The provided key element does not match the schema"
        check(schema, get, TableName=table, Key={"pk": {"S": "a"}})
        check(schema, get, TableName=table, Key={**key, "more": {"S": "a"}})
        check("Missing the key sk in the item", put, TableName=table, Item={"pk": {"S": "a"}})
        check("Type mismatch for key sk expected: N actual: S", put, TableName=table, Item={**key, "sk": {"S": "a"}})
        check("Item size has exceeded the maximum allowed size", put, TableName=table, Item={**key, "x": {"S": "x" * 409_600}})
        check("contains duplicates", put, TableName=table, Item={**key, "x": {"SS": ["a", "a"]}})
        check("may not be empty", put, TableName=table, Item={**key, "x": {"SS": []}})
        check("unused in expressions: keys: {:v}", update, TableName=table, Key=key, UpdateExpression="REMOVE a",
              ExpressionAttributeValues={":v": {"S": "a"}})
        check("Syntax error", update, TableName=table, Key=key, UpdateExpression="SET a = ")
        check("This attribute is part of the key", update, TableName=table, Key=key, UpdateExpression="SET sk = :v",
              ExpressionAttributeValues={":v": {"N": "2"}})
        check("Attribute name is a reserved keyword; reserved keyword: name", update, TableName=table, Key=key,
              UpdateExpression="SET name = :v", ExpressionAttributeValues={":v": {"N": "2"}})
        check("An expression attribute value used in expression is not defined", update, TableName=table, Key=key,
              UpdateExpression="SET a = :v")
        for number in ("1" * 39, "1e126", "abc", "", "NaN", "1_0"):
            check("", put, TableName=table, Item={**key, "x": {"N": number}})
        self.refused("ResourceNotFoundException", "Requested resource not found", put, TableName="nope", Item=key)
        self.assertEqual(self.dynamodb.scan(TableName=table)["Count"], 0, "nothing was written")

    def test_consumed_capacity(self):
        table = self.table(
            GlobalSecondaryIndexes=[e2e.index("gsi", "gk")], AttributeDefinitions=e2e.key_schema("gk")[0]
        )
        item = {"pk": {"S": "a"}, "gk": {"S": "g"}, "x": {"S": "x" * 3000}}
        put = self.dynamodb.put_item(TableName=table, Item=item, ReturnConsumedCapacity="INDEXES")
        capacity = put["ConsumedCapacity"]
        self.assertEqual(capacity["CapacityUnits"], 6)
        self.assertEqual(capacity["Table"]["CapacityUnits"], 3)
        self.assertEqual(capacity["GlobalSecondaryIndexes"]["gsi"]["CapacityUnits"], 3)
        get = lambda **more: self.dynamodb.get_item(
            TableName=table, Key={"pk": {"S": "a"}}, ReturnConsumedCapacity="TOTAL", **more
        )["ConsumedCapacity"]["CapacityUnits"]
        self.assertEqual((get(), get(ConsistentRead=True)), (0.5, 1))


class Batches(e2e.TestCase):
    def test_batch_writer_and_batch_get(self):
        name = self.table("pk sk:N")
        table = e2e.resource().Table(name)
        with table.batch_writer() as batch:
            for number in range(120):
                batch.put_item(Item={"pk": f"p{number % 4}", "sk": number, "text": "x" * number})
        self.assertEqual(table.scan(Select="COUNT")["Count"], 120)
        with table.batch_writer() as batch:
            for number in range(0, 120, 2):
                batch.delete_item(Key={"pk": f"p{number % 4}", "sk": number})
        keys = [{"pk": {"S": f"p{number % 4}"}, "sk": {"N": str(number)}} for number in range(100)]
        got = self.dynamodb.batch_get_item(
            RequestItems={name: {"Keys": keys, "ProjectionExpression": "sk", "ConsistentRead": True}},
            ReturnConsumedCapacity="TOTAL",
        )
        self.assertEqual(got["UnprocessedKeys"], {})
        self.assertEqual(sorted(int(item["sk"]["N"]) for item in got["Responses"][name]), list(range(1, 100, 2)))
        self.assertEqual(got["ConsumedCapacity"], [{"TableName": name, "CapacityUnits": 100}])

    def test_large_batch_get_leaves_keys_unprocessed(self):
        name = self.table()
        for number in range(45):
            self.dynamodb.put_item(TableName=name, Item={"pk": {"S": str(number)}, "x": {"S": "x" * 390_000}})
        waiting = {name: {"Keys": [{"pk": {"S": str(number)}} for number in range(45)]}}
        found, calls = [], 0
        while waiting:
            got = self.dynamodb.batch_get_item(RequestItems=waiting)
            found += [item["pk"]["S"] for item in got["Responses"].get(name, [])]
            waiting, calls = got["UnprocessedKeys"], calls + 1
        self.assertEqual(sorted(found, key=int), [str(number) for number in range(45)])
        self.assertEqual(calls, 2)

    def test_errors(self):
        name = self.table()
        put = {"PutRequest": {"Item": {"pk": {"S": "a"}}}}
        check = lambda message, requests: self.refused(
            "ValidationException", message, self.dynamodb.batch_write_item, RequestItems={name: requests}
        )
        check("Provided list of item keys contains duplicates", [put, put])
        check("less than or equal to 25", [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(26)])
        check("The provided key element does not match the schema", [{"DeleteRequest": {"Key": {"no": {"S": "a"}}}}])
        self.refused(
            "ValidationException", "less than or equal to 100", self.dynamodb.batch_get_item,
            RequestItems={name: {"Keys": [{"pk": {"S": str(n)}} for n in range(101)]}},
        )
        self.refused(
            "ResourceNotFoundException", "Requested resource not found", self.dynamodb.batch_write_item,
            RequestItems={name: [put], "nope": [put]},
        )
        self.assertEqual(self.dynamodb.scan(TableName=name)["Count"], 0, "nothing was written")


if __name__ == "__main__":
    unittest.main()
