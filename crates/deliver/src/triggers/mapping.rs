//! An event source mapping: its stored document, and its form in the API.
//!
//! A change by the API puts a mapping into a transient state (`Creating`, `Updating`, `Deleting` …); the node that has the lease
//! of its consumer makes the change and ends that state. Until then the API refuses another change.

use std::time::Duration;

use auth::SHARED_ACCOUNT;
use aws::Timestamp;
use aws::lambda::{DestinationConfig, EventSourceMappingConfiguration, Filter, FilterCriteria, OnFailure};
use client::Holder;
use model::limits::STREAM_RETENTION_MS;
use ops::follow::{Consumer, Followed, Start};
use serde::{Deserialize, Serialize};

use super::api::tags::Tags;
use super::function::{Function, is_url};
use super::lane::Rules;
use super::reader::Reader;

pub(crate) const NO_RECORDS_YET: &str = "No records processed";

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Mapping {
    pub uuid: String,
    /// The space of the caller that made it.
    pub account: String,
    pub region: String,
    /// The stream's.
    pub table_id: u64,
    pub label: String,
    pub event_source_arn: String,
    /// An ARN, or a URL.
    pub function_arn: String,
    pub starting_position: StartingPosition,
    pub enabled: bool,
    pub state: State,
    pub last_modified_ms: u64,
    pub settings: Settings,
    #[serde(default)]
    pub tags: Tags,
    /// Of another account's stream: the caller that its policy is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<Reader>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum StartingPosition {
    TrimHorizon,
    Latest,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum State {
    Creating,
    Enabling,
    Enabled,
    Disabling,
    Disabled,
    Updating,
    Deleting,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Records.
    pub batch_size: u32,
    pub window_seconds: u32,
    pub parallelization_factor: u32,
    /// Patterns, as they were given.
    pub filters: Vec<String>,
    pub record_age_seconds_max: Option<u32>,
    pub retries_max: Option<u32>,
    pub bisect: bool,
    pub report_item_failures: bool,
    /// The ARN of a queue, or a URL.
    pub on_failure: Option<String>,
}

impl Default for Settings {
    /// Source: Lambda Developer Guide, "Lambda parameters for Amazon DynamoDB event source mappings".
    fn default() -> Settings {
        Settings {
            batch_size: 100,
            window_seconds: 0,
            parallelization_factor: 1,
            filters: Vec::new(),
            record_age_seconds_max: None,
            retries_max: None,
            bisect: false,
            report_item_failures: false,
            on_failure: None,
        }
    }
}

impl State {
    /// Whether a change is under way.
    pub(crate) fn is_passing(self) -> bool {
        !matches!(self, State::Enabled | State::Disabled)
    }
}

impl Settings {
    pub(crate) fn rules(&self) -> Rules {
        let retention = Duration::from_millis(STREAM_RETENTION_MS);
        let age_max = self.record_age_seconds_max.map_or(retention, |age| Duration::from_secs(age.into()));
        Rules {
            batch_size_max: self.batch_size.max(1) as usize,
            window: Duration::from_secs(self.window_seconds.into()),
            age_max: age_max.min(retention),
            retries_max: self.retries_max,
            bisect: self.bisect,
        }
    }
}

impl Mapping {
    /// What the log calls it.
    pub(crate) fn title(&self) -> String {
        title(&self.event_source_arn, &self.function_arn)
    }

    /// Its consumer of the stream.
    pub(crate) fn consumer(&self) -> Consumer {
        Consumer {
            table_id: self.table_id,
            name: format!("mapping-{}", self.uuid),
            of: Followed::Stream { label: self.label.clone() },
        }
    }

    pub(crate) fn start(&self) -> Start {
        match self.starting_position {
            StartingPosition::TrimHorizon => Start::TrimHorizon,
            StartingPosition::Latest => Start::Latest,
        }
    }

    pub(crate) fn function(&self) -> Option<Function> {
        Function::parse(&self.function_arn, &self.account, &self.region)
    }

    pub(crate) fn queue_region(&self) -> Option<&str> {
        queue_region(&self.account, &self.region)
    }

    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:event-source-mapping:{}", self.region, self.account, self.uuid)
    }

    /// The stream's ARN in its one spelling. Older programs stored it as it was typed: with any partition, and in the shared space with
    /// any account and region.
    fn canonical_source(&self) -> Option<String> {
        let parts: Vec<&str> = self.event_source_arn.splitn(6, ':').collect();
        let [_, _, _, region, account, rest] = parts.as_slice() else { return None };
        let (region, account) = match self.account == SHARED_ACCOUNT {
            true => (self.region.as_str(), SHARED_ACCOUNT),
            false => (*region, *account),
        };
        Some(format!("arn:aws:dynamodb:{region}:{account}:{rest}"))
    }

    /// As it was stored.
    ///
    /// # Errors
    /// If this program cannot read it.
    pub(crate) fn read(row: &[u8]) -> serde_json::Result<Mapping> {
        let mapping: Mapping = serde_json::from_slice(row)?;
        let event_source_arn = mapping.canonical_source().unwrap_or_else(|| mapping.event_source_arn.clone());
        // Older versions have stored `aws` in place of the region's partition.
        let function_arn = mapping.function().map_or(mapping.function_arn.clone(), |function| function.arn());
        Ok(Mapping { event_source_arn, function_arn, ..mapping })
    }

    /// Whether both read one stream.
    pub(crate) fn reads_the_same(&self, other: &Mapping) -> bool {
        (self.table_id, &self.label) == (other.table_id, &other.label)
    }

    /// Whether there is the same to be done for both: tags change nothing.
    pub(crate) fn asks_for_the_same(&self, other: &Mapping) -> bool {
        Mapping { tags: Tags::new(), ..self.clone() } == Mapping { tags: Tags::new(), ..other.clone() }
    }

    /// The mapping once its transient state has ended.
    pub(crate) fn settled(&self) -> Mapping {
        let state = if self.enabled { State::Enabled } else { State::Disabled };
        Mapping { state, ..self.clone() }
    }

    /// What calls, look-ups and memory are reserved for.
    pub(crate) fn holder(&self) -> Holder {
        Holder::new(&self.account, &self.uuid)
    }

    /// About how large the API shows it. Unit: bytes.
    pub(crate) fn shown_bytes(&self) -> usize {
        1_024 + self.settings.filters.iter().map(String::len).sum::<usize>()
    }

    /// As the API shows it. `result` is the outcome of the last invocation.
    pub(crate) fn shown(&self, result: Option<&str>) -> EventSourceMappingConfiguration {
        let settings = &self.settings;
        let number = |number: u32| i32::try_from(number).ok();
        let unbounded = |bound: Option<u32>| bound.map_or(Some(-1), number);
        let position = match self.starting_position {
            StartingPosition::TrimHorizon => "TRIM_HORIZON",
            StartingPosition::Latest => "LATEST",
        };
        let responses: &[&str] = if settings.report_item_failures { &["ReportBatchItemFailures"] } else { &[] };
        let filters = settings.filters.iter().map(|pattern| Filter { pattern: Some(pattern.clone()) });
        let filters: Vec<Filter> = filters.collect();
        let on_failure = Some(OnFailure { destination: settings.on_failure.clone() });
        EventSourceMappingConfiguration {
            uuid: Some(self.uuid.clone()),
            starting_position: Some(position.to_owned()),
            batch_size: number(settings.batch_size),
            maximum_batching_window_in_seconds: number(settings.window_seconds),
            parallelization_factor: number(settings.parallelization_factor),
            event_source_arn: Some(self.event_source_arn.clone()),
            function_arn: Some(self.function_arn.clone()),
            last_modified: Some(Timestamp(self.last_modified_ms)),
            last_processing_result: Some(result.map_or(NO_RECORDS_YET, without_details).to_owned()),
            state: Some(format!("{:?}", self.state)),
            state_transition_reason: Some("User action".to_owned()),
            destination_config: Some(DestinationConfig { on_failure, on_success: None }),
            maximum_record_age_in_seconds: unbounded(settings.record_age_seconds_max),
            bisect_batch_on_function_error: Some(settings.bisect),
            maximum_retry_attempts: unbounded(settings.retries_max),
            tumbling_window_in_seconds: Some(0),
            function_response_types: Some(responses.iter().map(|name| (*name).to_owned()).collect()),
            event_source_mapping_arn: Some(self.arn()),
            filter_criteria: (!filters.is_empty()).then_some(FilterCriteria { filters: Some(filters) }),
            ..EventSourceMappingConfiguration::default()
        }
    }
}

/// The region that on-failure queues of an account's mappings are in: the stream's. At `--sqs-endpoint` a queue's URL has no region, so
/// that one queue with several ARNs would get around policies. In the shared space, which has no policies, every region is its own.
pub(crate) fn queue_region<'a>(account: &str, region: &'a str) -> Option<&'a str> {
    (account != SHARED_ACCOUNT).then_some(region)
}

/// Older programs stored what a receiver had answered, in brackets.
fn without_details(result: &str) -> &str {
    result.split(" (").next().unwrap_or_default()
}

/// By the names that its operator knows. The path of a URL may hold a secret.
fn title(stream_arn: &str, function: &str) -> String {
    let table = stream_arn.split('/').nth(1).unwrap_or(stream_arn);
    let function = match is_url(function) {
        true => function.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"),
        false => function.to_owned(),
    };
    format!("the event source mapping of table {table} to {function}")
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn titles_name_the_table_and_the_function() {
        let stream = "arn:aws:dynamodb:us-east-1:000000000000:table/Music/stream/2026-01-31T12:00:00.000";
        let function = "arn:aws:lambda:us-east-1:000000000000:function:thumb";
        for (given, expected) in
            [(function, function), ("https://hooks.example:8443/secret?a=b", "https://hooks.example:8443")]
        {
            assert_eq!(title(stream, given), format!("the event source mapping of table Music to {expected}"));
        }
    }
}
