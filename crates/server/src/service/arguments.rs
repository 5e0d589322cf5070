//! The flags of what the operations mean: the region, shards of streams, and quotas.

use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use model::limits::PROVISIONED_UNITS_MAX;

use crate::value_parsers::hours;

#[derive(Args, Debug)]
pub(crate) struct ServiceArguments {
    /// Region in ARNs. With --isolate, --credentials or --auth, tables are in the region that a request is signed for
    #[arg(long, env = "STATOR_REGION", value_name = "REGION", default_value = "us-east-1", value_parser = region)]
    pub(crate) region: String,

    /// More regions, each with its own tables, which can have replicas in each other: such as us-east-1,eu-west-1. A request
    /// is for the region that it is signed for, or else for --region
    #[arg(long, env = "STATOR_REGIONS", value_name = "REGION", value_delimiter = ',', value_parser = region)]
    pub(crate) regions: Vec<String>,

    /// Hours for which a table that was the source of a replica cannot be deleted; 24 on AWS
    #[arg(long, env = "STATOR_REPLICA_SOURCE_HOURS", value_name = "HOURS", default_value = "0", value_parser = hours_or_none)]
    pub(crate) replica_source_hours: Duration,

    /// Hours after which a stream's shard is closed and followed by another one; shorter times have a unit, such as 30m
    /// or 10s
    #[arg(long, env = "STATOR_STREAM_SHARD_HOURS", value_name = "HOURS", default_value = "4", value_parser = hours)]
    pub(crate) stream_shard_hours: Duration,

    /// Split a stream's shard above this many changes per second (one per KiB); a stream has up to eight open shards
    #[arg(long, env = "STATOR_STREAM_SHARD_WRITES", value_name = "COUNT", default_value_t = 1000, value_parser = writes)]
    pub(crate) stream_shard_writes: u64,

    /// Tables that an account may have in a region, and a quarter of those it may have in all regions; 0 for no quota
    #[arg(long, env = "STATOR_TABLES_MAX", value_name = "COUNT", default_value_t = ops::Quotas::default().tables_max)]
    pub(crate) tables_max: usize,

    /// Capacity units that a table or an index may have of either kind
    #[arg(long, env = "STATOR_TABLE_UNITS_MAX", value_name = "UNITS", default_value_t = ops::Quotas::default().table_units_max, value_parser = units)]
    pub(crate) table_units_max: i64,

    /// Capacity units that an account's provisioned tables in a region may have together
    #[arg(long, env = "STATOR_ACCOUNT_UNITS_MAX", value_name = "UNITS", default_value_t = ops::Quotas::default().account_units_max, value_parser = units)]
    pub(crate) account_units_max: i64,

    /// Refuse requests beyond the provisioned throughput of their tables and indexes, or beyond their on-demand maxima
    #[arg(long, env = "STATOR_ENFORCE_THROUGHPUT", value_parser = BoolishValueParser::new())]
    pub(crate) enforce_throughput: bool,

    /// Series of CloudWatch's metrics that are measured at once, of all accounts; an account may put a tenth of them. 0 for no metrics
    #[arg(long, env = "STATOR_CLOUDWATCH_SERIES_MAX", value_name = "COUNT", default_value_t = 100_000)]
    pub(crate) cloudwatch_series_max: usize,
}

impl ServiceArguments {
    /// All regions with tables of their own; the first one is the default.
    pub(crate) fn all_regions(&self) -> Vec<String> {
        let mut all = vec![self.region.clone()];
        for region in &self.regions {
            if !all.contains(region) {
                all.push(region.clone());
            }
        }
        all
    }
}

fn hours_or_none(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { hours(text) }
}

fn region(text: &str) -> Result<String, String> {
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > 32 || !text.bytes().all(valid) {
        return Err("a region is made of small letters, digits and hyphens, such as eu-west-3".to_owned());
    }
    Ok(text.to_owned())
}

fn units(text: &str) -> Result<i64, String> {
    let units: Option<i64> = text.parse().ok();
    let units = units.filter(|units| (1..=PROVISIONED_UNITS_MAX).contains(units));
    units.ok_or_else(|| format!("a number from 1 to {PROVISIONED_UNITS_MAX}"))
}

fn writes(text: &str) -> Result<u64, String> {
    let count: Option<u64> = text.parse().ok();
    count.filter(|count| (1..=1_000_000).contains(count)).ok_or_else(|| "a number from 1 to 1000000".to_owned())
}
