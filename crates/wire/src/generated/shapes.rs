//! What the shapes of requests must satisfy.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use crate::constraint::{Shape, pattern};

pub(crate) static APPROXIMATE_CREATION_DATE_TIME_PRECISION: Shape = Shape::words("[MILLISECOND, MICROSECOND]");

pub(crate) static ATTRIBUTE_ACTION: Shape = Shape::words("[ADD, PUT, DELETE]");

pub(crate) static ATTRIBUTE_NAME: Shape = Shape::TEXT.at_most(65535);

pub(crate) static ATTRIBUTE_NAME_LIST: Shape = Shape::list(&ATTRIBUTE_NAME).at_least(1);

pub(crate) static ATTRIBUTE_UPDATES: Shape = Shape::map(&ATTRIBUTE_NAME, &Shape::FREE);

pub(crate) static AUTO_SCALING_POLICY_NAME: Shape =
    Shape::TEXT.at_least(1).at_most(256).matching("\\p{Print}+", pattern::auto_scaling_policy_name);

pub(crate) static AUTO_SCALING_ROLE_ARN: Shape = Shape::TEXT.at_least(1).at_most(1600).matching(
    "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*",
    pattern::auto_scaling_role_arn,
);

pub(crate) static BACKUP_ARN: Shape = Shape::TEXT.at_least(37).at_most(1024);

pub(crate) static BACKUP_NAME: Shape =
    Shape::TEXT.at_least(3).at_most(255).matching("[a-zA-Z0-9_.-]+", pattern::backup_name);

pub(crate) static BACKUP_TYPE_FILTER: Shape = Shape::words("[USER, SYSTEM, AWS_BACKUP, ALL]");

pub(crate) static BACKUPS_INPUT_LIMIT: Shape = Shape::NUMBER.at_least(1).at_most(100);

pub(crate) static BATCH_GET_REQUEST_MAP: Shape = Shape::map(&TABLE_ARN, &Shape::FREE).at_least(1).at_most(100);

pub(crate) static BATCH_WRITE_ITEM_REQUEST_MAP: Shape = Shape::map(&TABLE_ARN, &WRITE_REQUESTS).at_least(1).at_most(25);

pub(crate) static BILLING_MODE: Shape = Shape::words("[PROVISIONED, PAY_PER_REQUEST]");

pub(crate) static BULK_OPERATION_ARN: Shape = Shape::TEXT.at_least(37).at_most(1024);

pub(crate) static BULK_OPERATION_INPUT_FORMAT: Shape = Shape::words("[DYNAMODB_JSON, ION]");

pub(crate) static BULK_OPERATION_MAX_WRITE_REQUEST_UNITS: Shape = Shape::NUMBER.at_least(1024);

pub(crate) static BULK_OPERATION_NEXT_TOKEN: Shape =
    Shape::TEXT.at_least(1).at_most(1024).matching("([0-9a-f]{16})+", pattern::bulk_operation_next_token);

pub(crate) static BULK_OPERATION_PERFORMANCE_TIER: Shape = Shape::words("[STANDARD, ACCELERATED]");

pub(crate) static CLIENT_REQUEST_TOKEN: Shape = Shape::TEXT.at_least(1).at_most(36);

pub(crate) static CLIENT_TOKEN: Shape = Shape::TEXT.matching("^[^\\$]+$", pattern::client_token);

pub(crate) static COMPARISON_OPERATOR: Shape =
    Shape::words("[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]");

pub(crate) static CONDITIONAL_OPERATOR: Shape = Shape::words("[OR, AND]");

pub(crate) static CONTRIBUTOR_INSIGHTS_ACTION: Shape = Shape::words("[ENABLE, DISABLE]");

pub(crate) static CONTRIBUTOR_INSIGHTS_MODE: Shape = Shape::words("[ACCESSED_AND_THROTTLED_KEYS, THROTTLED_KEYS]");

pub(crate) static CSV_DELIMITER: Shape =
    Shape::TEXT.at_least(1).at_most(1).matching("[,;:|\\t ]", pattern::csv_delimiter);

pub(crate) static CSV_HEADER: Shape =
    Shape::TEXT.at_least(1).at_most(65536).matching("[\\x20-\\x21\\x23-\\x2B\\x2D-\\x7E]*", pattern::csv_header);

pub(crate) static CSV_HEADER_LIST: Shape = Shape::list(&CSV_HEADER).at_least(1).at_most(255);

pub(crate) static DISASSOCIATION_MODE: Shape = Shape::words("[WAIT_FOR_REPLICATION]");

pub(crate) static EXPECTED_ATTRIBUTE_MAP: Shape = Shape::map(&ATTRIBUTE_NAME, &Shape::FREE);

pub(crate) static EXPORT_ARN: Shape = Shape::TEXT.at_least(37).at_most(1024);

pub(crate) static EXPORT_FORMAT: Shape = Shape::words("[DYNAMODB_JSON, ION]");

pub(crate) static EXPORT_TYPE: Shape = Shape::words("[FULL_EXPORT, INCREMENTAL_EXPORT]");

pub(crate) static EXPORT_VIEW_TYPE: Shape = Shape::words("[NEW_IMAGE, NEW_AND_OLD_IMAGES]");

pub(crate) static EXPRESSION_ATTRIBUTE_NAME_MAP: Shape = Shape::map(&Shape::FREE, &ATTRIBUTE_NAME);

pub(crate) static FILTER_CONDITION_MAP: Shape = Shape::map(&ATTRIBUTE_NAME, &Shape::FREE);

pub(crate) static GLOBAL_SECONDARY_INDEX_AUTO_SCALING_UPDATE_LIST: Shape = Shape::list(&Shape::FREE).at_least(1);

pub(crate) static GLOBAL_TABLE_GLOBAL_SECONDARY_INDEX_SETTINGS_UPDATE_LIST: Shape =
    Shape::list(&Shape::FREE).at_least(1).at_most(20);

pub(crate) static GLOBAL_TABLE_SETTINGS_REPLICATION_MODE: Shape =
    Shape::words("[ENABLED, DISABLED, ENABLED_WITH_OVERRIDES]");

pub(crate) static GLOBAL_TABLE_WITNESS_GROUP_UPDATE_LIST: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(1);

pub(crate) static IMPORT_ARN: Shape = Shape::TEXT.at_least(37).at_most(1024);

pub(crate) static IMPORT_NEXT_TOKEN: Shape =
    Shape::TEXT.at_least(112).at_most(1024).matching("([0-9a-f]{16})+", pattern::import_next_token);

pub(crate) static INDEX_NAME: Shape =
    Shape::TEXT.at_least(3).at_most(255).matching("[a-zA-Z0-9_.-]+", pattern::index_name);

pub(crate) static INPUT_COMPRESSION_TYPE: Shape = Shape::words("[GZIP, ZSTD, NONE]");

pub(crate) static INPUT_FORMAT: Shape = Shape::words("[DYNAMODB_JSON, ION, CSV]");

pub(crate) static KEY: Shape = Shape::map(&ATTRIBUTE_NAME, &Shape::FREE);

pub(crate) static KEY_CONDITIONS: Shape = Shape::map(&ATTRIBUTE_NAME, &Shape::FREE);

pub(crate) static KEY_LIST: Shape = Shape::list(&KEY).at_least(1).at_most(100);

pub(crate) static KEY_SCHEMA: Shape = Shape::list(&Shape::FREE).at_least(1);

pub(crate) static KEY_SCHEMA_ATTRIBUTE_NAME: Shape = Shape::TEXT.at_least(1).at_most(255);

pub(crate) static KEY_TYPE: Shape = Shape::words("[HASH, RANGE]");

pub(crate) static LIST_BULK_OPERATIONS_MAX_LIMIT: Shape = Shape::NUMBER.at_least(1).at_most(25);

pub(crate) static LIST_CONTRIBUTOR_INSIGHTS_LIMIT: Shape = Shape::NUMBER.at_most(100);

pub(crate) static LIST_EXPORTS_MAX_LIMIT: Shape = Shape::NUMBER.at_least(1).at_most(25);

pub(crate) static LIST_IMPORTS_MAX_LIMIT: Shape = Shape::NUMBER.at_least(1).at_most(25);

pub(crate) static LIST_TABLES_INPUT_LIMIT: Shape = Shape::NUMBER.at_least(1).at_most(100);

pub(crate) static MAP_ATTRIBUTE_VALUE: Shape = Shape::map(&ATTRIBUTE_NAME, &Shape::FREE);

pub(crate) static MULTI_REGION_CONSISTENCY: Shape = Shape::words("[EVENTUAL, STRONG]");

pub(crate) static NON_KEY_ATTRIBUTE_NAME: Shape = Shape::TEXT.at_least(1).at_most(255);

pub(crate) static NON_KEY_ATTRIBUTE_NAME_LIST: Shape = Shape::list(&NON_KEY_ATTRIBUTE_NAME).at_least(1).at_most(20);

pub(crate) static OUTPUT_TYPE_ENUM: Shape = Shape::words("[ERROR, CONDITION_CHECK_FAILURE]");

pub(crate) static OUTPUT_TYPE_LIST: Shape = Shape::list(&OUTPUT_TYPE_ENUM);

pub(crate) static PARAMETERIZED_STATEMENTS: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(100);

pub(crate) static PARTI_QL_BATCH_REQUEST: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(25);

pub(crate) static PARTI_QL_NEXT_TOKEN: Shape = Shape::TEXT.at_least(1).at_most(32768);

pub(crate) static PARTI_QL_STATEMENT: Shape = Shape::TEXT.at_least(1).at_most(8192);

pub(crate) static POLICY_REVISION_ID: Shape = Shape::TEXT.at_least(1).at_most(255);

pub(crate) static POSITIVE_INTEGER_OBJECT: Shape = Shape::NUMBER.at_least(1);

pub(crate) static POSITIVE_LONG_OBJECT: Shape = Shape::NUMBER.at_least(1);

pub(crate) static PREPARED_STATEMENT_PARAMETERS: Shape = Shape::list(&Shape::FREE).at_least(1);

pub(crate) static PROJECTION_TYPE: Shape = Shape::words("[ALL, INCLUDE, KEYS_ONLY]");

pub(crate) static PUT_ITEM_INPUT_ATTRIBUTE_MAP: Shape = Shape::map(&ATTRIBUTE_NAME, &Shape::FREE);

pub(crate) static RECOVERY_PERIOD_IN_DAYS: Shape = Shape::NUMBER.at_least(1).at_most(35);

pub(crate) static REPLICA_AUTO_SCALING_UPDATE_LIST: Shape = Shape::list(&Shape::FREE).at_least(1);

pub(crate) static REPLICA_GLOBAL_SECONDARY_INDEX_LIST: Shape = Shape::list(&Shape::FREE).at_least(1);

pub(crate) static REPLICA_GLOBAL_SECONDARY_INDEX_SETTINGS_UPDATE_LIST: Shape =
    Shape::list(&Shape::FREE).at_least(1).at_most(20);

pub(crate) static REPLICA_SETTINGS_UPDATE_LIST: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(50);

pub(crate) static REPLICATION_GROUP_UPDATE_LIST: Shape = Shape::list(&Shape::FREE).at_least(1);

pub(crate) static RESOURCE_ARN_STRING: Shape = Shape::TEXT.at_least(1).at_most(1283);

pub(crate) static RETURN_CONSUMED_CAPACITY: Shape = Shape::words("[INDEXES, TOTAL, NONE]");

pub(crate) static RETURN_ITEM_COLLECTION_METRICS: Shape = Shape::words("[SIZE, NONE]");

pub(crate) static RETURN_VALUE: Shape = Shape::words("[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]");

pub(crate) static RETURN_VALUES_ON_CONDITION_CHECK_FAILURE: Shape = Shape::words("[ALL_OLD, NONE]");

pub(crate) static S3_BUCKET: Shape =
    Shape::TEXT.at_most(255).matching("^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$", pattern::s3_bucket);

pub(crate) static S3_BUCKET_OWNER: Shape = Shape::TEXT.matching("[0-9]{12}", pattern::s3_bucket_owner);

pub(crate) static S3_PREFIX: Shape = Shape::TEXT.at_most(1024);

pub(crate) static S3_SSE_ALGORITHM: Shape = Shape::words("[AES256, KMS]");

pub(crate) static S3_SSE_KMS_KEY_ID: Shape = Shape::TEXT.at_least(1).at_most(2048);

pub(crate) static SSE_TYPE: Shape = Shape::words("[AES256, KMS]");

pub(crate) static SCALAR_ATTRIBUTE_TYPE: Shape = Shape::words("[B, N, S]");

pub(crate) static SCAN_SEGMENT: Shape = Shape::NUMBER.at_least(0).at_most(999999);

pub(crate) static SCAN_TOTAL_SEGMENTS: Shape = Shape::NUMBER.at_least(1).at_most(1000000);

pub(crate) static SEARCH_SCHEMA: Shape = Shape::list(&Shape::FREE).at_least(1);

pub(crate) static SEARCH_SCHEMA_ELEMENT_TYPE: Shape = Shape::words("[HASH, INLINE_FILTER]");

pub(crate) static SEARCH_VECTOR_LIST: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(4096);

pub(crate) static SELECT: Shape =
    Shape::words("[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]");

pub(crate) static SEQUENCE_NUMBER: Shape = Shape::TEXT.at_least(21).at_most(40);

pub(crate) static SHARD_FILTER_TYPE: Shape = Shape::words("[CHILD_SHARDS]");

pub(crate) static SHARD_ID: Shape = Shape::TEXT.at_least(28).at_most(65);

pub(crate) static SHARD_ITERATOR: Shape = Shape::TEXT.at_least(1).at_most(2048);

pub(crate) static SHARD_ITERATOR_TYPE: Shape =
    Shape::words("[TRIM_HORIZON, LATEST, AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, AT_TIMESTAMP]");

pub(crate) static STREAM_ARN: Shape = Shape::TEXT.at_least(37).at_most(1024);

pub(crate) static STREAM_VIEW_TYPE: Shape = Shape::words("[NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY]");

pub(crate) static TABLE_ARN: Shape = Shape::NAME_OR_ARN.at_least(1).at_most(1024);

pub(crate) static TABLE_CLASS: Shape = Shape::words("[STANDARD, STANDARD_INFREQUENT_ACCESS]");

pub(crate) static TABLE_NAME: Shape =
    Shape::TEXT.at_least(3).at_most(255).matching("[a-zA-Z0-9_.-]+", pattern::table_name);

pub(crate) static TAG_KEY_LIST: Shape = Shape::list(&TAG_KEY_STRING);

pub(crate) static TAG_KEY_STRING: Shape = Shape::TEXT.at_least(1).at_most(128);

pub(crate) static TAG_VALUE_STRING: Shape = Shape::TEXT.at_least(0).at_most(256);

pub(crate) static TIME_TO_LIVE_ATTRIBUTE_NAME: Shape = Shape::TEXT.at_least(1).at_most(255);

pub(crate) static TOP_K_INTEGER: Shape = Shape::NUMBER.at_least(1);

pub(crate) static TRANSACT_GET_ITEM_LIST: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(100);

pub(crate) static TRANSACT_WRITE_ITEM_LIST: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(100);

pub(crate) static VECTOR_ATTRIBUTE_NAME: Shape = Shape::TEXT.at_least(1).at_most(255);

pub(crate) static VECTOR_DISTANCE_FUNCTION: Shape = Shape::words("[COSINE, DOT_PRODUCT, EUCLIDEAN]");

pub(crate) static WRITE_REQUESTS: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(25);

pub(crate) static CREATE_TABLE_INPUT_KEY_SCHEMA: Shape = Shape::list(&Shape::FREE).at_least(1).at_most(2);
