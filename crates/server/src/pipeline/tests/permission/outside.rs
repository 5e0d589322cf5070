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

const EXPLICIT: &str = "with an explicit deny in an identity-based policy";

/// A denial of an action's, or that it is permitted: the table has no recovery.
fn export(pipeline: &TestPipeline, statements: &[Value], members: &Value) -> Result<(), String> {
    let mut body = json!({"TableArn": T, "S3Bucket": "bucket"});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let answer = pipeline.call(by(with(pipeline, statements)), "ExportTableToPointInTime", &body.to_string());
    outcome(&answer, "PointInTimeRecoveryUnavailableException")
}

/// The same: the request is not valid.
fn import(pipeline: &TestPipeline, statements: &[Value], source: &Value) -> Result<(), String> {
    let mut source = source.clone();
    source["S3Bucket"] = "bucket".into();
    let schema = json!({"TableName": "New", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"});
    let body = json!({"InputFormat": "ION", "S3BucketSource": source, "TableCreationParameters": schema});
    let answer = pipeline.call(by(with(pipeline, statements)), "ImportTable", &body.to_string());
    outcome(&answer, "ValidationException")
}

fn outcome(answer: &Answer, permitted: &str) -> Result<(), String> {
    if answer.kind == permitted {
        return Ok(());
    }
    assert_eq!(answer.kind, "AccessDeniedException", "{}", answer.body);
    Err(answer.message.split_once("perform: ").expect("a denial").1.to_owned())
}

fn object(pattern: &str) -> String {
    format!("arn:aws:s3:::{pattern}")
}

#[test]
fn an_import_asks_about_all_objects_below_its_prefix() {
    let pipeline = TestPipeline::new();
    let list = allow("s3:ListBucket", "*");
    let get = |pattern: &str| allow("s3:GetObject", &object(pattern));
    let denied = |pattern: &str| deny("s3:GetObject", &object(pattern));
    let refused =
        |prefix: &str, why: &str| Err(format!("s3:GetObject on resource: arn:aws:s3:::bucket/{prefix}* {why}"));
    let unheard = "because no identity-based policy allows the s3:GetObject action";
    for (statements, prefix, expected) in [
        (vec![get("bucket/*"), denied("bucket/secret/*")], "secret/", refused("secret/", EXPLICIT)),
        (vec![get("bucket/*"), denied("bucket/secret/*")], "secret", refused("secret", EXPLICIT)),
        (vec![get("bucket/*"), denied("bucket/secret/*")], "sec", refused("sec", EXPLICIT)),
        (vec![get("bucket/*"), denied("bucket/secret/*")], "", refused("", EXPLICIT)),
        (vec![get("bucket/*"), denied("bucket/secret/*")], "public/", Ok(())),
        (vec![get("bucket/logs?")], "logs", refused("logs", unheard)),
        (vec![get("bucket/logs*")], "logs", Ok(())),
        (vec![get("bucket/*.json")], "logs", refused("logs", unheard)),
    ] {
        let statements = [vec![list.clone()], statements].concat();
        assert_eq!(
            import(&pipeline, &statements, &json!({"S3KeyPrefix": prefix})),
            expected,
            "{statements:?} {prefix}"
        );
    }
}

#[test]
fn a_list_has_its_prefix_and_its_owner() {
    let pipeline = TestPipeline::new();
    let get = allow("s3:GetObject", "*");
    let public = under(allow("s3:ListBucket", "*"), &json!({"StringLike": {"s3:prefix": "public/*"}}));
    let unheard = "s3:ListBucket on resource: arn:aws:s3:::bucket because no identity-based policy allows the \
                   s3:ListBucket action";
    let explicit = format!("s3:ListBucket on resource: arn:aws:s3:::bucket {EXPLICIT}");
    let from = |prefix: &str| json!({"S3KeyPrefix": prefix});
    assert_eq!(import(&pipeline, &[get.clone(), public.clone()], &from("public/")), Ok(()));
    assert_eq!(import(&pipeline, &[get.clone(), public.clone()], &from("secret/")), Err(unheard.to_owned()));
    assert_eq!(import(&pipeline, &[get.clone(), public], &json!({})), Err(unheard.to_owned()));
    let secret = under(deny("s3:ListBucket", "*"), &json!({"StringLike": {"s3:prefix": ["secret*", ""]}}));
    let statements = [allow("s3:*", "*"), secret];
    assert_eq!(import(&pipeline, &statements, &from("secret/")), Err(explicit.clone()));
    assert_eq!(import(&pipeline, &statements, &json!({})), Err(explicit.clone()));
    assert_eq!(import(&pipeline, &statements, &from("public/")), Ok(()));
    // A perimeter around the account.
    for key in ["aws:ResourceAccount", "s3:ResourceAccount"] {
        let own = json!({"StringNotEquals": {key: ACCOUNT}});
        let statements = [allow("s3:*", "*"), under(deny("s3:*", "*"), &own)];
        assert_eq!(import(&pipeline, &statements, &json!({"S3BucketOwner": OTHER})), Err(explicit.clone()));
        assert_eq!(import(&pipeline, &statements, &json!({})), Ok(()));
    }
}

#[test]
fn an_export_asks_about_the_keys_that_it_writes() {
    let pipeline = TestPipeline::new();
    let put = |pattern: &str| allow("s3:*", &object(pattern));
    let secret = deny("s3:*", &object("bucket/secret/*"));
    let refused = |prefix: &str, why: &str| {
        Err(format!("s3:PutObject on resource: arn:aws:s3:::bucket/{prefix}AWSDynamoDB/* {why}"))
    };
    let unheard = "because no identity-based policy allows the s3:PutObject action";
    for (statements, prefix, expected) in [
        (vec![put("bucket/*"), secret.clone()], "secret/", refused("secret/", EXPLICIT)),
        (vec![put("bucket/*"), secret.clone()], "secret", refused("secret/", EXPLICIT)),
        (vec![put("bucket/*"), secret.clone()], "sec", Ok(())),
        (vec![put("bucket/*"), deny("s3:*", &object("bucket/*/data/*"))], "sec", refused("sec/", EXPLICIT)),
        (vec![put("bucket/a?")], "a", refused("a/", unheard)),
        (vec![put("bucket/a?*")], "a", Ok(())),
        (vec![put("bucket/a/*")], "a", Ok(())),
        (vec![put("bucket/a/*")], "b", refused("b/", unheard)),
    ] {
        assert_eq!(export(&pipeline, &statements, &json!({"S3Prefix": prefix})), expected, "{statements:?} {prefix}");
    }
    assert_eq!(export(&pipeline, &[put("bucket/AWSDynamoDB/*")], &json!({})), Ok(()));
}

#[test]
fn an_export_says_how_it_is_encrypted() {
    let pipeline = TestPipeline::new();
    let explicit = |key: &str| under(deny("s3:PutObject", "*"), &json!({"StringEquals": {key: "AES256"}}));
    let algorithm = "s3:x-amz-server-side-encryption";
    let statements = [allow("*", "*"), explicit(algorithm)];
    let refused = format!("s3:PutObject on resource: arn:aws:s3:::bucket/AWSDynamoDB/* {EXPLICIT}");
    assert_eq!(export(&pipeline, &statements, &json!({})), Err(refused.clone()));
    assert_eq!(export(&pipeline, &statements, &json!({"S3SseAlgorithm": "AES256"})), Err(refused.clone()));
    assert_eq!(export(&pipeline, &statements, &json!({"S3SseAlgorithm": "KMS"})), Ok(()));
    let with_key = |key: &str| json!({"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": key});
    let other_key = json!({"StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": KEY}});
    let statements = [allow("*", "*"), under(deny("s3:PutObject", "*"), &other_key)];
    for (name, expected) in [(KEY, Ok(())), ("1234abcd", Ok(())), ("other", Err(refused.clone()))] {
        assert_eq!(export(&pipeline, &statements, &with_key(name)), expected, "{name}");
    }
    assert_eq!(export(&pipeline, &statements, &json!({"S3SseAlgorithm": "KMS"})), Err(refused));
}

#[test]
fn the_key_of_an_export_needs_permissions_of_its_own() {
    let pipeline = TestPipeline::new();
    let s3 = allow("s3:*", "*");
    let with_key = |key: &str| json!({"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": key});
    let unheard = |action: &str, arn: &str| {
        Err(format!("{action} on resource: {arn} because no identity-based policy allows the {action} action"))
    };
    assert_eq!(export(&pipeline, std::slice::from_ref(&s3), &with_key(KEY)), unheard("kms:GenerateDataKey", KEY));
    let statements = [s3.clone(), allow("kms:GenerateDataKey", KEY)];
    assert_eq!(export(&pipeline, &statements, &with_key(KEY)), unheard("kms:Decrypt", KEY));
    let through =
        json!({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:CallerAccount": ACCOUNT}});
    let statements = [s3.clone(), under(allow("kms:*", KEY), &through)];
    assert_eq!(export(&pipeline, &statements, &with_key(KEY)), Ok(()));
    assert_eq!(export(&pipeline, &statements, &with_key("1234abcd")), Ok(()));
    // An alias may mean each key of its account.
    let all = "arn:aws:kms:us-east-1:111111111111:key/*";
    let alias = "arn:aws:kms:us-east-1:111111111111:alias/orders";
    for name in ["alias/orders", alias] {
        assert_eq!(export(&pipeline, &statements, &with_key(name)), unheard("kms:GenerateDataKey", all));
        let denied = [allow("*", "*"), deny("kms:*", KEY)];
        let expected = Err(format!("kms:GenerateDataKey on resource: {all} {EXPLICIT}"));
        assert_eq!(export(&pipeline, &denied, &with_key(name)), expected);
        assert_eq!(export(&pipeline, &[s3.clone(), allow("kms:*", all)], &with_key(name)), Ok(()));
    }
    // A key that the operation refuses without its algorithm is asked about as well.
    assert_eq!(export(&pipeline, &[s3], &json!({"S3SseKmsKeyId": KEY})), unheard("kms:GenerateDataKey", KEY));
}
