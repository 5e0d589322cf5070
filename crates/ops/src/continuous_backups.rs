//! UpdateContinuousBackups and DescribeContinuousBackups: point-in-time recovery.
//!
//! While it is enabled, the table's log has a consumer, the archive (`recovery`).

use std::time::Duration;

use api::{
    ContinuousBackupsDescription, ContinuousBackupsStatus, DescribeContinuousBackupsInput,
    DescribeContinuousBackupsOutput, Exception, PointInTimeRecoveryDescription, PointInTimeRecoveryStatus,
    UpdateContinuousBackupsInput, UpdateContinuousBackupsOutput,
};
use auth::Caller;
use bytes::Bytes;
use change_log::ArchiveState;
use cluster::catalog::Edit;
use storage::{Consistency, Key, log};
use tables::failure::storage_failure;
use tables::rows;
use tables::{self, Definition, NameUse, PointInTimeRecovery, TableStatus, table_place, timestamp};

use crate::service::Service;

/// The longest recovery period. Unit: days. Source: API Reference, PointInTimeRecoverySpecification.
const PERIOD_DAYS_MAX: i32 = 35;
/// How long UpdateContinuousBackups waits until all nodes know of the log; it needs a heartbeat of each.
const OPEN_WAIT: Duration = Duration::from_secs(10);
const OPEN_INTERVAL: Duration = Duration::from_millis(5);

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
        self.check_archive(caller, &request.table_name, asked.point_in_time_recovery_enabled).await?;
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
        let table_id = definition.table_id;
        if definition.recovery != current {
            let mut edit = Edit::requested();
            if current.is_some() != definition.recovery.is_some() {
                if current.is_some() {
                    self.retain_for_copies(&mut definition);
                }
                edit.puts = self.follow_for_recovery(&mut definition, now_ms).await?;
            }
            self.catalog.replace(&self.engine, guard, definition, edit).await?;
            self.wait_for_log(table_id).await;
        }
        self.describe_continuous_backups(caller, DescribeContinuousBackupsInput { table_name: request.table_name })
            .await
            .map(|described| UpdateContinuousBackupsOutput {
                continuous_backups_description: described.continuous_backups_description,
            })
    }

    /// Opens the log of a table whose recovery is enabled, unless it is open, with the state of its archive; closes that of one whose
    /// recovery is disabled, unless others need it.
    async fn follow_for_recovery(
        &self,
        definition: &mut Definition,
        now_ms: u64,
    ) -> Result<Vec<(Key, Bytes)>, Exception> {
        let opened_before: Vec<u32> = definition.log.open.iter().map(|open| open.number).collect();
        let mut puts = change_log::follow(definition);
        definition.log.opening |= self.is_shared() && !puts.is_empty();
        if definition.recovery.is_none() {
            return Ok(puts);
        }
        definition.archived = true;
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        for number in definition.log.open.iter().map(|open| open.number) {
            // Records behind this head are retained: the consumer is stored with it, and younger records are not trimmed meanwhile.
            let head = match opened_before.contains(&number) {
                true => view
                    .get_many(&[log::head(rows::log(definition.table_id, number))])
                    .await
                    .map_err(storage_failure)?,
                false => Vec::new(),
            };
            let head = log::decode_head(head.first().and_then(Option::as_ref)).unwrap_or_default();
            let state = ArchiveState::new(head, now_ms).encode();
            puts.push((rows::archive_state(definition.table_id, number), state));
        }
        Ok(puts)
    }

    /// Deletes what is left of an archive before a new one begins.
    ///
    /// # Errors
    /// If a table is being restored from it.
    async fn check_archive(&self, caller: &Caller, name_or_arn: &str, is_enabled: bool) -> Result<(), Exception> {
        let definition = self.backed_up(caller, name_or_arn)?;
        if !is_enabled || definition.recovery.is_some() || !definition.archived {
            return Ok(());
        }
        if self.is_being_copied(definition.table_id) {
            return Err(Exception::ContinuousBackupsUnavailable(format!(
                "Backups are being enabled for the table: {}. Please retry later",
                definition.name
            )));
        }
        self.clear_archive(definition.table_id).await
    }

    /// Waits, for a while, until all nodes know of an opened log: what is written after the answer has records.
    async fn wait_for_log(&self, table_id: u64) {
        let is_opening = || self.catalog.by_id(table_id).is_some_and(|table| table.definition.log.opening);
        let opened = async {
            while is_opening() {
                tokio::time::sleep(OPEN_INTERVAL).await;
            }
        };
        let _ = tokio::time::timeout(OPEN_WAIT, opened).await;
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
        let description = self.continuous_backups(&definition).await?;
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

    async fn continuous_backups(&self, definition: &Definition) -> Result<ContinuousBackupsDescription, Exception> {
        let recovery = match definition.recovery.zip(self.recovery_period(definition).await?) {
            None => PointInTimeRecoveryDescription {
                point_in_time_recovery_status: Some(PointInTimeRecoveryStatus::Disabled),
                ..PointInTimeRecoveryDescription::default()
            },
            Some((recovery, period)) => PointInTimeRecoveryDescription {
                point_in_time_recovery_status: Some(PointInTimeRecoveryStatus::Enabled),
                recovery_period_in_days: Some(recovery.period_days),
                earliest_restorable_date_time: Some(timestamp(period.earliest_ms)),
                latest_restorable_date_time: Some(timestamp(period.latest_ms)),
            },
        };
        Ok(ContinuousBackupsDescription {
            continuous_backups_status: ContinuousBackupsStatus::Enabled,
            point_in_time_recovery_description: Some(recovery),
        })
    }
}

#[cfg(test)]
mod tests;
