//! Requests of the Query protocol: `UserName=ada&Tags.member.1.Key=k`.
//!
//! A list is `Name.member.N`, and `Name.N` if it is flat; a map `Name.entry.N.key` and `.value`. A list's parts are in the order
//! of their numbers, which need not follow each other. `Name=` alone is an empty list or map.

use super::{DecodeError, Reader, scalar};
use crate::decode_error::Expected;
use crate::form::Parameters;
use crate::shape::{HttpBindings, Member, Shape, ShapeIndex};
use crate::value::{Structure, Value, place};

/// # Errors
/// If a parameter has another type than its member.
pub(super) fn decode(reader: &Reader, input: ShapeIndex, form: &Parameters) -> Result<Structure, DecodeError> {
    Decoder { reader, form }.structure(reader.members(input), "", 0)
}

struct Decoder<'r> {
    reader: &'r Reader,
    form: &'r Parameters,
}

impl Decoder<'_> {
    fn structure(&self, members: &'static [Member], prefix: &str, depth: usize) -> Result<Structure, DecodeError> {
        let mut structure = Structure::default();
        for (at, member) in members.iter().enumerate() {
            let Some(name) = member.body_name(HttpBindings::Ignored) else { continue };
            if let Some(value) = self.value(member.shape, member.name, &format!("{prefix}{name}"), depth + 1)? {
                structure.put(place(at), value);
            }
        }
        Ok(structure)
    }

    /// Refuses parameters at and below a member's name that its shape does not have. They are not ignored as unknown members are: a
    /// request whose list of session policies is misspelt would be executed without them.
    fn check_form(&self, shape: &Shape, member: &'static str, name: &str) -> Result<(), DecodeError> {
        let has_text = || self.form.get(name).is_some_and(|text| !text.is_empty());
        let fits = match shape {
            Shape::Structure { .. } => !has_text(),
            Shape::List { is_flat: true, .. } | Shape::Map { is_flat: true, .. } => {
                !has_text() && self.form.has_numbers_below(name, "")
            }
            Shape::List { item_name, .. } => !has_text() && self.form.has_numbers_below(name, &format!("{item_name}.")),
            Shape::Map { .. } => !has_text() && self.form.has_numbers_below(name, "entry."),
            _ => !self.form.has_below(name),
        };
        if fits { Ok(()) } else { Err(DecodeError::Type { member, expected: Expected::Other }) }
    }

    /// The value at a name of the form; `None` if there is nothing at it or below it.
    fn value(
        &self,
        index: ShapeIndex,
        member: &'static str,
        name: &str,
        depth: usize,
    ) -> Result<Option<Value>, DecodeError> {
        let shape = self.reader.shape(index);
        let is_empty = || self.form.get(name) == Some("");
        self.check_form(shape, member, name)?;
        match shape {
            // Shapes that hold themselves end here, for nothing is below the name.
            Shape::Structure { members, .. } => {
                if !self.form.has_below(name) {
                    return Ok(None);
                }
                self.reader.count(depth)?;
                self.structure(members, &format!("{name}."), depth).map(|structure| Some(Value::Structure(structure)))
            }
            Shape::List { item, item_name, is_flat, .. } => {
                let prefix = if *is_flat { format!("{name}.") } else { format!("{name}.{item_name}.") };
                let numbers = self.form.numbers_below(&prefix);
                if numbers.is_empty() && !is_empty() {
                    return Ok(None);
                }
                self.reader.count(depth)?;
                let items = numbers.into_iter().map(|number| {
                    let item = self.value(*item, member, &format!("{prefix}{number}"), depth + 1)?;
                    // Its number is in a name, so nothing at it is of another shape.
                    item.ok_or(DecodeError::Type { member, expected: Expected::Other })
                });
                items.collect::<Result<Vec<_>, _>>().map(|items| Some(Value::List(items)))
            }
            Shape::Map { key, value, is_flat, .. } => {
                let prefix = if *is_flat { format!("{name}.") } else { format!("{name}.entry.") };
                let numbers = self.form.numbers_below(&prefix);
                if numbers.is_empty() && !is_empty() {
                    return Ok(None);
                }
                self.reader.count(depth)?;
                let mut entries = Vec::new();
                for number in numbers {
                    let at = |part: &str| format!("{prefix}{number}.{part}");
                    let key = self.value(*key, member, &at("key"), depth + 1)?;
                    let value = self.value(*value, member, &at("value"), depth + 1)?;
                    let (Some(Value::Text(key)), Some(value)) = (key, value) else {
                        return Err(DecodeError::Type { member, expected: Expected::Other });
                    };
                    entries.push((key, value));
                }
                super::keep_last(&mut entries);
                Ok(Some(Value::Map(entries)))
            }
            _ => {
                let Some(text) = self.form.get(name) else { return Ok(None) };
                self.reader.count(depth)?;
                scalar::parse(shape, member, text).map(Some)
            }
        }
    }
}
