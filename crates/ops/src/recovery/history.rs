//! The records of a table's log from the newest to the oldest: those that the log has, and before them those of its archive.

use std::ops::Bound;

use change_log::SegmentHeader;
use cluster::catalog::Interrupted;
use storage::{Consistency, DamagedRow, Family, Pages, Row, ScanDirection, ScanRange, log};
use tables::rows;

use super::trim::headers;
use crate::service::Service;

/// Consecutive records.
pub(crate) struct HistoryPage {
    /// From the newest to the oldest, with the keys that they have or had in the log.
    pub records: Vec<Row>,
    pub damaged: Vec<DamagedRow>,
    /// The position of the oldest one.
    pub first: u64,
}

impl HistoryPage {
    /// Whether it has all records from its first position to this one.
    fn is_whole(&self, to: u64) -> bool {
        let count = (self.records.len() + self.damaged.len()) as u64;
        count > 0 && self.first.saturating_add(count) == to.saturating_add(1)
    }
}

impl Service {
    /// The records from position `to` down to the one behind `after`, as many as a page has. No record is left out: positions are
    /// dense, and those of a page that are not all there fail it.
    pub(crate) async fn history_page(
        &self,
        table_id: u64,
        number: u32,
        after: u64,
        to: u64,
        (rows_max, bytes_max): (usize, usize),
    ) -> Result<HistoryPage, Interrupted> {
        let mut state = self.archive_state(table_id, number).await?;
        loop {
            let archived = state.as_ref().filter(|state| state.from < to);
            let page = match archived {
                Some(state) if to <= state.archived => {
                    self.archived_page(table_id, number, (after, to), (rows_max, bytes_max)).await
                }
                archived => {
                    let after = archived.map_or(after, |state| state.archived.max(after));
                    self.logged_page(table_id, number, (after, to), (rows_max, bytes_max)).await
                }
            };
            if page.as_ref().is_ok_and(|page| page.is_whole(to)) {
                return page;
            }
            // Records that were archived since the state was read are in the archive now, and may be trimmed from the log.
            let before = std::mem::replace(&mut state, self.archive_state(table_id, number).await?);
            if state == before {
                page?;
                return Err(Interrupted::Lost(
                    "records behind its cut were deleted before they were undone".to_owned(),
                ));
            }
        }
    }

    async fn archived_page(
        &self,
        table_id: u64,
        number: u32,
        (after, to): (u64, u64),
        (rows_max, bytes_max): (usize, usize),
    ) -> Result<HistoryPage, Interrupted> {
        let name = rows::log(table_id, number);
        let range = headers(table_id, number, to, u64::MAX, ScanDirection::Forward, 1);
        let view = self.engine.view(Consistency::Strong).await?;
        let page = view.scan_page(&range).await?;
        drop(view);
        let segment = page.rows.first().and_then(|row| {
            let (_, last) = rows::archive_row(&row.key)?;
            last.zip(SegmentHeader::read(&row.value))
        });
        let segment =
            segment.ok_or_else(|| Interrupted::Lost("a segment of its archive is damaged or missing".to_owned()))?;
        let (first, records) = self.segment_records(table_id, number, &segment).await?;
        let from = first.max(after.saturating_add(1));
        let wanted = (first..).zip(records).filter(|(position, _)| (from..=to).contains(position));
        let row = |(position, value)| Row { key: log::record(&name, position).bytes, value };
        let mut records: Vec<Row> = wanted.map(row).collect();
        records.reverse();
        // A segment in a store is larger than a page.
        let mut bytes = 0;
        let is_over = |row: &Row| {
            bytes += row.value.len();
            bytes > bytes_max
        };
        let fitting = records.iter().position(is_over).unwrap_or(records.len()).clamp(1, rows_max.max(1));
        records.truncate(fitting);
        let first = to.saturating_add(1).saturating_sub(records.len() as u64);
        Ok(HistoryPage { records, damaged: Vec::new(), first })
    }

    async fn logged_page(
        &self,
        table_id: u64,
        number: u32,
        (after, to): (u64, u64),
        (rows_max, bytes_max): (usize, usize),
    ) -> Result<HistoryPage, Interrupted> {
        let name = rows::log(table_id, number);
        let range = ScanRange {
            family: Family::Log,
            lower: Bound::Excluded(log::record(&name, after).bytes),
            upper: Bound::Included(log::record(&name, to).bytes),
            direction: ScanDirection::Backward,
            rows_max,
            bytes_max,
        };
        let page = Pages::of_fresh_views(&*self.engine, range).next_with_damaged().await?.unwrap_or_default();
        let first = page.last_key().and_then(|key| log::position(&name, key)).unwrap_or(to.saturating_add(1));
        Ok(HistoryPage { records: page.rows, damaged: page.damaged, first })
    }
}
