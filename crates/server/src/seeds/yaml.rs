//! YAML of templates as JSON's values. CloudFormation's short tags (`!Sub x`) become its functions (`{"Fn::Sub": "x"}`).
//!
//! Aliases are refused, as CloudFormation does: with them a short text can be a huge value.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

/// Lists and maps within each other.
const DEPTH_MAX: usize = 128;

/// A list or a map that has begun.
struct Open {
    value: Value,
    tag: Option<String>,
    /// Of a map whose value comes next.
    key: Option<String>,
}

/// # Errors
/// A sentence about the first thing that cannot be read.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| format!("it is no YAML: {error}"))?;
        let done = match event {
            Event::SequenceStart(_, tag) => begin(&mut open, json!([]), tag.as_deref())?,
            Event::MappingStart(_, tag) => begin(&mut open, json!({}), tag.as_deref())?,
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|Open { value, tag, .. }| called(tag, value)),
            Event::Scalar(text, style, _, tag) => {
                Some(called(function(tag.as_deref()), scalar(&text, style, tag.as_deref())))
            }
            Event::Alias(_) => return Err("it has an alias (*name), which templates do not have".to_owned()),
            Event::DocumentStart(_) if whole.is_some() => return Err("it has more than one document".to_owned()),
            _ => None,
        };
        let Some(done) = done else { continue };
        match open.last_mut() {
            Some(outer) => add(outer, done)?,
            None => whole = Some(done),
        }
    }
    whole.ok_or_else(|| "it is empty".to_owned())
}

fn begin(open: &mut Vec<Open>, value: Value, tag: Option<&Tag>) -> Result<Option<Value>, String> {
    if open.len() >= DEPTH_MAX {
        return Err(format!("it is more than {DEPTH_MAX} deep"));
    }
    open.push(Open { value, tag: function(tag), key: None });
    Ok(None)
}

fn add(outer: &mut Open, value: Value) -> Result<(), String> {
    match (&mut outer.value, outer.key.take()) {
        (Value::Array(values), _) => values.push(value),
        (Value::Object(members), Some(key)) if members.contains_key(&key) => {
            return Err(format!("{} is twice in one map", base::visible(&key)));
        }
        (Value::Object(members), Some(key)) => _ = members.insert(key, value),
        (Value::Object(_), None) => {
            outer.key = Some(match value {
                Value::String(key) => key,
                Value::Number(key) => key.to_string(),
                Value::Bool(key) => key.to_string(),
                _ => return Err("a key of a map is no text".to_owned()),
            });
        }
        _ => {}
    }
    Ok(())
}

/// The function of a short tag.
fn function(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!" && !tag.suffix.is_empty())?;
    Some(match tag.suffix.as_str() {
        "Ref" | "Condition" => tag.suffix.clone(),
        name => format!("Fn::{name}"),
    })
}

fn called(function: Option<String>, value: Value) -> Value {
    match function {
        Some(function) => Value::Object(Map::from_iter([(function, value)])),
        None => value,
    }
}

/// Of YAML 1.2's core schema.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = tag.is_some_and(|tag| function(Some(tag)).is_some() || tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return json!(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => json!(true),
        "false" | "False" | "FALSE" => json!(false),
        number => number.parse::<serde_json::Number>().map_or_else(|_| json!(number), Value::Number),
    }
}
