//! Opening and closing shards, so that a table's log is written exactly while somebody follows the table.
//!
//! A shard is closed in two steps. First a definition is published that does not name it as open. Its end is known only
//! when nobody uses an older definition any more, and is then written down; readers see an open shard until then. What
//! is left to do follows from the definition, so that an interrupted server takes it up again.

use api::Exception;
use bytes::Bytes;
use storage::{Batch, Decision, Key, KeyUse, Mode, Reads, log};

use super::{Closed, Shard};
use crate::catalog::{Definition, Edit, OpenShard, TableStatus};
use crate::failure::{storage_failure, write_failure};
use crate::rows;
use crate::service::Service;

/// Whether somebody reads the table's changes.
fn is_followed(definition: &Definition) -> bool {
    definition.stream.as_ref().is_some_and(|stream| stream.enabled)
}

/// Whether shards are to be opened or to be given their ends.
pub(crate) fn is_to_be_kept(definition: &Definition) -> bool {
    let lacks_shards = is_followed(definition) && definition.log.open.is_empty();
    definition.status != TableStatus::Deleting && (lacks_shards || !definition.log.closing.is_empty())
}

/// Opens a first shard for a table that is followed from now on, and closes those of one that is not any more. The rows
/// that come back are written with the definition.
pub(crate) fn follow(definition: &mut Definition) -> Vec<(Key, Bytes)> {
    let followed = is_followed(definition);
    let log = &mut definition.log;
    if followed && log.open.is_empty() {
        let number = log.next_shard;
        log.next_shard = number.saturating_add(1);
        log.open.push(OpenShard { number, from_hash: 0 });
        let mut shard = Shard::default();
        if let Some(stream) = &mut definition.stream {
            (stream.first_shard, stream.end_shard) = (number, None);
            shard.created_ms = stream.created_ms;
        }
        let row = shard.encode().unwrap_or_else(|_| b"{}".to_vec());
        return vec![(rows::shard(definition.table_id, number), row.into())];
    }
    if !followed && !log.open.is_empty() {
        log.closing.extend(log.open.drain(..).map(|shard| shard.number));
        let end_shard = log.next_shard;
        if let Some(stream) = &mut definition.stream {
            stream.end_shard = Some(end_shard);
        }
    }
    Vec::new()
}

impl Service {
    /// Does what [`is_to_be_kept`] finds.
    pub(crate) async fn keep_log(&self, table_id: u64) -> Result<(), Exception> {
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let closing = table.definition.log.closing.clone();
        // Waiting until nobody uses an older table is no use of this one.
        drop(table);
        self.settle(table_id).await.map_err(storage_failure)?;
        for number in &closing {
            self.close_shard(table_id, *number).await?;
        }
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        if !is_to_be_kept(&definition) {
            return Ok(());
        }
        definition.log.closing.retain(|number| !closing.contains(number));
        let puts = follow(&mut definition);
        self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::default() }).await?;
        Ok(())
    }

    /// Writes the end of a shard down to which nobody can append any more.
    async fn close_shard(&self, table_id: u64, number: u32) -> Result<(), Exception> {
        // A write whose caller went away may still be queued. Behind this one it is not any more.
        self.change_shard(table_id, number, |_, _| {}).await?;
        let name = rows::log(table_id, number);
        self.engine.sequence(&name).await.map_err(storage_failure)?;
        let head = self.engine.get(&log::head(name)).await.map_err(storage_failure)?;
        let last = log::decode_head(head.as_ref());
        let last = last.ok_or_else(|| Exception::internal("the head of a log cannot be read"))?;
        let closed = Closed { last, at_ms: self.clock.now_ms() };
        self.change_shard(table_id, number, |shard, _| {
            shard.closed.get_or_insert(closed);
        })
        .await
    }

    /// Changes a shard's row, if there is one.
    pub(super) async fn change_shard(
        &self,
        table_id: u64,
        number: u32,
        change: impl Fn(&mut Shard, &mut Batch) + Send + Sync,
    ) -> Result<(), Exception> {
        let keys = [KeyUse::write(rows::shard(table_id, number))];
        let mut done = Ok(());
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            let Some(row) = &reads.values[0] else { return Decision::Refuse };
            let changed = Shard::read(table_id, number, row).and_then(|mut shard| {
                change(&mut shard, batch);
                shard.encode()
            });
            match changed {
                Ok(row) => {
                    batch.put(keys[0].key.clone(), row);
                    Decision::Commit
                }
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
