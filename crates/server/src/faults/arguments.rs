//! The flags for tests: faults, the clock, slow states, all state at once.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::value_parsers::time_offset;

#[derive(Args, Debug)]
pub(crate) struct FaultArguments {
    /// For tests: let rules inject errors, delays and broken answers. They are added at /admin/faults on the address of /metrics
    /// while the server runs
    #[arg(long, env = "STATOR_FAULTS", value_parser = BoolishValueParser::new())]
    pub(crate) faults: bool,

    /// JSON file of rules to start with
    #[arg(long, env = "STATOR_FAULTS_FILE", value_name = "FILE")]
    pub(crate) faults_file: Option<PathBuf>,

    /// For tests: how far the server's time of day is ahead, such as 36d, or behind, such as -2h. With it, 0 included, it can be
    /// advanced at /admin/clock while the server runs
    #[arg(long, env = "STATOR_CLOCK_OFFSET", value_name = "TIME", allow_hyphen_values = true, value_parser = time_offset)]
    pub(crate) clock_offset: Option<i64>,

    /// For tests: let all state be deleted, and snapshots of it be taken and restored, while the server runs ('stator reset' and
    /// 'stator snapshot'): at the address of --metrics-listen, or at the main one if only this machine reaches it
    #[arg(long, env = "STATOR_TEST_STATE", value_parser = BoolishValueParser::new())]
    pub(crate) test_state: bool,

    /// File of tables and items to start with, and several of them one after the other: DynamoDB JSON, a model of NoSQL Workbench, or a
    /// CloudFormation template. Tables that exist are left as they are, and get the items
    #[arg(long, env = "STATOR_SEED", value_name = "FILE", value_delimiter = ',')]
    pub(crate) seed: Vec<PathBuf>,

    /// For tests: how long tables and indexes stay in CREATING, UPDATING and DELETING, as a share of the time that AWS takes. 0 for as
    /// long as the work takes, 1 for as long as on AWS
    #[arg(long, env = "STATOR_TRANSITION_SCALE", value_name = "SHARE", default_value = "0", value_parser = scale)]
    pub(crate) transition_scale: f64,
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: Option<f64> = text.parse().ok();
    scale.filter(|scale| (0.0..=100.0).contains(scale)).ok_or_else(|| "a number from 0 to 100, such as 0.05".to_owned())
}
