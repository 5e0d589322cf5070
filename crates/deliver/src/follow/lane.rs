//! One shard's way to the receiver: read, give, save, in this order and one batch after the other.

use std::sync::Arc;
use std::time::Duration;

use ops::Service;
use ops::follow::{Batch, ConsumerLease, Cursor, FollowError};

use client::Backoff;

use super::{Following, IDLE_FIRST, IDLE_LONGEST, backoff};

/// What a batch may take on its way beside the bytes of its records: as values, as JSON, and in the body of a call.
const MEMORY_FACTOR: u64 = 8;

pub(super) struct Lane {
    service: Arc<Service>,
    following: Following,
    lease: ConsumerLease,
    cursor: Cursor,
    backoff: Backoff,
}

impl Lane {
    pub(super) fn new(service: Arc<Service>, following: Following, lease: ConsumerLease, cursor: Cursor) -> Lane {
        Lane { service, following, lease, cursor, backoff: backoff() }
    }

    /// Runs until the receiver has taken the shard's end, or a step other than the receiver's fails.
    pub(super) async fn run(mut self) -> Result<(), FollowError> {
        let ended = self.run_to_the_end().await;
        self.following.counts.waits(self.cursor.shard, None);
        ended
    }

    async fn run_to_the_end(&mut self) -> Result<(), FollowError> {
        let mut idle = Duration::ZERO;
        let bytes = MEMORY_FACTOR * self.following.bounds.bytes_max as u64;
        loop {
            let memory = self.following.memory.take(&self.following.holder, bytes).await;
            let read = self.service.poll_changes(&self.following.consumer, self.cursor, self.following.bounds).await;
            let batch = match read {
                // Ending here would end the lanes of all other shards with this one.
                Err(FollowError::Damaged(text)) => {
                    drop(memory);
                    self.following.counts.failed();
                    log::error!(event = "delivery_stalled"; "{} waits before a damaged record: {text}", self.following.title);
                    self.backoff.pause().await;
                    continue;
                }
                read => read?,
            };
            self.tell_loss(&batch);
            let waits_since_ms = batch.changes.first().map(|change| change.created_ms);
            self.following.counts.waits(self.cursor.shard, waits_since_ms);
            let all = self.give(&batch).await?;
            drop(memory);
            if !all {
                self.backoff.pause().await;
            } else if batch.ended {
                return Ok(());
            }
            idle = if batch.changes.is_empty() { (idle * 2).clamp(IDLE_FIRST, IDLE_LONGEST) } else { Duration::ZERO };
            tokio::time::sleep(idle).await;
        }
    }

    /// Passes a batch to the receiver, and stores a checkpoint of what it took; returns whether it took all.
    async fn give(&mut self, batch: &Batch) -> Result<bool, FollowError> {
        if batch.changes.is_empty() && !batch.ended {
            // A batch without changes is not worth a checkpoint: after a restart its range is read again.
            self.cursor = batch.cursor_after(0);
            return Ok(true);
        }
        let (mut count, mut failure) = (0, None);
        if !batch.changes.is_empty() {
            let taken = self.following.receiver.take(&batch.changes).await;
            (count, failure) = (taken.count.min(batch.changes.len()), taken.failure);
        }
        self.following.counts.delivered(count);
        let all = count == batch.changes.len();
        let cursor = batch.cursor_after(count);
        // After the receiver: a crash in between delivers changes again, and skips none.
        // The end of an empty shard is worth a row, too: its children wait for it.
        if cursor != self.cursor || all && batch.ended {
            self.service.checkpoint(&self.following.consumer, &self.lease, cursor).await?;
            self.cursor = cursor;
        }
        match failure {
            None => self.backoff.reset(),
            Some(why) => {
                self.following.counts.failed();
                log::warn!(event = "delivery_failed"; "{} could not deliver and retries: {why}", self.following.title);
            }
        }
        Ok(all)
    }

    fn tell_loss(&self, batch: &Batch) {
        if batch.lost > 0 {
            self.following.counts.lost(batch.lost);
            log::error!(
                event = "changes_lost", count = batch.lost;
                "{} has lost up to {} changes: they became older than 24 hours before they could be delivered",
                self.following.title,
                batch.lost
            );
        }
    }
}
