//! The shapes of Lambda.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use std::collections::BTreeMap;

use crate::shape::*;
use crate::typed::{operations, structures};
use crate::value::Timestamp;

#[rustfmt::skip]
pub(crate) static SHAPES: &[Shape] = &[
    /* 0 AmazonManagedKafkaEventSourceConfig */ structure("AmazonManagedKafkaEventSourceConfig", &[optional("ConsumerGroupId", 84), optional("SchemaRegistryConfig", 42)]),
    /* 1 Arn */ text(within(0, 10000), "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)"),
    /* 2 BatchSize */ Shape::Integer(within(1, 10000)),
    /* 3 BisectBatchOnFunctionError */ Shape::Boolean,
    /* 4 CollectionName */ text(Bounds::NONE, ""),
    /* 5 CreateEventSourceMappingRequest */ structure("CreateEventSourceMappingRequest", &[optional("AmazonManagedKafkaEventSourceConfig", 0), optional("BatchSize", 2), optional("BisectBatchOnFunctionError", 3), optional("DestinationConfig", 10), optional("DocumentDBEventSourceConfig", 11), optional("Enabled", 12), optional("EventSourceArn", 1), optional("FilterCriteria", 27), required("FunctionName", 57), optional("FunctionResponseTypes", 35), optional("KMSKeyArn", 37), optional("LoggingConfig", 19), optional("MaximumBatchingWindowInSeconds", 51), optional("MaximumRecordAgeInSeconds", 54), optional("MaximumRetryAttempts", 55), optional("MetricsConfig", 22), optional("ParallelizationFactor", 60), optional("ProvisionedPollerConfig", 62), optional("Queues", 65), optional("ScalingConfig", 66), optional("SelfManagedEventSource", 69), optional("SelfManagedKafkaEventSourceConfig", 70), optional("SourceAccessConfigurations", 72), optional("StartingPosition", 25), optional("StartingPositionTimestamp", 7), optional("Tags", 80), optional("Topics", 82), optional("TumblingWindowInSeconds", 83)]),
    /* 6 DatabaseName */ text(Bounds::NONE, ""),
    /* 7 Date */ Shape::Timestamp,
    /* 8 DeleteEventSourceMappingRequest */ structure("DeleteEventSourceMappingRequest", &[Member { name: "UUID", shape: 85, is_required: true, place: Place::Uri("UUID") }]),
    /* 9 DestinationArn */ text(Bounds::NONE, ""),
    /* 10 DestinationConfig */ structure("DestinationConfig", &[optional("OnFailure", 58), optional("OnSuccess", 59)]),
    /* 11 DocumentDBEventSourceConfig */ structure("DocumentDBEventSourceConfig", &[optional("CollectionName", 4), optional("DatabaseName", 6), optional("FullDocument", 32)]),
    /* 12 Enabled */ Shape::Boolean,
    /* 13 EndPointType */ Shape::Words(&["KAFKA_BOOTSTRAP_SERVERS"]),
    /* 14 Endpoint */ text(Bounds::NONE, ""),
    /* 15 EndpointLists */ list(14, Bounds::NONE),
    /* 16 Endpoints */ map(13, 15, Bounds::NONE),
    /* 17 EventSourceMappingArn */ text(Bounds::NONE, ""),
    /* 18 EventSourceMappingConfiguration */ structure("EventSourceMappingConfiguration", &[optional("AmazonManagedKafkaEventSourceConfig", 0), optional("BatchSize", 2), optional("BisectBatchOnFunctionError", 3), optional("DestinationConfig", 10), optional("DocumentDBEventSourceConfig", 11), optional("EventSourceArn", 1), optional("EventSourceMappingArn", 17), optional("FilterCriteria", 27), optional("FilterCriteriaError", 28), optional("FunctionArn", 33), optional("FunctionResponseTypes", 35), optional("KMSKeyArn", 37), optional("LastModified", 7), optional("LastProcessingResult", 74), optional("LoggingConfig", 19), optional("MaximumBatchingWindowInSeconds", 51), optional("MaximumRecordAgeInSeconds", 54), optional("MaximumRetryAttempts", 55), optional("MetricsConfig", 22), optional("ParallelizationFactor", 60), optional("ProvisionedPollerConfig", 62), optional("Queues", 65), optional("ScalingConfig", 66), optional("SelfManagedEventSource", 69), optional("SelfManagedKafkaEventSourceConfig", 70), optional("SourceAccessConfigurations", 72), optional("StartingPosition", 25), optional("StartingPositionTimestamp", 7), optional("State", 74), optional("StateTransitionReason", 74), optional("Topics", 82), optional("TumblingWindowInSeconds", 83), optional("UUID", 85)]),
    /* 19 EventSourceMappingLoggingConfig */ structure("EventSourceMappingLoggingConfig", &[optional("SystemLogLevel", 23)]),
    /* 20 EventSourceMappingMetric */ Shape::Words(&["EventCount", "ErrorCount", "KafkaMetrics"]),
    /* 21 EventSourceMappingMetricList */ list(20, Bounds::NONE),
    /* 22 EventSourceMappingMetricsConfig */ structure("EventSourceMappingMetricsConfig", &[optional("Metrics", 21)]),
    /* 23 EventSourceMappingSystemLogLevel */ Shape::Words(&["DEBUG", "INFO", "WARN"]),
    /* 24 EventSourceMappingsList */ list(18, Bounds::NONE),
    /* 25 EventSourcePosition */ Shape::Words(&["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]),
    /* 26 Filter */ structure("Filter", &[optional("Pattern", 61)]),
    /* 27 FilterCriteria */ structure("FilterCriteria", &[optional("Filters", 31)]),
    /* 28 FilterCriteriaError */ structure("FilterCriteriaError", &[optional("ErrorCode", 29), optional("Message", 30)]),
    /* 29 FilterCriteriaErrorCode */ text(Bounds::NONE, ""),
    /* 30 FilterCriteriaErrorMessage */ text(Bounds::NONE, ""),
    /* 31 FilterList */ list(26, Bounds::NONE),
    /* 32 FullDocument */ Shape::Words(&["UpdateLookup", "Default"]),
    /* 33 FunctionArn */ text(Bounds::NONE, ""),
    /* 34 FunctionResponseType */ Shape::Words(&["ReportBatchItemFailures"]),
    /* 35 FunctionResponseTypeList */ list(34, within(0, 1)),
    /* 36 GetEventSourceMappingRequest */ structure("GetEventSourceMappingRequest", &[Member { name: "UUID", shape: 85, is_required: true, place: Place::Uri("UUID") }]),
    /* 37 KMSKeyArn */ text(Bounds::NONE, ""),
    /* 38 KafkaEventSourceMappingConsumptionMode */ Shape::Words(&["Stream", "Queue"]),
    /* 39 KafkaSchemaRegistryAccessConfig */ structure("KafkaSchemaRegistryAccessConfig", &[optional("Type", 41), optional("URI", 1)]),
    /* 40 KafkaSchemaRegistryAccessConfigList */ list(39, Bounds::NONE),
    /* 41 KafkaSchemaRegistryAuthType */ Shape::Words(&["BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH"]),
    /* 42 KafkaSchemaRegistryConfig */ structure("KafkaSchemaRegistryConfig", &[optional("AccessConfigs", 40), optional("EventRecordFormat", 67), optional("SchemaRegistryURI", 68), optional("SchemaValidationConfigs", 45)]),
    /* 43 KafkaSchemaValidationAttribute */ Shape::Words(&["KEY", "VALUE"]),
    /* 44 KafkaSchemaValidationConfig */ structure("KafkaSchemaValidationConfig", &[optional("Attribute", 43)]),
    /* 45 KafkaSchemaValidationConfigList */ list(44, Bounds::NONE),
    /* 46 ListEventSourceMappingsRequest */ structure("ListEventSourceMappingsRequest", &[Member { name: "EventSourceArn", shape: 1, is_required: false, place: Place::Query("EventSourceArn") }, Member { name: "FunctionName", shape: 57, is_required: false, place: Place::Query("FunctionName") }, Member { name: "Marker", shape: 74, is_required: false, place: Place::Query("Marker") }, Member { name: "MaxItems", shape: 50, is_required: false, place: Place::Query("MaxItems") }]),
    /* 47 ListEventSourceMappingsResponse */ structure("ListEventSourceMappingsResponse", &[optional("EventSourceMappings", 24), optional("NextMarker", 74)]),
    /* 48 ListTagsRequest */ structure("ListTagsRequest", &[Member { name: "Resource", shape: 79, is_required: true, place: Place::Uri("Resource") }]),
    /* 49 ListTagsResponse */ structure("ListTagsResponse", &[optional("Tags", 80)]),
    /* 50 MaxListItems */ Shape::Integer(within(1, 10000)),
    /* 51 MaximumBatchingWindowInSeconds */ Shape::Integer(within(0, 300)),
    /* 52 MaximumConcurrency */ Shape::Integer(Bounds::NONE),
    /* 53 MaximumNumberOfPollers */ Shape::Integer(Bounds::NONE),
    /* 54 MaximumRecordAgeInSeconds */ Shape::Integer(within(-1, 604800)),
    /* 55 MaximumRetryAttemptsEventSourceMapping */ Shape::Integer(within(-1, 10000)),
    /* 56 MinimumNumberOfPollers */ Shape::Integer(Bounds::NONE),
    /* 57 NamespacedFunctionName */ text(Bounds::NONE, ""),
    /* 58 OnFailure */ structure("OnFailure", &[optional("Destination", 9)]),
    /* 59 OnSuccess */ structure("OnSuccess", &[optional("Destination", 9)]),
    /* 60 ParallelizationFactor */ Shape::Integer(within(1, 10)),
    /* 61 Pattern */ text(Bounds::NONE, ""),
    /* 62 ProvisionedPollerConfig */ structure("ProvisionedPollerConfig", &[optional("MaximumPollers", 53), optional("MinimumPollers", 56), optional("PollerGroupName", 63)]),
    /* 63 ProvisionedPollerGroupName */ text(Bounds::NONE, ""),
    /* 64 Queue */ text(Bounds::NONE, ""),
    /* 65 Queues */ list(64, Bounds::NONE),
    /* 66 ScalingConfig */ structure("ScalingConfig", &[optional("MaximumConcurrency", 52)]),
    /* 67 SchemaRegistryEventRecordFormat */ Shape::Words(&["JSON", "SOURCE"]),
    /* 68 SchemaRegistryUri */ text(Bounds::NONE, ""),
    /* 69 SelfManagedEventSource */ structure("SelfManagedEventSource", &[optional("Endpoints", 16)]),
    /* 70 SelfManagedKafkaEventSourceConfig */ structure("SelfManagedKafkaEventSourceConfig", &[optional("ConsumerGroupId", 84), optional("ConsumptionMode", 38), optional("SchemaRegistryConfig", 42)]),
    /* 71 SourceAccessConfiguration */ structure("SourceAccessConfiguration", &[optional("Type", 73), optional("URI", 84)]),
    /* 72 SourceAccessConfigurations */ list(71, Bounds::NONE),
    /* 73 SourceAccessType */ Shape::Words(&["BASIC_AUTH", "VPC_SUBNET", "VPC_SECURITY_GROUP", "SASL_SCRAM_512_AUTH", "SASL_SCRAM_256_AUTH", "VIRTUAL_HOST", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH", "OAUTHBEARER_SCOPE", "OAUTHBEARER_AUDIENCE", "OAUTHBEARER_LOGICAL_CLUSTER", "OAUTHBEARER_IDENTITY_POOL", "IAM_AUTH", "IAM_OAUTHBEARER_AUTH"]),
    /* 74 String */ text(Bounds::NONE, ""),
    /* 75 TagKey */ text(Bounds::NONE, ""),
    /* 76 TagKeyList */ list(75, Bounds::NONE),
    /* 77 TagResourceRequest */ structure("TagResourceRequest", &[Member { name: "Resource", shape: 79, is_required: true, place: Place::Uri("Resource") }, required("Tags", 80)]),
    /* 78 TagValue */ text(Bounds::NONE, ""),
    /* 79 TaggableResource */ text(Bounds::NONE, ""),
    /* 80 Tags */ map(75, 78, Bounds::NONE),
    /* 81 Topic */ text(Bounds::NONE, ""),
    /* 82 Topics */ list(81, Bounds::NONE),
    /* 83 TumblingWindowInSeconds */ Shape::Integer(Bounds::NONE),
    /* 84 URI */ text(Bounds::NONE, ""),
    /* 85 UUIDString */ text(Bounds::NONE, ""),
    /* 86 UntagResourceRequest */ structure("UntagResourceRequest", &[Member { name: "Resource", shape: 79, is_required: true, place: Place::Uri("Resource") }, Member { name: "TagKeys", shape: 76, is_required: true, place: Place::Query("tagKeys") }]),
    /* 87 UpdateEventSourceMappingRequest */ structure("UpdateEventSourceMappingRequest", &[optional("AmazonManagedKafkaEventSourceConfig", 0), optional("BatchSize", 2), optional("BisectBatchOnFunctionError", 3), optional("DestinationConfig", 10), optional("DocumentDBEventSourceConfig", 11), optional("Enabled", 12), optional("FilterCriteria", 27), optional("FunctionName", 57), optional("FunctionResponseTypes", 35), optional("KMSKeyArn", 37), optional("LoggingConfig", 19), optional("MaximumBatchingWindowInSeconds", 51), optional("MaximumRecordAgeInSeconds", 54), optional("MaximumRetryAttempts", 55), optional("MetricsConfig", 22), optional("ParallelizationFactor", 60), optional("ProvisionedPollerConfig", 62), optional("ScalingConfig", 66), optional("SelfManagedKafkaEventSourceConfig", 70), optional("SourceAccessConfigurations", 72), optional("TumblingWindowInSeconds", 83), Member { name: "UUID", shape: 85, is_required: true, place: Place::Uri("UUID") }]),
];

#[rustfmt::skip]
pub(crate) static ERRORS: &[ErrorModel] = &[
    error("InvalidParameterValueException", "InvalidParameterValueException", 400, "message"),
    error("ResourceConflictException", "ResourceConflictException", 409, "message"),
    error("ResourceInUseException", "ResourceInUseException", 400, "Message"),
    error("ResourceNotFoundException", "ResourceNotFoundException", 404, "Message"),
    error("SerializationException", "SerializationException", 400, "Message"),
    error("ServiceException", "ServiceException", 500, "Message"),
    error("TooManyRequestsException", "TooManyRequestsException", 429, "message"),
];

structures! {
    AmazonManagedKafkaEventSourceConfig {
        0 consumer_group_id optional String;
        1 schema_registry_config optional KafkaSchemaRegistryConfig;
    }
    CreateEventSourceMappingRequest {
        0 amazon_managed_kafka_event_source_config optional AmazonManagedKafkaEventSourceConfig;
        1 batch_size optional i32;
        2 bisect_batch_on_function_error optional bool;
        3 destination_config optional DestinationConfig;
        4 document_db_event_source_config optional DocumentDBEventSourceConfig;
        5 enabled optional bool;
        6 event_source_arn optional String;
        7 filter_criteria optional FilterCriteria;
        8 function_name required String;
        9 function_response_types optional Vec<String>;
        10 kms_key_arn optional String;
        11 logging_config optional EventSourceMappingLoggingConfig;
        12 maximum_batching_window_in_seconds optional i32;
        13 maximum_record_age_in_seconds optional i32;
        14 maximum_retry_attempts optional i32;
        15 metrics_config optional EventSourceMappingMetricsConfig;
        16 parallelization_factor optional i32;
        17 provisioned_poller_config optional ProvisionedPollerConfig;
        18 queues optional Vec<String>;
        19 scaling_config optional ScalingConfig;
        20 self_managed_event_source optional SelfManagedEventSource;
        21 self_managed_kafka_event_source_config optional SelfManagedKafkaEventSourceConfig;
        22 source_access_configurations optional Vec<SourceAccessConfiguration>;
        23 starting_position optional String;
        24 starting_position_timestamp optional Timestamp;
        25 tags optional BTreeMap<String, String>;
        26 topics optional Vec<String>;
        27 tumbling_window_in_seconds optional i32;
    }
    DeleteEventSourceMappingRequest {
        0 uuid required String;
    }
    DestinationConfig {
        0 on_failure optional OnFailure;
        1 on_success optional OnSuccess;
    }
    DocumentDBEventSourceConfig {
        0 collection_name optional String;
        1 database_name optional String;
        2 full_document optional String;
    }
    EventSourceMappingConfiguration {
        0 amazon_managed_kafka_event_source_config optional AmazonManagedKafkaEventSourceConfig;
        1 batch_size optional i32;
        2 bisect_batch_on_function_error optional bool;
        3 destination_config optional DestinationConfig;
        4 document_db_event_source_config optional DocumentDBEventSourceConfig;
        5 event_source_arn optional String;
        6 event_source_mapping_arn optional String;
        7 filter_criteria optional FilterCriteria;
        8 filter_criteria_error optional FilterCriteriaError;
        9 function_arn optional String;
        10 function_response_types optional Vec<String>;
        11 kms_key_arn optional String;
        12 last_modified optional Timestamp;
        13 last_processing_result optional String;
        14 logging_config optional EventSourceMappingLoggingConfig;
        15 maximum_batching_window_in_seconds optional i32;
        16 maximum_record_age_in_seconds optional i32;
        17 maximum_retry_attempts optional i32;
        18 metrics_config optional EventSourceMappingMetricsConfig;
        19 parallelization_factor optional i32;
        20 provisioned_poller_config optional ProvisionedPollerConfig;
        21 queues optional Vec<String>;
        22 scaling_config optional ScalingConfig;
        23 self_managed_event_source optional SelfManagedEventSource;
        24 self_managed_kafka_event_source_config optional SelfManagedKafkaEventSourceConfig;
        25 source_access_configurations optional Vec<SourceAccessConfiguration>;
        26 starting_position optional String;
        27 starting_position_timestamp optional Timestamp;
        28 state optional String;
        29 state_transition_reason optional String;
        30 topics optional Vec<String>;
        31 tumbling_window_in_seconds optional i32;
        32 uuid optional String;
    }
    EventSourceMappingLoggingConfig {
        0 system_log_level optional String;
    }
    EventSourceMappingMetricsConfig {
        0 metrics optional Vec<String>;
    }
    Filter {
        0 pattern optional String;
    }
    FilterCriteria {
        0 filters optional Vec<Filter>;
    }
    FilterCriteriaError {
        0 error_code optional String;
        1 message optional String;
    }
    GetEventSourceMappingRequest {
        0 uuid required String;
    }
    KafkaSchemaRegistryAccessConfig {
        0 r#type optional String;
        1 uri optional String;
    }
    KafkaSchemaRegistryConfig {
        0 access_configs optional Vec<KafkaSchemaRegistryAccessConfig>;
        1 event_record_format optional String;
        2 schema_registry_uri optional String;
        3 schema_validation_configs optional Vec<KafkaSchemaValidationConfig>;
    }
    KafkaSchemaValidationConfig {
        0 attribute optional String;
    }
    ListEventSourceMappingsRequest {
        0 event_source_arn optional String;
        1 function_name optional String;
        2 marker optional String;
        3 max_items optional i32;
    }
    ListEventSourceMappingsResponse {
        0 event_source_mappings optional Vec<EventSourceMappingConfiguration>;
        1 next_marker optional String;
    }
    ListTagsRequest {
        0 resource required String;
    }
    ListTagsResponse {
        0 tags optional BTreeMap<String, String>;
    }
    OnFailure {
        0 destination optional String;
    }
    OnSuccess {
        0 destination optional String;
    }
    ProvisionedPollerConfig {
        0 maximum_pollers optional i32;
        1 minimum_pollers optional i32;
        2 poller_group_name optional String;
    }
    ScalingConfig {
        0 maximum_concurrency optional i32;
    }
    SelfManagedEventSource {
        0 endpoints optional BTreeMap<String, Vec<String>>;
    }
    SelfManagedKafkaEventSourceConfig {
        0 consumer_group_id optional String;
        1 consumption_mode optional String;
        2 schema_registry_config optional KafkaSchemaRegistryConfig;
    }
    SourceAccessConfiguration {
        0 r#type optional String;
        1 uri optional String;
    }
    TagResourceRequest {
        0 resource required String;
        1 tags required BTreeMap<String, String>;
    }
    UntagResourceRequest {
        0 resource required String;
        1 tag_keys required Vec<String>;
    }
    UpdateEventSourceMappingRequest {
        0 amazon_managed_kafka_event_source_config optional AmazonManagedKafkaEventSourceConfig;
        1 batch_size optional i32;
        2 bisect_batch_on_function_error optional bool;
        3 destination_config optional DestinationConfig;
        4 document_db_event_source_config optional DocumentDBEventSourceConfig;
        5 enabled optional bool;
        6 filter_criteria optional FilterCriteria;
        7 function_name optional String;
        8 function_response_types optional Vec<String>;
        9 kms_key_arn optional String;
        10 logging_config optional EventSourceMappingLoggingConfig;
        11 maximum_batching_window_in_seconds optional i32;
        12 maximum_record_age_in_seconds optional i32;
        13 maximum_retry_attempts optional i32;
        14 metrics_config optional EventSourceMappingMetricsConfig;
        15 parallelization_factor optional i32;
        16 provisioned_poller_config optional ProvisionedPollerConfig;
        17 scaling_config optional ScalingConfig;
        18 self_managed_kafka_event_source_config optional SelfManagedKafkaEventSourceConfig;
        19 source_access_configurations optional Vec<SourceAccessConfiguration>;
        20 tumbling_window_in_seconds optional i32;
        21 uuid required String;
    }
}

operations! {
    CreateEventSourceMapping CreateEventSourceMappingRequest EventSourceMappingConfiguration;
    DeleteEventSourceMapping DeleteEventSourceMappingRequest EventSourceMappingConfiguration;
    GetEventSourceMapping GetEventSourceMappingRequest EventSourceMappingConfiguration;
    ListEventSourceMappings ListEventSourceMappingsRequest ListEventSourceMappingsResponse;
    ListTags ListTagsRequest ListTagsResponse;
    TagResource TagResourceRequest ();
    UntagResource UntagResourceRequest ();
    UpdateEventSourceMapping UpdateEventSourceMappingRequest EventSourceMappingConfiguration;
}
