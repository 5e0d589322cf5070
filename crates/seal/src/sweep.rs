//! The re-encryption sweep: rewrites values under old data keys, so that no key is needed permanently.
//!
//! A process retires its own data keys after some days, and makes new ones. Values under old keys of any process are
//! re-encrypted under the process's own: the sweep walks all rows in pages, reads in a value's header which key it is under, and
//! rewrites it ([`Rewrite`]) under the process's own, if it is still the same value then. Records of logs are left alone: they
//! are trimmed after a day.
//!
//! Servers that share a database each do so, and do not undo each other's work: keys are the same age for all of them.
//! The row of an old key under which a whole sweep has met nothing is marked, and no further sweep is made for that key. It
//! stays, as a server or a copy of a row may still need it; a key without values reveals nothing.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use storage::{Batch, Family, Key, Mode, Pages, Reads, Rewrite, Row, ScanPage, ScanRange, StorageError, TxError};

use crate::scope::NoScope;
use crate::sealed_rows::SealedRows;
use crate::value::KeyId;
use crate::waits::QUICK;

/// What is walked.
const FAMILIES: [Family; 3] = [Family::Items, Family::Index, Family::Catalog];
/// What is read in one step.
const PAGE_ROWS: usize = 256;
const PAGE_BYTES: usize = 256 * 1024;
/// What is rewritten in one step.
const STEP_ROWS: usize = 8;
/// Between two steps: a few hundred rows a second at most.
const PAUSE: Duration = Duration::from_millis(25);
/// After which keys are looked at again, unless they grow old much sooner.
const LOOK: Duration = Duration::from_secs(600);
/// So long after its time a key may still be used: clocks differ, and a write may have begun before. Unit: milliseconds.
const GRACE_MS: u64 = 86_400_000;

/// What a sweep has done.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Swept {
    /// Values that are under a new key now.
    pub rewritten: u64,
    /// Values that the next sweep has to see to: they were busy, or their table's key may not be used.
    pub left: u64,
    /// Old keys that no value needs any more.
    pub freed: u64,
}

/// A sweep on its way.
pub(crate) struct Sweep {
    old: HashSet<KeyId>,
    /// Of these, those that no process uses any more if no value is under them.
    late: HashSet<KeyId>,
    families: std::slice::Iter<'static, Family>,
    /// The next page; none after the last family.
    range: Option<ScanRange>,
    /// Rows to rewrite before the next page.
    due: VecDeque<(Key, Bytes)>,
    /// Tables with a KMS that has not answered: their rows are the next sweep's. The walk has one position in all rows, so it
    /// cannot wait for each account separately, as jobs on tables do.
    unanswered: HashSet<u64>,
    swept: Swept,
    /// Whether a value that stays was logged.
    is_logged: bool,
}

impl Sweep {
    /// Retires keys of this process. None if no old key may still have values.
    pub(crate) async fn begin(sealed_rows: &SealedRows, age_ms: u64) -> Result<Option<Sweep>, StorageError> {
        let now_ms = sealed_rows.data_keys.now_ms();
        sealed_rows.data_keys.retire(now_ms, age_ms);
        let (mut old, mut late) = (HashSet::new(), HashSet::new());
        for key in sealed_rows.data_keys.list(&*sealed_rows.inner).await? {
            let age = now_ms.saturating_sub(key.made_ms);
            if age >= age_ms && !key.is_free {
                old.insert(key.id);
                if age >= age_ms.saturating_add(age_ms.min(GRACE_MS)) {
                    late.insert(key.id);
                }
            }
        }
        if old.is_empty() {
            return Ok(None);
        }
        let mut families = FAMILIES.iter();
        let range = families.next().map(|family| ScanRange::whole(*family, PAGE_ROWS, PAGE_BYTES));
        Ok(Some(Sweep {
            old,
            late,
            families,
            range,
            due: VecDeque::new(),
            unanswered: HashSet::new(),
            swept: Swept::default(),
            is_logged: false,
        }))
    }

    /// Reads a page or rewrites a few rows. What it has done once it is at its end.
    pub(crate) async fn step(&mut self, sealed_rows: &SealedRows) -> Result<Option<Swept>, StorageError> {
        if !self.due.is_empty() {
            self.rewrite_some(sealed_rows).await?;
            return Ok(None);
        }
        // Replaced only once a page was read: a run that is dropped meanwhile leaves its place to the next one.
        let Some(range) = self.range.clone() else {
            for id in &self.late {
                self.swept.freed += u64::from(sealed_rows.data_keys.free(&*sealed_rows.inner, *id).await?);
            }
            return Ok(Some(self.swept));
        };
        let family = range.family;
        let mut pages = Pages::of_fresh_views(&*sealed_rows.inner, range);
        // A page that failed is read again by the next step. One whose block is damaged would fail each time: the rest of its family is
        // left to the next sweep, and as its rows may need any of the old keys, none of these is free.
        let (left, page) = match pages.next_with_damaged().await {
            Err(error @ StorageError::Corrupt(_)) => {
                self.late.clear();
                self.leave(1, &error)?;
                (None, ScanPage::default())
            }
            read => {
                let page = read?.unwrap_or_default();
                (pages.left(), page)
            }
        };
        self.range =
            left.or_else(|| self.families.next().map(|family| ScanRange::whole(*family, PAGE_ROWS, PAGE_BYTES)));
        self.swept.left += page.damaged.len() as u64;
        self.take(sealed_rows, family, page.rows);
        Ok(None)
    }

    fn take(&mut self, sealed_rows: &SealedRows, family: Family, rows: Vec<Row>) {
        for Row { key, value } in rows {
            let key = Key { family, bytes: key };
            if let Some(id) = sealed_rows.key_under(&key, &value).filter(|id| self.old.contains(id)) {
                self.late.remove(&id);
                self.due.push_back((key, value));
            }
        }
    }

    /// Puts values under this process's keys, where they are still as they were read. A value that was sealed again meanwhile
    /// differs, as no key seals two values to the same bytes: so a write wins that is under way, and a deleted row stays so.
    async fn rewrite_some(&mut self, sealed_rows: &SealedRows) -> Result<(), StorageError> {
        let mut rewrites = Vec::with_capacity(STEP_ROWS);
        while rewrites.len() < STEP_ROWS {
            let Some((key, expected)) = self.due.pop_front() else { break };
            if let Err(NoScope::Unknown(table)) = sealed_rows.tables.scope(key.family, &key.bytes)
                && let Err(error) = self.learn(sealed_rows, table).await
            {
                self.leave(1, &error)?;
                continue;
            }
            match sealed_rows.reseal(&key, &expected, &self.old).await {
                Ok(Some(value)) => rewrites.push(Rewrite { key, expected, value }),
                Ok(None) => {}
                Err(error) => self.leave(1, &error)?,
            }
        }
        let count = rewrites.len() as u64;
        let rewrite = |_: &Reads, batch: &mut Batch| {
            batch.rewrites.clone_from(&rewrites);
            Ok::<(), Infallible>(())
        };
        match sealed_rows.inner.write(Mode::Plain, &[], rewrite).await {
            // Rows that were left out are deleted, or under a newer key.
            Ok(_) => self.swept.rewritten += count,
            Err(TxError::Storage(error)) => self.leave(count, &error)?,
            // The engine is busy, or the outcome is unknown.
            Err(_) => self.swept.left += count,
        }
        Ok(())
    }

    /// Loads a table's key. The KMS has [`QUICK`] to answer, once a sweep: a key that hangs delays other tables by no more.
    async fn learn(&mut self, sealed_rows: &SealedRows, table: u64) -> Result<(), StorageError> {
        let unanswered = || StorageError::Unavailable(format!("the KMS does not answer for the key of table {table}"));
        if self.unanswered.contains(&table) {
            return Err(unanswered());
        }
        let learned = tokio::time::timeout(QUICK, sealed_rows.tables.learn(&*sealed_rows.inner, table)).await;
        let learned = learned.unwrap_or_else(|_| Err(unanswered()));
        if learned.is_err() {
            self.unanswered.insert(table);
        }
        learned
    }

    /// Rows that cannot be rewritten now. Only an engine that is closed ends the sweep.
    fn leave(&mut self, count: u64, error: &StorageError) -> Result<(), StorageError> {
        if *error == StorageError::Closed {
            return Err(StorageError::Closed);
        }
        self.swept.left += count;
        if count > 0 && !self.is_logged {
            self.is_logged = true;
            log::warn!(event = "data_key_rotation_delayed"; "a value stays encrypted with an old data key for now: {error}");
        }
        Ok(())
    }
}

/// One process's sweeps, one after the other.
pub(crate) struct Sweeper {
    age_ms: u64,
    sweep: Option<Sweep>,
    /// When the next sweep may begin, by the steady clock.
    next_ms: u64,
}

impl Sweeper {
    pub(crate) fn new(age: Duration) -> Sweeper {
        Sweeper { age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX), sweep: None, next_ms: 0 }
    }

    /// How long to wait for the next step.
    pub(crate) fn pause(&self) -> Duration {
        if self.sweep.is_some() { PAUSE } else { LOOK.min(Duration::from_millis(self.age_ms / 16)).max(PAUSE) }
    }

    pub(crate) async fn step(&mut self, sealed_rows: &SealedRows) -> Result<(), StorageError> {
        sealed_rows.data_keys.retire(sealed_rows.data_keys.now_ms(), self.age_ms);
        let now_ms = sealed_rows.data_keys.steady_ms();
        let Some(sweep) = &mut self.sweep else {
            if now_ms >= self.next_ms {
                self.sweep = Sweep::begin(sealed_rows, self.age_ms).await?;
                self.next_ms = now_ms + self.age_ms / 16;
            }
            return Ok(());
        };
        if let Some(swept) = sweep.step(sealed_rows).await? {
            self.sweep = None;
            self.next_ms = now_ms + self.age_ms / 16;
            if swept != Swept::default() {
                let Swept { rewritten, left, freed } = swept;
                log::info!(
                    event = "data_keys_rotated";
                    "old data keys: {rewritten} values rewritten, {left} left for later, {freed} keys not needed any more"
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base::Clock;
    use storage::{BoxFuture, Consistency, Engine, KeyUse, Layer, Memory, View};
    use tokio::time::Instant;

    use super::*;
    use crate::keyring::Keyring;
    use crate::kms::Kms;
    use crate::layout::{self, Layout};
    use crate::master::MasterKey;
    use crate::secret::Secret;

    /// A memory with a block of items that cannot be read.
    struct Damaged(Arc<Memory>);

    struct DamagedView(Box<dyn View>);

    impl Layer for Damaged {
        fn inner(&self) -> &dyn Engine {
            &*self.0
        }

        fn view(&self, of: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
            Box::pin(async move { Ok(Box::new(DamagedView(self.0.view(of).await?)) as Box<dyn View>) })
        }
    }

    impl View for DamagedView {
        fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>> {
            self.0.get_many(keys)
        }

        fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
            match range.family {
                Family::Items => Box::pin(std::future::ready(Err(StorageError::Corrupt("a block".to_owned())))),
                _ => self.0.scan_page(range),
            }
        }
    }

    /// The rest of the family is left to the next sweep. Its rows may need any of the old keys.
    #[tokio::test]
    async fn a_damaged_block_stops_no_other_family() {
        let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
        let damaged = Arc::new(Damaged(Memory::new()));
        let sealed_rows = SealedRows::new(damaged, &keyring, None, Layout::STATOR, Clock::system());
        let mut families = FAMILIES.iter();
        let range = families.next().map(|family| ScanRange::whole(*family, PAGE_ROWS, PAGE_BYTES));
        let late = HashSet::from([KeyId::default()]);
        let mut sweep = Sweep { range, families, late, ..Sweep::of_rows(VecDeque::new()) };
        let mut steps = 0;
        let swept = loop {
            steps += 1;
            assert!(steps < 10);
            match sweep.step(&sealed_rows).await {
                Ok(Some(swept)) => break swept,
                step => assert_eq!(step, Ok(None)),
            }
        };
        assert_eq!((swept, sweep.late.len()), (Swept { left: 1, ..Swept::default() }, 0));
    }

    /// A memory that is not read any more.
    struct Hanging(Arc<Memory>);

    impl Layer for Hanging {
        fn inner(&self) -> &dyn Engine {
            &*self.0
        }

        fn view(&self, _: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
            Box::pin(std::future::pending())
        }
    }

    /// A run that panics or is cancelled while it reads: otherwise the sweep would be at its end, and keys of rows that it has not read
    /// be free.
    #[tokio::test(start_paused = true)]
    async fn a_step_that_is_dropped_leaves_its_place() {
        let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
        let hanging = Arc::new(Hanging(Memory::new()));
        let sealed_rows = SealedRows::new(hanging, &keyring, None, Layout::STATOR, Clock::system());
        let range = ScanRange::whole(Family::Items, PAGE_ROWS, PAGE_BYTES);
        let mut sweep = Sweep { range: Some(range.clone()), ..Sweep::of_rows(VecDeque::new()) };
        assert!(tokio::time::timeout(QUICK, sweep.step(&sealed_rows)).await.is_err());
        assert_eq!(sweep.range.map(|left| (left.family, left.lower)), Some((range.family, range.lower)));
    }

    impl Sweep {
        fn of_rows(due: VecDeque<(Key, Bytes)>) -> Sweep {
            Sweep {
                old: HashSet::new(),
                late: HashSet::new(),
                families: FAMILIES.iter(),
                range: None,
                due,
                unanswered: HashSet::new(),
                swept: Swept::default(),
                is_logged: false,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_hangs_delays_the_sweep_once() {
        let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
        // It accepts connections, and never answers.
        let kms = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let kms = Kms::new(format!("http://{}", kms.local_addr().expect("an address")), String::new(), None);
        let memory = Memory::new();
        let sealed_rows = SealedRows::new(memory.clone(), &keyring, Some(kms), Layout::STATOR, Clock::system());
        let key_row = layout::table_key(1);
        let put = |_: &Reads, batch: &mut Batch| {
            let text = "stator keys\nformat 1\ndatabase 00\nmaster kms arn:aws:kms:a:b:key/1\nkey 00\n";
            batch.put(key_row.clone(), text);
            Ok::<(), ()>(())
        };
        let engine: &dyn Engine = &*memory;
        engine.write(Mode::Plain, &[KeyUse::write(key_row.clone())], put).await.expect("a write").expect("decided");
        let row = |table: u64, number: u8| {
            let bytes = [&table.to_be_bytes()[..], &[number]].concat();
            (Key::new(Family::Items, Bytes::from(bytes)), Bytes::from_static(&[0; 32]))
        };
        let mut due: VecDeque<_> = (0..20).map(|number| row(1, number)).collect();
        due.push_back(row(2, 0));
        let mut sweep = Sweep::of_rows(due);
        let began = Instant::now();
        while !sweep.due.is_empty() {
            sweep.step(&sealed_rows).await.expect("a step");
        }
        assert_eq!((sweep.swept.left, sweep.unanswered.len()), (20, 1));
        assert!(began.elapsed() < QUICK * 2, "{:?}", began.elapsed());
        assert!(sealed_rows.tables.scope(Family::Items, &2_u64.to_be_bytes()).is_ok(), "the next table was reached");
    }
}
