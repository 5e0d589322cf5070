//! All entities of all accounts in one snapshot, and the draft of a change.
//!
//! A draft is an account that may be changed freely; which entities were touched is remembered, so that their documents
//! can be written in one step. Entities are shared between the moments in which they are the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use ops::{DocumentChange, Documents};

use super::document::PolicyDocument;
use super::entity::{AccessKey, Alias, Entity, Group, ManagedPolicy, OidcProvider, Role, User, key_of};

pub(crate) type Entities<E> = BTreeMap<String, Arc<E>>;

#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(super) version: u64,
    pub(super) accounts: BTreeMap<String, Arc<Account>>,
    /// Accounts with a damaged document, which `accounts` does not have: a policy that is missing may be one that denies.
    pub(super) unreadable: BTreeSet<String>,
    /// All users and roles by their unique ids. Computed when a policy first names one by its id.
    by_unique_id: OnceLock<HashMap<String, Identified>>,
}

/// A user or role, and its account's id.
#[derive(Clone, Debug)]
pub(super) struct Identified {
    pub(super) account: String,
    pub(super) entity: UserOrRole,
}

#[derive(Clone, Debug)]
pub(super) enum UserOrRole {
    User(Arc<User>),
    Role(Arc<Role>),
}

impl Identified {
    pub(super) fn arn(&self) -> String {
        match &self.entity {
            UserOrRole::User(user) => user.arn(&self.account),
            UserOrRole::Role(role) => role.arn(&self.account),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Account {
    /// 12 digits.
    pub id: String,
    pub(crate) users: Entities<User>,
    pub(crate) groups: Entities<Group>,
    pub(crate) roles: Entities<Role>,
    pub(crate) policies: Entities<ManagedPolicy>,
    pub(crate) keys: Entities<AccessKey>,
    pub(crate) providers: Entities<OidcProvider>,
    pub(crate) alias: Entities<Alias>,
}

impl Snapshot {
    pub fn account(&self, id: &str) -> Option<&Arc<Account>> {
        self.accounts.get(id)
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.accounts.values()
    }

    /// The user or role of any account that has this unique id.
    pub(super) fn of_unique_id(&self, id: &str) -> Option<&Identified> {
        self.by_unique_id.get_or_init(|| self.index()).get(id)
    }

    fn index(&self) -> HashMap<String, Identified> {
        let mut by_id = HashMap::new();
        for account in self.accounts.values() {
            let users = account.users.values().map(|user| (user.id.clone(), UserOrRole::User(Arc::clone(user))));
            let roles = account.roles.values().map(|role| (role.id.clone(), UserOrRole::Role(Arc::clone(role))));
            let identified = |(id, entity)| (id, Identified { account: account.id.clone(), entity });
            by_id.extend(users.chain(roles).map(identified));
        }
        by_id
    }

    /// The account that an access key belongs to, and the key.
    pub fn access_key(&self, id: &str) -> Option<(&Arc<Account>, &Arc<AccessKey>)> {
        let account = self.accounts.get(&auth::issued_account(id)?)?;
        Some((account, account.keys.get(id)?))
    }

    /// # Errors
    /// The id of a document that cannot be read.
    pub(super) fn read(documents: &Documents) -> Result<Snapshot, String> {
        let mut accounts = BTreeMap::<String, Account>::new();
        let account_of = |id: &String| id.split_once('/').map(|(account, _)| account.to_owned());
        let unreadable = documents.damaged.iter().map(|id| account_of(id).ok_or_else(|| format!("{id} is damaged")));
        let unreadable = unreadable.collect::<Result<BTreeSet<String>, String>>()?;
        for (id, text) in &documents.by_id {
            // What is no account's is the store's own.
            let Some((account, entity)) = id.split_once('/') else { continue };
            let account = accounts
                .entry(account.to_owned())
                .or_insert_with(|| Account { id: account.to_owned(), ..Account::default() });
            account.read(entity, text).map_err(|error| format!("the identity {id} cannot be read: {error}"))?;
        }
        accounts.retain(|id, _| !unreadable.contains(id));
        let accounts = accounts.into_iter().map(|(id, account)| (id, Arc::new(account))).collect();
        Ok(Snapshot { version: documents.version, accounts, unreadable, ..Snapshot::default() })
    }

    /// The snapshot after this one.
    pub(super) fn with(&self, account: Account) -> Snapshot {
        let mut accounts = self.accounts.clone();
        accounts.insert(account.id.clone(), Arc::new(account));
        let unreadable = self.unreadable.clone();
        Snapshot { version: self.version + 1, accounts, unreadable, ..Snapshot::default() }
    }
}

/// One list of kinds, for reading and for writing.
macro_rules! kinds {
    ($($entity:ident $field:ident;)+) => {
        impl Account {
            fn read(&mut self, entity: &str, text: &[u8]) -> Result<(), String> {
                let (kind, key) = entity.split_once('/').ok_or("its key has no kind")?;
                match kind {
                    $(<$entity as Entity>::KIND => {
                        let entity: $entity = serde_json::from_slice(text).map_err(|error| error.to_string())?;
                        self.$field.insert(key.to_owned(), Arc::new(entity));
                    })+
                    _ => return Err("its kind is unknown".to_owned()),
                }
                Ok(())
            }

            /// The text of an entity's document; nothing if it is not there any more.
            fn written(&self, kind: &str, key: &str) -> Option<Vec<u8>> {
                let text = match kind {
                    $(<$entity as Entity>::KIND => serde_json::to_vec(&**self.$field.get(key)?),)+
                    _ => return None,
                };
                Some(text.expect("entities are JSON"))
            }
        }

        $(impl Kept for $entity {
            fn of(account: &mut Account) -> &mut Entities<$entity> {
                &mut account.$field
            }
        })+
    };
}

/// An entity that an account has.
pub(crate) trait Kept: Entity {
    fn of(account: &mut Account) -> &mut Entities<Self>;
}

kinds! {
    User users;
    Group groups;
    Role roles;
    ManagedPolicy policies;
    AccessKey keys;
    OidcProvider providers;
    Alias alias;
}

impl Account {
    pub fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(&key_of(name))
    }

    pub fn group(&self, name: &str) -> Option<&Arc<Group>> {
        self.groups.get(&key_of(name))
    }

    pub fn role(&self, name: &str) -> Option<&Arc<Role>> {
        self.roles.get(&key_of(name))
    }

    pub(crate) fn user_of_id(&self, id: &str) -> Option<&Arc<User>> {
        self.users.values().find(|user| user.id == id)
    }

    pub(crate) fn role_of_id(&self, id: &str) -> Option<&Arc<Role>> {
        self.roles.values().find(|role| role.id == id)
    }

    pub fn provider(&self, url: &str) -> Option<&Arc<OidcProvider>> {
        self.providers.get(url)
    }

    pub fn provider_of_arn(&self, arn: &str) -> Option<&Arc<OidcProvider>> {
        self.provider(arn.strip_prefix(&format!("arn:aws:iam::{}:oidc-provider/", self.id))?)
    }

    pub(crate) fn group_of_id(&self, id: &str) -> Option<&Arc<Group>> {
        self.groups.values().find(|group| group.id == id)
    }

    /// A policy of this account.
    pub(crate) fn policy(&self, arn: &str) -> Option<&Arc<ManagedPolicy>> {
        let name = arn.rsplit('/').next()?;
        self.policies.get(&key_of(name)).filter(|policy| policy.arn(&self.id) == arn)
    }

    /// The documents of all its policies.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &PolicyDocument> {
        let grants = self.users.values().map(|user| &user.grants);
        let grants = grants.chain(self.groups.values().map(|group| &group.grants));
        let grants = grants.chain(self.roles.values().map(|role| &role.grants));
        let versions = self.policies.values().flat_map(|policy| policy.versions.values());
        let trusts = self.roles.values().map(|role| role.trust.document());
        grants.flat_map(|grants| grants.inline.values()).chain(versions.map(|version| &version.document)).chain(trusts)
    }

    /// Access keys of a user, or the account's own.
    pub(crate) fn keys_of<'a>(&'a self, user: Option<&'a str>) -> impl Iterator<Item = &'a Arc<AccessKey>> {
        self.keys.values().filter(move |key| key.user.as_deref() == user)
    }
}

/// An account that is being changed.
pub(crate) struct Draft {
    account: Account,
    touched: BTreeSet<(&'static str, String)>,
}

impl Deref for Draft {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.account
    }
}

impl Draft {
    pub(super) fn of(account: Account) -> Draft {
        Draft { account, touched: BTreeSet::new() }
    }

    /// Adds an entity, or takes another one's place.
    pub(crate) fn put<E: Kept>(&mut self, entity: E) {
        let key = entity.key();
        self.touched.insert((E::KIND, key.clone()));
        E::of(&mut self.account).insert(key, Arc::new(entity));
    }

    pub(crate) fn remove<E: Kept>(&mut self, entity: &E) {
        let key = entity.key();
        E::of(&mut self.account).remove(&key);
        self.touched.insert((E::KIND, key));
    }

    pub(super) fn changes(&self) -> Vec<DocumentChange> {
        let change = |(kind, key): &(&'static str, String)| DocumentChange {
            id: document_id(&self.account.id, kind, key),
            text: self.account.written(kind, key),
        };
        self.touched.iter().map(change).collect()
    }

    pub(super) fn done(self) -> Account {
        self.account
    }
}

pub(super) fn document_id(account: &str, kind: &str, key: &str) -> String {
    format!("{account}/{kind}/{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its policies may be incomplete, so no part of the account is used; other accounts are.
    #[test]
    fn an_account_with_a_damaged_document_is_left_out() {
        let key = |account: &str| {
            let id = document_id(account, AccessKey::KIND, "AKIA");
            (id, serde_json::to_vec(&access_key()).expect("JSON").into())
        };
        let damaged = |id: &str| Documents {
            version: 1,
            by_id: [key("111111111111"), key("222222222222")].into(),
            damaged: [id.to_owned()].into(),
        };
        let snapshot = Snapshot::read(&damaged("111111111111/user/a")).expect("the other account");
        assert!(snapshot.account("111111111111").is_none() && snapshot.unreadable.contains("111111111111"));
        assert!(snapshot.account("222222222222").is_some());
        let changed = snapshot.with(Account { id: "222222222222".to_owned(), ..Account::default() });
        assert!(changed.unreadable.contains("111111111111"));
        // What belongs to no account is needed for all of them.
        assert!(Snapshot::read(&damaged("key")).is_err());
    }

    fn access_key() -> AccessKey {
        let status = crate::store::entity::KeyStatus::Active;
        AccessKey { id: "AKIA".to_owned(), user: None, status, created_ms: 0, secret: String::new() }
    }
}
