//! PartiQL: statements run on the same read and write paths as everything else.
//!
//! `expr::partiql` parses a statement and plans its keys; here a plan becomes pages (`select.rs`) or a change
//! (`write.rs`). The three operations stand in files of their own.

mod next_token;
mod select;
mod write;

use api::{Exception, ReturnValue};
use expr::partiql::{PartiqlError, Returning, Statement};
use model::AttributeValue;

pub(crate) use next_token::{Position, Sealer};
pub(crate) use select::{SelectOptions, single_key};
pub(crate) use write::WriteProblem;

pub(crate) fn refused(error: PartiqlError) -> Exception {
    Exception::validation(error.to_string())
}

pub(crate) fn parse(text: &str, parameters: Option<&[AttributeValue]>) -> Result<Statement, Exception> {
    expr::partiql::parse(text, parameters.unwrap_or_default()).map_err(refused)
}

/// RETURNING in the words of UpdateItem.
pub(crate) fn return_value(returning: Option<Returning>) -> Option<ReturnValue> {
    returning.map(|returning| match returning {
        Returning::AllOld => ReturnValue::AllOld,
        Returning::ModifiedOld => ReturnValue::UpdatedOld,
        Returning::AllNew => ReturnValue::AllNew,
        Returning::ModifiedNew => ReturnValue::UpdatedNew,
    })
}
