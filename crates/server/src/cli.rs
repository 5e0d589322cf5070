//! The command line: one list of flags, each also an environment variable, that feeds parser, help and completions.

mod groups;
mod relations;
mod variables;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::audit::AuditArguments;
use crate::encryption::KeyCareArguments;
use crate::engine::EngineArguments;
use crate::init::InitArguments;
use crate::log::LogFormat;
use crate::metrics::MetricsArguments;
use crate::nodes::NodesArguments;
use crate::outbound::OutboundArguments;
use crate::policy_check::PolicyCheckArguments;
use crate::protect::ProtectArguments;
use crate::rekey::RekeyArguments;
use crate::storage_check::StorageCheckArguments;
use crate::tail::TailArguments;
use crate::tls::TlsArguments;
use crate::value_parsers::{byte_size, hours, http_url, seconds};
use crate::web::WebArguments;

/// DynamoDB that anyone can run.
#[derive(Parser, Debug)]
#[command(name = "stator", version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The command line, whose flags go together.
    pub(crate) fn read(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Cli, clap::Error> {
        let mut command = Cli::whole();
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let matches = command
            .try_get_matches_from_mut(&arguments)
            .map_err(|error| variables::named(error, &command, &arguments))?;
        if let Some(serve) = matches.subcommand_matches("serve") {
            let set = |name: &str| {
                let value = std::env::var_os(name).filter(|value| !value.is_empty());
                value.map(|value| value.to_string_lossy().into_owned())
            };
            relations::check(serve, set).map_err(|text| match command.find_subcommand_mut("serve") {
                Some(command) => command.error(ErrorKind::ArgumentConflict, text),
                None => command.error(ErrorKind::ArgumentConflict, text),
            })?;
        }
        if let Some(init) = matches.subcommand_matches("init") {
            relations::check_init(init).map_err(|text| command.error(ErrorKind::ArgumentConflict, text))?;
        }
        Cli::from_arg_matches(&matches)
    }

    /// All commands with their flags, as help and completions show them.
    pub(crate) fn whole() -> clap::Command {
        groups::grouped(Cli::command())
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Serve the DynamoDB API from a folder on this machine, or from a database
    Serve(Box<ServeArguments>),
    /// Make the first account and its root's access key, for serve --auth; prints or writes the key, once
    Init(InitArguments),
    /// Check or rekey a database that stores the tables
    #[command(subcommand)]
    Storage(StorageCommand),
    /// List the servers that share a database
    Nodes(NodesArguments),
    /// Benchmark a DynamoDB endpoint
    Bench(Box<bench::Arguments>),
    /// Print a table's changes as they come, as JSON lines
    Tail(Box<TailArguments>),
    /// Evaluate IAM policies offline
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  source <(stator completions bash)")]
    Completions { shell: clap_complete::Shell },
}

#[derive(Subcommand, Debug)]
pub(crate) enum PolicyCommand {
    /// Explain why policies in files allow or deny a request, statement by statement
    Check(Box<PolicyCheckArguments>),
}

#[derive(Subcommand, Debug)]
pub(crate) enum StorageCommand {
    /// Report a database's version, speed and safety, and what is missing; changes nothing
    Check(StorageCheckArguments),
    /// Change the master key of encrypted data; rewrites none of it
    Rekey(RekeyArguments),
}

const SERVE_EXAMPLES: &str = "\
Examples:
  stator serve                                    durable, in ./stator-data, on 127.0.0.1:8000
  stator serve --memory --listen 127.0.0.1:0      nothing kept, on any free port
  stator serve --data /var/lib/stator --region eu-west-3
  stator serve --storage postgres://stator@db.example/stator
  stator serve --master-key-file /etc/stator/key  encrypted; (umask 077; head -c 32 /dev/urandom > key) makes one
  STATOR_LISTEN=127.0.0.1:9000 stator serve       every flag is also a variable

Then, from another terminal:
  AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any \\
    aws dynamodb list-tables --region us-east-1 --endpoint-url http://127.0.0.1:8000";

#[derive(Args, Debug)]
#[command(after_help = SERVE_EXAMPLES)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) engine: EngineArguments,

    #[command(flatten)]
    pub(crate) key_care: KeyCareArguments,

    #[command(flatten)]
    pub(crate) protect: ProtectArguments,

    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, env = "STATOR_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    pub(crate) listen: String,

    #[command(flatten)]
    pub(crate) tls: TlsArguments,

    #[command(flatten)]
    pub(crate) web: WebArguments,

    #[command(flatten)]
    pub(crate) audit: AuditArguments,

    /// Check signatures against the access keys in this file, which has the form of the AWS CLI's credentials. Each
    /// key sees the tables of its account (aws_account_id) and of the region it signs for
    #[arg(long, env = "STATOR_CREDENTIALS", value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,

    /// Know callers as users, roles and sessions, and let them do what their policies say: IAM and STS answer at the same
    /// address. 'stator init' makes the first access key; with --memory it comes from STATOR_ROOT_ACCESS_KEY_ID and
    /// STATOR_ROOT_SECRET_ACCESS_KEY. Each account and region has its own tables
    #[arg(long, env = "STATOR_AUTH", value_parser = BoolishValueParser::new())]
    pub(crate) auth: bool,

    /// File of the key that 'stator init' has made; without it, auth.key in the folder
    #[arg(long, env = "STATOR_AUTH_KEY_FILE", value_name = "FILE")]
    pub(crate) auth_key_file: Option<PathBuf>,

    /// Allow --listen on an address that other machines can reach although signatures are not checked: anyone who reaches
    /// the port can read and write everything
    #[arg(long, env = "STATOR_ALLOW_UNVERIFIED_REMOTE", value_parser = BoolishValueParser::new())]
    pub(crate) allow_unverified_remote: bool,

    /// Region in ARNs. With --isolate, --credentials or --auth, tables are in the region that a request is signed for
    #[arg(long, env = "STATOR_REGION", value_name = "REGION", default_value = "us-east-1", value_parser = region)]
    pub(crate) region: String,

    /// Hours after which a stream's shard is closed and followed by another one; shorter times have a unit, such as 30m
    /// or 10s
    #[arg(long, env = "STATOR_STREAM_SHARD_HOURS", value_name = "HOURS", default_value = "4", value_parser = hours)]
    pub(crate) stream_shard_hours: Duration,

    /// Split a stream's shard above this many changes per second (one per KiB); a stream has up to eight open shards
    #[arg(long, env = "STATOR_STREAM_SHARD_WRITES", value_name = "COUNT", default_value_t = 1000, value_parser = writes)]
    pub(crate) stream_shard_writes: u64,

    /// Give each account and region of the callers its own tables, instead of one space shared by all.
    /// The account is the access key itself if that is 12 digits, else it is derived from the key
    #[arg(long, env = "STATOR_ISOLATE", value_parser = BoolishValueParser::new())]
    pub(crate) isolate: bool,

    /// Tables that an account may have in a region, and a quarter of those it may have in all regions; 0 for no quota
    #[arg(long, env = "STATOR_TABLES_MAX", value_name = "COUNT", default_value_t = ops::Quotas::default().tables_max)]
    pub(crate) tables_max: usize,

    /// Open connections; when full, an idle one is closed, first of the address that has most of them
    #[arg(long, env = "STATOR_CONNECTIONS_MAX", value_name = "COUNT", default_value_t = 8192, value_parser = connections)]
    pub(crate) connections_max: u32,

    /// Connections of one address (of a /64 network of IPv6); without it, as many as there may be. Not for servers behind
    /// a load balancer that hides the addresses of clients
    #[arg(long, env = "STATOR_CONNECTIONS_PER_ADDRESS_MAX", value_name = "COUNT", value_parser = connections)]
    pub(crate) connections_per_address_max: Option<u32>,

    /// Memory for request bodies of more than 64 KiB; when full, further ones wait
    #[arg(long, env = "STATOR_REQUEST_MEMORY", value_name = "SIZE", default_value = "256MiB", value_parser = memory)]
    pub(crate) request_memory: u64,

    /// Memory for what large requests decode and read, and for large responses until they are sent
    #[arg(long, env = "STATOR_ANSWER_MEMORY", value_name = "SIZE", default_value = "512MiB", value_parser = memory)]
    pub(crate) answer_memory: u64,

    /// Seconds that a request waits for memory before it is refused with ThrottlingException
    #[arg(long, env = "STATOR_MEMORY_TIMEOUT", value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) memory_timeout: Duration,

    /// Seconds that a request's body may take to arrive
    #[arg(long, env = "STATOR_BODY_TIMEOUT", value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) body_timeout: Duration,

    /// Seconds after which an idle connection is closed, or one that has not sent a request's headers
    #[arg(long, env = "STATOR_IDLE_TIMEOUT", value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    pub(crate) idle_timeout: Duration,

    /// Address for /metrics, /healthz and /readyz; default: the main address
    #[arg(long, env = "STATOR_METRICS_LISTEN", value_name = "HOST:PORT")]
    pub(crate) metrics_listen: Option<String>,

    #[command(flatten)]
    pub(crate) metrics: MetricsArguments,

    /// Collector for traces over OTLP/HTTP, such as http://127.0.0.1:4318; default: OTEL_EXPORTER_OTLP_ENDPOINT, else no
    /// traces
    #[arg(long, env = "STATOR_OTLP_ENDPOINT", value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,

    /// Kinesis endpoint for tables' streaming destinations, such as https://kinesis.eu-west-3.amazonaws.com.
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN sign the requests
    #[arg(long, env = "STATOR_KINESIS_ENDPOINT", value_name = "URL", value_parser = http_url)]
    pub(crate) kinesis_endpoint: Option<String>,

    /// Endpoint of Lambda's Invoke API, such as http://127.0.0.1:9001, for functions of event source mappings.
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY sign the requests
    #[arg(long, env = "STATOR_LAMBDA_ENDPOINT", value_name = "URL", value_parser = http_url)]
    pub(crate) lambda_endpoint: Option<String>,

    /// Seconds that a function may take to answer
    #[arg(long, env = "STATOR_LAMBDA_TIMEOUT", value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) lambda_timeout: Duration,

    /// SQS endpoint for records that event source mappings could not deliver
    #[arg(long, env = "STATOR_SQS_ENDPOINT", value_name = "URL", value_parser = http_url)]
    pub(crate) sqs_endpoint: Option<String>,

    #[command(flatten)]
    pub(crate) outbound: OutboundArguments,

    /// Format of the log on stderr
    #[arg(long, env = "STATOR_LOG", value_name = "FORMAT", default_value = "text")]
    pub(crate) log: LogFormat,

    /// Log requests that take at least this many milliseconds; 0 for none
    #[arg(long, env = "STATOR_LOG_SLOW_MS", value_name = "MS", default_value = "1000", value_parser = slow)]
    pub(crate) log_slow_ms: Slow,

    /// Seconds that running requests have to finish after SIGTERM; a second SIGTERM ends the server at once
    #[arg(long, env = "STATOR_DRAIN_TIMEOUT", value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) drain_timeout: Duration,
}

impl ServeArguments {
    /// Whether signatures say which account calls.
    pub(crate) fn knows_callers(&self) -> bool {
        self.auth || self.credentials.is_some()
    }
}

fn region(text: &str) -> Result<String, String> {
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > 32 || !text.bytes().all(valid) {
        return Err("a region is made of small letters, digits and hyphens, such as eu-west-3".to_owned());
    }
    Ok(text.to_owned())
}

/// When a request is slow, if any ever is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Slow(pub(crate) Option<Duration>);

fn slow(text: &str) -> Result<Slow, String> {
    let ms: u64 = text.parse().map_err(|_| "a number of milliseconds, or 0 for never".to_owned())?;
    Ok(Slow((ms > 0).then(|| Duration::from_millis(ms))))
}

/// Memory below which hardly any large request would be answered. Unit: bytes.
const MEMORY_MIN: u64 = 64 << 20;

fn memory(text: &str) -> Result<u64, String> {
    let bytes = byte_size(text)?;
    if bytes >= MEMORY_MIN { Ok(bytes) } else { Err("at least 64MiB".to_owned()) }
}

fn connections(text: &str) -> Result<u32, String> {
    let count: Option<u32> = text.parse().ok();
    count.filter(|count| (1..=1_000_000).contains(count)).ok_or_else(|| "a number from 1 to 1000000".to_owned())
}

fn writes(text: &str) -> Result<u64, String> {
    let count: Option<u64> = text.parse().ok();
    count.filter(|count| (1..=1_000_000).contains(count)).ok_or_else(|| "a number from 1 to 1000000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Every setting is a flag and a variable named after it.
    #[test]
    fn every_flag_of_serve_has_its_variable() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").expect("serve");
        for argument in serve.get_arguments().filter(|argument| argument.get_id() != "help") {
            let flag = argument.get_long().expect("a long flag");
            let variable = format!("STATOR_{}", flag.replace('-', "_").to_uppercase());
            assert_eq!(argument.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        }
    }

    #[test]
    fn values() {
        let check = |flags: &[&str], accepted: bool| {
            let parsed = Cli::read([&["stator", "serve"], flags].concat());
            assert_eq!(parsed.is_ok(), accepted, "{flags:?}");
        };
        check(&[], true);
        check(&["--region", "eu-west-3"], true);
        for region in ["", "EU", "a/b", "région", "a b"] {
            check(&["--region", region], false);
        }
        for size in ["0", "1", "1B", "64MiB", "2 GiB", "1GB"] {
            check(&["--cache", size], true);
        }
        for size in ["", "MiB", "-1", "1.5GiB", "1TiB", "99999999999999999999", "18446744073709551615KiB", "é"] {
            check(&["--cache", size], false);
        }
        check(&["--memory", "--memory-limit", "1GiB"], true);
        check(&["--memory-limit", "1GiB"], false);
        for (limit, accepted) in [("0", true), ("1", false), ("1023KiB", false), ("1MiB", true)] {
            check(&["--memory", "--memory-limit", limit], accepted);
        }
        check(&["--disk-reserve", "0"], true);
        check(&["--disk-reserve", "10%"], false);
        check(&["--storage", "postgres://h/d"], true);
        check(&["--storage", "postgres://h/d", "--memory"], false);
        check(&["--storage", "postgres://h/d", "--data", "d"], false);
        check(&["--storage-password-file", "f"], false);
        check(&["--storage", "postgres://h/d", "--storage-replicas", "postgres://r,s/d"], true);
        check(&["--storage-replicas", "postgres://r/d"], false);
        let replicas = ["--storage", "postgres://h/d", "--storage-replicas", "postgres://r/d"];
        for (lag, accepted) in [("100", true), ("99", false)] {
            check(&[&replicas[..], &["--storage-replica-lag-ms", lag]].concat(), accepted);
        }
        for (lease, accepted) in [("1000", true), ("0", false)] {
            check(&["--storage", "postgres://h/d", "--node-lease-ms", lease], accepted);
        }
    }

    #[test]
    fn values_of_bounds_and_times() {
        let check = |flags: &[&str], accepted: bool| {
            let parsed = Cli::read([&["stator", "serve"], flags].concat());
            assert_eq!(parsed.is_ok(), accepted, "{flags:?}");
        };
        check(&["--connections-max", "0"], false);
        for (time, accepted) in
            [("4", true), ("24h", true), ("30m", true), ("1s", true), ("0", false), ("25", false), ("1d", false)]
        {
            check(&["--stream-shard-hours", time], accepted);
        }
        check(&["--stream-shard-writes", "1"], true);
        check(&["--stream-shard-writes", "0"], false);
        check(&["--body-timeout", "0"], false);
        for (size, accepted) in [("64MiB", true), ("64MB", false), ("0", false), ("4GiB", true)] {
            check(&["--request-memory", size], accepted);
            check(&["--answer-memory", size], accepted);
        }
        check(&["--memory-timeout", "0"], false);
        check(&["--body-timeout", "1"], true);
        for (format, accepted) in [("text", true), ("json", true), ("xml", false), ("", false)] {
            check(&["--log", format], accepted);
        }
        check(&["--log-slow-ms", "-1"], false);
        assert_eq!(slow("0"), Ok(Slow(None)));
        assert_eq!(slow("250"), Ok(Slow(Some(Duration::from_millis(250)))));
        check(&["--unknown"], false);
    }

    #[test]
    fn endpoints() {
        for (url, accepted) in [
            ("http://127.0.0.1:4566", true),
            ("https://kinesis.eu-west-3.amazonaws.com/", true),
            ("127.0.0.1:4566", false),
            ("http://", false),
            ("http://h/path", false),
            ("ftp://h", false),
            ("http://h:0", false),
            ("http://h:99999", false),
            ("http://me@h", false),
            ("http://h\r\n", false),
        ] {
            let parsed = Cli::read(["stator", "serve", "--kinesis-endpoint", url]);
            assert_eq!(parsed.is_ok(), accepted, "{url:?}");
        }
    }

    #[test]
    fn callers_are_known_by_signatures() {
        for (flags, expected) in
            [(&[][..], false), (&["--isolate"], false), (&["--auth"], true), (&["--credentials", "file"], true)]
        {
            let cli = Cli::read([&["stator", "serve"], flags].concat()).unwrap();
            let Command::Serve(arguments) = cli.command else { panic!("not serve") };
            assert_eq!(arguments.knows_callers(), expected, "{flags:?}");
        }
    }

    #[test]
    fn flags_that_belong_together() {
        let check = |flags: &[&str], accepted: bool| {
            let parsed = Cli::read([&["stator", "serve"], flags].concat());
            assert_eq!(parsed.is_ok(), accepted, "{flags:?}");
        };
        check(&["--tls-certificate", "c", "--tls-key", "k", "--tls-client-ca", "a"], true);
        check(&["--tls-certificate", "c"], false);
        check(&["--tls-key", "k"], false);
        check(&["--tls-self-signed", "--tls-self-signed-file", "f", "--tls-client-ca", "a"], true);
        check(&["--tls-self-signed", "--tls-certificate", "c", "--tls-key", "k"], false);
        check(&["--tls-self-signed-file", "f"], false);
        check(&["--tls-client-ca", "a"], false);
        check(&["--audit-log", "f", "--audit-data", "--audit-log-bytes", "1MiB", "--audit-log-files", "1"], true);
        check(&["--audit-data"], false);
        check(&["--audit-log", "f", "--audit-required"], true);
        check(&["--audit-required"], false);
        check(&["--audit-log", "f", "--audit-log-files", "0"], false);
    }
}
