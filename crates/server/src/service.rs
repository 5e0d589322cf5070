//! DynamoDB's operations over an engine that was opened, alone or as one of several nodes.

mod arguments;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use auth::ServiceArns;
use base::Clock;
use cloudwatch::Recorder;
use jobs::Jobs;
use objects::Objects;
use ops::faults::Faults;
use storage::Engine;

pub(crate) use arguments::ServiceArguments;

use crate::engine::{DatabaseWait, Pauses, Shared, StorageLocation};
use crate::nodes;
use crate::peers::HttpPeers;

/// The folder of the error logs of imports in a data folder.
const IMPORT_ERRORS: &str = "import-errors";

/// What the service may do beside its answers.
pub(crate) struct Reach {
    /// Which resources of other AWS services callers may have called.
    pub(crate) service_arns: ServiceArns,
    /// Whether items that have expired are deleted.
    pub(crate) deletes_expired: bool,
    /// Where exports are written and imports are read.
    pub(crate) objects: Objects,
    /// Where archives are, if not in the database.
    pub(crate) archive_store: Option<ops::ArchiveStore>,
    /// Where requests and tables are measured.
    pub(crate) recorder: Option<Arc<Recorder>>,
    /// The rules of faults for tests.
    pub(crate) faults: Option<Arc<Faults>>,
    /// The time of day.
    pub(crate) clock: Clock,
    /// Regions in other processes.
    pub(crate) peers: Option<Arc<HttpPeers>>,
    /// How slow changes of tables are for tests.
    pub(crate) transition_scale: f64,
    /// What error logs of imports leave free of the disk of a data folder. Unit: bytes.
    pub(crate) free_bytes_min: u64,
}

/// Why there are no operations.
#[derive(Debug)]
pub(crate) struct OpenError {
    location: StorageLocation,
    error: ops::OpenError,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = &self.error;
        match &self.location {
            StorageLocation::Folder(data) => write!(f, "cannot serve the folder {}: {error}", data.display()),
            StorageLocation::Memory => write!(f, "cannot serve from memory: {error}"),
            StorageLocation::Database(server) => write!(f, "cannot serve the database at {server}: {error}"),
        }
    }
}

/// `address` is where the server listens, which other nodes see; `deletes_expired` is whether time to live is at work here.
pub(crate) async fn open(
    engine: Arc<dyn Engine>,
    shared: Option<Shared>,
    location: &StorageLocation,
    arguments: &ServiceArguments,
    reach: Reach,
    address: SocketAddr,
    jobs: &Jobs,
) -> Result<Arc<ops::Service>, OpenError> {
    let shards = ops::ShardSettings { age: arguments.stream_shard_hours, writes: arguments.stream_shard_writes };
    let (region, endpoint) = (arguments.region.clone(), address.to_string());
    let quotas = ops::Quotas {
        tables_max: arguments.tables_max,
        table_units_max: arguments.table_units_max,
        account_units_max: arguments.account_units_max,
        ..ops::Quotas::default()
    };
    let jobs = Some(jobs.clone());
    let import_errors = match location {
        StorageLocation::Folder(data) => {
            Some(ops::ImportErrors { folder: data.join(IMPORT_ERRORS), free_bytes_min: reach.free_bytes_min })
        }
        StorageLocation::Memory | StorageLocation::Database(_) => None,
    };
    let enforces_throughput = arguments.enforce_throughput;
    let settings = ops::Settings {
        region,
        regions: arguments.all_regions(),
        peers: reach.peers.map(|peers| peers as Arc<dyn ops::peers::Peers>),
        replica_source_ms: arguments.replica_source_hours.as_millis() as u64,
        endpoint,
        shards,
        quotas,
        service_arns: reach.service_arns,
        jobs,
        deletes_expired: reach.deletes_expired,
        objects: reach.objects,
        archive_store: reach.archive_store,
        import_errors,
        base_records_min: ops::Settings::BASE_RECORDS_MIN,
        enforces_throughput,
        recorder: reach.recorder,
        faults: reach.faults,
        transition_scale: reach.transition_scale,
    };
    let service = match shared {
        None => ops::Service::open(engine, settings, reach.clock).await,
        Some(Shared { heartbeats, lease, margin, wait }) => {
            let node = ops::NodeSettings {
                id: ops::NodeId::random(),
                engine: heartbeats,
                address: nodes::named(address, std::env::var("HOSTNAME").ok().as_deref()),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                format: storage_postgres::FORMAT,
                lease,
                margin,
            };
            let server = match location {
                StorageLocation::Database(server) => server.as_str(),
                StorageLocation::Folder(_) | StorageLocation::Memory => "",
            };
            open_node(engine, settings, node, server, &wait, &reach.clock).await
        }
    };
    service.map_err(|error| OpenError { location: location.clone(), error })
}

/// Joins the other nodes, and waits for a database that is away, or whose commits wait for a standby.
async fn open_node(
    engine: Arc<dyn Engine>,
    settings: ops::Settings,
    node: ops::NodeSettings,
    server: &str,
    wait: &DatabaseWait,
    clock: &Clock,
) -> Result<Arc<ops::Service>, ops::OpenError> {
    let mut pauses = Pauses::new();
    loop {
        let opening = ops::Service::open_node(Arc::clone(&engine), settings.clone(), clock.clone(), node.clone());
        match wait.watch(server, opening).await {
            Err(ops::OpenError::Away(error)) => wait.report_silent(server, &error),
            opened => {
                if opened.is_ok() {
                    wait.end();
                }
                return opened;
            }
        }
        pauses.pause().await;
    }
}
