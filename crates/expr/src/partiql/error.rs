//! Why a statement is refused. `Display` is DynamoDB's sentence, where it is known.
//!
//! Details of syntax are those of the language's reference parser; the service is seen to pass them on as they are
//! (`Expected data manipulation`, `Unexpected keyword`).

use std::fmt;

use model::limits::STATEMENT_SIZE_MAX;

use crate::error::{ExpressionError, Problem};

#[derive(Clone, PartialEq, Debug)]
pub enum PartiqlError {
    /// Carries the statement.
    TooLong(String),
    /// Not PartiQL.
    Malformed(&'static str),
    ParameterCount,
    /// PartiQL, but nothing that DynamoDB does.
    Refused(Refusal),
    /// UPDATE, DELETE or EXISTS of anything but one item.
    KeyRequired,
    /// A SELECT of anything but one item, in the operation named.
    SelectKeyRequired(&'static str),
    OrderWithoutWhere,
    OrderWithoutHashKey,
    OrderHashKeyFirst,
    /// ORDER BY names something else than a key attribute.
    OrderNotKey(String),
    /// The trouble of an expression that the statement is lowered into.
    Expression(ExpressionError),
}

/// What DynamoDB leaves out of the language.
#[derive(Clone, PartialEq, Debug)]
pub enum Refusal {
    /// A clause, function or operator; where it stands.
    Unsupported {
        what: &'static str,
        name: String,
        place: Place,
    },
    /// A write to an index.
    IndexWrite,
    /// Elements of a set that are of different types, or of one that has no sets.
    SetElements,
    EmptySet,
    DuplicateElement(String),
    /// INSERT of something that is not a map.
    ItemNotMap,
    /// SET_ADD or SET_DELETE of an attribute, assigned to another one.
    SetFunctionTarget(&'static str),
    ReturningOfDelete,
}

/// Where in a statement something stands. Unit: characters, the first being 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub length: usize,
}

impl Place {
    /// The place of `length` bytes from byte `start` on.
    pub(super) fn of(text: &str, start: usize, length: usize) -> Place {
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            length: text[start..start + length].chars().count(),
        }
    }
}

impl fmt::Display for PartiqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartiqlError::TooLong(text) => write!(
                f,
                "1 validation error detected: Value '{text}' at 'statement' failed to satisfy constraint: Member must \
                 have length less than or equal to {STATEMENT_SIZE_MAX}"
            ),
            PartiqlError::Malformed(detail) => {
                write!(f, "Statement wasn't well formed, can't be processed: {detail}")
            }
            PartiqlError::ParameterCount => f.write_str("Number of parameters in request and statement don't match."),
            PartiqlError::Refused(refusal) => refusal.fmt(f),
            PartiqlError::KeyRequired => {
                f.write_str("Where clause does not contain a mandatory equality on all key attributes")
            }
            PartiqlError::SelectKeyRequired(operation) => {
                write!(f, "Select statements within {operation} must specify the primary key in the where clause.")
            }
            PartiqlError::OrderWithoutWhere => {
                f.write_str("Must have WHERE clause in the statement when using ORDER BY clause.")
            }
            PartiqlError::OrderWithoutHashKey => f.write_str(
                "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
            ),
            PartiqlError::OrderHashKeyFirst => f.write_str(
                "Must have the hash key first in ORDER BY clause when WHERE clause has several hash key values.",
            ),
            PartiqlError::OrderNotKey(name) => {
                write!(f, "Variable reference {name} in ORDER BY clause must be part of the primary key")
            }
            PartiqlError::Expression(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unsupported { what, name, place } => {
                write!(f, "Unsupported {what}: {name} at {}:{}:{}", place.line, place.column, place.length)
            }
            Refusal::IndexWrite => f.write_str("Writes to an index are not supported"),
            Refusal::SetElements => f.write_str("Elements of a set must be of one type: String, Number or Binary"),
            Refusal::EmptySet => {
                f.write_str("One or more parameter values were invalid: An string set  may not be empty")
            }
            Refusal::DuplicateElement(list) => {
                write!(f, "One or more parameter values were invalid: Input collection {list} contains duplicates.")
            }
            Refusal::ItemNotMap => f.write_str("INSERT statements take one item: VALUE {'name': value, ...}"),
            Refusal::SetFunctionTarget(function) => {
                write!(f, "{function} must be assigned to the attribute that it changes")
            }
            Refusal::ReturningOfDelete => f.write_str("DELETE statements can return ALL OLD * only"),
        }
    }
}

impl std::error::Error for PartiqlError {}

impl From<Problem> for PartiqlError {
    fn from(problem: Problem) -> PartiqlError {
        PartiqlError::Expression(problem.into())
    }
}

impl From<Refusal> for PartiqlError {
    fn from(refusal: Refusal) -> PartiqlError {
        PartiqlError::Refused(refusal)
    }
}
