//! What the service's background work and the readers of logs have done, and what they are behind with.

use ops::{BackgroundStats, TableLag};

use super::page::Page;

pub(super) fn write(background: &BackgroundStats, page: &mut Page) {
    page.counter("stator_ttl_deletions_total", "Items that time to live has deleted.");
    page.value(background.expired_items);
    let mut gauge = |name, help, value: fn(&TableLag) -> Option<u64>| {
        page.gauge(name, help);
        for table in &background.tables {
            let labels = [("account", &*table.account), ("region", &table.region), ("table", &table.table)];
            if let Some(value) = value(table) {
                page.labelled(&labels, value);
            }
        }
    };
    gauge("stator_ttl_overdue_seconds", "How long the item that is due longest has been so.", |table| table.overdue_s);
    gauge("stator_log_records", "Changes that a table's log holds.", |table| Some(table.log?.records));
    gauge("stator_log_bytes", "What they take, by the mean of the oldest and newest.", |table| Some(table.log?.bytes));
    gauge(
        "stator_iterator_age_milliseconds",
        "How old the last change was that GetRecords gave; the greatest of the last minute.",
        |table| table.iterator_age_ms,
    );
}
