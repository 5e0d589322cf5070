//! Requests of REST JSON: members are in the path, in the query string and in a JSON body; and members of answers that are
//! headers.

use super::{DecodeError, Reader, expected, json, scalar};
use crate::shape::{HttpBindings, Place, Shape, ShapeIndex};
use crate::value::{Structure, Value, place};

/// # Errors
/// If a member has another type than its shape.
pub(super) fn decode(
    reader: &Reader,
    input: ShapeIndex,
    labels: &[(&'static str, String)],
    query: &str,
    body: &[u8],
) -> Result<Structure, DecodeError> {
    let members = reader.members(input);
    // A request without members in its body may have any body.
    let has_body = members.iter().any(|member| member.body_name(HttpBindings::Used).is_some());
    let mut structure = if has_body { json::decode(reader, input, body)? } else { Structure::default() };
    for (at, member) in members.iter().enumerate() {
        let shape = reader.shape(member.shape);
        let value = match member.place {
            Place::Uri(name) => {
                let label = labels.iter().find(|(label, _)| *label == name);
                label.map(|(_, text)| scalar::parse(shape, member.name, text)).transpose()?
            }
            Place::Query(name) => of_query(reader, shape, member.name, query, name)?,
            Place::Body | Place::Named(_) | Place::Header(_) => None,
        };
        if let Some(value) = value {
            reader.count(0)?;
            structure.put(place(at), value);
        }
    }
    Ok(structure)
}

/// A list has each value of its parameter. A scalar has one: two are no value of its shape.
fn of_query(
    reader: &Reader,
    shape: &Shape,
    member: &'static str,
    query: &str,
    name: &str,
) -> Result<Option<Value>, DecodeError> {
    let mut values = pairs(query).filter(|(parameter, _)| parameter == name).map(|(_, value)| value);
    let Shape::List { item, .. } = shape else {
        let value = values.next().map(|text| scalar::parse(shape, member, &text)).transpose()?;
        let is_alone = values.next().is_none();
        return if is_alone { Ok(value) } else { Err(DecodeError::Type { member, expected: expected(shape) }) };
    };
    let items = values.map(|text| {
        reader.count(1)?;
        scalar::parse(reader.shape(*item), member, &text)
    });
    let items = items.collect::<Result<Vec<_>, _>>()?;
    Ok((!items.is_empty()).then_some(Value::List(items)))
}

/// Names and values, decoded. What is no UTF-8 afterwards names nothing that there is.
fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| base::percent_decoded_text(&text.replace('+', " ")).into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

pub(super) fn headers(
    shapes: &'static [Shape],
    output: ShapeIndex,
    structure: &Structure,
) -> Vec<(&'static str, String)> {
    let members = super::members(shapes, output).iter().enumerate();
    let header = |(at, member): (usize, &crate::shape::Member)| match (member.place, structure.get(place(at))?) {
        (Place::Header(name), Value::Text(text)) => Some((name, text.clone())),
        (Place::Header(name), Value::Integer(number)) => Some((name, number.to_string())),
        (Place::Header(name), Value::Boolean(flag)) => Some((name, flag.to_string())),
        _ => None,
    };
    members.filter_map(header).collect()
}
