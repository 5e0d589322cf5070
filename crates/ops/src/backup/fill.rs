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
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use change_log::{Content, Header, Record};
use cluster::catalog::{Edit, Interrupted, Work};
use cluster::nodes::owner::{self, Owned};
use jobs::Turn;
use model::codec::row::Stored;
use storage::{Consistency, Family, Key, Pages, Row, ScanRange, StorageError, log};
use tables::item_key::KeyProblem;
use tables::{
    Backup, BackupKind, ConsumerNeeds, Definition, FillPhase, Filling, LogConsumer, LogPosition, Retention, Start,
    Table, TableStatus, rows,
};

use super::ingest::Step;
use crate::change::Change;
use crate::filling::{is_awaited, is_filled};
use crate::follow::FollowError;
use crate::service::Service;

/// Items or records of one step.
const STEP_ROWS: usize = 256;
/// The same of a copy that writers are not to notice.
const GENTLE_ROWS: usize = 64;
/// After each of its steps it waits as long as the step took, but no longer than this.
const GENTLE_PAUSE_MAX: Duration = Duration::from_millis(100);
/// What one step reads. Unit: bytes.
const STEP_BYTES: usize = 2 << 20;
/// How long the records behind the cut are retained for a backup that cannot be finished.
const RETENTION_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Between two looks at whether all nodes know of the log.
const OPEN_INTERVAL: Duration = Duration::from_millis(20);
/// DeleteTable makes a last backup first, and is given up if it has not changed the table by then: its server was stopped in between.
const ABANDONED_MS: u64 = 60_000;
/// The consequence of a damaged row, as it is reported.
const LEFT_OUT: &str = "a copy of the table is made without it";

/// The rows of progress, by a number in the place of an index's id: a backup has no indexes.
const COPIED: u32 = 0;
const UNDONE: u32 = 1;

impl Service {
    /// Makes a backup. A base that cannot be made is none; another backup is retried, as it was promised.
    pub(crate) async fn fill_backup(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        if self.is_abandoned(table_id) || self.is_base_over(table_id) {
            return self.abandon(table_id).await;
        }
        match self.fill(table_id, owned).await {
            Err(Interrupted::Lost(_)) if self.backup_of(table_id, Backup::is_base) == Some(true) => {
                self.abandon(table_id).await
            }
            ended => ended,
        }
    }

    /// Goes through the phases that are left.
    pub(crate) async fn fill(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        loop {
            let Some(filling) = self.filling(table_id) else {
                // It is being deleted.
                return Ok(());
            };
            let source_id = filling.source;
            let next = match &filling.phase {
                FillPhase::Ready => return Ok(()),
                FillPhase::Opening => {
                    let cut = self.cut(table_id, &filling, owned).await?;
                    let is_before = filling.until_ms.is_some() && filling.changes_until_ms.is_none();
                    let base = if is_before { self.base_behind(source_id, &cut) } else { None };
                    FillPhase::Copying { cut, base }
                }
                FillPhase::Copying { cut, base } => {
                    let cut = cut.clone();
                    let end = match (filling.changes_until_ms, *base) {
                        (Some(until_ms), _) => self.positions_at(source_id, &cut, until_ms).await?,
                        (None, Some(base)) => {
                            self.copy_items(table_id, base, owned).await?;
                            self.cut_of_base(base)?
                        }
                        (None, None) => {
                            self.copy_items(table_id, source_id, owned).await?;
                            self.ends_of_logs(source_id, &cut).await?
                        }
                    };
                    FillPhase::Undoing { end, cut }
                }
                FillPhase::Undoing { cut, end } => {
                    self.undo_changes(table_id, source_id, cut, end, owned).await?;
                    self.release_log(table_id).await?;
                    FillPhase::Ready
                }
            };
            self.enter(table_id, &filling.phase, next, owned).await?;
        }
    }

    /// What a table is filled with, while it is wanted.
    pub(super) fn filling(&self, table_id: u64) -> Option<Filling> {
        self.filled(table_id)?.definition.filling()
    }

    /// Stores the next phase of a table that is still wanted, and still in the phase that this one follows from: another node may
    /// have gone on meanwhile.
    async fn enter(
        &self,
        table_id: u64,
        from: &FillPhase,
        phase: FillPhase,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        let Some(mut definition) = self.filled(table_id).map(|table| table.definition.clone()) else { return Ok(()) };
        let Some(stored) = definition.fill_phase().filter(|stored| *stored == from) else { return Ok(()) };
        let progress = [COPIED, UNDONE].map(|number| rows::build_progress(table_id, number));
        let deletes = if phase == FillPhase::Ready { progress.to_vec() } else { Vec::new() };
        let cut = if let FillPhase::Undoing { cut, .. } = &*stored { cut.clone() } else { Vec::new() };
        *stored = self.without_deleted_base(phase);
        if let Some(base) = definition.backup.as_mut().filter(|backup| backup.is_base() && backup.is_ready()) {
            base.cut = cut;
        }
        self.catalog.replace(&self.engine, guard, definition, Edit { deletes, ..owner::edit_of(owned) }).await?;
        Ok(())
    }

    /// Has the log of a table whose recovery is being disabled retained for the copies that are being made of it: one that has just begun
    /// has no consumer yet, and the records before that are not archived any more.
    pub(crate) fn retain_for_copies(&self, definition: &mut Definition) {
        for filling in self.fillings_from(definition.table_id).into_iter().filter(is_awaited) {
            let Some(name) = filling.consumer else { continue };
            if definition.log.consumers.iter().all(|consumer| consumer.name != name) {
                definition.log.consumers.push(consumer_of_copy(name));
            }
        }
    }

    /// Opens the source's log, and finds the positions of the moment. No request uses a definition without the open log then: every
    /// change behind the cut has a record.
    async fn cut(
        &self,
        table_id: u64,
        filling: &Filling,
        owned: Option<&Owned>,
    ) -> Result<Vec<LogPosition>, Interrupted> {
        let source_id = filling.source;
        let Some(name) = filling.consumer.clone() else { return self.last_cut(table_id, source_id, owned).await };
        self.add_log_consumer(source_id, consumer_of_copy(name)).await.map_err(interrupted)?;
        match self.filling(table_id).map(|filling| filling.phase) {
            Some(FillPhase::Opening) => {}
            // Another node has gone on meanwhile, and needs the consumer.
            Some(FillPhase::Copying { .. } | FillPhase::Undoing { .. }) => return Ok(Vec::new()),
            // It was deleted, or is complete: nothing else would remove the consumer.
            Some(FillPhase::Ready) | None => {
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
        let heads = self.positions(source_id, &logs).await?;
        let Some(until_ms) = filling.until_ms else { return Ok(heads) };
        self.last_positions(source_id, &heads, until_ms).await
    }

    async fn last_positions(
        &self,
        source_id: u64,
        heads: &[LogPosition],
        until_ms: u64,
    ) -> Result<Vec<LogPosition>, Interrupted> {
        let mut last = Vec::with_capacity(heads.len());
        for head in heads {
            last.push(self.position_at(source_id, *head, until_ms).await?);
        }
        Ok(last)
    }

    /// The last positions of changes by a moment, none before the cut.
    async fn positions_at(
        &self,
        source_id: u64,
        cut: &[LogPosition],
        until_ms: u64,
    ) -> Result<Vec<LogPosition>, Interrupted> {
        let heads = self.ends_of_logs(source_id, cut).await?;
        let last = self.last_positions(source_id, &heads, until_ms).await?;
        let not_before =
            |(last, cut): (LogPosition, &LogPosition)| LogPosition { last: last.last.max(cut.last), ..last };
        Ok(last.into_iter().zip(cut).map(not_before).collect())
    }

    /// That of a table that is being deleted: no request uses it any more, so that nothing is behind the cut.
    async fn last_cut(
        &self,
        table_id: u64,
        source_id: u64,
        owned: Option<&Owned>,
    ) -> Result<Vec<LogPosition>, Interrupted> {
        while self.catalog.by_id(source_id).is_some_and(|table| table.definition.status != TableStatus::Deleting) {
            if self.filling(table_id).is_none() || self.is_abandoned(table_id) {
                return Err(Interrupted::Failed("its table is not being deleted".to_owned()));
            }
            tokio::time::sleep(OPEN_INTERVAL).await;
        }
        self.settle(source_id).await?;
        let progress = (rows::build_progress(table_id, COPIED), rows::table_prefix(source_id));
        self.ingest(&Step { changes: Vec::new(), progress }, owned).await?;
        Ok(Vec::new())
    }

    /// Whether it is the last backup of a table whose deletion was given up.
    fn is_abandoned(&self, table_id: u64) -> bool {
        let Some(table) = self.filled(table_id) else { return false };
        let Some(backup) = &table.definition.backup else { return false };
        let is_young = self.clock.now_ms() < backup.created_ms.saturating_add(ABANDONED_MS);
        if !matches!(backup.kind, BackupKind::System { .. }) || backup.is_cut() || is_young {
            return false;
        }
        let source = self.catalog.by_id(backup.source.table_id);
        source.is_some_and(|source| source.definition.status != TableStatus::Deleting)
    }

    /// Deletes a backup.
    pub(crate) async fn abandon(&self, table_id: u64) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        let Some(mut definition) = self.filled(table_id).map(|table| table.definition.clone()) else { return Ok(()) };
        definition.status = TableStatus::Deleting;
        self.catalog.replace(&self.engine, guard, definition, Edit::starting(Work::DropTable { table_id })).await?;
        Ok(())
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
        let is_gentle = self.is_gentle(to);
        range.rows_max = if is_gentle { GENTLE_ROWS } else { STEP_ROWS };
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        loop {
            let Some(turn) = self.copy_turn(from, to).await? else { return Ok(()) };
            let (begun, losses) = (Instant::now(), self.losses());
            let Some(page) = pages.next_with_damaged().await? else { return Ok(()) };
            let Some(table) = self.filled(to) else { return Ok(()) };
            self.report_damaged_rows(from, &page.damaged, left_out);
            let Some(last) = page.last_key().cloned() else { continue };
            let changes = page.rows.iter().filter_map(|row| self.change_of_row(from, &table, row, left_out)).collect();
            drop(page);
            self.note_losses(to, losses).await?;
            self.ingest(&Step { changes, progress: (progress.clone(), last) }, owned).await?;
            drop(turn);
            if is_gentle && self.copies_awaited.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(begun.elapsed().min(GENTLE_PAUSE_MAX)).await;
            }
        }
    }

    /// Whether writers of the source need the engine while the table is filled, and no caller waits for it: a backup can be restored from
    /// at once, and a copy of it that takes twice as long delays writers half as much.
    fn is_gentle(&self, table_id: u64) -> bool {
        let Some(table) = self.filled(table_id) else { return false };
        let is_gentle = |kind| matches!(kind, BackupKind::User | BackupKind::Base { .. });
        table.definition.backup.as_ref().is_some_and(|backup| is_gentle(backup.kind) && !backup.is_ready())
    }

    /// A turn for a step from one table to another; none once that one is not wanted any more.
    async fn copy_turn(&self, from: u64, to: u64) -> Result<Option<Turn<'_>>, Interrupted> {
        let Some(account) = self.filled(to).map(|table| table.definition.account.clone()) else { return Ok(None) };
        // Before the turn: a KMS may take seconds to answer.
        for table_id in [from, to] {
            self.learn_table_key(table_id).await?;
        }
        Ok(Some(self.copies.take(&account).await))
    }

    /// A backup or a restored table that is still wanted.
    fn filled(&self, table_id: u64) -> Option<Arc<Table>> {
        self.catalog.by_id(table_id).filter(|table| is_filled(&table.definition))
    }

    fn change_of_row(&self, from: u64, table: &Arc<Table>, row: &Row, left_out: &str) -> Option<Change> {
        let change = match Stored::read(row.value.clone()).map(Stored::into_item) {
            Ok(None) => return None,
            Ok(Some(item)) => self.put_as_it_was(table, &item).map_err(|problem| problem.to_string()),
            Err(what) => Err(what.to_string()),
        };
        change.map_err(|what| self.report_row(from, Some(&row.key), &what, left_out)).ok()
    }

    /// Reports a record of a log that cannot be read.
    pub(super) fn report_unreadable(&self, source_id: u64, row: &Row) {
        self.report_row(source_id, Some(&row.key), "a record of its log cannot be read", LEFT_OUT);
    }

    pub(crate) fn report_row(&self, table_id: u64, key: Option<&[u8]>, what: &str, left_out: &str) {
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
        let mut to = to;
        while to > cut.last {
            let Some(_turn) = self.copy_turn(source_id, table_id).await? else { return Ok(()) };
            let losses = self.losses();
            let page = self.history_page(source_id, cut.log, cut.last, to, (STEP_ROWS, STEP_BYTES)).await?;
            let Some(table) = self.filled(table_id) else { return Ok(()) };
            self.report_damaged_rows(source_id, &page.damaged, LEFT_OUT);
            let has_changes = table.definition.filling().is_some_and(|filling| filling.changes_until_ms.is_some());
            let changes = match has_changes {
                true => self.folded(source_id, &table, &page.records).await?,
                false => self.undone(source_id, &table, &page.records),
            };
            self.note_losses(table_id, losses).await?;
            let value = position_row(LogPosition { log: cut.log, last: page.first });
            let step = Step { changes, progress: (progress.clone(), value) };
            self.ingest(&step, owned).await?;
            to = page.first.saturating_sub(1);
        }
        Ok(())
    }

    /// The changes that undo a page of records. Of several records of one item the oldest counts, which comes last.
    fn undone(&self, source_id: u64, table: &Arc<Table>, records: &[Row]) -> Vec<Change> {
        let mut changes = BTreeMap::new();
        for row in records {
            if let Some(change) = self.undoing(source_id, table, row) {
                changes.insert(change.key.row.bytes.clone(), change);
            }
        }
        changes.into_values().collect()
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
                self.report_unreadable(source_id, row);
                return None;
            }
        };
        let report = |problem: KeyProblem| self.report_row(source_id, Some(&row.key), &problem.to_string(), LEFT_OUT);
        change.map_err(report).ok()
    }

    /// Ends the retention of the source's records for a backup, if there is a source.
    pub(crate) async fn release_log(&self, table_id: u64) -> Result<(), Interrupted> {
        let filling = self.catalog.by_id(table_id).and_then(|table| table.definition.filling());
        let Some((source_id, name)) = filling.and_then(|filling| Some((filling.source, filling.consumer?))) else {
            return Ok(());
        };
        match self.remove_log_consumer(source_id, &name).await {
            Ok(()) | Err(FollowError::Gone) => Ok(()),
            Err(error) => Err(interrupted(error)),
        }
    }
}

/// What retains the source's records for a copy.
fn consumer_of_copy(name: String) -> LogConsumer {
    let retention = Retention::Position { max_ms: RETENTION_MAX.as_millis() as u64 };
    LogConsumer::new(name, Start::Latest, ConsumerNeeds::Images, retention)
}

fn source_is_gone() -> Interrupted {
    Interrupted::Lost("the table of the backup does not exist any more".to_owned())
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
