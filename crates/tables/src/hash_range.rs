//! The changes of a log that belong to a shard: those of items with a partition key hash in the shard's range.

use serde::{Deserialize, Serialize};

/// The part of a partition key's hash that chooses a shard: its first 8 bytes, big-endian.
pub fn leading(partition: &[u8]) -> u64 {
    partition.first_chunk().map_or(0, |hash| u64::from_be_bytes(*hash))
}

/// Both ends are included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HashRange {
    pub first: u64,
    pub last: u64,
}

impl Default for HashRange {
    fn default() -> HashRange {
        HashRange { first: 0, last: u64::MAX }
    }
}

impl HashRange {
    pub fn is_whole(&self) -> bool {
        *self == HashRange::default()
    }

    pub fn contains(&self, hash: u64) -> bool {
        (self.first..=self.last).contains(&hash)
    }

    /// The parts below a hash and from it on; none if one of them would be empty.
    pub fn split(&self, at: u64) -> Option<[HashRange; 2]> {
        let is_inside = self.first < at && at <= self.last;
        is_inside.then(|| [HashRange { last: at - 1, ..*self }, HashRange { first: at, ..*self }])
    }

    /// The hash at which to split a range so that both parts get about as many changes, estimated from a sample of hashes.
    /// None if they are all the same: one item's changes stay together.
    pub fn middle_of(mut hashes: Vec<u64>) -> Option<u64> {
        hashes.sort_unstable();
        let (first, middle) = (*hashes.first()?, *hashes.get(hashes.len() / 2)?);
        if middle > first { Some(middle) } else { hashes.into_iter().find(|hash| *hash > first) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_leaves_no_hash_out_and_none_twice() {
        let whole = HashRange::default();
        assert!(whole.is_whole() && whole.contains(0) && whole.contains(u64::MAX));
        for (range, at, expected) in [
            (whole, 0, None),
            (whole, 1, Some([(0, 0), (1, u64::MAX)])),
            (whole, u64::MAX, Some([(0, u64::MAX - 1), (u64::MAX, u64::MAX)])),
            (HashRange { first: 5, last: 9 }, 5, None),
            (HashRange { first: 5, last: 9 }, 9, Some([(5, 8), (9, 9)])),
            (HashRange { first: 5, last: 9 }, 10, None),
            (HashRange { first: 5, last: 5 }, 5, None),
        ] {
            let parts = expected.map(|parts| parts.map(|(first, last)| HashRange { first, last }));
            assert_eq!(range.split(at), parts, "{range:?} at {at}");
        }
    }

    #[test]
    fn the_middle_parts_what_differs() {
        for (hashes, expected) in [
            (vec![], None),
            (vec![7], None),
            (vec![7, 7, 7], None),
            (vec![9, 1, 5, 3], Some(5)),
            (vec![1, 1, 1, 2], Some(2)),
            (vec![2, 2, 2, 1], Some(2)),
        ] {
            assert_eq!(HashRange::middle_of(hashes.clone()), expected, "{hashes:?}");
        }
    }
}
