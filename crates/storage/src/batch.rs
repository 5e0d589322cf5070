//! What a decision reads and writes.

use bytes::Bytes;

use crate::key::{Family, Key};

/// Counters in one tally row.
pub const TALLY_WIDTH: usize = 2;

/// Deltas to a row of counters. The engine adds them up and writes each row once a group commit, so that a counter
/// that every write of a table touches costs no latch. Its value, read with `get`, is [`TALLY_WIDTH`] big-endian i64;
/// while all of them are zero there is no row. They stand in [`Family::Catalog`]. In one batch deltas count after
/// writes of the same row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tally {
    pub key: Key,
    pub deltas: [i64; TALLY_WIDTH],
}

/// What stands under the keys of a transaction, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reads {
    pub values: Vec<Option<Bytes>>,
}

/// Writes that become durable and visible together. For one key the last of several counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    /// `None` deletes the row.
    pub writes: Vec<(Key, Option<Bytes>)>,
    pub tallies: Vec<Tally>,
}

impl Batch {
    pub fn put(&mut self, key: Key, value: impl Into<Bytes>) {
        self.writes.push((key, Some(value.into())));
    }

    pub fn delete(&mut self, key: Key) {
        self.writes.push((key, None));
    }

    pub fn tally(&mut self, key: Key, deltas: [i64; TALLY_WIDTH]) {
        debug_assert_eq!(key.family, Family::Catalog);
        if deltas != [0; TALLY_WIDTH] {
            self.tallies.push(Tally { key, deltas });
        }
    }

    pub fn clear(&mut self) {
        self.writes.clear();
        self.tallies.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.tallies.is_empty()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Commit the batch. An empty one commits at once.
    Commit,
    /// Write nothing; the caller's closure has kept why.
    Refuse,
}
