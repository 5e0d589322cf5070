"""Secrets that IAM and STS hand out, and items, are in no file that the server writes about its callers.

    python3 tests/e2e/audited.py FOLDER    with audited.credentials, audited.audit and audited.log
"""

import configparser
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AUDITED_ENDPOINT"]
WORK = Path(sys.argv[1])
MARK = "hide-me"
# Changes of identities count within two seconds.
SETTLED = 2.5

secrets = [MARK]
requests = []


def session(key, secret, token=None):
    secrets.extend(value for value in (secret, token) if value)
    made = boto3.Session(key, secret, token, region_name="us-east-1")

    def client(service):
        client = made.client(service, endpoint_url=ENDPOINT)
        client.meta.events.register("before-send", signed)
        client.meta.events.register("after-call", answered)
        return client

    return client


def signed(request, **_):
    text = request.headers["Authorization"]
    secrets.append((text.decode() if isinstance(text, bytes) else text).rpartition("Signature=")[2])


def answered(parsed, **_):
    requests.append(parsed["ResponseMetadata"]["RequestId"])


def allow(principal=None, **statement):
    who = {"Principal": {"AWS": principal}} if principal else {"Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **who, **statement}]})


def denied(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDeniedException", "AccessDenied"), error
        return
    raise AssertionError(f"{call} was answered")


def main():
    credentials = configparser.ConfigParser()
    credentials.read(WORK / "audited.credentials")
    root_key = credentials["default"]
    root = session(root_key["aws_access_key_id"], root_key["aws_secret_access_key"])
    iam = root("iam")
    account = root("sts").get_caller_identity()["Account"]
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=allow(Action=["sts:*", "dynamodb:*"]))
    trust = allow(f"arn:aws:iam::{account}:root", Action="sts:AssumeRole")
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    time.sleep(SETTLED)

    ann = session(key["AccessKeyId"], key["SecretAccessKey"])
    dynamodb = ann("dynamodb")
    dynamodb.create_table(
        TableName="music",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName="music", WaiterConfig={"Delay": 1})
    dynamodb.put_item(TableName="music", Item={"pk": {"S": MARK}, f"{MARK}-name": {"S": MARK}})
    made = ann("sts").assume_role(RoleArn=role, RoleSessionName="night", ExternalId=MARK)["Credentials"]
    reader = session(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    denied(reader("dynamodb").get_item, TableName="music", Key={"pk": {"S": MARK}})
    denied(reader("iam").list_users)

    metrics = urllib.request.urlopen(f"{ENDPOINT}/metrics").read().decode()
    audit = WORK / "audited.audit"
    while len(audit.read_text().splitlines()) < len(requests):
        time.sleep(0.1)
    events = [json.loads(line) for line in audit.read_text().splitlines()]
    assert {event["requestID"] for event in events} >= set(requests), "an answer's id is in no event"
    who = {event["userIdentity"]["type"] for event in events}
    assert who == {"Root", "IAMUser", "AssumedRole"}, who
    assert events[-1]["eventName"] == "ListUsers" and events[-1]["errorCode"] == "AccessDenied", events[-1]
    assert len(secrets) > len(requests) and all(secrets), secrets
    for text in (metrics, audit.read_text(), (WORK / "audited.log").read_text()):
        found = [secret for secret in secrets if secret in text]
        assert not found, found
    print(f"audited: {len(events)} events, and none of {len(secrets)} secrets in them")


main()
