//! Every operation's request, made from the service model: what the model allows is read, what it requires is missed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::*;

struct Model(Vec<Value>);

impl Model {
    fn load() -> Model {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let read = |name: &str| std::fs::read(folder.join(name)).expect("a model");
        let files = ["dynamodb.json", "dynamodbstreams.json"];
        Model(files.map(|name| serde_json::from_slice(&read(name)).expect("JSON")).to_vec())
    }

    fn inputs(&self) -> BTreeMap<Operation, &str> {
        let operations = self.0.iter().flat_map(|file| file["operations"].as_object().expect("operations"));
        operations
            .map(|(name, operation)| {
                let input = operation["input"]["shape"].as_str().expect("an input");
                (Operation::from_name(name).expect("known"), input)
            })
            .collect()
    }

    fn shape(&self, name: &str) -> &Value {
        self.0.iter().find_map(|file| file["shapes"].get(name)).expect("a shape")
    }

    /// A value that satisfies the shape, with every member there.
    fn sample(&self, name: &str) -> Value {
        let shape = self.shape(name);
        let part = |key: &str| self.sample(shape[key]["shape"].as_str().expect("a part"));
        let min = shape["min"].as_u64().unwrap_or(1);
        match shape["type"].as_str().expect("a type") {
            _ if name == "AttributeValue" => json!({"S": "a"}),
            "structure" => {
                let members = shape["members"].as_object().expect("members").iter();
                let sample = |member: &Value| self.sample(member["shape"].as_str().expect("a shape"));
                Value::Object(members.map(|(name, member)| (name.clone(), sample(member))).collect())
            }
            "list" => Value::Array((0..min).map(|_| part("member")).collect()),
            "map" => {
                let key = part("key").as_str().expect("a text").to_owned();
                Value::Object(Map::from_iter([(key, part("value"))]))
            }
            "string" => text(name, shape, min as usize),
            "boolean" => json!(true),
            "integer" | "long" => json!(min),
            "double" => json!(0.5),
            "timestamp" => json!(1_700_000_000.5),
            other => panic!("no sample of {other}"),
        }
    }
}

fn text(name: &str, shape: &Value, min: usize) -> Value {
    let own = match name {
        "CsvDelimiter" => ",",
        "S3Bucket" => "bucket",
        "S3BucketOwner" => "012345678901",
        // Bounded more narrowly where it is a name.
        "TableArn" => "aaa",
        _ => "",
    };
    match shape["enum"].get(0) {
        Some(word) => word.clone(),
        None if !own.is_empty() => json!(own),
        None if name.ends_with("NextToken") => json!("a".repeat(min.next_multiple_of(16))),
        None => json!("a".repeat(min)),
    }
}

#[test]
fn full_requests_are_read() {
    let model = Model::load();
    let inputs = model.inputs();
    assert_eq!(inputs.len(), Operation::ALL.len());
    for (operation, input) in inputs {
        let body = model.sample(input).to_string();
        check(operation, &body, "ok");
    }
}

#[test]
fn every_required_member_is_missed() {
    let model = Model::load();
    for (operation, input) in model.inputs() {
        let required = model.shape(input)["required"].as_array().cloned().unwrap_or_default();
        for member in required.iter().map(|member| member.as_str().expect("a name")) {
            let mut body = model.sample(input);
            body.as_object_mut().expect("a structure").remove(member);
            let lower = context::lower_camel(member);
            let expected = match member {
                "RequestItems" => format!("The requestItems parameter is required for {operation}"),
                "TableName" if operation == Operation::CreateTable => {
                    "The parameter 'TableName' is required but was not present in the request".to_owned()
                }
                _ => format!(
                    "1 validation error detected: Value null at '{lower}' failed to satisfy constraint: Member must not be \
                     null"
                ),
            };
            check(operation, &body.to_string(), &expected);
        }
    }
}

#[test]
fn every_member_is_known_by_its_name() {
    // A token that no type accepts reveals whether a member is read. Null means none.
    let model = Model::load();
    for (operation, input) in model.inputs() {
        for (member, reference) in model.shape(input)["members"].as_object().expect("members") {
            let kind = model.shape(reference["shape"].as_str().expect("a shape"))["type"].as_str();
            let wrong = if matches!(kind, Some("list" | "map" | "structure")) { json!(1) } else { json!({}) };
            let body = json!({ member.as_str(): wrong }).to_string();
            let said = verdict(operation, body.as_bytes());
            assert!(matches!(said, Err(Exception::Serialization(ref text)) if !text.is_empty()), "{operation} {body}");
        }
    }
}
