//! The end of tombstones: a job deletes those of replicas whose life is over. No member can have an older write of the item then.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cluster::catalog::Interrupted;
use jobs::{Job, Ran};
use model::codec::row::Stored;
use storage::{Batch, Consistency, Family, KeyUse, Mode, Pages, Reads, Row, ScanRange, TxError};
use tables::{Definition, rows};

use crate::service::Service;

/// How often tables that are due are looked for.
const LOOK_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// Behind the end of a table's sweep, however often the server was started meanwhile.
const PERIOD_MS: u64 = 6 * 60 * 60 * 1000;
/// Rows of one step, and the pause behind it: nothing waits for the sweep.
const STEP_ROWS: usize = 1024;
const STEP_BYTES: usize = 2 << 20;
const STEP_PAUSE: Duration = Duration::from_millis(20);
/// Steps between two stores of the progress.
const STEPS_STORED: usize = 32;

/// How far the sweep of a table is, as it is stored: the time of the last end (8 bytes, milliseconds), and the key of the last row that
/// is passed since, if any is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Progress {
    ended_ms: u64,
    passed: Option<Bytes>,
}

impl Progress {
    /// What cannot be read is a sweep that never was.
    fn read(row: Option<&Bytes>) -> Progress {
        let parts = row.and_then(|row| Some((row.first_chunk::<8>()?, row.slice(8..))));
        parts.map_or_else(Progress::default, |(ended, passed)| Progress {
            ended_ms: u64::from_be_bytes(*ended),
            passed: Some(passed).filter(|passed| !passed.is_empty()),
        })
    }

    fn row(&self) -> Bytes {
        [&self.ended_ms.to_be_bytes()[..], self.passed.as_deref().unwrap_or_default()].concat().into()
    }

    /// A clock that was set back makes a sweep due.
    fn is_due(&self, now_ms: u64) -> bool {
        self.passed.is_some() || !(self.ended_ms..self.ended_ms.saturating_add(PERIOD_MS)).contains(&now_ms)
    }
}

impl Service {
    /// The job that deletes tombstones.
    pub(crate) fn tombstone_job(self: &Arc<Service>) -> Job {
        let job = Job::on(self, "sweep_deleted_items", LOOK_INTERVAL, |service| async move {
            match service.sweep_tombstones().await {
                Ok(()) => Ran::Done,
                Err(Interrupted::Stopping) => Ran::Ended,
                Err(Interrupted::Failed(text) | Interrupted::Lost(text)) => {
                    log::warn!(event = "tombstones_left"; "deleted items of replicas were not swept, which is retried: {text}");
                    Ran::Failed
                }
            }
        });
        job.at_once()
    }

    pub(super) async fn sweep_tombstones(&self) -> Result<(), Interrupted> {
        for table_id in self.catalog.table_ids(|definition: &Definition| definition.replication.is_some()) {
            // Several nodes may sweep one table: a tombstone is deleted once.
            self.sweep_table(table_id).await?;
        }
        Ok(())
    }

    async fn sweep_table(&self, table_id: u64) -> Result<(), Interrupted> {
        let stored = self.engine.get(&rows::sweep_progress(table_id), Consistency::Strong).await?;
        let mut progress = Progress::read(stored.as_ref());
        if !progress.is_due(self.clock.now_ms()) {
            return Ok(());
        }
        let mut range = ScanRange::of_prefix(Family::Items, rows::table_prefix(table_id), STEP_ROWS, STEP_BYTES);
        if let Some(passed) = &progress.passed {
            range.lower = Bound::Excluded(passed.clone());
        }
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        for step in 1.. {
            if self.catalog.by_id(table_id).is_none_or(|table| !table.is_usable()) {
                return Ok(());
            }
            // Damaged rows are reported by readers of the items.
            let Some(page) = pages.next_with_damaged().await? else { break };
            progress.passed = page.last_key().cloned().or(progress.passed);
            self.sweep_page(page.rows).await?;
            if step % STEPS_STORED == 0 {
                self.store_progress(table_id, &progress).await?;
            }
            tokio::time::sleep(STEP_PAUSE).await;
        }
        self.store_progress(table_id, &Progress { ended_ms: self.clock.now_ms(), passed: None }).await
    }

    /// Deletes the tombstones of a page whose life is over.
    async fn sweep_page(&self, rows: Vec<Row>) -> Result<(), Interrupted> {
        let now_ms = self.clock.now_ms();
        for row in rows {
            let is_over = matches!(
                Stored::read(row.value.clone()),
                Ok(Stored::Tombstone(tombstone)) if tombstone.end_of_life_ms <= now_ms
            );
            if !is_over {
                continue;
            }
            let expected = row.value.clone();
            let keys = [KeyUse::write(row.into_key(Family::Items))];
            // Read again in the write: an item may have been put in its place.
            let delete = |reads: &Reads, batch: &mut Batch| {
                if reads.values[0].as_ref() == Some(&expected) {
                    batch.delete(keys[0].key.clone());
                }
                Ok::<(), ()>(())
            };
            // What is left by a conflict, the next sweep finds again.
            swept(self.engine.write(Mode::Plain, &keys, delete).await)?;
        }
        Ok(())
    }

    async fn store_progress(&self, table_id: u64, progress: &Progress) -> Result<(), Interrupted> {
        // The deletion of the table waits as long as this is held: no progress is stored behind it.
        let Some(_table) = self.catalog.by_id(table_id).filter(|table| table.is_usable()) else { return Ok(()) };
        let keys = [KeyUse::write(rows::sweep_progress(table_id))];
        let put = |_: &Reads, batch: &mut Batch| {
            batch.put(keys[0].key.clone(), progress.row());
            Ok::<(), ()>(())
        };
        swept(self.engine.write(Mode::Plain, &keys, put).await)
    }
}

fn swept<T>(written: Result<T, TxError>) -> Result<(), Interrupted> {
    match written {
        Ok(_) | Err(TxError::Conflict { .. } | TxError::Busy) => Ok(()),
        Err(TxError::Storage(error)) => Err(error.into()),
        Err(error) => Err(Interrupted::Failed(error.to_string())),
    }
}
