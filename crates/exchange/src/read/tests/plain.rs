//! Plain JSON and CSV as they are written, and read again; what a tolerant reader takes.

use std::collections::BTreeMap;

use model::{AttributeValue, Attributes, KeyType, Number};

use super::*;
use crate::write::{push_csv_header, push_csv_item, push_plain_item};

use AttributeValue::*;

fn plain() -> InputFormat {
    InputFormat::Plain(BTreeMap::from([("b".to_owned(), KeyType::B), ("pk".to_owned(), KeyType::S)]))
}

fn lines(object: &str) -> Vec<String> {
    read(&plain(), Compression::None, object.as_bytes())
}

fn item(entries: &[(&str, AttributeValue)]) -> Attributes {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn number(text: &str) -> AttributeValue {
    N(Number::parse(text).expect("a number"))
}

const DIGITS: &str = "-1234567890123456789012345678901234567.8";

#[test]
fn plain_items_have_no_types() {
    let every = item(&[
        ("b", B(vec![255, 0])),
        ("bool", Bool(true)),
        ("bs", BS(vec![vec![1], vec![2]])),
        ("l", L(vec![Null, S("x".to_owned()), L(vec![])])),
        ("m", M(item(&[("a b", Bool(false))]))),
        ("n", number(DIGITS)),
        ("ns", NS(vec![Number::from_u64(1), Number::from_u64(2)])),
        ("pk", S("q\"\n\u{1}é".to_owned())),
        ("ss", SS(vec!["x".to_owned()])),
    ]);
    let mut line = Vec::new();
    push_plain_item(&mut line, every.view());
    let line = String::from_utf8(line).expect("UTF-8");
    let expected = format!(
        r#"{{"b":"/wA=","bool":true,"bs":["AQ==","Ag=="],"l":[null,"x",[]],"m":{{"a b":false}},"n":{DIGITS},"ns":[1,2],"pk":"q\"\n\u0001é","ss":["x"]}}"#
    );
    assert_eq!(line, expected + "\n");
    // Sets are lists, and binary values strings, except keys.
    let back = format!(
        r#"{{"b":{{"B":"/wA="}},"bool":{{"BOOL":true}},"bs":{{"L":[{{"S":"AQ=="}},{{"S":"Ag=="}}]}},"l":{{"L":[{{"NULL":true}},{{"S":"x"}},{{"L":[]}}]}},"m":{{"M":{{"a b":{{"BOOL":false}}}}}},"n":{{"N":"{DIGITS}"}},"ns":{{"L":[{{"N":"1"}},{{"N":"2"}}]}},"pk":{{"S":"q\"\n\u0001é"}},"ss":{{"L":[{{"S":"x"}}]}}}}"#
    );
    assert_eq!(lines(&line), [back]);
}

#[test]
fn plain_json_is_json() {
    let found = lines(" { \"pk\" : \"a\" , \"n\" : [ 1.50 , -2E3 , 1e-130 , {} ] } \r\n\n");
    let small = format!("0.{}1", "0".repeat(129));
    assert_eq!(
        found,
        [format!(r#"{{"n":{{"L":[{{"N":"1.5"}},{{"N":"-2000"}},{{"N":"{small}"}},{{"M":{{}}}}]}},"pk":{{"S":"a"}}}}"#)]
    );
    for (line, why) in [
        ("1", "a line is no JSON object"),
        ("[1]", "a line is no JSON object, but a list: write its elements one a line (jq -c '.[]')"),
        ("{\"a\":1", "a line ends within its JSON"),
        ("{\"a\":\"", "a line ends within its JSON"),
        ("{\"a\":\"\\", "a line ends within its JSON"),
        ("{\"a\":1} {}", "something follows the JSON of a line"),
        ("{\"a\" 1}", "a line is no JSON: there is no : at byte 6"),
        ("{\"a\":1,}", "a line is no JSON: there is no \" at byte 8"),
        ("{\"a\":[1 2]}", "a line is no JSON: there is no , at byte 9"),
        ("{\"a\":nil}", "a line is no JSON: there is no value at byte 6"),
    ] {
        assert_eq!(lines(line), [format!("!! {why}")], "{line}");
    }
    assert!(lines("{\"a\":\"\\x\"}")[0].starts_with("!! a line is no JSON: "));
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(lines(&deep(32))[0].starts_with("{\"a\":"));
    assert!(lines(&deep(33))[0].starts_with("!! Nesting Levels"));
    assert!(lines(&deep(100_000))[0].starts_with("!! Nesting Levels"));
    for (line, why) in [
        (format!("{{\"a\":{}}}", "1".repeat(39)), "! Attempting to store more than 38 significant digits"),
        ("{\"\":1}".to_owned(), "! One or more parameter values were invalid: Empty attribute name"),
        ("{\"b\":\"?\"}".to_owned(), "! One or more parameter values were invalid: the key b is not in base64"),
        ("{\"a\":1-1}".to_owned(), "! The parameter cannot be converted to a numeric value: 1-1"),
    ] {
        assert!(lines(&line)[0].starts_with(why), "{line}");
    }
}

#[test]
fn csv_that_is_written_is_read() {
    let names = ["pk", "n", "b", "x,\"y\""].map(str::to_owned);
    let texts = ["a", " a ", "a,b", "\"", "a\"b\"", "a\r\nb", "\u{feff}", " ", "é", "a\rb", "\t"];
    let mut object = Vec::new();
    push_csv_header(&mut object, &names);
    for text in texts {
        let entries =
            [("pk", S(text.to_owned())), ("n", number(DIGITS)), ("b", B(vec![255])), ("x,\"y\"", S(text.to_owned()))];
        push_csv_item(&mut object, &names, item(&entries).view());
    }
    let types = [("pk", KeyType::S), ("n", KeyType::N), ("b", KeyType::B)];
    let key_types = BTreeMap::from(types.map(|(name, key_type)| (name.to_owned(), key_type)));
    let format = InputFormat::Csv(CsvOptions { delimiter: b',', header: None, key_types });
    let expected = texts.map(|text| {
        let text = serde_json::Value::from(text);
        format!(r#"{{"b":{{"B":"/w=="}},"n":{{"N":"{DIGITS}"}},"pk":{{"S":{text}}},"x,\"y\"":{{"S":{text}}}}}"#)
    });
    assert_eq!(read(&format, Compression::None, &object), expected);
    // One column, of which a blank line would be no record.
    let mut line = Vec::new();
    push_csv_item(&mut line, &names[..1], item(&[("pk", S(" ".to_owned())), ("n", number("1"))]).view());
    assert_eq!(line, b"\" \"\n");
}

#[test]
fn csv_has_json_for_what_is_no_text() {
    let names = ["a", "b", "c", "d", "e"].map(str::to_owned);
    let mut line = Vec::new();
    let values = [
        ("a", NS(vec![Number::from_u64(1), Number::from_u64(2)])),
        ("b", M(item(&[("x", S("y".to_owned()))]))),
        ("c", Null),
        ("d", Bool(true)),
        ("f", S("no column".to_owned())),
    ];
    push_csv_item(&mut line, &names, item(&values).view());
    assert_eq!(String::from_utf8_lossy(&line), "\"[1,2]\",\"{\"\"x\"\":\"\"y\"\"}\",,true,\n");
}

/// Records, each with the line at which it begins.
fn tolerant(format: InputFormat, object: &str) -> Vec<(u64, String)> {
    let mut reader = ObjectReader::new(format, Compression::None).tolerant(RECORD_SIZE_MAX);
    reader.push(Bytes::copy_from_slice(object.as_bytes()));
    reader.push_end();
    let mut found = Vec::new();
    loop {
        let text = match reader.next_record() {
            Next::Record(record) => record.item.map_or_else(|why| why, |item| format!("{} attributes", item.len())),
            Next::Failed(why) => format!("!! {why}"),
            Next::Busy => continue,
            Next::Starved | Next::End => return found,
        };
        found.push((reader.line(), text));
    }
}

#[test]
fn a_tolerant_reader_goes_on() {
    let expected = |lines: &[(u64, &str)]| lines.iter().map(|(at, text)| (*at, (*text).to_owned())).collect::<Vec<_>>();
    let object = "\n{\"pk\":1}\n\n{\"pk\"\n{}\n";
    let found = tolerant(plain(), object);
    assert_eq!(found, expected(&[(2, "1 attributes"), (4, "a line ends within its JSON"), (5, "0 attributes")]));
    let found = tolerant(InputFormat::DynamoDbJson, &format!("x\n{TWO_LINES}"));
    assert_eq!(found[1..], expected(&[(2, "1 attributes"), (3, "1 attributes")]));
    let csv = CsvOptions { delimiter: b',', header: None, key_types: BTreeMap::new() };
    let found = tolerant(InputFormat::Csv(csv.clone()), "a,b\n1,\"\n\"\n1\n1,2\n\"x");
    let rows = [
        (2, "2 attributes"),
        (4, "a record has 1 fields, and there are 2 columns"),
        (5, "2 attributes"),
        (6, "!! a quoted field has no end"),
    ];
    assert_eq!(found, expected(&rows));
    // Without names of columns nothing can be read.
    assert_eq!(
        tolerant(InputFormat::Csv(csv), "a,a\n1,2\n"),
        expected(&[(1, "!! two columns of the header have the same name")])
    );
}

#[test]
fn a_tolerant_reader_has_its_own_bound() {
    let line = format!("{{\"pk\":\"{}\"}}", "a".repeat(RECORD_SIZE_MAX));
    for (size_max, expected) in [(2 * RECORD_SIZE_MAX, true), (RECORD_SIZE_MAX, false)] {
        let mut reader = ObjectReader::new(plain(), Compression::None).tolerant(size_max);
        reader.push(Bytes::copy_from_slice(line.as_bytes()));
        reader.push_end();
        let next = std::iter::repeat_with(|| reader.next_record()).find(|next| *next != Next::Busy);
        assert_eq!(matches!(next, Some(Next::Record(Record { item: Ok(_), .. }))), expected);
    }
}

#[test]
fn items_of_answers() {
    let answer = r#"{"Items":[{"pk":{"S":"a"}},{"n":{"N":"1.50"}}],"Count":2}"#;
    #[derive(serde::Deserialize)]
    struct Answer {
        #[serde(rename = "Items")]
        items: Vec<ItemJson>,
    }
    let read: Answer = serde_json::from_str(answer).expect("an answer");
    assert_eq!(read.items, [ItemJson(item(&[("pk", S("a".to_owned()))])), ItemJson(item(&[("n", number("1.5"))]))]);
    assert!(serde_json::from_str::<ItemJson>(r#"{"a":{"NS":[]}}"#).is_err());
}
