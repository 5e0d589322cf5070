//! The checks that `wire` calls while it validates the attribute values of a request: DynamoDB makes them between the
//! values, stage by stage and action by action (`api::validation::ValuePhase::ByAction`).

use api::validation::Stage;
use api::{DeleteItemInput, Exception, PutItemInput, TransactGetItemsInput, TransactWriteItemsInput};

use crate::returned::ReturnOld;
use crate::transact_get_items;
use crate::transact_write_items::Parsed;

/// # Errors
/// A ReturnValues that the operation does not have.
pub(crate) fn check_put_item(request: &PutItemInput, stage: Stage, _: usize) -> Result<(), Exception> {
    match stage {
        Stage::Parameters => ReturnOld::of(request.return_values).map(drop),
        Stage::Expressions => Ok(()),
    }
}

/// # Errors
/// A ReturnValues that the operation does not have.
pub(crate) fn check_delete_item(request: &DeleteItemInput, stage: Stage, _: usize) -> Result<(), Exception> {
    match stage {
        Stage::Parameters => ReturnOld::of(request.return_values).map(drop),
        Stage::Expressions => Ok(()),
    }
}

/// # Errors
/// A malformed action or expression.
pub(crate) fn check_transact_write_items(
    request: &TransactWriteItemsInput,
    stage: Stage,
    action: usize,
) -> Result<(), Exception> {
    match (stage, request.transact_items.get(action)) {
        (Stage::Expressions, Some(item)) => Parsed::of(item.clone()).map(drop),
        _ => Ok(()),
    }
}

/// # Errors
/// A malformed projection.
pub(crate) fn check_transact_get_items(
    request: &TransactGetItemsInput,
    stage: Stage,
    action: usize,
) -> Result<(), Exception> {
    match (stage, request.transact_items.get(action)) {
        (Stage::Expressions, Some(item)) => transact_get_items::projection(item).map(drop),
        _ => Ok(()),
    }
}
