//! When a job runs next: decided from what its last run came to, without a clock.

use std::time::Duration;

use crate::job::Job;
use crate::ran::Ran;

/// The jitter: a period is shortened by up to one part in so many.
const JITTER_PART: u32 = 10;
/// The pause after a panic; each further panic in a row doubles it.
const PANIC_PAUSE_MIN: Duration = Duration::from_secs(1);
const PANIC_PAUSE_MAX: Duration = Duration::from_secs(60);

/// What one run came to, panics included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Ran(Ran),
    /// The lease is another node's.
    NotOurs,
    Panicked,
}

/// The next run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Next {
    pub(crate) pause: Duration,
    /// Whether the job's wake-up may cut the pause short.
    pub(crate) may_be_woken: bool,
}

#[derive(Debug)]
pub(crate) struct Schedule {
    every: Duration,
    retry: Duration,
    /// Panics since the last run that ended.
    panics: u32,
}

impl Schedule {
    pub(crate) fn of(job: &Job) -> Schedule {
        Schedule { every: job.every, retry: job.retry, panics: 0 }
    }

    pub(crate) fn first(job: &Job, chance: u64) -> Next {
        let pause = if job.at_once { Duration::ZERO } else { shortened(job.every, chance) };
        Next { pause, may_be_woken: true }
    }

    /// None when the job is over. `chance` is any number: the jitter follows from it, and zero is none.
    pub(crate) fn after(&mut self, outcome: Outcome, chance: u64) -> Option<Next> {
        if outcome != Outcome::Panicked {
            self.panics = 0;
        }
        let pause = match outcome {
            Outcome::Ran(Ran::Ended) => return None,
            Outcome::Ran(Ran::Done) | Outcome::NotOurs => shortened(self.every, chance),
            // Exact: a job that chooses its pause has a reason for it.
            Outcome::Ran(Ran::Again(pause)) => pause,
            Outcome::Ran(Ran::Failed) => shortened(self.retry, chance),
            Outcome::Panicked => {
                let pause = PANIC_PAUSE_MIN.saturating_mul(1 << self.panics.min(16)).min(PANIC_PAUSE_MAX);
                self.panics = self.panics.saturating_add(1);
                // The period of a job that only wakes is endless, and a panic must not be its end.
                pause.max(self.every.min(PANIC_PAUSE_MAX))
            }
        };
        // A wake-up that is always ready must not turn a panic into a busy loop.
        Some(Next { pause, may_be_woken: outcome != Outcome::Panicked })
    }
}

/// The pause, shortened by up to a tenth and never longer: a period is a promise of how soon the job runs again.
fn shortened(pause: Duration, chance: u64) -> Duration {
    let part = (chance % 1024) as u32;
    pause - pause / JITTER_PART / 1024 * part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(every: Duration) -> Schedule {
        Schedule { every, retry: every / 2, panics: 0 }
    }

    #[test]
    fn a_period_is_shortened_and_never_longer() {
        let every = Duration::from_secs(10);
        let mut schedule = schedule(every);
        let mut pause = |chance| schedule.after(Outcome::Ran(Ran::Done), chance).expect("it goes on").pause;
        assert_eq!(pause(0), every);
        for chance in [1, 1023, u64::MAX] {
            assert!(pause(chance) < every && pause(chance) >= Duration::from_secs(9), "{chance}");
        }
    }

    #[test]
    fn panics_in_a_row_take_longer_each() {
        let mut schedule = schedule(Duration::from_millis(100));
        let mut after = |outcome| schedule.after(outcome, 0).expect("it goes on");
        let pauses: Vec<u64> = (0..8).map(|_| after(Outcome::Panicked).pause.as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(!after(Outcome::Panicked).may_be_woken);
        assert!(after(Outcome::Ran(Ran::Failed)).may_be_woken);
        assert_eq!(after(Outcome::Panicked).pause.as_secs(), 1);
    }

    #[test]
    fn a_job_without_a_period_runs_again_after_a_panic() {
        let next = schedule(Duration::MAX).after(Outcome::Panicked, 7).expect("it goes on");
        assert_eq!(next.pause, PANIC_PAUSE_MAX);
        assert_eq!(schedule(Duration::MAX).after(Outcome::Ran(Ran::Ended), 0), None);
    }

    #[test]
    fn a_run_chooses_its_pause() {
        let mut schedule = schedule(Duration::from_secs(10));
        let mut pause = |ran| schedule.after(Outcome::Ran(ran), 0).expect("it goes on").pause;
        assert_eq!(pause(Ran::Again(Duration::ZERO)), Duration::ZERO);
        assert_eq!(pause(Ran::Failed), Duration::from_secs(5));
    }
}
