//! Requests that name several resources or actions: allowed on all but one, they are refused whole, and nothing is read or
//! written. A batch of statements refuses that one alone.

use serde_json::{Value, json};

use super::test_pipeline::{ACCOUNT, T, TestPipeline, allow, by};

const U: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/UUU";
const G: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/TTT/index/GGG";

fn key(pk: &str) -> Value {
    json!({"pk": {"S": pk}, "sk": {"S": "1"}})
}

/// An action and its resource.
type Asked = (&'static str, &'static str);

/// A request, and all that it asks: taking any of these away stops it.
fn cases() -> Vec<(&'static str, Value, Vec<Asked>)> {
    let (a, b, c) = (key("a"), key("b"), key("c"));
    let named = |table: &str, key: &Value| json!({"TableName": table, "Key": key});
    let mut update = named("TTT", &c);
    update["UpdateExpression"] = "REMOVE x".into();
    let mut check = named("UUU", &b);
    check["ConditionExpression"] = "attribute_exists(pk)".into();
    let statement = |text: &str| json!({"Statement": text});
    vec![
        (
            "BatchGetItem",
            json!({"RequestItems": {"TTT": {"Keys": [a]}, "UUU": {"Keys": [a]}}}),
            vec![("BatchGetItem", T), ("BatchGetItem", U)],
        ),
        (
            "BatchWriteItem",
            json!({"RequestItems": {"TTT": [{"PutRequest": {"Item": c}}], "UUU": [{"DeleteRequest": {"Key": a}}]}}),
            vec![("BatchWriteItem", T), ("BatchWriteItem", U)],
        ),
        (
            "TransactGetItems",
            json!({"TransactItems": [{"Get": named("TTT", &a)}, {"Get": named("UUU", &a)}]}),
            vec![("GetItem", T), ("GetItem", U)],
        ),
        (
            "TransactWriteItems",
            json!({"TransactItems": [
                {"Put": {"TableName": "UUU", "Item": c}}, {"Delete": named("TTT", &a)}, {"Update": update},
                {"ConditionCheck": check}]}),
            vec![("PutItem", U), ("DeleteItem", T), ("UpdateItem", T), ("ConditionCheckItem", U)],
        ),
        (
            "ExecuteTransaction",
            json!({"TransactStatements": [
                statement("INSERT INTO UUU VALUE {'pk':'c','sk':'1'}"),
                statement("UPDATE TTT SET x='z' WHERE pk='a' AND sk='1'"),
                statement("DELETE FROM TTT WHERE pk='b' AND sk='1'"),
                statement("EXISTS(SELECT * FROM UUU WHERE pk='a' AND sk='1' AND attribute_not_exists(nope))")]}),
            vec![("PartiQLInsert", U), ("PartiQLUpdate", T), ("PartiQLDelete", T), ("PartiQLSelect", U)],
        ),
        (
            "ExecuteTransaction",
            json!({"TransactStatements": [
                statement("SELECT * FROM TTT WHERE pk='a' AND sk='1'"),
                statement("SELECT x FROM UUU WHERE pk='a' AND sk='1'")]}),
            vec![("PartiQLSelect", T), ("PartiQLSelect", U)],
        ),
        ("ExecuteStatement", statement("SELECT * FROM TTT.GGG WHERE g='a'"), vec![("PartiQLSelect", G)]),
        ("ExecuteStatement", statement("UPDATE TTT SET x='z' WHERE pk='a' AND sk='1'"), vec![("PartiQLUpdate", T)]),
        ("Scan", json!({"TableName": "TTT", "IndexName": "GGG"}), vec![("Scan", G)]),
        (
            "Query",
            json!({"TableName": T, "IndexName": "GGG", "KeyConditionExpression": "g = :g AND h = :h",
                "ExpressionAttributeValues": {":g": {"S": "a"}, ":h": {"B": "AQI="}}}),
            vec![("Query", G)],
        ),
    ]
}

fn statements<'a>(asks: impl Iterator<Item = &'a Asked>) -> Vec<Value> {
    asks.map(|(action, resource)| allow(&format!("dynamodb:{action}"), resource)).collect()
}

#[test]
fn one_denial_refuses_the_whole() {
    let pipeline = TestPipeline::new();
    for (operation, body, asks) in cases() {
        let body = body.to_string();
        let before = pipeline.rows();
        for missing in &asks {
            pipeline.user(ACCOUNT, "most", &statements(asks.iter().filter(|asked| *asked != missing)));
            let answer = pipeline.call(by("most"), operation, &body);
            let (action, resource) = missing;
            let expected = format!(
                "User: arn:aws:iam::{ACCOUNT}:user/most is not authorized to perform: dynamodb:{action} on resource: \
                 {resource} because no identity-based policy allows the dynamodb:{action} action"
            );
            assert_eq!((answer.kind.as_str(), answer.message), ("AccessDeniedException", expected), "{operation}");
            assert_eq!(pipeline.rows(), before, "{operation}");
        }
    }
    // Last, for they change what the others find.
    for (operation, body, asks) in cases() {
        let pipeline = TestPipeline::new();
        pipeline.user(ACCOUNT, "all", &statements(asks.iter()));
        let answer = pipeline.call(by("all"), operation, &body.to_string());
        // PartiQL reads no index with a key of several attributes, which it says to a caller that may read the index.
        let is_refused_index = body["Statement"].as_str().is_some_and(|text| text.contains("GGG"));
        assert_eq!(answer.status, if is_refused_index { 400 } else { 200 }, "{operation}: {}", answer.body);
        assert!(answer.status == 200 || answer.message.contains("multi-attribute HASH keys"), "{}", answer.message);
    }
}

#[test]
fn a_batch_of_statements_refuses_those_that_are_denied() {
    let pipeline = TestPipeline::new();
    pipeline.user(ACCOUNT, "some", &[allow("dynamodb:PartiQL*", T)]);
    let body = json!({"Statements": [
        {"Statement": "INSERT INTO TTT VALUE {'pk':'c','sk':'1'}"},
        {"Statement": "INSERT INTO UUU VALUE {'pk':'c','sk':'1'}"},
        {"Statement": "INSERT INTO"},
        {"Statement": "DELETE FROM TTT WHERE pk='a' AND sk='1'"}]});
    let answer = pipeline.call(by("some"), "BatchExecuteStatement", &body.to_string());
    let code = |at: usize| answer.body["Responses"][at]["Error"]["Code"].clone();
    assert_eq!(
        [code(0), code(1), code(2), code(3)],
        [json!(null), json!("AccessDenied"), json!("ValidationError"), json!(null)]
    );
    let found = |table: &str, pk: &str| {
        !pipeline.root("GetItem", &json!({"TableName": table, "Key": key(pk)}))["Item"].is_null()
    };
    assert_eq!([found("TTT", "c"), found("UUU", "c"), found("TTT", "a")], [true, false, false]);
}
