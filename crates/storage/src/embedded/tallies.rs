//! Counters that many writes add to, added up once a group.
//!
//! Only the committer touches them, so a group's sums are read, added to and written without any latch. What was last
//! written is remembered, so that a busy counter is read from the store once and not once a group.

use std::collections::HashMap;

use bytes::Bytes;

use super::store::Store;
use crate::batch::Tally;
use crate::error::StorageError;
use crate::key::{Family, Key};
use crate::tally::{self, Counters};

/// Remembered counters. Beyond it all are forgotten: item collections can have one each.
const REMEMBERED_MAX: usize = 65_536;

#[derive(Default)]
pub(super) struct Tallies {
    counters: HashMap<Key, Counters>,
    /// Keys that the group under way has added to.
    changed: Vec<Key>,
}

impl Tallies {
    /// A row was written as such: if it holds counters, they continue from there.
    pub(super) fn overwrite(&mut self, key: &Key, value: Option<&Bytes>) {
        if key.family != Family::Catalog {
            return;
        }
        match tally::decode(value) {
            Some(counters) => self.counters.insert(key.clone(), counters),
            None => self.counters.remove(key),
        };
    }

    pub(super) fn add(&mut self, store: &Store, delta: &Tally) -> Result<(), StorageError> {
        let counters = match self.counters.get_mut(&delta.key) {
            Some(counters) => counters,
            None => {
                let row = store.get_newest(&delta.key)?;
                let counters = tally::decode(row.as_ref())
                    .ok_or_else(|| StorageError::Corrupt(format!("{:?} is not a tally row", delta.key)))?;
                self.counters.entry(delta.key.clone()).or_insert(counters)
            }
        };
        tally::add(counters, &delta.deltas);
        self.changed.push(delta.key.clone());
        Ok(())
    }

    /// The group's rows, each once.
    pub(super) fn take_changed(&mut self) -> Vec<(Key, Option<Bytes>)> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        let row = |key: Key| {
            let counters = self.counters.get(&key).copied().unwrap_or_default();
            (key, tally::encode(&counters))
        };
        let rows = changed.into_iter().map(row).collect();
        if self.counters.len() > REMEMBERED_MAX {
            self.counters.clear();
        }
        rows
    }
}
