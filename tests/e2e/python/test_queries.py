"""Query and Scan: key conditions, order, filters, paging, indexes, parallel scans, limits of a page."""

import unittest

from boto3.dynamodb.conditions import Attr, Key

import e2e


class Queries(e2e.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        maker = cls("test_key_conditions")
        cls.name = maker.table(
            "pk sk:N",
            AttributeDefinitions=e2e.key_schema("color size:N")[0],
            LocalSecondaryIndexes=[e2e.index("by-size", "pk size:N", {"ProjectionType": "KEYS_ONLY"})],
            GlobalSecondaryIndexes=[
                e2e.index("by-color", "color size:N", {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["text"]})
            ],
        )
        cls.addClassCleanup(maker.doCleanups)
        cls.table_resource = e2e.resource().Table(cls.name)
        with cls.table_resource.batch_writer() as batch:
            for number in range(-30, 30):
                item = {"pk": f"p{number % 2}", "sk": number, "text": f"t{number}", "other": "o"}
                if number % 3 == 0:
                    item |= {"color": "red" if number % 2 else "blue", "size": -number}
                batch.put_item(Item=item)

    def numbers(self, **arguments):
        """The sort keys of all pages, and how many pages there were."""
        found, pages = [], 0
        while True:
            page = self.table_resource.query(**arguments)
            found += [int(item["sk"]) for item in page["Items"]]
            pages += 1
            if "LastEvaluatedKey" not in page:
                return found, pages
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def test_key_conditions(self):
        even = list(range(-30, 30, 2))
        for condition, expected in [
            (Key("pk").eq("p0"), even),
            (Key("pk").eq("p0") & Key("sk").eq(4), [4]),
            (Key("pk").eq("p0") & Key("sk").lt(-25), [-30, -28, -26]),
            (Key("pk").eq("p0") & Key("sk").lte(-26), [-30, -28, -26]),
            (Key("pk").eq("p0") & Key("sk").gt(25), [26, 28]),
            (Key("pk").eq("p0") & Key("sk").gte(26), [26, 28]),
            (Key("pk").eq("p0") & Key("sk").between(-3, 3), [-2, 0, 2]),
            (Key("pk").eq("nobody"), []),
        ]:
            self.assertEqual(self.numbers(KeyConditionExpression=condition)[0], expected)
            backward = self.numbers(KeyConditionExpression=condition, ScanIndexForward=False)[0]
            self.assertEqual(backward, expected[::-1])

    def test_paging(self):
        even = list(range(-30, 30, 2))
        condition = Key("pk").eq("p0")
        for limit in (1, 7, 29, 30, 31):
            for forward in (True, False):
                found, pages = self.numbers(KeyConditionExpression=condition, Limit=limit, ScanIndexForward=forward)
                self.assertEqual(found, even if forward else even[::-1])
                self.assertEqual(pages, 30 // limit + 1, f"limit {limit}")
        # A filter is applied after the limit: pages may be empty and still have a successor.
        page = self.table_resource.query(KeyConditionExpression=condition, Limit=5, FilterExpression=Attr("sk2").exists())
        self.assertEqual((page["Count"], page["ScannedCount"]), (0, 5))
        self.assertEqual(page["LastEvaluatedKey"], {"pk": "p0", "sk": -22})

    def test_local_index(self):
        found = self.table_resource.query(IndexName="by-size", KeyConditionExpression=Key("pk").eq("p1"))["Items"]
        self.assertEqual([int(item["size"]) for item in found], [-27, -21, -15, -9, -3, 3, 9, 15, 21, 27])
        self.assertEqual(set(found[0]), {"pk", "sk", "size"})
        # A local index can fetch from the table what it does not hold.
        found = self.table_resource.query(
            IndexName="by-size", KeyConditionExpression=Key("pk").eq("p1"), Select="ALL_ATTRIBUTES", ConsistentRead=True
        )["Items"]
        self.assertEqual(found[0]["text"], "t27")

    def test_global_index(self):
        condition = Key("color").eq("blue") & Key("size").between(-12, 12)
        page = self.table_resource.query(IndexName="by-color", KeyConditionExpression=condition, Limit=3)
        self.assertEqual([int(item["size"]) for item in page["Items"]], [-12, -6, 0])
        self.assertEqual(set(page["LastEvaluatedKey"]), {"pk", "sk", "color", "size"})
        self.assertEqual(set(page["Items"][0]), {"pk", "sk", "color", "size", "text"})
        rest = self.table_resource.query(
            IndexName="by-color", KeyConditionExpression=condition, ExclusiveStartKey=page["LastEvaluatedKey"]
        )
        self.assertEqual([int(item["size"]) for item in rest["Items"]], [6, 12])
        self.assertNotIn("LastEvaluatedKey", rest)
        self.refused(
            "ValidationException", "Consistent reads are not supported on global secondary indexes",
            self.table_resource.query, IndexName="by-color", KeyConditionExpression=condition, ConsistentRead=True,
        )

    def test_scan_in_parallel(self):
        for index in (None, "by-color"):
            arguments = {"IndexName": index} if index else {}
            found = []
            for segment in range(5):
                arguments |= {"Segment": segment, "TotalSegments": 5, "Limit": 4}
                arguments.pop("ExclusiveStartKey", None)
                while True:
                    page = self.table_resource.scan(**arguments)
                    found += [int(item["sk"]) for item in page["Items"]]
                    if "LastEvaluatedKey" not in page:
                        break
                    arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            self.assertEqual(sorted(found), [n for n in range(-30, 30) if index is None or n % 3 == 0])

    def test_filters_projections_and_counts(self):
        page = self.table_resource.scan(
            FilterExpression=Attr("color").eq("red") & ~Attr("size").lt(0), ProjectionExpression="sk, #t",
            ExpressionAttributeNames={"#t": "text"},
        )
        self.assertEqual(sorted(int(item["sk"]) for item in page["Items"]), [-27, -21, -15, -9, -3])
        self.assertEqual(set(page["Items"][0]), {"sk", "text"})
        self.assertEqual((page["Count"], page["ScannedCount"]), (5, 60))
        counted = self.table_resource.query(KeyConditionExpression=Key("pk").eq("p0"), Select="COUNT")
        self.assertEqual((counted["Count"], "Items" in counted), (30, False))

    def test_errors(self):
        check = lambda message, call, **arguments: self.refused(
            "ValidationException", message, call, TableName=self.name, **arguments
        )
        query, scan = self.dynamodb.query, self.dynamodb.scan
        values = {":p": {"S": "p0"}, ":s": {"N": "1"}}
        check("Query condition missed key schema element: pk", query, KeyConditionExpression="sk = :s",
              ExpressionAttributeValues={":s": {"N": "1"}})
        check("Query key condition not supported", query, KeyConditionExpression="pk > :p",
              ExpressionAttributeValues={":p": {"S": "p0"}})
        check("Filter Expression can only contain non-primary key attributes", query,
              KeyConditionExpression="pk = :p", FilterExpression="sk = :s", ExpressionAttributeValues=values)
        check("The table does not have the specified index: nope", query, IndexName="nope",
              KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p0"}})
        check("The Segment parameter is zero-based and must be less than parameter TotalSegments: "
              "Segment: 5 is not less than TotalSegments: 5", scan, Segment=5, TotalSegments=5)
        check("", scan, ExclusiveStartKey={"pk": {"S": "a"}})
        check("One or more parameter values were invalid: Condition parameter type does not match schema type", query,
              KeyConditionExpression="pk = :s", ExpressionAttributeValues={":s": {"N": "1"}})

    def test_a_page_ends_at_one_megabyte(self):
        name = self.table("pk sk:N")
        for number in range(12):
            item = {"pk": {"S": "a"}, "sk": {"N": str(number)}, "x": {"S": "x" * 250_000}}
            self.dynamodb.put_item(TableName=name, Item=item)
        pages = list(self.dynamodb.get_paginator("query").paginate(
            TableName=name, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "a"}},
        ))
        # The fifth item crosses 1 MB and is the last one of its page.
        self.assertEqual([page["Count"] for page in pages], [5, 5, 2])


if __name__ == "__main__":
    unittest.main()
