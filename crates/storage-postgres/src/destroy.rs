//! Deletes all rows with a prefix, in steps of bounded size, each in its own transaction.

use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use storage::{Family, StorageError, prefix_end};

use crate::connection::{Ask, Sql, Value};
use crate::place::{Place, Position};
use crate::pool::{Left, Pool};

/// Rows of one step.
const STEP_ROWS: i64 = 1_000;

pub(crate) async fn destroy(pool: &Arc<Pool>, family: Family, prefix: Bytes) -> Result<(), StorageError> {
    pool.check_open()?;
    if Place::of(&storage::Key::new(family, prefix.clone())).k.is_some() {
        return Err(StorageError::Unavailable("a prefix of kilobytes cannot be destroyed".to_owned()));
    }
    let end = prefix_end(&prefix);
    let to = match &end {
        Bound::Excluded(end) => Position::before(family, end),
        _ => Position::family_end(family),
    };
    let mut from = Position::before(family, &prefix);
    if family == Family::Log {
        // First: what a sequencer has moved by then is found below, and more it cannot move.
        ask(pool, Ask::Of(Sql::OutboxDeleteRange, range(&from, &to))).await?;
    }
    while let Some(next) = step(pool, &from, &to).await? {
        from = next;
    }
    if family == Family::Catalog {
        destroy_tallies(pool, prefix, end).await?;
    }
    Ok(())
}

/// Deletes the next rows; returns where to continue, if there are more.
async fn step(pool: &Arc<Pool>, from: &Position, to: &Position) -> Result<Option<Position>, StorageError> {
    let mut range = range(from, to);
    range.push(Value::Int(STEP_ROWS));
    let replies = ask(pool, Ask::Of(Sql::StepEnd, range)).await?;
    let next = match replies.rows.first() {
        None => None,
        Some(row) => {
            let column = |at| row.try_get(at).map_err(|error| StorageError::Corrupt(error.to_string()));
            Some(Position { p: column(0)?, s: column(1)? })
        }
    };
    ask(pool, Ask::Of(Sql::DeleteRange, self::range(from, next.as_ref().unwrap_or(to)))).await?;
    Ok(next)
}

fn range(from: &Position, to: &Position) -> Vec<Value> {
    [&from.p, &from.s, &to.p, &to.s].map(|bytes| Value::from(&bytes[..])).to_vec()
}

async fn destroy_tallies(pool: &Arc<Pool>, prefix: Bytes, end: Bound<Bytes>) -> Result<(), StorageError> {
    let end = match end {
        Bound::Excluded(end) => Value::Bytes(end),
        _ => Value::Null,
    };
    ask(pool, Ask::Of(Sql::TallyDeleteRange, vec![Value::Bytes(prefix), end])).await.map(drop)
}

async fn ask(pool: &Arc<Pool>, ask: Ask) -> Result<crate::connection::Reply, StorageError> {
    let mut session = pool.take().await.map_err(crate::error::Trouble::of_read)?;
    let replies = session.fly(&[ask], Left::Idle).await.map_err(|failure| failure.trouble.of_read())?;
    Ok(replies.into_iter().next().unwrap_or_default())
}
