//! Attribute values: `{"S":"a"}`, one member that names the type.
//!
//! A token of the wrong kind ends the reading, as everywhere. What is well formed but no value (two types at once, a
//! text that is no number, a set with duplicates) is noted, and reported if the rest of the request is sound.

use std::fmt;

use api::validation::Broken;
use model::{AttributeValue, Attributes, Number, ValueKind};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};

use crate::constraint::Shape;
use crate::generated::shapes::MAP_ATTRIBUTE_VALUE;

use super::context::{Context, Step};
use super::defect::Defect;
use super::describe::Description;
use super::{Decode, Expected, set, structure};

const EMPTY: &str = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
const SEVERAL: &str =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";

impl Decode for AttributeValue {
    const EXPECTED: Expected = Expected::Structure;

    fn from_null(context: &mut Context) -> Option<AttributeValue> {
        context.refused(EMPTY);
        Some(AttributeValue::Null)
    }

    fn from_map<'de, A: MapAccess<'de>>(
        mut body: A,
        _: &'static Shape,
        context: &mut Context,
    ) -> Result<AttributeValue, A::Error> {
        if context.is_too_deep() {
            context.defect(Defect::TooDeep);
            // Skipped without recursion.
            while body.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(AttributeValue::Null);
        }
        let mut found: Option<(ValueKind, AttributeValue)> = None;
        while let Some(kind) = body.next_key_seed(Descriptor)? {
            let Some(kind) = kind else {
                body.next_value::<IgnoredAny>()?;
                continue;
            };
            let Some(value) = payload(kind, &mut body, context)? else { continue };
            if found.as_ref().is_some_and(|(other, _)| *other != kind) {
                context.refused(SEVERAL);
            }
            found = Some((kind, value));
        }
        let Some((_, value)) = found else {
            context.refused(EMPTY);
            return Ok(AttributeValue::Null);
        };
        Ok(value)
    }

    /// Sets, numbers and null have no values that are none.
    fn check(&self, _: &'static Shape, context: &mut Context) {
        if context.is_too_deep() {
            return context.defect(Defect::TooDeep);
        }
        context.nesting += 1;
        match self {
            AttributeValue::L(list) => list.check(&Shape::FREE, context),
            AttributeValue::M(map) => map.check(&MAP_ATTRIBUTE_VALUE, context),
            _ => {}
        }
        context.nesting -= 1;
    }

    /// `AttributeValue(s=a, n=null, …)`: the member that is set among those that are not.
    fn describe(&self, out: &mut Description) {
        let own = self.view().kind();
        out.members_of("AttributeValue", |out| {
            for name in DESCRIBED {
                let is_set = own.descriptor() == name;
                out.field(name, |out| if is_set { describe_payload(self, out) } else { out.plain("null") });
            }
        });
    }
}

/// The members of DynamoDB's class as refusals show them, with those that its published model does not have. Captured in
/// eu-west-2 and ap-southeast-2.
const DESCRIBED: [&str; 16] = [
    "S",
    "N",
    "B",
    "INT",
    "DECIMAL",
    "DOUBLE",
    "SS",
    "NS",
    "BS",
    "INTSET",
    "DECIMALSET",
    "DOUBLESET",
    "M",
    "L",
    "NULL",
    "BOOL",
];

fn describe_payload(value: &AttributeValue, out: &mut Description) {
    match value {
        AttributeValue::S(text) => out.plain(text),
        AttributeValue::N(number) => out.plain(number),
        AttributeValue::B(bytes) => out.plain(base64(bytes)),
        AttributeValue::Bool(value) => out.plain(value),
        AttributeValue::Null => out.plain(true),
        AttributeValue::SS(set) => out.list(set.iter()),
        AttributeValue::NS(set) => out.list(set.iter().map(Number::to_string).collect::<Vec<_>>().iter()),
        AttributeValue::BS(set) => out.list(set.iter().map(|bytes| base64(bytes)).collect::<Vec<_>>().iter()),
        AttributeValue::L(list) => out.list(list.iter()),
        AttributeValue::M(map) => map.describe(out),
    }
}

pub(super) fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

/// Reads what follows the descriptor; `None` for null.
fn payload<'de, A: MapAccess<'de>>(
    kind: ValueKind,
    body: &mut A,
    context: &mut Context,
) -> Result<Option<AttributeValue>, A::Error> {
    Ok(match kind {
        ValueKind::S => read(body, context)?.map(AttributeValue::S),
        ValueKind::N => read(body, context)?.map(|NumberText(number)| AttributeValue::N(number)),
        ValueKind::B => read(body, context)?.map(|Base64(bytes)| AttributeValue::B(bytes)),
        ValueKind::Bool => read(body, context)?.map(AttributeValue::Bool),
        ValueKind::Null => read(body, context)?.map(|is_null: bool| null(is_null, context)),
        ValueKind::SS => set::read::<String, _>(body, context)?.map(AttributeValue::SS),
        ValueKind::NS => set::read::<NumberText, _>(body, context)?.map(AttributeValue::NS),
        ValueKind::BS => set::read::<Base64, _>(body, context)?.map(AttributeValue::BS),
        ValueKind::L => read_nested(body, &Shape::FREE, context)?.map(AttributeValue::L),
        ValueKind::M => read_nested(body, &MAP_ATTRIBUTE_VALUE, context)?.map(AttributeValue::M),
    })
}

pub(super) fn read<'de, T: Decode, A: MapAccess<'de>>(
    body: &mut A,
    context: &mut Context,
) -> Result<Option<T>, A::Error> {
    structure::member(body, &Shape::FREE, context)
}

/// Reads a list or a map, which contains values one level deeper.
fn read_nested<'de, T: Decode, A: MapAccess<'de>>(
    body: &mut A,
    shape: &'static Shape,
    context: &mut Context,
) -> Result<Option<T>, A::Error> {
    context.nesting += 1;
    let value = structure::member(body, shape, context)?;
    context.nesting -= 1;
    Ok(value)
}

fn null(is_null: bool, context: &mut Context) -> AttributeValue {
    if !is_null {
        context.refused(
            "One or more parameter values were invalid: Null attribute value types must have the value of true",
        );
    }
    AttributeValue::Null
}

/// Finds the type that a member's name means.
struct Descriptor;

impl<'de> DeserializeSeed<'de> for Descriptor {
    type Value = Option<ValueKind>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Option<ValueKind>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Descriptor {
    type Value = Option<ValueKind>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a type's descriptor")
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<ValueKind>, E> {
        Ok(ValueKind::from_descriptor(text))
    }
}

/// A number, which is encoded as text.
pub(super) struct NumberText(pub(super) Number);

impl Decode for NumberText {
    const EXPECTED: Expected = String::EXPECTED;

    fn from_text<E: Error>(text: &str, _: &'static Shape, context: &mut Context) -> Result<NumberText, E> {
        Ok(NumberText(Number::parse_as(text, context.numbers()).unwrap_or_else(|_| {
            context.defect(Defect::Number(text.to_owned()));
            Number::ZERO
        })))
    }

    fn describe(&self, out: &mut Description) {
        out.plain(self.0);
    }
}

/// Bytes, which are encoded as text in base64.
pub(super) struct Base64(pub(super) Vec<u8>);

impl Decode for Base64 {
    const EXPECTED: Expected = Expected::Scalar("ByteBuffer");

    fn from_text<E: Error>(text: &str, _: &'static Shape, context: &mut Context) -> Result<Base64, E> {
        base64_simd::STANDARD
            .decode_to_vec(text)
            .map(Base64)
            .map_err(|_| context.misshapen(format!("Invalid Base64: {}", base64_problem(text))))
    }

    fn describe(&self, out: &mut Description) {
        out.plain(base64(&self.0));
    }
}

fn base64_problem(text: &str) -> String {
    if !text.len().is_multiple_of(4) {
        return format!("Base64 encoded length is expected a multiple of 4 bytes but found: {}", text.len());
    }
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    match text.chars().find(|c| !is_base64(*c)) {
        Some(other) => format!("Invalid base 64 character: '{other}'"),
        None => "Invalid last non-pad Base64 character".to_owned(),
    }
}

/// Attributes by name: an item, a key, the values of an expression, or what is in an `M`.
impl Decode for Attributes {
    const EXPECTED: Expected = Expected::Map;

    fn from_map<'de, A: MapAccess<'de>>(
        mut body: A,
        shape: &'static Shape,
        context: &mut Context,
    ) -> Result<Attributes, A::Error> {
        let mut entries = Vec::new();
        let mut broken_keys = false;
        // Placeholders are checked with their expressions.
        let names = shape.key().is_attribute_name();
        let levels_max = context.begin_attributes(names);
        while let Some(name) = body.next_key::<String>()? {
            broken_keys |= is_broken_name(&name, names, shape, context);
            let mark = context.mark();
            // Null is a value here, if a bad one.
            let value = read(&mut body, context)?;
            if context.nesting == 0 {
                context.lead_defects_out(mark, || Step::Key(Description::of_text(&name)));
            }
            if let Some(value) = value
                && context.has_room_for::<(String, AttributeValue)>()
            {
                entries.push((name, value));
            }
        }
        context.levels_max = levels_max;
        let attributes = Attributes::from_unsorted(entries);
        note_names(&attributes, broken_keys, shape, context);
        Ok(attributes)
    }

    fn check(&self, shape: &'static Shape, context: &mut Context) {
        let mut broken_keys = false;
        let names = shape.key().is_attribute_name();
        let levels_max = context.begin_attributes(names);
        for (name, value) in self.iter() {
            broken_keys |= is_broken_name(name, names, shape, context);
            let mark = context.mark();
            value.check(&Shape::FREE, context);
            if context.nesting == 0 {
                context.lead_defects_out(mark, || Step::Key(Description::of_text(name)));
            }
        }
        context.levels_max = levels_max;
        note_names(self, broken_keys, shape, context);
    }

    fn describe(&self, out: &mut Description) {
        out.map(self.iter());
    }
}

fn is_broken_name(name: &str, names: bool, shape: &'static Shape, context: &mut Context) -> bool {
    if name.is_empty() && names {
        context.defect(if context.nesting == 0 { Defect::EmptyName } else { Defect::EmptyKey });
    }
    !shape.key().broken_by_text(name).is_empty()
}

fn note_names(attributes: &Attributes, broken: bool, shape: &'static Shape, context: &mut Context) {
    if broken {
        let constraint = format!("Map keys must satisfy constraint: {}", shape.key().listed());
        context.violate(vec![(Broken::Keys, constraint)], || Description::of(attributes));
    }
}
