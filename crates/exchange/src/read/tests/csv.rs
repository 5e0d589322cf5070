//! CSV, as examples.

use std::collections::BTreeMap;

use model::KeyType;

use super::*;

fn options(delimiter: u8, header: Option<&[&str]>) -> CsvOptions {
    let header = header.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let types = [("pk", KeyType::S), ("n", KeyType::N), ("b", KeyType::B)];
    let key_types = BTreeMap::from(types.map(|(name, key_type)| (name.to_owned(), key_type)));
    CsvOptions { delimiter, header, key_types }
}

fn csv(object: &str) -> Vec<String> {
    read(&InputFormat::Csv(options(b',', None)), Compression::None, object.as_bytes())
}

#[test]
fn the_header_names_the_attributes() {
    let expected = [
        r#"{"b":{"B":"AQ=="},"n":{"N":"1.5"},"pk":{"S":"a"},"x":{"S":"7"}}"#,
        r#"{"pk":{"S":" b "},"x":{"S":"q\",\n"}}"#,
    ];
    assert_eq!(csv("pk,n,b,x\na,1.50,AQ==,7\n \n b ,,,\"q\"\",\n\"\n"), expected);
    assert_eq!(csv("\u{feff}pk,n,b,x\r\na,1.50,AQ==,7\r\n\r\n b ,,\"\",\"q\"\",\n\""), expected);
    assert_eq!(csv("pk,x\n"), [""; 0]);
    assert_eq!(csv(""), [""; 0]);
}

#[test]
fn a_list_of_names_makes_the_first_line_data() {
    for delimiter in [b',', b';', b':', b'|', b'\t', b' '] {
        let object = format!("a{0}\"x{0}y\"\nb{0}z\n", char::from(delimiter));
        let format = InputFormat::Csv(options(delimiter, Some(&["pk", "x"])));
        let inner = if delimiter == b'\t' { "\\t".to_owned() } else { char::from(delimiter).to_string() };
        let expected = [
            format!(r#"{{"pk":{{"S":"a"}},"x":{{"S":"x{inner}y"}}}}"#),
            r#"{"pk":{"S":"b"},"x":{"S":"z"}}"#.to_owned(),
        ];
        assert_eq!(read(&format, Compression::None, object.as_bytes()), expected);
    }
}

#[test]
fn bad_keys_cost_their_item() {
    let found = csv("pk,n,b\na,one,\nb,,?\nc,2,\n");
    assert_eq!(
        found,
        [
            "! The parameter cannot be converted to a numeric value: one",
            "! One or more parameter values were invalid: the key b is not in base64",
            r#"{"n":{"N":"2"},"pk":{"S":"c"}}"#
        ]
    );
}

#[test]
fn what_is_no_csv_ends_the_object() {
    for (line, why) in [
        ("a\"b,c", "a field has a quote but does not begin with one"),
        ("\"a\"b,c", "something follows the end of a quoted field"),
        ("a", "a record has 1 fields, and there are 2 columns"),
        ("a,b,c", "a record has 3 fields, and there are 2 columns"),
        ("\"a,c", "a quoted field has no end"),
    ] {
        assert_eq!(csv(&format!("pk,x\n{line}\nb,c\n"))[0], format!("!! {why}"), "{line}");
    }
    assert_eq!(csv("pk,pk\n"), ["!! two columns of the header have the same name"]);
    assert_eq!(csv("pk,\n"), ["!! a column of the header has no name"]);
    let not_utf8 = read(&InputFormat::Csv(options(b',', None)), Compression::None, b"pk\n\xff\n");
    assert_eq!(not_utf8, ["!! a field is not UTF-8"]);
}
