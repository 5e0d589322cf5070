//! Compact items: the bytes in which attributes are stored, readable without being decoded.
//!
//! | part | bytes | content |
//! |---|---|---|
//! | map | varint | number of entries, then the entries in ascending order of name |
//! | entry | varint, n, value | length of the name, the name (UTF-8), the value |
//! | value | 1, varint, n | tag, length of the payload, the payload |
//!
//! | tag | type | payload |
//! |---|---|---|
//! | 1 | S | UTF-8 |
//! | 2 | N | sign and exponent (2, see `push_number`), coefficient (big-endian, no leading zero byte) |
//! | 3 | B | the bytes |
//! | 4, 5, 6 | false, true, NULL | none |
//! | 7, 8, 9 | SS, NS, BS | varint count, then the elements as values, ascending |
//! | 10 | L | varint count, then the elements as values |
//! | 11 | M | a map |
//!
//! A length stands before every payload, so an attribute is found by stepping over the others, and an ascending order
//! lets the search stop early. Varints are LEB128. The bytes are only ever our own: reading ones that are not well
//! formed is a broken disk or a bug, and stops the request with a panic that the server answers as an internal error.

use super::{ListRef, MapRef, SetRef, ValueRef};
use crate::number::Number;

const TAG_S: u8 = 1;
const TAG_N: u8 = 2;
const TAG_B: u8 = 3;
const TAG_FALSE: u8 = 4;
const TAG_TRUE: u8 = 5;
const TAG_NULL: u8 = 6;
const TAG_SS: u8 = 7;
const TAG_NS: u8 = 8;
const TAG_BS: u8 = 9;
const TAG_L: u8 = 10;
const TAG_M: u8 = 11;

/// Added to a number's exponent so that it is never negative.
const EXPONENT_BIAS: i16 = 0x1000;
const NEGATIVE: u16 = 0x8000;

const MALFORMED: &str = "a stored item is not well formed";

/// The bytes of a map.
pub fn encode(map: MapRef<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    push_map(&mut out, map);
    out
}

/// Appends a map's bytes. Bytes that are compact already are copied as they are.
pub fn push_map(out: &mut Vec<u8>, map: MapRef<'_>) {
    if let MapRef::Compact(compact) = map {
        out.extend_from_slice(compact.bytes);
        return;
    }
    push_entries(out, map.len(), map.iter());
}

/// Appends a map of exactly `count` entries, which come in ascending order of name.
pub fn push_entries<'a>(out: &mut Vec<u8>, count: usize, entries: impl Iterator<Item = (&'a str, ValueRef<'a>)>) {
    push_varint(out, count);
    for (name, value) in entries {
        push_varint(out, name.len());
        out.extend_from_slice(name.as_bytes());
        push_value(out, value);
    }
}

fn push_value(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::S(text) => push_payload(out, TAG_S, text.as_bytes()),
        ValueRef::N(number) => push_number(out, number),
        ValueRef::B(bytes) => push_payload(out, TAG_B, bytes),
        ValueRef::Bool(false) => push_payload(out, TAG_FALSE, &[]),
        ValueRef::Bool(true) => push_payload(out, TAG_TRUE, &[]),
        ValueRef::Null => push_payload(out, TAG_NULL, &[]),
        ValueRef::SS(set) => push_set(out, TAG_SS, set),
        ValueRef::NS(set) => push_set(out, TAG_NS, set),
        ValueRef::BS(set) => push_set(out, TAG_BS, set),
        ValueRef::L(ListRef::Compact(list)) => push_payload(out, TAG_L, list.bytes),
        ValueRef::L(list) => push_nested(out, TAG_L, |out| {
            push_varint(out, list.len());
            list.iter().for_each(|element| push_value(out, element));
        }),
        ValueRef::M(MapRef::Compact(map)) => push_payload(out, TAG_M, map.bytes),
        ValueRef::M(map) => push_nested(out, TAG_M, |out| push_map(out, map)),
    }
}

fn push_payload(out: &mut Vec<u8>, tag: u8, payload: &[u8]) {
    out.push(tag);
    push_varint(out, payload.len());
    out.extend_from_slice(payload);
}

fn push_set(out: &mut Vec<u8>, tag: u8, set: SetRef<'_>) {
    push_nested(out, tag, |out| {
        push_varint(out, set.len());
        set.iter().for_each(|element| push_value(out, element));
    });
}

/// Appends a value whose length is known only after it is written.
fn push_nested(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    write(out);
    let mut length = [0_u8; VARINT_SIZE_MAX];
    let size = encode_varint(&mut length, out.len() - start);
    out.splice(start..start, length[..size].iter().copied());
}

/// Two bytes, the sign in the highest bit and the biased exponent below it; then the coefficient.
fn push_number(out: &mut Vec<u8>, number: Number) {
    let (negative, coefficient, exponent) = number.parts();
    let head = (exponent + EXPONENT_BIAS) as u16 | if negative { NEGATIVE } else { 0 };
    let bytes = coefficient.to_be_bytes();
    let digits = &bytes[(coefficient.leading_zeros() / 8) as usize..];
    out.push(TAG_N);
    push_varint(out, 2 + digits.len());
    out.extend_from_slice(&head.to_be_bytes());
    out.extend_from_slice(digits);
}

fn read_number(payload: &[u8]) -> Number {
    let (head, digits) = payload.split_first_chunk::<2>().expect(MALFORMED);
    let head = u16::from_be_bytes(*head);
    let coefficient = digits.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let exponent = (head & !NEGATIVE) as i16 - EXPONENT_BIAS;
    Number::from_parts(head & NEGATIVE != 0, coefficient, exponent).expect(MALFORMED)
}

const VARINT_SIZE_MAX: usize = 10;

fn encode_varint(buffer: &mut [u8; VARINT_SIZE_MAX], mut value: usize) -> usize {
    let mut size = 0;
    while value >= 0x80 {
        buffer[size] = value as u8 | 0x80;
        value >>= 7;
        size += 1;
    }
    buffer[size] = value as u8;
    size + 1
}

fn push_varint(out: &mut Vec<u8>, value: usize) {
    if value < 0x80 {
        return out.push(value as u8);
    }
    let mut buffer = [0; VARINT_SIZE_MAX];
    let size = encode_varint(&mut buffer, value);
    out.extend_from_slice(&buffer[..size]);
}

/// Reads forward over compact bytes.
#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    #[inline]
    fn varint(&mut self) -> usize {
        let (first, rest) = self.rest.split_first().expect(MALFORMED);
        if *first < 0x80 {
            self.rest = rest;
            return usize::from(*first);
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> usize {
        let mut value = 0_usize;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.rest.split_first().expect(MALFORMED);
            self.rest = rest;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return value;
            }
        }
        panic!("{MALFORMED}");
    }

    #[inline]
    fn take(&mut self, size: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(size).expect(MALFORMED);
        self.rest = rest;
        taken
    }

    #[inline]
    fn name(&mut self) -> &'a [u8] {
        let size = self.varint();
        self.take(size)
    }

    /// A value's tag and payload.
    #[inline]
    fn raw_value(&mut self) -> (u8, &'a [u8]) {
        let tag = self.take(1)[0];
        let size = self.varint();
        (tag, self.take(size))
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect(MALFORMED)
}

fn value<'a>((tag, payload): (u8, &'a [u8])) -> ValueRef<'a> {
    match tag {
        TAG_S => ValueRef::S(text(payload)),
        TAG_N => ValueRef::N(read_number(payload)),
        TAG_B => ValueRef::B(payload),
        TAG_FALSE => ValueRef::Bool(false),
        TAG_TRUE => ValueRef::Bool(true),
        TAG_NULL => ValueRef::Null,
        TAG_SS => ValueRef::SS(SetRef::Compact(Sequence { bytes: payload })),
        TAG_NS => ValueRef::NS(SetRef::Compact(Sequence { bytes: payload })),
        TAG_BS => ValueRef::BS(SetRef::Compact(Sequence { bytes: payload })),
        TAG_L => ValueRef::L(ListRef::Compact(Sequence { bytes: payload })),
        TAG_M => ValueRef::M(MapRef::Compact(Map { bytes: payload })),
        _ => panic!("{MALFORMED}"),
    }
}

/// A map's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a> {
    bytes: &'a [u8],
}

impl<'a> Map<'a> {
    pub fn new(bytes: &'a [u8]) -> Map<'a> {
        Map { bytes }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn len(&self) -> usize {
        Reader { rest: self.bytes }.varint()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds one attribute, stepping over those before it.
    pub fn get(&self, name: &str) -> Option<ValueRef<'a>> {
        let mut reader = Reader { rest: self.bytes };
        for _ in 0..reader.varint() {
            let own = reader.name();
            let raw = reader.raw_value();
            match own.cmp(name.as_bytes()) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Some(value(raw)),
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    pub fn iter(&self) -> MapEntries<'a> {
        let mut reader = Reader { rest: self.bytes };
        let left = reader.varint();
        MapEntries { reader, left }
    }
}

#[derive(Clone, Debug)]
pub struct MapEntries<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Iterator for MapEntries<'a> {
    type Item = (&'a str, ValueRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = self.reader.name();
        Some((text(name), value(self.reader.raw_value())))
    }
}

/// The elements of a list or a set.
#[derive(Clone, Copy, Debug)]
pub struct Sequence<'a> {
    bytes: &'a [u8],
}

impl<'a> Sequence<'a> {
    pub fn len(&self) -> usize {
        Reader { rest: self.bytes }.varint()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> SequenceIter<'a> {
        let mut reader = Reader { rest: self.bytes };
        let left = reader.varint();
        SequenceIter { reader, left }
    }
}

#[derive(Clone, Debug)]
pub struct SequenceIter<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Iterator for SequenceIter<'a> {
    type Item = ValueRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<ValueRef<'a>> {
        self.left = self.left.checked_sub(1)?;
        Some(value(self.reader.raw_value()))
    }
}

#[cfg(test)]
mod tests;
