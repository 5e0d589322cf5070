//! The flags that choose an engine and bound it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::encryption::MasterKeyArguments;
use crate::value_parsers::{Secret, byte_size, milliseconds};

#[derive(Args, Debug)]
pub(crate) struct EngineArguments {
    /// Data folder; created if it does not exist
    #[arg(long, env = "STATOR_DATA", value_name = "DIR", default_value = "./stator-data")]
    pub(crate) data: PathBuf,

    /// Keep all data in memory; it is lost when the server stops
    #[arg(long, env = "STATOR_MEMORY", value_parser = BoolishValueParser::new())]
    pub(crate) memory: bool,

    /// Memory that rows may take with --memory; above it writes are refused, and deletes are accepted. 0 for no limit.
    /// Default: half of the memory of the machine or the container
    #[arg(long, env = "STATOR_MEMORY_LIMIT", value_name = "SIZE", value_parser = memory_limit)]
    pub(crate) memory_limit: Option<u64>,

    /// Store the tables in a PostgreSQL database instead of a folder
    #[arg(long, env = "STATOR_STORAGE", value_name = "URL", hide_env_values = true)]
    pub(crate) storage: Option<Secret>,

    /// File that holds the database's password; without it the URL or PGPASSWORD may hold it
    #[arg(long, env = "STATOR_STORAGE_PASSWORD_FILE", value_name = "FILE")]
    pub(crate) storage_password_file: Option<PathBuf>,

    /// Replicas of the database for eventually consistent reads, several hosts separated by commas, such as
    /// postgres://stator@replica-1,replica-2/stator
    #[arg(long, env = "STATOR_STORAGE_REPLICAS", value_name = "URL", hide_env_values = true)]
    pub(crate) storage_replicas: Option<Secret>,

    /// Milliseconds that a replica may be behind; beyond that, the primary answers
    #[arg(long, env = "STATOR_STORAGE_REPLICA_LAG_MS", value_name = "MS", default_value = "5000", value_parser = lag)]
    pub(crate) storage_replica_lag_ms: Duration,

    #[command(flatten)]
    pub(crate) master_key: MasterKeyArguments,

    /// Node lease in milliseconds: how long a server on a shared database may write after its last heartbeat. The other
    /// servers see changes of tables within this time, and take over its background work after it
    #[arg(long, env = "STATOR_NODE_LEASE_MS", value_name = "MS", default_value = "2000", value_parser = lease)]
    pub(crate) node_lease_ms: Duration,

    /// Memory for cached data, such as 256MiB or 2GiB; with --data
    #[arg(long, env = "STATOR_CACHE", value_name = "SIZE", default_value = "256MiB", value_parser = byte_size)]
    pub(crate) cache: u64,

    /// For tests: memtables of a new database are no larger, so that they are flushed early
    #[arg(long, env = "STATOR_MEMTABLE", hide = true, value_name = "SIZE", value_parser = byte_size)]
    pub(crate) memtable: Option<u64>,

    /// Space on the disk that writes leave free, so that deletes and compactions still work on a full disk; 0 for none.
    /// Default: 256MiB, or a fiftieth of the disk if that is less
    #[arg(long, env = "STATOR_DISK_RESERVE", value_name = "SIZE", value_parser = byte_size)]
    pub(crate) disk_reserve: Option<u64>,
}

fn lease(text: &str) -> Result<Duration, String> {
    milliseconds(text, 200, 60_000)
}

fn lag(text: &str) -> Result<Duration, String> {
    milliseconds(text, 100, 3_600_000)
}

/// Rows of less memory would not even be those of the catalog. Unit: bytes.
const MEMORY_LIMIT_MIN: u64 = 1 << 20;

fn memory_limit(text: &str) -> Result<u64, String> {
    match byte_size(text)? {
        0 => Ok(0),
        bytes if bytes >= MEMORY_LIMIT_MIN => Ok(bytes),
        bytes => Err(format!(
            "{bytes} bytes are less than 1MiB, the least; a size has a unit, such as 512MiB, and 0 is no limit"
        )),
    }
}
