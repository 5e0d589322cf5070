//! The flags of `stator bench`, as they are typed. `plan` proves them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, value_parser};

use crate::workload::{WORKLOADS, Workload};

const EXAMPLES: &str = "\
Examples:
  stator bench --server-pid $(pgrep -x stator) --ceiling       all workloads, beside the ceiling
  stator bench --workload get,put --connections 64 --html report.html
  stator bench --workload get --rate 5000                      open loop: 5000 requests a second, whatever comes back
  stator bench --compare http://127.0.0.1:8001                 two servers, taking turns
  stator bench --endpoint https://dynamodb.eu-west-1.amazonaws.com         DynamoDB itself, which bills it
  stator bench --sql postgres://stator@127.0.0.1/stator        the PostgreSQL under the server, without it
  stator bench --dax 127.0.0.1:8111 --ceiling                  DAX's caches beside HTTP, over the same tables
  stator bench start                                           time and memory of the server's start
  stator bench echo --listen 127.0.0.1:9000                    the ceiling alone, until it is stopped

Requests are signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or any words if they are
not set.";

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) load: LoadArguments,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Serve the ceiling: a bare HTTP server that answers every request with 1 KB
    Echo(EchoArguments),
    /// Start the server again and again: time to its first answer, and memory then
    Start(StartArguments),
}

const START_EXAMPLES: &str = "\
Examples:
  stator bench start                                     in memory, in new folders and in one that exists
  stator bench start --runs 3 --data /var/lib/stator     with the data of a server that is stopped
  stator bench start -- --cache 64MiB                    with flags of `stator serve`";

#[derive(Args, Debug)]
#[command(after_help = START_EXAMPLES)]
pub(crate) struct StartArguments {
    /// Measured starts of each kind; one more precedes them
    #[arg(long, value_name = "COUNT", default_value_t = 7, value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) runs: u32,

    /// Folder with the data to start with, instead of an empty database; no other server may have it open
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Where new folders are made and removed again: on the disk that is meant
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) scratch: PathBuf,

    /// File to append the figures to, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Flags of `stator serve` for each start, behind `--`; not --listen, --data and --memory, which are chosen here
    #[arg(last = true, value_name = "FLAGS")]
    pub(crate) serve: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct EchoArguments {
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9000")]
    pub(crate) listen: String,

    /// Answer in frames of DAX's protocol, instead of HTTP
    #[arg(long)]
    pub(crate) dax: bool,
}

#[derive(Args, Debug)]
pub(crate) struct LoadArguments {
    /// The server to measure, over http:// or https://
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    pub(crate) endpoint: String,

    /// Its process id on this machine, to report its CPU time per operation
    #[arg(long, value_name = "PID")]
    pub(crate) server_pid: Option<u32>,

    /// What the report calls it, instead of its URL
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,

    /// A second server, measured in rounds between those of the first
    #[arg(long, value_name = "URL")]
    pub(crate) compare: Option<String>,

    /// The second server's process id
    #[arg(long, value_name = "PID", requires = "compare")]
    pub(crate) compare_pid: Option<u32>,

    /// What the report calls the second server
    #[arg(long, value_name = "TEXT", requires = "compare")]
    pub(crate) compare_label: Option<String>,

    /// A PostgreSQL to measure in the same rounds, with what Stator sends there for get and put but without Stator: the
    /// one that the server keeps its tables in. PGPASSWORD may hold the password
    #[arg(long, value_name = "URL")]
    pub(crate) sql: Option<String>,

    /// The address of DAX in front of the same tables, without a check of callers, measured in the same rounds with its own protocol
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) dax: Option<String>,

    /// Its process id, if it is another process than the server
    #[arg(long, value_name = "PID", requires = "dax")]
    pub(crate) dax_pid: Option<u32>,

    /// Measure `bench echo` in the same rounds with the same requests, and show the share of it that is reached
    #[arg(long)]
    pub(crate) ceiling: bool,

    /// Workloads to run, separated by commas; all of them if none is named
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = WorkloadParser)]
    pub(crate) workload: Vec<&'static Workload>,

    /// Connections that send requests, each one request at a time
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = value_parser!(u32).range(1..=20_000))]
    pub(crate) connections: u32,

    /// Threads of the client; the connections are dealt out among them
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = value_parser!(u32).range(1..=256))]
    pub(crate) threads: u32,

    /// Bytes in the value of an item
    #[arg(long, value_name = "BYTES", default_value_t = 1024, value_parser = value_parser!(u32).range(1..=390_000))]
    pub(crate) value_size: u32,

    /// Items in each table
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = value_parser!(u32).range(100..=1_000_000_000))]
    pub(crate) keys: u32,

    /// Seconds of load for each workload and server, all rounds together
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    pub(crate) seconds: f64,

    /// Requests after which a workload ends for a server, even if there is time left
    #[arg(long, value_name = "COUNT", value_parser = value_parser!(u64).range(1..))]
    pub(crate) operations: Option<u64>,

    /// Rounds into which the load of a workload is cut; the servers take turns between them
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) rounds: u32,

    /// Seconds of load before the first round that are not measured
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    pub(crate) warmup: f64,

    /// Requests a second, sent whether or not earlier ones are answered; the latency counts from the intended moment.
    /// Without it, each connection sends its next request as soon as it has its reply
    #[arg(long, value_name = "PER_SECOND")]
    pub(crate) rate: Option<f64>,

    /// Seconds after which a request without a reply has failed
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    pub(crate) timeout: f64,

    /// Read strongly consistently
    #[arg(long)]
    pub(crate) consistent: bool,

    /// Region to sign for [default: the one in the name of an AWS endpoint, else AWS_REGION, else us-east-1]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// PEM file with the certificate authorities to trust for https://, instead of the system's
    #[arg(long, env = "AWS_CA_BUNDLE", value_name = "FILE")]
    pub(crate) ca_bundle: Option<OsString>,

    /// Start of the names of the tables that the run makes and deletes
    #[arg(long, value_name = "TEXT", default_value = "stator-bench")]
    pub(crate) prefix: String,

    /// Leave the tables at the end, and take those that an earlier run with the same settings has left
    #[arg(long)]
    pub(crate) keep: bool,

    /// Start of the random choices: runs with equal seeds ask for the same keys
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,

    /// File to append the figures to, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// File for a report with plots, readable in a browser without any other file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Knows the workloads by the one list of them, for parser, help and completions alike.
#[derive(Clone)]
struct WorkloadParser;

impl clap::builder::TypedValueParser for WorkloadParser {
    type Value = &'static Workload;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<&'static Workload, clap::Error> {
        let names = clap::builder::PossibleValuesParser::new(WORKLOADS.iter().map(|workload| workload.name));
        let name = names.parse_ref(command, argument, value)?;
        let found = WORKLOADS.iter().find(|workload| workload.name == name);
        found.ok_or_else(|| clap::Error::new(clap::error::ErrorKind::InvalidValue))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(WORKLOADS.iter().map(|workload| PossibleValue::new(workload.name).help(workload.about))))
    }
}
