//! The data keys: each process makes its own when it first writes, wrapped by a key of the database, in a row of the catalog;
//! those of others it reads when it meets what they have sealed. A table with a key of its own has data keys of its own.
//!
//! | row | key | value |
//! |---|---|---|
//! | a data key | 0 (8) · 'Y' · id (4) | version (1): 2 · table id (8), or 0 · when it was made (8) · wrapped key (60) |
//! | one of before | the same | version (1): 1 · table id (8), or 0 · wrapped key (60) |
//!
//! The highest bit of the version is set once a whole sweep has met no value under the key ([`sweep`](crate::sweep)). When it
//! was made is in milliseconds since 1970.
//!
//! As no two processes seal with one key, none needs to remember how far another has counted: a count in memory is enough
//! for nonces that never repeat, whatever crashes.

use std::sync::Arc;

use base::Clock;
use bytes::Bytes;
use parking_lot::RwLock;
use storage::{Batch, Consistency, Engine, Family, KeyUse, Mode, Pages, Reads, Row, ScanRange, StorageError, TxError};

use crate::ids::IdMap;
use crate::keyring::Keyring;
use crate::layout;
use crate::scope::{DATABASE, Scope};
use crate::secret::{CipherFailed, Secret};
use crate::tables::{Tables, Wrapping};
use crate::turns::Turns;
use crate::value::{DataKey, KeyId, SealingKey};

/// Without the time, which counts as 0.
const VERSION_TIMELESS: u8 = 1;
const VERSION: u8 = 2;
/// The bit of keys without values.
const FREE: u8 = 0x80;
/// What one step of a list reads.
const LIST_ROWS: usize = 256;
const LIST_BYTES: usize = 64 * 1024;

pub(crate) struct DataKeys {
    clock: Clock,
    wrapping: Result<Arc<Wrapping>, CipherFailed>,
    known: RwLock<IdMap<KeyId, Arc<DataKey>>>,
    sealing: RwLock<IdMap<Scope, Arc<SealingKey>>>,
    /// By scope; held while a key is made, for which a table's own key may have to be asked for.
    making: Turns<()>,
}

/// What is known of a data key without its secret.
pub(crate) struct Listed {
    pub(crate) id: KeyId,
    pub(crate) made_ms: u64,
    /// No value is under it any more.
    pub(crate) is_free: bool,
}

/// The row's value.
struct Stored<'a> {
    version: u8,
    is_free: bool,
    scope: Scope,
    made_ms: u64,
    wrapped: &'a [u8],
}

impl<'a> Stored<'a> {
    fn read(value: &'a [u8]) -> Option<Stored<'a>> {
        let (first, rest) = value.split_first()?;
        let (scope, rest) = rest.split_first_chunk()?;
        let version = first & !FREE;
        let (made_ms, wrapped) = match version {
            VERSION_TIMELESS => (0, rest),
            VERSION => {
                let (made_ms, wrapped) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*made_ms), wrapped)
            }
            _ => return None,
        };
        let scope = Scope::from_be_bytes(*scope);
        Some(Stored { version, is_free: first & FREE != 0, scope, made_ms, wrapped })
    }

    fn context(&self, id: KeyId) -> Vec<u8> {
        let mut context = [b"stator data key", &id.to_be_bytes()[..], &self.scope.to_be_bytes()].concat();
        if self.version == VERSION {
            context.extend_from_slice(&self.made_ms.to_be_bytes());
        }
        context
    }
}

impl DataKeys {
    pub(crate) fn new(keyring: &Keyring, clock: Clock) -> DataKeys {
        DataKeys {
            clock,
            wrapping: Wrapping::of(keyring).map(Arc::new),
            known: RwLock::default(),
            sealing: RwLock::default(),
            making: Turns::default(),
        }
    }

    pub(crate) fn known(&self, id: KeyId) -> Option<Arc<DataKey>> {
        self.known.read().get(&id).cloned()
    }

    /// Reads the key that another process has made.
    /// False if there is no such key.
    ///
    /// # Errors
    /// The engine's, and what is wrong with a key that there is: all values under it are concerned.
    pub(crate) async fn learn(&self, engine: &dyn Engine, tables: &Tables, id: KeyId) -> Result<bool, StorageError> {
        let damaged = |what| StorageError::Corrupt(format!("data key {id:08x} {what}"));
        let Some(stored) = engine.get(&layout::data_key(id), Consistency::Strong).await? else { return Ok(false) };
        let stored = Stored::read(&stored).ok_or_else(|| damaged("has an unknown form"))?;
        let wrapping = self.wrapping(engine, tables, stored.scope).await?;
        let secret = wrapping.unwrap(stored.wrapped, &stored.context(id)).ok_or_else(|| damaged("is damaged"))?;
        self.keep(id, stored.scope, stored.made_ms, &secret)?;
        Ok(true)
    }

    async fn wrapping(
        &self,
        engine: &dyn Engine,
        tables: &Tables,
        scope: Scope,
    ) -> Result<Arc<Wrapping>, StorageError> {
        match scope {
            DATABASE => Ok(self.wrapping.clone()?),
            table => tables.wrapping(engine, table).await,
        }
    }

    fn keep(&self, id: KeyId, scope: Scope, made_ms: u64, secret: &Secret) -> Result<Arc<DataKey>, StorageError> {
        // The first one stays: tasks that read one key at once all get the same, which values may be sealed with by now.
        let key = Arc::new(DataKey::new(id, scope, made_ms, secret)?);
        Ok(self.known.write().entry(id).or_insert(key).clone())
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
        // One task makes the key of a scope; concurrent writers wait for it here and find it.
        let _alone = self.making.take(scope).await;
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
            let made_ms = self.clock.now_ms();
            let context = Stored { version: VERSION, is_free: false, scope, made_ms, wrapped: &[] }.context(id);
            let wrapped = wrapping.wrap(&secret, &context).map_err(StorageError::from)?;
            let value = Bytes::from([&[VERSION][..], &scope.to_be_bytes(), &made_ms.to_be_bytes(), &wrapped].concat());
            let key = layout::data_key(id);
            let keys = [KeyUse::write(key.clone())];
            let put = |reads: &Reads, batch: &mut Batch| {
                if reads.values[0].as_ref().is_some_and(|stored| *stored != value) {
                    return Err(Taken);
                }
                batch.put(key.clone(), value.clone());
                Ok(())
            };
            // Another process may have this id.
            if engine.write(Mode::Plain, &keys, put).await?.is_ok() {
                return Ok(self.keep(id, scope, made_ms, &secret)?);
            }
        }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    pub(crate) fn steady_ms(&self) -> u64 {
        self.clock.steady_ms()
    }

    /// Seals nothing more with keys of such an age. They can still be read with.
    pub(crate) fn retire(&self, now_ms: u64, age_ms: u64) {
        self.sealing.write().retain(|_, sealing| now_ms.saturating_sub(sealing.key.made_ms) < age_ms);
    }

    /// All data keys of the database and its tables, without those with damaged rows: what is under them cannot be read, and their
    /// age holds up no other's.
    pub(crate) async fn list(&self, engine: &dyn Engine) -> Result<Vec<Listed>, StorageError> {
        let prefix = layout::own_rows();
        let range = ScanRange::of_prefix(Family::Catalog, prefix.clone(), LIST_ROWS, LIST_BYTES);
        let mut listed = Vec::new();
        let mut pages = Pages::of_fresh_views(engine, range);
        while let Some(page) = pages.next_with_damaged().await? {
            for damaged in &page.damaged {
                log::error!(event = "row_damaged"; "the row of a data key is damaged, and the key is not rotated: {}", damaged.what);
            }
            for Row { key, value } in &page.rows {
                let id = key.strip_prefix(&prefix[..]).and_then(|id| id.try_into().ok()).map(KeyId::from_be_bytes);
                if let (Some(id), Some(Stored { made_ms, is_free, .. })) = (id, Stored::read(value)) {
                    listed.push(Listed { id, made_ms, is_free });
                }
            }
        }
        Ok(listed)
    }

    /// Marks a key that no value is under. Returns whether this call marked it.
    pub(crate) async fn free(&self, engine: &dyn Engine, id: KeyId) -> Result<bool, StorageError> {
        let key = layout::data_key(id);
        let keys = [KeyUse::write(key.clone())];
        let mark = |reads: &Reads, batch: &mut Batch| {
            let Some([first, rest @ ..]) = reads.values[0].as_deref() else { return Err(Unmarked) };
            if first & FREE != 0 {
                return Err(Unmarked);
            }
            batch.put(key.clone(), [&[first | FREE], rest].concat());
            Ok(())
        };
        match engine.write(Mode::Plain, &keys, mark).await {
            Ok(marked) => Ok(marked.is_ok()),
            Err(TxError::Storage(error)) => Err(error),
            // The next sweep will.
            Err(_) => Ok(false),
        }
    }
}

/// Another process has the id.
struct Taken;

/// A key that is deleted, or was marked before.
struct Unmarked;

#[cfg(test)]
mod tests {
    use storage::faulty::{Call, Faults, FaultyEngine, Outcome};
    use storage::{BoxFuture, Key, Memory, ScanPage, ScanRange};

    use super::*;
    use crate::master::MasterKey;

    const NOW_MS: u64 = 1_800_000_000_000;

    async fn put(engine: &dyn Engine, id: KeyId, value: Vec<u8>) {
        let put = |_: &Reads, batch: &mut Batch| {
            batch.put(layout::data_key(id), value.clone());
            Ok::<(), Taken>(())
        };
        let done = engine.write(Mode::Plain, &[KeyUse::write(layout::data_key(id))], put).await.expect("a write");
        assert!(done.is_ok());
    }

    #[tokio::test]
    async fn keys_that_do_not_tell_their_age_are_the_oldest() {
        let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
        let disk = Memory::new();
        let secret = Secret::random();
        let context = [b"stator data key", &7_u32.to_be_bytes()[..], &DATABASE.to_be_bytes()].concat();
        let wrapped = Wrapping::of(&keyring).and_then(|wrapping| wrapping.wrap(&secret, &context)).expect("wrapped");
        put(&*disk, 7, [&[1][..], &DATABASE.to_be_bytes(), &wrapped].concat()).await;

        let (clock, _hand) = Clock::manual(NOW_MS);
        let (keys, tables) = (DataKeys::new(&keyring, clock), Tables::new(&keyring, None));
        keys.provide(&*disk, &tables, DATABASE).await.expect("a key");
        let own = keys.sealing(DATABASE).expect("a key").key.id;
        let ages = async || {
            let mut listed: Vec<_> = keys.list(&*disk).await.expect("a list");
            listed.sort_by_key(|key| key.made_ms);
            listed.iter().map(|key| (key.id, key.made_ms, key.is_free)).collect::<Vec<_>>()
        };
        assert_eq!(ages().await, [(7, 0, false), (own, NOW_MS, false)]);
        assert_eq!(keys.free(&*disk, 7).await, Ok(true));
        assert_eq!(keys.free(&*disk, 7).await, Ok(false), "it was before");
        assert_eq!(keys.free(&*disk, own).await, Ok(true));
        assert_eq!(ages().await, [(7, 0, true), (own, NOW_MS, true)]);

        // They stay readable: an empty process reads both.
        let (clock, _hand) = Clock::manual(NOW_MS);
        let other = DataKeys::new(&keyring, clock);
        for id in [7, own] {
            other.learn(&*disk, &tables, id).await.expect("a key");
        }
        let sealed = keys.sealing(DATABASE).and_then(|key| key.seal(crate::value::Room::Record, b"log", b"value"));
        let unsealed =
            other.known(own).expect("a key").unseal(crate::value::Room::Record, b"log", &sealed.expect("sealed"));
        assert_eq!(unsealed.as_deref(), Ok(&b"value"[..]));
    }

    /// A row that cannot be read.
    struct Damaged(Key);

    impl Faults for Damaged {
        fn outcome<'a>(&'a self, _: Call<'a>) -> BoxFuture<'a, Outcome> {
            Box::pin(std::future::ready(Outcome::Executed))
        }

        fn page(&self, range: &ScanRange, found: ScanPage) -> Result<ScanPage, StorageError> {
            let mut page = ScanPage { more: found.more, ..ScanPage::default() };
            for row in found.rows {
                match range.family == self.0.family && row.key == self.0.bytes {
                    true => page.push_damaged(Some(row.key), "a value is not what was written there".to_owned()),
                    false => page.rows.push(row),
                }
            }
            Ok(page)
        }
    }

    /// It does not delay the rotation of other keys.
    #[tokio::test]
    async fn a_key_with_a_damaged_row_is_not_listed() {
        let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
        let (memory, (clock, _hand)) = (Memory::new(), Clock::manual(NOW_MS));
        let (keys, tables) = (DataKeys::new(&keyring, clock), Tables::new(&keyring, None));
        keys.provide(&*memory, &tables, DATABASE).await.expect("a key");
        let own = keys.sealing(DATABASE).expect("a key").key.id;
        let other = own.wrapping_add(1);
        put(&*memory, other, b"damaged".to_vec()).await;
        let engine = FaultyEngine::new(memory, Damaged(layout::data_key(other)));
        let listed = keys.list(&*engine).await.expect("a list");
        assert_eq!(listed.iter().map(|key| key.id).collect::<Vec<_>>(), [own]);
    }

    #[tokio::test]
    async fn keys_are_retired_at_their_age() {
        let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
        let (disk, (clock, hand)) = (Memory::new(), Clock::manual(NOW_MS));
        let (keys, tables) = (DataKeys::new(&keyring, clock), Tables::new(&keyring, None));
        keys.provide(&*disk, &tables, DATABASE).await.expect("a key");
        for (age_ms, stays) in [(0, true), (99, true), (100, false)] {
            keys.retire(NOW_MS + age_ms, 100);
            assert_eq!(keys.sealing(DATABASE).is_some(), stays, "{age_ms}");
        }
        hand.advance_ms(100);
        keys.provide(&*disk, &tables, DATABASE).await.expect("a key");
        assert_eq!(keys.sealing(DATABASE).expect("a key").key.made_ms, NOW_MS + 100);
    }
}
