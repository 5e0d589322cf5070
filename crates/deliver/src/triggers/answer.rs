//! Parses a function's response to its batch, if the mapping has partial batch responses.
//!
//! Source: Lambda Developer Guide, "Configuring partial batch response with DynamoDB and Lambda": what counts as a complete
//! success, and what as a complete failure. An identifier that is no record's of the batch counts as one that is missing.

use std::collections::HashMap;

use serde_json::Value;

/// How far a function came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Processed {
    All,
    /// The records before this one; 0 if none.
    Before(usize),
}

/// Reads an answer about records of these sequence numbers.
pub(crate) fn processed<'a>(answer: &[u8], sequences: impl Iterator<Item = &'a str>) -> Processed {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return Processed::All;
    }
    let failures = match serde_json::from_slice(answer) {
        Ok(Value::Null) => return Processed::All,
        Ok(Value::Object(mut members)) => members.remove("batchItemFailures").unwrap_or_default(),
        _ => return Processed::Before(0),
    };
    let failures = match failures {
        Value::Null => return Processed::All,
        Value::Array(failures) if failures.is_empty() => return Processed::All,
        Value::Array(failures) => failures,
        _ => return Processed::Before(0),
    };
    // Both may be many: each failure is looked up.
    let positions: HashMap<&str, usize> = sequences.enumerate().map(|(at, sequence)| (sequence, at)).collect();
    let position = |failure: &Value| positions.get(failure.get("itemIdentifier")?.as_str()?).copied();
    // The batch continues at the lowest one.
    Processed::Before(failures.iter().map(|failure| position(failure).unwrap_or(0)).min().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let check = |answer: &str, expected: Processed| {
            assert_eq!(processed(answer.as_bytes(), ["11", "12", "13"].into_iter()), expected, "{answer}");
        };
        for success in
            ["", " \n", "null", "{}", r#"{"other":1}"#, r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#]
        {
            check(success, Processed::All);
        }
        for failure in [
            "no JSON",
            r#""text""#,
            "[]",
            "7",
            r#"{"batchItemFailures":"12"}"#,
            r#"{"batchItemFailures":[null]}"#,
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":["12"]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":12}]}"#,
            r#"{"batchItemFailures":[{"itemidentifier":"12"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"14"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"13"},{"itemIdentifier":"14"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"11"}]}"#,
        ] {
            check(failure, Processed::Before(0));
        }
        check(r#"{"batchItemFailures":[{"itemIdentifier":"12"}]}"#, Processed::Before(1));
        check(r#"{"batchItemFailures":[{"itemIdentifier":"13"},{"itemIdentifier":"12"}]}"#, Processed::Before(1));
        check(r#"{"batchItemFailures":[{"itemIdentifier":"13"}],"more":1}"#, Processed::Before(2));
    }
}
