//! How much of everything an account can have. Source: IAM User Guide, "IAM and AWS STS quotas": the default quotas.

use crate::query::{Code, Refusal};
use crate::store::{Account, PolicyDocument};

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

/// How many times as long as its other characters a policy may be. AWS does not count white space at all, and stores documents as
/// they are; indented ones are three times as long.
const LENGTH_FACTOR: usize = 8;
/// White space of all policies of an account. AWS documents none. Unit: bytes.
const WHITE_SPACE_BYTES_MAX: usize = 16 << 20;

/// A policy's size as quotas count it: its characters that are no white space, or an eighth of all, if that is more. So what is
/// stored is bounded by the quotas, too.
pub(super) fn size(document: &str) -> usize {
    let (mut all, mut solid) = (0, 0);
    for letter in document.chars() {
        all += 1;
        solid += usize::from(!letter.is_ascii_whitespace());
    }
    solid.max(usize::div_ceil(all, LENGTH_FACTOR))
}

pub(super) fn white_space_bytes(account: &Account) -> usize {
    account.documents().map(PolicyDocument::white_space_bytes).sum()
}

/// # Errors
/// If a change leaves an account with more white space than it may have. What an older program has stored stays.
pub(super) fn refuse_white_space(before_bytes: usize, after_bytes: usize) -> Result<(), Refusal> {
    match after_bytes <= WHITE_SPACE_BYTES_MAX.max(before_bytes) {
        true => Ok(()),
        false => Err(exceeded("PolicyWhiteSpacePerAccount", WHITE_SPACE_BYTES_MAX)),
    }
}

pub(super) fn exceeded(what: &str, max: usize) -> Refusal {
    Refusal::new(Code::LimitExceeded, format!("Cannot exceed quota for {what}: {max}"))
}

/// # Errors
/// If there is no room for one more.
pub(super) fn refuse_beyond(what: &str, count: usize, max: usize) -> Result<(), Refusal> {
    if count < max { Ok(()) } else { Err(exceeded(what, max)) }
}

#[cfg(test)]
mod tests {
    use auth::iam::{REQUEST_STEPS_MAX, STEP_BYTES};

    use super::*;
    use crate::iam::holder::Holder;
    use crate::store::entity::{Group, Role, User};

    /// What `auth::iam::WorkBudget` relies on.
    #[test]
    fn what_a_request_parses_is_less_than_an_eighth_of_its_work() {
        let grants = |inline: usize| ATTACHED_MAX * POLICY_SIZE_MAX + inline;
        let user = grants(User::INLINE_SIZE_MAX) + GROUPS_PER_USER_MAX * grants(Group::INLINE_SIZE_MAX);
        let caller = user.max(grants(Role::INLINE_SIZE_MAX));
        let boundary = POLICY_SIZE_MAX;
        // A session's own policy is as long as a trust policy at most.
        let session = grants(TRUST_SIZE_MAX);
        // A letter has four bytes at most, and the white space beside it one each.
        let bytes = (4 + LENGTH_FACTOR - 1) * (caller + boundary + session + TRUST_SIZE_MAX);
        let steps = (bytes / STEP_BYTES) as u64;
        assert!(steps < REQUEST_STEPS_MAX / 8, "{steps}");
    }
}
