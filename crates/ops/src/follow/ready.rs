//! Which shards a consumer reads now: those with finished parents.

use std::collections::BTreeMap;
use std::ops::Range;

use change_log::Shard;
use storage::Consistency;
use storage::View;
use tables::{Stream, Table};

use super::position::{self, Positions};
use super::{Consumer, Cursor, FollowError, Followed, Ready};
use crate::service::Service;

impl Service {
    /// The shards that can be read now, with the consumer's positions in them.
    ///
    /// # Errors
    /// If there is nothing to follow any more, or the engine fails.
    pub async fn ready(&self, consumer: &Consumer) -> Result<Ready, FollowError> {
        let table = self.followed_table(consumer)?;
        let view = self.engine.view(Consistency::Strong).await?;
        let Positions { next, damaged, has_newer } = position::all(&*view, consumer).await?;
        let mut positions = next.ok_or(FollowError::Gone)?;
        if has_newer {
            return Err(FollowError::Failed("a consumer's position has the format of a newer program".to_owned()));
        }
        let shards = self.followed_shards(&*view, &table, consumer).await?;
        drop(view);
        self.forget_damaged_positions(consumer, &table, &damaged).await?;
        let is_damaged = |shard: &&Shard| {
            let own = position::of_shard(consumer, shard.number).bytes;
            damaged.iter().any(|row| row.key.as_ref() == Some(&own))
        };
        // At the oldest record that there is: those before it may have been taken, and are not reported as lost.
        for shard in shards.iter().filter(is_damaged) {
            positions.insert(shard.number, shard.trimmed.max(shard.before).saturating_add(1));
        }
        let is_gone = |number: &&u32| shards.iter().all(|shard| shard.number != **number);
        let gone: Vec<u32> = positions.keys().filter(is_gone).copied().collect();
        self.forget_positions(consumer, &gone).await?;
        Ok(Ready { cursors: ready(&shards, &positions), finished: is_finished(&table, consumer, &shards, &positions) })
    }

    /// The shards that a consumer reads, now or later.
    pub(super) async fn followed_shards(
        &self,
        view: &dyn View,
        table: &Table,
        consumer: &Consumer,
    ) -> Result<Vec<Shard>, FollowError> {
        let range = range(table, &consumer.of)?;
        Ok(Shard::list(view, table.id(), range.start, range.end).await?)
    }
}

/// The stream that is followed, if it is one.
pub(super) fn stream<'a>(table: &'a Table, of: &Followed) -> Result<Option<&'a Stream>, FollowError> {
    let Followed::Stream { label } = of else { return Ok(None) };
    let mut streams = table.definition.past_streams.iter().chain(&table.definition.stream);
    streams.find(|stream| stream.label == *label).map(Some).ok_or(FollowError::Gone)
}

fn range(table: &Table, of: &Followed) -> Result<Range<u32>, FollowError> {
    Ok(stream(table, of)?
        .map_or(0..u32::MAX, |stream| stream.first_shard..stream.end_shard.unwrap_or(table.definition.log.next_shard)))
}

/// Whether the stream was disabled, its end is known, and all of it was read.
fn is_finished(table: &Table, consumer: &Consumer, shards: &[Shard], positions: &BTreeMap<u32, u64>) -> bool {
    let ended = stream(table, &consumer.of).is_ok_and(|stream| stream.is_some_and(|stream| stream.end_shard.is_some()));
    ended && shards.iter().all(|shard| is_done(shard, positions))
}

fn is_done(shard: &Shard, positions: &BTreeMap<u32, u64>) -> bool {
    let read = |next: &u64| shard.closed.is_some_and(|closed| *next > closed.last);
    positions.get(&shard.number).is_some_and(read)
}

/// By log, the position of the first record that may not have been taken: the least one of the log's shards that are not done,
/// as they share its positions. A log without such a shard is left out.
pub(super) fn passed(shards: &[Shard], positions: &BTreeMap<u32, u64>) -> BTreeMap<u32, u64> {
    let mut passed = BTreeMap::new();
    for shard in shards.iter().filter(|shard| !is_done(shard, positions)) {
        let next = next(shard, positions);
        passed.entry(shard.log()).and_modify(|least: &mut u64| *least = next.min(*least)).or_insert(next);
    }
    passed
}

/// A shard without a position is read from its beginning.
fn next(shard: &Shard, positions: &BTreeMap<u32, u64>) -> u64 {
    positions.get(&shard.number).copied().unwrap_or_else(|| shard.before.saturating_add(1))
}

/// `shards` are in the order of their numbers. One without a parent follows all before it: an older log's.
fn ready(shards: &[Shard], positions: &BTreeMap<u32, u64>) -> Vec<Cursor> {
    let open = |shard: &&Shard| !is_done(shard, positions);
    let has_turn = |shard: &&Shard| {
        shards.iter().filter(open).all(|other| match shard.parent {
            Some(parent) => other.number != parent,
            None => other.number >= shard.number,
        })
    };
    let cursor = |shard: &Shard| Cursor { shard: shard.number, log: shard.log(), next: next(shard, positions) };
    shards.iter().filter(open).filter(has_turn).map(cursor).collect()
}

#[cfg(test)]
mod tests {
    use change_log::Closed;

    use super::*;

    #[test]
    fn children_wait_for_their_parents() {
        let shard = |number, parent, last: Option<u64>| Shard {
            number,
            parent,
            closed: last.map(|last| Closed { last, at_ms: 0 }),
            ..Shard::default()
        };
        let shards = [
            shard(1, None, Some(5)),
            shard(2, Some(1), Some(9)),
            shard(3, Some(1), None),
            shard(4, Some(2), None),
            shard(5, None, None),
            shard(7, Some(6), None),
        ];
        let check = |positions: &[(u32, u64)], expected: &[(u32, u64)]| {
            let positions = positions.iter().copied().collect();
            let found = ready(&shards, &positions);
            assert_eq!(found.iter().map(|cursor| (cursor.shard, cursor.next)).collect::<Vec<_>>(), expected);
        };
        // 7's parent was trimmed.
        check(&[], &[(1, 1), (7, 1)]);
        check(&[(1, 5), (3, 8)], &[(1, 5), (7, 1)]);
        check(&[(1, 6), (3, 8)], &[(2, 1), (3, 8), (7, 1)]);
        check(&[(1, 6), (2, 10)], &[(3, 1), (4, 1), (7, 1)]);
    }

    #[test]
    fn a_log_is_passed_up_to_its_slowest_shard() {
        let shard = |number, log, before, last: Option<u64>| Shard {
            number,
            log: Some(log),
            before,
            closed: last.map(|last| Closed { last, at_ms: 0 }),
            ..Shard::default()
        };
        // Two halves of log 1 behind its first shard, and another log, which is closed.
        let shards = [shard(1, 1, 0, Some(5)), shard(2, 1, 6, None), shard(3, 1, 6, None), shard(4, 4, 0, Some(2))];
        for (positions, expected) in [
            (&[][..], &[(1, 1), (4, 1)][..]),
            (&[(1, 4), (2, 30)], &[(1, 4), (4, 1)]),
            (&[(1, 6), (2, 30)], &[(1, 7), (4, 1)]),
            (&[(1, 6), (2, 30), (3, 20), (4, 3)], &[(1, 20)]),
        ] {
            let positions = positions.iter().copied().collect();
            assert_eq!(passed(&shards, &positions).into_iter().collect::<Vec<_>>(), expected);
        }
    }
}
