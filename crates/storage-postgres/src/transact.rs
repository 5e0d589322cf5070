//! A write in two flights: lock and read; then write and commit.
//!
//! Rows are locked in the order of their places, so that nobody waits in a circle. An absent row cannot be locked: it
//! is written by a plain INSERT, which fails if somebody else came first, and one that was only read as absent gets a
//! tombstone in the same way. A refusal writes nothing; where it rests on several keys, those that were absent are read
//! once more while the others are locked, so that it is judged on one state.
//!
//! A connection that is lost before the second flight has changed nothing. One that is lost after it was sent leaves a
//! doubt, which the next attempt settles while it holds the witness, the first row that the lost one wrote:
//!
//! | the witness | means |
//! |---|---|
//! | carries our operation and version | it happened: answer from it |
//! | is there, as the lost attempt had read it | it did not happen, and cannot any more: its locks are gone |
//! | is absent, as the lost attempt had read it | it has not happened, but its INSERT may be on its way: ours is to shut it out |
//! | is somebody else's since | nobody knows: [`TxError::Unknown`] |

mod standing;
mod writes;

use std::time::Duration;

use storage::{Batch, Decide, Decision, KeyUse, Mode, OpId, Reads, StorageError, TxError};
use tokio::time::Instant;

use crate::Postgres;
use crate::connection::{Ask, BEGIN, COMMIT, Failure, Reply};
use crate::error::Trouble;
use crate::place::Place;
use crate::pool::{Left, Session};
use standing::Standing;
use writes::Writes;

/// Attempts wait a moment that doubles, with some chance in it, so that two do not meet for ever.
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
    /// Whether the decision was taken anew since the flight in doubt: what the caller knows is then not of that flight.
    decided_since: bool,
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
    /// Somebody came first; the key is known for most statements.
    Conflict(Option<usize>),
    /// Somebody has the key locked, for longer than one waits.
    Locked(Option<usize>),
    /// The connection went before anything was written.
    Lost(String),
    /// The connection went while the second flight was on its way.
    Doubt(Option<Doubt>),
    Final(TxError),
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
    pub(crate) async fn write(
        &self,
        op: OpId,
        mode: Mode,
        keys: &[KeyUse],
        decide: &mut Decide<'_>,
    ) -> Result<Decision, TxError> {
        self.pool.check_open()?;
        let in_line = self.latches.hold(keys, self.patience.lock).await;
        let _held = in_line.map_err(|key| in_the_way(mode, key))?;
        let mut write = Write::new(op, keys);
        let deadline = Instant::now() + self.patience.call;
        let mut pause = PAUSE_FIRST;
        let mut lost = 0;
        loop {
            let setback = match self.attempt(&mut write, decide).await {
                Ok(decision) => return Ok(decision),
                Err(setback) => setback,
            };
            let late = Instant::now() + pause >= deadline;
            match setback {
                // One doubt at a time: a second one over an open first one is not settled.
                Setback::Doubt(Some(doubt)) if !late && write.doubt.is_none() => {
                    write.doubt = Some(doubt);
                    write.decided_since = false;
                    self.pool.forget_idle();
                }
                Setback::Doubt(_) => return Err(TxError::Unknown),
                Setback::Lost(text) => {
                    self.pool.forget_idle();
                    lost += 1;
                    // Once, for a connection that had gone while it was idle; as often as it takes, to settle a doubt.
                    if late || (write.doubt.is_none() && lost > 1) {
                        return Err(write.doubtful(StorageError::Unavailable(text).into()));
                    }
                }
                Setback::Locked(key) if mode == Mode::Transaction => {
                    return Err(write.doubtful(in_the_way(mode, key.unwrap_or(0))));
                }
                Setback::Conflict(key) | Setback::Locked(key) if late => {
                    return Err(write.doubtful(in_the_way(mode, key.unwrap_or(0))));
                }
                Setback::Conflict(_) | Setback::Locked(_) => {}
                Setback::Final(TxError::Busy) if write.doubt.is_some() && !late => {}
                Setback::Final(error) => return Err(write.doubtful(error)),
            }
            tokio::time::sleep(with_chance(pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn attempt(&self, write: &mut Write<'_>, decide: &mut Decide<'_>) -> Result<Decision, Setback> {
        let mut session = self.pool.take().await?;
        let standing = write.lock(&mut session).await?;
        if let Some(doubt) = write.doubt {
            match standing[doubt.key].verdict(write.op, doubt) {
                // Committed, not rolled back: where replicas are waited for, this waits for the lost one, too.
                standing::Verdict::Happened if !write.decided_since => return commit_empty(session).await,
                standing::Verdict::Happened | standing::Verdict::Overwritten => return Err(Setback::Doubt(None)),
                standing::Verdict::DidNot if doubt.read.is_some() => write.doubt = None,
                standing::Verdict::DidNot => {}
            }
        }
        write.decided_since = true;
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

    /// The second flight. It goes on if nobody waits for it any more.
    async fn commit(&self, mut session: Session, writes: Writes) -> Result<(), Setback> {
        let sweeper = std::sync::Arc::clone(&self.sweeper);
        let doubt = writes.witness;
        let flight = tokio::spawn(async move {
            let warnings = session.warnings();
            let replies = session.fly(&writes.asks, Left::Idle).await;
            let warned = session.warnings() != warnings;
            if replies.is_ok() {
                sweeper.remember(Instant::now(), writes.tombstones);
            }
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

async fn commit_empty(mut session: Session) -> Result<Decision, Setback> {
    match session.fly(&[COMMIT], Left::Idle).await {
        Ok(_) => Ok(Decision::Commit),
        Err(failure) => Err(failure.trouble.into()),
    }
}

/// What it means that a key stays locked. A plain write is throttled, as by a hot partition.
fn in_the_way(mode: Mode, key: usize) -> TxError {
    match mode {
        Mode::Plain => TxError::Busy,
        Mode::Transaction => TxError::Conflict { key },
    }
}

fn with_chance(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + f64::from(base::random::bytes16()[0]) / 256.0)
}

impl<'a> Write<'a> {
    fn new(op: OpId, keys: &'a [KeyUse]) -> Write<'a> {
        let places: Vec<Place> = keys.iter().map(|key_use| Place::of(&key_use.key)).collect();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_unstable_by(|left, right| places[*left].at.cmp(&places[*right].at));
        Write { op, keys, places, order, doubt: None, decided_since: false }
    }

    /// An error, or that nobody knows, if an attempt has been lost.
    fn doubtful(&self, error: TxError) -> TxError {
        if self.doubt.is_some() { TxError::Unknown } else { error }
    }

    /// The first flight: what stands under the keys, in their order. Without keys there is none.
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
        if let Some(doubt) = self.doubt
            && standing[doubt.key].is_absent()
        {
            // The lost attempt may still be on its way: our row shuts the door.
            let tombstone = writes::tombstone(self.op, &self.places[doubt.key]);
            let replies = session.fly(&[tombstone, COMMIT], Left::Idle).await;
            return replies.map(drop).map_err(|failure| match failure.trouble {
                // Not in doubt for what we wrote, but for what the lost attempt did.
                Trouble::Lost(text) => Setback::Lost(text),
                other => other.into(),
            });
        }
        if self.keys.len() > 1 && !absent.is_empty() {
            let again: Vec<Ask> = absent.iter().map(|at| standing::look(&self.places[*at])).collect();
            let replies = session.fly(&again, Left::Open).await.map_err(|failure| Setback::from(failure.trouble))?;
            if let Some(come) = replies.iter().position(|reply| !reply.rows.is_empty()) {
                return Err(Setback::Conflict(Some(absent[come])));
            }
        }
        Ok(())
    }
}
