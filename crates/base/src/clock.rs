//! The time of day: real, moved by an offset for tests of a running server, or moved by hand in unit tests.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where [`Clock::steady_ms`] begins.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The source of time. Cheap to clone; clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// The system's, and what is added to it.
    Offset(Arc<AtomicI64>),
    /// The time by hand.
    Manual(Arc<AtomicU64>),
}

/// Moves the time of a [`Clock::with_offset`], forward alone: what a server has stored is never in the future.
#[derive(Clone, Debug)]
pub struct ClockOffset {
    offset_ms: Arc<AtomicI64>,
}

/// Moves the time of a [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct ManualClock {
    now_ms: Arc<AtomicU64>,
}

impl Clock {
    pub fn system() -> Clock {
        Clock { source: Source::System }
    }

    /// The system's clock, ahead by so much, or behind.
    pub fn with_offset(offset_ms: i64) -> (Clock, ClockOffset) {
        let offset_ms = Arc::new(AtomicI64::new(offset_ms));
        (Clock { source: Source::Offset(offset_ms.clone()) }, ClockOffset { offset_ms })
    }

    /// The clock without the offset that tests move: for what other programs have to agree with, as dates of signatures and
    /// leases, and for the watch of clocks that jump by mistake.
    #[must_use]
    pub fn unmoved(&self) -> Clock {
        match &self.source {
            Source::Offset(_) => Clock::system(),
            Source::System | Source::Manual(_) => self.clone(),
        }
    }

    /// A clock that changes only when it is moved.
    pub fn manual(start_ms: u64) -> (Clock, ManualClock) {
        let now_ms = Arc::new(AtomicU64::new(start_ms));
        (Clock { source: Source::Manual(now_ms.clone()) }, ManualClock { now_ms })
    }

    /// Milliseconds since the start of 1970, in UTC.
    pub fn now_ms(&self) -> u64 {
        match &self.source {
            Source::System => system_ms(),
            Source::Offset(offset_ms) => system_ms().saturating_add_signed(offset_ms.load(Ordering::Relaxed)),
            Source::Manual(now_ms) => now_ms.load(Ordering::Relaxed),
        }
    }

    /// Milliseconds since some moment of this process. They never decrease, even if the system's time is set, and mean
    /// nothing to other processes.
    pub fn steady_ms(&self) -> u64 {
        match &self.source {
            Source::System | Source::Offset(_) => BEGINNING.elapsed().as_millis() as u64,
            Source::Manual(now_ms) => now_ms.load(Ordering::Relaxed),
        }
    }
}

#[allow(clippy::disallowed_methods)]
fn system_ms() -> u64 {
    // A clock before 1970 is as good as none: everything is then in the future.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

impl ClockOffset {
    pub fn ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Moves the time on.
    pub fn advance_ms(&self, by_ms: u64) {
        let by_ms = i64::try_from(by_ms).unwrap_or(i64::MAX);
        // Never an error: the function always has a value.
        let _ = self.offset_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |ms| Some(ms.saturating_add(by_ms)));
    }
}

impl ManualClock {
    pub fn advance_ms(&self, by_ms: u64) {
        self.now_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// Sets the time, also back, as an operator or a time server does.
    pub fn set_ms(&self, now_ms: u64) {
        self.now_ms.store(now_ms, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let (clock, hand) = Clock::manual(1_000);
        let same = clock.clone();
        hand.advance_ms(5);
        assert_eq!((clock.now_ms(), same.now_ms()), (1_005, 1_005));
    }

    #[test]
    fn an_offset_moves_the_time_of_day_alone() {
        let (clock, offset) = Clock::with_offset(-1_000);
        offset.advance_ms(86_400_000);
        assert_eq!(offset.ms(), 86_399_000);
        let ahead_ms = clock.now_ms().saturating_sub(clock.unmoved().now_ms());
        assert!((86_398_000..=86_399_000).contains(&ahead_ms), "{ahead_ms}");
        assert!(clock.steady_ms() < 86_000_000, "time since the start does not jump");
        let (manual, _) = Clock::manual(5);
        assert_eq!(manual.unmoved().now_ms(), 5);
    }

    #[test]
    fn the_system_clock_is_past_2020() {
        assert!(Clock::system().now_ms() > 1_577_836_800_000);
    }
}
