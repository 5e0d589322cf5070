//! How many different keys a stream had, about: the least ones of their hashes.
//!
//! Hashes are spread evenly: if the k-th least one is at a part p of all, there are about (k - 1) / p keys. The standard error is
//! 1 / √(k - 2), nine percent. Fewer keys than k are counted exactly. Sketches of two streams are merged by their least hashes.
//! Source: Bar-Yossef et al., "Counting distinct elements in a data stream" (2002).

use std::collections::BTreeSet;

/// How many hashes there are.
pub(crate) const HASHES_MAX: usize = 128;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Distinct(BTreeSet<u64>);

impl Distinct {
    pub(crate) fn add(&mut self, key: &[u8]) {
        self.add_hash(hash(key));
    }

    pub(crate) fn add_hash(&mut self, hash: u64) {
        if self.0.len() >= HASHES_MAX && self.0.last().is_some_and(|greatest| hash >= *greatest) {
            return;
        }
        self.0.insert(hash);
        if self.0.len() > HASHES_MAX {
            self.0.pop_last();
        }
    }

    pub(crate) fn merge(&mut self, other: &Distinct) {
        other.0.iter().for_each(|hash| self.add_hash(*hash));
    }

    pub(crate) fn hashes(&self) -> impl ExactSizeIterator<Item = u64> {
        self.0.iter().copied()
    }

    pub(crate) fn count(&self) -> u64 {
        match self.0.last() {
            Some(greatest) if self.0.len() >= HASHES_MAX => {
                let part = (*greatest as f64 + 1.0) / (u64::MAX as f64 + 1.0);
                ((HASHES_MAX - 1) as f64 / part).round() as u64
            }
            _ => self.0.len() as u64,
        }
    }
}

/// The same in each process, as rows of several are merged. FNV-1a, with the finalizer of MurmurHash3 so that all bits are spread.
fn hash(key: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let mut hash = key.iter().fold(0xCBF2_9CE4_8422_2325, step);
    for multiplier in [0xFF51_AFD7_ED55_8CCD, 0xC4CE_B9FE_1A85_EC53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(multiplier);
    }
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(range: std::ops::Range<u32>) -> Distinct {
        let mut distinct = Distinct::default();
        range.for_each(|number| distinct.add(&number.to_be_bytes()));
        distinct
    }

    #[test]
    fn few_keys_are_counted_and_many_are_estimated() {
        assert_eq!(of(0..0).count(), 0);
        assert_eq!(of(0..127).count(), 127);
        for keys in [1_000, 20_000, 300_000_u32] {
            let (count, keys) = (of(0..keys).count() as f64, f64::from(keys));
            assert!((count - keys).abs() < keys * 0.3, "{count} of {keys}");
        }
    }

    #[test]
    fn a_merge_is_of_all_keys_once() {
        let mut merged = of(0..3_000);
        merged.merge(&of(2_000..5_000));
        assert_eq!(merged, of(0..5_000));
    }
}
