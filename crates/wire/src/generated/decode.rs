//! Members of the structures of requests, and of responses of other servers.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use super::shapes::*;
use crate::constraint::Shape;
use crate::decode::{structures, words};

words! {
    ApproximateCreationDateTimePrecision
    AttributeAction
    BackupTypeFilter
    BillingMode
    BulkOperationInputFormat
    BulkOperationPerformanceTier
    ComparisonOperator
    ConditionalOperator
    ContributorInsightsAction
    ContributorInsightsMode
    DisassociationMode
    ExportFormat
    ExportType
    ExportViewType
    GlobalTableSettingsReplicationMode
    InputCompressionType
    InputFormat
    KeyType
    MultiRegionConsistency
    OutputTypeEnum
    ProjectionType
    ReturnConsumedCapacity
    ReturnItemCollectionMetrics
    ReturnValue
    ReturnValuesOnConditionCheckFailure
    S3SseAlgorithm
    SSEType
    ScalarAttributeType
    SearchSchemaElementType
    Select
    ShardFilterType
    ShardIteratorType
    StreamViewType
    TableClass
    VectorDistanceFunction
}

structures! {
    AttributeDefinition {
        0 attribute_type required "AttributeType" &SCALAR_ATTRIBUTE_TYPE;
        1 attribute_name required "AttributeName" &KEY_SCHEMA_ATTRIBUTE_NAME;
    }
    AttributeValueUpdate {
        0 action optional "Action" &ATTRIBUTE_ACTION;
        1 value optional "Value" &Shape::FREE;
    }
    AutoScalingPolicyUpdate {
        0 policy_name optional "PolicyName" &AUTO_SCALING_POLICY_NAME;
        1 target_tracking_scaling_policy_configuration required "TargetTrackingScalingPolicyConfiguration" &Shape::FREE;
    }
    AutoScalingSettingsUpdate {
        0 auto_scaling_disabled optional "AutoScalingDisabled" &Shape::FREE;
        1 auto_scaling_role_arn optional "AutoScalingRoleArn" &AUTO_SCALING_ROLE_ARN;
        2 maximum_units optional "MaximumUnits" &POSITIVE_LONG_OBJECT;
        3 minimum_units optional "MinimumUnits" &POSITIVE_LONG_OBJECT;
        4 scaling_policy_update optional "ScalingPolicyUpdate" &Shape::FREE;
    }
    AutoScalingTargetTrackingScalingPolicyConfigurationUpdate {
        0 disable_scale_in optional "DisableScaleIn" &Shape::FREE;
        1 scale_in_cooldown optional "ScaleInCooldown" &Shape::FREE;
        2 scale_out_cooldown optional "ScaleOutCooldown" &Shape::FREE;
        3 target_value required "TargetValue" &Shape::FREE;
    }
    BatchExecuteStatementInput {
        0 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        1 statements required "Statements" &PARTI_QL_BATCH_REQUEST;
    }
    BatchGetItemInput {
        0 request_items required "RequestItems" &BATCH_GET_REQUEST_MAP;
        1 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
    }
    BatchGetItemOutput {
        0 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        1 responses optional "Responses" &Shape::FREE;
        2 unprocessed_keys optional "UnprocessedKeys" &Shape::FREE;
    }
    BatchStatementRequest {
        0 consistent_read optional "ConsistentRead" &Shape::FREE;
        1 parameters optional "Parameters" &PREPARED_STATEMENT_PARAMETERS;
        2 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        3 statement required "Statement" &PARTI_QL_STATEMENT;
    }
    BatchWriteItemInput {
        0 request_items required "RequestItems" &BATCH_WRITE_ITEM_REQUEST_MAP;
        1 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        2 return_item_collection_metrics optional "ReturnItemCollectionMetrics" &RETURN_ITEM_COLLECTION_METRICS;
    }
    BatchWriteItemOutput {
        0 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        1 item_collection_metrics optional "ItemCollectionMetrics" &Shape::FREE;
        2 unprocessed_items optional "UnprocessedItems" &Shape::FREE;
    }
    CancelBulkOperationInput {
        0 bulk_operation_arn required "BulkOperationArn" &BULK_OPERATION_ARN;
    }
    CancellationReason {
        0 code optional "Code" &Shape::FREE;
        1 item optional "Item" &Shape::FREE;
        2 message optional "Message" &Shape::FREE;
    }
    Capacity {
        0 capacity_units optional "CapacityUnits" &Shape::FREE;
        1 read_capacity_units optional "ReadCapacityUnits" &Shape::FREE;
        2 write_capacity_units optional "WriteCapacityUnits" &Shape::FREE;
    }
    Condition {
        0 attribute_value_list optional "AttributeValueList" &Shape::FREE;
        1 comparison_operator required "ComparisonOperator" &COMPARISON_OPERATOR;
    }
    ConditionCheck {
        0 condition_expression required "ConditionExpression" &Shape::FREE;
        1 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        2 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        3 key required "Key" &KEY;
        4 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        5 table_name required "TableName" &TABLE_ARN;
    }
    ConsumedCapacity {
        0 capacity_units optional "CapacityUnits" &Shape::FREE;
        1 global_secondary_indexes optional "GlobalSecondaryIndexes" &Shape::FREE;
        2 local_secondary_indexes optional "LocalSecondaryIndexes" &Shape::FREE;
        3 read_capacity_units optional "ReadCapacityUnits" &Shape::FREE;
        4 table optional "Table" &Shape::FREE;
        5 table_name optional "TableName" &TABLE_ARN_OF_TABLE;
        6 vector_indexes optional "VectorIndexes" &Shape::FREE;
        7 write_capacity_units optional "WriteCapacityUnits" &Shape::FREE;
    }
    CreateBackupInput {
        0 backup_name required "BackupName" &BACKUP_NAME;
        1 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    CreateGlobalSecondaryIndexAction {
        0 index_name required "IndexName" &INDEX_NAME;
        1 key_schema required "KeySchema" &KEY_SCHEMA;
        2 on_demand_throughput optional "OnDemandThroughput" &Shape::FREE;
        3 projection required "Projection" &Shape::FREE;
        4 provisioned_throughput optional "ProvisionedThroughput" &Shape::FREE;
        5 warm_throughput optional "WarmThroughput" &Shape::FREE;
    }
    CreateGlobalTableInput {
        0 global_table_name required "GlobalTableName" &TABLE_NAME;
        1 replication_group required "ReplicationGroup" &Shape::FREE;
    }
    CreateGlobalTableWitnessGroupMemberAction {
        0 region_name required "RegionName" &Shape::FREE;
    }
    CreateReplicaAction {
        0 region_name required "RegionName" &Shape::FREE;
    }
    CreateReplicationGroupMemberAction {
        0 global_secondary_indexes optional "GlobalSecondaryIndexes" &REPLICA_GLOBAL_SECONDARY_INDEX_LIST;
        1 kms_master_key_id optional "KMSMasterKeyId" &KMS_MASTER_KEY_ID;
        2 on_demand_throughput_override optional "OnDemandThroughputOverride" &Shape::FREE;
        3 provisioned_throughput_override optional "ProvisionedThroughputOverride" &Shape::FREE;
        4 region_name required "RegionName" &Shape::FREE;
        5 table_class_override optional "TableClassOverride" &TABLE_CLASS;
    }
    CreateTableInput {
        0 attribute_definitions optional "AttributeDefinitions" &Shape::FREE;
        1 billing_mode optional "BillingMode" &BILLING_MODE;
        2 deletion_protection_enabled optional "DeletionProtectionEnabled" &Shape::FREE;
        3 global_secondary_indexes optional "GlobalSecondaryIndexes" &Shape::FREE;
        4 global_table_settings_replication_mode optional "GlobalTableSettingsReplicationMode" &GLOBAL_TABLE_SETTINGS_REPLICATION_MODE;
        5 global_table_source_arn optional "GlobalTableSourceArn" &TABLE_ARN;
        6 key_schema optional "KeySchema" &CREATE_TABLE_INPUT_KEY_SCHEMA;
        7 local_secondary_indexes optional "LocalSecondaryIndexes" &Shape::FREE;
        8 on_demand_throughput optional "OnDemandThroughput" &Shape::FREE;
        9 provisioned_throughput optional "ProvisionedThroughput" &Shape::FREE;
        10 resource_policy optional "ResourcePolicy" &Shape::FREE;
        11 sse_specification optional "SSESpecification" &Shape::FREE;
        12 stream_specification optional "StreamSpecification" &Shape::FREE;
        13 table_class optional "TableClass" &TABLE_CLASS;
        14 table_name required "TableName" &TABLE_ARN_OF_TABLE;
        15 tags optional "Tags" &Shape::FREE;
        16 vector_indexes optional "VectorIndexes" &Shape::FREE;
        17 warm_throughput optional "WarmThroughput" &Shape::FREE;
    }
    CreateVectorIndexAction {
        0 dimensions required "Dimensions" &POSITIVE_LONG_OBJECT;
        1 distance_function required "DistanceFunction" &VECTOR_DISTANCE_FUNCTION;
        2 index_name required "IndexName" &INDEX_NAME;
        3 projection required "Projection" &Shape::FREE;
        4 search_schema optional "SearchSchema" &SEARCH_SCHEMA;
        5 vector_attribute required "VectorAttribute" &Shape::FREE;
    }
    CsvOptions {
        0 delimiter optional "Delimiter" &CSV_DELIMITER;
        1 header_list optional "HeaderList" &CSV_HEADER_LIST;
    }
    Delete {
        0 condition_expression optional "ConditionExpression" &Shape::FREE;
        1 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        2 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        3 key required "Key" &KEY;
        4 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        5 table_name required "TableName" &TABLE_ARN;
    }
    DeleteBackupInput {
        0 backup_arn required "BackupArn" &BACKUP_ARN;
    }
    DeleteGlobalSecondaryIndexAction {
        0 index_name required "IndexName" &INDEX_NAME;
    }
    DeleteGlobalTableWitnessGroupMemberAction {
        0 region_name required "RegionName" &Shape::FREE;
    }
    DeleteItemInput {
        0 condition_expression optional "ConditionExpression" &Shape::FREE;
        1 conditional_operator optional "ConditionalOperator" &CONDITIONAL_OPERATOR;
        2 expected optional "Expected" &EXPECTED_ATTRIBUTE_MAP;
        3 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        4 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        5 key required "Key" &KEY;
        6 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        7 return_item_collection_metrics optional "ReturnItemCollectionMetrics" &RETURN_ITEM_COLLECTION_METRICS;
        8 return_values optional "ReturnValues" &RETURN_VALUE;
        9 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        10 table_name required "TableName" &TABLE_ARN;
    }
    DeleteItemOutput {
        0 attributes optional "Attributes" &Shape::FREE;
        1 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        2 item_collection_metrics optional "ItemCollectionMetrics" &Shape::FREE;
    }
    DeleteReplicaAction {
        0 region_name required "RegionName" &Shape::FREE;
    }
    DeleteReplicationGroupMemberAction {
        0 region_name required "RegionName" &Shape::FREE;
    }
    DeleteRequest {
        0 key required "Key" &KEY;
    }
    DeleteResourcePolicyInput {
        0 expected_revision_id optional "ExpectedRevisionId" &POLICY_REVISION_ID;
        1 resource_arn required "ResourceArn" &RESOURCE_ARN_STRING;
    }
    DeleteTableInput {
        0 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    DeleteVectorIndexAction {
        0 index_name required "IndexName" &INDEX_NAME;
    }
    DescribeBackupInput {
        0 backup_arn required "BackupArn" &BACKUP_ARN;
    }
    DescribeBulkOperationInput {
        0 bulk_operation_arn required "BulkOperationArn" &BULK_OPERATION_ARN;
    }
    DescribeContinuousBackupsInput {
        0 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    DescribeContributorInsightsInput {
        0 index_name optional "IndexName" &INDEX_NAME;
        1 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    DescribeEndpointsRequest {
    }
    DescribeExportInput {
        0 export_arn required "ExportArn" &EXPORT_ARN;
    }
    DescribeGlobalTableInput {
        0 global_table_name required "GlobalTableName" &TABLE_NAME;
    }
    DescribeGlobalTableSettingsInput {
        0 global_table_name required "GlobalTableName" &TABLE_NAME;
    }
    DescribeImportInput {
        0 import_arn required "ImportArn" &IMPORT_ARN;
    }
    DescribeKinesisStreamingDestinationInput {
        0 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    DescribeLimitsInput {
    }
    DescribeStreamInput {
        0 exclusive_start_shard_id optional "ExclusiveStartShardId" &SHARD_ID;
        1 limit optional "Limit" &POSITIVE_INTEGER_OBJECT;
        2 shard_filter optional "ShardFilter" &Shape::FREE;
        3 stream_arn required "StreamArn" &STREAM_ARN;
    }
    DescribeTableInput {
        0 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    DescribeTableReplicaAutoScalingInput {
        0 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    DescribeTimeToLiveInput {
        0 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    DisassociateReplicationGroupMemberAction {
        0 disassociation_mode required "DisassociationMode" &DISASSOCIATION_MODE;
        1 region_name required "RegionName" &Shape::FREE;
    }
    EnableKinesisStreamingConfiguration {
        0 approximate_creation_date_time_precision optional "ApproximateCreationDateTimePrecision" &APPROXIMATE_CREATION_DATE_TIME_PRECISION;
    }
    ExecuteStatementInput {
        0 consistent_read optional "ConsistentRead" &Shape::FREE;
        1 limit optional "Limit" &POSITIVE_INTEGER_OBJECT;
        2 next_token optional "NextToken" &PARTI_QL_NEXT_TOKEN;
        3 parameters optional "Parameters" &PREPARED_STATEMENT_PARAMETERS;
        4 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        5 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        6 statement required "Statement" &PARTI_QL_STATEMENT;
    }
    ExecuteTransactionInput {
        0 client_request_token optional "ClientRequestToken" &CLIENT_REQUEST_TOKEN;
        1 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        2 transact_statements required "TransactStatements" &PARAMETERIZED_STATEMENTS;
    }
    ExpectedAttributeValue {
        0 attribute_value_list optional "AttributeValueList" &Shape::FREE;
        1 comparison_operator optional "ComparisonOperator" &COMPARISON_OPERATOR;
        2 exists optional "Exists" &Shape::FREE;
        3 value optional "Value" &Shape::FREE;
    }
    ExportTableToPointInTimeInput {
        0 client_token optional "ClientToken" &CLIENT_TOKEN;
        1 export_format optional "ExportFormat" &EXPORT_FORMAT;
        2 export_time optional "ExportTime" &Shape::FREE;
        3 export_type optional "ExportType" &EXPORT_TYPE;
        4 filter_specification optional "FilterSpecification" &Shape::FREE;
        5 incremental_export_specification optional "IncrementalExportSpecification" &Shape::FREE;
        6 s3_bucket required "S3Bucket" &S3_BUCKET;
        7 s3_bucket_owner optional "S3BucketOwner" &S3_BUCKET_OWNER;
        8 s3_prefix optional "S3Prefix" &S3_PREFIX;
        9 s3_sse_algorithm optional "S3SseAlgorithm" &S3_SSE_ALGORITHM;
        10 s3_sse_kms_key_id optional "S3SseKmsKeyId" &S3_SSE_KMS_KEY_ID;
        11 table_arn required "TableArn" &TABLE_ARN;
    }
    FilterSpecification {
        0 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        1 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        2 filter_expression optional "FilterExpression" &Shape::FREE;
        3 key_condition_expression optional "KeyConditionExpression" &Shape::FREE;
        4 projection_expression optional "ProjectionExpression" &Shape::FREE;
    }
    Get {
        0 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        1 key required "Key" &KEY;
        2 projection_expression optional "ProjectionExpression" &Shape::FREE;
        3 table_name required "TableName" &TABLE_ARN;
    }
    GetItemInput {
        0 attributes_to_get optional "AttributesToGet" &ATTRIBUTE_NAME_LIST;
        1 consistent_read optional "ConsistentRead" &Shape::FREE;
        2 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        3 key required "Key" &KEY;
        4 projection_expression optional "ProjectionExpression" &Shape::FREE;
        5 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        6 table_name required "TableName" &TABLE_ARN;
    }
    GetItemOutput {
        0 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        1 item optional "Item" &Shape::FREE;
    }
    GetRecordsInput {
        0 limit optional "Limit" &POSITIVE_INTEGER_OBJECT;
        1 shard_iterator required "ShardIterator" &SHARD_ITERATOR;
    }
    GetResourcePolicyInput {
        0 resource_arn required "ResourceArn" &RESOURCE_ARN_STRING;
    }
    GetShardIteratorInput {
        0 sequence_number optional "SequenceNumber" &SEQUENCE_NUMBER;
        1 shard_id required "ShardId" &SHARD_ID;
        2 shard_iterator_type required "ShardIteratorType" &SHARD_ITERATOR_TYPE;
        3 stream_arn required "StreamArn" &STREAM_ARN;
        4 timestamp optional "Timestamp" &Shape::FREE;
    }
    GlobalSecondaryIndex {
        0 index_name required "IndexName" &INDEX_NAME;
        1 key_schema required "KeySchema" &KEY_SCHEMA;
        2 on_demand_throughput optional "OnDemandThroughput" &Shape::FREE;
        3 projection required "Projection" &Shape::FREE;
        4 provisioned_throughput optional "ProvisionedThroughput" &Shape::FREE;
        5 warm_throughput optional "WarmThroughput" &Shape::FREE;
    }
    GlobalSecondaryIndexAutoScalingUpdate {
        0 index_name optional "IndexName" &INDEX_NAME;
        1 provisioned_write_capacity_auto_scaling_update optional "ProvisionedWriteCapacityAutoScalingUpdate" &Shape::FREE;
    }
    GlobalSecondaryIndexUpdate {
        0 create optional "Create" &Shape::FREE;
        1 delete optional "Delete" &Shape::FREE;
        2 update optional "Update" &Shape::FREE;
    }
    GlobalTableGlobalSecondaryIndexSettingsUpdate {
        0 index_name required "IndexName" &INDEX_NAME;
        1 provisioned_write_capacity_auto_scaling_settings_update optional "ProvisionedWriteCapacityAutoScalingSettingsUpdate" &Shape::FREE;
        2 provisioned_write_capacity_units optional "ProvisionedWriteCapacityUnits" &POSITIVE_LONG_OBJECT;
    }
    GlobalTableWitnessGroupUpdate {
        0 create optional "Create" &Shape::FREE;
        1 delete optional "Delete" &Shape::FREE;
    }
    ImportTableInput {
        0 client_token optional "ClientToken" &CLIENT_TOKEN;
        1 input_compression_type optional "InputCompressionType" &INPUT_COMPRESSION_TYPE;
        2 input_format required "InputFormat" &INPUT_FORMAT;
        3 input_format_options optional "InputFormatOptions" &Shape::FREE;
        4 s3_bucket_source required "S3BucketSource" &Shape::FREE;
        5 table_creation_parameters required "TableCreationParameters" &Shape::FREE;
    }
    IncrementalExportSpecification {
        0 export_from_time optional "ExportFromTime" &Shape::FREE;
        1 export_to_time optional "ExportToTime" &Shape::FREE;
        2 export_view_type optional "ExportViewType" &EXPORT_VIEW_TYPE;
    }
    InputFormatOptions {
        0 csv optional "Csv" &Shape::FREE;
    }
    InputS3Configuration {
        0 input_compression_type optional "InputCompressionType" &INPUT_COMPRESSION_TYPE;
        1 input_format required "InputFormat" &BULK_OPERATION_INPUT_FORMAT;
        2 s3_bucket required "S3Bucket" &S3_BUCKET;
        3 s3_bucket_owner optional "S3BucketOwner" &S3_BUCKET_OWNER;
        4 s3_key_prefix optional "S3KeyPrefix" &S3_PREFIX;
    }
    ItemCollectionMetrics {
        0 item_collection_key optional "ItemCollectionKey" &Shape::FREE;
        1 size_estimate_range_gb optional "SizeEstimateRangeGB" &Shape::FREE;
    }
    ItemResponse {
        0 item optional "Item" &Shape::FREE;
    }
    KeySchemaElement {
        0 attribute_name required "AttributeName" &KEY_SCHEMA_ATTRIBUTE_NAME;
        1 key_type required "KeyType" &KEY_TYPE;
    }
    KeysAndAttributes {
        0 attributes_to_get optional "AttributesToGet" &ATTRIBUTE_NAME_LIST;
        1 consistent_read optional "ConsistentRead" &Shape::FREE;
        2 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        3 keys required "Keys" &KEY_LIST;
        4 projection_expression optional "ProjectionExpression" &Shape::FREE;
    }
    KinesisStreamingDestinationInput {
        0 enable_kinesis_streaming_configuration optional "EnableKinesisStreamingConfiguration" &Shape::FREE;
        1 stream_arn required "StreamArn" &STREAM_ARN;
        2 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    ListBackupsInput {
        0 backup_type optional "BackupType" &BACKUP_TYPE_FILTER;
        1 exclusive_start_backup_arn optional "ExclusiveStartBackupArn" &BACKUP_ARN;
        2 limit optional "Limit" &BACKUPS_INPUT_LIMIT;
        3 table_name optional "TableName" &TABLE_ARN_OF_TABLE;
        4 time_range_lower_bound optional "TimeRangeLowerBound" &Shape::FREE;
        5 time_range_upper_bound optional "TimeRangeUpperBound" &Shape::FREE;
    }
    ListBulkOperationsInput {
        0 max_results optional "MaxResults" &LIST_BULK_OPERATIONS_MAX_LIMIT;
        1 next_token optional "NextToken" &BULK_OPERATION_NEXT_TOKEN;
    }
    ListContributorInsightsInput {
        0 max_results optional "MaxResults" &LIST_CONTRIBUTOR_INSIGHTS_LIMIT;
        1 next_token optional "NextToken" &Shape::FREE;
        2 table_name optional "TableName" &TABLE_ARN_OF_TABLE;
    }
    ListExportsInput {
        0 max_results optional "MaxResults" &LIST_EXPORTS_MAX_LIMIT;
        1 next_token optional "NextToken" &Shape::FREE;
        2 table_arn optional "TableArn" &TABLE_ARN;
    }
    ListGlobalTablesInput {
        0 exclusive_start_global_table_name optional "ExclusiveStartGlobalTableName" &TABLE_NAME;
        1 limit optional "Limit" &POSITIVE_INTEGER_OBJECT;
        2 region_name optional "RegionName" &Shape::FREE;
    }
    ListImportsInput {
        0 next_token optional "NextToken" &IMPORT_NEXT_TOKEN;
        1 page_size optional "PageSize" &LIST_IMPORTS_MAX_LIMIT;
        2 table_arn optional "TableArn" &TABLE_ARN;
    }
    ListStreamsInput {
        0 exclusive_start_stream_arn optional "ExclusiveStartStreamArn" &STREAM_ARN;
        1 limit optional "Limit" &POSITIVE_INTEGER_OBJECT;
        2 table_name optional "TableName" &TABLE_NAME;
    }
    ListTablesInput {
        0 exclusive_start_table_name optional "ExclusiveStartTableName" &TABLE_NAME;
        1 limit optional "Limit" &LIST_TABLES_INPUT_LIMIT;
    }
    ListTagsOfResourceInput {
        0 next_token optional "NextToken" &Shape::FREE;
        1 resource_arn required "ResourceArn" &RESOURCE_ARN_STRING;
    }
    LocalSecondaryIndex {
        0 index_name required "IndexName" &INDEX_NAME;
        1 key_schema required "KeySchema" &KEY_SCHEMA;
        2 projection required "Projection" &Shape::FREE;
    }
    OnDemandThroughput {
        0 max_read_request_units optional "MaxReadRequestUnits" &Shape::FREE;
        1 max_write_request_units optional "MaxWriteRequestUnits" &Shape::FREE;
    }
    OnDemandThroughputOverride {
        0 max_read_request_units optional "MaxReadRequestUnits" &Shape::FREE;
    }
    OutputS3Configuration {
        0 output_type required "OutputType" &OUTPUT_TYPE_LIST;
        1 s3_bucket optional "S3Bucket" &S3_BUCKET;
        2 s3_bucket_owner optional "S3BucketOwner" &S3_BUCKET_OWNER;
        3 s3_key_prefix optional "S3KeyPrefix" &S3_PREFIX;
        4 s3_sse_algorithm optional "S3SseAlgorithm" &S3_SSE_ALGORITHM;
        5 s3_sse_kms_key_id optional "S3SseKmsKeyId" &S3_SSE_KMS_KEY_ID;
    }
    ParameterizedStatement {
        0 parameters optional "Parameters" &PREPARED_STATEMENT_PARAMETERS;
        1 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        2 statement required "Statement" &PARTI_QL_STATEMENT;
    }
    PointInTimeRecoverySpecification {
        0 point_in_time_recovery_enabled required "PointInTimeRecoveryEnabled" &Shape::FREE;
        1 recovery_period_in_days optional "RecoveryPeriodInDays" &RECOVERY_PERIOD_IN_DAYS;
    }
    Projection {
        0 non_key_attributes optional "NonKeyAttributes" &NON_KEY_ATTRIBUTE_NAME_LIST;
        1 projection_type optional "ProjectionType" &PROJECTION_TYPE;
    }
    ProvisionedThroughput {
        0 write_capacity_units required "WriteCapacityUnits" &POSITIVE_LONG_OBJECT;
        1 read_capacity_units required "ReadCapacityUnits" &POSITIVE_LONG_OBJECT;
    }
    ProvisionedThroughputOverride {
        0 read_capacity_units optional "ReadCapacityUnits" &POSITIVE_LONG_OBJECT;
    }
    Put {
        0 condition_expression optional "ConditionExpression" &Shape::FREE;
        1 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        2 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        3 item required "Item" &PUT_ITEM_INPUT_ATTRIBUTE_MAP;
        4 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        5 table_name required "TableName" &TABLE_ARN;
    }
    PutItemInput {
        0 condition_expression optional "ConditionExpression" &Shape::FREE;
        1 conditional_operator optional "ConditionalOperator" &CONDITIONAL_OPERATOR;
        2 expected optional "Expected" &EXPECTED_ATTRIBUTE_MAP;
        3 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        4 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        5 item required "Item" &PUT_ITEM_INPUT_ATTRIBUTE_MAP;
        6 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        7 return_item_collection_metrics optional "ReturnItemCollectionMetrics" &RETURN_ITEM_COLLECTION_METRICS;
        8 return_values optional "ReturnValues" &RETURN_VALUE;
        9 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        10 table_name required "TableName" &TABLE_ARN;
    }
    PutItemOutput {
        0 attributes optional "Attributes" &Shape::FREE;
        1 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        2 item_collection_metrics optional "ItemCollectionMetrics" &Shape::FREE;
    }
    PutRequest {
        0 item required "Item" &PUT_ITEM_INPUT_ATTRIBUTE_MAP;
    }
    PutResourcePolicyInput {
        0 confirm_remove_self_resource_access optional "ConfirmRemoveSelfResourceAccess" &Shape::FREE;
        1 expected_revision_id optional "ExpectedRevisionId" &POLICY_REVISION_ID;
        2 policy required "Policy" &Shape::FREE;
        3 resource_arn required "ResourceArn" &RESOURCE_ARN_STRING;
    }
    QueryInput {
        0 attributes_to_get optional "AttributesToGet" &ATTRIBUTE_NAME_LIST;
        1 conditional_operator optional "ConditionalOperator" &CONDITIONAL_OPERATOR;
        2 consistent_read optional "ConsistentRead" &Shape::FREE;
        3 exclusive_start_key optional "ExclusiveStartKey" &KEY;
        4 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        5 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        6 filter_expression optional "FilterExpression" &Shape::FREE;
        7 index_name optional "IndexName" &INDEX_NAME;
        8 key_condition_expression optional "KeyConditionExpression" &Shape::FREE;
        9 key_conditions optional "KeyConditions" &KEY_CONDITIONS;
        10 limit optional "Limit" &POSITIVE_INTEGER_OBJECT;
        11 projection_expression optional "ProjectionExpression" &Shape::FREE;
        12 query_filter optional "QueryFilter" &FILTER_CONDITION_MAP;
        13 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        14 scan_index_forward optional "ScanIndexForward" &Shape::FREE;
        15 select optional "Select" &SELECT;
        16 table_name required "TableName" &TABLE_ARN;
    }
    QueryOutput {
        0 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        1 count optional "Count" &Shape::FREE;
        2 items optional "Items" &Shape::FREE;
        3 last_evaluated_key optional "LastEvaluatedKey" &Shape::FREE;
        4 scanned_count optional "ScannedCount" &Shape::FREE;
    }
    Replica {
        0 region_name optional "RegionName" &Shape::FREE;
    }
    ReplicaAutoScalingUpdate {
        0 region_name required "RegionName" &Shape::FREE;
        1 replica_global_secondary_index_updates optional "ReplicaGlobalSecondaryIndexUpdates" &Shape::FREE;
        2 replica_provisioned_read_capacity_auto_scaling_update optional "ReplicaProvisionedReadCapacityAutoScalingUpdate" &Shape::FREE;
    }
    ReplicaGlobalSecondaryIndex {
        0 index_name required "IndexName" &INDEX_NAME;
        1 on_demand_throughput_override optional "OnDemandThroughputOverride" &Shape::FREE;
        2 provisioned_throughput_override optional "ProvisionedThroughputOverride" &Shape::FREE;
    }
    ReplicaGlobalSecondaryIndexAutoScalingUpdate {
        0 index_name optional "IndexName" &INDEX_NAME;
        1 provisioned_read_capacity_auto_scaling_update optional "ProvisionedReadCapacityAutoScalingUpdate" &Shape::FREE;
    }
    ReplicaGlobalSecondaryIndexSettingsUpdate {
        0 index_name required "IndexName" &INDEX_NAME;
        1 provisioned_read_capacity_auto_scaling_settings_update optional "ProvisionedReadCapacityAutoScalingSettingsUpdate" &Shape::FREE;
        2 provisioned_read_capacity_units optional "ProvisionedReadCapacityUnits" &POSITIVE_LONG_OBJECT;
    }
    ReplicaSettingsUpdate {
        0 region_name required "RegionName" &Shape::FREE;
        1 replica_global_secondary_index_settings_update optional "ReplicaGlobalSecondaryIndexSettingsUpdate" &REPLICA_GLOBAL_SECONDARY_INDEX_SETTINGS_UPDATE_LIST;
        2 replica_provisioned_read_capacity_auto_scaling_settings_update optional "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate" &Shape::FREE;
        3 replica_provisioned_read_capacity_units optional "ReplicaProvisionedReadCapacityUnits" &POSITIVE_LONG_OBJECT;
        4 replica_table_class optional "ReplicaTableClass" &TABLE_CLASS;
    }
    ReplicaUpdate {
        0 create optional "Create" &Shape::FREE;
        1 delete optional "Delete" &Shape::FREE;
    }
    ReplicationGroupUpdate {
        0 create optional "Create" &Shape::FREE;
        1 delete optional "Delete" &Shape::FREE;
        2 disassociate optional "Disassociate" &Shape::FREE;
        3 update optional "Update" &Shape::FREE;
    }
    RestoreTableFromBackupInput {
        0 backup_arn required "BackupArn" &BACKUP_ARN;
        1 billing_mode_override optional "BillingModeOverride" &BILLING_MODE;
        2 global_secondary_index_override optional "GlobalSecondaryIndexOverride" &Shape::FREE;
        3 local_secondary_index_override optional "LocalSecondaryIndexOverride" &Shape::FREE;
        4 on_demand_throughput_override optional "OnDemandThroughputOverride" &Shape::FREE;
        5 provisioned_throughput_override optional "ProvisionedThroughputOverride" &Shape::FREE;
        6 sse_specification_override optional "SSESpecificationOverride" &Shape::FREE;
        7 target_table_name required "TargetTableName" &TABLE_NAME;
        8 vector_index_override optional "VectorIndexOverride" &Shape::FREE;
    }
    RestoreTableToPointInTimeInput {
        0 billing_mode_override optional "BillingModeOverride" &BILLING_MODE;
        1 global_secondary_index_override optional "GlobalSecondaryIndexOverride" &Shape::FREE;
        2 local_secondary_index_override optional "LocalSecondaryIndexOverride" &Shape::FREE;
        3 on_demand_throughput_override optional "OnDemandThroughputOverride" &Shape::FREE;
        4 provisioned_throughput_override optional "ProvisionedThroughputOverride" &Shape::FREE;
        5 restore_date_time optional "RestoreDateTime" &Shape::FREE;
        6 sse_specification_override optional "SSESpecificationOverride" &Shape::FREE;
        7 source_table_arn optional "SourceTableArn" &TABLE_ARN;
        8 source_table_name optional "SourceTableName" &TABLE_NAME;
        9 target_table_name required "TargetTableName" &TABLE_NAME;
        10 use_latest_restorable_time optional "UseLatestRestorableTime" &Shape::FREE;
        11 vector_index_override optional "VectorIndexOverride" &Shape::FREE;
    }
    S3BucketSource {
        0 s3_bucket required "S3Bucket" &S3_BUCKET;
        1 s3_bucket_owner optional "S3BucketOwner" &S3_BUCKET_OWNER;
        2 s3_key_prefix optional "S3KeyPrefix" &S3_PREFIX;
    }
    SSESpecification {
        0 enabled optional "Enabled" &Shape::FREE;
        1 kms_master_key_id optional "KMSMasterKeyId" &KMS_MASTER_KEY_ID;
        2 sse_type optional "SSEType" &SSE_TYPE;
    }
    ScanInput {
        0 attributes_to_get optional "AttributesToGet" &ATTRIBUTE_NAME_LIST;
        1 conditional_operator optional "ConditionalOperator" &CONDITIONAL_OPERATOR;
        2 consistent_read optional "ConsistentRead" &Shape::FREE;
        3 exclusive_start_key optional "ExclusiveStartKey" &KEY;
        4 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        5 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        6 filter_expression optional "FilterExpression" &Shape::FREE;
        7 index_name optional "IndexName" &INDEX_NAME;
        8 limit optional "Limit" &POSITIVE_INTEGER_OBJECT;
        9 projection_expression optional "ProjectionExpression" &Shape::FREE;
        10 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        11 scan_filter optional "ScanFilter" &FILTER_CONDITION_MAP;
        12 segment optional "Segment" &SCAN_SEGMENT;
        13 select optional "Select" &SELECT;
        14 table_name required "TableName" &TABLE_ARN;
        15 total_segments optional "TotalSegments" &SCAN_TOTAL_SEGMENTS;
    }
    ScanOutput {
        0 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        1 count optional "Count" &Shape::FREE;
        2 items optional "Items" &Shape::FREE;
        3 last_evaluated_key optional "LastEvaluatedKey" &Shape::FREE;
        4 scanned_count optional "ScannedCount" &Shape::FREE;
    }
    SearchSchemaElement {
        0 attribute_name required "AttributeName" &ATTRIBUTE_NAME;
        1 search_schema_element_type required "SearchSchemaElementType" &SEARCH_SCHEMA_ELEMENT_TYPE;
    }
    SearchVectorsInput {
        0 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        1 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        2 index_name required "IndexName" &INDEX_NAME;
        3 projection_expression optional "ProjectionExpression" &Shape::FREE;
        4 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        5 search_condition_expression optional "SearchConditionExpression" &Shape::FREE;
        6 search_vector required "SearchVector" &SEARCH_VECTOR_LIST;
        7 table_name required "TableName" &TABLE_ARN;
        8 top_k required "TopK" &TOP_K_INTEGER;
    }
    ShardFilter {
        0 shard_id optional "ShardId" &SHARD_ID;
        1 r#type optional "Type" &SHARD_FILTER_TYPE;
    }
    StartBulkPutItemsInput {
        0 client_token optional "ClientToken" &CLIENT_TOKEN;
        1 input_s3_configuration required "InputS3Configuration" &Shape::FREE;
        2 max_write_request_units optional "MaxWriteRequestUnits" &BULK_OPERATION_MAX_WRITE_REQUEST_UNITS;
        3 output_s3_configuration required "OutputS3Configuration" &Shape::FREE;
        4 performance_tier optional "PerformanceTier" &BULK_OPERATION_PERFORMANCE_TIER;
        5 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    StreamSpecification {
        0 stream_enabled required "StreamEnabled" &Shape::FREE;
        1 stream_view_type optional "StreamViewType" &STREAM_VIEW_TYPE;
    }
    TableCreationParameters {
        0 attribute_definitions required "AttributeDefinitions" &Shape::FREE;
        1 billing_mode optional "BillingMode" &BILLING_MODE;
        2 global_secondary_indexes optional "GlobalSecondaryIndexes" &Shape::FREE;
        3 key_schema required "KeySchema" &KEY_SCHEMA;
        4 on_demand_throughput optional "OnDemandThroughput" &Shape::FREE;
        5 provisioned_throughput optional "ProvisionedThroughput" &Shape::FREE;
        6 sse_specification optional "SSESpecification" &Shape::FREE;
        7 table_name required "TableName" &TABLE_NAME;
        8 vector_indexes optional "VectorIndexes" &Shape::FREE;
    }
    Tag {
        0 key optional "Key" &Shape::FREE;
        1 value optional "Value" &Shape::FREE;
    }
    TagResourceInput {
        0 resource_arn required "ResourceArn" &RESOURCE_ARN_STRING;
        1 tags required "Tags" &Shape::FREE;
    }
    ThrottlingReason {
        0 reason optional "reason" &Shape::FREE;
        1 resource optional "resource" &Shape::FREE;
    }
    TimeToLiveSpecification {
        0 attribute_name required "AttributeName" &TIME_TO_LIVE_ATTRIBUTE_NAME;
        1 enabled required "Enabled" &Shape::FREE;
    }
    TransactGetItem {
        0 get required "Get" &Shape::FREE;
    }
    TransactGetItemsInput {
        0 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        1 transact_items required "TransactItems" &TRANSACT_GET_ITEM_LIST;
    }
    TransactGetItemsOutput {
        0 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        1 responses optional "Responses" &Shape::FREE;
    }
    TransactWriteItem {
        0 condition_check optional "ConditionCheck" &Shape::FREE;
        1 delete optional "Delete" &Shape::FREE;
        2 put optional "Put" &Shape::FREE;
        3 update optional "Update" &Shape::FREE;
    }
    TransactWriteItemsInput {
        0 client_request_token optional "ClientRequestToken" &CLIENT_REQUEST_TOKEN;
        1 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        2 return_item_collection_metrics optional "ReturnItemCollectionMetrics" &RETURN_ITEM_COLLECTION_METRICS;
        3 transact_items required "TransactItems" &TRANSACT_WRITE_ITEM_LIST;
    }
    TransactWriteItemsOutput {
        0 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        1 item_collection_metrics optional "ItemCollectionMetrics" &Shape::FREE;
    }
    UntagResourceInput {
        0 resource_arn required "ResourceArn" &RESOURCE_ARN_STRING;
        1 tag_keys required "TagKeys" &Shape::FREE;
    }
    Update {
        0 condition_expression optional "ConditionExpression" &Shape::FREE;
        1 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        2 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        3 key required "Key" &KEY;
        4 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        5 table_name required "TableName" &TABLE_ARN;
        6 update_expression required "UpdateExpression" &Shape::FREE;
    }
    UpdateContinuousBackupsInput {
        0 point_in_time_recovery_specification required "PointInTimeRecoverySpecification" &Shape::FREE;
        1 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    UpdateContributorInsightsInput {
        0 contributor_insights_action required "ContributorInsightsAction" &CONTRIBUTOR_INSIGHTS_ACTION;
        1 contributor_insights_mode optional "ContributorInsightsMode" &CONTRIBUTOR_INSIGHTS_MODE;
        2 index_name optional "IndexName" &INDEX_NAME;
        3 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    UpdateGlobalSecondaryIndexAction {
        0 index_name required "IndexName" &INDEX_NAME;
        1 on_demand_throughput optional "OnDemandThroughput" &Shape::FREE;
        2 provisioned_throughput optional "ProvisionedThroughput" &Shape::FREE;
        3 warm_throughput optional "WarmThroughput" &Shape::FREE;
    }
    UpdateGlobalTableInput {
        0 global_table_name required "GlobalTableName" &TABLE_NAME;
        1 replica_updates required "ReplicaUpdates" &Shape::FREE;
    }
    UpdateGlobalTableSettingsInput {
        0 global_table_billing_mode optional "GlobalTableBillingMode" &BILLING_MODE;
        1 global_table_global_secondary_index_settings_update optional "GlobalTableGlobalSecondaryIndexSettingsUpdate" &GLOBAL_TABLE_GLOBAL_SECONDARY_INDEX_SETTINGS_UPDATE_LIST;
        2 global_table_name required "GlobalTableName" &TABLE_NAME;
        3 global_table_provisioned_write_capacity_auto_scaling_settings_update optional "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate" &Shape::FREE;
        4 global_table_provisioned_write_capacity_units optional "GlobalTableProvisionedWriteCapacityUnits" &POSITIVE_LONG_OBJECT;
        5 replica_settings_update optional "ReplicaSettingsUpdate" &REPLICA_SETTINGS_UPDATE_LIST;
    }
    UpdateItemInput {
        0 attribute_updates optional "AttributeUpdates" &ATTRIBUTE_UPDATES;
        1 condition_expression optional "ConditionExpression" &Shape::FREE;
        2 conditional_operator optional "ConditionalOperator" &CONDITIONAL_OPERATOR;
        3 expected optional "Expected" &EXPECTED_ATTRIBUTE_MAP;
        4 expression_attribute_names optional "ExpressionAttributeNames" &EXPRESSION_ATTRIBUTE_NAME_MAP;
        5 expression_attribute_values optional "ExpressionAttributeValues" &Shape::FREE;
        6 key required "Key" &KEY;
        7 return_consumed_capacity optional "ReturnConsumedCapacity" &RETURN_CONSUMED_CAPACITY;
        8 return_item_collection_metrics optional "ReturnItemCollectionMetrics" &RETURN_ITEM_COLLECTION_METRICS;
        9 return_values optional "ReturnValues" &RETURN_VALUE;
        10 return_values_on_condition_check_failure optional "ReturnValuesOnConditionCheckFailure" &RETURN_VALUES_ON_CONDITION_CHECK_FAILURE;
        11 table_name required "TableName" &TABLE_ARN;
        12 update_expression optional "UpdateExpression" &Shape::FREE;
    }
    UpdateItemOutput {
        0 attributes optional "Attributes" &Shape::FREE;
        1 consumed_capacity optional "ConsumedCapacity" &Shape::FREE;
        2 item_collection_metrics optional "ItemCollectionMetrics" &Shape::FREE;
    }
    UpdateKinesisStreamingConfiguration {
        0 approximate_creation_date_time_precision optional "ApproximateCreationDateTimePrecision" &APPROXIMATE_CREATION_DATE_TIME_PRECISION;
    }
    UpdateKinesisStreamingDestinationInput {
        0 stream_arn required "StreamArn" &STREAM_ARN;
        1 table_name required "TableName" &TABLE_ARN_OF_TABLE;
        2 update_kinesis_streaming_configuration optional "UpdateKinesisStreamingConfiguration" &Shape::FREE;
    }
    UpdateReplicationGroupMemberAction {
        0 global_secondary_indexes optional "GlobalSecondaryIndexes" &REPLICA_GLOBAL_SECONDARY_INDEX_LIST;
        1 kms_master_key_id optional "KMSMasterKeyId" &KMS_MASTER_KEY_ID;
        2 on_demand_throughput_override optional "OnDemandThroughputOverride" &Shape::FREE;
        3 provisioned_throughput_override optional "ProvisionedThroughputOverride" &Shape::FREE;
        4 region_name required "RegionName" &Shape::FREE;
        5 table_class_override optional "TableClassOverride" &TABLE_CLASS;
    }
    UpdateTableInput {
        0 attribute_definitions optional "AttributeDefinitions" &Shape::FREE;
        1 billing_mode optional "BillingMode" &BILLING_MODE;
        2 deletion_protection_enabled optional "DeletionProtectionEnabled" &Shape::FREE;
        3 disassociation_protection_enabled optional "DisassociationProtectionEnabled" &Shape::FREE;
        4 global_secondary_index_updates optional "GlobalSecondaryIndexUpdates" &Shape::FREE;
        5 global_table_settings_replication_mode optional "GlobalTableSettingsReplicationMode" &GLOBAL_TABLE_SETTINGS_REPLICATION_MODE;
        6 global_table_witness_updates optional "GlobalTableWitnessUpdates" &GLOBAL_TABLE_WITNESS_GROUP_UPDATE_LIST;
        7 multi_region_consistency optional "MultiRegionConsistency" &MULTI_REGION_CONSISTENCY;
        8 on_demand_throughput optional "OnDemandThroughput" &Shape::FREE;
        9 provisioned_throughput optional "ProvisionedThroughput" &Shape::FREE;
        10 replica_updates optional "ReplicaUpdates" &REPLICATION_GROUP_UPDATE_LIST;
        11 sse_specification optional "SSESpecification" &Shape::FREE;
        12 stream_specification optional "StreamSpecification" &Shape::FREE;
        13 table_class optional "TableClass" &TABLE_CLASS;
        14 table_name required "TableName" &TABLE_ARN_OF_TABLE;
        15 vector_index_updates optional "VectorIndexUpdates" &Shape::FREE;
        16 warm_throughput optional "WarmThroughput" &Shape::FREE;
    }
    UpdateTableReplicaAutoScalingInput {
        0 global_secondary_index_updates optional "GlobalSecondaryIndexUpdates" &GLOBAL_SECONDARY_INDEX_AUTO_SCALING_UPDATE_LIST;
        1 provisioned_write_capacity_auto_scaling_update optional "ProvisionedWriteCapacityAutoScalingUpdate" &Shape::FREE;
        2 replica_updates optional "ReplicaUpdates" &REPLICA_AUTO_SCALING_UPDATE_LIST;
        3 table_name required "TableName" &TABLE_ARN_OF_TABLE;
    }
    UpdateTimeToLiveInput {
        0 table_name required "TableName" &TABLE_ARN_OF_TABLE;
        1 time_to_live_specification required "TimeToLiveSpecification" &Shape::FREE;
    }
    VectorAttributeDefinition {
        0 attribute_name required "AttributeName" &VECTOR_ATTRIBUTE_NAME;
    }
    VectorCapacity {
        0 vector_search_request_bytes optional "VectorSearchRequestBytes" &Shape::FREE;
        1 vector_write_request_bytes optional "VectorWriteRequestBytes" &Shape::FREE;
    }
    VectorIndex {
        0 dimensions required "Dimensions" &POSITIVE_LONG_OBJECT;
        1 distance_function required "DistanceFunction" &VECTOR_DISTANCE_FUNCTION;
        2 index_name required "IndexName" &INDEX_NAME;
        3 projection required "Projection" &Shape::FREE;
        4 search_schema optional "SearchSchema" &SEARCH_SCHEMA;
        5 vector_attribute required "VectorAttribute" &Shape::FREE;
    }
    VectorIndexUpdate {
        0 create optional "Create" &Shape::FREE;
        1 delete optional "Delete" &Shape::FREE;
    }
    WarmThroughput {
        0 read_units_per_second optional "ReadUnitsPerSecond" &Shape::FREE;
        1 write_units_per_second optional "WriteUnitsPerSecond" &Shape::FREE;
    }
    WriteRequest {
        0 put_request optional "PutRequest" &Shape::FREE;
        1 delete_request optional "DeleteRequest" &Shape::FREE;
    }
}
