//! A write in two flights: lock and read; then write and commit.
//!
//! Rows are locked in the order of their positions, which excludes deadlocks. An absent row cannot be locked: it is
//! written by a plain INSERT, which fails if another write inserted it first, and one that was only read as absent gets
//! a tombstone in the same way. A refusal writes nothing; where it rests on several keys, those that were absent are
//! read once more while the others are locked, so that it is judged on one state.
//!
//! A connection that is lost before the second flight has changed nothing. One that is lost after it was sent leaves a
//! doubt, which is settled before anything else is done, by locking the witness, the first row that the flight wrote:
//!
//! | the witness | means |
//! |---|---|
//! | carries our operation and the flight's version | it happened: answer from it |
//! | is there, as the flight had read it | it did not happen, and cannot any more: its locks are released |
//! | is absent, as the flight had read it | its INSERT may still be on its way: a tombstone of ours shuts it out |
//! | is that tombstone | it did not happen, and cannot any more |
//! | was written by another write since | unknown: [`TxError::Unknown`] |

mod standing;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use storage::{Batch, Decide, Decision, KeyUse, Mode, OpId, Reads, StorageError, Transaction, TxError};
use tokio::time::Instant;

use crate::Postgres;
use crate::clock::Versions;
use crate::connection::{Ask, BEGIN, COMMIT, Failure, Reply};
use crate::error::Trouble;
use crate::options::Patience;
use crate::place::Place;
use crate::pool::{Left, Session};
use standing::{Standing, Verdict};
use writes::Writes;

/// Exponential backoff between attempts, with jitter, so that two writes do not conflict forever.
const PAUSE_FIRST: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// One write, through all its attempts.
pub(crate) struct Write<'a> {
    op: OpId,
    keys: &'a [KeyUse],
    places: Vec<Place>,
    /// The keys in the order in which they are locked.
    order: Vec<usize>,
    doubt: Option<Doubt>,
    versions: &'a Versions,
}

/// A second flight without its replies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Doubt {
    /// The witness, by its place in the keys.
    pub(crate) key: usize,
    /// Its version as the lost attempt had read it; none if it was absent.
    pub(crate) read: Option<i64>,
    /// The version that the lost attempt would have given it.
    pub(crate) written: i64,
}

/// Why an attempt did not answer.
enum Setback {
    /// Another write came first; the key is known for most statements.
    Conflict(Option<usize>),
    /// Another transaction holds the key's lock for longer than the lock timeout.
    Locked(Option<usize>),
    /// The connection was lost before anything was written.
    Lost(String),
    /// The connection was lost while the second flight was under way.
    Doubt(Option<Doubt>),
    Final(TxError),
}

impl From<Failure> for Setback {
    fn from(failure: Failure) -> Setback {
        failure.trouble.into()
    }
}

impl From<Trouble> for Setback {
    fn from(trouble: Trouble) -> Setback {
        match trouble {
            Trouble::Conflict | Trouble::Aborted => Setback::Conflict(None),
            Trouble::Locked => Setback::Locked(None),
            Trouble::Lost(text) => Setback::Lost(text),
            Trouble::Busy(_) => Setback::Final(TxError::Busy),
            Trouble::TooLarge => Setback::Final(TxError::TooLarge),
            Trouble::Closed => Setback::Final(StorageError::Closed.into()),
            Trouble::Failed(text) => Setback::Final(StorageError::Unavailable(text).into()),
        }
    }
}

impl Setback {
    fn at(self, key: Option<usize>) -> Setback {
        match self {
            Setback::Conflict(_) => Setback::Conflict(key),
            Setback::Locked(_) => Setback::Locked(key),
            other => other,
        }
    }
}

impl Postgres {
    pub(crate) async fn write(&self, transaction: Transaction<'_>) -> Result<Decision, TxError> {
        let Transaction { op, mode, keys, decide } = transaction;
        self.pool.check_open()?;
        // The latches before a connection: writers of a hot key wait here, and occupy one connection and not the pool.
        let in_line = self.latches.hold(keys, self.patience.lock).await;
        let _held = in_line.map_err(|key| in_the_way(mode, key))?;
        let mut write = Write::new(op, keys, &self.versions);
        let mut tries = Tries::begin(&self.patience);
        loop {
            let tried = match write.doubt {
                None => self.attempt(&write, decide).await.map(Some),
                Some(doubt) => self.settle(&write, doubt).await,
            };
            match tried {
                Ok(Some(decision)) => return Ok(decision),
                Ok(None) => write.doubt = None,
                Err(setback) => {
                    if matches!(setback, Setback::Lost(_) | Setback::Doubt(_)) {
                        self.pool.forget_idle();
                    }
                    write.doubt = tries.after(setback, mode, write.doubt)?;
                    tries.pause().await;
                }
            }
        }
    }

    async fn attempt(&self, write: &Write<'_>, decide: &mut Decide<'_>) -> Result<Decision, Setback> {
        let mut session = self.pool.take().await?;
        // Locked until the commit; an absent row is inserted, which fails if another write has made it. So no other write comes
        // between what is decided on and what is written.
        let standing = write.lock(&mut session).await?;
        let reads = Reads { values: standing.iter().map(|row| row.value.clone()).collect() };
        let mut batch = Batch::default();
        let decision = decide(&reads, &mut batch);
        if decision == Decision::Refuse || batch.is_empty() {
            write.answer_without_writing(session, &standing).await?;
            return Ok(decision);
        }
        let writes = Writes::of(write, &standing, &batch)?;
        self.commit(session, writes).await?;
        Ok(decision)
    }

    /// Finds out what became of a lost flight: it happened, or it never will.
    async fn settle(&self, write: &Write<'_>, doubt: Doubt) -> Result<Option<Decision>, Setback> {
        let place = &write.places[doubt.key];
        let mut session = self.pool.take().await?;
        let replies = session.fly(&[BEGIN, standing::lock(place, true)], Left::Open).await?;
        match Standing::read(place, &replies[1])?.verdict(write.op, doubt) {
            Verdict::Happened => {
                // Committed, not rolled back: where replicas are waited for, this waits for the lost flight, too.
                session.fly(&[COMMIT], Left::Idle).await?;
                Ok(Some(Decision::Commit))
            }
            Verdict::Never => Ok(None),
            Verdict::NotYet => {
                session
                    .fly(
                        &[writes::tombstone(write.op, place, self.versions.next(std::iter::empty())), COMMIT],
                        Left::Idle,
                    )
                    .await?;
                Ok(None)
            }
            Verdict::Overwritten => Err(Setback::Final(TxError::Unknown)),
        }
    }

    /// The second flight. It continues if its caller no longer waits for it.
    async fn commit(&self, mut session: Session, writes: Writes) -> Result<(), Setback> {
        let (sweeper, sequencer) = (Arc::clone(&self.sweeper), Arc::clone(&self.sequencer));
        let doubt = writes.witness;
        let flight = tokio::spawn(async move {
            let warnings = session.warnings();
            let replies = session.fly(&writes.asks, Left::Idle).await;
            let warned = session.warnings() != warnings;
            if replies.is_ok() {
                sweeper.remember(Instant::now(), writes.tombstones);
            }
            sequencer.note(writes.logs);
            (replies, warned, writes.keys)
        });
        let Ok((replies, warned, keys)) = flight.await else { return Err(Setback::Doubt(doubt)) };
        match replies {
            // A commit that did not wait for its replicas warns.
            Ok(_) if warned => Err(Setback::Doubt(doubt)),
            Ok(replies) => check_counts(&replies, &keys),
            Err(Failure { trouble: Trouble::Lost(_), .. }) => Err(Setback::Doubt(doubt)),
            Err(Failure { at, trouble }) => {
                Err(Setback::from(trouble).at(keys.get(at).and_then(|written| written.key)))
            }
        }
    }
}

/// Every row that was locked is still there to be written.
fn check_counts(replies: &[Reply], written: &[writes::Written]) -> Result<(), Setback> {
    let whole = replies.iter().zip(written).all(|(reply, written)| written.rows.is_none_or(|rows| rows == reply.count));
    let text = "a locked row was gone when it was written".to_owned();
    if whole { Ok(()) } else { Err(Setback::Final(StorageError::Corrupt(text).into())) }
}

/// What it means that a key stays locked. A plain write is throttled, as by a hot partition.
fn in_the_way(mode: Mode, key: usize) -> TxError {
    match mode {
        Mode::Plain => TxError::Busy,
        Mode::Transaction => TxError::Conflict { key },
    }
}

/// How often a write is tried, and how long it waits in between.
struct Tries {
    deadline: Instant,
    settling: Duration,
    pause: Duration,
    lost: u32,
}

impl Tries {
    fn begin(patience: &Patience) -> Tries {
        let deadline = Instant::now() + patience.call;
        Tries { deadline, settling: patience.settling(), pause: PAUSE_FIRST, lost: 0 }
    }

    /// What is in doubt from now on.
    ///
    /// # Errors
    /// If no further attempt is made; while a commit is in doubt, the error is [`TxError::Unknown`].
    fn after(&mut self, setback: Setback, mode: Mode, doubt: Option<Doubt>) -> Result<Option<Doubt>, TxError> {
        let late = Instant::now() + self.pause >= self.deadline;
        if doubt.is_some() {
            return match setback {
                Setback::Final(error) if error != TxError::Busy => Err(TxError::Unknown),
                _ if late => Err(TxError::Unknown),
                _ => Ok(doubt),
            };
        }
        match setback {
            Setback::Doubt(Some(doubt)) => {
                // However long the flight took: settling it gets its time.
                self.deadline = self.deadline.max(Instant::now() + self.settling);
                Ok(Some(doubt))
            }
            Setback::Doubt(None) => Err(TxError::Unknown),
            // One retry, for a connection that was lost while it was idle.
            Setback::Lost(_) if !late && self.lost == 0 => {
                self.lost += 1;
                Ok(None)
            }
            Setback::Lost(text) => Err(StorageError::Unavailable(text).into()),
            Setback::Locked(key) if mode == Mode::Transaction => Err(in_the_way(mode, key.unwrap_or(0))),
            Setback::Conflict(key) | Setback::Locked(key) if late => Err(in_the_way(mode, key.unwrap_or(0))),
            Setback::Conflict(_) | Setback::Locked(_) => Ok(None),
            Setback::Final(error) => Err(error),
        }
    }

    async fn pause(&mut self) {
        tokio::time::sleep(with_chance(self.pause)).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }
}

fn with_chance(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + f64::from(base::random::bytes16()[0]) / 256.0)
}

impl<'a> Write<'a> {
    fn new(op: OpId, keys: &'a [KeyUse], versions: &'a Versions) -> Write<'a> {
        let places: Vec<Place> = keys.iter().map(|key_use| Place::of(&key_use.key)).collect();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_unstable_by(|left, right| places[*left].at.cmp(&places[*right].at));
        Write { op, keys, places, order, doubt: None, versions }
    }

    /// The first flight: locks and reads the rows of the keys, in the keys' order. Without keys there is none.
    async fn lock(&self, session: &mut Session) -> Result<Vec<Standing>, Setback> {
        if self.keys.is_empty() {
            return Ok(Vec::new());
        }
        let locks = self.order.iter().map(|at| standing::lock(&self.places[*at], self.keys[*at].write));
        let asks: Vec<Ask> = [BEGIN].into_iter().chain(locks).collect();
        let replies = session.fly(&asks, Left::Open).await.map_err(|failure| {
            let key = failure.at.checked_sub(1).and_then(|at| self.order.get(at)).copied();
            Setback::from(failure.trouble).at(key)
        })?;
        let mut standing = vec![Standing::default(); self.keys.len()];
        for (at, reply) in self.order.iter().zip(&replies[1..]) {
            standing[*at] = Standing::read(&self.places[*at], reply)?;
        }
        Ok(standing)
    }

    /// Nothing is to be written. What was locked was read at one moment; what was absent may have come since.
    async fn answer_without_writing(&self, mut session: Session, standing: &[Standing]) -> Result<(), Setback> {
        let absent: Vec<usize> = self.order.iter().copied().filter(|at| standing[*at].is_absent()).collect();
        if self.keys.len() > 1 && !absent.is_empty() {
            let again: Vec<Ask> = absent.iter().map(|at| standing::look(&self.places[*at])).collect();
            let replies = session.fly(&again, Left::Open).await?;
            if let Some(come) = replies.iter().position(|reply| !reply.rows.is_empty()) {
                return Err(Setback::Conflict(Some(absent[come])));
            }
        }
        Ok(())
    }
}
