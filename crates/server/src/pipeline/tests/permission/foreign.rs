//! Members that an operation has not: no condition sees them.

use std::collections::BTreeSet;

use api::Operation;
use auth::iam::reference;
use serde_json::{Map, Value, json};

use super::test_pipeline::{ACCOUNT, T, TestPipeline, by};
use super::walk::row_of;

const MODELS: [&str; 2] = [
    include_str!("../../../../../../models/dynamodb.json"),
    include_str!("../../../../../../models/dynamodbstreams.json"),
];

/// The members of the input of every operation.
fn members() -> Map<String, Value> {
    let mut found = Map::new();
    for text in MODELS {
        let model: Value = serde_json::from_str(text).expect("a model");
        for (name, operation) in model["operations"].as_object().expect("operations") {
            let shape = operation["input"]["shape"].as_str().expect("an input");
            found.insert(name.clone(), model["shapes"][shape]["members"].clone());
        }
    }
    found
}

/// What a member might say if it were read.
fn said(member: &str) -> Value {
    let key = json!({"pk": {"S": "a"}, "sk": {"S": "1"}});
    match member {
        "Tags" => json!([{"Key": "k", "Value": "v"}]),
        "TagKeys" | "AttributesToGet" => json!(["k"]),
        "Select" => json!("COUNT"),
        "ReturnValues" => json!("ALL_OLD"),
        "ReturnConsumedCapacity" => json!("TOTAL"),
        "Key" | "Item" | "ExclusiveStartKey" => key,
        "IndexName" => json!("GGG"),
        "Statement" => json!("SELECT * FROM TTT"),
        "Statements" | "TransactStatements" => json!([{"Statement": "SELECT * FROM TTT"}]),
        "TransactItems" => json!([{"Get": {"TableName": "TTT", "Key": key}}]),
        "RequestItems" => json!({"TTT": {"Keys": [key]}}),
        _ => json!("k"),
    }
}

#[test]
fn no_member_of_another_operation_is_seen() {
    let pipeline = TestPipeline::new();
    let members = members();
    let all: BTreeSet<&String> =
        members.values().filter_map(Value::as_object).flatten().map(|(name, _)| name).collect();
    let own_keys = reference::actions().iter().filter(|action| action.name.starts_with("dynamodb:"));
    let keys: BTreeSet<&str> = own_keys.flat_map(|action| action.condition_keys).copied().collect();
    assert!(keys.len() > 8 && all.len() > 60, "{} {}", keys.len(), all.len());
    for operation in Operation::ALL.iter().copied() {
        let Some(row) = row_of(&pipeline, operation) else { continue };
        let mut body = row.body.clone();
        for member in all.iter().filter(|member| members[operation.name()].get(member.as_str()).is_none()) {
            body[member.as_str()] = said(member);
        }
        for key in &keys {
            let key = key.replace("${TagKey}", "k");
            let can_have = |(action, _): &(&str, String)| {
                reference::can_have(&format!("dynamodb:{action}"), T, &key.to_lowercase())
            };
            if row.asks.iter().any(can_have) {
                continue;
            }
            let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"Null": {key.as_str(): "false"}}});
            pipeline.user(ACCOUNT, "user", &[statement]);
            let answer = pipeline.call(by("user"), operation.name(), &body.to_string());
            // A batch of statements says it of its statement.
            let is_denied = answer.body.to_string().contains("is not authorized to perform: dynamodb:");
            assert!(is_denied, "{operation} shows {key}: {}", answer.body);
        }
    }
}
