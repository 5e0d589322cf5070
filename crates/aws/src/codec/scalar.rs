//! Scalars that are text in a request: in a form, in a path and in a query string.

use super::{DecodeError, expected};
use crate::shape::Shape;
use crate::value::{Timestamp, Value};

/// # Errors
/// If the text is no value of the shape, which is of a member with this name.
pub(super) fn parse(shape: &Shape, member: &'static str, text: &str) -> Result<Value, DecodeError> {
    let value = match shape {
        Shape::Text { .. } | Shape::Words(_) => Some(Value::Text(text.to_owned())),
        Shape::Integer(_) | Shape::Long(_) => text.parse().ok().map(Value::Integer),
        Shape::Double => double(text).map(Value::Double),
        Shape::Boolean => match text {
            "true" => Some(Value::Boolean(true)),
            "false" => Some(Value::Boolean(false)),
            _ => None,
        },
        Shape::Blob(_) => blob(text),
        Shape::Timestamp => base::utc::parse_rfc3339(text).map(|ms| Value::Timestamp(Timestamp(ms))),
        Shape::Structure { .. } | Shape::List { .. } | Shape::Map { .. } => None,
    };
    value.ok_or(DecodeError::Type { member, expected: expected(shape) })
}

/// As bodies spell what is no number of JSON: `NaN`, `Infinity`, `-Infinity`.
pub(super) fn double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust reads more spellings of those.
        text => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

pub(super) fn double_text(number: f64) -> String {
    match number {
        _ if number.is_nan() => "NaN".to_owned(),
        _ if number.is_infinite() => if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        _ => format!("{number:?}"),
    }
}

pub(super) fn blob(text: &str) -> Option<Value> {
    base64_simd::STANDARD.decode_to_vec(text).ok().map(Value::Blob)
}

/// `None` for a time before 1970 or beyond what milliseconds count.
pub(super) fn timestamp(seconds: f64) -> Option<Value> {
    let ms = (seconds * 1_000.0).round();
    // The largest number that a double counts one by one.
    let is_time = (0.0..=9_007_199_254_740_992.0).contains(&ms);
    is_time.then_some(Value::Timestamp(Timestamp(ms as u64)))
}

/// As Query's answers have it; with milliseconds only where there are some.
pub(super) fn rfc3339(time: Timestamp) -> String {
    match time.0 % 1_000 {
        0 => base::utc::rfc3339(time.0),
        _ => base::utc::rfc3339_ms(time.0),
    }
}
