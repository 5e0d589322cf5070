//! Slow states for tests (`--transition-scale`): tables and indexes stay in CREATING, UPDATING and DELETING for a share of the time
//! that AWS takes, although the work is done within milliseconds.
//!
//! The moment until which a table is busy is in its definition, so that it outlives a restart. Work that ends a state, as that on
//! a new index, begins then; for other states the job here ends them. Values of a change are the new ones at once.

use std::sync::Arc;
use std::time::Duration;

use api::Exception;
use cluster::catalog::{Edit, Work};
use jobs::{Job, Ran};
use tables::{Definition, IndexStatus, TableStatus, WarmChange};

use crate::service::Service;

/// Between two looks at tables that are busy, where changes are slow.
const SLOW_INTERVAL: Duration = Duration::from_millis(100);
/// The same where they are not: a server before this one may have left such tables.
const LEFT_INTERVAL: Duration = Duration::from_secs(10);
/// The longest pause of work that waits.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long AWS takes. Source: live captures of 2026-10; those marked with G are rough, and not captured. Unit: milliseconds.
mod aws {
    /// G.
    pub(super) const CREATE_MS: u64 = 8_000;
    /// G.
    pub(super) const DELETE_MS: u64 = 5_000;
    pub(super) const UNITS_MS: u64 = 1_500;
    pub(super) const TO_PROVISIONED_MS: u64 = 80_000;
    pub(super) const TO_ON_DEMAND_MS: u64 = 150_000;
    /// Of a table that was on-demand before.
    pub(super) const BACK_TO_ON_DEMAND_MS: u64 = 4_500;
    pub(super) const WARM_MS: u64 = 390_000;
    /// G.
    pub(super) const NEW_INDEX_MS: u64 = 300_000;
    /// G.
    pub(super) const INDEX_DELETE_MS: u64 = 60_000;
    /// G: a stream, the class of the table, its key.
    pub(super) const SETTINGS_MS: u64 = 2_000;
}

impl Service {
    /// Until when a change is to last that takes so long on AWS; none if it is not to be slow.
    fn slow_until_ms(&self, aws_ms: u64) -> Option<u64> {
        let slow_ms = (aws_ms as f64 * self.settings.transition_scale) as u64;
        (slow_ms > 0).then(|| self.clock.now_ms().saturating_add(slow_ms))
    }

    /// A new table is busy for a while.
    pub(crate) fn begin_creation(&self, definition: &mut Definition) {
        if let Some(until_ms) = self.slow_until_ms(aws::CREATE_MS) {
            (definition.status, definition.busy_until_ms) = (TableStatus::Creating, Some(until_ms));
        }
    }

    /// A changed table is busy for a while, if the change is one that AWS makes in the background.
    pub(crate) fn begin_update(&self, before: &Definition, definition: &mut Definition) {
        if let Some(until_ms) = self.slow_until_ms(update_ms(before, definition)) {
            (definition.status, definition.busy_until_ms) = (TableStatus::Updating, Some(until_ms));
        }
        if before.warm != definition.warm
            && let Some(until_ms) = self.slow_until_ms(aws::WARM_MS)
        {
            let former = tables::throughput::current_warm(before.warm, before.billing.provisioned());
            definition.warm_change = Some(WarmChange { until_ms, former });
        }
    }

    pub(crate) fn begin_deletion(&self, definition: &mut Definition) {
        definition.busy_until_ms = self.slow_until_ms(aws::DELETE_MS);
    }

    /// Whether the warm throughput of a table is being changed.
    pub(crate) fn is_warming(&self, definition: &Definition) -> bool {
        definition.warm_change.is_some_and(|change| change.until_ms > self.clock.now_ms())
    }

    /// How long work on a table has to wait until it may end the table's state.
    pub(crate) fn pause_of_work(&self, work: Work) -> Option<Duration> {
        let ends_state = matches!(work, Work::BuildIndex { .. } | Work::DropIndex { .. } | Work::DropTable { .. });
        let table = self.catalog.by_id(work.table_id()).filter(|_| ends_state)?;
        let left_ms = table.definition.busy_until_ms?.saturating_sub(self.clock.now_ms());
        (left_ms > 0).then(|| Duration::from_millis(left_ms).min(PAUSE_MAX))
    }

    /// The job that ends states of tables that were to last, and of no others: restores and imports end theirs.
    pub(crate) fn transition_job(self: &Arc<Service>) -> Job {
        let interval = if self.settings.transition_scale > 0.0 { SLOW_INTERVAL } else { LEFT_INTERVAL };
        let job = Job::on(self, "end_transitions", interval, |service| async move {
            let now_ms = service.clock.now_ms();
            let mut ran = Ran::Done;
            for table_id in service.catalog.table_ids(|definition| is_over(definition, now_ms)) {
                if service.end_transition(table_id, now_ms).await.is_err() {
                    ran = Ran::Failed;
                }
            }
            ran
        });
        job.at_once()
    }

    /// Of several nodes, the first one does it.
    async fn end_transition(&self, table_id: u64, now_ms: u64) -> Result<(), Exception> {
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id).filter(|table| is_over(&table.definition, now_ms)) else {
            return Ok(());
        };
        let mut definition = table.definition.clone();
        // Background work waits until no request uses the table as it was, and this would be a use.
        drop(table);
        (definition.status, definition.busy_until_ms) = (TableStatus::Active, None);
        self.catalog.replace(&self.engine, guard, definition, Edit::default()).await.map(drop)
    }
}

/// Whether a state has lasted as long as it was to.
fn is_over(definition: &Definition, now_ms: u64) -> bool {
    let is_busy = matches!(definition.status, TableStatus::Creating | TableStatus::Updating);
    is_busy && definition.busy_until_ms.is_some_and(|until_ms| until_ms <= now_ms)
}

/// How long AWS takes for a change: as long as for its slowest part. 0 for changes that are made at once.
fn update_ms(before: &Definition, after: &Definition) -> u64 {
    let billing_ms = match (before.billing.provisioned(), after.billing.provisioned()) {
        (None, Some(_)) => aws::TO_PROVISIONED_MS,
        (Some(_), None) if before.on_demand_since_ms.is_some() => aws::BACK_TO_ON_DEMAND_MS,
        (Some(_), None) => aws::TO_ON_DEMAND_MS,
        (units, others) if units != others => aws::UNITS_MS,
        _ => 0,
    };
    let index_ms = after.global_indexes.iter().map(|index| {
        let former = before.global_indexes.iter().find(|former| former.id == index.id);
        match former {
            None => aws::NEW_INDEX_MS,
            Some(former) if former.status != index.status && index.status == IndexStatus::Deleting => {
                aws::INDEX_DELETE_MS
            }
            Some(former) if former.provisioned != index.provisioned => aws::UNITS_MS,
            Some(_) => 0,
        }
    });
    let is_set = before.stream != after.stream
        || before.table_class != after.table_class
        || before.encryption != after.encryption;
    let settings_ms = if is_set { aws::SETTINGS_MS } else { 0 };
    index_ms.chain([billing_ms, settings_ms]).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
