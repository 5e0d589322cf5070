//! The registry at work: a task for each job, or the caller's own hand in tests and simulations.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use base::{Clock, catch_panic};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::job::Job;
use crate::ran::Ran;
use crate::report::{JobReport, Tally};
use crate::schedule::{Next, Outcome, Schedule};

/// How long the end of a dropped run is waited for: longer only if it does not return from a poll.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// The registry. Clones are handles of one registry; with the last one all of its jobs are dropped.
#[derive(Clone)]
pub struct Jobs {
    registry: Arc<Registry>,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs").field("by_hand", &self.registry.by_hand).finish_non_exhaustive()
    }
}

/// A job in the registry, for what ends before the process does. Dropping the handle changes nothing.
#[derive(Clone)]
pub struct JobHandle {
    registry: Weak<Registry>,
    id: u64,
}

/// A job that is dropped with this, as [`JobHandle::abort`] does.
#[must_use]
pub struct ScopedJob(JobHandle);

struct Registry {
    clock: Clock,
    by_hand: bool,
    /// What jobs look at in their pauses.
    stage: watch::Sender<Stage>,
    /// Ends all pauses.
    hurry: watch::Sender<()>,
    tallies: Mutex<BTreeMap<&'static str, Arc<Tally>>>,
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    next_id: u64,
    all: Vec<Slot>,
}

struct Slot {
    id: u64,
    entry: Arc<Entry>,
    /// None where jobs are run by hand.
    task: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    Running,
    /// All jobs but those that stop last.
    Stopping,
    Stopped,
}

struct Entry {
    job: Job,
    tally: Arc<Tally>,
    /// Held by a run: of one job there is one at a time, whatever starts it.
    turn: tokio::sync::Mutex<Turn>,
    /// When the next run is due, by [`Clock::steady_ms`]; of use by hand only. None when the job is over.
    due_ms: Mutex<Option<u64>>,
}

struct Turn {
    schedule: Schedule,
    ended: bool,
}

impl Jobs {
    /// A registry that runs its jobs by itself, in tasks of the Tokio runtime in which they are added. The clock gives
    /// the moments of reports.
    pub fn new(clock: Clock) -> Jobs {
        Jobs::with(clock, false)
    }

    /// A registry that runs jobs only on demand, by [`Jobs::run_once`] and [`Jobs::run_due`], one after the other and
    /// without jitter: with a clock that is moved by hand a simulation decides alone what happens when.
    pub fn by_hand(clock: Clock) -> Jobs {
        Jobs::with(clock, true)
    }

    fn with(clock: Clock, by_hand: bool) -> Jobs {
        let (stage, hurry) = (watch::Sender::new(Stage::Running), watch::Sender::new(()));
        let (tallies, slots) = (Mutex::default(), Mutex::default());
        Jobs { registry: Arc::new(Registry { clock, by_hand, stage, hurry, tallies, slots }) }
    }

    /// Adds a job, which runs until it ends or is stopped. After [`Jobs::stop`] it never runs.
    pub fn add(&self, job: Job) -> JobHandle {
        let registry = &self.registry;
        let tally = registry.tally(&job);
        let first = Schedule::first(&job, registry.chance());
        let turn = tokio::sync::Mutex::new(Turn { schedule: Schedule::of(&job), ended: false });
        let due_ms = Mutex::new(Some(registry.due_ms(first.pause)));
        let entry = Arc::new(Entry { job, tally, turn, due_ms });
        // Under one lock with the look at the stage: a job that is added while others stop is among them, or does not begin.
        let mut slots = registry.slots.lock();
        let id = slots.next_id;
        slots.next_id += 1;
        let over: Vec<Slot> = slots.all.extract_if(.., |slot| slot.is_over()).collect();
        if *registry.stage.borrow() == Stage::Running {
            let task = (!registry.by_hand).then(|| {
                let (entry, clock, stage) = (Arc::clone(&entry), registry.clock.clone(), registry.stage.subscribe());
                let hurry = registry.hurry.subscribe();
                tokio::spawn(async move { entry.drive(first, &clock, stage, hurry).await })
            });
            slots.all.push(Slot { id, entry, task });
        }
        drop(slots);
        // After the lock: a job that is dropped may hold jobs of its own, which take the lock to leave.
        drop(over);
        JobHandle { registry: Arc::downgrade(registry), id }
    }

    /// Adds a job for as long as the returned value lives: a worker of another job, which keeps it in its state.
    pub fn add_scoped(&self, job: Job) -> ScopedJob {
        ScopedJob(self.add(job))
    }

    /// Runs the jobs of a name once, now, in the order in which they were added; a run under way is waited for first. Their leases
    /// are asked for as ever. Returns what the last one came to: None if there is no such job, if another node has its lease,
    /// if it panicked, or if it lasts, as [`Job::lasting`] does: that one runs by itself only.
    pub async fn run_once(&self, name: &str) -> Option<Ran> {
        let mut last = None;
        for entry in self.registry.entries(|entry| entry.job.name == name && !entry.job.lasts) {
            last = match entry.run(&self.registry.clock, 0).await {
                Some((Outcome::Ran(ran), next)) => {
                    entry.plan(&self.registry, next);
                    Some(ran)
                }
                Some((Outcome::NotOurs | Outcome::Panicked, next)) => {
                    entry.plan(&self.registry, next);
                    None
                }
                None => last,
            };
        }
        last
    }

    /// Runs each job that is due by the registry's clock or woken now, the one that is due longest first, until none is. Returns
    /// how many runs there were. A job that returns [`Ran::Again`] without a pause runs until it has no more to do; jobs
    /// that last do not run.
    pub async fn run_due(&self) -> usize {
        let mut runs = 0;
        loop {
            let now_ms = self.registry.clock.steady_ms();
            for entry in self.registry.entries(|entry| entry.due_ms.lock().is_some_and(|due_ms| due_ms > now_ms)) {
                if entry.is_woken_now().await {
                    *entry.due_ms.lock() = Some(now_ms);
                }
            }
            let due = |entry: &Entry| !entry.job.lasts && entry.due_ms.lock().is_some_and(|due_ms| due_ms <= now_ms);
            let entries = self.registry.entries(due);
            // The first of those that are due as long: the order of adding.
            let Some(entry) = entries.into_iter().min_by_key(|entry| *entry.due_ms.lock()) else { return runs };
            match entry.run(&self.registry.clock, 0).await {
                Some((_, next)) => entry.plan(&self.registry, next),
                None => *entry.due_ms.lock() = None,
            }
            runs += 1;
        }
    }

    /// Ends the pauses of all jobs, but for those behind a panic: the clock has been moved, and what is due by it is not to wait for
    /// periods of real time.
    pub fn hurry(&self) {
        self.registry.hurry.send_replace(());
    }

    /// What all jobs have done, by name.
    pub fn reports(&self) -> Vec<JobReport> {
        self.registry.tallies.lock().values().map(|tally| tally.read()).collect()
    }

    /// Stops all jobs, for good. Pauses end at once, and so do runs that last. Others may end their run within `grace`, and are
    /// dropped then, as they would be by a crash. Jobs that stop last run meanwhile, and stop after the others.
    ///
    /// When this returns no job runs any more, but one that has been in one poll for five seconds: it is logged.
    pub async fn stop(&self, grace: Duration) {
        for (stage, stops_last) in [(Stage::Stopping, false), (Stage::Stopped, true)] {
            let slots = {
                // Under the lock that `add` holds while it looks at the stage.
                let mut slots = self.registry.slots.lock();
                self.registry.stage.send_replace(stage);
                let (stopping, staying) =
                    slots.all.drain(..).partition(|slot: &Slot| stops_last || !slot.entry.job.stops_last);
                slots.all = staying;
                stopping
            };
            end_all(slots, grace).await;
        }
    }
}

impl JobHandle {
    /// Drops the job, in the middle of a run as well, and waits until it has ended.
    pub async fn stop(&self) {
        if let Some(slot) = self.take() {
            end_all(vec![slot], Duration::ZERO).await;
        }
    }

    /// Drops the job as [`JobHandle::stop`] does, and does not wait.
    pub fn abort(&self) {
        if let Some(task) = self.take().and_then(|slot| slot.task) {
            task.abort();
        }
    }

    /// Whether the job has ended, or was stopped.
    pub fn is_over(&self) -> bool {
        let Some(registry) = self.registry.upgrade() else { return true };
        let slots = registry.slots.lock();
        slots.all.iter().find(|slot| slot.id == self.id).is_none_or(Slot::is_over)
    }

    fn take(&self) -> Option<Slot> {
        let registry = self.registry.upgrade()?;
        let mut slots = registry.slots.lock();
        let at = slots.all.iter().position(|slot| slot.id == self.id)?;
        // Dropped by the caller, after the lock: its job may hold jobs of its own, which take the lock to leave.
        Some(slots.all.remove(at))
    }
}

impl ScopedJob {
    /// See [`JobHandle::is_over`].
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// See [`JobHandle::stop`].
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

impl Drop for ScopedJob {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Registry {
    fn tally(&self, job: &Job) -> Arc<Tally> {
        let mut tallies = self.tallies.lock();
        Arc::clone(tallies.entry(job.name).or_insert_with(|| Arc::new(Tally::new(job.name, job.owner()))))
    }

    /// What jitter follows from: by hand there is none.
    fn chance(&self) -> u64 {
        if self.by_hand { 0 } else { base::random::u64() }
    }

    fn due_ms(&self, pause: Duration) -> u64 {
        self.clock.steady_ms().saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
    }

    fn entries(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Arc<Entry>> {
        let slots = self.slots.lock();
        // Returned without the lock: a run may add jobs and remove them.
        slots.all.iter().map(|slot| &slot.entry).filter(|entry| wanted(entry)).cloned().collect()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.slots.get_mut().all.iter().filter_map(|slot| slot.task.as_ref()).for_each(JoinHandle::abort);
    }
}

impl Slot {
    fn is_over(&self) -> bool {
        match &self.task {
            Some(task) => task.is_finished(),
            None => self.entry.due_ms.lock().is_none(),
        }
    }
}

/// No pause is none: the shortest sleep takes a millisecond.
async fn pause(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

/// Waits for the ends of tasks that are to stop; those that last, and those that take longer, are dropped.
async fn end_all(slots: Vec<Slot>, grace: Duration) {
    let until = tokio::time::Instant::now() + grace;
    slots.iter().filter(|slot| slot.entry.job.lasts).filter_map(|slot| slot.task.as_ref()).for_each(JoinHandle::abort);
    for Slot { entry, task, .. } in slots {
        let mut has_ended = true;
        if let Some(mut task) = task
            && tokio::time::timeout_at(until, &mut task).await.is_err()
        {
            task.abort();
            has_ended = tokio::time::timeout(END_TIMEOUT, task).await.is_ok();
        }
        // After the run, which begins them.
        if let Some(left) = &entry.job.account_tasks {
            has_ended &= tokio::time::timeout(END_TIMEOUT, left.stop()).await.is_ok();
        }
        if !has_ended {
            let name = entry.job.name;
            log::error!(event = "job_not_stopped", job = name; "the job {name} does not stop: it blocks its thread");
        }
    }
}

impl Entry {
    /// Runs the job until it is over, or the registry stops.
    async fn drive(
        &self,
        first: Next,
        clock: &Clock,
        mut stage: watch::Receiver<Stage>,
        mut hurry: watch::Receiver<()>,
    ) {
        let stops_at = if self.job.stops_last { Stage::Stopped } else { Stage::Stopping };
        let mut next = first;
        loop {
            tokio::select! {
                // The end first: a job that is always woken would never see it.
                biased;
                _ = stage.wait_for(|stage| *stage >= stops_at) => return,
                () = self.woken(), if next.may_be_woken => {}
                // A registry that is dropped has no more to say; its stage ends the job.
                Ok(()) = hurry.changed(), if next.may_be_woken => {}
                () = pause(next.pause) => {}
            }
            match self.run(clock, base::random::u64()).await {
                Some((_, Some(after))) => next = after,
                Some((_, None)) | None => return,
            }
            if next.pause.is_zero() {
                // A job with more to do lets other tasks have their turn.
                tokio::task::yield_now().await;
            }
        }
    }

    async fn woken(&self) {
        match &self.job.woken {
            Some(woken) => woken().await,
            None => std::future::pending().await,
        }
    }

    /// Whether the job's wake-up is there already. If so, it is used up, and a run must follow.
    async fn is_woken_now(&self) -> bool {
        let mut woken = std::pin::pin!(self.woken());
        std::future::poll_fn(|context| Poll::Ready(woken.as_mut().poll(context).is_ready())).await
    }

    /// One run, and when the next one is. None if the job is over already.
    async fn run(&self, clock: &Clock, chance: u64) -> Option<(Outcome, Option<Next>)> {
        // One run at a time: `run_once` may ask while the job's own task runs it.
        let mut turn = self.turn.lock().await;
        if turn.ended {
            return None;
        }
        let running = self.tally.begin();
        let outcome = match catch_panic(self.run_if_ours()).await {
            Ok(outcome) => outcome,
            Err(panicked) => {
                let name = self.tally.name();
                log::error!(event = "job_panicked", job = name; "the job {name} panicked and is retried: {panicked}");
                Outcome::Panicked
            }
        };
        running.ended(outcome, clock);
        let next = turn.schedule.after(outcome, chance);
        turn.ended = next.is_none();
        Some((outcome, next))
    }

    /// The lease first: the future of the run is made only if it is ours. Both are under the guard against panics, and so are the
    /// calls that make them.
    async fn run_if_ours(&self) -> Outcome {
        if let Some(may_run) = &self.job.may_run
            && !may_run().await
        {
            return Outcome::NotOurs;
        }
        Outcome::Ran((self.job.run)().await)
    }

    fn plan(&self, registry: &Registry, next: Option<Next>) {
        *self.due_ms.lock() = next.map(|next| registry.due_ms(next.pause));
    }
}

#[cfg(test)]
mod tests;
