//! CreateEventSourceMapping and UpdateEventSourceMapping: what their requests may have for a DynamoDB stream.
//!
//! Constraints of the service model are all reported at once, as `ValidationException`; what is wrong for another reason is
//! an `InvalidParameterValueException` of its own.

use aws::lambda::{
    CreateEventSourceMappingRequest, DestinationConfig, FilterCriteria, UpdateEventSourceMappingRequest,
};
use client::Url;

use super::refusal::{beginning, broken};
use super::tags::{self, Tags};
use super::{Refusal, list};
use crate::triggers::filter::{FILTERS_MAX, Filters};
use crate::triggers::function::{self, Function};
use crate::triggers::mapping::{Settings, StartingPosition};

/// Unit: seconds. Source: API Reference, CreateEventSourceMapping: -1, or at least a minute.
const RECORD_AGE_SECONDS_MIN: i32 = 60;

/// Unit: characters. Source: API Reference, DestinationArn. A URL has the length that all URLs may have.
const DESTINATION_LENGTH_MAX: usize = 350;

/// What a request asks for; a member that it leaves out is none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Asked {
    pub function_name: Option<String>,
    pub event_source_arn: Option<String>,
    pub starting_position: Option<StartingPosition>,
    pub enabled: Option<bool>,
    batch_size: Option<u32>,
    window_seconds: Option<u32>,
    parallelization_factor: Option<u32>,
    filters: Option<Vec<String>>,
    record_age_seconds_max: Option<Option<u32>>,
    retries_max: Option<Option<u32>>,
    bisect: Option<bool>,
    report_item_failures: Option<bool>,
    on_failure: Option<Option<String>>,
    /// Only where a mapping is made.
    pub tags: Option<Tags>,
}

impl Asked {
    /// # Errors
    /// What is wrong beyond the constraints that each member has.
    pub(super) fn of(request: MappingRequest) -> Result<Asked, Refusal> {
        let members = request.members;
        let foreign = refuse_foreign(&members);
        let unsigned = |value: i32| u32::try_from(value).ok();
        let asked = Asked {
            function_name: request.function_name,
            starting_position: starting_position(&members)?,
            event_source_arn: members.event_source_arn,
            enabled: members.enabled,
            batch_size: members.batch_size.and_then(unsigned),
            window_seconds: members.maximum_batching_window_in_seconds.and_then(unsigned),
            parallelization_factor: members.parallelization_factor.and_then(unsigned),
            record_age_seconds_max: members.maximum_record_age_in_seconds.map(record_age).transpose()?,
            retries_max: members.maximum_retry_attempts.map(unsigned),
            bisect: members.bisect_batch_on_function_error,
            // There is one type.
            report_item_failures: members.function_response_types.map(|types| !types.is_empty()),
            filters: members.filter_criteria.map(filters).transpose()?,
            on_failure: members.destination_config.map(on_failure).transpose()?,
            tags: members.tags.map(tags::checked).transpose()?,
        };
        foreign.map(|()| asked)
    }

    /// Of failures, if the request changes it to one.
    pub(super) fn destination(&self) -> Option<&str> {
        self.on_failure.as_ref()?.as_deref()
    }

    /// The settings that there were, with those that are asked for.
    pub(super) fn settings(&self, before: Settings) -> Settings {
        Settings {
            batch_size: self.batch_size.unwrap_or(before.batch_size),
            window_seconds: self.window_seconds.unwrap_or(before.window_seconds),
            parallelization_factor: self.parallelization_factor.unwrap_or(before.parallelization_factor),
            filters: self.filters.clone().unwrap_or(before.filters),
            record_age_seconds_max: self.record_age_seconds_max.unwrap_or(before.record_age_seconds_max),
            retries_max: self.retries_max.unwrap_or(before.retries_max),
            bisect: self.bisect.unwrap_or(before.bisect),
            report_item_failures: self.report_item_failures.unwrap_or(before.report_item_failures),
            on_failure: self.on_failure.clone().unwrap_or(before.on_failure),
        }
    }
}

/// A request for a new mapping, or for another one in place of an old one; this one has fewer members.
pub(super) struct MappingRequest {
    function_name: Option<String>,
    /// Of these, the name of the function does not count.
    members: CreateEventSourceMappingRequest,
}

impl From<CreateEventSourceMappingRequest> for MappingRequest {
    fn from(members: CreateEventSourceMappingRequest) -> MappingRequest {
        MappingRequest { function_name: Some(members.function_name.clone()), members }
    }
}

impl From<UpdateEventSourceMappingRequest> for MappingRequest {
    fn from(request: UpdateEventSourceMappingRequest) -> MappingRequest {
        let members = CreateEventSourceMappingRequest {
            amazon_managed_kafka_event_source_config: request.amazon_managed_kafka_event_source_config,
            batch_size: request.batch_size,
            bisect_batch_on_function_error: request.bisect_batch_on_function_error,
            destination_config: request.destination_config,
            document_db_event_source_config: request.document_db_event_source_config,
            enabled: request.enabled,
            filter_criteria: request.filter_criteria,
            function_response_types: request.function_response_types,
            kms_key_arn: request.kms_key_arn,
            logging_config: request.logging_config,
            maximum_batching_window_in_seconds: request.maximum_batching_window_in_seconds,
            maximum_record_age_in_seconds: request.maximum_record_age_in_seconds,
            maximum_retry_attempts: request.maximum_retry_attempts,
            metrics_config: request.metrics_config,
            parallelization_factor: request.parallelization_factor,
            provisioned_poller_config: request.provisioned_poller_config,
            scaling_config: request.scaling_config,
            self_managed_kafka_event_source_config: request.self_managed_kafka_event_source_config,
            source_access_configurations: request.source_access_configurations,
            tumbling_window_in_seconds: request.tumbling_window_in_seconds,
            ..CreateEventSourceMappingRequest::default()
        };
        MappingRequest { function_name: request.function_name, members }
    }
}

impl MappingRequest {
    /// The constraints that the model does not have, because URLs are functions and destinations here.
    pub(super) fn broken(&self) -> Vec<String> {
        let name = self.function_name.as_deref();
        // Only the form: the account of the function does not matter here.
        let name = name.filter(|name| Function::parse(name, "000000000000", "x").is_none());
        let destination = self.members.destination_config.as_ref().and_then(failures);
        let destination = destination.filter(|arn| !function::is_url(arn) && arn.len() > DESTINATION_LENGTH_MAX);
        let destination = destination.map(|arn| {
            let constraint = format!("Member must have length less than or equal to {DESTINATION_LENGTH_MAX}");
            broken("destinationConfig.onFailure.destination", arn, &constraint)
        });
        name.map(list::bad_function).into_iter().chain(destination).collect()
    }
}

fn starting_position(members: &CreateEventSourceMappingRequest) -> Result<Option<StartingPosition>, Refusal> {
    match members.starting_position.as_deref() {
        Some("TRIM_HORIZON") => Ok(Some(StartingPosition::TrimHorizon)),
        Some("LATEST") => Ok(Some(StartingPosition::Latest)),
        Some("AT_TIMESTAMP") => {
            let arn = beginning(members.event_source_arn.as_deref().unwrap_or_default());
            Err(Refusal::invalid(format!("Unsupported starting position for arn type: {arn}")))
        }
        // No other is among the model's words.
        _ => Ok(None),
    }
}

fn record_age(age: i32) -> Result<Option<u32>, Refusal> {
    match (0..RECORD_AGE_SECONDS_MIN).contains(&age) {
        false => Ok(u32::try_from(age).ok()),
        true => Err(Refusal::invalid(format!(
            "MaximumRecordAgeInSeconds must be -1 or at least {RECORD_AGE_SECONDS_MIN}, and not {age}"
        ))),
    }
}

fn filters(criteria: FilterCriteria) -> Result<Vec<String>, Refusal> {
    // A filter without a pattern is none.
    let patterns: Vec<String> = criteria.filters.into_iter().flatten().filter_map(|filter| filter.pattern).collect();
    if patterns.len() > FILTERS_MAX {
        let text = format!("A mapping can have {FILTERS_MAX} filters, and not {}", patterns.len());
        return Err(Refusal::invalid(text));
    }
    let checked = Filters::parse(patterns.iter().map(String::as_str));
    checked.map_err(|_| Refusal::invalid("Invalid filter pattern definition.")).map(|_| patterns)
}

/// The destination of failures.
fn failures(config: &DestinationConfig) -> Option<&str> {
    config.on_failure.as_ref()?.destination.as_deref().filter(|destination| !destination.is_empty())
}

fn on_failure(config: DestinationConfig) -> Result<Option<String>, Refusal> {
    let of_success = config.on_success.as_ref().and_then(|destination| destination.destination.as_deref());
    if of_success.is_some_and(|destination| !destination.is_empty()) {
        return Err(Refusal::invalid(
            "Unsupported DestinationConfig parameter for given event source mapping type: OnSuccess",
        ));
    }
    failures(&config).map(canonical).transpose()
}

/// # Errors
/// If there is a member that this server could only ignore: one that only other event sources have, or one of a service that it does
/// not call.
fn refuse_foreign(members: &CreateEventSourceMappingRequest) -> Result<(), Refusal> {
    let foreign = [
        ("AmazonManagedKafkaEventSourceConfig", is_set(&members.amazon_managed_kafka_event_source_config)),
        ("DocumentDBEventSourceConfig", is_set(&members.document_db_event_source_config)),
        ("KMSKeyArn", is_set(&members.kms_key_arn)),
        ("LoggingConfig", is_set(&members.logging_config)),
        ("MetricsConfig", is_set(&members.metrics_config)),
        ("ProvisionedPollerConfig", is_set(&members.provisioned_poller_config)),
        ("Queues", is_set(&members.queues)),
        ("ScalingConfig", is_set(&members.scaling_config)),
        ("SelfManagedEventSource", is_set(&members.self_managed_event_source)),
        ("SelfManagedKafkaEventSourceConfig", is_set(&members.self_managed_kafka_event_source_config)),
        ("SourceAccessConfigurations", is_set(&members.source_access_configurations)),
        ("StartingPositionTimestamp", members.starting_position_timestamp.is_some()),
        ("Topics", is_set(&members.topics)),
    ];
    if let Some((name, _)) = foreign.into_iter().find(|(_, is_set)| *is_set) {
        return Err(Refusal::invalid(format!("Unsupported {name} parameter for given event source mapping type.")));
    }
    match members.tumbling_window_in_seconds {
        None | Some(0) => Ok(()),
        Some(_) => Err(Refusal::invalid(
            "TumblingWindowInSeconds: this server has no tumbling windows; leave it out, or use 0",
        )),
    }
}

/// Whether a member is there that has something in it.
fn is_set<T: Default + PartialEq>(member: &Option<T>) -> bool {
    member.as_ref().is_some_and(|member| *member != T::default())
}

/// A destination as it is stored: a URL in its canonical form, so that policies see what is the same.
fn canonical(destination: &str) -> Result<String, Refusal> {
    if !function::is_url(destination) {
        return Ok(destination.to_owned());
    }
    match Url::parse(destination) {
        Ok(url) => Ok(url.to_string()),
        Err(error) => Err(Refusal::invalid(format!(
            "The provided destination config DestinationConfig(onFailure={}) is invalid: {error}",
            beginning(destination).escape_default()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use aws::{LAMBDA, codec};
    use serde_json::{Value, json};

    use super::super::call::mapping;
    use super::*;

    /// A body of CreateEventSourceMapping, with a function if it has none.
    fn read(mut body: Value) -> Result<Asked, Refusal> {
        if let Some(members) = body.as_object_mut() {
            members.entry("FunctionName").or_insert_with(|| "f".into());
        }
        read_bytes(body.to_string().as_bytes())
    }

    fn read_bytes(body: &[u8]) -> Result<Asked, Refusal> {
        let create = LAMBDA.operation("CreateEventSourceMapping").expect("an operation");
        mapping::<CreateEventSourceMappingRequest>(create, codec::decode_rest(create, &[], "", body)?)
    }

    #[test]
    fn what_is_left_out_stays() {
        let all = json!({
            "FunctionName": "f", "EventSourceArn": "arn", "StartingPosition": "LATEST", "Enabled": false,
            "BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 300, "ParallelizationFactor": 10,
            "MaximumRecordAgeInSeconds": 60, "MaximumRetryAttempts": 0, "BisectBatchOnFunctionError": true,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": r#"{"a":[1]}"#}]},
            "DestinationConfig": {"OnSuccess": {}, "OnFailure": {"Destination": "arn:aws:sqs:x:1:q"}},
            "TumblingWindowInSeconds": 0, "Topics": [], "Tags": {}, "StartingPositionTimestamp": null,
        });
        let set = read(all).unwrap().settings(Settings::default());
        let expected = Settings {
            batch_size: 10_000,
            window_seconds: 300,
            parallelization_factor: 10,
            filters: vec![r#"{"a":[1]}"#.to_owned()],
            record_age_seconds_max: Some(60),
            retries_max: Some(0),
            bisect: true,
            report_item_failures: true,
            on_failure: Some("arn:aws:sqs:x:1:q".to_owned()),
        };
        assert_eq!(set, expected);
        assert_eq!(read(json!({})).unwrap().settings(set.clone()), set);
        let missing = "Value null at 'functionName' failed to satisfy constraint: Member must not be null";
        assert_eq!(read_bytes(b""), Err(Refusal::Validation(vec![missing.to_owned()])));
        let unset = json!({
            "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1, "FunctionResponseTypes": [],
            "FilterCriteria": {}, "DestinationConfig": {"OnFailure": {}}, "BisectBatchOnFunctionError": false,
            "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0, "ParallelizationFactor": 1,
        });
        assert_eq!(read(unset).unwrap().settings(set), Settings::default());
    }

    #[test]
    fn broken_constraints_are_reported_at_once() {
        let refusal = read(json!({"BatchSize": 0, "ParallelizationFactor": 11, "StartingPosition": "FIRST"}));
        let Err(Refusal::Validation(broken)) = refusal else { panic!("{refusal:?}") };
        assert_eq!(
            broken,
            [
                "Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1",
                "Value '11' at 'parallelizationFactor' failed to satisfy constraint: Member must have value less than or equal to 10",
                "Value 'FIRST' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
            ]
        );
        for (name, value) in [
            ("BatchSize", json!(10_001)),
            ("MaximumBatchingWindowInSeconds", json!(301)),
            ("MaximumBatchingWindowInSeconds", json!(-1)),
            ("ParallelizationFactor", json!(0)),
            ("MaximumRecordAgeInSeconds", json!(604_801)),
            ("MaximumRetryAttempts", json!(10_001)),
            ("MaximumRetryAttempts", json!(-2)),
            ("FunctionName", json!("a b")),
            ("FunctionName", json!("")),
            ("FunctionName", json!("http://h/x HTTP/1.1\r\nHost: other")),
            ("FunctionName", json!("http://h\\@other/")),
            ("FunctionResponseTypes", json!(["Other"])),
            ("FunctionResponseTypes", json!(["ReportBatchItemFailures", "ReportBatchItemFailures"])),
            ("EventSourceArn", json!("a".repeat(10_001))),
            ("DestinationConfig", json!({"OnFailure": {"Destination": format!("arn:aws:sqs:{}", "q".repeat(339))}})),
        ] {
            let refusal = read(json!({name: value}));
            assert!(matches!(&refusal, Err(Refusal::Validation(broken)) if broken.len() == 1), "{name}: {refusal:?}");
        }
    }

    /// Whatever is long or many in a request, its refusal is short.
    #[test]
    fn refusals_are_small() {
        let (long, url) = ("x".repeat(60_000), format!("http://h/{}", "\u{1}".repeat(60_000)));
        for body in [
            json!({"FunctionResponseTypes": vec![0; 30_000]}),
            json!({"FunctionResponseTypes": [long]}),
            json!({"FunctionName": long}),
            json!({"StartingPosition": long}),
            json!({"EventSourceArn": long}),
            json!({"EventSourceArn": long, "StartingPosition": "AT_TIMESTAMP"}),
            json!({"DestinationConfig": {"OnFailure": {"Destination": long}}}),
            json!({"DestinationConfig": {"OnFailure": {"Destination": url}}}),
        ] {
            let answer = read(body).unwrap_err().reply().body;
            assert!(answer.len() < 4_096, "{}: {}", answer.len(), String::from_utf8_lossy(&answer[..300]));
        }
    }

    #[test]
    fn what_is_wrong_otherwise() {
        for body in [
            json!({"MaximumRecordAgeInSeconds": 59}),
            json!({"StartingPosition": "AT_TIMESTAMP"}),
            json!({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}),
            json!({"FilterCriteria": {"Filters": vec![json!({"Pattern": r#"{"a":[1]}"#}); 11]}}),
            json!({"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sqs:x:1:q"}}}),
            json!({"DestinationConfig": {"OnFailure": {"Destination": "http://h:1/x HTTP/1.1\r\nX-A: b\r\n\r\n"}}}),
            json!({"DestinationConfig": {"OnFailure": {"Destination": "http://me@h/x"}}}),
            json!({"DestinationConfig": {"OnFailure": {"Destination": "ftp://h/x"}}}),
            json!({"Topics": ["t"]}),
            json!({"Tags": {"aws:a": "b"}}),
            json!({"Tags": {"": "b"}}),
            json!({"TumblingWindowInSeconds": 30}),
        ] {
            let refusal = read(body.clone());
            assert!(matches!(refusal, Err(Refusal::InvalidParameterValue(_))), "{body}: {refusal:?}");
        }
        for body in [
            json!([]),
            json!({"BatchSize": "1"}),
            json!({"BatchSize": 1.5}),
            json!({"Enabled": "true"}),
            json!({"FunctionName": 1}),
            json!({"Tags": {"a": 1}}),
            json!({"FilterCriteria": []}),
            json!({"FilterCriteria": {"Filters": {}}}),
            json!({"FilterCriteria": {"Filters": [{"Pattern": {}}]}}),
            json!({"FunctionResponseTypes": "ReportBatchItemFailures"}),
        ] {
            let refusal = read(body.clone());
            assert!(matches!(refusal, Err(Refusal::Serialization(_))), "{body}: {refusal:?}");
        }
        assert!(matches!(read_bytes(b"{"), Err(Refusal::Serialization(_))));
    }
}
