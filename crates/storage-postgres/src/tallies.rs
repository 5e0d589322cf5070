//! Counters that many writes add to at once.
//!
//! They are in a table of their own, as numbers that the server adds up itself: no write reads a counter. A write locks
//! the counters that it adds to until it has committed, so one that every write of a table adds to is split into
//! several parts, and each write picks one by its id. Parts are locked in the order of their keys, after all rows,
//! which excludes deadlocks.

use std::collections::BTreeMap;

use bytes::Bytes;
use storage::tally::{self, Counters};
use storage::{Family, OpId, StorageError, TALLY_WIDTH, Tally};
use tokio_postgres::Row;

use crate::connection::{Ask, Reply, Sql, Value};

/// Parts of a hot counter: as many writes of one table can commit at the same moment.
const SLOTS: u8 = 32;

/// Asks for the sum under a key that may be a tally's.
pub(crate) fn asked(family: Family, key: &Bytes) -> Option<Ask> {
    (family == Family::Catalog).then(|| Ask::Of(Sql::TallyGet, vec![Value::Bytes(key.clone())]))
}

/// What such a sum is as a row.
pub(crate) fn row(reply: &Reply) -> Result<Option<Bytes>, StorageError> {
    let Some(row) = reply.rows.first() else { return Ok(None) };
    Ok(tally::encode(&[counter(row, 0)?, counter(row, 1)?]))
}

fn counter(row: &Row, column: usize) -> Result<i64, StorageError> {
    row.try_get(column).map_err(|error| StorageError::Corrupt(format!("a counter cannot be read: {error}")))
}

/// Adds what a batch does to its counters.
pub(crate) fn additions(op: OpId, tallies: &[Tally]) -> Vec<Ask> {
    let mut sums: BTreeMap<(&Bytes, i64), Counters> = BTreeMap::new();
    for tally in tallies {
        let slot = if tally.hot { i64::from(op.0[0] % SLOTS) } else { 0 };
        tally::add(sums.entry((&tally.key.bytes, slot)).or_insert([0; TALLY_WIDTH]), &tally.deltas);
    }
    let addition = |((key, slot), sum): ((&Bytes, i64), Counters)| {
        let values = vec![Value::Bytes(key.clone()), Value::Int(slot), Value::Int(sum[0]), Value::Int(sum[1])];
        Ask::Of(Sql::TallyAdd, values)
    };
    sums.into_iter().map(addition).collect()
}

/// Forgets the counters under a key that is deleted.
pub(crate) fn deletion(key: &Bytes) -> Ask {
    Ask::Of(Sql::TallyDelete, vec![Value::Bytes(key.clone())])
}
