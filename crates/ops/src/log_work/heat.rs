//! Which open shards are written too much.

use api::Exception;
use change_log::{Hot, Shard};
use storage::{Row, ScanDirection, ScanRange, StorageError, View};
use tables::failure::storage_failure;
use tables::{HashRange, Table};

use crate::service::Service;

/// Records from which shares are estimated.
const SAMPLE_ROWS: usize = 1024;
const SAMPLE_BYTES: usize = 4 << 20;
/// What the largest record counts for: one with two images of 400 KB, and their headers.
const RECORD_UNITS_MAX: u64 = 1024;

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
    sample_of(view, &range).await
}

/// A sample of records, without damaged ones; an empty one where the engine cannot read a whole block of them. Neither stops what depends
/// on it.
pub(super) async fn sample_of(view: &dyn View, range: &ScanRange) -> Result<Vec<Row>, Exception> {
    match view.scan_page(range).await {
        Err(StorageError::Corrupt(_)) => Ok(Vec::new()),
        page => Ok(page.map_err(storage_failure)?.rows),
    }
}
