//! The numbers that rows carry as their versions: a clock that is strictly monotonic.
//!
//! A version is at least the microseconds since 1970, more than any that this node has given out, and more than those of
//! all rows that its write has locked. So of two writes of one row the later one has the greater version, whichever
//! nodes they came from and however their clocks differ; a log's records are put in order by it (`sequencer`).

use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Default)]
pub(crate) struct Versions {
    last: AtomicI64,
}

impl Versions {
    /// A version for all rows of one write, given those that it has locked.
    pub(crate) fn next(&self, locked: impl Iterator<Item = i64>) -> i64 {
        self.behind(locked.fold(now_us(), |least, version| least.max(version.saturating_add(1))))
    }

    fn behind(&self, least: i64) -> i64 {
        let next = |last: i64| least.max(last.saturating_add(1));
        // The update is repeated if another write took a version in between: no two writes of this node have the same one.
        let before = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(before.unwrap_or_else(|last| last))
    }
}

/// Microseconds since the start of 1970.
pub(crate) fn now_us() -> i64 {
    let ms = base::Clock::system().now_ms();
    i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_grow() {
        let versions = Versions::default();
        let given: Vec<i64> = [5, 5, 4, 9, 1].into_iter().map(|least| versions.behind(least)).collect();
        assert_eq!(given, [5, 6, 7, 9, 10]);
        let far = i64::MAX / 2;
        assert_eq!(versions.next([3, far].into_iter()), far + 1, "behind what is locked, whatever the clock says");
        assert_eq!(versions.next([far].into_iter()), far + 2, "and behind all before it");
    }
}
