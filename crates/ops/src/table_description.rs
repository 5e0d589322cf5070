//! A table as operations describe it: its definition, its counters, and whether its encryption key can be used.

use api::{Exception, TableDescription};
use storage::Consistency;
use storage::Key;
use tables::failure::storage_failure;
use tables::rows;
use tables::{Definition, IndexStatus, Shown, TABLE, Table, Tallies, description, timestamp};

use crate::service::Service;

impl Service {
    pub(crate) async fn describe(&self, table: &Table, shown: Shown) -> Result<TableDescription, Exception> {
        let tallies = self.tallies(&table.definition).await?;
        let mut description = description(table, &tallies, shown, self.clock.now_ms());
        if matches!(shown, Shown::AsIs | Shown::JustUpdated) {
            self.show_replicas(&table.definition, &mut description);
        }
        if let Some(since_ms) = self.inaccessible_since_ms(table.definition.table_id) {
            description.table_status = Some(api::TableStatus::InaccessibleEncryptionCredentials);
            if let Some(encryption) = &mut description.sse_description {
                encryption.inaccessible_encryption_date_time = Some(timestamp(since_ms));
            }
        }
        Ok(description)
    }

    /// Count and bytes of a table's items, as they are counted.
    pub(crate) async fn items_of(&self, definition: &Definition) -> Result<[i64; 2], Exception> {
        let key = rows::table_tally(definition.table_id);
        let row = self.engine.get(&key, Consistency::Strong).await.map_err(storage_failure)?;
        rows::read_tally(&key, row.as_ref()).map_err(storage_failure)
    }

    async fn tallies(&self, definition: &Definition) -> Result<Tallies, Exception> {
        let indexes = definition.local_indexes.iter().chain(&definition.global_indexes);
        // The counters of an index that is being built count only a part of it.
        let counted = indexes.filter(|index| index.status != IndexStatus::Creating).map(|index| index.id);
        let ids: Vec<u32> = std::iter::once(TABLE).chain(counted).collect();
        let key = |id: &u32| match *id {
            TABLE => rows::table_tally(definition.table_id),
            id => rows::index_tally(definition.table_id, id),
        };
        let keys: Vec<Key> = ids.iter().map(key).collect();
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let rows = view.get_many(&keys).await.map_err(storage_failure)?;
        let mut tallies = Vec::with_capacity(ids.len());
        for ((id, key), row) in ids.into_iter().zip(&keys).zip(rows) {
            if row.is_some() {
                tallies.push((id, rows::read_tally(key, row.as_ref()).map_err(storage_failure)?));
            }
        }
        Ok(Tallies(tallies.into_iter().collect()))
    }
}
