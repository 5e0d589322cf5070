//! One shard's way to a replica: read, apply, store the checkpoint, in this order and one batch after the other.

use std::time::Duration;

use client::Backoff;
use ops::follow::{Batch, Bounds, ConsumerLease, Cursor, FollowError, LogRecord};

use super::Work;
use crate::follow::backoff;

/// What is applied at once.
const BOUNDS: Bounds = Bounds { records_max: 256, bytes_max: 1 << 20 };
/// What a batch may take beside the bytes of its records: as values, and as rows.
const MEMORY_FACTOR: u64 = 4;
/// How long a shard without new changes is not looked at: writes of this server wake its reader. Those of other servers do not.
const IDLE_ALONE: Duration = Duration::from_secs(1);
const IDLE_SHARED: Duration = Duration::from_millis(25);

pub(super) struct Lane {
    work: Work,
    lease: ConsumerLease,
    cursor: Cursor,
    backoff: Backoff,
}

impl Lane {
    pub(super) fn new(work: Work, lease: ConsumerLease, cursor: Cursor) -> Lane {
        Lane { work, lease, cursor, backoff: backoff() }
    }

    /// Runs until the replica has the shard's last change, or a step other than the replica's fails.
    pub(super) async fn run(mut self) -> Result<(), FollowError> {
        let ended = self.run_to_the_end().await;
        self.work.counts.waits(self.cursor.shard, None);
        ended
    }

    async fn run_to_the_end(&mut self) -> Result<(), FollowError> {
        let service = self.work.service.clone();
        let consumer = self.work.destination.consumer.clone();
        let log = service.log_of(consumer.table_id).ok_or(FollowError::Gone)?;
        let idle = if service.is_shared() { IDLE_SHARED } else { IDLE_ALONE };
        loop {
            let memory = self.work.memory.take(&self.work.holder, MEMORY_FACTOR * BOUNDS.bytes_max as u64).await;
            // Asked for before the read: a write between the two wakes it.
            let written = log.written.notified();
            tokio::pin!(written);
            written.as_mut().enable();
            let batch = match service.poll(&consumer, self.cursor, BOUNDS).await {
                // Ending here would end the lanes of all other shards with this one.
                Err(FollowError::Damaged(text)) => {
                    drop(memory);
                    self.stall(&text).await;
                    continue;
                }
                read => read?,
            };
            self.tell_loss(&batch);
            self.work.counts.waits(self.cursor.shard, batch.changes.first().map(|change| change.created_ms));
            let applied = self.give(&batch).await?;
            drop(memory);
            match applied {
                false => self.backoff.pause().await,
                true if batch.ended => return Ok(()),
                true if batch.changes.is_empty() => _ = tokio::time::timeout(idle, written).await,
                true => self.backoff.reset(),
            }
        }
    }

    /// Applies a batch, and stores a checkpoint behind it; returns whether the replica took it.
    async fn give(&mut self, batch: &Batch<LogRecord>) -> Result<bool, FollowError> {
        if !batch.changes.is_empty() {
            match self.work.service.replicate(&self.work.destination, &batch.changes).await {
                Ok(applied) => self.work.counts.delivered(applied.count),
                Err(FollowError::Failed(why) | FollowError::Damaged(why)) => {
                    self.work.counts.failed();
                    log::debug!(event = "delivery_failed"; "{} could not deliver and retries: {why}", self.work.title());
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        let cursor = batch.cursor_after(batch.changes.len());
        // After the replica: a crash in between delivers changes again, and skips none.
        if cursor != self.cursor || batch.ended {
            self.work.service.checkpoint(&self.work.destination.consumer, &self.lease, cursor).await?;
            self.cursor = cursor;
        }
        Ok(true)
    }

    async fn stall(&mut self, why: &str) {
        self.work.counts.failed();
        log::error!(event = "delivery_stalled"; "{} waits before a damaged record: {why}", self.work.title());
        self.backoff.pause().await;
    }

    fn tell_loss(&self, batch: &Batch<LogRecord>) {
        if batch.lost > 0 {
            self.work.counts.lost(batch.lost);
            log::error!(
                event = "changes_lost", count = batch.lost;
                "{} has lost up to {} changes: they became older than 72 hours before they could be delivered",
                self.work.title(),
                batch.lost
            );
        }
    }
}
