//! Where a policy is wrong: IAM's own refusals name no place.
//!
//! The part is found by parsing the policy's statements, and then the elements of the first one that is refused, in policies that
//! have nothing else that could be wrong.

use auth::iam::{Malformed, Policy, PolicyKind};
use serde_json::{Map, Value, json};

/// A line and a column, or a statement and its element; nothing if no part alone is wrong.
pub(super) fn locate(kind: PolicyKind, text: &str) -> Option<String> {
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => return Some(format!("no JSON: {error}")),
    };
    let Some(elements) = document.as_object() else { return Some("it is no object".to_owned()) };
    let known = |name: &&String| !matches!(name.as_str(), "Version" | "Id" | "Statement");
    if let Some(name) = elements.keys().find(known) {
        return Some(format!("a policy has no element {name:?}"));
    }
    let statements: Vec<&Value> = match elements.get("Statement") {
        None => return Some("it has no element \"Statement\"".to_owned()),
        Some(Value::Array(list)) if list.is_empty() => return Some("\"Statement\" is empty".to_owned()),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    };
    let refused = |statement: &Value| parse(kind, elements.get("Version"), statement).is_err();
    let Some(at) = statements.iter().position(|statement| refused(statement)) else {
        let is_whole = Policy::parse(kind, &document.to_string()).is_ok();
        return is_whole.then(|| "a name occurs twice in an object".to_owned());
    };
    let element = statements[at].as_object().and_then(|statement| element(kind, elements.get("Version"), statement));
    let element = element.map(|element| format!(", {element}")).unwrap_or_default();
    Some(format!("statement {}{element}", at + 1))
}

fn parse(kind: PolicyKind, version: Option<&Value>, statement: &Value) -> Result<Policy, Malformed> {
    let mut document = json!({ "Statement": [statement] });
    if let Some(version) = version {
        document["Version"] = version.clone();
    }
    Policy::parse(kind, &document.to_string())
}

/// The first element that is refused in a statement which is good without it.
fn element(kind: PolicyKind, version: Option<&Value>, statement: &Map<String, Value>) -> Option<String> {
    let refused = |name: &str, value: &Value| {
        let mut alone = good(kind);
        alone.retain(|other, _| other.trim_start_matches("Not") != name.trim_start_matches("Not"));
        alone.insert(name.to_owned(), value.clone());
        parse(kind, version, &Value::Object(alone)).is_err()
    };
    let (name, value) = statement.iter().find(|(name, value)| refused(name, value))?;
    let operators = if name == "Condition" { value.as_object() } else { None };
    let operator = operators.into_iter().flatten().find(|(operator, keys)| refused(name, &json!({ *operator: keys })));
    Some(match operator {
        Some((operator, _)) => format!("element {name:?}, {operator:?}"),
        None => format!("element {name:?}"),
    })
}

/// A statement that a policy of this kind may have.
fn good(kind: PolicyKind) -> Map<String, Value> {
    let statement = match kind {
        PolicyKind::Identity => json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }),
        PolicyKind::Resource => json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }),
        PolicyKind::Trust => json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" }),
    };
    match statement {
        Value::Object(statement) => statement,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_error() {
        let identity = PolicyKind::Identity;
        let good = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
        for (kind, text, expected) in [
            (identity, "{\n \"Statement\": [,]}".to_owned(), "no JSON: expected value at line 2 column 16"),
            (identity, "[]".to_owned(), "it is no object"),
            (identity, "{\"Statements\":[]}".to_owned(), "a policy has no element \"Statements\""),
            (identity, "{\"Version\":\"2012-10-17\"}".to_owned(), "it has no element \"Statement\""),
            (identity, "{\"Statement\":[]}".to_owned(), "\"Statement\" is empty"),
            (identity, format!("{{\"Statement\":[{good},7]}}"), "statement 2"),
            (identity, format!("{{\"Statement\":[{good},{{}}]}}"), "statement 2"),
            (identity, good.replace("Action", "Actions"), "element \"Actions\""),
            (identity, good.replace("\"Allow\"", "1"), "element \"Effect\""),
            (identity, good.replace("\"Resource\"", "\"Principal\""), "element \"Principal\""),
            (
                identity,
                good.replace(
                    '}',
                    ",\"Condition\":{\"StringEquals\":{\"aws:a\":\"b\"},\"StringEqual\":{\"aws:a\":\"b\"}}}",
                ),
                "element \"Condition\", \"StringEqual\"",
            ),
            (PolicyKind::Trust, good.replace("\"Resource\"", "\"Principal\""), "element \"Action\""),
            (PolicyKind::Resource, good.to_owned(), "statement 1"),
            (
                identity,
                good.replace("\"Effect\":\"Allow\"", "\"Effect\":\"Allow\",\"Effect\":\"Deny\""),
                "a name occurs twice in an object",
            ),
        ] {
            let is_statement = text.starts_with("{\"Effect") || text.starts_with("{\"A");
            let text = if is_statement { format!("{{\"Statement\":{text}}}") } else { text };
            assert!(Policy::parse(kind, &text).is_err(), "{text}");
            let said = locate(kind, &text).unwrap_or_default();
            assert!(said.ends_with(expected), "{text}: {said}");
        }
    }
}
