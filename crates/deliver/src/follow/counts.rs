//! What is counted of a follower, for the operator.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// One follower's numbers since the start of this server.
#[derive(Debug, Default)]
pub struct Counts {
    delivered: AtomicU64,
    failures: AtomicU64,
    lost: AtomicU64,
    /// When the oldest change was made that waits to be taken, by shard.
    waiting: Mutex<BTreeMap<u32, u64>>,
}

impl Counts {
    /// Changes that the receiver took.
    pub fn deliveries(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Times that not all could be delivered.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Changes that were trimmed before they could be delivered.
    pub fn losses(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The age of the oldest change that waits to be taken; 0 if none does.
    pub fn lag_ms(&self, now_ms: u64) -> u64 {
        let oldest = self.waiting.lock().values().min().copied();
        oldest.map_or(0, |since_ms| now_ms.saturating_sub(since_ms))
    }

    pub(super) fn delivered(&self, count: usize) {
        self.delivered.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost(&self, count: u64) {
        self.lost.fetch_add(count, Ordering::Relaxed);
    }

    /// The oldest change of a shard that waits, if one does.
    pub(super) fn waits(&self, shard: u32, since_ms: Option<u64>) {
        let mut waiting = self.waiting.lock();
        match since_ms {
            Some(since_ms) => waiting.insert(shard, since_ms),
            None => waiting.remove(&shard),
        };
    }

    /// It is not this node that follows.
    pub(super) fn rest(&self) {
        self.waiting.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_the_oldest_shards() {
        let counts = Counts::default();
        assert_eq!(counts.lag_ms(1_000), 0);
        counts.waits(1, Some(700));
        counts.waits(2, Some(400));
        assert_eq!(counts.lag_ms(1_000), 600);
        counts.waits(2, None);
        assert_eq!((counts.lag_ms(1_000), counts.lag_ms(500)), (300, 0));
        counts.rest();
        assert_eq!(counts.lag_ms(1_000), 0);
    }
}
