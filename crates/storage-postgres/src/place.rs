//! Where a row is stored: an engine's key as the columns of the one table.
//!
//! | column | bytes | what |
//! |---|---|---|
//! | `p` | 1 | the family: 1 catalog, 2 items, 3 index, 4 log |
//! | | 0 to n | the key's partition ([`Family::partition_size`]) |
//! | `s` | 0 to 2,000 | the rest of the key |
//! | | or 2,000 and 16 | a longer rest's first bytes, and SHA-256 of the others, cut to 16 bytes |
//! | `k` | null, or more than 0 | what of a longer rest is not in `s` |
//!
//! `(p, s)` sorts as keys do, except for rows with a rest that is longer than 2,000 bytes and agrees that far: these
//! are neighbours in the order of their hashes, and scans put them right. A b-tree entry holds about 2,700 bytes; a
//! rest comes near that only if sort keys of a kilobyte are full of zeros, or if one index key contains several.
//!
//! All rows of one partition have one `p`, which is what a server that shards distributes them by.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use storage::{Family, Key};

/// Unit: bytes of `s`.
const REST_MAX: usize = 2_000;
const HASH_SIZE: usize = 16;
const LONG_SIZE: usize = REST_MAX + HASH_SIZE;

/// A position in the order of `(p, s)`, whether or not a row has it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Position {
    pub(crate) p: Vec<u8>,
    pub(crate) s: Vec<u8>,
}

/// The columns of a row's key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    pub(crate) at: Position,
    pub(crate) k: Option<Vec<u8>>,
}

/// The first column's first byte. Stored: never renumber.
fn family_byte(family: Family) -> u8 {
    match family {
        Family::Catalog => 1,
        Family::Items => 2,
        Family::Index => 3,
        Family::Log => 4,
    }
}

fn split(family: Family, key: &[u8]) -> (Vec<u8>, &[u8]) {
    let (partition, rest) = family.split(key);
    let mut p = Vec::with_capacity(1 + partition.len());
    p.push(family_byte(family));
    p.extend_from_slice(partition);
    (p, rest)
}

impl Place {
    pub(crate) fn of(key: &Key) -> Place {
        let (p, rest) = split(key.family, &key.bytes);
        if rest.len() <= REST_MAX {
            return Place { at: Position { p, s: rest.to_vec() }, k: None };
        }
        let (head, tail) = rest.split_at(REST_MAX);
        let s = [head, &Sha256::digest(tail)[..HASH_SIZE]].concat();
        Place { at: Position { p, s }, k: Some(tail.to_vec()) }
    }
}

impl Position {
    /// Behind all rows of a family.
    pub(crate) fn family_end(family: Family) -> Position {
        Position { p: vec![family_byte(family) + 1], s: Vec::new() }
    }

    /// No row before this position has a key that is `key` or greater.
    pub(crate) fn before(family: Family, key: &[u8]) -> Position {
        let (p, rest) = split(family, key);
        Position { p, s: rest[..rest.len().min(REST_MAX)].to_vec() }
    }

    /// Every row with a key less than `key` sorts before this position.
    pub(crate) fn behind_all_below(family: Family, key: &[u8]) -> Position {
        let (p, rest) = split(family, key);
        let s = if rest.len() <= REST_MAX { rest.to_vec() } else { group_end(&rest[..REST_MAX]) };
        Position { p, s }
    }

    /// The next position behind this one.
    pub(crate) fn next(&self) -> Position {
        Position { p: self.p.clone(), s: [&self.s[..], &[0]].concat() }
    }

    /// The neighbours of a row with a long rest, in an order without meaning; `None` for any other row.
    pub(crate) fn group(&self) -> Option<Group> {
        (self.s.len() > REST_MAX).then(|| Group { p: self.p.clone(), head: self.s[..REST_MAX].to_vec() })
    }

    /// The whole key; `None` if such a row cannot have been written.
    pub(crate) fn key(&self, k: Option<&[u8]>) -> Option<Bytes> {
        let partition = self.p.get(1..)?;
        match k {
            None if self.s.len() <= REST_MAX => Some([partition, &self.s].concat().into()),
            Some(tail) if self.s.len() == LONG_SIZE => Some([partition, &self.s[..REST_MAX], tail].concat().into()),
            _ => None,
        }
    }
}

/// Rows with long rests that agree in all that `s` stores of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Group {
    pub(crate) p: Vec<u8>,
    head: Vec<u8>,
}

impl Group {
    /// The first position that can be a row's of the group.
    pub(crate) fn start(&self) -> Position {
        // The head alone is the position of the row with a rest that ends there.
        Position { p: self.p.clone(), s: self.head.clone() }.next()
    }

    pub(crate) fn end(&self) -> Position {
        Position { p: self.p.clone(), s: group_end(&self.head) }
    }

    /// What all keys of the group begin with.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        [&self.p[1..], &self.head].concat()
    }
}

/// Behind every hash.
fn group_end(head: &[u8]) -> Vec<u8> {
    [head, &[u8::MAX; HASH_SIZE + 1]].concat()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        let byte = || prop_oneof![Just(0), Just(1), Just(0xFE), Just(0xFF)];
        // Lengths around the two edges: the end of `p`, and the longest rest.
        (vec(byte(), 0..3), prop_oneof![0..70_usize, 2_020..2_032_usize], vec(byte(), 0..4)).prop_map(
            |(head, filling, tail)| {
                let mut key = head;
                key.resize(key.len().max(filling), 7);
                key.extend(tail);
                key
            },
        )
    }

    proptest! {
        #[test]
        fn places_give_their_keys_back(key in key(), family in prop::sample::select(Family::ALL.to_vec())) {
            let place = Place::of(&Key::new(family, key.clone()));
            prop_assert!(place.at.p.len() + place.at.s.len() < 2_600);
            prop_assert_eq!(place.at.key(place.k.as_deref()), Some(Bytes::from(key)));
        }

        #[test]
        fn places_are_ordered_as_keys_are(left in key(), right in key(), family in prop::sample::select(Family::ALL.to_vec())) {
            let place = |key: &Vec<u8>| Place::of(&Key::new(family, key.clone())).at;
            let (at_left, at_right) = (place(&left), place(&right));
            if at_left.group().is_none() || at_left.group() != at_right.group() {
                prop_assert_eq!(at_left.cmp(&at_right), left.cmp(&right));
            }
            prop_assert_eq!(at_left == at_right, left == right);
            if left < right {
                prop_assert!(at_left < Position::behind_all_below(family, &right));
                prop_assert!(at_right >= Position::before(family, &left));
            } else {
                prop_assert!(at_left >= Position::before(family, &right));
            }
            prop_assert!(Position::before(family, &[]) <= at_left && at_left < Position::family_end(family));
            if let Some(group) = at_left.group() {
                prop_assert!(group.start() <= at_left && at_left < group.end());
                prop_assert!(left.starts_with(&group.prefix()));
            }
        }
    }
}
