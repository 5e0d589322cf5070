//! What a decision reads and writes.

use std::collections::HashSet;

use bytes::Bytes;

use crate::key::{Family, Key, KeyUse};

/// Counters in one tally row.
pub const TALLY_WIDTH: usize = 2;

/// Deltas to a row of counters. The engine adds them up and writes each row once a group commit, so that a counter that
/// every write of a table touches costs no latch. Its value, read with `get`, is [`TALLY_WIDTH`] big-endian i64; while
/// all of them are zero there is no row. They are in [`Family::Catalog`]. In one batch deltas count after writes of the
/// same row. A tally row is made by deltas alone and removed by a delete or a destruction; an engine may store it apart
/// from other rows, so that scans and the reads of a transaction need not see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tally {
    pub key: Key,
    pub deltas: [i64; TALLY_WIDTH],
    /// Many writers at once add to it: an engine that locks counters while it commits keeps it in several parts.
    pub hot: bool,
}

/// A record at the end of a log. The engine gives it the log's next position when it commits, or behind that, but never
/// before another record that was committed before one of the batch's keys was read ([`log`](crate::log)).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// The log's name; that of no log is the beginning of another's.
    pub log: Bytes,
    pub record: Bytes,
}

/// Another value for a row that has not changed: the same content in another form. It is made only if the row's value is
/// `expected`, byte by byte, when its batch is committed; else it is left out, and the rest of the batch is committed. So it
/// undoes no write and no deletion, whether or not their keys are among the batch's, and brings no row back.
///
/// It is no change: it conflicts with no writer, and a writer that has read `expected` is not refused because of it. Its
/// author guarantees that both values mean the same to every reader, and that no other write puts the same bytes. While
/// it is under way readers may see either value. An engine may leave it out although the value is as expected: if it
/// cannot read the row, or another rewrite of the row is under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rewrite {
    /// Of any row but those of logs and of counters, to which engines add. It need not be among the transaction's keys.
    pub key: Key,
    pub expected: Bytes,
    pub value: Bytes,
}

/// What a transaction reads under its keys, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reads {
    pub values: Vec<Option<Bytes>>,
}

/// Writes that become durable and visible together. For one key the last of several counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    /// `None` deletes the row.
    pub writes: Vec<(Key, Option<Bytes>)>,
    /// Of rows that are not among `writes`, each at most once.
    pub rewrites: Vec<Rewrite>,
    pub tallies: Vec<Tally>,
    /// In this order.
    pub appends: Vec<Append>,
    /// Whether it adds data although it may put rows of the catalog only: a table, an identity, a token. A full engine
    /// refuses it as it refuses items.
    pub grows: bool,
}

impl Batch {
    pub fn put(&mut self, key: Key, value: impl Into<Bytes>) {
        self.writes.push((key, Some(value.into())));
    }

    pub fn delete(&mut self, key: Key) {
        self.writes.push((key, None));
    }

    /// Puts another value in the place of the one that is expected, if that is still there at the commit.
    pub fn rewrite(&mut self, key: Key, expected: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.rewrites.push(Rewrite { key, expected: expected.into(), value: value.into() });
    }

    /// Adds to counters that few writers share.
    pub fn tally(&mut self, key: Key, deltas: [i64; TALLY_WIDTH]) {
        self.add(Tally { key, deltas, hot: false });
    }

    /// Adds to counters that every write of a table may add to.
    pub fn hot_tally(&mut self, key: Key, deltas: [i64; TALLY_WIDTH]) {
        self.add(Tally { key, deltas, hot: true });
    }

    /// Adds a record to the end of a log.
    pub fn append(&mut self, log: Bytes, record: impl Into<Bytes>) {
        self.appends.push(Append { log, record: record.into() });
    }

    fn add(&mut self, tally: Tally) {
        if tally.deltas != [0; TALLY_WIDTH] {
            self.tallies.push(tally);
        }
    }

    pub fn clear(&mut self) {
        self.writes.clear();
        self.rewrites.clear();
        self.tallies.clear();
        self.appends.clear();
        self.grows = false;
    }

    /// Whether it deletes an item.
    pub fn deletes_items(&self) -> bool {
        self.writes.iter().any(|(key, value)| value.is_none() && key.family == Family::Items)
    }

    /// Whether it adds items, index rows, or what its author calls growth, or rewrites rows, which has time. Other rows of the catalog and of logs belong to a
    /// delete, or to work that the engine's owner does for one: only they may use what a full engine has in reserve.
    pub(crate) fn adds_data(&self) -> bool {
        let is_data = |family| matches!(family, Family::Items | Family::Index);
        self.grows
            || !self.rewrites.is_empty()
            || self.writes.iter().any(|(key, value)| value.is_some() && is_data(key.family))
    }

    /// Whether it only deletes, but for rows of the catalog: what ends a table or an index, and deletes that no log records.
    pub(crate) fn only_deletes(&self) -> bool {
        let is_small = |(key, value): &(Key, Option<Bytes>)| value.is_none() || key.family == Family::Catalog;
        !self.grows && self.rewrites.is_empty() && self.appends.is_empty() && self.writes.iter().all(is_small)
    }

    /// The invariant of batches that this one breaks, in words, if it breaks one: a bug of its author.
    pub(crate) fn broken_invariant(&self, keys: &[KeyUse]) -> Option<&'static str> {
        if !self.writes_items_that_are_read(keys) {
            Some("it writes an item that is not among its keys to write")
        } else if !self.counts_in_the_catalog() {
            Some("it counts outside of the catalog")
        } else if self.appends.iter().any(|append| append.log.is_empty()) {
            Some("it appends to a log without a name")
        } else if self.rewrites.iter().any(|rewrite| rewrite.key.family == Family::Log) {
            Some("it rewrites a row of a log")
        } else if !self.rewrites_each_row_once() {
            Some("it rewrites a row that it writes, or rewrites it twice")
        } else {
            None
        }
    }

    /// An item that is written is locked: else two writers of it would not meet, and readers' caches would keep its old row.
    fn writes_items_that_are_read(&self, keys: &[KeyUse]) -> bool {
        let mut from = 0;
        let mut items = self.writes.iter().filter(|(key, _)| key.family == Family::Items);
        items.all(|(key, _)| {
            // Mostly the next one.
            let at = (from..keys.len()).chain(0..from).find(|at| keys[*at].key == *key);
            from = at.map_or(from, |at| at + 1);
            at.is_some_and(|at| keys[at].write)
        })
    }

    /// Else the order of its writes would have a meaning beyond the last one.
    fn rewrites_each_row_once(&self) -> bool {
        if self.rewrites.is_empty() {
            return true;
        }
        let mut written: HashSet<&Key> = self.writes.iter().map(|(key, _)| key).collect();
        self.rewrites.iter().all(|rewrite| written.insert(&rewrite.key))
    }

    /// Engines look for counters nowhere else.
    fn counts_in_the_catalog(&self) -> bool {
        self.tallies.iter().all(|tally| tally.key.family == Family::Catalog)
    }

    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.rewrites.is_empty() && self.tallies.is_empty() && self.appends.is_empty()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Commit the batch. An empty one commits at once.
    Commit,
    /// Write nothing; the caller's closure has stored the reason.
    Refuse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_breaks_an_invariant_is_known() {
        let key = |family, name: &'static str| Key::new(family, name.as_bytes());
        let keys = [KeyUse::read(key(Family::Items, "read")), KeyUse::write(key(Family::Items, "written"))];
        let check = |change: &dyn Fn(&mut Batch), expected: Option<&str>| {
            let mut batch = Batch::default();
            change(&mut batch);
            let broken = batch.broken_invariant(&keys);
            assert_eq!(broken.is_some(), expected.is_some());
            assert!(expected.is_none_or(|text| broken.is_some_and(|broken| broken.contains(text))), "{broken:?}");
        };
        check(&|_| (), None);
        check(&|batch| batch.put(keys[1].key.clone(), "x"), None);
        check(&|batch| (0..2).for_each(|_| batch.delete(keys[1].key.clone())), None);
        check(&|batch| batch.put(key(Family::Index, "any"), "x"), None);
        check(&|batch| batch.tally(key(Family::Catalog, "any"), [1, 1]), None);
        check(&|batch| batch.append(Bytes::from_static(b"log"), "x"), None);
        check(&|batch| batch.put(keys[0].key.clone(), "x"), Some("not among its keys"));
        check(&|batch| batch.delete(key(Family::Items, "other")), Some("not among its keys"));
        check(&|batch| batch.hot_tally(key(Family::Items, "written"), [1, 1]), Some("outside of the catalog"));
        check(&|batch| batch.append(Bytes::new(), "x"), Some("without a name"));
        check(&|batch| batch.rewrite(key(Family::Items, "other"), "x", "y"), None);
        check(&|batch| batch.rewrite(key(Family::Log, "any"), "x", "y"), Some("a row of a log"));
        let twice = |batch: &mut Batch| (0..2).for_each(|_| batch.rewrite(key(Family::Index, "any"), "x", "y"));
        check(&twice, Some("rewrites it twice"));
        let writes_too = |batch: &mut Batch| {
            batch.put(key(Family::Index, "any"), "x");
            batch.rewrite(key(Family::Index, "any"), "x", "y");
        };
        check(&writes_too, Some("a row that it writes"));
    }
}
