//! The data keys: each process makes its own when it first writes, wrapped by a key of the database, in a row of the catalog;
//! those of others it reads when it meets what they have sealed.
//!
//! | row | key | value |
//! |---|---|---|
//! | a data key | 0 (8) · 'Y' · id (4) | version (1) · wrapped key (60) |
//!
//! As no two processes seal with one key, none needs to remember how far another has counted: a count in memory is enough
//! for nonces that never repeat, whatever crashes.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use ring::aead::LessSafeKey;
use storage::{Batch, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, StorageError, TxError};

use crate::keyring::Keyring;
use crate::layout;
use crate::secret::Secret;
use crate::value::{DataKey, KeyId, SealingKey, aes};
use crate::wrap;

const VERSION: u8 = 1;

pub(crate) struct DataKeys {
    wrapping: LessSafeKey,
    known: RwLock<HashMap<KeyId, Arc<DataKey>>>,
    sealing: RwLock<Option<Arc<SealingKey>>>,
    /// Held by who makes a key.
    making: tokio::sync::Mutex<()>,
}

/// The row of a data key.
fn row(id: KeyId) -> Key {
    Key::new(Family::Catalog, [&[0; 8][..], &[layout::KEYS], &id.to_be_bytes()].concat())
}

fn context(id: KeyId) -> [u8; 19] {
    let mut context = *b"stator data key____";
    context[15..].copy_from_slice(&id.to_be_bytes());
    context
}

impl DataKeys {
    pub(crate) fn new(keyring: &Keyring) -> DataKeys {
        DataKeys {
            wrapping: aes(&keyring.key("stator: wraps data keys")),
            known: RwLock::default(),
            sealing: RwLock::default(),
            making: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn known(&self, id: KeyId) -> Option<Arc<DataKey>> {
        self.known.read().get(&id).cloned()
    }

    /// Reads the key that another process has made.
    pub(crate) async fn learn(&self, engine: &dyn Engine, id: KeyId) -> Result<(), StorageError> {
        let damaged = |what| StorageError::Corrupt(format!("data key {id:08x} {what}"));
        let stored = engine.get(&row(id)).await?.ok_or_else(|| damaged("is missing"))?;
        let wrapped = stored.strip_prefix(&[VERSION]).ok_or_else(|| damaged("has an unknown form"))?;
        let secret = wrap::unwrap(&self.wrapping, wrapped, &context(id)).ok_or_else(|| damaged("is damaged"))?;
        self.keep(id, &secret);
        Ok(())
    }

    fn keep(&self, id: KeyId, secret: &Secret) -> Arc<DataKey> {
        let key = Arc::new(DataKey::new(id, secret));
        self.known.write().entry(id).or_insert(key).clone()
    }

    /// The key that this process seals with, if it has one already.
    pub(crate) fn sealing(&self) -> Option<Arc<SealingKey>> {
        self.sealing.read().clone()
    }

    /// A key to seal with that is not this one: another one that was made since, or a new one.
    pub(crate) async fn other_than(
        &self,
        engine: &dyn Engine,
        spent: Option<&Arc<SealingKey>>,
    ) -> Result<Arc<SealingKey>, TxError> {
        let _alone = self.making.lock().await;
        let is_spent = |sealing: &Arc<SealingKey>| spent.is_some_and(|spent| Arc::ptr_eq(sealing, spent));
        if let Some(sealing) = self.sealing().filter(|sealing| !is_spent(sealing)) {
            return Ok(sealing);
        }
        let sealing = Arc::new(SealingKey::new(self.make(engine).await?));
        *self.sealing.write() = Some(Arc::clone(&sealing));
        Ok(sealing)
    }

    /// A new key, whose row is durable.
    async fn make(&self, engine: &dyn Engine) -> Result<Arc<DataKey>, TxError> {
        loop {
            let (id, secret) = (base::random::u64() as KeyId, Secret::random());
            let wrapped = wrap::wrap(&self.wrapping, &secret, &context(id));
            let value = Bytes::from([&[VERSION][..], &wrapped].concat());
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
                Decision::Commit => return Ok(self.keep(id, &secret)),
                // Another process has this id.
                Decision::Refuse => {}
            }
        }
    }
}
