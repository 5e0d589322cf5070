//! `stator serve`: from flags to a running server, and from a signal to a clean end.

mod arguments;
mod dax;
mod dax_arguments;
mod dax_command;
mod dax_host;
mod delivery;
mod environment;
mod peering;
mod port_file;
mod seed;
mod world;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::identity::{AuthKey, Authority, Identities, KeyError};
use auth::{Access, KeyRing, Principals, SHARED_ACCOUNT, Spaces};
use base::Clock;
use cloudwatch::{ActionTargets, Recorder};
use deliver::triggers::Places;
use jobs::Jobs;
use ops::allowance::MemoryBudget;
use storage::{Embedded, Engine, Memory};
use storage_postgres::Postgres;
use tokio::net::{TcpListener, lookup_host};
use tokio::sync::mpsc;

pub(crate) use arguments::ServeArguments;
use dax::{DaxListeners, DaxSettings};
pub(crate) use dax_command::{DaxCommandArguments, run as run_dax};
use dax_host::DaxShared;
use peering::Peering;
use world::{ConsoleFront, Front, Ground, World};

use crate::admin::Admin;
use crate::admin::state::{Replacement, StateApi};
use crate::audit::Audit;
use crate::auth_key::KeyFile;
use crate::console::{CallerCheck, Console, ConsoleMode, Setup};
use crate::current::Current;
use crate::engine::{self, DatabaseWait, Opened, StorageLocation};
use crate::faults;
use crate::full_backup::OperatorSocket;
use crate::handles;
use crate::hangups;
use crate::listener::{self, Acceptor, Limits};
use crate::local::Banner;
use crate::log::{self, Value};
use crate::metrics::Metrics;
use crate::operator::{Audience, Operator, OwnAddress, Waiting};
use crate::outbound;
use crate::request_record::Notable;
use crate::room;
use crate::root_key::{self, RootKey};
use crate::route::Pages;
use crate::running::RunMark;
use crate::secret_file::{self, CREDENTIALS_BYTES_MAX, Secrecy};
use crate::service::{self, Reach};
use crate::service_manager;
use crate::services::HOSTED;
use crate::stop;
use crate::suggestion::{self, Caller};
use crate::tls::Tls;
use crate::traces::{self, Traces};
use crate::web::{self, Web};

const LISTEN: &str = "--listen";
const DAX_LISTEN: &str = "--dax-listen";
const DAX_ADVERTISE: &str = "--dax-advertise";
/// The cluster's name in its ARN, and in metrics.
const DAX_CLUSTER: &str = "stator";
const METRICS_LISTEN: &str = "--metrics-listen";
const CONSOLE_LISTEN: &str = "--console-listen";
/// The snapshot of what the server was seeded with.
const SEEDED: &str = "seed";
/// How long background jobs may take to end a run when the server stops; then they are dropped, as by a crash.
const JOBS_GRACE: Duration = Duration::from_millis(500);
/// Connections to the operator's own address: a few tools that ask now and then.
const METRICS_CONNECTIONS_MAX: u32 = 64;
/// What answers on that address may hold that their clients do not read. Unit: bytes.
const PAGES_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How long a page waits for that memory.
const PAGES_MEMORY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the server did not start; each says what to do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    Runtime(io::Error),
    Address {
        flag: &'static str,
        listen: String,
        error: io::Error,
    },
    Remote {
        flag: &'static str,
        listen: String,
    },
    /// The operator's address is the main one.
    SameAddress {
        listen: String,
    },
    /// Callers are to have identities, and cannot.
    Identity(String),
    Credentials {
        path: PathBuf,
        error: String,
    },
    /// An access key is easy to guess.
    Weak {
        path: PathBuf,
        weakness: String,
    },
    Listen {
        flag: &'static str,
        listen: String,
        error: io::Error,
    },
    /// What the flags of TLS name cannot be used.
    Tls(String),
    /// The audit log cannot be written.
    Audit(String),
    /// The object store cannot be used.
    Objects(String),
    /// Traces are asked for and cannot be sent.
    Traces(String),
    /// The rules of faults cannot be used.
    Faults(String),
    /// All state could be replaced by other machines.
    RemoteState {
        listen: String,
    },
    /// A file of a port cannot be written.
    PortFile(String),
    /// The files to start with cannot be used.
    Seed(String),
    /// Regions in other processes cannot be reached, or cannot reach this one.
    Peers(String),
    /// What tests change could be changed by other machines.
    RemoteAdmin {
        listen: String,
    },
    Storage(engine::OpenError),
    Service(service::OpenError),
    /// The engine failed for good while serving; what is on the disk is whole.
    Engine(String),
    Close(storage::StorageError),
    /// A node in front of another server cannot be one.
    Dax(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Runtime(error) => write!(f, "cannot start: {error}"),
            Failure::Address { flag, listen, error } => {
                write!(f, "{flag} {listen} is not an address and a port, such as 127.0.0.1:8000: {error}")
            }
            Failure::Remote { flag, listen } => write!(
                f,
                "{flag} {listen} can be reached from other machines, and signatures are not checked: every client that \
                 reaches it reads and writes everything. Check callers with --auth, name a file of access keys with --credentials, or add \
                 --allow-unverified-remote if that is what you want"
            ),
            Failure::SameAddress { listen } => write!(
                f,
                "{METRICS_LISTEN} {listen} is the address of {LISTEN}; choose another port, or leave {METRICS_LISTEN} out: \
                 the main address has the same pages"
            ),
            Failure::Credentials { path, error } => {
                write!(f, "the access keys in {} cannot be used: {error}", path.display())
            }
            Failure::Weak { path, weakness } => write!(
                f,
                "the access keys in {} cannot be used where other machines reach the server: {weakness}. Make a random one \
                 (openssl rand -base64 30), or listen on 127.0.0.1",
                path.display()
            ),
            Failure::Listen { flag, listen, error } if error.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "{listen} is taken by another program (perhaps another stator); \
                 choose another address with {flag}, such as 127.0.0.1:8001"
            ),
            Failure::Listen { flag, listen, error } if error.kind() == io::ErrorKind::PermissionDenied => write!(
                f,
                "cannot listen on {listen}: {error}. Ports below 1024 are for root; choose one from 1024 on with {flag}, or give \
                 the program CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE)"
            ),
            Failure::Listen { listen, error, .. } => write!(f, "cannot listen on {listen}: {error}"),
            Failure::Identity(text)
            | Failure::Tls(text)
            | Failure::Audit(text)
            | Failure::Objects(text)
            | Failure::Faults(text)
            | Failure::PortFile(text)
            | Failure::Seed(text)
            | Failure::Peers(text)
            | Failure::Dax(text) => f.write_str(text),
            Failure::RemoteState { listen } => write!(
                f,
                "{LISTEN} {listen} can be reached from other machines, and with --test-state every client that reaches it deletes \
                 all state. Give that an address of its own, such as {METRICS_LISTEN} 127.0.0.1:9100"
            ),
            Failure::RemoteAdmin { listen } => write!(
                f,
                "{METRICS_LISTEN} {listen} can be reached from other machines, and with --faults, --clock-offset or --test-state every client that reaches it changes \
                 what this server answers. Choose an address such as 127.0.0.1:9100, or add --allow-unverified-remote if that is \
                 what you want"
            ),
            Failure::Traces(text) => write!(f, "cannot send traces: {text}"),
            Failure::Storage(error) if error.is_locked() => write!(f, "{error}, or choose another folder with --data"),
            Failure::Storage(error) => error.fmt(f),
            Failure::Service(error) => error.fmt(f),
            Failure::Engine(text) => write!(
                f,
                "the storage engine failed: {text}. Acknowledged writes are safe and can be read; writes are \
                 refused until the server is restarted"
            ),
            Failure::Close(error) => write!(f, "the data could not be closed cleanly: {error}"),
        }
    }
}

/// `remarks` are about variables that have no effect.
/// `banner` is what a drop-in for DynamoDB Local prints.
pub(crate) fn run(arguments: &ServeArguments, remarks: &[String], banner: Option<&Banner>) -> Result<(), Failure> {
    log::start(arguments.log);
    remarks.iter().for_each(|remark| log::warning("variable_unknown", remark, &[]));
    banner.into_iter().for_each(Banner::log_unused);
    arguments.protect.apply();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let ended = runtime.block_on(async {
        hangups::survive().map_err(Failure::Runtime)?;
        serve(arguments, banner).await
    });
    // What is still under way is waited for by nothing any more, a second signal included.
    runtime.shutdown_background();
    ended
}

async fn serve(arguments: &ServeArguments, banner: Option<&Banner>) -> Result<(), Failure> {
    let signal = stop::signal().map_err(Failure::Runtime)?;
    let mut stop = std::pin::pin!(stop::unless_stdin_ends(signal, arguments.until_stdin_closes));
    let check = check(arguments)?;
    let tls = Tls::new(&arguments.tls, &arguments.listen, arguments.idle_timeout).map_err(Failure::Tls)?;
    let listener = listen(arguments, check.weakness()).await?;
    let address = listener.local_addr().map_err(Failure::Runtime)?;
    let traces = traces(arguments)?;
    let port_files = port_file::clear(arguments)?;
    let (operator, pages) = operator(arguments, address).await?;
    let peers = Peering::new(arguments, &operator).await?;
    let acceptor = Acceptor::new(Arc::clone(&operator.metrics.connections), tls.clone());
    let jobs = Jobs::new(operator.admin.clock.clone());
    let start = Start { arguments, listener: &listener, acceptor: &acceptor, operator: &operator };
    let Some(opened) = start.unless_stopped(&mut stop, start.engine(&jobs)).await else { return Ok(()) };
    // Behind the engine, which makes the folder that the file may be in, and takes none that holds something else.
    let audit = audit(arguments, &operator)?;
    let opened = opened.map_err(Failure::Storage)?;
    let Opened { engine, embedded, memory: rows, database, location, shared, sealed } = opened;
    let memory = Memories::shown(arguments, &operator, database, rows.as_ref());
    let limits = limits(arguments, vec![Arc::clone(&memory.requests), Arc::clone(&memory.answers)]);
    let ground = Ground {
        arguments,
        operator: &operator,
        engine: &engine,
        embedded: embedded.as_deref(),
        location: &location,
        sealed: sealed.as_ref(),
        memory: &memory,
        traces: traces.as_ref(),
        audit: audit.as_ref(),
        address,
        connections_max: limits.connections_max,
        deliveries: &Current::default(),
        peers: peers.calls(),
    };
    let stopping = while_shared(shared.is_some(), &mut stop);
    let opening = ground.open(shared, check, &jobs);
    let Some(world) = start.unless_stopped(stopping, opening).await.transpose()? else { return Ok(()) };
    peers.serve(arguments, &world.service, &operator, ground.deliveries, &jobs)?;
    let dax = open_dax(arguments, &world, &engine, tls.clone(), &jobs).await?;
    room::watch(&jobs, embedded.as_ref(), rows.as_ref(), &location, arguments.engine.disk_reserve);
    operator.ready(embedded.clone(), Some(Arc::clone(&world.service)));
    let replacements = state_api(arguments, &operator, &engine).await?;
    let front = Front::new(world, arguments.faults.test_state.then(|| own_address(arguments, &operator)));
    let console = console_listener(arguments, &front, tls.clone(), &limits, &operator).await?;
    let encryption = tls.map(|tls| encryption(&tls, arguments, &location, &operator.metrics, &jobs)).transpose()?;
    let running = RunMark::set(&location);
    let socket = OperatorSocket::listen(&location, embedded.as_ref(), audit.as_ref());
    port_files.write(arguments, address, pages)?;
    announce(address, console, encryption.as_ref(), &location, arguments, banner);
    let end = async {
        let end = end_of(&front, &ground, replacements, stop_requested(stop, failed(embedded.clone()))).await;
        operator.stopping();
        dax.stop();
        end
    };
    let ended = async {
        listener::run(listener, front.clone(), acceptor, limits, end).await?;
        dax.ended().await;
        // Before the node leaves: what jobs write needs its lease, and the engine.
        jobs.stop(JOBS_GRACE).await;
        front.with(leave).await;
        close(&engine, &running, socket).await
    };
    ended.await.and(send_the_rest(audit, traces).await)?;
    log::info("stopped", "stopped", &[]);
    Ok(())
}

/// The cluster of DAX, if it has an address.
async fn open_dax(
    arguments: &ServeArguments,
    world: &World,
    engine: &Arc<dyn Engine>,
    tls: Option<Arc<Tls>>,
    jobs: &Jobs,
) -> Result<Dax, Failure> {
    let World { service, pipeline, .. } = world;
    let own = &arguments.dax;
    if own.dax_listen.is_empty() {
        return Ok(Dax(None));
    }
    let clock = pipeline.operator.admin.clock.clone();
    let upstream = Arc::new(::dax::Local(Arc::clone(service)));
    let cluster = ::dax::Cluster::new(DAX_CLUSTER, upstream, Arc::clone(engine), own.caches.settings(), &clock);
    let shared = DaxShared {
        access: Arc::clone(&pipeline.access),
        request_memory: Arc::clone(pipeline.bodies.memory()),
        answer_memory: Arc::clone(&pipeline.memory),
        notable: Notable::slower_than(arguments.log_slow_ms.0),
        traces: pipeline.traces.clone(),
        audit: pipeline.audit.clone(),
    };
    let settings = DaxSettings {
        flag: DAX_LISTEN,
        connections_max: own.caches.dax_connections_max,
        connections_per_address_max: own.caches.dax_connections_per_address_max,
        idle_timeout: arguments.idle_timeout,
        body_timeout: arguments.body_timeout,
        drain_timeout: arguments.drain_timeout,
    };
    let listeners = DaxListeners::new(cluster, shared, tls, clock, settings);
    let advertised = dax::advertised(DAX_ADVERTISE, &own.dax_advertise).await?;
    let is_guarded = arguments.knows_callers() || arguments.allow_unverified_remote;
    dax::open_all(&listeners, &own.dax_listen, advertised, is_guarded).await?;
    show_dax(&listeners, &pipeline.operator);
    let dax = Dax(Some(listeners));
    dax.measure(jobs, &world.measured, &pipeline.access, arguments);
    Ok(dax)
}

/// The nodes are on the page of metrics.
fn show_dax(listeners: &Arc<DaxListeners>, operator: &Operator) {
    let of_page = Arc::clone(listeners);
    operator.metrics.registry.add(move |page| of_page.nodes().iter().for_each(|node| node.write_metrics(page)));
}

/// The cluster of this server, if it has one.
struct Dax(Option<Arc<DaxListeners>>);

impl Dax {
    /// CloudWatch's metrics of DAX are those of the space that all callers share. Where callers have accounts, a cluster is none's.
    fn measure(&self, jobs: &Jobs, measured: &cloudwatch::Metrics, access: &Access, arguments: &ServeArguments) {
        let is_shared = matches!(access, Access::Open(Spaces::Shared { .. } | Spaces::SharedRegions { .. }));
        let is_measured = is_shared && arguments.service.cloudwatch_series_max > 0;
        if let Some(listeners) = self.0.as_ref().filter(|_| is_measured) {
            listeners.measure(jobs, measured.recorder(), SHARED_ACCOUNT, &arguments.service.region);
        }
    }

    fn stop(&self) {
        self.0.iter().for_each(|listeners| listeners.stop());
    }

    async fn ended(&self) {
        if let Some(listeners) = &self.0 {
            listeners.ended().await;
        }
    }
}

/// The start of a server, which may have to wait for a database.
struct Start<'a> {
    arguments: &'a ServeArguments,
    listener: &'a TcpListener,
    acceptor: &'a Acceptor,
    operator: &'a Arc<Operator>,
}

impl Start<'_> {
    async fn engine(&self, jobs: &Jobs) -> Result<Opened, engine::OpenError> {
        let operator = Arc::clone(self.operator);
        let wait = DatabaseWait::new(move |what| operator.waits(what));
        engine::open_patiently(&self.arguments.engine, jobs, &wait).await
    }

    /// A step of the start; None if the server is stopped meanwhile. While the step waits for a database, the main address
    /// answers that it does.
    async fn unless_stopped<T>(&self, stop: impl Future<Output = ()>, opening: impl Future<Output = T>) -> Option<T> {
        let Start { arguments, listener, acceptor, operator } = self;
        let is_open = !arguments.auth && arguments.credentials.is_none();
        let audience = if is_open { Audience::Operator } else { Audience::Anyone };
        let pages = arguments.metrics_listen.is_none().then_some(audience);
        let memory = pages_memory(arguments);
        let limits = limits(arguments, vec![Arc::clone(&memory)]);
        let waiting = Waiting { operator: Arc::clone(operator), web: Arc::new(web(arguments, is_open)), pages, memory };
        tokio::select! {
            opened = listener::run_meanwhile(listener, operator.waiting(), waiting, acceptor, &limits, opening) => Some(opened),
            () = stop => None,
        }
    }
}

/// A stop that ends the start over a database. A folder is opened soon, and is then closed in order.
async fn while_shared(is_shared: bool, stop: impl Future<Output = ()>) {
    match is_shared {
        true => stop.await,
        false => std::future::pending().await,
    }
}

fn console_mode(arguments: &ServeArguments, address: SocketAddr) -> ConsoleMode {
    ConsoleMode::or_default(arguments.console, address.ip().to_canonical().is_loopback())
}

/// What the main address answers beside the services.
fn pages(arguments: &ServeArguments, address: SocketAddr) -> Pages {
    let mode = match arguments.console_listen {
        Some(_) => ConsoleMode::Off,
        None => console_mode(arguments, address),
    };
    Pages { operator: arguments.metrics_listen.is_none(), console: console(arguments, mode) }
}

/// What the console's own address answers beside the services.
fn console_pages(arguments: &ServeArguments) -> Pages {
    Pages { operator: false, console: console(arguments, arguments.console.unwrap_or(ConsoleMode::On)) }
}

fn console(arguments: &ServeArguments, mode: ConsoleMode) -> Option<Console> {
    let callers = match arguments.credentials {
        _ if arguments.auth => CallerCheck::Identities,
        Some(_) => CallerCheck::Keys,
        None => CallerCheck::Open { isolated: arguments.isolate },
    };
    let regions = arguments.service.all_regions();
    Console::new(mode, &Setup { regions: &regions, callers })
}

/// The metrics of CloudWatch, which are stored each minute.
fn measured(engine: &Arc<dyn Engine>, arguments: &ServeArguments, clock: &Clock) -> Arc<cloudwatch::Metrics> {
    let recorder = Arc::new(Recorder::new(clock.clone(), arguments.service.cloudwatch_series_max));
    let targets = ActionTargets {
        sns: arguments.sns_endpoint.clone(),
        ca_bundle: outbound::ca_bundle(),
        egress: arguments.outbound.egress(arguments.knows_callers()),
        service_arns: arguments.outbound.service_arns(arguments.knows_callers()),
        paused: arguments.no_deliveries,
    };
    cloudwatch::Metrics::with_targets(Arc::clone(engine), clock.clone(), recorder, targets)
}

/// Application Auto Scaling, which one node evaluates, with its job and those of the metrics.
fn scaler(
    engine: &Arc<dyn Engine>,
    measured: &Arc<cloudwatch::Metrics>,
    service: &Arc<ops::Service>,
    audit: Option<&Arc<Audit>>,
    jobs: &Jobs,
) -> Arc<autoscaling::Scaler> {
    cloudwatch::jobs(measured).into_iter().for_each(|job| _ = jobs.add(job));
    let tables = Arc::<ops::Service>::clone(service);
    let clock = service.clock().clone();
    let audit = audit.map(|audit| Arc::<Audit>::clone(audit) as Arc<dyn autoscaling::CapacityAudit>);
    let scaler = autoscaling::Scaler::audited(Arc::clone(engine), Arc::clone(measured), tables, clock, audit);
    _ = jobs.add(autoscaling::scaling_job(&scaler, service.scaling_lease()));
    scaler
}

fn reach(
    arguments: &ServeArguments,
    location: &StorageLocation,
    embedded: Option<&Embedded>,
    measured: &cloudwatch::Metrics,
    operator: &Operator,
) -> Result<Reach, Failure> {
    let service_arns = arguments.outbound.service_arns(arguments.knows_callers());
    let objects = arguments.objects.store(location, embedded).map_err(Failure::Objects)?;
    let free_bytes_min = crate::object_store::free_bytes_min(embedded);
    let recorder = (arguments.service.cloudwatch_series_max > 0).then(|| Arc::clone(measured.recorder()));
    let (deletes_expired, faults) = (!arguments.no_deliveries, operator.admin.faults.clone());
    let (clock, transition_scale) = (operator.admin.clock.clone(), arguments.faults.transition_scale);
    let (archive_store, peers) = (None, None);
    Ok(Reach {
        service_arns,
        deletes_expired,
        objects,
        archive_store,
        free_bytes_min,
        recorder,
        faults,
        clock,
        peers,
        transition_scale,
    })
}

/// A world's end: its jobs, what it has measured, and its node.
async fn leave(world: &World) {
    world.jobs.stop(JOBS_GRACE).await;
    store(&world.measured).await;
    world.service.leave().await;
}

/// Requests for all state, if they are enabled. What the server was seeded with is a snapshot.
async fn state_api(
    arguments: &ServeArguments,
    operator: &Operator,
    engine: &Arc<dyn Engine>,
) -> Result<mpsc::Receiver<Replacement>, Failure> {
    let (sender, receiver) = mpsc::channel(1);
    if arguments.faults.test_state {
        let state = StateApi::new(Arc::clone(engine), sender);
        if !arguments.faults.seed.is_empty() {
            let taken = state.snapshot(SEEDED, operator.admin.clock.now_ms()).await;
            if let Err(error) = taken {
                log::warning("seed_without_snapshot", &format!("the seeded state is no snapshot: {error}"), &[]);
            }
        }
        operator.add_state(state);
    }
    Ok(receiver)
}

/// Stores the minute that was being measured.
async fn store(measured: &cloudwatch::Metrics) {
    if let Err(error) = measured.store_all().await {
        let what = format!("the last minutes of metrics are lost: {error}");
        log::warning("metrics_not_stored", &what, &[]);
    }
}

/// The engine's end is clean once it is closed, and not before. A backup that is being read ends without its rest.
async fn close(engine: &Arc<dyn Engine>, running: &RunMark, socket: OperatorSocket) -> Result<(), Failure> {
    socket.stop().await;
    engine.close().await.map_err(Failure::Close)?;
    running.clear();
    Ok(())
}

/// What the operator asks for, answered at an address of its own if there is one.
async fn operator(
    arguments: &ServeArguments,
    main: SocketAddr,
) -> Result<(Arc<Operator>, Option<SocketAddr>), Failure> {
    let faults = faults::of_arguments(&arguments.faults).map_err(Failure::Faults)?;
    let admin = Admin::new(faults, arguments.faults.clock_offset, arguments.faults.test_state);
    let operator = Operator::with(Metrics::of(&HOSTED, arguments.metrics.metrics_tables_max), admin);
    let address = answer_operator(arguments, main, &operator).await?;
    Ok((operator, address))
}

async fn send_the_rest(audit: Option<Arc<Audit>>, traces: Option<Arc<Traces>>) -> Result<(), Failure> {
    let audited = match audit {
        Some(audit) => audit.stop().await.map_err(Failure::Audit),
        None => Ok(()),
    };
    if let Some(traces) = traces {
        traces.stop().await;
    }
    audited
}

/// The callers whose requests are accepted.
fn access(arguments: &ServeArguments) -> Result<Access, Failure> {
    let Some(path) = &arguments.credentials else {
        return Ok(Access::Open(match arguments.isolate {
            true => Spaces::Isolated,
            false if arguments.service.all_regions().len() > 1 => {
                Spaces::SharedRegions { regions: arguments.service.all_regions().into() }
            }
            false => Spaces::Shared { region: arguments.service.region.clone() },
        }));
    };
    signed(path)
}

/// The keys in a file.
fn signed(path: &Path) -> Result<Access, Failure> {
    let failure = |error: String| Failure::Credentials { path: path.to_path_buf(), error };
    let bytes = secret_file::read("--credentials", path, CREDENTIALS_BYTES_MAX, Secrecy::Foreign);
    let bytes = bytes.map_err(|error| failure(error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| failure(error.to_string()))?;
    let keys = KeyRing::parse(text).map_err(failure)?;
    let plural = if keys.len() == 1 { "" } else { "s" };
    log::info("keys_ready", &format!("verifying signatures ({} access key{plural})", keys.len()), &[]);
    Ok(Access::Signed(keys, Clock::system()))
}

/// Whether what the flags name can be used, before anything is opened.
pub(crate) fn check_configuration(arguments: &ServeArguments) -> Result<(), Failure> {
    check(arguments)?;
    faults::of_arguments(&arguments.faults).map_err(Failure::Faults)?;
    Tls::new(&arguments.tls, &arguments.listen, arguments.idle_timeout).map_err(Failure::Tls)?;
    Ok(())
}

/// How callers are checked, before anything is opened.
enum Check {
    Access(Access),
    /// With the key in this file.
    Identities(AuthKey, KeyFile),
    /// There is no such file. The data says whether it was lost or never made.
    KeyMissing(KeyFile),
    /// With the root's key, where nothing is stored.
    InMemory(AuthKey, RootKey),
}

fn check(arguments: &ServeArguments) -> Result<Check, Failure> {
    let is_given = arguments.auth && arguments.engine.memory;
    let root = root_key::read(is_given, |name| std::env::var(name).ok()).map_err(Failure::Identity)?;
    if !arguments.auth {
        return access(arguments).map(Check::Access);
    }
    if let Some(root) = root {
        return Ok(Check::InMemory(AuthKey::random(), root));
    }
    let data = arguments.engine.storage.is_none().then_some(arguments.engine.data.as_path());
    let file = KeyFile::of(arguments.auth_key_file.as_deref(), data).map_err(Failure::Identity)?;
    match file.read() {
        Ok(key) => Ok(Check::Identities(key, file)),
        Err(KeyError::Missing) if data.is_some_and(has_database) => Ok(Check::KeyMissing(file)),
        Err(error) => Err(Failure::Identity(file.unusable(&error))),
    }
}

fn has_database(folder: &Path) -> bool {
    !matches!(Embedded::keys(folder), Ok(storage::Keys::NoDatabase))
}

struct Callers {
    access: Access,
    /// If they have identities.
    authority: Option<Arc<Authority>>,
}

impl Check {
    /// Which access key is easy to guess.
    fn weakness(&self) -> Option<&str> {
        match self {
            Check::Access(Access::Signed(keys, _)) => keys.weakness(),
            Check::Access(_) | Check::Identities(..) | Check::KeyMissing(_) | Check::InMemory(..) => None,
        }
    }

    async fn callers(self, service: &Arc<ops::Service>, arguments: &ServeArguments) -> Result<Callers, Failure> {
        let (key, file, root) = match self {
            Check::Access(access) => {
                tell_unused_identities(service).await?;
                return Ok(Callers { access, authority: None });
            }
            Check::KeyMissing(file) => return Err(key_missing(service, &file).await),
            Check::Identities(key, file) => (key, Some(file), None),
            Check::InMemory(key, root) => (key, None, Some(root)),
        };
        let failure = |error: &dyn fmt::Display| Failure::Identity(format!("identities cannot be served: {error}"));
        let identities = Identities::open(Arc::clone(service), &key, service.clock().clone()).await;
        let identities = identities.map_err(|error| match &file {
            Some(file) => failure(&file.refused(&error)),
            None => failure(&error),
        })?;
        if let Some(RootKey { account, id, secret }) = &root {
            identities.put_root_key(account, id, secret).await.map_err(|error| failure(&error))?;
        }
        if identities.accounts().is_empty() {
            return Err(failure(&"there is no account; 'stator init' makes one"));
        }
        identities.start();
        let egress = arguments.outbound.egress(arguments.knows_callers());
        let authority = Authority::new(identities, &key, outbound::ca_bundle(), egress);
        let access = Access::Identity(Principals::new(Arc::<Authority>::clone(&authority), service.clock().clone()));
        Ok(Callers { access, authority: Some(authority) })
    }
}

/// Whether the file was lost or was never made.
async fn key_missing(service: &ops::Service, file: &KeyFile) -> Failure {
    Failure::Identity(match Identities::are_kept(service).await {
        Ok(true) => file.lost(),
        Ok(false) => file.unusable(&KeyError::Missing),
        Err(error) => error.to_string(),
    })
}

/// A flag that was lost must not pass unseen: it opens what users and roles guarded.
async fn tell_unused_identities(service: &ops::Service) -> Result<(), Failure> {
    let kept = Identities::are_kept(service).await;
    if kept.map_err(|error| Failure::Identity(error.to_string()))? {
        let text = "these data have users and roles, and without --auth nothing asks for their permissions; add --auth";
        log::warning("identities_unused", text, &[]);
    }
    Ok(())
}

fn delivery_settings(arguments: &ServeArguments) -> deliver::Settings {
    let ca_bundle = outbound::ca_bundle();
    let places = Places {
        lambda: arguments.lambda_endpoint.clone(),
        sqs: arguments.sqs_endpoint.clone(),
        invoke_timeout: arguments.lambda_timeout,
        ca_bundle: ca_bundle.clone(),
        egress: arguments.outbound.egress(arguments.knows_callers()),
    };
    let by_arn = !arguments.outbound.service_arns(arguments.knows_callers()).is_open();
    let kinesis = arguments.kinesis_endpoint.clone();
    let kinesis = kinesis.map(|endpoint| deliver::kinesis::Settings { endpoint, ca_bundle, by_arn });
    deliver::Settings { kinesis, places, paused: arguments.no_deliveries }
}

/// What requests share, beside the caches.
struct Memories {
    requests: Arc<MemoryBudget>,
    answers: Arc<MemoryBudget>,
}

impl Memories {
    fn of(arguments: &ServeArguments) -> Memories {
        let memory = |bytes| MemoryBudget::new(bytes, arguments.memory_timeout);
        Memories { requests: memory(arguments.request_memory), answers: memory(arguments.answer_memory) }
    }

    /// They are on the page of metrics, with what rows take.
    fn shown(
        arguments: &ServeArguments,
        operator: &Operator,
        database: Option<Arc<Postgres>>,
        rows: Option<&Arc<Memory>>,
    ) -> Memories {
        let memories = Memories::of(arguments);
        operator.metrics.add_memory(&memories.requests, &memories.answers);
        database.into_iter().for_each(|database| operator.metrics.add_database(database));
        rows.into_iter().for_each(|rows| operator.metrics.add_rows(Arc::clone(rows)));
        memories
    }
}

fn limits(arguments: &ServeArguments, memory: Vec<Arc<MemoryBudget>>) -> Limits {
    Limits {
        memory,
        connections_max: handles::for_connections(arguments.connections_max),
        connections_per_address_max: arguments.connections_per_address_max.unwrap_or(u32::MAX),
        idle_timeout: arguments.idle_timeout,
        drain_timeout: arguments.drain_timeout,
    }
}

/// The end that is asked for, or a world that is lost.
async fn end_of(
    front: &Front,
    ground: &Ground<'_>,
    replacements: mpsc::Receiver<Replacement>,
    end: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let end = async {
        let end = end.await;
        // A replacement that has begun is ended first: a half of it would stay.
        front.with(async |_: &World| {}).await;
        end
    };
    tokio::select! {
        end = end => end,
        failure = front.replace_on_request(ground, replacements) => Err(failure),
    }
}

/// Returns when a stop is requested. If the engine fails before, reads are served until then: acknowledged writes are still
/// readable.
async fn stop_requested(stop: impl Future<Output = ()>, failed: impl Future<Output = String>) -> Result<(), Failure> {
    let mut stop = std::pin::pin!(stop);
    tokio::select! {
        () = &mut stop => Ok(()),
        failure = failed => {
            let failure = Failure::Engine(failure);
            log::error("engine_failed", &failure.to_string(), &[]);
            stop.await;
            Err(failure)
        }
    }
}

/// `weakness` says which access key is easy to guess: fine for tests, and on this machine only.
async fn listen(arguments: &ServeArguments, weakness: Option<&str>) -> Result<TcpListener, Failure> {
    let listen = &arguments.listen;
    let addresses = addresses(LISTEN, listen).await?;
    let remote = addresses.iter().any(|address| !address.ip().to_canonical().is_loopback());
    if remote && !arguments.auth && arguments.credentials.is_none() && !arguments.allow_unverified_remote {
        return Err(Failure::Remote { flag: LISTEN, listen: listen.clone() });
    }
    if remote && arguments.faults.test_state && arguments.metrics_listen.is_none() {
        return Err(Failure::RemoteState { listen: listen.clone() });
    }
    if let (Some(weakness), Some(path)) = (weakness, &arguments.credentials) {
        if remote {
            return Err(Failure::Weak { path: path.clone(), weakness: weakness.to_owned() });
        }
        let message = format!("{weakness}, in {}: for tests on this machine only", path.display());
        log::warning("access_key_weak", &message, &[("file", Value::Text(&path.display().to_string()))]);
    }
    bind(LISTEN, listen, &addresses)
}

async fn addresses(flag: &'static str, listen: &str) -> Result<Vec<SocketAddr>, Failure> {
    let addresses: io::Result<Vec<SocketAddr>> = lookup_host(listen).await.map(Iterator::collect);
    addresses.map_err(|error| Failure::Address { flag, listen: listen.to_owned(), error })
}

fn bind(flag: &'static str, listen: &str, addresses: &[SocketAddr]) -> Result<TcpListener, Failure> {
    listener::listen(addresses).map_err(|error| Failure::Listen { flag, listen: listen.to_owned(), error })
}

/// Nothing unless a file is named.
fn audit(arguments: &ServeArguments, operator: &Operator) -> Result<Option<Arc<Audit>>, Failure> {
    let audit = Audit::start(&arguments.audit, &arguments.service.region).map_err(Failure::Audit)?;
    if let Some(audit) = &audit {
        operator.watch_audit(&audit.watch());
    }
    Ok(audit)
}

/// The engine; with traces, wrapped in a layer that records its calls.
fn watched(traces: Option<&Traces>, engine: &Arc<dyn Engine>) -> Arc<dyn Engine> {
    match traces {
        Some(traces) => traces.watch(Arc::clone(engine)),
        None => Arc::clone(engine),
    }
}

/// Nothing unless a collector is named.
fn traces(arguments: &ServeArguments) -> Result<Option<Arc<Traces>>, Failure> {
    start_traces(arguments.otlp_endpoint.as_deref())
}

fn start_traces(endpoint: Option<&str>) -> Result<Option<Arc<Traces>>, Failure> {
    let settings = traces::Settings::read(endpoint).map_err(Failure::Traces)?;
    let Some(settings) = settings else { return Ok(None) };
    let traces = Traces::start(&settings).map_err(|error| Failure::Traces(error.to_string()))?;
    let message = format!("traces go to {}", settings.endpoint);
    log::info("traces_ready", &message, &[("endpoint", Value::Text(&settings.endpoint))]);
    Ok(Some(Arc::new(traces)))
}

/// What browsers may do, at an address that takes unsigned requests (`open`) or does not.
fn web(arguments: &ServeArguments, open: bool) -> Web {
    let listen = [Some(&arguments.listen), arguments.metrics_listen.as_ref(), arguments.console_listen.as_ref()];
    Web::new(&arguments.web, open, web::own_names(listen.into_iter().flatten()))
}

/// Answers the operator's questions on an address of their own, if they have one: from before the data is opened, which
/// may take a while, until the program ends.
async fn answer_operator(
    arguments: &ServeArguments,
    main: SocketAddr,
    operator: &Arc<Operator>,
) -> Result<Option<SocketAddr>, Failure> {
    let Some(listen) = &arguments.metrics_listen else { return Ok(None) };
    let pages = OperatorPages { idle_timeout: arguments.idle_timeout, drain_timeout: arguments.drain_timeout };
    let web = Arc::new(web(arguments, true));
    let answering = answer_operator_at(listen, Some(main), operator, &pages, web, arguments.allow_unverified_remote);
    answering.await.map(Some)
}

/// How the operator's own address takes its clients.
struct OperatorPages {
    idle_timeout: Duration,
    drain_timeout: Duration,
}

/// `main` is an address that it must not be. Signatures are asked for nowhere there.
async fn answer_operator_at(
    listen: &str,
    main: Option<SocketAddr>,
    operator: &Arc<Operator>,
    pages: &OperatorPages,
    web: Arc<Web>,
    is_allowed: bool,
) -> Result<SocketAddr, Failure> {
    let addresses = addresses(METRICS_LISTEN, listen).await?;
    if main.is_some_and(|main| addresses.iter().any(|address| is_same(*address, main))) {
        return Err(Failure::SameAddress { listen: listen.to_owned() });
    }
    let is_remote = addresses.iter().any(|address| !address.ip().to_canonical().is_loopback());
    if is_remote && operator.admin.is_enabled() && !is_allowed {
        return Err(Failure::RemoteAdmin { listen: listen.to_owned() });
    }
    let listener = bind(METRICS_LISTEN, listen, &addresses)?;
    let bound = listener.local_addr().map_err(Failure::Runtime)?;
    let address = bound.to_string();
    let memory = MemoryBudget::new(PAGES_BYTES_MAX, PAGES_MEMORY_TIMEOUT);
    let limits = Limits {
        connections_max: METRICS_CONNECTIONS_MAX,
        connections_per_address_max: u32::MAX,
        idle_timeout: pages.idle_timeout,
        drain_timeout: pages.drain_timeout,
        memory: vec![Arc::clone(&memory)],
    };
    let own = OwnAddress { operator: Arc::clone(operator), web, memory };
    tokio::spawn(listener::run_without_end(listener, own, Acceptor::default(), limits));
    let message = format!("metrics on http://{address}/metrics");
    log::info("metrics_ready", &message, &[("address", Value::Text(&address))]);
    Ok(bound)
}

/// The pages, as an address answers them that asks for no signatures.
fn own_address(arguments: &ServeArguments, operator: &Arc<Operator>) -> OwnAddress {
    let memory = pages_memory(arguments);
    OwnAddress { operator: Arc::clone(operator), web: Arc::new(web(arguments, true)), memory }
}

/// Answers at the console's own address, if it has one, until the program ends.
async fn console_listener(
    arguments: &ServeArguments,
    front: &Front,
    tls: Option<Arc<Tls>>,
    limits: &Limits,
    operator: &Operator,
) -> Result<Option<SocketAddr>, Failure> {
    let Some(listen) = &arguments.console_listen else { return Ok(None) };
    let addresses = addresses(CONSOLE_LISTEN, listen).await?;
    let is_remote = addresses.iter().any(|address| !address.ip().to_canonical().is_loopback());
    if is_remote && !arguments.knows_callers() && !arguments.allow_unverified_remote {
        return Err(Failure::Remote { flag: CONSOLE_LISTEN, listen: listen.clone() });
    }
    let listener = bind(CONSOLE_LISTEN, listen, &addresses)?;
    let address = listener.local_addr().map_err(Failure::Runtime)?;
    let acceptor = Acceptor::new(Arc::clone(&operator.metrics.connections), tls);
    tokio::spawn(listener::run_without_end(listener, ConsoleFront(front.clone()), acceptor, limits.clone()));
    Ok(Some(address))
}

/// Whether two listeners take the same port of an address.
fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    let (a, b) = (one.ip().to_canonical(), other.ip().to_canonical());
    one.port() == other.port() && (a == b || a.is_unspecified() || b.is_unspecified())
}

/// For unread pages of an address that takes no operations. A scrape there does not wait for operations' answers.
fn pages_memory(arguments: &ServeArguments) -> Arc<MemoryBudget> {
    MemoryBudget::new(PAGES_BYTES_MAX, arguments.memory_timeout)
}

/// Done when the engine has failed for good.
async fn failed(engine: Option<Arc<Embedded>>) -> String {
    match engine {
        Some(engine) => engine.failed().await,
        None => std::future::pending().await,
    }
}

/// How clients come to trust a server that encrypts: by a file of certificates, if it needs one.
struct Encryption {
    ca_bundle: Option<PathBuf>,
}

/// Certificates are where clients find them, and are looked after from now on.
fn encryption(
    tls: &Arc<Tls>,
    arguments: &ServeArguments,
    location: &StorageLocation,
    metrics: &Metrics,
    jobs: &Jobs,
) -> Result<Encryption, Failure> {
    let data = match location {
        StorageLocation::Folder(data) => Some(data.as_path()),
        StorageLocation::Memory | StorageLocation::Database(_) => None,
    };
    let ca_bundle = tls.publish(arguments.tls.tls_self_signed_file.as_deref(), data).map_err(Failure::Tls)?;
    tls.keep_renewed(jobs).map_err(Failure::Runtime)?;
    let of_page = Arc::clone(tls);
    metrics.registry.add(move |page| of_page.write_metrics(page));
    Ok(Encryption { ca_bundle })
}

/// The ready line: the address, the storage, and a command to try.
fn announce(
    address: SocketAddr,
    console: Option<SocketAddr>,
    encryption: Option<&Encryption>,
    location: &StorageLocation,
    arguments: &ServeArguments,
    banner: Option<&Banner>,
) {
    banner.into_iter().for_each(|banner| banner.print(address));
    service_manager::ready();
    let region = &arguments.service.region;
    let callers = if arguments.auth { ", callers have identities" } else { "" };
    let version = env!("CARGO_PKG_VERSION");
    let scheme = if encryption.is_some() { "https" } else { "http" };
    let ca_bundle = encryption.and_then(|encryption| encryption.ca_bundle.as_deref());
    let caller = match &arguments.credentials {
        Some(file) => Caller::InFile(file),
        None if arguments.auth && arguments.engine.memory => Caller::RootOfEnvironment,
        None if arguments.auth => Caller::Own,
        None => Caller::Any,
    };
    let command = suggestion::command(&caller, ca_bundle, region, &format!("{scheme}://{address}"));
    let has_console = console.is_some() || console_mode(arguments, address) != ConsoleMode::Off;
    let at = console.unwrap_or(address);
    let console = if has_console { format!("; console: {scheme}://{at}/console/") } else { String::new() };
    let message = format!("{version} ready on {scheme}://{address}, {location}{callers}{console}; try: {command}");
    log::ready(&message, &[("version", version), ("address", &address.to_string()), ("region", region)]);
}
