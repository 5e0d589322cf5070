//! Opening and closing the shards of tables that are followed, and of those that are not any more (`change_log::follow`).

use api::Exception;
use change_log::{Closed, Shard, follow, is_to_be_kept, removed_consumers};
use cluster::catalog::Edit;
use storage::{Batch, Consistency, KeyUse, Mode, Reads, View};
use tables::failure::{storage_failure, write_failure};
use tables::rows;
use tables::{ChangeLog, ConsumerState, DestinationStatus};

use crate::follow::{Consumer, Followed};
use crate::service::Service;

impl Service {
    /// Does what [`is_to_be_kept`] finds.
    pub(crate) async fn keep_log(&self, table_id: u64) -> Result<(), Exception> {
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let begun = table.definition.log.clone();
        let left = removed_consumers(&table.definition);
        // Drop this reference first: `settle` waits until no operation uses an older table, and would wait for it.
        drop(table);
        self.end_rolls(table_id, &begun).await?;
        if begun.opening || !begun.closing.is_empty() || !left.is_empty() {
            self.settle(table_id).await.map_err(storage_failure)?;
        }
        self.close_logs(table_id, &begun).await?;
        for name in &left {
            self.forget_consumer(&Consumer { table_id, name: name.clone(), of: Followed::Table }).await?;
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
        // Only now: a consumer whose name is in the definition has rows under it, which a crash before this leaves to be deleted.
        log.consumers.retain(|own| own.state != ConsumerState::Removing || !left.contains(&own.name));
        for own in definition.kinesis.all.iter_mut().filter(|own| left.contains(&own.consumer_name())) {
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

    /// Stores the ends of a log's open shards, to which no write can append any more.
    async fn close_log(&self, table_id: u64, log: u32) -> Result<(), Exception> {
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
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
        self.engine.view(Consistency::Strong).await.map_err(storage_failure)
    }

    /// Changes a shard's row, if there is one.
    pub(super) async fn change_shard(
        &self,
        table_id: u64,
        number: u32,
        change: impl Fn(&mut Shard, &mut Batch) + Send + Sync,
    ) -> Result<(), Exception> {
        // Read in the write: trims, rolls and splits of other tasks and nodes change the same row, and none undoes another.
        let keys = [KeyUse::write(rows::shard(table_id, number))];
        let change = |reads: &Reads, batch: &mut Batch| {
            let Some(row) = &reads.values[0] else { return Ok(()) };
            let mut shard = Shard::read(table_id, number, row)?;
            change(&mut shard, batch);
            batch.put(keys[0].key.clone(), shard.encode()?);
            Ok(())
        };
        self.engine.write(Mode::Plain, &keys, change).await.map_err(write_failure)?
    }
}
