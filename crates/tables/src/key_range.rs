//! Key conditions as ranges of rows.

use std::ops::Bound;

use bytes::Bytes;
use expr::{KeyCondition, RangeCondition};
use model::codec::key::{self, HashSecret, KeyValue};
use model::{AttributeValue, ValueRef};

use crate::item_key::KeyProblem;
use crate::rows;
use crate::{Index, Table};

pub type Range = (Bound<Bytes>, Bound<Bytes>);

/// The rows of a table or an index that a key condition names.
///
/// # Errors
/// [`KeyProblem::SchemaMismatch`] for a value that no key can have: a [`KeyCondition`] of the same schema has none.
pub fn of_condition(
    secret: &HashSecret,
    table: &Table,
    index: Option<&Index>,
    condition: &KeyCondition,
) -> Result<Range, KeyProblem> {
    let mut prefix = partition(secret, table, index, &condition.hash)?;
    for range in &condition.range {
        match range {
            // Every encoding ends itself, so an equal value is a longer prefix.
            RangeCondition::Equal(value) => key::push_sort(&mut prefix, key_value(value)?),
            other => return of_range(&prefix, other),
        }
    }
    Ok(of_prefix(&prefix))
}

fn key_value(value: &AttributeValue) -> Result<KeyValue<'_>, KeyProblem> {
    KeyValue::of(value.view()).ok_or(KeyProblem::SchemaMismatch)
}

/// All rows of the partition that these HASH values name.
pub fn of_partition(
    secret: &HashSecret,
    table: &Table,
    index: Option<&Index>,
    hash: &[AttributeValue],
) -> Result<Range, KeyProblem> {
    Ok(of_prefix(&partition(secret, table, index, hash)?))
}

fn partition(
    secret: &HashSecret,
    table: &Table,
    index: Option<&Index>,
    hash: &[AttributeValue],
) -> Result<Vec<u8>, KeyProblem> {
    let values = hash.iter().map(key_value).collect::<Result<Vec<_>, _>>()?;
    Ok(match index {
        None => rows::table_partition(secret, table, &values),
        Some(index) => rows::index_partition(secret, table, index, &values),
    })
}

/// All rows of the table or the index.
pub fn of_all(table: &Table, index: Option<&Index>) -> Range {
    of_prefix(&rows::prefix(table, index))
}

/// Every row that begins with `prefix`.
pub fn of_prefix(prefix: &[u8]) -> Range {
    (Bound::Included(Bytes::copy_from_slice(prefix)), end(prefix))
}

fn of_range(prefix: &[u8], condition: &RangeCondition) -> Result<Range, KeyProblem> {
    let at = |value: &AttributeValue| {
        let mut edge = prefix.to_vec();
        key::push_sort(&mut edge, key_value(value)?);
        Ok(edge)
    };
    let (lower, upper) = of_prefix(prefix);
    Ok(match condition {
        RangeCondition::Equal(value) => of_prefix(&at(value)?),
        RangeCondition::Less(value) => (lower, Bound::Excluded(at(value)?.into())),
        RangeCondition::LessOrEqual(value) => (lower, end(&at(value)?)),
        RangeCondition::Greater(value) => (behind(&at(value)?), upper),
        RangeCondition::GreaterOrEqual(value) => (Bound::Included(at(value)?.into()), upper),
        RangeCondition::Between(low, high) => (Bound::Included(at(low)?.into()), end(&at(high)?)),
        RangeCondition::BeginsWith(value) => {
            let mut edge = prefix.to_vec();
            match value.view() {
                ValueRef::S(text) => key::push_sort_prefix(&mut edge, text.as_bytes()),
                ValueRef::B(bytes) => key::push_sort_prefix(&mut edge, bytes),
                // begins_with takes no number.
                _ => return Err(KeyProblem::SchemaMismatch),
            }
            of_prefix(&edge)
        }
    })
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
