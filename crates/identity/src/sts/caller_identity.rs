//! GetCallerIdentity: who asks. It needs no permission, and is answered in every mode, for tools begin with it.

use auth::Caller;

use super::GET_CALLER_IDENTITY;
use crate::query::{Api, Reply, Xml};

/// The answer where callers are not told apart by identities: whoever asks may do everything in its account.
pub fn caller_identity(caller: &Caller, request_id: &str) -> Reply {
    Reply::answer(Api::Sts, GET_CALLER_IDENTITY, Some(&shown(caller)), request_id)
}

pub(super) fn shown(caller: &Caller) -> Xml {
    let mut xml = Xml::new();
    let (arn, user_id) = match &caller.identity {
        Some(identity) => (identity.principal.arn.clone(), identity.principal.user_id.as_str()),
        None => (format!("arn:aws:iam::{}:root", caller.account), caller.account.as_str()),
    };
    xml.text("Arn", &arn);
    xml.text("UserId", user_id);
    xml.text("Account", &caller.account);
    xml
}
