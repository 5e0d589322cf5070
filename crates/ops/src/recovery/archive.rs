//! The archive of a table with point-in-time recovery: its log's records are compressed into segments, and the log may be trimmed of
//! them. The log retains what is not archived yet, so that no moment is missing between the archive's end and the present.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use api::Exception;
use bytes::Bytes;
use change_log::{ArchiveState, Header, SegmentHeader, encode_segment, segment_row};
use jobs::{Job, Ran};
use storage::{
    Batch, Consistency, DamagedRow, Family, Key, KeyUse, Mode, Pages, Reads, Row, ScanDirection, ScanPage, ScanRange,
    log,
};
use tables::failure::{storage_failure, write_failure};
use tables::{Definition, PointInTimeRecovery, rows};

use super::manifests::ArchiveOf;
use crate::service::Service;

/// How often logs are looked at. A look at a log without new records is one read.
const LOOK_INTERVAL: Duration = Duration::from_secs(3);
/// The records of one segment.
const SEGMENT_ROWS: usize = 4096;
const SEGMENT_BYTES_MAX: usize = 1 << 20;
/// A segment with fewer bytes waits for more records, but no longer than [`SEGMENT_AGE_MS`].
const SEGMENT_BYTES_MIN: usize = 256 << 10;
const SEGMENT_AGE_MS: u64 = 60_000;
/// A segment in a store has more, if there are so many: each costs some calls.
const STORE_SEGMENT_ROWS: usize = 4 * SEGMENT_ROWS;
const STORE_SEGMENT_BYTES_MAX: usize = 4 * SEGMENT_BYTES_MAX;

/// Rows that a step of the deletion of an archive takes.
const CLEARED_ROWS: usize = 256;

type AccountWork = Pin<Box<dyn Future<Output = Ran> + Send>>;

/// The next segment of an archive.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct NextSegment {
    pub header: SegmentHeader,
    pub records: Vec<Bytes>,
    /// The archive's state with it.
    pub state: ArchiveState,
}

impl Service {
    /// The job that archives the logs of tables with point-in-time recovery, and deletes the archives of tables without it.
    pub(crate) fn archive_job(self: &Arc<Service>) -> Job {
        let job = Job::by_account(self, "archive_logs", LOOK_INTERVAL, |service| {
            let archive = |(account, tables): (String, Vec<u64>)| {
                let service = Arc::clone(&service);
                let archived: AccountWork = Box::pin(async move { service.archive_tables(&tables).await });
                (account, archived)
            };
            let mut work: BTreeMap<String, AccountWork> = service
                .catalog
                .table_ids_by_account(|definition| definition.recovery.is_some() || definition.archived)
                .into_iter()
                .map(archive)
                .collect();
            let expired: AccountWork = {
                let service = Arc::clone(&service);
                Box::pin(async move { service.delete_backups_over().await })
            };
            work.insert(String::new(), expired);
            work
        });
        job.leased(self.lease(rows::COMMON_WORK))
    }

    /// Archives the logs of an account's tables, one after the other. One that fails does not delay the others.
    pub(crate) async fn archive_tables(&self, tables: &[u64]) -> Ran {
        let mut ran = Ran::Done;
        for table_id in tables.iter().copied() {
            jobs::take_slot().await;
            if let Err(error) = self.archive_table(table_id).await {
                let table = self.table_label(table_id);
                ::log::error!(
                    event = "archive_failed", table = table.as_str();
                    "archiving a table's log failed and is retried, and the log retains its records: {}", error.cause()
                );
                ran = Ran::Failed;
            }
        }
        ran
    }

    async fn archive_table(&self, table_id: u64) -> Result<(), Exception> {
        let Some((recovery, logs)) = self.archived_logs(table_id) else { return Ok(()) };
        let Some(recovery) = recovery else { return self.drop_archive(table_id).await };
        for log in logs.iter().copied() {
            while self.archive_step(table_id, log, recovery).await? {
                jobs::take_slot().await;
            }
        }
        self.keep_bases(table_id, &logs, recovery).await
    }

    /// The logs that a table's changes are in, by their first shards. Not the table itself: background work waits until no request
    /// uses it as it was, and this would be a use.
    pub(super) fn archived_logs(&self, table_id: u64) -> Option<(Option<PointInTimeRecovery>, Vec<u32>)> {
        let table = self.catalog.by_id(table_id).filter(|table| table.is_usable())?;
        let log = &table.definition.log;
        let logs = log.open.iter().map(|open| open.number).chain(log.closing.iter().copied());
        Some((table.definition.recovery, logs.collect()))
    }

    pub(crate) async fn archive_state(&self, table_id: u64, log: u32) -> Result<Option<ArchiveState>, Exception> {
        let key = rows::archive_state(table_id, log);
        let Some(row) = self.engine.get(&key, Consistency::Strong).await.map_err(storage_failure)? else {
            return Ok(None);
        };
        read_state(table_id, &row).map(Some)
    }

    /// Begins the archive of a log that has none, behind its last record: of an older program's table, or since a program that knows no
    /// archives has closed the log before it. What is left of an earlier archive is before the begin, and not read.
    async fn begin_archive(
        &self,
        table_id: u64,
        number: u32,
        head: u64,
        recovery: PointInTimeRecovery,
    ) -> Result<(), Exception> {
        let (key, now_ms) = (rows::archive_state(table_id, number), self.clock.now_ms());
        let keys = [KeyUse::write(key.clone()), KeyUse::read(rows::definition(table_id))];
        // Both rows are read in the write: an archive that another node has begun stays, and none begins once recovery is disabled.
        let begin = |reads: &Reads, batch: &mut Batch| {
            if reads.values[0].is_none() && is_enabled(&reads.values[1], recovery) {
                batch.put(key.clone(), ArchiveState::new(head, now_ms).encode());
            }
            Ok::<(), Exception>(())
        };
        self.engine.write(Mode::Plain, &keys, begin).await.map_err(write_failure)?
    }

    /// Archives the next records of a log, if they are enough for a segment or old, and tells whether there may be more.
    async fn archive_step(&self, table_id: u64, number: u32, recovery: PointInTimeRecovery) -> Result<bool, Exception> {
        let name = rows::log(table_id, number);
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let keys = [rows::archive_state(table_id, number), log::head(name.clone())];
        let found = view.get_many(&keys).await.map_err(storage_failure)?;
        let [Some(state), head] = &found[..] else {
            let head = log::decode_head(found.last().and_then(Option::as_ref)).unwrap_or_default();
            drop(view);
            self.begin_archive(table_id, number, head, recovery).await?;
            return Ok(false);
        };
        let state = read_state(table_id, state)?;
        if log::decode_head(head.as_ref()) == Some(state.archived) {
            return Ok(false);
        }
        let store = self.settings.archive_store.as_ref();
        let range = match store {
            None => records_behind(&name, state.archived),
            Some(_) => ScanRange {
                rows_max: STORE_SEGMENT_ROWS,
                bytes_max: STORE_SEGMENT_BYTES_MAX,
                ..records_behind(&name, state.archived)
            },
        };
        let page = view.scan_page(&range).await.map_err(storage_failure)?;
        drop(view);
        let Some(next) = next_segment(&state, &name, &page, self.clock.now_ms()) else { return Ok(false) };
        let of = ArchiveOf { table_id, log: number, recovery };
        let written = match store.filter(|_| !next.records.is_empty()) {
            None => self.add_segment(of, &state, &next).await?,
            Some(store) => match self.store_segment(store, of, &state, &next).await {
                Ok(written) => written,
                Err(error) => {
                    self.break_chain_if_late(of, store.hold_ms).await?;
                    return Err(error);
                }
            },
        };
        if written && next.state.from != state.from {
            self.report_gap(table_id, &state, &next.state);
        }
        let last = page.last_key().and_then(|key| log::position(&name, key));
        Ok(written && (page.more || last.is_some_and(|last| next.state.archived < last)))
    }

    /// Writes a segment as a row. False, and nothing is written, if another node has written one meanwhile, or recovery was disabled.
    async fn add_segment(&self, of: ArchiveOf, state: &ArchiveState, next: &NextSegment) -> Result<bool, Exception> {
        let last = next.state.archived;
        let content = encode_segment(next.header.first, next.records.iter());
        let add = |batch: &mut Batch| {
            if !next.records.is_empty() {
                // Not from the reserve of a full disk: the log retains the records meanwhile.
                batch.grows = true;
                batch.put(segment_row(of.table_id, of.log, last), content.clone());
                batch.put(rows::segment_header(of.table_id, of.log, last), next.header.encode());
            }
        };
        let added = self.change_archive(of, state, &next.state, add).await?;
        if added && !next.records.is_empty() {
            self.archived_bytes.fetch_add(content.len() as u64, Ordering::Relaxed);
        }
        Ok(added)
    }

    pub(super) fn report_gap(&self, table_id: u64, before: &ArchiveState, after: &ArchiveState) {
        self.recovery_gaps.fetch_add(1, Ordering::Relaxed);
        let table = self.table_label(table_id);
        ::log::error!(
            event = "recovery_gap", table = table.as_str();
            "records {} to {} of a table's log are lost to point-in-time recovery, which goes back to the moment behind them alone",
            before.archived.saturating_add(1), after.from
        );
    }

    /// Deletes the archive of a table without point-in-time recovery, unless a table is being restored from it.
    pub(super) async fn drop_archive(&self, table_id: u64) -> Result<(), Exception> {
        if self.is_being_copied(table_id) {
            return Ok(());
        }
        // Objects first: behind the rows nothing would say that there are some.
        self.delete_archive_objects(table_id).await?;
        self.clear_archive(table_id).await?;
        let guard = self.catalog.lock().await?;
        // Read under the lock: a definition that was read before it may have been replaced. Recovery that was enabled meanwhile keeps
        // the mark of an archive.
        let Some(mut definition) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else {
            return Ok(());
        };
        if definition.recovery.is_some() || !definition.archived {
            return Ok(());
        }
        definition.archived = false;
        self.catalog.replace(&self.engine, guard, definition, Default::default()).await?;
        Ok(())
    }

    /// Deletes the rows that are left of an archive, unless recovery is enabled: the states that were stored with that stay.
    pub(crate) async fn clear_archive(&self, table_id: u64) -> Result<(), Exception> {
        if !self.delete_of_archive(table_id, Vec::new()).await? {
            return Ok(());
        }
        // States last: while there is one, the segments that it names are there or are being destroyed by all.
        let contents = self.engine.destroy(Family::Log, rows::archives_prefix(table_id)).await;
        contents.map_err(storage_failure)?;
        let range = ScanRange::of_prefix(Family::Catalog, rows::archives(table_id), CLEARED_ROWS, SEGMENT_BYTES_MAX);
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        while let Some(page) = pages.next_with_damaged().await.map_err(storage_failure)? {
            // One without a known key is destroyed with the table.
            let known =
                page.in_order().filter_map(|row| row.map_or_else(|row| row.key.clone(), |row| Some(row.key.clone())));
            let key = |bytes: Bytes| match rows::archive_row(&bytes)? {
                (log, None) => Some(rows::archive_state(table_id, log)),
                (log, Some(last)) => Some(rows::segment_header(table_id, log, last)),
            };
            let keys = known.filter_map(key).collect();
            if !self.delete_of_archive(table_id, keys).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Deletes rows of a table's archive. False, and nothing is deleted, if recovery is enabled: the definition is read in the write.
    async fn delete_of_archive(&self, table_id: u64, left: Vec<Key>) -> Result<bool, Exception> {
        let delete = |reads: &Reads, batch: &mut Batch| {
            let stored = reads.values[0].as_deref().map(Definition::read);
            // A definition that cannot be read counts as enabled: what may be needed is not deleted.
            let is_enabled = stored.is_some_and(|stored| !stored.is_ok_and(|stored| stored.recovery.is_none()));
            if !is_enabled {
                left.iter().for_each(|key| batch.delete(key.clone()));
            }
            Ok::<bool, Exception>(!is_enabled)
        };
        let keys = [KeyUse::read(rows::definition(table_id))];
        self.engine.write(Mode::Plain, &keys, delete).await.map_err(write_failure)?
    }
}

/// The records of a log behind a position, as many as a segment in the database has.
pub(super) fn records_behind(name: &Bytes, position: u64) -> ScanRange {
    ScanRange {
        family: Family::Log,
        lower: Bound::Excluded(log::record(name, position).bytes),
        upper: Bound::Included(log::record(name, u64::MAX).bytes),
        direction: ScanDirection::Forward,
        rows_max: SEGMENT_ROWS,
        bytes_max: SEGMENT_BYTES_MAX,
    }
}

fn read_state(table_id: u64, row: &[u8]) -> Result<ArchiveState, Exception> {
    let damaged = || Exception::internal(format!("the state of the archive of table {table_id} is damaged"));
    ArchiveState::read(row).ok_or_else(damaged)
}

/// Whether recovery is enabled in a stored definition, and since the same moment.
pub(super) fn is_enabled(definition: &Option<Bytes>, recovery: PointInTimeRecovery) -> bool {
    let stored = definition.as_ref().and_then(|row| Definition::read(row).ok());
    stored.and_then(|stored| stored.recovery).is_some_and(|stored| stored.enabled_ms == recovery.enabled_ms)
}

/// The segment that the records behind an archive make, if they are enough or old. Records that are lost, because they were trimmed
/// or are damaged, end the moments before them: the archive goes back to the one behind them alone.
pub(super) fn next_segment(state: &ArchiveState, name: &[u8], page: &ScanPage, now_ms: u64) -> Option<NextSegment> {
    let mut state = state.clone();
    let (mut records, mut bytes, mut until_ms, mut since_ms) = (Vec::new(), 0, 0, u64::MAX);
    for row in page.in_order() {
        let Some((position, found)) = read(name, row) else { break };
        let expected = state.archived.saturating_add(1);
        let is_next = position == expected && found.is_some();
        if !is_next && !records.is_empty() {
            break;
        }
        if position != expected {
            let behind_ms = found.as_ref().map_or(now_ms, |(header, _)| header.created_ms.min(now_ms));
            (state.from, state.from_ms) = (position.saturating_sub(1), behind_ms);
        }
        state.archived = position;
        let Some((header, record)) = found else {
            (state.from, state.from_ms) = (position, now_ms);
            continue;
        };
        bytes += record.len();
        (until_ms, since_ms) = (header.created_ms.max(until_ms), header.created_ms.min(since_ms));
        records.push(record);
    }
    let is_whole = page.more || bytes >= SEGMENT_BYTES_MIN;
    let is_old = since_ms.saturating_add(SEGMENT_AGE_MS) <= now_ms || since_ms > now_ms.saturating_add(SEGMENT_AGE_MS);
    let is_due = if records.is_empty() { state.archived > 0 && page.count() > 0 } else { is_whole || is_old };
    let first = state.archived.saturating_sub(records.len() as u64).saturating_add(1);
    is_due.then(|| NextSegment { header: SegmentHeader::new(first, until_ms.min(now_ms)), records, state })
}

/// The position of a row of a log, and the record, if it can be read. `None` if the position is not known.
fn read(name: &[u8], row: Result<&Row, &DamagedRow>) -> Option<(u64, Option<(Header, Bytes)>)> {
    let key = row.map_or_else(|damaged| damaged.key.as_deref(), |row| Some(&row.key[..]))?;
    let record = row.ok().and_then(|row| Some((Header::read(&row.value)?, row.value.clone())));
    Some((log::position(name, key)?, record))
}
