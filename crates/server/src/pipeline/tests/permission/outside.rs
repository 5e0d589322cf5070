//! Resources of other AWS services that a request names, which the caller's own policies must allow.

use serde_json::{Value, json};

use super::test_pipeline::{ACCOUNT, Answer, OTHER, T, TestPipeline, allow, by, deny, kinesis_arn};

const KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/1234abcd";

fn under(mut statement: Value, condition: &Value) -> Value {
    statement["Condition"] = condition.clone();
    statement
}

fn enable(pipeline: &TestPipeline, user: &str, table: &str, stream: &str) -> Answer {
    let body = json!({"TableName": table, "StreamArn": stream});
    pipeline.call(by(user), "EnableKinesisStreamingDestination", &body.to_string())
}

fn encrypt(pipeline: &TestPipeline, user: &str, key: &str) -> Answer {
    let encryption = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": key});
    pipeline.call(by(user), "UpdateTable", &json!({"TableName": "TTT", "SSESpecification": encryption}).to_string())
}

/// A caller with these statements, and with all of DynamoDB.
fn with(pipeline: &TestPipeline, statements: &[Value]) -> &'static str {
    pipeline.user(ACCOUNT, "ada", &[&[allow("dynamodb:*", "*")], statements].concat());
    "ada"
}

#[track_caller]
fn check_refused(answer: &Answer, action: &str, resource: &str, why: &str) {
    assert_eq!(answer.kind, "AccessDeniedException", "{}", answer.body);
    let expected = format!("/ada is not authorized to perform: {action} on resource: {resource} {why}");
    assert!(answer.message.ends_with(&expected), "{}", answer.message);
}

#[test]
fn a_data_stream_needs_permissions_of_its_own() {
    let pipeline = TestPipeline::new();
    let (own, admins) = (kinesis_arn("own"), kinesis_arn("admins-only"));
    let before = pipeline.rows();
    let denial = "with an explicit deny in an identity-based policy";
    for (statements, stream, action, why) in [
        (
            vec![],
            &own,
            "kinesis:DescribeStream",
            "because no identity-based policy allows the kinesis:DescribeStream action",
        ),
        (vec![allow("kinesis:*", "*"), deny("kinesis:*", "*")], &own, "kinesis:DescribeStream", denial),
        (vec![allow("kinesis:*", "*"), deny("kinesis:*", &admins)], &admins, "kinesis:DescribeStream", denial),
        (vec![allow("*", "*"), deny("kinesis:Put*", "*")], &own, "kinesis:PutRecords", denial),
    ] {
        let user = with(&pipeline, &statements);
        check_refused(&enable(&pipeline, user, "TTT", stream), action, stream, why);
        assert_eq!(pipeline.rows(), before);
    }
    // Whether an ARN is a stream's is checked by the operation, which a caller without permissions does not reach.
    let wrong = "arn:aws:kinesis:us-east-1:111111111111:nothing/own";
    let refused = enable(&pipeline, with(&pipeline, &[]), "TTT", wrong);
    assert_eq!(refused.kind, "AccessDeniedException");
    let refused = enable(&pipeline, with(&pipeline, &[allow("kinesis:*", "*")]), "TTT", wrong);
    assert_eq!(refused.kind, "ValidationException");
    // What the Developer Guide lists is enough.
    let listed = [allow("kinesis:DescribeStream", &own), allow("kinesis:PutRecords", &own)];
    let enabled = enable(&pipeline, with(&pipeline, &listed), "TTT", &own);
    assert_eq!(enabled.status, 200, "{}", enabled.body);
    // The root user of the account needs no policy.
    assert_eq!(enable(&pipeline, &format!("root{ACCOUNT}"), "UUU", &admins).status, 200);
    // Disabling asks DynamoDB's action alone.
    let body = json!({"TableName": "TTT", "StreamArn": own}).to_string();
    let disabled = pipeline.call(by(with(&pipeline, &[])), "DisableKinesisStreamingDestination", &body);
    assert_ne!(disabled.kind, "AccessDeniedException", "{}", disabled.body);
}

/// What is asked of DynamoDB's own resources is asked first, so that its refusal is the one that is shown.
#[test]
fn dynamodb_is_asked_first() {
    let pipeline = TestPipeline::new();
    pipeline.user(ACCOUNT, "ada", &[deny("*", "*")]);
    check_refused(
        &enable(&pipeline, "ada", "TTT", &kinesis_arn("own")),
        "dynamodb:EnableKinesisStreamingDestination",
        T,
        "with an explicit deny in an identity-based policy",
    );
}

#[test]
fn conditions_see_whose_the_resource_is() {
    let pipeline = TestPipeline::new();
    let others = format!("arn:aws:kinesis:us-east-1:{OTHER}:stream/own");
    let own_account = json!({"StringEquals": {"aws:ResourceAccount": ACCOUNT}});
    let statements = [under(allow("kinesis:*", "*"), &own_account)];
    let user = with(&pipeline, &statements);
    let why = "because no identity-based policy allows the kinesis:DescribeStream action";
    check_refused(&enable(&pipeline, user, "TTT", &others), "kinesis:DescribeStream", &others, why);
    assert_eq!(enable(&pipeline, user, "TTT", &kinesis_arn("own")).status, 200);
    // A condition on a key of DynamoDB's does not hold here.
    let of_tables = json!({"Bool": {"dynamodb:FullTableScan": "true"}});
    let refused =
        enable(&pipeline, with(&pipeline, &[under(allow("kinesis:*", "*"), &of_tables)]), "UUU", &kinesis_arn("own"));
    check_refused(&refused, "kinesis:DescribeStream", &kinesis_arn("own"), why);
}

#[test]
fn a_key_of_a_kms_needs_permissions_of_its_own() {
    let pipeline = TestPipeline::new();
    let before = pipeline.rows();
    let unheard = "because no identity-based policy allows the kms:DescribeKey action";
    check_refused(&encrypt(&pipeline, with(&pipeline, &[]), KEY), "kms:DescribeKey", KEY, unheard);
    let denied = [allow("*", "*"), deny("kms:CreateGrant", KEY)];
    let explicit = "with an explicit deny in an identity-based policy";
    // An id is one of the caller's account and region.
    for name in [KEY, "1234abcd"] {
        check_refused(&encrypt(&pipeline, with(&pipeline, &denied), name), "kms:CreateGrant", KEY, explicit);
    }
    let alias = "arn:aws:kms:us-east-1:111111111111:alias/orders";
    check_refused(&encrypt(&pipeline, with(&pipeline, &[]), "alias/orders"), "kms:DescribeKey", alias, unheard);
    let elsewhere = json!({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}});
    let user = with(&pipeline, &[under(allow("kms:*", KEY), &elsewhere)]);
    check_refused(&encrypt(&pipeline, user, KEY), "kms:DescribeKey", KEY, unheard);
    assert_eq!(pipeline.rows(), before);
    let through = json!({"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
        "kms:CallerAccount": ACCOUNT}});
    let grants = json!({"Bool": {"kms:GrantIsForAWSResource": "true"}});
    let statements = [under(allow("kms:DescribeKey", KEY), &through), under(allow("kms:CreateGrant", KEY), &grants)];
    let encrypted = encrypt(&pipeline, with(&pipeline, &statements), KEY);
    assert_eq!(encrypted.status, 200, "{}", encrypted.body);
    // The key that the account has for DynamoDB, and none, ask nothing.
    for encryption in
        [json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "alias/aws/dynamodb"}), json!({"Enabled": false})]
    {
        let body = json!({"TableName": "TTT", "SSESpecification": encryption}).to_string();
        assert_eq!(pipeline.call(by(with(&pipeline, &[])), "UpdateTable", &body).status, 200, "{body}");
    }
}
