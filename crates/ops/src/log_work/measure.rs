//! What logs hold: counted by positions, weighed by a sample.

use std::collections::BTreeMap;

use api::Exception;
use change_log::Shard;
use change_log::lag::LogSize;
use storage::{Consistency, ScanDirection, ScanRange, View};
use tables::failure::storage_failure;

use super::heat::sample_of;
use crate::service::Service;

/// Records at each end of a log that are weighed.
const SAMPLE_ROWS: usize = 32;
const SAMPLE_BYTES: usize = 1 << 20;

impl Service {
    /// Measures the logs of these tables. Returns false if one could not be: its size stays as it was.
    pub(super) async fn measure_tables(&self, tables: &[u64]) -> bool {
        let mut succeeded = true;
        for table_id in tables.iter().copied() {
            jobs::take_slot().await;
            match self.measure_log(table_id).await {
                Ok(size) => self.lags.set_log(table_id, size),
                Err(error) => {
                    let table = self.table_label(table_id);
                    ::log::warn!(event = "stream_measure_failed", table = table.as_str(); "measuring a stream failed: {error}");
                    succeeded = false;
                }
            }
        }
        succeeded
    }

    pub(crate) async fn measure_log(&self, table_id: u64) -> Result<LogSize, Exception> {
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        // Of each log: the last position that is gone, the last one there is, and a shard to read it by.
        let mut logs: BTreeMap<u32, (u64, u64, Shard)> = BTreeMap::new();
        for shard in Shard::list(&*view, table_id, 0, u32::MAX).await? {
            let last = shard.last(&*view).await?;
            let log = logs.entry(shard.log()).or_insert_with(|| (shard.trimmed, last, shard.clone()));
            *log = (log.0.min(shard.trimmed), log.1.max(last), Shard { closed: None, ..shard });
        }
        let mut size = LogSize::default();
        for (trimmed, last, shard) in logs.into_values() {
            let records = last.saturating_sub(trimmed);
            size.records = size.records.saturating_add(records);
            size.bytes = size.bytes.saturating_add(records.saturating_mul(mean_size(&*view, &shard, trimmed).await?));
        }
        Ok(size)
    }
}

/// The mean size of a log's oldest and newest records.
async fn mean_size(view: &dyn View, shard: &Shard, trimmed: u64) -> Result<u64, Exception> {
    let oldest = shard.records(trimmed.saturating_add(1), SAMPLE_ROWS, SAMPLE_BYTES);
    let newest = ScanRange { direction: ScanDirection::Backward, ..oldest.clone() };
    let (mut rows, mut bytes) = (0, 0);
    for range in [oldest, newest] {
        let sample = sample_of(view, &range).await?;
        rows += sample.len() as u64;
        bytes += sample.iter().map(|row| (row.key.len() + row.value.len()) as u64).sum::<u64>();
    }
    Ok(bytes / rows.max(1))
}
