//! JSON bodies of AWS JSON and REST JSON. A member that is null is one that is not there.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{DecodeError, Reader, Writer, expected, members, scalar};
use crate::shape::{HttpBindings, Member, Shape, ShapeIndex};
use crate::value::{Structure, Timestamp, Value, place};

/// An empty body has no members.
///
/// # Errors
/// If the body is no JSON object, or a member has another type than its shape.
pub(super) fn decode(reader: &Reader, input: ShapeIndex, body: &[u8]) -> Result<Structure, DecodeError> {
    if body.is_empty() {
        return Ok(Structure::default());
    }
    let failure = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let seed = Seed { reader, failure: &failure, shape: reader.shape(input), member: "", depth: 0 };
    let decoded = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match decoded {
        Ok(Some(Value::Structure(structure))) => Ok(structure),
        // A failure of the top itself has no member.
        _ => Err(failure.take().filter(|failure| !is_of_top(failure)).unwrap_or(DecodeError::Malformed)),
    }
}

fn is_of_top(failure: &DecodeError) -> bool {
    matches!(failure, DecodeError::Type { member, .. } if member.is_empty())
}

/// Reads one value of a shape; `None` for null.
#[derive(Clone, Copy)]
struct Seed<'r> {
    reader: &'r Reader,
    /// What was wrong: errors of `serde` are texts.
    failure: &'r RefCell<Option<DecodeError>>,
    shape: &'static Shape,
    member: &'static str,
    depth: usize,
}

impl<'r> Seed<'r> {
    fn below(self, shape: ShapeIndex) -> Seed<'r> {
        Seed { shape: self.reader.shape(shape), depth: self.depth + 1, ..self }
    }

    fn fail<E: serde::de::Error>(self, failure: DecodeError) -> E {
        *self.failure.borrow_mut() = Some(failure);
        E::custom("no request")
    }

    fn misfit<E: serde::de::Error>(self) -> E {
        self.fail(DecodeError::Type { member: self.member, expected: expected(self.shape) })
    }

    fn some<E: serde::de::Error>(self, value: Option<Value>) -> Result<Option<Value>, E> {
        value.map(Some).ok_or_else(|| self.misfit())
    }

    fn number<E: serde::de::Error>(self, number: f64) -> Result<Option<Value>, E> {
        self.some(match self.shape {
            Shape::Double => Some(Value::Double(number)),
            Shape::Timestamp => scalar::timestamp(number),
            // `5.0` is an integer, too.
            Shape::Integer(_) | Shape::Long(_) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some(Value::Integer(number as i64))
            }
            _ => None,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        self.reader.count(self.depth).map_err(|error| self.fail(error))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the member's type")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Option<Value>, E> {
        self.some(matches!(self.shape, Shape::Boolean).then_some(Value::Boolean(flag)))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Option<Value>, E> {
        match self.shape {
            Shape::Integer(_) | Shape::Long(_) => Ok(Some(Value::Integer(number))),
            _ => self.number(number as f64),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Option<Value>, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => self.number(number as f64),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Option<Value>, E> {
        self.number(number)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Option<Value>, E> {
        self.some(match self.shape {
            Shape::Text { .. } | Shape::Words(_) => Some(Value::Text(text.to_owned())),
            Shape::Blob(_) => scalar::blob(text),
            Shape::Double => scalar::double(text).map(Value::Double),
            Shape::Timestamp => base::utc::parse_rfc3339(text).map(|ms| Value::Timestamp(Timestamp(ms))),
            _ => None,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<Value>, A::Error> {
        let Shape::List { item, .. } = self.shape else { return Err(self.misfit()) };
        let mut list = Vec::new();
        while let Some(value) = items.next_element_seed(self.below(*item))? {
            // No list here has items that are null.
            list.push(value.ok_or_else(|| self.misfit::<A::Error>())?);
        }
        Ok(Some(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Option<Value>, A::Error> {
        match self.shape {
            Shape::Structure { members, .. } => {
                let mut structure = Structure::default();
                while let Some(name) = entries.next_key::<String>()? {
                    match position(members, &name, self.reader.bindings) {
                        None => drop(entries.next_value::<IgnoredAny>()?),
                        Some((at, member)) => {
                            let seed = Seed { member: member.name, ..self.below(member.shape) };
                            // Of several the last one counts, and a null is no value.
                            match entries.next_value_seed(seed)? {
                                Some(value) => structure.put(place(at), value),
                                None => drop(structure.take(place(at))),
                            }
                        }
                    }
                }
                Ok(Some(Value::Structure(structure)))
            }
            Shape::Map { value, .. } => {
                let mut map: Vec<(String, Value)> = Vec::new();
                while let Some(key) = entries.next_key::<String>()? {
                    let value = entries.next_value_seed(self.below(*value))?;
                    map.push((key, value.ok_or_else(|| self.misfit::<A::Error>())?));
                }
                super::keep_last(&mut map);
                Ok(Some(Value::Map(map)))
            }
            _ => Err(self.misfit()),
        }
    }
}

fn position(members: &'static [Member], name: &str, bindings: HttpBindings) -> Option<(usize, &'static Member)> {
    members.iter().enumerate().find(|(_, member)| member.body_name(bindings) == Some(name))
}

pub(super) fn encode(writer: &Writer, output: ShapeIndex, structure: &Structure) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write_structure(writer, members(writer.shapes, output), structure, &mut out);
    out
}

fn write_structure(writer: &Writer, members: &[Member], structure: &Structure, out: &mut Vec<u8>) {
    let there = members
        .iter()
        .enumerate()
        .filter_map(|(at, member)| Some((member.body_name(writer.bindings)?, member.shape, structure.get(place(at))?)));
    write_object(out, there, |out, (shape, value)| write(writer, shape, value, out));
}

fn write(writer: &Writer, index: ShapeIndex, value: &Value, out: &mut Vec<u8>) {
    match (&writer.shapes[usize::from(index)], value) {
        (Shape::Structure { members, .. }, Value::Structure(structure)) => {
            write_structure(writer, members, structure, out);
        }
        (Shape::List { item, .. }, Value::List(items)) => {
            out.push(b'[');
            for (at, value) in items.iter().enumerate() {
                out.extend_from_slice(if at > 0 { b"," } else { b"" });
                write(writer, *item, value, out);
            }
            out.push(b']');
        }
        (Shape::Map { value: of_value, .. }, Value::Map(entries)) => {
            let entries = entries.iter().map(|(key, value)| (&**key, (), value));
            write_object(out, entries, |out, ((), value)| write(writer, *of_value, value, out));
        }
        (_, Value::Integer(number)) => out.extend_from_slice(number.to_string().as_bytes()),
        (_, Value::Double(number)) if number.is_finite() => {
            out.extend_from_slice(scalar::double_text(*number).as_bytes());
        }
        (_, Value::Double(number)) => write_text(out, &scalar::double_text(*number)),
        (_, Value::Boolean(flag)) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        (_, Value::Text(text)) => write_text(out, text),
        (_, Value::Blob(bytes)) => write_text(out, &base64_simd::STANDARD.encode_to_string(bytes)),
        (_, Value::Timestamp(time)) => match time.0 % 1_000 {
            0 => out.extend_from_slice((time.0 / 1_000).to_string().as_bytes()),
            ms => out.extend_from_slice(format!("{}.{ms:03}", time.0 / 1_000).as_bytes()),
        },
        // A value of another shape is a bug of the service; the answer stays JSON.
        _ => out.extend_from_slice(b"null"),
    }
}

fn write_object<'v, T>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (&'v str, T, &'v Value)>,
    mut write: impl FnMut(&mut Vec<u8>, (T, &'v Value)),
) {
    out.push(b'{');
    for (at, (name, of, value)) in members.enumerate() {
        out.extend_from_slice(if at > 0 { b"," } else { b"" });
        write_text(out, name);
        out.push(b':');
        write(out, (of, value));
    }
    out.push(b'}');
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    // Writing into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// An error, with its name where the protocol has that in the body.
pub(super) fn error(name: Option<&str>, members: &[(&str, &str)]) -> Vec<u8> {
    let mut out = b"{".to_vec();
    let named = name.map(|name| ("__type", name));
    for (at, (name, value)) in named.iter().chain(members).enumerate() {
        out.extend_from_slice(if at > 0 { b"," } else { b"" });
        write_text(&mut out, name);
        out.push(b':');
        write_text(&mut out, value);
    }
    out.push(b'}');
    out
}
