//! What is written: single values, and structures that can go both ways.

use super::*;
use crate::decode::{self, Decode};

#[track_caller]
fn check(value: impl Encode, expected: &str) {
    let mut out = Vec::new();
    value.encode(&mut out);
    assert_eq!(String::from_utf8(out).as_deref(), Ok(expected));
}

#[test]
fn scalars_look_as_dynamodb_prints_them() {
    check((), "");
    check(1.0, "1.0");
    check(0.5, "0.5");
    check(1234.5, "1234.5");
    check(f64::NAN, "null");
    check(-7_i32, "-7");
    check(i64::MAX, "9223372036854775807");
    check(true, "true");
    check("a\"b".to_owned(), r#""a\"b""#);
    check(api::KeyType::Range, r#""RANGE""#);
    let time = |epoch_ms| Timestamp { epoch_ms };
    check(time(1_700_000_000_123), "1700000000.123");
    check(time(1_700_000_000_100), "1700000000.1");
    check(time(1_700_000_000_000), "1700000000");
    check(time(0), "0");
    check(time(-500), "-0.5");
    check(time(-1_250), "-1.25");
    check(time(-1_000), "-1");
}

#[test]
fn absent_members_are_left_out() {
    check(api::PutItemOutput::default(), "{}");
    let capacity = api::ConsumedCapacity {
        table_name: Some("t".to_owned()),
        capacity_units: Some(1.0),
        ..api::ConsumedCapacity::default()
    };
    let output = api::PutItemOutput { consumed_capacity: Some(capacity), ..api::PutItemOutput::default() };
    check(output, r#"{"ConsumedCapacity":{"CapacityUnits":1.0,"TableName":"t"}}"#);
    let output = api::ScanOutput { items: Some(Vec::new()), count: Some(0), ..api::ScanOutput::default() };
    check(output, r#"{"Count":0,"Items":[]}"#);
}

/// Reads a structure and writes it again.
#[track_caller]
fn check_round_trip<T: Encode + Decode>(text: &str) {
    let read: T = decode::request(api::Operation::PutItem, text.as_bytes(), decode::nothing).expect("a structure");
    check(read, text);
}

#[test]
fn structures_that_go_both_ways_come_back_as_they_went() {
    check_round_trip::<api::KeysAndAttributes>(
        r##"{"AttributesToGet":["a"],"ConsistentRead":true,"ExpressionAttributeNames":{"#a":"a"},"Keys":[{"a":{"S":"b"}}],"ProjectionExpression":"#a"}"##,
    );
    check_round_trip::<api::WriteRequest>(
        r#"{"DeleteRequest":{"Key":{"a":{"N":"1"}}},"PutRequest":{"Item":{"a":{"N":"1"},"b":{"L":[{"NULL":true}]}}}}"#,
    );
    check_round_trip::<api::TableCreationParameters>(
        r#"{"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST","GlobalSecondaryIndexes":[{"IndexName":"abc","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"Projection":{"NonKeyAttributes":["b"],"ProjectionType":"INCLUDE"}}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"SSESpecification":{"Enabled":true,"KMSMasterKeyId":"k","SSEType":"KMS"},"TableName":"abc"}"#,
    );
    check_round_trip::<api::IncrementalExportSpecification>(
        r#"{"ExportFromTime":1700000000.5,"ExportToTime":1700000001,"ExportViewType":"NEW_IMAGE"}"#,
    );
}
