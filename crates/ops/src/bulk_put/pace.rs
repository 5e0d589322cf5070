//! The rate of a bulk operation's writes: `MaxWriteRequestUnits` a second, of the table and its indexes together.
//!
//! A leaky bucket: what was consumed drains at the rate, and the next step waits until nothing is left. A step is made whole, so that
//! the rate holds on average from the second step on. It begins anew after a restart.

use std::time::Duration;

pub(super) struct Pace {
    /// Write units a second.
    rate: Option<f64>,
    /// Consumed and not drained. Unit: write units.
    debt: f64,
    drained_ms: u64,
}

impl Pace {
    pub(super) fn new(rate: Option<i64>, now_ms: u64) -> Pace {
        Pace { rate: rate.map(|rate| rate.max(1) as f64), debt: 0.0, drained_ms: now_ms }
    }

    pub(super) fn is_limited(&self) -> bool {
        self.rate.is_some()
    }

    /// Counts what a step consumed; how long the next one waits. Times are of a clock that does not go back.
    pub(super) fn consume(&mut self, units: f64, now_ms: u64) -> Option<Duration> {
        let rate = self.rate?;
        let passed_s = now_ms.saturating_sub(self.drained_ms) as f64 / 1000.0;
        // In this order: time that passed without writes is not saved up for a burst.
        self.debt = (self.debt + units - passed_s * rate).max(0.0);
        self.drained_ms = now_ms;
        (self.debt > 0.0).then(|| Duration::from_secs_f64(self.debt / rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_spread_over_time() {
        let mut pace = Pace::new(Some(1024), 0);
        assert_eq!(pace.consume(512.0, 0), Some(Duration::from_millis(500)));
        assert_eq!(pace.consume(512.0, 500), Some(Duration::from_millis(500)));
        // An hour without writes allows no burst.
        assert_eq!(pace.consume(0.0, 3_600_000), None);
        assert_eq!(pace.consume(2048.0, 3_600_000), Some(Duration::from_secs(2)));
        assert_eq!(Pace::new(None, 0).consume(1e9, 0), None);
    }
}
