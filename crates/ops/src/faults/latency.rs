//! How long a rule delays a request.

/// The longest delay. Unit: milliseconds.
pub const LATENCY_MS_MAX: u64 = 300_000;

/// The points of a distribution.
pub const PERCENTILES_MAX: usize = 20;

/// A delay, or what it is drawn from. Unit: milliseconds.
#[derive(Clone, PartialEq, Debug)]
pub enum Latency {
    /// Uniform between `ms` and `ms` + `jitter_ms`.
    Uniform { ms: u64, jitter_ms: u64 },
    /// By percentiles, in their order: linear between them and from 0 to the first one, and the last one's above it.
    Percentiles(Vec<(f64, u64)>),
}

impl Latency {
    /// The delay of a draw from 0 to below 1. Unit: milliseconds.
    pub(super) fn of(&self, draw: f64) -> u64 {
        match self {
            Latency::Uniform { ms, jitter_ms } => ms + (*jitter_ms as f64 * draw).round() as u64,
            Latency::Percentiles(points) => between(points, draw * 100.0),
        }
    }
}

fn between(points: &[(f64, u64)], percent: f64) -> u64 {
    let above = points.partition_point(|(own, _)| *own < percent);
    let last = points.last().map_or(0, |(_, ms)| *ms);
    let Some((upper, upper_ms)) = points.get(above).copied() else { return last };
    let (lower, lower_ms) = above.checked_sub(1).map_or((0.0, 0), |below| points[below]);
    if upper <= lower {
        return upper_ms;
    }
    let share = (percent - lower) / (upper - lower);
    (lower_ms as f64 + (upper_ms as f64 - lower_ms as f64) * share).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_within_its_jitter() {
        let latency = Latency::Uniform { ms: 50, jitter_ms: 20 };
        assert_eq!([0.0, 0.5, 0.999_999].map(|draw| latency.of(draw)), [50, 60, 70]);
        assert_eq!(Latency::Uniform { ms: 7, jitter_ms: 0 }.of(0.9), 7);
    }

    #[test]
    fn percentiles_are_what_the_draws_come_to() {
        let latency = Latency::Percentiles(vec![(50.0, 10), (99.0, 500), (100.0, 2_000)]);
        let at = |percent: f64| latency.of(percent / 100.0);
        assert_eq!([0.0, 25.0, 50.0, 99.0].map(at), [0, 5, 10, 500]);
        assert!((500..2_000).contains(&at(99.5)));
        let open = Latency::Percentiles(vec![(90.0, 40)]);
        assert_eq!([0.5, 0.95, 0.999].map(|draw| open.of(draw)), [22, 40, 40]);
        let flat = Latency::Percentiles(vec![(0.0, 30), (100.0, 30)]);
        assert_eq!([0.0, 0.3].map(|draw| flat.of(draw)), [30, 30]);
    }
}
