//! The one list of what each operation asks: which actions, on which resources.

use std::collections::BTreeMap;

use api::*;
use model::limits::TAGS_MAX;
use tables::check_tags;

use super::action::Action;
use super::outside::{Encryption, Outside};
use super::said::Said;
use super::{Asking, Asks, Resource, StreamReader, items, statements};
use crate::stream::ShardIterator;
use crate::table_keys::{MANAGED_KEY, named};

/// Implements [`Asks`] from rows `Input [the member that names its table] => what it asks`, a function of the request and its [`Asking`].
macro_rules! asks {
    ($($input:ty $([$table:ident])? => $ask:expr;)+) => {
        $(impl Asks for $input {
            $(fn table_name(&self) -> Option<&str> {
                Some(&self.$table)
            })?

            fn ask<'a>(&'a self, asking: &mut Asking<'a>) -> Result<(), Exception> {
                const fn row<F>(ask: F) -> F
                where
                    F: for<'r, 's> Fn(&'r $input, &'s mut Asking<'r>) -> Result<(), Exception>,
                {
                    ask
                }
                row($ask)(self, asking)
            }
        })+
    };
}

asks! {
    // Items.
    BatchGetItemInput => items::batch_get;
    BatchWriteItemInput => items::batch_write;
    DeleteItemInput [table_name] => items::delete;
    GetItemInput [table_name] => items::get;
    PutItemInput [table_name] => items::put;
    QueryInput [table_name] => items::query;
    ScanInput [table_name] => items::scan;
    TransactGetItemsInput => items::transact_get;
    TransactWriteItemsInput => items::transact_write;
    UpdateItemInput [table_name] => items::update;
    // Each statement of a batch is asked about before the first is run, and a denial is the answer to that one. The batch
    // itself is in `facts.rs`.
    BatchStatementRequest => statements::of_batch;
    ExecuteStatementInput => statements::one;
    ExecuteTransactionInput => statements::transaction;

    // Tables.
    CreateTableInput => create_table;
    DeleteTableInput => |r, asking| asking.table(Action::DeleteTable, &r.table_name);
    DescribeTableInput => |r, asking| asking.table(Action::DescribeTable, &r.table_name);
    UpdateTableInput => update_table;
    CreateGlobalTableInput => |r, asking| {
        asking.global_table(Action::CreateGlobalTable, &r.global_table_name)?;
        asking.table(Action::CreateGlobalTable, &r.global_table_name)
    };
    DescribeGlobalTableInput => |r, asking| asking.global_table(Action::DescribeGlobalTable, &r.global_table_name);
    DescribeGlobalTableSettingsInput => |r, asking| {
        asking.global_table(Action::DescribeGlobalTableSettings, &r.global_table_name)
    };
    ListGlobalTablesInput => |_, asking| asking.any(Action::ListGlobalTables);
    UpdateGlobalTableInput => |r, asking| {
        asking.global_table(Action::UpdateGlobalTable, &r.global_table_name)?;
        asking.table(Action::UpdateGlobalTable, &r.global_table_name)
    };
    UpdateGlobalTableSettingsInput => |r, asking| {
        asking.global_table(Action::UpdateGlobalTableSettings, &r.global_table_name)?;
        asking.table(Action::UpdateGlobalTableSettings, &r.global_table_name)
    };
    ListTablesInput => |_, asking| asking.about(Action::ListTables, Resource::Tables, Said::default());
    DescribeContinuousBackupsInput => |r, asking| asking.table(Action::DescribeContinuousBackups, &r.table_name);
    UpdateContinuousBackupsInput => |r, asking| asking.table(Action::UpdateContinuousBackups, &r.table_name);
    CreateBackupInput => |r, asking| {
        asking.also_names("backupName", &r.backup_name);
        asking.table(Action::CreateBackup, &r.table_name)
    };
    DescribeBackupInput => |r, asking| asking.arn(Action::DescribeBackup, &r.backup_arn);
    DeleteBackupInput => |r, asking| asking.arn(Action::DeleteBackup, &r.backup_arn);
    ListBackupsInput => |r, asking| {
        if let Some(name) = &r.table_name {
            asking.also_names("tableName", name);
        }
        asking.any(Action::ListBackups)
    };
    RestoreTableFromBackupInput => restore_from_backup;
    RestoreTableToPointInTimeInput => restore_to_moment;
    ExportTableToPointInTimeInput => export_to_moment;
    DescribeExportInput => |r, asking| asking.arn(Action::DescribeExport, &r.export_arn);
    ListExportsInput => |r, asking| {
        if let Some(arn) = &r.table_arn {
            asking.also_names("tableArn", arn);
        }
        asking.any(Action::ListExports)
    };
    ImportTableInput => |r, asking| {
        let S3BucketSource { s3_bucket: bucket, s3_bucket_owner, s3_key_prefix } = &r.s3_bucket_source;
        let (owner, prefix) = (s3_bucket_owner.as_deref(), s3_key_prefix.as_deref());
        asking.also_names("s3Bucket", bucket);
        asking.also_names_any("s3BucketOwner", owner);
        asking.also_names_any("s3KeyPrefix", prefix);
        asking.outside(Outside::Listed { bucket, owner, prefix });
        asking.outside(Outside::Read { bucket, owner, prefix });
        table_key(r.table_creation_parameters.sse_specification.as_ref(), asking);
        asking.table(Action::ImportTable, &r.table_creation_parameters.table_name)
    };
    DescribeImportInput => |r, asking| asking.arn(Action::DescribeImport, &r.import_arn);
    ListImportsInput => |r, asking| {
        if let Some(arn) = &r.table_arn {
            asking.also_names("tableArn", arn);
        }
        asking.any(Action::ListImports)
    };
    StartBulkPutItemsInput => bulk_put;
    DescribeBulkOperationInput => |r, asking| asking.arn(Action::DescribeBulkOperation, &r.bulk_operation_arn);
    CancelBulkOperationInput => |r, asking| asking.arn(Action::CancelBulkOperation, &r.bulk_operation_arn);
    ListBulkOperationsInput => |_, asking| asking.any(Action::ListBulkOperations);
    DescribeContributorInsightsInput => |r, asking| {
        asking.table_or_index(Action::DescribeContributorInsights, &r.table_name, r.index_name.as_deref())
    };
    UpdateContributorInsightsInput => |r, asking| {
        asking.table_or_index(Action::UpdateContributorInsights, &r.table_name, r.index_name.as_deref())
    };
    ListContributorInsightsInput => |r, asking| {
        if let Some(name) = &r.table_name {
            asking.also_names("tableName", name);
        }
        asking.any(Action::ListContributorInsights)
    };
    DescribeTableReplicaAutoScalingInput => |r, asking| {
        asking.table(Action::DescribeTableReplicaAutoScaling, &r.table_name)
    };
    UpdateTableReplicaAutoScalingInput => |r, asking| {
        asking.table(Action::UpdateTableReplicaAutoScaling, &r.table_name)
    };
    DescribeTimeToLiveInput => |r, asking| asking.table(Action::DescribeTimeToLive, &r.table_name);
    UpdateTimeToLiveInput => |r, asking| asking.table(Action::UpdateTimeToLive, &r.table_name);
    KinesisStreamingDestinationInput => |r, asking| {
        asking.also_names("streamArn", &r.stream_arn);
        // Enabling and disabling have the same input.
        match asking.operation {
            Operation::DisableKinesisStreamingDestination => {
                asking.table(Action::DisableKinesisStreamingDestination, &r.table_name)
            }
            _ => {
                asking.outside(Outside::DataStream(&r.stream_arn));
                asking.table(Action::EnableKinesisStreamingDestination, &r.table_name)
            }
        }
    };
    DescribeKinesisStreamingDestinationInput => |r, asking| {
        asking.table(Action::DescribeKinesisStreamingDestination, &r.table_name)
    };
    UpdateKinesisStreamingDestinationInput => |r, asking| {
        asking.also_names("streamArn", &r.stream_arn);
        asking.table(Action::UpdateKinesisStreamingDestination, &r.table_name)
    };
    TagResourceInput => |r, asking| {
        let said = Said { tags: tags(&r.tags), ..Said::default() };
        asking.about(Action::TagResource, Resource::Arn(&r.resource_arn), said)?;
        check_tag_count(&r.tags)
    };
    UntagResourceInput => |r, asking| {
        let said = Said { tags: r.tag_keys.iter().map(|key| (key.as_str(), None)).collect(), ..Said::default() };
        asking.about(Action::UntagResource, Resource::Arn(&r.resource_arn), said)
    };
    ListTagsOfResourceInput => |r, asking| asking.arn(Action::ListTagsOfResource, &r.resource_arn);
    DeleteResourcePolicyInput => |r, asking| asking.arn(Action::DeleteResourcePolicy, &r.resource_arn);
    GetResourcePolicyInput => |r, asking| asking.arn(Action::GetResourcePolicy, &r.resource_arn);
    PutResourcePolicyInput => |r, asking| asking.arn(Action::PutResourcePolicy, &r.resource_arn);
    DescribeLimitsInput => |_, asking| asking.any(Action::DescribeLimits);
    DescribeEndpointsRequest => |_, asking| asking.any(Action::DescribeEndpoints);

    // Streams.
    DescribeStreamInput => |r, asking| asking.arn(Action::DescribeStream, &r.stream_arn);
    GetShardIteratorInput => |r, asking| {
        asking.also_names("shardId", &r.shard_id);
        asking.arn(Action::GetShardIterator, &r.stream_arn)
    };
    GetRecordsInput => get_records;
    StreamReader => |r, asking| {
        asking.arn(Action::DescribeStream, &r.stream_arn)?;
        asking.arn(Action::GetShardIterator, &r.stream_arn)?;
        asking.arn(Action::GetRecords, &r.stream_arn)
    };
    ListStreamsInput => |r, asking| {
        asking.about(Action::ListStreams, Resource::Streams(r.table_name.as_deref()), Said::default())
    };
}

/// What replication does in the region of a new member. Source: Developer Guide, "Using IAM with global tables".
const REPLICA_ACTIONS: [Action; 9] = [
    Action::CreateTable,
    Action::CreateTableReplica,
    Action::Query,
    Action::Scan,
    Action::GetItem,
    Action::PutItem,
    Action::UpdateItem,
    Action::DeleteItem,
    Action::BatchWriteItem,
];

/// The table, and for each member that is added, removed or changed what is done to it in its region.
fn update_table<'a>(request: &'a UpdateTableInput, asking: &mut Asking<'a>) -> Result<(), Exception> {
    table_key(request.sse_specification.as_ref(), asking);
    asking.table(Action::UpdateTable, &request.table_name)?;
    for update in request.replica_updates.iter().flatten() {
        let key = update.create.as_ref().and_then(|create| Some((create.kms_master_key_id.as_deref()?, create)));
        if let Some((name, create)) = key.filter(|(name, _)| *name != MANAGED_KEY) {
            asking.also_names("kMSMasterKeyId", name);
            asking.outside(Outside::KeyIn { name, region: &create.region_name });
        }
        let mut of_member = |actions: &[Action], region: &'a str| {
            asking.also_names("regionName", region);
            actions.iter().try_for_each(|action| {
                let resource = Resource::Replica { name: &request.table_name, region };
                asking.about(*action, resource, Said::default())
            })
        };
        if let Some(create) = &update.create {
            of_member(&REPLICA_ACTIONS, &create.region_name)?;
        }
        if let Some(delete) = &update.delete {
            of_member(&[Action::DeleteTable, Action::DeleteTableReplica], &delete.region_name)?;
        }
        if let Some(leave) = &update.disassociate {
            of_member(&[Action::UpdateTable], &leave.region_name)?;
        }
        if let Some(change) = &update.update {
            of_member(&[Action::UpdateTable], &change.region_name)?;
        }
    }
    Ok(())
}

fn create_table<'a>(request: &'a CreateTableInput, asking: &mut Asking<'a>) -> Result<(), Exception> {
    let table = || Resource::Table(request.table_name.as_str().into());
    let tags = || tags(request.tags.as_deref().unwrap_or_default());
    asking.about(Action::CreateTable, table(), Said { tags: tags(), ..Said::default() })?;
    if request.tags.is_some() {
        asking.about(Action::TagResource, table(), Said { tags: tags(), ..Said::default() })?;
    }
    check_tag_count(request.tags.as_deref().unwrap_or_default())?;
    if request.resource_policy.is_some() {
        asking.about(Action::PutResourcePolicy, table(), Said::default())?;
    }
    table_key(request.sse_specification.as_ref(), asking);
    Ok(())
}

/// The backup, and all that the restore does with the new table. Source: Developer Guide, "Using IAM with DynamoDB backup and restore".
fn restore_from_backup<'a>(request: &'a RestoreTableFromBackupInput, asking: &mut Asking<'a>) -> Result<(), Exception> {
    asking.arn(Action::RestoreTableFromBackup, &request.backup_arn)?;
    fill_table(&request.target_table_name, request.sse_specification_override.as_ref(), asking)
}

/// The source, and all that the restore does with the new table. Source: as above.
fn restore_to_moment<'a>(
    request: &'a RestoreTableToPointInTimeInput,
    asking: &mut Asking<'a>,
) -> Result<(), Exception> {
    // A request that names two is refused by the operation, and must be permitted for both.
    let sources = [("sourceTableArn", &request.source_table_arn), ("sourceTableName", &request.source_table_name)];
    for (member, source) in sources.into_iter().filter_map(|(member, source)| Some((member, source.as_ref()?))) {
        asking.also_names(member, source);
        asking.table(Action::RestoreTableToPointInTime, source)?;
    }
    fill_table(&request.target_table_name, request.sse_specification_override.as_ref(), asking)
}

/// The table, whose items it puts as PutItem does, and both buckets. AWS's own requirements are not known.
fn bulk_put<'a>(request: &'a StartBulkPutItemsInput, asking: &mut Asking<'a>) -> Result<(), Exception> {
    let (input, output) = (&request.input_s3_configuration, &request.output_s3_configuration);
    let owner = input.s3_bucket_owner.as_deref();
    asking.also_names("inputS3Bucket", &input.s3_bucket);
    asking.also_names_any("inputS3KeyPrefix", input.s3_key_prefix.as_deref());
    asking.outside(Outside::Listed { bucket: &input.s3_bucket, owner, prefix: input.s3_key_prefix.as_deref() });
    asking.outside(Outside::Read { bucket: &input.s3_bucket, owner, prefix: input.s3_key_prefix.as_deref() });
    if let Some(bucket) = &output.s3_bucket {
        let (owner, prefix) = (output.s3_bucket_owner.as_deref(), output.s3_key_prefix.as_deref());
        let key = output.s3_sse_kms_key_id.as_deref();
        let encryption = match output.s3_sse_algorithm {
            Some(S3SseAlgorithm::Kms) => Encryption::Kms(key),
            Some(S3SseAlgorithm::Aes256) | None => Encryption::Aes256,
        };
        asking.also_names("outputS3Bucket", bucket);
        asking.also_names_any("outputS3KeyPrefix", prefix);
        asking.also_names_any("outputS3SseKmsKeyId", key);
        asking.outside(Outside::Written { bucket, owner, prefix, encryption });
        if let Some(key) = key {
            asking.outside(Outside::ObjectKey(key));
        }
    }
    asking.table(Action::StartBulkPutItems, &request.table_name)?;
    asking.table(Action::PutItem, &request.table_name)
}

/// The source, the objects that are written, and the key that S3 is to encrypt them with.
fn export_to_moment<'a>(request: &'a ExportTableToPointInTimeInput, asking: &mut Asking<'a>) -> Result<(), Exception> {
    let (bucket, owner, prefix) =
        (&request.s3_bucket, request.s3_bucket_owner.as_deref(), request.s3_prefix.as_deref());
    // A key without the algorithm is refused by the operation, and must be permitted all the same.
    let key = request.s3_sse_kms_key_id.as_deref();
    let encryption = match request.s3_sse_algorithm {
        Some(S3SseAlgorithm::Kms) => Encryption::Kms(key),
        Some(S3SseAlgorithm::Aes256) | None => Encryption::Aes256,
    };
    asking.also_names("s3Bucket", bucket);
    asking.also_names_any("s3BucketOwner", owner);
    asking.also_names_any("s3Prefix", prefix);
    asking.also_names_any("s3SseAlgorithm", request.s3_sse_algorithm.map(|algorithm| algorithm.as_str()));
    asking.also_names_any("s3SseKmsKeyId", key);
    asking.outside(Outside::Written { bucket, owner, prefix, encryption });
    if let Some(key) = key {
        asking.outside(Outside::ObjectKey(key));
    }
    asking.table(Action::ExportTableToPointInTime, &request.table_arn)
}

fn fill_table<'a>(
    target: &'a str,
    encryption: Option<&'a SSESpecification>,
    asking: &mut Asking<'a>,
) -> Result<(), Exception> {
    use Action::{BatchWriteItem, DeleteItem, GetItem, PutItem, Query, Scan, UpdateItem};
    for action in [BatchWriteItem, DeleteItem, GetItem, PutItem, Query, Scan, UpdateItem] {
        asking.table(action, target)?;
    }
    table_key(encryption, asking);
    Ok(())
}

/// The key that a table is to have, if the request names one.
fn table_key<'a>(encryption: Option<&'a SSESpecification>, asking: &mut Asking<'a>) {
    if let Some(key_id) = named(encryption) {
        asking.also_names("kMSMasterKeyId", key_id);
        asking.outside(Outside::Key(key_id));
    }
}

/// More tags than a resource can have are refused before policies look at them, in the words of the operation.
fn check_tag_count(tags: &[Tag]) -> Result<(), Exception> {
    match tags.len() > TAGS_MAX {
        true => check_tags(&BTreeMap::new(), tags.to_vec()).map(drop),
        false => Ok(()),
    }
}

/// Those that have a key: others are refused before anything is tagged.
fn tags(tags: &[Tag]) -> Vec<(&str, Option<&str>)> {
    tags.iter().filter_map(|tag| Some((tag.key.as_deref()?, tag.value.as_deref()))).collect()
}

/// An iterator names its stream, under a seal.
fn get_records<'a>(request: &'a GetRecordsInput, asking: &mut Asking<'a>) -> Result<(), Exception> {
    match ShardIterator::read(&asking.service.secret, &request.shard_iterator) {
        Some((arn, _)) => asking.arn(Action::GetRecords, arn),
        None => Err(Exception::validation("Invalid ShardIterator")),
    }
}
