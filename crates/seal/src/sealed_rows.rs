//! The rows of the inner engine: their keys and values are sealed on the way in and unsealed on the way out, with the data
//! keys that this takes.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use base::Clock;
use bytes::Bytes;
use storage::{
    Append, Batch, Consistency, Decide, Decision, Engine, Family, Key, KeyUse, Reads, Rewrite, StorageError,
    Transaction, TxError,
};

use crate::data_keys::DataKeys;
use crate::keyring::Keyring;
use crate::kms::Kms;
use crate::layout::{self, Layout};
use crate::order::Order;
use crate::scope::{NoScope, Scope};
use crate::secret::hex;
use crate::tables::Tables;
use crate::value::{KeyId, Room, SealingKey, Unreadable, key_of};

/// All that the engine, its views and the sweep work on.
pub(crate) struct SealedRows {
    pub(crate) inner: Arc<dyn Engine>,
    pub(crate) layout: Layout,
    pub(crate) order: Order,
    pub(crate) data_keys: DataKeys,
    pub(crate) tables: Tables,
}

/// Why a decision could not be made.
enum Stuck {
    Unknown(KeyId),
    UnknownTable(u64),
    Failed(StorageError),
    /// There is no key to seal with, or it has sealed all that it may.
    NoKey(Scope),
    /// It rewrites rows, and their encrypted values have to be read first.
    Unread(Vec<Key>),
}

impl From<NoScope> for Stuck {
    fn from(why: NoScope) -> Stuck {
        match why {
            NoScope::Unknown(table) => Stuck::UnknownTable(table),
            NoScope::Inaccessible(error) => Stuck::Failed(error),
        }
    }
}

/// Sealed values of rows that a transaction rewrites, as they were read before it.
type Stored = BTreeMap<Key, Option<Bytes>>;

/// Where a row's value is bound to, beside its room.
fn place(family: Family, sealed_key: &[u8]) -> &[u8] {
    if family == Family::Log { layout::log_of(sealed_key) } else { sealed_key }
}

fn damaged(family: Family, key: &[u8]) -> StorageError {
    StorageError::Corrupt(damage(family, key))
}

/// The key is that of the engine, which operators find the row by.
fn damage(family: Family, key: &[u8]) -> String {
    format!("the sealed value of {family:?} row {} is not what was written there", hex(key))
}

/// The same of a row whose data key does not exist.
fn missing_key(family: Family, key: &[u8], id: KeyId) -> String {
    format!("the sealed value of {family:?} row {} names data key {id:08x}, which is missing", hex(key))
}

impl SealedRows {
    pub(crate) fn new(
        inner: Arc<dyn Engine>,
        keyring: &Keyring,
        kms: Option<Kms>,
        layout: Layout,
        clock: Clock,
    ) -> SealedRows {
        let order = Order::new(keyring.key("stator: order of keys").bytes());
        let (data_keys, tables) = (DataKeys::new(keyring, clock), Tables::new(keyring, kms));
        SealedRows { inner, layout, order, data_keys, tables }
    }

    pub(crate) fn seal_key(&self, family: Family, key: &Bytes) -> Bytes {
        let plain = self.layout.plain(family, key);
        if key.len() <= plain { key.clone() } else { self.order.seal(family, key, plain) }
    }

    pub(crate) fn seal(&self, key: &Key) -> Key {
        Key { family: key.family, bytes: self.seal_key(key.family, &key.bytes) }
    }

    /// The value of a row; the key is that of the engine.
    fn unseal_now(&self, family: Family, key: &[u8], value: Bytes) -> Result<Bytes, Unreadable> {
        if self.layout.is_plain_value(family, key, &value) {
            return Ok(value);
        }
        self.tables.scope(family, key)?;
        let id = key_of(&value)?;
        let data_key = self.data_keys.known(id).ok_or(Unreadable::Unknown(id))?;
        data_key.unseal(Room::Row(family), place(family, key), &value)
    }

    pub(crate) async fn unseal(&self, family: Family, key: &[u8], value: Bytes) -> Result<Bytes, StorageError> {
        self.unseal_or_damage(family, key, value).await?.map_err(StorageError::Corrupt)
    }

    /// A row's value, or what is wrong with that one row. An error concerns other rows as well. A data key that does not exist
    /// is damage of the row, as a changed byte may name it; a table's key that cannot be read is an error.
    pub(crate) async fn unseal_or_damage(
        &self,
        family: Family,
        key: &[u8],
        value: Bytes,
    ) -> Result<Result<Bytes, String>, StorageError> {
        loop {
            match self.unseal_now(family, key, value.clone()) {
                Ok(value) => return Ok(Ok(value)),
                // Boxed, so that the futures of rows with loaded keys have no memory for a call of the KMS.
                Err(Unreadable::Unknown(id)) => {
                    if !Box::pin(self.learn_key(id)).await? {
                        return Ok(Err(missing_key(family, key, id)));
                    }
                }
                Err(Unreadable::Damaged) => return Ok(Err(damage(family, key))),
                Err(Unreadable::NoScope(NoScope::Unknown(table))) => {
                    Box::pin(self.tables.learn(&*self.inner, table)).await?;
                }
                Err(Unreadable::NoScope(NoScope::Inaccessible(error))) => return Err(error),
            }
        }
    }

    /// False if there is no such key.
    async fn learn_key(&self, id: KeyId) -> Result<bool, StorageError> {
        self.data_keys.learn(&*self.inner, &self.tables, id).await
    }

    pub(crate) async fn read(
        &self,
        key: Key,
        found: Result<Option<Bytes>, StorageError>,
    ) -> Result<Option<Bytes>, StorageError> {
        match found? {
            Some(value) => self.unseal(key.family, &key.bytes, value).await.map(Some),
            None => Ok(None),
        }
    }

    /// Decides on what was read, in plain, and seals what that writes.
    fn decide(
        &self,
        keys: &Keys<'_>,
        reads: &Reads,
        batch: &mut Batch,
        stored: &Stored,
        decide: &mut Decide<'_>,
    ) -> Result<Decision, Stuck> {
        let mut plain = Reads { values: Vec::with_capacity(reads.values.len()) };
        for (used, value) in keys.sealed.iter().zip(&reads.values) {
            let Key { family, bytes } = &used.key;
            let value = value.clone().map(|value| self.unseal_now(*family, bytes, value));
            plain.values.push(value.transpose().map_err(|why| match why {
                Unreadable::Unknown(id) => Stuck::Unknown(id),
                Unreadable::NoScope(why) => why.into(),
                Unreadable::Damaged => Stuck::Failed(damaged(*family, bytes)),
            })?);
        }
        let decision = decide(&plain, batch);
        // Sealed in the decision, before the engine has the batch: no plain row reaches it. A refused batch is not written, and costs nothing.
        if decision == Decision::Commit {
            self.seal_batch(keys, batch)?;
            self.seal_rewrites(batch, stored)?;
        }
        Ok(decision)
    }

    fn seal_batch(&self, keys: &Keys<'_>, batch: &mut Batch) -> Result<(), Stuck> {
        let mut seals = Seals { sealed_rows: self, last: None };
        let mut used = 0;
        for (key, value) in &mut batch.writes {
            let sealed = keys.find(key, &mut used).unwrap_or_else(|| self.seal(key));
            if let Some(value) = value {
                let family = sealed.family;
                if !self.layout.is_plain_value(family, &sealed.bytes, value) {
                    let scope = self.tables.scope(family, &sealed.bytes)?;
                    *value = seals.seal(scope, Room::Row(family), place(family, &sealed.bytes), value)?;
                }
            }
            *key = sealed;
        }
        for tally in &mut batch.tallies {
            tally.key = self.seal(&tally.key);
        }
        for Append { log, record } in &mut batch.appends {
            let scope = self.tables.scope(Family::Log, log)?;
            *record = seals.seal(scope, Room::Record, log, record)?;
        }
        Ok(())
    }

    /// A rewrite names the value that it expects, and equal values are sealed differently. So the stored one is read, and, if
    /// it holds what is expected, named in its place: the inner engine makes the rewrite only if it is still there, as no other
    /// write seals to the same bytes.
    fn seal_rewrites(&self, batch: &mut Batch, stored: &Stored) -> Result<(), Stuck> {
        let sealed = |rewrite: &Rewrite| self.seal(&rewrite.key);
        if batch.rewrites.iter().any(|rewrite| !stored.contains_key(&sealed(rewrite))) {
            return Err(Stuck::Unread(batch.rewrites.iter().map(sealed).collect()));
        }
        let mut seals = Seals { sealed_rows: self, last: None };
        for Rewrite { key, expected, value } in std::mem::take(&mut batch.rewrites) {
            let Key { family, bytes } = self.seal(&key);
            let key = Key { family, bytes };
            let Some(Some(found)) = stored.get(&key) else { continue };
            match self.unseal_now(family, &key.bytes, found.clone()) {
                Ok(plain) if plain == expected => {}
                // Changed, or damaged, which whatever reads it reports.
                Ok(_) | Err(Unreadable::Damaged) => continue,
                Err(Unreadable::Unknown(id)) => return Err(Stuck::Unknown(id)),
                Err(Unreadable::NoScope(why)) => return Err(why.into()),
            }
            let value = match self.layout.is_plain_value(family, &key.bytes, &value) {
                true => value,
                false => {
                    let scope = self.tables.scope(family, &key.bytes)?;
                    seals.seal(scope, Room::Row(family), place(family, &key.bytes), &value)?
                }
            };
            batch.rewrites.push(Rewrite { key, expected: found.clone(), value });
        }
        Ok(())
    }

    pub(crate) async fn transact(&self, transaction: Transaction<'_>) -> Result<Decision, TxError> {
        let Transaction { op, mode, keys: plain, decide } = transaction;
        let sealed = plain.iter().map(|used| KeyUse { key: self.seal(&used.key), write: used.write }).collect();
        let keys = Keys { plain, sealed };
        let mut stored = Stored::new();
        loop {
            let mut stuck = None;
            let mut rekeyed = Vec::new();
            let mut decide_sealed = |reads: &Reads, batch: &mut Batch| {
                let decided = self.decide(&keys, reads, batch, &stored, decide);
                rekeyed = batch.writes.iter().filter_map(|(key, _)| layout::table_of_key(key)).collect();
                stuck = None;
                decided.unwrap_or_else(|why| {
                    stuck = Some(why);
                    batch.clear();
                    Decision::Refuse
                })
            };
            let decision =
                self.inner.transact(Transaction { op, mode, keys: &keys.sealed, decide: &mut decide_sealed }).await;
            // Also if the commit is in doubt.
            rekeyed.into_iter().for_each(|table| self.tables.forget(table));
            let decision = decision?;
            match stuck {
                None => return Ok(decision),
                // Boxed, as in `unseal`.
                Some(Stuck::Unknown(id)) => {
                    if !Box::pin(self.learn_key(id)).await? {
                        return Err(StorageError::Corrupt(format!("data key {id:08x} is missing")).into());
                    }
                }
                Some(Stuck::UnknownTable(table)) => Box::pin(self.tables.learn(&*self.inner, table)).await?,
                Some(Stuck::Failed(error)) => return Err(TxError::Storage(error)),
                Some(Stuck::NoKey(scope)) => {
                    Box::pin(self.data_keys.provide(&*self.inner, &self.tables, scope)).await?;
                }
                Some(Stuck::Unread(rows)) => {
                    for key in rows {
                        let value = self.inner.get(&key, Consistency::Strong).await?;
                        stored.insert(key, value);
                    }
                }
            }
        }
    }

    /// The data key that a row's value is under, as the engine has both.
    pub(crate) fn key_under(&self, key: &Key, value: &[u8]) -> Option<KeyId> {
        let is_plain = self.layout.is_plain_value(key.family, &key.bytes, value);
        if is_plain { None } else { key_of(value).ok() }
    }

    /// The same value under this process's own key, if it is under one of `old`. Loads the keys that this takes.
    pub(crate) async fn reseal(
        &self,
        key: &Key,
        value: &Bytes,
        old: &HashSet<KeyId>,
    ) -> Result<Option<Bytes>, StorageError> {
        if !self.key_under(key, value).is_some_and(|id| old.contains(&id)) {
            return Ok(None);
        }
        let plain = self.unseal(key.family, &key.bytes, value.clone()).await?;
        let changed = || StorageError::Unavailable("its keys have just changed".to_owned());
        // Unsealed, so its table is known, unless it was forgotten since.
        let scope = self.tables.scope(key.family, &key.bytes).map_err(|_| changed())?;
        if self.data_keys.sealing(scope).is_none() {
            self.data_keys.provide(&*self.inner, &self.tables, scope).await?;
        }
        let sealing = self.data_keys.sealing(scope).filter(|sealing| !old.contains(&sealing.key.id));
        let sealed =
            sealing.and_then(|sealing| sealing.seal(Room::Row(key.family), place(key.family, &key.bytes), &plain));
        sealed.map(Some).ok_or_else(changed)
    }

    /// Looks again at the keys of these tables.
    pub(crate) async fn look_again(&self, tables: &[u64]) -> Result<(), StorageError> {
        self.tables.look_again(&*self.inner, tables, |table| self.data_keys.forget(table)).await
    }
}

/// Seals the values of a batch, most of which are of one table.
struct Seals<'a> {
    sealed_rows: &'a SealedRows,
    last: Option<(Scope, Arc<SealingKey>)>,
}

impl Seals<'_> {
    fn seal(&mut self, scope: Scope, room: Room, place: &[u8], value: &[u8]) -> Result<Bytes, Stuck> {
        let sealing = match self.last.take().filter(|(last, _)| *last == scope) {
            Some((_, sealing)) => sealing,
            None => self.sealed_rows.data_keys.sealing(scope).ok_or(Stuck::NoKey(scope))?,
        };
        let sealed = sealing.seal(room, place, value).ok_or(Stuck::NoKey(scope))?;
        self.last = Some((scope, sealing));
        Ok(sealed)
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
