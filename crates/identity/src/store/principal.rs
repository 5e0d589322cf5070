//! What a user or a role is allowed to do, gathered from wherever it is written. It is asked with every request, so the cache of
//! credentials holds what was gathered.

use std::sync::Arc;

use auth::iam::{Policy, PolicyKind, Principal, PrincipalKind};

use super::account::Account;
use super::document::PolicyDocument;
use super::entity::{Grants, Group, Role, User};
use super::managed;

/// What an identity's own policies say.
#[derive(Clone, Debug, Default)]
pub struct Granted {
    pub policies: Vec<Arc<Policy>>,
    /// The source of each policy: an id, and its kind.
    pub(crate) sources: Vec<(String, &'static str)>,
    pub boundary: Option<Arc<Policy>>,
    /// A policy cannot be read. It may deny, so nothing is allowed then.
    pub unreadable: bool,
}

impl Account {
    pub(crate) fn root_arn(&self) -> String {
        format!("arn:aws:iam::{}:root", self.id)
    }

    pub fn root_principal(&self) -> Principal {
        Principal {
            kind: PrincipalKind::Root,
            account: self.id.clone(),
            arn: self.root_arn(),
            role_arn: None,
            role_id: None,
            user_id: self.id.clone(),
            username: None,
            tags: Default::default(),
            context: Default::default(),
            identity_policies: Vec::new(),
            boundary: None,
            session_policies: None,
        }
    }

    /// A user as it is in this snapshot.
    pub fn principal_of(&self, user: &User) -> Principal {
        let granted = self.granted_user(user);
        Principal {
            kind: PrincipalKind::User,
            account: self.id.clone(),
            arn: user.arn(&self.id),
            role_arn: None,
            role_id: None,
            user_id: user.id.clone(),
            username: Some(user.name.clone()),
            tags: user.tags.clone(),
            context: Default::default(),
            identity_policies: granted.policies,
            boundary: granted.boundary,
            session_policies: granted.unreadable.then(Vec::new),
        }
    }

    pub(crate) fn granted_user(&self, user: &User) -> Granted {
        let mut granted = self.granted("user", &user.name, &user.grants);
        for group in user.groups.iter().filter_map(|id| self.group_of_id(id)) {
            self.add(&mut granted, "group", &group.name, &group.grants);
        }
        granted
    }

    pub(crate) fn granted_group(&self, group: &Group) -> Granted {
        self.granted("group", &group.name, &group.grants)
    }

    pub fn granted_role(&self, role: &Role) -> Granted {
        self.granted("role", &role.name, &role.grants)
    }

    fn granted(&self, word: &str, name: &str, grants: &Grants) -> Granted {
        let mut granted = Granted::default();
        self.add(&mut granted, word, name, grants);
        if let Some(arn) = &grants.boundary {
            granted.boundary = self.managed_policy(arn);
            granted.unreadable |= granted.boundary.is_none();
        }
        granted
    }

    fn add(&self, granted: &mut Granted, word: &str, name: &str, grants: &Grants) {
        for (policy, document) in &grants.inline {
            granted.add((format!("{word}_{name}_{policy}"), word_of(word)), document.policy(PolicyKind::Identity));
        }
        for arn in &grants.attached {
            let policy = arn.rsplit('/').next().unwrap_or_default().to_owned();
            let kind = if self.policy(arn).is_some() { "user-managed" } else { "aws-managed" };
            granted.add((policy, kind), self.managed_policy(arn));
        }
    }

    /// What a managed policy's default version says, be it the account's or AWS's.
    pub fn managed_policy(&self, arn: &str) -> Option<Arc<Policy>> {
        self.managed_document(arn)?.policy(PolicyKind::Identity)
    }

    fn managed_document(&self, arn: &str) -> Option<&PolicyDocument> {
        let policy = self.policy(arn).map(|policy| &**policy).or_else(|| managed::find(arn))?;
        Some(&policy.default()?.document)
    }

    pub(crate) fn managed_text_bytes(&self, arn: &str) -> usize {
        self.managed_document(arn).map_or(0, |document| document.text().len())
    }

    /// The length of all documents that say what a holder of these may do.
    pub(crate) fn grants_text_bytes(&self, grants: &Grants) -> usize {
        let inline: usize = grants.inline.values().map(|document| document.text().len()).sum();
        inline + grants.attached.iter().chain(&grants.boundary).map(|arn| self.managed_text_bytes(arn)).sum::<usize>()
    }

    pub(crate) fn user_text_bytes(&self, user: &User) -> usize {
        let groups = user.groups.iter().filter_map(|id| self.group_of_id(id));
        let of_groups: usize = groups.map(|group| self.grants_text_bytes(&group.grants)).sum();
        self.grants_text_bytes(&user.grants) + of_groups
    }
}

impl Granted {
    fn add(&mut self, source: (String, &'static str), policy: Option<Arc<Policy>>) {
        match policy {
            Some(policy) => {
                self.policies.push(policy);
                self.sources.push(source);
            }
            None => self.unreadable = true,
        }
    }
}

fn word_of(kind: &str) -> &'static str {
    match kind {
        "user" => "user",
        "group" => "group",
        _ => "role",
    }
}

/// The ARN of a session of a role.
pub(crate) fn assumed_role_arn(account: &str, role: &str, session_name: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/{role}/{session_name}")
}

/// The ARN of a session that a user or the root has federated.
pub(crate) fn federated_user_arn(account: &str, name: &str) -> String {
    format!("arn:aws:sts::{account}:federated-user/{name}")
}
