//! A line of DynamoDB JSON: `{"Item":{"pk":{"S":"a"}}}`. Other members are ignored, but those of a condition where it is asked for.
//!
//! Text that is no JSON, and values of the wrong JSON type, make a line that cannot be read; a value that is well formed but no
//! DynamoDB value (a number of 39 digits, an empty set) makes a record without a valid item.

use std::fmt;

use model::limits::NESTING_MAX;
use model::{AttributeValue, Attributes, ValueKind};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::memory::{Memory, TooLarge};
use super::value::{EMPTY_NAME, Problems, TOO_DEEP};
use super::{Put, RecordCondition};

const EMPTY: &str = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
const SEVERAL: &str =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
const NULL_IS_TRUE: &str =
    "One or more parameter values were invalid: Null attribute value types must have the value of true";

/// The item of a line, or why it has no valid one; with its condition, if that is asked for.
///
/// # Errors
/// Why the line cannot be read.
pub(super) fn record(line: &[u8], has_conditions: bool, memory: &Memory) -> Result<Result<Put, String>, String> {
    let (mut problems, mut condition) = (Problems::default(), RecordCondition::default());
    let mut json = serde_json::Deserializer::from_slice(line);
    let seed = Line { problems: &mut problems, condition: has_conditions.then_some(&mut condition), memory };
    let item = seed.deserialize(&mut json).and_then(|item| json.end().map(|()| item));
    if memory.is_exceeded() {
        return Err(TooLarge.into());
    }
    // To its parser the line is a whole text.
    let why = |error: serde_json::Error| error.to_string().replace(" at line 1 column ", " at byte ");
    let item = item.map_err(|error| format!("a line is no JSON of an item: {}", why(error)))?;
    let item = item.ok_or_else(|| "a line has no member Item".to_owned())?;
    Ok(problems.verdict(Put { item, condition: condition.boxed() }))
}

/// An item in DynamoDB JSON within a larger document, such as an answer of DynamoDB.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemJson(pub Attributes);

impl<'de> Deserialize<'de> for ItemJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ItemJson, D::Error> {
        let mut problems = Problems::default();
        let memory = Memory::default();
        let item = Map { problems: &mut problems, memory: &memory, level: 1 }.deserialize(deserializer)?;
        problems.verdict(ItemJson(item)).map_err(D::Error::custom)
    }
}

/// The object of a line.
struct Line<'p> {
    problems: &'p mut Problems,
    condition: Option<&'p mut RecordCondition>,
    memory: &'p Memory,
}

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = Option<Attributes>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Attributes>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Line<'_> {
    type Value = Option<Attributes>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the member Item")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Option<Attributes>, A::Error> {
        let mut item = None;
        while let Some(name) = members.next_key::<Name>()? {
            match (name.0.as_str(), &mut self.condition) {
                ("Item", _) => {
                    let map = Map { problems: self.problems, memory: self.memory, level: 1 };
                    item = Some(members.next_value_seed(map)?);
                }
                ("ConditionExpression", Some(condition)) => condition.expression = members.next_value()?,
                ("ExpressionAttributeNames", Some(condition)) => condition.names = members.next_value()?,
                ("ExpressionAttributeValues", Some(condition)) => {
                    let map = OptionalMap { problems: self.problems, memory: self.memory };
                    condition.values = members.next_value_seed(map)?;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(item)
    }
}

/// A member's name.
#[derive(serde::Deserialize)]
struct Name(String);

/// Values by name, or null.
struct OptionalMap<'p> {
    problems: &'p mut Problems,
    memory: &'p Memory,
}

impl<'de> DeserializeSeed<'de> for OptionalMap<'_> {
    type Value = Option<Attributes>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Attributes>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for OptionalMap<'_> {
    type Value = Option<Attributes>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of attribute values")
    }

    fn visit_none<E: Error>(self) -> Result<Option<Attributes>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Attributes>, D::Error> {
        Map { problems: self.problems, memory: self.memory, level: 1 }.deserialize(deserializer).map(Some)
    }
}

/// Values by name, each on this level.
struct Map<'p> {
    problems: &'p mut Problems,
    memory: &'p Memory,
    level: usize,
}

impl<'de> DeserializeSeed<'de> for Map<'_> {
    type Value = Attributes;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Attributes, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Map<'_> {
    type Value = Attributes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of attribute values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Attributes, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            self.memory.name(name.len()).map_err(A::Error::custom)?;
            if name.is_empty() {
                self.problems.note(EMPTY_NAME);
            }
            let value = OneValue { problems: self.problems, memory: self.memory, level: self.level };
            entries.push((name, members.next_value_seed(value)?));
        }
        Ok(Attributes::from_unsorted(entries))
    }
}

/// The elements of a list, each on this level.
struct List<'p> {
    problems: &'p mut Problems,
    memory: &'p Memory,
    level: usize,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Vec<AttributeValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<AttributeValue>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<AttributeValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of attribute values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<AttributeValue>, A::Error> {
        let mut list = Vec::new();
        loop {
            let value = OneValue { problems: self.problems, memory: self.memory, level: self.level };
            match elements.next_element_seed(value)? {
                Some(value) => list.push(value),
                None => return Ok(list),
            }
        }
    }
}

/// One attribute value: an object with one member, which names the type.
struct OneValue<'p> {
    problems: &'p mut Problems,
    memory: &'p Memory,
    level: usize,
}

impl<'de> DeserializeSeed<'de> for OneValue<'_> {
    type Value = AttributeValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<AttributeValue, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneValue<'_> {
    type Value = AttributeValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<AttributeValue, A::Error> {
        self.memory.value(0).map_err(A::Error::custom)?;
        if self.level > NESTING_MAX {
            self.problems.note(TOO_DEEP);
            // Skipped without recursion.
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(AttributeValue::Null);
        }
        let mut found = None;
        while let Some(name) = members.next_key::<Name>()? {
            let Some(kind) = ValueKind::from_descriptor(&name.0) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = self.payload(kind, &mut members)?;
            if found.replace(value).is_some() {
                self.problems.note(SEVERAL);
            }
        }
        Ok(found.unwrap_or_else(|| {
            self.problems.note(EMPTY);
            AttributeValue::Null
        }))
    }
}

impl OneValue<'_> {
    /// Reads what follows the descriptor.
    fn payload<'de, A: MapAccess<'de>>(
        &mut self,
        kind: ValueKind,
        members: &mut A,
    ) -> Result<AttributeValue, A::Error> {
        let OneValue { memory, level, .. } = *self;
        let level = level + 1;
        Ok(match kind {
            ValueKind::S => AttributeValue::S(self.text(members)?),
            ValueKind::N => AttributeValue::N(self.problems.number(&members.next_value::<String>()?)),
            ValueKind::B => AttributeValue::B(binary(&self.text(members)?)?),
            ValueKind::Bool => AttributeValue::Bool(members.next_value()?),
            ValueKind::Null => {
                if !members.next_value::<bool>()? {
                    self.problems.note(NULL_IS_TRUE);
                }
                AttributeValue::Null
            }
            ValueKind::SS => self.problems.strings(members.next_value_seed(Texts { memory })?),
            ValueKind::NS => {
                let texts = members.next_value_seed(Texts { memory })?;
                let numbers = texts.iter().map(|text| self.problems.number(text)).collect();
                self.problems.numbers(numbers)
            }
            ValueKind::BS => {
                let texts = members.next_value_seed(Texts { memory })?;
                self.problems.binaries(texts.iter().map(|text| binary(text)).collect::<Result<_, _>>()?)
            }
            ValueKind::L => {
                AttributeValue::L(members.next_value_seed(List { problems: self.problems, memory, level })?)
            }
            ValueKind::M => {
                AttributeValue::M(members.next_value_seed(Map { problems: self.problems, memory, level })?)
            }
        })
    }

    fn text<'de, A: MapAccess<'de>>(&self, members: &mut A) -> Result<String, A::Error> {
        let text = members.next_value::<String>()?;
        self.memory.text(text.len()).map_err(A::Error::custom)?;
        Ok(text)
    }
}

/// The elements of a set.
struct Texts<'p> {
    memory: &'p Memory,
}

impl<'de> DeserializeSeed<'de> for Texts<'_> {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Texts<'_> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = elements.next_element::<String>()? {
            self.memory.value(text.len()).map_err(A::Error::custom)?;
            texts.push(text);
        }
        Ok(texts)
    }
}

fn binary<E: Error>(text: &str) -> Result<Vec<u8>, E> {
    base64_simd::STANDARD.decode_to_vec(text).map_err(|_| E::custom("a binary value is not in base64"))
}
