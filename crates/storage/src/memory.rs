//! Rows in memory: `stator serve --memory`, and the model that every other engine is compared with.
//!
//! One lock around four ordered maps. A row is a short chain of versions ([`chain`]), so that a view is nothing but the
//! number of the last commit that it sees, and scans of a view can release the lock between two chunks. Versions that
//! no view sees any more are dropped by the next write, or with the last view that saw them.
//!
//! Rows are counted, with what the layers above hold of them, and above a limit ([`room`]) writes that add data are refused.
//!
//! Every write is decided and committed under the lock, so nothing is ever "in flight" and no write meets a conflict.

mod chain;
mod room;
mod view;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::batch::{Append, Batch, Decision, Reads, Rewrite};
use crate::error::{StorageError, TxError};
use crate::key::{Family, Key, KeyUse, prefix_end};
use crate::{BoxFuture, Consistency, Decide, Engine, Transaction, View, log, tally};
use chain::{Chain, row_bytes, value_bytes};
pub use room::MemoryStats;
pub use room::Room;
use view::MemoryView;

/// Counts commits; version 0 is the empty database.
type Commit = u64;

pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    rows: RwLock<Rows>,
    /// How many views see each commit. Locked after `rows`.
    views: Mutex<BTreeMap<Commit, usize>>,
    room: Room,
}

#[derive(Default)]
struct Rows {
    families: [BTreeMap<Bytes, Chain>; Family::ALL.len()],
    commit: Commit,
    /// Rows with a version that was replaced by a commit while a view could still see it.
    replaced: VecDeque<(Commit, Key)>,
    /// What all rows take, about.
    bytes: usize,
    closed: bool,
}

impl Memory {
    /// Without a limit.
    pub fn new() -> Arc<Memory> {
        Memory::with_limit(0)
    }

    /// Rows take about so many bytes at most; 0 for no limit. Shared from the start: every caller wants the Arc.
    pub fn with_limit(bytes: u64) -> Arc<Memory> {
        let room = Room::new(usize::try_from(bytes).unwrap_or(usize::MAX));
        let shared = Shared { rows: RwLock::default(), views: Mutex::default(), room };
        Arc::new(Memory { shared: Arc::new(shared) })
    }

    pub fn stats(&self) -> MemoryStats {
        self.shared.room.stats(self.shared.rows.read().bytes)
    }

    /// Whether writes are refused, as it changes.
    pub fn full_changes(&self) -> watch::Receiver<bool> {
        self.shared.room.full_changes()
    }

    fn get_now(&self, key: &Key) -> Result<Option<Bytes>, StorageError> {
        let rows = self.shared.rows.read();
        rows.check_open()?;
        Ok(rows.newest(key))
    }

    fn view_now(&self) -> Result<MemoryView, StorageError> {
        let rows = self.shared.rows.read();
        rows.check_open()?;
        // Counted under the lock of the rows: no write can prune what this commit sees before the view is counted.
        *self.shared.views.lock().entry(rows.commit).or_default() += 1;
        Ok(MemoryView::new(Arc::clone(&self.shared), rows.commit))
    }

    fn transact_now(&self, keys: &[KeyUse], decide: &mut Decide<'_>) -> Result<Decision, TxError> {
        let mut rows = self.shared.rows.write();
        rows.check_open()?;
        // One lock from the reads to the commit: no other write comes between what is decided on and what is written.
        let reads = Reads { values: keys.iter().map(|key_use| rows.newest(&key_use.key)).collect() };
        let mut batch = Batch::default();
        let decision = decide(&reads, &mut batch);
        if decision == Decision::Commit && !batch.is_empty() {
            self.shared.room.admit(&rows, &batch)?;
            self.shared.commit(&mut rows, batch)?;
        }
        Ok(decision)
    }

    fn destroy_now(&self, family: Family, prefix: &Bytes) -> Result<(), StorageError> {
        // Held from the search to the commit: no row with the prefix is written in between.
        let mut rows = self.shared.rows.write();
        rows.check_open()?;
        let range = (std::ops::Bound::Included(prefix.clone()), prefix_end(prefix));
        let mut batch = Batch::default();
        for key in rows.family(family).range(range).map(|(key, _)| key) {
            batch.delete(Key::new(family, key.clone()));
        }
        self.shared.commit(&mut rows, batch)
    }
}

impl Shared {
    /// The oldest commit that a view may still read.
    fn oldest_seen(&self, rows: &Rows) -> Commit {
        self.views.lock().first_key_value().map_or(rows.commit, |(oldest, _)| *oldest)
    }

    fn commit(&self, rows: &mut Rows, batch: Batch) -> Result<(), StorageError> {
        let mut writes = batch.writes;
        // Computed before anything is written: a damaged tally or head refuses the whole batch.
        writes.extend(rows.tallied(batch.tallies, &writes)?);
        writes.extend(rows.appended(batch.appends)?);
        rows.commit += 1;
        for (key, value) in writes {
            rows.write(key, value);
        }
        for Rewrite { key, expected, value } in batch.rewrites {
            if rows.newest(&key) == Some(expected) {
                rows.write(key, Some(value));
            }
        }
        rows.prune(self.oldest_seen(rows));
        self.room.count_rows(rows.bytes);
        Ok(())
    }

    fn release_view(&self, commit: Commit) {
        let mut views = self.views.lock();
        if let Some(count) = views.get_mut(&commit) {
            *count -= 1;
            if *count == 0 {
                views.remove(&commit);
            }
        }
        drop(views);
        // If a write is under way it prunes by itself.
        if let Some(mut rows) = self.rows.try_write() {
            let oldest_seen = self.oldest_seen(&rows);
            rows.prune(oldest_seen);
            self.room.count_rows(rows.bytes);
        }
    }
}

impl Rows {
    fn check_open(&self) -> Result<(), StorageError> {
        if self.closed { Err(StorageError::Closed) } else { Ok(()) }
    }

    fn family(&self, family: Family) -> &BTreeMap<Bytes, Chain> {
        &self.families[family as usize]
    }

    fn newest(&self, key: &Key) -> Option<Bytes> {
        self.family(key.family).get(&key.bytes)?.newest().cloned()
    }

    /// The writes that bring tally rows up to date, once `writes` are done.
    fn tallied(
        &self,
        tallies: Vec<crate::Tally>,
        writes: &[(Key, Option<Bytes>)],
    ) -> Result<Vec<(Key, Option<Bytes>)>, StorageError> {
        let mut sums: BTreeMap<Key, tally::Counters> = BTreeMap::new();
        for tally in tallies {
            if !sums.contains_key(&tally.key) {
                let written = writes.iter().rev().find(|(key, _)| *key == tally.key);
                let base = written.map_or_else(|| self.newest(&tally.key), |(_, value)| value.clone());
                let counters = tally::decode(base.as_ref())
                    .ok_or_else(|| StorageError::Corrupt(format!("{:?} is not a tally row", tally.key)))?;
                sums.insert(tally.key.clone(), counters);
            }
            if let Some(counters) = sums.get_mut(&tally.key) {
                tally::add(counters, &tally.deltas);
            }
        }
        Ok(sums.into_iter().map(|(key, counters)| (key, tally::encode(&counters))).collect())
    }

    /// The writes that append records, with the heads that they move.
    fn appended(&self, appends: Vec<Append>) -> Result<Vec<(Key, Option<Bytes>)>, StorageError> {
        let mut heads: BTreeMap<Key, u64> = BTreeMap::new();
        let mut writes = Vec::with_capacity(appends.len());
        for Append { log: name, record } in appends {
            let head = log::head(name.clone());
            let stored = || log::decode_head(self.newest(&head).as_ref());
            let last = heads.get(&head).copied().or_else(stored);
            let position = last.and_then(|last| last.checked_add(1));
            let position = position.ok_or_else(|| StorageError::Corrupt(format!("{head:?} is not a log's head")))?;
            writes.push((log::record(&name, position), Some(record)));
            heads.insert(head, position);
        }
        writes.extend(heads.into_iter().map(|(head, last)| (head, Some(log::encode_head(last)))));
        Ok(writes)
    }

    fn write(&mut self, key: Key, value: Option<Bytes>) {
        let chain = self.families[key.family as usize].entry(key.bytes.clone()).or_insert_with(|| {
            self.bytes += row_bytes(&key.bytes);
            Chain::default()
        });
        self.bytes += value_bytes(value.as_ref());
        self.bytes -= chain.push(self.commit, value);
        self.replaced.push_back((self.commit, key));
    }

    /// Drops the versions that no view of `oldest_seen` or later can see.
    fn prune(&mut self, oldest_seen: Commit) {
        while let Some((commit, _)) = self.replaced.front() {
            if *commit > oldest_seen {
                break;
            }
            let Some((_, key)) = self.replaced.pop_front() else { break };
            let family = &mut self.families[key.family as usize];
            if let Some(chain) = family.get_mut(&key.bytes) {
                self.bytes -= chain.forget_before(oldest_seen);
                if chain.is_gone() {
                    family.remove(&key.bytes);
                    self.bytes -= row_bytes(&key.bytes);
                }
            }
        }
    }
}

impl Engine for Memory {
    fn get<'a>(&'a self, key: &'a Key, _: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        Box::pin(std::future::ready(self.get_now(key)))
    }

    fn view(&self, _: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        Box::pin(std::future::ready(self.view_now().map(|view| Box::new(view) as Box<dyn View>)))
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        Box::pin(async move { self.transact_now(transaction.keys, transaction.decide) })
    }

    /// Positions are given out at the commit.
    fn sequence<'a>(&'a self, _log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move { self.destroy_now(family, &prefix) })
    }

    fn room(&self) -> Option<&Room> {
        Some(&self.shared.room)
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async {
            self.shared.rows.write().closed = true;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
