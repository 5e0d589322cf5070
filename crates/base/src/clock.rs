//! The time of day, real or moved by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where [`Clock::steady_ms`] begins.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The source of time. Cheap to clone; clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The time by hand; the system's if there is none.
    manual: Option<Arc<AtomicU64>>,
}

/// Moves the time of a [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct ManualClock {
    now_ms: Arc<AtomicU64>,
}

impl Clock {
    pub fn system() -> Clock {
        Clock { manual: None }
    }

    /// A clock that changes only when it is moved.
    pub fn manual(start_ms: u64) -> (Clock, ManualClock) {
        let now_ms = Arc::new(AtomicU64::new(start_ms));
        (Clock { manual: Some(now_ms.clone()) }, ManualClock { now_ms })
    }

    /// Milliseconds since the start of 1970, in UTC.
    #[allow(clippy::disallowed_methods)]
    pub fn now_ms(&self) -> u64 {
        match &self.manual {
            Some(now_ms) => now_ms.load(Ordering::Relaxed),
            // A clock before 1970 is as good as none: everything is then in the future.
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64),
        }
    }

    /// Milliseconds since some moment of this process. They never decrease, even if the system's time is set, and mean
    /// nothing to other processes.
    pub fn steady_ms(&self) -> u64 {
        match &self.manual {
            Some(now_ms) => now_ms.load(Ordering::Relaxed),
            None => BEGINNING.elapsed().as_millis() as u64,
        }
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
    fn the_system_clock_is_past_2020() {
        assert!(Clock::system().now_ms() > 1_577_836_800_000);
    }
}
