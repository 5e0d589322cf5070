//! PartiQL: statements run on the same read and write paths as everything else.
//!
//! `expr::partiql` parses a statement and plans its keys; here a plan becomes pages (`select.rs`) or a change
//! (`write.rs`). The three operations stand in files of their own.

mod next_token;
mod select;
mod write;

use api::{Exception, ParameterizedStatement, ReturnValue};
use expr::partiql::{PartiqlError, Returning, Select, Statement};
use model::codec::row::StoredItem;
use model::{AttributeValue, Item};

pub(crate) use next_token::{Position, Sealer};
pub(crate) use select::{SelectOptions, single_key};
pub(crate) use write::{StatementWrite, WriteProblem};

pub(crate) fn refused(error: PartiqlError) -> Exception {
    Exception::validation(error.to_string())
}

pub(crate) fn parse(text: &str, parameters: Option<&[AttributeValue]>) -> Result<Statement, Exception> {
    expr::partiql::parse(text, parameters.unwrap_or_default()).map_err(refused)
}

/// Reads the statements of a transaction, whose refusals name their places.
pub(crate) fn parse_transaction(statements: &[ParameterizedStatement]) -> Result<Vec<Statement>, Exception> {
    let parsed = statements.iter().enumerate().map(|(at, asked)| {
        parse(&asked.statement, asked.parameters.as_deref()).map_err(|refusal| of_statement(at, refusal))
    });
    parsed.collect()
}

/// A statement's own refusal, with its place in the transaction. Captured in eu-west-2 and us-east-1.
pub(crate) fn of_statement(at: usize, refusal: Exception) -> Exception {
    match refusal {
        Exception::Validation(text) => {
            Exception::Validation(format!("Validation failed in TransactStatements[{at}]: {text}"))
        }
        other => other,
    }
}

/// What a SELECT shows of a stored item.
pub(crate) fn shown(select: &Select, stored: &StoredItem) -> Item {
    match &select.columns {
        None => stored.item(),
        Some(columns) => Item::Tree(columns.apply(stored.attributes())),
    }
}

/// The same where an answer has room for one item: one without attributes is left out.
pub(crate) fn shown_alone(select: &Select, stored: &StoredItem) -> Option<Item> {
    let item = shown(select, stored);
    match &item {
        Item::Tree(attributes) if attributes.is_empty() => None,
        _ => Some(item),
    }
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
