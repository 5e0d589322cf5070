//! Rolling: a shard that was written for some hours is closed, and a child goes on in its place. So readers that lag
//! behind share a long log out, and what is old can be forgotten by the shard.
//!
//! Writers have no part in it: parent and child share one log, and a mark in it, appended with the definition that
//! announces the roll, parts them. So an item's changes stay in order whatever the nodes know of the roll. The mark's
//! position is the parent's end; it is looked up and written down as soon as there is time. Until then readers find the
//! parent open, and wait before the mark.

use api::Exception;
use storage::{Append, Batch, Decision, KeyUse, Mode, Reads, View};

use super::{Closed, Record, Shard};
use crate::catalog::{Edit, Roll};
use crate::failure::{storage_failure, write_failure};
use crate::rows;
use crate::service::Service;

/// How long a shard is written. Unit: milliseconds. Source: observed, about four hours.
const ROLL_MS: u64 = 4 * 60 * 60 * 1000;
/// Records that are read at once in search of a mark.
const SEARCH_ROWS: usize = 256;
const SEARCH_BYTES: usize = 1 << 20;

impl Service {
    /// Rolls every log that is due. What fails is tried again the next time.
    pub(crate) async fn roll_logs(&self) {
        let open = self.catalog.table_ids(|definition| !definition.log.open.is_empty());
        for table_id in open {
            if let Err(Exception::InternalServerError(text)) = self.roll_log(table_id).await {
                ::log::error!("the log of table {table_id} could not be rolled and will be tried again: {text}");
            }
        }
    }

    /// Announces the rolls that are due, and leaves marks in their logs.
    async fn roll_log(&self, table_id: u64) -> Result<(), Exception> {
        let now_ms = self.clock.now_ms();
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        let usable = table.is_usable();
        drop(table);
        if !usable || !definition.log.rolling.is_empty() {
            return Ok(());
        }
        let view = self.engine.view().await.map_err(storage_failure)?;
        let shards = Shard::list(&*view, table_id, 0, u32::MAX).await?;
        drop(view);
        let mut edit = Edit::default();
        for log in definition.log.open.iter().map(|open| open.number) {
            let current = shards.iter().find(|shard| shard.log() == log && shard.closed.is_none());
            let Some(parent) = current.filter(|shard| shard.created_ms.saturating_add(ROLL_MS) <= now_ms) else {
                continue;
            };
            let child = definition.log.next_shard;
            definition.log.next_shard = child.saturating_add(1);
            let from = parent.last(&*self.engine.view().await.map_err(storage_failure)?).await?;
            // First: who sees the mark sees this.
            self.change_shard(table_id, parent.number, |shard, _| shard.rolling_from = Some(from)).await?;
            definition.log.rolling.push(Roll { log, parent: parent.number, child, from });
            edit.appends.push(Append { log: rows::log(table_id, log), record: Record::mark(now_ms).into() });
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

    /// Writes down where the parent ends and the child begins. Repeating it changes nothing.
    pub(super) async fn end_roll(&self, table_id: u64, roll: Roll) -> Result<(), Exception> {
        let view = self.view_of_logs(table_id, &[roll.log]).await?;
        let Some(parent) = Shard::find(&*view, table_id, roll.parent).await? else { return Ok(()) };
        // Behind a parent's end its mark is not found any more.
        if parent.closed.is_some() {
            return Ok(());
        }
        let mark = find_mark(&*view, &parent, roll.from).await?;
        drop(view);
        let mark = mark.ok_or_else(|| Exception::internal("the mark of a roll is not in its log"))?;
        let closed = Closed { last: mark.saturating_sub(1), at_ms: self.clock.now_ms() };
        let keys = [roll.parent, roll.child].map(|number| KeyUse::write(rows::shard(table_id, number)));
        let mut done = Ok(());
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            let Some(row) = &reads.values[0] else { return Decision::Refuse };
            match Shard::read(table_id, roll.parent, row).and_then(|parent| ended(parent, roll, closed, mark)) {
                Ok(Some([parent, child])) => {
                    batch.put(keys[0].key.clone(), parent);
                    batch.put(keys[1].key.clone(), child);
                    Decision::Commit
                }
                Ok(None) => Decision::Refuse,
                Err(error) => {
                    done = Err(error);
                    Decision::Refuse
                }
            }
        };
        self.engine.transact(self.op_id(), Mode::Plain, &keys, &mut decide).await.map_err(write_failure)?;
        done
    }
}

/// The rows of the parent and of its child; none if they are written already.
fn ended(parent: Shard, roll: Roll, closed: Closed, mark: u64) -> Result<Option<[Vec<u8>; 2]>, Exception> {
    if parent.closed.is_some() {
        return Ok(None);
    }
    let child = Shard {
        log: Some(roll.log),
        before: mark,
        trimmed: mark,
        parent: Some(roll.parent),
        created_ms: closed.at_ms,
        base: parent.base,
        ..Shard::default()
    };
    let parent = Shard { closed: Some(closed), ..parent };
    Ok(Some([parent.encode()?, child.encode()?]))
}

/// The position of the first mark behind one.
async fn find_mark(view: &dyn View, shard: &Shard, after: u64) -> Result<Option<u64>, Exception> {
    let mut range = shard.records(after.saturating_add(1), SEARCH_ROWS, SEARCH_BYTES);
    loop {
        let page = view.scan(&range).await.map_err(storage_failure)?;
        if let Some(row) = page.rows.iter().find(|row| Record::is_mark(&row.value)) {
            return Ok(shard.position_of(&row.key));
        }
        match page.rows.last() {
            Some(last) if page.more => range.resume_after(last.key.clone()),
            _ => return Ok(None),
        }
    }
}
