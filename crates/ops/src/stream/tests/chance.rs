//! Chance from one printed seed.

/// SplitMix64, by Steele, Lea and Flood.
pub(super) struct Chance(u64);

impl Chance {
    /// From the seed that `STATOR_PROOF_SEED` gives, or a new one.
    pub(super) fn printed() -> Chance {
        let seed = setting("STATOR_PROOF_SEED", base::random::u64());
        eprintln!("STATOR_PROOF_SEED={seed}");
        Chance(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// The value of a variable, or `otherwise`.
pub(super) fn setting(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")),
        Err(_) => otherwise,
    }
}
