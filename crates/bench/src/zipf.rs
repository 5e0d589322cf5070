//! Zipf's law: few keys get most of the requests. Key `k` (from 0) has a weight of `1 / (k + 1)^EXPONENT`.
//!
//! Drawn by rejection-inversion (W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone
//! discrete distributions", 1996): no table of weights, so a billion keys cost nothing. `h` is the density made
//! continuous, `integral` its antiderivative.

use crate::chance::Chance;

/// The skew of the usual key-value benchmarks (YCSB's default).
const EXPONENT: f64 = 0.99;

#[derive(Clone, Debug)]
pub(crate) struct Zipf {
    keys: f64,
    /// The integral up to the middle between the first key and the one that would precede it, ...
    start: f64,
    /// ... and up to the end of the last key.
    end: f64,
}

impl Zipf {
    pub(crate) fn new(keys: u64) -> Zipf {
        let keys = keys as f64;
        Zipf { keys, start: integral(1.5) - 1.0, end: integral(keys + 0.5) }
    }

    pub(crate) fn draw(&self, chance: &mut Chance) -> u64 {
        loop {
            let area = self.end + chance.unit() * (self.start - self.end);
            let at = inverse(area);
            let key = (at + 0.5).floor().clamp(1.0, self.keys);
            if area >= integral(key + 0.5) - h(key) {
                return key as u64 - 1;
            }
        }
    }
}

fn h(at: f64) -> f64 {
    at.powf(-EXPONENT)
}

fn integral(at: f64) -> f64 {
    at.powf(1.0 - EXPONENT) / (1.0 - EXPONENT)
}

fn inverse(area: f64) -> f64 {
    (area * (1.0 - EXPONENT)).powf(1.0 / (1.0 - EXPONENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u32 = 200_000;

    /// Compares how often each key was drawn with its exact share.
    fn check(keys: u64) {
        let zipf = Zipf::new(keys);
        let mut chance = Chance::new(7, keys);
        let mut drawn = vec![0_u32; keys as usize];
        for _ in 0..DRAWS {
            drawn[zipf.draw(&mut chance) as usize] += 1;
        }
        let weights: f64 = (1..=keys).map(|key| h(key as f64)).sum();
        for (at, &count) in drawn.iter().enumerate().take(50) {
            let expected = f64::from(DRAWS) * h(at as f64 + 1.0) / weights;
            // Six standard deviations: a fault shows, chance does not.
            let tolerance = 6.0 * expected.sqrt() + 1.0;
            assert!((f64::from(count) - expected).abs() < tolerance, "{keys} keys, key {at}: {count} for {expected}");
        }
    }

    #[test]
    fn keys_are_drawn_by_their_weights() {
        for keys in [1, 2, 10, 1_000, 100_000] {
            check(keys);
        }
    }

    #[test]
    fn a_billion_keys_stay_in_range() {
        let zipf = Zipf::new(1_000_000_000);
        let mut chance = Chance::new(1, 1);
        let highest = (0..100_000).map(|_| zipf.draw(&mut chance)).max();
        assert!(highest < Some(1_000_000_000) && highest > Some(100_000_000), "{highest:?}");
    }
}
