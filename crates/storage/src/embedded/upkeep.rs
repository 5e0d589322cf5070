//! Upkeep, once a second and when asked: a look at the disk, early flushes, and compactions of deleted rows.
//!
//! fjall flushes a memtable when it is full and compacts by sizes. Both are too late in two cases: range reads step
//! over dead versions in the meantime ([`churn`](super::churn)), and on a full disk deletes give no space back. So this
//! thread flushes early, and when many rows of a small family's tables are tombstones it compacts the family, which
//! removes them. Both are bounded: a family is flushed and compacted seldom, and a large one is left to fjall, which
//! compacts it in parts.
//!
//! On a full disk all memtables are flushed that fit, those without dead rows as well: what deletes append to a log is in
//! memory and in the journal, and counts twice until then. Fresh tables are compacted if only the room for that is missing.
//!
//! fjall removes a sealed journal once the newest row of each family in it has reached a table, which it reads off the
//! tables that are there. A compaction that removes the newest rows, tombstones, would prevent the journal's deletion
//! permanently. So a family is compacted only while there is no sealed journal; flushing all families gets rid of them.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::error::OpenError;
use super::health::Health;
use super::queue::Queue;
use super::space::{DiskState, Space};
use super::store::Store;
use crate::error::StorageError;
use crate::key::Family;

const TICK: Duration = Duration::from_secs(1);
/// Between two early flushes of a family, and between two compactions.
const FLUSH_INTERVAL: Duration = Duration::from_secs(5);
const COMPACT_INTERVAL: Duration = Duration::from_secs(10);
/// A family is compacted if it has at least so many tombstones, and at least one in so many rows.
const TOMBSTONES_MIN: u64 = 4096;
const TOMBSTONE_PART: u64 = 4;
/// Larger families are not compacted as a whole: while the disk has room, and when it is full. Unit: bytes.
const COMPACT_BYTES_MAX: u64 = 128 << 20;
const COMPACT_BYTES_MAX_FULL: u64 = 1 << 30;

/// The part of the free room that flushes on a full disk may take.
const FLUSH_ROOM_PART: u64 = 4;

/// Wakes the thread, and ends it.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<Rung>,
    heard: Condvar,
}

#[derive(Default)]
struct Rung {
    wake: bool,
    stop: bool,
}

impl Bell {
    pub(super) fn wake(&self) {
        self.rung.lock().wake = true;
        self.heard.notify_one();
    }

    pub(super) fn stop(&self) {
        self.rung.lock().stop = true;
        self.heard.notify_one();
    }

    /// Waits for a tick or a call; false at the end.
    fn wait(&self) -> bool {
        // Checked and reset under the lock of the wait: a call just before it is not lost.
        let mut rung = self.rung.lock();
        if !rung.wake && !rung.stop {
            self.heard.wait_for(&mut rung, TICK);
        }
        rung.wake = false;
        !rung.stop
    }
}

/// What tables take beside their rows: blocks' heads, indexes and filters. Unit: bytes.
const OVERHEAD_PART: u64 = 8;
const OVERHEAD_BYTES: u64 = 256 << 10;

pub(super) struct Upkeep {
    store: Arc<Store>,
    space: Arc<Space>,
    health: Arc<Health>,
    queue: Arc<Queue>,
    families: [Chores; Family::ALL.len()],
    /// When all memtables that fit were flushed on a full disk.
    flushed_all: Option<Instant>,
}

/// When a family was last taken care of.
#[derive(Clone, Copy, Default)]
struct Chores {
    flushed: Option<Instant>,
    compacted: Option<Instant>,
    /// Tombstones for which a compaction did not fit on the disk: without more of them it is not looked at again.
    did_not_fit: u64,
}

fn is_due(last: Option<Instant>, interval: Duration) -> bool {
    last.is_none_or(|at| at.elapsed() >= interval)
}

impl Upkeep {
    pub(super) fn new(store: Arc<Store>, space: Arc<Space>, health: Arc<Health>, queue: Arc<Queue>) -> Upkeep {
        space.sample(&store);
        let families = Default::default();
        Upkeep { store, space, health, queue, families, flushed_all: None }
    }

    pub(super) fn start(mut self, bell: Arc<Bell>) -> Result<JoinHandle<()>, OpenError> {
        let thread = thread::Builder::new().name("stator-upkeep".to_owned());
        let thread = thread.spawn(move || while bell.wait() && self.tick() {});
        thread.map_err(|error| OpenError::io("start the thread for upkeep", error))
    }

    /// Does what is due; false if the engine has failed.
    pub(super) fn tick(&mut self) -> bool {
        self.space.sample(&self.store);
        if self.fail_if_poisoned() {
            return false;
        }
        let is_scarce = self.space.state() != DiskState::Ample;
        if is_scarce && is_due(self.flushed_all, FLUSH_INTERVAL) {
            self.flush_what_fits();
        }
        for family in Family::ALL {
            let Chores { flushed, compacted, .. } = self.families[family as usize];
            if is_due(flushed, self.at_least(FLUSH_INTERVAL)) && self.wants_flush(family) {
                self.flush(family);
            }
            if is_due(compacted, self.at_least(COMPACT_INTERVAL)) && self.is_worth_compacting(family) {
                self.families[family as usize].compacted = Some(Instant::now());
                self.compact(family);
            }
        }
        true
    }

    /// On a full disk nothing else is to do than to free space.
    fn at_least(&self, interval: Duration) -> Duration {
        if self.space.state() == DiskState::Ample { interval } else { TICK }
    }

    /// A flush or a compaction that failed ends fjall's worker threads, and with them, sooner or later, all writing. The
    /// committer would learn of it at its next write, or wait for a flush that never comes.
    fn fail_if_poisoned(&self) -> bool {
        if !self.store.is_poisoned() {
            return false;
        }
        let text = self.store.write_failure("a flush or a compaction failed", self.space.is_full());
        self.health.fail(&text);
        self.queue.fail(&StorageError::Unavailable(text));
        true
    }

    /// On a full disk every delete counts, and a memtable that does not fit waits.
    fn wants_flush(&self, family: Family) -> bool {
        let churn = self.store.churn();
        match self.space.state() {
            DiskState::Ample => churn.is_wanted(family),
            _ => churn.dead(family) > 0 && self.store.active_bytes(family) <= self.flush_room(),
        }
    }

    /// Bytes that are free beside the memtables that are being written.
    fn flush_room(&self) -> u64 {
        let active: u64 = Family::ALL.into_iter().map(|family| self.store.active_bytes(family)).sum();
        let under_way = self.store.memtable_bytes().saturating_sub(active);
        self.space.flushable().saturating_sub(under_way)
    }

    /// What fails here poisons fjall, which the next tick sees.
    fn flush(&mut self, family: Family) {
        self.families[family as usize].flushed = Some(Instant::now());
        self.store.churn().flushed(family);
        let _ = self.store.family(family).rotate_memtable();
    }

    /// Flushes each memtable that fits on the full disk beside those that are being written. The space that a flush
    /// takes is in use already, as a journal's, which is deleted when all that it holds is in tables.
    fn flush_what_fits(&mut self) {
        self.flushed_all = Some(Instant::now());
        // Another program may take room meanwhile, and what does not fit in the end poisons fjall: most of it stays free.
        let mut room = self.flush_room() / FLUSH_ROOM_PART;
        for family in Family::ALL {
            let bytes = self.store.active_bytes(family);
            if bytes > 0 && bytes <= room {
                room -= bytes;
                self.flush(family);
            }
        }
        self.store.rotate_engine_rows();
    }

    fn is_worth_compacting(&mut self, family: Family) -> bool {
        let is_full = self.space.state() != DiskState::Ample;
        let (bytes_max, tombstones_min, part) = match is_full {
            false => (COMPACT_BYTES_MAX, TOMBSTONES_MIN, TOMBSTONE_PART),
            true => (COMPACT_BYTES_MAX_FULL, 1, u64::MAX),
        };
        let bytes = self.store.family(family).disk_space();
        if bytes > bytes_max {
            return false;
        }
        let (rows, tombstones) = self.store.tombstones(family);
        let is_debt = self.space.waits_for_compaction() && self.store.has_fresh_tables(family);
        let is_worth = is_debt || (tombstones >= tombstones_min && tombstones.saturating_mul(part) >= rows);
        is_worth && (!is_full || self.fits(family, bytes, tombstones))
    }

    /// Whether the output of a compaction fits on a full disk, on which its input still is. One that did not would
    /// end all writing.
    fn fits(&mut self, family: Family, bytes: u64, tombstones: u64) -> bool {
        let usable = self.space.usable();
        if bytes <= usable {
            return true;
        }
        let chores = &mut self.families[family as usize];
        // Tombstones that are still in memory hide rows that a compaction would copy; a flush comes first.
        if tombstones == chores.did_not_fit || !self.store.is_flushed(family) {
            return false;
        }
        let output = self.store.live_bytes(family);
        let fits = output.is_some_and(|output| output + output / OVERHEAD_PART + OVERHEAD_BYTES <= usable);
        chores.did_not_fit = if fits { 0 } else { tombstones };
        fits
    }

    fn compact(&mut self, family: Family) {
        if self.store.sealed_journals() > 0 {
            // Once all families are flushed there is none, and the next turn compacts.
            match self.space.state() {
                DiskState::Ample => self.store.rotate_all(),
                _ => self.flush_what_fits(),
            }
            return;
        }
        let _ = self.store.family(family).major_compact();
        self.space.sample(&self.store);
    }
}
