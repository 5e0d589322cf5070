//! The role that a request names.

use std::sync::Arc;

use aws::sts::AssumedRoleUser;

use crate::authority::Authority;
use crate::query::Refusal;
use crate::store::entity::Role;
use crate::store::{Account, assumed_role_arn};

/// Unit: seconds. Source: STS API Reference, "AssumeRole".
const SECONDS_DEFAULT: u64 = 3_600;
/// What a session of a role may last that a role has asked for.
const CHAINED_SECONDS_MAX: u64 = 3_600;

/// An existing role and its account.
pub(super) struct AskedRole {
    pub account: Arc<Account>,
    pub role: Arc<Role>,
}

/// The ARN of a role, if it is spelt like one.
pub(super) fn arn(arn: &str) -> Result<&str, Refusal> {
    let is_arn = arn.starts_with("arn:") && arn.split(':').count() >= 6;
    if is_arn { Ok(arn) } else { Err(Refusal::validation(format!("{arn} is invalid"))) }
}

/// The seconds that a session is asked for with, which the model has bounded.
pub(super) fn asked_seconds(seconds: Option<i32>) -> Option<u64> {
    seconds.map(|seconds| u64::from(seconds.unsigned_abs()))
}

/// The account that a role's ARN names.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:aws:iam::")?.split_once(":role/").map(|(account, _)| account)
}

impl AskedRole {
    pub(super) fn find(authority: &Authority, arn: &str) -> Option<AskedRole> {
        let (account, path) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
        let account = Arc::clone(authority.identities.snapshot().account(account)?);
        let role = Arc::clone(account.role(path.rsplit('/').next()?)?);
        (role.arn(&account.id) == arn).then_some(AskedRole { account, role })
    }

    /// The seconds that a session of it is to last.
    pub(super) fn seconds(&self, asked: Option<i32>, is_chained: bool) -> Result<u64, Refusal> {
        let seconds = asked_seconds(asked).unwrap_or(SECONDS_DEFAULT);
        if is_chained && seconds > CHAINED_SECONDS_MAX {
            return Err(Refusal::validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            ));
        }
        if seconds > u64::from(self.role.max_session_seconds) {
            return Err(Refusal::validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ));
        }
        Ok(seconds)
    }

    pub(super) fn user(&self, session_name: &str) -> AssumedRoleUser {
        AssumedRoleUser {
            assumed_role_id: format!("{}:{session_name}", self.role.id),
            arn: assumed_role_arn(&self.account.id, &self.role.name, session_name),
        }
    }
}
