//! Where a moment is in a table's log: the last position whose change was made by then.
//!
//! A change's time is that of the node that made it, and clocks are set back and forth. A moment is a prefix of the log: no item's newer
//! change is in it without its older ones, and no write is divided, as a write's records share one time and follow each other. It ends
//! with the last change that was made by then. So of times that were gone through twice the later pass counts, and a clock that was
//! ahead for a while hides nothing. Segments are looked at as wholes: it ends in the first one behind the last whose changes were all
//! made by then.

use std::ops::Bound;

use bytes::Bytes;
use change_log::{ArchiveState, Content, Header, SegmentHeader, read_segment, segment_row};
use cluster::catalog::Interrupted;
use storage::{Consistency, Family, Pages, ScanDirection, ScanRange, log};
use tables::{LogPosition, rows};

use super::trim::headers;
use crate::service::Service;

/// Headers or records of one page.
const PAGE_ROWS: usize = 512;
const PAGE_BYTES: usize = 2 << 20;
/// Moments are chosen by whole seconds, and an archive may begin within one.
const SECOND_MS: u64 = 1_000;

/// A segment by its last position.
pub(super) type Segment = (u64, SegmentHeader);

impl Service {
    /// The last position of a log by a moment. `head` is the log's last one.
    pub(crate) async fn position_at(
        &self,
        table_id: u64,
        head: LogPosition,
        until_ms: u64,
    ) -> Result<LogPosition, Interrupted> {
        let mut state = self.archive_state(table_id, head.log).await?;
        loop {
            let Some(known) = state.filter(|state| until_ms.saturating_add(SECOND_MS) >= state.from_ms) else {
                return Err(Interrupted::Lost("its log does not go back to that moment".to_owned()));
            };
            let last = self.position_by(table_id, head.log, &known, until_ms).await;
            // Records that were archived since the state was read may be trimmed from the log, which would look as if nothing had
            // been changed after the moment: segments and log belong to this state only if it has not changed. Each turn is one in
            // which the archive went on.
            state = self.archive_state(table_id, head.log).await?;
            if state.as_ref() == Some(&known) {
                // What was changed behind the head is behind the moment, too: it had not been made when the work began.
                return Ok(LogPosition { last: last?.unwrap_or(head.last).clamp(known.from, head.last), ..head });
            }
        }
    }

    /// As an archive's state and the log say. None: nothing was changed behind the moment.
    async fn position_by(
        &self,
        table_id: u64,
        log: u32,
        state: &ArchiveState,
        until_ms: u64,
    ) -> Result<Option<u64>, Interrupted> {
        match self.segment_at(table_id, log, state.from, until_ms).await? {
            Some(segment) => self.position_in(table_id, log, segment, until_ms).await.map(Some),
            None => self.position_behind(table_id, log, state.archived, until_ms).await,
        }
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
        let (first, records) = self.segment_records(table_id, log, &segment).await?;
        let last = records.iter().rposition(|record| is_behind(record, until_ms) == Some(false));
        let count = last.map_or(0, |last| last + 1);
        Ok(first.saturating_sub(1).saturating_add(count as u64))
    }

    /// The last position by a moment among the records that are not archived; none if all of them are by then. A record of a later time
    /// with one by then behind it was made by a clock that is ahead of the others, or was.
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
        let (mut last, mut has_behind) = (archived, false);
        while let Some(page) = pages.next_with_damaged().await? {
            for row in &page.rows {
                match is_behind(&row.value, until_ms) {
                    Some(true) => has_behind = true,
                    Some(false) => last = log::position(&name, &row.key).unwrap_or(last),
                    None => {}
                }
            }
        }
        Ok(has_behind.then_some(last))
    }

    /// The position of a segment's first record, and its records.
    pub(super) async fn segment_records(
        &self,
        table_id: u64,
        log: u32,
        (last, header): &Segment,
    ) -> Result<(u64, Vec<Bytes>), Interrupted> {
        let read = match &header.object {
            None => {
                let content = self.engine.get(&segment_row(table_id, log, *last), Consistency::Strong).await?;
                content.as_deref().and_then(read_segment)
            }
            Some(object) => {
                let read = self.stored_segment(table_id, log, object).await?;
                Some((read.first, read.records.clone()))
            }
        };
        let is_whole = |(first, records): &(u64, Vec<Bytes>)| {
            first.saturating_add(records.len() as u64) == last.saturating_add(1) && !records.is_empty()
        };
        read.filter(is_whole).ok_or_else(|| Interrupted::Lost(format!(
            "the segment of the archive of table {table_id} that ends at record {last} is damaged or missing: a moment from behind it can \
             be restored"
        )))
    }
}

/// Whether a change was made behind a moment. None: the record is a mark, which is no change, or damaged.
fn is_behind(record: &Bytes, until_ms: u64) -> Option<bool> {
    let header = Header::read(record).filter(|header| matches!(header.content, Content::Change(_)))?;
    Some(header.created_ms > until_ms)
}

fn damaged(what: &str) -> Interrupted {
    Interrupted::Lost(format!("{what} of an archive is damaged"))
}
