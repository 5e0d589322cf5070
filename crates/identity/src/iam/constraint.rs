//! Constraints of IAM's service model, each with the sentence that tells of its breach.
//!
//! Source: IAM API Reference, each data type; the sentences are those of IAM.

use crate::query::Refusal;

/// Unit: characters.
pub(super) const USER_NAME_LENGTH_MAX: usize = 64;
pub(super) const GROUP_NAME_LENGTH_MAX: usize = 128;
pub(super) const ROLE_NAME_LENGTH_MAX: usize = 64;
pub(super) const POLICY_NAME_LENGTH_MAX: usize = 128;
pub(super) const PATH_LENGTH_MAX: usize = 512;
const ARN_LENGTH_MIN: usize = 20;
pub(super) const ARN_LENGTH_MAX: usize = 2048;

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter)
}

pub(super) fn length(member: &str, value: &str, min: usize, max: usize) -> Result<(), Refusal> {
    let length = value.chars().count();
    if length < min {
        let constraint = format!("Member must have length greater than or equal to {min}");
        return Err(Refusal::broken(member, value, &constraint));
    }
    if length > max {
        return Err(Refusal::broken(member, value, &format!("Member must have length less than or equal to {max}")));
    }
    Ok(())
}

/// Of a user, group, role or policy.
pub(super) fn name(member: &str, value: &str, length_max: usize) -> Result<(), Refusal> {
    length(member, value, 1, length_max)?;
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
    length("Path", value, 1, PATH_LENGTH_MAX)?;
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
    length("PathPrefix", value, 1, PATH_LENGTH_MAX)?;
    match value.starts_with('/') && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == 0x7f) {
        true => Ok(()),
        false => Err(Refusal::broken(
            "PathPrefix",
            value,
            "Member must satisfy regular expression pattern: \\u002F[\\u0021-\\u007F]*",
        )),
    }
}

pub(super) fn arn(member: &str, value: &str) -> Result<(), Refusal> {
    length(member, value, ARN_LENGTH_MIN, ARN_LENGTH_MAX)?;
    match value.starts_with("arn:") && value.split(':').count() >= 6 {
        true => Ok(()),
        false => Err(Refusal::invalid_input(format!("ARN {value} is not valid."))),
    }
}

pub(super) fn small(member: &str) -> String {
    let mut letters = member.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
