//! Policies of tables and streams: their stored form, and the check of documents.
//!
//! Texts are observed, as published by the authors of AWS's controllers for Kubernetes. AWS returns a document in a form of
//! its own; here it is returned as the request gave it.

use std::collections::HashSet;

use api::Exception;
use auth::iam::{Policy, PolicyKind, PrincipalIds};
use model::limits::RESOURCE_POLICY_SIZE_MAX;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schema::invalid;

/// A policy that is attached to a table or a stream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AttachedPolicy {
    pub document: String,
    /// Changes with each change of the policy.
    pub revision: String,
    /// The ids of its principals when it was put. The principals of policies without ids are ARNs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principals: Option<PrincipalIds>,
}

/// The resource that a policy is attached to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyOf {
    Table,
    Stream,
}

/// Actions on a stream. Source: Service Authorization Reference, "Amazon DynamoDB".
const STREAM_ACTIONS: &[&str] = &[
    "DeleteResourcePolicy",
    "DescribeStream",
    "GetRecords",
    "GetResourcePolicy",
    "GetShardIterator",
    "ListTagsOfResource",
    "PutResourcePolicy",
    "TagResource",
    "UntagResource",
];
/// Actions that do not apply to a table.
const NOT_TABLE_ACTIONS: &[&str] = &[
    "DescribeEndpoints",
    "DescribeLimits",
    "DescribeStream",
    "GetRecords",
    "GetShardIterator",
    "ListStreams",
    "ListTables",
];
const SERVICE: &str = "dynamodb:";

/// The policy that replaces a stored document that cannot be read: it denies everything (fail closed).
const DENIES_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// Parses and checks the document of a request.
///
/// # Errors
/// DynamoDB's refusal of one that is too long, is no policy, or is open to all principals.
pub fn check_resource_policy(of: PolicyOf, document: &str) -> Result<Policy, Exception> {
    if document.len() > RESOURCE_POLICY_SIZE_MAX {
        return Err(invalid(format!("Maximum policy size of {RESOURCE_POLICY_SIZE_MAX} bytes exceeded")));
    }
    let malformed = |text: &str| invalid(format!("Invalid policy document: {text}"));
    let json = read_document(document).map_err(|text| malformed(&text))?;
    let policy = Policy::parse(PolicyKind::Resource, document).map_err(|error| malformed(&error.0))?;
    let wrong: Vec<String> =
        policy.actions().filter(|action| !is_action_of(of, action)).map(|action| format!("\"{action}\"")).collect();
    if !wrong.is_empty() {
        return Err(malformed(&format!("The following action names are invalid: {}", wrong.join(", "))));
    }
    if statements(&json).any(is_open_to_all) {
        return Err(Exception::validation(
            "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure \
             least-privilege form of access",
        ));
    }
    Ok(policy)
}

/// The members of every statement, each or its negation. In the order in which DynamoDB reports missing ones.
const STATEMENT_MEMBERS: [[&str; 2]; 4] =
    [["Effect", "Effect"], ["Principal", "NotPrincipal"], ["Action", "NotAction"], ["Resource", "NotResource"]];

/// Parses a document and checks its structure; the error is DynamoDB's message. `auth::iam` checks the rest.
///
/// Source: captures in us-west-2, October 2026.
fn read_document(document: &str) -> Result<Value, String> {
    let json = match serde_json::from_str(document) {
        Ok(Value::Null) => return Err("This text appears not to be a policy".to_owned()),
        Ok(json @ Value::Object(_)) => json,
        _ => return Err("This policy contains invalid Json".to_owned()),
    };
    match json.get("Statement") {
        None => {
            let last = document.trim_end().lines().last().unwrap_or_default();
            let line = document.trim_end().lines().count();
            return Err(format!("Syntax error at position ({line},{})", last.chars().count() + 1));
        }
        Some(Value::Array(list)) if list.is_empty() => {
            return Err("Could not parse the policy: Statement is empty!".to_owned());
        }
        Some(_) => {}
    }
    let mut ids = HashSet::new();
    for statement in statements(&json).filter_map(Value::as_object) {
        let lacks = |names: &&[&str; 2]| !names.iter().any(|name| statement.contains_key(*name));
        if let Some([name, _]) = STATEMENT_MEMBERS.iter().find(lacks) {
            return Err(format!("Missing required field {name}"));
        }
        if !statement.get("Sid").and_then(Value::as_str).is_none_or(|id| ids.insert(id)) {
            return Err("The Statement Ids in the policy are not unique".to_owned());
        }
    }
    Ok(json)
}

/// Parses a stored document. An unreadable one denies everything, and the root user can replace it.
pub(super) fn stored_policy(document: &str, principals: Option<&PrincipalIds>) -> Option<Policy> {
    let parse = |document: &str| Policy::parse(PolicyKind::Resource, document);
    let mut policy = parse(document).or_else(|_| parse(DENIES_ALL)).ok()?;
    if let Some(principals) = principals {
        policy.bind(principals);
    }
    Some(policy)
}

fn is_action_of(of: PolicyOf, action: &str) -> bool {
    if action.contains(['*', '?']) {
        return true;
    }
    let is_ours = action.get(..SERVICE.len()).is_some_and(|service| service.eq_ignore_ascii_case(SERVICE));
    let Some(name) = action.get(SERVICE.len()..).filter(|_| is_ours) else { return false };
    let is_one_of = |names: &[&str]| names.iter().any(|own| own.eq_ignore_ascii_case(name));
    match of {
        PolicyOf::Table => !is_one_of(NOT_TABLE_ACTIONS),
        PolicyOf::Stream => is_one_of(STREAM_ACTIONS),
    }
}

fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    let (one, many) = match &policy["Statement"] {
        Value::Array(many) => (None, many.as_slice()),
        one => (Some(one), [].as_slice()),
    };
    one.into_iter().chain(many)
}

/// Whether a statement allows something to all principals, without a condition.
fn is_open_to_all(statement: &Value) -> bool {
    let names_all = |principal: &Value| match principal {
        Value::String(name) => name == "*",
        Value::Array(names) => names.iter().any(|name| name == "*"),
        _ => false,
    };
    let allows = statement["Effect"].as_str().is_some_and(|effect| effect.eq_ignore_ascii_case("allow"));
    let principal = &statement["Principal"];
    allows && statement.get("Condition").is_none() && (names_all(principal) || names_all(&principal["AWS"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_denies_everything() {
        let shown = |document: &str| format!("{:?}", stored_policy(document, None).expect("a policy"));
        let denies_all = shown(DENIES_ALL);
        for document in ["", "{}", "[1]", r#"{"Statement":{"Effect":"Perhaps"}}"#] {
            assert_eq!(shown(document), denies_all, "{document}");
        }
        let allows = DENIES_ALL.replace("Deny", "Allow");
        assert_ne!(shown(&allows), denies_all);
    }

    #[test]
    fn actions_have_their_resources() {
        for (of, action, expected) in [
            (PolicyOf::Table, "dynamodb:GetItem", true),
            (PolicyOf::Table, "DynamoDB:getitem", true),
            (PolicyOf::Table, "dynamodb:Get*", true),
            (PolicyOf::Table, "*", true),
            (PolicyOf::Table, "dynamodb:GetRecords", false),
            (PolicyOf::Table, "dynamodb:ListTables", false),
            (PolicyOf::Table, "s3:GetObject", false),
            (PolicyOf::Table, "dynamodb", false),
            (PolicyOf::Table, "ключ-от-всего", false),
            (PolicyOf::Stream, "dynamodb:getrecords", true),
            (PolicyOf::Stream, "dynamodb:PutResourcePolicy", true),
            (PolicyOf::Stream, "dynamodb:ListStreams", false),
            (PolicyOf::Stream, "dynamodb:GetItem", false),
        ] {
            assert_eq!(is_action_of(of, action), expected, "{of:?} {action}");
        }
    }
}
