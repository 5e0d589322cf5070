//! A typed response into its body: members that are present, in the model's order, written straight to bytes.

use std::collections::BTreeMap;

use api::Timestamp;
use model::codec::json;
use model::{AttributeValue, Attributes, Item};

/// Something that a response can hold.
pub(crate) trait Encode {
    /// An absent member is left out.
    fn is_present(&self) -> bool {
        true
    }

    fn encode(&self, out: &mut Vec<u8>);

    /// About how many bytes it takes, so that a large body is not moved while it grows. Only what can be large counts.
    fn size_hint(&self) -> usize {
        0
    }
}

/// Writes one member, after a comma if it is not the first.
pub(crate) fn member(out: &mut Vec<u8>, first: &mut bool, name_and_colon: &str, value: &impl Encode) {
    if value.is_present() {
        if !std::mem::replace(first, false) {
            out.push(b',');
        }
        out.extend_from_slice(name_and_colon.as_bytes());
        value.encode(out);
    }
}

/// Makes the structures of the generated list writable. A row is: field, name in the body.
macro_rules! structures {
    ($($name:ident { $($field:ident $text:literal;)* })+) => {
        $(
            impl $crate::encode::Encode for api::$name {
                fn encode(&self, out: &mut Vec<u8>) {
                    out.push(b'{');
                    #[allow(unused_mut, unused_variables)]
                    let mut first = true;
                    $($crate::encode::member(out, &mut first, concat!("\"", $text, "\":"), &self.$field);)*
                    out.push(b'}');
                }

                fn size_hint(&self) -> usize {
                    0 $(+ $crate::encode::Encode::size_hint(&self.$field))*
                }
            }
        )+
    };
}
pub(crate) use structures;

/// Makes the enumerations of the generated list writable.
macro_rules! words {
    ($($name:ident)+) => {
        $(
            impl $crate::encode::Encode for api::$name {
                fn encode(&self, out: &mut Vec<u8>) {
                    self.as_str().encode(out);
                }
            }
        )+
    };
}
pub(crate) use words;

/// An operation that answers with nothing has an empty body, not an empty structure.
impl Encode for () {
    fn encode(&self, _: &mut Vec<u8>) {}
}

impl<T: Encode> Encode for Option<T> {
    fn is_present(&self) -> bool {
        self.is_some()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.encode(out),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn size_hint(&self) -> usize {
        self.as_ref().map_or(0, Encode::size_hint)
    }
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        T::encode(self, out);
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, element) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            element.encode(out);
        }
        out.push(b']');
    }

    fn size_hint(&self) -> usize {
        self.iter().map(Encode::size_hint).sum()
    }
}

impl<T: Encode> Encode for BTreeMap<String, T> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (key, value)) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            json::write_string(out, key);
            out.push(b':');
            value.encode(out);
        }
        out.push(b'}');
    }

    fn size_hint(&self) -> usize {
        self.values().map(Encode::size_hint).sum()
    }
}

impl Encode for AttributeValue {
    fn encode(&self, out: &mut Vec<u8>) {
        json::write_value(out, self.view());
    }
}

impl Encode for Attributes {
    fn encode(&self, out: &mut Vec<u8>) {
        json::write_map(out, self.view());
    }
}

impl Encode for Item {
    fn encode(&self, out: &mut Vec<u8>) {
        json::write_map(out, self.view());
    }

    fn size_hint(&self) -> usize {
        match self {
            // A name, a type and some punctuation for each attribute, which short ones feel the most.
            Item::Compact(map) => map.stored_size() + map.stored_size() / 4 + 64,
            Item::Tree(_) => 0,
        }
    }
}

impl Encode for str {
    fn encode(&self, out: &mut Vec<u8>) {
        json::write_string(out, self);
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) {
        json::write_string(out, self);
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Encode for i32 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
    }
}

impl Encode for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
    }
}

/// A whole number keeps its `.0`, as in `"CapacityUnits":1.0`.
impl Encode for f64 {
    fn encode(&self, out: &mut Vec<u8>) {
        let text = if self.is_finite() { format!("{self:?}") } else { "null".to_owned() };
        out.extend_from_slice(text.as_bytes());
    }
}

/// Seconds, with milliseconds as a fraction if there are any.
impl Encode for Timestamp {
    fn encode(&self, out: &mut Vec<u8>) {
        let (seconds, ms) = (self.epoch_ms.div_euclid(1000), self.epoch_ms.rem_euclid(1000));
        if ms == 0 {
            return seconds.encode(out);
        }
        if self.epoch_ms < 0 {
            // Before 1970 the fraction counts away from the next whole second.
            out.push(b'-');
            return Timestamp { epoch_ms: self.epoch_ms.saturating_neg() }.encode(out);
        }
        seconds.encode(out);
        let fraction = format!(".{ms:03}");
        out.extend_from_slice(fraction.trim_end_matches('0').as_bytes());
    }
}

#[cfg(test)]
mod tests;
