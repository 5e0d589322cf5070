//! The tables that a request names, for its span or its line in the log as a slow one. The body is read a second time for that,
//! which only such requests pay for; nothing is decided by it, and a body that is not what it should be names no tables.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A transaction has no more parts than this. Longer lists are hostile, and are cut.
const NAMES_MAX: usize = 100;
/// Of a table's name; in an ARN it is the last part. Unit: bytes.
const NAME_SIZE_MAX: usize = 255;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    table_name: Option<String>,
    /// BatchGetItem, BatchWriteItem.
    request_items: BTreeMap<String, IgnoredAny>,
    /// TransactGetItems, TransactWriteItems: a part has one member, the action.
    transact_items: Vec<BTreeMap<String, Action>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Action {
    table_name: Option<String>,
}

/// Each name once, in the order in which they stand there.
pub(crate) fn of(body: &[u8]) -> Vec<String> {
    let request: Request = serde_json::from_slice(body).unwrap_or_default();
    let actions = request.transact_items.into_iter().flat_map(BTreeMap::into_values);
    let all = request
        .table_name
        .into_iter()
        .chain(request.request_items.into_keys())
        .chain(actions.filter_map(|action| action.table_name));
    let mut names: Vec<String> = Vec::new();
    for given in all {
        let name = given.rsplit_once(":table/").map_or(given.as_str(), |(_, name)| name);
        if name.len() <= NAME_SIZE_MAX && names.len() < NAMES_MAX && !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_body() {
        let check = |body: &str, expected: &[&str]| assert_eq!(of(body.as_bytes()), expected, "{body}");
        check(r#"{"TableName":"a","Key":{"pk":{"S":"x"}}}"#, &["a"]);
        check(r#"{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/a"}"#, &["a"]);
        check(r#"{"RequestItems":{"b":{"Keys":[]},"a":[{"PutRequest":{}}]}}"#, &["a", "b"]);
        check(
            r#"{"TransactItems":[{"Put":{"TableName":"b"}},{"Update":{"TableName":"a"}},{"Delete":{"TableName":"b"}}]}"#,
            &["b", "a"],
        );
        for nothing in ["", "{}", "[]", "{", r#"{"TableName":7}"#, r#"{"Statement":"SELECT * FROM a"}"#] {
            check(nothing, &[]);
        }
        check(&format!(r#"{{"TableName":"{}"}}"#, "a".repeat(256)), &[]);
    }

    #[test]
    fn hostile_bodies_stay_small() {
        let tables: Vec<String> = (0..1_000).map(|at| format!(r#""t{at:04}":[]"#)).collect();
        assert_eq!(of(format!(r#"{{"RequestItems":{{{}}}}}"#, tables.join(",")).as_bytes()).len(), NAMES_MAX);
        assert_eq!(of("[".repeat(1_000_000).as_bytes()), [""; 0]);
    }
}
