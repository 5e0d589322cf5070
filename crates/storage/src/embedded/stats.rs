//! What the engine reports to its operator: commits, what waits, what the caches hold, what is on the disk.
//!
//! While it works it counts little: the committer once a group, the row cache once a read. The rest is gathered on
//! demand, from what is in memory and from the sizes of files: gathering never waits for a sync under way, so it works
//! even while the disk is stuck.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{DurationHistogram, Histogram, HistogramReading};

use super::Embedded;
use super::queue::Job;
use super::space::DiskSpace;

/// Writes that share one commit. Unit: writes.
const GROUP_BOUNDS: [u64; 13] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/// Counted by the committer.
pub(super) struct CommitMeter {
    writes: Histogram<{ GROUP_BOUNDS.len() }>,
    bytes: AtomicU64,
    duration: DurationHistogram,
}

impl Default for CommitMeter {
    fn default() -> CommitMeter {
        CommitMeter {
            writes: Histogram::new(&GROUP_BOUNDS),
            bytes: AtomicU64::new(0),
            duration: DurationHistogram::of_durations(),
        }
    }
}

impl CommitMeter {
    /// A group is durable. The one without jobs, at the end, contains no write.
    pub(super) fn record(&self, group: &[Job], duration: Duration) {
        self.duration.record_duration(duration);
        if !group.is_empty() {
            self.writes.record(group.len() as u64);
            self.bytes.fetch_add(group.iter().map(|job| job.bytes as u64).sum(), Ordering::Relaxed);
        }
    }
}

/// The engine at one moment. Counters count from its start.
#[derive(Clone, Debug)]
pub struct EmbeddedStats {
    /// How many writes shared each commit.
    pub group_writes: HistogramReading,
    /// Bytes of all committed writes, as the queue counts them.
    pub committed_bytes: u64,
    /// How long each commit took: write, sync, and waiting for flushes and compactions if they are behind.
    /// Unit: nanoseconds.
    pub commit_duration_ns: HistogramReading,
    /// Bytes that wait for a commit, and at how many writes are turned away.
    pub queue_bytes: u64,
    pub queue_bytes_max: u64,
    pub row_cache: RowCacheStats,
    pub disk: DiskSpace,
    /// None once closed.
    pub store: Option<StoreStats>,
}

#[derive(Clone, Debug)]
pub struct RowCacheStats {
    pub hits: u64,
    pub misses: u64,
    pub rows: u64,
    pub bytes: u64,
    pub bytes_max: u64,
}

/// The files, and the work of keeping them in order.
#[derive(Clone, Debug)]
pub struct StoreStats {
    pub block_cache_bytes: u64,
    pub block_cache_bytes_max: u64,
    /// Written rows that are in the journal and in memory, but not yet in a table.
    pub memtable_bytes: u64,
    pub journals: u64,
    pub journal_disk_bytes: u64,
    /// Memtables that wait to be written to tables.
    pub flushes_waiting: u64,
    pub compactions_running: u64,
    pub compactions: u64,
    pub compaction_time: Duration,
    pub families: Vec<FamilyStats>,
}

/// Rows of one kind.
#[derive(Clone, Debug)]
pub struct FamilyStats {
    pub name: &'static str,
    pub disk_bytes: u64,
    pub tables: u64,
    /// Tables that compaction has not touched yet. Many of them slow reads and, in the end, stop writes.
    pub fresh_tables: u64,
    /// Full memtables that wait. At four of them writes stop.
    pub full_memtables: u64,
}

impl Embedded {
    /// What the operator wants to know. Looks at every file's size: not for a thread that must not wait.
    pub fn stats(&self) -> EmbeddedStats {
        let store = self.store.read().clone();
        if let Some(store) = &store {
            self.space.sample(store);
        }
        EmbeddedStats {
            group_writes: self.meter.writes.reading(),
            committed_bytes: self.meter.bytes.load(Ordering::Relaxed),
            commit_duration_ns: self.meter.duration.reading(),
            queue_bytes: self.queue.bytes() as u64,
            queue_bytes_max: super::queue::QUEUE_BYTES_MAX as u64,
            row_cache: self.latches.cache().stats(),
            disk: self.space.stats(),
            store: store.map(|store| store.stats()),
        }
    }
}

/// How much the journals take. One that vanishes meanwhile takes nothing.
pub(super) fn journal_disk_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let journals = entries.flatten().filter(|entry| entry.path().extension().is_some_and(|it| it == "jnl"));
    journals.filter_map(|entry| entry.metadata().ok()).map(|file| disk_bytes(&file)).sum()
}

/// A journal is made longer than what is in it; only what was written takes room.
#[cfg(unix)]
fn disk_bytes(file: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    const BLOCK: u64 = 512;
    file.blocks() * BLOCK
}

#[cfg(not(unix))]
fn disk_bytes(file: &fs::Metadata) -> u64 {
    file.len()
}
