//! A node's right to write (its lease), and the engine that checks it.
//!
//! The lease is checked when a write is decided, which is after its rows are locked: a node that was suspended before finds
//! its lease expired, and the engine ends a write that is suspended afterwards within the margin. Both the steady clock and
//! the wall clock must agree that the lease is valid: the first stops while some machines are suspended, the second is set
//! by people.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base::Clock;
use parking_lot::Mutex;
use storage::{
    Batch, BoxFuture, Decide, Decision, Engine, KeyUse, Layer, Mode, OpId, Reads, StorageError, Transaction, TxError,
};

/// A moment by both clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    steady_ms: u64,
    wall_ms: u64,
}

pub struct Lease {
    clock: Clock,
    length_ms: u64,
    margin_ms: u64,
    /// When it ends by each clock; 0 while it is not held.
    ends_steady_ms: AtomicU64,
    ends_wall_ms: AtomicU64,
    ended: AtomicBool,
    /// The catalog's version that was known at the last heartbeat.
    known: AtomicU64,
    /// Writes with a dropped future that may still be committed: the version that was known when it was dropped, and until
    /// when they may.
    abandoned: Mutex<Vec<(u64, u64)>>,
}

impl Lease {
    pub(super) fn new(clock: Clock, length: Duration, margin: Duration) -> Lease {
        Lease {
            clock,
            length_ms: length.as_millis() as u64,
            margin_ms: margin.as_millis() as u64,
            ends_steady_ms: AtomicU64::new(0),
            ends_wall_ms: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            known: AtomicU64::new(0),
            abandoned: Mutex::default(),
        }
    }

    pub fn moment(&self) -> Moment {
        Moment { steady_ms: self.clock.steady_ms(), wall_ms: self.clock.now_ms() }
    }

    pub fn is_held(&self) -> bool {
        self.covers(self.moment())
    }

    /// By both clocks: one of them may have stood still, or be set back.
    fn covers(&self, moment: Moment) -> bool {
        moment.steady_ms < self.ends_steady_ms.load(Ordering::SeqCst)
            && moment.wall_ms < self.ends_wall_ms.load(Ordering::SeqCst)
    }

    /// The invariant of a renewal: a lease that began later than now would outlast what other nodes wait for.
    fn begins_by_now(&self, since: Moment) -> bool {
        since.steady_ms <= self.moment().steady_ms
    }

    /// The lease runs from `since`, a moment before other nodes could have seen the heartbeat.
    pub fn renew(&self, since: Moment) {
        // After `end` no heartbeat gives the lease back.
        if self.is_ended() {
            return;
        }
        if !self.begins_by_now(since) {
            return self.lose();
        }
        self.ends_steady_ms.store(since.steady_ms + self.length_ms, Ordering::SeqCst);
        self.ends_wall_ms.store(since.wall_ms + self.length_ms, Ordering::SeqCst);
    }

    pub fn lose(&self) {
        self.ends_steady_ms.store(0, Ordering::SeqCst);
    }

    /// Permanent: the node leaves.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.lose();
    }

    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    pub fn knows(&self, version: u64) {
        self.known.store(version, Ordering::SeqCst);
    }

    /// The version that is settled here, given the one that live requests have settled.
    pub fn settled(&self, waited_for: u64) -> u64 {
        // An abandoned write may have used the definitions of the version that was known when it was dropped.
        let now = self.clock.steady_ms();
        let mut abandoned = self.abandoned.lock();
        abandoned.retain(|(_, until)| now < *until);
        abandoned.iter().map(|(known, _)| *known).fold(waited_for, u64::min)
    }

    fn abandon(&self) {
        // At most one entry for each version, so that dropped requests do not grow the list without bound.
        let known = self.known.load(Ordering::SeqCst);
        let until = self.clock.steady_ms() + self.margin_ms;
        let mut abandoned = self.abandoned.lock();
        match abandoned.iter_mut().find(|(of, _)| *of == known) {
            Some(entry) => entry.1 = until,
            None => abandoned.push((known, until)),
        }
    }
}

/// An engine whose writes need the lease.
pub struct Leased {
    engine: Arc<dyn Engine>,
    lease: Arc<Lease>,
}

impl Leased {
    pub fn new(engine: Arc<dyn Engine>, lease: Arc<Lease>) -> Leased {
        Leased { engine, lease }
    }

    async fn write(&self, op: OpId, mode: Mode, keys: &[KeyUse], decide: &mut Decide<'_>) -> Result<Decision, TxError> {
        let mut under_way = UnderWay { lease: &self.lease, decided: false };
        let mut lapsed = false;
        // The engine decides after it has locked the rows: a lease that is valid here covers the commit, with the margin.
        let mut leased = |reads: &Reads, batch: &mut Batch| {
            lapsed = !self.lease.is_held();
            if lapsed {
                return Decision::Refuse;
            }
            let decision = decide(reads, batch);
            under_way.decided |= decision == Decision::Commit;
            decision
        };
        let done = self.engine.transact(Transaction { op, mode, keys, decide: &mut leased }).await;
        // The outcome of every other answer is known: such a write is not waited for.
        under_way.decided = matches!(done, Err(TxError::Unknown));
        match done {
            // The last run of a decision counts. In release as well: the rows may be another node's by now.
            Ok(decision) if is_committed_without_lease(decision, lapsed) => {
                self.lease.lose();
                Err(StorageError::Corrupt(
                    "the engine committed a write that was refused for want of a lease".to_owned(),
                )
                .into())
            }
            Ok(_) if lapsed => Err(StorageError::Unavailable(
                "this node could not renew its lease, and takes no writes until it can".to_owned(),
            )
            .into()),
            done => done,
        }
    }
}

/// The invariant of a leased write: what was decided last without the lease is not committed.
fn is_committed_without_lease(decision: Decision, lapsed: bool) -> bool {
    lapsed && decision == Decision::Commit
}

/// A write in doubt. If it is dropped in that state, it may still be committed.
struct UnderWay<'a> {
    lease: &'a Lease,
    decided: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.decided {
            self.lease.abandon();
        }
    }
}

impl Layer for Leased {
    fn inner(&self) -> &dyn Engine {
        &*self.engine
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        let Transaction { op, mode, keys, decide } = transaction;
        Box::pin(self.write(op, mode, keys, decide))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_by_either_clock_and_begins_before_the_heartbeat() {
        let (clock, hand) = Clock::manual(1_000);
        let lease = Lease::new(clock, Duration::from_millis(100), Duration::from_millis(500));
        assert!(!lease.is_held());
        let begun = lease.moment();
        hand.advance_ms(60);
        lease.renew(begun);
        assert!(lease.is_held());
        hand.advance_ms(39);
        assert!(lease.is_held());
        hand.advance_ms(1);
        assert!(!lease.is_held());
        lease.renew(Moment { wall_ms: 0, ..lease.moment() });
        assert!(!lease.is_held(), "the wall clock has gone on");
        lease.renew(Moment { steady_ms: 0, ..lease.moment() });
        assert!(!lease.is_held(), "the steady clock has gone on");
        lease.renew(lease.moment());
        assert!(lease.is_held());
        lease.renew(Moment { steady_ms: lease.moment().steady_ms + 1, ..lease.moment() });
        assert!(!lease.is_held(), "it would begin in the future");
        lease.end();
        lease.renew(lease.moment());
        assert!(!lease.is_held(), "it has left for good");
    }

    #[test]
    fn a_write_that_nobody_waits_for_is_waited_for() {
        let (clock, hand) = Clock::manual(1_000);
        let lease = Lease::new(clock, Duration::from_millis(100), Duration::from_millis(500));
        lease.knows(5);
        drop(UnderWay { lease: &lease, decided: false });
        assert_eq!(lease.settled(9), 9);
        drop(UnderWay { lease: &lease, decided: true });
        hand.advance_ms(499);
        assert_eq!((lease.settled(9), lease.settled(3)), (5, 3));
        lease.knows(6);
        drop(UnderWay { lease: &lease, decided: true });
        hand.advance_ms(1);
        assert_eq!(lease.settled(9), 6);
        hand.advance_ms(500);
        assert_eq!(lease.settled(9), 9);
    }

    /// Breaks the contract: commits whatever was decided.
    struct Commits(Arc<dyn Engine>);

    impl Layer for Commits {
        fn inner(&self) -> &dyn Engine {
            &*self.0
        }

        fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
            (transaction.decide)(&Reads { values: Vec::new() }, &mut Batch::default());
            Box::pin(std::future::ready(Ok(Decision::Commit)))
        }
    }

    #[tokio::test]
    async fn a_commit_without_the_lease_is_an_error_and_ends_it() {
        let (clock, hand) = Clock::manual(1_000);
        let lease = Arc::new(Lease::new(clock, Duration::from_millis(100), Duration::from_millis(500)));
        let engine: Arc<dyn Engine> =
            Arc::new(Leased::new(Arc::new(Commits(storage::Memory::new())), Arc::clone(&lease)));
        let write = || engine.write(Mode::Plain, &[], |_, _| Ok::<(), ()>(()));
        lease.renew(lease.moment());
        assert!(write().await.is_ok_and(|decided| decided.is_ok()));
        // Both clocks agree that it is over; a clock that is set back does not make it good again.
        hand.advance_ms(100);
        let error = write().await.unwrap_err();
        assert!(matches!(&error, TxError::Storage(StorageError::Corrupt(_))), "{error}");
        assert!(!lease.is_held());
    }
}
