//! Proof: requests that name very many attributes or indexes take time in proportion to what they name, and not to its
//! product with itself or with the item. Each takes well under a second; grown with the product it would take minutes.

use std::time::{Duration, Instant};

use api::Operation;
use serde_json::{Map, Value, json};

use crate::test_service::TestService;

/// Names in one request.
const NAMES: usize = 20_000;
/// Attributes of the stored item: as many as its size allows, about.
const ATTRIBUTES: usize = 12_000;
/// No measurement: only a request that hangs takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn wide_requests() {
    let service = TestService::new();
    let send = |operation: Operation, body: Value| {
        let start = Instant::now();
        let answer = service.call(operation, body.to_string().as_bytes());
        assert!(start.elapsed() < PATIENCE, "{operation} took {:?}", start.elapsed());
        assert!(matches!(answer.status, 200 | 400), "{operation}: {}", answer.body);
        answer
    };
    let mut item = of_names(ATTRIBUTES, &json!({"NULL": true}));
    item["pk"] = json!({"S": "wide"});
    let key = json!({"pk": {"S": "wide"}});
    let put = send(Operation::PutItem, json!({"TableName": "plain", "Item": item}));
    assert_eq!(put.status, 200, "{}", put.body);

    let mut names: Vec<Value> = (0..NAMES).map(|at| json!(name(at))).collect();
    names.reverse();
    let got = send(Operation::GetItem, json!({"TableName": "plain", "Key": key, "AttributesToGet": names}));
    assert_eq!(got.body["Item"].as_object().map(Map::len), Some(ATTRIBUTES));
    let absent = json!({"ComparisonOperator": "NULL"});
    let filter = of_names_from(ATTRIBUTES, NAMES, &absent);
    let scanned = send(Operation::Scan, json!({"TableName": "plain", "ScanFilter": filter}));
    assert_eq!(scanned.body["Count"], 1);
    let equal = json!({"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "wide"}]}});
    let found = send(Operation::Query, json!({"TableName": "plain", "KeyConditions": equal, "QueryFilter": filter}));
    assert_eq!(found.body["Count"], 1);
    let expected = of_names_from(ATTRIBUTES, NAMES, &json!({"Exists": false}));
    let deletions = of_names(NAMES, &json!({"Action": "DELETE"}));
    let update = json!({"TableName": "plain", "Key": key, "Expected": expected, "AttributeUpdates": deletions});
    assert_eq!(send(Operation::UpdateItem, update).status, 200);
    let additions = of_names(NAMES, &json!({"Value": {"S": "too much for one item"}}));
    let update = json!({"TableName": "plain", "Key": key, "AttributeUpdates": additions});
    assert_eq!(send(Operation::UpdateItem, update).status, 400);
    let deletions: Vec<Value> = (0..NAMES).map(|at| json!({"Delete": {"IndexName": name(at)}})).collect();
    let update = json!({"TableName": "plain", "GlobalSecondaryIndexUpdates": deletions});
    assert_eq!(send(Operation::UpdateTable, update).status, 400);
}

fn name(at: usize) -> String {
    format!("n{at:05}")
}

fn of_names(count: usize, value: &Value) -> Value {
    of_names_from(0, count, value)
}

fn of_names_from(start: usize, end: usize, value: &Value) -> Value {
    Value::Object((start..end).map(|at| (name(at), value.clone())).collect())
}
