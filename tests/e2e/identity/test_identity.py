"""Identities by boto3: DynamoDB enforces what IAM and STS were given."""

import json
import os
import tempfile
import unittest
import uuid

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from issuer import Issuer

ENDPOINT = os.environ["IDENTITY_ENDPOINT"]
ACCOUNT, OTHER = "123456789012", "210987654321"
CONFIG = Config(retries={"total_max_attempts": 1})


def credentials_of(name):
    """The keys that `stator init` has printed."""
    with open(os.path.join(os.environ["E2E_WORK"], name + ".credentials"), encoding="utf-8") as file:
        pairs = dict(line.strip().split(" = ") for line in file if " = " in line)
    return pairs["aws_access_key_id"], pairs["aws_secret_access_key"]


class Caller:
    """Clients of one set of credentials."""

    def __init__(self, access_key, secret, token=None):
        self.session = boto3.Session(access_key, secret, token, region_name="us-east-1")
        self.access_key = access_key

    @staticmethod
    def of(credentials):
        return Caller(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken"))

    def __getattr__(self, service):
        client = self.session.client(service, endpoint_url=ENDPOINT, config=CONFIG)
        setattr(self, service, client)
        return client

    def get(self, table, key="a", **more):
        return self.dynamodb.get_item(TableName=table, Key={"pk": {"S": key}}, **more).get("Item")

    def put(self, table, key="a", **attributes):
        item = {"pk": {"S": key}} | {name: {"S": value} for name, value in attributes.items()}
        self.dynamodb.put_item(TableName=table, Item=item)


def table_arn(name):
    return f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}"


def allow(actions, resource="*", condition=None, effect="Allow"):
    statement = {"Effect": effect, "Action": actions, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal, action="sts:AssumeRole", condition=None):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class IdentityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Caller(*credentials_of("root"))
        cls.table, cls.closed = (f"identity-{name}-{uuid.uuid4().hex[:8]}" for name in ("open", "closed"))
        for name in (cls.table, cls.closed):
            cls.root.dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            )
            cls.root.put(name, "a", color="red", secret="x")

    @classmethod
    def tearDownClass(cls):
        for name in (cls.table, cls.closed):
            cls.root.dynamodb.delete_table(TableName=name)

    def refused(self, code, call, *arguments, text=None, **named):
        with self.assertRaises(ClientError) as caught:
            call(*arguments, **named)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error)
        if text:
            self.assertIn(text, error["Message"])
        return error["Message"]

    def denied(self, call, *arguments, **named):
        return self.refused("AccessDeniedException", call, *arguments, **named)

    def user(self, policy=None, **more):
        """A new user with a key, and perhaps a policy."""
        name = "user-" + uuid.uuid4().hex[:8]
        self.root.iam.create_user(UserName=name, **more)
        key = self.root.iam.create_access_key(UserName=name)["AccessKey"]
        self.assertRegex(key["AccessKeyId"], "^AKIA[A-Z2-7]{16}$")
        if policy:
            self.root.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
        return name, Caller(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, trusted, policy=None, **more):
        name = "role-" + uuid.uuid4().hex[:8]
        made = self.root.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **more)
        if policy:
            self.root.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
        return name, made["Role"]["Arn"]

    def test_everybody_is_told_who_they_are(self):
        who = self.root.sts.get_caller_identity()
        self.assertEqual((who["Account"], who["Arn"], who["UserId"]), (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT))
        name, user = self.user(Path="/team/")
        who = user.sts.get_caller_identity()
        self.assertEqual(who["Arn"], f"arn:aws:iam::{ACCOUNT}:user/team/{name}")
        self.assertEqual(who["UserId"], self.root.iam.get_user(UserName=name)["User"]["UserId"])
        self.assertEqual(
            who["ResponseMetadata"]["RequestId"], who["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
        )

    def test_a_user_may_do_what_its_policies_say(self):
        name, user = self.user()
        text = self.denied(user.get, self.table)
        self.assertIn(f"arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: dynamodb:GetItem", text)
        self.assertIn(table_arn(self.table), text)
        policy = allow(["dynamodb:GetItem", "dynamodb:PutItem"], table_arn(self.table))
        self.root.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
        self.assertEqual(user.get(self.table)["color"]["S"], "red")
        user.put(self.table, name)
        self.denied(user.get, self.closed)
        self.denied(user.dynamodb.delete_item, TableName=self.table, Key={"pk": {"S": name}})
        # An explicit denial, in a group's managed policy, comes before all else.
        group = self.root.iam.create_group(GroupName="group-" + name)["Group"]["GroupName"]
        deny = allow("dynamodb:PutItem", effect="Deny")
        arn = self.root.iam.create_policy(PolicyName="deny-" + name, PolicyDocument=deny)["Policy"]["Arn"]
        self.root.iam.attach_group_policy(GroupName=group, PolicyArn=arn)
        self.root.iam.add_user_to_group(GroupName=group, UserName=name)
        self.denied(user.put, self.table, name)
        # The policy's next version says otherwise.
        self.root.iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("dynamodb:DeleteItem"), SetAsDefault=True)
        user.put(self.table, name)
        user.dynamodb.delete_item(TableName=self.table, Key={"pk": {"S": name}})
        # A boundary bounds.
        bound = self.root.iam.create_policy(PolicyName="bound-" + name, PolicyDocument=allow("dynamodb:Put*"))["Policy"]["Arn"]
        self.root.iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=bound)
        user.put(self.table, name)
        self.denied(user.get, self.table)
        self.root.iam.delete_user_permissions_boundary(UserName=name)
        self.assertIsNotNone(user.get(self.table))

    def test_iam_and_sts_ask_for_permission_too(self):
        name, user = self.user()
        self.refused("AccessDenied", user.iam.list_users, text="is not authorized to perform: iam:ListUsers")
        self.refused("AccessDenied", user.iam.create_access_key, UserName=name)
        self.refused("AccessDenied", user.sts.get_federation_token, Name="someone")
        self.root.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=allow("iam:List*"))
        user.iam.list_users()
        self.refused("AccessDenied", user.iam.delete_user, UserName=name)

    def test_conditions_of_keys_and_attributes(self):
        condition = {
            "ForAllValues:StringEquals": {
                "dynamodb:LeadingKeys": ["${aws:username}"],
                "dynamodb:Attributes": ["pk", "color"],
            },
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
        }
        name, user = self.user(allow("dynamodb:GetItem", table_arn(self.table), condition))
        self.root.put(self.table, name, color="blue", secret="y")
        own = {"ProjectionExpression": "pk, color"}
        self.assertEqual(user.get(self.table, name, **own)["color"]["S"], "blue")
        self.denied(user.get, self.table, "a", **own)
        self.denied(user.get, self.table, name, ProjectionExpression="pk, secret")

    def test_a_key_that_is_not_active_is_nobodys(self):
        name, user = self.user(allow("dynamodb:GetItem"))
        self.assertIsNotNone(user.get(self.table))
        status = lambda value: self.root.iam.update_access_key(UserName=name, AccessKeyId=user.access_key, Status=value)
        status("Inactive")
        self.refused("UnrecognizedClientException", user.get, self.table)
        self.refused("InvalidClientTokenId", user.sts.get_caller_identity)
        status("Active")
        self.assertIsNotNone(user.get(self.table))
        used = self.root.iam.get_access_key_last_used(AccessKeyId=user.access_key)
        self.assertEqual((used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]), (name, "dynamodb"))
        self.root.iam.delete_access_key(UserName=name, AccessKeyId=user.access_key)
        self.refused("UnrecognizedClientException", user.get, self.table)
        wrong = Caller(self.root.access_key, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        self.refused("InvalidSignatureException", wrong.get, self.table)
        self.refused("SignatureDoesNotMatch", wrong.sts.get_caller_identity)

    def test_a_role_is_taken_on_and_revoked(self):
        name, user = self.user(allow("sts:AssumeRole"))
        arn_of_user = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        condition = {"StringEquals": {"sts:ExternalId": "told-by-phone"}}
        role, arn = self.role(trust({"AWS": arn_of_user}, condition=condition), allow("dynamodb:*Item", table_arn("*")))
        assume = lambda **more: user.sts.assume_role(RoleArn=arn, RoleSessionName="work", **more)
        text = f"User: {arn_of_user} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        self.refused("AccessDenied", assume, text=text)
        self.refused("AccessDenied", assume, ExternalId="guessed")
        known = {"ExternalId": "told-by-phone"}
        answer = assume(**known)
        self.assertEqual(answer["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/work")
        self.assertRegex(answer["Credentials"]["AccessKeyId"], "^ASIA[A-Z2-7]{16}$")
        session = Caller.of(answer["Credentials"])
        self.assertEqual(session.sts.get_caller_identity()["Arn"], answer["AssumedRoleUser"]["Arn"])
        self.assertIsNotNone(session.get(self.table))
        # Narrowed, by a policy of the session.
        bounds = allow("dynamodb:GetItem", table_arn(self.table))
        narrow = assume(Policy=bounds, **known)
        self.assertGreater(narrow["PackedPolicySize"], 0)
        narrow = Caller.of(narrow["Credentials"])
        self.assertIsNotNone(narrow.get(self.table))
        self.denied(narrow.get, self.closed)
        self.denied(narrow.put, self.table)
        # The role's policies hold as they are now.
        deny = allow("dynamodb:GetItem", effect="Deny")
        self.root.iam.put_role_policy(RoleName=role, PolicyName="later", PolicyDocument=deny)
        self.denied(session.get, self.table)
        self.root.iam.delete_role_policy(RoleName=role, PolicyName="later")
        self.assertIsNotNone(session.get(self.table))
        # What is asked for must be possible.
        self.refused("ValidationError", assume, DurationSeconds=7200, **known)
        self.refused("MalformedPolicyDocument", assume, Policy="{}", **known)
        self.refused("AccessDenied", self.root.sts.assume_role, RoleArn=arn, RoleSessionName="work")
        self.refused("AccessDenied", session.sts.get_session_token)
        # Sessions of a deleted role are invalid, also when another role has its name.
        self.root.iam.delete_role_policy(RoleName=role, PolicyName="own")
        self.root.iam.delete_role(RoleName=role)
        self.refused("UnrecognizedClientException", session.get, self.table)
        self.root.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))
        self.refused("UnrecognizedClientException", session.get, self.table)

    def test_tags_go_along_the_chain_of_roles(self):
        _, user = self.user(allow(["sts:AssumeRole", "sts:TagSession"]))
        both = ["sts:AssumeRole", "sts:TagSession"]
        condition = {"StringEquals": {"aws:PrincipalTag/team": "shop"}}
        _, second = self.role(trust({"AWS": ACCOUNT}, both), allow("dynamodb:GetItem", "*", condition))
        _, first = self.role(trust({"AWS": ACCOUNT}, both), allow(both), MaxSessionDuration=7200)
        tags = [{"Key": "team", "Value": "shop"}, {"Key": "only", "Value": "here"}]
        taken = user.sts.assume_role(
            RoleArn=first, RoleSessionName="one", Tags=tags, TransitiveTagKeys=["team"], DurationSeconds=7200
        )
        chain = lambda **more: Caller.of(taken["Credentials"]).sts.assume_role(
            RoleArn=second, RoleSessionName="two", **more
        )
        self.assertIsNotNone(Caller.of(chain()["Credentials"]).get(self.table))
        self.refused("ValidationError", chain, DurationSeconds=3601, text="role chaining")
        self.refused("InvalidParameterValue", chain, Tags=[{"Key": "TEAM", "Value": "other"}])
        untagged = user.sts.assume_role(RoleArn=first, RoleSessionName="one")["Credentials"]
        untagged = Caller.of(untagged).sts.assume_role(RoleArn=second, RoleSessionName="two")["Credentials"]
        self.denied(Caller.of(untagged).get, self.table)

    def test_sessions_of_users_and_of_those_whom_they_vouch_for(self):
        name, user = self.user(allow(["dynamodb:GetItem", "sts:GetFederationToken", "iam:ListUsers"]))
        session = Caller.of(user.sts.get_session_token(DurationSeconds=900)["Credentials"])
        self.assertEqual(session.sts.get_caller_identity()["Arn"], f"arn:aws:iam::{ACCOUNT}:user/{name}")
        self.assertIsNotNone(session.get(self.table))
        self.refused("InvalidClientTokenId", session.iam.list_users)
        self.refused("AccessDenied", session.sts.get_federation_token, Name="bob")
        answer = user.sts.get_federation_token(Name="bob", Policy=allow("dynamodb:*", table_arn(self.table)))
        self.assertEqual(answer["FederatedUser"]["Arn"], f"arn:aws:sts::{ACCOUNT}:federated-user/bob")
        bob = Caller.of(answer["Credentials"])
        self.assertIsNotNone(bob.get(self.table))
        self.denied(bob.get, self.closed)
        self.denied(bob.put, self.table)
        nothing = Caller.of(user.sts.get_federation_token(Name="eve")["Credentials"])
        self.denied(nothing.get, self.table)
        # A token is good with its own key only, and as it is.
        keys = answer["Credentials"]
        changed = keys["SessionToken"][:-8] + "AAAAAAA="
        for token in (changed, None):
            stranger = Caller(keys["AccessKeyId"], keys["SecretAccessKey"], token)
            self.refused("UnrecognizedClientException", stranger.get, self.table)

    def test_accounts_are_separate(self):
        other = Caller(*credentials_of("other"))
        self.assertEqual(other.sts.get_caller_identity()["Account"], OTHER)
        self.assertEqual(other.dynamodb.list_tables()["TableNames"], [])
        self.assertEqual(other.iam.list_users()["Users"], [])
        self.refused("ResourceNotFoundException", other.get, self.table)
        # Both accounts must agree when a role of one is taken on by a user of the other.
        other.iam.create_user(UserName="visitor")
        key = other.iam.create_access_key(UserName="visitor")["AccessKey"]
        visitor = Caller(key["AccessKeyId"], key["SecretAccessKey"])
        _, arn = self.role(trust({"AWS": f"arn:aws:iam::{OTHER}:root"}), allow("dynamodb:GetItem"))
        assume = lambda: visitor.sts.assume_role(RoleArn=arn, RoleSessionName="visit")["Credentials"]
        self.refused("AccessDenied", assume)
        other.iam.put_user_policy(UserName="visitor", PolicyName="p", PolicyDocument=allow("sts:AssumeRole", arn))
        self.assertIsNotNone(Caller.of(assume()).get(self.table))
        self.assertEqual(visitor.sts.get_caller_identity()["Account"], OTHER)
        other.iam.delete_user_policy(UserName="visitor", PolicyName="p")
        self.refused("AccessDenied", assume)
        other.iam.delete_access_key(UserName="visitor", AccessKeyId=visitor.access_key)
        other.iam.delete_user(UserName="visitor")

    def test_web_identities(self):
        issuer = Issuer()
        self.addCleanup(issuer.close)
        host = issuer.url.removeprefix("http://")
        provider = self.root.iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["sts.amazonaws.com"])
        provider = provider["OpenIDConnectProviderArn"]
        subject = "system:serviceaccount:shop:orders"
        condition = {"StringEquals": {f"{host}:sub": subject, f"{host}:aud": "sts.amazonaws.com"}}
        trusted = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", condition)
        role, arn = self.role(trusted, allow("dynamodb:GetItem", table_arn(self.table)))
        unsigned = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
        sts = boto3.client("sts", endpoint_url=ENDPOINT, region_name="us-east-1", config=unsigned)
        take = lambda token: sts.assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="pod", WebIdentityToken=token
        )
        for algorithm in ("RS256", "ES256"):
            answer = take(issuer.token(algorithm, sub=subject))
            self.assertEqual((answer["SubjectFromWebIdentityToken"], answer["Provider"]), (subject, provider))
            pod = Caller.of(answer["Credentials"])
            self.assertIsNotNone(pod.get(self.table))
            self.denied(pod.get, self.closed)
        self.refused("AccessDenied", take, issuer.token(sub="system:serviceaccount:shop:other"))
        self.refused("InvalidIdentityToken", take, issuer.token(sub=subject, aud="other"), text="audience")
        self.refused("ExpiredTokenException", take, issuer.token(sub=subject, exp=1_700_000_000))
        stranger = Issuer()
        self.addCleanup(stranger.close)
        self.refused("InvalidIdentityToken", take, stranger.token(sub=subject), text="No OpenIDConnect provider found")
        self.refused("InvalidIdentityToken", take, stranger.token(sub=subject, iss=issuer.url))
        self.refused("InvalidIdentityToken", take, issuer.token(sub=subject)[:-6])
        # As SDKs do it by themselves in a pod.
        with tempfile.NamedTemporaryFile("w", suffix=".token") as file:
            file.write(issuer.token(sub=subject))
            file.flush()
            pod = {
                "AWS_ROLE_ARN": arn, "AWS_WEB_IDENTITY_TOKEN_FILE": file.name, "AWS_ROLE_SESSION_NAME": "by-itself",
                "AWS_ENDPOINT_URL": ENDPOINT,
            }
            keys = {name: os.environ.pop(name, None) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
            before = {name: os.environ.get(name) for name in pod}
            os.environ.update(pod)
            try:
                who = boto3.client("sts", region_name="us-east-1").get_caller_identity()
            finally:
                for name, value in (before | keys).items():
                    os.environ.pop(name, None)
                    if value is not None:
                        os.environ[name] = value
        self.assertEqual(who["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/by-itself")
        # An account without any provider is answered as one that is not here.
        self.root.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
        self.refused("AccessDenied", take, issuer.token(sub=subject))

    def test_small_things(self):
        info = self.root.sts.get_access_key_info(AccessKeyId=credentials_of("other")[0])
        self.assertEqual(info["Account"], OTHER)
        self.refused(
            "InvalidAuthorizationMessageException", self.root.sts.decode_authorization_message, EncodedMessage="x"
        )
        _, user = self.user()
        self.refused("AccessDenied", user.sts.decode_authorization_message, EncodedMessage="x")
        self.refused("AccessDenied", user.sts.get_session_token, SerialNumber="arn:aws:iam::1:mfa/x", TokenCode="123456")
        large = [{"Key": f"k{at}", "Value": "".join(uuid.uuid4().hex for _ in range(6))} for at in range(50)]
        _, arn = self.role(trust({"AWS": ACCOUNT}, ["sts:AssumeRole", "sts:TagSession"]))
        _, user = self.user(allow("sts:*"))
        take = lambda **more: user.sts.assume_role(RoleArn=arn, RoleSessionName="x1", **more)
        self.refused("PackedPolicyTooLarge", take, Tags=large)


if __name__ == "__main__":
    unittest.main()
