//! Dead versions in memtables: rows that were overwritten or deleted since their memtable was begun.
//!
//! A memtable keeps each version of a row until it is written to a table, and a range read steps over all of them. The
//! committer counts them by family and by the first bytes of the key, which are a table's id. A range read of a table
//! with many asks for a flush, which drops them ([`upkeep`](super::upkeep)); data that no range read touches is not
//! flushed early. While no table has many, a read costs one atomic load more.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::key::Family;

/// Dead versions of one table from which on a range read asks for a flush: half a millisecond of steps, about.
const DEAD_MAX: u64 = 4096;
/// The first bytes of a key: a table's id. Unit: bytes.
const PREFIX_SIZE: usize = 8;

type Prefix = [u8; PREFIX_SIZE];

/// A key's first bytes; a shorter key's are filled up.
fn prefix_of(key: &[u8]) -> Prefix {
    let mut prefix = [0; PREFIX_SIZE];
    let size = key.len().min(PREFIX_SIZE);
    prefix[..size].copy_from_slice(&key[..size]);
    prefix
}

#[derive(Default)]
pub(super) struct Churn {
    dead: Mutex<HashMap<(Family, Prefix), u64>>,
    /// Tables with [`DEAD_MAX`] and more.
    high: AtomicUsize,
    /// Families that a range read wants flushed.
    wanted: [AtomicBool; Family::ALL.len()],
}

/// What one group of writes made dead.
#[derive(Default)]
pub(super) struct Deaths(Vec<(Family, Prefix, u64)>);

impl Deaths {
    pub(super) fn add(&mut self, family: Family, key: &[u8]) {
        let prefix = prefix_of(key);
        match self.0.last_mut() {
            // Mostly the same table as before.
            Some((of, at, count)) if (*of, *at) == (family, prefix) => *count += 1,
            _ => self.0.push((family, prefix, 1)),
        }
    }
}

impl Churn {
    /// Counts what a durable group made dead.
    pub(super) fn record(&self, deaths: Deaths) {
        if deaths.0.is_empty() {
            return;
        }
        // `high` changes under this lock only, so it is the number of entries at the limit.
        let mut dead = self.dead.lock();
        for (family, prefix, count) in deaths.0 {
            let total = dead.entry((family, prefix)).or_default();
            let was_high = *total >= DEAD_MAX;
            *total += count;
            if !was_high && *total >= DEAD_MAX {
                self.high.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A range read begins at `lower`. Returns whether it is the first to want a flush of its family.
    pub(super) fn read(&self, family: Family, lower: &Bound<Bytes>) -> bool {
        if self.high.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let (Bound::Included(key) | Bound::Excluded(key)) = lower else { return false };
        let is_high = self.dead.lock().get(&(family, prefix_of(key))).is_some_and(|dead| *dead >= DEAD_MAX);
        is_high && !self.wanted[family as usize].swap(true, Ordering::Relaxed)
    }

    pub(super) fn is_wanted(&self, family: Family) -> bool {
        self.wanted[family as usize].load(Ordering::Relaxed)
    }

    /// Dead versions of a family.
    pub(super) fn dead(&self, family: Family) -> u64 {
        self.dead.lock().iter().filter(|((of, _), _)| *of == family).map(|(_, dead)| dead).sum()
    }

    /// A family's memtable is begun anew. Writes of a group that is just being committed may be counted too late or too
    /// early: a flush more or less.
    pub(super) fn flushed(&self, family: Family) {
        let mut dead = self.dead.lock();
        dead.retain(|(of, _), _| *of != family);
        self.high.store(dead.values().filter(|dead| **dead >= DEAD_MAX).count(), Ordering::Relaxed);
        self.wanted[family as usize].store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kill(churn: &Churn, family: Family, table: &[u8], count: u64) {
        let mut deaths = Deaths::default();
        (0..count).for_each(|_| deaths.add(family, table));
        churn.record(deaths);
    }

    #[test]
    fn only_a_range_read_of_a_table_with_many_dead_versions_wants_a_flush() {
        let churn = Churn::default();
        let at = |table: &'static [u8]| Bound::Included(Bytes::from_static(table));
        kill(&churn, Family::Items, b"table--1key", DEAD_MAX - 1);
        kill(&churn, Family::Items, b"table--2key", 1);
        assert!(!churn.read(Family::Items, &at(b"table--1")));
        kill(&churn, Family::Items, b"table--1other", 1);
        assert!(!churn.read(Family::Items, &at(b"table--2")));
        assert!(!churn.read(Family::Index, &at(b"table--1")));
        assert!(churn.read(Family::Items, &at(b"table--1a")));
        assert!(!churn.read(Family::Items, &at(b"table--1")), "it is wanted already");
        assert!(churn.is_wanted(Family::Items) && !churn.is_wanted(Family::Index));
        assert_eq!(churn.dead(Family::Items), DEAD_MAX + 1);
        churn.flushed(Family::Items);
        assert!(!churn.is_wanted(Family::Items) && !churn.read(Family::Items, &at(b"table--1")));
        assert_eq!(churn.dead(Family::Items), 0);
    }
}
