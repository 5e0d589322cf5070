//! Conditions of the form operator and values: each becomes one predicate on a top-level attribute.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{ComparisonOperator, ExpectedAttributeValue};
use model::limits::INDEX_KEY_ATTRIBUTES_MAX;
use model::{AttributeValue, DocumentPath, ValueKind};

use crate::ast::{Comparator, Operand, Predicate};
use crate::error::{ExpressionError, LegacyProblem, Problem};
use crate::key_condition::{KeyParts, RangeCondition};

/// One entry of `Expected`: either an operator with its values, or the older pair of `Exists` and `Value`.
pub(super) fn expectation((name, expected): (String, ExpectedAttributeValue)) -> Result<Predicate, LegacyProblem> {
    let ExpectedAttributeValue { value, exists, comparison_operator, attribute_value_list } = expected;
    match (comparison_operator, attribute_value_list) {
        (None, Some(_)) => Err(LegacyProblem::ListWithoutOperator(name)),
        (None, None) => existence(name, exists, value),
        (Some(_), _) if exists.is_some() => Err(LegacyProblem::ExistsWithOperator(name)),
        (Some(_), Some(_)) if value.is_some() => Err(LegacyProblem::ValueWithList(name)),
        (Some(operator), list) => match list.or(value.map(|value| vec![value])) {
            Some(values) => comparison(name, operator, values),
            None if matches!(operator, ComparisonOperator::Null | ComparisonOperator::NotNull) => {
                comparison(name, operator, Vec::new())
            }
            None => Err(LegacyProblem::ValueMissing(operator, name)),
        },
    }
}

fn existence(name: String, exists: Option<bool>, value: Option<AttributeValue>) -> Result<Predicate, LegacyProblem> {
    match (exists, value) {
        (Some(false), Some(_)) => Err(LegacyProblem::ValueForbidden(name)),
        (Some(false), None) => Ok(Predicate::AttributeNotExists(DocumentPath::top(name))),
        (exists, None) => Err(LegacyProblem::ValueRequired(exists, name)),
        (_, Some(value)) => comparison(name, ComparisonOperator::Eq, vec![value]),
    }
}

/// One entry of a filter.
pub(super) fn condition((name, condition): (String, api::Condition)) -> Result<Predicate, LegacyProblem> {
    let values = condition.attribute_value_list.unwrap_or_default();
    comparison(name, condition.comparison_operator, values)
}

pub(super) fn key_conditions(conditions: BTreeMap<String, api::Condition>) -> Result<KeyParts, ExpressionError> {
    // Of a table or an index with fewer attributes, its schema refuses the rest.
    if !(1..=2 * INDEX_KEY_ATTRIBUTES_MAX).contains(&conditions.len()) {
        return Err(Problem::KeyConditionCount.into());
    }
    let mut parts = KeyParts::default();
    for (name, condition) in conditions {
        let values = condition.attribute_value_list.unwrap_or_default();
        check_values(condition.comparison_operator, &values)?;
        parts.push(&name, range_condition(condition.comparison_operator, values)?)?;
    }
    Ok(parts)
}

fn range_condition(operator: ComparisonOperator, values: Vec<AttributeValue>) -> Result<RangeCondition, Problem> {
    let mut values = values.into_iter();
    // The number of values is checked: a missing one only stands for an operator that is refused here.
    let mut next = || values.next().ok_or(Problem::KeyNotIndexable);
    match operator {
        ComparisonOperator::Eq => next().map(RangeCondition::Equal),
        ComparisonOperator::Lt => next().map(RangeCondition::Less),
        ComparisonOperator::Le => next().map(RangeCondition::LessOrEqual),
        ComparisonOperator::Gt => next().map(RangeCondition::Greater),
        ComparisonOperator::Ge => next().map(RangeCondition::GreaterOrEqual),
        ComparisonOperator::Between => Ok(RangeCondition::Between(next()?, next()?)),
        ComparisonOperator::BeginsWith => next().map(RangeCondition::BeginsWith),
        ComparisonOperator::Ne
        | ComparisonOperator::In
        | ComparisonOperator::Null
        | ComparisonOperator::NotNull
        | ComparisonOperator::Contains
        | ComparisonOperator::NotContains => Err(Problem::KeyNotIndexable),
    }
}

fn comparison(
    name: String,
    operator: ComparisonOperator,
    values: Vec<AttributeValue>,
) -> Result<Predicate, LegacyProblem> {
    check_values(operator, &values)?;
    let path = DocumentPath::top(name);
    let attribute = Operand::Path(path.clone());
    let mut values = values.into_iter().map(|value| Operand::Value(Arc::new(value)));
    let mut next = || values.next().ok_or(LegacyProblem::ArgumentCount(operator));
    let compare = |comparator, value| Predicate::Compare(comparator, attribute.clone(), value);
    Ok(match operator {
        ComparisonOperator::Eq => compare(Comparator::Equal, next()?),
        ComparisonOperator::Ne => compare(Comparator::NotEqual, next()?),
        ComparisonOperator::Lt => compare(Comparator::Less, next()?),
        ComparisonOperator::Le => compare(Comparator::LessOrEqual, next()?),
        ComparisonOperator::Gt => compare(Comparator::Greater, next()?),
        ComparisonOperator::Ge => compare(Comparator::GreaterOrEqual, next()?),
        ComparisonOperator::Between => Predicate::Between(attribute, next()?, next()?),
        ComparisonOperator::BeginsWith => Predicate::BeginsWith(attribute, next()?),
        ComparisonOperator::Contains => Predicate::Contains(attribute, next()?),
        // Of an attribute that is not there nothing is known, not even what it lacks.
        ComparisonOperator::NotContains => Predicate::And(vec![
            Predicate::AttributeExists(path),
            Predicate::Not(Box::new(Predicate::Contains(attribute, next()?))),
        ]),
        ComparisonOperator::In => Predicate::In(attribute, values.collect()),
        ComparisonOperator::Null => Predicate::AttributeNotExists(path),
        ComparisonOperator::NotNull => Predicate::AttributeExists(path),
    })
}

/// Number of values, then their types, then their order.
fn check_values(operator: ComparisonOperator, values: &[AttributeValue]) -> Result<(), LegacyProblem> {
    let count_fits = match operator {
        ComparisonOperator::Null | ComparisonOperator::NotNull => values.is_empty(),
        ComparisonOperator::Between => values.len() == 2,
        ComparisonOperator::In => !values.is_empty(),
        _ => values.len() == 1,
    };
    if !count_fits {
        return Err(LegacyProblem::ArgumentCount(operator));
    }
    let kinds = || values.iter().map(|value| value.view().kind());
    if let Some(kind) = kinds().find(|kind| !allowed(operator, *kind)) {
        return Err(LegacyProblem::ArgumentKind(operator, kind));
    }
    if kinds().any(|kind| Some(kind) != kinds().next()) {
        return Err(LegacyProblem::ArgumentKindsDiffer);
    }
    match (operator, values) {
        (ComparisonOperator::Between, [low, high]) if low.view().compare(&high.view()).is_some_and(|o| o.is_gt()) => {
            Err(LegacyProblem::BetweenOrder)
        }
        _ => Ok(()),
    }
}

/// Source: API Reference, Condition, ComparisonOperator.
fn allowed(operator: ComparisonOperator, kind: ValueKind) -> bool {
    match operator {
        ComparisonOperator::Lt
        | ComparisonOperator::Le
        | ComparisonOperator::Gt
        | ComparisonOperator::Ge
        | ComparisonOperator::Between => matches!(kind, ValueKind::S | ValueKind::N | ValueKind::B),
        ComparisonOperator::BeginsWith => matches!(kind, ValueKind::S | ValueKind::B),
        ComparisonOperator::In | ComparisonOperator::Contains | ComparisonOperator::NotContains => {
            !matches!(kind, ValueKind::SS | ValueKind::NS | ValueKind::BS | ValueKind::L | ValueKind::M)
        }
        ComparisonOperator::Eq | ComparisonOperator::Ne | ComparisonOperator::Null | ComparisonOperator::NotNull => {
            true
        }
    }
}
