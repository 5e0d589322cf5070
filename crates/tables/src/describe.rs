//! The description of a table, as DescribeTable and every operation that changes a table return it.
//!
//! Absent members matter as much as the values of the others: Terraform sees drift in an OnDemandThroughput that was not
//! configured, and in a global index without ProvisionedThroughput.

use std::collections::HashMap;

use api::{
    BillingMode, BillingModeSummary, GlobalSecondaryIndexDescription, GlobalSecondaryIndexWarmThroughputDescription,
    GlobalTableSettingsReplicationMode, KeySchemaElement, LocalSecondaryIndexDescription, OnDemandThroughput,
    OnDemandThroughputOverride, ProjectionType, ProvisionedThroughputDescription, ProvisionedThroughputOverride,
    ReplicaDescription, ReplicaGlobalSecondaryIndexDescription, ReplicaStatus, RestoreSummary, SSEDescription,
    SSEStatus, SSEType, StreamSpecification, StreamViewType, TableClassSummary, TableDescription,
    TableWarmThroughputDescription, Timestamp,
};
use storage::TALLY_WIDTH;

use super::backup::Restore;
use super::definition::{
    Definition, IndexDefinition, IndexStatus, KeyNames, KeyType, OnDemandMax, Projection, Provisioned, StreamView,
    TableClass, TableStatus, ThroughputChanges,
};
use super::replication::{Member, MemberStatus};
use super::table::Table;
use super::throughput::current_warm;

/// The state that an answer shows: that of a change shows the state that it begins, DescribeTable's the current one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    AsIs,
    JustCreated,
    JustUpdated,
    JustDeleted,
}

/// Counters by index id; the table's own under [`TABLE`].
pub struct Tallies(pub HashMap<u32, [i64; TALLY_WIDTH]>);

/// No index has this id: ids begin at 1.
pub const TABLE: u32 = 0;

impl Tallies {
    fn count(&self, id: u32) -> i64 {
        self.0.get(&id).map_or(0, |tally| tally[0].max(0))
    }

    /// Bytes of the items themselves, without the 100 bytes an item that DynamoDB's storage prices add.
    fn size(&self, id: u32) -> i64 {
        self.0.get(&id).map_or(0, |tally| tally[1].max(0))
    }
}

pub fn description(table: &Table, tallies: &Tallies, shown: Shown, now_ms: u64) -> TableDescription {
    let mut description = whole(table, tallies, shown, now_ms);
    match shown {
        Shown::JustCreated => as_created(&mut description, &table.definition),
        Shown::JustDeleted => description = as_deleted(description, &table.definition),
        Shown::AsIs | Shown::JustUpdated => {}
    }
    description
}

fn whole(table: &Table, tallies: &Tallies, shown: Shown, now_ms: u64) -> TableDescription {
    let (definition, arn) = (&table.definition, &table.arn);
    let stream = definition.stream.as_ref();
    let is_streamed = stream.is_some_and(|stream| stream.enabled);
    let status = match shown_status(definition.status, shown) {
        // UPDATING until the stream gets the changes of all nodes; other consumers have statuses of their own.
        api::TableStatus::Active if definition.log.opening && is_streamed => api::TableStatus::Updating,
        // ACTIVE with replicas says that it has not left. Source: Developer Guide.
        api::TableStatus::Active if definition.is_leaving() => api::TableStatus::Updating,
        status => status,
    };
    TableDescription {
        attribute_definitions: Some(attribute_definitions(definition)),
        table_name: Some(definition.name.clone()),
        key_schema: Some(key_schema(&definition.key)),
        table_status: Some(status),
        creation_date_time: Some(timestamp(definition.created_ms)),
        provisioned_throughput: Some(provisioned(definition.billing.provisioned(), &definition.changes, now_ms)),
        table_size_bytes: Some(tallies.size(TABLE)),
        item_count: Some(tallies.count(TABLE)),
        table_arn: Some(arn.clone()),
        table_id: Some(definition.uuid.clone()),
        billing_mode_summary: billing_mode(definition),
        local_secondary_indexes: some(definition.local_indexes.iter().map(|index| local(index, arn, tallies))),
        global_secondary_indexes: some(definition.global_indexes.iter().map(|index| {
            let described = global(index, arn, tallies, shown, now_ms);
            // An index of a table that is slow to be made is made with it.
            let is_made = definition.status == TableStatus::Creating && definition.busy_until_ms.is_some();
            let index_status =
                described.index_status.map(|status| if is_made { api::IndexStatus::Creating } else { status });
            let described = GlobalSecondaryIndexDescription { index_status, ..described };
            // A table that is being restored shows no status of its indexes. Source: captures.
            let index_status = described.index_status.filter(|_| definition.restore.is_none());
            GlobalSecondaryIndexDescription { index_status, ..described }
        })),
        stream_specification: stream.filter(|stream| stream.enabled).map(|stream| StreamSpecification {
            stream_enabled: true,
            stream_view_type: Some(stream_view(stream.view)),
        }),
        latest_stream_label: stream.map(|stream| stream.label.clone()),
        latest_stream_arn: stream.map(|stream| format!("{arn}/stream/{}", stream.label)),
        sse_description: definition.encryption.as_ref().map(|encryption| SSEDescription {
            status: Some(SSEStatus::Enabled),
            sse_type: Some(SSEType::Kms),
            kms_master_key_arn: Some(encryption.key_arn.clone()),
            inaccessible_encryption_date_time: None,
        }),
        table_class_summary: definition.table_class.map(|choice| TableClassSummary {
            table_class: Some(table_class(choice.class)),
            last_update_date_time: choice.changed_ms.map(timestamp),
        }),
        deletion_protection_enabled: Some(definition.deletion_protection),
        on_demand_throughput: on_demand(&definition.on_demand_max),
        warm_throughput: Some(table_warm(definition, status, now_ms)),
        restore_summary: definition.restore.as_ref().map(restore_summary),
        ..TableDescription::default()
    }
}

/// Only while the restore lasts: an active table shows nothing of it. Source: captures.
fn restore_summary(restore: &Restore) -> RestoreSummary {
    RestoreSummary {
        restore_date_time: timestamp(restore.at_ms),
        restore_in_progress: true,
        source_backup_arn: restore.moment.is_none().then(|| restore.backup_arn.clone()),
        source_table_arn: Some(restore.source_arn.clone()),
    }
}

/// CreateTable's answer leaves out members that are decided once the table exists. Source: captures of both answers.
fn as_created(description: &mut TableDescription, definition: &Definition) {
    if let Some(summary) = &mut description.billing_mode_summary {
        summary.last_update_to_pay_per_request_date_time = None;
    }
    description.warm_throughput = description.warm_throughput.take().filter(|_| definition.warm.is_some());
    if let Some(warm) = &mut description.warm_throughput {
        warm.status = Some(api::TableStatus::Updating);
    }
    let indexes = description.global_secondary_indexes.iter_mut().flatten();
    for (index, own) in indexes.zip(&definition.global_indexes) {
        index.warm_throughput = index.warm_throughput.take().filter(|_| own.warm.is_some());
        if let Some(warm) = &mut index.warm_throughput {
            warm.status = Some(api::IndexStatus::Updating);
        }
    }
}

/// DeleteTable's answer has these members and no others. Source: captures.
fn as_deleted(description: TableDescription, definition: &Definition) -> TableDescription {
    TableDescription {
        billing_mode_summary: description.billing_mode_summary.filter(|_| definition.is_on_demand()),
        deletion_protection_enabled: description.deletion_protection_enabled,
        item_count: description.item_count,
        provisioned_throughput: description.provisioned_throughput,
        table_arn: description.table_arn,
        table_id: description.table_id,
        table_name: description.table_name,
        table_size_bytes: description.table_size_bytes,
        table_status: description.table_status,
        ..TableDescription::default()
    }
}

fn shown_status(status: TableStatus, shown: Shown) -> api::TableStatus {
    match (shown, status) {
        (Shown::JustCreated, _) => api::TableStatus::Creating,
        (Shown::JustUpdated, _) => api::TableStatus::Updating,
        (Shown::JustDeleted, _) => api::TableStatus::Deleting,
        (Shown::AsIs, TableStatus::Creating) => api::TableStatus::Creating,
        (Shown::AsIs, TableStatus::Active | TableStatus::Backup) => api::TableStatus::Active,
        (Shown::AsIs, TableStatus::Updating) => api::TableStatus::Updating,
        (Shown::AsIs, TableStatus::Deleting) => api::TableStatus::Deleting,
    }
}

fn index_status(status: IndexStatus, shown: Shown) -> api::IndexStatus {
    match (shown, status) {
        (Shown::JustCreated, _) | (_, IndexStatus::Creating) => api::IndexStatus::Creating,
        (Shown::JustDeleted, _) | (_, IndexStatus::Deleting) => api::IndexStatus::Deleting,
        (_, IndexStatus::Active) => api::IndexStatus::Active,
        (_, IndexStatus::Updating) => api::IndexStatus::Updating,
    }
}

fn local(index: &IndexDefinition, table_arn: &str, tallies: &Tallies) -> LocalSecondaryIndexDescription {
    LocalSecondaryIndexDescription {
        index_name: Some(index.name.clone()),
        key_schema: Some(key_schema(&index.key)),
        projection: Some(projection(&index.projection)),
        index_size_bytes: Some(tallies.size(index.id)),
        item_count: Some(tallies.count(index.id)),
        index_arn: Some(format!("{table_arn}/index/{}", index.name)),
    }
}

fn global(
    index: &IndexDefinition,
    table_arn: &str,
    tallies: &Tallies,
    shown: Shown,
    now_ms: u64,
) -> GlobalSecondaryIndexDescription {
    let status = index_status(index.status, shown);
    let warm = current_warm(index.warm, index.provisioned);
    GlobalSecondaryIndexDescription {
        index_name: Some(index.name.clone()),
        key_schema: Some(key_schema(&index.key)),
        projection: Some(projection(&index.projection)),
        index_status: Some(status),
        // The answer of the change that creates an index shows it before the backfill.
        backfilling: (index.status == IndexStatus::Creating).then_some(shown == Shown::AsIs),
        provisioned_throughput: Some(provisioned(index.provisioned, &index.changes, now_ms)),
        index_size_bytes: Some(tallies.size(index.id)),
        item_count: Some(tallies.count(index.id)),
        index_arn: Some(format!("{table_arn}/index/{}", index.name)),
        on_demand_throughput: on_demand(&index.on_demand_max),
        warm_throughput: Some(GlobalSecondaryIndexWarmThroughputDescription {
            read_units_per_second: Some(warm.read_units),
            write_units_per_second: Some(warm.write_units),
            status: Some(status),
        }),
    }
}

/// A member of a table's group. What it inherits from the group is absent. `own` is its definition, once it exists.
pub fn replica(member: &Member, own: Option<&Definition>, group: &Definition) -> ReplicaDescription {
    let described = own.unwrap_or(group);
    let overrides = own.and_then(|own| own.replication.as_ref()).map(|own| own.overrides.clone());
    let overrides = overrides.or_else(|| member.asked.clone()).unwrap_or_default();
    let provisioned =
        |units: Option<i64>| units.map(|units| ProvisionedThroughputOverride { read_capacity_units: Some(units) });
    let on_demand =
        |units: Option<i64>| units.map(|units| OnDemandThroughputOverride { max_read_request_units: Some(units) });
    let index = |index: &IndexDefinition| {
        let of_index = overrides.indexes.get(&index.name).copied().unwrap_or_default();
        let warm = current_warm(index.warm, index.provisioned);
        ReplicaGlobalSecondaryIndexDescription {
            index_name: Some(index.name.clone()),
            provisioned_throughput_override: provisioned(of_index.read_units),
            on_demand_throughput_override: on_demand(of_index.max_read_units),
            warm_throughput: Some(GlobalSecondaryIndexWarmThroughputDescription {
                read_units_per_second: Some(warm.read_units),
                write_units_per_second: Some(warm.write_units),
                status: Some(index_status(index.status, Shown::AsIs)),
            }),
        }
    };
    ReplicaDescription {
        region_name: Some(member.region.clone()),
        replica_status: Some(match member.status {
            MemberStatus::Creating => ReplicaStatus::Creating,
            MemberStatus::Active => ReplicaStatus::Active,
            MemberStatus::Deleting => ReplicaStatus::Deleting,
        }),
        kms_master_key_id: own.and_then(customer_key),
        provisioned_throughput_override: provisioned(overrides.read_units),
        on_demand_throughput_override: on_demand(overrides.max_read_units),
        global_secondary_indexes: some(described.global_indexes.iter().map(index)),
        replica_table_class_summary: own.and_then(|own| own.table_class).map(|choice| TableClassSummary {
            table_class: Some(table_class(choice.class)),
            last_update_date_time: choice.changed_ms.map(timestamp),
        }),
        // A change that a test has made slow is shown by the table alone.
        warm_throughput: Some(table_warm(described, api::TableStatus::Active, u64::MAX)),
        global_table_settings_replication_mode: Some(GlobalTableSettingsReplicationMode::EnabledWithOverrides),
        ..ReplicaDescription::default()
    }
}

/// A default key is not shown. Source: captures.
fn customer_key(definition: &Definition) -> Option<String> {
    let own = definition.encryption.as_ref()?;
    let default = crate::settings::account_key_arn(&definition.account, &definition.region);
    (own.key_arn != default).then(|| own.key_arn.clone())
}

/// It has a status of its own: it stays ACTIVE while the table is updated in other ways. Source: captures.
fn table_warm(definition: &Definition, status: api::TableStatus, now_ms: u64) -> TableWarmThroughputDescription {
    let change = definition.warm_change.filter(|change| change.until_ms > now_ms);
    let status = match (status, change) {
        (api::TableStatus::Active | api::TableStatus::Updating, Some(_)) => api::TableStatus::Updating,
        (api::TableStatus::Updating, None) => api::TableStatus::Active,
        (status, _) => status,
    };
    let current = || current_warm(definition.warm, definition.billing.provisioned());
    let warm = change.map_or_else(current, |change| change.former);
    TableWarmThroughputDescription {
        read_units_per_second: Some(warm.read_units),
        write_units_per_second: Some(warm.write_units),
        status: Some(status),
    }
}

/// A table that was always provisioned has no summary.
fn billing_mode(definition: &Definition) -> Option<BillingModeSummary> {
    let billing_mode = if definition.is_on_demand() { BillingMode::PayPerRequest } else { BillingMode::Provisioned };
    let since = definition.on_demand_since_ms;
    (definition.is_on_demand() || since.is_some()).then(|| BillingModeSummary {
        billing_mode: Some(billing_mode),
        last_update_to_pay_per_request_date_time: since.map(timestamp),
    })
}

/// On-demand tables and indexes show zeros, and no decreases.
fn provisioned(
    units: Option<Provisioned>,
    changes: &ThroughputChanges,
    now_ms: u64,
) -> ProvisionedThroughputDescription {
    ProvisionedThroughputDescription {
        read_capacity_units: Some(units.map_or(0, |units| units.read_units)),
        write_capacity_units: Some(units.map_or(0, |units| units.write_units)),
        number_of_decreases_today: Some(units.map_or(0, |_| changes.decreases_today(now_ms))),
        last_increase_date_time: changes.increased_ms.map(timestamp),
        last_decrease_date_time: changes.decreased_ms.map(timestamp),
    }
}

pub fn on_demand(max: &OnDemandMax) -> Option<OnDemandThroughput> {
    (*max != OnDemandMax::default()).then_some(OnDemandThroughput {
        max_read_request_units: max.read_units,
        max_write_request_units: max.write_units,
    })
}

/// By their names.
fn attribute_definitions(definition: &Definition) -> Vec<api::AttributeDefinition> {
    let attribute = |own: &super::AttributeDefinition| api::AttributeDefinition {
        attribute_name: own.name.clone(),
        attribute_type: match own.key_type {
            KeyType::S => api::ScalarAttributeType::S,
            KeyType::N => api::ScalarAttributeType::N,
            KeyType::B => api::ScalarAttributeType::B,
        },
    };
    let mut attributes: Vec<api::AttributeDefinition> = definition.attributes.iter().map(attribute).collect();
    attributes.sort_by(|a, b| a.attribute_name.cmp(&b.attribute_name));
    attributes
}

pub fn key_schema(key: &KeyNames) -> Vec<KeySchemaElement> {
    let part = |key_type| move |name: &String| KeySchemaElement { attribute_name: name.clone(), key_type };
    let range = key.range.iter().map(part(api::KeyType::Range));
    key.hash.iter().map(part(api::KeyType::Hash)).chain(range).collect()
}

pub fn projection(own: &Projection) -> api::Projection {
    let projection_type = match own {
        Projection::All => ProjectionType::All,
        Projection::KeysOnly => ProjectionType::KeysOnly,
        Projection::Include(_) => ProjectionType::Include,
    };
    let mut names = own.named().to_vec();
    names.sort();
    api::Projection {
        projection_type: Some(projection_type),
        non_key_attributes: Some(names).filter(|names| !names.is_empty()),
    }
}

pub fn stream_view(own: StreamView) -> StreamViewType {
    match own {
        StreamView::KeysOnly => StreamViewType::KeysOnly,
        StreamView::NewImage => StreamViewType::NewImage,
        StreamView::OldImage => StreamViewType::OldImage,
        StreamView::NewAndOldImages => StreamViewType::NewAndOldImages,
    }
}

fn table_class(own: TableClass) -> api::TableClass {
    match own {
        TableClass::Standard => api::TableClass::Standard,
        TableClass::InfrequentAccess => api::TableClass::StandardInfrequentAccess,
    }
}

pub fn timestamp(epoch_ms: u64) -> Timestamp {
    Timestamp { epoch_ms: i64::try_from(epoch_ms).unwrap_or(i64::MAX) }
}

/// A list of an answer; an empty one is absent.
fn some<T>(members: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let members: Vec<T> = members.collect();
    (!members.is_empty()).then_some(members)
}
