//! The id of an index of expiries that an older program has not given: from then on the index is built as any is (`table_work`).

use cluster::catalog::{Edit, Interrupted, Work};
use tables::expiry::number;

use crate::service::Service;

impl Service {
    /// Gives the index of expiries its id, if it lacks one, and leaves it to be built.
    pub(crate) async fn number_expiry_index(&self, table_id: u64) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        // Read under the lock: a definition that was read before it may have been replaced.
        let table = self.catalog.by_id(table_id).filter(|table| table.definition.lacks_expiry_index());
        let Some(table) = table else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        number(&mut definition);
        let work = definition.time_to_live.index.map(|index_id| Work::BuildIndex { table_id, index_id });
        self.catalog.replace(&self.engine, guard, definition, Edit { work, ..Edit::default() }).await?;
        Ok(())
    }
}
