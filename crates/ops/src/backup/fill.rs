//! The work that makes a backup: its cut, the copy of the source's items as they are, and the undoing of what was changed behind the
//! cut. Each step stores its progress, and each phase follows from the definition, so that it resumes after a crash.
//!
//! The source's log is open from before the cut to the end, by a consumer of the backup's own, so that every change behind the cut
//! has a record with the item as it was before. The records are undone from the newest to the oldest: the last one that is undone of
//! an item is the first one behind the cut, and what it says was before is the item at the cut. An item that was copied before a
//! change or behind it ends as the same.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use change_log::{Content, Header, Record};
use cluster::catalog::{Edit, Interrupted};
use cluster::nodes::owner::Owned;
use model::codec::row::Stored;
use storage::{Consistency, Family, Key, Pages, Row, ScanDirection, ScanRange, StorageError, log};
use tables::item_key::KeyProblem;
use tables::{BackupPhase, ConsumerNeeds, LogConsumer, LogPosition, Retention, Start, Table, TableStatus, rows};

use super::ingest::Step;
use crate::change::Change;
use crate::follow::FollowError;
use crate::service::Service;

/// Items or records of one step.
const STEP_ROWS: usize = 256;
/// What one step reads. Unit: bytes.
const STEP_BYTES: usize = 2 << 20;
/// How long the records behind the cut are retained for a backup that cannot be finished.
const RETENTION_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Between two looks at whether all nodes know of the log.
const OPEN_INTERVAL: Duration = Duration::from_millis(20);
/// The consequence of a damaged row, as it is reported.
const LEFT_OUT: &str = "a backup is made without it";

/// The rows of progress, by a number in the place of an index's id: a backup has no indexes.
const COPIED: u32 = 0;
const UNDONE: u32 = 1;

impl Service {
    /// Goes through the phases that are left.
    pub(crate) async fn fill_backup(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        loop {
            let Some((phase, source_id)) =
                self.backup_of(table_id, |backup| (backup.phase.clone(), backup.source.table_id))
            else {
                // It is being deleted.
                return Ok(());
            };
            let next = match phase {
                BackupPhase::Ready => return Ok(()),
                BackupPhase::Opening => BackupPhase::Copying { cut: self.cut(table_id, source_id, owned).await? },
                BackupPhase::Copying { ref cut } => {
                    let _copying = self.copies.acquire().await;
                    let cut = cut.clone();
                    self.copy_items(table_id, source_id, owned).await?;
                    BackupPhase::Undoing { end: self.ends_of_logs(source_id, &cut).await?, cut }
                }
                BackupPhase::Undoing { ref cut, ref end } => {
                    let _copying = self.copies.acquire().await;
                    self.undo_changes(table_id, source_id, cut, end, owned).await?;
                    self.check_complete(source_id, cut, end).await?;
                    self.release_log(table_id).await?;
                    BackupPhase::Ready
                }
            };
            self.enter(table_id, &phase, next).await?;
        }
    }

    /// No record behind the cut was trimmed before it was undone: what it changed would be in the backup.
    async fn check_complete(
        &self,
        source_id: u64,
        cut: &[LogPosition],
        end: &[LogPosition],
    ) -> Result<(), Interrupted> {
        let view = self.engine.view(Consistency::Strong).await?;
        for (from, _) in cut.iter().zip(end).filter(|(from, to)| from.last < to.last) {
            let first = log::record(&rows::log(source_id, from.log), from.last.saturating_add(1));
            if view.get_many(&[first]).await?.first().is_none_or(Option::is_none) {
                return Err(Interrupted::Failed(
                    "records behind its cut were deleted before they were undone".to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// Stores the next phase of a backup that is still there, and still in the phase that this one follows from: another node may
    /// have gone on meanwhile.
    async fn enter(&self, table_id: u64, from: &BackupPhase, phase: BackupPhase) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        let table = self.catalog.by_id(table_id).filter(|table| table.definition.status == TableStatus::Backup);
        let Some(mut definition) = table.map(|table| table.definition.clone()) else { return Ok(()) };
        let Some(backup) = definition.backup.as_mut().filter(|backup| backup.phase == *from) else { return Ok(()) };
        let progress = [COPIED, UNDONE].map(|number| rows::build_progress(table_id, number));
        let deletes = if phase == BackupPhase::Ready { progress.to_vec() } else { Vec::new() };
        backup.phase = phase;
        self.catalog.replace(&self.engine, guard, definition, Edit { deletes, ..Edit::default() }).await?;
        Ok(())
    }

    /// Opens the source's log, and finds the positions at one moment. No request uses a definition without the open log then: every
    /// change behind the cut has a record.
    async fn cut(&self, table_id: u64, source_id: u64, owned: Option<&Owned>) -> Result<Vec<LogPosition>, Interrupted> {
        let Some(name) = self.backup_of(table_id, tables::Backup::consumer_name) else { return Ok(Vec::new()) };
        let retention = Retention::Position { max_ms: RETENTION_MAX.as_millis() as u64 };
        let consumer = LogConsumer::new(name, Start::Latest, ConsumerNeeds::Images, retention);
        self.add_log_consumer(source_id, consumer).await.map_err(interrupted)?;
        match self.backup_of(table_id, |backup| (backup.is_cut(), backup.is_ready())) {
            Some((false, _)) => {}
            // Another node has gone on meanwhile, and needs the consumer.
            Some((true, false)) => return Ok(Vec::new()),
            // It was deleted, or is complete: nothing else would remove the consumer.
            Some((true, true)) | None => {
                self.release_log(table_id).await?;
                return Ok(Vec::new());
            }
        }
        self.settle(source_id).await?;
        let logs = loop {
            let Some(table) = self.catalog.by_id(source_id) else { return Err(source_is_gone()) };
            let log = &table.definition.log;
            if !log.opening && !log.open.is_empty() {
                break log.open.iter().map(|open| open.number).chain(log.closing.iter().copied()).collect::<Vec<u32>>();
            }
            drop(table);
            if self.filled(table_id).is_none() {
                // Its deletion waits for this piece of work, and removes the consumer.
                return Ok(Vec::new());
            }
            tokio::time::sleep(OPEN_INTERVAL).await;
        };
        // A write of a request that has ended may still be queued, or wait for a replica. Commits become visible in their order: a
        // view that is made after this one shows it.
        let progress = (rows::build_progress(table_id, COPIED), rows::table_prefix(source_id));
        self.ingest(&Step { changes: Vec::new(), progress }, owned).await?;
        self.positions(source_id, &logs).await
    }

    /// The last positions of logs, in one view.
    async fn positions(&self, source_id: u64, logs: &[u32]) -> Result<Vec<LogPosition>, Interrupted> {
        let view = self.view_of_logs(source_id, logs).await?;
        let heads: Vec<Key> = logs.iter().map(|number| log::head(rows::log(source_id, *number))).collect();
        let found = view.get_many(&heads).await?;
        let position = |(number, row): (&u32, &Option<Bytes>)| {
            let last = log::decode_head(row.as_ref());
            let last = last.ok_or_else(|| StorageError::Corrupt("the head of a log cannot be read".to_owned()))?;
            Ok(LogPosition { log: *number, last })
        };
        logs.iter().zip(&found).map(position).collect::<Result<_, StorageError>>().map_err(Interrupted::from)
    }

    async fn ends_of_logs(&self, source_id: u64, cut: &[LogPosition]) -> Result<Vec<LogPosition>, Interrupted> {
        let logs: Vec<u32> = cut.iter().map(|position| position.log).collect();
        self.positions(source_id, &logs).await
    }

    async fn copy_items(&self, table_id: u64, source_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        self.ingest_table(source_id, table_id, rows::build_progress(table_id, COPIED), LEFT_OUT, owned).await
    }

    /// Puts the items of one table into another one, in the order of their rows, from where the progress is.
    pub(super) async fn ingest_table(
        &self,
        from: u64,
        to: u64,
        progress: Key,
        left_out: &str,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let passed = self.engine.get(&progress, Consistency::Strong).await?;
        let mut range = ScanRange::of_prefix(Family::Items, rows::table_prefix(from), STEP_ROWS, STEP_BYTES);
        // Until the first step, the progress is the prefix itself, which is no row.
        if let Some(passed) = passed {
            range.lower = Bound::Excluded(passed);
        }
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        loop {
            let Some(page) = pages.next_with_damaged().await? else { return Ok(()) };
            let Some(table) = self.filled(to) else { return Ok(()) };
            self.report_damaged_rows(from, &page.damaged, left_out);
            let Some(last) = page.last_key().cloned() else { continue };
            let changes = page.rows.iter().filter_map(|row| self.change_of_row(from, &table, row, left_out)).collect();
            drop(page);
            self.ingest(&Step { changes, progress: (progress.clone(), last) }, owned).await?;
        }
    }

    /// A backup or a restored table that is still wanted.
    fn filled(&self, table_id: u64) -> Option<Arc<Table>> {
        let is_wanted = |status| matches!(status, TableStatus::Backup | TableStatus::Creating);
        self.catalog.by_id(table_id).filter(|table| is_wanted(table.definition.status))
    }

    fn change_of_row(&self, from: u64, table: &Arc<Table>, row: &Row, left_out: &str) -> Option<Change> {
        let change = match Stored::read(row.value.clone()).map(Stored::into_item) {
            Ok(None) => return None,
            Ok(Some(item)) => self.put_as_it_was(table, &item).map_err(|problem| problem.to_string()),
            Err(what) => Err(what.to_string()),
        };
        change.map_err(|what| self.report_row(from, Some(&row.key), &what, left_out)).ok()
    }

    fn report_row(&self, table_id: u64, key: Option<&[u8]>, what: &str, left_out: &str) {
        if let Some(table) = self.catalog.by_id(table_id) {
            self.report_damaged(&table, key, what, left_out);
        }
    }

    async fn undo_changes(
        &self,
        table_id: u64,
        source_id: u64,
        cut: &[LogPosition],
        end: &[LogPosition],
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let progress = rows::build_progress(table_id, UNDONE);
        let passed = self.engine.get(&progress, Consistency::Strong).await?;
        let passed = passed.as_deref().and_then(read_position);
        for (from, to) in cut.iter().zip(end) {
            let to = match passed {
                // Logs are undone in the order of the list: one before the last that was begun is done.
                Some(passed) if is_before(cut, from.log, passed.log) => continue,
                Some(passed) if passed.log == from.log => passed.last.saturating_sub(1),
                _ => to.last,
            };
            self.undo_log(table_id, source_id, *from, to, &progress, owned).await?;
        }
        Ok(())
    }

    /// Undoes the records of one log, from position `to` down to the one behind the cut.
    async fn undo_log(
        &self,
        table_id: u64,
        source_id: u64,
        cut: LogPosition,
        to: u64,
        progress: &Key,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let name = rows::log(source_id, cut.log);
        let range = ScanRange {
            family: Family::Log,
            lower: Bound::Excluded(log::record(&name, cut.last).bytes),
            upper: Bound::Included(log::record(&name, to).bytes),
            direction: ScanDirection::Backward,
            rows_max: STEP_ROWS,
            bytes_max: STEP_BYTES,
        };
        if to <= cut.last {
            return Ok(());
        }
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        while let Some(page) = pages.next_with_damaged().await? {
            let Some(table) = self.filled(table_id) else { return Ok(()) };
            self.report_damaged_rows(source_id, &page.damaged, LEFT_OUT);
            let Some(last) = page.last_key().and_then(|key| log::position(&name, key)) else { continue };
            // Of several changes of one item in a page the oldest counts, which comes last.
            let mut changes = BTreeMap::new();
            for row in &page.rows {
                if let Some(change) = self.undoing(source_id, &table, row) {
                    changes.insert(change.key.row.bytes.clone(), change);
                }
            }
            let value = position_row(LogPosition { log: cut.log, last });
            let step = Step { changes: changes.into_values().collect(), progress: (progress.clone(), value) };
            self.ingest(&step, owned).await?;
        }
        Ok(())
    }

    /// The change that makes an item what it was before a record; none of a mark, and of a damaged record, which is reported.
    fn undoing(&self, source_id: u64, table: &Arc<Table>, row: &Row) -> Option<Change> {
        if matches!(Header::read(&row.value)?.content, Content::Mark(_)) {
            return None;
        }
        let change = match Record::read(&row.value) {
            Some(Record { old: Some(old), .. }) => self.put_as_it_was(table, &old),
            Some(Record { old: None, new: Some(new), .. }) => self.delete_as_it_was(table, &new),
            Some(_) | None => {
                self.report_row(source_id, Some(&row.key), "a record of its log cannot be read", LEFT_OUT);
                return None;
            }
        };
        let report = |problem: KeyProblem| self.report_row(source_id, Some(&row.key), &problem.to_string(), LEFT_OUT);
        change.map_err(report).ok()
    }

    /// Ends the retention of the source's records for a backup, if there is a source.
    pub(crate) async fn release_log(&self, table_id: u64) -> Result<(), Interrupted> {
        let found = self.catalog.by_id(table_id);
        let names = found.as_ref().and_then(|table| table.definition.backup.as_ref());
        let Some((source_id, name)) = names.map(|backup| (backup.source.table_id, backup.consumer_name())) else {
            return Ok(());
        };
        drop(found);
        match self.remove_log_consumer(source_id, &name).await {
            Ok(()) | Err(FollowError::Gone) => Ok(()),
            Err(error) => Err(interrupted(error)),
        }
    }
}

fn source_is_gone() -> Interrupted {
    Interrupted::Failed("the table of the backup does not exist any more".to_owned())
}

fn interrupted(error: FollowError) -> Interrupted {
    match error {
        FollowError::Stopping => Interrupted::Stopping,
        FollowError::Gone => source_is_gone(),
        other => Interrupted::Failed(other.to_string()),
    }
}

/// Whether a log comes before another one in the list.
fn is_before(cut: &[LogPosition], log: u32, other: u32) -> bool {
    let place = |log: u32| cut.iter().position(|position| position.log == log);
    place(log) < place(other)
}

/// The log (4) and the position (8) of the last record that was undone.
fn position_row(position: LogPosition) -> Bytes {
    [&position.log.to_be_bytes()[..], &position.last.to_be_bytes()].concat().into()
}

fn read_position(row: &[u8]) -> Option<LogPosition> {
    let (log, rest) = row.split_first_chunk()?;
    let last = rest.first_chunk()?;
    Some(LogPosition { log: u32::from_be_bytes(*log), last: u64::from_be_bytes(*last) })
}
