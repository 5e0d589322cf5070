//! An Ion value as an item.
//!
//! A string is S, a blob is B, and ints, decimals and floats are N. A list with the annotation of a set is that set.

use std::collections::BTreeMap;

use model::limits::NESTING_MAX;
use model::{AttributeValue, Attributes, Number};

use super::tree::{Data, IonValue};
use crate::read::value::{EMPTY_NAME, Problems, TOO_DEEP};
use crate::read::{Put, RecordCondition};

const CONDITION_SHAPE: &str = "a condition of an Ion value is not made of strings and values";

/// The item of a value, or why it has no valid one; with its condition, if that is asked for.
///
/// # Errors
/// Why the value cannot be read as a record.
pub(super) fn record(value: IonValue, has_conditions: bool) -> Result<Result<Put, String>, String> {
    let Data::Struct(fields) = value.data else { return Err("an Ion value is no struct".to_owned()) };
    let (mut item, mut condition, mut problems) = (None, RecordCondition::default(), Problems::default());
    // Of fields with one name the last one counts.
    for (name, field) in fields {
        match name.as_str() {
            "Item" => item = Some(field.data),
            "ConditionExpression" if has_conditions => condition.expression = text(field)?,
            "ExpressionAttributeNames" if has_conditions => condition.names = names(field)?,
            "ExpressionAttributeValues" if has_conditions => condition.values = values(field, &mut problems)?,
            _ => {}
        }
    }
    let Some(Data::Struct(fields)) = item else { return Err("an Ion value has no field Item".to_owned()) };
    let item = map(fields, 1, &mut problems)?;
    Ok(problems.verdict(Put { item, condition: condition.boxed() }))
}

/// A null is an absent member, as in JSON.
fn text(field: IonValue) -> Result<Option<String>, String> {
    match field.data {
        Data::Null => Ok(None),
        Data::Text(text) => Ok(Some(text)),
        _ => Err(CONDITION_SHAPE.to_owned()),
    }
}

fn names(field: IonValue) -> Result<Option<BTreeMap<String, String>>, String> {
    let fields = match field.data {
        Data::Null => return Ok(None),
        Data::Struct(fields) => fields,
        _ => return Err(CONDITION_SHAPE.to_owned()),
    };
    let name = |(placeholder, name)| text(name)?.map(|name| (placeholder, name)).ok_or(CONDITION_SHAPE.to_owned());
    fields.into_iter().map(name).collect::<Result<_, _>>().map(Some)
}

fn values(field: IonValue, problems: &mut Problems) -> Result<Option<Attributes>, String> {
    match field.data {
        Data::Null => Ok(None),
        Data::Struct(fields) => map(fields, 1, problems).map(Some),
        _ => Err(CONDITION_SHAPE.to_owned()),
    }
}

fn map(fields: Vec<(String, IonValue)>, level: usize, problems: &mut Problems) -> Result<Attributes, String> {
    let mut entries = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        if name.is_empty() {
            problems.note(EMPTY_NAME);
        }
        entries.push((name, attribute(value, level, problems)?));
    }
    Ok(Attributes::from_unsorted(entries))
}

fn attribute(value: IonValue, level: usize, problems: &mut Problems) -> Result<AttributeValue, String> {
    if level > NESTING_MAX {
        problems.note(TOO_DEEP);
        return Ok(AttributeValue::Null);
    }
    Ok(match value.data {
        Data::Null => AttributeValue::Null,
        Data::Bool(value) => AttributeValue::Bool(value),
        Data::Number(text) => AttributeValue::N(problems.number(&text)),
        Data::Text(text) => AttributeValue::S(text),
        Data::Blob(bytes) => AttributeValue::B(bytes),
        Data::Struct(fields) => AttributeValue::M(map(fields, level + 1, problems)?),
        Data::List(elements) => match value.annotations.iter().find_map(|name| name.strip_prefix("$dynamodb_")) {
            Some("SS") => problems.strings(elements.into_iter().map(string).collect::<Result<_, _>>()?),
            Some("NS") => {
                let numbers = elements.into_iter().map(|element| number(element, problems));
                let numbers = numbers.collect::<Result<_, _>>()?;
                problems.numbers(numbers)
            }
            Some("BS") => problems.binaries(elements.into_iter().map(blob).collect::<Result<_, _>>()?),
            _ => {
                let elements = elements.into_iter().map(|element| attribute(element, level + 1, problems));
                AttributeValue::L(elements.collect::<Result<_, _>>()?)
            }
        },
        Data::Symbol(_) => return Err("an attribute is an Ion symbol, which is no attribute value".to_owned()),
        Data::Other(kind) => return Err(format!("an attribute is an Ion {kind}, which is no attribute value")),
    })
}

fn string(element: IonValue) -> Result<String, String> {
    match element.data {
        Data::Text(text) => Ok(text),
        _ => Err("an element of a string set is no string".to_owned()),
    }
}

fn number(element: IonValue, problems: &mut Problems) -> Result<Number, String> {
    match element.data {
        Data::Number(text) => Ok(problems.number(&text)),
        _ => Err("an element of a number set is no number".to_owned()),
    }
}

fn blob(element: IonValue) -> Result<Vec<u8>, String> {
    match element.data {
        Data::Blob(bytes) => Ok(bytes),
        _ => Err("an element of a binary set is no blob".to_owned()),
    }
}
