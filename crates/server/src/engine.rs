//! Opens the storage engine of the flags.

mod arguments;
mod wait;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use jobs::Jobs;
use seal::{KeptError, Sealed};
use storage::{Embedded, EmbeddedOptions, Engine, Memory, StorageError};
use storage_postgres::{FORMAT, HEARTBEAT_CONNECTIONS_MAX, Options, Patience, Postgres, ReplicaOptions};
use zeroize::Zeroizing;

pub(crate) use arguments::EngineArguments;
pub(crate) use wait::{DatabaseWait, Pauses};

use crate::encryption;
use crate::log;
use crate::memory_limit;
use crate::protect;
use crate::secret_file::{self, KEY_BYTES_MAX, Secrecy, Unusable};

const HEARTBEAT_PATIENCE: Duration = Duration::from_secs(1);

/// An engine that is ready to serve.
pub(crate) struct Opened {
    pub(crate) engine: Arc<dyn Engine>,
    /// The same, if its rows are on this machine's disk.
    pub(crate) embedded: Option<Arc<Embedded>>,
    /// The same, if they are in memory.
    pub(crate) memory: Option<Arc<Memory>>,
    /// The same, if they are in a database.
    pub(crate) database: Option<Arc<Postgres>>,
    pub(crate) location: StorageLocation,
    /// Where other servers use the same rows.
    pub(crate) shared: Option<Shared>,
    /// What encrypts, if anything does.
    pub(crate) sealed: Option<Arc<Sealed>>,
}

/// What a server needs to be one of several.
pub(crate) struct Shared {
    /// Connections for heartbeats alone.
    pub(crate) heartbeats: Arc<dyn Engine>,
    /// How long the node may write after its last heartbeat.
    pub(crate) lease: Duration,
    /// How long after its decision a write may still be committed.
    pub(crate) margin: Duration,
    /// Reports what the start waits for.
    pub(crate) wait: Arc<DatabaseWait>,
}

/// Where the data is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StorageLocation {
    Folder(PathBuf),
    Memory,
    /// Host, port and name.
    Database(String),
}

impl fmt::Display for StorageLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageLocation::Folder(folder) => write!(f, "data in {}", folder.display()),
            StorageLocation::Memory => f.write_str("data in memory only"),
            StorageLocation::Database(server) => write!(f, "data in the database at {server}"),
        }
    }
}

/// Why there is no engine; each says what to do about it.
#[derive(Debug)]
pub(crate) enum OpenError {
    Folder {
        data: PathBuf,
        error: storage::OpenError,
        /// The cause, where the system's own error would not name it.
        cause: Option<String>,
    },
    PasswordFile {
        file: PathBuf,
        error: Unusable,
    },
    /// In the URL and in a file.
    PasswordTwice {
        file: PathBuf,
    },
    Database(storage_postgres::OpenError),
    Nodes(StorageError),
    MasterKey(encryption::Failure),
    FolderKeys {
        data: PathBuf,
        error: seal::KeyringError,
    },
    DatabaseKeys {
        server: String,
        error: seal::KeptError,
    },
}

impl OpenError {
    pub(crate) fn folder(data: &Path, error: storage::OpenError) -> OpenError {
        let may_have_cause = matches!(error, storage::OpenError::Io { .. } | storage::OpenError::Engine(_));
        let cause = may_have_cause.then(|| cause(data)).flatten();
        OpenError::Folder { data: data.to_owned(), error, cause }
    }

    /// Whether another server has the folder open.
    pub(crate) fn is_locked(&self) -> bool {
        matches!(self, OpenError::Folder { error: storage::OpenError::Locked, .. })
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Folder { data, error, cause: None } => {
                write!(f, "cannot open the folder {}: {error}", data.display())
            }
            // The engine's own words would advise a backup.
            OpenError::Folder { data, cause: Some(cause), .. } => {
                write!(f, "cannot open the folder {}: {cause}", data.display())
            }
            OpenError::PasswordFile { file, error } => {
                write!(f, "cannot read the database's password from {}: {error}", file.display())
            }
            OpenError::PasswordTwice { file } => write!(
                f,
                "the storage URL and --storage-password-file {} both hold a password; leave one out",
                file.display()
            ),
            OpenError::Database(error) => error.fmt(f),
            OpenError::MasterKey(error) => error.fmt(f),
            OpenError::FolderKeys { data, error } => write!(f, "cannot open the folder {}: {error}", data.display()),
            OpenError::DatabaseKeys { server, error } => write!(f, "cannot use the database at {server}: {error}"),
            OpenError::Nodes(error) => write!(f, "cannot see who uses the tables: {error}"),
        }
    }
}

fn cause(data: &Path) -> Option<String> {
    if data.is_file() {
        return Some("it is a file; name a folder with --data".to_owned());
    }
    protect::denied(data).map(|denied| {
        format!(
            "{denied}. Run every command on it as the user that owns it, and give that user all that is in it with chown -R"
        )
    })
}

/// `jobs` is for the engine's work in the background; a database that does not answer is reported to `wait`.
pub(crate) async fn open(
    arguments: &EngineArguments,
    jobs: &Jobs,
    wait: &Arc<DatabaseWait>,
) -> Result<Opened, OpenError> {
    if let Some(url) = &arguments.storage {
        return open_database(arguments, &url.0, jobs, wait).await;
    }
    if arguments.memory {
        encryption::refuse_in_memory(&arguments.master_key).map_err(OpenError::MasterKey)?;
        return Ok(open_memory(arguments));
    }
    open_folder(arguments).await
}

fn open_memory(arguments: &EngineArguments) -> Opened {
    let memory = Memory::with_limit(arguments.memory_limit.unwrap_or_else(memory_limit::default));
    Opened {
        engine: memory.clone(),
        embedded: None,
        memory: Some(memory),
        database: None,
        location: StorageLocation::Memory,
        shared: None,
        sealed: None,
    }
}

/// As [`open`], and waits for a database that cannot be reached or takes no commits. Whatever else is wrong, such as a password, is
/// no better later.
pub(crate) async fn open_patiently(
    arguments: &EngineArguments,
    jobs: &Jobs,
    wait: &Arc<DatabaseWait>,
) -> Result<Opened, OpenError> {
    let mut pauses = Pauses::new();
    loop {
        match open(arguments, jobs, wait).await {
            Err(OpenError::Database(storage_postgres::OpenError::Away { server, error })) => {
                wait.report_away(&server, &error);
            }
            Err(OpenError::DatabaseKeys { server, error: KeptError::Storage(StorageError::Unavailable(error)) }) => {
                wait.report_silent(&server, &error);
            }
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

async fn open_database(
    arguments: &EngineArguments,
    url: &str,
    jobs: &Jobs,
    wait: &Arc<DatabaseWait>,
) -> Result<Opened, OpenError> {
    let master = encryption::master_key(&arguments.master_key).map_err(OpenError::MasterKey)?;
    let options = database(url, arguments.storage_password_file.as_deref())?.with_jobs(jobs);
    let server = options.server();
    warn_of_weak_encryption(&options);
    let replicas = replicas(arguments)?;
    // The first node makes the tables, and its commit may wait for a standby.
    let database = match wait.watch(&server, Postgres::open_with(options.clone(), replicas.clone())).await {
        Err(storage_postgres::OpenError::Older { found, .. }) => {
            update(&options, found).await?;
            Postgres::open_with(options.clone(), replicas).await
        }
        opened => opened,
    };
    let database = database.map_err(OpenError::Database)?;
    let keyring = wait.watch(&server, seal::kept::open(&*database, master.as_ref())).await;
    let keyring = keyring.map_err(|error| OpenError::DatabaseKeys { server: server.clone(), error })?;
    let around = |engine| encryption::around(engine, keyring.as_ref(), &arguments.master_key);
    let (engine, sealed) = around(database.clone());
    let (heartbeats, margin) = heartbeats(options).await?;
    let (heartbeats, wait) = (around(heartbeats).0, Arc::clone(wait));
    let shared = Some(Shared { heartbeats, lease: arguments.node_lease_ms, margin, wait });
    let (location, database) = (StorageLocation::Database(server), Some(database));
    Ok(Opened { engine, embedded: None, memory: None, database, location, shared, sealed })
}

async fn open_folder(arguments: &EngineArguments) -> Result<Opened, OpenError> {
    let master = encryption::master_key(&arguments.master_key).map_err(OpenError::MasterKey)?;
    let folder = std::path::absolute(&arguments.data).unwrap_or(arguments.data.clone());
    let keyring = encryption::of_folder(&folder, master.as_ref()).await;
    let keyring = keyring.map_err(|error| match error {
        encryption::FolderFailure::Folder(error) => OpenError::folder(&folder, error),
        encryption::FolderFailure::Keyring(error) => OpenError::FolderKeys { data: folder.clone(), error },
    })?;
    let options = EmbeddedOptions {
        cache_bytes: arguments.cache,
        memtable_bytes_max: arguments.memtable,
        disk_reserve_bytes: arguments.disk_reserve,
        keys: keyring.as_ref().map(|keyring| keyring.text().to_owned().into()),
    };
    let embedded = Embedded::open(&folder, options);
    let embedded = embedded.map_err(|error| OpenError::folder(&folder, error))?;
    protect::data_folder(&folder);
    let (engine, sealed) = encryption::around(embedded.clone(), keyring.as_ref(), &arguments.master_key);
    let (location, embedded) = (StorageLocation::Folder(folder), Some(embedded));
    Ok(Opened { engine, embedded, memory: None, database: None, location, shared: None, sealed })
}

/// Upgrades tables of an older format to this program's, permanently, once no live node runs a version that cannot read it.
async fn update(options: &Options, found: i64) -> Result<(), OpenError> {
    let visitor = Postgres::visit(options.clone()).await.map_err(OpenError::Database)?;
    let margin = margin(&options.patience);
    let wait = || {
        let report = |nodes: &[ops::NodeReport]| log_older_nodes(found, nodes);
        ops::until_silent(visitor.as_ref(), Clock::system(), margin, FORMAT, report)
    };
    wait().await.map_err(OpenError::Nodes)?;
    Postgres::update(options).await.map_err(OpenError::Database)?;
    // A node that started in between finds the new format with its next heartbeat, and stops writing.
    wait().await.map_err(OpenError::Nodes)?;
    log::info("tables_updated", &format!("the tables have format {FORMAT} now"), &[]);
    visitor.close().await.map_err(OpenError::Nodes)
}

/// What was asked for may be less than it seems.
fn warn_of_weak_encryption(options: &Options) {
    if options.encryption.is_weak() {
        let message = format!(
            "connections to the database are {}: a machine between this one and the database may pass for it; sslmode=verify-full \
             prevents that",
            options.encryption
        );
        log::warning("storage_unverified", &message, &[]);
    }
}

fn log_older_nodes(found: i64, nodes: &[ops::NodeReport]) {
    let nodes: Vec<String> = nodes.iter().map(|node| format!("{} (version {})", node.address, node.version)).collect();
    let nodes = nodes.join(", ");
    let message = format!(
        "the tables have format {found}, and these nodes know no newer one: {nodes}; when they are stopped, this node \
         brings the tables to format {FORMAT}, for good, and serves"
    );
    log::warning("waiting_for_older_nodes", &message, &[]);
}

/// A second, small pool to the same database, which gives up early: a heartbeat that is late is of no use. With it, the
/// margin of the first one's writes.
async fn heartbeats(options: Options) -> Result<(Arc<Postgres>, Duration), OpenError> {
    let patience = options.patience;
    let margin = margin(&patience);
    let mut options = options.with_connections_max(HEARTBEAT_CONNECTIONS_MAX);
    options.patience = Patience {
        connect: HEARTBEAT_PATIENCE,
        flight: HEARTBEAT_PATIENCE,
        lock: HEARTBEAT_PATIENCE,
        pool: HEARTBEAT_PATIENCE,
        call: HEARTBEAT_PATIENCE,
        ..patience
    };
    let heartbeats = Postgres::open(options).await.map_err(OpenError::Database)?;
    Ok((heartbeats, margin))
}

/// The database ends a session whose transaction makes no progress; after that, only a statement that waits for a lock can
/// still run in between.
fn margin(patience: &Patience) -> Duration {
    patience.idle_in_transaction + patience.flight + patience.lock
}

fn replicas(arguments: &EngineArguments) -> Result<Option<ReplicaOptions>, OpenError> {
    let Some(url) = &arguments.storage_replicas else { return Ok(None) };
    let password = password(arguments.storage_password_file.as_deref())?;
    let password = password.as_ref().map(|password| password.as_str());
    let replicas = ReplicaOptions::parse(&url.0, password, arguments.storage_replica_lag_ms);
    replicas.map(Some).map_err(OpenError::Database)
}

/// The way to a database, with the password from wherever it is.
pub(crate) fn database(url: &str, password_file: Option<&Path>) -> Result<Options, OpenError> {
    let password = password(password_file)?;
    if let Some(file) = password_file
        && Options::parse(url, None).map_err(OpenError::Database)?.has_password()
    {
        return Err(OpenError::PasswordTwice { file: file.to_owned() });
    }
    Options::parse(url, password.as_ref().map(|password| password.as_str())).map_err(OpenError::Database)
}

/// The password, unless it is in the URL.
fn password(file: Option<&Path>) -> Result<Option<Zeroizing<String>>, OpenError> {
    match file {
        Some(file) => password_in(file).map(Some),
        None => Ok(std::env::var("PGPASSWORD").ok().map(Zeroizing::new)),
    }
}

/// The first line of a file.
fn password_in(file: &Path) -> Result<Zeroizing<String>, OpenError> {
    let failure = |error| OpenError::PasswordFile { file: file.to_owned(), error };
    let bytes = secret_file::read("--storage-password-file", file, KEY_BYTES_MAX, Secrecy::Foreign).map_err(failure)?;
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|error| failure(std::io::Error::new(std::io::ErrorKind::InvalidData, error).into()))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
