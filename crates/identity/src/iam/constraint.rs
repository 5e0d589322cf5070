//! What IAM asks of members behind its front end, in its own sentences. Lengths, ranges and words are the model's.
//!
//! Source: IAM API Reference, each data type.

use auth::iam::{Malformed, PolicyKind};

use crate::query::{Code, Refusal};
use crate::store::PolicyDocument;

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter)
}

/// Of a user, group, role or policy.
pub(super) fn name<'v>(member: &str, value: &'v str) -> Result<&'v str, Refusal> {
    match value.chars().all(is_name_letter) {
        true => Ok(value),
        false => Err(Refusal::validation(format!(
            "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: \
             +=,.@_-",
            small(member)
        ))),
    }
}

/// Of a new entity.
pub(super) fn path(value: Option<&str>) -> Result<String, Refusal> {
    let value = value.unwrap_or("/");
    let is_path = value == "/"
        || (value.len() > 2
            && value.starts_with('/')
            && value.ends_with('/')
            && !value.contains("//")
            && value.bytes().all(|byte| byte.is_ascii_graphic()));
    match is_path {
        true => Ok(value.to_owned()),
        false => Err(Refusal::validation(
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
             characters and/or / characters.",
        )),
    }
}

/// What listed paths begin with.
pub(super) fn path_prefix(value: &Option<String>) -> Result<&str, Refusal> {
    let value = value.as_deref().unwrap_or("/");
    match value.starts_with('/') && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == 0x7f) {
        true => Ok(value),
        false => Err(Refusal::broken(
            "PathPrefix",
            value,
            "Member must satisfy regular expression pattern: \\u002F[\\u0021-\\u007F]*",
        )),
    }
}

pub(super) fn arn(value: &str) -> Result<&str, Refusal> {
    match value.starts_with("arn:") && value.split(':').count() >= 6 {
        true => Ok(value),
        false => Err(Refusal::invalid_input(format!("ARN {value} is not valid."))),
    }
}

pub(super) fn document(kind: PolicyKind, text: &str) -> Result<PolicyDocument, Refusal> {
    let malformed = |error: Malformed| Refusal::new(Code::MalformedPolicyDocument, error.0);
    PolicyDocument::parse(kind, text).map_err(malformed)
}

fn small(member: &str) -> String {
    let mut letters = member.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
