//! Keeps one kind of event from flooding the log: when everything is slow, every request is, and writing a line for
//! each would make it worse.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Clock;

/// Lets a few lines through in each window of time, and counts those that it held back.
#[derive(Debug)]
pub struct Gate {
    lines_max: u64,
    window_ms: u64,
    window: AtomicU64,
    lines: AtomicU64,
    held_back: AtomicU64,
}

impl Gate {
    pub fn new(lines_max: u64, window: Duration) -> Gate {
        let window_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1);
        let [window, lines, held_back] = [const { AtomicU64::new(0) }; 3];
        Gate { lines_max, window_ms, window, lines, held_back }
    }

    /// Whether a line may pass now, and how many were held back since the last one that passed. Two threads at the
    /// turn of a window may let a line too many through: that does no harm.
    pub fn pass(&self) -> Option<u64> {
        self.pass_at(Clock::system().now_ms())
    }

    fn pass_at(&self, now_ms: u64) -> Option<u64> {
        let window = now_ms / self.window_ms;
        if self.window.swap(window, Ordering::Relaxed) != window {
            self.lines.store(0, Ordering::Relaxed);
        }
        if self.lines.fetch_add(1, Ordering::Relaxed) < self.lines_max {
            return Some(self.held_back.swap(0, Ordering::Relaxed));
        }
        self.held_back.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_lines_a_window_pass() {
        let gate = Gate::new(10, Duration::from_secs(1));
        let passed = |now_ms| (0..25).map(|_| gate.pass_at(now_ms)).collect::<Vec<_>>();
        assert_eq!(passed(7_000), [vec![Some(0); 10], vec![None; 15]].concat());
        assert_eq!(passed(7_999), vec![None; 25]);
        assert_eq!(passed(8_000), [vec![Some(40)], vec![Some(0); 9], vec![None; 15]].concat());
    }
}
