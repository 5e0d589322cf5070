//! Structures within requests and responses.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use std::collections::BTreeMap;

use model::{AttributeValue, Attributes, Item};

use crate::*;

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ArchivalSummary {
    pub archival_backup_arn: Option<String>,
    pub archival_date_time: Option<Timestamp>,
    pub archival_reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct AttributeDefinition {
    pub attribute_name: String,
    pub attribute_type: ScalarAttributeType,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct AttributeValueUpdate {
    pub action: Option<AttributeAction>,
    pub value: Option<AttributeValue>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct AutoScalingPolicyDescription {
    pub policy_name: Option<String>,
    pub target_tracking_scaling_policy_configuration:
        Option<AutoScalingTargetTrackingScalingPolicyConfigurationDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct AutoScalingPolicyUpdate {
    pub policy_name: Option<String>,
    pub target_tracking_scaling_policy_configuration: AutoScalingTargetTrackingScalingPolicyConfigurationUpdate,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct AutoScalingSettingsDescription {
    pub auto_scaling_disabled: Option<bool>,
    pub auto_scaling_role_arn: Option<String>,
    pub maximum_units: Option<i64>,
    pub minimum_units: Option<i64>,
    pub scaling_policies: Option<Vec<AutoScalingPolicyDescription>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct AutoScalingSettingsUpdate {
    pub auto_scaling_disabled: Option<bool>,
    pub auto_scaling_role_arn: Option<String>,
    pub maximum_units: Option<i64>,
    pub minimum_units: Option<i64>,
    pub scaling_policy_update: Option<AutoScalingPolicyUpdate>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct AutoScalingTargetTrackingScalingPolicyConfigurationDescription {
    pub disable_scale_in: Option<bool>,
    pub scale_in_cooldown: Option<i32>,
    pub scale_out_cooldown: Option<i32>,
    pub target_value: f64,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct AutoScalingTargetTrackingScalingPolicyConfigurationUpdate {
    pub disable_scale_in: Option<bool>,
    pub scale_in_cooldown: Option<i32>,
    pub scale_out_cooldown: Option<i32>,
    pub target_value: f64,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BackupDescription {
    pub backup_details: Option<Box<BackupDetails>>,
    pub source_table_details: Option<Box<SourceTableDetails>>,
    pub source_table_feature_details: Option<Box<SourceTableFeatureDetails>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BackupDetails {
    pub backup_arn: String,
    pub backup_creation_date_time: Timestamp,
    pub backup_expiry_date_time: Option<Timestamp>,
    pub backup_name: String,
    pub backup_size_bytes: Option<i64>,
    pub backup_status: BackupStatus,
    pub backup_type: BackupType,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BackupSummary {
    pub backup_arn: Option<String>,
    pub backup_creation_date_time: Option<Timestamp>,
    pub backup_expiry_date_time: Option<Timestamp>,
    pub backup_name: Option<String>,
    pub backup_size_bytes: Option<i64>,
    pub backup_status: Option<BackupStatus>,
    pub backup_type: Option<BackupType>,
    pub table_arn: Option<String>,
    pub table_id: Option<String>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchStatementError {
    pub code: Option<BatchStatementErrorCodeEnum>,
    pub item: Option<Item>,
    pub message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchStatementRequest {
    pub consistent_read: Option<bool>,
    pub parameters: Option<StatementParameters>,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub statement: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchStatementResponse {
    pub error: Option<BatchStatementError>,
    pub item: Option<Item>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BillingModeSummary {
    pub billing_mode: Option<BillingMode>,
    pub last_update_to_pay_per_request_date_time: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BulkOperationBytes {
    pub bulk_put_bytes: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BulkOperationDescription {
    pub bulk_operation_arn: Option<String>,
    pub bulk_operation_status: Option<BulkOperationStatus>,
    pub bulk_operation_usage: Option<Vec<BulkOperationUsage>>,
    pub client_token: Option<String>,
    pub end_time: Option<Timestamp>,
    pub failed_item_count: Option<i64>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    pub input_s3_configuration: Option<InputS3Configuration>,
    pub max_write_request_units: Option<i64>,
    pub output_s3_configuration: Option<OutputS3Configuration>,
    pub performance_tier: Option<BulkOperationPerformanceTier>,
    pub processed_input_bytes: Option<i64>,
    pub processed_item_count: Option<i64>,
    pub start_time: Option<Timestamp>,
    pub table_details: Option<Vec<BulkOperationTableDetail>>,
    pub total_input_bytes: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BulkOperationSummary {
    pub bulk_operation_arn: String,
    pub bulk_operation_status: BulkOperationStatus,
    pub end_time: Option<Timestamp>,
    pub start_time: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BulkOperationTableDetail {
    pub table_id: Option<String>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BulkOperationUsage {
    pub bulk_put_bytes: Option<i64>,
    pub global_secondary_indexes: Option<BTreeMap<String, BulkOperationBytes>>,
    pub local_secondary_indexes: Option<BTreeMap<String, BulkOperationBytes>>,
    pub table: Option<BulkOperationBytes>,
    pub table_name: Option<String>,
    pub vector_indexes: Option<BTreeMap<String, BulkOperationVectorBytes>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BulkOperationVectorBytes {
    pub bulk_put_vector_bytes: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CancellationReason {
    pub code: Option<String>,
    pub item: Option<Item>,
    pub message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Capacity {
    pub capacity_units: Option<f64>,
    pub read_capacity_units: Option<f64>,
    pub write_capacity_units: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Condition {
    pub attribute_value_list: Option<Vec<AttributeValue>>,
    pub comparison_operator: ComparisonOperator,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConditionCheck {
    pub condition_expression: String,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub key: Attributes,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ConsumedCapacity {
    pub capacity_units: Option<f64>,
    pub global_secondary_indexes: Option<BTreeMap<String, Capacity>>,
    pub local_secondary_indexes: Option<BTreeMap<String, Capacity>>,
    pub read_capacity_units: Option<f64>,
    pub table: Option<Capacity>,
    pub table_name: Option<String>,
    pub vector_indexes: Option<BTreeMap<String, VectorCapacity>>,
    pub write_capacity_units: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ContinuousBackupsDescription {
    pub continuous_backups_status: ContinuousBackupsStatus,
    pub point_in_time_recovery_description: Option<PointInTimeRecoveryDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ContributorInsightsSummary {
    pub contributor_insights_mode: Option<ContributorInsightsMode>,
    pub contributor_insights_status: Option<ContributorInsightsStatus>,
    pub index_name: Option<String>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateGlobalSecondaryIndexAction {
    pub index_name: String,
    pub key_schema: Vec<KeySchemaElement>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub projection: Projection,
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    pub warm_throughput: Option<WarmThroughput>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateGlobalTableWitnessGroupMemberAction {
    pub region_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateReplicaAction {
    pub region_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateReplicationGroupMemberAction {
    pub global_secondary_indexes: Option<Vec<ReplicaGlobalSecondaryIndex>>,
    pub kms_master_key_id: Option<String>,
    pub on_demand_throughput_override: Option<OnDemandThroughputOverride>,
    pub provisioned_throughput_override: Option<ProvisionedThroughputOverride>,
    pub region_name: String,
    pub table_class_override: Option<TableClass>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CreateVectorIndexAction {
    pub dimensions: i64,
    pub distance_function: VectorDistanceFunction,
    pub index_name: String,
    pub projection: Projection,
    pub search_schema: Option<Vec<SearchSchemaElement>>,
    pub vector_attribute: VectorAttributeDefinition,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CsvOptions {
    pub delimiter: Option<String>,
    pub header_list: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Delete {
    pub condition_expression: Option<String>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub key: Attributes,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteGlobalSecondaryIndexAction {
    pub index_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteGlobalTableWitnessGroupMemberAction {
    pub region_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteReplicaAction {
    pub region_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteReplicationGroupMemberAction {
    pub region_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteRequest {
    pub key: Attributes,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeleteVectorIndexAction {
    pub index_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct DisassociateReplicationGroupMemberAction {
    pub disassociation_mode: DisassociationMode,
    pub region_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct EnableKinesisStreamingConfiguration {
    pub approximate_creation_date_time_precision: Option<ApproximateCreationDateTimePrecision>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Endpoint {
    pub address: String,
    pub cache_period_in_minutes: i64,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExpectedAttributeValue {
    pub attribute_value_list: Option<Vec<AttributeValue>>,
    pub comparison_operator: Option<ComparisonOperator>,
    pub exists: Option<bool>,
    pub value: Option<AttributeValue>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExportDescription {
    pub billed_size_bytes: Option<i64>,
    pub client_token: Option<String>,
    pub end_time: Option<Timestamp>,
    pub export_arn: Option<String>,
    pub export_format: Option<ExportFormat>,
    pub export_manifest: Option<String>,
    pub export_status: Option<ExportStatus>,
    pub export_time: Option<Timestamp>,
    pub export_type: Option<ExportType>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    pub filter_specification: Option<FilterSpecification>,
    pub incremental_export_specification: Option<IncrementalExportSpecification>,
    pub item_count: Option<i64>,
    pub s3_bucket: Option<String>,
    pub s3_bucket_owner: Option<String>,
    pub s3_prefix: Option<String>,
    pub s3_sse_algorithm: Option<S3SseAlgorithm>,
    pub s3_sse_kms_key_id: Option<String>,
    pub start_time: Option<Timestamp>,
    pub table_arn: Option<String>,
    pub table_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExportSummary {
    pub export_arn: Option<String>,
    pub export_status: Option<ExportStatus>,
    pub export_type: Option<ExportType>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct FailureException {
    pub exception_description: Option<String>,
    pub exception_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct FilterSpecification {
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub filter_expression: Option<String>,
    pub key_condition_expression: Option<String>,
    pub projection_expression: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Get {
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub key: Attributes,
    pub projection_expression: Option<String>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalSecondaryIndex {
    pub index_name: String,
    pub key_schema: Vec<KeySchemaElement>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub projection: Projection,
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    pub warm_throughput: Option<WarmThroughput>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalSecondaryIndexAutoScalingUpdate {
    pub index_name: Option<String>,
    pub provisioned_write_capacity_auto_scaling_update: Option<AutoScalingSettingsUpdate>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalSecondaryIndexDescription {
    pub backfilling: Option<bool>,
    pub index_arn: Option<String>,
    pub index_name: Option<String>,
    pub index_size_bytes: Option<i64>,
    pub index_status: Option<IndexStatus>,
    pub item_count: Option<i64>,
    pub key_schema: Option<Vec<KeySchemaElement>>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub projection: Option<Projection>,
    pub provisioned_throughput: Option<ProvisionedThroughputDescription>,
    pub warm_throughput: Option<GlobalSecondaryIndexWarmThroughputDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalSecondaryIndexInfo {
    pub index_name: Option<String>,
    pub key_schema: Option<Vec<KeySchemaElement>>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub projection: Option<Projection>,
    pub provisioned_throughput: Option<ProvisionedThroughput>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalSecondaryIndexUpdate {
    pub create: Option<Box<CreateGlobalSecondaryIndexAction>>,
    pub delete: Option<Box<DeleteGlobalSecondaryIndexAction>>,
    pub update: Option<Box<UpdateGlobalSecondaryIndexAction>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalSecondaryIndexWarmThroughputDescription {
    pub read_units_per_second: Option<i64>,
    pub status: Option<IndexStatus>,
    pub write_units_per_second: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalTable {
    pub global_table_name: Option<String>,
    pub replication_group: Option<Vec<Replica>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalTableDescription {
    pub creation_date_time: Option<Timestamp>,
    pub global_table_arn: Option<String>,
    pub global_table_name: Option<String>,
    pub global_table_status: Option<GlobalTableStatus>,
    pub replication_group: Option<Vec<ReplicaDescription>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalTableGlobalSecondaryIndexSettingsUpdate {
    pub index_name: String,
    pub provisioned_write_capacity_auto_scaling_settings_update: Option<AutoScalingSettingsUpdate>,
    pub provisioned_write_capacity_units: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalTableWitnessDescription {
    pub region_name: Option<String>,
    pub witness_status: Option<WitnessStatus>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct GlobalTableWitnessGroupUpdate {
    pub create: Option<Box<CreateGlobalTableWitnessGroupMemberAction>>,
    pub delete: Option<Box<DeleteGlobalTableWitnessGroupMemberAction>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Identity {
    pub principal_id: Option<String>,
    pub r#type: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ImportSummary {
    pub cloud_watch_log_group_arn: Option<String>,
    pub end_time: Option<Timestamp>,
    pub import_arn: Option<String>,
    pub import_status: Option<ImportStatus>,
    pub input_format: Option<InputFormat>,
    pub s3_bucket_source: Option<S3BucketSource>,
    pub start_time: Option<Timestamp>,
    pub table_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ImportTableDescription {
    pub client_token: Option<String>,
    pub cloud_watch_log_group_arn: Option<String>,
    pub end_time: Option<Timestamp>,
    pub error_count: Option<i64>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    pub import_arn: Option<String>,
    pub import_status: Option<ImportStatus>,
    pub imported_item_count: Option<i64>,
    pub input_compression_type: Option<InputCompressionType>,
    pub input_format: Option<InputFormat>,
    pub input_format_options: Option<InputFormatOptions>,
    pub processed_item_count: Option<i64>,
    pub processed_size_bytes: Option<i64>,
    pub s3_bucket_source: Option<S3BucketSource>,
    pub start_time: Option<Timestamp>,
    pub table_arn: Option<String>,
    pub table_creation_parameters: Option<TableCreationParameters>,
    pub table_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct IncrementalExportSpecification {
    pub export_from_time: Option<Timestamp>,
    pub export_to_time: Option<Timestamp>,
    pub export_view_type: Option<ExportViewType>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct InputFormatOptions {
    pub csv: Option<CsvOptions>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct InputS3Configuration {
    pub input_compression_type: Option<InputCompressionType>,
    pub input_format: BulkOperationInputFormat,
    pub s3_bucket: String,
    pub s3_bucket_owner: Option<String>,
    pub s3_key_prefix: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ItemCollectionMetrics {
    pub item_collection_key: Option<Item>,
    pub size_estimate_range_gb: Option<Vec<f64>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ItemResponse {
    pub item: Option<Item>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct KeySchemaElement {
    pub attribute_name: String,
    pub key_type: KeyType,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct KeysAndAttributes {
    pub attributes_to_get: Option<Vec<String>>,
    pub consistent_read: Option<bool>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub keys: Vec<Attributes>,
    pub projection_expression: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct KinesisDataStreamDestination {
    pub approximate_creation_date_time_precision: Option<ApproximateCreationDateTimePrecision>,
    pub destination_status: Option<DestinationStatus>,
    pub destination_status_description: Option<String>,
    pub stream_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct LocalSecondaryIndex {
    pub index_name: String,
    pub key_schema: Vec<KeySchemaElement>,
    pub projection: Projection,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct LocalSecondaryIndexDescription {
    pub index_arn: Option<String>,
    pub index_name: Option<String>,
    pub index_size_bytes: Option<i64>,
    pub item_count: Option<i64>,
    pub key_schema: Option<Vec<KeySchemaElement>>,
    pub projection: Option<Projection>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct LocalSecondaryIndexInfo {
    pub index_name: Option<String>,
    pub key_schema: Option<Vec<KeySchemaElement>>,
    pub projection: Option<Projection>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct OnDemandThroughput {
    pub max_read_request_units: Option<i64>,
    pub max_write_request_units: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct OnDemandThroughputOverride {
    pub max_read_request_units: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct OutputS3Configuration {
    pub output_type: Vec<OutputTypeEnum>,
    pub s3_bucket: Option<String>,
    pub s3_bucket_owner: Option<String>,
    pub s3_key_prefix: Option<String>,
    pub s3_sse_algorithm: Option<S3SseAlgorithm>,
    pub s3_sse_kms_key_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ParameterizedStatement {
    pub parameters: Option<StatementParameters>,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub statement: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct PointInTimeRecoveryDescription {
    pub earliest_restorable_date_time: Option<Timestamp>,
    pub latest_restorable_date_time: Option<Timestamp>,
    pub point_in_time_recovery_status: Option<PointInTimeRecoveryStatus>,
    pub recovery_period_in_days: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct PointInTimeRecoverySpecification {
    pub point_in_time_recovery_enabled: bool,
    pub recovery_period_in_days: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Projection {
    pub non_key_attributes: Option<Vec<String>>,
    pub projection_type: Option<ProjectionType>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ProvisionedThroughput {
    pub read_capacity_units: i64,
    pub write_capacity_units: i64,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ProvisionedThroughputDescription {
    pub last_decrease_date_time: Option<Timestamp>,
    pub last_increase_date_time: Option<Timestamp>,
    pub number_of_decreases_today: Option<i64>,
    pub read_capacity_units: Option<i64>,
    pub write_capacity_units: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ProvisionedThroughputOverride {
    pub read_capacity_units: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Put {
    pub condition_expression: Option<String>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub item: Attributes,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub table_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct PutRequest {
    pub item: Attributes,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Record {
    pub aws_region: Option<String>,
    pub dynamodb: Option<StreamRecord>,
    pub event_id: Option<String>,
    pub event_name: Option<OperationType>,
    pub event_source: Option<String>,
    pub event_version: Option<String>,
    pub user_identity: Option<Identity>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Replica {
    pub region_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaAutoScalingDescription {
    pub global_secondary_indexes: Option<Vec<ReplicaGlobalSecondaryIndexAutoScalingDescription>>,
    pub region_name: Option<String>,
    pub replica_provisioned_read_capacity_auto_scaling_settings: Option<AutoScalingSettingsDescription>,
    pub replica_provisioned_write_capacity_auto_scaling_settings: Option<AutoScalingSettingsDescription>,
    pub replica_status: Option<ReplicaStatus>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaAutoScalingUpdate {
    pub region_name: String,
    pub replica_global_secondary_index_updates: Option<Vec<ReplicaGlobalSecondaryIndexAutoScalingUpdate>>,
    pub replica_provisioned_read_capacity_auto_scaling_update: Option<AutoScalingSettingsUpdate>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaDescription {
    pub global_secondary_indexes: Option<Vec<ReplicaGlobalSecondaryIndexDescription>>,
    pub global_table_settings_replication_mode: Option<GlobalTableSettingsReplicationMode>,
    pub kms_master_key_id: Option<String>,
    pub on_demand_throughput_override: Option<OnDemandThroughputOverride>,
    pub provisioned_throughput_override: Option<ProvisionedThroughputOverride>,
    pub region_name: Option<String>,
    pub replica_arn: Option<String>,
    pub replica_inaccessible_date_time: Option<Timestamp>,
    pub replica_status: Option<ReplicaStatus>,
    pub replica_status_description: Option<String>,
    pub replica_status_percent_progress: Option<String>,
    pub replica_table_class_summary: Option<TableClassSummary>,
    pub warm_throughput: Option<TableWarmThroughputDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaGlobalSecondaryIndex {
    pub index_name: String,
    pub on_demand_throughput_override: Option<OnDemandThroughputOverride>,
    pub provisioned_throughput_override: Option<ProvisionedThroughputOverride>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaGlobalSecondaryIndexAutoScalingDescription {
    pub index_name: Option<String>,
    pub index_status: Option<IndexStatus>,
    pub provisioned_read_capacity_auto_scaling_settings: Option<AutoScalingSettingsDescription>,
    pub provisioned_write_capacity_auto_scaling_settings: Option<AutoScalingSettingsDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaGlobalSecondaryIndexAutoScalingUpdate {
    pub index_name: Option<String>,
    pub provisioned_read_capacity_auto_scaling_update: Option<AutoScalingSettingsUpdate>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaGlobalSecondaryIndexDescription {
    pub index_name: Option<String>,
    pub on_demand_throughput_override: Option<OnDemandThroughputOverride>,
    pub provisioned_throughput_override: Option<ProvisionedThroughputOverride>,
    pub warm_throughput: Option<GlobalSecondaryIndexWarmThroughputDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaGlobalSecondaryIndexSettingsDescription {
    pub index_name: String,
    pub index_status: Option<IndexStatus>,
    pub provisioned_read_capacity_auto_scaling_settings: Option<AutoScalingSettingsDescription>,
    pub provisioned_read_capacity_units: Option<i64>,
    pub provisioned_write_capacity_auto_scaling_settings: Option<AutoScalingSettingsDescription>,
    pub provisioned_write_capacity_units: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaGlobalSecondaryIndexSettingsUpdate {
    pub index_name: String,
    pub provisioned_read_capacity_auto_scaling_settings_update: Option<AutoScalingSettingsUpdate>,
    pub provisioned_read_capacity_units: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaSettingsDescription {
    pub region_name: String,
    pub replica_billing_mode_summary: Option<BillingModeSummary>,
    pub replica_global_secondary_index_settings: Option<Vec<ReplicaGlobalSecondaryIndexSettingsDescription>>,
    pub replica_provisioned_read_capacity_auto_scaling_settings: Option<AutoScalingSettingsDescription>,
    pub replica_provisioned_read_capacity_units: Option<i64>,
    pub replica_provisioned_write_capacity_auto_scaling_settings: Option<AutoScalingSettingsDescription>,
    pub replica_provisioned_write_capacity_units: Option<i64>,
    pub replica_status: Option<ReplicaStatus>,
    pub replica_table_class_summary: Option<TableClassSummary>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaSettingsUpdate {
    pub region_name: String,
    pub replica_global_secondary_index_settings_update: Option<Vec<ReplicaGlobalSecondaryIndexSettingsUpdate>>,
    pub replica_provisioned_read_capacity_auto_scaling_settings_update: Option<AutoScalingSettingsUpdate>,
    pub replica_provisioned_read_capacity_units: Option<i64>,
    pub replica_table_class: Option<TableClass>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaUpdate {
    pub create: Option<Box<CreateReplicaAction>>,
    pub delete: Option<Box<DeleteReplicaAction>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicationGroupUpdate {
    pub create: Option<Box<CreateReplicationGroupMemberAction>>,
    pub delete: Option<Box<DeleteReplicationGroupMemberAction>>,
    pub disassociate: Option<Box<DisassociateReplicationGroupMemberAction>>,
    pub update: Option<Box<UpdateReplicationGroupMemberAction>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct RestoreSummary {
    pub restore_date_time: Timestamp,
    pub restore_in_progress: bool,
    pub source_backup_arn: Option<String>,
    pub source_table_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct S3BucketSource {
    pub s3_bucket: String,
    pub s3_bucket_owner: Option<String>,
    pub s3_key_prefix: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SSEDescription {
    pub inaccessible_encryption_date_time: Option<Timestamp>,
    pub kms_master_key_arn: Option<String>,
    pub sse_type: Option<SSEType>,
    pub status: Option<SSEStatus>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SSESpecification {
    pub enabled: Option<bool>,
    pub kms_master_key_id: Option<String>,
    pub sse_type: Option<SSEType>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SearchResultItem {
    pub item: Option<Item>,
    pub score: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SearchSchemaElement {
    pub attribute_name: String,
    pub search_schema_element_type: SearchSchemaElementType,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SequenceNumberRange {
    pub ending_sequence_number: Option<String>,
    pub starting_sequence_number: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Shard {
    pub parent_shard_id: Option<String>,
    pub sequence_number_range: Option<SequenceNumberRange>,
    pub shard_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShardFilter {
    pub shard_id: Option<String>,
    pub r#type: Option<ShardFilterType>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SourceTableDetails {
    pub billing_mode: Option<BillingMode>,
    pub item_count: Option<i64>,
    pub key_schema: Vec<KeySchemaElement>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub provisioned_throughput: ProvisionedThroughput,
    pub table_arn: Option<String>,
    pub table_creation_date_time: Timestamp,
    pub table_id: String,
    pub table_name: String,
    pub table_size_bytes: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SourceTableFeatureDetails {
    pub global_secondary_indexes: Option<Vec<GlobalSecondaryIndexInfo>>,
    pub local_secondary_indexes: Option<Vec<LocalSecondaryIndexInfo>>,
    pub sse_description: Option<SSEDescription>,
    pub stream_description: Option<StreamSpecification>,
    pub time_to_live_description: Option<TimeToLiveDescription>,
    pub vector_indexes: Option<Vec<VectorIndexInfo>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Stream {
    pub stream_arn: Option<String>,
    pub stream_label: Option<String>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamDescription {
    pub creation_request_date_time: Option<Timestamp>,
    pub key_schema: Option<Vec<KeySchemaElement>>,
    pub last_evaluated_shard_id: Option<String>,
    pub shards: Option<Vec<Shard>>,
    pub stream_arn: Option<String>,
    pub stream_label: Option<String>,
    pub stream_status: Option<StreamStatus>,
    pub stream_view_type: Option<StreamViewType>,
    pub table_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamRecord {
    pub approximate_creation_date_time: Option<Timestamp>,
    pub keys: Option<Item>,
    pub new_image: Option<Item>,
    pub old_image: Option<Item>,
    pub sequence_number: Option<String>,
    pub size_bytes: Option<i64>,
    pub stream_view_type: Option<StreamViewType>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct StreamSpecification {
    pub stream_enabled: bool,
    pub stream_view_type: Option<StreamViewType>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TableAutoScalingDescription {
    pub replicas: Option<Vec<ReplicaAutoScalingDescription>>,
    pub table_name: Option<String>,
    pub table_status: Option<TableStatus>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TableClassSummary {
    pub last_update_date_time: Option<Timestamp>,
    pub table_class: Option<TableClass>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TableCreationParameters {
    pub attribute_definitions: Vec<AttributeDefinition>,
    pub billing_mode: Option<BillingMode>,
    pub global_secondary_indexes: Option<Vec<GlobalSecondaryIndex>>,
    pub key_schema: Vec<KeySchemaElement>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    pub sse_specification: Option<SSESpecification>,
    pub table_name: String,
    pub vector_indexes: Option<Vec<VectorIndex>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TableDescription {
    pub archival_summary: Option<ArchivalSummary>,
    pub attribute_definitions: Option<Vec<AttributeDefinition>>,
    pub billing_mode_summary: Option<BillingModeSummary>,
    pub creation_date_time: Option<Timestamp>,
    pub deletion_protection_enabled: Option<bool>,
    pub disassociation_protection_enabled: Option<bool>,
    pub global_secondary_indexes: Option<Vec<GlobalSecondaryIndexDescription>>,
    pub global_table_settings_replication_mode: Option<GlobalTableSettingsReplicationMode>,
    pub global_table_version: Option<String>,
    pub global_table_witnesses: Option<Vec<GlobalTableWitnessDescription>>,
    pub item_count: Option<i64>,
    pub key_schema: Option<Vec<KeySchemaElement>>,
    pub latest_stream_arn: Option<String>,
    pub latest_stream_label: Option<String>,
    pub local_secondary_indexes: Option<Vec<LocalSecondaryIndexDescription>>,
    pub multi_region_consistency: Option<MultiRegionConsistency>,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub provisioned_throughput: Option<ProvisionedThroughputDescription>,
    pub replicas: Option<Vec<ReplicaDescription>>,
    pub restore_summary: Option<RestoreSummary>,
    pub sse_description: Option<SSEDescription>,
    pub stream_specification: Option<StreamSpecification>,
    pub table_arn: Option<String>,
    pub table_class_summary: Option<TableClassSummary>,
    pub table_id: Option<String>,
    pub table_name: Option<String>,
    pub table_size_bytes: Option<i64>,
    pub table_status: Option<TableStatus>,
    pub vector_indexes: Option<Vec<VectorIndexDescription>>,
    pub warm_throughput: Option<TableWarmThroughputDescription>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TableWarmThroughputDescription {
    pub read_units_per_second: Option<i64>,
    pub status: Option<TableStatus>,
    pub write_units_per_second: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Tag {
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct ThrottlingReason {
    pub reason: Option<String>,
    pub resource: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TimeToLiveDescription {
    pub attribute_name: Option<String>,
    pub time_to_live_status: Option<TimeToLiveStatus>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TimeToLiveSpecification {
    pub attribute_name: String,
    pub enabled: bool,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TransactGetItem {
    pub get: Get,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct TransactWriteItem {
    pub condition_check: Option<Box<ConditionCheck>>,
    pub delete: Option<Box<Delete>>,
    pub put: Option<Box<Put>>,
    pub update: Option<Box<Update>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Update {
    pub condition_expression: Option<String>,
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    pub expression_attribute_values: Option<Attributes>,
    pub key: Attributes,
    pub return_values_on_condition_check_failure: Option<ReturnValuesOnConditionCheckFailure>,
    pub table_name: String,
    pub update_expression: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateGlobalSecondaryIndexAction {
    pub index_name: String,
    pub on_demand_throughput: Option<OnDemandThroughput>,
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    pub warm_throughput: Option<WarmThroughput>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateKinesisStreamingConfiguration {
    pub approximate_creation_date_time_precision: Option<ApproximateCreationDateTimePrecision>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateReplicationGroupMemberAction {
    pub global_secondary_indexes: Option<Vec<ReplicaGlobalSecondaryIndex>>,
    pub kms_master_key_id: Option<String>,
    pub on_demand_throughput_override: Option<OnDemandThroughputOverride>,
    pub provisioned_throughput_override: Option<ProvisionedThroughputOverride>,
    pub region_name: String,
    pub table_class_override: Option<TableClass>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct VectorAttributeDefinition {
    pub attribute_name: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct VectorCapacity {
    pub vector_search_request_bytes: Option<f64>,
    pub vector_write_request_bytes: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct VectorIndex {
    pub dimensions: i64,
    pub distance_function: VectorDistanceFunction,
    pub index_name: String,
    pub projection: Projection,
    pub search_schema: Option<Vec<SearchSchemaElement>>,
    pub vector_attribute: VectorAttributeDefinition,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct VectorIndexDescription {
    pub backfilling: Option<bool>,
    pub dimensions: Option<i64>,
    pub distance_function: Option<VectorDistanceFunction>,
    pub index_arn: Option<String>,
    pub index_name: Option<String>,
    pub index_size_bytes: Option<i64>,
    pub index_status: Option<IndexStatus>,
    pub item_count: Option<i64>,
    pub projection: Option<Projection>,
    pub search_schema: Option<Vec<SearchSchemaElement>>,
    pub vector_attribute: Option<VectorAttributeDefinition>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct VectorIndexInfo {
    pub dimensions: Option<i64>,
    pub distance_function: Option<VectorDistanceFunction>,
    pub index_name: Option<String>,
    pub projection: Option<Projection>,
    pub search_schema: Option<Vec<SearchSchemaElement>>,
    pub vector_attribute: Option<VectorAttributeDefinition>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct VectorIndexUpdate {
    pub create: Option<Box<CreateVectorIndexAction>>,
    pub delete: Option<Box<DeleteVectorIndexAction>>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct WarmThroughput {
    pub read_units_per_second: Option<i64>,
    pub write_units_per_second: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct WriteRequest {
    pub delete_request: Option<Box<DeleteRequest>>,
    pub put_request: Option<Box<PutRequest>>,
}
