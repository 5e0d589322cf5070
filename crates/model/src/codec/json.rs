//! DynamoDB JSON: how attribute values are written on the wire.
//!
//! `{"S":"text"}`, `{"N":"1.5"}`, `{"B":"<base64>"}`, `{"SS":[…]}`, `{"M":{…}}`: every value names its type. Values are
//! written from views, so an item is written from its stored bytes to the response without a tree in between.

use crate::number::Number;
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
    for (at, (name, value)) in map.iter().enumerate() {
        separate(out, at);
        write_string(out, name);
        out.push(b':');
        write_value(out, value);
    }
    out.push(b'}');
}

/// Appends a JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, escaped) = rest.split_at(plain_size(rest));
        out.extend_from_slice(plain);
        let Some((byte, after)) = escaped.split_first() else { break };
        write_escaped(out, *byte);
        rest = after;
    }
    out.push(b'"');
}

/// Bytes that are looked at together: long enough for the widest instructions, short enough for short strings.
const BLOCK: usize = 32;

/// How many bytes at the start need no escape. Whole blocks are checked without a branch a byte, which compilers turn
/// into vector instructions: most strings hold nothing to escape, and they are most of what is written.
fn plain_size(bytes: &[u8]) -> usize {
    let blocks = bytes.chunks_exact(BLOCK);
    let plain = |block: &[u8]| !block.iter().fold(false, |found, byte| found | is_escaped(*byte));
    let start = blocks.take_while(|block| plain(block)).count() * BLOCK;
    let in_rest = bytes[start..].iter().position(|byte| is_escaped(*byte));
    in_rest.map_or(bytes.len(), |at| start + at)
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
