//! CloudWatch: the metrics of tables, and those that callers put, by the minute; and its API.
//!
//! | module | what |
//! |---|---|
//! | `series` | a metric with its dimensions, in an account and a region |
//! | `cell` | what was measured in one minute: count, sum, least, greatest, and how often each size came |
//! | `shares` | what each account may have of them |
//! | `recorder` | the minutes of this process that are not stored yet |
//! | `store` | the rows: one for each series, hour and process |
//! | `metrics` | recorder and store as one: what was measured in a time |
//! | `statistic` | what values come to: a sum, an average, a percentile |
//! | `contributors` | Contributor Insights: the heaviest keys of tables and indexes, by the minute |
//! | `alarm` | an alarm on a metric: its rows, its history, and its state by what was measured |
//! | `action_targets` | where actions of alarms lead to |
//! | `actions` | the job that executes them |
//! | `evaluation` | the job that evaluates alarms |
//! | `managed` | alarms that another part of this program has |
//! | `api` | CloudWatch's operations, in its three protocols |

mod action_targets;
mod actions;
mod alarm;
mod api;
mod cell;
mod contributors;
mod evaluation;
mod managed;
mod metrics;
mod recorder;
mod series;
mod shares;
mod statistic;
mod store;

pub use action_targets::ActionTargets;
pub use api::CloudWatch;
pub use contributors::{COUNTERS_MAX, ContributorKey, InsightRule, InsightRules, RuleGauge, RuleKind, Summary, Tally};
pub use evaluation::jobs;
pub use managed::{ManagedAlarm, delete_alarms};
pub use metrics::Metrics;
pub use recorder::{Gauge, Recorder};
pub use series::{Dimension, Series, beginning, scope};

/// Whether a row has the form that its key says, by what the key has behind its kind.
pub fn is_row(rest: &[u8], value: &[u8]) -> bool {
    match rest.split_first() {
        Some((&contributors::RULES, rest)) => contributors::is_row(rest, value),
        _ => store::is_row(rest, value) || alarm::is_row(rest, value),
    }
}

/// The namespace of DynamoDB's own metrics.
pub const DYNAMODB: &str = "AWS/DynamoDB";
const MINUTE_MS: u64 = 60_000;
const HOUR_MINUTES: u64 = 60;
/// How long minutes are kept, as CloudWatch keeps them. Source: CloudWatch User Guide, "Metrics retention".
const RETENTION_HOURS: u64 = 15 * 24;
