//! Tables with a key of their own: which they are, and whether their keys may be used.
//!
//! | row | key | value |
//! |---|---|---|
//! | a table's key | 0 (8) · 'Y' · table id (8) | a keyring, as for the database; absent if the table has none |
//!
//! A table's key is a secret that a KMS's key has wrapped. It wraps the table's data keys, so that another key of the KMS takes
//! its place by rewrapping one row. Who is above writes and deletes the row with the table's definition; it is not sealed.
//! What it says is looked at when the table is first met, and again now and then: another server may have changed it, and a
//! key that the KMS does not unwrap any more is forgotten here, with all that it has wrapped.

use std::sync::Arc;

use base::Clock;
use bytes::Bytes;
use parking_lot::RwLock;
use ring::aead::LessSafeKey;
use storage::{Consistency, Engine, Family, StorageError};

use crate::ids::IdMap;
use crate::keyring::{Keyring, KeyringError};
use crate::kms::{Kms, KmsError};
use crate::layout;
use crate::master::{MasterError, MasterKey};
use crate::scope::{DATABASE, NoScope, Scope};
use crate::secret::{Secret, aes};
use crate::wrap;

/// A key that wraps data keys.
pub(crate) struct Wrapping(LessSafeKey);

impl Wrapping {
    pub(crate) fn of(keyring: &Keyring) -> Wrapping {
        Wrapping(aes(&keyring.key("stator: wraps data keys")))
    }

    pub(crate) fn wrap(&self, secret: &Secret, context: &[u8]) -> Vec<u8> {
        wrap::wrap(&self.0, secret, context)
    }

    pub(crate) fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Option<Secret> {
        wrap::unwrap(&self.0, wrapped, context)
    }
}

/// What is known of a table.
#[derive(Clone)]
enum Known {
    /// Its rows are sealed with the database's keys.
    Plain,
    Own(Arc<Wrapping>),
    /// The KMS refuses: why, as a client may know it, and since when that is known.
    Inaccessible(String, u64),
}

pub(crate) struct Tables {
    kms: Option<Kms>,
    /// Wraps the keys of tables that had a KMS's key once.
    own: MasterKey,
    clock: Clock,
    known: RwLock<IdMap<u64, Known>>,
    /// Held by who asks the KMS because of a request: the others wait for what it says.
    asking: tokio::sync::Mutex<()>,
}

fn inaccessible(text: &str) -> StorageError {
    StorageError::Inaccessible(text.to_owned())
}

impl Tables {
    pub(crate) fn new(keyring: &Keyring, kms: Option<Kms>) -> Tables {
        let own = MasterKey::given(&keyring.key("stator: wraps keys of tables"));
        Tables { kms, own, clock: Clock::system(), known: RwLock::default(), asking: tokio::sync::Mutex::default() }
    }

    /// Whose keys seal a row.
    pub(crate) fn scope(&self, family: Family, key: &[u8]) -> Result<Scope, NoScope> {
        let table = match (family, key.first_chunk()) {
            (Family::Catalog, _) | (_, None) => return Ok(DATABASE),
            (_, Some(table)) => u64::from_be_bytes(*table),
        };
        match self.known.read().get(&table) {
            None => Err(NoScope::Unknown(table)),
            Some(Known::Plain) => Ok(DATABASE),
            Some(Known::Own(_)) => Ok(table),
            Some(Known::Inaccessible(why, _)) => Err(NoScope::Inaccessible(inaccessible(why))),
        }
    }

    /// Reads what is kept of a table.
    pub(crate) async fn learn(&self, engine: &dyn Engine, table: u64) -> Result<(), StorageError> {
        let Some(row) = engine.get(&layout::table_key(table), Consistency::Strong).await? else {
            self.known.write().insert(table, Known::Plain);
            return Ok(());
        };
        let _alone = self.asking.lock().await;
        if !matches!(self.known.read().get(&table), Some(Known::Own(_) | Known::Inaccessible(..))) {
            let found = self.open(table, &row).await?;
            self.known.write().insert(table, found);
        }
        Ok(())
    }

    async fn open(&self, table: u64, row: &[u8]) -> Result<Known, StorageError> {
        match self.unlock(row).await {
            Ok(keyring) => Ok(Known::Own(Arc::new(Wrapping::of(&keyring)))),
            Err(KeyringError::Master(MasterError::Kms(error @ KmsError::Refused { .. }))) => {
                self.log_refusal(table, &error);
                Ok(Known::Inaccessible(error.for_client(), self.clock.now_ms()))
            }
            Err(KeyringError::Master(MasterError::Kms(KmsError::Unreachable(text)))) => {
                Err(StorageError::Unavailable(text))
            }
            Err(error @ KeyringError::OtherMaster { .. }) => {
                self.log_refusal(table, &error);
                Ok(Known::Inaccessible(error.for_client(), self.clock.now_ms()))
            }
            Err(error) => Err(StorageError::Corrupt(format!("the key of table {table}: {error}"))),
        }
    }

    /// The whole of it, for the operator; once, and not with every look.
    fn log_refusal(&self, table: u64, error: &dyn std::fmt::Display) {
        if !matches!(self.known.read().get(&table), Some(Known::Inaccessible(..))) {
            log::warn!(event = "table_key_lost"; "the key of table {table} cannot be used: {error}");
        }
    }

    async fn unlock(&self, row: &[u8]) -> Result<Keyring, KeyringError> {
        match Keyring::kms_key_of(row)? {
            None => Keyring::unlock(row, &self.own).await,
            Some(key_arn) => Keyring::unlock(row, &self.master(&key_arn)?).await,
        }
    }

    fn master(&self, key_id: &str) -> Result<MasterKey, KeyringError> {
        match &self.kms {
            Some(kms) => Ok(MasterKey::Kms(Kms { key_id: key_id.to_owned(), ..kms.clone() })),
            None => {
                let text = format!("no KMS is named that could have the key {key_id}");
                Err(KeyringError::Master(MasterError::Kms(KmsError::Refused { exception: String::new(), text })))
            }
        }
    }

    /// A table's row: that of a new key, or of the one in `row`, under a key of the KMS, or of the database. With it the ARN of
    /// the KMS's key.
    pub(crate) async fn wrap(
        &self,
        row: Option<&[u8]>,
        key_id: Option<&str>,
    ) -> Result<(Bytes, Option<String>), KeyringError> {
        let named = key_id.map(|key_id| self.master(key_id)).transpose()?;
        let master = named.as_ref().unwrap_or(&self.own);
        let keyring = match row {
            None => Keyring::make(master).await?,
            Some(row) => self.unlock(row).await?.rewrap(master).await?,
        };
        let key_arn = Keyring::kms_key_of(keyring.text().as_bytes())?;
        Ok((Bytes::from(keyring.text().to_owned()), key_arn))
    }

    /// The table's own key.
    pub(crate) async fn wrapping(&self, engine: &dyn Engine, table: u64) -> Result<Arc<Wrapping>, StorageError> {
        if !matches!(self.known.read().get(&table), Some(Known::Own(_) | Known::Inaccessible(..))) {
            // It may have its own by now, from another server.
            self.learn(engine, table).await?;
        }
        match self.known.read().get(&table) {
            Some(Known::Own(wrapping)) => Ok(Arc::clone(wrapping)),
            Some(Known::Inaccessible(why, _)) => Err(inaccessible(why)),
            Some(Known::Plain) | None => Err(StorageError::Corrupt(format!("the key of table {table} is missing"))),
        }
    }

    /// The row of a table was written or deleted.
    pub(crate) fn forget(&self, table: u64) {
        self.known.write().remove(&table);
    }

    /// Since when a table cannot be read, in milliseconds since 1970.
    pub(crate) fn inaccessible_since_ms(&self, table: u64) -> Option<u64> {
        match self.known.read().get(&table) {
            Some(Known::Inaccessible(_, since_ms)) => Some(*since_ms),
            _ => None,
        }
    }

    /// Looks at all tables again that are known; tells whose keys may not be used any more.
    pub(crate) async fn look_again(&self, engine: &dyn Engine) -> Result<Vec<u64>, StorageError> {
        let tables: Vec<(u64, Known)> =
            self.known.read().iter().map(|(table, known)| (*table, known.clone())).collect();
        let mut lost = Vec::new();
        for (table, before) in tables {
            let row = engine.get(&layout::table_key(table), Consistency::Strong).await?;
            let found = match (row, &before) {
                (None, Known::Plain) => continue,
                (None, _) => Known::Plain,
                (Some(row), _) => match self.open(table, &row).await {
                    Ok(found) => found,
                    // Nobody says that the key may not be used.
                    Err(StorageError::Unavailable(text)) => {
                        log::warn!(event = "table_keys_unchecked"; "the KMS does not say whether the key of a table may be used: {text}");
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            lost.extend(self.take_over(table, &before, found));
        }
        Ok(lost)
    }

    /// Tells the table if its key may not be used any more.
    fn take_over(&self, table: u64, before: &Known, found: Known) -> Option<u64> {
        let (found, is_lost) = match (before, found) {
            (Known::Inaccessible(_, since_ms), Known::Inaccessible(why, _)) => {
                (Known::Inaccessible(why, *since_ms), false)
            }
            (_, found @ Known::Inaccessible(..)) => (found, true),
            (_, found) => (found, false),
        };
        if let Known::Inaccessible(why, _) = &found
            && is_lost
        {
            log::warn!(event = "table_key_lost"; "table {table} can no longer be read or written: {why}");
        }
        self.known.write().insert(table, found);
        is_lost.then_some(table)
    }
}
