//! `AttributeUpdates`: PUT, ADD and DELETE of top-level attributes.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{AttributeAction, AttributeValueUpdate};
use model::{AttributeValue, DocumentPath, ValueKind};

use crate::ast::{Update, UpdateValue};
use crate::error::{ExpressionError, LegacyProblem};

/// The update that `AttributeUpdates` says. Without an action it is PUT.
///
/// # Errors
/// Actions without the value they need, or with one of a type they do not take.
pub fn attribute_updates(updates: BTreeMap<String, AttributeValueUpdate>) -> Result<Update, ExpressionError> {
    let mut update = Update { legacy: true, ..Update::default() };
    for (name, AttributeValueUpdate { value, action }) in updates {
        let path = DocumentPath::top(name);
        match (action.unwrap_or(AttributeAction::Put), value) {
            (AttributeAction::Delete, None) => update.remove.push(path),
            (_, None) => return Err(LegacyProblem::ActionWithoutValue.into()),
            (AttributeAction::Put, Some(value)) => update.set.push((path, UpdateValue::Value(Arc::new(value)))),
            (AttributeAction::Add, Some(value)) => add(&mut update, path, value)?,
            (AttributeAction::Delete, Some(value)) => delete(&mut update, path, value)?,
        }
    }
    Ok(update)
}

/// Unlike the ADD of an expression, this one also appends to lists.
fn add(update: &mut Update, path: DocumentPath, value: AttributeValue) -> Result<(), LegacyProblem> {
    match value.view().kind() {
        ValueKind::N | ValueKind::SS | ValueKind::NS | ValueKind::BS => update.add.push((path, value.into())),
        ValueKind::L => {
            let nothing = Box::new(UpdateValue::Value(Arc::new(AttributeValue::L(Vec::new()))));
            let list = Box::new(UpdateValue::IfNotExists(path.clone(), nothing));
            update.set.push((path, UpdateValue::ListAppend(list, Box::new(UpdateValue::Value(Arc::new(value))))));
        }
        kind => return Err(LegacyProblem::ActionKind(AttributeAction::Add, kind)),
    }
    Ok(())
}

fn delete(update: &mut Update, path: DocumentPath, value: AttributeValue) -> Result<(), LegacyProblem> {
    let kind = value.view().kind();
    if !matches!(kind, ValueKind::SS | ValueKind::NS | ValueKind::BS) {
        return Err(LegacyProblem::ActionKind(AttributeAction::Delete, kind));
    }
    update.delete.push((path, value.into()));
    Ok(())
}
