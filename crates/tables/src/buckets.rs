//! Token buckets of capacity units: one for the reads and one for the writes of a table and of each of its global indexes.
//!
//! A bucket holds up to [`BURST_S`] seconds of its rate, begins with one second's, and is refilled continuously. An access is
//! admitted while the balance is above zero and debited when its units are known, so that the balance may fall below zero by
//! what was admitted at the same time; what follows waits until the debt is refilled.
//!
//! All versions of a table's definition share its buckets, which are dropped with the table. A bucket exists from the first
//! access that a rate bounds.
//!
//! Balances are whole numbers, so that a bucket gives exactly what its rate promises:
//!
//! | value | unit |
//! |---|---|
//! | rate | thousandths of a capacity unit per second, which are millionths per millisecond |
//! | balance | millionths of a capacity unit |

use parking_lot::Mutex;

/// How much of unused rate is held for bursts. Unit: seconds. Source: Developer Guide, "Burst and adaptive capacity".
const BURST_S: i64 = 300;
/// The balance of a new bucket, and the factor between a rate and what it gives in one second.
const MS_PER_S: i64 = 1_000;
/// Rates above it are this one, so that no balance overflows: a million units for each unit that a table may have by default.
/// Unit: as a rate.
const RATE_MAX: i64 = 1_000_000_000 * MS_PER_S;
const _: () = assert!(RATE_MAX.checked_mul(BURST_S * MS_PER_S).is_some());

/// Millionths of a capacity unit.
pub const BALANCE_PER_UNIT: f64 = 1e6;

/// A bucket of a table's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BucketId {
    /// The global index, or [`TABLE`](super::TABLE) for the table itself.
    pub index: u32,
    pub is_write: bool,
}

#[derive(Debug)]
struct Bucket {
    rate: i64,
    balance: i64,
    /// By the steady clock.
    filled_ms: u64,
}

impl Bucket {
    fn new(rate: i64, now_ms: u64) -> Bucket {
        let rate = rate.clamp(1, RATE_MAX);
        Bucket { rate, balance: rate * MS_PER_S, filled_ms: now_ms }
    }

    /// Refills the bucket at the rate that it had until now, and gives it this rate from now on.
    fn settle(&mut self, rate: i64, now_ms: u64) {
        let elapsed_ms = i64::try_from(now_ms.saturating_sub(self.filled_ms)).unwrap_or(i64::MAX);
        let filled = self.balance.saturating_add(self.rate.saturating_mul(elapsed_ms)).min(self.burst());
        self.filled_ms = now_ms;
        self.rate = rate.clamp(1, RATE_MAX);
        self.balance = filled.min(self.burst());
    }

    fn burst(&self) -> i64 {
        self.rate * BURST_S * MS_PER_S
    }
}

/// The buckets of one table.
#[derive(Debug, Default)]
pub struct Buckets {
    /// Few: at most two for the table and for each of its global indexes.
    all: Mutex<Vec<(BucketId, Bucket)>>,
}

impl Buckets {
    /// The balance after a refill at `rate`. Above zero: an access is admitted.
    pub fn balance(&self, id: BucketId, rate: i64, now_ms: u64, is_known: impl Fn(u32) -> bool) -> i64 {
        self.change(id, rate, now_ms, is_known, |bucket| bucket.balance)
    }

    /// Takes units, also more than there are.
    pub fn debit(&self, id: BucketId, rate: i64, now_ms: u64, taken: i64, is_known: impl Fn(u32) -> bool) {
        self.change(id, rate, now_ms, is_known, |bucket| bucket.balance = bucket.balance.saturating_sub(taken));
    }

    /// A new bucket replaces those of indexes that the table does not have any more.
    fn change<R>(
        &self,
        id: BucketId,
        rate: i64,
        now_ms: u64,
        is_known: impl Fn(u32) -> bool,
        change: impl FnOnce(&mut Bucket) -> R,
    ) -> R {
        // Found and added under one lock: two requests at once would make two buckets of one index, each with all of its rate.
        let mut all = self.all.lock();
        if let Some((_, bucket)) = all.iter_mut().find(|(own, _)| *own == id) {
            bucket.settle(rate, now_ms);
            return change(bucket);
        }
        all.retain(|(own, _)| is_known(own.index));
        let mut bucket = Bucket::new(rate, now_ms);
        let result = change(&mut bucket);
        all.push((id, bucket));
        result
    }
}

#[cfg(test)]
mod tests;
