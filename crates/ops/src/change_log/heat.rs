//! How much is written to each open shard, from which it follows which of them are split, and where.
//!
//! Nobody counts while writing: a log's positions are dense, so their growth between two looks is the number of changes,
//! and the newest records, a sample of them, tell how they are spread over the shards, and how large they are.

use std::collections::HashMap;
use std::time::Duration;

use api::Exception;
use parking_lot::Mutex;
use storage::{Row, ScanDirection, View};

use super::{HashRange, Shard};
use crate::catalog::Table;
use crate::failure::storage_failure;
use crate::service::Service;

/// Records from which shares are estimated.
const SAMPLE_ROWS: usize = 1024;
const SAMPLE_BYTES: usize = 4 << 20;
/// What the largest record counts for: one with two images of 400 KB, and their headers.
const RECORD_UNITS_MAX: u64 = 1024;

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
pub(crate) struct Hot {
    pub shard: u32,
    /// A hash with about as many of its changes below it as from it on.
    pub split_at: u64,
}

/// What was seen of a log.
#[derive(Clone, Copy)]
struct Look {
    last: u64,
    at_ms: u64,
}

/// The last look at each log, by its table and number.
#[derive(Default)]
pub(crate) struct Heat(Mutex<HashMap<(u64, u32), Look>>);

impl Heat {
    pub(super) fn keep_only(&self, table_ids: &[u64]) {
        self.0.lock().retain(|(table_id, _), _| table_ids.contains(table_id));
    }

    /// Changes since the look before, if there was one, and the milliseconds since then.
    fn look(&self, log: (u64, u32), last: u64, at_ms: u64) -> Option<(u64, u64)> {
        let before = self.0.lock().insert(log, Look { last, at_ms })?;
        // A clock may be set back, and a log be made anew.
        Some((last.checked_sub(before.last)?, at_ms.checked_sub(before.at_ms).filter(|ms| *ms > 0)?))
    }
}

impl Service {
    /// The open shards that are written too much since the last look.
    pub(super) async fn hot_shards(&self, table_id: u64) -> Result<Vec<Hot>, Exception> {
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(Vec::new()) };
        let logs: Vec<u32> = table.definition.log.open.iter().map(|open| open.number).collect();
        let view = self.view_of_logs(table_id, &logs).await?;
        let mut open = Shard::list(&*view, table_id, 0, u32::MAX).await?;
        open.retain(|shard| shard.closed.is_none());
        let mut hot = Vec::new();
        for log in logs {
            let open: Vec<&Shard> = open.iter().filter(|shard| shard.log() == log).collect();
            let Some(any) = open.first() else { continue };
            let last = any.head(&*view).await?;
            let look = self.heat.look((table_id, log), last, self.clock.now_ms());
            let may_be_hot = |(changes, ms): &(u64, u64)| {
                let most = u128::from(*changes) * u128::from(RECORD_UNITS_MAX) * 1_000;
                *changes > 0 && most >= u128::from(self.settings.shards.writes) * u128::from(*ms)
            };
            let Some((changes, ms)) = look.filter(may_be_hot) else { continue };
            let sample = newest(&*view, any, last.saturating_sub(changes)).await?;
            hot.extend(self.hot_of(&table, &open, &sample, (changes, ms)));
        }
        Ok(hot)
    }

    /// Those of a log's open shards that are hot, by so many changes within so many milliseconds, and a sample of them.
    fn hot_of(&self, table: &Table, open: &[&Shard], sample: &[Row], (changes, ms): (u64, u64)) -> Vec<Hot> {
        let sample: Vec<(u64, u64)> =
            sample.iter().filter_map(|row| Some((self.hash_of_record(table, row)?, units(row.value.len())))).collect();
        let all = sample.len() as u128;
        let is_hot = |shard: &&&Shard| {
            let own = sample.iter().filter(|(hash, _)| shard.hashes.contains(*hash));
            let own: u64 = own.map(|(_, units)| units).sum();
            // Of `all` records in the sample, these units were the shard's; so many records there were.
            let (seen, limit) = (u128::from(own) * u128::from(changes), u128::from(self.settings.shards.writes));
            all > 0 && seen * 1_000 >= limit * u128::from(ms) * all
        };
        let hot = open.iter().filter(is_hot).filter_map(|shard| {
            let own = sample.iter().map(|(hash, _)| *hash).filter(|hash| shard.hashes.contains(*hash));
            Some(Hot { shard: shard.number, split_at: HashRange::middle_of(own.collect())? })
        });
        hot.collect()
    }
}

/// What a record counts for: one for each KiB that was begun.
fn units(bytes: usize) -> u64 {
    bytes.div_ceil(1024) as u64
}

/// The newest records of a shard's log behind a position.
async fn newest(view: &dyn View, shard: &Shard, after: u64) -> Result<Vec<Row>, Exception> {
    let mut range = shard.records(after.saturating_add(1), SAMPLE_ROWS, SAMPLE_BYTES);
    range.direction = ScanDirection::Backward;
    Ok(view.scan(&range).await.map_err(storage_failure)?.rows)
}
