//! A change as a line of JSON.

use serde::Serialize;
use serde_json::Value;

use crate::log::time::rfc3339;

#[derive(Serialize)]
struct Line<'a> {
    time: Option<String>,
    event: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    keys: &'a Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    old: &'a Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    new: &'a Value,
    sequence: &'a Value,
    shard: &'a str,
}

/// Appends a record of GetRecords.
pub(super) fn write(record: &Value, shard: &str, out: &mut Vec<u8>) {
    let change = &record["dynamodb"];
    let seconds = change["ApproximateCreationDateTime"].as_f64();
    let line = Line {
        time: seconds.map(|seconds| rfc3339((seconds * 1_000.0) as u64)),
        event: &record["eventName"],
        by: is_service(record).then_some("ttl"),
        keys: &change["Keys"],
        old: &change["OldImage"],
        new: &change["NewImage"],
        sequence: &change["SequenceNumber"],
        shard,
    };
    // What was JSON is JSON again. Escaped characters mean what they were.
    let line = serde_json::to_string(&line).unwrap_or_default();
    out.extend_from_slice(base::visible(&line).as_bytes());
    out.push(b'\n');
}

/// Time to live deletes in the service's name.
fn is_service(record: &Value) -> bool {
    let identity = &record["userIdentity"];
    identity["Type"] == "Service" && identity["PrincipalId"] == "dynamodb.amazonaws.com"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let check = |record: &str, expected: &str| {
            let mut out = Vec::new();
            write(&serde_json::from_str(record).expect("JSON"), "shardId-1", &mut out);
            assert_eq!(String::from_utf8(out).expect("text"), format!("{expected}\n"));
        };
        check(
            r#"{"eventName":"MODIFY","dynamodb":{"ApproximateCreationDateTime":1440938160,"Keys":{"k":{"S":"\n"}},
                "OldImage":{"n":{"N":"0.10"}},"NewImage":{},"SequenceNumber":"1"}}"#,
            r#"{"time":"2015-08-30T12:36:00.000Z","event":"MODIFY","keys":{"k":{"S":"\n"}},"old":{"n":{"N":"0.10"}},"new":{},"sequence":"1","shard":"shardId-1"}"#,
        );
        check(
            "{\"eventName\":\"INSERT\",\"dynamodb\":{\"Keys\":{\"k\":{\"S\":\"a\u{202e}\u{2028}\u{85}\"}},\"SequenceNumber\":\"1\"}}",
            r#"{"time":null,"event":"INSERT","keys":{"k":{"S":"a\u202e\u2028\u0085"}},"sequence":"1","shard":"shardId-1"}"#,
        );
        check(
            r#"{"eventName":"REMOVE","userIdentity":{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"},
                "dynamodb":{"ApproximateCreationDateTime":1.44093816E9,"Keys":{"k":{"S":"a"}},"SequenceNumber":"2"}}"#,
            r#"{"time":"2015-08-30T12:36:00.000Z","event":"REMOVE","by":"ttl","keys":{"k":{"S":"a"}},"sequence":"2","shard":"shardId-1"}"#,
        );
    }
}
