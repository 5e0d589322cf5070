//! The index that a read uses.

use api::Exception;
use tables::{Index, IndexKind, Table};

/// The index that a request names, if it names one.
pub(crate) fn find_index<'t>(table: &'t Table, name: Option<&str>) -> Result<Option<&'t Index>, Exception> {
    let Some(name) = name else { return Ok(None) };
    let index = table
        .index(name)
        .ok_or_else(|| Exception::validation(format!("The table does not have the specified index: {name}")))?;
    if !index.is_readable() {
        return Err(Exception::validation(format!("Cannot read from backfilling global secondary index: {name}")));
    }
    Ok(Some(index))
}

/// A global index cannot be read consistently.
pub(crate) fn check_consistency(index: Option<&Index>, consistent: Option<bool>) -> Result<(), Exception> {
    if consistent == Some(true) && index.is_some_and(|index| index.kind == IndexKind::Global) {
        return Err(Exception::validation("Consistent reads are not supported on global secondary indexes"));
    }
    Ok(())
}
