//! `stator dax`: a cluster of DAX in front of any DynamoDB endpoint, so that a cache is beside the application.
//!
//! It has no tables: requests go to the upstream, signed with the node's own credentials. What it stores is the numbers of attribute lists,
//! which clients keep over its restarts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::dax::{Cluster, Remote};
use auth::{Access, Spaces};
use base::Clock;
use clap::Args;
use clap::builder::{BoolishValueParser, NonEmptyStringValueParser};
use jobs::Jobs;
use ops::allowance::MemoryBudget;
use storage::{Embedded, EmbeddedOptions, Engine};

use crate::admin::Admin;
use crate::log::{self, LogFormat};
use crate::metrics::Metrics;
use crate::operator::Operator;
use crate::outbound;
use crate::request_record::Notable;
use crate::services::HOSTED;
use crate::stop;
use crate::tls::{Tls, TlsArguments};
use crate::traces::Traces;
use crate::value_parsers::{http_url, seconds};
use crate::web::{Web, WebArguments};
use crate::{handles, hangups, protect, web};

use super::arguments::{Slow, slow};
use super::dax::{self, DaxListeners, DaxSettings};
use super::dax_arguments::DaxCacheArguments;
use super::dax_host::DaxShared;
use super::{DAX_CLUSTER, Failure, JOBS_GRACE, OperatorPages, answer_operator_at, show_dax, signed, start_traces};

const LISTEN: &str = "--listen";
const ADVERTISE: &str = "--advertise";
/// For the rows of attribute lists. Unit: bytes.
const ROWS_CACHE_BYTES: u64 = 16 << 20;
/// Memory of large requests, and of large answers. Unit: bytes.
const REQUEST_MEMORY: u64 = 256 << 20;
const ANSWER_MEMORY: u64 = 512 << 20;
/// How long a request waits for memory before it is refused.
const MEMORY_TIMEOUT: Duration = Duration::from_secs(5);
/// Handles of files that are not for clients: connections to the upstream.
const CALLS_MAX: u32 = 1024;

const EXAMPLES: &str = "\
Examples:
  stator dax --upstream http://127.0.0.1:8000                                   in front of stator serve, on 127.0.0.1:8111
  stator dax --upstream https://dynamodb.eu-west-3.amazonaws.com                in front of DynamoDB itself
  stator dax --upstream http://db:8000 --listen 127.0.0.1:8111,127.0.0.1:8112   a primary and a replica

Requests to the upstream are signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), else with the keys of the \
profile that AWS_PROFILE names, else of the default one, else with any words.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DaxCommandArguments {
    /// The DynamoDB endpoint whose tables are cached, over http:// or https://
    #[arg(long, env = "STATOR_DAX_UPSTREAM", value_name = "URL", value_parser = http_url)]
    upstream: String,

    /// Address for clients of DAX; several, separated by commas, are the nodes of one cluster, the primary first
    #[arg(long, env = "STATOR_DAX_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8111", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    listen: Vec<String>,

    /// Address that clients are to connect to, one for each of --listen; default: the one that they have connected to
    #[arg(long, env = "STATOR_DAX_ADVERTISE", value_name = "HOST:PORT", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    advertise: Vec<String>,

    /// The cluster's name in metrics
    #[arg(long, env = "STATOR_DAX_CLUSTER", value_name = "NAME", default_value = DAX_CLUSTER, value_parser = NonEmptyStringValueParser::new())]
    cluster: String,

    /// Region to sign for [default: the one in the name of an AWS endpoint, else AWS_REGION, else the profile's, else us-east-1]
    #[arg(long, env = "STATOR_REGION", value_name = "REGION")]
    region: Option<String>,

    /// Folder for the numbers of attribute lists, which clients keep over restarts
    #[arg(long, env = "STATOR_DATA", value_name = "DIR", default_value = "stator-dax-data")]
    data: PathBuf,

    /// Check the signatures of clients against the access keys in this file, which has the form of the AWS CLI's credentials
    #[arg(long, env = "STATOR_CREDENTIALS", value_name = "FILE")]
    credentials: Option<PathBuf>,

    /// Allow --listen on an address that other machines can reach although signatures are not checked: every client that reaches
    /// the port can read and write everything that the node's credentials can
    #[arg(long, env = "STATOR_ALLOW_UNVERIFIED_REMOTE", value_parser = BoolishValueParser::new())]
    allow_unverified_remote: bool,

    #[command(flatten)]
    tls: TlsArguments,

    #[command(flatten)]
    caches: DaxCacheArguments,

    /// Seconds that a request may take to arrive
    #[arg(long, env = "STATOR_BODY_TIMEOUT", value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    body_timeout: Duration,

    /// Address for /metrics, /healthz and /readyz; without it there are none
    #[arg(long, env = "STATOR_METRICS_LISTEN", value_name = "HOST:PORT", value_parser = NonEmptyStringValueParser::new())]
    metrics_listen: Option<String>,

    /// Collector for traces over OTLP/HTTP; default: OTEL_EXPORTER_OTLP_ENDPOINT, else no traces
    #[arg(long, env = "STATOR_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,

    /// Format of the log on stderr
    #[arg(long, env = "STATOR_LOG", value_name = "FORMAT", default_value = "text")]
    log: LogFormat,

    /// Log requests that take at least this many milliseconds; 0 for none
    #[arg(long, env = "STATOR_LOG_SLOW_MS", value_name = "MS", default_value = "1000", value_parser = slow)]
    log_slow_ms: Slow,

    /// Seconds that running requests have to finish after SIGTERM; a second SIGTERM ends the node at once
    #[arg(long, env = "STATOR_DRAIN_TIMEOUT", value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    drain_timeout: Duration,
}

/// Runs until it is stopped.
///
/// # Errors
/// What the flags name cannot be used.
pub(crate) fn run(arguments: &DaxCommandArguments) -> Result<(), Failure> {
    // It holds keys for the upstream.
    protect::process();
    log::start(arguments.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let ended = runtime.block_on(async {
        hangups::survive().map_err(Failure::Runtime)?;
        serve(arguments).await
    });
    runtime.shutdown_background();
    ended
}

async fn serve(arguments: &DaxCommandArguments) -> Result<(), Failure> {
    let stop = stop::signal().map_err(Failure::Runtime)?;
    client::set_calls_max(handles::for_connections(CALLS_MAX));
    let clock = Clock::system();
    let jobs = Jobs::new(clock.clone());
    let first = arguments.listen.first().map(String::as_str).unwrap_or_default();
    let tls = Tls::new(&arguments.tls, first, arguments.body_timeout).map_err(Failure::Tls)?;
    let operator = Operator::with(Metrics::of(&HOSTED, 0), Admin::default());
    let pages = OperatorPages { idle_timeout: arguments.body_timeout, drain_timeout: arguments.drain_timeout };
    if let Some(listen) = &arguments.metrics_listen {
        let names = web::own_names([listen].into_iter());
        let web = Arc::new(Web::new(&WebArguments::default(), true, names));
        answer_operator_at(listen, None, &operator, &pages, web, arguments.allow_unverified_remote).await?;
    }
    let traces = start_traces(arguments.otlp_endpoint.as_deref())?;
    let embedded = engine(arguments)?;
    let listeners = open(arguments, &embedded, tls.clone(), traces.clone(), clock).await?;
    show_dax(&listeners, &operator);
    if let Some(tls) = &tls {
        let file = arguments.tls.tls_self_signed_file.as_deref();
        tls.publish(file, Some(&arguments.data)).map_err(Failure::Tls)?;
        tls.keep_renewed(&jobs).map_err(Failure::Runtime)?;
    }
    operator.ready(Some(Arc::clone(&embedded)), None);
    stop.await;
    operator.stopping();
    listeners.stop();
    listeners.ended().await;
    jobs.stop(JOBS_GRACE).await;
    embedded.close().await.map_err(Failure::Close)?;
    if let Some(traces) = traces {
        traces.stop().await;
    }
    log::info("stopped", "stopped", &[]);
    Ok(())
}

/// For the rows of attribute lists.
fn engine(arguments: &DaxCommandArguments) -> Result<Arc<Embedded>, Failure> {
    let options = EmbeddedOptions { cache_bytes: ROWS_CACHE_BYTES, ..EmbeddedOptions::default() };
    Embedded::open(&arguments.data, options)
        .map_err(|error| Failure::Dax(format!("the folder {} cannot be used: {error}", arguments.data.display())))
}

async fn open(
    arguments: &DaxCommandArguments,
    embedded: &Arc<Embedded>,
    tls: Option<Arc<Tls>>,
    traces: Option<Arc<Traces>>,
    clock: Clock,
) -> Result<Arc<DaxListeners>, Failure> {
    let unusable = |failure: client::Failure| Failure::Dax(format!("--upstream cannot be used: {failure}"));
    let region = arguments.region.as_deref();
    let remote = Remote::new(&arguments.upstream, region, outbound::ca_bundle(), clock.clone()).map_err(unusable)?;
    let access = match &arguments.credentials {
        Some(path) => signed(path)?,
        None => Access::Open(Spaces::Shared { region: remote.region().to_owned() }),
    };
    let engine: Arc<dyn Engine> = Arc::<Embedded>::clone(embedded);
    let cluster = Cluster::new(&arguments.cluster, Arc::new(remote), engine, arguments.caches.settings(), &clock);
    let memory = |bytes| MemoryBudget::new(bytes, MEMORY_TIMEOUT);
    let shared = DaxShared {
        access: Arc::new(access),
        request_memory: memory(REQUEST_MEMORY),
        answer_memory: memory(ANSWER_MEMORY),
        notable: Notable::slower_than(arguments.log_slow_ms.0),
        traces,
        audit: None,
    };
    let settings = DaxSettings {
        flag: LISTEN,
        connections_max: arguments.caches.dax_connections_max,
        connections_per_address_max: arguments.caches.dax_connections_per_address_max,
        idle_timeout: arguments.body_timeout,
        body_timeout: arguments.body_timeout,
        drain_timeout: arguments.drain_timeout,
    };
    let listeners = DaxListeners::new(cluster, shared, tls, clock, settings);
    let advertised = dax::advertised(ADVERTISE, &arguments.advertise).await?;
    let is_guarded = arguments.credentials.is_some() || arguments.allow_unverified_remote;
    dax::open_all(&listeners, &arguments.listen, advertised, is_guarded).await?;
    Ok(listeners)
}
