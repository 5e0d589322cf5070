//! Lines of Ion text, each with its version marker, as DynamoDB exports them.
//!
//! | DynamoDB | Ion |
//! |---|---|
//! | S, BOOL, NULL | string, bool, `null` |
//! | N | decimal, in the spelling of Ion's Java library |
//! | B | blob |
//! | L, M | list, struct |
//! | SS, NS, BS | list with the annotation `$dynamodb_SS`, `$dynamodb_NS`, `$dynamodb_BS` |

use model::{ListRef, MapRef, Number, SetRef, ValueRef};

use super::Change;

const VERSION_MARKER: &[u8] = b"$ion_1_0 ";
/// Below 10 to this power, a number is written with an exponent.
const PLAIN_MAGNITUDE_MIN: i32 = -6;
const HEX: &[u8; 16] = b"0123456789abcdef";

pub(super) fn push_item(out: &mut Vec<u8>, item: MapRef<'_>) {
    out.extend_from_slice(VERSION_MARKER);
    out.extend_from_slice(b"{Item:");
    push_map(out, item);
    out.push(b'}');
}

pub(super) fn push_change(out: &mut Vec<u8>, change: &Change<'_>) {
    out.extend_from_slice(VERSION_MARKER);
    out.extend_from_slice(b"{Record:{Keys:");
    push_map(out, change.keys);
    out.extend_from_slice(b",Metadata:{WriteTimestampMicros:");
    push_number(out, Number::from_u64(change.write_timestamp_micros));
    out.push(b'}');
    for (name, image) in [(b",NewImage:", change.new_image), (b",OldImage:", change.old_image)] {
        let Some(image) = image else { continue };
        out.extend_from_slice(name);
        push_map(out, image);
    }
    out.extend_from_slice(b"}}");
}

fn push_map(out: &mut Vec<u8>, map: MapRef<'_>) {
    out.push(b'{');
    for (at, (name, value)) in map.iter().enumerate() {
        separate(out, at);
        push_name(out, name);
        out.push(b':');
        push_value(out, value);
    }
    out.push(b'}');
}

fn push_value(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::S(text) => push_quoted(out, text, b'"'),
        ValueRef::N(number) => push_number(out, number),
        ValueRef::B(bytes) => push_blob(out, bytes),
        ValueRef::Bool(true) => out.extend_from_slice(b"true"),
        ValueRef::Bool(false) => out.extend_from_slice(b"false"),
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::SS(set) => push_set(out, b"$dynamodb_SS::", set),
        ValueRef::NS(set) => push_set(out, b"$dynamodb_NS::", set),
        ValueRef::BS(set) => push_set(out, b"$dynamodb_BS::", set),
        ValueRef::L(list) => push_list(out, list),
        ValueRef::M(map) => push_map(out, map),
    }
}

fn push_list(out: &mut Vec<u8>, list: ListRef<'_>) {
    out.push(b'[');
    for (at, element) in list.iter().enumerate() {
        separate(out, at);
        push_value(out, element);
    }
    out.push(b']');
}

fn push_set(out: &mut Vec<u8>, annotation: &[u8], set: SetRef<'_>) {
    out.extend_from_slice(annotation);
    out.push(b'[');
    for (at, element) in set.iter().enumerate() {
        separate(out, at);
        push_value(out, element);
    }
    out.push(b']');
}

fn push_blob(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"{{");
    base64_simd::STANDARD.encode_append(bytes, out);
    out.extend_from_slice(b"}}");
}

/// A decimal: trailing zeros are in the exponent, and the point is written where it is not far from the digits.
fn push_number(out: &mut Vec<u8>, number: Number) {
    let (_, coefficient, exponent) = number.parts();
    if exponent < 0 && number.magnitude() >= PLAIN_MAGNITUDE_MIN {
        return number.write_to(out);
    }
    if number.is_negative() {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(coefficient).as_bytes());
    if exponent == 0 {
        out.push(b'.');
    } else {
        out.push(b'd');
        out.extend_from_slice(itoa::Buffer::new().format(exponent).as_bytes());
    }
}

/// A field's name: quoted unless it is an identifier.
fn push_name(out: &mut Vec<u8>, name: &str) {
    if is_identifier(name) {
        out.extend_from_slice(name.as_bytes());
    } else {
        push_quoted(out, name, b'\'');
    }
}

/// Whether a symbol of this text is read as itself without quotes: it is no keyword and no symbol's number.
fn is_identifier(name: &str) -> bool {
    let is_start = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
    let is_symbol_id = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    name.as_bytes().first().is_some_and(is_start)
        && name.bytes().all(|byte| is_start(&byte) || byte.is_ascii_digit())
        && !matches!(name, "null" | "true" | "false" | "nan")
        && !name.strip_prefix('$').is_some_and(is_symbol_id)
}

fn push_quoted(out: &mut Vec<u8>, text: &str, quote: u8) {
    out.push(quote);
    for character in text.chars() {
        push_character(out, character, quote);
    }
    out.push(quote);
}

fn push_character(out: &mut Vec<u8>, character: char, quote: u8) {
    let escape = match character {
        '\0' => b'0',
        '\u{7}' => b'a',
        '\u{8}' => b'b',
        '\t' => b't',
        '\n' => b'n',
        '\u{b}' => b'v',
        '\u{c}' => b'f',
        '\r' => b'r',
        '\\' => b'\\',
        other if other == char::from(quote) => quote,
        other if other.is_control() => {
            // Control characters are below 256.
            let code = other as u32 as u8;
            return out.extend_from_slice(&[b'\\', b'x', HEX[usize::from(code >> 4)], HEX[usize::from(code & 15)]]);
        }
        other => return out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    out.extend_from_slice(&[b'\\', escape]);
}

fn separate(out: &mut Vec<u8>, at: usize) {
    if at > 0 {
        out.push(b',');
    }
}
