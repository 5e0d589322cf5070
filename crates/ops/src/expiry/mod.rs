//! Time to live: when an item may go, and the index of a table's items by that time.
//!
//! A table with time to live has one more index, of no items but of their keys: a row for each item that has an expiry,
//! under the index's prefix, the expiry in seconds (8, big-endian), and the rest of the item's own row key. It is
//! maintained in the batch of every write, as any index is, and is built when time to live is enabled
//! (`table_work`), so that what is due is the beginning of one range (`expiry_work`).

mod keep;

use bytes::Bytes;
use model::{MapRef, Number, ValueRef};
use storage::{Batch, Family, Key};

use crate::rows::{self, ItemKey};
use crate::tables::{Table, TimeIndex};

pub(crate) use keep::{disable, enable, is_to_be_kept, number};

/// DynamoDB leaves items alone that expired longer ago. Unit: seconds.
const PAST_MAX_S: u64 = 5 * 365 * 24 * 60 * 60;

impl TimeIndex {
    /// Where an item's row stands; `None` if it never expires.
    pub(crate) fn row(&self, table_id: u64, item: MapRef<'_>, key: &ItemKey) -> Option<Key> {
        let expiry_s = self.expiry_s(item)?;
        let item_row = key.row.bytes.get(ITEM_ROW_PREFIX..)?;
        let bytes = [&rows::index_prefix(table_id, self.id)[..], &expiry_s.to_be_bytes(), item_row].concat();
        Some(Key::new(Family::Index, bytes))
    }

    /// The whole second at which an item expires.
    fn expiry_s(&self, item: MapRef<'_>) -> Option<u64> {
        match item.get(&self.attribute)? {
            ValueRef::N(number) => whole_seconds(&number),
            _ => None,
        }
    }

    /// Whether an item that expired is to go at `now_s`.
    pub(crate) fn is_due(&self, item: MapRef<'_>, now_s: u64) -> bool {
        self.expiry_s(item).is_some_and(|expiry_s| (oldest_s(now_s)..now_s).contains(&expiry_s))
    }

    /// Moves an item's row as a write changes the item.
    pub(crate) fn write(
        &self,
        table: &Table,
        key: &ItemKey,
        old: Option<MapRef<'_>>,
        new: Option<MapRef<'_>>,
        batch: &mut Batch,
    ) {
        let row = |item: Option<MapRef<'_>>| item.and_then(|item| self.row(table.id(), item, key));
        let (before, after) = (row(old), row(new));
        if before == after {
            return;
        }
        if let Some(before) = before {
            batch.delete(before);
        }
        if let Some(after) = after {
            batch.put(after, Bytes::new());
        }
    }
}

/// The expiry that counts at a moment, at the earliest.
pub(crate) fn oldest_s(now_s: u64) -> u64 {
    now_s.saturating_sub(PAST_MAX_S)
}

/// Of an item's row key, before its partition.
const ITEM_ROW_PREFIX: usize = 8;
/// Of a time's row key, before the rest of the item's.
const TIME_ROW_PREFIX: usize = TIME_PREFIX + 8;
/// Of a time's row key, before the time.
const TIME_PREFIX: usize = 8 + 4;

/// The item that a row of the index stands for.
pub(crate) fn item_row(table_id: u64, time_row: &[u8]) -> Option<Key> {
    let rest = time_row.get(TIME_ROW_PREFIX..)?;
    Some(Key::new(Family::Items, [&table_id.to_be_bytes()[..], rest].concat()))
}

/// The whole second in a row of the index.
pub(crate) fn expiry_of_row(time_row: &[u8]) -> Option<u64> {
    time_row.get(TIME_PREFIX..)?.first_chunk().map(|second| u64::from_be_bytes(*second))
}

/// A time without its fraction; `None` before 1970 and beyond all clocks.
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
mod tests;
