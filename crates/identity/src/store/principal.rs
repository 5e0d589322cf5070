//! What a user or a role is allowed to do, gathered from wherever it is written: once for each moment of an account, for
//! it is asked with every request.

use std::sync::Arc;

use auth::iam::{Policy, PolicyKind, Principal, PrincipalKind};

use super::account::Account;
use super::entity::{Grants, Role, User, key_of};
use crate::iam::managed;

/// What an identity's own policies say.
#[derive(Clone, Debug)]
pub struct Granted {
    pub policies: Vec<Arc<Policy>>,
    pub boundary: Option<Arc<Policy>>,
    /// A policy cannot be read. It may deny, so nothing is allowed then.
    pub unreadable: bool,
}

impl Account {
    pub fn root_principal(&self) -> Principal {
        Principal {
            kind: PrincipalKind::Root,
            account: self.id.clone(),
            arn: format!("arn:aws:iam::{}:root", self.id),
            role_arn: None,
            user_id: self.id.clone(),
            username: None,
            tags: Default::default(),
            context: Default::default(),
            identity_policies: Vec::new(),
            boundary: None,
            session_policies: None,
        }
    }

    /// A user as it is at this moment.
    pub fn user_principal(&self, name: &str) -> Option<Arc<Principal>> {
        let key = key_of(name);
        let user = self.users.get(&key)?;
        let mut principals = self.principals.lock();
        Some(principals.entry(key).or_insert_with(|| Arc::new(self.principal_of(user))).clone())
    }

    fn principal_of(&self, user: &User) -> Principal {
        let granted = self.granted_user(user);
        Principal {
            kind: PrincipalKind::User,
            account: self.id.clone(),
            arn: user.arn(&self.id),
            role_arn: None,
            user_id: user.id.clone(),
            username: Some(user.name.clone()),
            tags: user.tags.clone(),
            context: Default::default(),
            identity_policies: granted.policies,
            boundary: granted.boundary,
            session_policies: granted.unreadable.then(Vec::new),
        }
    }

    fn granted_user(&self, user: &User) -> Granted {
        let groups = user.groups.iter().filter_map(|id| self.group_of_id(id)).map(|group| &group.grants);
        self.granted(&user.grants, groups)
    }

    pub fn granted_role(&self, role: &Role) -> Granted {
        self.granted(&role.grants, std::iter::empty())
    }

    fn granted<'a>(&'a self, own: &'a Grants, others: impl Iterator<Item = &'a Grants>) -> Granted {
        let mut granted = Granted { policies: Vec::new(), boundary: None, unreadable: false };
        for grants in std::iter::once(own).chain(others) {
            for document in grants.inline.values() {
                granted.add(document.policy(PolicyKind::Identity));
            }
            for arn in &grants.attached {
                granted.add(self.managed_policy(arn));
            }
        }
        if let Some(arn) = &own.boundary {
            granted.boundary = self.managed_policy(arn);
            granted.unreadable |= granted.boundary.is_none();
        }
        granted
    }

    /// What a managed policy's default version says, be it the account's or AWS's.
    pub fn managed_policy(&self, arn: &str) -> Option<Arc<Policy>> {
        match self.policy(arn) {
            Some(policy) => policy.default()?.document.policy(PolicyKind::Identity),
            None => managed::find(arn)?.document.policy(PolicyKind::Identity),
        }
    }
}

impl Granted {
    fn add(&mut self, policy: Option<Arc<Policy>>) {
        match policy {
            Some(policy) => self.policies.push(policy),
            None => self.unreadable = true,
        }
    }
}
