//! Tables with a key of their own: which they are, and whether their keys may be used.
//!
//! | row | key | value |
//! |---|---|---|
//! | a table's key | 0 (8) · 'Y' · table id (8) | a keyring, as for the database; absent if the table has none |
//!
//! A table's key is a secret that a KMS's key has wrapped. It wraps the table's data keys, so that another key of the KMS takes
//! its place by rewrapping one row. The layer above writes and deletes the row with the table's definition; it is not encrypted.
//! The row is read when the table is first used, and again periodically: another server may have changed it, and a
//! key that the KMS no longer unwraps is dropped from memory, with all that it has wrapped.
//!
//! Requests for a table that is not known wait for one look at it, and for no other table's: a KMS that hangs for one key stops
//! no other table. What a look finds counts only if the row was not written meanwhile, so that it is never older than the row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use base::Clock;
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use ring::aead::LessSafeKey;
use storage::{Consistency, Engine, Family, StorageError};

use crate::ids::IdMap;
use crate::keyring::{Keyring, KeyringError};
use crate::kms::{Behalf, Kms, KmsError};
use crate::layout;
use crate::master::{MasterError, MasterKey};
use crate::scope::{DATABASE, NoScope, Scope};
use crate::secret::{CipherFailed, Secret, aes};
use crate::turns::Turns;
use crate::waits::Waits;
use crate::wrap;

/// A key that wraps data keys.
pub(crate) struct Wrapping(LessSafeKey);

impl Wrapping {
    pub(crate) fn of(keyring: &Keyring) -> Result<Wrapping, CipherFailed> {
        aes(&keyring.key("stator: wraps data keys")).map(Wrapping)
    }

    pub(crate) fn wrap(&self, secret: &Secret, context: &[u8]) -> Result<Vec<u8>, CipherFailed> {
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
    /// Tables with a look at their row in progress. Locked within `known`.
    looked_at: Mutex<IdMap<u64, LookedAt>>,
    /// Tables with a row that was written and not read since: checks read it, whether requests use the table or not.
    /// Locked within `known`.
    rewritten: Mutex<BTreeSet<u64>>,
    /// Held by a request that loads a table's key.
    learning: Turns<Option<FailedLook>>,
    /// Requests that wait for the KMS.
    waits: Waits,
    /// How many looks were waited for, or failed.
    ticks: AtomicU64,
    owners: OnceLock<Box<OwnerOf>>,
}

/// The account of a table.
pub(crate) type OwnerOf = dyn Fn(u64) -> Option<String> + Send + Sync;

#[derive(Default)]
struct LookedAt {
    looks: usize,
    /// Of the row, while there are looks at it.
    writes: u64,
}

/// A look that learned nothing.
struct FailedLook {
    /// The tick when it ended.
    ended: u64,
    error: StorageError,
}

/// A look at a table's row.
struct Look<'a> {
    tables: &'a Tables,
    table: u64,
    /// Before it began.
    writes: u64,
}

impl Look<'_> {
    fn begin(tables: &Tables, table: u64) -> Look<'_> {
        // Noted before the row is read: a write of the row from here on is counted, and what was read is then not inserted.
        let mut looked_at = tables.looked_at.lock();
        let own = looked_at.entry(table).or_default();
        own.looks += 1;
        Look { tables, table, writes: own.writes }
    }

    /// Whether what it found is still what the row says; then it is known from now on.
    fn keep(&self, found: Known) -> bool {
        // The row is forgotten under the same lock: either the write comes first, and is seen here, or it comes later and removes
        // what is inserted here.
        let mut known = self.tables.known.write();
        let is_current = self.ends_current();
        if is_current {
            known.insert(self.table, found);
        }
        is_current
    }

    /// The table has no row. Nothing is known of it from now on, and the next check does not look at it.
    fn pass(&self) {
        // Under the lock of `known`, as in `forget`: an earlier write leaves the table to the checks, and a later one adds it.
        let _known = self.tables.known.write();
        self.ends_current();
    }

    /// Whether the row was not written since this look began; then no check has to look at it for that write. Called with `known`
    /// locked.
    fn ends_current(&self) -> bool {
        let is_current = self.tables.looked_at.lock().get(&self.table).is_some_and(|own| own.writes == self.writes);
        if is_current {
            self.tables.rewritten.lock().remove(&self.table);
        }
        is_current
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        let mut looked_at = self.tables.looked_at.lock();
        if let Some(own) = looked_at.get_mut(&self.table) {
            own.looks -= 1;
            if own.looks == 0 {
                looked_at.remove(&self.table);
            }
        }
    }
}

/// Why a request does not wait for the KMS.
const TOO_MANY: &str = "the KMS does not answer, and other requests of the account wait for it";

fn inaccessible(text: &str) -> StorageError {
    StorageError::Inaccessible(text.to_owned())
}

impl Tables {
    pub(crate) fn new(keyring: &Keyring, kms: Option<Kms>) -> Tables {
        let own = MasterKey::given(&keyring.key("stator: wraps keys of tables"));
        Tables {
            kms,
            own,
            clock: Clock::system(),
            known: RwLock::default(),
            looked_at: Mutex::default(),
            rewritten: Mutex::default(),
            learning: Turns::default(),
            waits: Waits::default(),
            ticks: AtomicU64::new(0),
            owners: OnceLock::new(),
        }
    }

    /// Set once; a later call is ignored.
    pub(crate) fn name_owners(&self, owner_of: Box<OwnerOf>) {
        let _ = self.owners.set(owner_of);
    }

    fn owner(&self, table: u64) -> Option<String> {
        self.owners.get()?(table)
    }

    /// The owner of the keys that encrypt a row.
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

    /// Reads what is stored of a table that is not known.
    pub(crate) async fn learn(&self, engine: &dyn Engine, table: u64) -> Result<(), StorageError> {
        // Without a KMS there is nothing to wait for.
        if self.kms.is_none() {
            return self.learn_in_turn(engine, table).await;
        }
        let owner = || self.owner(table).unwrap_or_default();
        let learned = self.waits.bounded(owner, self.learn_in_turn(engine, table)).await;
        learned.unwrap_or_else(|| Err(StorageError::Unavailable(TOO_MANY.to_owned())))
    }

    async fn learn_in_turn(&self, engine: &dyn Engine, table: u64) -> Result<(), StorageError> {
        let arrived = self.tick();
        // Another request that loads the table's key may be waiting for the KMS.
        let mut turn = jobs::without_slot(self.learning.take(table)).await;
        // Requests that waited share the first one's result, also its error: a KMS that hangs delays all of them once, and not
        // each of them after the other.
        if let Some(failed) = turn.as_ref().filter(|failed| failed.ended > arrived) {
            return Err(failed.error.clone());
        }
        while !self.known.read().contains_key(&table) {
            let look = Look::begin(self, table);
            let row = engine.get(&layout::table_key(table), Consistency::Strong).await?;
            let owner = self.owner_of_key(table, row.as_deref());
            match jobs::without_slot(self.open(table, row.as_deref(), Behalf::Account(&owner))).await {
                Ok(found) => look.keep(found),
                Err(error) => {
                    *turn = Some(FailedLook { ended: self.tick(), error: error.clone() });
                    return Err(error);
                }
            };
        }
        Ok(())
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    /// The account on behalf of which the KMS is called about a table's row.
    fn owner_of_key(&self, table: u64, row: Option<&[u8]>) -> String {
        // Owners are looked for among all tables: only where the KMS is asked, and few tables have a key of it.
        let asks_kms = row.is_some_and(|row| matches!(Keyring::kms_key_of(row), Ok(Some(_))));
        asks_kms.then(|| self.owner(table)).flatten().unwrap_or_default()
    }

    async fn open(&self, table: u64, row: Option<&[u8]>, behalf: Behalf<'_>) -> Result<Known, StorageError> {
        let Some(row) = row else { return Ok(Known::Plain) };
        match self.unlock(row, behalf).await {
            Ok(keyring) => Ok(Known::Own(Arc::new(Wrapping::of(&keyring)?))),
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

    async fn unlock(&self, row: &[u8], behalf: Behalf<'_>) -> Result<Keyring, KeyringError> {
        match Keyring::kms_key_of(row)? {
            None => Keyring::unlock(row, &self.own).await,
            Some(key_arn) => Keyring::unlock(row, &self.master(&key_arn, behalf)?).await,
        }
    }

    fn master(&self, key_id: &str, behalf: Behalf<'_>) -> Result<MasterKey, KeyringError> {
        match &self.kms {
            Some(kms) => Ok(MasterKey::Kms(kms.key(key_id, behalf))),
            None => {
                let text = format!("no KMS is named that could have the key {key_id}");
                Err(KeyringError::Master(MasterError::Kms(KmsError::Refused { exception: String::new(), text })))
            }
        }
    }

    /// A row for a table of an account: that of a new key, or of the one in `row`, under a key of the KMS, or of the database. With
    /// it the ARN of the KMS's key.
    pub(crate) async fn wrap(
        &self,
        account: &str,
        row: Option<&[u8]>,
        key_id: Option<&str>,
    ) -> Result<(Bytes, Option<String>), KeyringError> {
        let wrapped = self.waits.bounded(|| account.to_owned(), self.wrap_now(account, row, key_id)).await;
        wrapped.unwrap_or_else(|| Err(KeyringError::Master(KmsError::Unreachable(TOO_MANY.to_owned()).into())))
    }

    async fn wrap_now(
        &self,
        account: &str,
        row: Option<&[u8]>,
        key_id: Option<&str>,
    ) -> Result<(Bytes, Option<String>), KeyringError> {
        let behalf = Behalf::Account(account);
        let named = key_id.map(|key_id| self.master(key_id, behalf)).transpose()?;
        let master = named.as_ref().unwrap_or(&self.own);
        let keyring = match row {
            None => Keyring::make(master).await?,
            Some(row) => self.unlock(row, behalf).await?.rewrap(master).await?,
        };
        let key_arn = Keyring::kms_key_of(keyring.text().as_bytes())?;
        Ok((Bytes::from(keyring.text().to_owned()), key_arn))
    }

    /// The table's own key.
    pub(crate) async fn wrapping(&self, engine: &dyn Engine, table: u64) -> Result<Arc<Wrapping>, StorageError> {
        if !matches!(self.known.read().get(&table), Some(Known::Own(_) | Known::Inaccessible(..))) {
            // It may have its own by now, from another server.
            self.forget_plain(table);
            self.learn(engine, table).await?;
        }
        match self.known.read().get(&table) {
            Some(Known::Own(wrapping)) => Ok(Arc::clone(wrapping)),
            Some(Known::Inaccessible(why, _)) => Err(inaccessible(why)),
            Some(Known::Plain) | None => Err(StorageError::Corrupt(format!("the key of table {table} is missing"))),
        }
    }

    fn forget_plain(&self, table: u64) {
        let mut known = self.known.write();
        if matches!(known.get(&table), Some(Known::Plain)) {
            known.remove(&table);
        }
    }

    /// The row of a table was written or deleted.
    pub(crate) fn forget(&self, table: u64) {
        // All of it under the lock of `known`, as in `Look::keep`: what an earlier look has inserted is removed here, and a later
        // one finds the new count of writes.
        let mut known = self.known.write();
        known.remove(&table);
        self.rewritten.lock().insert(table);
        if let Some(own) = self.looked_at.lock().get_mut(&table) {
            own.writes += 1;
        }
    }

    /// Since when a table cannot be read, in milliseconds since 1970.
    pub(crate) fn inaccessible_since_ms(&self, table: u64) -> Option<u64> {
        match self.known.read().get(&table) {
            Some(Known::Inaccessible(_, since_ms)) => Some(*since_ms),
            _ => None,
        }
    }

    /// The tables to check: those that are known, and those with a row that was written and not read since. Those with a key of
    /// their own are by account, and those without one together under the empty name, as they need no call of the KMS.
    pub(crate) fn known_by_owner(&self) -> BTreeMap<String, Vec<u64>> {
        let is_plain = |known: &Known| matches!(known, Known::Plain);
        let known = self.known.read();
        let mut tables: Vec<(u64, bool)> = known.iter().map(|(table, known)| (*table, is_plain(known))).collect();
        // Those stay until a look has found something: the account's look may be under way, or the KMS may not answer.
        let rewritten = self.rewritten.lock();
        tables.extend(rewritten.iter().filter(|table| !known.contains_key(table)).map(|table| (*table, false)));
        // Owners are looked for among all tables: not with the locks that requests wait for.
        drop((rewritten, known));
        let mut by_owner = BTreeMap::<_, Vec<u64>>::new();
        for (table, is_plain) in tables {
            let owner = if is_plain { None } else { self.owner(table) };
            by_owner.entry(owner.unwrap_or_default()).or_default().push(table);
        }
        by_owner
    }

    /// Reads these tables' rows again, and calls `lost` with those whose keys may no longer be used.
    ///
    /// # Errors
    /// The engine's, but for damage.
    pub(crate) async fn look_again(
        &self,
        engine: &dyn Engine,
        tables: &[u64],
        lost: impl Fn(u64) + Sync,
    ) -> Result<(), StorageError> {
        let log_unchecked = |table: &u64, error: &StorageError| {
            log::warn!(event = "table_keys_unchecked"; "the key of table {table} cannot be checked: {error}");
        };
        for table in tables {
            jobs::take_slot().await;
            let before = self.known.read().get(table).cloned();
            let look = Look::begin(self, *table);
            let row = match engine.get(&layout::table_key(*table), Consistency::Strong).await {
                Err(error @ StorageError::Corrupt(_)) => {
                    log_unchecked(table, &error);
                    continue;
                }
                row => row?,
            };
            if before.is_none() && row.is_none() {
                // The table may be deleted. If it is not, its key is loaded when it is next used.
                look.pass();
                continue;
            }
            let before = before.unwrap_or(Known::Plain);
            let owner = self.owner_of_key(*table, row.as_deref());
            match jobs::without_slot(self.open(*table, row.as_deref(), Behalf::Check(&owner))).await {
                // At once: a look that fails or is dropped later does not find the table again as one that is lost.
                Ok(found) => take_over(&look, &before, found).into_iter().for_each(&lost),
                // No answer is no refusal: the key stays in use.
                Err(StorageError::Unavailable(text)) => {
                    log::warn!(event = "table_keys_unchecked"; "the KMS does not say whether the key of a table may be used: {text}");
                }
                // It holds up no other table.
                Err(error) => log_unchecked(table, &error),
            }
        }
        Ok(())
    }
}

/// Returns the table if its key may not be used any more, and was usable before.
fn take_over(look: &Look<'_>, before: &Known, found: Known) -> Option<u64> {
    let (found, lost_by) = match (before, found) {
        (Known::Inaccessible(_, since_ms), Known::Inaccessible(why, _)) => (Known::Inaccessible(why, *since_ms), None),
        (_, Known::Inaccessible(why, since_ms)) => (Known::Inaccessible(why.clone(), since_ms), Some(why)),
        (_, found) => (found, None),
    };
    // Of a row that was written meanwhile nothing is known.
    if !look.keep(found) {
        return None;
    }
    let (why, table) = (lost_by?, look.table);
    log::warn!(event = "table_key_lost"; "table {table} can no longer be read or written: {why}");
    Some(table)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::time::Duration;

    use client::{Holder, Reservation};
    use storage::{Batch, BoxFuture, Key, KeyUse, Layer, Memory, Mode, Reads};

    use super::*;

    async fn tables() -> Tables {
        let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
        // Nothing listens there.
        let kms = Kms::new("http://127.0.0.1:1".to_owned(), String::new(), None);
        let tables = Tables::new(&keyring, Some(kms));
        tables.name_owners(Box::new(|table| Some(format!("{table:012}"))));
        tables
    }

    /// An engine with these tables, each with a key that is wrapped by a key of the KMS.
    async fn with_keys(tables: &[u64]) -> Arc<Memory> {
        let engine = Memory::new();
        for table in tables {
            let text = format!("stator keys\nformat 1\ndatabase 00\nmaster kms arn:aws:kms:a:b:key/{table}\nkey 00\n");
            let key = layout::table_key(*table);
            let put = |_: &Reads, batch: &mut Batch| {
                batch.put(key.clone(), text.clone());
                Ok::<(), ()>(())
            };
            let rows: &dyn Engine = &*engine;
            rows.write(Mode::Plain, &[KeyUse::write(key.clone())], put).await.expect("a write").expect("decided");
        }
        engine
    }

    /// All calls that an account can have.
    async fn all_calls(account: &str) -> Vec<Reservation> {
        let mut held = Vec::new();
        for name in 0.. {
            let holder = Holder::new(account, &name.to_string());
            match tokio::time::timeout(Duration::from_millis(10), client::reserve_call(&holder)).await {
                Ok(call) => held.push(call),
                Err(_) => break,
            }
        }
        held
    }

    /// Polls it once.
    async fn is_pending<F: Future>(mut future: Pin<&mut F>) -> bool {
        tokio::select! {
            biased;
            _ = future.as_mut() => false,
            () = std::future::ready(()) => true,
        }
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_asked_for_stops_no_other_table() {
        let (tables, engine) = (tables().await, with_keys(&[1, 2]).await);
        let held = all_calls("000000000001").await;
        let mut first = pin!(tables.learn(&*engine, 1));
        assert!(is_pending(first.as_mut()).await, "its account has no call left");
        // No KMS answers, and those that wait for the table have that outcome with the one that has asked.
        let other = || tables.learn(&*engine, 2);
        let outcomes = tokio::join!(other(), other(), other());
        for outcome in [outcomes.0, outcomes.1, outcomes.2] {
            assert!(matches!(outcome, Err(StorageError::Unavailable(_))), "{outcome:?}");
        }
        assert_eq!(tables.ticks.load(Ordering::Relaxed), 1 + 3 + 1, "two of the three have not asked");
        assert!(is_pending(first.as_mut()).await);
        drop(held);
    }

    /// An account that has all its calls under way does not escape the look at its keys.
    #[tokio::test]
    async fn the_calls_of_an_account_do_not_delay_the_look_at_its_keys() {
        let (tables, engine) = (tables().await, with_keys(&[3]).await);
        let held = all_calls("000000000003").await;
        tables.known.write().insert(3, Known::Inaccessible("disabled".to_owned(), 0));
        let mut learning = pin!(tables.learn_in_turn(&*engine, 4));
        assert!(!is_pending(learning.as_mut()).await, "a table without a key");
        // It ends, as no KMS is there, and has not waited for a call.
        let mut checked = pin!(tables.look_again(&*engine, &[3], |_| ()));
        let mut wrapped = pin!(tables.wrap_now("000000000003", None, Some("arn:aws:kms:a:b:key/3")));
        assert!(is_pending(wrapped.as_mut()).await, "it waits for a call of the account");
        assert_eq!(checked.as_mut().await, Ok(()));
        assert!(is_pending(wrapped.as_mut()).await);
        drop(held);
    }

    /// An engine that cannot read the key of table 1.
    struct Damaged(Arc<Memory>);

    impl Layer for Damaged {
        fn inner(&self) -> &dyn Engine {
            &*self.0
        }

        fn get<'a>(&'a self, key: &'a Key, of: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
            match *key == layout::table_key(1) {
                true => Box::pin(std::future::ready(Err(StorageError::Corrupt("a row".to_owned())))),
                false => self.0.get(key, of),
            }
        }
    }

    #[tokio::test]
    async fn a_damaged_key_stops_no_check_of_another_table() {
        let (tables, engine) = (tables().await, Damaged(with_keys(&[1]).await));
        tables.forget(1);
        tables.forget(2);
        assert_eq!(tables.look_again(&engine, &[1, 2], |_| ()).await, Ok(()));
        let left: Vec<u64> = tables.known_by_owner().into_values().flatten().collect();
        assert_eq!(left, [1], "the second table was looked at: it has no key");
    }

    /// No request has to meet it: what is described of the table follows from the check.
    #[tokio::test]
    async fn a_table_whose_row_was_written_is_checked() {
        let tables = tables().await;
        let engine = with_keys(&[1]).await;
        assert!(tables.known_by_owner().is_empty());
        tables.forget(1);
        tables.forget(2);
        let checked = tables.known_by_owner();
        let all: Vec<u64> = checked.values().flatten().copied().collect();
        assert_eq!(all, [1, 2]);
        // The account's look may be under way, which leaves these out.
        assert_eq!(tables.known_by_owner().into_values().flatten().collect::<Vec<_>>(), [1, 2]);
        tables.look_again(&*engine, &all, |_| ()).await.expect("a look");
        assert!(!tables.known.read().contains_key(&2), "of a table without a row nothing is kept");
        let left = || tables.known_by_owner().into_values().flatten().collect::<Vec<_>>();
        assert_eq!(left(), [1], "its KMS does not answer");
        let look = Look::begin(&tables, 1);
        assert!(look.keep(Known::Inaccessible("disabled".to_owned(), 0)));
        assert!(tables.rewritten.lock().is_empty());
        tables.forget(1);
        assert!(!look.keep(Known::Plain));
        assert_eq!(left(), [1], "written while it was looked at");
    }

    #[tokio::test]
    async fn a_look_that_a_write_overtook_says_nothing() {
        let tables = tables().await;
        let is_unknown = || tables.scope(Family::Items, &1_u64.to_be_bytes()) == Err(NoScope::Unknown(1));
        let (old, before) = (Look::begin(&tables, 1), Known::Plain);
        tables.forget(1);
        let new = Look::begin(&tables, 1);
        assert!(!old.keep(Known::Plain) && is_unknown());
        let lost = Known::Inaccessible("of the key before".to_owned(), 0);
        assert!(take_over(&old, &before, lost).is_none() && is_unknown());
        drop(old);
        assert!(new.keep(Known::Plain) && !is_unknown());
        drop(new);
        assert!(tables.looked_at.lock().is_empty());
    }
}
