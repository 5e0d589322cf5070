//! The last backup of a table: DeleteTable makes one if point-in-time recovery is enabled, of the items as they are then. It expires,
//! and cannot be deleted before. Source: Developer Guide, "Point-in-time recovery", and captures.

use api::Exception;
use auth::Caller;
use cluster::catalog::Work;
use jobs::Ran;
use tables::{BackupKind, Definition, TableStatus, rows};

use super::{definition, new_backup};
use crate::service::Service;

/// Source: captures.
const RETENTION_MS: u64 = 35 * 24 * 60 * 60 * 1000;
const NAME_END: &str = "$DeletedTableBackup";

impl Service {
    /// The last backup of a table that is about to be deleted; none without point-in-time recovery. Its items are copied once the table
    /// cannot be used any more, and are destroyed after that.
    pub(crate) async fn make_last_backup(&self, caller: &Caller, name_or_arn: &str) -> Result<Option<u64>, Exception> {
        let Ok(table) = self.catalog.described(caller, name_or_arn) else { return Ok(None) };
        let source = table.definition.clone();
        drop(table);
        if source.recovery.is_none()
            || source.deletion_protection
            || !matches!(source.status, TableStatus::Active | TableStatus::Updating)
        {
            return Ok(None);
        }
        // Of a table whose key cannot be used nothing could be read: it is deleted without a backup.
        let Ok(key) = self.key_like(caller, "dynamodb:DeleteTable", source.table_id, &source).await else {
            ::log::warn!(
                event = "last_backup_left_out", table = source.name.as_str();
                "a table with point-in-time recovery is deleted without a last backup: its key cannot be used"
            );
            return Ok(None);
        };
        let items = self.items_of(&source).await?;
        loop {
            // Locked from the id to the write.
            let guard = self.catalog.lock().await?;
            self.catalog.check_backup_quota(&self.settings.quotas, source.place())?;
            let (table_id, now_ms) = (guard.next_table_id(), self.clock.now_ms());
            let kind = BackupKind::System { expires_ms: now_ms.saturating_add(RETENTION_MS) };
            let name = format!("{}{NAME_END}", source.name);
            let backup = definition(table_id, new_backup(&name, kind, source.clone(), items, now_ms));
            let key = key.clone().map(|key| (rows::table_key(table_id), key));
            if self.catalog.create(&self.engine, guard, backup, key.into_iter().collect()).await?.is_ok() {
                self.catalog.start(Work::FillBackup { table_id });
                return Ok(Some(table_id));
            }
        }
    }

    /// Deletes the last backup of a table that is not deleted after all. What fails is done by the backup's own work.
    pub(crate) async fn forget_last_backup(&self, table_id: u64) {
        if let Err(error) = self.abandon(table_id).await {
            ::log::warn!(event = "backup_failed"; "the last backup of a table that was not deleted is deleted later: {error:?}");
        }
    }

    /// Deletes expired backups, and bases without a table that is recovered from them.
    pub(crate) async fn delete_backups_over(&self) -> Ran {
        match (self.delete_expired_backups().await, self.delete_bases_over().await) {
            (Ran::Done, ran) => ran,
            (ran, _) => ran,
        }
    }

    /// Deletes the last backups that have expired, unless a table is being restored from them.
    pub(crate) async fn delete_expired_backups(&self) -> Ran {
        let now_ms = self.clock.now_ms();
        if !self.may_destroy() {
            return Ran::Done;
        }
        let is_over = |definition: &Definition| {
            let kind = definition.backup.as_ref().map(|backup| backup.kind);
            definition.status == TableStatus::Backup
                && matches!(kind, Some(BackupKind::System { expires_ms }) if expires_ms <= now_ms)
        };
        let mut ran = Ran::Done;
        for table_id in self.catalog.table_ids(is_over) {
            if self.restored_from(table_id).is_some() {
                continue;
            }
            let label = self.table_label(table_id);
            match self.abandon(table_id).await {
                Ok(()) => ::log::info!(event = "last_backup_expired", table = label.as_str();
                    "the SYSTEM backup of a deleted table was destroyed: it has expired 35 days after it was made"),
                Err(_) => ran = Ran::Failed,
            }
        }
        ran
    }
}
