//! The sequencer: moves records from the outbox to their positions in the log.
//!
//! One flight is one transaction: it locks the log's head, takes the records that are committed by then in the order of
//! the outbox, writes them behind the head's position, and moves the head. A concurrent pass waits for the lock and
//! continues where the first one ended, so any node may run one at any time, and no leader is needed. A pass is atomic:
//! after an aborted one, the next does the remaining work.
//!
//! The committed records that a pass reads have no gap in any item's changes: a change of an item is committed before
//! the next one can lock it, so a pass that sees the second sees the first. With the outbox's order that puts an item's
//! records in the order of its changes.
//!
//! Readers ask for it before they look (`Engine::sequence`), and readers of one log share it (`turns`). What they ask for
//! has an end: the last record that waits when they ask. Since every pass takes the first ones, all that was committed
//! before has its position when that one has, whatever is written meanwhile. Beside that a node moves what it has written
//! itself a moment later, and looks now and then for what others have left, so that the outbox stays short.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jobs::{Job, Ran};
use parking_lot::Mutex;
use storage::StorageError;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::connection::{Ask, BEGIN, COMMIT, Failure, Reply, Sql, Value};
use crate::error::Trouble;
use crate::outbox;
use crate::place::Position;
use crate::pool::{Left, Pool};
use crate::turns::Turns;

/// How often a node looks for what others have left.
const LEFTOVERS_INTERVAL: Duration = Duration::from_secs(30);
/// Records of one pass, and about how many bytes of them.
const PASS_ROWS: i64 = 512;
const PASS_BYTES: i64 = 8 << 20;
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Default)]
pub(crate) struct Sequencer {
    /// The logs to which this node has appended lately.
    noted: Mutex<BTreeSet<Bytes>>,
    wake: Notify,
    /// Shares one pass among the callers of one log; the key is the position of the log's head.
    turns: Turns<Position, Result<(), StorageError>>,
}

impl Sequencer {
    /// Adds its jobs, which run for as long as the pool lives.
    pub(crate) fn start(pool: &Arc<Pool>) -> Arc<Sequencer> {
        let sequencer = Arc::new(Sequencer::default());
        pool.jobs().add(own_records(pool, &sequencer));
        pool.jobs().add(leftovers(pool, &sequencer));
        sequencer
    }

    /// Records were added, as far as one knows.
    pub(crate) fn note(&self, logs: BTreeSet<Bytes>) {
        if !logs.is_empty() {
            // Noted before the wake: the run that it begins finds these logs.
            self.noted.lock().extend(logs);
            self.wake.notify_one();
        }
    }
}

impl Sequencer {
    /// Gives positions to all records of a log that are committed by now.
    pub(crate) async fn sequence(&self, pool: &Arc<Pool>, log: &Bytes) -> Result<(), StorageError> {
        let head = outbox::head(log)?;
        self.turns.share(&head, sequence_at(pool, &head)).await
    }

    /// The same for every log. A log that fails delays no other; the first failure is returned. Where no statement succeeds, that of the
    /// next log ends the walk.
    pub(crate) async fn sequence_all(&self, pool: &Arc<Pool>) -> Result<(), StorageError> {
        let mut head = Position { p: Vec::new(), s: Vec::new() };
        let mut sequenced = Ok(());
        loop {
            let replies = insist(pool, &[Ask::Of(Sql::OutboxNext, of(&head))]).await?;
            let Some(row) = replies.first().and_then(|reply| reply.rows.first()) else { return sequenced };
            head = Position { p: read(row, 0)?, s: read(row, 1)? };
            sequenced = sequenced.and(self.turns.share(&head, sequence_at(pool, &head)).await);
        }
    }
}

/// Moves the records of this node, once more of them have had the time to come. What fails is found again: by a reader, or
/// as a leftover.
fn own_records(pool: &Arc<Pool>, sequencer: &Arc<Sequencer>) -> Job {
    let (noted, waking) = (Arc::clone(sequencer), Arc::clone(sequencer));
    let (pool, gather) = (Arc::downgrade(pool), pool.patience().gather);
    let job = Job::every("sequence_records", Duration::MAX, move || {
        let (pool, sequencer) = (pool.clone(), Arc::clone(&noted));
        async move {
            // The pool is not held meanwhile: an engine that is dropped closes its connections at once.
            sleep(gather).await;
            let Some(pool) = pool.upgrade().filter(|pool| pool.check_open().is_ok()) else { return Ran::Ended };
            let noted = std::mem::take(&mut *sequencer.noted.lock());
            let mut ran = Ran::Done;
            for log in noted {
                if sequencer.sequence(&pool, &log).await.is_err() {
                    ran = Ran::Failed;
                }
            }
            ran
        }
    });
    job.or_when(move || {
        let sequencer = Arc::clone(&waking);
        async move { sequencer.wake.notified().await }
    })
}

/// Moves what others have left.
fn leftovers(pool: &Arc<Pool>, sequencer: &Arc<Sequencer>) -> Job {
    let sequencer = Arc::clone(sequencer);
    Job::on(pool, "sequence_leftovers", LEFTOVERS_INTERVAL, move |pool| {
        let sequencer = Arc::clone(&sequencer);
        async move {
            if pool.check_open().is_err() {
                return Ran::Ended;
            }
            if sequencer.sequence_all(&pool).await.is_ok() { Ran::Done } else { Ran::Failed }
        }
    })
}

/// Moves what waits in the outbox of one log.
async fn sequence_at(pool: &Arc<Pool>, head: &Position) -> Result<(), StorageError> {
    let replies = insist(pool, &[Ask::Of(Sql::OutboxLast, of(head))]).await?;
    let Some(last) = replies.first().and_then(|reply| reply.rows.first()) else { return Ok(()) };
    let (ver, op, n): (i64, &[u8], i64) = (read(last, 0)?, read(last, 1)?, read(last, 2)?);
    let end = [Value::Int(ver), op.into(), Value::Int(n)];
    let deadline = Instant::now() + pool.patience().call;
    while pass(pool, head, &end).await? {
        // With nodes' clocks apart and more writes than a pass can move, new records may sort before the end for a long
        // time.
        if Instant::now() >= deadline {
            return Err(StorageError::Unavailable(
                "what waits for positions is more than one call can give".to_owned(),
            ));
        }
    }
    Ok(())
}

/// Moves the next records; returns whether there may be more up to the end.
async fn pass(pool: &Arc<Pool>, head: &Position, end: &[Value; 3]) -> Result<bool, StorageError> {
    let mut moved = of(head);
    moved.extend([Value::Int(PASS_ROWS), Value::Int(PASS_BYTES)]);
    moved.extend_from_slice(end);
    let lock = Ask::Of(Sql::Lock, of(head));
    let moves = Ask::Of(Sql::OutboxMove, moved);
    let advance = Ask::Of(Sql::HeadAdvance, of(head));
    // Idempotent, so a pass with an unknown outcome is retried: records that it moved are no longer in the outbox.
    let replies = insist(pool, &[BEGIN, lock, moves, advance, COMMIT]).await?;
    let (Some(locked), Some(moved)) = (replies.get(1), replies.get(2)) else { return Err(unanswered()) };
    let row = moved.rows.first().ok_or_else(unanswered)?;
    let (count, queued, ends): (i64, i64, Option<bool>) = (read(row, 0)?, read(row, 1)?, read(row, 2)?);
    if locked.rows.is_empty() && queued > 0 {
        insist(pool, &[Ask::Of(Sql::HeadMake, of(head))]).await?;
        return Ok(true);
    }
    Ok(ends == Some(false) && (count < queued || queued == PASS_ROWS))
}

/// Flies until it has flown, or for as long as a call may take. Each flight is of a kind that may take place twice.
async fn insist(pool: &Arc<Pool>, asks: &[Ask]) -> Result<Vec<Reply>, StorageError> {
    let deadline = Instant::now() + pool.patience().call;
    loop {
        let failed = match fly(pool, asks).await {
            Ok(replies) => return Ok(replies),
            Err(trouble) => trouble,
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

async fn fly(pool: &Arc<Pool>, asks: &[Ask]) -> Result<Vec<Reply>, Trouble> {
    let mut session = pool.take().await?;
    let warnings = session.warnings();
    let replies = session.fly(asks, Left::Idle).await.map_err(|Failure { trouble, .. }| trouble)?;
    // A commit that did not wait for its replicas warns. The next one that locks the head waits for both.
    match session.warnings() == warnings {
        true => Ok(replies),
        false => Err(Trouble::Lost("the server has committed without its replicas".to_owned())),
    }
}

fn of(at: &Position) -> Vec<Value> {
    vec![at.p[..].into(), at.s[..].into()]
}

fn read<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, StorageError> {
    let damaged = |error| StorageError::Corrupt(format!("an answer about a log cannot be read: {error}"));
    row.try_get(column).map_err(damaged)
}

fn unanswered() -> StorageError {
    StorageError::Corrupt("a statement has no reply".to_owned())
}
