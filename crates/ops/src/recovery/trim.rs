//! What of an archive is not needed any more: segments that are older than the recovery period, unless a copy that is being made needs
//! them, and those before the archive's begin.

use std::ops::Bound;

use api::Exception;
use change_log::{ArchiveState, SegmentHeader, segment_row};
use storage::{Batch, Consistency, Family, Key, ScanDirection, ScanRange};
use tables::failure::storage_failure;
use tables::{FillPhase, Filling, PointInTimeRecovery, rows};

use super::manifests::ArchiveOf;
use super::period::DAY_MS;
use crate::service::Service;

/// Segments that one batch deletes.
const STEP_ROWS: usize = 64;
const STEP_BYTES: usize = 1 << 20;

impl Service {
    /// Deletes the segments of a table's archives that are over.
    pub(crate) async fn trim_archives(&self, table_id: u64) -> Result<(), Exception> {
        let Some((Some(recovery), logs)) = self.archived_logs(table_id) else { return Ok(()) };
        for log in logs {
            self.trim_archive(table_id, log, recovery).await?;
        }
        Ok(())
    }

    async fn trim_archive(&self, table_id: u64, log: u32, recovery: PointInTimeRecovery) -> Result<(), Exception> {
        // Another node may have begun a restore meanwhile.
        self.catalog.refresh().await?;
        let pinned = self.pinned_position(table_id, log);
        let period_ms = u64::try_from(recovery.period_days).unwrap_or(0).saturating_mul(DAY_MS);
        let now_ms = self.clock.now_ms();
        // Before a jump of the clock is explained, nothing is old.
        let may_destroy = self.may_destroy();
        let over_ms = if may_destroy { now_ms.saturating_sub(period_ms) } else { 0 };
        let (mut destroyed, mut until_ms) = (0, 0);
        loop {
            let Some(state) = self.archive_state(table_id, log).await? else { break };
            let over = self.segments_over(table_id, log, &state, over_ms, pinned).await?;
            if over.is_empty() || !self.delete_segments(table_id, log, &state, &over, recovery).await? {
                break;
            }
            destroyed += over.len();
            until_ms = over.iter().filter_map(|(_, header)| Some(header.as_ref()?.until_ms)).fold(until_ms, u64::max);
            jobs::take_slot().await;
        }
        if destroyed >= STEP_ROWS {
            ::log::info!(event = "recovery_history_expired", table = self.table_label(table_id).as_str(), segments = destroyed,
                until_ms = until_ms; "history older than the recovery period of {} days was destroyed", recovery.period_days);
        }
        Ok(())
    }

    /// The records behind this position are needed by copies that are being made.
    fn pinned_position(&self, table_id: u64, log: u32) -> u64 {
        let pinned = |filling: Filling| match filling.phase {
            // Its cut is being looked for.
            FillPhase::Opening => 0,
            FillPhase::Copying { cut, .. } | FillPhase::Undoing { cut, .. } => {
                cut.iter().find(|position| position.log == log).map_or(u64::MAX, |position| position.last)
            }
            FillPhase::Ready => u64::MAX,
        };
        self.fillings_from(table_id).into_iter().map(pinned).min().unwrap_or(u64::MAX)
    }

    /// The oldest segments, as far as they are over, with their last positions.
    async fn segments_over(
        &self,
        table_id: u64,
        log: u32,
        state: &ArchiveState,
        over_ms: u64,
        pinned: u64,
    ) -> Result<Vec<(u64, Option<SegmentHeader>)>, Exception> {
        let range = headers(table_id, log, 0, u64::MAX, ScanDirection::Forward, STEP_ROWS);
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let page = view.scan_page(&range).await.map_err(storage_failure)?;
        let mut over = Vec::new();
        for row in page.in_order() {
            let key = row.map_or_else(|damaged| damaged.key.as_deref(), |row| Some(&row.key[..]));
            let Some((_, Some(last))) = key.and_then(rows::archive_row) else { break };
            let header = row.ok().and_then(|row| SegmentHeader::read(&row.value));
            // A damaged header is over with the next one.
            let is_old = header.as_ref().is_some_and(|header| header.until_ms < over_ms);
            if last > pinned || !(last <= state.from || is_old) {
                break;
            }
            over.push((last, header));
        }
        Ok(over)
    }

    /// Deletes segments; the state says so in the same batch. False, and nothing is deleted, if the state was changed meanwhile.
    async fn delete_segments(
        &self,
        table_id: u64,
        log: u32,
        state: &ArchiveState,
        over: &[(u64, Option<SegmentHeader>)],
        recovery: PointInTimeRecovery,
    ) -> Result<bool, Exception> {
        let mut trimmed = state.clone();
        for (last, header) in over.iter().filter(|(last, _)| *last > state.from) {
            let until_ms = header.as_ref().map_or(trimmed.from_ms, |header| header.until_ms);
            (trimmed.from, trimmed.from_ms) = (*last, trimmed.from_ms.max(until_ms));
        }
        let of = ArchiveOf { table_id, log, recovery };
        let Some((state, trimmed)) = self.unlist_segments(of, state, &trimmed, over).await? else { return Ok(false) };
        let delete = |batch: &mut Batch| {
            for (last, _) in over {
                batch.delete(segment_row(table_id, log, *last));
                batch.delete(rows::segment_header(table_id, log, *last));
            }
        };
        self.change_archive(of, &state, &trimmed, delete).await
    }
}

/// The rows of the headers of the segments with last positions from `first` on, up to `last`.
pub(super) fn headers(
    table_id: u64,
    log: u32,
    first: u64,
    last: u64,
    direction: ScanDirection,
    rows_max: usize,
) -> ScanRange {
    let edge = |position: u64| -> Key { rows::segment_header(table_id, log, position) };
    ScanRange {
        family: Family::Catalog,
        lower: Bound::Included(edge(first).bytes),
        upper: Bound::Included(edge(last).bytes),
        direction,
        rows_max,
        bytes_max: STEP_BYTES,
    }
}
