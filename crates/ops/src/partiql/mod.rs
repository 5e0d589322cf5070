//! PartiQL: statements run on the same read and write paths as all other operations.
//!
//! `expr::partiql` parses a statement and plans its keys; here a plan becomes pages (`select.rs`) or a change
//! (`write.rs`). The three operations have files of their own.

mod next_token;
mod select;
mod write;

use api::{Exception, ParameterizedStatement, ReturnValue, StatementParameters};
use expr::partiql::{PartiqlError, Returning, Statement};
use model::AttributeValue;

pub(crate) use next_token::{Position, Sealer};
pub(crate) use select::{SelectOptions, single_key};
pub(crate) use write::{StatementWrite, WriteProblem};

pub(crate) fn refused(error: PartiqlError) -> Exception {
    Exception::validation(error.to_string())
}

/// Parses one statement.
pub(crate) fn parse(text: &str, parameters: Option<&StatementParameters>) -> Result<Statement, Exception> {
    check_parameters(parameters)?;
    expr::partiql::parse(text, values(parameters)).map_err(refused)
}

fn check_parameters(parameters: Option<&StatementParameters>) -> Result<(), Exception> {
    match parameters {
        Some(StatementParameters(Err(refusal))) => Err(Exception::validation(refusal.clone())),
        _ => Ok(()),
    }
}

pub(crate) fn values(parameters: Option<&StatementParameters>) -> &[AttributeValue] {
    parameters.map(StatementParameters::values).unwrap_or_default()
}

/// Parses the statements of a transaction. Refusals name the statement's index; those of parameters do not. Captured in
/// eu-west-2 and us-east-1.
pub(crate) fn parse_transaction(statements: &[ParameterizedStatement]) -> Result<Vec<Statement>, Exception> {
    statements.iter().try_for_each(|asked| check_parameters(asked.parameters.as_ref()))?;
    let parsed = statements.iter().enumerate().map(|(at, asked)| {
        parse(&asked.statement, asked.parameters.as_ref()).map_err(|refusal| of_statement(at, refusal))
    });
    parsed.collect()
}

/// A statement's own refusal, with its index in the transaction. Captured in eu-west-2 and us-east-1.
pub(crate) fn of_statement(at: usize, refusal: Exception) -> Exception {
    match refusal {
        Exception::Validation(text) => {
            Exception::Validation(format!("Validation failed in TransactStatements[{at}]: {text}"))
        }
        other => other,
    }
}

/// RETURNING as UpdateItem's ReturnValues.
pub(crate) fn return_value(returning: Option<Returning>) -> Option<ReturnValue> {
    returning.map(|returning| match returning {
        Returning::AllOld => ReturnValue::AllOld,
        Returning::ModifiedOld => ReturnValue::UpdatedOld,
        Returning::AllNew => ReturnValue::AllNew,
        Returning::ModifiedNew => ReturnValue::UpdatedNew,
    })
}
