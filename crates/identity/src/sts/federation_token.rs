//! GetFederationToken: credentials for a federated user, with what both the calling user's and the session's policies allow.

use std::collections::{BTreeMap, BTreeSet};

use auth::iam::PrincipalKind;
use aws::sts::{FederatedUser, GetFederationTokenRequest, GetFederationTokenResponse};

use super::asked::Ask;
use super::grant::{Bounds, Grant};
use super::role::asked_seconds;
use super::session_token::ROOT_SECONDS_MAX;
use super::tags;
use crate::query::Refusal;
use crate::session::Holder;
use crate::store::federated_user_arn;

/// Unit: seconds.
const SECONDS_DEFAULT: u64 = 12 * 60 * 60;

pub(super) fn answer(
    ask: &Ask<'_>,
    request: &GetFederationTokenRequest,
) -> Result<GetFederationTokenResponse, Refusal> {
    let name = &request.name;
    let seconds = asked_seconds(request.duration_seconds).unwrap_or(SECONDS_DEFAULT);
    let tags = tags::asked(request.tags.as_deref())?;
    let principal = &ask.identity.principal;
    let account = ask.authority.identities.account(&principal.account);
    let arn = federated_user_arn(&account.id, name);
    ask.allowed_with("sts:GetFederationToken", &arn, &tags)?;
    if !tags.is_empty() {
        ask.allowed_with("sts:TagSession", &arn, &tags)?;
    }
    let is_root = principal.kind == PrincipalKind::Root;
    let grant = Grant {
        account: &account.id,
        holder: Holder::Federated { name: name.clone(), user: (!is_root).then(|| principal.user_id.clone()) },
        issued_by: Some(&ask.caller.access_key),
        seconds: if is_root { seconds.min(ROOT_SECONDS_MAX) } else { seconds },
        bounds: Bounds::asked(request.policy.as_deref(), request.policy_arns.as_deref(), &account)?,
        tags,
        transitive: BTreeSet::new(),
        source_identity: None,
        context: BTreeMap::new(),
    };
    let granted = grant.granted(ask.authority)?;
    Ok(GetFederationTokenResponse {
        federated_user: Some(FederatedUser { federated_user_id: format!("{}:{name}", account.id), arn }),
        packed_policy_size: granted.packed_size(),
        credentials: Some(granted.into_credentials()),
        ..GetFederationTokenResponse::default()
    })
}
