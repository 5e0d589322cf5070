//! What operations know beside their request: the caller, and the time.

use auth::Caller;
use auth::iam::PrincipalKind;

use super::constraint;
use crate::query::Refusal;
use crate::store::Identities;

pub(super) struct Ask<'a> {
    pub identities: &'a Identities,
    pub caller: &'a Caller,
    pub now_ms: u64,
}

/// The user that a request names, or else the caller; none for the account itself.
pub(super) fn user_or_caller<'a>(caller: &'a Caller, name: Option<&'a str>) -> Result<Option<&'a str>, Refusal> {
    if let Some(name) = name {
        return constraint::name("UserName", name).map(Some);
    }
    let Some(identity) = &caller.identity else { return Ok(None) };
    match identity.principal.kind {
        PrincipalKind::Root => Ok(None),
        PrincipalKind::User => Ok(identity.principal.username.as_deref()),
        PrincipalKind::AssumedRole | PrincipalKind::FederatedUser => {
            Err(Refusal::validation("Must specify userName when calling with non-User credentials"))
        }
    }
}
