//! Where a follower stands: its rows, and writing them.
//!
//! | row | key | value |
//! |---|---|---|
//! | that it has begun | table id (8) · 'F' · name · 0 | format (1) |
//! | the next record of a shard | table id (8) · 'F' · name · 0 · shard (4) | format (1) · position (8) |
//! | the node that follows | table id (8) · 'O' · name | as `nodes::owner` says |
//!
//! A shard without a row is read from its beginning. Without the first row nothing is written, so that who is late
//! leaves nothing behind of a follower that was forgotten.

use std::collections::BTreeMap;

use bytes::Bytes;
use storage::{Batch, Family, Key, KeyUse, Mode, Reads, View};

use super::{Cursor, FollowError, Follower, Hold};
use crate::catalog_rows;
use crate::key_range;
use crate::rows;
use crate::service::Service;

const FORMAT: u8 = 1;

pub(super) fn begun(follower: &Follower) -> Key {
    rows::follower(follower.table_id, &follower.name)
}

pub(super) fn of_shard(follower: &Follower, shard: u32) -> Key {
    rows::follower_position(follower.table_id, &follower.name, shard)
}

pub(super) fn owner(follower: &Follower) -> Key {
    rows::follower_owner(follower.table_id, &follower.name)
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

/// The next record of each shard that has a row, and whether the follower has begun.
pub(super) async fn all(view: &dyn View, follower: &Follower) -> Result<Option<BTreeMap<u32, u64>>, FollowError> {
    let begun = begun(follower).bytes;
    let mut found: Option<BTreeMap<u32, u64>> = None;
    for row in catalog_rows::read(view, key_range::of_prefix(&begun)).await? {
        let positions = found.get_or_insert_default();
        let Some(shard) = shard_of(&begun, &row.key) else { continue };
        let next = read(&row.value);
        let next = next.ok_or_else(|| FollowError::Failed("a follower's position cannot be read".to_owned()))?;
        positions.insert(shard, next);
    }
    Ok(found)
}

fn shard_of(begun: &Bytes, key: &[u8]) -> Option<u32> {
    key.strip_prefix(&begun[..])?.try_into().ok().map(u32::from_be_bytes)
}

impl Service {
    /// Writes down that everything before the cursor was taken.
    ///
    /// # Errors
    /// If the follower is forgotten, another node follows, or the engine fails.
    pub async fn save(&self, follower: &Follower, hold: &Hold, cursor: Cursor) -> Result<(), FollowError> {
        let position = of_shard(follower, cursor.shard);
        let mut keys = vec![KeyUse::write(position.clone()), KeyUse::read(begun(follower))];
        let owned = hold.0.owned();
        keys.extend(owned.map(crate::nodes::owner::Owned::key));
        let save = |reads: &Reads, batch: &mut Batch| {
            if reads.values[1].is_none() {
                return Err(FollowError::Gone);
            }
            if owned.is_some_and(|owned| !owned.renew(reads, batch)) {
                return Err(FollowError::Taken);
            }
            batch.put(position.clone(), row(cursor.next));
            Ok(())
        };
        self.engine.write(Mode::Plain, &keys, save).await?
    }

    /// Forgets the positions in shards that are gone; their numbers are never used again.
    pub(super) async fn forget_positions(&self, follower: &Follower, shards: &[u32]) -> Result<(), FollowError> {
        if shards.is_empty() {
            return Ok(());
        }
        let keys: Vec<KeyUse> = shards.iter().map(|shard| KeyUse::write(of_shard(follower, *shard))).collect();
        let forget = |_: &Reads, batch: &mut Batch| {
            keys.iter().for_each(|used| batch.delete(used.key.clone()));
            Ok(())
        };
        self.engine.write(Mode::Plain, &keys, forget).await?
    }

    /// Forgets a follower for good.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn forget_follower(&self, follower: &Follower) -> Result<(), FollowError> {
        self.engine.destroy(Family::Catalog, begun(follower).bytes).await?;
        Ok(self.engine.destroy(Family::Catalog, owner(follower).bytes).await?)
    }
}
