//! Why a statement is refused. `Display` is DynamoDB's sentence, where it is known.
//!
//! Details of syntax are those of the language's reference parser; the service is seen to pass them on as they are
//! (`Expected data manipulation`, `Unexpected keyword`).

use std::fmt;

use model::limits::STATEMENT_SIZE_MAX;
use model::{NumberError, PathElement};

use super::Returning;
use crate::error::{ExpressionError, Problem};

#[derive(Clone, PartialEq, Debug)]
pub enum PartiqlError {
    /// Carries the statement.
    TooLong(String),
    /// Not PartiQL.
    Malformed(&'static str),
    /// A word of SQL among the columns of a SELECT; in small letters.
    KeywordAmongColumns(String),
    ParameterCount,
    /// PartiQL, but nothing that DynamoDB does.
    Refused(Refusal),
    /// UPDATE or DELETE of anything but one item.
    KeyRequired,
    /// A SELECT of anything but one item, in the operation named.
    SelectKeyRequired(&'static str),
    OrderWithoutWhere,
    OrderWithoutHashKey,
    OrderHashKeyFirst,
    /// One value of RANGE attributes is a key condition of one alternative, and another alternative of the same
    /// partition is none.
    OverlappingConditions,
    /// EXISTS of anything but one item, or without a condition beside its key.
    ExistsWithoutCondition,
    /// A SELECT on an index in a transaction, by itself or in EXISTS.
    IndexInTransaction,
    /// A RETURNING clause in a transaction.
    ReturningInTransaction,
    /// A SELECT on an index with several key attributes of one kind.
    MultiAttributeKey,
    /// Two SELECTs of a batch read one item.
    DuplicateReads,
    /// ORDER BY names something else than a key attribute.
    OrderNotKey(String),
    /// The trouble of an expression that the statement is lowered into.
    Expression(ExpressionError),
    /// A literal that is no DynamoDB number; where it is inside its value.
    NumberAt {
        error: NumberError,
        path: ValuePath,
    },
}

/// The path of a literal inside the value of an attribute, outermost step first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ValuePath(pub(super) Vec<PathElement>);

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("root")?;
        self.0.iter().try_for_each(|step| match step {
            PathElement::Name(name) => write!(f, ".{name}"),
            PathElement::Index(index) => write!(f, "[{index}]"),
        })
    }
}

/// What DynamoDB leaves out of the language.
#[derive(Clone, PartialEq, Debug)]
pub enum Refusal {
    /// A clause, function or operator, and its position.
    Unsupported {
        what: &'static str,
        name: String,
        place: Place,
    },
    /// A function that a condition does not know.
    UnknownFunction {
        name: String,
        place: Place,
    },
    /// A function in the list of a SELECT.
    PathComponent(Place),
    /// A function in a literal.
    DataType {
        name: String,
        path: ValuePath,
        place: Place,
    },
    Alias,
    /// A name of no letters: a table's, an index's or an attribute's in a path.
    EmptyName,
    /// An attribute of no name in an item.
    EmptyAttributeName,
    /// The same in a map.
    EmptyKey,
    /// More than a table and an index.
    LongSource,
    /// A test of a type that DynamoDB does not have.
    IsType,
    /// An UPDATE or a DELETE of an index.
    IndexWrite,
    /// An INSERT into an index.
    IndexInsert,
    /// Elements of a set that are of different types, or of one that has no sets.
    SetElements,
    EmptySet,
    DuplicateElement(String),
    /// INSERT of something that is not a map.
    ItemNotMap,
    /// SET_ADD or SET_DELETE of something else than the attribute that it is assigned to.
    SetFunctionTarget(&'static str, Place),
    SetFunctionOperand(&'static str, Place),
    SetFunctionCount(&'static str, Place),
    /// Anything but the whole old item.
    ReturningOfDelete(Returning),
}

/// A position in a statement. Unit: characters, the first being 1.
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.line, self.column, self.length)
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
            PartiqlError::KeywordAmongColumns(word) => write!(
                f,
                "Statement wasn't well formed, can't be processed: Expected identifier or an expression but found \
                 unexpected keyword '{word}' in a select list."
            ),
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
            PartiqlError::NumberAt { error, path } => write!(f, "{error} under {path}"),
            PartiqlError::OverlappingConditions => {
                f.write_str("Overlapping conditions with range keys are not supported in where clause")
            }
            PartiqlError::ExistsWithoutCondition => {
                f.write_str("EXISTS() must contain a single item read with additional condition")
            }
            PartiqlError::IndexInTransaction => f.write_str("Reads on indices are not supported within transactions."),
            PartiqlError::ReturningInTransaction => {
                f.write_str("RETURNING clause is not supported in ExecuteTransaction.")
            }
            PartiqlError::DuplicateReads => f.write_str("Provided list of item keys contains duplicates"),
            PartiqlError::MultiAttributeKey => f.write_str(
                "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute \
                 RANGE keys.",
            ),
        }
    }
}

impl PartiqlError {
    /// Whether the text is no PartiQL, whatever its parameters are.
    pub(super) fn is_syntax(&self) -> bool {
        matches!(self, PartiqlError::TooLong(_) | PartiqlError::Malformed(_) | PartiqlError::KeywordAmongColumns(_))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unsupported { what, name, place } => {
                write!(f, "Unsupported {what}: {name} at {place}")
            }
            Refusal::UnknownFunction { name, place } => write!(f, "Unrecognized function: {name} at {place}"),
            Refusal::PathComponent(place) => write!(f, "Unexpected path component at {place}"),
            Refusal::DataType { name, path, place } => {
                write!(f, "Unsupported data type: {name} under key {path} at {place}")
            }
            Refusal::Alias => f.write_str("Aliasing is not supported"),
            Refusal::EmptyName => f.write_str("Path component cannot be an empty string"),
            Refusal::EmptyAttributeName => f.write_str("Empty attribute name"),
            Refusal::EmptyKey => {
                f.write_str("One or more parameter values were invalid: An attribute name may not be empty")
            }
            Refusal::LongSource => f.write_str("A path may contain at most 2 components in the FROM clause"),
            Refusal::IsType => f.write_str("Unsupported operation: IsType"),
            Refusal::IndexWrite => f.write_str("This operation is not supported on an index"),
            Refusal::IndexInsert => f.write_str("FROM clause may only contain a single table name"),
            Refusal::SetElements => f.write_str("Elements of a set must be of one type: String, Number or Binary"),
            Refusal::EmptySet => f.write_str("Empty bags are not supported"),
            Refusal::DuplicateElement(list) => {
                write!(f, "One or more parameter values were invalid: Input collection {list} contains duplicates.")
            }
            Refusal::ItemNotMap => f.write_str("INSERT statements take one item: VALUE {'name': value, ...}"),
            Refusal::SetFunctionTarget(function, place) => {
                write!(f, "The first argument to {function} must equal the assignment value at {place}")
            }
            Refusal::SetFunctionOperand(function, place) => {
                write!(f, "The second argument to {function} must be a value with type SET at {place}")
            }
            Refusal::SetFunctionCount(function, place) => {
                write!(f, "{function} must have exactly two arguments at {place}")
            }
            Refusal::ReturningOfDelete(returning) => write!(
                f,
                "Invalid returning clause: RETURNING {returning} *. Only RETURNING ALL OLD * is allowed in DELETE \
                 statements."
            ),
        }
    }
}

/// The clause, between RETURNING and its star.
impl fmt::Display for Returning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Returning::AllOld => "ALL OLD",
            Returning::ModifiedOld => "MODIFIED OLD",
            Returning::AllNew => "ALL NEW",
            Returning::ModifiedNew => "MODIFIED NEW",
        })
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
