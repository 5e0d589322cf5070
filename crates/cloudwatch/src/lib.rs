//! CloudWatch: the metrics of tables, and those that callers put, by the minute; and its API.
//!
//! | module | what |
//! |---|---|
//! | `series` | a metric with its dimensions, in an account and a region |
//! | `cell` | what was measured in one minute: count, sum, least, greatest, and how often each size came |
//! | `recorder` | the minutes of this process that are not stored yet |
//! | `store` | the rows: one for each series, hour and process |
//! | `metrics` | recorder and store as one: what was measured in a time |
//! | `api` | CloudWatch's operations, in its three protocols |

mod api;
mod cell;
mod metrics;
mod recorder;
mod series;
mod store;

pub use api::CloudWatch;
pub use metrics::Metrics;
pub use recorder::{Gauge, Recorder};
pub use series::{Dimension, Series};
pub use store::is_row;

/// The namespace of DynamoDB's own metrics.
pub const DYNAMODB: &str = "AWS/DynamoDB";
const MINUTE_MS: u64 = 60_000;
const HOUR_MINUTES: u64 = 60;
/// How long minutes are kept, as CloudWatch keeps them. Source: CloudWatch User Guide, "Metrics retention".
const RETENTION_HOURS: u64 = 15 * 24;
