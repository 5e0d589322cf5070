//! What is counted of consumers, for the operator.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// What some consumers have done together.
#[derive(Debug, Default)]
pub struct Totals {
    deliveries: AtomicU64,
    failures: AtomicU64,
    losses: AtomicU64,
}

impl Totals {
    /// Changes that receivers took.
    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Ordering::Relaxed)
    }

    /// Times that not all could be delivered.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Changes that were trimmed before they could be delivered.
    pub fn losses(&self) -> u64 {
        self.losses.load(Ordering::Relaxed)
    }
}

/// One consumer's part in it, and how far it is behind.
#[derive(Debug, Default)]
pub struct Counts {
    totals: Arc<Totals>,
    /// When the oldest change was made that waits to be taken, by shard.
    waiting: Mutex<BTreeMap<u32, u64>>,
}

impl Counts {
    pub fn new(totals: Arc<Totals>) -> Counts {
        Counts { totals, waiting: Mutex::default() }
    }

    /// The age of the oldest change that waits to be taken; 0 if none does.
    pub fn lag_ms(&self, now_ms: u64) -> u64 {
        let oldest = self.waiting.lock().values().min().copied();
        oldest.map_or(0, |since_ms| now_ms.saturating_sub(since_ms))
    }

    pub(crate) fn delivered(&self, count: usize) {
        self.totals.deliveries.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.totals.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lost(&self, count: u64) {
        self.totals.losses.fetch_add(count, Ordering::Relaxed);
    }

    /// The oldest change of a shard that waits, if one does.
    pub(crate) fn waits(&self, shard: u32, since_ms: Option<u64>) {
        let mut waiting = self.waiting.lock();
        match since_ms {
            Some(since_ms) => waiting.insert(shard, since_ms),
            None => waiting.remove(&shard),
        };
    }

    /// It is not this node that follows.
    pub(crate) fn rest(&self) {
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
