//! The sequencer: moves records from the outbox to their positions in the log.
//!
//! One flight is one transaction: it locks the log's head, takes the records that are committed by then in the order of
//! the outbox, writes them behind the head's position, and moves the head. Whoever comes second waits for the lock and
//! then goes on where the first one ended, so that any node may do it at any time, and none has to be chosen. A pass
//! that breaks off leaves all or nothing of it; whoever comes next does what is left.
//!
//! What is committed when a pass looks is whole as far as any item goes: a change of an item is committed before the
//! next one can lock it, so who sees the second sees the first. With the outbox's order that puts an item's records in
//! the order of its changes.
//!
//! Readers ask for a pass before they look (`Engine::sequence`). Beside that a node moves what it has written itself a
//! moment later, and looks now and then for what others have left, so that the outbox stays short.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use storage::StorageError;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::connection::{Ask, BEGIN, COMMIT, Failure, Reply, Sql, Value};
use crate::error::Trouble;
use crate::outbox;
use crate::place::Position;
use crate::pool::{Left, Pool};

/// How often a node looks for what others have left.
const LEFTOVERS_INTERVAL: Duration = Duration::from_secs(30);
/// Records of one pass, and about how many bytes of them.
const PASS_ROWS: i64 = 512;
const PASS_BYTES: i64 = 8 << 20;
const PAUSE: Duration = Duration::from_millis(20);

/// The logs to which this node has appended lately.
#[derive(Default)]
pub(crate) struct Sequencer {
    noted: Mutex<BTreeSet<Bytes>>,
    wake: Notify,
}

impl Sequencer {
    /// Works for as long as the pool lives.
    pub(crate) fn start(pool: &Arc<Pool>) -> Arc<Sequencer> {
        let sequencer = Arc::new(Sequencer::default());
        tokio::spawn(run(Arc::downgrade(pool), Arc::clone(&sequencer)));
        sequencer
    }

    /// Records were added, as far as one knows.
    pub(crate) fn note(&self, logs: BTreeSet<Bytes>) {
        if !logs.is_empty() {
            self.noted.lock().extend(logs);
            self.wake.notify_one();
        }
    }
}

async fn run(pool: Weak<Pool>, sequencer: Arc<Sequencer>) {
    let mut looked = Instant::now();
    loop {
        if timeout(LEFTOVERS_INTERVAL, sequencer.wake.notified()).await.is_ok() {
            let Some(gather) = pool.upgrade().map(|pool| pool.patience().gather) else { return };
            sleep(gather).await;
        }
        let Some(pool) = pool.upgrade() else { return };
        if pool.check_open().is_err() {
            return;
        }
        // What fails here is found again: by a reader, or as a leftover.
        let noted = std::mem::take(&mut *sequencer.noted.lock());
        for log in noted {
            let _ = sequence(&pool, &log).await;
        }
        if looked.elapsed() >= LEFTOVERS_INTERVAL {
            let _ = sequence_all(&pool).await;
            looked = Instant::now();
        }
    }
}

/// Gives positions to all records of a log that are committed by now.
pub(crate) async fn sequence(pool: &Arc<Pool>, log: &Bytes) -> Result<(), StorageError> {
    sequence_at(pool, &outbox::head(log)?).await
}

/// The same for every log.
pub(crate) async fn sequence_all(pool: &Arc<Pool>) -> Result<(), StorageError> {
    let mut after = Position { p: Vec::new(), s: Vec::new() };
    loop {
        let replies = insist(pool, &[Ask::Of(Sql::OutboxNext, of(&after))]).await?;
        let Some(row) = replies.first().and_then(|reply| reply.rows.first()) else { return Ok(()) };
        after = Position { p: row.try_get(0).map_err(damaged)?, s: row.try_get(1).map_err(damaged)? };
        sequence_at(pool, &after).await?;
    }
}

async fn sequence_at(pool: &Arc<Pool>, head: &Position) -> Result<(), StorageError> {
    let replies = insist(pool, &[Ask::Of(Sql::OutboxPeek, of(head))]).await?;
    let mut more = replies.first().is_some_and(|reply| !reply.rows.is_empty());
    while more {
        more = pass(pool, head).await?;
    }
    Ok(())
}

/// Moves the next records; tells whether there may be more that were committed before.
async fn pass(pool: &Arc<Pool>, head: &Position) -> Result<bool, StorageError> {
    let mut moved = of(head);
    moved.extend([Value::Int(PASS_ROWS), Value::Int(PASS_BYTES)]);
    let lock = Ask::Of(Sql::Lock, of(head));
    let moves = Ask::Of(Sql::OutboxMove, moved);
    let advance = Ask::Of(Sql::HeadAdvance, of(head));
    // Who does not know whether it took place does it again: what was moved is not there any more.
    let replies = insist(pool, &[BEGIN, lock, moves, advance, COMMIT]).await?;
    let (Some(locked), Some(moved)) = (replies.get(1), replies.get(2)) else { return Err(unanswered()) };
    let row = moved.rows.first().ok_or_else(unanswered)?;
    let (count, queued): (i64, i64) = (row.try_get(0).map_err(damaged)?, row.try_get(1).map_err(damaged)?);
    if locked.rows.is_empty() && queued > 0 {
        insist(pool, &[Ask::Of(Sql::HeadMake, of(head))]).await?;
        return Ok(true);
    }
    Ok(count < queued || queued == PASS_ROWS)
}

/// Flies until it has flown, or for as long as a call may take. Each flight is of a kind that may take place twice.
async fn insist(pool: &Arc<Pool>, asks: &[Ask]) -> Result<Vec<Reply>, StorageError> {
    let deadline = Instant::now() + pool.patience().call;
    loop {
        let failed = match pool.take().await {
            Err(trouble) => trouble,
            Ok(mut session) => match session.fly(asks, Left::Idle).await {
                Ok(replies) => return Ok(replies),
                Err(Failure { trouble, .. }) => trouble,
            },
        };
        if matches!(failed, Trouble::Lost(_)) {
            pool.forget_idle();
        }
        let again = matches!(failed, Trouble::Lost(_) | Trouble::Conflict | Trouble::Locked | Trouble::Aborted);
        if !again || Instant::now() + PAUSE >= deadline {
            return Err(failed.of_read());
        }
        sleep(PAUSE).await;
    }
}

fn of(at: &Position) -> Vec<Value> {
    vec![at.p[..].into(), at.s[..].into()]
}

fn damaged(error: tokio_postgres::Error) -> StorageError {
    StorageError::Corrupt(format!("an answer about a log cannot be read: {error}"))
}

fn unanswered() -> StorageError {
    StorageError::Corrupt("a statement has no reply".to_owned())
}
