//! An Ion value as an item.
//!
//! A string is S, a blob is B, and ints, decimals and floats are N. A list with the annotation of a set is that set.

use model::limits::NESTING_MAX;
use model::{AttributeValue, Attributes, Number};

use super::tree::{Data, IonValue};
use crate::read::value::{EMPTY_NAME, Problems, TOO_DEEP};

/// The item of a value, or why it has no valid one.
///
/// # Errors
/// Why the value cannot be read as an item.
pub(super) fn item(value: IonValue) -> Result<Result<Attributes, String>, String> {
    let Data::Struct(fields) = value.data else { return Err("an Ion value is no struct".to_owned()) };
    let item = fields.into_iter().rev().find(|(name, _)| name == "Item").map(|(_, item)| item.data);
    let Some(Data::Struct(fields)) = item else { return Err("an Ion value has no field Item".to_owned()) };
    let mut problems = Problems::default();
    let item = map(fields, 1, &mut problems)?;
    Ok(problems.verdict(item))
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
