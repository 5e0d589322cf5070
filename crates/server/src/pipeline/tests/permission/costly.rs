//! Policies that cost more than a request may: the request is refused, and nothing is read or written.

use serde_json::{Value, json};

use super::test_pipeline::{ACCOUNT, T, TestPipeline, allow, by, document};

/// Unit: bytes. Source: DynamoDB API Reference, PutResourcePolicy.
const RESOURCE_POLICY_SIZE_BYTES_MAX: usize = 20 * 1024;

/// A statement that denies nothing, and takes its time over that for each partition key.
fn costly() -> Value {
    let patterns: Vec<String> = (0..1_200).map(|at| format!("*?a?{at}?b*")).collect();
    json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": T,
        "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": patterns}}})
}

fn pipeline() -> TestPipeline {
    let pipeline = TestPipeline::new();
    pipeline.user(ACCOUNT, "user", &[allow("*", "*")]);
    let policy = document(&[costly()]);
    assert!(policy.len() < RESOURCE_POLICY_SIZE_BYTES_MAX);
    pipeline.root("PutResourcePolicy", &json!({"ResourceArn": T, "Policy": policy}));
    pipeline
}

fn put(number: usize) -> Value {
    json!({"pk": {"S": "a".repeat(2_000)}, "sk": {"S": number.to_string()}})
}

#[test]
fn a_batch_is_refused_as_a_whole() {
    let pipeline = pipeline();
    let puts: Vec<Value> = (0..100).map(|at| json!({"Put": {"TableName": "TTT", "Item": put(at)}})).collect();
    let before = pipeline.rows();
    let answer = pipeline.call(by("user"), "TransactWriteItems", &json!({ "TransactItems": puts }).to_string());
    assert_eq!((answer.status, answer.kind.as_str()), (400, "LimitExceededException"), "{}", answer.body);
    assert!(answer.message.contains("more work to evaluate than a request may cause"), "{}", answer.message);
    assert_eq!(pipeline.rows(), before);
    // One with short keys costs little.
    let item = json!({"TableName": "TTT", "Item": {"pk": {"S": "a"}, "sk": {"S": "1"}}});
    assert_eq!(pipeline.call(by("user"), "PutItem", &item.to_string()).status, 200);
}

#[test]
fn the_statements_of_a_batch_share_what_they_may_cost() {
    let pipeline = pipeline();
    let insert = |at: usize| {
        let text = format!("INSERT INTO TTT VALUE {{'pk':'{}','sk':'{at}'}}", "a".repeat(2_000));
        json!({"Statement": text})
    };
    let statements: Vec<Value> = (0..25).map(insert).collect();
    let answer = pipeline.call(by("user"), "BatchExecuteStatement", &json!({ "Statements": statements }).to_string());
    let codes: Vec<&str> = (0..25).filter_map(|at| answer.body["Responses"][at]["Error"]["Code"].as_str()).collect();
    assert!(codes.len() > 20 && codes.iter().all(|code| *code == "RequestLimitExceeded"), "{codes:?}");
}

/// More tags than a table can have are refused before policies look at them: the caller may not even tag.
#[test]
fn too_many_tags_are_refused_before_policies_look_at_them() {
    let pipeline = TestPipeline::new();
    pipeline.user(ACCOUNT, "user", &[allow("dynamodb:GetItem", "*")]);
    let tags =
        |count: usize| -> Vec<Value> { (0..count).map(|at| json!({"Key": format!("k{at}"), "Value": "v"})).collect() };
    let create = |count: usize| {
        json!({"TableName": "new", "BillingMode": "PAY_PER_REQUEST", "Tags": tags(count),
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]})
    };
    let tag = |count: usize| json!({"ResourceArn": T, "Tags": tags(count)});
    for (operation, few, many) in [("TagResource", tag(50), tag(4_000)), ("CreateTable", create(50), create(4_000))] {
        let refused = pipeline.call(by("user"), operation, &few.to_string());
        assert_eq!(refused.kind, "AccessDeniedException", "{operation} {}", refused.body);
        let refused = pipeline.call(by("user"), operation, &many.to_string());
        assert_eq!(refused.kind, "ValidationException", "{operation} {}", refused.body);
        assert_eq!(refused.message, "Number of Tags exceed the current limit for the provided ResourceArn");
    }
}
