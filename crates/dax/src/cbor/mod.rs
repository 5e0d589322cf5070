//! The CBOR that DAX's clients and servers speak: RFC 8949 without half and single floats, with DAX's own tags.
//!
//! | tag | content | meaning |
//! |---|---|---|
//! | 2, 3 | bytes | an integer of any size, a negative one (-1 - n) |
//! | 4 | array of exponent and mantissa | a decimal |
//! | 3321, 3322, 3323 | array | a set of strings, numbers, binaries |
//! | 3324 | integer | an index of a list in a document path |
//!
//! Three parts, from bytes of unknown origin to values:
//!
//! 1. [`Scanner`] finds where a value ends while its bytes arrive. It allocates nothing by an announced length, has a bounded stack and
//!    reads each byte once.
//! 2. [`Reader`] reads the values of a whole message, which it borrows. It does not recurse; what reads nested values with it counts
//!    their levels.
//! 3. [`Writer`] writes with the shortest heads and definite lengths.

mod reader;
mod scanner;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use reader::{Head, Reader, Sequence};
pub(crate) use scanner::Scanner;
pub(crate) use writer::Writer;

pub(crate) const TAG_BIGNUM: u64 = 2;
pub(crate) const TAG_NEGATIVE_BIGNUM: u64 = 3;
pub(crate) const TAG_DECIMAL: u64 = 4;
pub(crate) const TAG_STRING_SET: u64 = 3321;
pub(crate) const TAG_NUMBER_SET: u64 = 3322;
pub(crate) const TAG_BINARY_SET: u64 = 3323;
pub(crate) const TAG_LIST_INDEX: u64 = 3324;

const MAJOR_UNSIGNED: u8 = 0;
const MAJOR_NEGATIVE: u8 = 1;
const MAJOR_BYTES: u8 = 2;
const MAJOR_TEXT: u8 = 3;
const MAJOR_ARRAY: u8 = 4;
const MAJOR_MAP: u8 = 5;
const MAJOR_TAG: u8 = 6;
const MAJOR_SIMPLE: u8 = 7;

const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;
const FLOAT64: u8 = 0xfb;
const BREAK: u8 = 0xff;

/// Bytes that are no value of this CBOR. The text says what is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

const TRUNCATED: Malformed = Malformed("the bytes end within a value");

/// The first byte of a head and its argument. `None` is an indefinite length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct RawHead {
    major: u8,
    argument: Option<u64>,
    /// Bytes of the head itself.
    size: usize,
}

/// Reads a head; none if the bytes end within it.
fn raw_head(bytes: &[u8]) -> Result<Option<RawHead>, Malformed> {
    let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
    let (major, low) = (first >> 5, first & 0x1f);
    let width = match low {
        0..=23 => 0,
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        31 if matches!(major, MAJOR_BYTES | MAJOR_TEXT | MAJOR_ARRAY | MAJOR_MAP | MAJOR_SIMPLE) => {
            return Ok(Some(RawHead { major, argument: None, size: 1 }));
        }
        _ => return Err(Malformed("a head that CBOR does not have")),
    };
    if width == 0 {
        return Ok(Some(RawHead { major, argument: Some(u64::from(low)), size: 1 }));
    }
    let Some(argument) = rest.get(..width) else { return Ok(None) };
    let argument = argument.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Ok(Some(RawHead { major, argument: Some(argument), size: 1 + width }))
}
