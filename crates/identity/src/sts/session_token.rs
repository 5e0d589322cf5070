//! GetSessionToken: temporary credentials of a user or of the root. It needs no permission.

use std::collections::{BTreeMap, BTreeSet};

use auth::iam::PrincipalKind;
use aws::sts::{GetSessionTokenRequest, GetSessionTokenResponse};

use super::asked::Ask;
use super::grant::{Bounds, Grant};
use super::role::asked_seconds;
use crate::query::{Code, Refusal};
use crate::session::Holder;

/// Unit: seconds.
const SECONDS_DEFAULT: u64 = 12 * 60 * 60;
pub(super) const ROOT_SECONDS_MAX: u64 = 60 * 60;

pub(super) fn answer(ask: &Ask<'_>, request: &GetSessionTokenRequest) -> Result<GetSessionTokenResponse, Refusal> {
    let seconds = asked_seconds(request.duration_seconds).unwrap_or(SECONDS_DEFAULT);
    // There are no devices that could make one.
    if request.serial_number.is_some() || request.token_code.is_some() {
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
    let credentials = Some(grant.granted(ask.authority)?.into_credentials());
    Ok(GetSessionTokenResponse { credentials, ..GetSessionTokenResponse::default() })
}
