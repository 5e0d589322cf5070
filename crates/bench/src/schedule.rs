//! When requests are sent.
//!
//! Closed loop: as soon as the connection is free, and the time of a request counts from there. Open loop: at moments
//! fixed beforehand, whatever the server does; a request that must wait for a free connection has its waiting counted,
//! because a user's request at that moment would have waited too ("coordinated omission" is to leave that out).
//!
//! The moments are announced by a thread of its own, which the operating system wakes more precisely than the timers of
//! the runtime, which have a resolution of a millisecond.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::interrupt;

/// The moments of an open loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) rate: f64,
    pub(crate) requests: u64,
}

impl Schedule {
    pub(crate) fn new(rate: f64, duration: Duration) -> Schedule {
        Schedule { rate, requests: (rate * duration.as_secs_f64()).round().max(1.0) as u64 }
    }

    /// The moment of request number `index`, from the start.
    pub(crate) fn moment(&self, index: u64) -> Duration {
        Duration::from_secs_f64(index as f64 / self.rate)
    }

    /// How many requests should have been sent at this time.
    pub(crate) fn due(&self, elapsed: Duration) -> u64 {
        // The estimate may be off by one where the division rounds.
        let mut due = ((elapsed.as_secs_f64() * self.rate) as u64).saturating_sub(1);
        while due < self.requests && self.moment(due) <= elapsed {
            due += 1;
        }
        due.min(self.requests)
    }
}

enum Pace {
    Closed,
    Open { schedule: Schedule, announced: Semaphore },
}

/// What all connections of a round share: when each may send, and when the round is over.
pub(crate) struct Pacer {
    start: Instant,
    /// No request is begun later than this.
    end: Instant,
    /// Requests that were begun, ...
    begun: AtomicU64,
    /// ... and may be in all.
    limit: u64,
    pace: Pace,
    stopped: AtomicBool,
}

impl Pacer {
    /// Each connection on its own, until `duration` is over or `limit` requests are begun.
    pub(crate) fn closed(start: Instant, duration: Duration, limit: u64) -> Pacer {
        let stopped = AtomicBool::new(false);
        Pacer { start, end: start + duration, begun: AtomicU64::new(0), limit, pace: Pace::Closed, stopped }
    }

    /// At the schedule's moments. A server that cannot keep up gets `grace` to answer what it was too slow for.
    pub(crate) fn open(start: Instant, schedule: Schedule, grace: Duration) -> Pacer {
        let pace = Pace::Open { schedule, announced: Semaphore::new(0) };
        let end = start + schedule.moment(schedule.requests) + grace;
        let (begun, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
        Pacer { start, end, begun, limit: schedule.requests, pace, stopped }
    }

    /// Waits for the next request's turn, and gives the moment from which its time counts. `None`: no more.
    pub(crate) async fn turn(&self) -> Option<Instant> {
        if let Pace::Open { announced, .. } = &self.pace {
            // An error means that the announcer has ended, and then there are no more turns.
            announced.acquire().await.ok()?.forget();
        }
        let now = Instant::now();
        if now >= self.end || self.is_stopped() {
            return None;
        }
        let index = self.begun.fetch_add(1, Ordering::Relaxed);
        if index >= self.limit {
            return None;
        }
        match &self.pace {
            Pace::Closed => Some(now),
            Pace::Open { schedule, .. } => Some(self.start + schedule.moment(index)),
        }
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || interrupt::requested()
    }

    /// Requests of an open loop for which there was never a turn.
    pub(crate) fn never_begun(&self) -> u64 {
        match &self.pace {
            Pace::Closed => 0,
            Pace::Open { .. } => self.limit.saturating_sub(self.begun.load(Ordering::Relaxed)),
        }
    }

    /// Announces the moments as they come; returns when all are announced, or the round was stopped.
    pub(crate) fn announce(&self, connections: usize) {
        let Pace::Open { schedule, announced } = &self.pace else { return };
        wake_precisely();
        let mut done = 0;
        while done < schedule.requests && !self.is_stopped() {
            let elapsed = self.start.elapsed();
            let due = schedule.due(elapsed);
            announced.add_permits((due - done) as usize);
            done = due;
            std::thread::sleep(schedule.moment(done).saturating_sub(elapsed).min(STOP_CHECK_INTERVAL));
        }
        // One more turn for each connection, in which it sees that there is nothing left.
        announced.add_permits(connections);
    }
}

const STOP_CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Linux wakes a sleeping thread up to 50 µs late to save power, unless it is asked not to. Where this cannot be asked,
/// requests are sent that much later, which counts as the server's latency.
fn wake_precisely() {
    let _ = std::fs::write("/proc/thread-self/timerslack_ns", "1");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_evenly_spaced_and_due_when_they_come() {
        let check = |rate: f64, seconds: f64, requests: u64| {
            let schedule = Schedule::new(rate, Duration::from_secs_f64(seconds));
            assert_eq!(schedule.requests, requests);
            assert_eq!(schedule.moment(0), Duration::ZERO);
            for index in 0..requests.min(1_000) {
                assert_eq!(schedule.due(schedule.moment(index)), index + 1, "rate {rate}");
            }
            assert_eq!(schedule.due(Duration::from_secs(1_000_000)), requests);
        };
        check(1_000.0, 2.0, 2_000);
        check(3.0, 1.0, 3);
        check(0.5, 1.0, 1);
        check(7_777.7, 1.5, 11_667);
        check(1_000_000.0, 1.0, 1_000_000);
        assert_eq!(Schedule::new(1_000.0, Duration::from_secs(1)).moment(250), Duration::from_millis(250));
    }

    /// Sends all requests of an open loop over one connection to a server that takes `service` for each, and returns
    /// the latencies. The runtime's time advances only while all tasks wait, so that nothing depends on the machine.
    fn latencies(requests: u64) -> Vec<Duration> {
        let start = Instant::now() - Duration::from_secs(1);
        let schedule = Schedule { rate: 1_000.0, requests };
        let pacer = Pacer::open(start, schedule, Duration::from_secs(3_600));
        pacer.announce(1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut latencies = Vec::new();
            while let Some(moment) = pacer.turn().await {
                latencies.push(moment - start);
            }
            assert_eq!(pacer.never_begun(), 0);
            latencies
        })
    }

    /// All requests are late here, and yet each counts from its own moment and none is left out.
    #[test]
    fn late_requests_keep_their_moments() {
        let expected: Vec<Duration> = (0..100).map(Duration::from_millis).collect();
        assert_eq!(latencies(100), expected);
    }

    #[test]
    fn what_is_never_begun_is_counted() {
        let start = Instant::now() - Duration::from_secs(10);
        let pacer = Pacer::open(start, Schedule { rate: 1_000.0, requests: 50 }, Duration::ZERO);
        pacer.announce(1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(pacer.turn()), None);
        assert_eq!(pacer.never_begun(), 50);
    }

    #[test]
    fn a_closed_loop_ends_by_count_time_and_stop() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let turns = |pacer: &Pacer| {
            runtime.block_on(async {
                let mut turns = 0;
                while turns < 1_000 && pacer.turn().await.is_some() {
                    turns += 1;
                }
                turns
            })
        };
        let long = Duration::from_secs(3_600);
        assert_eq!(turns(&Pacer::closed(Instant::now(), long, 3)), 3);
        assert_eq!(turns(&Pacer::closed(Instant::now(), Duration::ZERO, 3)), 0);
        let stopped = Pacer::closed(Instant::now(), long, u64::MAX);
        stopped.stop();
        assert_eq!(turns(&stopped), 0);
        assert_eq!(turns(&Pacer::closed(Instant::now(), long, u64::MAX)), 1_000);
    }
}
