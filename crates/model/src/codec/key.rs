//! Storage keys: bytes in DynamoDB's order.
//!
//! | key | content |
//! |---|---|
//! | item | table id (8) · h16 (16) · sort key |
//! | local index row | table id (8) · index id (4) · h16 of the item's partition (16) · index sort key · table sort key |
//! | global index row | table id (8) · index id (4) · h16 of the index partition (16) · index sort keys · h16 of the item's key (16) |
//!
//! All integers are big-endian. `h16` is SipHash-2-4 with 128 bits of output, keyed with the database's own secret, so
//! that a client cannot choose keys that collide; the stored item still carries its real key, and readers compare it.
//!
//! One sort key value, each form ending itself so that several follow one another in the order of the tuple:
//!
//! | type | encoding |
//! |---|---|
//! | S, B | the bytes, 0x00 written as 0x00 0xFF; then 0x00 0x01 |
//! | N zero | 0x02 |
//! | N positive | 0x03, power of ten of the leading digit + 130 (1), pairs of digits + 1 (1 each), 0x00 |
//! | N negative | 0x01, then the complement of the bytes that follow 0x03 in its absolute value |

use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

use crate::limits::NUMBER_MAGNITUDE_MIN;
use crate::number::Number;
use crate::value::ValueRef;

/// The database's secret for [`h16`].
pub type HashSecret = [u8; 16];

pub const H16_SIZE: usize = 16;

const ESCAPE: u8 = 0x00;
const ESCAPED_ZERO: u8 = 0xFF;
const TERMINATOR: u8 = 0x01;
const NEGATIVE: u8 = 0x01;
const ZERO: u8 = 0x02;
const POSITIVE: u8 = 0x03;

/// A value of one of the types that keys have.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum KeyValue<'a> {
    S(&'a str),
    N(Number),
    B(&'a [u8]),
}

impl<'a> KeyValue<'a> {
    /// `None` for a value of another type.
    pub fn of(value: ValueRef<'a>) -> Option<KeyValue<'a>> {
        match value {
            ValueRef::S(text) => Some(KeyValue::S(text)),
            ValueRef::N(number) => Some(KeyValue::N(number)),
            ValueRef::B(bytes) => Some(KeyValue::B(bytes)),
            _ => None,
        }
    }
}

/// The keyed hash of several key values; their types and lengths are hashed with them.
pub fn h16<'a>(secret: &HashSecret, values: impl IntoIterator<Item = KeyValue<'a>>) -> [u8; H16_SIZE] {
    let mut hasher = SipHasher24::new_with_key(secret);
    for value in values {
        match value {
            KeyValue::S(text) => hash_part(&mut hasher, b'S', text.as_bytes()),
            KeyValue::B(bytes) => hash_part(&mut hasher, b'B', bytes),
            KeyValue::N(number) => {
                let mut bytes = Vec::with_capacity(24);
                push_number(&mut bytes, number);
                hash_part(&mut hasher, b'N', &bytes);
            }
        }
    }
    hasher.finish128().as_bytes()
}

fn hash_part(hasher: &mut SipHasher24, tag: u8, bytes: &[u8]) {
    hasher.write(&[tag]);
    hasher.write(&(bytes.len() as u64).to_be_bytes());
    hasher.write(bytes);
}

/// Appends one sort key value.
pub fn push_sort(out: &mut Vec<u8>, value: KeyValue<'_>) {
    match value {
        KeyValue::S(text) => push_terminated(out, text.as_bytes()),
        KeyValue::B(bytes) => push_terminated(out, bytes),
        KeyValue::N(number) => push_number(out, number),
    }
}

/// Appends what every string or binary that begins with `bytes` begins with.
pub fn push_sort_prefix(out: &mut Vec<u8>, bytes: &[u8]) {
    push_escaped(out, bytes);
}

fn push_terminated(out: &mut Vec<u8>, bytes: &[u8]) {
    push_escaped(out, bytes);
    out.extend_from_slice(&[ESCAPE, TERMINATOR]);
}

fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        out.push(byte);
        if byte == ESCAPE {
            out.push(ESCAPED_ZERO);
        }
    }
}

fn push_number(out: &mut Vec<u8>, number: Number) {
    if number.is_zero() {
        return out.push(ZERO);
    }
    out.push(if number.is_negative() { NEGATIVE } else { POSITIVE });
    let start = out.len();
    push_magnitude(out, number);
    if number.is_negative() {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

fn push_magnitude(out: &mut Vec<u8>, number: Number) {
    out.push((number.magnitude() - NUMBER_MAGNITUDE_MIN) as u8);
    let (_, coefficient, _) = number.parts();
    let digits = number.digits();
    // An odd digit at the end makes a pair with a zero.
    let mut rest = if digits % 2 == 1 { coefficient * 10 } else { coefficient };
    let pairs = digits.div_ceil(2);
    let mut unit = 100_u128.pow(pairs - 1);
    for _ in 0..pairs {
        out.push((rest / unit) as u8 + 1);
        rest %= unit;
        unit /= 100;
    }
    out.push(0);
}

/// The smallest key greater than every key that begins with `prefix`; `None` if there is none.
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

#[cfg(test)]
mod tests;
