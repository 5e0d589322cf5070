//! The life of a table's index of times: filled after time to live is enabled, taken away after it is disabled.

use crate::catalog::{Edit, Interrupted};
use crate::expiry::{is_to_be_kept, number};
use crate::nodes::owner::Owned;
use crate::rows;
use crate::service::Service;
use crate::tables::Definition;
use storage::Family;

impl Service {
    /// Does what [`is_to_be_kept`] finds.
    pub(crate) async fn keep_times(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        loop {
            let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
            if !is_to_be_kept(&table.definition) {
                return Ok(());
            }
            let times = table.definition.time_to_live.clone();
            // Waiting until nobody uses an older table is no use of this one.
            drop(table);
            if let Some(index_id) = times.dropping.first() {
                self.drop_times(table_id, *index_id).await?;
            } else if let Some(index_id) = times.index {
                if self.fill_index(table_id, index_id, owned).await? {
                    self.change_times(table_id, index_id, |definition| definition.time_to_live.built = true).await?;
                }
            } else {
                self.change_definition(table_id, Vec::new(), |definition| {
                    let times = &definition.time_to_live;
                    if times.attribute.is_some() && times.index.is_none() {
                        number(definition);
                    }
                })
                .await?;
            }
        }
    }

    async fn drop_times(&self, table_id: u64, index_id: u32) -> Result<(), Interrupted> {
        self.settle(table_id).await?;
        self.engine.destroy(Family::Index, rows::index_prefix(table_id, index_id)).await?;
        self.change_times(table_id, index_id, |definition| {
            definition.time_to_live.dropping.retain(|dropping| *dropping != index_id);
        })
        .await
    }

    /// Changes a definition after a walk for one of its indexes of times, whose progress is over with it.
    async fn change_times(
        &self,
        table_id: u64,
        index_id: u32,
        change: impl FnOnce(&mut Definition),
    ) -> Result<(), Interrupted> {
        let progress = rows::build_progress(table_id, index_id);
        self.change_definition(table_id, vec![progress], |definition| {
            let times = &definition.time_to_live;
            if times.index == Some(index_id) || times.dropping.contains(&index_id) {
                change(definition);
            }
        })
        .await
    }

    async fn change_definition(
        &self,
        table_id: u64,
        deletes: Vec<storage::Key>,
        change: impl FnOnce(&mut Definition),
    ) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        change(&mut definition);
        self.catalog.replace(&self.engine, guard, definition, Edit { deletes, ..Edit::default() }).await?;
        Ok(())
    }
}
