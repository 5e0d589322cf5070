//! fjall, opened as this engine needs it: one keyspace a family and one for the engine's own rows.
//!
//! A keyspace per table would cost milliseconds to make and a memtable each; tables share keyspaces and differ in
//! their keys' first bytes.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fjall::{
    AbstractTree, Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable, Snapshot,
};

use super::EmbeddedOptions;
use super::churn::Churn;
use super::error::OpenError;
use super::folder::FolderLock;
use super::stats::{self, FamilyStats, StoreStats};
use crate::error::StorageError;
use crate::key::{Family, Key, ScanRange};

const MIB: u64 = 1024 * 1024;

/// Journals are retained until all that they hold has reached tables; above this size, keyspaces that are written
/// seldom are flushed early. Bounds the disk that they take and the time to replay them.
const JOURNALS_BYTES: u64 = 256 * MIB;

/// fjall stops writers, for 100 ms at a time, while a keyspace has four full memtables that wait for the disk. With
/// small memtables each is written in a fraction of a second, so that four never wait.
fn memtable_bytes(family: Family) -> u64 {
    match family {
        Family::Catalog => 16 * MIB,
        Family::Items | Family::Index | Family::Log => 32 * MIB,
    }
}

/// The engine's own rows are few and overwritten all the time.
const ENGINE_MEMTABLE_BYTES: u64 = 4 * MIB;

fn name(family: Family) -> &'static str {
    match family {
        Family::Catalog => "catalog",
        Family::Items => "items",
        Family::Index => "index",
        Family::Log => "log",
    }
}

pub(super) struct Store {
    path: PathBuf,
    database: Database,
    families: [Keyspace; Family::ALL.len()],
    /// Commit rows.
    engine: Keyspace,
    churn: Churn,
    // After the database, so that it is let go last.
    _lock: Option<FolderLock>,
}

impl Store {
    pub(super) fn open(path: &Path, options: &EmbeddedOptions) -> Result<Store, OpenError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let database = Database::builder(path)
            .cache_size(options.block_cache_bytes())
            .max_journaling_size(JOURNALS_BYTES)
            // One thread only flushes if there are several, so compactions never hold up a flush.
            .worker_threads(cores.clamp(2, 4))
            .manual_journal_persist(true)
            .open()?;
        let memtable_bytes_max = options.memtable_bytes_max.unwrap_or(u64::MAX);
        let keyspace = |name: &str, memtable_bytes: u64| {
            let memtable_bytes = memtable_bytes.min(memtable_bytes_max);
            database.keyspace(name, || KeyspaceCreateOptions::default().max_memtable_size(memtable_bytes))
        };
        let family = |family| keyspace(name(family), memtable_bytes(family));
        let [catalog, items, index, log] = Family::ALL;
        let families = [family(catalog)?, family(items)?, family(index)?, family(log)?];
        let engine = keyspace("engine", ENGINE_MEMTABLE_BYTES)?;
        Ok(Store { path: path.to_owned(), database, families, engine, churn: Churn::default(), _lock: None })
    }

    /// Keeps the folder locked as long as the store lives.
    pub(super) fn holding(self, lock: FolderLock) -> Store {
        Store { _lock: Some(lock), ..self }
    }

    pub(super) fn family(&self, family: Family) -> &Keyspace {
        &self.families[family as usize]
    }

    /// Dead versions in the memtables.
    pub(super) fn churn(&self) -> &Churn {
        &self.churn
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.database.snapshot()
    }

    /// What readers may see: a whole group or nothing of it. (A plain get of fjall's sees a group's rows one by one
    /// while they are put into memtables.)
    pub(super) fn get_visible(&self, key: &Key) -> Result<Option<Bytes>, StorageError> {
        self.get_at(&self.snapshot(), key)
    }

    pub(super) fn get_at(&self, snapshot: &Snapshot, key: &Key) -> Result<Option<Bytes>, StorageError> {
        if !is_storable(key) {
            return Ok(None);
        }
        let value = snapshot.get(self.family(key.family), &key.bytes).map_err(read_failure)?;
        Ok(value.map(Bytes::from))
    }

    /// What a writer reads that holds the key's latch and found nothing queued: no other write of the key can be under
    /// way.
    pub(super) fn get_newest(&self, key: &Key) -> Result<Option<Bytes>, StorageError> {
        if !is_storable(key) {
            return Ok(None);
        }
        let value = self.family(key.family).get(&key.bytes).map_err(read_failure)?;
        Ok(value.map(Bytes::from))
    }

    /// A batch that is durable once it is committed.
    pub(super) fn batch(&self, rows: usize) -> OwnedWriteBatch {
        OwnedWriteBatch::with_capacity(self.database.clone(), rows).durability(Some(PersistMode::SyncData))
    }

    /// A row into a batch, or its deletion.
    pub(super) fn put(&self, batch: &mut OwnedWriteBatch, key: Key, value: Option<Bytes>) {
        let family = self.family(key.family);
        match value {
            Some(value) => batch.insert(family, key.bytes, value),
            None => batch.remove(family, key.bytes),
        }
    }

    pub(super) fn put_engine_row(&self, batch: &mut OwnedWriteBatch, key: &[u8], value: &[u8]) {
        batch.insert(&self.engine, key, value);
    }

    fn keyspaces(&self) -> impl Iterator<Item = &Keyspace> {
        self.families.iter().chain([&self.engine])
    }

    /// What is yet to be written to tables, but for the engine's own rows: of all their versions one is written.
    pub(super) fn memtable_bytes(&self) -> u64 {
        self.database.write_buffer_size().saturating_sub(self.engine.tree.active_memtable().size())
    }

    /// Bytes of a family's memtable.
    pub(super) fn active_bytes(&self, family: Family) -> u64 {
        self.family(family).tree.active_memtable().size()
    }

    /// Whether a family has tables that no compaction has touched.
    pub(super) fn has_fresh_tables(&self, family: Family) -> bool {
        compaction_bytes(self.family(family)) > 0
    }

    /// Begins to write the engine's rows to a table.
    pub(super) fn rotate_engine_rows(&self) {
        // What fails here poisons fjall, which the next look at it shows.
        let _ = self.engine.rotate_memtable();
    }

    /// What the largest compaction that may be next writes before it removes anything.
    pub(super) fn compaction_bytes(&self) -> u64 {
        self.keyspaces().map(compaction_bytes).max().unwrap_or_default()
    }

    /// Whether a memtable is being written to a table, or waits for it.
    pub(super) fn is_flushing(&self) -> bool {
        self.keyspaces().any(|keyspace| keyspace.sealed_memtable_count() > 0)
    }

    /// Whether all of a family's rows are in tables.
    pub(super) fn is_flushed(&self, family: Family) -> bool {
        let keyspace = self.family(family);
        keyspace.tree.active_memtable().is_empty() && keyspace.sealed_memtable_count() == 0
    }

    /// Bytes of a family's live rows: what a compaction of all of it writes at most, but for overhead. Reads all of it.
    pub(super) fn live_bytes(&self, family: Family) -> Option<u64> {
        let mut bytes = 0;
        for row in self.family(family).iter() {
            let (key, value) = row.into_inner().ok()?;
            bytes += (key.len() + value.len()) as u64;
        }
        Some(bytes)
    }

    /// Rows of a family's tables, and how many of them are tombstones.
    pub(super) fn tombstones(&self, family: Family) -> (u64, u64) {
        let version = self.family(family).tree.current_version();
        let add = |(rows, tombstones): (u64, u64), table: (u64, u64)| (rows + table.0, tombstones + table.1);
        version.iter_tables().map(|table| (table.metadata.item_count, table.tombstone_count())).fold((0, 0), add)
    }

    /// Journals that wait until all that they hold has reached tables.
    pub(super) fn sealed_journals(&self) -> usize {
        self.database.journal_count().saturating_sub(1)
    }

    /// Begins to write all memtables to tables.
    pub(super) fn rotate_all(&self) {
        // What fails here poisons fjall, which the next look at it shows.
        self.keyspaces().for_each(|keyspace| drop(keyspace.rotate_memtable()));
    }

    /// Whether fjall takes no more writes: a write, a flush or a compaction has failed.
    pub(super) fn is_poisoned(&self) -> bool {
        // Every group is synced as it is written, so there is nothing left to persist.
        self.database.persist(PersistMode::Buffer).is_err()
    }

    /// The operator's text for a write that failed.
    pub(super) fn write_failure(&self, cause: impl fmt::Display, is_full: bool) -> String {
        let full = if is_full { "disk full: " } else { "" };
        format!("{full}cannot write to {}: {cause}", self.path.display())
    }

    pub(super) fn commit_failure(&self, error: &fjall::Error) -> StorageError {
        let cause = match error {
            fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => Some(error),
            _ => None,
        };
        let is_full = cause.is_some_and(|error| error.kind() == io::ErrorKind::StorageFull);
        let text = match (cause, error) {
            (Some(cause), _) => self.write_failure(cause, is_full),
            (None, fjall::Error::Poisoned) => self.write_failure("an earlier write failed", is_full),
            (None, error) => self.write_failure(error, is_full),
        };
        StorageError::Unavailable(text)
    }

    pub(super) fn stats(&self) -> StoreStats {
        let database = &self.database;
        let family = |family| family_stats(name(family), self.family(family));
        let mut families: Vec<FamilyStats> = Family::ALL.into_iter().map(family).collect();
        families.push(family_stats("engine", &self.engine));
        StoreStats {
            block_cache_bytes: database.cache_size(),
            block_cache_bytes_max: database.cache_capacity(),
            memtable_bytes: database.write_buffer_size(),
            journals: database.journal_count() as u64,
            // fjall's own sum takes the lock under which a group is synced.
            journal_disk_bytes: stats::journal_disk_bytes(&self.path),
            flushes_waiting: database.outstanding_flushes() as u64,
            compactions_running: database.active_compactions() as u64,
            compactions: database.compactions_completed() as u64,
            compaction_time: database.time_compacting(),
            families,
        }
    }

    /// Writes the commit rows to a table now.
    #[cfg(test)]
    pub(super) fn flush_engine_rows(&self) {
        self.engine.rotate_memtable_and_wait().unwrap();
    }

    /// Writes everything to tables now.
    #[cfg(test)]
    pub(super) fn flush(&self) {
        self.families.iter().for_each(|family| family.rotate_memtable_and_wait().unwrap());
        self.flush_engine_rows();
    }

    pub(super) fn commit_rows(&self) -> Result<Vec<(Bytes, Bytes)>, OpenError> {
        let mut rows = Vec::new();
        for row in self.engine.prefix(super::commit_row::KEY_PREFIX) {
            let (key, value) = row.into_inner()?;
            rows.push((key.into(), value.into()));
        }
        Ok(rows)
    }
}

/// What the next compaction of a keyspace may write: the fresh tables with the level below them; or, between two deeper
/// levels, a table with about ten that it overlaps.
fn compaction_bytes(keyspace: &Keyspace) -> u64 {
    /// The first level is compacted when it has about half of this. Unit: bytes.
    const LEVEL_BYTES: u64 = 512 * MIB;
    const DEEP_BYTES: u64 = 11 * 64 * MIB;
    let version = keyspace.tree.current_version();
    let fresh = version.l0().size();
    let mut levels = version.iter_levels().skip(1).filter(|level| !level.is_empty());
    let below = levels.next().map_or(0, |level| level.size());
    let deep = if levels.next().is_some() { DEEP_BYTES } else { 0 };
    let merged = if fresh == 0 { 0 } else { fresh.saturating_add(below.min(LEVEL_BYTES)) };
    merged.max(deep)
}

fn family_stats(name: &'static str, rows: &Keyspace) -> FamilyStats {
    FamilyStats {
        name,
        disk_bytes: rows.disk_space(),
        tables: rows.table_count() as u64,
        fresh_tables: rows.l0_table_count() as u64,
        full_memtables: rows.sealed_memtable_count() as u64,
    }
}

/// What fjall takes as a key. Unit: bytes.
const KEY_SIZE_MAX: usize = u16::MAX as usize;

/// Whether there can be a row of this key.
pub(super) fn is_storable(key: &Key) -> bool {
    (1..=KEY_SIZE_MAX).contains(&key.bytes.len())
}

/// The same ranges of storable keys, with bounds that fjall takes.
pub(super) fn storable_bounds(range: &ScanRange) -> (Bound<Bytes>, Bound<Bytes>) {
    // A longer bound lies right behind the longest key that it starts with, and before all that follow that one.
    let long = |bound: &Bound<Bytes>| match bound {
        Bound::Included(key) | Bound::Excluded(key) => (key.len() > KEY_SIZE_MAX).then(|| key.slice(..KEY_SIZE_MAX)),
        Bound::Unbounded => None,
    };
    let lower = long(&range.lower).map_or_else(|| range.lower.clone(), Bound::Excluded);
    let upper = long(&range.upper).map_or_else(|| range.upper.clone(), Bound::Included);
    (lower, upper)
}

/// A read's failure: bytes that are not what was written, or a disk that does not answer.
pub(super) fn read_failure(error: fjall::Error) -> StorageError {
    match error {
        fjall::Error::Io(error) => StorageError::Unavailable(error.to_string()),
        fjall::Error::Storage(fjall::LsmError::Io(error)) => StorageError::Unavailable(error.to_string()),
        error => StorageError::Corrupt(error.to_string()),
    }
}
