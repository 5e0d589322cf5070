//! Principals, policies and contexts to ask about.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use auth::iam::{Context, Policy, PolicyKind, Principal, PrincipalKind, Values, WorkBudget};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER_ACCOUNT: &str = "444455556666";
pub(crate) const TABLE: &str = "arn:aws:dynamodb:eu-west-3:111122223333:table/Music";
pub(crate) const USER: &str = "arn:aws:iam::111122223333:user/team/ada";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/reader";
pub(crate) const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/reader/s1";
pub(crate) const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/guest";
pub(crate) const ROOT: &str = "arn:aws:iam::111122223333:root";

/// A principal without any policies.
pub(crate) fn principal(kind: PrincipalKind) -> Principal {
    let (arn, role_arn, user_id, username) = match kind {
        PrincipalKind::Root => (ROOT, None, ACCOUNT, None),
        PrincipalKind::User => (USER, None, "AIDAJQABLZS4A3QDU576Q", Some("ada")),
        PrincipalKind::AssumedRole => (SESSION, Some(ROLE), "AROADBQP57FF2AEXAMPLE:s1", None),
        PrincipalKind::FederatedUser => (FEDERATED, Some(USER), "111122223333:guest", None),
    };
    let role_id = match kind {
        PrincipalKind::AssumedRole => Some("AROADBQP57FF2AEXAMPLE"),
        PrincipalKind::FederatedUser => Some("AIDAJQABLZS4A3QDU576Q"),
        PrincipalKind::Root | PrincipalKind::User => None,
    };
    Principal {
        kind,
        account: ACCOUNT.to_owned(),
        arn: arn.to_owned(),
        role_arn: role_arn.map(str::to_owned),
        role_id: role_id.map(str::to_owned),
        user_id: user_id.to_owned(),
        username: username.map(str::to_owned),
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: Vec::new(),
        boundary: None,
        session_policies: None,
    }
}

pub(crate) fn policy(kind: PolicyKind, document: &str) -> Arc<Policy> {
    Arc::new(Policy::parse(kind, document).unwrap_or_else(|malformed| panic!("{malformed} {document}")))
}

/// A key's values: several if it has several by its nature.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    One(String),
    Many(Vec<String>),
}

/// Keys in lower case.
#[derive(Clone, Default, Debug)]
pub(crate) struct Keys(pub(crate) BTreeMap<String, Entry>);

impl Context for Keys {
    fn values(&self, key: &str, _: &WorkBudget) -> Option<Values<'_>> {
        Some(match self.0.get(key)? {
            Entry::One(value) => Values::One(Cow::Borrowed(value)),
            Entry::Many(values) => Values::Many(values.iter().map(|value| Cow::Borrowed(value.as_str())).collect()),
        })
    }
}
