//! A statement's `Principal` or `NotPrincipal`.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal".

use super::memory::HeapSize;
use super::{Principal, PrincipalIds, PrincipalKind};

/// The caller that a policy's `Principal` element is matched against.
#[derive(Clone, Copy)]
pub(super) enum Asker<'a> {
    Principal(&'a Principal),
    /// An identity provider's ARN, on behalf of a user that it authenticates.
    Provider(&'a str),
}

/// How a statement names a principal; what an allowance grants depends on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Grant {
    /// Their account, which decides by its own policies.
    Account,
    /// The role or user behind a session: the boundary and the session's policies still bound it.
    Entity,
    /// The principal itself, or `*`.
    Direct,
}

#[derive(Debug)]
pub(super) enum Name {
    Everybody,
    /// 12 digits, or an account's `:root`.
    Account(String),
    Arn(String, Known),
    /// `AIDA…` or `AROA…`: what an ARN becomes once its entity is deleted.
    UniqueId(String),
    Provider(String),
    /// A service or a canonical user: no caller of Stator is one.
    Stranger,
}

/// How an ARN in a policy finds its principal.
#[derive(Debug)]
pub(super) enum Known {
    /// By the ARN itself: the document has no ids.
    ByArn,
    /// By the unique id that the principal had when the document was stored.
    ById(String),
    /// Not at all: its account is not served here.
    Unresolved,
}

impl Name {
    /// From one entry of a principal's map; `None` if it is not spelt like one.
    pub(super) fn parse(kind: &str, text: &str) -> Option<Name> {
        match kind {
            "AWS" => Name::of_aws(text),
            "Federated" => (!text.is_empty() && text != "*").then(|| Name::Provider(text.to_owned())),
            "Service" | "CanonicalUser" => (!text.is_empty()).then_some(Name::Stranger),
            _ => None,
        }
    }

    fn of_aws(text: &str) -> Option<Name> {
        if text == "*" {
            return Some(Name::Everybody);
        }
        if is_account(text) {
            return Some(Name::Account(text.to_owned()));
        }
        if text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            return Some(Name::UniqueId(text.to_owned()));
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", _, service @ ("iam" | "sts"), "", account, resource] = parts[..] else { return None };
        let kinds: &[&str] = if service == "iam" { &["user/", "role/"] } else { &["assumed-role/", "federated-user/"] };
        if !is_account(account) || text.contains(['*', '?']) {
            None
        } else if (service, resource) == ("iam", "root") {
            Some(Name::Account(account.to_owned()))
        } else {
            let named = kinds.iter().any(|kind| resource.strip_prefix(kind).is_some_and(|name| !name.is_empty()));
            named.then(|| Name::Arn(text.to_owned(), Known::ByArn))
        }
    }

    fn means(&self, asker: Asker<'_>) -> Option<Grant> {
        let principal = match (self, asker) {
            (Name::Everybody, _) => return Some(Grant::Direct),
            (Name::Provider(provider), Asker::Provider(asker)) => return (provider == asker).then_some(Grant::Direct),
            (_, Asker::Provider(_)) => return None,
            (_, Asker::Principal(principal)) => principal,
        };
        match self {
            Name::Account(account) if *account == principal.account => Some(match principal.kind {
                PrincipalKind::Root => Grant::Direct,
                _ => Grant::Account,
            }),
            Name::Arn(arn, Known::ByArn) if *arn == principal.arn => Some(Grant::Direct),
            Name::Arn(arn, Known::ByArn) => (principal.role_arn.as_ref() == Some(arn)).then_some(Grant::Entity),
            Name::Arn(_, Known::ById(id)) | Name::UniqueId(id) => by_id(id, principal),
            _ => None,
        }
    }

    /// What has a unique id, as the document spells it.
    pub(super) fn with_id(&self) -> Option<&str> {
        match self {
            Name::Arn(text, _) | Name::UniqueId(text) => Some(text),
            _ => None,
        }
    }

    /// From now on an ARN means the principal that has its id.
    pub(super) fn bind(&mut self, ids: &PrincipalIds) {
        if let Name::Arn(arn, known) = self {
            *known = ids.get(arn).map_or(Known::Unresolved, |id| Known::ById(id.to_owned()));
        }
    }
}

impl HeapSize for Name {
    fn heap_bytes(&self) -> usize {
        match self {
            Name::Account(text) | Name::UniqueId(text) | Name::Provider(text) => text.heap_bytes(),
            Name::Arn(text, Known::ById(id)) => text.heap_bytes() + id.heap_bytes(),
            Name::Arn(text, Known::ByArn | Known::Unresolved) => text.heap_bytes(),
            Name::Everybody | Name::Stranger => 0,
        }
    }
}

/// A session's own id begins with the one of its role; a federated user's has its account instead.
fn by_id(id: &str, principal: &Principal) -> Option<Grant> {
    let is_role = |behind: &str| behind.starts_with(':') || principal.role_id.as_deref() == Some(id);
    match principal.user_id.strip_prefix(id) {
        Some("") => Some(Grant::Direct),
        behind => is_role(behind.unwrap_or_default()).then_some(Grant::Entity),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Debug)]
pub(super) struct Principals {
    pub(super) negated: bool,
    pub(super) names: Vec<Name>,
}

impl Principals {
    /// How a statement with this element names the caller, if it does.
    pub(super) fn grant(&self, asker: Asker<'_>, denies: bool) -> Option<Grant> {
        let meant = |asker| self.names.iter().filter_map(move |name| name.means(asker));
        if !self.negated {
            return meant(asker).max();
        }
        let excepted = match asker {
            // A denial's list of exceptions exempts a principal only if it names its account and role as well. IAM exempts no
            // principal that has a boundary.
            Asker::Principal(principal) if denies => {
                let everybody = self.names.iter().any(|name| matches!(name, Name::Everybody));
                let known = |level| meant(asker).any(|found| found == level);
                principal.boundary.is_none() && (everybody || levels(principal).all(known))
            }
            _ => meant(asker).next().is_some(),
        };
        (!excepted).then_some(Grant::Direct)
    }
}

/// The levels on which a list of exceptions has to name a principal: its account, its role and itself.
fn levels(principal: &Principal) -> impl Iterator<Item = Grant> {
    let account = (principal.kind != PrincipalKind::Root).then_some(Grant::Account);
    let entity = principal.role_arn.as_ref().map(|_| Grant::Entity);
    [account, entity, Some(Grant::Direct)].into_iter().flatten()
}
