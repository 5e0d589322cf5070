//! The parameters from before expressions, lowered into the same tree: `Expected`, `QueryFilter`, `ScanFilter`,
//! `KeyConditions`, `AttributeUpdates` and `AttributesToGet`.
//!
//! Source: Developer Guide, "Legacy conditional parameters". Names here are top-level attributes, whatever they
//! contain: a dot in them is no path.

mod conditions;
mod updates;

use std::collections::{BTreeMap, BTreeSet};

use api::{ConditionalOperator, ExpectedAttributeValue};
use model::DocumentPath;

use crate::ast::Predicate;
use crate::condition::Condition;
use crate::error::{ExpressionError, LegacyProblem};
use crate::key_condition::KeyParts;
use crate::projection::Projection;

pub use updates::attribute_updates;

type Conditions = BTreeMap<String, api::Condition>;

/// `Expected` and its `ConditionalOperator`; `None` if there is neither.
///
/// # Errors
/// Combinations of members that say nothing, and values that do not suit their operator.
pub fn expected(
    expected: Option<BTreeMap<String, ExpectedAttributeValue>>,
    operator: Option<ConditionalOperator>,
) -> Result<Option<Condition>, ExpressionError> {
    let predicates = expected.map(|expected| expected.into_iter().map(conditions::expectation));
    joined(predicates, operator)
}

/// `QueryFilter` or `ScanFilter` and its `ConditionalOperator`; `None` if there is neither.
///
/// # Errors
/// Values that do not suit their operator.
pub fn filter(
    filter: Option<Conditions>,
    operator: Option<ConditionalOperator>,
) -> Result<Option<Condition>, ExpressionError> {
    let predicates = filter.map(|filter| filter.into_iter().map(conditions::condition));
    joined(predicates, operator)
}

/// `KeyConditions`.
///
/// # Errors
/// Too few or too many of them, values that do not suit their operator, and operators that select no range of keys.
pub fn key_conditions(conditions: Conditions) -> Result<KeyParts, ExpressionError> {
    conditions::key_conditions(conditions)
}

/// `AttributesToGet`.
///
/// # Errors
/// A name that is empty, or is there twice.
pub fn attributes_to_get(names: &[String]) -> Result<Projection, ExpressionError> {
    if names.iter().any(String::is_empty) {
        return Err(LegacyProblem::NameEmpty.into());
    }
    let mut seen = BTreeSet::new();
    if let Some(name) = names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(LegacyProblem::NameRepeated(name.clone()).into());
    }
    // In ascending order, so that each is added behind the others.
    let paths: Vec<DocumentPath> = seen.into_iter().map(DocumentPath::top).collect();
    Ok(Projection::of(&paths))
}

fn joined<E: Into<ExpressionError>>(
    predicates: Option<impl ExactSizeIterator<Item = Result<Predicate, E>>>,
    operator: Option<ConditionalOperator>,
) -> Result<Option<Condition>, ExpressionError> {
    let Some(predicates) = predicates else {
        return if operator.is_none() { Ok(None) } else { Err(LegacyProblem::OperatorWithoutConditions.into()) };
    };
    if operator.is_some() && predicates.len() < 2 {
        return Err(LegacyProblem::OperatorForOneCondition.into());
    }
    let mut predicates = predicates.collect::<Result<Vec<Predicate>, E>>().map_err(Into::into)?;
    let predicate = match (predicates.len(), operator) {
        (0, _) => Predicate::True,
        (1, _) => predicates.remove(0),
        (_, Some(ConditionalOperator::Or)) => Predicate::Or(predicates),
        (_, Some(ConditionalOperator::And) | None) => Predicate::And(predicates),
    };
    Ok(Some(Condition::new(predicate)))
}

#[cfg(test)]
mod tests;
