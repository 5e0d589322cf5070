//! ListTables: the caller's tables by name, those that are being deleted included.

use api::{Exception, ListTablesInput, ListTablesOutput};
use auth::Caller;
use model::limits::TABLE_NAMES_PAGE_MAX;

use crate::service::Service;

impl Service {
    /// # Errors
    /// None of its own: the request is validated before.
    pub(crate) async fn list_tables(
        &self,
        caller: &Caller,
        request: ListTablesInput,
    ) -> Result<ListTablesOutput, Exception> {
        let limit = request.limit.and_then(|limit| usize::try_from(limit).ok());
        let count = limit.unwrap_or(TABLE_NAMES_PAGE_MAX).clamp(1, TABLE_NAMES_PAGE_MAX);
        self.catalog.refresh().await?;
        let (names, more) = self.catalog.names(caller, request.exclusive_start_table_name.as_deref(), count);
        Ok(ListTablesOutput {
            last_evaluated_table_name: names.last().filter(|_| more).cloned(),
            table_names: Some(names),
        })
    }
}
