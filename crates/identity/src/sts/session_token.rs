//! GetSessionToken: a user, or the root, for a while. Nobody needs a permission for it.

use std::collections::{BTreeMap, BTreeSet};

use auth::iam::PrincipalKind;

use super::Answer;
use super::asked::{Ask, duration};
use super::grant::{Bounds, Grant};
use crate::query::{Code, Refusal, Xml};
use crate::session::Holder;

/// Unit: seconds.
const SECONDS_DEFAULT: u64 = 12 * 60 * 60;
const SECONDS_MAX: u32 = 36 * 60 * 60;
pub(super) const ROOT_SECONDS_MAX: u64 = 60 * 60;

pub(super) fn answer(ask: &Ask<'_>) -> Answer {
    let seconds = duration(ask.parameters, SECONDS_MAX)?.unwrap_or(SECONDS_DEFAULT);
    // There are no devices that could make one.
    if ask.parameters.get("SerialNumber").is_some() || ask.parameters.get("TokenCode").is_some() {
        let text = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial \
                    number is valid and associated with this user.";
        return Err(Refusal::new(Code::AccessDenied, text));
    }
    let principal = &ask.identity.principal;
    let is_root = principal.kind == PrincipalKind::Root;
    let holder = if is_root { Holder::Root } else { Holder::User { id: principal.user_id.clone() } };
    let grant = Grant {
        account: &principal.account,
        holder,
        issued_by: Some(&ask.caller.access_key),
        seconds: if is_root { seconds.min(ROOT_SECONDS_MAX) } else { seconds },
        bounds: Bounds::default(),
        tags: BTreeMap::new(),
        transitive: BTreeSet::new(),
        source_identity: None,
        context: BTreeMap::new(),
    };
    let mut xml = Xml::new();
    grant.granted(ask.authority)?.credentials(&mut xml);
    Ok(xml)
}
