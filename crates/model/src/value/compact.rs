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
//! A length precedes every payload, so an attribute is found by skipping the others, and an ascending order lets the
//! search stop early. Varints are LEB128.
//!
//! Bytes from a disk may be damaged. [`Map::read`] and [`OwnedMap::read`] check the whole structure once: lengths, tags, UTF-8,
//! numbers, the order of names, the nesting. A [`Map`] therefore is either checked or made by [`encode`], and its accessors rely on
//! that; over other bytes they would find less, and never panic.

use bytes::Bytes;

use super::{ListRef, MapRef, SetRef, ValueRef};
use crate::limits::NESTING_MAX;
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

/// Levels of maps and lists that are read: more than a request may send, so that what is stored is never refused for its depth.
/// Bounds the stack that a check, and each reader behind it, takes.
const DEPTH_MAX: usize = 2 * NESTING_MAX;

/// Bytes that [`encode`] does not make: a damaged disk, or a bug. The text says what is wrong, for the operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed(pub &'static str);

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

/// Appends a value with a length that is known only after it is written.
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

/// The parts of a number's payload: sign, coefficient, exponent. `None` if there are too few bytes, or too many.
fn number_parts(payload: &[u8]) -> Option<(bool, u128, i16)> {
    let (head, digits) = payload.split_first_chunk::<2>()?;
    if digits.len() > size_of::<u128>() {
        return None;
    }
    let head = u16::from_be_bytes(*head);
    let coefficient = digits.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let exponent = (head & !NEGATIVE) as i16 - EXPONENT_BIAS;
    Some((head & NEGATIVE != 0, coefficient, exponent))
}

/// Of a payload that is checked.
fn read_number(payload: &[u8]) -> Number {
    number_parts(payload).map_or(Number::ZERO, Number::of_parts)
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
    fn varint(&mut self) -> Option<usize> {
        let (first, rest) = self.rest.split_first()?;
        if *first < 0x80 {
            self.rest = rest;
            return Some(usize::from(*first));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    #[inline]
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(size)?;
        self.rest = rest;
        Some(taken)
    }

    #[inline]
    fn name(&mut self) -> Option<&'a [u8]> {
        let size = self.varint()?;
        self.take(size)
    }

    /// A value's tag and payload.
    #[inline]
    fn raw_value(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some((*tag, self.name()?))
    }
}

/// How many entries or elements follow, and the reader behind that number.
fn counted(bytes: &[u8]) -> (usize, Reader<'_>) {
    let mut reader = Reader { rest: bytes };
    (reader.varint().unwrap_or_default(), reader)
}

const CUT: &str = "it ends too early";
const LEFT_OVER: &str = "it has bytes behind its end";

fn check_map(bytes: &[u8], depth: usize) -> Result<(), Malformed> {
    let mut reader = Reader { rest: bytes };
    let count = reader.varint().ok_or(Malformed(CUT))?;
    let mut before = None;
    for _ in 0..count {
        let name = reader.name().ok_or(Malformed(CUT))?;
        if before.is_some_and(|before| before >= name) {
            return Err(Malformed("its attributes are not in the order of their names"));
        }
        check_text(name)?;
        check_value(reader.raw_value().ok_or(Malformed(CUT))?, depth)?;
        before = Some(name);
    }
    if reader.rest.is_empty() { Ok(()) } else { Err(Malformed(LEFT_OVER)) }
}

/// The elements of a list, or with `only` of a set, which are scalars of that tag.
fn check_sequence(bytes: &[u8], only: Option<u8>, depth: usize) -> Result<(), Malformed> {
    let mut reader = Reader { rest: bytes };
    for _ in 0..reader.varint().ok_or(Malformed(CUT))? {
        let raw = reader.raw_value().ok_or(Malformed(CUT))?;
        if only.is_some_and(|only| only != raw.0) {
            return Err(Malformed("an element of a set has another type"));
        }
        check_value(raw, depth)?;
    }
    if reader.rest.is_empty() { Ok(()) } else { Err(Malformed(LEFT_OVER)) }
}

#[inline]
fn check_value((tag, payload): (u8, &[u8]), depth: usize) -> Result<(), Malformed> {
    match tag {
        TAG_S => check_text(payload),
        TAG_N => check_number(payload),
        TAG_B => Ok(()),
        TAG_FALSE | TAG_TRUE | TAG_NULL if payload.is_empty() => Ok(()),
        TAG_FALSE | TAG_TRUE | TAG_NULL => Err(Malformed(LEFT_OVER)),
        TAG_SS => check_sequence(payload, Some(TAG_S), depth),
        TAG_NS => check_sequence(payload, Some(TAG_N), depth),
        TAG_BS => check_sequence(payload, Some(TAG_B), depth),
        TAG_L | TAG_M if depth == DEPTH_MAX => Err(Malformed("it is nested too deeply")),
        TAG_L => check_sequence(payload, None, depth + 1),
        TAG_M => check_map(payload, depth + 1),
        _ => Err(Malformed("a value has an unknown type")),
    }
}

#[inline]
fn check_text(bytes: &[u8]) -> Result<(), Malformed> {
    // Most texts are ASCII, which is found out faster.
    match is_ascii(bytes) || std::str::from_utf8(bytes).is_ok() {
        true => Ok(()),
        false => Err(Malformed("a text is not UTF-8")),
    }
}

/// As the standard library's, which reads the short texts that names and keys are byte by byte.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const TOPS: u64 = 0x8080_8080_8080_8080;
    const TOPS_4: u32 = 0x8080_8080;
    match (bytes.len(), bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        // The last eight bytes overlap those before them, so that none is left over.
        (8.., Some(last), ..) => {
            let chunks = bytes.as_chunks::<8>().0.iter();
            chunks.fold(u64::from_le_bytes(*last), |all, chunk| all | u64::from_le_bytes(*chunk)) & TOPS == 0
        }
        (4..8, _, Some(first), Some(last)) => (u32::from_le_bytes(*first) | u32::from_le_bytes(*last)) & TOPS_4 == 0,
        _ => bytes.iter().fold(0, |all, byte| all | byte).is_ascii(),
    }
}

fn check_number(payload: &[u8]) -> Result<(), Malformed> {
    let number =
        number_parts(payload).and_then(|(negative, number, exponent)| Number::from_parts(negative, number, exponent));
    // As it is written, without leading zeros: equal numbers have equal bytes.
    let is_shortest = payload.get(2).is_none_or(|first| *first != 0);
    if number.is_some() && is_shortest { Ok(()) } else { Err(Malformed("a number is none")) }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn value<'a>((tag, payload): (u8, &'a [u8])) -> ValueRef<'a> {
    match tag {
        TAG_S => ValueRef::S(text(payload)),
        TAG_N => ValueRef::N(read_number(payload)),
        TAG_B => ValueRef::B(payload),
        TAG_FALSE => ValueRef::Bool(false),
        TAG_TRUE => ValueRef::Bool(true),
        TAG_SS => ValueRef::SS(SetRef::Compact(Sequence { bytes: payload })),
        TAG_NS => ValueRef::NS(SetRef::Compact(Sequence { bytes: payload })),
        TAG_BS => ValueRef::BS(SetRef::Compact(Sequence { bytes: payload })),
        TAG_L => ValueRef::L(ListRef::Compact(Sequence { bytes: payload })),
        TAG_M => ValueRef::M(MapRef::Compact(Map { bytes: payload })),
        // TAG_NULL: a check refuses all others.
        _ => ValueRef::Null,
    }
}

/// A map that owns its bytes: an item's attributes as they are stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedMap {
    bytes: Bytes,
}

impl OwnedMap {
    /// Takes bytes from outside of this process.
    ///
    /// # Errors
    /// [`Malformed`] if [`encode`] does not make such bytes.
    pub fn read(bytes: Bytes) -> Result<OwnedMap, Malformed> {
        check_map(&bytes, 1)?;
        Ok(OwnedMap { bytes })
    }

    /// Of bytes that are checked, or have just been made.
    pub(crate) fn of_checked(bytes: Bytes) -> OwnedMap {
        OwnedMap { bytes }
    }

    pub fn view(&self) -> Map<'_> {
        Map { bytes: &self.bytes }
    }

    /// Unit: bytes, as stored.
    pub fn stored_size(&self) -> usize {
        self.bytes.len()
    }
}

impl From<MapRef<'_>> for OwnedMap {
    fn from(map: MapRef<'_>) -> OwnedMap {
        OwnedMap { bytes: encode(map).into() }
    }
}

/// A map's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a> {
    bytes: &'a [u8],
}

impl<'a> Map<'a> {
    /// Takes bytes from outside of this process.
    ///
    /// # Errors
    /// [`Malformed`] if [`encode`] does not make such bytes.
    pub fn read(bytes: &'a [u8]) -> Result<Map<'a>, Malformed> {
        check_map(bytes, 1)?;
        Ok(Map { bytes })
    }

    /// Of bytes that are checked, or have just been made.
    pub(crate) fn of_checked(bytes: &'a [u8]) -> Map<'a> {
        Map { bytes }
    }

    pub fn len(&self) -> usize {
        counted(self.bytes).0
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds one attribute, stepping over those before it.
    pub fn get(&self, name: &str) -> Option<ValueRef<'a>> {
        let (count, mut reader) = counted(self.bytes);
        for _ in 0..count {
            let own = reader.name()?;
            let raw = reader.raw_value()?;
            match own.cmp(name.as_bytes()) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Some(value(raw)),
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    pub fn iter(&self) -> MapEntries<'a> {
        let (left, reader) = counted(self.bytes);
        MapEntries { reader, left }
    }

    /// The entries with their texts as bytes, for a writer of bytes: checked texts are UTF-8, and are not looked at again.
    pub(crate) fn raw_entries(&self) -> impl Iterator<Item = (&'a [u8], RawValue<'a>)> {
        let (count, mut reader) = counted(self.bytes);
        (0..count).map_while(move |_| {
            let name = reader.name()?;
            Some(match reader.raw_value()? {
                (TAG_S, text) => (name, RawValue::Text(text)),
                raw => (name, RawValue::Other(value(raw))),
            })
        })
    }
}

/// A value of [`Map::raw_entries`].
pub(crate) enum RawValue<'a> {
    /// UTF-8.
    Text(&'a [u8]),
    Other(ValueRef<'a>),
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
        let name = self.reader.name()?;
        Some((text(name), value(self.reader.raw_value()?)))
    }
}

/// The elements of a list or a set.
#[derive(Clone, Copy, Debug)]
pub struct Sequence<'a> {
    bytes: &'a [u8],
}

impl<'a> Sequence<'a> {
    pub fn len(&self) -> usize {
        counted(self.bytes).0
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> SequenceIter<'a> {
        let (left, reader) = counted(self.bytes);
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
        self.reader.raw_value().map(value)
    }
}

#[cfg(test)]
mod tests;
