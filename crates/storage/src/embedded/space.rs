//! Free disk space: how much there is, and which writes are still accepted.
//!
//! A write that does not fit on the disk poisons fjall until a restart, and so does a flush or a compaction. So a
//! reserve stays free: below it, batches that add data (items, index rows, tables, identities, tokens) are refused, and
//! batches that delete are accepted, with the counters, log records and catalog rows that belong to a delete. Below an eighth of the reserve
//! only deletes without log records and catalog rows are accepted, which are small: a table can be deleted. On the last
//! megabyte everything is refused. All of it ends by itself when there is room again, a little above the reserve so that the state
//! does not flap.
//!
//! Background work needs room as well: memtables are written once more as tables, and a compaction writes its output
//! before it removes its input. That much counts as taken already; what a compaction may take only for writes, since
//! deletes must continue to work until hardly any room is left, because they free some.
//!
//! A sample is one `statvfs` and a look at the sizes in memory. It is taken every second, after each eighth of the
//! reserve that was committed, and, while writes are refused, before one more is refused; a write itself reads one
//! atomic.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::store::Store;
use crate::batch::Batch;
use crate::error::StorageError;

/// The reserve, unless it is set: this much, or a fiftieth of a small file system. Unit: bytes.
const RESERVE_BYTES: u64 = 256 << 20;
const RESERVE_PART: u64 = 50;
/// The part of the reserve that not even deletes use, and by which free space must exceed the reserve to end a refusal.
const MARGIN_PART: u64 = 8;
/// The part of the reserve after which a full disk is looked at again.
const SCARCE_SAMPLE_PART: u64 = 64;
/// Less than a small table and a journal's next writes take. Unit: bytes.
const FULL_BYTES: u64 = 1 << 20;
/// A refused write looks again if the last sample is older.
const SAMPLE_AGE_MAX: Duration = Duration::from_millis(100);

const REFUSED: &str =
    "The disk of the server is full: writes are refused until there is free space. Reads and deletes are accepted.";
const ALL_REFUSED: &str =
    "The disk of the server is full: writes and deletes are refused until there is free space. Reads are accepted.";

/// What the disk still takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DiskState {
    /// Everything.
    Ample,
    /// Deletes.
    Low,
    /// Deletes that no log records, and rows of the catalog, while there is a little room left.
    Exhausted,
}

impl DiskState {
    fn of(byte: u8) -> DiskState {
        match byte {
            0 => DiskState::Ample,
            1 => DiskState::Low,
            _ => DiskState::Exhausted,
        }
    }
}

/// Free space at the last sample. Unit: bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskSpace {
    pub free_bytes: u64,
    /// What must stay free: the reserve, and what background work is about to write.
    pub reserve_bytes: u64,
    pub refused_writes: u64,
}

/// The file system of a folder. Unit: bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileSystem {
    pub(super) free: u64,
    pub(super) total: u64,
}

type Probe = Box<dyn Fn(&Path) -> Option<FileSystem> + Send + Sync>;

pub(super) struct Space {
    path: PathBuf,
    /// 0 if free space is not watched.
    reserve: u64,
    probe: Mutex<Probe>,
    state: AtomicU8,
    changes: watch::Sender<DiskState>,
    free: AtomicU64,
    memtables: AtomicU64,
    compaction: AtomicU64,
    /// Bytes that were committed since the last sample.
    unsampled: AtomicU64,
    sampled: Mutex<Option<Instant>>,
    refused: AtomicU64,
}

impl Space {
    /// Watches the file system of `path`; `reserve` bytes of it stay free, or a default.
    pub(super) fn new(path: &Path, reserve: Option<u64>) -> Space {
        Space::with(path, reserve, Box::new(file_system))
    }

    pub(super) fn with(path: &Path, reserve: Option<u64>, probe: Probe) -> Space {
        let default = || probe(path).map_or(0, |found| RESERVE_BYTES.min(found.total / RESERVE_PART));
        Space {
            path: path.to_owned(),
            reserve: reserve.unwrap_or_else(default),
            probe: Mutex::new(probe),
            state: AtomicU8::new(DiskState::Ample as u8),
            changes: watch::Sender::new(DiskState::Ample),
            free: AtomicU64::new(0),
            memtables: AtomicU64::new(0),
            compaction: AtomicU64::new(0),
            unsampled: AtomicU64::new(0),
            sampled: Mutex::new(None),
            refused: AtomicU64::new(0),
        }
    }

    pub(super) fn state(&self) -> DiskState {
        DiskState::of(self.state.load(Ordering::Relaxed))
    }

    pub(super) fn changes(&self) -> watch::Receiver<DiskState> {
        self.changes.subscribe()
    }

    /// Bytes that a compaction may take now.
    pub(super) fn usable(&self) -> u64 {
        let kept = self.reserve / MARGIN_PART;
        self.free.load(Ordering::Relaxed).saturating_sub(self.memtables.load(Ordering::Relaxed)).saturating_sub(kept)
    }

    /// Bytes that flushes may take now.
    pub(super) fn flushable(&self) -> u64 {
        self.free.load(Ordering::Relaxed).saturating_sub((self.reserve / MARGIN_PART).min(FULL_BYTES) / 4)
    }

    /// Whether nothing but the room for a compaction keeps writes from being accepted.
    pub(super) fn waits_for_compaction(&self) -> bool {
        let free = self.free.load(Ordering::Relaxed).saturating_sub(self.memtables.load(Ordering::Relaxed));
        self.state() != DiskState::Ample && self.judge(free, 0) == DiskState::Ample
    }

    pub(super) fn is_watched(&self) -> bool {
        self.reserve > 0
    }

    /// Whether the file system has hardly a block left.
    pub(super) fn is_full(&self) -> bool {
        (self.probe.lock())(&self.path).is_some_and(|found| found.free < FULL_BYTES)
    }

    pub(super) fn stats(&self) -> DiskSpace {
        DiskSpace {
            free_bytes: self.free.load(Ordering::Relaxed),
            reserve_bytes: [&self.memtables, &self.compaction]
                .iter()
                .fold(self.reserve, |sum, bytes| sum.saturating_add(bytes.load(Ordering::Relaxed))),
            refused_writes: self.refused.load(Ordering::Relaxed),
        }
    }

    /// Looks at the file system.
    pub(super) fn sample(&self, store: &Store) {
        let mut sampled = self.sampled.lock();
        *sampled = Some(Instant::now());
        self.unsampled.store(0, Ordering::Relaxed);
        let Some(found) = (self.probe.lock())(&self.path) else { return };
        let (memtables, compaction) = (store.memtable_bytes(), store.compaction_bytes());
        self.free.store(found.free, Ordering::Relaxed);
        self.memtables.store(memtables, Ordering::Relaxed);
        self.compaction.store(compaction, Ordering::Relaxed);
        let state = match self.judge(found.free.saturating_sub(memtables), compaction) {
            // What a flush under way has written is counted twice, as memtable and as used space. It fits: its memtable was
            // counted before it began, and since then only deletes were accepted.
            DiskState::Exhausted if store.is_flushing() && found.free >= self.reserve / MARGIN_PART => DiskState::Low,
            state => state,
        };
        self.state.store(state as u8, Ordering::Relaxed);
        // Under the lock of the sample, so that the last change that is announced is the state.
        self.changes.send_if_modified(|announced| std::mem::replace(announced, state) != state);
    }

    fn judge(&self, free: u64, compaction: u64) -> DiskState {
        let margin = self.reserve / MARGIN_PART;
        let enough = if self.state() == DiskState::Ample { self.reserve } else { self.reserve.saturating_add(margin) };
        match free {
            _ if self.reserve == 0 || free >= enough.saturating_add(compaction) => DiskState::Ample,
            _ if free >= margin => DiskState::Low,
            _ => DiskState::Exhausted,
        }
    }

    /// Notes that so many bytes were committed.
    pub(super) fn committed(&self, bytes: u64, store: &Store) {
        let unsampled = self.unsampled.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // On a full disk deletes are to end while all that is in memory still fits: what is committed counts twice.
        let part = if self.state() == DiskState::Ample { MARGIN_PART } else { SCARCE_SAMPLE_PART };
        if self.is_watched() && unsampled >= self.reserve / part {
            self.sample(store);
        }
    }

    /// Whether a batch may be written.
    pub(super) fn admit(&self, batch: &Batch, store: &Store) -> Result<(), StorageError> {
        if self.state() == DiskState::Ample {
            return Ok(());
        }
        self.admit_scarce(batch, store)
    }

    /// The path taken while the disk is full.
    #[cold]
    fn admit_scarce(&self, batch: &Batch, store: &Store) -> Result<(), StorageError> {
        if self.sampled.lock().is_none_or(|at| at.elapsed() > SAMPLE_AGE_MAX) {
            self.sample(store);
        }
        let refusal = match self.state() {
            DiskState::Ample => return Ok(()),
            DiskState::Low if !batch.adds_data() => return Ok(()),
            DiskState::Low => REFUSED,
            DiskState::Exhausted if batch.only_deletes() && self.free.load(Ordering::Relaxed) > FULL_BYTES => {
                return Ok(());
            }
            DiskState::Exhausted => ALL_REFUSED,
        };
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(StorageError::Full(refusal))
    }

    #[cfg(test)]
    pub(super) fn set_probe(&self, probe: impl Fn(&Path) -> Option<FileSystem> + Send + Sync + 'static) {
        *self.probe.lock() = Box::new(probe);
        *self.sampled.lock() = None;
    }
}

#[cfg(unix)]
fn file_system(path: &Path) -> Option<FileSystem> {
    let found = rustix::fs::statvfs(path).ok()?;
    // What root alone may take does not count.
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some(FileSystem { free: bytes(found.f_bavail), total: bytes(found.f_blocks) })
}

#[cfg(not(unix))]
fn file_system(_: &Path) -> Option<FileSystem> {
    None
}
