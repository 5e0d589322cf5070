//! A table's id and key schema, for layers that speak of keys otherwise than the API does (DAX). Nothing is permitted by it: the caller is
//! the layer's own.

use api::Exception;
use auth::Caller;
use model::KeySchema;

use crate::service::Service;

impl Service {
    /// # Errors
    /// The table does not exist, or its name can be none.
    pub async fn key_schema(&self, caller: &Caller, table_name: &str) -> Result<(u64, KeySchema), Exception> {
        let table = self.catalog.table(caller, table_name).await?;
        Ok((table.id(), table.key.clone()))
    }
}
