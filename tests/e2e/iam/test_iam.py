"""Users, groups, roles and policies with boto3: managed with the keys of an account's root, and in effect at once."""

import json
import unittest

import boto3
from botocore.exceptions import ClientError

IAM = boto3.client("iam")
TABLE = "iam-e2e"


def policy(*actions, resource="*", effect="Allow"):
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def dynamodb(key):
    """A client with an access key as CreateAccessKey or AssumeRole answers with it."""
    return boto3.client(
        "dynamodb",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
    )


class Iam(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        client.get_waiter("table_exists").wait(TableName=TABLE)
        cls.addClassCleanup(client.delete_table, TableName=TABLE)

    def user(self, name):
        IAM.create_user(UserName=name, Path="/e2e/")
        self.addCleanup(self.remove_user, name)
        return IAM.create_access_key(UserName=name)["AccessKey"]

    def remove_user(self, name):
        for key in IAM.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            IAM.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for attached in IAM.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            IAM.detach_user_policy(UserName=name, PolicyArn=attached["PolicyArn"])
        for inline in IAM.list_user_policies(UserName=name)["PolicyNames"]:
            IAM.delete_user_policy(UserName=name, PolicyName=inline)
        for group in IAM.list_groups_for_user(UserName=name)["Groups"]:
            IAM.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
        IAM.delete_user(UserName=name)

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as raised:
            call(**arguments)
        self.assertEqual(raised.exception.response["Error"]["Code"], code)
        return raised.exception

    def test_policies_are_in_effect_at_once(self):
        key = self.user("effect")
        client = dynamodb(key)
        read = {"TableName": TABLE, "Key": {"id": {"S": "x"}}}
        self.refused("AccessDeniedException", client.get_item, **read)
        IAM.put_user_policy(UserName="effect", PolicyName="p", PolicyDocument=policy("dynamodb:GetItem"))
        client.get_item(**read)
        self.assertEqual(IAM.get_user_policy(UserName="effect", PolicyName="p")["PolicyDocument"]["Version"], "2012-10-17")
        IAM.put_user_policy(UserName="effect", PolicyName="q", PolicyDocument=policy("dynamodb:*", effect="Deny"))
        self.refused("AccessDeniedException", client.get_item, **read)
        IAM.delete_user_policy(UserName="effect", PolicyName="q")
        client.get_item(**read)
        IAM.update_access_key(UserName="effect", AccessKeyId=key["AccessKeyId"], Status="Inactive")
        self.refused("UnrecognizedClientException", client.get_item, **read)
        IAM.update_access_key(UserName="effect", AccessKeyId=key["AccessKeyId"], Status="Active")
        client.get_item(**read)
        used = IAM.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
        self.assertEqual((used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]), ("effect", "dynamodb"))

    def test_groups_and_versions_of_policies(self):
        client = dynamodb(self.user("member"))
        IAM.create_group(GroupName="e2e")
        self.addCleanup(IAM.delete_group, GroupName="e2e")
        arn = IAM.create_policy(PolicyName="e2e", PolicyDocument=policy("dynamodb:ListTables"))["Policy"]["Arn"]
        self.addCleanup(IAM.delete_policy, PolicyArn=arn)
        IAM.attach_group_policy(GroupName="e2e", PolicyArn=arn)
        self.addCleanup(IAM.detach_group_policy, GroupName="e2e", PolicyArn=arn)
        IAM.add_user_to_group(GroupName="e2e", UserName="member")
        self.addCleanup(IAM.remove_user_from_group, GroupName="e2e", UserName="member")
        client.list_tables()
        IAM.create_policy_version(PolicyArn=arn, PolicyDocument=policy("dynamodb:GetItem"), SetAsDefault=True)
        self.addCleanup(IAM.delete_policy_version, PolicyArn=arn, VersionId="v1")
        self.refused("AccessDeniedException", client.list_tables)
        entities = IAM.list_entities_for_policy(PolicyArn=arn)
        self.assertEqual([group["GroupName"] for group in entities["PolicyGroups"]], ["e2e"])
        self.refused("DeleteConflict", IAM.delete_policy, PolicyArn=arn)

    def test_roles_are_taken_on(self):
        key = self.user("traveller")
        arn = IAM.get_user(UserName="traveller")["User"]["Arn"]
        trust = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = IAM.create_role(RoleName="e2e", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.addCleanup(IAM.delete_role, RoleName="e2e")
        IAM.put_role_policy(RoleName="e2e", PolicyName="p", PolicyDocument=policy("dynamodb:ListTables"))
        self.addCleanup(IAM.delete_role_policy, RoleName="e2e", PolicyName="p")
        sts = boto3.client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        session = sts.assume_role(RoleArn=role, RoleSessionName="trip")["Credentials"]
        dynamodb(session).list_tables()
        self.refused("AccessDeniedException", dynamodb(key).list_tables)

    def test_pages_and_errors(self):
        for name in ["page-a", "page-b", "page-c"]:
            IAM.create_user(UserName=name, Path="/pages/")
            self.addCleanup(IAM.delete_user, UserName=name)
        pages = IAM.get_paginator("list_users").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 2})
        names = [[user["UserName"] for user in page["Users"]] for page in pages]
        self.assertEqual(names, [["page-a", "page-b"], ["page-c"]])
        error = self.refused("NoSuchEntity", IAM.get_user, UserName="nobody")
        self.assertIn("The user with name nobody cannot be found.", str(error))
        self.assertIsInstance(error, IAM.exceptions.NoSuchEntityException)
        self.refused("EntityAlreadyExists", IAM.create_user, UserName="PAGE-A")
        self.refused("MalformedPolicyDocument", IAM.create_policy, PolicyName="x", PolicyDocument="{}")
        self.refused("ValidationError", IAM.create_user, UserName="no spaces")
        wrong = boto3.client("iam", aws_secret_access_key="another", aws_access_key_id="AKIAIOSFODNN7EXAMPLE")
        self.refused("InvalidClientTokenId", wrong.list_users)


if __name__ == "__main__":
    unittest.main()
