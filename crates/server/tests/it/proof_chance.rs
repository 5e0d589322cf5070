//! Chance for the proofs: from one printed seed, so that each load is a different one. (What the server
//! makes of it still depends on how threads and kills fall.)

/// SplitMix64.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Up to `count` different numbers below `end`, at least one.
    pub(crate) fn some_below(&mut self, end: u64, count: u64) -> Vec<u64> {
        let mut numbers: Vec<u64> = (0..=self.below(count)).map(|_| self.below(end)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The seed that `STATOR_PROOF_SEED` gives, or a new one.
pub(crate) fn seed() -> u64 {
    let mut random = [0; 8];
    base::random::fill(&mut random);
    let seed = setting("STATOR_PROOF_SEED", u64::from_be_bytes(random));
    eprintln!("STATOR_PROOF_SEED={seed}");
    seed
}

/// How long a proof is: what the variable says, or its short form.
pub(crate) fn setting(variable: &str, short: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")),
        Err(_) => short,
    }
}
