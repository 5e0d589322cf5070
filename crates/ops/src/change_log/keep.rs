//! Opening and closing shards, so that a table's log is written exactly while somebody follows the table.
//!
//! A log is closed in two steps. First a definition is published that does not name it as open. Its end is known only
//! when nobody uses an older definition any more, on any node, and is then written down; readers see an open shard until
//! then. What is left to do follows from the definition, so that an interrupted server takes it up again.

use api::Exception;
use bytes::Bytes;
use storage::{Batch, Decision, Key, KeyUse, Mode, Reads, View};

use super::{Closed, Shard};
use crate::catalog::{ChangeLog, Definition, DestinationStatus, Edit, OpenShard, TableStatus};
use crate::failure::{storage_failure, write_failure};
use crate::kinesis_streaming_destination::kinesis_follower;
use crate::rows;
use crate::service::Service;

/// Whether somebody reads the table's changes.
fn is_followed(definition: &Definition) -> bool {
    let is_streamed = definition.stream.as_ref().is_some_and(|stream| stream.enabled);
    let is_delivered = definition.kinesis.all.iter().any(|destination| destination.status.is_on());
    definition.status != TableStatus::Deleting && (is_streamed || is_delivered)
}

/// Whether a stream was disabled, with its table or before, and can still be read.
pub(crate) fn outlives_table(definition: &Definition, now_ms: u64) -> bool {
    let mut streams = definition.past_streams.iter().chain(&definition.stream);
    streams.any(|stream| !stream.enabled && stream.can_be_read(now_ms))
}

/// Whether shards are to be opened or to be given their ends.
pub(crate) fn is_to_be_kept(definition: &Definition) -> bool {
    let lacks_shards = is_followed(definition) && definition.log.open.is_empty();
    let log = &definition.log;
    let begun = log.opening || !log.closing.is_empty() || !log.rolling.is_empty();
    let left = !disabling(definition).is_empty();
    definition.status != TableStatus::Deleting && (lacks_shards || begun || left)
}

/// The destinations whose positions are to be forgotten.
fn disabling(definition: &Definition) -> Vec<u32> {
    let all = definition.kinesis.all.iter();
    all.filter(|own| own.status == DestinationStatus::Disabling).map(|own| own.number).collect()
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
        if let Some(stream) = definition.stream.as_mut().filter(|stream| stream.enabled) {
            (stream.first_shard, stream.end_shard) = (number, None);
            shard.created_ms = stream.created_ms;
        }
        let row = shard.encode().unwrap_or_else(|_| b"{}".to_vec());
        return vec![(rows::shard(definition.table_id, number), row.into())];
    }
    if !followed && !log.open.is_empty() {
        log.opening = false;
        log.closing.extend(log.open.drain(..).map(|shard| shard.number));
        let end_shard = log.next_shard;
        if let Some(stream) = &mut definition.stream {
            // One that was disabled before has its end.
            stream.end_shard.get_or_insert(end_shard);
        }
    }
    Vec::new()
}

impl Service {
    /// Does what [`is_to_be_kept`] finds.
    pub(crate) async fn keep_log(&self, table_id: u64) -> Result<(), Exception> {
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let begun = table.definition.log.clone();
        let left = disabling(&table.definition);
        // Waiting until nobody uses an older table is no use of this one.
        drop(table);
        self.end_rolls(table_id, &begun).await?;
        if begun.opening || !begun.closing.is_empty() || !left.is_empty() {
            self.settle(table_id).await.map_err(storage_failure)?;
        }
        self.close_logs(table_id, &begun).await?;
        for number in &left {
            self.forget_follower(&kinesis_follower(table_id, *number)).await?;
        }
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        if !is_to_be_kept(&definition) {
            return Ok(());
        }
        let log = &mut definition.log;
        log.rolling.retain(|roll| !begun.rolling.contains(roll));
        log.closing.retain(|number| !begun.closing.contains(number));
        log.opening &= !(begun.opening && log.open == begun.open);
        for own in definition.kinesis.all.iter_mut().filter(|own| left.contains(&own.number)) {
            own.status = DestinationStatus::Disabled;
        }
        let puts = follow(&mut definition);
        self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::default() }).await?;
        Ok(())
    }

    /// Writes down the ends of shards that are being rolled.
    pub(crate) async fn end_rolls(&self, table_id: u64, log: &ChangeLog) -> Result<(), Exception> {
        for roll in &log.rolling {
            self.end_roll(table_id, *roll).await?;
        }
        Ok(())
    }

    /// Writes down the ends of logs that are being closed, once the rolls in them are ended and no node appends any more.
    pub(crate) async fn close_logs(&self, table_id: u64, log: &ChangeLog) -> Result<(), Exception> {
        for closing in &log.closing {
            self.close_log(table_id, *closing).await?;
        }
        Ok(())
    }

    /// Writes the ends of a log's open shards down, to which nobody can append any more.
    async fn close_log(&self, table_id: u64, log: u32) -> Result<(), Exception> {
        let view = self.engine.view().await.map_err(storage_failure)?;
        let mut open = Shard::list(&*view, table_id, log, u32::MAX).await?;
        drop(view);
        open.retain(|shard| shard.log() == log && shard.closed.is_none());
        let Some(first) = open.first() else { return Ok(()) };
        // A write whose caller went away may still be queued. Behind this one it is not any more.
        self.change_shard(table_id, first.number, |_, _| {}).await?;
        let view = self.view_of_logs(table_id, &[log]).await?;
        let closed = Closed { last: first.head(&*view).await?, at_ms: self.clock.now_ms() };
        drop(view);
        for shard in open {
            let close = |shard: &mut Shard, _: &mut Batch| _ = shard.closed.get_or_insert(closed);
            self.change_shard(table_id, shard.number, close).await?;
        }
        Ok(())
    }

    /// A view that shows the records of all writes to some logs that were answered before.
    pub(crate) async fn view_of_logs(&self, table_id: u64, logs: &[u32]) -> Result<Box<dyn View>, Exception> {
        for log in logs {
            self.engine.sequence(&rows::log(table_id, *log)).await.map_err(storage_failure)?;
        }
        self.engine.view().await.map_err(storage_failure)
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
