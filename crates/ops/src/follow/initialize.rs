//! The first step of a consumer: its start position in each existing shard.

use std::sync::Arc;

use bytes::Bytes;
use change_log::Shard;
use storage::{Batch, Consistency, KeyUse, Mode, Reads, View};
use tables::rows;
use tables::{ConsumerState, Definition, LogConsumer, Table};

use super::{Consumer, ConsumerLease, FollowError, Followed, Start, position};
use crate::service::Service;

impl Service {
    /// Stores the start positions of a consumer, unless it has begun already. False while the log is not open on all nodes:
    /// a node that does not know of it yet makes changes without records.
    ///
    /// # Errors
    /// If there is nothing to follow, or the engine fails.
    pub async fn initialize(
        &self,
        consumer: &Consumer,
        lease: &ConsumerLease,
        start: Start,
    ) -> Result<bool, FollowError> {
        let table = self.followed_table(consumer)?;
        if !has_consumer(&table.definition, consumer) {
            return Err(FollowError::Gone);
        }
        if self.engine.get(&position::begun(consumer), Consistency::Strong).await?.is_some() {
            return Ok(true);
        }
        let log = table.definition.log.clone();
        if log.opening || log.next_shard == 0 {
            return Ok(false);
        }
        let logs: Vec<u32> = log.open.iter().map(|open| open.number).chain(log.closing).collect();
        let view = self.view_of_logs(consumer.table_id, &logs).await?;
        let mut puts = vec![(position::begun(consumer), position::begun_row())];
        for shard in self.followed_shards(&*view, &table, consumer).await? {
            let next = first(&*view, &shard, start).await?;
            puts.push((position::of_shard(consumer, shard.number), position::row(next)));
        }
        drop(view);
        let table_id = consumer.table_id;
        let mut keys = vec![
            KeyUse::write(position::begun(consumer)),
            KeyUse::read(rows::definition(table_id)),
            KeyUse::read(rows::remains(table_id)),
        ];
        let owned = lease.0.owned();
        keys.extend(owned.map(cluster::nodes::owner::Owned::key));
        let begin = |reads: &Reads, batch: &mut Batch| {
            if owned.is_some_and(|owned| !owned.renew(reads, batch)) {
                return Err(FollowError::LeaseLost);
            }
            // The definition is read with the write: the consumer or its table may have been removed since the catalog was read, perhaps
            // by another node. Its rows are deleted once, behind that, and would be left here for good.
            if !is_stored(&reads.values[1..=2], consumer)? {
                return Err(FollowError::Gone);
            }
            // Decided in the write: a run that did not learn of its own success must not move the positions back.
            if reads.values[0].is_none() {
                puts.iter().for_each(|(key, row)| batch.put(key.clone(), row.clone()));
            }
            Ok(true)
        };
        self.engine.write(Mode::Plain, &keys, begin).await?
    }

    /// The table of a consumer. A stream is read to its end, which may come after its table is deleted.
    pub(super) fn followed_table(&self, consumer: &Consumer) -> Result<Arc<Table>, FollowError> {
        let table = match consumer.of {
            Followed::Table => self.catalog.by_id(consumer.table_id).filter(|table| has_log(&table.definition)),
            Followed::Stream { .. } => self.catalog.with_remains(consumer.table_id),
        };
        table.ok_or(FollowError::Gone)
    }
}

/// Whether one of the stored definitions, of the table and of its remains, has the consumer.
fn is_stored(rows: &[Option<Bytes>], consumer: &Consumer) -> Result<bool, FollowError> {
    for row in rows.iter().flatten() {
        // A definition that cannot be read is no sign that the consumer was removed.
        let definition = Definition::read(row).map_err(|error| FollowError::Failed(error.to_string()))?;
        if has_consumer(&definition, consumer) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the table may have positions of a consumer: it reads one of the table's streams, or all of its log and is not being
/// removed.
fn has_consumer(definition: &Definition, consumer: &Consumer) -> bool {
    match &consumer.of {
        Followed::Table => {
            let is_it = |own: &LogConsumer| own.name == consumer.name && own.state != ConsumerState::Removing;
            has_log(definition) && definition.log_consumers().iter().any(is_it)
        }
        Followed::Stream { label } => definition.stream_named(label).is_some(),
    }
}

/// Whether all of a table's log is read. A replica that is being deleted delivers the rest, and one that is being filled may have
/// consumers before it can be used.
fn has_log(definition: &Definition) -> bool {
    definition.is_usable() || definition.delivers_to_members() || definition.is_being_replicated()
}

/// The position of the first record that a consumer reads.
async fn first(view: &dyn View, shard: &Shard, start: Start) -> Result<u64, FollowError> {
    Ok(match start {
        Start::TrimHorizon => shard.trimmed.saturating_add(1),
        Start::Latest => shard.last(view).await?.saturating_add(1),
        Start::At { epoch_ms } => shard.first_since(view, epoch_ms).await?,
    })
}
