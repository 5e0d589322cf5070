//! The copies of tables that are there or being made, which need what their sources have: rows, logs and archives.

use tables::{Definition, FillPhase, Filling, TableStatus};

use crate::service::Service;

impl Service {
    /// Whether the items of a table are still being copied, into a backup or a restored table.
    pub(crate) fn is_being_copied(&self, table_id: u64) -> bool {
        self.fillings_from(table_id).iter().any(|filling| filling.phase != FillPhase::Ready)
    }

    /// Whether they are being copied while the table can be used: its log is needed, too.
    pub(crate) fn is_being_copied_in_use(&self, table_id: u64) -> bool {
        let needs_log = |filling: &Filling| filling.phase != FillPhase::Ready && filling.consumer.is_some();
        self.fillings_from(table_id).iter().any(needs_log)
    }

    pub(crate) fn fillings_from(&self, table_id: u64) -> Vec<Filling> {
        let is_copy = |definition: &Definition| {
            is_filled(definition) && definition.filling().is_some_and(|filling| filling.source == table_id)
        };
        let copies = self.catalog.table_ids(is_copy).into_iter();
        copies.filter_map(|id| self.catalog.by_id(id)?.definition.filling()).collect()
    }
}

/// Whether a backup or a restored table is still wanted.
pub(crate) fn is_filled(definition: &Definition) -> bool {
    matches!(definition.status, TableStatus::Backup | TableStatus::Creating)
}
