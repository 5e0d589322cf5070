//! What IAM asks of members behind its front end, in its own sentences. Lengths, ranges and words are the model's.
//!
//! Source: IAM API Reference, each data type.

use crate::query::Refusal;

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter)
}

/// Of a user, group, role or policy.
pub(super) fn name(member: &str, value: &str) -> Result<(), Refusal> {
    match value.chars().all(is_name_letter) {
        true => Ok(()),
        false => Err(Refusal::validation(format!(
            "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: \
             +=,.@_-",
            small(member)
        ))),
    }
}

pub(super) fn path(value: &str) -> Result<(), Refusal> {
    let is_path = value == "/"
        || (value.len() > 2
            && value.starts_with('/')
            && value.ends_with('/')
            && !value.contains("//")
            && value.bytes().all(|byte| byte.is_ascii_graphic()));
    match is_path {
        true => Ok(()),
        false => Err(Refusal::validation(
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
             characters and/or / characters.",
        )),
    }
}

pub(super) fn path_prefix(value: &str) -> Result<(), Refusal> {
    match value.starts_with('/') && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == 0x7f) {
        true => Ok(()),
        false => Err(Refusal::broken(
            "PathPrefix",
            value,
            "Member must satisfy regular expression pattern: \\u002F[\\u0021-\\u007F]*",
        )),
    }
}

pub(super) fn arn(value: &str) -> Result<(), Refusal> {
    match value.starts_with("arn:") && value.split(':').count() >= 6 {
        true => Ok(()),
        false => Err(Refusal::invalid_input(format!("ARN {value} is not valid."))),
    }
}

pub(super) fn small(member: &str) -> String {
    let mut letters = member.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
