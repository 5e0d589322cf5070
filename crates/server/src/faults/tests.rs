//! Rules from JSON and back.

use ops::faults::Faults;
use serde_json::json;

use super::*;

fn refused(value: Value) -> String {
    rules(&value).expect_err("no rule").to_string()
}

#[test]
fn a_wrong_member_is_named() {
    for (rule, expected) in [
        (json!([]), "a rule, or an object with the member rules"),
        (json!({"tabel": "t", "latency": 1}), "tabel: no such member"),
        (json!({"table": "t"}), "error: the rule does nothing"),
        (json!({"error": "Nope"}), "error: no error of DynamoDB's"),
        (json!({"error": "ThrottlingException", "message": "mine"}), "message: this error always has"),
        (json!({"message": "mine", "latency": 1}), "message: it is part of an error"),
        (
            json!({"error": "ValidationException", "throttling_reasons": ["TableReadAccountLimitExceeded"]}),
            "throttling_reasons: ",
        ),
        (json!({"error": "ThrottlingException", "throttling_reasons": ["Nope"]}), "throttling_reasons: a list"),
        (json!({"error": "TransactionCanceledException"}), "cancellation_codes: the codes"),
        (
            json!({"error": "TransactionCanceledException", "cancellation_codes": ["None"], "operation": "PutItem"}),
            "error: PutItem has no such",
        ),
        (json!({"operation": "PutItems", "latency": 1}), "operation: the name"),
        (json!({"operation": [], "latency": 1}), "operation: the name"),
        (json!({"operation": "PutItem", "unprocessed": 0.5}), "unprocessed: PutItem has no such"),
        (json!({"error": "ThrottlingException", "drop_connection": true}), "drop_connection: a rule has one of"),
        (json!({"wrong_crc32": true, "when": "after"}), "when: only error"),
        (json!({"error": "ThrottlingException", "when": "later"}), "when: before or after"),
        (json!({"latency": 300_001}), "latency: a whole number of milliseconds"),
        (json!({"latency": {"s": 1}}), "latency.s: no such member"),
        (json!({"latency": {"ms": 1, "percentiles": {"50": 1}}}), "latency.percentiles: a delay has"),
        (json!({"latency": {"percentiles": {"101": 1}}}), "latency.percentiles: up to 20"),
        (json!({"latency": {"percentiles": {"50": 2, "99": 1}}}), "latency.percentiles: a higher"),
        (json!({"latency": 1, "probability": 0}), "probability: a number above 0"),
        (json!({"latency": 1, "count": 0}), "count: a whole number from 1"),
        (json!({"latency": 1, "id": "a/b"}), "id: letters"),
        (json!({"rules": [{"latency": 1}, {"latency": 1, "count": -1}]}), "rules[1].count: a whole number"),
        (json!({"rules": [], "seed": 1}), "seed: beside rules"),
    ] {
        let found = refused(rule.clone());
        assert!(found.starts_with(expected), "{rule}: {found}");
    }
    assert!(refused(json!({"rules": vec![json!({"latency": 1}); 101]})).starts_with("rules: there may be 100"));
}

#[test]
fn a_rule_is_shown_as_it_is_read() {
    for rule in [
        json!({"id": "a", "table": "t", "index": "i", "operation": ["PutItem", "Query"], "key_prefix": "u#", "error":
            "ThrottlingException", "throttling_reasons": ["IndexWriteKeyRangeThroughputExceeded"], "when": "before",
            "probability": 0.5, "count": 3, "seed": 7, "injected": 0, "left": 3}),
        json!({"id": "b", "error": "LimitExceededException", "message": "Too many", "when": "after", "probability": 1.0,
            "seed": 0, "injected": 0}),
        json!({"id": "c", "error": "TransactionCanceledException", "cancellation_codes": ["None", "TransactionConflict"],
            "when": "before", "probability": 1.0, "seed": 0, "injected": 0}),
        json!({"id": "d", "drop_connection": true, "when": "after", "latency": {"ms": 5, "jitter_ms": 2},
            "probability": 1.0, "seed": 0, "injected": 0}),
        json!({"id": "e", "wrong_crc32": true, "probability": 1.0, "seed": 0, "injected": 0,
            "latency": {"percentiles": {"50": 10, "99.9": 300}}}),
        json!({"id": "f", "unprocessed": 0.5, "operation": ["BatchGetItem"], "probability": 1.0, "seed": 0, "injected": 0}),
    ] {
        let mut read = rule.clone();
        ["injected", "left"].iter().for_each(|name| _ = read.as_object_mut().expect("an object").remove(*name));
        let armed = Faults::default().add(rules(&read).expect("a rule")).expect("room");
        assert_eq!(shown(&armed[0]), rule);
    }
}
