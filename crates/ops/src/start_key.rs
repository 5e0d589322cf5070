//! ExclusiveStartKey: where a page begins, checked against the table, the index and the query.

use std::ops::Bound;

use api::Exception;
use bytes::Bytes;
use model::codec::key::HashSecret;
use model::{Attributes, KeyAttribute};
use storage::ScanDirection;

use crate::catalog::{Index, Table};
use crate::read::PageRequest;
use crate::rows::{self, ItemKey};

/// Which operation the key belongs to: they differ in their words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Walker {
    Query,
    Scan,
}

/// Moves the start of a page behind `start`.
pub(crate) fn begin_after(
    secret: &HashSecret,
    request: &mut PageRequest<'_>,
    start: &Attributes,
    walker: Walker,
) -> Result<(), Exception> {
    let row = row_of(secret, request.table, request.index, start)?;
    if !contains(&request.lower, &request.upper, &row) {
        return Err(Exception::validation(match walker {
            Walker::Query => "The provided starting key is outside query boundaries based on provided conditions",
            Walker::Scan => {
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use \
                             ExclusiveStartKey with correct Segment. TotalSegments and Segment must match"
            }
        }));
    }
    match request.direction {
        ScanDirection::Forward => request.lower = Bound::Excluded(row),
        ScanDirection::Backward => request.upper = Bound::Excluded(row),
    }
    Ok(())
}

/// The row that a starting key names: it has exactly the key attributes of the table and of the index.
fn row_of(secret: &HashSecret, table: &Table, index: Option<&Index>, start: &Attributes) -> Result<Bytes, Exception> {
    let mut parts: Vec<&KeyAttribute> = table.key.attributes().collect();
    for part in index.iter().flat_map(|index| index.key.attributes()) {
        if !parts.iter().any(|own| own.name == part.name) {
            parts.push(part);
        }
    }
    let fits = |part: &&KeyAttribute| start.get(&part.name).is_some_and(|v| v.view().kind() == part.key_type.kind());
    if start.len() != parts.len() || !parts.iter().all(fits) {
        return Err(Exception::validation(match index {
            None => "The provided starting key is invalid: The provided key element does not match the schema",
            Some(_) => "The provided starting key is invalid",
        }));
    }
    let item_key = ItemKey::of(secret, table, start.view());
    let row = match index {
        None => Some(item_key.row),
        Some(index) => rows::index_row(secret, table, index, start.view(), &item_key),
    };
    row.map(|row| row.bytes).ok_or_else(|| Exception::validation("The provided starting key is invalid"))
}

fn contains(lower: &Bound<Bytes>, upper: &Bound<Bytes>, row: &Bytes) -> bool {
    let above = match lower {
        Bound::Included(edge) => row >= edge,
        Bound::Excluded(edge) => row > edge,
        Bound::Unbounded => true,
    };
    let below = match upper {
        Bound::Included(edge) => row <= edge,
        Bound::Excluded(edge) => row < edge,
        Bound::Unbounded => true,
    };
    above && below
}
