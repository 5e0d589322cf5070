//! How long the members of a request may be that name what it is about. They are checked before policies are evaluated on
//! what they name, as AWS does, so that no decision is about a longer ARN than there can be. What else a member must
//! be, its operation checks.
//!
//! Source: IAM API Reference, each data type.

use super::asked::Ask;
use super::constraint::{
    self, ARN_LENGTH_MAX, GROUP_NAME_LENGTH_MAX, PATH_LENGTH_MAX, POLICY_NAME_LENGTH_MAX, ROLE_NAME_LENGTH_MAX,
    USER_NAME_LENGTH_MAX,
};
use super::tag;
use crate::query::Refusal;

/// Of a name of something that should be there. Unit: characters.
const EXISTING_NAME_LENGTH_MAX: usize = 128;
const URL_LENGTH_MAX: usize = 255;

const MEMBERS: [(&str, usize); 16] = [
    ("UserName", EXISTING_NAME_LENGTH_MAX),
    ("GroupName", GROUP_NAME_LENGTH_MAX),
    ("RoleName", EXISTING_NAME_LENGTH_MAX),
    ("PolicyName", POLICY_NAME_LENGTH_MAX),
    ("InstanceProfileName", EXISTING_NAME_LENGTH_MAX),
    ("AccessKeyId", EXISTING_NAME_LENGTH_MAX),
    ("NewUserName", USER_NAME_LENGTH_MAX),
    ("NewGroupName", GROUP_NAME_LENGTH_MAX),
    ("Path", PATH_LENGTH_MAX),
    ("NewPath", PATH_LENGTH_MAX),
    ("PathPrefix", PATH_LENGTH_MAX),
    ("Url", URL_LENGTH_MAX),
    ("PolicyArn", ARN_LENGTH_MAX),
    ("OpenIDConnectProviderArn", ARN_LENGTH_MAX),
    ("PermissionsBoundary", ARN_LENGTH_MAX),
    ("PolicySourceArn", ARN_LENGTH_MAX),
];

/// # Errors
/// AWS's sentence for the first member that is too long.
pub(super) fn check(ask: &Ask<'_>, action: &str) -> Result<(), Refusal> {
    for (member, length_max) in MEMBERS {
        let length_max = match (action, member) {
            ("iam:CreateUser", "UserName") => USER_NAME_LENGTH_MAX,
            ("iam:CreateRole", "RoleName") => ROLE_NAME_LENGTH_MAX,
            _ => length_max,
        };
        if let Some(value) = ask.optional(member) {
            constraint::length(member, value, 0, length_max)?;
        }
    }
    tag::check_key_count(ask)
}
