//! Ion, as examples. The binary ones are made by hand from the specification.

use super::*;

fn ion(object: &[u8]) -> Vec<String> {
    read(&InputFormat::Ion, Compression::None, object)
}

/// Checks the one attribute `a`, as text of the item.
fn check(value: &str, expected: &str) {
    let found = ion(format!("$ion_1_0 {{Item:{{a:{value}}}}}\n").as_bytes());
    assert_eq!(found, [expected], "{value}");
}

fn is(value: &str, expected: &str) {
    check(value, &format!("{{\"a\":{expected}}}"));
}

#[test]
fn every_type_of_text_is_read() {
    is("\"x \\\"\\n\\x41\\u00e9\\U0001D11E\\ud834\\udd1e\"", "{\"S\":\"x \\\"\\nAé𝄞𝄞\"}");
    is("'''one ''' /* and */ '''two\nlines \\'\\'\\' '''", "{\"S\":\"one two\\nlines ''' \"}");
    is("true", r#"{"BOOL":true}"#);
    is("null", r#"{"NULL":true}"#);
    is("null.string", r#"{"NULL":true}"#);
    is("{{ /w A= }}", r#"{"B":"/wA="}"#);
    is("[1, x::2,]", r#"{"L":[{"N":"1"},{"N":"2"}]}"#);
    is("{'b c':1, \"d\":2, e : 3}", r#"{"M":{"b c":{"N":"1"},"d":{"N":"2"},"e":{"N":"3"}}}"#);
    is("$dynamodb_SS::[\"y\",\"x\"]", r#"{"SS":["x","y"]}"#);
    is("$dynamodb_NS::[2.,1d1]", r#"{"NS":["2","10"]}"#);
    is("$dynamodb_BS::[{{AQ==}}]", r#"{"BS":["AQ=="]}"#);
    for (text, number) in [
        ("103.", "103"),
        ("6d2", "600"),
        ("-1.5", "-1.5"),
        ("1d-7", "0.0000001"),
        ("1_000", "1000"),
        ("0xFf", "255"),
        ("-0b101", "-5"),
        ("1.25e2", "125"),
        ("0d5", "0"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
    ] {
        is(text, &format!("{{\"N\":\"{number}\"}}"));
    }
    check("nan", "! The parameter cannot be converted to a numeric value: nan");
    check("1d200", "! Number overflow. Attempting to store a number with magnitude larger than supported range");
    check("$dynamodb_SS::[]", "! One or more parameter values were invalid: An string set  may not be empty");
}

#[test]
fn types_without_attribute_values_end_the_object() {
    for (value, kind) in [
        ("2007-02-23T12:14Z", "an attribute is an Ion timestamp, which is no attribute value"),
        ("2007T", "an attribute is an Ion timestamp, which is no attribute value"),
        ("abc", "an attribute is an Ion symbol, which is no attribute value"),
        ("$dynamodb_SS::[1]", "an element of a string set is no string"),
    ] {
        check(value, &format!("!! {kind}"));
    }
    for object in [
        "1",
        "{}",
        "{Item:1}",
        "(1)",
        "{Item:{a:{{\"clob\"}}}}",
        "{Item:{a:(x)}}",
        "{Item:{a:1}",
        "{Item:{a:\"",
        "[",
        "x::",
        "\"a\nb\"",
    ] {
        let found = ion(object.as_bytes());
        assert!(found.len() == 1 && found[0].starts_with("!! "), "{object}: {found:?}");
    }
    assert!(ion(b"$ion_1_1 {Item:{a:1}}")[0].starts_with("!! the object is no valid Ion: it has a version"));
}

#[test]
fn a_stream_of_text_may_be_written_in_any_way() {
    let expected = [r#"{"a":{"N":"1"}}"#, r#"{"a":{"N":"2"}}"#];
    for object in [
        "$ion_1_0 {Item:{a:1.}}\n$ion_1_0 {Item:{a:2.}}\n",
        "$ion_1_0\n{Item:{a:1}}{Item:{a:2}}",
        "// comment\n{ 'Item' : { a : 1 } } /* another */ x::{ Item: { a: 2, } }",
        "$ion_1_0 [ {Item:{a:1}}, {Item:{a:2}} ]",
        "[{Item:{a:1}}] [{Item:{a:2}},]\n",
        "$ion_symbol_table::{symbols:[\"Item\",\"a\"]} {$10:{$11:1}} \
         $ion_symbol_table::{imports:$ion_symbol_table,symbols:[\"b\"]} {$10:{$11:2}}",
    ] {
        assert_eq!(ion(object.as_bytes()), expected, "{object}");
    }
    assert!(ion(b"{$10:{a:1}}")[0].starts_with("!! the object is no valid Ion: the symbol $10 has no text"));
}

#[test]
fn depth_is_bounded() {
    let nested = |levels: usize| format!("{{Item:{{a:{}1{}}}}}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(ion(nested(31).as_bytes()).len(), 1);
    assert!(ion(nested(32).as_bytes())[0].starts_with("! Nesting Levels have exceeded supported limits"));
    assert!(
        ion(nested(60).as_bytes())[0].starts_with("!! the object is no valid Ion: its values are nested too deeply")
    );
    let deep = read_in(InputFormat::Ion, Compression::None, nested(500_000).as_bytes(), 65536);
    assert!(deep[0].starts_with("!! "), "{deep:?}");
}

/// A value of the binary encoding.
fn value(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = match content.len() {
        size @ 0..14 if !(kind == 13 && size == 1) => vec![kind << 4 | size as u8],
        size @ 0..128 => vec![kind << 4 | 14, 0x80 | size as u8],
        size => vec![kind << 4 | 14, (size >> 7) as u8, 0x80 | (size & 0x7f) as u8],
    };
    bytes.extend_from_slice(content);
    bytes
}

const MARKER: &[u8] = &[0xE0, 1, 0, 0xEA];

/// Symbols from number 10 on.
fn symbols(names: &[&str]) -> Vec<u8> {
    let names: Vec<u8> = names.iter().flat_map(|name| value(8, name.as_bytes())).collect();
    let table = value(13, &[&[0x87][..], &value(11, &names)].concat());
    value(14, &[&[0x81, 0x83][..], &table].concat())
}

fn struct_of(fields: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|(name, value)| [&[0x80 | name][..], value].concat()).collect();
    value(13, &fields)
}

fn binary_item(a: Vec<u8>) -> Vec<u8> {
    struct_of(&[(10, struct_of(&[(11, a)]))])
}

#[test]
fn every_type_of_binary_is_read() {
    let begin = [MARKER, &symbols(&["Item", "a", "$dynamodb_SS", "$dynamodb_NS", "x"])].concat();
    let set = |name: u8, list: Vec<u8>| value(14, &[&[0x81, 0x80 | name][..], &list].concat());
    for (bytes, expected) in [
        (value(8, b"text"), r#"{"S":"text"}"#),
        (value(8, &[b'x'; 300]), &format!("{{\"S\":\"{}\"}}", "x".repeat(300))),
        (vec![0x0F], r#"{"NULL":true}"#),
        (vec![0x8F], r#"{"NULL":true}"#),
        (vec![0x10], r#"{"BOOL":false}"#),
        (vec![0x11], r#"{"BOOL":true}"#),
        (vec![0x20], r#"{"N":"0"}"#),
        (value(2, &[1, 0]), r#"{"N":"256"}"#),
        (value(3, &[5]), r#"{"N":"-5"}"#),
        (value(4, &1.5_f32.to_be_bytes()), r#"{"N":"1.5"}"#),
        (value(4, &(-0.1_f64).to_be_bytes()), r#"{"N":"-0.1"}"#),
        (vec![0x50], r#"{"N":"0"}"#),
        (value(5, &[0xC1, 15]), r#"{"N":"1.5"}"#),
        (value(5, &[0x82, 0x86]), r#"{"N":"-600"}"#),
        (value(10, &[255, 0]), r#"{"B":"/wA="}"#),
        (value(11, &[0x21, 1, 0x21, 2]), r#"{"L":[{"N":"1"},{"N":"2"}]}"#),
        (struct_of(&[(14, vec![0x21, 1])]), r#"{"M":{"x":{"N":"1"}}}"#),
        (set(12, value(11, &[0x81, b'y', 0x81, b'x'])), r#"{"SS":["x","y"]}"#),
        (set(13, value(11, &[0x21, 2, 0x21, 1])), r#"{"NS":["1","2"]}"#),
    ] {
        let object = [begin.clone(), vec![0x02, 0, 0], binary_item(bytes.clone())].concat();
        assert_eq!(ion(&object), [format!("{{\"a\":{expected}}}")], "{bytes:x?}");
    }
}

#[test]
fn a_binary_list_counts_as_its_elements() {
    let begin = [MARKER, &symbols(&["Item", "a"])].concat();
    let items = [binary_item(vec![0x21, 1]), binary_item(vec![0x21, 2])].concat();
    let expected = [r#"{"a":{"N":"1"}}"#, r#"{"a":{"N":"2"}}"#];
    assert_eq!(ion(&[begin.clone(), items.clone()].concat()), expected);
    assert_eq!(ion(&[begin.clone(), value(11, &items)].concat()), expected);
    assert_eq!(ion(&[begin.clone(), value(11, &[]), value(11, &items), MARKER.to_vec()].concat()), expected);
    let cut = ion(&[begin, value(11, &items)[..8].to_vec()].concat());
    assert_eq!(cut.last().map(String::as_str), Some("!! the object ends within an Ion value"));
}

#[test]
fn bad_binary_ends_the_object() {
    for object in [
        &[0xE0, 1, 1, 0xEA][..],
        &[0xE0, 1, 0, 0xEA, 0xF1],
        &[0xE0, 1, 0, 0xEA, 0xDE],
        &[0xE0, 1, 0, 0xEA, 0xE3, 0x81, 0x83, 0x21],
        &[0xE0, 1, 0, 0xEA, 0xD3, 0x84, 0x88, 1],
        &[0xE0, 1, 0, 0xEA, 0x2E, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0xFF],
    ] {
        let found = ion(object);
        assert!(found.len() == 1 && found[0].starts_with("!! "), "{object:x?}: {found:?}");
    }
    let mut nested = vec![0x21, 1];
    for _ in 0..100 {
        nested = value(11, &nested);
    }
    let object = [MARKER, &symbols(&["Item", "a"]), &binary_item(nested)].concat();
    assert!(ion(&object)[0].starts_with("!! the object is no valid Ion: its values are nested too deeply"));
}
