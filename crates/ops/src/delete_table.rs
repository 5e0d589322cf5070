//! DeleteTable: the table cannot be used from now on, and its rows are deleted in the background. Its streams end with it,
//! and stay readable for another day.

use api::{DeleteTableInput, DeleteTableOutput, Exception};
use auth::Caller;
use cluster::catalog::{Edit, Work};
use tables::{Shown, TableStatus, being_backed_up, being_created, being_deleted};

use crate::service::Service;

/// How long a table that is being restored or imported cannot be deleted.
const FILL_MS_MIN: u64 = 5 * 60 * 1000;

/// A table with point-in-time recovery leaves a backup, which a full disk has no room for.
fn without_room(error: Exception) -> Exception {
    match error {
        Exception::ServiceUnavailable(text) => Exception::ServiceUnavailable(format!(
            "{text} A table with point-in-time recovery leaves a backup, which needs room: disable its recovery first."
        )),
        error => error,
    }
}

/// A replica that is being filled. Source: captures.
fn being_used(name: &str) -> Exception {
    Exception::ResourceInUse(format!(
        "Attempt to change a resource which is still in use: Table: {name} is being used."
    ))
}

impl Service {
    /// # Errors
    /// If the table does not exist, is being deleted already, or is protected.
    pub(crate) async fn delete_table(
        &self,
        caller: &Caller,
        request: DeleteTableInput,
    ) -> Result<DeleteTableOutput, Exception> {
        if self.catalog.described(caller, &request.table_name).is_ok_and(|table| !table.definition.deletion_protection)
        {
            self.wait_for_backups(caller, &request.table_name).await;
        }
        let last_backup = self.make_last_backup(caller, &request.table_name).await.map_err(without_room)?;
        let deleted = self.delete_backed_up(caller, &request).await;
        if let (Err(_), Some(last_backup)) = (&deleted, last_backup) {
            self.forget_last_backup(last_backup).await;
        }
        deleted
    }

    async fn delete_backed_up(
        &self,
        caller: &Caller,
        request: &DeleteTableInput,
    ) -> Result<DeleteTableOutput, Exception> {
        // Locked from the check of the protection on: another change of the definition would be lost otherwise.
        let guard = self.catalog.lock().await?;
        let table = self.catalog.known(caller, &request.table_name)?;
        match table.definition.status {
            TableStatus::Creating if table.definition.is_being_replicated() => return Err(being_used(table.name())),
            TableStatus::Deleting => return Err(being_deleted(table.name())),
            // A restore that does not end, as its backup cannot be read, can be given up, and an import of more objects than are wanted.
            TableStatus::Creating if self.clock.now_ms() < table.definition.created_ms.saturating_add(FILL_MS_MIN) => {
                return Err(being_created(table.name()));
            }
            TableStatus::Updating if table.definition.busy_until_ms.is_some() => {
                return Err(tables::being_updated(table.name()));
            }
            TableStatus::Creating | TableStatus::Active | TableStatus::Updating | TableStatus::Backup => {}
        }
        if self.is_warming(&table.definition) {
            return Err(tables::being_updated(table.name()));
        }
        // Its rows and its log are what the backup is made of.
        if self.is_being_copied_in_use(table.id()) {
            return Err(being_backed_up(table.name()));
        }
        if table.definition.deletion_protection {
            return Err(Exception::validation(
                "Resource cannot be deleted as it is currently protected against deletion. Disable deletion \
                 protection first.",
            ));
        }
        // The source of a replica that is being made stays; of members that are deleted, each leaves by itself.
        if table.definition.has_new_members() {
            return Err(Exception::ResourceInUse(
                "The resource which you are attempting to change is in use.".to_owned(),
            ));
        }
        self.check_removal(&table.definition)?;
        let description = self.describe(&table, Shown::JustDeleted).await?;
        let mut definition = table.definition.clone();
        // The rows are destroyed only when no request uses the table as it was, and this would be a use.
        drop(table);
        definition.status = TableStatus::Deleting;
        self.begin_deletion(&mut definition);
        // One that is restored to a moment has a consumer in the log of its source, which is removed with its rows.
        definition.restore = definition.restore.filter(|restore| restore.moment.is_some());
        if let Some(stream) = definition.stream.as_mut().filter(|stream| stream.enabled) {
            (stream.enabled, stream.disabled_ms) = (false, Some(self.clock.now_ms()));
        }
        // A table that is being deleted has no active consumer: this closes its log.
        change_log::follow(&mut definition);
        let work = Work::DropTable { table_id: definition.table_id };
        self.catalog.replace(&self.engine, guard, definition, Edit::starting(work)).await?;
        Ok(DeleteTableOutput { table_description: Some(description) })
    }
}
