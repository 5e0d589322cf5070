//! Enumerations of the API.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

crate::enumeration::enumerations! {
    ApproximateCreationDateTimePrecision {
        Millisecond = "MILLISECOND";
        Microsecond = "MICROSECOND";
    }
    AttributeAction {
        Add = "ADD";
        Put = "PUT";
        Delete = "DELETE";
    }
    BackupStatus {
        Creating = "CREATING";
        Deleted = "DELETED";
        Available = "AVAILABLE";
    }
    BackupType {
        User = "USER";
        System = "SYSTEM";
        AwsBackup = "AWS_BACKUP";
    }
    BackupTypeFilter {
        User = "USER";
        System = "SYSTEM";
        AwsBackup = "AWS_BACKUP";
        All = "ALL";
    }
    BatchStatementErrorCodeEnum {
        ConditionalCheckFailed = "ConditionalCheckFailed";
        ItemCollectionSizeLimitExceeded = "ItemCollectionSizeLimitExceeded";
        RequestLimitExceeded = "RequestLimitExceeded";
        ValidationError = "ValidationError";
        ProvisionedThroughputExceeded = "ProvisionedThroughputExceeded";
        TransactionConflict = "TransactionConflict";
        ThrottlingError = "ThrottlingError";
        InternalServerError = "InternalServerError";
        ResourceNotFound = "ResourceNotFound";
        AccessDenied = "AccessDenied";
        DuplicateItem = "DuplicateItem";
    }
    BillingMode {
        Provisioned = "PROVISIONED";
        PayPerRequest = "PAY_PER_REQUEST";
    }
    BulkOperationInputFormat {
        DynamodbJson = "DYNAMODB_JSON";
        Ion = "ION";
    }
    BulkOperationPerformanceTier {
        Standard = "STANDARD";
        Accelerated = "ACCELERATED";
    }
    BulkOperationStatus {
        InProgress = "IN_PROGRESS";
        Completed = "COMPLETED";
        CompletedWithErrors = "COMPLETED_WITH_ERRORS";
        Cancelling = "CANCELLING";
        Cancelled = "CANCELLED";
        Failed = "FAILED";
    }
    ComparisonOperator {
        Eq = "EQ";
        Ne = "NE";
        In = "IN";
        Le = "LE";
        Lt = "LT";
        Ge = "GE";
        Gt = "GT";
        Between = "BETWEEN";
        NotNull = "NOT_NULL";
        Null = "NULL";
        Contains = "CONTAINS";
        NotContains = "NOT_CONTAINS";
        BeginsWith = "BEGINS_WITH";
    }
    ConditionalOperator {
        And = "AND";
        Or = "OR";
    }
    ContinuousBackupsStatus {
        Enabled = "ENABLED";
        Disabled = "DISABLED";
    }
    ContributorInsightsAction {
        Enable = "ENABLE";
        Disable = "DISABLE";
    }
    ContributorInsightsMode {
        AccessedAndThrottledKeys = "ACCESSED_AND_THROTTLED_KEYS";
        ThrottledKeys = "THROTTLED_KEYS";
    }
    ContributorInsightsStatus {
        Enabling = "ENABLING";
        Enabled = "ENABLED";
        Disabling = "DISABLING";
        Disabled = "DISABLED";
        Failed = "FAILED";
    }
    DestinationStatus {
        Enabling = "ENABLING";
        Active = "ACTIVE";
        Disabling = "DISABLING";
        Disabled = "DISABLED";
        EnableFailed = "ENABLE_FAILED";
        Updating = "UPDATING";
    }
    DisassociationMode {
        WaitForReplication = "WAIT_FOR_REPLICATION";
    }
    ExportFormat {
        DynamodbJson = "DYNAMODB_JSON";
        Ion = "ION";
    }
    ExportStatus {
        InProgress = "IN_PROGRESS";
        Completed = "COMPLETED";
        Failed = "FAILED";
    }
    ExportType {
        FullExport = "FULL_EXPORT";
        IncrementalExport = "INCREMENTAL_EXPORT";
    }
    ExportViewType {
        NewImage = "NEW_IMAGE";
        NewAndOldImages = "NEW_AND_OLD_IMAGES";
    }
    GlobalTableSettingsReplicationMode {
        Enabled = "ENABLED";
        Disabled = "DISABLED";
        EnabledWithOverrides = "ENABLED_WITH_OVERRIDES";
    }
    GlobalTableStatus {
        Creating = "CREATING";
        Active = "ACTIVE";
        Deleting = "DELETING";
        Updating = "UPDATING";
    }
    ImportStatus {
        InProgress = "IN_PROGRESS";
        Completed = "COMPLETED";
        Cancelling = "CANCELLING";
        Cancelled = "CANCELLED";
        Failed = "FAILED";
    }
    IndexStatus {
        Creating = "CREATING";
        Updating = "UPDATING";
        Deleting = "DELETING";
        Active = "ACTIVE";
    }
    InputCompressionType {
        Gzip = "GZIP";
        Zstd = "ZSTD";
        None = "NONE";
    }
    InputFormat {
        DynamodbJson = "DYNAMODB_JSON";
        Ion = "ION";
        Csv = "CSV";
    }
    KeyType {
        Hash = "HASH";
        Range = "RANGE";
    }
    MultiRegionConsistency {
        Eventual = "EVENTUAL";
        Strong = "STRONG";
    }
    OperationType {
        Insert = "INSERT";
        Modify = "MODIFY";
        Remove = "REMOVE";
    }
    OutputTypeEnum {
        Error = "ERROR";
        ConditionCheckFailure = "CONDITION_CHECK_FAILURE";
    }
    PointInTimeRecoveryStatus {
        Enabled = "ENABLED";
        Disabled = "DISABLED";
    }
    ProjectionType {
        All = "ALL";
        KeysOnly = "KEYS_ONLY";
        Include = "INCLUDE";
    }
    ReplicaStatus {
        Creating = "CREATING";
        CreationFailed = "CREATION_FAILED";
        Updating = "UPDATING";
        Deleting = "DELETING";
        Active = "ACTIVE";
        RegionDisabled = "REGION_DISABLED";
        InaccessibleEncryptionCredentials = "INACCESSIBLE_ENCRYPTION_CREDENTIALS";
        Archiving = "ARCHIVING";
        Archived = "ARCHIVED";
        ReplicationNotAuthorized = "REPLICATION_NOT_AUTHORIZED";
    }
    ReturnConsumedCapacity {
        Indexes = "INDEXES";
        Total = "TOTAL";
        None = "NONE";
    }
    ReturnItemCollectionMetrics {
        Size = "SIZE";
        None = "NONE";
    }
    ReturnValue {
        None = "NONE";
        AllOld = "ALL_OLD";
        UpdatedOld = "UPDATED_OLD";
        AllNew = "ALL_NEW";
        UpdatedNew = "UPDATED_NEW";
    }
    ReturnValuesOnConditionCheckFailure {
        AllOld = "ALL_OLD";
        None = "NONE";
    }
    S3SseAlgorithm {
        Aes256 = "AES256";
        Kms = "KMS";
    }
    SSEStatus {
        Enabling = "ENABLING";
        Enabled = "ENABLED";
        Disabling = "DISABLING";
        Disabled = "DISABLED";
        Updating = "UPDATING";
    }
    SSEType {
        Aes256 = "AES256";
        Kms = "KMS";
    }
    ScalarAttributeType {
        S = "S";
        N = "N";
        B = "B";
    }
    SearchSchemaElementType {
        Hash = "HASH";
        InlineFilter = "INLINE_FILTER";
    }
    Select {
        AllAttributes = "ALL_ATTRIBUTES";
        AllProjectedAttributes = "ALL_PROJECTED_ATTRIBUTES";
        SpecificAttributes = "SPECIFIC_ATTRIBUTES";
        Count = "COUNT";
    }
    ShardFilterType {
        ChildShards = "CHILD_SHARDS";
    }
    ShardIteratorType {
        TrimHorizon = "TRIM_HORIZON";
        Latest = "LATEST";
        AtSequenceNumber = "AT_SEQUENCE_NUMBER";
        AfterSequenceNumber = "AFTER_SEQUENCE_NUMBER";
        AtTimestamp = "AT_TIMESTAMP";
    }
    StreamStatus {
        Enabling = "ENABLING";
        Enabled = "ENABLED";
        Disabling = "DISABLING";
        Disabled = "DISABLED";
    }
    StreamViewType {
        NewImage = "NEW_IMAGE";
        OldImage = "OLD_IMAGE";
        NewAndOldImages = "NEW_AND_OLD_IMAGES";
        KeysOnly = "KEYS_ONLY";
    }
    TableClass {
        Standard = "STANDARD";
        StandardInfrequentAccess = "STANDARD_INFREQUENT_ACCESS";
    }
    TableStatus {
        Creating = "CREATING";
        Updating = "UPDATING";
        Deleting = "DELETING";
        Active = "ACTIVE";
        InaccessibleEncryptionCredentials = "INACCESSIBLE_ENCRYPTION_CREDENTIALS";
        Archiving = "ARCHIVING";
        Archived = "ARCHIVED";
        ReplicationNotAuthorized = "REPLICATION_NOT_AUTHORIZED";
    }
    TimeToLiveStatus {
        Enabling = "ENABLING";
        Disabling = "DISABLING";
        Enabled = "ENABLED";
        Disabled = "DISABLED";
    }
    VectorDistanceFunction {
        Cosine = "COSINE";
        DotProduct = "DOT_PRODUCT";
        Euclidean = "EUCLIDEAN";
    }
    WitnessStatus {
        Creating = "CREATING";
        Deleting = "DELETING";
        Active = "ACTIVE";
    }
}
