//! One request, two layers: what the rows of `api::validation` make of it.

use super::*;

const NESTING: &str = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                       supported limit";

/// A scalar in so many maps.
fn maps(depth: usize) -> String {
    format!("{}{}{}", r#"{"M":{"a":"#.repeat(depth), r#"{"S":"a"}"#, "}}".repeat(depth))
}

#[test]
fn values_of_expressions_are_named_and_deeper_in_the_older_layer() {
    let scan = |value: &str| format!(r#"{{"TableName":"abc","ExpressionAttributeValues":{{":v":{value}}}}}"#);
    let query = scan;
    check(Operation::Scan, &scan(&maps(32)), "ok");
    check(Operation::Query, &query(&maps(31)), "ok");
    check(Operation::Query, &query(&maps(32)), NESTING);
    let named = |text: &str| format!("ExpressionAttributeValues contains invalid value: {text} for key :v");
    check(Operation::Scan, &scan(&maps(33)), &named(NESTING));
    let no_number = "The parameter cannot be converted to a numeric value";
    check(Operation::Scan, &scan(r#"{"N":""}"#), &named(no_number));
    check(Operation::Query, &query(r#"{"N":""}"#), &format!("{no_number}: "));
    // The bound is that of the map of values alone.
    let key = format!(
        r#"{{"TableName":"abc","ExpressionAttributeValues":{{":v":{{"S":"a"}}}},"ExclusiveStartKey":{{"k":{}}}}}"#,
        maps(32)
    );
    check(Operation::Scan, &key, &format!("The provided starting key is invalid: {NESTING}"));
    check(Operation::Query, &key, NESTING);
}

#[test]
fn of_one_item_names_come_before_values_and_values_before_keys_of_maps() {
    let put =
        |attributes: &str| format!(r#"{{"RequestItems":{{"abc":[{{"PutRequest":{{"Item":{{{attributes}}}}}}}]}}}}"#);
    check(Operation::BatchWriteItem, &put(r#""m":{"M":{"":{"S":"a"}}}"#), "Empty attribute name");
    let value = "The parameter cannot be converted to a numeric value: x";
    check(Operation::BatchWriteItem, &put(r#""m":{"M":{"":{"S":"a"}}},"n":{"N":"x"}"#), value);
    check(Operation::BatchWriteItem, &put(r#""n":{"N":"x"},"":{"S":"a"}"#), "Empty attribute name");
}

#[test]
fn a_member_that_is_there_twice_is_judged_once() {
    check(Operation::GetItem, r#"{"TableName":"abc","Key":{"a":{"N":"x"}},"Key":{"a":{"N":"1"}}}"#, "ok");
}

#[test]
fn duplicates_are_shown_in_byte_order_up_to_the_repeat() {
    let get = |set: &str| format!(r#"{{"TableName":"abc","Key":{{"a":{set}}}}}"#);
    let shown = |elements: &str| {
        format!("One or more parameter values were invalid: Input collection [{elements}] contains duplicates.")
    };
    check(Operation::GetItem, &get(r#"{"SS":["c","b","c","a","b"]}"#), &shown(r#""b", "c", "c", "a", "b""#));
    let many: Vec<String> = (0..300).map(|at| format!("\"{at:03}\"")).collect();
    let all = many.join(",");
    let first = many[..100].join(", ");
    check(Operation::GetItem, &get(&format!(r#"{{"SS":[{all},"000"]}}"#)), &shown(&first));
}

/// However many values are none, the refusal names one, and the memory for the others is bounded.
#[test]
fn many_defects_are_one_refusal() {
    let items = vec![r#"{"Put":{"TableName":"abc","Item":{"a":{}}}}"#; 90].join(",");
    let empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
    check(Operation::TransactWriteItems, &format!(r#"{{"TransactItems":[{items}]}}"#), empty);
    let attributes: Vec<String> = (0..100_000).map(|at| format!(r#""{at:x}":{{}}"#)).collect();
    check(Operation::GetItem, &format!(r#"{{"TableName":"abc","Key":{{{}}}}}"#, attributes.join(",")), empty);
}
