//! Where a moment is in a table's log: the last position whose change was made by then.
//!
//! A change's time is that of the node that made it, and clocks are set back and forth. Two rules make one history of it. A moment ends
//! before the first change that was made behind it, so that what follows in the log, whatever its time, is not in it: no item's
//! newer change is in it without its older ones, and no write is divided, as a write's records share one time and follow each other.
//! And of times that were gone through twice, the later pass counts: a clock that was ahead for a while hides nothing.

use std::ops::Bound;

use api::Exception;
use bytes::Bytes;
use change_log::{Content, Header, SegmentHeader, read_segment, segment_row};
use cluster::catalog::Interrupted;
use storage::{Consistency, Family, Pages, ScanDirection, ScanRange, log};
use tables::failure::storage_failure;
use tables::{LogPosition, rows};

use super::trim::headers;
use crate::service::Service;

/// Headers or records of one page.
const PAGE_ROWS: usize = 512;
const PAGE_BYTES: usize = 2 << 20;
/// Moments are chosen by whole seconds, and an archive may begin within one.
const SECOND_MS: u64 = 1_000;

/// A segment by its last position.
type Segment = (u64, SegmentHeader);

impl Service {
    /// The last position of a log by a moment. `head` is the log's last one.
    pub(crate) async fn position_at(
        &self,
        table_id: u64,
        head: LogPosition,
        until_ms: u64,
    ) -> Result<LogPosition, Interrupted> {
        let state = self.archive_state(table_id, head.log).await?;
        let Some(state) = state.filter(|state| until_ms.saturating_add(SECOND_MS) >= state.from_ms) else {
            return Err(Interrupted::Failed("its log does not go back to that moment".to_owned()));
        };
        let last = match self.segment_at(table_id, head.log, state.from, until_ms).await? {
            Some(segment) => Some(self.position_in(table_id, head.log, segment, until_ms).await?),
            None => self.position_behind(table_id, head.log, state.archived, until_ms).await?,
        };
        // What was changed behind the head is behind the moment, too: it had not been made when the work began.
        Ok(LogPosition { last: last.unwrap_or(head.last).clamp(state.from, head.last), ..head })
    }

    /// The segment in which a moment ends: the first one behind the last that is all of changes by then. None: it ends behind them all.
    async fn segment_at(
        &self,
        table_id: u64,
        log: u32,
        from: u64,
        until_ms: u64,
    ) -> Result<Option<Segment>, Interrupted> {
        let first = from.saturating_add(1);
        let range = headers(table_id, log, first, u64::MAX, ScanDirection::Backward, PAGE_ROWS);
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        let mut behind = None;
        while let Some(page) = pages.next().await? {
            for row in &page.rows {
                let last = rows::archive_row(&row.key).and_then(|(_, last)| last);
                let segment = last.zip(SegmentHeader::read(&row.value));
                let (last, header) = segment.ok_or_else(|| damaged("the header of a segment"))?;
                if header.until_ms <= until_ms {
                    return Ok(behind);
                }
                behind = Some((last, header));
            }
        }
        Ok(behind)
    }

    /// The last position by a moment, in the segment in which it ends.
    async fn position_in(&self, table_id: u64, log: u32, segment: Segment, until_ms: u64) -> Result<u64, Interrupted> {
        let (first, records) = self.segment_records(table_id, log, segment.0).await?;
        let is_behind = |record: &Bytes| Header::read(record).is_some_and(|header| is_change_behind(&header, until_ms));
        let count = records.iter().position(is_behind).unwrap_or(records.len());
        Ok(first.saturating_sub(1).saturating_add(count as u64))
    }

    /// The last position by a moment among the records that are not archived; none if all of them are by then.
    async fn position_behind(
        &self,
        table_id: u64,
        number: u32,
        archived: u64,
        until_ms: u64,
    ) -> Result<Option<u64>, Interrupted> {
        let name = rows::log(table_id, number);
        let range = ScanRange {
            family: Family::Log,
            lower: Bound::Excluded(log::record(&name, archived).bytes),
            upper: Bound::Included(log::record(&name, u64::MAX).bytes),
            direction: ScanDirection::Forward,
            rows_max: PAGE_ROWS,
            bytes_max: PAGE_BYTES,
        };
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        while let Some(page) = pages.next_with_damaged().await? {
            let behind = page
                .rows
                .iter()
                .find(|row| Header::read(&row.value).is_some_and(|header| is_change_behind(&header, until_ms)));
            if let Some(row) = behind {
                return Ok(log::position(&name, &row.key).map(|position| position.saturating_sub(1)));
            }
        }
        Ok(None)
    }

    /// The position of a segment's first record, and its records.
    pub(super) async fn segment_records(
        &self,
        table_id: u64,
        log: u32,
        last: u64,
    ) -> Result<(u64, Vec<Bytes>), Exception> {
        let row = segment_row(table_id, log, last);
        let content = self.engine.get(&row, Consistency::Strong).await.map_err(storage_failure)?;
        let read = content.as_deref().and_then(read_segment);
        let is_whole = |(first, records): &(u64, Vec<Bytes>)| {
            first.saturating_add(records.len() as u64) == last.saturating_add(1) && !records.is_empty()
        };
        read.filter(is_whole).ok_or_else(|| Exception::internal(format!(
            "the segment of the archive of table {table_id} that ends at record {last} is damaged or missing: a moment from behind it can \
             be restored"
        )))
    }
}

/// Marks in the log are no changes.
fn is_change_behind(header: &Header, until_ms: u64) -> bool {
    matches!(header.content, Content::Change(_)) && header.created_ms > until_ms
}

fn damaged(what: &str) -> Interrupted {
    Interrupted::Failed(format!("{what} of an archive is damaged"))
}
