//! The size of each table's log, and the lag of its readers and of time to live: the source of per-table metrics.
//!
//! Only tables with a log or with time to live are in it. The numbers are this node's: of several nodes, one trims logs and
//! deletes expired items, and each has readers of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tables::Table;

/// Window of the greatest iterator age. Unit: milliseconds.
const WINDOW_MS: u64 = 60_000;

/// Of one table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TableLag {
    pub account: String,
    pub region: String,
    pub table: String,
    pub log: Option<LogSize>,
    /// The greatest age, in the last minute, of the last record that a GetRecords returned. Unit: milliseconds.
    pub iterator_age_ms: Option<u64>,
    /// The time since the oldest due item expired; 0 if none is due. Unit: seconds.
    pub overdue_s: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LogSize {
    pub records: u64,
    /// An estimate: the mean size of the oldest and the newest records, times their count.
    pub bytes: u64,
}

#[derive(Default)]
struct Known {
    log: Option<LogSize>,
    overdue_s: Option<u64>,
    ages: Ages,
}

/// The greatest age within the last window, and the one before it.
#[derive(Clone, Copy, Default)]
struct Ages {
    window: u64,
    greatest_ms: Option<u64>,
    before_ms: Option<u64>,
}

impl Ages {
    fn turn_to(&mut self, now_ms: u64) {
        let window = now_ms / WINDOW_MS;
        if window != self.window {
            self.before_ms = self.greatest_ms.take().filter(|_| window == self.window.wrapping_add(1));
            self.window = window;
        }
    }

    fn add(&mut self, now_ms: u64, age_ms: u64) {
        self.turn_to(now_ms);
        self.greatest_ms = self.greatest_ms.max(Some(age_ms));
    }

    fn greatest(mut self, now_ms: u64) -> Option<u64> {
        self.turn_to(now_ms);
        self.greatest_ms.max(self.before_ms)
    }
}

#[derive(Default)]
pub struct Lags(Mutex<BTreeMap<u64, Known>>);

impl Lags {
    pub fn set_log(&self, table_id: u64, size: LogSize) {
        self.0.lock().entry(table_id).or_default().log = Some(size);
    }

    pub fn set_overdue(&self, table_id: u64, seconds: u64) {
        self.0.lock().entry(table_id).or_default().overdue_s = Some(seconds);
    }

    /// The lag of each table that `table` still finds; the others are forgotten.
    pub fn report(&self, now_ms: u64, table: impl Fn(u64) -> Option<Arc<Table>>) -> Vec<TableLag> {
        let mut known = self.0.lock();
        known.retain(|table_id, _| table(*table_id).is_some());
        let lag = |(table_id, known): (&u64, &Known)| {
            let table = table(*table_id)?;
            let definition = &table.definition;
            Some(TableLag {
                account: definition.account.clone(),
                region: definition.region.clone(),
                table: definition.name.clone(),
                log: known.log.filter(|_| definition.log.next_shard > 0),
                iterator_age_ms: known.ages.greatest(now_ms),
                overdue_s: known.overdue_s.filter(|_| table.times.is_some()),
            })
        };
        known.iter().filter_map(lag).collect()
    }

    pub fn add_age(&self, table_id: u64, now_ms: u64, age_ms: u64) {
        self.0.lock().entry(table_id).or_default().ages.add(now_ms, age_ms);
    }
}

/// Numbers of the background work.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BackgroundStats {
    /// Items that time to live has deleted since the start.
    pub expired_items: u64,
    /// Damaged rows that background work has read since the start, counted each time.
    pub damaged_rows: u64,
    /// Records of logs that were trimmed since the start before a consumer had taken them that retention waits for.
    pub lost_records: u64,
    /// Bytes of segments that were written to archives since the start.
    pub archived_bytes: u64,
    /// Gaps in archives that were found since the start.
    pub recovery_gaps: u64,
    /// Records of bulk operations since the start: those that were put, those that were no items, and those with a condition that was not met.
    pub bulk_records: [u64; 3],
    pub tables: Vec<TableLag>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_remembered_for_a_minute_or_two() {
        let mut ages = Ages::default();
        assert_eq!(ages.greatest(5), None);
        ages.add(5, 70);
        ages.add(6, 30);
        assert_eq!(ages.greatest(WINDOW_MS - 1), Some(70));
        assert_eq!(ages.greatest(WINDOW_MS), Some(70), "the window before");
        ages.add(WINDOW_MS, 40);
        assert_eq!(ages.greatest(WINDOW_MS + 1), Some(70));
        assert_eq!(ages.greatest(2 * WINDOW_MS), Some(40));
        assert_eq!(ages.greatest(3 * WINDOW_MS), None);
        assert_eq!(ages.greatest(9 * WINDOW_MS), None);
    }
}
