//! Key conditions as ranges of rows.

use std::ops::Bound;

use bytes::Bytes;
use expr::{KeyCondition, RangeCondition};
use model::codec::key::{self, HashSecret};
use model::{AttributeValue, ValueRef};

use crate::rows;
use crate::tables::{Index, Table};

pub(crate) type Range = (Bound<Bytes>, Bound<Bytes>);

/// The rows of a table or an index that a key condition names.
pub(crate) fn of_condition(
    secret: &HashSecret,
    table: &Table,
    index: Option<&Index>,
    condition: &KeyCondition,
) -> Range {
    let mut prefix = partition(secret, table, index, &condition.hash);
    for range in &condition.range {
        match range {
            // Every encoding ends itself, so an equal value is a longer prefix.
            RangeCondition::Equal(value) => key::push_sort(&mut prefix, value.view()),
            other => return of_range(&prefix, other),
        }
    }
    of_prefix(&prefix)
}

/// All rows of the partition that these HASH values name.
pub(crate) fn of_partition(
    secret: &HashSecret,
    table: &Table,
    index: Option<&Index>,
    hash: &[AttributeValue],
) -> Range {
    of_prefix(&partition(secret, table, index, hash))
}

fn partition(secret: &HashSecret, table: &Table, index: Option<&Index>, hash: &[AttributeValue]) -> Vec<u8> {
    let values: Vec<ValueRef<'_>> = hash.iter().map(|value| value.view()).collect();
    match index {
        None => rows::table_partition(secret, table, &hash[0]),
        Some(index) => rows::index_partition(secret, table, index, &values),
    }
}

/// All rows of the table or the index.
pub(crate) fn of_all(table: &Table, index: Option<&Index>) -> Range {
    of_prefix(&rows::prefix(table, index))
}

/// Every row that begins with `prefix`.
pub(crate) fn of_prefix(prefix: &[u8]) -> Range {
    (Bound::Included(Bytes::copy_from_slice(prefix)), end(prefix))
}

fn of_range(prefix: &[u8], condition: &RangeCondition) -> Range {
    let at = |value: ValueRef<'_>| {
        let mut edge = prefix.to_vec();
        key::push_sort(&mut edge, value);
        edge
    };
    let (lower, upper) = of_prefix(prefix);
    match condition {
        RangeCondition::Equal(value) => of_prefix(&at(value.view())),
        RangeCondition::Less(value) => (lower, Bound::Excluded(at(value.view()).into())),
        RangeCondition::LessOrEqual(value) => (lower, end(&at(value.view()))),
        RangeCondition::Greater(value) => (behind(&at(value.view())), upper),
        RangeCondition::GreaterOrEqual(value) => (Bound::Included(at(value.view()).into()), upper),
        RangeCondition::Between(low, high) => (Bound::Included(at(low.view()).into()), end(&at(high.view()))),
        RangeCondition::BeginsWith(value) => {
            let mut edge = prefix.to_vec();
            match value.view() {
                ValueRef::S(text) => key::push_sort_prefix(&mut edge, text.as_bytes()),
                ValueRef::B(bytes) => key::push_sort_prefix(&mut edge, bytes),
                other => unreachable!("begins_with takes a string or a binary, not {:?}", other.kind()),
            }
            of_prefix(&edge)
        }
    }
}

/// Up to the last row that begins with `prefix`.
fn end(prefix: &[u8]) -> Bound<Bytes> {
    key::prefix_end(prefix).map_or(Bound::Unbounded, |end| Bound::Excluded(end.into()))
}

/// From the first row behind those that begin with `prefix`.
fn behind(prefix: &[u8]) -> Bound<Bytes> {
    // A prefix holds a table id, and no table's id is all ones, so there is always a key behind it.
    key::prefix_end(prefix).map_or(Bound::Unbounded, |end| Bound::Included(end.into()))
}

#[cfg(test)]
mod tests;
