//! Time to live: when an item expires, and the index of a table's items by that time.
//!
//! A table with time to live has one more index, of keys alone: a row for each item with an expiry, under the index's
//! prefix, the expiry in seconds (8, big-endian), and the rest of the item's own row key. As any index, it is maintained in
//! the batch of every write and built in the background (`table_work`) when time to live is enabled. So the due items are
//! the beginning of one range (`expiry_work`).

use model::{MapRef, Number, ValueRef};
use storage::Key;

use crate::rows::ItemKey;
use crate::{Definition, TimeIndex, TimeToLive};

/// DynamoDB does not delete items that expired longer ago. Unit: seconds.
const PAST_MAX_S: u64 = 5 * 365 * 24 * 60 * 60;

impl TimeIndex {
    /// The key of an item's row; `None` if the item never expires.
    pub fn row(&self, table_id: u64, item: MapRef<'_>, key: &ItemKey) -> Option<Key> {
        let expiry_s = self.expiry_s(item)?;
        Some(keyspace::expiry_row(table_id, self.id, expiry_s, &key.row.bytes))
    }

    /// The whole second at which an item expires.
    fn expiry_s(&self, item: MapRef<'_>) -> Option<u64> {
        match item.get(&self.attribute)? {
            ValueRef::N(number) => whole_seconds(&number),
            _ => None,
        }
    }

    /// When an item expires. Unit: milliseconds since 1970.
    pub fn expiry_ms(&self, item: MapRef<'_>) -> Option<u64> {
        self.expiry_s(item)?.checked_mul(1000)
    }

    /// Whether an item is due for deletion at `now_s`.
    pub fn is_due(&self, item: MapRef<'_>, now_s: u64) -> bool {
        self.expiry_s(item).is_some_and(|expiry_s| (oldest_s(now_s)..now_s).contains(&expiry_s))
    }
}

/// Adds the index of expiries to a definition.
pub fn enable(definition: &mut Definition, attribute: String) {
    definition.time_to_live.attribute = Some(attribute);
    number(definition);
}

/// Removes the index of expiries from a definition.
pub fn disable(definition: &mut Definition) {
    let times = &mut definition.time_to_live;
    times.dropping.extend(times.index);
    *times = TimeToLive { dropping: std::mem::take(&mut times.dropping), ..TimeToLive::default() };
}

/// Gives the index its id; older versions enabled time to live without one.
pub fn number(definition: &mut Definition) {
    definition.time_to_live.index = Some(definition.next_index_id);
    definition.next_index_id += 1;
}

/// The earliest expiry that is due at a moment.
pub fn oldest_s(now_s: u64) -> u64 {
    now_s.saturating_sub(PAST_MAX_S)
}

/// A time without its fraction; `None` before 1970 and beyond a u64.
fn whole_seconds(number: &Number) -> Option<u64> {
    let (negative, coefficient, exponent) = number.parts();
    let scale = 10_u128.checked_pow(u32::from(exponent.unsigned_abs()));
    let whole = match (exponent < 0, scale) {
        (true, Some(scale)) => coefficient / scale,
        (true, None) => 0,
        (false, scale) => coefficient.checked_mul(scale?)?,
    };
    if negative { None } else { u64::try_from(whole).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_whole() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0.5", None),
            ("-1", None),
            ("1700000000", Some(1_700_000_000)),
            ("1.7e9", Some(1_700_000_000)),
            ("1700000000.999", Some(1_700_000_000)),
            ("1e-130", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("1e125", None),
        ] {
            assert_eq!(whole_seconds(&Number::parse(text).unwrap()), expected, "{text}");
        }
    }
}
