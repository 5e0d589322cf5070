//! An event as patterns look at it: read from its JSON, without the members that no pattern names.
//!
//! DynamoDB writes each scalar as an object of one member, so that an item of 400 KB may have a hundred thousand objects. Here one
//! takes about a hundred bytes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

#[derive(Debug)]
pub(super) enum Event<'e> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'e, str>),
    List(Vec<Event<'e>>),
    /// In the order of the names.
    Object(Vec<(Cow<'e, str>, Event<'e>)>),
}

impl<'e> Event<'e> {
    /// `names` are those of members that are looked at, wherever they are.
    pub(super) fn read(json: &'e [u8], names: &BTreeSet<String>) -> serde_json::Result<Event<'e>> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let event = Reader { names }.deserialize(&mut reader)?;
        reader.end()?;
        Ok(event)
    }

    pub(super) fn member(&self, name: &str) -> Option<&Event<'e>> {
        let Event::Object(members) = self else { return None };
        let at = members.binary_search_by(|(own, _)| own.as_ref().cmp(name)).ok()?;
        Some(&members[at].1)
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Event::Object(_))
    }

    pub(super) fn is_branch(&self) -> bool {
        matches!(self, Event::Object(_) | Event::List(_))
    }
}

#[derive(Clone, Copy)]
struct Reader<'n> {
    names: &'n BTreeSet<String>,
}

impl<'e> DeserializeSeed<'e> for Reader<'_> {
    type Value = Event<'e>;

    fn deserialize<D: Deserializer<'e>>(self, body: D) -> Result<Event<'e>, D::Error> {
        body.deserialize_any(self)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name;

impl<'e> DeserializeSeed<'e> for Name {
    type Value = Cow<'e, str>;

    fn deserialize<D: Deserializer<'e>>(self, body: D) -> Result<Cow<'e, str>, D::Error> {
        body.deserialize_str(self)
    }
}

impl<'e> Visitor<'e> for Name {
    type Value = Cow<'e, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'e str) -> Result<Cow<'e, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cow<'e, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

impl<'e> Visitor<'e> for Reader<'_> {
    type Value = Event<'e>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Event<'e>, E> {
        Ok(Event::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Event<'e>, E> {
        Ok(Event::Bool(value))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Event<'e>, E> {
        Ok(Event::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Event<'e>, E> {
        Ok(Event::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Event<'e>, E> {
        Ok(Number::from_f64(number).map_or(Event::Null, Event::Number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'e str) -> Result<Event<'e>, E> {
        Ok(Event::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Event<'e>, E> {
        Ok(Event::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'e>>(self, mut body: A) -> Result<Event<'e>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = body.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Event::List(elements))
    }

    fn visit_map<A: MapAccess<'e>>(self, mut body: A) -> Result<Event<'e>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = body.next_key_seed(Name)? {
            if self.names.contains(&*name) {
                // Objects of one member are by far the most.
                if members.is_empty() {
                    members.reserve_exact(1);
                }
                members.push((name, body.next_value_seed(self)?));
            } else {
                body.next_value::<IgnoredAny>()?;
            }
        }
        members.sort_unstable_by(|one: &(Cow<'e, str>, _), other| one.0.cmp(&other.0));
        Ok(Event::Object(members))
    }
}
