//! Positions of consumers: their rows, and writing them.
//!
//! | row | key | value |
//! |---|---|---|
//! | the consumer has begun | table id (8) · 'F' · name · 0 | format (1) |
//! | the next record of a shard | table id (8) · 'F' · name · 0 · shard (4) | format (1) · position (8) |
//! | the owner of the lease | table id (8) · 'O' · name | as `nodes::owner` says |
//!
//! A shard without a row is read from its beginning, and so is one with a damaged row, which the consumer deletes: delivery is at least
//! once. Until then its records are retained up to the consumer's maximum. Without the first row nothing is written, so that a late writer
//! leaves no rows of a deleted consumer.

use std::collections::BTreeMap;

use bytes::Bytes;
use storage::{Batch, DamagedRow, Family, Key, KeyUse, Mode, Reads, View};
use tables::Table;
use tables::catalog_rows;
use tables::key_range;
use tables::rows;

use super::{Consumer, ConsumerLease, Cursor, FollowError};
use crate::service::Service;

const FORMAT: u8 = 1;
/// The consequence of a damaged position for its consumer, as it is reported.
const READ_AGAIN: &str = "a consumer reads a shard again from its beginning";

pub(super) fn begun(consumer: &Consumer) -> Key {
    rows::consumer(consumer.table_id, &consumer.name)
}

pub(super) fn of_shard(consumer: &Consumer, shard: u32) -> Key {
    rows::consumer_position(consumer.table_id, &consumer.name, shard)
}

pub(super) fn owner(consumer: &Consumer) -> Key {
    rows::consumer_owner(consumer.table_id, &consumer.name)
}

pub(super) fn begun_row() -> Vec<u8> {
    vec![FORMAT]
}

pub(super) fn row(next: u64) -> Vec<u8> {
    [&[FORMAT][..], &next.to_be_bytes()].concat()
}

fn read(row: &[u8]) -> Option<u64> {
    let (FORMAT, next) = row.split_first().map(|(format, next)| (*format, next))? else { return None };
    next.try_into().ok().map(u64::from_be_bytes)
}

/// Whether a newer program has written a row.
fn is_newer(row: &[u8]) -> bool {
    row.first().is_some_and(|format| *format > FORMAT)
}

/// A consumer's stored positions.
#[derive(Default)]
pub(super) struct Positions {
    /// The next record of each shard that has a readable row. None: the consumer has not begun.
    pub next: Option<BTreeMap<u32, u64>>,
    pub damaged: Vec<DamagedRow>,
    /// Whether a row has a format of a newer program. It is left unchanged, and no position is known of its shard.
    pub has_newer: bool,
}

/// A consumer's positions, and the damaged rows among them.
pub(super) async fn all(view: &dyn View, consumer: &Consumer) -> Result<Positions, FollowError> {
    let begun = begun(consumer).bytes;
    let mut found = Positions::default();
    let mut pages = catalog_rows::pages(view, key_range::of_prefix(&begun));
    while let Some(page) = pages.next_with_damaged().await? {
        if page.count() > 0 {
            found.next.get_or_insert_default();
        }
        for row in page.rows {
            let Some(shard) = shard_of(&begun, &row.key) else { continue };
            match read(&row.value) {
                Some(next) => _ = found.next.get_or_insert_default().insert(shard, next),
                None if is_newer(&row.value) => found.has_newer = true,
                None => found.damaged.push(DamagedRow {
                    key: Some(row.key),
                    position: found.next.as_ref().map_or(0, BTreeMap::len),
                    what: "it is no position of a consumer".to_owned(),
                }),
            }
        }
        found.damaged.extend(page.damaged);
    }
    Ok(found)
}

fn shard_of(begun: &Bytes, key: &[u8]) -> Option<u32> {
    key.strip_prefix(&begun[..])?.try_into().ok().map(u32::from_be_bytes)
}

impl Service {
    /// Reports damaged positions, and deletes them: a checkpoint reads the row that it replaces.
    pub(super) async fn forget_damaged_positions(
        &self,
        consumer: &Consumer,
        table: &Table,
        damaged: &[DamagedRow],
    ) -> Result<(), FollowError> {
        let begun = begun(consumer).bytes;
        for row in damaged {
            self.report_damaged(table, row.key.as_deref(), &row.what, READ_AGAIN);
            // Each row by its whole key. If another owner of the lease has replaced the row meanwhile, its position is lost as well,
            // and it delivers records again: none is skipped.
            if let Some(key) = row.key.clone().filter(|key| shard_of(&begun, key).is_some()) {
                self.engine.destroy(Family::Catalog, key).await?;
            }
        }
        Ok(())
    }

    /// Stores that all records before the cursor were taken.
    ///
    /// # Errors
    /// If the consumer is deleted, another node has the lease, or the engine fails.
    pub async fn checkpoint(
        &self,
        consumer: &Consumer,
        lease: &ConsumerLease,
        cursor: Cursor,
    ) -> Result<(), FollowError> {
        let position = of_shard(consumer, cursor.shard);
        let mut keys = vec![KeyUse::write(position.clone()), KeyUse::read(begun(consumer))];
        let owned = lease.0.owned();
        keys.extend(owned.map(cluster::nodes::owner::Owned::key));
        // The lease is checked in the write itself: a former owner must not move a position back. The first row is read with
        // it, so that a late checkpoint leaves no rows of a deleted consumer.
        let save = |reads: &Reads, batch: &mut Batch| {
            if reads.values[1].is_none() {
                return Err(FollowError::Gone);
            }
            if owned.is_some_and(|owned| !owned.renew(reads, batch)) {
                return Err(FollowError::LeaseLost);
            }
            batch.put(position.clone(), row(cursor.next));
            Ok(())
        };
        self.engine.write(Mode::Plain, &keys, save).await?
    }

    /// Deletes the positions in trimmed shards; their numbers are never used again.
    pub(super) async fn forget_positions(&self, consumer: &Consumer, shards: &[u32]) -> Result<(), FollowError> {
        if shards.is_empty() {
            return Ok(());
        }
        let keys: Vec<KeyUse> = shards.iter().map(|shard| KeyUse::write(of_shard(consumer, *shard))).collect();
        let forget = |_: &Reads, batch: &mut Batch| {
            keys.iter().for_each(|used| batch.delete(used.key.clone()));
            Ok(())
        };
        self.engine.write(Mode::Plain, &keys, forget).await?
    }

    /// Deletes a consumer's rows.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn forget_consumer(&self, consumer: &Consumer) -> Result<(), FollowError> {
        self.engine.destroy(Family::Catalog, begun(consumer).bytes).await?;
        // By its key alone: names of other consumers may begin with this one.
        let owner = owner(consumer);
        let forget = |_: &Reads, batch: &mut Batch| {
            batch.delete(owner.clone());
            Ok::<(), FollowError>(())
        };
        self.engine.write(Mode::Plain, &[KeyUse::write(owner.clone())], forget).await?
    }
}
