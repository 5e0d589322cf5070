//! An engine around another one, which gives it keys and values in code and reads them back.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use base::Clock;
use bytes::Bytes;
use storage::{
    Append, Batch, BoxFuture, Decide, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, StorageError, TxError,
    View,
};

use crate::data_keys::DataKeys;
use crate::held::Held;
use crate::keyring::{Keyring, KeyringError};
use crate::kms::Kms;
use crate::layout::{self, Layout};
use crate::order::Order;
use crate::sweep::{Sweep, Sweeper, Swept};
use crate::tables::{NoScope, Scope, Tables};
use crate::value::{KeyId, Room, SealingKey, Unreadable, key_of};
use crate::view::SealedView;

/// After which the sweep of old data keys goes on that met an error.
const PAUSE_OF_TROUBLE: Duration = Duration::from_secs(10);

/// See the crate's head.
pub struct Sealed {
    shared: Arc<Shared>,
}

/// What a seal and its views use.
pub(crate) struct Shared {
    pub(crate) inner: Arc<dyn Engine>,
    pub(crate) layout: Layout,
    pub(crate) order: Order,
    pub(crate) data_keys: DataKeys,
    pub(crate) held: Held,
    tables: Tables,
}

/// Why a decision could not be made.
enum Stuck {
    Unknown(KeyId),
    UnknownTable(u64),
    Failed(StorageError),
    /// There is no key to seal with, or it has sealed all that it may.
    NoKey(Scope),
    /// It writes a row unread that is being rewritten just now.
    Held,
}

impl From<NoScope> for Stuck {
    fn from(why: NoScope) -> Stuck {
        match why {
            NoScope::Unknown(table) => Stuck::UnknownTable(table),
            NoScope::Inaccessible(error) => Stuck::Failed(error),
        }
    }
}

impl Sealed {
    /// The engine with the keys of an open keyring, which is that of its rows.
    /// `kms` has the keys of tables that have their own.
    pub fn over(inner: Arc<dyn Engine>, keyring: &Keyring, kms: Option<Kms>, layout: Layout) -> Arc<Sealed> {
        Sealed::with_clock(inner, keyring, kms, layout, Clock::system())
    }

    /// As [`Sealed::over`], where the age of data keys is told by this clock.
    pub fn with_clock(
        inner: Arc<dyn Engine>,
        keyring: &Keyring,
        kms: Option<Kms>,
        layout: Layout,
        clock: Clock,
    ) -> Arc<Sealed> {
        let order = Order::new(keyring.key("stator: order of keys").bytes());
        let (data_keys, tables) = (DataKeys::new(keyring, clock), Tables::new(keyring, kms));
        let shared = Shared { inner, layout, order, data_keys, held: Held::default(), tables };
        Arc::new(Sealed { shared: Arc::new(shared) })
    }
}

impl Sealed {
    /// The row of a table's key: of a new one, or of the one in `row`, under a key of the KMS, or of the database. With it the
    /// ARN of the KMS's key. Who writes the row gives the table that key.
    ///
    /// # Errors
    /// If the KMS refuses, or is not there.
    pub async fn wrap_table_key(
        &self,
        row: Option<&[u8]>,
        key_id: Option<&str>,
    ) -> Result<(Bytes, Option<String>), KeyringError> {
        self.shared.tables.wrap(row, key_id).await
    }

    /// Since when a table cannot be read because its key may not be used, in milliseconds since 1970.
    pub fn inaccessible_since_ms(&self, table_id: u64) -> Option<u64> {
        self.shared.tables.inaccessible_since_ms(table_id)
    }

    /// Makes new data keys after so long, and rewrites what is under older ones, for as long as the engine lives.
    pub fn rotate_data_keys(&self, age: Duration) {
        let shared: Weak<Shared> = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            let mut sweeper = Sweeper::new(age);
            let mut is_told = false;
            loop {
                tokio::time::sleep(sweeper.pause()).await;
                let Some(shared) = shared.upgrade() else { return };
                match sweeper.step(&shared).await {
                    Ok(()) => {}
                    Err(StorageError::Closed) => return,
                    Err(error) => {
                        if !std::mem::replace(&mut is_told, true) {
                            log::warn!(event = "data_key_rotation_delayed"; "old data keys stay in use for now: {error}");
                        }
                        drop(shared);
                        tokio::time::sleep(PAUSE_OF_TROUBLE).await;
                    }
                }
            }
        });
    }

    /// One whole sweep at once: what is under data keys of such an age is put under new ones.
    ///
    /// # Errors
    /// If rows cannot be read.
    pub async fn sweep_data_keys(&self, age: Duration) -> Result<Swept, StorageError> {
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let Some(mut sweep) = Sweep::begin(&self.shared, age_ms).await? else { return Ok(Swept::default()) };
        loop {
            if let Some(swept) = sweep.step(&self.shared).await? {
                return Ok(swept);
            }
        }
    }

    /// Looks again at the keys of tables every so often, for as long as the engine lives.
    pub fn watch_table_keys(&self, interval: Duration) {
        let shared: Weak<Shared> = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                let Some(shared) = shared.upgrade() else { return };
                match shared.look_again().await {
                    Ok(()) => {}
                    Err(StorageError::Closed) => return,
                    Err(error) => {
                        log::warn!(event = "table_keys_unchecked"; "the keys of tables cannot be checked: {error}")
                    }
                }
            }
        });
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
        self.tables.scope(family, key)?;
        let id = key_of(&value)?;
        let data_key = self.data_keys.known(id).ok_or(Unreadable::Unknown(id))?;
        data_key.unseal(Room::Row(family), place(family, key), &value)
    }

    pub(crate) async fn unseal(&self, family: Family, key: &[u8], value: Bytes) -> Result<Bytes, StorageError> {
        loop {
            match self.unseal_now(family, key, value.clone()) {
                Ok(value) => return Ok(value),
                Err(Unreadable::Unknown(id)) => self.learn_key(id).await?,
                Err(Unreadable::Damaged) => return Err(damaged(family)),
                Err(Unreadable::NoScope(NoScope::Unknown(table))) => self.tables.learn(&*self.inner, table).await?,
                Err(Unreadable::NoScope(NoScope::Inaccessible(error))) => return Err(error),
            }
        }
    }

    async fn learn_key(&self, id: KeyId) -> Result<(), StorageError> {
        self.data_keys.learn(&*self.inner, &self.tables, id).await
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
                Unreadable::NoScope(why) => why.into(),
                Unreadable::Damaged => Stuck::Failed(damaged(*family)),
            })?);
        }
        let decision = decide(&plain, batch);
        if decision == Decision::Commit {
            self.seal_batch(keys, batch)?;
            let unread = |key: &Key| keys.sealed.iter().all(|used| used.key != *key);
            if batch.writes.iter().any(|(key, _)| self.held.has(key) && unread(key)) {
                return Err(Stuck::Held);
            }
        }
        Ok(decision)
    }

    fn seal_batch(&self, keys: &Keys<'_>, batch: &mut Batch) -> Result<(), Stuck> {
        let mut seals = Seals { shared: self, last: None };
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

    async fn transact(
        &self,
        op: OpId,
        mode: Mode,
        plain: &[KeyUse],
        decide: &mut Decide<'_>,
    ) -> Result<Decision, TxError> {
        let sealed = plain.iter().map(|used| KeyUse { key: self.seal(&used.key), write: used.write }).collect();
        let keys = Keys { plain, sealed };
        loop {
            let mut stuck = None;
            let mut rekeyed = Vec::new();
            let mut decide_sealed = |reads: &Reads, batch: &mut Batch| {
                let decided = self.decide(&keys, reads, batch, decide);
                rekeyed = batch.writes.iter().filter_map(|(key, _)| layout::table_of_key(key)).collect();
                stuck = None;
                decided.unwrap_or_else(|why| {
                    stuck = Some(why);
                    batch.clear();
                    Decision::Refuse
                })
            };
            let decision = self.held.write(self.inner.transact(op, mode, &keys.sealed, &mut decide_sealed)).await;
            // Whether it was committed or nobody knows.
            rekeyed.into_iter().for_each(|table| self.tables.forget(table));
            let decision = decision?;
            match stuck {
                None => return Ok(decision),
                Some(Stuck::Unknown(id)) => self.learn_key(id).await?,
                Some(Stuck::UnknownTable(table)) => self.tables.learn(&*self.inner, table).await?,
                Some(Stuck::Failed(error)) => return Err(TxError::Storage(error)),
                Some(Stuck::NoKey(scope)) => self.data_keys.provide(&*self.inner, &self.tables, scope).await?,
                Some(Stuck::Held) => self.held.released().await,
            }
        }
    }

    /// The data key that a row's value is under, as the engine has both.
    pub(crate) fn key_under(&self, key: &Key, value: &[u8]) -> Option<KeyId> {
        let is_plain = self.layout.is_plain_value(key.family, &key.bytes, value);
        if is_plain { None } else { key_of(value).ok() }
    }

    /// Learns what it takes to seal a row's value again.
    pub(crate) async fn prepare(&self, key: &Key, value: Bytes) -> Result<(), StorageError> {
        self.unseal(key.family, &key.bytes, value).await?;
        // Unsealed, so its table is known, unless it was forgotten since.
        let Ok(scope) = self.tables.scope(key.family, &key.bytes) else { return Ok(()) };
        match self.data_keys.sealing(scope) {
            Some(_) => Ok(()),
            None => Ok(self.data_keys.provide(&*self.inner, &self.tables, scope).await?),
        }
    }

    /// The same value under this process's own key, if it is under one of `old`.
    pub(crate) fn reseal(&self, key: &Key, value: &Bytes, old: &HashSet<KeyId>) -> Result<Option<Bytes>, StorageError> {
        if !self.key_under(key, value).is_some_and(|id| old.contains(&id)) {
            return Ok(None);
        }
        let changed = || StorageError::Unavailable("its keys have just changed".to_owned());
        let plain = self.unseal_now(key.family, &key.bytes, value.clone()).map_err(|why| match why {
            Unreadable::Damaged => damaged(key.family),
            Unreadable::NoScope(NoScope::Inaccessible(error)) => error,
            Unreadable::Unknown(_) | Unreadable::NoScope(NoScope::Unknown(_)) => changed(),
        })?;
        let scope = self.tables.scope(key.family, &key.bytes).map_err(|_| changed())?;
        let sealing = self.data_keys.sealing(scope).filter(|sealing| !old.contains(&sealing.key.id));
        let sealed =
            sealing.and_then(|sealing| sealing.seal(Room::Row(key.family), place(key.family, &key.bytes), &plain));
        sealed.map(Some).ok_or_else(changed)
    }

    /// Looks again at the keys of tables.
    async fn look_again(&self) -> Result<(), StorageError> {
        for table in self.tables.look_again(&*self.inner).await? {
            self.data_keys.forget(table);
        }
        Ok(())
    }
}

/// Seals the values of a batch, most of which are of one table.
struct Seals<'a> {
    shared: &'a Shared,
    last: Option<(Scope, Arc<SealingKey>)>,
}

impl Seals<'_> {
    fn seal(&mut self, scope: Scope, room: Room, place: &[u8], value: &[u8]) -> Result<Bytes, Stuck> {
        let sealing = match self.last.take().filter(|(last, _)| *last == scope) {
            Some((_, sealing)) => sealing,
            None => self.shared.data_keys.sealing(scope).ok_or(Stuck::NoKey(scope))?,
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
        Box::pin(async move {
            let _not_rewriting = self.shared.held.destroying().await;
            self.shared.inner.destroy(family, self.shared.seal_key(family, &prefix)).await
        })
    }

    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.shared.inner.verify()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.shared.inner.close()
    }
}
