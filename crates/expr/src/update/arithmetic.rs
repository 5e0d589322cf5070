//! What the operands of an update come to, read from the item as it was.

use model::limits::ITEM_SIZE_MAX;
use model::{AttributeValue, DocumentPath, MapRef, ValueRef, value_size};

use crate::ast::UpdateValue;
use crate::error::{ExpressionError, Problem};

/// The value that a SET action assigns.
pub(super) fn assigned(value: &UpdateValue, old: MapRef<'_>) -> Result<AttributeValue, ExpressionError> {
    match value {
        UpdateValue::Value(value) => Ok(value.as_ref().clone()),
        UpdateValue::Path(path) => match path.resolve(old) {
            Some(value) => Ok(value.to_owned()),
            None => Err(Problem::AttributeMissing.into()),
        },
        UpdateValue::IfNotExists(path, default) => match path.resolve(old) {
            Some(value) => Ok(value.to_owned()),
            None => assigned(default, old),
        },
        UpdateValue::ListAppend(first, second) => match (assigned(first, old)?, assigned(second, old)?) {
            (AttributeValue::L(list), AttributeValue::L(more)) => appended(list, more),
            _ => Err(Problem::OperandTypeInItem.into()),
        },
        UpdateValue::Add(left, right) => match (assigned(left, old)?, assigned(right, old)?) {
            (AttributeValue::N(a), AttributeValue::N(b)) => Ok(AttributeValue::N(a.checked_add(b)?)),
            _ => Err(Problem::OperandTypeInItem.into()),
        },
        UpdateValue::Subtract(left, right) => match (assigned(left, old)?, assigned(right, old)?) {
            (AttributeValue::N(a), AttributeValue::N(b)) => Ok(AttributeValue::N(a.checked_sub(b)?)),
            _ => Err(Problem::OperandTypeInItem.into()),
        },
    }
}

/// A statement appends to what it appended, some hundred times: it ends as soon as the list cannot be in an item any more.
fn appended(mut list: Vec<AttributeValue>, more: Vec<AttributeValue>) -> Result<AttributeValue, ExpressionError> {
    let size: usize = list.iter().chain(&more).map(|element| value_size(element.view())).sum();
    if size > ITEM_SIZE_MAX {
        return Err(Problem::UpdatedItemTooLarge.into());
    }
    list.extend(more);
    Ok(AttributeValue::L(list))
}

/// The value that an ADD action leaves: a sum, a union, or the operand itself where nothing was.
pub(super) fn added(
    path: &DocumentPath,
    operand: &AttributeValue,
    old: MapRef<'_>,
) -> Result<AttributeValue, ExpressionError> {
    let Some(current) = path.resolve(old) else { return Ok(operand.clone()) };
    match (current, operand) {
        (ValueRef::N(a), AttributeValue::N(b)) => Ok(AttributeValue::N(a.checked_add(*b)?)),
        _ => combine(current, operand, SetOperation::Union),
    }
}

/// The set that a DELETE action leaves, or `None` where it leaves nothing. Nothing was there: nothing to do, which
/// is `None` too.
pub(super) fn deleted(
    path: &DocumentPath,
    operand: &AttributeValue,
    old: MapRef<'_>,
) -> Result<Option<AttributeValue>, ExpressionError> {
    let Some(current) = path.resolve(old) else { return Ok(None) };
    let rest = combine(current, operand, SetOperation::Difference)?;
    let left = rest.view().as_set().is_some_and(|set| !set.is_empty());
    Ok(left.then_some(rest))
}

/// Combines two sets of the same kind.
fn combine(
    current: ValueRef<'_>,
    operand: &AttributeValue,
    operation: SetOperation,
) -> Result<AttributeValue, ExpressionError> {
    match (current.to_owned(), operand) {
        (AttributeValue::SS(a), AttributeValue::SS(b)) => Ok(AttributeValue::SS(operation.of(a, b))),
        (AttributeValue::NS(a), AttributeValue::NS(b)) => Ok(AttributeValue::NS(operation.of(a, b))),
        (AttributeValue::BS(a), AttributeValue::BS(b)) => Ok(AttributeValue::BS(operation.of(a, b))),
        _ => Err(Problem::OperandTypeInItem.into()),
    }
}

#[derive(Clone, Copy)]
enum SetOperation {
    Union,
    Difference,
}

impl SetOperation {
    /// Both are sorted and without duplicates, and so is the result.
    fn of<T: Ord + Clone>(self, mut set: Vec<T>, operand: &[T]) -> Vec<T> {
        match self {
            SetOperation::Union => {
                set.extend_from_slice(operand);
                set.sort_unstable();
                set.dedup();
            }
            SetOperation::Difference => set.retain(|element| operand.binary_search(element).is_err()),
        }
        set
    }
}
