//! UpdateContinuousBackups and DescribeContinuousBackups: point-in-time recovery.
//!
//! The setting is stored and described; this version records nothing for it, so nothing can be restored.

use api::{
    ContinuousBackupsDescription, ContinuousBackupsStatus, DescribeContinuousBackupsInput,
    DescribeContinuousBackupsOutput, Exception, PointInTimeRecoveryDescription, PointInTimeRecoveryStatus, Timestamp,
    UpdateContinuousBackupsInput, UpdateContinuousBackupsOutput,
};
use auth::Caller;
use cluster::catalog::Edit;
use tables::{self, Definition, NameUse, PointInTimeRecovery, TableStatus, table_place, timestamp};

use crate::service::Service;

/// The longest recovery period. Unit: days. Source: API Reference, PointInTimeRecoverySpecification.
const PERIOD_DAYS_MAX: i32 = 35;
/// How far behind the present the latest restorable moment is. Source: API Reference,
/// PointInTimeRecoveryDescription ("typically 5 minutes before the current time").
const LATEST_BEHIND_MS: u64 = 5 * 60 * 1000;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl Service {
    /// # Errors
    /// DynamoDB's refusals; an absent table is a TableNotFoundException here.
    pub(crate) async fn update_continuous_backups(
        &self,
        caller: &Caller,
        request: UpdateContinuousBackupsInput,
    ) -> Result<UpdateContinuousBackupsOutput, Exception> {
        let asked = request.point_in_time_recovery_specification;
        let period_days = asked.recovery_period_in_days;
        if period_days.is_some_and(|days| !(1..=PERIOD_DAYS_MAX).contains(&days)) {
            return Err(tables::invalid(format!("RecoveryPeriodInDays must be between 1 and {PERIOD_DAYS_MAX}")));
        }
        if period_days.is_some() && !asked.point_in_time_recovery_enabled {
            return Err(Exception::validation(
                "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
            ));
        }
        // Locked from the read of the definition on: another change of it would be lost otherwise.
        let guard = self.catalog.lock().await?;
        let mut definition = self.backed_up(caller, &request.table_name)?;
        let now_ms = self.clock.now_ms();
        let current = definition.recovery;
        definition.recovery = asked.point_in_time_recovery_enabled.then(|| PointInTimeRecovery {
            enabled_ms: current.map_or(now_ms, |current| current.enabled_ms),
            // Enabling again without a period sets the default. Source: API Reference, PointInTimeRecoverySpecification.
            period_days: period_days.unwrap_or(PERIOD_DAYS_MAX),
        });
        let description = description(&definition, now_ms);
        if definition.recovery != current {
            self.catalog.replace(&self.engine, guard, definition, Edit::requested()).await?;
        }
        Ok(UpdateContinuousBackupsOutput { continuous_backups_description: Some(description) })
    }

    /// # Errors
    /// If the table does not exist.
    pub(crate) async fn describe_continuous_backups(
        &self,
        caller: &Caller,
        request: DescribeContinuousBackupsInput,
    ) -> Result<DescribeContinuousBackupsOutput, Exception> {
        self.catalog.refresh().await?;
        let definition = self.backed_up(caller, &request.table_name)?;
        let description = description(&definition, self.clock.now_ms());
        Ok(DescribeContinuousBackupsOutput { continuous_backups_description: Some(description) })
    }

    fn backed_up(&self, caller: &Caller, name_or_arn: &str) -> Result<Definition, Exception> {
        let place = table_place(caller, name_or_arn, NameUse::Lookup)?;
        let table = self.catalog.lookup(place)?;
        let table =
            table.filter(|table| !matches!(table.definition.status, TableStatus::Deleting | TableStatus::Creating));
        let table = table.ok_or_else(|| Exception::TableNotFound(format!("Table not found: {}", place.name)))?;
        Ok(table.definition.clone())
    }
}

fn description(definition: &Definition, now_ms: u64) -> ContinuousBackupsDescription {
    let recovery = match definition.recovery {
        None => PointInTimeRecoveryDescription {
            point_in_time_recovery_status: Some(PointInTimeRecoveryStatus::Disabled),
            ..PointInTimeRecoveryDescription::default()
        },
        Some(recovery) => {
            let period_ms = recovery.period_days as u64 * DAY_MS;
            let earliest_ms = recovery.enabled_ms.max(now_ms.saturating_sub(period_ms));
            let latest_ms = earliest_ms.max(now_ms.saturating_sub(LATEST_BEHIND_MS));
            PointInTimeRecoveryDescription {
                point_in_time_recovery_status: Some(PointInTimeRecoveryStatus::Enabled),
                recovery_period_in_days: Some(recovery.period_days),
                earliest_restorable_date_time: Some(whole_seconds(earliest_ms)),
                latest_restorable_date_time: Some(whole_seconds(latest_ms)),
            }
        }
    };
    ContinuousBackupsDescription {
        continuous_backups_status: ContinuousBackupsStatus::Enabled,
        point_in_time_recovery_description: Some(recovery),
    }
}

/// Both ends of the period are whole seconds. Source: captures.
fn whole_seconds(epoch_ms: u64) -> Timestamp {
    timestamp(epoch_ms - epoch_ms % 1000)
}

#[cfg(test)]
mod tests;
