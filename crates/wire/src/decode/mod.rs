//! A request's body into its typed request.
//!
//! The body is read once, straight into the structs of `api`, with no tree of JSON in between. The Rust type determines
//! which tokens are accepted where; a [`Shape`] beside it determines what the value must satisfy. Reading continues
//! after broken constraints, so that all of them are reported, and puts a default in the place of what cannot be read:
//! such a request is never handed on. Memory is bounded by the body's size, the stack by the depth that JSON may have.

mod attribute_value;
mod collection;
pub(crate) mod context;
mod defect;
pub(crate) mod describe;
mod json_text;
mod scalar;
mod set;
mod statement_parameters;
pub(crate) mod structure;
mod verdict;

use std::fmt;
use std::marker::PhantomData;

use api::validation::Stage;
use api::{Exception, Operation};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use crate::constraint::Shape;

use context::Context;
use describe::Description;
pub(crate) use scalar::words;
pub(crate) use structure::structures;

/// Validates one stage of one action of a request; the actions are those of its list, or it is one by itself.
pub(crate) type Check<T> = fn(&T, Stage, usize) -> Result<(), Exception>;

/// For operations that validate attribute values before all else.
pub(crate) fn nothing<T>(_: &T, _: Stage, _: usize) -> Result<(), Exception> {
    Ok(())
}

/// Reads the request of an operation. `check` is asked where DynamoDB validates other things between its values.
///
/// # Errors
/// `Serialization` for a body that is not JSON of the right shape; `Validation` for one that breaks constraints of the
/// model or holds something that is no attribute value.
pub(crate) fn request<T: Decode>(operation: Operation, body: &[u8], check: Check<T>) -> Result<T, Exception> {
    let body = std::str::from_utf8(body).map_err(|_| Exception::Serialization(String::new()))?;
    let mut context = Context::new(operation, body.len());
    let mut json = serde_json::Deserializer::from_str(body);
    let slot = Slot::<T> { shape: &Shape::FREE, context: &mut context, of: PhantomData };
    let read = slot.deserialize(&mut json).and_then(|request| json.end().map(|()| request));
    match read {
        Ok(Some(request)) => context.finish(body, |stage, action| check(&request, stage, action)).map(|()| request),
        Ok(None) | Err(_) => Err(context.into_misshapen()),
    }
}

/// Checks a request that was not read from JSON, as reading it would: the same constraints, values, stages and words.
///
/// # Errors
/// `Validation` for one that breaks constraints of the model or has attributes without names.
pub(crate) fn check<T: Decode>(operation: Operation, request: &T, check: Check<T>) -> Result<(), Exception> {
    let mut context = Context::new(operation, 0);
    request.check(&Shape::FREE, &mut context);
    context.finish("", |stage, action| check(request, stage, action))
}

/// Something that a request can hold. A type takes the tokens that it has a method for and refuses the others.
pub(crate) trait Decode: Sized {
    const EXPECTED: Expected;

    /// What a null means: nothing, unless the type says otherwise.
    fn from_null(_: &mut Context) -> Option<Self> {
        None
    }

    fn from_text<E: Error>(_: &str, _: &'static Shape, context: &mut Context) -> Result<Self, E> {
        Err(Self::EXPECTED.refuse(Found::Text, context))
    }

    fn from_bool<E: Error>(value: bool, context: &mut Context) -> Result<Self, E> {
        Err(Self::EXPECTED.refuse(if value { Found::True } else { Found::False }, context))
    }

    fn from_number<E: Error>(_: JsonNumber, _: &'static Shape, context: &mut Context) -> Result<Self, E> {
        Err(Self::EXPECTED.refuse(Found::Number, context))
    }

    fn from_list<'de, A: SeqAccess<'de>>(_: A, _: &'static Shape, context: &mut Context) -> Result<Self, A::Error> {
        Err(Self::EXPECTED.refuse(Found::List, context))
    }

    fn from_map<'de, A: MapAccess<'de>>(_: A, _: &'static Shape, context: &mut Context) -> Result<Self, A::Error> {
        Err(Self::EXPECTED.refuse(Found::Map, context))
    }

    /// Notes what the value breaks, as reading it notes it. Most types have nothing that a value of theirs could break.
    fn check(&self, _: &'static Shape, _: &mut Context) {}

    /// Writes the value as refusals show it.
    fn describe(&self, out: &mut Description);
}

/// A number as JSON has it, before it is known what it is for.
#[derive(Clone, Copy)]
pub(crate) enum JsonNumber {
    Whole(i64),
    /// Has a fraction, or is beyond 64 bits.
    Other(f64),
}

/// What a token should have been; refusals depend on it.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// A scalar; the name of its Java class.
    Scalar(&'static str),
    List,
    Map,
    Structure,
}

/// What the body has instead.
#[derive(Clone, Copy)]
enum Found {
    Text,
    True,
    False,
    Number,
    List,
    Map,
}

impl Expected {
    fn refuse<E: Error>(self, found: Found, context: &mut Context) -> E {
        let token = match found {
            Found::Text => "STRING_VALUE",
            Found::True => "TRUE_VALUE",
            Found::False => "FALSE_VALUE",
            Found::Number => "NUMBER_VALUE",
            Found::List => return context.misshapen(self.list_instead()),
            Found::Map => return context.misshapen("Start of structure or map found where not expected."),
        };
        match self {
            Expected::Scalar(class) => context.misshapen(format!("{token} cannot be converted to {class}")),
            Expected::List | Expected::Map => context.misshapen("Unexpected field type"),
            Expected::Structure => context.misshapen("Unexpected value type in payload"),
        }
    }

    fn list_instead(self) -> String {
        match self {
            Expected::Scalar(class) => format!("Unrecognized collection type class java.lang.{class}"),
            _ => "Start of list found where not expected".to_owned(),
        }
    }
}

/// The place of a value in the body: any token there is passed to the type. Null is `None`.
pub(crate) struct Slot<'c, T> {
    shape: &'static Shape,
    context: &'c mut Context,
    of: PhantomData<T>,
}

impl<'de, T: Decode> DeserializeSeed<'de> for Slot<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Decode> Visitor<'de> for Slot<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(T::from_null(self.context))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<T>, E> {
        T::from_bool(value, self.context).map(Some)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<T>, E> {
        T::from_number(JsonNumber::Whole(value), self.shape, self.context).map(Some)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<T>, E> {
        let number = i64::try_from(value).map_or(JsonNumber::Other(value as f64), JsonNumber::Whole);
        T::from_number(number, self.shape, self.context).map(Some)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<T>, E> {
        T::from_number(JsonNumber::Other(value), self.shape, self.context).map(Some)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        T::from_text(text, self.shape, self.context).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Option<T>, A::Error> {
        T::from_list(elements, self.shape, self.context).map(Some)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Option<T>, A::Error> {
        T::from_map(entries, self.shape, self.context).map(Some)
    }
}

#[cfg(test)]
pub(crate) mod tests;
