//! The limit of the rows in memory: which writes are still accepted, and when what can go early should.
//!
//! Above the limit a batch that adds data (items, index rows, tables, identities, tokens) is refused, unless it makes the
//! rows smaller. A reserve of an eighth more is for deletes: their rows of the catalog and of logs. Above three quarters
//! of the limit memory is short, and the streams of deleted tables are dropped.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::watch;

use super::Rows;
use super::chain::{Chain, row_bytes, value_bytes};
use crate::batch::Batch;
use crate::error::StorageError;
use crate::key::Key;

const REFUSED: &str = "The memory limit of the server (--memory-limit) is reached: writes are refused until something is \
                       deleted. Reads and deletes are accepted.";

/// Rows in memory. Unit: bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct MemoryStats {
    pub bytes: u64,
    /// 0 for no limit.
    pub bytes_max: u64,
    pub refused_writes: u64,
}

/// The room that rows may take.
pub struct Room {
    /// 0 for none.
    limit: usize,
    /// What rows take.
    rows: AtomicUsize,
    /// What the layers above hold of the rows, decoded.
    decoded: AtomicUsize,
    refused: AtomicU64,
    short: watch::Sender<bool>,
    full: watch::Sender<bool>,
}

impl Room {
    pub(super) fn new(limit: usize) -> Room {
        Room {
            limit,
            rows: AtomicUsize::new(0),
            decoded: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            short: watch::Sender::new(false),
            full: watch::Sender::new(false),
        }
    }

    pub(super) fn stats(&self, bytes: usize) -> MemoryStats {
        let refused_writes = self.refused.load(Ordering::Relaxed);
        MemoryStats { bytes: self.taken(bytes) as u64, bytes_max: self.limit as u64, refused_writes }
    }

    /// What the layers above hold in memory of the stored rows, decoded, from now on: it counts against the limit.
    pub fn count_decoded(&self, bytes: usize) {
        self.decoded.store(bytes, Ordering::Relaxed);
        self.look();
    }

    /// What rows of so many bytes take together with what is decoded of them.
    fn taken(&self, bytes: usize) -> usize {
        bytes.saturating_add(self.decoded.load(Ordering::Relaxed))
    }

    /// Whether rows take most of the room, as it changes: what may go early should then go. None without a limit.
    pub fn shortage(&self) -> Option<watch::Receiver<bool>> {
        (self.limit > 0).then(|| self.short.subscribe())
    }

    pub(super) fn full_changes(&self) -> watch::Receiver<bool> {
        self.full.subscribe()
    }

    pub(super) fn admit(&self, rows: &Rows, batch: &Batch) -> Result<(), StorageError> {
        let taken = self.taken(rows.bytes);
        if self.limit == 0 || taken.saturating_add(added(batch)) <= self.limit {
            return Ok(());
        }
        let limit = if batch.adds_data() { self.limit } else { self.limit.saturating_add(self.limit / 8) };
        let (added, removed) = (added(batch), removed(rows, batch));
        if added <= removed || taken.saturating_add(added - removed) <= limit {
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.full.send_if_modified(|full| !std::mem::replace(full, true));
        Err(StorageError::Full(REFUSED))
    }

    /// Rows take so many bytes now.
    pub(super) fn count_rows(&self, bytes: usize) {
        self.rows.store(bytes, Ordering::Relaxed);
        self.look();
    }

    fn look(&self) {
        if self.limit == 0 {
            return;
        }
        let bytes = self.taken(self.rows.load(Ordering::Relaxed));
        let short = bytes > self.limit - self.limit / 4;
        self.short.send_if_modified(|was| std::mem::replace(was, short) != short);
        // Lower than where writes are refused, so that the state does not flap.
        if bytes < self.limit - self.limit / 8 {
            self.full.send_if_modified(|full| std::mem::replace(full, false));
        }
    }
}

/// What a batch adds at most.
fn added(batch: &Batch) -> usize {
    let writes = batch.writes.iter().filter(|(_, value)| value.is_some());
    let writes = writes.map(|(key, value)| row_bytes(&key.bytes) + value_bytes(value.as_ref()));
    let appends = batch.appends.iter().map(|append| row_bytes(&append.log) + value_bytes(Some(&append.record)));
    let rewrites =
        batch.rewrites.iter().map(|rewrite| row_bytes(&rewrite.key.bytes) + value_bytes(Some(&rewrite.value)));
    writes.chain(appends).chain(rewrites).sum()
}

/// What it takes away: rows that it deletes or overwrites.
fn removed(rows: &Rows, batch: &Batch) -> usize {
    let removed = |key: &Key| {
        let old = rows.family(key.family).get(&key.bytes).and_then(Chain::newest);
        old.map_or(0, |value| row_bytes(&key.bytes) + value_bytes(Some(value)))
    };
    let rewritten = batch.rewrites.iter().map(|rewrite| &rewrite.key);
    batch.writes.iter().map(|(key, _)| key).chain(rewritten).map(removed).sum()
}
