//! Whatever the bytes, reading them ends, and ends in a verdict.

use proptest::prelude::*;

use super::*;

/// Fragments of requests, so that random bodies get past the first byte.
const FRAGMENTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "0",
    "-1.5e3",
    "1e999",
    r#""""#,
    r#""a""#,
    r#""\ud800""#,
    "\"",
    r#""S""#,
    r#""N""#,
    r#""B""#,
    r#""SS""#,
    r#""NS""#,
    r#""BS""#,
    r#""L""#,
    r#""M""#,
    r#""BOOL""#,
    r#""NULL""#,
    r#""TableName""#,
    r#""Item""#,
    r#""Key""#,
    r#""Keys""#,
    r#""RequestItems""#,
    r#""PutRequest""#,
    r#""TransactItems""#,
    r#""Put""#,
    r#"{"S":"a"}"#,
    r#"{"TableName":"abc","Item":"#,
    r#""KeySchema""#,
    r#""Limit""#,
];

const OPERATIONS: &[Operation] = &[
    Operation::PutItem,
    Operation::UpdateItem,
    Operation::Query,
    Operation::BatchGetItem,
    Operation::BatchWriteItem,
    Operation::TransactWriteItems,
    Operation::CreateTable,
    Operation::ExecuteStatement,
];

fn read_all(body: &[u8]) {
    for operation in OPERATIONS {
        let _ = verdict(*operation, body);
    }
}

/// An attribute's name.
fn name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("a name has a character", |name| !name.is_empty())
}

/// An attribute value as the wire has it, and as it comes back.
fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    let scalar = prop_oneof![
        any::<String>().prop_map(|text| json!({"S": text})),
        any::<i64>().prop_map(|number| json!({"N": number.to_string()})),
        any::<bool>().prop_map(|value| json!({"BOOL": value})),
        Just(json!({"NULL": true})),
        prop::collection::btree_set(any::<String>(), 1..4).prop_map(|set| json!({"SS": set})),
        prop::collection::btree_set(any::<i64>(), 1..4)
            .prop_map(|set| { json!({"NS": set.iter().map(i64::to_string).collect::<Vec<_>>()}) }),
        prop::collection::vec(any::<u8>(), 0..5)
            .prop_map(|bytes| json!({"B": base64_simd::STANDARD.encode_to_string(bytes)})),
    ];
    scalar.prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!({"L": list})),
            prop::collection::btree_map(name(), inner, 0..4).prop_map(|map| json!({"M": map})),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_get_a_verdict(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn any_tokens_get_a_verdict(tokens in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..60)) {
        read_all(tokens.concat().as_bytes());
    }

    #[test]
    fn any_member_may_be_anything(tokens in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..30)) {
        read_all(format!("{{\"TableName\":\"abc\",\"Item\":{}}}", tokens.concat()).as_bytes());
    }

    #[test]
    fn an_item_comes_back_as_it_came(item in prop::collection::btree_map(name(), value(), 0..5)) {
        let body = serde_json::json!({"TableName": "abc", "Item": item}).to_string();
        let request: api::PutItemInput = request(Operation::PutItem, body.as_bytes(), nothing).expect("a request");
        let stored = model::codec::compact::OwnedMap::from(request.item.view());
        let mut out = Vec::new();
        model::codec::json::write_map(&mut out, model::MapRef::Compact(stored.view()));
        let back: std::collections::BTreeMap<String, serde_json::Value> = serde_json::from_slice(&out).expect("JSON");
        prop_assert_eq!(back, item);
    }
}
