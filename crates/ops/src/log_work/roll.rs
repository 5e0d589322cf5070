//! Rolling and splitting: a shard that was written for some hours is closed, and a child goes on in its place; one that is
//! written too much gets two children, each with a part of its hashes. So readers that lag behind share a long log out,
//! many read a busy one side by side, and what is old can be forgotten by the shard.
//!
//! Writers have no part in it: parent and children share one log, and a mark in it, appended with the definition that
//! announces the roll, parts them. So an item's changes stay in order whatever the nodes know of the roll. The mark's
//! position is the parent's end; it is looked up and written down as soon as there is time. Until then readers find the
//! parent open, and wait before the mark. Readers of other open shards of the log pass over it, for it names its shard.

use api::Exception;
use change_log::{Closed, Hot, Mark, Record, Shard};
use cluster::catalog::{Edit, Rewrite};
use storage::{Append, Batch, Consistency, Key, KeyUse, Mode, Reads, log};
use tables::failure::{storage_failure, write_failure};
use tables::rows;
use tables::{ChangeLog, Definition, HashRange, Roll, Split};

use crate::service::Service;

/// Shards that one log has open. All of their readers read all of it.
const OPEN_SHARDS_MAX: usize = 8;

impl Service {
    /// Rolls and splits those logs of these tables that are due. Returns false if one could not be: it is tried again the next time.
    pub(super) async fn roll_tables(&self, tables: &[u64]) -> bool {
        let mut succeeded = true;
        for table_id in tables.iter().copied() {
            jobs::take_slot().await;
            if let Err(Exception::InternalServerError(text)) = self.roll_log(table_id).await {
                let table = self.table_label(table_id);
                ::log::error!(event = "stream_rollover_failed", table = table.as_str(); "ending a stream's shard failed and is retried: {text}");
                succeeded = false;
            }
        }
        succeeded
    }

    async fn roll_log(&self, table_id: u64) -> Result<(), Exception> {
        let hot = self.hot_shards(table_id).await?;
        self.roll_shards(table_id, &hot).await
    }

    /// Announces the rolls that are due, and leaves marks in their logs.
    pub(crate) async fn roll_shards(&self, table_id: u64, hot: &[Hot]) -> Result<(), Exception> {
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let log = table.definition.log.clone();
        drop(table);
        if self.due_shards(table_id, &log, hot, self.clock.now_ms()).await?.is_empty() {
            return Ok(());
        }
        // What is due is found again with the catalog locked, where the KMS must not be waited for.
        self.learn_table_key(table_id).await?;
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        let usable = table.is_usable();
        drop(table);
        if !usable || !definition.log.rolling.is_empty() {
            return Ok(());
        }
        let now_ms = self.clock.now_ms();
        let mut edit = Edit::default();
        for (parent, split_at) in self.due_shards(table_id, &definition.log, hot, now_ms).await? {
            self.announce_roll(&mut definition, &parent, split_at, &mut edit).await?;
        }
        if edit.appends.is_empty() {
            return Ok(());
        }
        let rolls = definition.log.rolling.clone();
        self.catalog.replace(&self.engine, guard, definition, edit).await?;
        // At once: the table's other work, behind which the rest of it waits, may take long, and readers stop before marks.
        for roll in rolls {
            self.end_roll(table_id, roll).await?;
        }
        Ok(())
    }

    /// Names the children of a shard in the definition, and leaves a mark in its log with it.
    pub(super) async fn announce_roll(
        &self,
        definition: &mut Definition,
        parent: &Shard,
        split_at: Option<u64>,
        edit: &mut Edit,
    ) -> Result<(), Exception> {
        let log = &mut definition.log;
        let mut number = || {
            let number = log.next_shard;
            log.next_shard = number.saturating_add(1);
            number
        };
        let child = number();
        let split = split_at.map(|at| Split { sibling: number(), at });
        let from = parent.last(&*self.engine.view(Consistency::Strong).await.map_err(storage_failure)?).await?;
        log.rolling.push(Roll { log: parent.log(), parent: parent.number, child, from, split });
        let mark = Record::mark(self.clock.now_ms(), parent.number).into();
        edit.appends.push(Append { log: parent.log_name(), record: mark });
        edit.rewrites.push(announcement(definition.table_id, parent.number, from));
        Ok(())
    }

    /// The open shards that are to end, and where they are split, if they are.
    async fn due_shards(
        &self,
        table_id: u64,
        log: &ChangeLog,
        hot: &[Hot],
        now_ms: u64,
    ) -> Result<Vec<(Shard, Option<u64>)>, Exception> {
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let mut open = Shard::list(&*view, table_id, 0, u32::MAX).await?;
        drop(view);
        open.retain(|shard| shard.closed.is_none() && log.open.iter().any(|open| open.number == shard.log()));
        let mut room = OPEN_SHARDS_MAX.saturating_sub(open.len());
        let age_ms = u64::try_from(self.settings.shards.age.as_millis()).unwrap_or(u64::MAX);
        let due = open.into_iter().filter_map(|shard| {
            let hot = hot.iter().filter(|_| room > 0).find(|hot| hot.shard == shard.number);
            let split_at = hot.map(|hot| hot.split_at).filter(|at| shard.hashes.split(*at).is_some());
            room -= usize::from(split_at.is_some());
            let is_old = shard.created_ms.saturating_add(age_ms) <= now_ms;
            (is_old || split_at.is_some()).then_some((shard, split_at))
        });
        Ok(due.collect())
    }

    /// Writes down where the parent ends and its children begin. Repeating it changes nothing.
    pub(super) async fn end_roll(&self, table_id: u64, roll: Roll) -> Result<(), Exception> {
        let view = self.view_of_logs(table_id, &[roll.log]).await?;
        let Some(parent) = Shard::find(&*view, table_id, roll.parent).await? else { return Ok(()) };
        // Behind a parent's end its mark is not found any more.
        if parent.closed.is_some() {
            return Ok(());
        }
        let mark = parent.mark(&*view, roll.from).await?;
        drop(view);
        let mark = match mark.ok_or_else(|| Exception::internal("the mark of a roll is not in its log"))? {
            Mark::At(mark) => mark,
            // The mark was appended with the announcement, and every record that can be read is another one: it is this one, or a
            // damaged one behind it. No reader of the parent has passed a damaged record. If the mark is behind it, the children have
            // the records in between, which their readers read after the parent's. So each record has a reader, in order.
            Mark::Damaged { position, what } => {
                self.report_damaged_mark(&parent, position, &what);
                position
            }
        };
        let closed = Closed { last: mark.saturating_sub(1), at_ms: self.clock.now_ms() };
        let numbers = [Some(roll.parent), Some(roll.child), roll.split.map(|split| split.sibling)];
        let keys = numbers.into_iter().flatten().map(|number| KeyUse::write(rows::shard(table_id, number)));
        let keys: Vec<KeyUse> = keys.collect();
        let end = |reads: &Reads, batch: &mut Batch| {
            let Some(row) = &reads.values[0] else { return Ok(()) };
            let rows = ended(Shard::read(table_id, roll.parent, row)?, roll, closed, mark)?;
            rows.into_iter().for_each(|(key, row)| batch.put(key, row));
            Ok(())
        };
        self.engine.write(Mode::Plain, &keys, end).await.map_err(write_failure)?
    }
}

impl Service {
    fn report_damaged_mark(&self, parent: &Shard, position: u64, what: &str) {
        let Some(table) = self.catalog.with_remains(parent.table_id) else { return };
        let key = log::record(&parent.log_name(), position).bytes;
        self.report_damaged(&table, Some(&key), what, "a shard of a stream ends before it");
    }
}

/// Written in the mark's batch: a reader that sees the mark sees its announcement, too.
fn announcement(table_id: u64, number: u32, from: u64) -> Rewrite {
    let announced = move |row: &[u8]| {
        let shard = Shard::read(table_id, number, row).ok()?;
        Shard { rolling_from: Some(from), ..shard }.encode().ok()
    };
    Rewrite { key: rows::shard(table_id, number), with: Box::new(announced) }
}

/// The rows of the parent and of its children; none if they are written already.
fn ended(parent: Shard, roll: Roll, closed: Closed, mark: u64) -> Result<Vec<(Key, Vec<u8>)>, Exception> {
    if parent.closed.is_some() {
        return Ok(Vec::new());
    }
    let mut children = vec![(roll.child, parent.hashes)];
    if let Some(split) = roll.split {
        let halves = parent.hashes.split(split.at);
        let [lower, upper] = halves.ok_or_else(|| Exception::internal("a shard is split at a hash of another one"))?;
        children = vec![(roll.child, lower), (split.sibling, upper)];
    }
    let child = |(number, hashes): (u32, HashRange)| Shard {
        table_id: parent.table_id,
        number,
        log: Some(roll.log),
        before: mark,
        trimmed: mark,
        hashes,
        parent: Some(roll.parent),
        created_ms: closed.at_ms,
        base: parent.base,
        ..Shard::default()
    };
    let mut shards: Vec<Shard> = children.into_iter().map(child).collect();
    shards.push(Shard { closed: Some(closed), ..parent });
    shards.iter().map(|shard| Ok((rows::shard(shard.table_id, shard.number), shard.encode()?))).collect()
}
