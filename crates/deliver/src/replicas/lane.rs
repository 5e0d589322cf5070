//! One shard's way to a replica: read, apply, store the checkpoint, in this order and one batch after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use client::Backoff;
use ops::Compared;
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

/// How often a paused pair looks whether it goes on.
const PAUSED_INTERVAL: Duration = Duration::from_millis(50);
const BACKLOG_INTERVAL: Duration = Duration::from_secs(1);
/// How long a comparison counts for losses that are found again: far shorter than records are retained.
const COMPARED_FOR: Duration = Duration::from_secs(60 * 60);

pub(super) struct Lane {
    work: Work,
    lease: ConsumerLease,
    cursor: Cursor,
    backoff: Backoff,
    /// Where the tables were compared, and when.
    compared: Option<(Cursor, Instant)>,
    /// When the backlog was last measured.
    measured: Option<Instant>,
}

impl Lane {
    pub(super) fn new(work: Work, lease: ConsumerLease, cursor: Cursor) -> Lane {
        Lane { work, lease, cursor, backoff: backoff(), compared: None, measured: None }
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
            while self.work.links.is_paused(&self.work.destination) {
                tokio::time::sleep(PAUSED_INTERVAL).await;
            }
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
            if batch.lost > 0 && !self.has_compared() {
                self.tell_loss(&batch);
                // Neither records nor memory are held while the whole tables are compared.
                drop((memory, batch));
                self.compare().await?;
                continue;
            }
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
                Ok(applied) => {
                    self.work.counts.delivered(applied.count);
                    self.work.link.took(applied.count, self.work.service.clock().now_ms());
                }
                Err(FollowError::Failed(why) | FollowError::Damaged(why)) => {
                    self.work.counts.failed();
                    self.work.link.failed(&why);
                    self.measure_backlog().await;
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
            self.measure_backlog().await;
        }
        Ok(true)
    }

    async fn stall(&mut self, why: &str) {
        self.work.counts.failed();
        log::error!(event = "delivery_stalled"; "{} waits before a damaged record: {why}", self.work.title());
        self.backoff.pause().await;
    }

    /// Whether the tables were compared since the records behind the cursor were lost.
    fn has_compared(&self) -> bool {
        self.compared.is_some_and(|(cursor, at)| cursor == self.cursor && at.elapsed() < COMPARED_FOR)
    }

    /// Compares the whole tables, until that succeeds: what was lost is not passed over before.
    async fn compare(&mut self) -> Result<(), FollowError> {
        let found = Instant::now();
        let link = Arc::clone(&self.work.link);
        // Lanes of other shards find losses as well: one comparison that begins later is theirs, too.
        let mut begun = link.comparing.lock().await;
        while begun.is_none_or(|begun| begun < found) {
            let now = Instant::now();
            link.compares(true);
            let compared = self.work.service.resync_replica(&self.work.destination).await;
            link.compares(false);
            match compared {
                Ok(Compared { items, deletions, undecided }) => {
                    *begun = Some(now);
                    log::warn!(
                        event = "replica_resynced", items = items, deletions = deletions, undecided = undecided;
                        "{}: the whole tables were compared, {items} items were handed over and {deletions} deleted; of {undecided} it \
                         is not known whether they were deleted, for their regions do not answer",
                        self.work.title()
                    );
                }
                Err(FollowError::Failed(why) | FollowError::Damaged(why)) => {
                    self.work.counts.failed();
                    link.failed(&why);
                    self.backoff.pause().await;
                }
                Err(error) => return Err(error),
            }
        }
        self.compared = Some((self.cursor, Instant::now()));
        Ok(())
    }

    /// For the operator, now and then.
    async fn measure_backlog(&mut self) {
        if self.measured.is_some_and(|at| at.elapsed() < BACKLOG_INTERVAL) {
            return;
        }
        self.measured = Some(Instant::now());
        if let Ok(backlog) = self.work.service.replica_backlog(&self.work.destination).await {
            self.work.link.waits(backlog);
        }
    }

    fn tell_loss(&self, batch: &Batch<LogRecord>) {
        self.work.counts.lost(batch.lost);
        log::error!(
            event = "changes_lost", count = batch.lost;
            "{} has lost up to {} changes: they became older than 72 hours before they could be delivered. The whole tables are \
             compared now",
            self.work.title(),
            batch.lost
        );
    }
}
