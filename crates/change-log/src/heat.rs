//! The write load of each open shard, which decides which shards are split, and where.
//!
//! Writes count nothing: a log's positions are dense, so their growth between two samples is the number of changes. The
//! newest records are the sample of how changes spread over the shards, and of how large they are.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

/// When a table's shards roll and split.
#[derive(Clone, Copy, Debug)]
pub struct ShardSettings {
    /// How long a shard is written. Source of the default: observed, about four hours.
    pub age: Duration,
    /// Changes a second from which on a shard is split, each counted once for each KiB that was begun on average. Source of
    /// the default: a partition's write units, Developer Guide, "Partitions and data distribution".
    pub writes: u64,
}

impl Default for ShardSettings {
    fn default() -> ShardSettings {
        ShardSettings { age: Duration::from_secs(4 * 60 * 60), writes: 1_000 }
    }
}

/// A shard that is written too much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hot {
    pub shard: u32,
    /// A hash with about as many of its changes below it as from it on.
    pub split_at: u64,
}

/// A log at the time of a sample.
#[derive(Clone, Copy)]
struct Look {
    last: u64,
    at_ms: u64,
}

/// The last sample of each log, by its table and number.
#[derive(Default)]
pub struct Heat(Mutex<HashMap<(u64, u32), Look>>);

impl Heat {
    pub fn keep_only(&self, table_ids: &[u64]) {
        self.0.lock().retain(|(table_id, _), _| table_ids.contains(table_id));
    }

    /// Changes since the previous sample, if there was one, and the milliseconds since then.
    pub fn look(&self, log: (u64, u32), last: u64, at_ms: u64) -> Option<(u64, u64)> {
        let before = self.0.lock().insert(log, Look { last, at_ms })?;
        // Both subtractions are checked: a clock may be set back, and a log may be created anew.
        Some((last.checked_sub(before.last)?, at_ms.checked_sub(before.at_ms).filter(|ms| *ms > 0)?))
    }
}
