//! GlobalSecondaryIndexUpdates: creates and deletes indexes, and changes their throughput.

use std::collections::BTreeSet;

use api::{CreateGlobalSecondaryIndexAction, Exception, GlobalSecondaryIndexUpdate, UpdateGlobalSecondaryIndexAction};
use cluster::catalog::Work;
use model::limits::GLOBAL_INDEXES_MAX;
use tables::{
    self, AttributeDefinition, Billing, Definition, IndexStatus, IndexThroughput, KeyNames, NewIndex,
    throughput::{Of, check_units, check_units_change, current_warm, is_empty_warm, on_demand_max, warm},
};

/// The checks that need no table.
pub(super) fn check_updates(updates: &[GlobalSecondaryIndexUpdate]) -> Result<(), Exception> {
    let mut names = BTreeSet::new();
    for update in updates {
        let actions = [
            update.create.as_ref().map(|create| &create.index_name),
            update.update.as_ref().map(|update| &update.index_name),
            update.delete.as_ref().map(|delete| &delete.index_name),
        ];
        let mut given = actions.into_iter().flatten();
        let Some(name) = given.next() else {
            return Err(tables::invalid(
                "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, \
                 GlobalSecondaryIndexUpdate.Delete must not be null",
            ));
        };
        if given.next().is_some() {
            return Err(tables::invalid(
                "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object",
            ));
        }
        if update.update.as_ref().and_then(|update| update.warm_throughput.as_ref()).is_some_and(is_empty_warm) {
            return Err(tables::invalid(format!(
                "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for \
                 index: {name}"
            )));
        }
        if !names.insert(name) {
            return Err(tables::invalid(format!(
                "Only one global secondary index update per index is allowed simultaneously. Index: {name}"
            )));
        }
    }
    if updates.iter().filter(|update| update.update.is_none()).count() > 1 {
        return Err(one_at_a_time());
    }
    Ok(())
}

/// Changes the indexes, and returns the background work that follows. At most one is created or deleted, as was checked.
pub(super) fn update(
    definition: &mut Definition,
    attributes: Vec<api::AttributeDefinition>,
    updates: Vec<GlobalSecondaryIndexUpdate>,
    now_ms: u64,
) -> Result<Option<Work>, Exception> {
    let attributes = tables::attribute_definitions(attributes)?;
    let mut work = None;
    for asked in updates {
        if let Some(create) = asked.create {
            work = Some(create_index(definition, &attributes, *create)?);
        } else if let Some(delete) = asked.delete {
            work = Some(delete_index(definition, &delete.index_name)?);
        } else if let Some(update) = asked.update {
            update_index(definition, *update, now_ms)?;
        }
    }
    definition.prune_attributes();
    Ok(work)
}

fn create_index(
    definition: &mut Definition,
    attributes: &[AttributeDefinition],
    asked: CreateGlobalSecondaryIndexAction,
) -> Result<Work, Exception> {
    let name = asked.index_name;
    if definition.index_names().any(|own| own == name) {
        return Err(Exception::validation("Attempting to create an index which already exists"));
    }
    if definition.global_indexes.iter().any(|index| is_changing(index.status)) {
        return Err(one_at_a_time());
    }
    check_new_index_units(&name, definition.billing, asked.provisioned_throughput.is_some())?;
    let throughput = IndexThroughput::parse(
        &name,
        definition.billing,
        asked.provisioned_throughput,
        asked.on_demand_throughput,
        asked.warm_throughput,
    )?;
    if attributes.is_empty() {
        return Err(tables::invalid(format!("AttributeDefinitions is not specified for index: {name}")));
    }
    let index = NewIndex::global(name, &asked.key_schema, asked.projection, throughput, attributes)?;
    merge_attributes(definition, attributes, &index.key)?;
    let id = definition.next_index_id;
    definition.next_index_id += 1;
    definition.global_indexes.push(index.into_definition(id, IndexStatus::Creating));
    if definition.global_indexes.len() > GLOBAL_INDEXES_MAX {
        return Err(Exception::LimitExceeded(format!(
            "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of \
             {GLOBAL_INDEXES_MAX}"
        )));
    }
    let indexes = definition.local_indexes.iter().chain(&definition.global_indexes);
    tables::check_projections(indexes.map(|index| &index.projection))?;
    Ok(Work::BuildIndex { table_id: definition.table_id, index_id: id })
}

/// CreateTable has another message for the same.
fn check_new_index_units(name: &str, billing: Billing, given: bool) -> Result<(), Exception> {
    match (billing, given) {
        (Billing::OnDemand, true) => Err(tables::invalid(format!(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {name} when BillingMode is \
             PAY_PER_REQUEST"
        ))),
        (Billing::Provisioned { .. }, false) => Err(tables::invalid(format!(
            "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {name}"
        ))),
        _ => Ok(()),
    }
}

/// Refuses the name of a local index, which is neither changed nor deleted.
fn check_is_global(definition: &Definition, verb: &str, name: &str) -> Result<(), Exception> {
    if definition.local_indexes.iter().all(|index| index.name != name) {
        return Ok(());
    }
    Err(Exception::validation(format!("Cannot {verb} an index that is not a GlobalSecondaryIndex: {name}")))
}

/// Adds the request's attribute definitions to the table's. An attribute in use retains its type, and those that the new index
/// does not use are pruned with the others: only a key of another type is refused.
fn merge_attributes(definition: &mut Definition, new: &[AttributeDefinition], key: &KeyNames) -> Result<(), Exception> {
    for attribute in new {
        match definition.attributes.iter().find(|own| own.name == attribute.name) {
            None => definition.attributes.push(attribute.clone()),
            Some(own) if own.key_type == attribute.key_type || !key.names().any(|name| *name == own.name) => {}
            Some(own) => {
                return Err(tables::invalid(format!(
                    "Attribute {} is already defined with another type: {:?}",
                    own.name, own.key_type
                )));
            }
        }
    }
    Ok(())
}

fn delete_index(definition: &mut Definition, name: &str) -> Result<Work, Exception> {
    check_is_global(definition, "delete", name)?;
    let table_id = definition.table_id;
    let others = definition.global_indexes.iter().filter(|index| index.name != name);
    let other_changes = others.into_iter().any(|index| is_changing(index.status));
    let index = definition.global_index_mut(name).ok_or_else(Exception::resource_not_found)?;
    if index.status == IndexStatus::Deleting {
        return Err(Exception::ResourceInUse(format!(
            "Attempt to change a resource which is still in use: Index is being deleted: {name}"
        )));
    }
    if other_changes {
        return Err(one_at_a_time());
    }
    index.status = IndexStatus::Deleting;
    Ok(Work::DropIndex { table_id, index_id: index.id })
}

fn update_index(
    definition: &mut Definition,
    asked: UpdateGlobalSecondaryIndexAction,
    now_ms: u64,
) -> Result<(), Exception> {
    let billing = definition.billing;
    let name = asked.index_name;
    check_is_global(definition, "update", &name)?;
    let of_table = format!("Index {name} for table {}", definition.name);
    let not_found = || Exception::ResourceNotFound(format!("Requested resource not found: {of_table}"));
    let index = definition.global_index_mut(&name).ok_or_else(not_found)?;
    let asks = has_maxima(asked.on_demand_throughput.as_ref()) || asked.warm_throughput.is_some();
    if billing == Billing::OnDemand && (asked.provisioned_throughput.is_some() || !asks) {
        return Err(tables::invalid(format!(
            "The only Updates for index: {name} when TableThroughputMode is PAY_PER_REQUEST can be to \
             OnDemandThroughput, WarmThroughput"
        )));
    }
    if asked.provisioned_throughput.is_none() && !asks {
        return Err(tables::invalid(format!(
            "At least one of ProvisionedThroughput, OnDemandThroughput or WarmThroughput is required for index: {name}"
        )));
    }
    if let Some(units) = &asked.provisioned_throughput {
        let units = check_units(units)?;
        if let Some(current) = index.provisioned {
            check_units_change(Of::Index(&name), current, units)?;
            index.changes.record(current, units, now_ms)?;
        }
        index.set_units(Some(units));
    }
    let of = Of::Index(&name);
    index.on_demand_max = on_demand_max(billing, index.on_demand_max, asked.on_demand_throughput, of)?;
    let own_warm = current_warm(index.warm, index.provisioned);
    if let Some(asked) = warm(own_warm, asked.warm_throughput, of)? {
        index.warm = Some(asked);
    }
    Ok(())
}

pub(super) fn has_maxima(asked: Option<&api::OnDemandThroughput>) -> bool {
    asked.is_some_and(|asked| asked.max_read_request_units.is_some() || asked.max_write_request_units.is_some())
}

fn is_changing(status: IndexStatus) -> bool {
    matches!(status, IndexStatus::Creating | IndexStatus::Deleting)
}

fn one_at_a_time() -> Exception {
    Exception::LimitExceeded(
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table".to_owned(),
    )
}
