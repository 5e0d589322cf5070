//! The AWS service model, as the requests are made from it and the answers are held against it.

use std::path::Path;

use api::Operation;
use serde_json::{Map, Value};

pub(crate) struct Model {
    files: Vec<Value>,
}

/// Exceptions that have no shape in the model: those of the front end that all AWS services share.
const SHARED_EXCEPTIONS: &[&str] =
    &["AccessDeniedException", "SerializationException", "UnknownOperationException", "ValidationException"];

impl Model {
    pub(crate) fn load() -> Model {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let read = |name: &str| std::fs::read(folder.join(name)).expect("a model");
        let files = ["dynamodb.json", "dynamodbstreams.json"];
        Model { files: files.map(|name| serde_json::from_slice(&read(name)).expect("JSON")).to_vec() }
    }

    fn operation(&self, operation: Operation) -> &Value {
        self.files.iter().find_map(|file| file["operations"].get(operation.name())).expect("an operation of the model")
    }

    pub(crate) fn input(&self, operation: Operation) -> &str {
        self.operation(operation)["input"]["shape"].as_str().expect("an input")
    }

    pub(crate) fn shape(&self, name: &str) -> &Value {
        self.files.iter().find_map(|file| file["shapes"].get(name)).expect("a shape of the model")
    }

    pub(crate) fn members(&self, shape: &str) -> &Map<String, Value> {
        self.shape(shape)["members"].as_object().expect("members")
    }

    pub(crate) fn is_required(&self, shape: &str, member: &str) -> bool {
        let required = self.shape(shape)["required"].as_array();
        required.is_some_and(|names| names.iter().any(|name| name == member))
    }

    /// What is wrong with an operation's answer, if anything is.
    pub(crate) fn judge_answer(&self, operation: Operation, answer: &Value) -> Result<(), String> {
        match self.operation(operation)["output"]["shape"].as_str() {
            Some(shape) => self.judge(shape, answer),
            None => Err("an answer of an operation that has none".to_owned()),
        }
    }

    fn judge(&self, name: &str, value: &Value) -> Result<(), String> {
        let shape = self.shape(name);
        let wrong = || Err(format!("{value} is no {name}"));
        let part = |key: &str| shape[key]["shape"].as_str().expect("a part");
        match (shape["type"].as_str().expect("a type"), value) {
            ("structure", Value::Object(members)) => members.iter().try_for_each(|(member, value)| {
                let own = shape["members"].get(member).ok_or_else(|| format!("{name} has no {member}"))?;
                self.judge(own["shape"].as_str().expect("a shape"), value)
            }),
            ("list", Value::Array(list)) => list.iter().try_for_each(|element| self.judge(part("member"), element)),
            ("map", Value::Object(members)) => members.values().try_for_each(|value| self.judge(part("value"), value)),
            ("string", Value::String(_)) => match shape["enum"].as_array() {
                Some(words) if !words.contains(value) => wrong(),
                _ => Ok(()),
            },
            ("blob", Value::String(text)) if base64_simd::STANDARD.decode_to_vec(text).is_ok() => Ok(()),
            ("boolean", Value::Bool(_)) | ("double" | "timestamp", Value::Number(_)) => Ok(()),
            ("integer" | "long", Value::Number(number)) if number.is_i64() => Ok(()),
            _ => wrong(),
        }
    }

    /// What is wrong with a refusal's body, if anything is.
    pub(crate) fn judge_refusal(&self, refusal: &Value) -> Result<(), String> {
        let kind = refusal["__type"].as_str().and_then(|kind| kind.split_once('#')).map(|(_, kind)| kind);
        let Some(kind) = kind else { return Err(format!("{refusal} has no type")) };
        let shape = self.files.iter().find_map(|file| file["shapes"].get(kind));
        if !shape.map_or(SHARED_EXCEPTIONS.contains(&kind), |shape| shape["exception"] == true) {
            return Err(format!("{kind} is no exception of the model"));
        }
        let text = refusal.get("message").or_else(|| refusal.get("Message"));
        match text.and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Ok(()),
            // These two say nothing.
            _ if matches!(kind, "UnknownOperationException" | "SerializationException") => Ok(()),
            _ => Err(format!("{refusal} says nothing")),
        }
    }
}
