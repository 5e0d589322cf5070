//! Members of the structures of responses, and of requests to other servers.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use crate::encode::{structures, words};

words! {
    ApproximateCreationDateTimePrecision
    AttributeAction
    BackupStatus
    BackupType
    BatchStatementErrorCodeEnum
    BillingMode
    BulkOperationInputFormat
    BulkOperationPerformanceTier
    BulkOperationStatus
    ComparisonOperator
    ConditionalOperator
    ContinuousBackupsStatus
    ContributorInsightsMode
    ContributorInsightsStatus
    DestinationStatus
    ExportFormat
    ExportStatus
    ExportType
    ExportViewType
    GlobalTableSettingsReplicationMode
    GlobalTableStatus
    ImportStatus
    IndexStatus
    InputCompressionType
    InputFormat
    KeyType
    MultiRegionConsistency
    OperationType
    OutputTypeEnum
    PointInTimeRecoveryStatus
    ProjectionType
    ReplicaStatus
    ReturnConsumedCapacity
    ReturnItemCollectionMetrics
    ReturnValue
    ReturnValuesOnConditionCheckFailure
    S3SseAlgorithm
    SSEStatus
    SSEType
    ScalarAttributeType
    SearchSchemaElementType
    Select
    StreamStatus
    StreamViewType
    TableClass
    TableStatus
    TimeToLiveStatus
    VectorDistanceFunction
    WitnessStatus
}

structures! {
    ArchivalSummary {
        archival_backup_arn "ArchivalBackupArn";
        archival_date_time "ArchivalDateTime";
        archival_reason "ArchivalReason";
    }
    AttributeDefinition {
        attribute_name "AttributeName";
        attribute_type "AttributeType";
    }
    AttributeValueUpdate {
        action "Action";
        value "Value";
    }
    AutoScalingPolicyDescription {
        policy_name "PolicyName";
        target_tracking_scaling_policy_configuration "TargetTrackingScalingPolicyConfiguration";
    }
    AutoScalingSettingsDescription {
        auto_scaling_disabled "AutoScalingDisabled";
        auto_scaling_role_arn "AutoScalingRoleArn";
        maximum_units "MaximumUnits";
        minimum_units "MinimumUnits";
        scaling_policies "ScalingPolicies";
    }
    AutoScalingTargetTrackingScalingPolicyConfigurationDescription {
        disable_scale_in "DisableScaleIn";
        scale_in_cooldown "ScaleInCooldown";
        scale_out_cooldown "ScaleOutCooldown";
        target_value "TargetValue";
    }
    BackupDescription {
        backup_details "BackupDetails";
        source_table_details "SourceTableDetails";
        source_table_feature_details "SourceTableFeatureDetails";
    }
    BackupDetails {
        backup_arn "BackupArn";
        backup_creation_date_time "BackupCreationDateTime";
        backup_expiry_date_time "BackupExpiryDateTime";
        backup_name "BackupName";
        backup_size_bytes "BackupSizeBytes";
        backup_status "BackupStatus";
        backup_type "BackupType";
    }
    BackupSummary {
        backup_arn "BackupArn";
        backup_creation_date_time "BackupCreationDateTime";
        backup_expiry_date_time "BackupExpiryDateTime";
        backup_name "BackupName";
        backup_size_bytes "BackupSizeBytes";
        backup_status "BackupStatus";
        backup_type "BackupType";
        table_arn "TableArn";
        table_id "TableId";
        table_name "TableName";
    }
    BatchExecuteStatementOutput {
        consumed_capacity "ConsumedCapacity";
        responses "Responses";
    }
    BatchGetItemInput {
        request_items "RequestItems";
        return_consumed_capacity "ReturnConsumedCapacity";
    }
    BatchGetItemOutput {
        consumed_capacity "ConsumedCapacity";
        responses "Responses";
        unprocessed_keys "UnprocessedKeys";
    }
    BatchStatementError {
        code "Code";
        item "Item";
        message "Message";
    }
    BatchStatementResponse {
        error "Error";
        item "Item";
        table_name "TableName";
    }
    BatchWriteItemInput {
        request_items "RequestItems";
        return_consumed_capacity "ReturnConsumedCapacity";
        return_item_collection_metrics "ReturnItemCollectionMetrics";
    }
    BatchWriteItemOutput {
        consumed_capacity "ConsumedCapacity";
        item_collection_metrics "ItemCollectionMetrics";
        unprocessed_items "UnprocessedItems";
    }
    BillingModeSummary {
        billing_mode "BillingMode";
        last_update_to_pay_per_request_date_time "LastUpdateToPayPerRequestDateTime";
    }
    BulkOperationBytes {
        bulk_put_bytes "BulkPutBytes";
    }
    BulkOperationDescription {
        bulk_operation_arn "BulkOperationArn";
        bulk_operation_status "BulkOperationStatus";
        bulk_operation_usage "BulkOperationUsage";
        client_token "ClientToken";
        end_time "EndTime";
        failed_item_count "FailedItemCount";
        failure_code "FailureCode";
        failure_message "FailureMessage";
        input_s3_configuration "InputS3Configuration";
        max_write_request_units "MaxWriteRequestUnits";
        output_s3_configuration "OutputS3Configuration";
        performance_tier "PerformanceTier";
        processed_input_bytes "ProcessedInputBytes";
        processed_item_count "ProcessedItemCount";
        start_time "StartTime";
        table_details "TableDetails";
        total_input_bytes "TotalInputBytes";
    }
    BulkOperationSummary {
        bulk_operation_arn "BulkOperationArn";
        bulk_operation_status "BulkOperationStatus";
        end_time "EndTime";
        start_time "StartTime";
    }
    BulkOperationTableDetail {
        table_id "TableId";
        table_name "TableName";
    }
    BulkOperationUsage {
        bulk_put_bytes "BulkPutBytes";
        global_secondary_indexes "GlobalSecondaryIndexes";
        local_secondary_indexes "LocalSecondaryIndexes";
        table "Table";
        table_name "TableName";
        vector_indexes "VectorIndexes";
    }
    BulkOperationVectorBytes {
        bulk_put_vector_bytes "BulkPutVectorBytes";
    }
    CancelBulkOperationOutput {
        bulk_operation_arn "BulkOperationArn";
        bulk_operation_status "BulkOperationStatus";
    }
    CancellationReason {
        code "Code";
        item "Item";
        message "Message";
    }
    Capacity {
        capacity_units "CapacityUnits";
        read_capacity_units "ReadCapacityUnits";
        write_capacity_units "WriteCapacityUnits";
    }
    Condition {
        attribute_value_list "AttributeValueList";
        comparison_operator "ComparisonOperator";
    }
    ConditionCheck {
        condition_expression "ConditionExpression";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        key "Key";
        return_values_on_condition_check_failure "ReturnValuesOnConditionCheckFailure";
        table_name "TableName";
    }
    ConsumedCapacity {
        capacity_units "CapacityUnits";
        global_secondary_indexes "GlobalSecondaryIndexes";
        local_secondary_indexes "LocalSecondaryIndexes";
        read_capacity_units "ReadCapacityUnits";
        table "Table";
        table_name "TableName";
        vector_indexes "VectorIndexes";
        write_capacity_units "WriteCapacityUnits";
    }
    ContinuousBackupsDescription {
        continuous_backups_status "ContinuousBackupsStatus";
        point_in_time_recovery_description "PointInTimeRecoveryDescription";
    }
    ContributorInsightsSummary {
        contributor_insights_mode "ContributorInsightsMode";
        contributor_insights_status "ContributorInsightsStatus";
        index_name "IndexName";
        table_name "TableName";
    }
    CreateBackupOutput {
        backup_details "BackupDetails";
    }
    CreateGlobalTableOutput {
        global_table_description "GlobalTableDescription";
    }
    CreateTableOutput {
        table_description "TableDescription";
    }
    CsvOptions {
        delimiter "Delimiter";
        header_list "HeaderList";
    }
    Delete {
        condition_expression "ConditionExpression";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        key "Key";
        return_values_on_condition_check_failure "ReturnValuesOnConditionCheckFailure";
        table_name "TableName";
    }
    DeleteBackupOutput {
        backup_description "BackupDescription";
    }
    DeleteItemInput {
        condition_expression "ConditionExpression";
        conditional_operator "ConditionalOperator";
        expected "Expected";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        key "Key";
        return_consumed_capacity "ReturnConsumedCapacity";
        return_item_collection_metrics "ReturnItemCollectionMetrics";
        return_values "ReturnValues";
        return_values_on_condition_check_failure "ReturnValuesOnConditionCheckFailure";
        table_name "TableName";
    }
    DeleteItemOutput {
        attributes "Attributes";
        consumed_capacity "ConsumedCapacity";
        item_collection_metrics "ItemCollectionMetrics";
    }
    DeleteRequest {
        key "Key";
    }
    DeleteResourcePolicyOutput {
        revision_id "RevisionId";
    }
    DeleteTableOutput {
        table_description "TableDescription";
    }
    DescribeBackupOutput {
        backup_description "BackupDescription";
    }
    DescribeBulkOperationOutput {
        bulk_operation_description "BulkOperationDescription";
    }
    DescribeContinuousBackupsOutput {
        continuous_backups_description "ContinuousBackupsDescription";
    }
    DescribeContributorInsightsOutput {
        contributor_insights_mode "ContributorInsightsMode";
        contributor_insights_rule_list "ContributorInsightsRuleList";
        contributor_insights_status "ContributorInsightsStatus";
        failure_exception "FailureException";
        index_name "IndexName";
        last_update_date_time "LastUpdateDateTime";
        table_name "TableName";
    }
    DescribeEndpointsResponse {
        endpoints "Endpoints";
    }
    DescribeExportOutput {
        export_description "ExportDescription";
    }
    DescribeGlobalTableOutput {
        global_table_description "GlobalTableDescription";
    }
    DescribeGlobalTableSettingsOutput {
        global_table_name "GlobalTableName";
        replica_settings "ReplicaSettings";
    }
    DescribeImportOutput {
        import_table_description "ImportTableDescription";
    }
    DescribeKinesisStreamingDestinationOutput {
        kinesis_data_stream_destinations "KinesisDataStreamDestinations";
        table_name "TableName";
    }
    DescribeLimitsOutput {
        account_max_read_capacity_units "AccountMaxReadCapacityUnits";
        account_max_write_capacity_units "AccountMaxWriteCapacityUnits";
        table_max_read_capacity_units "TableMaxReadCapacityUnits";
        table_max_write_capacity_units "TableMaxWriteCapacityUnits";
    }
    DescribeStreamOutput {
        stream_description "StreamDescription";
    }
    DescribeTableOutput {
        table "Table";
    }
    DescribeTableReplicaAutoScalingOutput {
        table_auto_scaling_description "TableAutoScalingDescription";
    }
    DescribeTimeToLiveOutput {
        time_to_live_description "TimeToLiveDescription";
    }
    EnableKinesisStreamingConfiguration {
        approximate_creation_date_time_precision "ApproximateCreationDateTimePrecision";
    }
    Endpoint {
        address "Address";
        cache_period_in_minutes "CachePeriodInMinutes";
    }
    ExecuteStatementOutput {
        consumed_capacity "ConsumedCapacity";
        items "Items";
        last_evaluated_key "LastEvaluatedKey";
        next_token "NextToken";
    }
    ExecuteTransactionOutput {
        consumed_capacity "ConsumedCapacity";
        responses "Responses";
    }
    ExpectedAttributeValue {
        attribute_value_list "AttributeValueList";
        comparison_operator "ComparisonOperator";
        exists "Exists";
        value "Value";
    }
    ExportDescription {
        billed_size_bytes "BilledSizeBytes";
        client_token "ClientToken";
        end_time "EndTime";
        export_arn "ExportArn";
        export_format "ExportFormat";
        export_manifest "ExportManifest";
        export_status "ExportStatus";
        export_time "ExportTime";
        export_type "ExportType";
        failure_code "FailureCode";
        failure_message "FailureMessage";
        filter_specification "FilterSpecification";
        incremental_export_specification "IncrementalExportSpecification";
        item_count "ItemCount";
        s3_bucket "S3Bucket";
        s3_bucket_owner "S3BucketOwner";
        s3_prefix "S3Prefix";
        s3_sse_algorithm "S3SseAlgorithm";
        s3_sse_kms_key_id "S3SseKmsKeyId";
        start_time "StartTime";
        table_arn "TableArn";
        table_id "TableId";
    }
    ExportSummary {
        export_arn "ExportArn";
        export_status "ExportStatus";
        export_type "ExportType";
    }
    ExportTableToPointInTimeOutput {
        export_description "ExportDescription";
    }
    FailureException {
        exception_description "ExceptionDescription";
        exception_name "ExceptionName";
    }
    FilterSpecification {
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        filter_expression "FilterExpression";
        key_condition_expression "KeyConditionExpression";
        projection_expression "ProjectionExpression";
    }
    Get {
        expression_attribute_names "ExpressionAttributeNames";
        key "Key";
        projection_expression "ProjectionExpression";
        table_name "TableName";
    }
    GetItemInput {
        attributes_to_get "AttributesToGet";
        consistent_read "ConsistentRead";
        expression_attribute_names "ExpressionAttributeNames";
        key "Key";
        projection_expression "ProjectionExpression";
        return_consumed_capacity "ReturnConsumedCapacity";
        table_name "TableName";
    }
    GetItemOutput {
        consumed_capacity "ConsumedCapacity";
        item "Item";
    }
    GetRecordsOutput {
        next_shard_iterator "NextShardIterator";
        records "Records";
    }
    GetResourcePolicyOutput {
        policy "Policy";
        revision_id "RevisionId";
    }
    GetShardIteratorOutput {
        shard_iterator "ShardIterator";
    }
    GlobalSecondaryIndex {
        index_name "IndexName";
        key_schema "KeySchema";
        on_demand_throughput "OnDemandThroughput";
        projection "Projection";
        provisioned_throughput "ProvisionedThroughput";
        warm_throughput "WarmThroughput";
    }
    GlobalSecondaryIndexDescription {
        backfilling "Backfilling";
        index_arn "IndexArn";
        index_name "IndexName";
        index_size_bytes "IndexSizeBytes";
        index_status "IndexStatus";
        item_count "ItemCount";
        key_schema "KeySchema";
        on_demand_throughput "OnDemandThroughput";
        projection "Projection";
        provisioned_throughput "ProvisionedThroughput";
        warm_throughput "WarmThroughput";
    }
    GlobalSecondaryIndexInfo {
        index_name "IndexName";
        key_schema "KeySchema";
        on_demand_throughput "OnDemandThroughput";
        projection "Projection";
        provisioned_throughput "ProvisionedThroughput";
    }
    GlobalSecondaryIndexWarmThroughputDescription {
        read_units_per_second "ReadUnitsPerSecond";
        status "Status";
        write_units_per_second "WriteUnitsPerSecond";
    }
    GlobalTable {
        global_table_name "GlobalTableName";
        replication_group "ReplicationGroup";
    }
    GlobalTableDescription {
        creation_date_time "CreationDateTime";
        global_table_arn "GlobalTableArn";
        global_table_name "GlobalTableName";
        global_table_status "GlobalTableStatus";
        replication_group "ReplicationGroup";
    }
    GlobalTableWitnessDescription {
        region_name "RegionName";
        witness_status "WitnessStatus";
    }
    Identity {
        principal_id "PrincipalId";
        r#type "Type";
    }
    ImportSummary {
        cloud_watch_log_group_arn "CloudWatchLogGroupArn";
        end_time "EndTime";
        import_arn "ImportArn";
        import_status "ImportStatus";
        input_format "InputFormat";
        s3_bucket_source "S3BucketSource";
        start_time "StartTime";
        table_arn "TableArn";
    }
    ImportTableDescription {
        client_token "ClientToken";
        cloud_watch_log_group_arn "CloudWatchLogGroupArn";
        end_time "EndTime";
        error_count "ErrorCount";
        failure_code "FailureCode";
        failure_message "FailureMessage";
        import_arn "ImportArn";
        import_status "ImportStatus";
        imported_item_count "ImportedItemCount";
        input_compression_type "InputCompressionType";
        input_format "InputFormat";
        input_format_options "InputFormatOptions";
        processed_item_count "ProcessedItemCount";
        processed_size_bytes "ProcessedSizeBytes";
        s3_bucket_source "S3BucketSource";
        start_time "StartTime";
        table_arn "TableArn";
        table_creation_parameters "TableCreationParameters";
        table_id "TableId";
    }
    ImportTableOutput {
        import_table_description "ImportTableDescription";
    }
    IncrementalExportSpecification {
        export_from_time "ExportFromTime";
        export_to_time "ExportToTime";
        export_view_type "ExportViewType";
    }
    InputFormatOptions {
        csv "Csv";
    }
    InputS3Configuration {
        input_compression_type "InputCompressionType";
        input_format "InputFormat";
        s3_bucket "S3Bucket";
        s3_bucket_owner "S3BucketOwner";
        s3_key_prefix "S3KeyPrefix";
    }
    ItemCollectionMetrics {
        item_collection_key "ItemCollectionKey";
        size_estimate_range_gb "SizeEstimateRangeGB";
    }
    ItemResponse {
        item "Item";
    }
    KeySchemaElement {
        attribute_name "AttributeName";
        key_type "KeyType";
    }
    KeysAndAttributes {
        attributes_to_get "AttributesToGet";
        consistent_read "ConsistentRead";
        expression_attribute_names "ExpressionAttributeNames";
        keys "Keys";
        projection_expression "ProjectionExpression";
    }
    KinesisDataStreamDestination {
        approximate_creation_date_time_precision "ApproximateCreationDateTimePrecision";
        destination_status "DestinationStatus";
        destination_status_description "DestinationStatusDescription";
        stream_arn "StreamArn";
    }
    KinesisStreamingDestinationOutput {
        destination_status "DestinationStatus";
        enable_kinesis_streaming_configuration "EnableKinesisStreamingConfiguration";
        stream_arn "StreamArn";
        table_name "TableName";
    }
    ListBackupsOutput {
        backup_summaries "BackupSummaries";
        last_evaluated_backup_arn "LastEvaluatedBackupArn";
    }
    ListBulkOperationsOutput {
        bulk_operations_summary_list "BulkOperationsSummaryList";
        next_token "NextToken";
    }
    ListContributorInsightsOutput {
        contributor_insights_summaries "ContributorInsightsSummaries";
        next_token "NextToken";
    }
    ListExportsOutput {
        export_summaries "ExportSummaries";
        next_token "NextToken";
    }
    ListGlobalTablesOutput {
        global_tables "GlobalTables";
        last_evaluated_global_table_name "LastEvaluatedGlobalTableName";
    }
    ListImportsOutput {
        import_summary_list "ImportSummaryList";
        next_token "NextToken";
    }
    ListStreamsOutput {
        last_evaluated_stream_arn "LastEvaluatedStreamArn";
        streams "Streams";
    }
    ListTablesOutput {
        last_evaluated_table_name "LastEvaluatedTableName";
        table_names "TableNames";
    }
    ListTagsOfResourceOutput {
        next_token "NextToken";
        tags "Tags";
    }
    LocalSecondaryIndexDescription {
        index_arn "IndexArn";
        index_name "IndexName";
        index_size_bytes "IndexSizeBytes";
        item_count "ItemCount";
        key_schema "KeySchema";
        projection "Projection";
    }
    LocalSecondaryIndexInfo {
        index_name "IndexName";
        key_schema "KeySchema";
        projection "Projection";
    }
    OnDemandThroughput {
        max_read_request_units "MaxReadRequestUnits";
        max_write_request_units "MaxWriteRequestUnits";
    }
    OnDemandThroughputOverride {
        max_read_request_units "MaxReadRequestUnits";
    }
    OutputS3Configuration {
        output_type "OutputType";
        s3_bucket "S3Bucket";
        s3_bucket_owner "S3BucketOwner";
        s3_key_prefix "S3KeyPrefix";
        s3_sse_algorithm "S3SseAlgorithm";
        s3_sse_kms_key_id "S3SseKmsKeyId";
    }
    PointInTimeRecoveryDescription {
        earliest_restorable_date_time "EarliestRestorableDateTime";
        latest_restorable_date_time "LatestRestorableDateTime";
        point_in_time_recovery_status "PointInTimeRecoveryStatus";
        recovery_period_in_days "RecoveryPeriodInDays";
    }
    Projection {
        non_key_attributes "NonKeyAttributes";
        projection_type "ProjectionType";
    }
    ProvisionedThroughput {
        read_capacity_units "ReadCapacityUnits";
        write_capacity_units "WriteCapacityUnits";
    }
    ProvisionedThroughputDescription {
        last_decrease_date_time "LastDecreaseDateTime";
        last_increase_date_time "LastIncreaseDateTime";
        number_of_decreases_today "NumberOfDecreasesToday";
        read_capacity_units "ReadCapacityUnits";
        write_capacity_units "WriteCapacityUnits";
    }
    ProvisionedThroughputOverride {
        read_capacity_units "ReadCapacityUnits";
    }
    Put {
        condition_expression "ConditionExpression";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        item "Item";
        return_values_on_condition_check_failure "ReturnValuesOnConditionCheckFailure";
        table_name "TableName";
    }
    PutItemInput {
        condition_expression "ConditionExpression";
        conditional_operator "ConditionalOperator";
        expected "Expected";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        item "Item";
        return_consumed_capacity "ReturnConsumedCapacity";
        return_item_collection_metrics "ReturnItemCollectionMetrics";
        return_values "ReturnValues";
        return_values_on_condition_check_failure "ReturnValuesOnConditionCheckFailure";
        table_name "TableName";
    }
    PutItemOutput {
        attributes "Attributes";
        consumed_capacity "ConsumedCapacity";
        item_collection_metrics "ItemCollectionMetrics";
    }
    PutRequest {
        item "Item";
    }
    PutResourcePolicyOutput {
        revision_id "RevisionId";
    }
    QueryInput {
        attributes_to_get "AttributesToGet";
        conditional_operator "ConditionalOperator";
        consistent_read "ConsistentRead";
        exclusive_start_key "ExclusiveStartKey";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        filter_expression "FilterExpression";
        index_name "IndexName";
        key_condition_expression "KeyConditionExpression";
        key_conditions "KeyConditions";
        limit "Limit";
        projection_expression "ProjectionExpression";
        query_filter "QueryFilter";
        return_consumed_capacity "ReturnConsumedCapacity";
        scan_index_forward "ScanIndexForward";
        select "Select";
        table_name "TableName";
    }
    QueryOutput {
        consumed_capacity "ConsumedCapacity";
        count "Count";
        items "Items";
        last_evaluated_key "LastEvaluatedKey";
        scanned_count "ScannedCount";
    }
    Record {
        aws_region "awsRegion";
        dynamodb "dynamodb";
        event_id "eventID";
        event_name "eventName";
        event_source "eventSource";
        event_version "eventVersion";
        user_identity "userIdentity";
    }
    Replica {
        region_name "RegionName";
    }
    ReplicaAutoScalingDescription {
        global_secondary_indexes "GlobalSecondaryIndexes";
        region_name "RegionName";
        replica_provisioned_read_capacity_auto_scaling_settings "ReplicaProvisionedReadCapacityAutoScalingSettings";
        replica_provisioned_write_capacity_auto_scaling_settings "ReplicaProvisionedWriteCapacityAutoScalingSettings";
        replica_status "ReplicaStatus";
    }
    ReplicaDescription {
        global_secondary_indexes "GlobalSecondaryIndexes";
        global_table_settings_replication_mode "GlobalTableSettingsReplicationMode";
        kms_master_key_id "KMSMasterKeyId";
        on_demand_throughput_override "OnDemandThroughputOverride";
        provisioned_throughput_override "ProvisionedThroughputOverride";
        region_name "RegionName";
        replica_arn "ReplicaArn";
        replica_inaccessible_date_time "ReplicaInaccessibleDateTime";
        replica_status "ReplicaStatus";
        replica_status_description "ReplicaStatusDescription";
        replica_status_percent_progress "ReplicaStatusPercentProgress";
        replica_table_class_summary "ReplicaTableClassSummary";
        warm_throughput "WarmThroughput";
    }
    ReplicaGlobalSecondaryIndexAutoScalingDescription {
        index_name "IndexName";
        index_status "IndexStatus";
        provisioned_read_capacity_auto_scaling_settings "ProvisionedReadCapacityAutoScalingSettings";
        provisioned_write_capacity_auto_scaling_settings "ProvisionedWriteCapacityAutoScalingSettings";
    }
    ReplicaGlobalSecondaryIndexDescription {
        index_name "IndexName";
        on_demand_throughput_override "OnDemandThroughputOverride";
        provisioned_throughput_override "ProvisionedThroughputOverride";
        warm_throughput "WarmThroughput";
    }
    ReplicaGlobalSecondaryIndexSettingsDescription {
        index_name "IndexName";
        index_status "IndexStatus";
        provisioned_read_capacity_auto_scaling_settings "ProvisionedReadCapacityAutoScalingSettings";
        provisioned_read_capacity_units "ProvisionedReadCapacityUnits";
        provisioned_write_capacity_auto_scaling_settings "ProvisionedWriteCapacityAutoScalingSettings";
        provisioned_write_capacity_units "ProvisionedWriteCapacityUnits";
    }
    ReplicaSettingsDescription {
        region_name "RegionName";
        replica_billing_mode_summary "ReplicaBillingModeSummary";
        replica_global_secondary_index_settings "ReplicaGlobalSecondaryIndexSettings";
        replica_provisioned_read_capacity_auto_scaling_settings "ReplicaProvisionedReadCapacityAutoScalingSettings";
        replica_provisioned_read_capacity_units "ReplicaProvisionedReadCapacityUnits";
        replica_provisioned_write_capacity_auto_scaling_settings "ReplicaProvisionedWriteCapacityAutoScalingSettings";
        replica_provisioned_write_capacity_units "ReplicaProvisionedWriteCapacityUnits";
        replica_status "ReplicaStatus";
        replica_table_class_summary "ReplicaTableClassSummary";
    }
    RestoreSummary {
        restore_date_time "RestoreDateTime";
        restore_in_progress "RestoreInProgress";
        source_backup_arn "SourceBackupArn";
        source_table_arn "SourceTableArn";
    }
    RestoreTableFromBackupOutput {
        table_description "TableDescription";
    }
    RestoreTableToPointInTimeOutput {
        table_description "TableDescription";
    }
    S3BucketSource {
        s3_bucket "S3Bucket";
        s3_bucket_owner "S3BucketOwner";
        s3_key_prefix "S3KeyPrefix";
    }
    SSEDescription {
        inaccessible_encryption_date_time "InaccessibleEncryptionDateTime";
        kms_master_key_arn "KMSMasterKeyArn";
        sse_type "SSEType";
        status "Status";
    }
    SSESpecification {
        enabled "Enabled";
        kms_master_key_id "KMSMasterKeyId";
        sse_type "SSEType";
    }
    ScanInput {
        attributes_to_get "AttributesToGet";
        conditional_operator "ConditionalOperator";
        consistent_read "ConsistentRead";
        exclusive_start_key "ExclusiveStartKey";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        filter_expression "FilterExpression";
        index_name "IndexName";
        limit "Limit";
        projection_expression "ProjectionExpression";
        return_consumed_capacity "ReturnConsumedCapacity";
        scan_filter "ScanFilter";
        segment "Segment";
        select "Select";
        table_name "TableName";
        total_segments "TotalSegments";
    }
    ScanOutput {
        consumed_capacity "ConsumedCapacity";
        count "Count";
        items "Items";
        last_evaluated_key "LastEvaluatedKey";
        scanned_count "ScannedCount";
    }
    SearchResultItem {
        item "Item";
        score "Score";
    }
    SearchSchemaElement {
        attribute_name "AttributeName";
        search_schema_element_type "SearchSchemaElementType";
    }
    SearchVectorsOutput {
        consumed_capacity "ConsumedCapacity";
        search_results "SearchResults";
    }
    SequenceNumberRange {
        ending_sequence_number "EndingSequenceNumber";
        starting_sequence_number "StartingSequenceNumber";
    }
    Shard {
        parent_shard_id "ParentShardId";
        sequence_number_range "SequenceNumberRange";
        shard_id "ShardId";
    }
    SourceTableDetails {
        billing_mode "BillingMode";
        item_count "ItemCount";
        key_schema "KeySchema";
        on_demand_throughput "OnDemandThroughput";
        provisioned_throughput "ProvisionedThroughput";
        table_arn "TableArn";
        table_creation_date_time "TableCreationDateTime";
        table_id "TableId";
        table_name "TableName";
        table_size_bytes "TableSizeBytes";
    }
    SourceTableFeatureDetails {
        global_secondary_indexes "GlobalSecondaryIndexes";
        local_secondary_indexes "LocalSecondaryIndexes";
        sse_description "SSEDescription";
        stream_description "StreamDescription";
        time_to_live_description "TimeToLiveDescription";
        vector_indexes "VectorIndexes";
    }
    StartBulkPutItemsOutput {
        bulk_operation_description "BulkOperationDescription";
    }
    Stream {
        stream_arn "StreamArn";
        stream_label "StreamLabel";
        table_name "TableName";
    }
    StreamDescription {
        creation_request_date_time "CreationRequestDateTime";
        key_schema "KeySchema";
        last_evaluated_shard_id "LastEvaluatedShardId";
        shards "Shards";
        stream_arn "StreamArn";
        stream_label "StreamLabel";
        stream_status "StreamStatus";
        stream_view_type "StreamViewType";
        table_name "TableName";
    }
    StreamRecord {
        approximate_creation_date_time "ApproximateCreationDateTime";
        keys "Keys";
        new_image "NewImage";
        old_image "OldImage";
        sequence_number "SequenceNumber";
        size_bytes "SizeBytes";
        stream_view_type "StreamViewType";
    }
    StreamSpecification {
        stream_enabled "StreamEnabled";
        stream_view_type "StreamViewType";
    }
    TableAutoScalingDescription {
        replicas "Replicas";
        table_name "TableName";
        table_status "TableStatus";
    }
    TableClassSummary {
        last_update_date_time "LastUpdateDateTime";
        table_class "TableClass";
    }
    TableCreationParameters {
        attribute_definitions "AttributeDefinitions";
        billing_mode "BillingMode";
        global_secondary_indexes "GlobalSecondaryIndexes";
        key_schema "KeySchema";
        on_demand_throughput "OnDemandThroughput";
        provisioned_throughput "ProvisionedThroughput";
        sse_specification "SSESpecification";
        table_name "TableName";
        vector_indexes "VectorIndexes";
    }
    TableDescription {
        archival_summary "ArchivalSummary";
        attribute_definitions "AttributeDefinitions";
        billing_mode_summary "BillingModeSummary";
        creation_date_time "CreationDateTime";
        deletion_protection_enabled "DeletionProtectionEnabled";
        disassociation_protection_enabled "DisassociationProtectionEnabled";
        global_secondary_indexes "GlobalSecondaryIndexes";
        global_table_settings_replication_mode "GlobalTableSettingsReplicationMode";
        global_table_version "GlobalTableVersion";
        global_table_witnesses "GlobalTableWitnesses";
        item_count "ItemCount";
        key_schema "KeySchema";
        latest_stream_arn "LatestStreamArn";
        latest_stream_label "LatestStreamLabel";
        local_secondary_indexes "LocalSecondaryIndexes";
        multi_region_consistency "MultiRegionConsistency";
        on_demand_throughput "OnDemandThroughput";
        provisioned_throughput "ProvisionedThroughput";
        replicas "Replicas";
        restore_summary "RestoreSummary";
        sse_description "SSEDescription";
        stream_specification "StreamSpecification";
        table_arn "TableArn";
        table_class_summary "TableClassSummary";
        table_id "TableId";
        table_name "TableName";
        table_size_bytes "TableSizeBytes";
        table_status "TableStatus";
        vector_indexes "VectorIndexes";
        warm_throughput "WarmThroughput";
    }
    TableWarmThroughputDescription {
        read_units_per_second "ReadUnitsPerSecond";
        status "Status";
        write_units_per_second "WriteUnitsPerSecond";
    }
    Tag {
        key "Key";
        value "Value";
    }
    ThrottlingReason {
        reason "reason";
        resource "resource";
    }
    TimeToLiveDescription {
        attribute_name "AttributeName";
        time_to_live_status "TimeToLiveStatus";
    }
    TimeToLiveSpecification {
        attribute_name "AttributeName";
        enabled "Enabled";
    }
    TransactGetItem {
        get "Get";
    }
    TransactGetItemsInput {
        return_consumed_capacity "ReturnConsumedCapacity";
        transact_items "TransactItems";
    }
    TransactGetItemsOutput {
        consumed_capacity "ConsumedCapacity";
        responses "Responses";
    }
    TransactWriteItem {
        condition_check "ConditionCheck";
        delete "Delete";
        put "Put";
        update "Update";
    }
    TransactWriteItemsInput {
        client_request_token "ClientRequestToken";
        return_consumed_capacity "ReturnConsumedCapacity";
        return_item_collection_metrics "ReturnItemCollectionMetrics";
        transact_items "TransactItems";
    }
    TransactWriteItemsOutput {
        consumed_capacity "ConsumedCapacity";
        item_collection_metrics "ItemCollectionMetrics";
    }
    Update {
        condition_expression "ConditionExpression";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        key "Key";
        return_values_on_condition_check_failure "ReturnValuesOnConditionCheckFailure";
        table_name "TableName";
        update_expression "UpdateExpression";
    }
    UpdateContinuousBackupsOutput {
        continuous_backups_description "ContinuousBackupsDescription";
    }
    UpdateContributorInsightsOutput {
        contributor_insights_mode "ContributorInsightsMode";
        contributor_insights_status "ContributorInsightsStatus";
        index_name "IndexName";
        table_name "TableName";
    }
    UpdateGlobalTableOutput {
        global_table_description "GlobalTableDescription";
    }
    UpdateGlobalTableSettingsOutput {
        global_table_name "GlobalTableName";
        replica_settings "ReplicaSettings";
    }
    UpdateItemInput {
        attribute_updates "AttributeUpdates";
        condition_expression "ConditionExpression";
        conditional_operator "ConditionalOperator";
        expected "Expected";
        expression_attribute_names "ExpressionAttributeNames";
        expression_attribute_values "ExpressionAttributeValues";
        key "Key";
        return_consumed_capacity "ReturnConsumedCapacity";
        return_item_collection_metrics "ReturnItemCollectionMetrics";
        return_values "ReturnValues";
        return_values_on_condition_check_failure "ReturnValuesOnConditionCheckFailure";
        table_name "TableName";
        update_expression "UpdateExpression";
    }
    UpdateItemOutput {
        attributes "Attributes";
        consumed_capacity "ConsumedCapacity";
        item_collection_metrics "ItemCollectionMetrics";
    }
    UpdateKinesisStreamingConfiguration {
        approximate_creation_date_time_precision "ApproximateCreationDateTimePrecision";
    }
    UpdateKinesisStreamingDestinationOutput {
        destination_status "DestinationStatus";
        stream_arn "StreamArn";
        table_name "TableName";
        update_kinesis_streaming_configuration "UpdateKinesisStreamingConfiguration";
    }
    UpdateTableOutput {
        table_description "TableDescription";
    }
    UpdateTableReplicaAutoScalingOutput {
        table_auto_scaling_description "TableAutoScalingDescription";
    }
    UpdateTimeToLiveOutput {
        time_to_live_specification "TimeToLiveSpecification";
    }
    VectorAttributeDefinition {
        attribute_name "AttributeName";
    }
    VectorCapacity {
        vector_search_request_bytes "VectorSearchRequestBytes";
        vector_write_request_bytes "VectorWriteRequestBytes";
    }
    VectorIndex {
        dimensions "Dimensions";
        distance_function "DistanceFunction";
        index_name "IndexName";
        projection "Projection";
        search_schema "SearchSchema";
        vector_attribute "VectorAttribute";
    }
    VectorIndexDescription {
        backfilling "Backfilling";
        dimensions "Dimensions";
        distance_function "DistanceFunction";
        index_arn "IndexArn";
        index_name "IndexName";
        index_size_bytes "IndexSizeBytes";
        index_status "IndexStatus";
        item_count "ItemCount";
        projection "Projection";
        search_schema "SearchSchema";
        vector_attribute "VectorAttribute";
    }
    VectorIndexInfo {
        dimensions "Dimensions";
        distance_function "DistanceFunction";
        index_name "IndexName";
        projection "Projection";
        search_schema "SearchSchema";
        vector_attribute "VectorAttribute";
    }
    WarmThroughput {
        read_units_per_second "ReadUnitsPerSecond";
        write_units_per_second "WriteUnitsPerSecond";
    }
    WriteRequest {
        delete_request "DeleteRequest";
        put_request "PutRequest";
    }
}
