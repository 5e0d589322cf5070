//! DynamoDB's limits, each once, with its unit and its source. None of them is a setting.
//!
//! "Quotas" is the Developer Guide's page "Service, account, and table quotas in Amazon DynamoDB".

pub const KIB: usize = 1024;
pub const MIB: usize = 1024 * KIB;

/// Significant decimal digits of a number. Source: Developer Guide, "Data types: Number".
pub const NUMBER_DIGITS_MAX: u32 = 38;
/// Power of ten of the leading digit. Source: the same.
pub const NUMBER_MAGNITUDE_MAX: i32 = 125;
/// Power of ten of the leading digit. Source: the same.
pub const NUMBER_MAGNITUDE_MIN: i32 = -130;
// An aligned pair of numbers of equal magnitude fits 128 bits.
const _: () = assert!(10_u128.checked_pow(NUMBER_DIGITS_MAX).is_some());

/// An item, names and values. Unit: bytes. Source: Quotas, "Items".
pub const ITEM_SIZE_MAX: usize = 400 * KIB;
/// Levels of a value, a scalar being one: it may be in 31 lists and maps. Source: Quotas, "Nested attribute depth";
/// captures from eu-west-2 and us-east-1.
pub const NESTING_MAX: usize = 32;

/// A partition key value. Unit: bytes. Source: Quotas, "Partition key length".
pub const HASH_KEY_SIZE_MAX: usize = 2048;
/// A sort key value. Unit: bytes. Source: Quotas, "Sort key length".
pub const RANGE_KEY_SIZE_MAX: usize = 1024;
/// A key attribute's name. Unit: bytes. Source: Quotas, "Attribute name maximums".
pub const KEY_NAME_SIZE_MAX: usize = 255;
/// Any attribute's name. Unit: bytes. Source: Quotas, "Attribute name maximums" (64 KB).
pub const NAME_SIZE_MAX: usize = 65_535;
/// HASH attributes of a multi-attribute global index key; as many RANGE attributes. Source: Developer Guide,
/// "Multi-attribute keys".
pub const INDEX_KEY_ATTRIBUTES_MAX: usize = 4;

/// One expression's text. Unit: bytes. Source: Quotas, "Expression parameters: Lengths".
pub const EXPRESSION_SIZE_MAX: usize = 4 * KIB;
/// An index of a list in a path. Source: observed in us-east-1.
pub const LIST_INDEX_MAX: usize = 4_294_967_294;
/// Operators and functions in an UpdateExpression. Source: Quotas, "Expression operators and operands".
pub const EXPRESSION_OPERATORS_MAX: usize = 300;
/// Operands of IN. Source: Quotas, "Expression operators and operands".
pub const IN_OPERANDS_MAX: usize = 100;
/// One `#name` or `:value` placeholder, with its sigil. Unit: bytes. Source: Quotas, "Expression parameters: Lengths".
pub const PLACEHOLDER_SIZE_MAX: usize = 255;

/// What one Query or Scan page reads, before its filter. Unit: bytes. Source: Quotas, "Query", "Scan".
pub const PAGE_SIZE_MAX: usize = MIB;
// A page always has room for an item, so that every page makes progress.
const _: () = assert!(PAGE_SIZE_MAX >= ITEM_SIZE_MAX);

/// Keys of one BatchGetItem. Source: API Reference, BatchGetItem.
pub const BATCH_GET_KEYS_MAX: usize = 100;
/// Requests of one BatchWriteItem. Source: API Reference, BatchWriteItem.
pub const BATCH_WRITE_REQUESTS_MAX: usize = 25;
/// What one BatchGetItem or BatchWriteItem carries. Unit: bytes. Source: the same two pages.
pub const BATCH_SIZE_MAX: usize = 16 * MIB;
/// Items of one transaction together. Unit: bytes. Source: API Reference, TransactWriteItems.
pub const TRANSACTION_SIZE_MAX: usize = 4 * MIB;
/// How long a ClientRequestToken is remembered. Unit: milliseconds. Source: the same.
pub const TRANSACTION_TOKEN_MS: u64 = 10 * 60 * 1000;

/// A table's or an index's name. Unit: characters. Source: model, TableName, IndexName.
pub const TABLE_NAME_SIZE_MIN: usize = 3;
pub const TABLE_NAME_SIZE_MAX: usize = 255;
/// Tables of an account in a region. Source: Quotas, "Table limits" (the default, which AWS raises on request).
pub const TABLES_MAX: usize = 2500;
/// Tags of a table. Source: Developer Guide, "Tagging restrictions".
pub const TAGS_MAX: usize = 50;
/// A tag's key and value. Unit: UTF-16 units. Source: model, TagKeyString, TagValueString.
pub const TAG_KEY_SIZE_MAX: usize = 128;
pub const TAG_VALUE_SIZE_MAX: usize = 256;
/// Tags of one answer of ListTagsOfResource. Source: observed; the API Reference names no number.
pub const TAGS_PAGE_MAX: usize = 10;
/// Streams or shards of one answer of ListStreams and DescribeStream. Source: API Reference, Limit.
pub const STREAMS_PAGE_MAX: usize = 100;
/// Records of one answer of GetRecords. Source: API Reference, Limit.
pub const STREAM_RECORDS_MAX: usize = 1000;
/// Records of one answer of GetRecords together. Unit: bytes. Source: API Reference, GetRecords.
pub const STREAM_RECORDS_SIZE_MAX: usize = MIB;
/// How long records, and streams that were disabled, can be read. Unit: milliseconds. Source: Developer Guide, "Change
/// data capture for DynamoDB Streams".
pub const STREAM_RETENTION_MS: u64 = 24 * 60 * 60 * 1000;
/// How long a shard iterator can be used. Unit: milliseconds. Source: API Reference, GetShardIterator.
pub const SHARD_ITERATOR_MS: u64 = 15 * 60 * 1000;
/// Names of one answer of ListTables. Source: model, ListTablesInputLimit.
pub const TABLE_NAMES_PAGE_MAX: usize = 100;
/// A resource-based policy, whitespace counted. Unit: bytes. Source: Developer Guide, "Resource-based policy
/// considerations".
pub const RESOURCE_POLICY_SIZE_MAX: usize = 20 * KIB;
/// What one provisioned setting may ask for. Unit: capacity units. Source: observed.
pub const PROVISIONED_UNITS_MAX: i64 = 1_000_000_000_000;
/// What a table or an index may have of reading and of writing. Unit: capacity units. Source: Quotas, "Throughput default
/// quotas".
pub const TABLE_UNITS_MAX: i64 = 40_000;
/// What the provisioned tables and indexes of an account in a region may have together, likewise. Unit and source: as above.
pub const ACCOUNT_UNITS_MAX: i64 = 80_000;
// One table may have its whole quota.
const _: () = assert!(TABLE_UNITS_MAX <= ACCOUNT_UNITS_MAX && ACCOUNT_UNITS_MAX <= PROVISIONED_UNITS_MAX);

/// Local secondary indexes of a table. Source: Quotas, "Secondary indexes per table".
pub const LOCAL_INDEXES_MAX: usize = 5;
/// Global secondary indexes of a table. Source: Quotas, "Secondary indexes per table".
pub const GLOBAL_INDEXES_MAX: usize = 20;
/// Attributes projected by name, over all of a table's indexes. Source: Quotas, "Projected attributes".
pub const PROJECTED_ATTRIBUTES_MAX: usize = 100;

/// One PartiQL statement. Unit: characters. Source: model, PartiQLStatement.
pub const STATEMENT_SIZE_MAX: usize = 8192;
/// Statements of one BatchExecuteStatement. Source: model, PartiQLBatchRequest.
pub const BATCH_STATEMENTS_MAX: usize = 25;

/// A request's body, after decompression. Unit: bytes. Source: Developer Guide, "DynamoDB low-level API".
pub const REQUEST_SIZE_MAX: usize = 16 * MIB;

/// Capacity. Units of these sizes, in bytes. Source: Developer Guide, "Read/write capacity".
pub const READ_UNIT_SIZE: usize = 4 * KIB;
pub const WRITE_UNIT_SIZE: usize = KIB;
