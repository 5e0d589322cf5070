//! RestoreTableFromBackup: a new table with the items of a backup, filled in the background. The table is CREATING meanwhile.

use std::sync::Arc;
use std::time::Duration;

use api::{Exception, RestoreTableFromBackupInput, RestoreTableFromBackupOutput};
use auth::Caller;
use cluster::catalog::{Edit, Interrupted, Work};
use cluster::nodes::owner::{self, Owned};
use tables::{Definition, FillPhase, Moment, NameUse, Restore, Shown, Table, TableStatus, rows, table_place};

use super::overrides::Overrides;
use super::{backup, details, status};
use crate::service::Service;

/// Restores of an account at once. Source: API Reference, RestoreTableFromBackup.
const RESTORES_MAX: usize = 50;
/// Between two looks at whether a backup is ready.
const READY_INTERVAL: Duration = Duration::from_millis(20);
/// The consequence of a damaged row, as it is reported.
const LEFT_OUT: &str = "a table is restored without it";

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the overrides, because the backup does not exist or is in use, or because the table exists.
    pub(crate) async fn restore_table_from_backup(
        &self,
        caller: &Caller,
        request: RestoreTableFromBackupInput,
    ) -> Result<RestoreTableFromBackupOutput, Exception> {
        let target = table_place(caller, &request.target_table_name, NameUse::Creation)?;
        let (account, region, name) = (target.account.to_owned(), target.region.to_owned(), target.name.to_owned());
        let backup_arn = request.backup_arn.clone();
        self.catalog.refresh().await?;
        let from = self.backup_at(caller, &backup_arn)?;
        let source = backup(&from)?;
        let (sse, asked) = (request.sse_specification_override.clone(), Overrides::of(request)?);
        let mut definition = asked.apply(&source.source, self.clock.now_ms())?;
        (definition.account, definition.region, definition.name) = (account, region, name);
        definition.restore = Some(Restore {
            backup: from.id(),
            backup_arn: details(&from, status(source))?.backup_arn,
            source_arn: source.source.arn(),
            at_ms: source.created_ms,
            moment: None,
        });
        let backup_id = from.id();
        // The backup is read again under the lock, and background work waits until nothing uses it as it was.
        drop(from);
        let key = match &sse {
            Some(_) => self.new_table_key(caller, sse.as_ref(), &mut definition).await?,
            None => self.key_like(caller, "dynamodb:RestoreTableFromBackup", backup_id, &definition).await?,
        };
        let table = loop {
            // Locked from the checks to the write: of two restores of one backup, or into one table, one succeeds.
            let guard = self.catalog.lock().await?;
            self.check_target(&definition)?;
            self.backup_at(caller, &backup_arn)?;
            if let Some(other) = self.restored_from(backup_id) {
                return Err(Exception::BackupInUse(format!(
                    "Backup is being used to restore another table: {}",
                    other.arn
                )));
            }
            self.check_restores(&definition.account)?;
            self.catalog.check_quota(&self.settings.quotas, &definition)?;
            let definition = Definition { table_id: guard.next_table_id(), ..definition.clone() };
            let key = key.clone().map(|key| (rows::table_key(definition.table_id), key));
            if let Ok(table) = self.catalog.create(&self.engine, guard, definition, key.into_iter().collect()).await? {
                break table;
            }
        };
        let description = self.describe(&table, Shown::AsIs).await?;
        self.catalog.start(Work::RestoreTable { table_id: table.id() });
        Ok(RestoreTableFromBackupOutput { table_description: Some(description) })
    }

    pub(super) fn check_target(&self, definition: &Definition) -> Result<(), Exception> {
        let Some(table) = self.catalog.lookup(definition.place())? else { return Ok(()) };
        Err(match &table.definition.restore {
            Some(restore) => Exception::TableInUse(format!(
                "Table: {} is already being restored from backup: {}",
                definition.name, restore.backup_arn
            )),
            None => Exception::TableAlreadyExists(format!("Table already exists: {}", definition.name)),
        })
    }

    pub(super) fn check_restores(&self, account: &str) -> Result<(), Exception> {
        let is_restored = |definition: &Definition| definition.account == account && definition.restore.is_some();
        match self.catalog.table_ids(is_restored).len() < RESTORES_MAX {
            true => Ok(()),
            false => Err(Exception::LimitExceeded(format!(
                "Subscriber limit exceeded: Only {RESTORES_MAX} restore operations can be done simultaneously"
            ))),
        }
    }

    /// Fills a table from its backup, and makes it usable.
    pub(crate) async fn restore_table(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        let Some(restore) = self.restored(table_id).and_then(|table| table.definition.restore.clone()) else {
            return Ok(());
        };
        if restore.moment.is_some() {
            return match self.fill(table_id, owned).await {
                Ok(()) => self.finish_restore(table_id, owned).await,
                Err(Interrupted::Lost(why)) => {
                    ::log::error!(
                        event = "restore_failed", table = self.table_label(table_id).as_str();
                        "a table is deleted again, as it cannot be restored: {why}"
                    );
                    self.abandon(table_id).await
                }
                Err(why) => Err(why),
            };
        }
        let awaited = self.await_copy();
        loop {
            if self.restored(table_id).is_none() {
                return Ok(());
            }
            match self.backup_of(restore.backup, tables::Backup::is_ready) {
                Some(true) => break,
                Some(false) => tokio::time::sleep(READY_INTERVAL).await,
                None if self.catalog.is_damaged(restore.backup) => {
                    return Err(Interrupted::Failed(format!("the backup {} cannot be read", restore.backup_arn)));
                }
                // Another node has deleted it while this restore began.
                None => {
                    ::log::error!(
                        event = "restore_failed", table = self.table_label(table_id).as_str();
                        "a table is deleted again, as its backup was deleted when its restore began: {}", restore.backup_arn
                    );
                    return self.abandon(table_id).await;
                }
            }
        }
        drop(awaited);
        let progress = rows::build_progress(table_id, 0);
        self.ingest_table(restore.backup, table_id, progress, LEFT_OUT, owned).await?;
        self.finish_restore(table_id, owned).await
    }

    /// Makes a table usable that has all of its items.
    async fn finish_restore(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        let progress = rows::build_progress(table_id, 0);
        let guard = self.catalog.lock().await?;
        // Read under the lock: a definition that was read before it may have been replaced.
        let Some(mut definition) = self.restored(table_id).map(|table| table.definition.clone()) else { return Ok(()) };
        let is_filled = |moment: &Moment| moment.phase == FillPhase::Ready;
        if !definition.restore.as_ref().is_some_and(|restore| restore.moment.as_ref().is_none_or(is_filled)) {
            return Ok(());
        }
        (definition.status, definition.restore) = (TableStatus::Active, None);
        let edit = Edit { deletes: vec![progress], ..owner::edit_of(owned) };
        self.catalog.replace(&self.engine, guard, definition, edit).await?;
        Ok(())
    }

    fn restored(&self, table_id: u64) -> Option<Arc<Table>> {
        self.catalog.by_id(table_id).filter(|table| table.definition.status == TableStatus::Creating)
    }
}
