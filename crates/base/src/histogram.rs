//! How often values of each size were observed: cheap enough to record every request, readable at any time.
//!
//! Recording is two additions to shared numbers and never waits. A reading taken meanwhile may see one of the two, so
//! its sum may be off by the values of that moment; its counts never go back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bounds for anything from a read in memory to a stuck disk. Unit: nanoseconds.
pub const DURATION_BOUNDS_NS: [u64; 19] = [
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Counts of values up to each of `N` bounds, and of those above the last.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: &'static [u64; N],
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

/// Of durations, in nanoseconds.
pub type DurationHistogram = Histogram<{ DURATION_BOUNDS_NS.len() }>;

/// What a histogram held at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistogramReading {
    /// Ascending; a value that equals a bound belongs to it.
    pub bounds: &'static [u64],
    /// One for each bound (not added up), and a last one for values above all of them.
    pub counts: Vec<u64>,
    pub sum: u64,
}

impl<const N: usize> Histogram<N> {
    pub const fn new(bounds: &'static [u64; N]) -> Histogram<N> {
        Histogram { bounds, counts: [const { AtomicU64::new(0) }; N], above: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    pub fn record(&self, value: u64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        self.counts.get(at).unwrap_or(&self.above).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    pub fn reading(&self) -> HistogramReading {
        let counts = self.counts.iter().chain([&self.above]).map(|count| count.load(Ordering::Relaxed));
        let counts = counts.collect();
        HistogramReading { bounds: self.bounds, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

impl DurationHistogram {
    pub const fn of_durations() -> DurationHistogram {
        Histogram::new(&DURATION_BOUNDS_NS)
    }

    pub fn record_duration(&self, duration: Duration) {
        self.record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }
}

impl HistogramReading {
    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_under_the_first_bound_that_is_not_below_it() {
        let histogram = Histogram::new(&[10, 20, 40]);
        for value in [0, 10, 11, 20, 40, 41, 1_000] {
            histogram.record(value);
        }
        let reading = histogram.reading();
        assert_eq!((reading.counts.as_slice(), reading.sum), (&[2, 2, 1, 2][..], 1_122));
        assert_eq!(reading.count(), 7);
    }

    #[test]
    fn bounds_ascend() {
        assert!(DURATION_BOUNDS_NS.is_sorted_by(|low, high| low < high));
        let histogram = DurationHistogram::of_durations();
        histogram.record_duration(Duration::from_millis(1));
        histogram.record_duration(Duration::MAX);
        let reading = histogram.reading();
        assert_eq!((reading.counts[6], reading.counts[19]), (1, 1));
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let histogram = DurationHistogram::of_durations();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|value| histogram.record(value)));
            }
        });
        let reading = histogram.reading();
        assert_eq!((reading.count(), reading.sum), (4_000, 4 * 499_500));
    }
}
