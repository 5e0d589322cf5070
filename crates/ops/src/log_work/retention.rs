//! Which records of a table's log are still needed, as its consumers say (`tables::log_consumer`).
//!
//! A record is over once it is older than the longest retention by age, and each consumer that is waited for has taken it or does not
//! need it any more: then it is older than that consumer's own maximum. What such a consumer has not taken is lost to it.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use api::Exception;
use bytes::Bytes;
use change_log::{ArchiveState, Shard};
use storage::{DamagedRow, Key, View};
use tables::failure::storage_failure;
use tables::{ConsumerState, LogConsumer, Retention, rows};

use crate::follow::Passed;
use crate::service::Service;

/// The consequence of a damaged position, as it is reported.
const RETAINED: &str = "records of a log are retained up to the maximum of a consumer";

pub(super) struct LogRetention {
    now_ms: u64,
    /// The longest retention by age.
    age_ms: u64,
    awaited: Vec<Awaited>,
}

/// A consumer that is waited for.
struct Awaited {
    name: String,
    max_ms: u64,
    passed: Passed,
    /// Records that were trimmed before it took them.
    lost: u64,
}

impl Service {
    /// What a log's consumers retain, with their positions as the view sees them.
    pub(super) async fn retention(
        &self,
        view: &dyn View,
        table_id: u64,
        consumers: &[LogConsumer],
        shards: &[Shard],
    ) -> Result<LogRetention, Exception> {
        let now_ms = self.clock.now_ms();
        let mut retention = LogRetention { now_ms, age_ms: 0, awaited: Vec::new() };
        for consumer in consumers {
            match (consumer.retention, consumer.state) {
                (Retention::Age { ms }, ConsumerState::Ended { since_ms }) if since_ms.saturating_add(ms) <= now_ms => {
                }
                // Also while it is being removed: its reader may not have stopped, and would report a loss.
                (Retention::Age { ms }, _) => retention.age_ms = retention.age_ms.max(ms),
                (Retention::Position { .. }, ConsumerState::Removing) => {}
                (Retention::Position { max_ms }, ConsumerState::Active | ConsumerState::Ended { .. }) => {
                    let name = consumer.name.clone();
                    // One damaged position stops neither the trim of the log nor what other consumers retain.
                    let passed = match consumer.is_archive() {
                        true => archived(view, table_id, shards).await?,
                        false => {
                            let (passed, damaged) = Passed::read(view, table_id, &name, shards).await?;
                            self.report_damaged_positions(table_id, &damaged);
                            passed
                        }
                    };
                    retention.awaited.push(Awaited { name, max_ms, passed, lost: 0 });
                }
            }
        }
        Ok(retention)
    }

    fn report_damaged_positions(&self, table_id: u64, damaged: &[DamagedRow]) {
        let Some(table) = self.catalog.with_remains(table_id) else { return };
        damaged.iter().for_each(|row| self.report_damaged(&table, row.key.as_deref(), &row.what, RETAINED));
    }

    /// Reports the records that consumers have lost.
    pub(super) fn report_losses(&self, table_id: u64, retention: &LogRetention) {
        let table = self.table_label(table_id);
        for Awaited { name, lost, max_ms, .. } in retention.awaited.iter().filter(|own| own.lost > 0) {
            self.lost_records.fetch_add(*lost, Ordering::Relaxed);
            ::log::error!(
                event = "log_records_lost", table = table.as_str(), consumer = name.as_str(), count = *lost;
                "{lost} records of a log were trimmed before their consumer {name} had taken them: they were older than its \
                 maximum of {max_ms} ms"
            );
        }
    }
}

/// What of each log is archived. A log without an archive, or with a damaged state of one, is retained.
async fn archived(view: &dyn View, table_id: u64, shards: &[Shard]) -> Result<Passed, Exception> {
    let logs: BTreeSet<u32> = shards.iter().map(Shard::log).collect();
    let states: Vec<Key> = logs.iter().map(|log| rows::archive_state(table_id, *log)).collect();
    let found = view.get_many(&states).await.map_err(storage_failure)?;
    let last = |row: Option<Bytes>| row.as_deref().and_then(ArchiveState::read).map_or(0, |state| state.archived);
    Ok(Passed::up_to(logs.into_iter().zip(found.into_iter().map(last)).collect()))
}

impl LogRetention {
    /// Whether each consumer that is waited for has passed the end of a shard.
    pub(super) fn all_have_taken(&self, shard: &Shard) -> bool {
        let left = |last: u64| self.awaited.iter().any(|own| own.passed.left_of(shard.log(), last) > 0);
        !shard.closed.is_some_and(|closed| left(closed.last))
    }

    /// Whether a record is needed no more.
    pub(super) fn is_over(&self, log: u32, position: u64, created_ms: u64) -> bool {
        let is_older = |ms: u64| created_ms.saturating_add(ms) <= self.now_ms;
        is_older(self.age_ms)
            && self.awaited.iter().all(|own| own.passed.has_taken(log, position) || is_older(own.max_ms))
    }

    /// Counts a record that was trimmed for the consumers that have not taken it.
    pub(super) fn count(&mut self, log: u32, position: u64) {
        for own in &mut self.awaited {
            own.lost += u64::from(!own.passed.has_taken(log, position));
        }
    }
}
