//! The outbox: records of logs as their writers leave them, without positions, in the transaction of their rows.
//!
//! | column | what |
//! |---|---|
//! | `p`, `s` | the place of the log's head |
//! | `ver`, `op` | the write: its version, and its id |
//! | `n` | the place among the write's records of this log |
//! | `v` | the record |
//!
//! No writer waits for another one here. The order `(ver, op, n)` is that of the changes of every item, because a
//! write's version is greater than those of all rows that it has locked. It says nothing of when a record is committed:
//! a late one sorts among others in the outbox, and gets a later position than they.

use std::collections::HashMap;

use bytes::Bytes;
use storage::{Append, Family, OpId, StorageError, log};

use crate::connection::{Ask, Sql, Value};
use crate::place::{Place, Position};

/// The place of a log's head, which all of its records have in common.
///
/// # Errors
/// If the name is not as long as this engine's tables need it.
pub(crate) fn head(name: &Bytes) -> Result<Position, StorageError> {
    let place = Place::of(&log::head(name.clone()));
    match place.k.is_none() && name.len() >= Family::Log.partition_size() {
        true => Ok(place.at),
        false => Err(StorageError::Unavailable(format!("a log cannot have a name of {} bytes here", name.len()))),
    }
}

/// What puts a write's records into the outbox.
pub(crate) fn additions(op: OpId, ver: i64, appends: &[Append]) -> Result<Vec<Ask>, StorageError> {
    let mut counts: HashMap<&Bytes, i64> = HashMap::new();
    let addition = |append: &'_ Append, n: i64| {
        let Position { p, s } = head(&append.log)?;
        let record = Value::Bytes(append.record.clone());
        let values = vec![p[..].into(), s[..].into(), Value::Int(ver), op.0[..].into(), Value::Int(n), record];
        Ok::<_, StorageError>(Ask::Of(Sql::OutboxAdd, values))
    };
    let mut asks = Vec::with_capacity(appends.len());
    for append in appends {
        let n = counts.entry(&append.log).or_default();
        asks.push(addition(append, *n)?);
        *n += 1;
    }
    Ok(asks)
}
