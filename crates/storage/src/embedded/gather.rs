//! Gathering: for how many writers, and how long, the committer waits before it syncs.
//!
//! A sync costs as much for one write as for many. Clients that got their answers come back a moment later; a committer
//! that syncs whatever is there takes only the quickest of them, and pays for a sync every few writes. So it waits for
//! one writer more than came the last time, until no further writer comes. Then it waits for that number, and tries for
//! more only after a while, so that a lone writer hardly ever waits.

use std::time::Duration;

/// The longest wait. Unit: microseconds.
const PATIENCE_MAX: Duration = Duration::from_micros(1000);
/// Groups between two tries for more; doubled after each try in vain.
const REST_MIN: u32 = 32;
const REST_MAX: u32 = 1024;
/// The part of a new measurement in the smoothed time.
const SMOOTHING: u32 = 8;

/// How many jobs to wait for, and how long at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Plan {
    pub(super) jobs: usize,
    pub(super) patience: Duration,
}

#[derive(Debug)]
pub(super) struct Gather {
    wanted: usize,
    /// Whether one more was wanted than came before.
    trying: bool,
    /// Groups until more are wanted again.
    rest: u32,
    /// How long to rest when the next try is in vain.
    next_rest: u32,
    /// What a commit takes, smoothed.
    commit: Duration,
}

impl Default for Gather {
    fn default() -> Gather {
        Gather { wanted: 1, trying: false, rest: 0, next_rest: REST_MIN, commit: Duration::ZERO }
    }
}

impl Gather {
    /// Waiting as long as two commits take costs a writer at most about as much as coming a moment too late does.
    pub(super) fn plan(&self) -> Plan {
        Plan { jobs: self.wanted, patience: (self.commit * 2).min(PATIENCE_MAX) }
    }

    /// Learns from a group of so many jobs that was gathered by the last plan and took so long to commit.
    pub(super) fn learn(&mut self, jobs: usize, commit: Duration) {
        self.commit = (self.commit * (SMOOTHING - 1) + commit) / SMOOTHING;
        if jobs < self.wanted {
            self.rest = self.next_rest;
            self.next_rest = (self.next_rest * 2).min(REST_MAX);
            (self.wanted, self.trying) = (jobs.max(1), false);
        } else if self.rest > 0 {
            self.rest -= 1;
        } else {
            if self.trying {
                self.next_rest = REST_MIN;
            }
            (self.wanted, self.trying) = (jobs + 1, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: Duration = Duration::from_micros(200);

    /// Runs groups of `writers` that always come back in time; returns the size of the last group, and how many of the
    /// waits were in vain.
    fn play(gather: &mut Gather, writers: usize, groups: usize) -> (usize, usize) {
        let mut vain = 0;
        let mut last = 0;
        for _ in 0..groups {
            let wanted = gather.plan().jobs;
            last = wanted.min(writers);
            vain += usize::from(wanted > writers);
            gather.learn(last, COMMIT);
        }
        (last, vain)
    }

    #[test]
    fn a_lone_writer_hardly_ever_waits() {
        let (_, vain) = play(&mut Gather::default(), 1, 10_000);
        assert!((1..20).contains(&vain), "{vain} waits");
    }

    #[test]
    fn many_writers_end_in_one_group_and_few_in_small_ones() {
        let mut gather = Gather::default();
        assert_eq!(play(&mut gather, 16, 17).0, 16);
        let (last, vain) = play(&mut gather, 16, 1_000);
        assert_eq!(last, 16);
        assert!(vain < 10, "{vain} waits");
        assert_eq!(play(&mut gather, 3, 10).0, 3);
        assert_eq!(play(&mut gather, 64, 3_000).0, 64);
    }

    #[test]
    fn patience_follows_the_disk_up_to_a_bound() {
        let mut gather = Gather::default();
        assert_eq!(gather.plan().patience, Duration::ZERO);
        play(&mut gather, 4, 200);
        let patience = gather.plan().patience;
        assert!((COMMIT..=2 * COMMIT).contains(&patience), "{patience:?}");
        (0..200).for_each(|_| gather.learn(4, Duration::from_millis(20)));
        assert_eq!(gather.plan().patience, PATIENCE_MAX);
    }
}
