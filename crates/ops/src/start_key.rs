//! ExclusiveStartKey: the start of a page, checked against the table, the index and the query.

use std::ops::Bound;

use api::Exception;
use bytes::Bytes;
use model::codec::key::HashSecret;
use model::{Attributes, KeyAttribute};
use storage::ScanDirection;
use tables::item_key::KeyProblem;
use tables::key_range::Range;
use tables::rows::{self, ItemKey};
use tables::{Index, Table};

use crate::read::PageRequest;
use crate::segment::Segment;

/// The operation that the key belongs to, and its bounds for keys: refusals differ in their messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Walker<'a> {
    /// With the rows of the partition that it reads.
    Query {
        partition: &'a Range,
    },
    Scan {
        segment: Option<Segment>,
    },
}

/// Moves the start of a page behind `start`.
pub(crate) fn begin_after(
    secret: &HashSecret,
    request: &mut PageRequest<'_>,
    start: &Attributes,
    walker: Walker<'_>,
) -> Result<(), Exception> {
    let row = row_of(secret, request.table, request.index, start, walker)?;
    if !contains(&request.lower, &request.upper, &row) {
        return Err(Exception::validation(walker.out_of_bounds(&row)));
    }
    match request.direction {
        ScanDirection::Forward => request.lower = Bound::Excluded(row),
        ScanDirection::Backward => request.upper = Bound::Excluded(row),
    }
    Ok(())
}

const INVALID_BY_SCHEMA: &str =
    "The provided starting key is invalid: The provided key element does not match the schema";

impl Walker<'_> {
    /// The message for a row that the page cannot begin after.
    fn out_of_bounds(self, row: &Bytes) -> String {
        match self {
            Walker::Query { partition: (lower, upper) } if contains(lower, upper, row) => {
                "The provided starting key does not match the range key predicate".to_owned()
            }
            Walker::Scan { segment: Some(Segment { number, total }) } => format!(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with \
                 correct Segment. TotalSegments: {total} Segment: {number}"
            ),
            Walker::Query { .. } | Walker::Scan { segment: None } => {
                "The provided starting key is outside query boundaries based on provided conditions".to_owned()
            }
        }
    }

    /// The refusal of a key without the attributes of the table's or the index's. Captured in us-east-1: only a Scan of a
    /// table gives the reason.
    fn no_key(self, index: Option<&Index>) -> Exception {
        match (self, index) {
            (Walker::Scan { .. }, None) => Exception::validation(INVALID_BY_SCHEMA),
            _ => Exception::validation("The provided starting key is invalid"),
        }
    }

    /// The refusal of a key that has them, one of another type. A Query of a table has no message about starting keys.
    fn mistyped(self, index: Option<&Index>) -> Exception {
        match (self, index) {
            (Walker::Query { .. }, None) => KeyProblem::SchemaMismatch.into(),
            _ => Exception::validation(INVALID_BY_SCHEMA),
        }
    }
}

/// The row that a starting key names: it has exactly the key attributes of the table and of the index.
fn row_of(
    secret: &HashSecret,
    table: &Table,
    index: Option<&Index>,
    start: &Attributes,
    walker: Walker<'_>,
) -> Result<Bytes, Exception> {
    let mut parts: Vec<&KeyAttribute> = table.key.attributes().collect();
    for part in index.iter().flat_map(|index| index.key.attributes()) {
        if !parts.iter().any(|own| own.name == part.name) {
            parts.push(part);
        }
    }
    if start.len() != parts.len() || !parts.iter().all(|part| start.get(&part.name).is_some()) {
        return Err(walker.no_key(index));
    }
    let fits = |part: &&KeyAttribute| start.get(&part.name).is_some_and(|v| v.view().kind() == part.key_type.kind());
    if !parts.iter().all(fits) {
        return Err(walker.mistyped(index));
    }
    let item_key = ItemKey::of(secret, table, start.view()).map_err(|_| walker.no_key(index))?;
    let row = match index {
        None => Some(item_key.row),
        Some(index) => rows::index_row(secret, table, index, start.view(), &item_key),
    };
    row.map(|row| row.bytes).ok_or_else(|| walker.no_key(index))
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
