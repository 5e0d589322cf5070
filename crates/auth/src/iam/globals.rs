//! The global keys of a request's context: those that follow from its principal, transport and time.
//!
//! Source: IAM User Guide, "AWS global condition context keys".

use std::borrow::Cow;

use super::tags::tag_value;
use super::work::WorkBudget;
use super::{Context, Identity, Principal, PrincipalKind, Values};

/// A request's whole context: the global keys, those that came with the credentials, and the operation's own.
pub struct Globals<'a> {
    pub identity: &'a Identity,
    pub region: &'a str,
    /// The account that owns the resource.
    pub resource_account: &'a str,
    /// The operation's keys: they are looked up after the global ones, which they cannot override.
    pub own: &'a dyn Context,
}

impl Context for Globals<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        let principal = &*self.identity.principal;
        match key.strip_prefix("aws:").and_then(|name| self.global(name, work)) {
            Some(global) => global,
            None => with_credentials(principal, key).or_else(|| self.own.values(key, work)),
        }
    }
}

impl Globals<'_> {
    /// Of a key behind its `aws:`; `None` for a key that is not of these, as against one that is but has no value now.
    fn global(&self, name: &str, work: &WorkBudget) -> Option<Option<Values<'_>>> {
        let Identity { principal, transport, user_agent, now_ms } = self.identity;
        if let Some(tag) = name.strip_prefix("principaltag/") {
            let tags = principal.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            return Some(tag_value(tags, tag, work));
        }
        let value = match name {
            "principalarn" => Cow::Borrowed(principal_arn(principal)),
            "principalaccount" => Cow::Borrowed(principal.account.as_str()),
            "principaltype" => Cow::Borrowed(principal_type(principal.kind)),
            "principalisawsservice" | "viaawsservice" => Cow::Borrowed("false"),
            "userid" => Cow::Borrowed(principal.user_id.as_str()),
            "username" => return Some(principal.username.as_deref().map(one)),
            "useragent" => return Some(user_agent.as_deref().map(one)),
            "sourceip" => Cow::Owned(transport.peer.to_canonical().to_string()),
            "securetransport" => Cow::Borrowed(if transport.secure { "true" } else { "false" }),
            "currenttime" => Cow::Owned(base::utc::rfc3339(*now_ms)),
            "epochtime" => Cow::Owned((now_ms / 1_000).to_string()),
            "requestedregion" => Cow::Borrowed(self.region),
            "resourceaccount" => Cow::Borrowed(self.resource_account),
            _ => return None,
        };
        Some(Some(Values::One(value)))
    }
}

fn with_credentials<'a>(principal: &'a Principal, key: &str) -> Option<Values<'a>> {
    let values = principal.context.get(key)?;
    Some(match values.as_slice() {
        [one] => Values::One(Cow::Borrowed(one)),
        many => Values::Many(many.iter().map(|value| Cow::Borrowed(value.as_str())).collect()),
    })
}

/// Of a session it is the role's.
fn principal_arn(principal: &Principal) -> &str {
    match (principal.kind, &principal.role_arn) {
        (PrincipalKind::AssumedRole, Some(role)) => role,
        _ => &principal.arn,
    }
}

fn principal_type(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::Root => "Account",
        PrincipalKind::User => "User",
        PrincipalKind::AssumedRole => "AssumedRole",
        PrincipalKind::FederatedUser => "FederatedUser",
    }
}

fn one(value: &str) -> Values<'_> {
    Values::One(Cow::Borrowed(value))
}
