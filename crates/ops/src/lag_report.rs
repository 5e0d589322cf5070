//! The numbers of the background work, for the operator.

use std::sync::atomic::Ordering;

use change_log::lag::{BackgroundStats, TableLag};

use crate::service::Service;

impl Service {
    pub fn background_stats(&self) -> BackgroundStats {
        BackgroundStats {
            expired_items: self.expired.load(Ordering::Relaxed),
            damaged_rows: self.damaged_rows.load(Ordering::Relaxed),
            lost_records: self.lost_records.load(Ordering::Relaxed),
            archived_bytes: self.archived_bytes.load(Ordering::Relaxed),
            recovery_gaps: self.recovery_gaps.load(Ordering::Relaxed),
            bulk_records: self.bulk_records.each_ref().map(|records| records.load(Ordering::Relaxed)),
            tables: self.lags(),
        }
    }

    /// A table's name for the log: its id once it is deleted.
    pub(crate) fn table_label(&self, table_id: u64) -> String {
        self.catalog.by_id(table_id).map_or_else(|| format!("#{table_id}"), |table| table.definition.name.clone())
    }

    /// The tables that have a log or time to live, as far as this node knows of them.
    pub(crate) fn lags(&self) -> Vec<TableLag> {
        self.lags.report(self.clock.now_ms(), |table_id| self.catalog.by_id(table_id))
    }
}
