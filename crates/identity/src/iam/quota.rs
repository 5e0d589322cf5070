//! How much of everything an account can have. Source: IAM User Guide, "IAM and AWS STS quotas": the default quotas.

use crate::query::{Code, Refusal};

pub(super) const USERS_MAX: usize = 5_000;
pub(super) const GROUPS_MAX: usize = 300;
pub(super) const ROLES_MAX: usize = 1_000;
pub(super) const POLICIES_MAX: usize = 1_500;
pub(super) const OIDC_PROVIDERS_MAX: usize = 100;
pub(super) const GROUPS_PER_USER_MAX: usize = 10;
/// Managed policies that are attached to one user, group or role.
pub(super) const ATTACHED_MAX: usize = 10;
pub(super) const VERSIONS_MAX: usize = 5;
pub(super) const TAGS_MAX: usize = 50;
pub(super) const ACCESS_KEYS_PER_USER_MAX: usize = 2;
pub(super) const CLIENT_IDS_MAX: usize = 100;
pub(super) const THUMBPRINTS_MAX: usize = 5;
/// Unit: characters that are no white space.
pub(super) const POLICY_SIZE_MAX: usize = 6_144;
pub(super) const TRUST_SIZE_MAX: usize = 2_048;

/// A policy's size as quotas count it.
pub(super) fn size(document: &str) -> usize {
    document.chars().filter(|letter| !letter.is_ascii_whitespace()).count()
}

pub(super) fn exceeded(what: &str, max: usize) -> Refusal {
    Refusal::new(Code::LimitExceeded, format!("Cannot exceed quota for {what}: {max}"))
}

/// # Errors
/// If there is no room for one more.
pub(super) fn refuse_beyond(what: &str, count: usize, max: usize) -> Result<(), Refusal> {
    if count < max { Ok(()) } else { Err(exceeded(what, max)) }
}
