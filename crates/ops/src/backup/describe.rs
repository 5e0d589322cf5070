//! DescribeBackup: a backup with the settings that its table had at the cut.

use api::{
    BackupDescription, BackupStatus, BillingMode, DescribeBackupInput, DescribeBackupOutput, Exception,
    GlobalSecondaryIndexInfo, LocalSecondaryIndexInfo, ProvisionedThroughput, SSEDescription, SourceTableDetails,
    SourceTableFeatureDetails, StreamSpecification, TimeToLiveDescription, TimeToLiveStatus,
};
use auth::Caller;
use tables::{
    Backup, Definition, IndexDefinition, Provisioned, Table, key_schema, on_demand, projection, stream_view, timestamp,
};

use super::{backup, details, status};
use crate::service::Service;

impl Service {
    /// # Errors
    /// If there is no such backup.
    pub(crate) async fn describe_backup(
        &self,
        caller: &Caller,
        request: DescribeBackupInput,
    ) -> Result<DescribeBackupOutput, Exception> {
        self.catalog.refresh().await?;
        let table = self.backup_at(caller, &request.backup_arn)?;
        let description = description(&table, status(backup(&table)?))?;
        Ok(DescribeBackupOutput { backup_description: Some(description) })
    }
}

pub(super) fn description(table: &Table, status: BackupStatus) -> Result<BackupDescription, Exception> {
    let backup = backup(table)?;
    Ok(BackupDescription {
        backup_details: Some(Box::new(details(table, status)?)),
        source_table_details: Some(Box::new(source_details(backup))),
        source_table_feature_details: Some(Box::new(features(&backup.source))),
    })
}

fn source_details(backup: &Backup) -> SourceTableDetails {
    let source = &backup.source;
    let billing_mode = if source.is_on_demand() { BillingMode::PayPerRequest } else { BillingMode::Provisioned };
    SourceTableDetails {
        billing_mode: Some(billing_mode),
        item_count: Some(backup.items[0].max(0)),
        key_schema: key_schema(&source.key),
        on_demand_throughput: on_demand(&source.on_demand_max),
        provisioned_throughput: throughput(source.billing.provisioned()),
        table_arn: Some(source.arn()),
        table_creation_date_time: timestamp(source.created_ms),
        table_id: source.uuid.clone(),
        table_name: source.name.clone(),
        table_size_bytes: Some(backup.items[1].max(0)),
    }
}

/// An on-demand table shows zeros.
fn throughput(units: Option<Provisioned>) -> ProvisionedThroughput {
    ProvisionedThroughput {
        read_capacity_units: units.map_or(0, |units| units.read_units),
        write_capacity_units: units.map_or(0, |units| units.write_units),
    }
}

/// What the table has of each; absent if it has none.
fn features(source: &Definition) -> SourceTableFeatureDetails {
    let some = |list: &[IndexDefinition]| Some(list.to_vec()).filter(|list| !list.is_empty());
    let local = |index: IndexDefinition| LocalSecondaryIndexInfo {
        key_schema: Some(key_schema(&index.key)),
        projection: Some(projection(&index.projection)),
        index_name: Some(index.name),
    };
    let global = |index: IndexDefinition| GlobalSecondaryIndexInfo {
        key_schema: Some(key_schema(&index.key)),
        projection: Some(projection(&index.projection)),
        provisioned_throughput: Some(throughput(index.provisioned)),
        on_demand_throughput: on_demand(&index.on_demand_max),
        index_name: Some(index.name),
    };
    let stream = source.stream.as_ref().filter(|stream| stream.enabled);
    let attribute = source.time_to_live.attribute.clone();
    SourceTableFeatureDetails {
        global_secondary_indexes: some(&source.global_indexes).map(|all| all.into_iter().map(global).collect()),
        local_secondary_indexes: some(&source.local_indexes).map(|all| all.into_iter().map(local).collect()),
        sse_description: source.encryption.as_ref().map(|encryption| SSEDescription {
            status: Some(api::SSEStatus::Enabled),
            sse_type: Some(api::SSEType::Kms),
            kms_master_key_arn: Some(encryption.key_arn.clone()),
            inaccessible_encryption_date_time: None,
        }),
        stream_description: stream.map(|stream| StreamSpecification {
            stream_enabled: true,
            stream_view_type: Some(stream_view(stream.view)),
        }),
        time_to_live_description: attribute.map(|attribute| TimeToLiveDescription {
            attribute_name: Some(attribute),
            time_to_live_status: Some(TimeToLiveStatus::Enabled),
        }),
        vector_indexes: None,
    }
}
