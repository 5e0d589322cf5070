//! Names of rows, and ranges of them.
//!
//! A key's first bytes are its partition, the others its rest; the family says how many they are. Rows of one partition belong
//! together: an engine that places rows on several machines places them by their partitions.

use std::ops::Bound;

use bytes::Bytes;

/// Rows of one kind. Each is ordered by its keys' bytes, and independent of the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// Tables' definitions, counters, tokens: small and few.
    Catalog,
    Items,
    /// Rows of secondary indexes.
    Index,
    /// The change log.
    Log,
}

impl Family {
    pub const ALL: [Family; 4] = [Family::Catalog, Family::Items, Family::Index, Family::Log];

    /// How many of a key's first bytes are its partition; all of a shorter key. Engines store rows by it: never changed. Unit: bytes.
    pub const fn partition_size(self) -> usize {
        match self {
            // Small rows that are read one by one: each is its own partition.
            Family::Catalog => 64,
            // Table, hash.
            Family::Items => 8 + 16,
            // Table, index, hash.
            Family::Index => 8 + 4 + 16,
            // Table, shard: all rows of one log are one partition.
            Family::Log => 8 + 4,
        }
    }

    /// A key's partition and its rest.
    pub fn split(self, key: &[u8]) -> (&[u8], &[u8]) {
        key.split_at(key.len().min(self.partition_size()))
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    pub family: Family,
    pub bytes: Bytes,
}

impl Key {
    pub fn new(family: Family, bytes: impl Into<Bytes>) -> Key {
        Key { family, bytes: bytes.into() }
    }
}

/// A key that a write reads, and whether it may also write it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyUse {
    pub key: Key,
    pub write: bool,
}

impl KeyUse {
    pub fn write(key: Key) -> KeyUse {
        KeyUse { key, write: true }
    }

    pub fn read(key: Key) -> KeyUse {
        KeyUse { key, write: false }
    }
}

/// Names one write.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OpId(pub [u8; 16]);

impl OpId {
    /// One that no other write has.
    pub fn random() -> OpId {
        OpId(base::random::bytes16())
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    pub key: Bytes,
    pub value: Bytes,
}

impl Row {
    /// The key, of a row that a scan of the family read.
    pub fn into_key(self, family: Family) -> Key {
        Key { family, bytes: self.key }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScanDirection {
    Forward,
    Backward,
}

/// What a scan reads. Both limits hold at once; a page holds at least one row if the range does.
#[derive(Clone, Debug)]
pub struct ScanRange {
    pub family: Family,
    pub lower: Bound<Bytes>,
    pub upper: Bound<Bytes>,
    pub direction: ScanDirection,
    pub rows_max: usize,
    /// Bytes of keys and values.
    pub bytes_max: usize,
}

impl ScanRange {
    /// Whether no key can lie between the bounds.
    pub fn is_empty(&self) -> bool {
        use Bound::{Excluded, Included};
        match (&self.lower, &self.upper) {
            (Included(lower), Included(upper)) => lower > upper,
            (Included(lower) | Excluded(lower), Included(upper) | Excluded(upper)) => lower >= upper,
            _ => false,
        }
    }

    /// Continues behind the last row that was read.
    pub fn resume_after(&mut self, last: Bytes) {
        match self.direction {
            ScanDirection::Forward => self.lower = Bound::Excluded(last),
            ScanDirection::Backward => self.upper = Bound::Excluded(last),
        }
    }
}

/// The end of the range of all keys that start with `prefix`.
pub fn prefix_end(prefix: &[u8]) -> Bound<Bytes> {
    let Some(last) = prefix.iter().rposition(|byte| *byte != u8::MAX) else {
        return Bound::Unbounded;
    };
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Bound::Excluded(Bytes::from(end))
}

/// Rows of a range, in its order. A row is in `rows` or in `damaged`; both count against the page's limits.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ScanPage {
    pub rows: Vec<Row>,
    /// Rows that are stored and cannot be read.
    pub damaged: Vec<DamagedRow>,
    /// Whether the range continues after the page. Then the key of the page's last row is known.
    pub more: bool,
}

/// A row with stored bytes that differ from what was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DamagedRow {
    /// None if the key cannot be read either.
    pub key: Option<Bytes>,
    /// How many of the page's readable rows precede it.
    pub position: usize,
    /// What is wrong, for the operator.
    pub what: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_before_the_next_prefix() {
        let excluded = |end: &'static [u8]| Bound::Excluded(Bytes::from_static(end));
        for (prefix, end) in [
            (&b"ab"[..], excluded(b"ac")),
            (b"a\xFF\xFF", excluded(b"b")),
            (b"\xFF", Bound::Unbounded),
            (b"", Bound::Unbounded),
        ] {
            assert_eq!(prefix_end(prefix), end, "{prefix:?}");
        }
    }
}
