//! Lines of plain JSON, without the names of types, for tools that know nothing of DynamoDB.
//!
//! A number is a JSON number with all its digits. What JSON has no type for becomes what is nearest, and is not read back as what it was: a
//! binary value is a string of base64, a set is an array.

use model::codec::json::{write_binary, write_string};
use model::{MapRef, Number, ValueRef};

/// Appends the line of an item, with its line feed.
pub fn push_plain_item(out: &mut Vec<u8>, item: MapRef<'_>) {
    push_map(out, item);
    out.push(b'\n');
}

fn push_map(out: &mut Vec<u8>, map: MapRef<'_>) {
    out.push(b'{');
    for (at, (name, value)) in map.iter().enumerate() {
        separate(out, at);
        write_string(out, name);
        out.push(b':');
        push_plain_value(out, value);
    }
    out.push(b'}');
}

/// Appends one value.
pub(super) fn push_plain_value(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::S(text) => write_string(out, text),
        ValueRef::N(number) => push_number(out, number),
        ValueRef::B(bytes) => write_binary(out, bytes),
        ValueRef::Bool(true) => out.extend_from_slice(b"true"),
        ValueRef::Bool(false) => out.extend_from_slice(b"false"),
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::SS(set) | ValueRef::NS(set) | ValueRef::BS(set) => push_array(out, set.iter()),
        ValueRef::L(list) => push_array(out, list.iter()),
        ValueRef::M(map) => push_map(out, map),
    }
}

/// In plain decimal spelling.
pub(super) fn push_number(out: &mut Vec<u8>, number: Number) {
    number.write_to(out);
}

fn push_array<'a>(out: &mut Vec<u8>, elements: impl Iterator<Item = ValueRef<'a>>) {
    out.push(b'[');
    for (at, element) in elements.enumerate() {
        separate(out, at);
        push_plain_value(out, element);
    }
    out.push(b']');
}

fn separate(out: &mut Vec<u8>, at: usize) {
    if at > 0 {
        out.push(b',');
    }
}
