//! GetFederationToken: somebody whom a user vouches for, with what both the user and the session's policies allow.

use std::collections::{BTreeMap, BTreeSet};

use auth::iam::PrincipalKind;

use super::Answer;
use super::asked::{Ask, duration, name};
use super::grant::{Bounds, Grant};
use super::session_token::ROOT_SECONDS_MAX;
use super::tags;
use crate::query::Xml;
use crate::session::Holder;
use crate::store::federated_user_arn;

/// Unit: characters.
const NAME_LENGTH_MAX: usize = 32;
/// Unit: seconds.
const SECONDS_DEFAULT: u64 = 12 * 60 * 60;
const SECONDS_MAX: u32 = 36 * 60 * 60;

pub(super) fn answer(ask: &Ask<'_>) -> Answer {
    let name = name(ask.parameters, "Name", NAME_LENGTH_MAX)?;
    let seconds = duration(ask.parameters, SECONDS_MAX)?.unwrap_or(SECONDS_DEFAULT);
    let tags = tags::asked(ask.parameters)?;
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
        holder: Holder::Federated { name: name.to_owned(), user: (!is_root).then(|| principal.user_id.clone()) },
        issued_by: Some(&ask.caller.access_key),
        seconds: if is_root { seconds.min(ROOT_SECONDS_MAX) } else { seconds },
        bounds: Bounds::asked(ask.parameters, &account)?,
        tags,
        transitive: BTreeSet::new(),
        source_identity: None,
        context: BTreeMap::new(),
    };
    let granted = grant.granted(ask.authority)?;
    let mut xml = Xml::new();
    granted.credentials(&mut xml);
    xml.within("FederatedUser", |xml| {
        xml.text("FederatedUserId", &format!("{}:{name}", account.id));
        xml.text("Arn", &arn);
    });
    granted.packed_size(&mut xml);
    Ok(xml)
}
