//! CBOR bodies of RPC v2 (Smithy's `rpcv2Cbor`), as far as RFC 8949 has what shapes can be: integers, floats, texts, bytes,
//! arrays, maps, and times with tag 1; of definite and of indefinite length.
//!
//! | bits | of the first byte |
//! |---|---|
//! | 7..5 | major type: 0 number, 1 negative number, 2 bytes, 3 text, 4 array, 5 map, 6 tag, 7 simple value or float |
//! | 4..0 | the argument, or 24 to 27: it is in the next 1, 2, 4 or 8 bytes; 31: indefinite length, or the break that ends one |
//!
//! Nothing is allocated for a length before its bytes are there.

use super::{DEPTH_MAX, DecodeError, Reader, expected, members};
use crate::shape::{HttpBindings, Shape, ShapeIndex};
use crate::value::{Structure, Timestamp, Value, place};

const BREAK: u8 = 0xff;
const MAP: u8 = 0xbf;
const ARRAY: u8 = 0x9f;

/// Major types.
mod major {
    pub(super) const NUMBER: u8 = 0;
    pub(super) const NEGATIVE: u8 = 1;
    pub(super) const BYTES: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const ARRAY: u8 = 4;
    pub(super) const MAP: u8 = 5;
    pub(super) const TAG: u8 = 6;
    pub(super) const SIMPLE: u8 = 7;
}

/// Seconds since the start of 1970.
const TAG_EPOCH: u64 = 1;

/// An empty body has no members.
///
/// # Errors
/// If the body is no CBOR map, or a member has another type than its shape.
pub(super) fn decode(reader: &Reader, input: ShapeIndex, body: &[u8]) -> Result<Structure, DecodeError> {
    if body.is_empty() {
        return Ok(Structure::default());
    }
    let mut decoder = Decoder { reader, rest: body };
    let decoded = decoder.value(input, "", 0);
    match decoded {
        Ok(Some(Value::Structure(structure))) if decoder.rest.is_empty() => Ok(structure),
        Err(error) if !matches!(error, DecodeError::Type { member: "", .. }) => Err(error),
        _ => Err(DecodeError::Malformed),
    }
}

/// The head of a data item.
#[derive(Clone, Copy)]
struct Head {
    major: u8,
    /// The low bits: they say what kind of a simple value or float it is.
    low: u8,
    argument: u64,
}

impl Head {
    fn is_indefinite(self) -> bool {
        self.low == 31
    }
}

struct Decoder<'r> {
    reader: &'r Reader,
    rest: &'r [u8],
}

impl<'r> Decoder<'r> {
    fn bytes(&mut self, count: u64) -> Result<&'r [u8], DecodeError> {
        let count = usize::try_from(count).map_err(|_| DecodeError::Malformed)?;
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::Malformed)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn head(&mut self) -> Result<Head, DecodeError> {
        let first = self.bytes(1)?[0];
        let (major, low) = (first >> 5, first & 31);
        let argument = match low {
            0..24 => low.into(),
            24..28 => self.bytes(1 << (low - 24))?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
            31 if !matches!(major, major::NUMBER | major::NEGATIVE | major::TAG) => 0,
            _ => return Err(DecodeError::Malformed),
        };
        Ok(Head { major, low, argument })
    }

    /// Whether a collection has one more part. Takes the break that ends one of indefinite length.
    fn has_next(&mut self, head: Head, taken: u64) -> bool {
        if !head.is_indefinite() {
            return taken < head.argument;
        }
        match self.rest.split_first() {
            Some((&BREAK, rest)) => {
                self.rest = rest;
                false
            }
            // Where there is nothing at all, reading the next part fails.
            _ => true,
        }
    }

    /// `None` for null and undefined.
    fn value(&mut self, shape: ShapeIndex, member: &'static str, depth: usize) -> Result<Option<Value>, DecodeError> {
        self.reader.count(depth)?;
        let shape = self.reader.shape(shape);
        let head = self.head()?;
        let misfit = || DecodeError::Type { member, expected: expected(shape) };
        let value = match (head.major, shape) {
            (major::SIMPLE, _) if matches!(head.low, 22 | 23) => return Ok(None),
            (major::MAP, Shape::Structure { .. } | Shape::Map { .. }) => self.map(shape, head, member, depth)?,
            (major::ARRAY, Shape::List { item, .. }) => {
                let mut items = Vec::new();
                while self.has_next(head, items.len() as u64) {
                    // No list here has items that are null.
                    items.push(self.value(*item, member, depth + 1)?.ok_or_else(misfit)?);
                }
                Value::List(items)
            }
            (major::TEXT, Shape::Text { .. } | Shape::Words(_)) => Value::Text(self.text(head)?),
            (major::BYTES, Shape::Blob(_)) => Value::Blob(self.chunks(head)?),
            (major::TAG, Shape::Timestamp) if head.argument == TAG_EPOCH => {
                let seconds = self.head()?;
                let seconds = self.number(seconds)?.ok_or_else(misfit)?;
                super::scalar::timestamp(seconds).ok_or_else(misfit)?
            }
            (major::SIMPLE, Shape::Boolean) if matches!(head.low, 20 | 21) => Value::Boolean(head.low == 21),
            (major::NUMBER | major::NEGATIVE, Shape::Integer(_) | Shape::Long(_)) => {
                let argument = i64::try_from(head.argument).map_err(|_| misfit())?;
                Value::Integer(if head.major == major::NUMBER { argument } else { -1 - argument })
            }
            (_, Shape::Double) => Value::Double(self.number(head)?.ok_or_else(misfit)?),
            _ => return Err(misfit()),
        };
        Ok(Some(value))
    }

    fn map(
        &mut self,
        shape: &'static Shape,
        head: Head,
        member: &'static str,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let (mut structure, mut entries) = (Structure::default(), Vec::new());
        let mut taken = 0;
        while self.has_next(head, taken) {
            taken += 1;
            let key = self.head()?;
            if key.major != major::TEXT {
                return Err(DecodeError::Malformed);
            }
            let name = self.text(key)?;
            match shape {
                Shape::Structure { members, .. } => {
                    match members.iter().position(|member| member.body_name(HttpBindings::Ignored) == Some(&*name)) {
                        None => self.skip(depth + 1)?,
                        Some(at) => {
                            let member = &members[at];
                            // Of several the last one counts, and a null is no value.
                            match self.value(member.shape, member.name, depth + 1)? {
                                Some(value) => structure.put(place(at), value),
                                None => drop(structure.take(place(at))),
                            }
                        }
                    }
                }
                Shape::Map { value, .. } => {
                    let misfit = DecodeError::Type { member, expected: expected(shape) };
                    let value = self.value(*value, member, depth + 1)?.ok_or(misfit)?;
                    entries.push((name, value));
                }
                _ => self.skip(depth + 1)?,
            }
        }
        if matches!(shape, Shape::Structure { .. }) {
            return Ok(Value::Structure(structure));
        }
        super::keep_last(&mut entries);
        Ok(Value::Map(entries))
    }

    /// A float or an integer; `None` for anything else.
    fn number(&mut self, head: Head) -> Result<Option<f64>, DecodeError> {
        Ok(match (head.major, head.low) {
            (major::NUMBER, _) => Some(head.argument as f64),
            (major::NEGATIVE, _) => Some(-1.0 - head.argument as f64),
            // A head takes no more bytes than its width, so the conversions lose nothing.
            (major::SIMPLE, 25) => Some(half(head.argument as u16)),
            (major::SIMPLE, 26) => Some(f32::from_bits(head.argument as u32).into()),
            (major::SIMPLE, 27) => Some(f64::from_bits(head.argument)),
            _ => None,
        })
    }

    fn text(&mut self, head: Head) -> Result<String, DecodeError> {
        String::from_utf8(self.chunks(head)?).map_err(|_| DecodeError::Malformed)
    }

    /// The bytes of a text or of bytes, whose chunks are of the same type.
    fn chunks(&mut self, head: Head) -> Result<Vec<u8>, DecodeError> {
        if !head.is_indefinite() {
            return self.bytes(head.argument).map(<[u8]>::to_vec);
        }
        let mut all = Vec::new();
        while self.has_next(head, 0) {
            let chunk = self.head()?;
            if chunk.major != head.major || chunk.is_indefinite() {
                return Err(DecodeError::Malformed);
            }
            all.extend_from_slice(self.bytes(chunk.argument)?);
        }
        Ok(all)
    }

    /// Passes over an item that no shape has.
    fn skip(&mut self, depth: usize) -> Result<(), DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::TooLarge);
        }
        let head = self.head()?;
        match head.major {
            major::NUMBER | major::NEGATIVE => Ok(()),
            // A break is an end, not an item.
            major::SIMPLE if head.is_indefinite() => Err(DecodeError::Malformed),
            major::SIMPLE => Ok(()),
            major::BYTES | major::TEXT => self.chunks(head).map(drop),
            major::TAG => self.skip(depth + 1),
            _ => {
                let of_each = if head.major == major::MAP { 2 } else { 1 };
                let mut taken = 0;
                while self.has_next(head, taken) {
                    taken += 1;
                    for _ in 0..of_each {
                        self.skip(depth + 1)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// IEEE 754's binary16.
pub(super) fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

pub(super) fn encode(shapes: &'static [Shape], output: ShapeIndex, structure: &Structure) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write_structure(shapes, output, structure, &mut out);
    out
}

fn write_structure(shapes: &'static [Shape], index: ShapeIndex, structure: &Structure, out: &mut Vec<u8>) {
    out.push(MAP);
    for (at, member) in members(shapes, index).iter().enumerate() {
        if let (Some(name), Some(value)) = (member.body_name(HttpBindings::Ignored), structure.get(place(at))) {
            write_text(out, name);
            write(shapes, member.shape, value, out);
        }
    }
    out.push(BREAK);
}

fn write(shapes: &'static [Shape], index: ShapeIndex, value: &Value, out: &mut Vec<u8>) {
    match (&shapes[usize::from(index)], value) {
        (Shape::Structure { .. }, Value::Structure(structure)) => write_structure(shapes, index, structure, out),
        (Shape::List { item, .. }, Value::List(items)) => {
            out.push(ARRAY);
            items.iter().for_each(|value| write(shapes, *item, value, out));
            out.push(BREAK);
        }
        (Shape::Map { value: of_value, .. }, Value::Map(entries)) => {
            out.push(MAP);
            for (key, value) in entries {
                write_text(out, key);
                write(shapes, *of_value, value, out);
            }
            out.push(BREAK);
        }
        (_, Value::Text(text)) => write_text(out, text),
        (_, Value::Integer(number)) => match u64::try_from(*number) {
            Ok(number) => write_head(out, major::NUMBER, number),
            Err(_) => write_head(out, major::NEGATIVE, (-1 - number).unsigned_abs()),
        },
        (_, Value::Double(number)) => write_double(out, *number),
        (_, Value::Boolean(flag)) => out.push(if *flag { 0xf5 } else { 0xf4 }),
        (_, Value::Blob(bytes)) => {
            write_head(out, major::BYTES, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        (_, Value::Timestamp(Timestamp(ms))) => {
            write_head(out, major::TAG, TAG_EPOCH);
            write_double(out, *ms as f64 / 1_000.0);
        }
        // A value of another shape is a bug of the service; the answer stays CBOR.
        _ => out.push(0xf6),
    }
}

fn write_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let bytes = argument.to_be_bytes();
    let (low, width) = match argument {
        0..24 => (bytes[7], 0),
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    out.push(major << 5 | low);
    out.extend_from_slice(&bytes[8 - width..]);
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(out, major::TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn write_double(out: &mut Vec<u8>, number: f64) {
    out.push(0xfb);
    out.extend_from_slice(&number.to_bits().to_be_bytes());
}

/// An error with its name.
pub(super) fn error(name: &str, members: &[(&str, &str)]) -> Vec<u8> {
    let mut out = vec![MAP];
    for (name, value) in [("__type", name)].iter().chain(members) {
        write_text(&mut out, name);
        write_text(&mut out, value);
    }
    out.push(BREAK);
    out
}
