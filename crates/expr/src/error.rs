//! Why an expression is refused, or cannot be applied. `Display` is DynamoDB's exact sentence.
//!
//! Problems of the text itself carry the parameter's name before them (`Invalid FilterExpression: …`); problems that
//! DynamoDB reports without it are [`ExpressionError::Bare`]. Which is which follows captures of the service.

mod legacy;

use std::fmt;

use model::limits::{HASH_KEY_SIZE_MAX, RANGE_KEY_SIZE_MAX};
use model::{AttributeValue, DocumentPath, NumberError, PathElement, ValueKind, ValueRef};

pub use legacy::LegacyProblem;

/// The parameter that contains an expression.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExpressionKind {
    Condition,
    Filter,
    KeyCondition,
    Update,
    Projection,
}

impl ExpressionKind {
    /// The parameter's name in a request.
    pub const fn parameter(self) -> &'static str {
        match self {
            ExpressionKind::Condition => "ConditionExpression",
            ExpressionKind::Filter => "FilterExpression",
            ExpressionKind::KeyCondition => "KeyConditionExpression",
            ExpressionKind::Update => "UpdateExpression",
            ExpressionKind::Projection => "ProjectionExpression",
        }
    }

    /// The kind with its article, as inside a sentence.
    const fn phrase(self) -> &'static str {
        match self {
            ExpressionKind::Condition => "a condition expression",
            ExpressionKind::Filter => "a filter expression",
            ExpressionKind::KeyCondition => "a key condition expression",
            ExpressionKind::Update => "an update expression",
            ExpressionKind::Projection => "a projection expression",
        }
    }
}

/// A refused expression, or one that the item at hand cannot take.
#[derive(Clone, PartialEq, Debug)]
pub enum ExpressionError {
    /// Reported as `Invalid <parameter>: <problem>`.
    Invalid(ExpressionKind, Problem),
    /// Reported as it is.
    Bare(Problem),
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExpressionError::Invalid(kind, problem) => {
                write!(f, "Invalid {}: ", kind.parameter())?;
                problem.write(f, Some(*kind))
            }
            ExpressionError::Bare(problem) => problem.write(f, None),
        }
    }
}

impl std::error::Error for ExpressionError {}

impl From<Problem> for ExpressionError {
    fn from(problem: Problem) -> ExpressionError {
        ExpressionError::Bare(problem)
    }
}

impl From<NumberError> for ExpressionError {
    fn from(error: NumberError) -> ExpressionError {
        ExpressionError::Bare(Problem::Number(error))
    }
}

/// Whatever is wrong with an expression, the client gets a ValidationException.
impl From<ExpressionError> for api::Exception {
    fn from(error: ExpressionError) -> api::Exception {
        api::Exception::Validation(error.to_string())
    }
}

impl ExpressionError {
    /// The same without the size of an expression that is too long.
    #[must_use]
    pub fn without_size(self) -> ExpressionError {
        match self {
            ExpressionError::Invalid(kind, Problem::TooLong(_)) => {
                ExpressionError::Invalid(kind, Problem::TooLong(None))
            }
            other => other,
        }
    }

    pub fn problem(&self) -> &Problem {
        match self {
            ExpressionError::Invalid(_, problem) | ExpressionError::Bare(problem) => problem,
        }
    }
}

/// The two maps of a request that expressions refer to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PlaceholderMap {
    Names,
    Values,
}

impl PlaceholderMap {
    pub const fn parameter(self) -> &'static str {
        match self {
            PlaceholderMap::Names => "ExpressionAttributeNames",
            PlaceholderMap::Values => "ExpressionAttributeValues",
        }
    }
}

/// What is wrong, with its data.
#[derive(Clone, PartialEq, Debug)]
pub enum Problem {
    // The text.
    Empty,
    /// With the size, where the message gives it.
    TooLong(Option<usize>),
    Syntax {
        token: String,
        near: String,
    },
    ReservedWord(String),
    RedundantParentheses,
    UnknownFunction(String),
    FunctionNotAllowed(String),
    FunctionMisplaced(String),
    NameUndefined(String),
    ValueUndefined(String),
    /// As written.
    ListIndex(String),
    OperandCount {
        operator: String,
        count: usize,
    },
    OperandType {
        operator: String,
        kind: ValueKind,
    },
    ActionOperandType {
        action: &'static str,
        kind: ValueKind,
    },
    PathRequired(String),
    OperandsNotDistinct {
        operator: String,
        path: DocumentPath,
    },
    TypeName(String),
    BetweenKinds(Box<(AttributeValue, AttributeValue)>),
    BetweenOrder(Box<(AttributeValue, AttributeValue)>),
    InOperands(usize),
    TooManyOperators(usize),
    PathsOverlap(DocumentPath, DocumentPath),
    PathsConflict(DocumentPath, DocumentPath),
    SectionRepeated(&'static str),
    // The maps of placeholders.
    PlaceholdersEmpty(PlaceholderMap),
    PlaceholderKey(PlaceholderMap, String),
    PlaceholderKeyTooLong(PlaceholderMap, String),
    PlaceholderNameEmpty(String),
    PlaceholdersUnused(PlaceholderMap, Vec<String>),
    // Key conditions.
    KeyOperator(String),
    KeyNested,
    KeyOperandFirst(&'static str),
    KeySeveralNames,
    KeyNoName,
    KeyRepeated,
    KeyMissing(String),
    KeyConditionUnsupported,
    /// What an update writes is more than an item may be.
    UpdatedItemTooLarge,
    KeyConditionCount,
    KeyConditionsBeyondSchema {
        count: usize,
        attributes: usize,
    },
    /// RANGE attributes without an equality before one with a condition.
    KeyGap {
        missing: String,
        present: String,
    },
    KeyType,
    KeyEmpty {
        name: String,
        kind: ValueKind,
    },
    HashKeyTooLong,
    RangeKeyTooLong,
    KeyNotIndexable,
    FilterNamesKey {
        parameter: &'static str,
        name: String,
    },
    // Applying an update.
    AttributeMissing,
    PathInvalid,
    OperandTypeInItem,
    NestingTooDeep,
    Number(NumberError),
    // Legacy parameters.
    Legacy(LegacyProblem),
}

fn beyond_schema(f: &mut fmt::Formatter<'_>, count: usize, attributes: usize) -> fmt::Result {
    write!(
        f,
        "The number of query conditions ({count}) exceeds the number of key attributes defined in the schema ({attributes})"
    )
}

fn key_gap(f: &mut fmt::Formatter<'_>, missing: &str, present: &str) -> fmt::Result {
    write!(
        f,
        "RANGE key attributes {missing} must have equality conditions specified in the query because a condition is present \
         on key attribute {present}"
    )
}

impl Problem {
    pub(crate) fn syntax(token: &str, near: &str) -> Problem {
        Problem::Syntax { token: token.to_owned(), near: near.to_owned() }
    }

    pub(crate) fn operand_type(operator: &str, kind: ValueKind) -> Problem {
        Problem::OperandType { operator: operator.to_owned(), kind }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, kind: Option<ExpressionKind>) -> fmt::Result {
        match self {
            Problem::Empty => f.write_str("The expression can not be empty;"),
            Problem::TooLong(Some(size)) if kind != Some(ExpressionKind::Update) => {
                write!(f, "Expression size has exceeded the maximum allowed size; expression size: {size}")
            }
            Problem::TooLong(_) => f.write_str("Expression size has exceeded the maximum allowed size;"),
            Problem::Syntax { token, near } => write!(f, "Syntax error; token: \"{token}\", near: \"{near}\""),
            Problem::ReservedWord(word) => {
                write!(f, "Attribute name is a reserved keyword; reserved keyword: {word}")
            }
            Problem::RedundantParentheses => f.write_str("The expression has redundant parentheses;"),
            Problem::UnknownFunction(name) => write!(f, "Invalid function name; function: {name}"),
            Problem::FunctionNotAllowed(name) => {
                let place = kind.map_or("an expression", ExpressionKind::phrase);
                write!(f, "The function is not allowed in {place}; function: {name}")
            }
            Problem::FunctionMisplaced(name) => {
                write!(f, "The function is not allowed to be used this way in an expression; function: {name}")
            }
            Problem::NameUndefined(name) => write!(
                f,
                "An expression attribute name used in the document path is not defined; attribute name: {name}"
            ),
            Problem::ValueUndefined(name) => {
                write!(f, "An expression attribute value used in expression is not defined; attribute value: {name}")
            }
            Problem::ListIndex(index) => {
                write!(f, "List index is not within the allowable range; index: [{index}]")
            }
            Problem::OperandCount { operator, count } => write!(
                f,
                "Incorrect number of operands for operator or function; operator or function: {operator}, number of \
                 operands: {count}"
            ),
            Problem::OperandType { operator, kind } => write!(
                f,
                "Incorrect operand type for operator or function; operator or function: {operator}, operand type: {}",
                kind.descriptor()
            ),
            Problem::ActionOperandType { action, kind } => write!(
                f,
                "Incorrect operand type for operator or function; operator: {action}, operand type: {}, typeSet: \
                 ALLOWED_FOR_{action}_OPERAND",
                long_name(*kind)
            ),
            Problem::PathRequired(name) => {
                write!(f, "Operator or function requires a document path; operator or function: {name}")
            }
            Problem::OperandsNotDistinct { operator, path } => write!(
                f,
                "The first operand must be distinct from the remaining operands for this operator or function; \
                 operator: {operator}, first operand: {}",
                Listed(path)
            ),
            Problem::TypeName(name) => write!(
                f,
                "Invalid attribute type name found; type: {name}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"
            ),
            Problem::BetweenKinds(bounds) => write!(
                f,
                "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: {}, \
                 upper bound operand: {}",
                Spelled(&bounds.0),
                Spelled(&bounds.1)
            ),
            Problem::BetweenOrder(bounds) => write!(
                f,
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound \
                 operand: {}, upper bound operand: {}",
                Spelled(&bounds.0),
                Spelled(&bounds.1)
            ),
            Problem::InOperands(count) => {
                write!(f, "The IN operator is provided with too many operands; number of operands: {count}")
            }
            Problem::TooManyOperators(count) => {
                write!(f, "The expression contains too many operators; operator count: {count}")
            }
            Problem::PathsOverlap(one, two) => write!(
                f,
                "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: \
                 {}, path two: {}",
                Listed(one),
                Listed(two)
            ),
            Problem::PathsConflict(one, two) => write!(
                f,
                "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: \
                 {}, path two: {}",
                Listed(one),
                Listed(two)
            ),
            Problem::SectionRepeated(section) => {
                write!(f, "The \"{section}\" section can only be used once in an update expression;")
            }
            Problem::PlaceholdersEmpty(map) => write!(f, "{} must not be empty", map.parameter()),
            Problem::PlaceholderKey(map, key) => {
                write!(f, "{} contains invalid key: Syntax error; key: \"{key}\"", map.parameter())
            }
            Problem::PlaceholderKeyTooLong(map, key) => write!(
                f,
                "{} contains invalid key: The expression attribute map contains a key that is too long; key: \"{key}\"",
                map.parameter()
            ),
            Problem::PlaceholderNameEmpty(key) => {
                write!(f, "ExpressionAttributeNames contains invalid value: Empty attribute name for key {key}")
            }
            Problem::PlaceholdersUnused(map, keys) => {
                write!(f, "Value provided in {} unused in expressions: keys: {{{}}}", map.parameter(), keys.join(", "))
            }
            Problem::KeyOperator(operator) => {
                write!(f, "Invalid operator used in KeyConditionExpression: {operator}")
            }
            Problem::KeyNested => f.write_str("KeyConditionExpressions cannot have conditions on nested attributes"),
            Problem::KeyOperandFirst(operator) => write!(
                f,
                "Invalid condition in KeyConditionExpression: {operator} operator must have the key attribute as its \
                 first operand"
            ),
            Problem::KeySeveralNames => f.write_str(
                "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
            ),
            Problem::KeyNoName => {
                f.write_str("Invalid condition in KeyConditionExpression: No key attribute specified")
            }
            Problem::KeyRepeated => f.write_str("KeyConditionExpressions must only contain one condition per key"),
            Problem::KeyMissing(name) => write!(f, "Query condition missed key schema element: {name}"),
            Problem::KeyConditionUnsupported => f.write_str("Query key condition not supported"),
            Problem::UpdatedItemTooLarge => f.write_str("Item size to update has exceeded the maximum allowed size"),
            Problem::KeyConditionCount => f.write_str("Conditions can be of length 1 or 2 only"),
            Problem::KeyConditionsBeyondSchema { count, attributes } => beyond_schema(f, *count, *attributes),
            Problem::KeyGap { missing, present } => key_gap(f, missing, present),
            Problem::KeyType => f.write_str(
                "One or more parameter values were invalid: Condition parameter type does not match schema type",
            ),
            Problem::KeyEmpty { name, kind } => {
                let kind = if *kind == ValueKind::B { "binary" } else { "string" };
                write!(
                    f,
                    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot \
                     contain an empty {kind} value. Key: {name}"
                )
            }
            Problem::HashKeyTooLong => write!(
                f,
                "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit \
                 of{HASH_KEY_SIZE_MAX} bytes"
            ),
            Problem::RangeKeyTooLong => write!(
                f,
                "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size \
                 limit of {RANGE_KEY_SIZE_MAX} bytes"
            ),
            Problem::KeyNotIndexable => f.write_str("Attempted conditional constraint is not an indexable operation"),
            Problem::FilterNamesKey { parameter, name } => {
                write!(f, "{parameter} can only contain non-primary key attributes: Primary key attribute: {name}")
            }
            Problem::AttributeMissing => {
                f.write_str("The provided expression refers to an attribute that does not exist in the item")
            }
            Problem::PathInvalid => {
                f.write_str("The document path provided in the update expression is invalid for update")
            }
            Problem::OperandTypeInItem => f.write_str("An operand in the update expression has an incorrect data type"),
            Problem::NestingTooDeep => f.write_str(
                "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                 supported limit",
            ),
            Problem::Number(error) => write!(f, "{error}"),
            Problem::Legacy(problem) => write!(f, "{problem}"),
        }
    }
}

/// ADD and DELETE name types in full.
const fn long_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::S => "STRING",
        ValueKind::N => "NUMBER",
        ValueKind::B => "BINARY",
        ValueKind::Bool => "BOOLEAN",
        ValueKind::Null => "NULL",
        ValueKind::SS => "STRING_SET",
        ValueKind::NS => "NUMBER_SET",
        ValueKind::BS => "BINARY_SET",
        ValueKind::L => "LIST",
        ValueKind::M => "MAP",
    }
}

/// A path as errors spell it: `[a, b, [0]]`.
struct Listed<'a>(&'a DocumentPath);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.0.name)?;
        for step in &self.0.steps {
            match step {
                PathElement::Name(name) => write!(f, ", {name}")?,
                PathElement::Index(index) => write!(f, ", [{index}]")?,
            }
        }
        f.write_str("]")
    }
}

/// A value as errors spell it: `AttributeValue: {S:abc}`.
struct Spelled<'a>(&'a AttributeValue);

impl fmt::Display for Spelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = self.0.view();
        write!(f, "AttributeValue: {{{}:", view.kind().descriptor())?;
        match view {
            ValueRef::S(text) => f.write_str(text)?,
            ValueRef::N(number) => write!(f, "{number}")?,
            ValueRef::B(bytes) => write!(f, "java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len())?,
            _ => {}
        }
        f.write_str("}")
    }
}
