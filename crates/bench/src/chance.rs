//! The random choices of one connection, repeatable from a seed (SplitMix64, by Steele, Lea and Flood).

#[derive(Clone, Debug)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// The choices of number `stream` among those that share a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Chance {
        let mut chance = Chance { state: seed };
        chance.state = chance.u64() ^ stream;
        chance.state = chance.u64();
        chance
    }

    pub(crate) fn u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`. The bias of this way is at most `bound / 2^64`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from 0 up to, but not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_choose_alike_and_streams_differ() {
        let first = |seed, stream| {
            let mut chance = Chance::new(seed, stream);
            [chance.u64(), chance.u64()]
        };
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
    }

    #[test]
    fn choices_stay_below_their_bound_and_reach_all_of_it() {
        let mut chance = Chance::new(1, 1);
        let mut seen = [0; 10];
        for _ in 0..1_000 {
            seen[chance.below(10) as usize] += 1;
            let unit = chance.unit();
            assert!((0.0..1.0).contains(&unit));
        }
        assert!(seen.iter().all(|count| (50..200).contains(count)), "{seen:?}");
    }
}
