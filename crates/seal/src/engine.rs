//! An engine around another one, which gives it keys and values in code and reads them back.

use std::sync::Arc;

use bytes::Bytes;
use storage::{
    Append, Batch, BoxFuture, Decide, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, StorageError, TxError,
    View,
};

use crate::data_keys::DataKeys;
use crate::keyring::Keyring;
use crate::layout::{self, Layout};
use crate::order::Order;
use crate::value::{KeyId, Room, SealingKey, Unreadable, key_of};
use crate::view::SealedView;

/// See the crate's head.
pub struct Sealed {
    shared: Arc<Shared>,
}

/// What a seal and its views use.
pub(crate) struct Shared {
    pub(crate) inner: Arc<dyn Engine>,
    pub(crate) layout: Layout,
    pub(crate) order: Order,
    data_keys: DataKeys,
}

/// Why a decision could not be made.
enum Stuck {
    Unknown(KeyId),
    Damaged(StorageError),
    /// There is no key to seal with, or it has sealed all that it may.
    NoKey,
}

impl Sealed {
    /// The engine with the keys of an open keyring, which is that of its rows.
    pub fn over(inner: Arc<dyn Engine>, keyring: &Keyring, layout: Layout) -> Arc<Sealed> {
        let order = Order::new(keyring.key("stator: order of keys").bytes());
        let shared = Shared { inner, layout, order, data_keys: DataKeys::new(keyring) };
        Arc::new(Sealed { shared: Arc::new(shared) })
    }
}

/// Where a row's value is bound to, beside its room.
fn place(family: Family, sealed_key: &[u8]) -> &[u8] {
    if family == Family::Log { layout::log_of(sealed_key) } else { sealed_key }
}

fn damaged(family: Family) -> StorageError {
    StorageError::Corrupt(format!("a sealed value of {family:?} is not what was written there"))
}

impl Shared {
    pub(crate) fn seal_key(&self, family: Family, key: &Bytes) -> Bytes {
        let plain = self.layout.plain(family, key);
        if key.len() <= plain { key.clone() } else { self.order.seal(family, key, plain) }
    }

    fn seal(&self, key: &Key) -> Key {
        Key { family: key.family, bytes: self.seal_key(key.family, &key.bytes) }
    }

    /// The value of a row; the key is that of the engine.
    fn unseal_now(&self, family: Family, key: &[u8], value: Bytes) -> Result<Bytes, Unreadable> {
        if self.layout.is_plain_value(family, key, &value) {
            return Ok(value);
        }
        let id = key_of(&value)?;
        let data_key = self.data_keys.known(id).ok_or(Unreadable::Unknown(id))?;
        data_key.unseal(Room::Row(family), place(family, key), &value)
    }

    pub(crate) async fn unseal(&self, family: Family, key: &[u8], value: Bytes) -> Result<Bytes, StorageError> {
        loop {
            match self.unseal_now(family, key, value.clone()) {
                Ok(value) => return Ok(value),
                Err(Unreadable::Unknown(id)) => self.data_keys.learn(&*self.inner, id).await?,
                Err(Unreadable::Damaged) => return Err(damaged(family)),
            }
        }
    }

    async fn read(&self, key: Key, found: Result<Option<Bytes>, StorageError>) -> Result<Option<Bytes>, StorageError> {
        match found? {
            Some(value) => self.unseal(key.family, &key.bytes, value).await.map(Some),
            None => Ok(None),
        }
    }

    /// Decides on what was read, in plain, and seals what that writes.
    fn decide(
        &self,
        keys: &Keys<'_>,
        sealing: Option<&SealingKey>,
        reads: &Reads,
        batch: &mut Batch,
        decide: &mut Decide<'_>,
    ) -> Result<Decision, Stuck> {
        let mut plain = Reads { values: Vec::with_capacity(reads.values.len()) };
        for (used, value) in keys.sealed.iter().zip(&reads.values) {
            let Key { family, bytes } = &used.key;
            let value = value.clone().map(|value| self.unseal_now(*family, bytes, value));
            plain.values.push(value.transpose().map_err(|why| match why {
                Unreadable::Unknown(id) => Stuck::Unknown(id),
                Unreadable::Damaged => Stuck::Damaged(damaged(*family)),
            })?);
        }
        let decision = decide(&plain, batch);
        if decision == Decision::Commit {
            self.seal_batch(keys, sealing, batch).ok_or(Stuck::NoKey)?;
        }
        Ok(decision)
    }

    /// None if that takes a new key.
    fn seal_batch(&self, keys: &Keys<'_>, sealing: Option<&SealingKey>, batch: &mut Batch) -> Option<()> {
        let seal = |room, place: &[u8], value: &[u8]| sealing.and_then(|sealing| sealing.seal(room, place, value));
        let mut used = 0;
        for (key, value) in &mut batch.writes {
            let sealed = keys.find(key, &mut used).unwrap_or_else(|| self.seal(key));
            if let Some(value) = value {
                let family = sealed.family;
                if !self.layout.is_plain_value(family, &sealed.bytes, value) {
                    *value = seal(Room::Row(family), place(family, &sealed.bytes), value)?;
                }
            }
            *key = sealed;
        }
        for tally in &mut batch.tallies {
            tally.key = self.seal(&tally.key);
        }
        for Append { log, record } in &mut batch.appends {
            *record = seal(Room::Record, log, record)?;
        }
        Some(())
    }

    async fn transact(
        &self,
        op: OpId,
        mode: Mode,
        plain: &[KeyUse],
        decide: &mut Decide<'_>,
    ) -> Result<Decision, TxError> {
        let sealed = plain.iter().map(|used| KeyUse { key: self.seal(&used.key), write: used.write }).collect();
        let keys = Keys { plain, sealed };
        let mut sealing = self.data_keys.sealing();
        loop {
            let mut stuck = None;
            let mut decide_sealed =
                |reads: &Reads, batch: &mut Batch| match self.decide(&keys, sealing.as_deref(), reads, batch, decide) {
                    Ok(decision) => {
                        stuck = None;
                        decision
                    }
                    Err(why) => {
                        stuck = Some(why);
                        batch.clear();
                        Decision::Refuse
                    }
                };
            let decision = self.inner.transact(op, mode, &keys.sealed, &mut decide_sealed).await?;
            match stuck {
                None => return Ok(decision),
                Some(Stuck::Unknown(id)) => self.data_keys.learn(&*self.inner, id).await?,
                Some(Stuck::Damaged(error)) => return Err(TxError::Storage(error)),
                Some(Stuck::NoKey) => sealing = Some(self.data_keys.other_than(&*self.inner, sealing.as_ref()).await?),
            }
        }
    }
}

/// The keys of a transaction.
struct Keys<'a> {
    plain: &'a [KeyUse],
    sealed: Vec<KeyUse>,
}

impl Keys<'_> {
    /// A key of items is always among those that were read, and mostly the next one.
    fn find(&self, key: &Key, from: &mut usize) -> Option<Key> {
        if key.family != Family::Items {
            return None;
        }
        let at = (*from..self.plain.len()).chain(0..*from).find(|at| self.plain[*at].key == *key)?;
        *from = at;
        Some(self.sealed[at].key.clone())
    }
}

impl Engine for Sealed {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        Box::pin(async move {
            let key = self.shared.seal(key);
            let found = self.shared.inner.get(&key).await;
            self.shared.read(key, found).await
        })
    }

    fn view(&self) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        Box::pin(async move { Ok(SealedView::around(self.shared.inner.view().await?, &self.shared)) })
    }

    fn get_eventual<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        Box::pin(async move {
            let key = self.shared.seal(key);
            let found = self.shared.inner.get_eventual(&key).await;
            self.shared.read(key, found).await
        })
    }

    fn view_eventual(&self) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        Box::pin(async move { Ok(SealedView::around(self.shared.inner.view_eventual().await?, &self.shared)) })
    }

    fn transact<'a>(
        &'a self,
        op: OpId,
        mode: Mode,
        keys: &'a [KeyUse],
        decide: &'a mut Decide<'a>,
    ) -> BoxFuture<'a, Result<Decision, TxError>> {
        Box::pin(self.shared.transact(op, mode, keys, decide))
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.shared.inner.sequence(log)
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.shared.inner.destroy(family, self.shared.seal_key(family, &prefix))
    }

    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.shared.inner.verify()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.shared.inner.close()
    }
}
