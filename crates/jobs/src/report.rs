//! What is counted of jobs. Jobs of one name share their counts, which outlive them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base::Clock;

use crate::job::Owner;
use crate::ran::Ran;
use crate::schedule::Outcome;

/// What the jobs of one name have done since the start of the process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobReport {
    pub name: &'static str,
    pub owner: Owner,
    /// Runs that ended, well or not. A look at a lease that another node holds is none.
    pub runs: u64,
    /// Runs that failed.
    pub failures: u64,
    /// Runs that panicked.
    pub panics: u64,
    /// When the last run succeeded, in milliseconds since 1970.
    pub last_success_ms: Option<u64>,
    /// Time of all runs together.
    pub duration: Duration,
    /// Runs under way now.
    pub running: u64,
}

#[derive(Debug)]
pub(crate) struct Tally {
    name: &'static str,
    owner: Owner,
    runs: AtomicU64,
    failures: AtomicU64,
    panics: AtomicU64,
    /// 0 before the first one.
    last_success_ms: AtomicU64,
    duration_ns: AtomicU64,
    running: AtomicU64,
}

/// A run under way, until this is dropped.
pub(crate) struct Running<'a> {
    tally: &'a Tally,
    begun: Instant,
}

impl Tally {
    pub(crate) fn new(name: &'static str, owner: Owner) -> Tally {
        let zero = AtomicU64::default;
        Tally {
            name,
            owner,
            runs: zero(),
            failures: zero(),
            panics: zero(),
            last_success_ms: zero(),
            duration_ns: zero(),
            running: zero(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn begin(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running { tally: self, begun: Instant::now() }
    }

    pub(crate) fn read(&self) -> JobReport {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        JobReport {
            name: self.name,
            owner: self.owner,
            runs: read(&self.runs),
            failures: read(&self.failures),
            panics: read(&self.panics),
            last_success_ms: Some(read(&self.last_success_ms)).filter(|at_ms| *at_ms > 0),
            duration: Duration::from_nanos(read(&self.duration_ns)),
            running: read(&self.running),
        }
    }
}

impl Running<'_> {
    pub(crate) fn ended(&self, outcome: Outcome, clock: &Clock) {
        let count = match outcome {
            Outcome::NotOurs => return,
            Outcome::Panicked => Some(&self.tally.panics),
            Outcome::Ran(Ran::Failed) => Some(&self.tally.failures),
            Outcome::Ran(Ran::Done | Ran::Again(_) | Ran::Ended) => None,
        };
        self.tally.runs.fetch_add(1, Ordering::Relaxed);
        match count {
            Some(count) => _ = count.fetch_add(1, Ordering::Relaxed),
            // Two jobs of one name may end at once; either moment is as good.
            None => self.tally.last_success_ms.store(clock.now_ms(), Ordering::Relaxed),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let duration_ns = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.tally.duration_ns.fetch_add(duration_ns, Ordering::Relaxed);
        self.tally.running.fetch_sub(1, Ordering::Relaxed);
    }
}
