//! A minute of a rule: its heaviest keys, and how many there were; and its bytes in a row.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | [`FORMAT`] |
//! | 8, 8 | the weight of all keys, and what a key without a counter weighs at most |
//! | 2, then each | counters: the key's size (2), the key, its count (8) and its error (8) |
//! | 2, then each | the least hashes of all keys (8); none if all keys have counters |

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};

use super::COUNTERS_MAX;
use super::distinct::{Distinct, HASHES_MAX};
use super::summary::Summary;

const FORMAT: u8 = 1;
/// What a row has of a minute. Unit: keys, bytes.
const STORED_KEYS_MAX: usize = 50;
const STORED_KEY_BYTES_MAX: usize = 4 * 1024;

#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub summary: Summary,
    distinct: Distinct,
}

impl Default for Counted {
    fn default() -> Counted {
        Counted { summary: Summary::new(COUNTERS_MAX), distinct: Distinct::default() }
    }
}

impl Counted {
    pub(crate) fn add(&mut self, key: &[u8], weight: f64, has_room: bool) {
        if self.summary.add(key, weight, has_room) {
            self.distinct.add(key);
        }
    }

    /// Adds keys with weights of another measure, each times `scale`.
    pub(crate) fn absorb(&mut self, keys: &Summary, scale: f64, has_room: bool) {
        for counter in keys.counters() {
            self.distinct.add(&counter.key);
        }
        if has_room && keys.floor() > 0.0 {
            return self.summary.merge(keys, scale);
        }
        for counter in keys.counters() {
            self.summary.add(&counter.key, counter.count * scale, has_room);
        }
    }

    pub(crate) fn merge(&mut self, other: &Counted) {
        self.summary.merge(&other.summary, 1.0);
        self.distinct.merge(&other.distinct);
    }

    /// How many different keys there were, about.
    pub(crate) fn distinct(&self) -> &Distinct {
        &self.distinct
    }

    pub(crate) fn encode(&self) -> Bytes {
        let stored = self.summary.heaviest(STORED_KEYS_MAX, STORED_KEY_BYTES_MAX);
        let mut bytes = vec![FORMAT];
        bytes.put_f64(stored.total());
        bytes.put_f64(stored.floor());
        bytes.put_u16(stored.len() as u16);
        for counter in stored.sorted() {
            bytes.put_u16(counter.key.len() as u16);
            bytes.extend_from_slice(&counter.key);
            bytes.put_f64(counter.count);
            bytes.put_f64(counter.error);
        }
        let has_all = self.distinct.count() <= stored.len() as u64;
        let hashes = self.distinct.hashes();
        bytes.put_u16(if has_all { 0 } else { hashes.len() as u16 });
        hashes.filter(|_| !has_all).for_each(|hash| bytes.put_u64(hash));
        bytes.into()
    }

    pub(crate) fn read(mut row: &[u8]) -> Option<Counted> {
        let bytes = &mut row;
        if bytes.try_get_u8().ok()? != FORMAT {
            return None;
        }
        let [total, floor] = [weight(bytes)?, weight(bytes)?];
        let mut all = Vec::new();
        let mut distinct = Distinct::default();
        for _ in 0..bytes.try_get_u16().ok()? {
            let size = usize::from(bytes.try_get_u16().ok()?);
            let (key, rest) = bytes.split_at_checked(size)?;
            *bytes = rest;
            distinct.add(key);
            all.push((Arc::from(key), weight(bytes)?, weight(bytes)?));
        }
        let hashes = usize::from(bytes.try_get_u16().ok()?);
        for _ in 0..hashes {
            distinct.add_hash(bytes.try_get_u64().ok()?);
        }
        let is_whole = bytes.is_empty() && all.len() <= COUNTERS_MAX && hashes <= HASHES_MAX;
        is_whole.then(|| Counted { summary: Summary::of(COUNTERS_MAX, total, floor, all), distinct })
    }
}

/// A number that is not below zero.
fn weight(bytes: &mut &[u8]) -> Option<f64> {
    bytes.try_get_f64().ok().filter(|number| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(keys: u32) -> Counted {
        let mut counted = Counted::default();
        (0..keys).for_each(|key| counted.add(&key.to_be_bytes(), f64::from(keys - key), true));
        counted
    }

    fn values(counted: &Counted) -> Vec<(&[u8], f64, f64)> {
        counted.summary.sorted().iter().map(|counter| (&counter.key[..], counter.count, counter.error)).collect()
    }

    #[test]
    fn minutes_are_read_as_they_were_written() {
        for keys in [0, 1, 50] {
            let written = counted(keys);
            let read = Counted::read(&written.encode()).unwrap();
            assert_eq!(values(&read), values(&written));
            assert_eq!((read.summary.total(), read.summary.floor()), (written.summary.total(), 0.0));
            assert_eq!(read.distinct().count(), u64::from(keys));
        }
        let row = counted(3).encode();
        assert!((0..row.len()).all(|end| Counted::read(&row[..end]).is_none()));
        assert!(Counted::read(&[&row[..], &[0]].concat()).is_none());
        assert!(Counted::read(&[&[FORMAT + 1], &row[1..]].concat()).is_none());
    }

    #[test]
    fn a_row_has_the_heaviest_keys_and_the_count_of_all() {
        let read = Counted::read(&counted(900).encode()).unwrap();
        assert_eq!((read.summary.len(), read.summary.floor()), (STORED_KEYS_MAX, 850.0));
        let count = read.distinct().count() as f64;
        assert!((count - 900.0).abs() < 270.0, "{count}");
    }

    #[test]
    fn a_row_is_bounded_by_bytes_too() {
        let mut counted = Counted::default();
        (0..90_u8).for_each(|key| counted.add(&[key; 3_000], 1.0, true));
        assert_eq!(Counted::read(&counted.encode()).unwrap().summary.len(), 1);
    }

    #[test]
    fn keys_of_a_page_are_added_in_another_measure() {
        let mut page = Summary::new(2);
        (0..5_u8).for_each(|key| _ = page.add(&[key], 8.0, true));
        let mut counted = Counted::default();
        counted.absorb(&page, 0.25, true);
        assert_eq!((counted.summary.total(), counted.summary.len()), (10.0, 2));
    }
}
