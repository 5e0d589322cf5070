//! Buckets against an exact model, with random traffic on a clock that is moved.

use super::*;

const READS: BucketId = BucketId { index: 0, is_write: false };
const ALL: fn(u32) -> bool = |_| true;

/// The definition, step by step: in each millisecond the rate flows in, and what does not fit flows over.
struct Model {
    rate: i64,
    balance: i64,
    now_ms: u64,
}

impl Model {
    fn move_to(&mut self, now_ms: u64) {
        while self.now_ms < now_ms {
            self.now_ms += 1;
            self.balance = (self.balance + self.rate).min(self.rate * 300_000);
        }
    }

    fn set_rate(&mut self, rate: i64) {
        self.rate = rate;
        self.balance = self.balance.min(rate * 300_000);
    }
}

/// SplitMix64: the same numbers for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[test]
fn buckets_are_as_the_model_says() {
    for seed in 0..200 {
        let mut numbers = Numbers(seed);
        let rate = 1 + numbers.below(50_000) as i64;
        let (buckets, begun_ms) = (Buckets::default(), numbers.below(1 << 40));
        let mut model = Model { rate, balance: rate * 1_000, now_ms: begun_ms };
        assert_eq!(buckets.balance(READS, rate, begun_ms, ALL), model.balance);
        for step in 0..400 {
            match numbers.below(10) {
                0 => model.set_rate(1 + numbers.below(50_000) as i64),
                1 => model.move_to(model.now_ms + numbers.below(2_000)),
                2 if step % 50 == 0 => model.move_to(model.now_ms + 400_000),
                _ => model.move_to(model.now_ms + numbers.below(20)),
            }
            let balance = buckets.balance(READS, model.rate, model.now_ms, ALL);
            assert_eq!(balance, model.balance, "seed {seed}, step {step}");
            if balance > 0 {
                let taken = numbers.below(3 * model.rate as u64 * 1_000) as i64;
                model.balance -= taken;
                buckets.debit(READS, model.rate, model.now_ms, taken, ALL);
            }
        }
    }
}

/// What is admitted in a time is at most what the rate gives in it, a burst, and one access.
#[test]
fn no_more_is_admitted_than_promised() {
    let mut numbers = Numbers(7);
    let (buckets, rate) = (Buckets::default(), 10_000);
    let (mut now_ms, mut taken) = (0, 0);
    while now_ms < 3_600_000 {
        if buckets.balance(READS, rate, now_ms, ALL) > 0 {
            let units = 500_000 * (1 + numbers.below(40) as i64);
            buckets.debit(READS, rate, now_ms, units, ALL);
            taken += units;
        }
        now_ms += 1 + numbers.below(100);
    }
    let given = rate * now_ms as i64;
    assert!(taken <= given + rate * 1_000 + 20_000_000, "{taken} of {given}");
    assert!(taken >= given - rate * 1_000, "{taken} of {given}");
}

#[test]
fn extremes_do_not_overflow() {
    let buckets = Buckets::default();
    assert_eq!(buckets.balance(READS, i64::MAX, 5, ALL), RATE_MAX * 1_000);
    assert_eq!(buckets.balance(READS, i64::MAX, u64::MAX, ALL), RATE_MAX * 300_000);
    buckets.debit(READS, i64::MAX, 0, i64::MAX, ALL);
    buckets.debit(READS, 0, 0, i64::MAX, ALL);
    assert!(buckets.balance(READS, -1, 1, ALL) < 0);
}

#[test]
fn buckets_of_dropped_indexes_are_dropped() {
    let buckets = Buckets::default();
    for index in 0..5 {
        buckets.balance(BucketId { index, is_write: true }, 1, 0, ALL);
    }
    buckets.balance(BucketId { index: 9, is_write: true }, 1, 0, |index| index == 0);
    let left: Vec<u32> = buckets.all.lock().iter().map(|(id, _)| id.index).collect();
    assert_eq!(left, [0, 9]);
}
