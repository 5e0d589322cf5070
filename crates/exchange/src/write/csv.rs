//! Lines of CSV, by RFC 4180, with a line feed at each end.
//!
//! A field is the text of a string, a number's digits, the base64 of a binary value, `true` or `false`, and the plain JSON of anything
//! else. A missing attribute, NULL and an empty string are empty fields. Types are lost: the reader takes all but keys for strings.

use model::{MapRef, ValueRef};

use super::plain;

const DELIMITER: u8 = b',';

/// Appends the line with the names of the columns.
pub fn push_csv_header(out: &mut Vec<u8>, columns: &[String]) {
    for (at, column) in columns.iter().enumerate() {
        separate(out, at);
        push_field(out, column.as_bytes());
    }
    out.push(b'\n');
}

/// Appends the line of an item: its attributes that are columns.
pub fn push_csv_item(out: &mut Vec<u8>, columns: &[String], item: MapRef<'_>) {
    let mut field = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        separate(out, at);
        match item.get(column) {
            None | Some(ValueRef::Null) => {}
            Some(ValueRef::S(text)) => push_field(out, text.as_bytes()),
            Some(ValueRef::N(number)) => plain::push_number(out, number),
            Some(ValueRef::B(bytes)) => {
                base64_simd::STANDARD.encode_append(bytes, out);
            }
            Some(value) => {
                field.clear();
                plain::push_plain_value(&mut field, value);
                push_field(out, &field);
            }
        }
    }
    out.push(b'\n');
}

/// Quoted where its bytes would be read as something else. A blank line is no record, so blanks at an end are quoted, too; and a byte order
/// mark at the start.
fn push_field(out: &mut Vec<u8>, field: &[u8]) {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\n' | b'\r' | &DELIMITER);
    let is_plain = !field.iter().any(is_special) && field.trim_ascii() == field;
    if is_plain && !field.starts_with(b"\xef\xbb\xbf") {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for (at, part) in field.split(|byte| *byte == b'"').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part);
    }
    out.push(b'"');
}

fn separate(out: &mut Vec<u8>, at: usize) {
    if at > 0 {
        out.push(DELIMITER);
    }
}
