//! Resource policies, in one account and across two.

use serde_json::{Value, json};

use super::test_pipeline::{ACCOUNT, OTHER, T, TestPipeline, allow, by};

fn key() -> Value {
    json!({"pk": {"S": "a"}, "sk": {"S": "1"}})
}

fn put(pipeline: &TestPipeline, arn: &str, statements: &[Value]) {
    let policy = super::test_pipeline::document(statements);
    pipeline.root("PutResourcePolicy", &json!({"ResourceArn": arn, "Policy": policy}));
}

fn lets(user: &str, action: &str, resource: &str) -> Value {
    let mut statement = allow(action, resource);
    statement["Principal"] = json!({"AWS": format!("arn:aws:iam::{user}")});
    statement
}

/// Operations of another account on table TTT, each with the action that it needs.
fn requests(pipeline: &TestPipeline) -> Vec<(&'static str, Value)> {
    let get = json!({"TableName": T, "Key": key()});
    vec![
        ("GetItem", get.clone()),
        ("PutItem", json!({"TableName": T, "Item": key()})),
        ("Scan", json!({"TableName": T})),
        ("BatchGetItem", json!({"RequestItems": {T: {"Keys": [key()]}}})),
        ("BatchWriteItem", json!({"RequestItems": {T: [{"PutRequest": {"Item": key()}}]}})),
        ("TransactGetItems", json!({"TransactItems": [{"Get": get.clone()}]})),
        ("TransactWriteItems", json!({"TransactItems": [{"Delete": get}]})),
        ("ExecuteStatement", json!({"Statement": format!("SELECT * FROM \"{T}\" WHERE pk='a'")})),
        ("DescribeTable", json!({"TableName": T})),
        ("DescribeStream", json!({"StreamArn": pipeline.stream})),
        ("GetRecords", json!({"ShardIterator": pipeline.iterator})),
    ]
}

#[test]
fn another_account_needs_both() {
    let pipeline = TestPipeline::new();
    pipeline.user(OTHER, "guest", &[allow("dynamodb:*", "arn:aws:dynamodb:us-east-1:111111111111:*")]);
    pipeline.user(OTHER, "stranger", &[]);
    let denied = |user: &str, (operation, body): &(&str, Value), why: &str| {
        let before = pipeline.rows();
        let answer = pipeline.call(by(user), operation, &body.to_string());
        assert_eq!(answer.kind, "AccessDeniedException", "{operation} by {user}: {}", answer.body);
        assert!(answer.message.contains(why), "{operation} by {user}: {}", answer.message);
        assert_eq!(pipeline.rows(), before);
    };
    for request in requests(&pipeline) {
        denied("guest", &request, "because no resource-based policy allows");
        denied("root222222222222", &request, "because no resource-based policy allows");
    }
    let principal = "222222222222:root";
    put(&pipeline, T, &[lets(principal, "dynamodb:*", T), lets(principal, "dynamodb:*", &format!("{T}/index/*"))]);
    let stream = pipeline.stream.clone();
    put(&pipeline, &stream, &[lets(principal, "dynamodb:*", &stream)]);
    for request in requests(&pipeline) {
        denied("stranger", &request, "because no identity-based policy allows");
        let (operation, body) = &request;
        let answer = pipeline.call(by("guest"), operation, &body.to_string());
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
    }
    // No table is made in another account, whatever the policy of the table allows that has the name, or had it a moment ago.
    let mut create = json!({"TableName": T, "BillingMode": "PAY_PER_REQUEST"});
    create["AttributeDefinitions"] = json!([{"AttributeName": "pk", "AttributeType": "S"}]);
    create["KeySchema"] = json!([{"AttributeName": "pk", "KeyType": "HASH"}]);
    let answer = pipeline.call(by("guest"), "CreateTable", &create.to_string());
    assert_eq!(answer.kind, "AccessDeniedException", "{}", answer.body);
    // A name is of one's own account, and so is what is made.
    let own = pipeline.call(by("guest"), "GetItem", &json!({"TableName": "TTT", "Key": key()}).to_string());
    assert_eq!(own.kind, "AccessDeniedException");
}

#[test]
fn a_table_speaks_for_its_indexes_and_a_stream_for_itself() {
    let pipeline = TestPipeline::new();
    pipeline.user(ACCOUNT, "own", &[]);
    let user = format!("{ACCOUNT}:user/own");
    put(&pipeline, T, &[lets(&user, "dynamodb:*", &format!("{T}/index/GGG"))]);
    let scan = |index: Option<&str>| {
        let mut body = json!({"TableName": "TTT"});
        if let Some(index) = index {
            body["IndexName"] = index.into();
        }
        pipeline.call(by("own"), "Scan", &body.to_string()).status
    };
    assert_eq!([scan(None), scan(Some("GGG"))], [400, 200]);
    let describe =
        || pipeline.call(by("own"), "DescribeStream", &json!({"StreamArn": pipeline.stream}).to_string()).status;
    assert_eq!(describe(), 400);
    put(&pipeline, &pipeline.stream, &[lets(&user, "dynamodb:DescribeStream", &pipeline.stream)]);
    assert_eq!(describe(), 200);
}

#[test]
fn a_policy_that_locks_its_author_out_is_refused() {
    let pipeline = TestPipeline::new();
    pipeline.user(ACCOUNT, "admin", &[allow("dynamodb:*", "*")]);
    let mut deny = lets("111111111111:user/admin", "dynamodb:PutResourcePolicy", T);
    deny["Effect"] = "Deny".into();
    let policy = super::test_pipeline::document(&[deny]);
    let put = |confirm: bool| {
        let body = json!({"ResourceArn": T, "Policy": policy, "ConfirmRemoveSelfResourceAccess": confirm});
        pipeline.call(by("admin"), "PutResourcePolicy", &body.to_string())
    };
    let refused = put(false);
    let expected = "The new resource policy will not allow you to update the resource policy in the future.";
    assert_eq!((refused.kind.as_str(), refused.message.as_str()), ("AccessDeniedException", expected));
    assert_eq!(put(true).status, 200);
    assert_eq!(put(true).kind, "AccessDeniedException");
}

#[test]
fn the_root_user_takes_away_what_locks_everybody_out() {
    let pipeline = TestPipeline::new();
    let mut deny = lets("111111111111:root", "dynamodb:*", T);
    (deny["Effect"], deny["Principal"]) = ("Deny".into(), "*".into());
    let policy = super::test_pipeline::document(&[deny]);
    let body = json!({"ResourceArn": T, "Policy": policy, "ConfirmRemoveSelfResourceAccess": true});
    pipeline.root("PutResourcePolicy", &body);
    let root = format!("root{ACCOUNT}");
    let get = json!({"TableName": "TTT", "Key": key()}).to_string();
    let answer = pipeline.call(by(&root), "GetItem", &get);
    assert!(answer.message.ends_with("with an explicit deny in a resource-based policy"), "{}", answer.message);
    pipeline.root("DeleteResourcePolicy", &json!({"ResourceArn": T}));
    assert_eq!(pipeline.call(by(&root), "GetItem", &get).status, 200);
}
