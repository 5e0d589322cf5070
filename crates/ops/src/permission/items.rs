//! What operations on items ask: of each table or index they name, and in transactions for each action.

use std::borrow::Cow;

use api::*;

use super::action::Action;
use super::said::Said;
use super::{Asking, Resource};

type Outcome = Result<(), Exception>;

const ALL_OLD: &str = ReturnValue::AllOld.as_str();

fn table(name_or_arn: &str) -> Resource<'_> {
    Resource::Table(Cow::Borrowed(name_or_arn))
}

fn table_or_index<'a>(table_name: &'a str, index_name: Option<&'a str>) -> Resource<'a> {
    match index_name {
        None => table(table_name),
        Some(index) => Resource::Index(table_name.into(), index.into()),
    }
}

fn capacity(asked: Option<ReturnConsumedCapacity>) -> Option<&'static str> {
    Some(asked.map_or("NONE", ReturnConsumedCapacity::as_str))
}

/// What a write shows of an item: what it asks for, and if it may fail its condition and then show the whole, ALL_OLD beside it.
pub(super) fn returned(
    asked: Option<ReturnValue>,
    on_failure: Option<ReturnValuesOnConditionCheckFailure>,
) -> Vec<&'static str> {
    let asked = asked.unwrap_or(ReturnValue::None);
    match (asked, on_failure) {
        (ReturnValue::None | ReturnValue::AllOld, Some(ReturnValuesOnConditionCheckFailure::AllOld)) => vec![ALL_OLD],
        (asked, Some(ReturnValuesOnConditionCheckFailure::AllOld)) => vec![asked.as_str(), ALL_OLD],
        (asked, _) => vec![asked.as_str()],
    }
}

/// The attributes that a read asks for, as its `Select` has it or would have it.
fn selected(select: Option<Select>, is_projected: bool, index_name: Option<&str>) -> Option<&'static str> {
    let implied = match (is_projected, index_name) {
        (true, _) => Select::SpecificAttributes,
        (false, Some(_)) => Select::AllProjectedAttributes,
        (false, None) => Select::AllAttributes,
    };
    Some(select.unwrap_or(implied).as_str())
}

pub(super) fn get<'a>(request: &'a GetItemInput, asking: &mut Asking<'a>) -> Outcome {
    let is_projected = request.projection_expression.is_some() || request.attributes_to_get.is_some();
    asking.about(
        Action::GetItem,
        table(&request.table_name),
        Said {
            items: vec![&request.key],
            names: request.expression_attribute_names.as_ref(),
            projection: request.projection_expression.as_deref(),
            attributes_to_get: request.attributes_to_get.as_deref(),
            select: selected(None, is_projected, None),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            ..Said::default()
        },
    )
}

pub(super) fn put<'a>(request: &'a PutItemInput, asking: &mut Asking<'a>) -> Outcome {
    asking.about(
        Action::PutItem,
        table(&request.table_name),
        Said {
            items: vec![&request.item],
            names: request.expression_attribute_names.as_ref(),
            values: request.expression_attribute_values.as_ref(),
            condition: request.condition_expression.as_deref(),
            expected: request.expected.as_ref(),
            return_values: returned(request.return_values, request.return_values_on_condition_check_failure),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            ..Said::default()
        },
    )
}

pub(super) fn delete<'a>(request: &'a DeleteItemInput, asking: &mut Asking<'a>) -> Outcome {
    asking.about(
        Action::DeleteItem,
        table(&request.table_name),
        Said {
            items: vec![&request.key],
            names: request.expression_attribute_names.as_ref(),
            values: request.expression_attribute_values.as_ref(),
            condition: request.condition_expression.as_deref(),
            expected: request.expected.as_ref(),
            return_values: returned(request.return_values, request.return_values_on_condition_check_failure),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            ..Said::default()
        },
    )
}

pub(super) fn update<'a>(request: &'a UpdateItemInput, asking: &mut Asking<'a>) -> Outcome {
    asking.about(
        Action::UpdateItem,
        table(&request.table_name),
        Said {
            items: vec![&request.key],
            names: request.expression_attribute_names.as_ref(),
            values: request.expression_attribute_values.as_ref(),
            condition: request.condition_expression.as_deref(),
            update: request.update_expression.as_deref(),
            expected: request.expected.as_ref(),
            attribute_updates: request.attribute_updates.as_ref(),
            return_values: returned(request.return_values, request.return_values_on_condition_check_failure),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            ..Said::default()
        },
    )
}

pub(super) fn query<'a>(request: &'a QueryInput, asking: &mut Asking<'a>) -> Outcome {
    let index_name = request.index_name.as_deref();
    let is_projected = request.projection_expression.is_some() || request.attributes_to_get.is_some();
    asking.about(
        Action::Query,
        table_or_index(&request.table_name, index_name),
        Said {
            exclusive_start_key: request.exclusive_start_key.as_ref(),
            index_name,
            names: request.expression_attribute_names.as_ref(),
            values: request.expression_attribute_values.as_ref(),
            projection: request.projection_expression.as_deref(),
            filter: request.filter_expression.as_deref(),
            key_condition: request.key_condition_expression.as_deref(),
            attributes_to_get: request.attributes_to_get.as_deref(),
            legacy_filter: request.query_filter.as_ref(),
            key_conditions: request.key_conditions.as_ref(),
            select: selected(request.select, is_projected, index_name),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            ..Said::default()
        },
    )
}

pub(super) fn scan<'a>(request: &'a ScanInput, asking: &mut Asking<'a>) -> Outcome {
    let index_name = request.index_name.as_deref();
    let is_projected = request.projection_expression.is_some() || request.attributes_to_get.is_some();
    asking.about(
        Action::Scan,
        table_or_index(&request.table_name, index_name),
        Said {
            exclusive_start_key: request.exclusive_start_key.as_ref(),
            index_name,
            names: request.expression_attribute_names.as_ref(),
            values: request.expression_attribute_values.as_ref(),
            projection: request.projection_expression.as_deref(),
            filter: request.filter_expression.as_deref(),
            attributes_to_get: request.attributes_to_get.as_deref(),
            legacy_filter: request.scan_filter.as_ref(),
            select: selected(request.select, is_projected, index_name),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            ..Said::default()
        },
    )
}

pub(super) fn batch_get<'a>(request: &'a BatchGetItemInput, asking: &mut Asking<'a>) -> Outcome {
    for (name, asked) in &request.request_items {
        let is_projected = asked.projection_expression.is_some() || asked.attributes_to_get.is_some();
        let said = Said {
            items: asked.keys.iter().collect(),
            names: asked.expression_attribute_names.as_ref(),
            projection: asked.projection_expression.as_deref(),
            attributes_to_get: asked.attributes_to_get.as_deref(),
            select: selected(None, is_projected, None),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            ..Said::default()
        };
        asking.about(Action::BatchGetItem, table(name), said)?;
    }
    Ok(())
}

pub(super) fn batch_write<'a>(request: &'a BatchWriteItemInput, asking: &mut Asking<'a>) -> Outcome {
    for (name, writes) in &request.request_items {
        let puts = writes.iter().filter_map(|write| write.put_request.as_ref().map(|put| &put.item));
        let deletes = writes.iter().filter_map(|write| write.delete_request.as_ref().map(|delete| &delete.key));
        let said = Said {
            items: puts.chain(deletes).collect(),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            ..Said::default()
        };
        asking.about(Action::BatchWriteItem, table(name), said)?;
    }
    Ok(())
}

pub(super) fn transact_get<'a>(request: &'a TransactGetItemsInput, asking: &mut Asking<'a>) -> Outcome {
    for item in &request.transact_items {
        let get = &item.get;
        let said = Said {
            items: vec![&get.key],
            names: get.expression_attribute_names.as_ref(),
            projection: get.projection_expression.as_deref(),
            select: selected(None, get.projection_expression.is_some(), None),
            return_consumed_capacity: capacity(request.return_consumed_capacity),
            enclosing_operation: Some(asking.operation.name()),
            ..Said::default()
        };
        asking.about(Action::GetItem, table(&get.table_name), said)?;
    }
    Ok(())
}

/// What the writes of a transaction have in common.
macro_rules! written {
    ($write:ident) => {
        Said {
            names: $write.expression_attribute_names.as_ref(),
            values: $write.expression_attribute_values.as_ref(),
            condition: $write.condition_expression.as_deref(),
            return_values: returned(None, $write.return_values_on_condition_check_failure),
            ..Said::default()
        }
    };
}

/// An entry has one action. One that has several is refused by the operation; all of them are asked.
pub(super) fn transact_write<'a>(request: &'a TransactWriteItemsInput, asking: &mut Asking<'a>) -> Outcome {
    let mut add = |action, table_name: &'a str, said: Said<'a>| {
        let enclosing_operation = Some(asking.operation.name());
        let return_consumed_capacity = capacity(request.return_consumed_capacity);
        asking.about(action, table(table_name), Said { enclosing_operation, return_consumed_capacity, ..said })
    };
    for item in &request.transact_items {
        if let Some(put) = &item.put {
            let said = Said { items: vec![&put.item], ..written!(put) };
            add(Action::PutItem, &put.table_name, said)?;
        }
        if let Some(update) = &item.update {
            let said = Said { items: vec![&update.key], update: Some(&update.update_expression), ..written!(update) };
            add(Action::UpdateItem, &update.table_name, said)?;
        }
        if let Some(delete) = &item.delete {
            let said = Said { items: vec![&delete.key], ..written!(delete) };
            add(Action::DeleteItem, &delete.table_name, said)?;
        }
        if let Some(check) = &item.condition_check {
            let said = Said {
                items: vec![&check.key],
                names: check.expression_attribute_names.as_ref(),
                values: check.expression_attribute_values.as_ref(),
                condition: Some(&check.condition_expression),
                return_values: returned(None, check.return_values_on_condition_check_failure),
                ..Said::default()
            };
            add(Action::ConditionCheckItem, &check.table_name, said)?;
        }
    }
    Ok(())
}
