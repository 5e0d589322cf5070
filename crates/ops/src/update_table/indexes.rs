//! GlobalSecondaryIndexUpdates: indexes made, dropped, and given other throughput.

use std::collections::BTreeSet;

use api::{CreateGlobalSecondaryIndexAction, Exception, GlobalSecondaryIndexUpdate, UpdateGlobalSecondaryIndexAction};

use crate::catalog::throughput::{
    check_units, check_units_change, default_warm, index_units_superfluous, on_demand_max, warm,
};
use crate::catalog::{self, AttributeDefinition, Definition, IndexStatus, IndexThroughput, NewIndex, Work};

/// What can be refused without the table.
pub(super) fn check_updates(updates: &[GlobalSecondaryIndexUpdate]) -> Result<(), Exception> {
    let mut names = BTreeSet::new();
    for update in updates {
        let actions = [
            update.create.as_ref().map(|create| &create.index_name),
            update.update.as_ref().map(|update| &update.index_name),
            update.delete.as_ref().map(|delete| &delete.index_name),
        ];
        let mut given = actions.into_iter().flatten();
        let (Some(name), None) = (given.next(), given.next()) else {
            return Err(catalog::invalid(
                "One of GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Update, \
                 GlobalSecondaryIndexUpdate.Delete must be specified",
            ));
        };
        if !names.insert(name) {
            return Err(catalog::invalid(format!(
                "Only one global secondary index update per index is allowed simultaneously. Index: {name}"
            )));
        }
    }
    if updates.iter().filter(|update| update.update.is_none()).count() > 1 {
        return Err(one_at_a_time());
    }
    Ok(())
}

/// Changes the indexes, and says what work that leaves. At most one is made or dropped, as was checked.
pub(super) fn update(
    definition: &mut Definition,
    attributes: Vec<api::AttributeDefinition>,
    updates: Vec<GlobalSecondaryIndexUpdate>,
    now_ms: u64,
) -> Result<Option<Work>, Exception> {
    let attributes = catalog::attribute_definitions(attributes)?;
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
        return Err(catalog::invalid(format!("Attempting to create an index which already exists: {name}")));
    }
    if definition.global_indexes.iter().any(|index| is_changing(index.status)) {
        return Err(one_at_a_time());
    }
    let throughput = IndexThroughput::parse(
        &name,
        definition.billing,
        asked.provisioned_throughput,
        asked.on_demand_throughput,
        asked.warm_throughput,
    )?;
    let index = NewIndex::global(name, &asked.key_schema, asked.projection, throughput, attributes)?;
    merge_attributes(definition, attributes)?;
    let id = definition.next_index_id;
    definition.next_index_id += 1;
    definition.global_indexes.push(index.into_definition(id, IndexStatus::Creating));
    catalog::check_index_count(definition.global_indexes.len())?;
    let indexes = definition.local_indexes.iter().chain(&definition.global_indexes);
    catalog::check_projections(indexes.map(|index| &index.projection))?;
    Ok(Work::BuildIndex { table_id: definition.table_id, index_id: id })
}

/// Adds the request's attribute definitions to the table's; one that is in use keeps its type.
fn merge_attributes(definition: &mut Definition, new: &[AttributeDefinition]) -> Result<(), Exception> {
    for attribute in new {
        match definition.attributes.iter().find(|own| own.name == attribute.name) {
            None => definition.attributes.push(attribute.clone()),
            Some(own) if own.key_type == attribute.key_type => {}
            Some(own) => {
                return Err(catalog::invalid(format!(
                    "Attribute {} is already defined with another type: {:?}",
                    own.name, own.key_type
                )));
            }
        }
    }
    Ok(())
}

fn delete_index(definition: &mut Definition, name: &str) -> Result<Work, Exception> {
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
    let index = definition.global_index_mut(&name).ok_or_else(Exception::resource_not_found)?;
    if asked.provisioned_throughput.is_none() && asked.on_demand_throughput.is_none() && asked.warm_throughput.is_none()
    {
        return Err(catalog::invalid(format!(
            "At least one of ProvisionedThroughput, OnDemandThroughput or WarmThroughput is required for index: {name}"
        )));
    }
    if let Some(units) = &asked.provisioned_throughput {
        let units = check_units(units)?;
        if billing.provisioned().is_none() {
            return Err(index_units_superfluous(&name));
        }
        if let Some(current) = index.provisioned {
            check_units_change(&format!("index {name}"), current, units)?;
            index.changes.record(current, units, now_ms);
        }
        index.provisioned = Some(units);
    }
    index.on_demand_max = on_demand_max(billing, index.on_demand_max, asked.on_demand_throughput)?;
    let current_warm = index.warm.unwrap_or_else(|| default_warm(index.provisioned));
    if let Some(asked) = warm(current_warm, asked.warm_throughput, &format!("index {name}"))? {
        index.warm = Some(asked);
    }
    Ok(())
}

fn is_changing(status: IndexStatus) -> bool {
    matches!(status, IndexStatus::Creating | IndexStatus::Deleting)
}

fn one_at_a_time() -> Exception {
    Exception::LimitExceeded(
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table".to_owned(),
    )
}
