//! DynamoDB JSON: how attribute values are written on the wire.
//!
//! `{"S":"text"}`, `{"N":"1.5"}`, `{"B":"<base64>"}`, `{"SS":[…]}`, `{"M":{…}}`: every value names its type. Values are
//! written from views, so an item is written from its stored bytes to the response without a tree in between.

use crate::number::Number;
use crate::value::compact::RawValue;
use crate::value::{ListRef, MapRef, SetRef, ValueRef};

/// Appends one value.
pub fn write_value(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::S(text) => typed(out, b"{\"S\":", |out| write_string(out, text)),
        ValueRef::N(number) => typed(out, b"{\"N\":", |out| write_number(out, number)),
        ValueRef::B(bytes) => typed(out, b"{\"B\":", |out| write_binary(out, bytes)),
        ValueRef::Bool(true) => out.extend_from_slice(b"{\"BOOL\":true}"),
        ValueRef::Bool(false) => out.extend_from_slice(b"{\"BOOL\":false}"),
        ValueRef::Null => out.extend_from_slice(b"{\"NULL\":true}"),
        ValueRef::SS(set) => typed(out, b"{\"SS\":", |out| write_set(out, set)),
        ValueRef::NS(set) => typed(out, b"{\"NS\":", |out| write_set(out, set)),
        ValueRef::BS(set) => typed(out, b"{\"BS\":", |out| write_set(out, set)),
        ValueRef::L(list) => typed(out, b"{\"L\":", |out| write_list(out, list)),
        ValueRef::M(map) => typed(out, b"{\"M\":", |out| write_map(out, map)),
    }
}

/// Appends a map of values: an item, a key, or what is inside an `M`.
pub fn write_map(out: &mut Vec<u8>, map: MapRef<'_>) {
    out.push(b'{');
    match map {
        MapRef::Compact(map) => {
            for (at, (name, value)) in map.raw_entries().enumerate() {
                separate(out, at);
                write_utf8(out, name);
                out.push(b':');
                match value {
                    RawValue::Text(text) => typed(out, b"{\"S\":", |out| write_utf8(out, text)),
                    RawValue::Other(value) => write_value(out, value),
                }
            }
        }
        map => {
            for (at, (name, value)) in map.iter().enumerate() {
                separate(out, at);
                write_string(out, name);
                out.push(b':');
                write_value(out, value);
            }
        }
    }
    out.push(b'}');
}

/// Appends a JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    write_utf8(out, text.as_bytes());
}

/// Appends the JSON string of a text, which is its bytes.
fn write_utf8(out: &mut Vec<u8>, text: &[u8]) {
    // With room for the colon or the brace behind it.
    out.reserve(text.len() + 3);
    out.push(b'"');
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        write_with_escapes(out, text);
    }
    out.push(b'"');
}

#[cold]
fn write_with_escapes(out: &mut Vec<u8>, mut rest: &[u8]) {
    loop {
        let (plain, escaped) = rest.split_at(plain_size(rest));
        out.extend_from_slice(plain);
        let Some((byte, after)) = escaped.split_first() else { break };
        write_escaped(out, *byte);
        rest = after;
    }
}

/// How many bytes at the start need no escape.
fn plain_size(bytes: &[u8]) -> usize {
    let start = bytes.as_chunks::<BLOCK>().0.iter().take_while(|block| is_plain_block(block)).count() * BLOCK;
    let in_rest = bytes[start..].iter().position(|byte| is_escaped(*byte));
    in_rest.map_or(bytes.len(), |at| start + at)
}

/// Without a branch a byte, which compilers turn into vector instructions.
fn is_plain_block(block: &[u8; BLOCK]) -> bool {
    !block.iter().fold(false, |found, byte| found | is_escaped(*byte))
}

/// Bytes that are looked at together: long enough for the widest instructions.
const BLOCK: usize = 32;

/// Whether nothing needs an escape: most strings have nothing to escape, and they are most of what is written. What is left over
/// behind whole blocks, and short strings, are checked eight bytes at once.
fn is_plain(text: &[u8]) -> bool {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    if !blocks.iter().all(is_plain_block) {
        return false;
    }
    match (rest.last_chunk::<8>(), rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        // The last eight bytes overlap those before them, so that none is left over.
        (Some(last), ..) => {
            let escapes = |eight: &[u8; 8]| escapes_in(u64::from_le_bytes(*eight));
            rest.as_chunks::<8>().0.iter().fold(escapes(last), |all, eight| all | escapes(eight)) == 0
        }
        (None, Some(first), Some(last)) => {
            let both = u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
            escapes_in(both) == 0
        }
        _ => !rest.iter().any(|byte| is_escaped(*byte)),
    }
}

/// Not 0 if and only if one of eight bytes is escaped. Which one only the lowest bit that is set says: a byte that is borrows from those
/// above it.
fn escapes_in(eight: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // A byte below `n` borrows from its top bit: only bytes without one of their own are taken.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & TOPS;
    let equal = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    below(eight, 0x20) | equal(b'"') | equal(b'\\')
}

fn is_escaped(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

fn write_escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        control => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[usize::from(control >> 4)], HEX[usize::from(control & 15)]]);
        }
    }
}

/// Appends bytes as a JSON string of base64.
pub fn write_binary(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    base64_simd::STANDARD.encode_append(bytes, out);
    out.push(b'"');
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn typed(out: &mut Vec<u8>, open: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(open);
    write(out);
    out.push(b'}');
}

fn write_number(out: &mut Vec<u8>, number: Number) {
    out.push(b'"');
    number.write_to(out);
    out.push(b'"');
}

fn write_set(out: &mut Vec<u8>, set: SetRef<'_>) {
    out.push(b'[');
    for (at, element) in set.iter().enumerate() {
        separate(out, at);
        match element {
            ValueRef::S(text) => write_string(out, text),
            ValueRef::N(number) => write_number(out, number),
            ValueRef::B(bytes) => write_binary(out, bytes),
            other => write_value(out, other),
        }
    }
    out.push(b']');
}

fn write_list(out: &mut Vec<u8>, list: ListRef<'_>) {
    out.push(b'[');
    for (at, element) in list.iter().enumerate() {
        separate(out, at);
        write_value(out, element);
    }
    out.push(b']');
}

fn separate(out: &mut Vec<u8>, at: usize) {
    if at > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::compact;
    use crate::value::{AttributeValue, Attributes};

    /// Checks both shapes of a value: the tree, and the bytes as stored.
    fn check(value: AttributeValue, expected: &str) {
        let mut out = Vec::new();
        write_value(&mut out, value.view());
        assert_eq!(String::from_utf8(out).as_deref(), Ok(expected));

        let item = Attributes::from_unsorted(vec![("a".to_owned(), value)]);
        let stored = compact::OwnedMap::from(item.view());
        let mut out = Vec::new();
        write_map(&mut out, MapRef::Compact(stored.view()));
        assert_eq!(String::from_utf8(out), Ok(format!("{{\"a\":{expected}}}")));
    }

    #[test]
    fn a_string_is_plain_if_no_byte_of_it_is_escaped() {
        for byte in 0..=255 {
            for length in [1, 3, 4, 7, 8, 9, 15, 31, 32, 33, 70] {
                for at in 0..length {
                    for around in [b'a', 0xc3, b'!', 0x7f] {
                        let mut text = vec![around; length];
                        text[at] = byte;
                        assert_eq!(is_plain(&text), !is_escaped(byte), "{byte} at {at} of {length} among {around}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_must_be_escaped_is_found_anywhere() {
        for length in [1, 31, 32, 33, 64, 70] {
            for at in 0..length {
                let mut text = "é".repeat(length);
                text.truncate(length & !1);
                text.push('x');
                text.insert(at & !1, '"');
                let expected = format!("{{\"S\":\"{}\"}}", text.replace('"', "\\\""));
                check(AttributeValue::S(text), &expected);
            }
        }
    }

    #[test]
    fn every_type_is_written() {
        use AttributeValue::*;
        let number = |text: &str| Number::parse(text).expect("a number");
        check(S("a".to_owned()), r#"{"S":"a"}"#);
        check(S("q\" b\\ \n\r\t \u{1} \u{7f} é 𝄞".to_owned()), "{\"S\":\"q\\\" b\\\\ \\n\\r\\t \\u0001 \u{7f} é 𝄞\"}");
        check(N(number("-1.50e2")), r#"{"N":"-150"}"#);
        check(B(vec![0xff, 0]), r#"{"B":"/wA="}"#);
        check(B(Vec::new()), r#"{"B":""}"#);
        check(Bool(true), r#"{"BOOL":true}"#);
        check(Bool(false), r#"{"BOOL":false}"#);
        check(Null, r#"{"NULL":true}"#);
        check(SS(vec!["a".to_owned(), "b".to_owned()]), r#"{"SS":["a","b"]}"#);
        check(NS(vec![number("1"), number("2")]), r#"{"NS":["1","2"]}"#);
        check(BS(vec![vec![1], vec![2]]), r#"{"BS":["AQ==","Ag=="]}"#);
        check(L(vec![Null, L(Vec::new())]), r#"{"L":[{"NULL":true},{"L":[]}]}"#);
        check(M(Attributes::new()), r#"{"M":{}}"#);
        let inner = vec![("b".to_owned(), S("x".to_owned())), ("a".to_owned(), Null)];
        check(M(Attributes::from_unsorted(inner)), r#"{"M":{"a":{"NULL":true},"b":{"S":"x"}}}"#);
    }
}
