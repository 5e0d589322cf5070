//! DescribeTable: a table's settings and status, with current counters.

use api::{DescribeTableInput, DescribeTableOutput, Exception};
use auth::Caller;
use tables::Shown;

use crate::service::Service;

impl Service {
    /// # Errors
    /// If the table does not exist.
    pub(crate) async fn describe_table(
        &self,
        caller: &Caller,
        request: DescribeTableInput,
    ) -> Result<DescribeTableOutput, Exception> {
        self.catalog.refresh().await?;
        let table = self.catalog.known(caller, &request.table_name)?;
        Ok(DescribeTableOutput { table: Some(self.describe(&table, Shown::AsIs).await?) })
    }
}
