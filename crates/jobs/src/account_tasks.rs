//! Work of a job that is grouped by account, for jobs that wait for what accounts choose: the KMS of their tables' keys.
//!
//! Each account's work is a task. A bounded number of accounts has a slot and works; an account that waits for the KMS gives its slot
//! back ([`without_slot`]), so that a KMS that does not answer occupies no slot. A run of the job begins a task for each account that
//! has none, waits for the tasks for one period at most, and reports what has ended since the run before. A task that takes longer goes on
//! meanwhile, and its account is left out until it has ended.
//!
//! **Guarantee.** Tables whose KMS does not answer, as many as they are, delay the tables of other accounts by at most one period of
//! the job.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use base::catch_panic;
use parking_lot::Mutex;
use tokio::sync::{MutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::ran::Ran;

/// Accounts that work at once. Few, as background work leaves the engine to requests.
const SLOTS: usize = 4;
/// A run waits at least so long, for jobs with short periods.
const WAIT_MIN: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// That of the account whose task this is.
    static SLOT: Slot;
}

struct Slot {
    slots: Arc<Semaphore>,
    held: Mutex<Option<OwnedSemaphorePermit>>,
}

/// The tasks of one job, at most one for each account.
pub(crate) struct AccountTasks {
    slots: Arc<Semaphore>,
    shared: Arc<Mutex<Shared>>,
    /// Locked by a run, and by the end of the job.
    round: tokio::sync::Mutex<Round>,
}

#[derive(Default)]
struct Shared {
    /// Accounts that have a task.
    busy: BTreeSet<String>,
    /// What the tasks came to that have ended since it was taken.
    outcome: Option<Ran>,
    /// The first panic since it was taken.
    panicked: Option<String>,
}

#[derive(Default)]
struct Round {
    tasks: JoinSet<()>,
    /// The account that the next run begins with: the first one for which the run before had no slot.
    next: Option<String>,
}

/// An account's place among the busy ones, until it is dropped.
struct Busy {
    shared: Arc<Mutex<Shared>>,
    account: String,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.shared.lock().busy.remove(&self.account);
    }
}

/// A run under way. One that is dropped before its end drops all tasks, as a crash would.
struct Run<'a> {
    round: MutexGuard<'a, Round>,
    has_ended: bool,
}

impl Deref for Run<'_> {
    type Target = Round;

    fn deref(&self) -> &Round {
        &self.round
    }
}

impl DerefMut for Run<'_> {
    fn deref_mut(&mut self) -> &mut Round {
        &mut self.round
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.round.tasks.abort_all();
        }
    }
}

impl AccountTasks {
    pub(crate) fn new() -> AccountTasks {
        let slots = Arc::new(Semaphore::new(SLOTS));
        AccountTasks { slots, shared: Arc::default(), round: tokio::sync::Mutex::default() }
    }

    /// Works for each account, and waits for a period at most. Returns what was the worst that a task came to since the run before; panics
    /// if one has.
    pub(crate) async fn run<F>(&self, work: BTreeMap<String, F>, period: Duration) -> Ran
    where
        F: Future<Output = Ran> + Send + 'static,
    {
        let mut run = Run { round: self.round.lock().await, has_ended: false };
        // An error is the end of the period: the tasks go on, and end in a later run.
        let _ = tokio::time::timeout(period.max(WAIT_MIN), self.work_through(&mut run, work)).await;
        run.has_ended = true;
        let (outcome, panicked) = {
            let mut shared = self.shared.lock();
            (shared.outcome.take(), shared.panicked.take())
        };
        if let Some(text) = panicked {
            // The panic is the run's, so that the registry logs and counts it; its hook has run already.
            std::panic::resume_unwind(Box::new(text));
        }
        outcome.unwrap_or(Ran::Done)
    }

    async fn work_through<F>(&self, round: &mut Round, mut work: BTreeMap<String, F>)
    where
        F: Future<Output = Ran> + Send + 'static,
    {
        let first = round.next.take().map(|next| work.split_off(&next));
        for (account, work) in first.into_iter().flatten().chain(work) {
            if self.shared.lock().busy.contains(&account) {
                continue;
            }
            // Noted before the wait: the run may end in it.
            round.next = Some(account.clone());
            let Ok(permit) = Arc::clone(&self.slots).acquire_owned().await else { return };
            round.next = None;
            let slot = Slot { slots: Arc::clone(&self.slots), held: Mutex::new(Some(permit)) };
            self.shared.lock().busy.insert(account.clone());
            let busy = Busy { shared: Arc::clone(&self.shared), account };
            round.tasks.spawn(work_for(busy, SLOT.scope(slot, work)));
        }
        while round.tasks.join_next().await.is_some() {}
    }

    /// Drops all tasks, and waits until they are gone.
    pub(crate) async fn stop(&self) {
        self.round.lock().await.tasks.shutdown().await;
    }
}

async fn work_for(busy: Busy, work: impl Future<Output = Ran>) {
    let ended = catch_panic(work).await;
    // The outcome is stored before `busy` is dropped: the account is not given another task before its outcome is there.
    let mut shared = busy.shared.lock();
    match ended {
        Ok(outcome) => shared.outcome = Some(worse(shared.outcome.unwrap_or(Ran::Done), outcome)),
        Err(panicked) => {
            shared.panicked.get_or_insert_with(|| format!("for account {}: {panicked}", busy.account));
        }
    }
}

fn worse(one: Ran, other: Ran) -> Ran {
    match (one, other) {
        (Ran::Ended, _) | (_, Ran::Ended) => Ran::Ended,
        (Ran::Failed, _) | (_, Ran::Failed) => Ran::Failed,
        (Ran::Again(one), Ran::Again(other)) => Ran::Again(one.min(other)),
        (Ran::Again(pause), Ran::Done) | (Ran::Done, Ran::Again(pause)) => Ran::Again(pause),
        (Ran::Done, Ran::Done) => Ran::Done,
    }
}

/// Awaits an answer of what an account chooses, as its KMS. In a task of an account this gives its slot to another account as soon as it
/// has to wait; the task goes on without a slot until [`take_slot`]. Elsewhere it changes nothing.
pub async fn without_slot<T>(waiting: impl Future<Output = T>) -> T {
    let mut waiting = pin!(waiting);
    std::future::poll_fn(|context| {
        let polled = waiting.as_mut().poll(context);
        if matches!(polled, Poll::Pending) {
            // Not taken again here: the task may hold locks for which those with slots wait.
            let _ = SLOT.try_with(|slot| slot.held.lock().take());
        }
        polled
    })
    .await
}

/// Waits for a slot, if this is an account's task that has given its slot back. Called between two tables, without any lock.
pub async fn take_slot() {
    let slots = SLOT.try_with(|slot| slot.held.lock().is_none().then(|| Arc::clone(&slot.slots)));
    let Ok(Some(slots)) = slots else { return };
    if let Ok(permit) = slots.acquire_owned().await {
        let _ = SLOT.try_with(|slot| *slot.held.lock() = Some(permit));
    }
}

#[cfg(test)]
mod tests;
