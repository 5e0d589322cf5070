//! What each account may have of the metrics: series, and memory for what it puts.
//!
//! | of | an account has at most | all have at most |
//! |---|---|---|
//! | series that are measured | as many as remain for others: half of them, or a third where two accounts measure | `--cloudwatch-series-max` |
//! | series that callers put, in [`PUT_HOURS`] | a tenth of them, and [`NAMES_BYTES_MAX`] of names | as many as are measured, and [`NAMES_BYTES_OF_ALL_MAX`] |
//! | values that callers put and that are not stored yet | [`WAITING_BYTES_MAX`], and as much as remains for others | [`WAITING_BYTES_OF_ALL_MAX`] |

use std::collections::HashMap;

use crate::series::SeriesId;

/// The part of all series that an account may put.
const PUT_SHARE: usize = 10;
/// A series that callers put counts for so long after its last value.
const PUT_HOURS: u64 = 24;
/// Names, dimensions and units of the series that an account puts. Unit: bytes.
const NAMES_BYTES_MAX: usize = 16 << 20;
const NAMES_BYTES_OF_ALL_MAX: usize = 64 << 20;
/// What an account puts between two writes of the metrics. Unit: bytes.
const WAITING_BYTES_MAX: usize = 16 << 20;
const WAITING_BYTES_OF_ALL_MAX: usize = 64 << 20;

// An account that has all of its share leaves others as much.
const _: () =
    assert!(2 * NAMES_BYTES_MAX <= NAMES_BYTES_OF_ALL_MAX && 2 * WAITING_BYTES_MAX <= WAITING_BYTES_OF_ALL_MAX);

/// Whether an account with `own` may have `more` of what all have `used` of `max`: it has at most as much as remains for others.
pub(crate) fn has_room(own: usize, used: usize, max: usize, more: usize) -> bool {
    let (own, used) = (own.saturating_add(more), used.saturating_add(more));
    used <= max && own <= (max - used).saturating_add(more)
}

/// Why values are not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PutRefusal {
    /// The account has as many series as it may have.
    Series,
    /// What it has put has to be stored first.
    Waiting,
}

/// A series with the size of its names.
pub(crate) type Named = (SeriesId, usize);

/// What callers put, by account.
#[derive(Debug, Default)]
pub(crate) struct PutShares {
    accounts: HashMap<String, PutShare>,
    series: usize,
    names_bytes: usize,
    waiting_bytes: usize,
}

#[derive(Debug, Default)]
struct PutShare {
    /// With the hour of the last value, and the size of the names.
    series: HashMap<SeriesId, (u64, usize)>,
    names_bytes: usize,
    waiting_bytes: usize,
}

impl PutShares {
    /// Counts series, and the memory of their values, all or none.
    pub(crate) fn put(
        &mut self,
        account: &str,
        named: &[Named],
        bytes: usize,
        hour: u64,
        series_max: usize,
    ) -> Result<(), PutRefusal> {
        let (own_waiting, own_known) =
            self.accounts.get(account).map_or((0, 0), |own| (own.waiting_bytes, own.series.len()));
        let is_taken = own_waiting + bytes <= WAITING_BYTES_MAX
            && has_room(own_waiting, self.waiting_bytes, WAITING_BYTES_OF_ALL_MAX, bytes);
        if !is_taken {
            return Err(PutRefusal::Waiting);
        }
        let new = self.new_series(account, named);
        let new_bytes: usize = new.values().sum();
        let own_names = self.accounts.get(account).map_or(0, |own| own.names_bytes);
        let fits = own_known + new.len() <= series_max / PUT_SHARE
            && self.series + new.len() <= series_max
            && own_names + new_bytes <= NAMES_BYTES_MAX
            && has_room(own_names, self.names_bytes, NAMES_BYTES_OF_ALL_MAX, new_bytes);
        if !new.is_empty() && !fits {
            return Err(PutRefusal::Series);
        }
        let own = self.accounts.entry(account.to_owned()).or_default();
        for (id, size) in named {
            own.series.entry(*id).or_insert((hour, *size)).0 = hour;
        }
        own.names_bytes += new_bytes;
        own.waiting_bytes += bytes;
        self.series += new.len();
        self.names_bytes += new_bytes;
        self.waiting_bytes += bytes;
        Ok(())
    }

    /// Those that the account has not put yet, with the sizes of their names.
    fn new_series(&self, account: &str, named: &[Named]) -> HashMap<SeriesId, usize> {
        let own = self.accounts.get(account);
        let is_new = |(id, _): &&Named| own.is_none_or(|own| !own.series.contains_key(id));
        named.iter().filter(is_new).copied().collect()
    }

    /// Sets how much waits now, and forgets series without values.
    pub(crate) fn settle(&mut self, hour: u64, waiting: impl Fn(&SeriesId) -> usize) {
        for own in self.accounts.values_mut() {
            own.series.retain(|_, (last_hour, _)| last_hour.saturating_add(PUT_HOURS) > hour);
            own.names_bytes = own.series.values().map(|(_, size)| size).sum();
            own.waiting_bytes = own.series.keys().map(&waiting).sum();
        }
        self.accounts.retain(|_, own| !own.series.is_empty());
        let sum = |of: fn(&PutShare) -> usize| self.accounts.values().map(of).sum();
        (self.series, self.names_bytes, self.waiting_bytes) =
            (sum(|own| own.series.len()), sum(|own| own.names_bytes), sum(|own| own.waiting_bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(first: u8, count: u8) -> Vec<Named> {
        (first..first + count).map(|number| ([number; 16], 100)).collect()
    }

    #[test]
    fn an_account_leaves_as_much_as_it_has() {
        let count = |others: usize| (0..100).take_while(|own| has_room(*own, own + others, 90, 1)).count();
        assert_eq!((count(0), count(45), count(89), count(90)), (45, 23, 1, 0));
        assert!(!has_room(0, 0, 0, 1) && has_room(0, 0, 1, 1));
    }

    #[test]
    fn series_are_of_a_share_until_they_have_no_values() {
        let mut shares = PutShares::default();
        assert_eq!(shares.put("a", &named(0, 10), 1, 5, 100), Ok(()));
        assert_eq!(shares.put("a", &named(9, 2), 1, 6, 100), Err(PutRefusal::Series));
        assert_eq!(shares.put("a", &named(9, 1), 1, 6, 100), Ok(()));
        assert_eq!(shares.put("b", &named(9, 2), 1, 6, 100), Ok(()));
        shares.settle(5 + PUT_HOURS, |_| 0);
        assert_eq!(shares.put("a", &named(20, 9), 1, 30, 100), Ok(()), "nine have no values for a day");
        assert_eq!(shares.put("a", &named(40, 1), 1, 30, 100), Err(PutRefusal::Series));
        shares.settle(90, |_| 0);
        assert!(shares.accounts.is_empty() && shares.series == 0 && shares.names_bytes == 0);
    }

    #[test]
    fn names_are_of_a_share_in_bytes() {
        let (mut shares, large) = (PutShares::default(), NAMES_BYTES_MAX / 4);
        let one = |number: u8| [([number; 16], large)];
        for number in 0..4 {
            assert_eq!(shares.put("a", &one(number), 1, 0, 1_000), Ok(()));
        }
        assert_eq!(shares.put("a", &one(4), 1, 0, 1_000), Err(PutRefusal::Series));
        assert_eq!(shares.put("a", &one(0), 1, 0, 1_000), Ok(()), "a known one");
        assert_eq!(shares.put("b", &one(4), 1, 0, 1_000), Ok(()));
    }

    #[test]
    fn what_waits_is_of_a_share_in_bytes() {
        let (mut shares, half) = (PutShares::default(), WAITING_BYTES_MAX / 2);
        assert_eq!(shares.put("a", &named(0, 1), half, 0, 1_000), Ok(()));
        assert_eq!(shares.put("a", &named(0, 1), half, 0, 1_000), Ok(()));
        assert_eq!(shares.put("a", &named(0, 1), 1, 0, 1_000), Err(PutRefusal::Waiting));
        assert_eq!(shares.put("b", &named(0, 1), half, 0, 1_000), Ok(()));
        shares.settle(0, |_| 7);
        assert_eq!(shares.waiting_bytes, 14);
        assert_eq!(shares.put("a", &named(0, 1), half, 0, 1_000), Ok(()));
    }
}
