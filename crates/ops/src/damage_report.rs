//! Damaged rows that background work reads: it reports each, counts it, and continues with the others.

use std::sync::atomic::Ordering;

use api::Exception;
use storage::DamagedRow;
use tables::Table;
use tables::rows::damaged_row;

use crate::damage_log::log_damaged;
use crate::service::Service;

impl Service {
    /// Logs and counts a damaged row that background work skips. `effect` is the consequence for the table.
    pub(crate) fn report_damaged(&self, table: &Table, key: Option<&[u8]>, what: &str, effect: &str) {
        self.damaged_rows.fetch_add(1, Ordering::Relaxed);
        let text = text(table, key, what);
        log_damaged(table.name(), &format!("{effect}: {text}"));
    }

    /// As [`Service::report_damaged`], of a page of a table that may be deleted meanwhile.
    pub(crate) fn report_damaged_rows(&self, table_id: u64, damaged: &[DamagedRow], effect: &str) {
        let Some(table) = self.catalog.by_id(table_id) else { return };
        damaged.iter().for_each(|row| self.report_damaged(&table, row.key.as_deref(), &row.what, effect));
    }
}

/// The answer to a request that needs a row of a page that is damaged.
pub(crate) fn damaged_in_page(table: &Table, row: &DamagedRow) -> Exception {
    Exception::internal(text(table, row.key.as_deref(), &row.what))
}

fn text(table: &Table, key: Option<&[u8]>, what: &str) -> String {
    match key {
        Some(key) => damaged_row(table, key, what),
        None => format!("a stored row of table {} (id {}) is damaged: {what}", table.name(), table.id()),
    }
}
