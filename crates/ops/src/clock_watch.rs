//! Whether what has expired may be destroyed: not soon after the clock of this server has jumped ahead.
//!
//! A clock that is days ahead for a minute makes all of a table's history and each SYSTEM backup expire, and they are not there any more
//! when it is right again. The time since the start of the process ([`base::Clock::steady_ms`]) does not jump. A clock that is wrong from
//! the start on looks right, and is believed. The clock of a process that was suspended looks like one that has jumped, and is waited for.

use parking_lot::Mutex;

/// Unit: milliseconds.
const JUMP_MS: u64 = 24 * 60 * 60 * 1000;
/// How long nothing is destroyed after a jump, while the clock stays ahead. Unit: milliseconds.
const DEFERRAL_MS: u64 = 24 * 60 * 60 * 1000;

#[derive(Default)]
pub(crate) struct ClockWatch(Mutex<State>);

#[derive(Default)]
struct State {
    /// What the clock has more than the time since the start, as it was last believed.
    ahead_ms: Option<u64>,
    /// When a jump was seen, since the start.
    jumped_at_ms: Option<u64>,
}

impl ClockWatch {
    /// Whether what has expired by this clock may be destroyed.
    pub(crate) fn may_destroy(&self, now_ms: u64, steady_ms: u64) -> bool {
        let mut state = self.0.lock();
        let ahead_ms = now_ms.saturating_sub(steady_ms);
        let by_ms = ahead_ms.saturating_sub(state.ahead_ms.unwrap_or(ahead_ms));
        let jumped_at_ms = *state.jumped_at_ms.get_or_insert_with(|| {
            if by_ms > JUMP_MS {
                log::warn!(event = "clock_jumped", ahead_ms = by_ms;
                    "the clock has jumped ahead by {} days: expired history and SYSTEM backups are not destroyed until it is back, or \
                     has stayed there for 24 hours", by_ms / JUMP_MS);
            }
            steady_ms
        });
        let may_destroy = by_ms <= JUMP_MS || steady_ms.saturating_sub(jumped_at_ms) >= DEFERRAL_MS;
        if may_destroy {
            (state.ahead_ms, state.jumped_at_ms) = (Some(ahead_ms), None);
        }
        may_destroy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 60 * 60 * 1000;
    const START_MS: u64 = 1_795_944_000_123;

    #[test]
    fn nothing_is_destroyed_while_a_clock_is_ahead() {
        let watch = ClockWatch::default();
        assert!(watch.may_destroy(START_MS, 0));
        assert!(watch.may_destroy(START_MS + 900 * HOUR_MS, 900 * HOUR_MS), "time has passed");
        let at = |hours: u64, ahead: u64| watch.may_destroy(START_MS + (hours + ahead) * HOUR_MS, hours * HOUR_MS);
        assert!(!at(901, 36 * 24) && !at(902, 36 * 24));
        assert!(at(903, 0), "it is right again");
        assert!(!at(904, 36 * 24) && !at(927, 36 * 24));
        assert!(at(928, 36 * 24), "it has stayed there for a day");
        assert!(at(929, 36 * 24) && at(930, 0) && at(931, 20));
    }
}
