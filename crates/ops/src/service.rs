//! The service: the state that operations share, and the background jobs.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock};

use auth::ServiceArns;
use base::Clock;
use change_log::lag::Lags;
use change_log::{Heat, ShardSettings};
use cloudwatch::Recorder;
use cluster::catalog::{Catalog, Quotas};
use cluster::nodes::{NodeSettings, Nodes, lease::Leased};
use jobs::{Jobs, Turns};
use model::codec::key::HashSecret;
use objects::Objects;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use storage::{Batch, Engine, KeyUse, Mode, Reads};
use tables::failure::OpenError;
use tables::rows;
use tokio::sync::Notify;

use crate::archive_store::{ArchiveStore, LastSegment};
use crate::clock_watch::ClockWatch;
use crate::faults::Faults;
use crate::import_errors::ImportErrors;
use crate::measures::Measures;
use crate::principal_directory::PrincipalDirectory;
use crate::table_keys::{KeyChanges, TableKeys};
use crate::throttle::Throttle;
use crate::tokens::Tokens;

/// What the operator chose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region in ARNs when callers share one space.
    pub region: String,
    /// The regions that tables can have replicas in.
    pub regions: Vec<String>,
    /// How long a table that was the source of a replica cannot be deleted.
    pub replica_source_ms: u64,
    /// Host and port under which clients reach this server: what DescribeEndpoints answers.
    pub endpoint: String,
    pub shards: ShardSettings,
    pub quotas: Quotas,
    /// Which resources of other AWS services callers may have called.
    pub service_arns: ServiceArns,
    /// The process's registry of background jobs. None: the service makes one.
    pub jobs: Option<Jobs>,
    /// Whether this process deletes items that time to live has expired.
    pub deletes_expired: bool,
    /// Where exports are written and imports are read.
    pub objects: Objects,
    /// Where archives of point-in-time recovery are. None: in the database.
    pub archive_store: Option<ArchiveStore>,
    /// Where the error logs of imports are, if anywhere.
    pub import_errors: Option<ImportErrors>,
    /// A table with point-in-time recovery gets no base before its log has grown by as many records.
    pub base_records_min: u64,
    /// Where requests and tables are measured. None: they are not.
    pub recorder: Option<Arc<Recorder>>,
    /// Whether requests beyond the throughput of their tables are refused.
    pub enforces_throughput: bool,
    /// The rules of faults for tests. None: requests have no other faults than their own.
    pub faults: Option<Arc<Faults>>,
    /// How long tables stay in a state that changes, as a share of the time that AWS takes.
    pub transition_scale: f64,
}

impl Settings {
    /// As many records are undone in some seconds.
    pub const BASE_RECORDS_MIN: u64 = 100_000;
}

impl Default for Settings {
    fn default() -> Settings {
        let (region, endpoint) = ("us-east-1".to_owned(), "127.0.0.1:8000".to_owned());
        Settings {
            regions: vec![region.clone()],
            region,
            replica_source_ms: 0,
            endpoint,
            shards: ShardSettings::default(),
            quotas: Quotas::default(),
            service_arns: ServiceArns::open(),
            jobs: None,
            deletes_expired: true,
            objects: Objects::none("there is no object store; name one with --s3-endpoint".to_owned()),
            archive_store: None,
            import_errors: None,
            base_records_min: Settings::BASE_RECORDS_MIN,
            recorder: None,
            enforces_throughput: false,
            faults: None,
            transition_scale: 0.0,
        }
    }
}

/// Answers every operation of every caller.
pub struct Service {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) catalog: Catalog,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) secret: HashSecret,
    pub(crate) tokens: Tokens,
    /// If throughput is enforced.
    pub(crate) throttle: Option<Throttle>,
    pub(crate) measures: Option<Arc<Measures>>,
    /// How much is written to logs.
    pub(crate) heat: Heat,
    /// Items that time to live has deleted since the start.
    pub(crate) expired: AtomicU64,
    /// Damaged rows that background work has read.
    pub(crate) damaged_rows: AtomicU64,
    /// Records that were trimmed since the start before a consumer had taken them, counted for each of such consumers.
    pub(crate) lost_records: AtomicU64,
    /// Bytes of segments that were written since the start.
    pub(crate) archived_bytes: AtomicU64,
    /// Gaps in archives that were found since the start.
    pub(crate) recovery_gaps: AtomicU64,
    pub(crate) last_segment: LastSegment,
    /// Of the destruction of what has expired.
    pub(crate) clock_watch: ClockWatch,
    /// Records of bulk operations since the start: put, failed, and with a condition that was not met.
    pub(crate) bulk_records: [AtomicU64; 3],
    pub(crate) lags: Lags,
    /// Steps of backups and restores.
    pub(crate) copies: Turns,
    /// How many wait for a copy, which then does not pause between its steps.
    pub(crate) copies_awaited: AtomicU64,
    /// Whole imports: they wait for the object store, and do not hold up copies.
    pub(crate) imports: Turns,
    /// Whole bulk operations, as imports.
    pub(crate) bulk_puts: Turns,
    /// The start of a bulk operation, of which an account has one at a time.
    pub(crate) bulk_starts: Turns,
    /// Wakes the job that looks for bulk operations.
    pub(crate) bulk_started: Arc<Notify>,
    /// Wakes the work of bulk operations, one of which was cancelled.
    pub(crate) bulk_cancelled: Notify,
    /// Whether this process delivers to Kinesis.
    pub(crate) reaches_kinesis: AtomicBool,
    /// Where tables may have keys of their own.
    pub(crate) table_keys: OnceLock<Arc<dyn TableKeys>>,
    pub(crate) key_changes: KeyChanges,
    /// Where callers have identities.
    pub(crate) principals: RwLock<Option<Arc<dyn PrincipalDirectory>>>,
    /// Where several servers share the engine.
    pub(crate) nodes: Option<Nodes>,
    jobs: Jobs,
}

/// The database's own settings; written once, when it is created.
#[derive(Serialize, Deserialize)]
pub(crate) struct DatabaseSettings {
    format: u32,
    pub(crate) hash_secret: HashSecret,
}

/// Steps of copies at once.
const COPIES_MAX: usize = 2;
/// Imports of an account at once, and of all accounts.
const IMPORTS_MAX: [usize; 2] = [2, 8];
const BULK_PUTS_MAX: [usize; 2] = [2, 8];
/// Bulk operations that are begun at once, of all accounts.
const BULK_STARTS_MAX: usize = 16;

/// Format 2 has records of logs with hashes, and shards that share a log's open end, which programs of format 1 cannot read.
const DATABASE_FORMAT: u32 = 2;
/// That of a database with replicas: records of logs, and rows, that programs of format 2 cannot read.
const DATABASE_FORMAT_REPLICAS: u32 = 3;
const DATABASE_FORMAT_OLDEST: u32 = 1;

impl Service {
    /// Opens the database that the engine holds, making it if it is empty, and resumes unfinished work.
    ///
    /// # Errors
    /// [`OpenError`] if the engine fails or holds something that this program cannot read.
    pub async fn open(engine: Arc<dyn Engine>, settings: Settings, clock: Clock) -> Result<Arc<Service>, OpenError> {
        let secret = database_secret(engine.as_ref()).await?;
        let catalog = Catalog::load(&engine, false).await?;
        let tokens = Tokens::load(engine.as_ref()).await?;
        let jobs = settings.jobs.clone().unwrap_or_else(|| Jobs::new(clock.clone()));
        let service = Arc::new(Service {
            engine,
            catalog,
            throttle: settings.enforces_throughput.then(Throttle::new),
            measures: settings.recorder.clone().map(Measures::new),
            settings,
            clock,
            secret,
            tokens,
            heat: Heat::default(),
            expired: AtomicU64::new(0),
            damaged_rows: AtomicU64::new(0),
            lost_records: AtomicU64::new(0),
            archived_bytes: AtomicU64::new(0),
            recovery_gaps: AtomicU64::new(0),
            last_segment: LastSegment::default(),
            clock_watch: ClockWatch::default(),
            bulk_records: Default::default(),
            lags: Lags::default(),
            copies: Turns::new(COPIES_MAX, COPIES_MAX),
            copies_awaited: AtomicU64::new(0),
            imports: Turns::new(IMPORTS_MAX[0], IMPORTS_MAX[1]),
            bulk_puts: Turns::new(BULK_PUTS_MAX[0], BULK_PUTS_MAX[1]),
            bulk_starts: Turns::new(1, BULK_STARTS_MAX),
            bulk_started: Arc::default(),
            bulk_cancelled: Notify::default(),
            reaches_kinesis: AtomicBool::new(false),
            table_keys: OnceLock::new(),
            key_changes: KeyChanges::default(),
            principals: RwLock::default(),
            nodes: None,
            jobs,
        });
        service.start_work();
        Ok(service)
    }

    /// As [`Service::open`], for an engine that other servers use at the same time.
    ///
    /// # Errors
    /// As for [`Service::open`].
    pub async fn open_node(
        engine: Arc<dyn Engine>,
        settings: Settings,
        clock: Clock,
        node: NodeSettings,
    ) -> Result<Arc<Service>, OpenError> {
        let secret = database_secret(engine.as_ref()).await?;
        // Joined before the catalog is read: from the join on, other nodes wait for this one before they rely on a change. The
        // first heartbeat gives the lease that the writes of background work need.
        // Leases are by the time that all nodes have.
        let nodes = Nodes::new(node, clock.unmoved());
        nodes.join().await?;
        let engine: Arc<dyn Engine> = Arc::new(Leased::new(engine, nodes.lease.clone()));
        let catalog = Catalog::load(&engine, true).await?;
        let tokens = Tokens::default();
        let jobs = settings.jobs.clone().unwrap_or_else(|| Jobs::new(clock.clone()));
        let service = Arc::new(Service {
            engine,
            catalog,
            throttle: settings.enforces_throughput.then(Throttle::new),
            measures: settings.recorder.clone().map(Measures::new),
            settings,
            clock,
            secret,
            tokens,
            heat: Heat::default(),
            expired: AtomicU64::new(0),
            damaged_rows: AtomicU64::new(0),
            lost_records: AtomicU64::new(0),
            archived_bytes: AtomicU64::new(0),
            recovery_gaps: AtomicU64::new(0),
            last_segment: LastSegment::default(),
            clock_watch: ClockWatch::default(),
            bulk_records: Default::default(),
            lags: Lags::default(),
            copies: Turns::new(COPIES_MAX, COPIES_MAX),
            copies_awaited: AtomicU64::new(0),
            imports: Turns::new(IMPORTS_MAX[0], IMPORTS_MAX[1]),
            bulk_puts: Turns::new(BULK_PUTS_MAX[0], BULK_PUTS_MAX[1]),
            bulk_starts: Turns::new(1, BULK_STARTS_MAX),
            bulk_started: Arc::default(),
            bulk_cancelled: Notify::default(),
            reaches_kinesis: AtomicBool::new(false),
            table_keys: OnceLock::new(),
            key_changes: KeyChanges::default(),
            principals: RwLock::default(),
            nodes: Some(nodes),
            jobs,
        });
        service.beat().await?;
        service.start_work();
        Ok(service)
    }

    /// Which resources of other AWS services callers may have called.
    pub fn service_arns(&self) -> &ServiceArns {
        &self.settings.service_arns
    }

    /// The one source of the time of day.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether what has expired may be destroyed. A clock that a test moves is meant to be where it is.
    pub(crate) fn may_destroy(&self) -> bool {
        self.clock_watch.may_destroy(self.clock.unmoved().now_ms(), self.clock.steady_ms())
    }

    /// Where exports are written and imports are read.
    pub fn objects(&self) -> &Objects {
        &self.settings.objects
    }

    /// The process's one registry of background jobs. It has the service's own; the layers above add theirs. The caller stops it
    /// ([`Jobs::stop`]) before [`Service::leave`] and before the engine closes.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    fn start_work(self: &Arc<Service>) {
        let jobs = [self.heartbeat_job(), Some(self.token_job()), Some(self.log_job())];
        let more = [self.shortage_job(), Some(self.expiry_job()), Some(self.archive_job()), self.table_work_job()];
        let others =
            [Some(self.bulk_job()), self.measures_job(), Some(self.tombstone_job()), Some(self.transition_job())];
        jobs.into_iter().chain(more).chain(others).flatten().for_each(|job| _ = self.jobs.add(job));
    }
}

/// The database's secret: made for a new database; the settings of an older format are rewritten in this one.
async fn database_secret(engine: &dyn Engine) -> Result<HashSecret, OpenError> {
    // Decided in one write: of several nodes that open a new database, all get the secret of the first.
    let key = rows::database_settings();
    let fresh = DatabaseSettings { format: DATABASE_FORMAT, hash_secret: base::random::secret16() };
    let settle = |reads: &Reads, batch: &mut Batch| {
        let found = reads.values[0].as_deref().map(DatabaseSettings::read).transpose()?;
        let hash_secret = found.as_ref().map_or(fresh.hash_secret, |found| found.hash_secret);
        if found.is_none_or(|found| found.format < DATABASE_FORMAT) {
            batch.put(key.clone(), DatabaseSettings { format: DATABASE_FORMAT, hash_secret }.encode()?);
        }
        Ok(hash_secret)
    };
    engine.write(Mode::Plain, &[KeyUse::write(key.clone())], settle).await.map_err(OpenError::of_write)?
}

impl DatabaseSettings {
    pub(crate) fn read(row: &[u8]) -> Result<DatabaseSettings, OpenError> {
        let settings: DatabaseSettings = serde_json::from_slice(row)
            .map_err(|error| OpenError::Malformed(format!("the database's own settings cannot be read: {error}")))?;
        match settings.format {
            DATABASE_FORMAT_OLDEST..=DATABASE_FORMAT_REPLICAS => Ok(settings),
            format => Err(OpenError::Malformed(format!(
                "the database has format {format}, and this program knows {DATABASE_FORMAT_REPLICAS}"
            ))),
        }
    }

    /// The row of a database with replicas, which is written with the first one of a group: older programs refuse it from then on.
    pub(crate) fn with_replicas(hash_secret: HashSecret) -> Result<(storage::Key, bytes::Bytes), OpenError> {
        let settings = DatabaseSettings { format: DATABASE_FORMAT_REPLICAS, hash_secret };
        Ok((rows::database_settings(), settings.encode()?.into()))
    }

    fn encode(&self) -> Result<Vec<u8>, OpenError> {
        serde_json::to_vec(self).map_err(|error| OpenError::Malformed(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
