//! The stored form of each kind of entity, as its document in the engine has it.
//!
//! Names are unique without regard to their case, so the key of an entity within its account is its name in small
//! letters. Users name their groups by id, for groups can be renamed; policies are named by their ARN, which stays.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::document::{PolicyDocument, TrustPolicy};

pub type Tags = BTreeMap<String, String>;

/// How many versions of a policy there are is bounded, so a map by number is small.
pub type Versions = BTreeMap<u32, PolicyVersion>;

/// What all kinds have in common for the store.
pub trait Entity: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// A part of the ids of documents.
    const KIND: &'static str;

    /// Unique among the entities of its kind in its account.
    fn key(&self) -> String;
}

/// The key of an entity with this name.
pub fn key_of(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// What users, groups and roles are allowed to do, and how they are found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    /// Inline policies by name.
    pub inline: BTreeMap<String, PolicyDocument>,
    /// ARNs of managed policies, in the order in which they were attached.
    pub attached: Vec<String>,
    /// The ARN of a managed policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_ms: u64,
    #[serde(flatten)]
    pub grants: Grants,
    /// Ids of groups.
    pub groups: Vec<String>,
    pub tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_ms: u64,
    #[serde(flatten)]
    pub grants: Grants,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_ms: u64,
    pub description: Option<String>,
    #[serde(flatten)]
    pub trust: TrustPolicy,
    pub max_session_seconds: u32,
    #[serde(flatten)]
    pub grants: Grants,
    pub tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_ms: u64,
    pub updated_ms: u64,
    pub description: Option<String>,
    pub versions: Versions,
    pub default_version: u32,
    /// Numbers of versions are never given twice.
    pub next_version: u32,
    pub tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyVersion {
    pub document: PolicyDocument,
    pub created_ms: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum KeyStatus {
    Active,
    Inactive,
}

/// Its secret is readable only with the auth key.
#[derive(Clone, Serialize, Deserialize)]
pub struct AccessKey {
    pub id: String,
    /// The user's name; the account's own key has none.
    pub user: Option<String>,
    pub status: KeyStatus,
    pub created_ms: u64,
    /// Sealed, in base 64.
    pub secret: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OidcProvider {
    /// Without `https://`.
    pub url: String,
    /// Whether it was registered as `https://`. Older programs did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_encrypted: Option<bool>,
    pub client_ids: Vec<String>,
    pub thumbprints: Vec<String>,
    pub created_ms: u64,
    pub tags: Tags,
}

/// What belongs to the account as a whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Alias {
    pub name: String,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).field("user", &self.user).finish_non_exhaustive()
    }
}

macro_rules! entities {
    ($($entity:ident $kind:literal $key:expr;)+) => {$(
        impl Entity for $entity {
            const KIND: &'static str = $kind;

            fn key(&self) -> String {
                let key: fn(&$entity) -> String = $key;
                key(self)
            }
        }
    )+};
}

entities! {
    User "user" |user| key_of(&user.name);
    Group "group" |group| key_of(&group.name);
    Role "role" |role| key_of(&role.name);
    ManagedPolicy "policy" |policy| key_of(&policy.name);
    AccessKey "key" |key| key.id.clone();
    OidcProvider "oidc-provider" |provider| provider.url.clone();
    Alias "alias" |_| String::new();
}

impl User {
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:user{}{}", self.path, self.name)
    }
}

impl Group {
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:group{}{}", self.path, self.name)
    }
}

impl Role {
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role{}{}", self.path, self.name)
    }
}

impl ManagedPolicy {
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:policy{}{}", self.path, self.name)
    }

    /// The version that counts.
    pub fn default(&self) -> Option<&PolicyVersion> {
        self.versions.get(&self.default_version)
    }
}

impl OidcProvider {
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:oidc-provider/{}", self.url)
    }
}
