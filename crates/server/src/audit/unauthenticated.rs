//! Events of requests that are refused because their caller is not known. Any client can send them at any rate, so they
//! are bounded: a burst has an event each, then there is one a second, and the others are counted in a summary each
//! minute. In the file they have a share (`file`), so that they never displace events of known callers.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Events that may come at once.
const BURST: u64 = 100;
/// How long it takes until there may be one more. Unit: milliseconds.
const EVENT_MS: u64 = 1_000;

#[derive(Default)]
pub(super) struct Unauthenticated {
    /// When the last event that was let through would have come at one a second.
    paid_until_ms: AtomicU64,
    held_back: Mutex<HeldBack>,
    total: AtomicU64,
}

/// Requests without an event of their own since the last summary.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct HeldBack {
    pub(super) requests: u64,
    /// When the first of them came.
    pub(super) since_ms: u64,
    /// Whether the operator's page has them.
    pub(super) counted: bool,
}

impl Unauthenticated {
    /// Whether a request has an event of its own. `elapsed_ms` never decreases.
    pub(super) fn admits(&self, elapsed_ms: u64) -> bool {
        let now_ms = elapsed_ms + BURST * EVENT_MS;
        let next = |paid_until_ms: u64| {
            let paid_until_ms = paid_until_ms.max(elapsed_ms) + EVENT_MS;
            (paid_until_ms <= now_ms).then_some(paid_until_ms)
        };
        self.paid_until_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    pub(super) fn hold_back(&self, requests: HeldBack) {
        if !requests.counted {
            self.total.fetch_add(requests.requests, Ordering::Relaxed);
        }
        let mut held_back = self.held_back.lock();
        let first = held_back.requests == 0 || requests.since_ms < held_back.since_ms;
        held_back.since_ms = if first { requests.since_ms } else { held_back.since_ms };
        held_back.requests += requests.requests;
        held_back.counted = true;
    }

    /// What the next summary reports, if there is anything.
    pub(super) fn take(&self) -> Option<HeldBack> {
        let held_back = std::mem::take(&mut *self.held_back.lock());
        (held_back.requests > 0).then_some(held_back)
    }

    /// Requests that had no event of their own.
    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_a_second() {
        let limit = Unauthenticated::default();
        let admitted = |elapsed_ms: u64| (0..1_000).filter(|_| limit.admits(elapsed_ms)).count();
        assert_eq!([0, 999, 1_000, 11_500, 10_000_000].map(admitted), [100, 0, 1, 10, 100]);
    }

    #[test]
    fn what_is_held_back_is_summed_up_once() {
        let limit = Unauthenticated::default();
        assert_eq!(limit.take(), None);
        for since_ms in [7, 3, 9] {
            limit.hold_back(HeldBack { requests: 1, since_ms, counted: false });
        }
        let taken = limit.take().unwrap();
        assert_eq!((taken, limit.take()), (HeldBack { requests: 3, since_ms: 3, counted: true }, None));
        limit.hold_back(HeldBack { requests: 1, since_ms: 20, counted: false });
        // A summary that was not written.
        limit.hold_back(taken);
        let all = HeldBack { requests: 4, since_ms: 3, counted: true };
        assert_eq!((limit.take(), limit.total()), (Some(all), 4));
    }
}
