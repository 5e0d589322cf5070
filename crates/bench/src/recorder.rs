//! What one client thread saw: latencies in a histogram that keeps three digits of each, and failures by their kind.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Failure;
use crate::trouble::Trouble;

/// Latencies are distinguished down to this, and to 3 digits above. Unit: nanoseconds.
const LATENCY_NS_MIN: u64 = 128;
/// Longer ones count as this: no request may take as long. Unit: nanoseconds.
const LATENCY_NS_MAX: u64 = 1_000_000_000_000;
const DIGITS: u8 = 3;
/// Kinds of failures that are counted separately: messages may name keys, and there are many of these.
const ERROR_KINDS_MAX: usize = 20;

#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    /// Unit: nanoseconds.
    pub(crate) latency: Histogram<u64>,
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) bytes: u64,
}

impl Recorder {
    pub(crate) fn new() -> Result<Recorder, Failure> {
        let latency = Histogram::new_with_bounds(LATENCY_NS_MIN, LATENCY_NS_MAX, DIGITS);
        let latency = latency.map_err(|error| Failure::new(format!("no histogram: {error}")))?;
        Ok(Recorder { latency, errors: BTreeMap::new(), bytes: 0 })
    }

    pub(crate) fn success(&mut self, latency: Duration, reply_bytes: usize) {
        self.latency.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        self.bytes += reply_bytes as u64;
    }

    pub(crate) fn trouble(&mut self, trouble: &Trouble) {
        self.troubles(trouble, 1);
    }

    pub(crate) fn troubles(&mut self, trouble: &Trouble, count: u64) {
        if count > 0 {
            self.count(trouble.to_string(), count);
        }
    }

    fn count(&mut self, trouble: String, count: u64) {
        let is_room = self.errors.len() < ERROR_KINDS_MAX || self.errors.contains_key(&trouble);
        let trouble = if is_room { trouble } else { "other failures".to_owned() };
        *self.errors.entry(trouble).or_default() += count;
    }

    /// Requests that were answered as they should be.
    pub(crate) fn operations(&self) -> u64 {
        self.latency.len()
    }

    pub(crate) fn merge(&mut self, other: &Recorder) -> Result<(), Failure> {
        let added = self.latency.add(&other.latency);
        added.map_err(|error| Failure::new(format!("histograms do not fit together: {error}")))?;
        for (trouble, count) in &other.errors {
            self.count(trouble.clone(), *count);
        }
        self.bytes += other.bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_recorders_are_as_one() {
        let mut parts = [Recorder::new().unwrap(), Recorder::new().unwrap()];
        let mut whole = Recorder::new().unwrap();
        for at in 1..=1_000_u64 {
            let latency = Duration::from_micros(at * at);
            parts[(at % 2) as usize].success(latency, 10);
            whole.success(latency, 10);
        }
        let trouble = Trouble::Unexpected("x");
        parts[0].trouble(&trouble);
        parts[1].troubles(&trouble, 2);
        parts[1].troubles(&Trouble::NeverSent, 0);
        let [mut merged, other] = parts;
        merged.merge(&other).unwrap();
        assert_eq!(merged.latency, whole.latency);
        assert_eq!((merged.operations(), merged.bytes), (1_000, 10_000));
        assert_eq!(merged.errors, BTreeMap::from([("x".to_owned(), 3)]));
    }

    #[test]
    fn latencies_keep_three_digits_and_bounds() {
        for ns in [1_000, 123_456, 9_999_999_999, LATENCY_NS_MAX] {
            let mut recorder = Recorder::new().unwrap();
            recorder.success(Duration::from_nanos(ns), 0);
            let found = recorder.latency.max();
            assert!(found.abs_diff(ns) <= ns / 500 + LATENCY_NS_MIN, "{ns}: {found}");
        }
        let mut recorder = Recorder::new().unwrap();
        recorder.success(Duration::MAX, 0);
        assert!(recorder.latency.max() >= LATENCY_NS_MAX);
    }
}
