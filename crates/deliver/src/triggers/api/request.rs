//! The bodies of CreateEventSourceMapping and UpdateEventSourceMapping: what may stand in them for a DynamoDB stream.
//!
//! Constraints of the service model are all reported at once, as `ValidationException`; what is wrong for another reason is
//! an `InvalidParameterValueException` of its own.

use client::Url;
use serde_json::{Map, Value};

use super::Refusal;
use super::refusal::{BROKEN_MAX, beginning, broken};
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

/// Unit: characters. Source: API Reference, Arn.
const ARN_LENGTH_MAX: usize = 10_000;
/// Source: API Reference, FunctionResponseTypeList.
const RESPONSE_TYPES_MAX: usize = 1;

/// What a body asks for; a member that it leaves out is none.
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
    /// Without the members that only a new mapping has: what an update says in their place is neither done nor in the audit log.
    pub(super) fn of_update(self) -> Asked {
        Asked { event_source_arn: None, starting_position: None, tags: None, ..self }
    }

    pub(super) fn read(body: &[u8]) -> Result<Asked, Refusal> {
        let members = match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => members,
            _ if body.is_empty() => Map::new(),
            _ => return Err(Refusal::Serialization("Could not parse request body into json".to_owned())),
        };
        let mut body = Body { members: &members, broken: Vec::new() };
        let asked = body.asked()?;
        if !body.broken.is_empty() {
            return Err(Refusal::Validation(body.broken));
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
    members: &'a Map<String, Value>,
    broken: Vec<String>,
}

impl<'a> Body<'a> {
    fn asked(&mut self) -> Result<Asked, Refusal> {
        let unsigned = |value: i64| u32::try_from(value).ok();
        Ok(Asked {
            function_name: self.function_name()?,
            event_source_arn: self.event_source_arn()?,
            starting_position: self.starting_position()?,
            enabled: self.boolean("Enabled")?,
            batch_size: self.integer("BatchSize", 1, 10_000)?.and_then(unsigned),
            window_seconds: self.integer("MaximumBatchingWindowInSeconds", 0, 300)?.and_then(unsigned),
            parallelization_factor: self.integer("ParallelizationFactor", 1, 10)?.and_then(unsigned),
            record_age_seconds_max: self.record_age()?,
            retries_max: self.integer("MaximumRetryAttempts", -1, 10_000)?.map(unsigned),
            bisect: self.boolean("BisectBatchOnFunctionError")?,
            report_item_failures: self.response_types()?,
            filters: self.filters()?,
            on_failure: self.on_failure()?,
            tags: self.tags()?,
        })
    }

    /// A member that is there and not null.
    fn member(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        self.member(name).map(|value| value.as_str().ok_or_else(|| unexpected(name))).transpose()
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.member(name).map(|value| value.as_bool().ok_or_else(|| unexpected(name))).transpose()
    }

    fn integer(&mut self, name: &str, min: i64, max: i64) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.member(name) else { return Ok(None) };
        let value = value.as_i64().ok_or_else(|| unexpected(name))?;
        if value < min {
            self.broken(name, &value.to_string(), &format!("Member must have value greater than or equal to {min}"));
        }
        if value > max {
            self.broken(name, &value.to_string(), &format!("Member must have value less than or equal to {max}"));
        }
        Ok(Some(value))
    }

    fn broken(&mut self, name: &str, value: &str, constraint: &str) {
        if self.broken.len() < BROKEN_MAX {
            self.broken.push(broken(name, value, constraint));
        }
    }

    fn event_source_arn(&mut self) -> Result<Option<String>, Refusal> {
        let Some(arn) = self.text("EventSourceArn")? else { return Ok(None) };
        if arn.len() > ARN_LENGTH_MAX {
            let constraint = format!("Member must have length less than or equal to {ARN_LENGTH_MAX}");
            self.broken("EventSourceArn", arn, &constraint);
        }
        Ok(Some(arn.to_owned()))
    }

    fn function_name(&mut self) -> Result<Option<String>, Refusal> {
        let Some(name) = self.text("FunctionName")? else { return Ok(None) };
        // Only the form: whose function it is does not matter here.
        if function::Function::parse(name, "000000000000", "x").is_none() {
            let constraint = format!("Member must satisfy regular expression pattern: {}", function::PATTERN);
            self.broken("FunctionName", name, &constraint);
        }
        Ok(Some(name.to_owned()))
    }

    fn starting_position(&mut self) -> Result<Option<StartingPosition>, Refusal> {
        Ok(match self.text("StartingPosition")? {
            None => None,
            Some("TRIM_HORIZON") => Some(StartingPosition::TrimHorizon),
            Some("LATEST") => Some(StartingPosition::Latest),
            Some("AT_TIMESTAMP") => {
                let arn = self.text("EventSourceArn")?.unwrap_or_default();
                let arn = beginning(arn);
                return Err(Refusal::invalid(format!("Unsupported starting position for arn type: {arn}")));
            }
            Some(other) => {
                self.broken(
                    "StartingPosition",
                    other,
                    "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
                );
                None
            }
        })
    }

    fn record_age(&mut self) -> Result<Option<Option<u32>>, Refusal> {
        let Some(age) = self.integer("MaximumRecordAgeInSeconds", -1, 604_800)? else { return Ok(None) };
        if (0..RECORD_AGE_SECONDS_MIN).contains(&age) {
            return Err(Refusal::invalid(format!(
                "MaximumRecordAgeInSeconds must be -1 or at least {RECORD_AGE_SECONDS_MIN}, and not {age}"
            )));
        }
        Ok(Some(u32::try_from(age).ok()))
    }

    fn response_types(&mut self) -> Result<Option<bool>, Refusal> {
        let name = "FunctionResponseTypes";
        let Some(types) = self.member(name) else { return Ok(None) };
        let types = types.as_array().ok_or_else(|| unexpected(name))?;
        if types.len() > RESPONSE_TYPES_MAX {
            let constraint = format!("Member must have length less than or equal to {RESPONSE_TYPES_MAX}");
            self.broken(name, &format!("[{} elements]", types.len()), &constraint);
        }
        if let Some(other) = types.iter().find(|one| **one != "ReportBatchItemFailures") {
            let constraint = "Member must satisfy enum value set: [ReportBatchItemFailures]";
            self.broken(name, &format!("[{}]", other.as_str().unwrap_or_default()), constraint);
        }
        Ok(Some(!types.is_empty()))
    }

    fn filters(&mut self) -> Result<Option<Vec<String>>, Refusal> {
        let Some(criteria) = self.member("FilterCriteria") else { return Ok(None) };
        let criteria = criteria.as_object().ok_or_else(|| unexpected("FilterCriteria"))?;
        let none = Vec::new();
        let filters = match criteria.get("Filters") {
            None | Some(Value::Null) => &none,
            Some(filters) => filters.as_array().ok_or_else(|| unexpected("Filters"))?,
        };
        // A filter without a pattern is none.
        let patterns = filters.iter().filter_map(|filter| filter.get("Pattern"));
        let patterns = patterns.map(|pattern| pattern.as_str().ok_or_else(|| unexpected("Pattern")));
        let patterns = patterns.collect::<Result<Vec<_>, _>>()?;
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

    fn on_failure(&mut self) -> Result<Option<Option<String>>, Refusal> {
        let Some(config) = self.member("DestinationConfig") else { return Ok(None) };
        let destination = |of: &str| {
            let destination = config.get(of)?.get("Destination")?.as_str()?;
            Some(destination).filter(|destination| !destination.is_empty())
        };
        if destination("OnSuccess").is_some() {
            return Err(Refusal::invalid(
                "Unsupported DestinationConfig parameter for given event source mapping type: OnSuccess",
            ));
        }
        let destination = destination("OnFailure");
        if let Some(arn) = destination.filter(|arn| !function::is_url(arn) && arn.len() > DESTINATION_LENGTH_MAX) {
            let constraint = format!("Member must have length less than or equal to {DESTINATION_LENGTH_MAX}");
            self.broken("destinationConfig.onFailure.destination", arn, &constraint);
        }
        destination.map(canonical).transpose().map(Some)
    }

    fn tags(&mut self) -> Result<Option<Tags>, Refusal> {
        let Some(tags) = self.member("Tags") else { return Ok(None) };
        super::tags::tags(tags.as_object().ok_or_else(|| unexpected("Tags"))?).map(Some)
    }

    /// # Errors
    /// If there is a member that this server could only ignore.
    fn refuse_foreign(&self) -> Result<(), Refusal> {
        let is_empty = |value: &Value| match value {
            Value::Array(elements) => elements.is_empty(),
            Value::Object(members) => members.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        let foreign = FOREIGN.iter().find(|name| self.member(name).is_some_and(|value| !is_empty(value)));
        if let Some(name) = foreign {
            return Err(Refusal::invalid(format!("Unsupported {name} parameter for given event source mapping type.")));
        }
        if self.member("TumblingWindowInSeconds").is_some_and(|window| *window != 0) {
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

fn unexpected(name: &str) -> Refusal {
    Refusal::Serialization(format!("The value of {name} has another type"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<Asked, Refusal> {
        Asked::read(body.to_string().as_bytes())
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
        assert_eq!(Asked::read(b""), Ok(Asked::default()));
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
                "Value 'FIRST' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
                "Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1",
                "Value '11' at 'parallelizationFactor' failed to satisfy constraint: Member must have value less than or equal to 10",
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
        let many: Map<String, Value> = (0..200).map(|at| (at.to_string(), json!(at))).collect();
        let mut body = Body { members: &many, broken: Vec::new() };
        many.keys().for_each(|name| body.broken(name, "x", "y"));
        assert_eq!(body.broken.len(), BROKEN_MAX);
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
        assert!(matches!(Asked::read(b"{"), Err(Refusal::Serialization(_))));
    }
}
