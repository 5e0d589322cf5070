//! The flags of `stator serve`: those of its parts, and its own.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{BoolishValueParser, NonEmptyStringValueParser};

use crate::audit::AuditArguments;
use crate::backup_store::BackupStoreArguments;
use crate::console::ConsoleMode;
use crate::encryption::KeyCareArguments;
use crate::engine::EngineArguments;
use crate::faults::FaultArguments;
use crate::log::LogFormat;
use crate::metrics::MetricsArguments;
use crate::object_store::ObjectArguments;
use crate::outbound::OutboundArguments;
use crate::protect::ProtectArguments;
use crate::service::ServiceArguments;
use crate::tls::TlsArguments;
use crate::value_parsers::{byte_size, http_url, seconds};
use crate::web::WebArguments;

use super::dax_arguments::DaxArguments;

const EXAMPLES: &str = "\
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
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArguments {
    /// TOML file of settings, whose keys are the names of flags, such as listen = "127.0.0.1:8000". Flags and variables override it
    #[arg(long, env = "STATOR_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) engine: EngineArguments,

    #[command(flatten)]
    pub(crate) key_care: KeyCareArguments,

    #[command(flatten)]
    pub(crate) protect: ProtectArguments,

    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, env = "STATOR_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8000", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) listen: String,

    /// Write the port of --listen to this file once the server is ready; it is removed when the server stops
    #[arg(long, env = "STATOR_PORT_FILE", value_name = "FILE")]
    pub(crate) port_file: Option<PathBuf>,

    /// Stop when standard input ends, as after SIGTERM: with its starter, if that holds the other end
    #[arg(long, env = "STATOR_UNTIL_STDIN_CLOSES", value_parser = BoolishValueParser::new())]
    pub(crate) until_stdin_closes: bool,

    /// As --port-file, the port of --metrics-listen
    #[arg(long, env = "STATOR_METRICS_PORT_FILE", value_name = "FILE")]
    pub(crate) metrics_port_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) tls: TlsArguments,

    #[command(flatten)]
    pub(crate) web: WebArguments,

    /// The web console at /console/. Default: on if --listen is an address of this machine alone, else off. Its pages call the
    /// same APIs as any client, signed with its user's access key; with read-only they send no request that changes something
    #[arg(long, env = "STATOR_CONSOLE", value_name = "MODE")]
    pub(crate) console: Option<ConsoleMode>,

    /// Address of the web console, in place of the main one: it answers there what --listen does, and the console's files. Take
    /// one that only this machine or its administrators reach
    #[arg(long, env = "STATOR_CONSOLE_LISTEN", value_name = "HOST:PORT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) console_listen: Option<String>,

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

    /// Allow --listen on an address that other machines can reach although signatures are not checked: every client that reaches
    /// the port can read and write everything
    #[arg(long, env = "STATOR_ALLOW_UNVERIFIED_REMOTE", value_parser = BoolishValueParser::new())]
    pub(crate) allow_unverified_remote: bool,

    #[command(flatten)]
    pub(crate) service: ServiceArguments,

    /// Give each account and region of the callers its own tables, instead of one space shared by all.
    /// The account is the access key itself if that is 12 digits, else it is derived from the key
    #[arg(long, env = "STATOR_ISOLATE", value_parser = BoolishValueParser::new())]
    pub(crate) isolate: bool,

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
    #[arg(long, env = "STATOR_METRICS_LISTEN", value_name = "HOST:PORT", value_parser = NonEmptyStringValueParser::new())]
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

    /// SNS endpoint for the actions of CloudWatch's alarms, such as https://sns.eu-west-3.amazonaws.com.
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY sign the requests
    #[arg(long, env = "STATOR_SNS_ENDPOINT", value_name = "URL", value_parser = http_url)]
    pub(crate) sns_endpoint: Option<String>,

    /// Deliver no changes to functions, queues and Kinesis, execute no actions of alarms, and delete no expired items: for looking at a restored copy. Event
    /// source mappings and destinations stay, and their changes wait for up to 24 hours
    #[arg(long, env = "STATOR_NO_DELIVERIES", value_parser = BoolishValueParser::new())]
    pub(crate) no_deliveries: bool,

    #[command(flatten)]
    pub(crate) outbound: OutboundArguments,

    #[command(flatten)]
    pub(crate) objects: ObjectArguments,

    #[command(flatten)]
    pub(crate) backup_store: BackupStoreArguments,

    #[command(flatten)]
    pub(crate) faults: FaultArguments,

    #[command(flatten)]
    pub(crate) dax: DaxArguments,

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

/// When a request is slow, if any ever is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Slow(pub(crate) Option<Duration>);

pub(super) fn slow(text: &str) -> Result<Slow, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_slow_after_milliseconds_or_never() {
        assert_eq!(slow("0"), Ok(Slow(None)));
        assert_eq!(slow("250"), Ok(Slow(Some(Duration::from_millis(250)))));
    }
}
