//! The moments that a table can be restored to.

use api::Exception;
use tables::Definition;

use crate::service::Service;

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const SECOND_MS: u64 = 1_000;

/// Whole seconds, in milliseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Period {
    pub earliest_ms: u64,
    pub latest_ms: u64,
}

impl Service {
    /// The moments of a table with point-in-time recovery; none without it. The latest one is the present: what the archive does not
    /// have yet is in the log.
    pub(crate) async fn recovery_period(&self, definition: &Definition) -> Result<Option<Period>, Exception> {
        let Some(recovery) = definition.recovery else { return Ok(None) };
        let now_ms = self.clock.now_ms();
        let period_ms = u64::try_from(recovery.period_days).unwrap_or(0).saturating_mul(DAY_MS);
        let mut earliest_ms = recovery.enabled_ms.max(now_ms.saturating_sub(period_ms));
        if definition.log.open.is_empty() {
            // An older program's table, of which no log is kept yet.
            earliest_ms = now_ms;
        }
        for open in &definition.log.open {
            let state = self.archive_state(definition.table_id, open.number).await?;
            earliest_ms = earliest_ms.max(state.map_or(now_ms, |state| state.from_ms));
        }
        let earliest_ms = whole_second(earliest_ms);
        Ok(Some(Period { earliest_ms, latest_ms: whole_second(now_ms).max(earliest_ms) }))
    }
}

/// Both ends of the period are whole seconds. Source: captures.
pub(crate) fn whole_second(epoch_ms: u64) -> u64 {
    epoch_ms - epoch_ms % SECOND_MS
}
