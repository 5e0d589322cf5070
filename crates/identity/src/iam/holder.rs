//! What users, groups and roles have in common: names, and policies.

use std::sync::Arc;

use super::constraint;
use crate::query::{Code, Refusal};
use crate::store::entity::{Grants, Group, Role, User};
use crate::store::{Account, Kept};

/// One that policies can be given to.
pub(super) trait Holder: Kept {
    /// As sentences call it.
    const WORD: &'static str;
    /// The parameter with its name.
    const MEMBER: &'static str;
    /// All its inline policies together. Unit: characters that are no white space. Source: IAM User Guide, "IAM and AWS STS
    /// quotas".
    const INLINE_SIZE_MAX: usize;

    /// How the quota of attached policies is called.
    const ATTACHED_QUOTA: &'static str;

    fn find<'a>(account: &'a Account, name: &str) -> Option<&'a Arc<Self>>;
    fn name(&self) -> &str;
    fn grants(&self) -> &Grants;
    fn grants_mut(&mut self) -> &mut Grants;

    fn missing(name: &str) -> Refusal {
        Refusal::no_such_entity(format!("The {} with name {name} cannot be found.", Self::WORD))
    }

    fn of_name<'a>(account: &'a Account, name: &str) -> Result<&'a Arc<Self>, Refusal> {
        Self::find(account, name).ok_or_else(|| Self::missing(name))
    }

    /// The one that a request names.
    fn named<'a>(account: &'a Account, name: &str) -> Result<&'a Arc<Self>, Refusal> {
        Self::of_name(account, constraint::name(Self::MEMBER, name)?)
    }
}

macro_rules! holders {
    ($($holder:ident $word:literal $member:literal $size_max:literal $quota:literal $find:ident;)+) => {$(
        impl Holder for $holder {
            const WORD: &'static str = $word;
            const MEMBER: &'static str = $member;
            const INLINE_SIZE_MAX: usize = $size_max;
            const ATTACHED_QUOTA: &'static str = $quota;

            fn find<'a>(account: &'a Account, name: &str) -> Option<&'a Arc<$holder>> {
                account.$find(name)
            }

            fn name(&self) -> &str {
                &self.name
            }

            fn grants(&self) -> &Grants {
                &self.grants
            }

            fn grants_mut(&mut self) -> &mut Grants {
                &mut self.grants
            }
        }
    )+};
}

holders! {
    User "user" "UserName" 2_048 "PoliciesPerUser" user;
    Group "group" "GroupName" 5_120 "PoliciesPerGroup" group;
    Role "role" "RoleName" 10_240 "PoliciesPerRole" role;
}

/// # Errors
/// If there is one with this name already.
pub(super) fn refuse_second<H: Holder>(account: &Account, name: &str) -> Result<(), Refusal> {
    match H::find(account, name) {
        None => Ok(()),
        Some(_) => {
            let text = format!("{} with name {name} already exists.", H::MEMBER.trim_end_matches("Name"));
            Err(Refusal::new(Code::EntityAlreadyExists, text))
        }
    }
}

pub(super) fn conflict(what: &str) -> Refusal {
    Refusal::new(Code::DeleteConflict, format!("Cannot delete entity, {what}"))
}

/// # Errors
/// If one that is to be deleted has policies yet.
pub(super) fn refuse_with_policies<H: Holder>(holder: &H) -> Result<(), Refusal> {
    let grants = holder.grants();
    if !grants.attached.is_empty() {
        return Err(conflict("must detach all policies first."));
    }
    if !grants.inline.is_empty() {
        return Err(conflict("must delete policies first."));
    }
    Ok(())
}
