//! Deletes tombstones some minutes after they were written.
//!
//! A write with an in-doubt commit reads its outcome from the tombstone of a deleted row, or from one that marks a row
//! as still absent; that takes seconds at most. A node remembers its tombstones in memory, up to a bound. Those of a
//! stopped node remain: they cost their bytes, and scans skip them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jobs::{Job, Ran};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::connection::{Ask, BEGIN, COMMIT, Sql, Value};
use crate::place::Position;
use crate::pool::{Left, Pool};
use crate::sequencer::Sequencer;

/// Far longer than a lost commit can be in doubt.
const AGE: Duration = Duration::from_secs(300);
const INTERVAL: Duration = Duration::from_secs(10);
/// Tombstones that are removed in one transaction.
const BATCH: usize = 256;
/// Tombstones that are remembered; later ones stay.
const REMEMBERED_MAX: usize = 200_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tombstone {
    pub(crate) at: Position,
    pub(crate) ver: i64,
}

#[derive(Default)]
pub(crate) struct Sweeper {
    due: Mutex<VecDeque<(Instant, Tombstone)>>,
}

impl Sweeper {
    /// Adds the job that sweeps, for as long as the pool lives.
    pub(crate) fn start(pool: &Arc<Pool>, sequencer: &Arc<Sequencer>) -> Arc<Sweeper> {
        let sweeper = Arc::new(Sweeper::default());
        let (of_job, sequencer) = (Arc::clone(&sweeper), Arc::clone(sequencer));
        pool.jobs().add(Job::on(pool, "sweep_tombstones", INTERVAL, move |pool| {
            let (sweeper, sequencer) = (Arc::clone(&of_job), Arc::clone(&sequencer));
            async move { sweep_due(&pool, &sweeper, &sequencer).await }
        }));
        sweeper
    }

    pub(crate) fn remember(&self, now: Instant, tombstones: Vec<Tombstone>) {
        if tombstones.is_empty() {
            return;
        }
        let when = now + AGE;
        let mut due = self.due.lock();
        let room = REMEMBERED_MAX.saturating_sub(due.len());
        due.extend(tombstones.into_iter().take(room).map(|tombstone| (when, tombstone)));
    }

    fn has_due(&self, now: Instant) -> bool {
        self.due.lock().front().is_some_and(|(when, _)| *when <= now)
    }

    fn take_due(&self, now: Instant) -> Vec<Tombstone> {
        let mut due = self.due.lock();
        let mut taken = Vec::new();
        while taken.len() < BATCH && due.front().is_some_and(|(when, _)| *when <= now) {
            taken.extend(due.pop_front().map(|(_, tombstone)| tombstone));
        }
        // In the order in which all writers lock.
        taken.sort_unstable_by(|left, right| left.at.cmp(&right.at));
        taken
    }
}

async fn sweep_due(pool: &Arc<Pool>, sweeper: &Sweeper, sequencer: &Sequencer) -> Ran {
    let now = Instant::now();
    if pool.check_open().is_err() {
        return Ran::Ended;
    }
    if !sweeper.has_due(now) {
        return Ran::Done;
    }
    // Once the tombstone is deleted, the next write of its row may get a smaller version than the deletion had: the
    // record of the deletion must have its position by then.
    if sequencer.sequence_all(pool).await.is_err() {
        return Ran::Failed;
    }
    loop {
        let due = sweeper.take_due(now);
        if due.is_empty() {
            return Ran::Done;
        }
        sweep(pool, &due).await;
    }
}

/// A tombstone that cannot be deleted now remains permanently, which is harmless.
async fn sweep(pool: &Arc<Pool>, due: &[Tombstone]) {
    let Ok(mut session) = pool.take().await else { return };
    let removal = |tombstone: &Tombstone| {
        let Position { p, s } = &tombstone.at;
        Ask::Of(Sql::Sweep, vec![p[..].into(), s[..].into(), Value::Int(tombstone.ver)])
    };
    let asks: Vec<Ask> = [BEGIN].into_iter().chain(due.iter().map(removal)).chain([COMMIT]).collect();
    let _ = session.fly(&asks, Left::Idle).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tombstones_are_due_when_they_are_old() {
        let (sweeper, start) = (Sweeper::default(), Instant::now());
        let tombstone = |ver: i64| Tombstone { at: Position { p: vec![1], s: vec![9 - ver as u8] }, ver };
        sweeper.remember(start, vec![tombstone(1), tombstone(2)]);
        sweeper.remember(start + AGE / 2, vec![tombstone(3)]);
        assert_eq!(sweeper.take_due(start + AGE / 2), []);
        assert_eq!(sweeper.take_due(start + AGE), [tombstone(2), tombstone(1)]);
        assert_eq!(sweeper.take_due(start + AGE), []);
    }
}
