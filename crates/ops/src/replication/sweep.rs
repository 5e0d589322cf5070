//! The end of tombstones: a job deletes those of replicas whose life is over. No member can have an older write of the item then.

use std::sync::Arc;
use std::time::Duration;

use cluster::catalog::Interrupted;
use jobs::{Job, Ran};
use model::codec::row::Stored;
use storage::{Batch, Family, KeyUse, Mode, Pages, Reads, ScanRange, TxError};
use tables::{Definition, rows};

use crate::service::Service;

const INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);
/// Rows of one step, and the pause behind it: nothing waits for the sweep.
const STEP_ROWS: usize = 1024;
const STEP_BYTES: usize = 2 << 20;
const STEP_PAUSE: Duration = Duration::from_millis(20);

impl Service {
    /// The job that deletes tombstones.
    pub(crate) fn tombstone_job(self: &Arc<Service>) -> Job {
        Job::on(self, "sweep_deleted_items", INTERVAL, |service| async move {
            match service.sweep_tombstones().await {
                Ok(()) => Ran::Done,
                Err(Interrupted::Stopping) => Ran::Ended,
                Err(Interrupted::Failed(text) | Interrupted::Lost(text)) => {
                    log::warn!(event = "tombstones_left"; "deleted items of replicas were not swept, which is retried: {text}");
                    Ran::Failed
                }
            }
        })
    }

    pub(super) async fn sweep_tombstones(&self) -> Result<(), Interrupted> {
        for table_id in self.catalog.table_ids(|definition: &Definition| definition.replication.is_some()) {
            // Several nodes may sweep one table: a tombstone is deleted once.
            self.sweep_table(table_id).await?;
        }
        Ok(())
    }

    async fn sweep_table(&self, table_id: u64) -> Result<(), Interrupted> {
        let range = ScanRange::of_prefix(Family::Items, rows::table_prefix(table_id), STEP_ROWS, STEP_BYTES);
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        while self.catalog.by_id(table_id).is_some_and(|table| table.is_usable()) {
            // Damaged rows are reported by readers of the items.
            let Some(page) = pages.next_with_damaged().await? else { break };
            let now_ms = self.clock.now_ms();
            for row in page.rows {
                let is_over = matches!(
                    Stored::read(row.value.clone()),
                    Ok(Stored::Tombstone(tombstone)) if tombstone.end_of_life_ms <= now_ms
                );
                if is_over {
                    let expected = row.value.clone();
                    let keys = [KeyUse::write(row.into_key(Family::Items))];
                    // Read again in the write: an item may have been put in its place.
                    let delete = |reads: &Reads, batch: &mut Batch| {
                        if reads.values[0].as_ref() == Some(&expected) {
                            batch.delete(keys[0].key.clone());
                        }
                        Ok::<(), ()>(())
                    };
                    match self.engine.write(Mode::Plain, &keys, delete).await {
                        // A later sweep finds it again.
                        Ok(_) | Err(TxError::Conflict { .. } | TxError::Busy) => {}
                        Err(TxError::Storage(error)) => return Err(error.into()),
                        Err(error) => return Err(Interrupted::Failed(error.to_string())),
                    }
                }
            }
            tokio::time::sleep(STEP_PAUSE).await;
        }
        Ok(())
    }
}
