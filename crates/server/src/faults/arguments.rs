//! The flags of faults and of the clock for tests.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

#[derive(Args, Debug)]
pub(crate) struct FaultArguments {
    /// For tests: let rules inject errors, delays and broken answers. They are added at /admin/faults on the address of /metrics
    /// while the server runs
    #[arg(long, env = "STATOR_FAULTS", value_parser = BoolishValueParser::new())]
    pub(crate) faults: bool,

    /// JSON file of rules to start with
    #[arg(long, env = "STATOR_FAULTS_FILE", value_name = "FILE")]
    pub(crate) faults_file: Option<PathBuf>,
}
