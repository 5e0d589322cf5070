//! DeleteBackup: the backup is gone at once, its rows are destroyed in the background.

use api::{BackupStatus, DeleteBackupInput, DeleteBackupOutput, Exception};
use auth::Caller;
use cluster::catalog::{Edit, Work};
use tables::{BackupKind, TableStatus};

use super::backup;
use super::describe::description;
use crate::service::Service;

impl Service {
    /// # Errors
    /// If there is no such backup, or a table is being restored from it.
    pub(crate) async fn delete_backup(
        &self,
        caller: &Caller,
        request: DeleteBackupInput,
    ) -> Result<DeleteBackupOutput, Exception> {
        // Locked from the check on: a restore that begins in between would lose its items.
        let guard = self.catalog.lock().await?;
        let table = self.backup_at(caller, &request.backup_arn)?;
        let backup = backup(&table)?;
        if let BackupKind::System { expires_ms } = backup.kind {
            return Err(Exception::validation(format!(
                "Invalid Request: User is not allowed to delete the system backup with arn {}. It will automatically expire on {}",
                table.arn,
                base::utc::rfc3339(expires_ms)
            )));
        }
        if let Some(restored) = self.restored_from(table.id()) {
            return Err(Exception::BackupInUse(format!("Backup is being used to restore table: {}", restored.arn)));
        }
        let described = description(&table, BackupStatus::Deleted)?;
        let mut definition = table.definition.clone();
        // The rows are destroyed only when nothing uses the backup as it was, and this would be a use.
        drop(table);
        definition.status = TableStatus::Deleting;
        let work = Work::DropTable { table_id: definition.table_id };
        self.catalog.replace(&self.engine, guard, definition, Edit::starting(work)).await?;
        Ok(DeleteBackupOutput { backup_description: Some(described) })
    }
}
