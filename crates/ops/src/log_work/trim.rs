//! Background work on logs, of which trimming is the most: records are deleted once no consumer needs them (`retention`), and shards
//! once they have ended and are empty.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use api::Exception;
use bytes::Bytes;
use change_log::{Content, Header, Shard, outlives_table};
use cluster::catalog::Edit;
use jobs::{Job, Ran};
use model::limits::STREAM_RETENTION_MS;
use storage::{Batch, Consistency, DamagedRow, Family, KeyUse, Mode, Reads, Room, Row, ScanPage, log};
use tables::failure::{storage_failure, write_failure};
use tables::rows;
use tables::{Definition, LogConsumer, Stream};

use super::retention::LogRetention;
use crate::service::Service;

/// How often logs are looked after.
const LOOK_INTERVAL: Duration = Duration::from_secs(60);
/// Looks within the time that a shard is written, if that is short.
const LOOKS_PER_AGE: u32 = 4;
/// Between two looks at what may go while room is short.
const SHORTAGE_INTERVAL: Duration = Duration::from_millis(200);
/// Records that one batch deletes.
const STEP_ROWS: usize = 1024;
const STEP_BYTES: usize = 1 << 20;

/// What is done for one account, or for none.
type AccountWork = Pin<Box<dyn Future<Output = Ran> + Send>>;

/// An account's tables that have logs.
#[derive(Default)]
struct LogTables {
    /// Those of the live ones that are followed now.
    open: Vec<u64>,
    live: Vec<u64>,
    deleted: Vec<u64>,
}

/// All tables, one after the other.
#[cfg(test)]
impl Service {
    pub(crate) async fn roll_logs(&self) -> bool {
        self.roll_tables(&self.catalog.table_ids(|definition| !definition.log.open.is_empty())).await
    }

    pub(crate) async fn trim_logs(&self) -> bool {
        let mut tables = self.catalog.table_ids(|definition| definition.log.next_shard > 0);
        tables.extend(self.catalog.all_remains().iter().map(|table| table.id()));
        let trimmed = self.trim_tables(&tables).await;
        let forgotten = self.forget_remains(self.clock.now_ms(), |_| true).await.is_ok();
        self.clean_up_logs().await;
        trimmed && forgotten
    }

    pub(crate) async fn measure_logs(&self) -> bool {
        self.measure_tables(&self.catalog.table_ids(|definition| definition.log.next_shard > 0)).await
    }
}

impl Service {
    /// The job that rolls, trims and measures logs.
    pub(crate) fn log_job(self: &Arc<Service>) -> Job {
        let interval = LOOK_INTERVAL.min(self.settings.shards.age / LOOKS_PER_AGE);
        let job = Job::by_account(self, "maintain_logs", interval, |service| {
            let maintain = |(account, tables)| {
                let service = Arc::clone(&service);
                let maintained: AccountWork = Box::pin(async move { service.maintain_logs(&tables).await });
                (account, maintained)
            };
            let mut work: BTreeMap<String, AccountWork> = service.logs_by_account().into_iter().map(maintain).collect();
            // That of no account. It reads no row that a table's key encrypts.
            let cleaned_up: AccountWork = Box::pin(async move {
                service.clean_up_logs().await;
                Ran::Done
            });
            work.insert(String::new(), cleaned_up);
            work
        });
        job.leased(self.lease(rows::COMMON_WORK))
    }

    fn logs_by_account(&self) -> BTreeMap<String, LogTables> {
        let mut by_account = BTreeMap::<String, LogTables>::new();
        for (account, tables) in self.catalog.table_ids_by_account(|definition| !definition.log.open.is_empty()) {
            by_account.entry(account).or_default().open = tables;
        }
        for (account, tables) in self.catalog.table_ids_by_account(|definition| definition.log.next_shard > 0) {
            by_account.entry(account).or_default().live = tables;
        }
        for table in self.catalog.all_remains() {
            by_account.entry(table.definition.account.clone()).or_default().deleted.push(table.id());
        }
        by_account
    }

    /// Maintains the logs of an account's tables, one after the other.
    async fn maintain_logs(&self, tables: &LogTables) -> Ran {
        let rolled = self.roll_tables(&tables.open).await;
        let trimmed = self.trim_tables(&tables.live).await;
        let emptied = self.trim_tables(&tables.deleted).await;
        let forgotten = self.forget_remains(self.clock.now_ms(), |table_id| tables.deleted.contains(&table_id)).await;
        let measured = self.measure_tables(&tables.live).await;
        let succeeded = rolled && trimmed && emptied && forgotten.is_ok() && measured;
        log_failure(forgotten);
        if succeeded { Ran::Done } else { Ran::Failed }
    }

    /// What is done for all accounts together.
    async fn clean_up_logs(&self) {
        self.heat.keep_only(&self.catalog.table_ids(|definition| !definition.log.open.is_empty()));
        self.drop_excess_streams().await;
    }

    /// The job that drops the streams of deleted tables while the engine is short of room. Only an engine in memory ever is: a
    /// deleted table's records would take up to a day of the memory that tables need.
    pub(crate) fn shortage_job(self: &Arc<Service>) -> Option<Job> {
        let shortage = self.engine.room().and_then(Room::shortage)?;
        let run = |service: Arc<Service>| async move {
            match service.forget_remains(u64::MAX, |_| true).await {
                Ok(()) => Ran::Done,
                Err(error) => {
                    ::log::error!(event = "stream_trim_failed"; "streams of deleted tables could not be dropped: {}", error.cause());
                    Ran::Failed
                }
            }
        };
        let is_short = move || {
            let mut shortage = shortage.clone();
            async move {
                // While the room stays short the future is ready at once: the pause is between two runs.
                tokio::time::sleep(SHORTAGE_INTERVAL).await;
                if shortage.wait_for(|is_short| *is_short).await.is_err() {
                    // The engine is gone, and the service with it.
                    std::future::pending::<()>().await;
                }
            }
        };
        Some(Job::on(self, "drop_streams_when_short", Duration::MAX, run).or_when(is_short))
    }

    /// Trims the logs of these tables. Returns false if one could not be: it is tried again the next time.
    async fn trim_tables(&self, tables: &[u64]) -> bool {
        let mut succeeded = true;
        for table_id in tables.iter().copied() {
            jobs::take_slot().await;
            if let Err(Exception::InternalServerError(text)) = self.trim_log(table_id).await {
                let table = self.table_label(table_id);
                ::log::error!(event = "stream_trim_failed", table = table.as_str(); "trimming a stream failed and is retried: {text}");
                succeeded = false;
            }
        }
        succeeded
    }

    async fn trim_log(&self, table_id: u64) -> Result<(), Exception> {
        let Some(owner) = self.log_owner(table_id) else { return Ok(()) };
        let trimmed = self.trim_records(&owner).await;
        // Also if records are left: whether a stream can be read depends on the time alone.
        let now_ms = self.clock.now_ms();
        let is_over = |since_ms: u64| since_ms.saturating_add(STREAM_RETENTION_MS) <= now_ms;
        trimmed.and(self.forget_streams(table_id, &is_over).await)?;
        self.trim_archives(table_id).await
    }

    async fn trim_records(&self, owner: &LogOwner) -> Result<(), Exception> {
        let table_id = owner.table_id;
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let shards = Shard::list(&*view, table_id, 0, u32::MAX).await?;
        // Shards and positions are of one state: a shard that is made later has only records behind all of these positions.
        let mut retention = self.retention(&*view, table_id, &owner.consumers, &shards).await?;
        drop(view);
        let trimmed = self.trim_shards(owner, &shards, &mut retention).await;
        self.report_losses(table_id, &retention);
        trimmed
    }

    /// The consumers of a log. Not the table itself: background work waits until no request uses it as it was, and this would be a
    /// use.
    fn log_owner(&self, table_id: u64) -> Option<LogOwner> {
        if let Some(table) = self.catalog.by_id(table_id) {
            return Some(LogOwner { table_id, consumers: table.definition.log_consumers(), is_table: true });
        }
        let table = self.catalog.all_remains().into_iter().find(|table| table.id() == table_id)?;
        Some(LogOwner { table_id, consumers: table.definition.log_consumers(), is_table: false })
    }

    /// Trims each log of a table. One that fails does not delay the others; the first failure is returned.
    async fn trim_shards(
        &self,
        owner: &LogOwner,
        shards: &[Shard],
        retention: &mut LogRetention,
    ) -> Result<(), Exception> {
        let logs: BTreeSet<u32> = shards.iter().map(Shard::log).collect();
        let mut trimmed = Ok(());
        for log in logs {
            let own: Vec<Shard> = shards.iter().filter(|shard| shard.log() == log).cloned().collect();
            trimmed = trimmed.and(self.trim_shards_of_log(owner, own, retention).await);
        }
        trimmed
    }

    async fn trim_shards_of_log(
        &self,
        owner: &LogOwner,
        mut shards: Vec<Shard>,
        retention: &mut LogRetention,
    ) -> Result<(), Exception> {
        let mut damaged_until = 0;
        while self.trim_step(owner, &mut shards, retention, &mut damaged_until).await? {
            jobs::take_slot().await;
        }
        let now_ms = self.clock.now_ms();
        let is_over = |since_ms: u64| since_ms.saturating_add(STREAM_RETENTION_MS) <= now_ms;
        // A consumer that has not taken a shard learns by its row what it has lost, also after a restart.
        let is_gone = |shard: &Shard| {
            shard.is_trimmed()
                && shard.closed.is_some_and(|closed| is_over(closed.at_ms))
                && retention.all_have_taken(shard)
        };
        self.forget_shards(shards, &is_gone).await
    }

    /// Deletes the next records of a log that are over, for all of its shards at once, and tells whether there may be more. Before
    /// `damaged_until` all records are damaged, and as old as the one there, which is over.
    async fn trim_step(
        &self,
        owner: &LogOwner,
        shards: &mut [Shard],
        retention: &mut LogRetention,
        damaged_until: &mut u64,
    ) -> Result<bool, Exception> {
        let Some(oldest) = shards.iter().filter(|shard| !shard.is_trimmed()).min_by_key(|shard| shard.trimmed) else {
            return Ok(false);
        };
        let (oldest, log) = (oldest.clone(), oldest.log());
        let page = self.rows_behind(&oldest, oldest.trimmed.saturating_add(1)).await?;
        // A mark is looked for until the shard that it ends has its end.
        let is_marked =
            |header: &Header| shards.iter().any(|shard| shard.closed.is_none() && header.ends(shard.number));
        let is_over = |row: &Row, header: &Header| {
            let position = oldest.position_of(&row.key);
            !is_marked(header) && position.is_some_and(|at| retention.is_over(log, at, header.created_ms))
        };
        let mut over = over_rows(&page.rows, is_over);
        let end = page.rows.last().and_then(|row| oldest.position_of(&row.key)).unwrap_or_default();
        if page.more && page.rows.iter().all(|row| Header::read(&row.value).is_none()) {
            if end >= *damaged_until {
                let readable = self.first_readable(&oldest, end.saturating_add(1)).await?;
                let readable =
                    readable.filter(|row| Header::read(&row.value).is_some_and(|header| is_over(row, &header)));
                *damaged_until = readable.and_then(|row| oldest.position_of(&row.key)).unwrap_or_default();
            }
            if end < *damaged_until {
                over = &page.rows;
            }
        }
        let Some(last) = over.last().and_then(|row| oldest.position_of(&row.key)) else { return Ok(false) };
        if !self.delete_records(owner, shards, over, last).await? {
            return Ok(false);
        }
        let is_mark = |row: &Row| matches!(Header::read(&row.value), Some(Header { content: Content::Mark(_), .. }));
        for at in over.iter().filter(|row| !is_mark(row)).filter_map(|row| oldest.position_of(&row.key)) {
            retention.count(log, at);
        }
        Ok(page.more)
    }

    /// The first row of a log from a position on whose header can be read; one page of the log is in memory at a time.
    async fn first_readable(&self, shard: &Shard, mut from: u64) -> Result<Option<Row>, Exception> {
        loop {
            let page = self.rows_behind(shard, from).await?;
            let last = page.rows.last().and_then(|row| shard.position_of(&row.key));
            if let Some(row) = page.rows.into_iter().find(|row| Header::read(&row.value).is_some()) {
                return Ok(Some(row));
            }
            match last {
                Some(last) if page.more => from = last.saturating_add(1),
                _ => return Ok(None),
            }
        }
    }

    /// The next rows of a log. A damaged one is in its place without a value.
    pub(crate) async fn rows_behind(&self, shard: &Shard, from: u64) -> Result<ScanPage, Exception> {
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let range = shard.rows_of_log(from, STEP_ROWS, STEP_BYTES);
        let page = shard.scan(&*view, range).await.map_err(storage_failure)?;
        let row = |row: Result<&Row, &DamagedRow>| match row {
            Ok(row) => Some(row.clone()),
            Err(damaged) => Some(Row { key: damaged.key.clone()?, value: Bytes::new() }),
        };
        Ok(ScanPage { rows: page.in_order().filter_map(row).collect(), damaged: Vec::new(), more: page.more })
    }

    /// Deletes rows of a log up to a position; its shards learn of it in the same batch. False, and nothing is deleted, if the
    /// log has other consumers by now.
    async fn delete_records(
        &self,
        owner: &LogOwner,
        shards: &mut [Shard],
        over: &[Row],
        last: u64,
    ) -> Result<bool, Exception> {
        let touched = || shards.iter().filter(|shard| shard.before < last && !shard.is_trimmed());
        let keys: Vec<(u64, u32)> = touched().map(|shard| (shard.table_id, shard.number)).collect();
        let uses = keys.iter().map(|(table_id, number)| KeyUse::write(rows::shard(*table_id, *number)));
        let uses: Vec<KeyUse> = uses.chain(owner.key()).collect();
        let trim = |reads: &Reads, batch: &mut Batch| {
            // Another node may have added a consumer, which may have begun before these records. The definition is read with the
            // deletion: either the consumer was added before, and is seen here, or it begins behind what is deleted.
            if owner.is_table && !owner.is_stored(reads.values.last()) {
                return Err(NotTrimmed::Changed);
            }
            for ((table_id, number), row) in keys.iter().zip(&reads.values) {
                // Another node may have forgotten it meanwhile.
                let Some(row) = row else { continue };
                let mut shard = Shard::read(*table_id, *number, row).map_err(NotTrimmed::Failed)?;
                shard.trim(last);
                batch.put(rows::shard(*table_id, *number), shard.encode().map_err(NotTrimmed::Failed)?);
            }
            over.iter().for_each(|row| batch.delete(row.clone().into_key(Family::Log)));
            Ok(())
        };
        match self.engine.write(Mode::Plain, &uses, trim).await.map_err(write_failure)? {
            Ok(()) => {}
            Err(NotTrimmed::Changed) => return Ok(false),
            Err(NotTrimmed::Failed(error)) => return Err(error),
        }
        shards.iter_mut().for_each(|shard| shard.trim(last));
        Ok(true)
    }

    /// Forgets the shards of a log that have ended, are empty, and cannot be asked for any more; parents before their
    /// children, and the log with the last one.
    async fn forget_shards(&self, mut shards: Vec<Shard>, is_gone: &impl Fn(&Shard) -> bool) -> Result<(), Exception> {
        let has_parent = |shard: &Shard, all: &[Shard]| all.iter().any(|other| Some(other.number) == shard.parent);
        while let Some(at) = shards.iter().position(|shard| is_gone(shard) && !has_parent(shard, &shards)) {
            let shard = shards.remove(at);
            self.forget_shard(&shard, &shards).await?;
        }
        Ok(())
    }

    /// Its log first, or the mark at its end if others are left in it: after an interruption the row is found again.
    async fn forget_shard(&self, shard: &Shard, left: &[Shard]) -> Result<(), Exception> {
        let mark = shard.closed.map_or(0, |closed| closed.last.saturating_add(1));
        let gone = match left {
            [] => Some(shard.log_name()),
            // What another shard has among its positions is trimmed with them.
            left if left.iter().any(|other| other.has_left(mark)) => None,
            _ => Some(log::record(&shard.log_name(), mark).bytes),
        };
        if let Some(gone) = gone {
            self.engine.destroy(Family::Log, gone).await.map_err(storage_failure)?;
        }
        let row = rows::shard(shard.table_id, shard.number);
        self.engine.destroy(Family::Catalog, row.bytes).await.map_err(storage_failure)
    }

    /// Forgets those of these deleted tables of which no stream can be read any more. A table that fails does not delay the others; the
    /// first failure is returned.
    async fn forget_remains(&self, now_ms: u64, is_meant: impl Fn(u64) -> bool) -> Result<(), Exception> {
        let mut remains = self.catalog.all_remains();
        remains.retain(|table| is_meant(table.id()));
        let mut forgotten = Ok(());
        for table in remains.iter().filter(|table| !outlives_table(&table.definition, now_ms)) {
            forgotten = forgotten.and(self.drop_streams(table.id()).await);
        }
        forgotten
    }

    /// Ends streams of deleted tables early if there are too many such tables. What fails is done the next time: it is no
    /// failure of the deletion that made one too many.
    pub(crate) async fn drop_excess_streams(&self) {
        let excess = self.catalog.excess_remains(&self.settings.quotas);
        if let Some(table) = excess.first() {
            let (count, of) = (excess.len(), table.definition.place());
            ::log::warn!(
                event = "streams_dropped", count = count;
                "too many deleted tables have readable streams: those of {count} tables are deleted early, \
                 the first of account {} in {}", of.account, of.region
            );
        }
        for table in &excess {
            log_failure(self.drop_streams(table.id()).await);
        }
    }

    /// Destroys what is left of a deleted table.
    async fn drop_streams(&self, table_id: u64) -> Result<(), Exception> {
        for family in [Family::Log, Family::Catalog] {
            self.engine.destroy(family, rows::table_prefix(table_id)).await.map_err(storage_failure)?;
        }
        let key = rows::table_key(table_id).bytes;
        self.engine.destroy(Family::Catalog, key).await.map_err(storage_failure)?;
        self.catalog.forget_remains(&self.engine, table_id).await
    }

    async fn forget_streams(&self, table_id: u64, is_over: &impl Fn(u64) -> bool) -> Result<(), Exception> {
        let is_over = |stream: &Stream| stream.disabled_ms.is_none_or(is_over);
        if !self.catalog.by_id(table_id).is_some_and(|table| table.definition.past_streams.iter().any(is_over)) {
            return Ok(());
        }
        let guard = self.catalog.lock().await?;
        // Read again under the lock: the table may have got another stream since the look above, which needs no lock.
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        definition.past_streams.retain(|stream| !is_over(stream));
        self.catalog.replace(&self.engine, guard, definition, Edit::default()).await?;
        Ok(())
    }
}

/// The owner of a log: a table, or the remains of a deleted one.
struct LogOwner {
    table_id: u64,
    /// As its definition has them.
    consumers: Vec<LogConsumer>,
    is_table: bool,
}

enum NotTrimmed {
    /// The log has other consumers than the retention was computed of. The next look computes it anew.
    Changed,
    Failed(Exception),
}

impl LogOwner {
    fn key(&self) -> Option<KeyUse> {
        self.is_table.then(|| KeyUse::read(rows::definition(self.table_id)))
    }

    /// Whether the table's stored definition has the same consumers.
    fn is_stored(&self, row: Option<&Option<Bytes>>) -> bool {
        let stored = row.and_then(Option::as_ref).and_then(|row| Definition::read(row).ok());
        stored.is_some_and(|definition| definition.log_consumers() == self.consumers)
    }
}

/// The rows at the beginning of a log that are over. Times grow with positions, so a damaged record is as old as one behind it
/// says: it goes with that one, and holds up no other.
fn over_rows(rows: &[Row], is_over: impl Fn(&Row, &Header) -> bool) -> &[Row] {
    let mut over = 0;
    for (at, row) in rows.iter().enumerate() {
        match Header::read(&row.value) {
            Some(header) if is_over(row, &header) => over = at + 1,
            Some(_) => break,
            None => {}
        }
    }
    rows.get(..over).unwrap_or_default()
}

fn log_failure(dropped: Result<(), Exception>) {
    if let Err(Exception::InternalServerError(text)) = dropped {
        ::log::error!(event = "stream_trim_failed"; "deleting streams of deleted tables failed and is retried: {text}");
    }
}
