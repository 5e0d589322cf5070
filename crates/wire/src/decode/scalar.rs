//! Texts, numbers, booleans, timestamps, and the words of enumerations.

use api::Timestamp;
use api::validation::Broken;
use serde::de::Error;

use crate::constraint::Shape;

use super::context::Context;
use super::describe::Description;
use super::{Decode, Expected, JsonNumber};

impl Decode for String {
    const EXPECTED: Expected = Expected::Scalar("String");

    fn from_text<E: Error>(text: &str, shape: &'static Shape, context: &mut Context) -> Result<String, E> {
        let text = text.to_owned();
        text.check(shape, context);
        Ok(text)
    }

    fn check(&self, shape: &'static Shape, context: &mut Context) {
        context.violate(shape.broken_by_text(self), || Description::of_text(self));
    }

    fn describe(&self, out: &mut Description) {
        out.plain(self);
    }
}

impl Decode for bool {
    const EXPECTED: Expected = Expected::Scalar("Boolean");

    fn from_bool<E: Error>(value: bool, _: &mut Context) -> Result<bool, E> {
        Ok(value)
    }

    fn describe(&self, out: &mut Description) {
        out.plain(self);
    }
}

impl Decode for i64 {
    const EXPECTED: Expected = Expected::Scalar("Long");

    fn from_number<E: Error>(number: JsonNumber, shape: &'static Shape, context: &mut Context) -> Result<i64, E> {
        let value = match number {
            JsonNumber::Whole(value) => value,
            // Truncates, and saturates where 64 bits end.
            JsonNumber::Other(value) => value as i64,
        };
        value.check(shape, context);
        Ok(value)
    }

    fn check(&self, shape: &'static Shape, context: &mut Context) {
        context.violate(shape.broken_by_number(*self), || self.to_string());
    }

    fn describe(&self, out: &mut Description) {
        out.plain(self);
    }
}

impl Decode for i32 {
    const EXPECTED: Expected = Expected::Scalar("Integer");

    fn from_number<E: Error>(number: JsonNumber, shape: &'static Shape, context: &mut Context) -> Result<i32, E> {
        let value = match number {
            JsonNumber::Whole(value) => value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
            JsonNumber::Other(value) => value as i32,
        };
        value.check(shape, context);
        Ok(value)
    }

    fn check(&self, shape: &'static Shape, context: &mut Context) {
        context.violate(shape.broken_by_number(i64::from(*self)), || self.to_string());
    }

    fn describe(&self, out: &mut Description) {
        out.plain(self);
    }
}

impl Decode for f64 {
    const EXPECTED: Expected = Expected::Scalar("Double");

    fn from_number<E: Error>(number: JsonNumber, _: &'static Shape, _: &mut Context) -> Result<f64, E> {
        Ok(match number {
            JsonNumber::Whole(value) => value as f64,
            JsonNumber::Other(value) => value,
        })
    }

    fn describe(&self, out: &mut Description) {
        out.plain(format_args!("{self:?}"));
    }
}

/// Seconds on the wire.
impl Decode for Timestamp {
    const EXPECTED: Expected = Expected::Scalar("Timestamp");

    fn from_number<E: Error>(number: JsonNumber, _: &'static Shape, _: &mut Context) -> Result<Timestamp, E> {
        let epoch_ms = match number {
            JsonNumber::Whole(seconds) => seconds.saturating_mul(1000),
            JsonNumber::Other(seconds) => (seconds * 1000.0).round() as i64,
        };
        Ok(Timestamp { epoch_ms })
    }

    fn describe(&self, out: &mut Description) {
        out.plain(self.epoch_ms);
    }
}

/// Makes the enumerations of the generated list readable. A word that is not in the set breaks a constraint.
macro_rules! words {
    ($($name:ident)+) => {
        $(
            impl $crate::decode::Decode for api::$name {
                const EXPECTED: $crate::decode::Expected = $crate::decode::Expected::Scalar("String");

                fn from_text<E: serde::de::Error>(
                    text: &str,
                    shape: &'static $crate::constraint::Shape,
                    context: &mut $crate::decode::context::Context,
                ) -> Result<Self, E> {
                    Ok(text.parse().unwrap_or_else(|api::UnknownValue| {
                        context.not_a_word(text, shape);
                        Self::default()
                    }))
                }

                fn describe(&self, out: &mut $crate::decode::describe::Description) {
                    out.plain(self);
                }
            }
        )+
    };
}
pub(crate) use words;

impl Context {
    pub(crate) fn not_a_word(&mut self, text: &str, shape: &Shape) {
        self.violate(vec![(Broken::Words, shape.words_sentence())], || Description::of_text(text));
    }
}
