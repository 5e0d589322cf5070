//! The store: everything in memory as one snapshot, stored as documents in the engine.
//!
//! A change is decided from all of its account, written if nothing came between, and seen by this node at once. Other
//! nodes read the documents' version every second, so that a change is in effect everywhere within two seconds. Readers take
//! the current snapshot and never wait.

mod account;
mod directory;
mod document;
pub mod entity;
mod freshness;
mod given_root;
mod last_used;
mod lookup;
pub(crate) mod managed;
mod principal;
mod root;
pub(crate) mod unique_id;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::api::Exception;
use base::Clock;
use client::Egress;
use jobs::{Job, Ran};
use ops::{AUTH_KEY_DOCUMENT, Collection, DocumentChange, Service};
use parking_lot::RwLock;

pub use account::{Account, Snapshot};
pub(crate) use account::{Draft, Kept};
use directory::Directory;
pub(crate) use document::{PolicyDocument, TrustPolicy};
use entity::{AccessKey, KeyStatus};
use freshness::Freshness;
use last_used::Uses;
pub(crate) use lookup::Lookup;
pub(crate) use principal::{Granted, assumed_role_arn, federated_user_arn};
pub(crate) use unique_id::{UniqueIdKind, unique_id};

use crate::auth_key::{AuthKey, Sealing};
use crate::query::Refusal;

const IDENTITIES: Collection = Collection::Identities;
/// The period in which a node reads changes of identities on other nodes.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often a change is decided anew because another one came between.
const TRIES_MAX: usize = 20;

/// Users, roles, policies and keys of all accounts.
pub struct Identities {
    service: Arc<Service>,
    pub(crate) clock: Clock,
    pub(crate) secrets: Sealing,
    snapshot: RwLock<Arc<Snapshot>>,
    freshness: Freshness,
    /// One refresh at a time: what it reads and when it was read belong together.
    looking: tokio::sync::Mutex<()>,
    /// Changes of this node go one after the other; those of others are met by trying again.
    changing: tokio::sync::Mutex<()>,
    uses: Uses,
    /// Where issuers of web identities may be; set by the authority that asks them.
    pub(crate) egress: OnceLock<Egress>,
}

/// A new access key: only here its secret is readable.
pub struct NewAccessKey {
    pub key: AccessKey,
    pub secret: String,
}

/// Why the store cannot be used.
#[derive(Debug)]
pub enum OpenError {
    /// Secrets were sealed with another one.
    WrongKey,
    Engine(Exception),
    /// A document that this program cannot read.
    Unreadable(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::WrongKey => {
                f.write_str("the auth key is not the one that the stored access keys are sealed with")
            }
            OpenError::Engine(error) => write!(f, "identities cannot be read: {}", error.cause()),
            OpenError::Unreadable(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for OpenError {}

impl Identities {
    /// # Errors
    /// If the documents cannot be read, or belong to another key.
    pub async fn open(service: Arc<Service>, key: &AuthKey, clock: Clock) -> Result<Arc<Identities>, OpenError> {
        settle_key(&service, &key.fingerprint()).await?;
        let identities = Identities {
            service,
            clock,
            secrets: key.sealing("access keys"),
            snapshot: RwLock::default(),
            freshness: Freshness::default(),
            looking: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            uses: Uses::default(),
            egress: OnceLock::new(),
        };
        identities.refresh().await?;
        let identities = Arc::new(identities);
        identities.service.use_principals(Arc::new(Directory(Arc::downgrade(&identities))));
        Ok(identities)
    }

    /// Adds the jobs that read the changes of other nodes and that store the uses of keys.
    pub fn start(self: &Arc<Identities>) {
        let failing = Arc::new(AtomicBool::new(false));
        let refresh = Job::on(self, "refresh_identities", LOOK_INTERVAL, move |identities| {
            let failing = Arc::clone(&failing);
            async move {
                let refreshed = identities.refresh().await;
                let was_failing = failing.swap(refreshed.is_err(), Ordering::Relaxed);
                let Err(error) = refreshed else { return Ran::Done };
                if !was_failing {
                    log::warn!(event = "identities_stale"; "{error}; requests are judged by what was read before, and no sessions are issued");
                }
                Ran::Failed
            }
        });
        let store = Job::on(self, "store_key_uses", LOOK_INTERVAL, |identities| async move {
            if identities.write_uses().await { Ran::Done } else { Ran::Failed }
        });
        let jobs = self.service.jobs();
        jobs.add(refresh);
        jobs.add(store);
    }

    /// All identities as of now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().clone()
    }

    /// An account; an empty one if nothing is known of it.
    pub(crate) fn account(&self, id: &str) -> Arc<Account> {
        let known = self.snapshot.read().accounts.get(id).cloned();
        known.unwrap_or_else(|| Arc::new(Account { id: id.to_owned(), ..Account::default() }))
    }

    /// Reads what others have changed.
    ///
    /// # Errors
    /// If that cannot be done; then all stays as it was.
    pub async fn refresh(&self) -> Result<(), OpenError> {
        let _alone = self.looking.lock().await;
        let begun_ms = self.clock.steady_ms();
        let version = self.service.documents_version(IDENTITIES).await.map_err(OpenError::Engine)?;
        let mut replaced_ms = None;
        if version != self.snapshot.read().version {
            let documents = self.service.documents(IDENTITIES).await.map_err(OpenError::Engine)?;
            self.install(Snapshot::read(&documents).map_err(OpenError::Unreadable)?);
            // Behind the change: what is recognised from here on is recognised by the new ones.
            replaced_ms = Some(self.clock.now_ms());
        }
        self.freshness.confirm(begun_ms, replaced_ms);
        Ok(())
    }

    /// Versions grow, so an older snapshot never replaces a newer one.
    fn install(&self, next: Snapshot) {
        let mut snapshot = self.snapshot.write();
        if next.version > snapshot.version {
            *snapshot = Arc::new(next);
        }
    }

    /// Makes the change that `decide` drafts, all of it or, if it refuses, none. It may be asked more than once.
    pub(crate) async fn change<T>(
        &self,
        account: &str,
        decide: impl Fn(&mut Draft) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let _turn = self.changing.lock().await;
        for _ in 0..TRIES_MAX {
            let snapshot = self.snapshot();
            // What the account has is not known, so no change can be decided, a new root key included.
            if snapshot.unreadable.contains(account) {
                return Err(Refusal::unavailable(format!("an identity of account {account} is damaged")));
            }
            let before = snapshot.account(account).map(|account| Account::clone(account));
            let before = before.unwrap_or_else(|| Account { id: account.to_owned(), ..Account::default() });
            let mut draft = Draft::of(before);
            let answer = match decide(&mut draft) {
                Ok(answer) => answer,
                Err(refusal) => {
                    // A refusal holds only if it follows from identities as they are now.
                    self.refresh().await.map_err(|error| Refusal::unavailable(error.to_string()))?;
                    if self.snapshot.read().version == snapshot.version {
                        return Err(refusal);
                    }
                    continue;
                }
            };
            let changes = draft.changes();
            if changes.is_empty() {
                return Ok(answer);
            }
            let written = self.service.change_documents(IDENTITIES, snapshot.version, &changes).await;
            if written.map_err(|error| self.unwritten(error))? {
                self.install(snapshot.with(draft.done()));
                return Ok(answer);
            }
            self.refresh().await.map_err(|error| Refusal::unavailable(error.to_string()))?;
        }
        Err(Refusal::throttled())
    }

    /// A write that failed because this node may not write now can be tried again.
    fn unwritten(&self, error: Exception) -> Refusal {
        match self.service.unready() {
            Some(why) => Refusal::unavailable(format!("{error}: {why}")),
            None => Refusal::from(error),
        }
    }

    /// A new access key for a user, or for the account itself. The draft does not have it yet.
    pub(crate) fn new_key(&self, account: &str, user: Option<&str>) -> Result<NewAccessKey, Refusal> {
        let mut random = [0; 8];
        base::random::fill(&mut random);
        let id = auth::issue_access_key("AKIA", account, u64::from_be_bytes(random));
        let id = id.ok_or_else(|| Refusal::failure(format!("{account} is no account")))?;
        let secret = unique_id::secret();
        let sealed = base64_simd::STANDARD.encode_to_string(self.secrets.sealed(&id, secret.as_bytes()));
        let (user, created_ms) = (user.map(str::to_owned), self.clock.now_ms());
        Ok(NewAccessKey { key: AccessKey { id, user, status: KeyStatus::Active, created_ms, secret: sealed }, secret })
    }

    /// The secret of an access key; nothing if it was sealed elsewhere.
    pub fn secret(&self, key: &AccessKey) -> Option<String> {
        let sealed = base64_simd::STANDARD.decode_to_vec(&key.secret).ok()?;
        String::from_utf8(self.secrets.opened(&key.id, &sealed)?).ok()
    }
}

/// Writes the key's fingerprint down, or compares it with the one that is there.
async fn settle_key(service: &Service, fingerprint: &str) -> Result<(), OpenError> {
    for _ in 0..TRIES_MAX {
        let documents = service.documents(IDENTITIES).await.map_err(OpenError::Engine)?;
        if documents.damaged.contains(AUTH_KEY_DOCUMENT) {
            return Err(OpenError::Unreadable("the fingerprint of the auth key is damaged".to_owned()));
        }
        if let Some(known) = documents.by_id.get(AUTH_KEY_DOCUMENT) {
            return if **known == *fingerprint.as_bytes() { Ok(()) } else { Err(OpenError::WrongKey) };
        }
        let change = DocumentChange { id: AUTH_KEY_DOCUMENT.to_owned(), text: Some(fingerprint.into()) };
        // Of two servers that store the first fingerprint, the version refuses one, which then compares its own with the other's.
        let done = service.change_documents(IDENTITIES, documents.version, &[change]).await;
        if done.map_err(OpenError::Engine)? {
            return Ok(());
        }
    }
    Err(OpenError::Unreadable("the auth key cannot be settled: identities change all the time".to_owned()))
}

#[cfg(test)]
mod tests {
    use ops::{Settings, check_rows};
    use storage::Memory;

    use super::*;

    /// The fingerprint of the auth key is no JSON, as other documents are.
    #[tokio::test]
    async fn the_check_of_rows_finds_no_damage_in_identities() {
        let (engine, clock) = (Memory::new(), Clock::system());
        let service = Service::open(engine.clone(), Settings::default(), clock.clone()).await.unwrap();
        let identities = Identities::open(service, &AuthKey::random(), clock).await.unwrap();
        identities.found_account("111122223333", false).await.unwrap().unwrap();
        assert_eq!(check_rows(&*engine).await.unwrap().lines, [""; 0]);
    }
}
