//! DeleteTable: the table cannot be used from now on, and its rows are deleted in the background. Its streams end with it,
//! and stay readable for another day.

use api::{DeleteTableInput, DeleteTableOutput, Exception};
use auth::Caller;
use cluster::catalog::{Edit, Work};
use tables::{Shown, TableStatus};

use crate::service::Service;

impl Service {
    /// # Errors
    /// If the table does not exist, is being deleted already, or is protected.
    pub(crate) async fn delete_table(
        &self,
        caller: &Caller,
        request: DeleteTableInput,
    ) -> Result<DeleteTableOutput, Exception> {
        // Locked from the check of the protection on: another change of the definition would be lost otherwise.
        let guard = self.catalog.lock().await?;
        let table = self.catalog.changeable(caller, &request.table_name)?;
        if table.definition.deletion_protection {
            return Err(Exception::validation(
                "Resource cannot be deleted as it is currently protected against deletion. Disable deletion \
                 protection first.",
            ));
        }
        let description = self.describe(&table, Shown::JustDeleted).await?;
        let mut definition = table.definition.clone();
        // The rows are destroyed only when no request uses the table as it was, and this would be a use.
        drop(table);
        definition.status = TableStatus::Deleting;
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
