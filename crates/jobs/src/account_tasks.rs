//! Work of a job that is grouped by account, for jobs that wait for what accounts choose: the KMS of their tables' keys.
//!
//! Each account's work is a task. A bounded number of accounts has a slot and works. Between two steps ([`take_slot`]) an account that
//! has used its slot for a while passes it to the account that waits longest; one that waits for the KMS gives it back
//! ([`without_slot`]), so that a KMS that does not answer occupies no slot. A run of the job begins a task for each account that has
//! none, waits for the tasks for one period at most, and reports what has ended since the run before. A task that takes longer goes on
//! meanwhile: its account is left out until it has ended, and the next run follows at once.
//!
//! **Guarantee.** Tables whose KMS does not answer, as many as they are, delay the tables of other accounts by at most one period of
//! the job. An account with more work than ends delays others as any other account does: by its turns with a slot, of
//! [`QUANTUM`] and a step each.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use base::catch_panic;
use parking_lot::Mutex;
use tokio::sync::{MutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::ran::Ran;

/// Accounts that work at once. Few, as background work leaves the engine to requests.
const SLOTS: usize = 4;
/// For how long an account uses a slot while others wait for one.
const QUANTUM: Duration = Duration::from_millis(250);
/// A run waits at least so long, for jobs with short periods.
const WAIT_MIN: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// That of the account whose task this is.
    static SLOT: Slot;
}

struct Slot {
    slots: Arc<Semaphore>,
    held: Mutex<Option<Held>>,
}

struct Held {
    _permit: OwnedSemaphorePermit,
    since: Instant,
}

impl Slot {
    /// The slots, if the account has to wait for one of them before its next step.
    fn next(&self) -> Option<Arc<Semaphore>> {
        let mut held = self.held.lock();
        if held.as_ref().is_some_and(|held| held.since.elapsed() < QUANTUM) {
            return None;
        }
        // Given back before the wait. The semaphore is fair: the slot passes to the account that waits longest, and if none does,
        // this account takes it again at once.
        *held = None;
        Some(Arc::clone(&self.slots))
    }
}

/// The tasks of one job, at most one for each account.
pub(crate) struct AccountTasks {
    slots: Arc<Semaphore>,
    shared: Arc<Mutex<Shared>>,
    /// Locked by a run, and by the end of the job.
    tasks: tokio::sync::Mutex<JoinSet<()>>,
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
    tasks: MutexGuard<'a, JoinSet<()>>,
    has_ended: bool,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.tasks.abort_all();
        }
    }
}

impl AccountTasks {
    pub(crate) fn new() -> AccountTasks {
        let slots = Arc::new(Semaphore::new(SLOTS));
        AccountTasks { slots, shared: Arc::default(), tasks: tokio::sync::Mutex::default() }
    }

    /// Works for each account, and waits for a period at most. Returns what was the worst that a task came to since the run before; panics
    /// if one has.
    pub(crate) async fn run<F>(&self, work: BTreeMap<String, F>, period: Duration) -> Ran
    where
        F: Future<Output = Ran> + Send + 'static,
    {
        let mut run = Run { tasks: self.tasks.lock().await, has_ended: false };
        self.begin(&mut run.tasks, work);
        // An error is the end of the period: the tasks go on, and end in a later run.
        let all_ended = async { while run.tasks.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout(period.max(WAIT_MIN), all_ended).await.is_ok();
        run.has_ended = true;
        let (outcome, panicked) = {
            let mut shared = self.shared.lock();
            (shared.outcome.take(), shared.panicked.take())
        };
        if let Some(text) = panicked {
            // The panic is the run's, so that the registry logs and counts it; its hook has run already.
            std::panic::resume_unwind(Box::new(text));
        }
        // A pause after a run that took a period would make two of it, for accounts that have ended and have more to do.
        let unfinished = if in_time { Ran::Done } else { Ran::Again(Duration::ZERO) };
        worse(outcome.unwrap_or(Ran::Done), unfinished)
    }

    /// Begins a task for each account that has none. All of them wait for slots, in one queue with those of the runs before: an
    /// account's place does not depend on how many others have work.
    fn begin<F>(&self, tasks: &mut JoinSet<()>, work: BTreeMap<String, F>)
    where
        F: Future<Output = Ran> + Send + 'static,
    {
        for (account, work) in work {
            // Marked here and unmarked when the task ends, however it does (`Busy`): an account never has two tasks.
            if !self.shared.lock().busy.insert(account.clone()) {
                continue;
            }
            let busy = Busy { shared: Arc::clone(&self.shared), account };
            let slot = Slot { slots: Arc::clone(&self.slots), held: Mutex::default() };
            tasks.spawn(work_for(busy, SLOT.scope(slot, in_slot(work))));
        }
    }

    /// Drops all tasks, and waits until they are gone.
    pub(crate) async fn stop(&self) {
        self.tasks.lock().await.shutdown().await;
    }
}

async fn in_slot(work: impl Future<Output = Ran>) -> Ran {
    take_slot().await;
    work.await
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

/// Waits for a slot, if this is an account's task that has given its slot back, or has used it for [`QUANTUM`]. Called between two
/// steps, without any lock: others may work in between.
pub async fn take_slot() {
    let Ok(Some(slots)) = SLOT.try_with(Slot::next) else { return };
    if let Ok(permit) = slots.acquire_owned().await {
        let _ = SLOT.try_with(|slot| *slot.held.lock() = Some(Held { _permit: permit, since: Instant::now() }));
    }
}

#[cfg(test)]
mod tests;
