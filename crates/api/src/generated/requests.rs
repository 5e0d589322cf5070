//! Requests and responses of the operations.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use std::collections::BTreeMap;

use model::{AttributeValue, Attributes, Item};

use crate::*;

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchExecuteStatementInput {
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub statements: Vec<BatchStatementRequest>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchExecuteStatementOutput {
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
    pub responses: Option<Vec<BatchStatementResponse>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchGetItemInput {
    pub request_items: BTreeMap<String, KeysAndAttributes>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchGetItemOutput {
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
    pub responses: Option<BTreeMap<String, Vec<Item>>>,
    pub unprocessed_keys: Option<BTreeMap<String, KeysAndAttributes>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchWriteItemInput {
    pub request_items: BTreeMap<String, Vec<WriteRequest>>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub return_item_collection_metrics: Option<ReturnItemCollectionMetrics>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchWriteItemOutput {
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
    pub item_collection_metrics: Option<BTreeMap<String, Vec<ItemCollectionMetrics>>>,
    pub unprocessed_items: Option<BTreeMap<String, Vec<WriteRequest>>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CancelBulkOperationInput {
    pub bulk_operation_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CancelBulkOperationOutput {
    pub bulk_operation_arn: String,
    pub bulk_operation_status: BulkOperationStatus,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateBackupInput {
    pub backup_name: String,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateBackupOutput {
    pub backup_details: Option<BackupDetails>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateGlobalTableInput {
    pub global_table_name: String,
    pub replication_group: Vec<Replica>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateGlobalTableOutput {
    pub global_table_description: Option<GlobalTableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateTableInput {
    pub attribute_definitions: Option<Vec<AttributeDefinition>>,
    pub billing_mode: Option<BillingMode>,
    pub deletion_protection_enabled: Option<bool>,
    pub global_secondary_indexes: Option<Vec<GlobalSecondaryIndex>>,
    pub global_table_settings_replication_mode: Option<GlobalTableSettingsReplicationMode>,
    pub global_table_source_arn: Option<String>,
    pub key_schema: Option<Vec<KeySchemaElement>>,
    pub local_secondary_indexes: Option<Vec<LocalSecondaryIndex>>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    pub resource_policy: Option<String>,
    pub sse_specification: Option<SSESpecification>,
    pub stream_specification: Option<StreamSpecification>,
    pub table_class: Option<TableClass>,
    pub table_name: String,
    pub tags: Option<Vec<Tag>>,
    pub vector_indexes: Option<Vec<VectorIndex>>,
    pub warm_throughput: Option<WarmThroughput>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateTableOutput {
    pub table_description: Option<TableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteBackupInput {
    pub backup_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteBackupOutput {
    pub backup_description: Option<BackupDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteItemInput {
    pub condition_expression: Option<String>,
    pub conditional_operator: Option<ConditionalOperator>,
    pub expected: Option<BTreeMap<String, ExpectedAttributeValue>>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub key: Attributes,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub return_item_collection_metrics: Option<ReturnItemCollectionMetrics>,
    pub return_values: Option<ReturnValue>,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteItemOutput {
    pub attributes: Option<Item>,
    pub consumed_capacity: Option<ConsumedCapacity>,
    pub item_collection_metrics: Option<ItemCollectionMetrics>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteResourcePolicyInput {
    pub expected_revision_id: Option<String>,
    pub resource_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteResourcePolicyOutput {
    pub revision_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteTableInput {
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteTableOutput {
    pub table_description: Option<TableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeBackupInput {
    pub backup_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeBackupOutput {
    pub backup_description: Option<BackupDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeBulkOperationInput {
    pub bulk_operation_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeBulkOperationOutput {
    pub bulk_operation_description: BulkOperationDescription,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeContinuousBackupsInput {
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeContinuousBackupsOutput {
    pub continuous_backups_description: Option<ContinuousBackupsDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeContributorInsightsInput {
    pub index_name: Option<String>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeContributorInsightsOutput {
    pub contributor_insights_mode: Option<ContributorInsightsMode>,
    pub contributor_insights_rule_list: Option<Vec<String>>,
    pub contributor_insights_status: Option<ContributorInsightsStatus>,
    pub failure_exception: Option<FailureException>,
    pub index_name: Option<String>,
    pub last_update_date_time: Option<Timestamp>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeEndpointsRequest {}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeEndpointsResponse {
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeExportInput {
    pub export_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeExportOutput {
    pub export_description: Option<ExportDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeGlobalTableInput {
    pub global_table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeGlobalTableOutput {
    pub global_table_description: Option<GlobalTableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeGlobalTableSettingsInput {
    pub global_table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeGlobalTableSettingsOutput {
    pub global_table_name: Option<String>,
    pub replica_settings: Option<Vec<ReplicaSettingsDescription>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeImportInput {
    pub import_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeImportOutput {
    pub import_table_description: ImportTableDescription,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeKinesisStreamingDestinationInput {
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeKinesisStreamingDestinationOutput {
    pub kinesis_data_stream_destinations: Option<Vec<KinesisDataStreamDestination>>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeLimitsInput {}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeLimitsOutput {
    pub account_max_read_capacity_units: Option<i64>,
    pub account_max_write_capacity_units: Option<i64>,
    pub table_max_read_capacity_units: Option<i64>,
    pub table_max_write_capacity_units: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeStreamInput {
    pub exclusive_start_shard_id: Option<String>,
    pub limit: Option<i32>,
    pub shard_filter: Option<ShardFilter>,
    pub stream_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeStreamOutput {
    pub stream_description: Option<StreamDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeTableInput {
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeTableOutput {
    pub table: Option<TableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeTableReplicaAutoScalingInput {
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeTableReplicaAutoScalingOutput {
    pub table_auto_scaling_description: Option<TableAutoScalingDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeTimeToLiveInput {
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeTimeToLiveOutput {
    pub time_to_live_description: Option<TimeToLiveDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExecuteStatementInput {
    pub consistent_read: Option<bool>,
    pub limit: Option<i32>,
    pub next_token: Option<String>,
    pub parameters: Option<StatementParameters>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub statement: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExecuteStatementOutput {
    pub consumed_capacity: Option<ConsumedCapacity>,
    pub items: Option<Vec<Item>>,
    pub last_evaluated_key: Option<Attributes>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExecuteTransactionInput {
    pub client_request_token: Option<String>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub transact_statements: Vec<ParameterizedStatement>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExecuteTransactionOutput {
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
    pub responses: Option<Vec<ItemResponse>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExportTableToPointInTimeInput {
    pub client_token: Option<String>,
    pub export_format: Option<ExportFormat>,
    pub export_time: Option<Timestamp>,
    pub export_type: Option<ExportType>,
    pub filter_specification: Option<FilterSpecification>,
    pub incremental_export_specification: Option<IncrementalExportSpecification>,
    pub s3_bucket: String,
    pub s3_bucket_owner: Option<String>,
    pub s3_prefix: Option<String>,
    pub s3_sse_algorithm: Option<S3SseAlgorithm>,
    pub s3_sse_kms_key_id: Option<String>,
    pub table_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExportTableToPointInTimeOutput {
    pub export_description: Option<ExportDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GetItemInput {
    pub attributes_to_get: Option<Vec<String>>,
    pub consistent_read: Option<bool>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub key: Attributes,
    pub projection_expression: Option<String>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GetItemOutput {
    pub consumed_capacity: Option<ConsumedCapacity>,
    pub item: Option<Item>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GetRecordsInput {
    pub limit: Option<i32>,
    pub shard_iterator: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GetRecordsOutput {
    pub next_shard_iterator: Option<String>,
    pub records: Option<Vec<Record>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GetResourcePolicyInput {
    pub resource_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GetResourcePolicyOutput {
    pub policy: Option<String>,
    pub revision_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GetShardIteratorInput {
    pub sequence_number: Option<String>,
    pub shard_id: String,
    pub shard_iterator_type: ShardIteratorType,
    pub stream_arn: String,
    pub timestamp: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GetShardIteratorOutput {
    pub shard_iterator: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ImportTableInput {
    pub client_token: Option<String>,
    pub input_compression_type: Option<InputCompressionType>,
    pub input_format: InputFormat,
    pub input_format_options: Option<InputFormatOptions>,
    pub s3_bucket_source: S3BucketSource,
    pub table_creation_parameters: TableCreationParameters,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ImportTableOutput {
    pub import_table_description: ImportTableDescription,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct KinesisStreamingDestinationInput {
    pub enable_kinesis_streaming_configuration: Option<EnableKinesisStreamingConfiguration>,
    pub stream_arn: String,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct KinesisStreamingDestinationOutput {
    pub destination_status: Option<DestinationStatus>,
    pub enable_kinesis_streaming_configuration: Option<EnableKinesisStreamingConfiguration>,
    pub stream_arn: Option<String>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListBackupsInput {
    pub backup_type: Option<BackupTypeFilter>,
    pub exclusive_start_backup_arn: Option<String>,
    pub limit: Option<i32>,
    pub table_name: Option<String>,
    pub time_range_lower_bound: Option<Timestamp>,
    pub time_range_upper_bound: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListBackupsOutput {
    pub backup_summaries: Option<Vec<BackupSummary>>,
    pub last_evaluated_backup_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListBulkOperationsInput {
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListBulkOperationsOutput {
    pub bulk_operations_summary_list: Option<Vec<BulkOperationSummary>>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListContributorInsightsInput {
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListContributorInsightsOutput {
    pub contributor_insights_summaries: Option<Vec<ContributorInsightsSummary>>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListExportsInput {
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    pub table_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListExportsOutput {
    pub export_summaries: Option<Vec<ExportSummary>>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListGlobalTablesInput {
    pub exclusive_start_global_table_name: Option<String>,
    pub limit: Option<i32>,
    pub region_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListGlobalTablesOutput {
    pub global_tables: Option<Vec<GlobalTable>>,
    pub last_evaluated_global_table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListImportsInput {
    pub next_token: Option<String>,
    pub page_size: Option<i32>,
    pub table_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListImportsOutput {
    pub import_summary_list: Option<Vec<ImportSummary>>,
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListStreamsInput {
    pub exclusive_start_stream_arn: Option<String>,
    pub limit: Option<i32>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListStreamsOutput {
    pub last_evaluated_stream_arn: Option<String>,
    pub streams: Option<Vec<Stream>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListTablesInput {
    pub exclusive_start_table_name: Option<String>,
    pub limit: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListTablesOutput {
    pub last_evaluated_table_name: Option<String>,
    pub table_names: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListTagsOfResourceInput {
    pub next_token: Option<String>,
    pub resource_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListTagsOfResourceOutput {
    pub next_token: Option<String>,
    pub tags: Option<Vec<Tag>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct PutItemInput {
    pub condition_expression: Option<String>,
    pub conditional_operator: Option<ConditionalOperator>,
    pub expected: Option<BTreeMap<String, ExpectedAttributeValue>>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub item: Attributes,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub return_item_collection_metrics: Option<ReturnItemCollectionMetrics>,
    pub return_values: Option<ReturnValue>,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct PutItemOutput {
    pub attributes: Option<Item>,
    pub consumed_capacity: Option<ConsumedCapacity>,
    pub item_collection_metrics: Option<ItemCollectionMetrics>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct PutResourcePolicyInput {
    pub confirm_remove_self_resource_access: Option<bool>,
    pub expected_revision_id: Option<String>,
    pub policy: String,
    pub resource_arn: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct PutResourcePolicyOutput {
    pub revision_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct QueryInput {
    pub attributes_to_get: Option<Vec<String>>,
    pub conditional_operator: Option<ConditionalOperator>,
    pub consistent_read: Option<bool>,
    pub exclusive_start_key: Option<Attributes>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub filter_expression: Option<String>,
    pub index_name: Option<String>,
    pub key_condition_expression: Option<String>,
    pub key_conditions: Option<BTreeMap<String, Condition>>,
    pub limit: Option<i32>,
    pub projection_expression: Option<String>,
    pub query_filter: Option<BTreeMap<String, Condition>>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub scan_index_forward: Option<bool>,
    pub select: Option<Select>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct QueryOutput {
    pub consumed_capacity: Option<ConsumedCapacity>,
    pub count: Option<i32>,
    pub items: Option<Vec<Item>>,
    pub last_evaluated_key: Option<Attributes>,
    pub scanned_count: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct RestoreTableFromBackupInput {
    pub backup_arn: String,
    pub billing_mode_override: Option<BillingMode>,
    pub global_secondary_index_override: Option<Vec<GlobalSecondaryIndex>>,
    pub local_secondary_index_override: Option<Vec<LocalSecondaryIndex>>,
    pub on_demand_throughput_override: Option<OnDemandThroughput>,
    pub provisioned_throughput_override: Option<ProvisionedThroughput>,
    pub sse_specification_override: Option<SSESpecification>,
    pub target_table_name: String,
    pub vector_index_override: Option<Vec<VectorIndex>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct RestoreTableFromBackupOutput {
    pub table_description: Option<TableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct RestoreTableToPointInTimeInput {
    pub billing_mode_override: Option<BillingMode>,
    pub global_secondary_index_override: Option<Vec<GlobalSecondaryIndex>>,
    pub local_secondary_index_override: Option<Vec<LocalSecondaryIndex>>,
    pub on_demand_throughput_override: Option<OnDemandThroughput>,
    pub provisioned_throughput_override: Option<ProvisionedThroughput>,
    pub restore_date_time: Option<Timestamp>,
    pub sse_specification_override: Option<SSESpecification>,
    pub source_table_arn: Option<String>,
    pub source_table_name: Option<String>,
    pub target_table_name: String,
    pub use_latest_restorable_time: Option<bool>,
    pub vector_index_override: Option<Vec<VectorIndex>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct RestoreTableToPointInTimeOutput {
    pub table_description: Option<TableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ScanInput {
    pub attributes_to_get: Option<Vec<String>>,
    pub conditional_operator: Option<ConditionalOperator>,
    pub consistent_read: Option<bool>,
    pub exclusive_start_key: Option<Attributes>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub filter_expression: Option<String>,
    pub index_name: Option<String>,
    pub limit: Option<i32>,
    pub projection_expression: Option<String>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub scan_filter: Option<BTreeMap<String, Condition>>,
    pub segment: Option<i32>,
    pub select: Option<Select>,
    pub table_name: String,
    pub total_segments: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ScanOutput {
    pub consumed_capacity: Option<ConsumedCapacity>,
    pub count: Option<i32>,
    pub items: Option<Vec<Item>>,
    pub last_evaluated_key: Option<Attributes>,
    pub scanned_count: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SearchVectorsInput {
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub index_name: String,
    pub projection_expression: Option<String>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub search_condition_expression: Option<String>,
    pub search_vector: Vec<AttributeValue>,
    pub table_name: String,
    pub top_k: i32,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SearchVectorsOutput {
    pub consumed_capacity: Option<VectorCapacity>,
    pub search_results: Option<Vec<SearchResultItem>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct StartBulkPutItemsInput {
    pub client_token: Option<String>,
    pub input_s3_configuration: InputS3Configuration,
    pub max_write_request_units: Option<i64>,
    pub output_s3_configuration: OutputS3Configuration,
    pub performance_tier: Option<BulkOperationPerformanceTier>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct StartBulkPutItemsOutput {
    pub bulk_operation_description: BulkOperationDescription,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TagResourceInput {
    pub resource_arn: String,
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TransactGetItemsInput {
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub transact_items: Vec<TransactGetItem>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TransactGetItemsOutput {
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
    pub responses: Option<Vec<ItemResponse>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TransactWriteItemsInput {
    pub client_request_token: Option<String>,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub return_item_collection_metrics: Option<ReturnItemCollectionMetrics>,
    pub transact_items: Vec<TransactWriteItem>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TransactWriteItemsOutput {
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
    pub item_collection_metrics: Option<BTreeMap<String, Vec<ItemCollectionMetrics>>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UntagResourceInput {
    pub resource_arn: String,
    pub tag_keys: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateContinuousBackupsInput {
    pub point_in_time_recovery_specification: PointInTimeRecoverySpecification,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateContinuousBackupsOutput {
    pub continuous_backups_description: Option<ContinuousBackupsDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateContributorInsightsInput {
    pub contributor_insights_action: ContributorInsightsAction,
    pub contributor_insights_mode: Option<ContributorInsightsMode>,
    pub index_name: Option<String>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateContributorInsightsOutput {
    pub contributor_insights_mode: Option<ContributorInsightsMode>,
    pub contributor_insights_status: Option<ContributorInsightsStatus>,
    pub index_name: Option<String>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateGlobalTableInput {
    pub global_table_name: String,
    pub replica_updates: Vec<ReplicaUpdate>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateGlobalTableOutput {
    pub global_table_description: Option<GlobalTableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateGlobalTableSettingsInput {
    pub global_table_billing_mode: Option<BillingMode>,
    pub global_table_global_secondary_index_settings_update: Option<Vec<GlobalTableGlobalSecondaryIndexSettingsUpdate>>,
    pub global_table_name: String,
    pub global_table_provisioned_write_capacity_auto_scaling_settings_update: Option<AutoScalingSettingsUpdate>,
    pub global_table_provisioned_write_capacity_units: Option<i64>,
    pub replica_settings_update: Option<Vec<ReplicaSettingsUpdate>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateGlobalTableSettingsOutput {
    pub global_table_name: Option<String>,
    pub replica_settings: Option<Vec<ReplicaSettingsDescription>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateItemInput {
    pub attribute_updates: Option<BTreeMap<String, AttributeValueUpdate>>,
    pub condition_expression: Option<String>,
    pub conditional_operator: Option<ConditionalOperator>,
    pub expected: Option<BTreeMap<String, ExpectedAttributeValue>>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub key: Attributes,
    pub return_consumed_capacity: Option<ReturnConsumedCapacity>,
    pub return_item_collection_metrics: Option<ReturnItemCollectionMetrics>,
    pub return_values: Option<ReturnValue>,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub table_name: String,
    pub update_expression: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateItemOutput {
    pub attributes: Option<Item>,
    pub consumed_capacity: Option<ConsumedCapacity>,
    pub item_collection_metrics: Option<ItemCollectionMetrics>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateKinesisStreamingDestinationInput {
    pub stream_arn: String,
    pub table_name: String,
    pub update_kinesis_streaming_configuration: Option<UpdateKinesisStreamingConfiguration>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateKinesisStreamingDestinationOutput {
    pub destination_status: Option<DestinationStatus>,
    pub stream_arn: Option<String>,
    pub table_name: Option<String>,
    pub update_kinesis_streaming_configuration: Option<UpdateKinesisStreamingConfiguration>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateTableInput {
    pub attribute_definitions: Option<Vec<AttributeDefinition>>,
    pub billing_mode: Option<BillingMode>,
    pub deletion_protection_enabled: Option<bool>,
    pub disassociation_protection_enabled: Option<bool>,
    pub global_secondary_index_updates: Option<Vec<GlobalSecondaryIndexUpdate>>,
    pub global_table_settings_replication_mode: Option<GlobalTableSettingsReplicationMode>,
    pub global_table_witness_updates: Option<Vec<GlobalTableWitnessGroupUpdate>>,
    pub multi_region_consistency: Option<MultiRegionConsistency>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    pub replica_updates: Option<Vec<ReplicationGroupUpdate>>,
    pub sse_specification: Option<SSESpecification>,
    pub stream_specification: Option<StreamSpecification>,
    pub table_class: Option<TableClass>,
    pub table_name: String,
    pub vector_index_updates: Option<Vec<VectorIndexUpdate>>,
    pub warm_throughput: Option<WarmThroughput>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateTableOutput {
    pub table_description: Option<TableDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateTableReplicaAutoScalingInput {
    pub global_secondary_index_updates: Option<Vec<GlobalSecondaryIndexAutoScalingUpdate>>,
    pub provisioned_write_capacity_auto_scaling_update: Option<AutoScalingSettingsUpdate>,
    pub replica_updates: Option<Vec<ReplicaAutoScalingUpdate>>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateTableReplicaAutoScalingOutput {
    pub table_auto_scaling_description: Option<TableAutoScalingDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateTimeToLiveInput {
    pub table_name: String,
    pub time_to_live_specification: TimeToLiveSpecification,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateTimeToLiveOutput {
    pub time_to_live_specification: Option<TimeToLiveSpecification>,
}
