//! GetCallerIdentity: the caller itself. It needs no permission, and is answered in every mode, for tools begin with it.

use auth::Caller;
use aws::sts::GetCallerIdentityResponse;

/// Where callers have no identities, each may do everything in its account.
pub(crate) fn caller_identity(caller: &Caller) -> GetCallerIdentityResponse {
    let (arn, user_id) = match &caller.identity {
        Some(identity) => (identity.principal.arn.clone(), identity.principal.user_id.clone()),
        None => (format!("arn:aws:iam::{}:root", caller.account), caller.account.clone()),
    };
    GetCallerIdentityResponse { account: Some(caller.account.clone()), arn: Some(arn), user_id: Some(user_id) }
}
