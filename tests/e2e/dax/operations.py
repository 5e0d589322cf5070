"""The ten operations of DAX with the Python client.

    operations.py DAX_URL HTTP_URL TABLE          makes the table, and calls each operation
    operations.py DAX_URL HTTP_URL TABLE read     reads what the clients of other languages have written
"""
import decimal
import sys

import boto3
from amazondax import AmazonDaxClient
from botocore.exceptions import ClientError

dax_url, http, name = sys.argv[1:4]
D = decimal.Decimal
db = boto3.client("dynamodb", region_name="us-east-1", endpoint_url=http)
dax = AmazonDaxClient(endpoint_url=dax_url, region_name="us-east-1")


def key(sk, pk="p"):
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}}


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return error.response
    raise AssertionError("not refused")


def norm(item):
    def value(v):
        (kind, x), = v.items()
        if kind == "N":
            return ("N", D(x))
        if kind in ("SS", "NS", "BS"):
            return (kind, sorted(D(e) if kind == "NS" else bytes(e) if kind == "BS" else e for e in x))
        if kind == "L":
            return ("L", [value(e) for e in x])
        if kind == "M":
            return ("M", {k: value(e) for k, e in x.items()})
        if kind == "B":
            return ("B", bytes(x))
        return (kind, x)
    return {k: value(v) for k, v in item.items()}


if sys.argv[4:] == ["read"]:
    # Whatever a client has written is the same to another one as over HTTP.
    for written in db.scan(TableName=name)["Items"]:
        found = dax.get_item(TableName=name, Key={"pk": written["pk"], "sk": written["sk"]})["Item"]
        assert norm(found) == norm(written), (found, written)
    dax.close()
    sys.exit()

db.create_table(
    TableName=name,
    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
                          {"AttributeName": "g", "AttributeType": "S"}],
    GlobalSecondaryIndexes=[{"IndexName": "index", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                             "Projection": {"ProjectionType": "ALL"}}],
    BillingMode="PAY_PER_REQUEST",
)
db.get_waiter("table_exists").wait(TableName=name)

full = {**key(1), "s": {"S": "text"}, "n": {"N": "1.50"}, "big": {"N": "12345678901234567890123456789012345678"},
        "tiny": {"N": "1E-130"}, "huge": {"N": "9.9E+125"}, "neg": {"N": "-7"}, "b": {"B": b"\x00\xff"}, "t": {"BOOL": True},
        "f": {"BOOL": False}, "nul": {"NULL": True}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2.5"]},
        "bs": {"BS": [b"x"]}, "l": {"L": [{"S": "x"}, {"N": "2"}, {"M": {"k": {"S": "v"}}}]},
        "m": {"M": {"x": {"L": []}, "e": {"S": ""}}}, "g": {"S": "g1"}}
answer = dax.put_item(TableName=name, Item=full, ReturnConsumedCapacity="TOTAL", ReturnItemCollectionMetrics="SIZE")
assert answer["ConsumedCapacity"]["TableName"] == name, answer
got = dax.get_item(TableName=name, Key=key(1))["Item"]
direct = db.get_item(TableName=name, Key=key(1))["Item"]


assert norm(got) == norm(full) == norm(direct), (got, direct)
assert "Item" not in dax.get_item(TableName=name, Key=key(99))
assert norm(dax.get_item(TableName=name, Key=key(1), ConsistentRead=True)["Item"]) == norm(full)
part = dax.get_item(TableName=name, Key=key(1), ProjectionExpression="#s, l[2].k, m.x, pk",
                    ExpressionAttributeNames={"#s": "s"})["Item"]
assert part == {"s": {"S": "text"}, "l": {"L": [{"M": {"k": {"S": "v"}}}]}, "m": {"M": {"x": {"L": []}}}, "pk": {"S": "p"}}, part
# updates
up = dax.update_item(TableName=name, Key=key(1), UpdateExpression="SET n = n + :one, #st = :s, l = list_append(l, :l) REMOVE b ADD neg :one DELETE ss :ss",
                     ConditionExpression="attribute_exists(pk) AND (n BETWEEN :zero AND :two OR NOT contains(s, :s)) AND s IN (:s, :text)",
                     ExpressionAttributeNames={"#st": "status"},
                     ExpressionAttributeValues={":one": {"N": "1"}, ":s": {"S": "x"}, ":l": {"L": [{"N": "9"}]}, ":ss": {"SS": ["a"]},
                                                ":zero": {"N": "0"}, ":two": {"N": "2"}, ":text": {"S": "text"}},
                     ReturnValues="UPDATED_NEW")["Attributes"]
assert up["n"] == {"N": "2.5"} and up["status"] == {"S": "x"} and up["neg"] == {"N": "-6"} and len(up["l"]["L"]) == 4, up
assert "b" not in dax.get_item(TableName=name, Key=key(1))["Item"]
up = dax.update_item(TableName=name, Key=key(1), UpdateExpression="SET n = :v", ExpressionAttributeValues={":v": {"N": "3"}}, ReturnValues="UPDATED_OLD")
assert up["Attributes"] == {"n": {"N": "2.5"}}, up
up = dax.update_item(TableName=name, Key=key(1), UpdateExpression="SET n = :v", ExpressionAttributeValues={":v": {"N": "4"}}, ReturnValues="ALL_NEW")
assert up["Attributes"]["n"] == {"N": "4"} and up["Attributes"]["pk"] == {"S": "p"}
up = dax.update_item(TableName=name, Key=key(1), UpdateExpression="SET n = :v", ExpressionAttributeValues={":v": {"N": "5"}}, ReturnValues="ALL_OLD")
assert up["Attributes"]["n"] == {"N": "4"}
assert "Attributes" not in dax.update_item(TableName=name, Key=key(1), UpdateExpression="SET n = :v", ExpressionAttributeValues={":v": {"N": "6"}})
assert dax.get_item(TableName=name, Key=key(1))["Item"]["n"] == {"N": "6"}
# write around
db.update_item(TableName=name, Key=key(1), UpdateExpression="SET n = :v", ExpressionAttributeValues={":v": {"N": "7"}})
assert dax.get_item(TableName=name, Key=key(1))["Item"]["n"] == {"N": "6"}
assert dax.get_item(TableName=name, Key=key(1), ConsistentRead=True)["Item"]["n"] == {"N": "7"}
# a write through DAX ends that
dax.update_item(TableName=name, Key=key(1), UpdateExpression="SET n = :v", ExpressionAttributeValues={":v": {"N": "8"}})
assert dax.get_item(TableName=name, Key=key(1))["Item"]["n"] == {"N": "8"}
# refusals
refused("ConditionalCheckFailedException", dax.put_item, TableName=name, Item=key(1), ConditionExpression="attribute_not_exists(pk)")
refused("ValidationException", dax.update_item, TableName=name, Key=key(1), UpdateExpression="SET sk = :v", ExpressionAttributeValues={":v": {"N": "7"}})
refused("ResourceNotFoundException", dax.get_item, TableName="NoSuchTable", Key=key(1))
# query and scan
for sk in range(2, 12):
    dax.put_item(TableName=name, Item={**key(sk), "g": {"S": "g1" if sk % 2 else "g2"}, "v": {"N": str(sk)}})
page = dax.query(TableName=name, KeyConditionExpression="pk = :p AND sk BETWEEN :a AND :b", ExpressionAttributeValues={":p": {"S": "p"}, ":a": {"N": "2"}, ":b": {"N": "8"}}, Limit=3, ReturnConsumedCapacity="TOTAL")
assert [item["sk"]["N"] for item in page["Items"]] == ["2", "3", "4"] and page["LastEvaluatedKey"] == key(4), page
assert page["ConsumedCapacity"]["CapacityUnits"] == 0.5
page = dax.query(TableName=name, KeyConditionExpression="pk = :p AND sk BETWEEN :a AND :b", ExpressionAttributeValues={":p": {"S": "p"}, ":a": {"N": "2"}, ":b": {"N": "8"}}, ExclusiveStartKey=key(4), ScanIndexForward=True)
assert page["Count"] == 4, page
page = dax.query(TableName=name, KeyConditionExpression="pk = :p", FilterExpression="v > :v", ExpressionAttributeValues={":p": {"S": "p"}, ":v": {"N": "5"}}, ScanIndexForward=False, ProjectionExpression="v, sk")
assert page["Items"][0] == {"v": {"N": "11"}, "sk": {"N": "11"}} and page["Count"] == 6 and page["ScannedCount"] == 11, page
page = dax.query(TableName=name, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p"}}, Select="COUNT")
assert page["Count"] == 11 and "Items" not in page
page = dax.query(TableName=name, IndexName="index", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": "g2"}}, Limit=2)
assert page["Count"] == 2 and set(page["LastEvaluatedKey"]) == {"pk", "sk", "g"}, page
rest = dax.query(TableName=name, IndexName="index", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": "g2"}}, ExclusiveStartKey=page["LastEvaluatedKey"])
assert rest["Count"] == 3, rest
page = dax.scan(TableName=name, FilterExpression="attribute_exists(v)")
assert page["Count"] == 10
total = sum(dax.scan(TableName=name, Segment=s, TotalSegments=3)["Count"] for s in range(3))
assert total == 11
# legacy parameters
page = dax.query(TableName=name, KeyConditions={"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "p"}]}})
assert page["Count"] == 11
# batches
got = dax.batch_get_item(RequestItems={name: {"Keys": [key(2), key(3), key(77)]}})
assert sorted(item["sk"]["N"] for item in got["Responses"][name]) == ["2", "3"] and not got["UnprocessedKeys"], got
got = dax.batch_get_item(RequestItems={name: {"Keys": [key(2), key(3)], "ProjectionExpression": "v"}}, ReturnConsumedCapacity="TOTAL")
assert sorted(item["v"]["N"] for item in got["Responses"][name]) == ["2", "3"], got
got = dax.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": {**key(20), "v": {"N": "20"}}}}, {"DeleteRequest": {"Key": key(2)}}]})
assert not got["UnprocessedItems"], got
assert dax.get_item(TableName=name, Key=key(20))["Item"]["v"] == {"N": "20"}
assert "Item" not in dax.get_item(TableName=name, Key=key(2))
# delete
old = dax.delete_item(TableName=name, Key=key(3), ReturnValues="ALL_OLD")
assert old["Attributes"]["v"] == {"N": "3"}, old
assert "Item" not in dax.get_item(TableName=name, Key=key(3))
# transactions
dax.transact_write_items(TransactItems=[
    {"Put": {"TableName": name, "Item": {**key(30), "v": {"N": "30"}}}},
    {"Update": {"TableName": name, "Key": key(20), "UpdateExpression": "SET v = v + :o", "ExpressionAttributeValues": {":o": {"N": "1"}}}},
    {"Delete": {"TableName": name, "Key": key(4)}},
    {"ConditionCheck": {"TableName": name, "Key": key(5), "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "5"}}}},
], ReturnConsumedCapacity="TOTAL")
assert dax.get_item(TableName=name, Key=key(20))["Item"]["v"] == {"N": "21"}
got = dax.transact_get_items(TransactItems=[{"Get": {"TableName": name, "Key": key(30)}}, {"Get": {"TableName": name, "Key": key(4)}},
                                            {"Get": {"TableName": name, "Key": key(20), "ProjectionExpression": "v"}}], ReturnConsumedCapacity="TOTAL")
assert got["Responses"][0]["Item"]["v"] == {"N": "30"} and "Item" not in got["Responses"][1] and got["Responses"][2]["Item"] == {"v": {"N": "21"}}, got
response = refused("TransactionCanceledException", dax.transact_write_items, TransactItems=[
    {"Put": {"TableName": name, "Item": key(40)}},
    {"ConditionCheck": {"TableName": name, "Key": key(5), "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "6"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
])
assert response["Error"]["Message"].endswith("[None, ConditionalCheckFailed]"), response
dax.close()
