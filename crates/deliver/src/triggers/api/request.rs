//! The bodies of CreateEventSourceMapping and UpdateEventSourceMapping: what they may contain for a DynamoDB stream.
//!
//! Constraints of the service model are all reported at once, as `ValidationException`; what is wrong for another reason is
//! an `InvalidParameterValueException` of its own.

use aws::{DecodeError, Members};
use client::Url;

use super::Refusal;
use super::query;
use super::refusal::{beginning, broken};
use super::tags::Tags;
use crate::triggers::filter::{FILTERS_MAX, Filters};
use crate::triggers::function;
use crate::triggers::mapping::{Settings, StartingPosition};

/// Members that only other event sources have, and those of services that a Stator does not speak to.
const FOREIGN: [&str; 13] = [
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "KMSKeyArn",
    "LoggingConfig",
    "MetricsConfig",
    "ProvisionedPollerConfig",
    "Queues",
    "ScalingConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "StartingPositionTimestamp",
    "Topics",
];

/// Unit: seconds. Source: API Reference, CreateEventSourceMapping: -1, or at least a minute.
const RECORD_AGE_SECONDS_MIN: i64 = 60;

/// Unit: characters. Source: API Reference, DestinationArn. A URL has the length that all URLs may have.
const DESTINATION_LENGTH_MAX: usize = 350;

/// The members of a body; an absent one is `None`.
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
    /// `checked` is whether the members satisfy the model's constraints.
    pub(super) fn read(members: Members<'_>, checked: Result<(), DecodeError>) -> Result<Asked, Refusal> {
        let mut broken = match checked {
            Ok(()) => Vec::new(),
            Err(DecodeError::Broken(broken)) => broken.into_sentences(),
            Err(error) => return Err(error.into()),
        };
        let body = Body { members };
        let asked = body.asked()?;
        broken.extend(body.broken());
        if !broken.is_empty() {
            return Err(Refusal::Validation(broken));
        }
        body.refuse_foreign()?;
        Ok(asked)
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

struct Body<'a> {
    members: Members<'a>,
}

impl<'a> Body<'a> {
    fn asked(&self) -> Result<Asked, Refusal> {
        let unsigned = |value: i64| u32::try_from(value).ok();
        let (members, text) = (self.members, |name: &str| self.members.text(name).map(str::to_owned));
        Ok(Asked {
            function_name: text("FunctionName"),
            event_source_arn: text("EventSourceArn"),
            starting_position: self.starting_position()?,
            enabled: members.boolean("Enabled"),
            batch_size: members.integer("BatchSize").and_then(unsigned),
            window_seconds: members.integer("MaximumBatchingWindowInSeconds").and_then(unsigned),
            parallelization_factor: members.integer("ParallelizationFactor").and_then(unsigned),
            record_age_seconds_max: self.record_age()?,
            retries_max: members.integer("MaximumRetryAttempts").map(unsigned),
            bisect: members.boolean("BisectBatchOnFunctionError"),
            report_item_failures: self.report_item_failures(),
            filters: self.filters()?,
            on_failure: self.on_failure()?,
            tags: members.entries("Tags").map(|entries| super::tags::tags(&entries)).transpose()?,
        })
    }

    /// Further constraints of members that the model constrains otherwise.
    fn broken(&self) -> Vec<String> {
        let name = self.members.text("FunctionName");
        // Only the form: the account of the function does not matter here.
        let name = name.filter(|name| function::Function::parse(name, "000000000000", "x").is_none());
        let destination = self.destination("OnFailure");
        let destination =
            destination.filter(|arn| !function::is_url(arn) && arn.len() > DESTINATION_LENGTH_MAX).map(|arn| {
                let constraint = format!("Member must have length less than or equal to {DESTINATION_LENGTH_MAX}");
                broken("destinationConfig.onFailure.destination", arn, &constraint)
            });
        name.map(query::bad_function).into_iter().chain(destination).collect()
    }

    fn starting_position(&self) -> Result<Option<StartingPosition>, Refusal> {
        Ok(match self.members.text("StartingPosition") {
            Some("TRIM_HORIZON") => Some(StartingPosition::TrimHorizon),
            Some("LATEST") => Some(StartingPosition::Latest),
            Some("AT_TIMESTAMP") => {
                let arn = beginning(self.members.text("EventSourceArn").unwrap_or_default());
                return Err(Refusal::invalid(format!("Unsupported starting position for arn type: {arn}")));
            }
            // No other is among the model's words.
            _ => None,
        })
    }

    fn record_age(&self) -> Result<Option<Option<u32>>, Refusal> {
        let Some(age) = self.members.integer("MaximumRecordAgeInSeconds") else { return Ok(None) };
        if (0..RECORD_AGE_SECONDS_MIN).contains(&age) {
            return Err(Refusal::invalid(format!(
                "MaximumRecordAgeInSeconds must be -1 or at least {RECORD_AGE_SECONDS_MIN}, and not {age}"
            )));
        }
        Ok(Some(u32::try_from(age).ok()))
    }

    /// There is one type.
    fn report_item_failures(&self) -> Option<bool> {
        let name = "FunctionResponseTypes";
        self.members.has(name).then(|| self.members.has_content(name))
    }

    fn filters(&self) -> Result<Option<Vec<String>>, Refusal> {
        let Some(criteria) = self.members.structure("FilterCriteria") else { return Ok(None) };
        // A filter without a pattern is none.
        let filters = criteria.structures("Filters");
        let patterns: Vec<&str> = filters.iter().filter_map(|filter| filter.text("Pattern")).collect();
        if patterns.len() > FILTERS_MAX {
            return Err(Refusal::invalid(format!(
                "A mapping can have {FILTERS_MAX} filters, and not {}",
                patterns.len()
            )));
        }
        let checked = Filters::parse(patterns.iter().copied());
        checked.map_err(|_| Refusal::invalid("Invalid filter pattern definition."))?;
        Ok(Some(patterns.into_iter().map(str::to_owned).collect()))
    }

    fn destination(&self, of: &str) -> Option<&'a str> {
        let destination = self.members.structure("DestinationConfig")?.structure(of)?.text("Destination")?;
        Some(destination).filter(|destination| !destination.is_empty())
    }

    fn on_failure(&self) -> Result<Option<Option<String>>, Refusal> {
        if !self.members.has("DestinationConfig") {
            return Ok(None);
        }
        if self.destination("OnSuccess").is_some() {
            return Err(Refusal::invalid(
                "Unsupported DestinationConfig parameter for given event source mapping type: OnSuccess",
            ));
        }
        self.destination("OnFailure").map(canonical).transpose().map(Some)
    }

    /// # Errors
    /// If there is a member that this server could only ignore.
    fn refuse_foreign(&self) -> Result<(), Refusal> {
        let foreign = FOREIGN.iter().find(|name| self.members.has_content(name));
        if let Some(name) = foreign {
            return Err(Refusal::invalid(format!("Unsupported {name} parameter for given event source mapping type.")));
        }
        if self.members.integer("TumblingWindowInSeconds").is_some_and(|window| window != 0) {
            return Err(Refusal::invalid(
                "TumblingWindowInSeconds: this server has no tumbling windows; leave it out, or use 0",
            ));
        }
        Ok(())
    }
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
        let decoded = codec::decode_rest(create, &[], "", body)?;
        Asked::read(Members::of_request(create, &decoded), codec::check(create, &decoded))
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
