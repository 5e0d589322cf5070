//! The data keys: each process makes its own when it first writes, wrapped by a key of the database, in a row of the catalog;
//! those of others it reads when it meets what they have sealed. A table with a key of its own has data keys of its own.
//!
//! | row | key | value |
//! |---|---|---|
//! | a data key | 0 (8) · 'Y' · id (4) | version (1) · table id (8), or 0 · wrapped key (60) |
//!
//! As no two processes seal with one key, none needs to remember how far another has counted: a count in memory is enough
//! for nonces that never repeat, whatever crashes.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use storage::{Batch, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, StorageError, TxError};

use crate::ids::IdMap;
use crate::keyring::Keyring;
use crate::layout;
use crate::secret::Secret;
use crate::tables::{DATABASE, Scope, Tables, Wrapping};
use crate::value::{DataKey, KeyId, SealingKey};

const VERSION: u8 = 1;

pub(crate) struct DataKeys {
    wrapping: Arc<Wrapping>,
    known: RwLock<IdMap<KeyId, Arc<DataKey>>>,
    sealing: RwLock<IdMap<Scope, Arc<SealingKey>>>,
    /// Held by who makes a key.
    making: tokio::sync::Mutex<()>,
}

/// The row of a data key.
fn row(id: KeyId) -> Key {
    Key::new(Family::Catalog, [&[0; 8][..], &[layout::KEYS], &id.to_be_bytes()].concat())
}

fn context(id: KeyId, scope: Scope) -> Vec<u8> {
    [b"stator data key", &id.to_be_bytes()[..], &scope.to_be_bytes()].concat()
}

impl DataKeys {
    pub(crate) fn new(keyring: &Keyring) -> DataKeys {
        DataKeys {
            wrapping: Arc::new(Wrapping::of(keyring)),
            known: RwLock::default(),
            sealing: RwLock::default(),
            making: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn known(&self, id: KeyId) -> Option<Arc<DataKey>> {
        self.known.read().get(&id).cloned()
    }

    /// Reads the key that another process has made.
    pub(crate) async fn learn(&self, engine: &dyn Engine, tables: &Tables, id: KeyId) -> Result<(), StorageError> {
        let damaged = |what| StorageError::Corrupt(format!("data key {id:08x} {what}"));
        let stored = engine.get(&row(id)).await?.ok_or_else(|| damaged("is missing"))?;
        let rest = stored.strip_prefix(&[VERSION]).and_then(|rest| rest.split_first_chunk());
        let (scope, wrapped) = rest.ok_or_else(|| damaged("has an unknown form"))?;
        let scope = Scope::from_be_bytes(*scope);
        let wrapping = self.wrapping(engine, tables, scope).await?;
        let secret = wrapping.unwrap(wrapped, &context(id, scope)).ok_or_else(|| damaged("is damaged"))?;
        self.keep(id, scope, &secret);
        Ok(())
    }

    async fn wrapping(
        &self,
        engine: &dyn Engine,
        tables: &Tables,
        scope: Scope,
    ) -> Result<Arc<Wrapping>, StorageError> {
        match scope {
            DATABASE => Ok(Arc::clone(&self.wrapping)),
            table => tables.wrapping(engine, table).await,
        }
    }

    fn keep(&self, id: KeyId, scope: Scope, secret: &Secret) -> Arc<DataKey> {
        let key = Arc::new(DataKey::new(id, scope, secret));
        self.known.write().entry(id).or_insert(key).clone()
    }

    /// Forgets the keys of a table that may not be read any more.
    pub(crate) fn forget(&self, scope: Scope) {
        self.sealing.write().remove(&scope);
        self.known.write().retain(|_, key| key.scope != scope);
    }

    /// The key that this process seals with, if it has one that may seal more.
    pub(crate) fn sealing(&self, scope: Scope) -> Option<Arc<SealingKey>> {
        self.sealing.read().get(&scope).filter(|sealing| !sealing.is_spent()).cloned()
    }

    /// Sees to it that there is a key to seal with.
    pub(crate) async fn provide(&self, engine: &dyn Engine, tables: &Tables, scope: Scope) -> Result<(), TxError> {
        let _alone = self.making.lock().await;
        if self.sealing(scope).is_none() {
            let sealing = Arc::new(SealingKey::new(self.make(engine, tables, scope).await?));
            self.sealing.write().insert(scope, sealing);
        }
        Ok(())
    }

    /// A new key, whose row is durable.
    async fn make(&self, engine: &dyn Engine, tables: &Tables, scope: Scope) -> Result<Arc<DataKey>, TxError> {
        let wrapping = self.wrapping(engine, tables, scope).await?;
        loop {
            let (id, secret) = (base::random::u64() as KeyId, Secret::random());
            let wrapped = wrapping.wrap(&secret, &context(id, scope));
            let value = Bytes::from([&[VERSION][..], &scope.to_be_bytes(), &wrapped].concat());
            let key = row(id);
            let keys = [KeyUse::write(key.clone())];
            let mut decide = |reads: &Reads, batch: &mut Batch| {
                if reads.values[0].as_ref().is_some_and(|stored| *stored != value) {
                    return Decision::Refuse;
                }
                batch.put(key.clone(), value.clone());
                Decision::Commit
            };
            let done = engine.transact(OpId(base::random::bytes16()), Mode::Plain, &keys, &mut decide).await;
            match done? {
                Decision::Commit => return Ok(self.keep(id, scope, &secret)),
                // Another process has this id.
                Decision::Refuse => {}
            }
        }
    }
}
