//! ListBackups: an account's backups of a region, in the order in which they were created.

use std::sync::Arc;

use api::{BackupSummary, BackupTypeFilter, Exception, ListBackupsInput, ListBackupsOutput, Timestamp};
use auth::Caller;
use tables::{Backup, BackupKind, Table, TableArn, timestamp};

use super::{backup, backup_name, backup_type, expiry, status};
use crate::service::Service;

/// Summaries of one page. Source: API Reference, ListBackups.
const PAGE_MAX: usize = 100;

impl Service {
    /// # Errors
    /// If the time range or the start of the page is none.
    pub(crate) async fn list_backups(
        &self,
        caller: &Caller,
        request: ListBackupsInput,
    ) -> Result<ListBackupsOutput, Exception> {
        let (lower, upper) = (request.time_range_lower_bound, request.time_range_upper_bound);
        if lower.zip(upper).is_some_and(|(lower, upper)| lower.epoch_ms > upper.epoch_ms) {
            return Err(Exception::validation("Time range lower bound must be less than or equal to upper bound"));
        }
        let start = request.exclusive_start_backup_arn.as_deref().map(|arn| start_id(caller, arn)).transpose()?;
        let name = request.table_name.as_deref().map(|name| TableArn::parse(name).map_or(name, |arn| arn.name));
        self.catalog.refresh().await?;
        let is_of_type = |backup: &Backup| match request.backup_type {
            None | Some(BackupTypeFilter::User) => backup.kind == BackupKind::User,
            Some(BackupTypeFilter::System) => backup.kind != BackupKind::User,
            Some(BackupTypeFilter::All) => true,
            Some(BackupTypeFilter::AwsBackup) => false,
        };
        let mut found = self.catalog.backups(caller);
        found.retain(|table| {
            table.definition.backup.as_ref().is_some_and(|backup| {
                let created = timestamp(backup.created_ms);
                // The last backup of a table is one once the table is being deleted.
                let is_backup = backup.kind == BackupKind::User || backup.is_cut();
                is_backup
                    && is_of_type(backup)
                    && name.is_none_or(|name| backup.source.name == name)
                    && lower.is_none_or(|lower| lower.epoch_ms <= created.epoch_ms)
                    && upper.is_none_or(|upper| created.epoch_ms < upper.epoch_ms)
                    && start.as_deref().is_none_or(|start| backup.id.as_str() > start)
            })
        });
        found.sort_by(|a, b| id(a).cmp(id(b)));
        let limit = request.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more).map(|table| table.arn.clone());
        let summaries = found.iter().map(summary).collect::<Result<_, _>>()?;
        Ok(ListBackupsOutput { backup_summaries: Some(summaries), last_evaluated_backup_arn: last })
    }
}

fn id(table: &Arc<Table>) -> &str {
    table.definition.backup.as_ref().map_or("", |backup| backup.id.as_str())
}

/// The place in the order where a page begins. It is a position alone: the backup need not exist.
fn start_id(caller: &Caller, arn: &str) -> Result<String, Exception> {
    let (_, id) = backup_name(arn)?;
    match TableArn::parse(arn) {
        Some(parsed) if parsed.region == caller.region || parsed.place(caller).is_some() => Ok(id.to_owned()),
        _ => Err(Exception::validation(format!("The region of {arn} does not match the region of the request"))),
    }
}

fn summary(table: &Arc<Table>) -> Result<BackupSummary, Exception> {
    let backup = backup(table)?;
    let time = |ms: u64| -> Option<Timestamp> { Some(timestamp(ms)) };
    Ok(BackupSummary {
        backup_arn: Some(table.arn.clone()),
        backup_creation_date_time: time(backup.created_ms),
        backup_expiry_date_time: expiry(backup),
        backup_name: Some(backup.name.clone()),
        backup_size_bytes: Some(backup.items[1].max(0)),
        backup_status: Some(status(backup)),
        backup_type: Some(backup_type(backup)),
        table_arn: Some(backup.source.arn()),
        table_id: Some(backup.source.uuid.clone()),
        table_name: Some(backup.source.name.clone()),
    })
}
