//! Why a legacy parameter is refused. `Display` is DynamoDB's sentence.

use std::fmt;

use api::{AttributeAction, ComparisonOperator};
use model::ValueKind;

use super::{ExpressionError, Problem, long_name};

#[derive(Clone, PartialEq, Debug)]
pub enum LegacyProblem {
    OperatorWithoutConditions,
    OperatorForOneCondition,
    ListWithoutOperator(String),
    ExistsWithOperator(String),
    ValueWithList(String),
    ValueMissing(ComparisonOperator, String),
    /// `Exists` as given.
    ValueRequired(Option<bool>, String),
    ValueForbidden(String),
    ArgumentCount(ComparisonOperator),
    ArgumentKind(ComparisonOperator, ValueKind),
    ArgumentKindsDiffer,
    BetweenOrder,
    NameRepeated(String),
    NameEmpty,
    ActionWithoutValue,
    ActionKind(AttributeAction, ValueKind),
    /// Found only when the item is read.
    TypeMismatch,
}

impl From<LegacyProblem> for ExpressionError {
    fn from(problem: LegacyProblem) -> ExpressionError {
        Problem::Legacy(problem).into()
    }
}

impl fmt::Display for LegacyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const INVALID: &str = "One or more parameter values were invalid:";
        match self {
            LegacyProblem::OperatorWithoutConditions => {
                f.write_str("ConditionalOperator cannot be used without Filter or Expected")
            }
            LegacyProblem::OperatorForOneCondition => {
                f.write_str("ConditionalOperator can only be used when Filter or Expected has two or more elements")
            }
            LegacyProblem::ListWithoutOperator(name) => {
                write!(
                    f,
                    "{INVALID} AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}"
                )
            }
            LegacyProblem::ExistsWithOperator(name) => {
                write!(f, "{INVALID} Exists and ComparisonOperator cannot be used together for Attribute: {name}")
            }
            LegacyProblem::ValueWithList(name) => {
                write!(f, "{INVALID} Value and AttributeValueList cannot be used together for Attribute: {name}")
            }
            LegacyProblem::ValueMissing(operator, name) => write!(
                f,
                "{INVALID} Value or AttributeValueList must be used with ComparisonOperator: {} for Attribute: {name}",
                operator.as_str()
            ),
            LegacyProblem::ValueRequired(exists, name) => {
                let exists = if exists.is_some() { "true" } else { "null" };
                write!(f, "{INVALID} Value must be provided when Exists is {exists} for Attribute: {name}")
            }
            LegacyProblem::ValueForbidden(name) => {
                write!(f, "{INVALID} Value cannot be used when Exists is false for Attribute: {name}")
            }
            LegacyProblem::ArgumentCount(operator) => {
                write!(f, "{INVALID} Invalid number of argument(s) for the {} ComparisonOperator", operator.as_str())
            }
            LegacyProblem::ArgumentKind(operator, kind) => write!(
                f,
                "{INVALID} ComparisonOperator {} is not valid for {} AttributeValue type",
                operator.as_str(),
                kind.descriptor()
            ),
            LegacyProblem::ArgumentKindsDiffer => {
                write!(f, "{INVALID} AttributeValues inside AttributeValueList must all be of the same type")
            }
            LegacyProblem::BetweenOrder => f.write_str(
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
            ),
            LegacyProblem::NameRepeated(name) => {
                write!(f, "{INVALID} Duplicate value in attribute name: {name}")
            }
            LegacyProblem::NameEmpty => f.write_str("Empty attribute name"),
            LegacyProblem::ActionWithoutValue => {
                write!(f, "{INVALID} Only DELETE action is allowed when no attribute value is specified")
            }
            LegacyProblem::ActionKind(AttributeAction::Delete, kind) => {
                write!(f, "{INVALID} DELETE action with value is not supported for the type {}", long_name(*kind))
            }
            LegacyProblem::ActionKind(action, kind) => {
                write!(f, "{INVALID} {} action is not supported for the type {}", action.as_str(), long_name(*kind))
            }
            LegacyProblem::TypeMismatch => f.write_str("Type mismatch for attribute to update"),
        }
    }
}
