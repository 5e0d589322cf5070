"""The world's airports in Stator: loaded with boto3's batch writer, read back in every way, compared with the source.

    pip install boto3 airportsdata
    stator serve &
    python examples/airports/airports.py

`AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL` names another server than http://127.0.0.1:8000, as for every SDK.
"""

import collections
import concurrent.futures
import decimal
import os
import time

import airportsdata
import boto3
from boto3.dynamodb.conditions import Attr, Key

NAMED = [os.environ.get(name) for name in ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")]
ENDPOINT = next(filter(None, NAMED), "http://127.0.0.1:8000")
TABLE = "airports"
SEGMENTS = 8

session = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any", region_name="us-east-1")
client = session.client("dynamodb", endpoint_url=ENDPOINT)
table = session.resource("dynamodb", endpoint_url=ENDPOINT).Table(TABLE)


def source():
    """All airports by ICAO code, as DynamoDB can hold them: numbers as decimals, and no city where there is none (an
    empty string may not be a key of an index)."""
    airports = {}
    for code, airport in airportsdata.load("ICAO").items():
        item = {name: decimal.Decimal(repr(value)) if isinstance(value, float) else value for name, value in airport.items()}
        airports[code] = {name: value for name, value in item.items() if value != "" or name not in ("country", "city")}
    return airports


def create():
    if TABLE in client.list_tables()["TableNames"]:
        client.delete_table(TableName=TABLE)
        client.get_waiter("table_not_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("icao", "country", "city")],
        KeySchema=[{"AttributeName": "icao", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-country-and-city",
            "KeySchema": [
                {"AttributeName": "country", "KeyType": "HASH"},
                {"AttributeName": "city", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }],
    )
    client.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})


def load(airports):
    with table.batch_writer() as batch:
        for airport in airports.values():
            batch.put_item(Item=airport)


def pages(call, **arguments):
    """The items of all pages of a query or a scan."""
    while True:
        page = call(**arguments)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def by_code(items):
    items = list(items)
    found = {item["icao"]: item for item in items}
    assert len(found) == len(items), "no airport comes twice"
    return found


def read_by_key(airports):
    for code in list(airports)[::100]:
        assert table.get_item(Key={"icao": code})["Item"] == airports[code], code
    assert "Item" not in table.get_item(Key={"icao": "nowhere"})
    codes = list(airports)[::300]
    got = client.batch_get_item(RequestItems={TABLE: {"Keys": [{"icao": {"S": code}} for code in codes[:100]]}})
    assert {item["icao"]["S"] for item in got["Responses"][TABLE]} == set(codes[:100])


def read_by_index(airports):
    """Every country, in the order of its cities; then one city."""
    countries = collections.defaultdict(dict)
    for code, airport in airports.items():
        if "country" in airport and "city" in airport:
            countries[airport["country"]][code] = airport
    for country, expected in countries.items():
        condition = Key("country").eq(country)
        items = list(pages(table.query, IndexName="by-country-and-city", KeyConditionExpression=condition))
        assert by_code(items) == expected, country
        cities = [item["city"].encode() for item in items]
        assert cities == sorted(cities), f"cities of {country} are in order"
    condition = Key("country").eq("FR") & Key("city").begins_with("Pa")
    found = by_code(pages(table.query, IndexName="by-country-and-city", KeyConditionExpression=condition))
    assert found == {code: airport for code, airport in countries["FR"].items() if airport["city"].startswith("Pa")}
    assert found, "there are some"


def read_by_filter(airports):
    high = Attr("elevation").gte(10_000) & Attr("country").ne("US")
    found = by_code(pages(table.scan, FilterExpression=high))
    assert found == {
        code: airport for code, airport in airports.items()
        if airport["elevation"] >= 10_000 and airport.get("country") != "US"
    }
    tropical = Attr("lat").between(decimal.Decimal("-23.4"), decimal.Decimal("23.4")) & Attr("name").contains("International")
    found = by_code(pages(table.scan, FilterExpression=tropical))
    assert set(found) == {
        code for code, airport in airports.items()
        if decimal.Decimal("-23.4") <= airport["lat"] <= decimal.Decimal("23.4") and "International" in airport["name"]
    }


def scan_in_parallel(airports):
    def segment(number):
        own = session.resource("dynamodb", endpoint_url=ENDPOINT).Table(TABLE)
        return list(pages(own.scan, Segment=number, TotalSegments=SEGMENTS))

    with concurrent.futures.ThreadPoolExecutor(SEGMENTS) as pool:
        parts = list(pool.map(segment, range(SEGMENTS)))
    assert by_code(item for part in parts for item in part) == airports
    assert min(map(len, parts)) > len(airports) / SEGMENTS / 2, "the segments are about equal"


def read_by_partiql(airports):
    statement = f'SELECT icao, "name" FROM "{TABLE}"."by-country-and-city" WHERE country = ? AND city = ?'
    arguments = {"Statement": statement, "Parameters": [{"S": "JP"}, {"S": "Tokyo"}]}
    found = {item["icao"]["S"]: item["name"]["S"] for item in client.execute_statement(**arguments)["Items"]}
    assert found == {
        code: airport["name"] for code, airport in airports.items()
        if airport.get("country") == "JP" and airport.get("city") == "Tokyo"
    }
    assert found, "there are some"
    [row] = client.execute_statement(Statement=f"SELECT * FROM \"{TABLE}\" WHERE icao = 'LSZH'")["Items"]
    assert row["city"]["S"] == airports["LSZH"]["city"]


def counted(airports):
    description = client.describe_table(TableName=TABLE)["Table"]
    assert description["ItemCount"] == len(airports), description["ItemCount"]
    [index] = description["GlobalSecondaryIndexes"]
    assert index["ItemCount"] == sum("country" in airport and "city" in airport for airport in airports.values())


def main():
    airports = source()
    create()
    for step in (load, read_by_key, read_by_index, read_by_filter, scan_in_parallel, read_by_partiql, counted):
        start = time.monotonic()
        step(airports)
        print(f"{step.__name__.replace('_', ' '):17} {len(airports)} airports  {time.monotonic() - start:6.2f} s")


if __name__ == "__main__":
    main()
