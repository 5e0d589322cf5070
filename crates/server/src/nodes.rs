//! `stator nodes --storage URL`: the servers that share a database, as seen by watching their heartbeats for a second.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use base::Clock;
use clap::Args;
use ops::NodeReport;
use storage::Engine;
use storage_postgres::{Options, Postgres};

use crate::engine;
use crate::value_parsers::Secret;

/// Some heartbeats of a node that lives.
const WATCHED: Duration = Duration::from_millis(1_200);

#[derive(Args, Debug)]
pub(crate) struct NodesArguments {
    /// The database, such as postgres://stator@db.example/stator
    #[arg(long, env = "STATOR_STORAGE", value_name = "URL", hide_env_values = true)]
    pub(crate) storage: Secret,

    /// File that holds the database's password; without it PGPASSWORD may hold it
    #[arg(long, env = "STATOR_STORAGE_PASSWORD_FILE", value_name = "FILE")]
    pub(crate) storage_password_file: Option<PathBuf>,
}

pub(crate) enum Failure {
    Runtime(io::Error),
    Open(engine::OpenError),
    Storage(storage::StorageError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Runtime(error) => write!(f, "cannot start: {error}"),
            Failure::Open(error) => error.fmt(f),
            Failure::Storage(error) => error.fmt(f),
        }
    }
}

pub(crate) fn run(arguments: &NodesArguments) -> Result<(), Failure> {
    let options = engine::database(&arguments.storage.0, arguments.storage_password_file.as_deref());
    let options = options.map_err(Failure::Open)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let nodes = runtime.block_on(list(options))?;
    // A reader that closes the pipe has read enough.
    let _ = io::stdout().write_all(table(&nodes).as_bytes());
    Ok(())
}

/// The nodes that have left heartbeats in a database.
pub(crate) async fn list(options: Options) -> Result<Vec<NodeReport>, Failure> {
    let engine = Postgres::visit(options).await.map_err(|error| Failure::Open(engine::OpenError::Database(error)))?;
    let nodes = ops::list_nodes(engine.as_ref(), &Clock::system(), WATCHED).await.map_err(Failure::Storage)?;
    engine.close().await.map_err(Failure::Storage)?;
    Ok(nodes)
}

/// What a node is called in the list: its address, or the machine's name where it listens on all of its addresses, as in
/// a container.
pub(crate) fn named(address: SocketAddr, host: Option<&str>) -> String {
    match host {
        Some(host) if address.ip().is_unspecified() && !host.is_empty() => format!("{host}:{}", address.port()),
        _ => address.to_string(),
    }
}

fn table(nodes: &[NodeReport]) -> String {
    let mut text = format!("{:<32}  {:<21}  {:<10}  {:>8}  heartbeat\n", "node", "address", "version", "catalog");
    for node in nodes {
        let heartbeat = match node.heartbeat {
            Some(age) => format!("{} ms ago", age.as_millis()),
            None => format!("none in {} ms: it may be gone", WATCHED.as_millis()),
        };
        text.push_str(&format!(
            "{:<32}  {:<21}  {:<10}  {:>8}  {heartbeat}\n",
            node.id, node.address, node.version, node.catalog
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn nodes_are_named_by_what_tells_them_apart() {
        let check = |address: &str, host: Option<&str>, expected: &str| {
            assert_eq!(named(address.parse().expect("an address"), host), expected);
        };
        check("10.0.0.5:8000", Some("pod-1"), "10.0.0.5:8000");
        check("0.0.0.0:8000", Some("pod-1"), "pod-1:8000");
        check("[::]:8000", Some("pod-1"), "pod-1:8000");
        check("0.0.0.0:8000", Some(""), "0.0.0.0:8000");
        check("0.0.0.0:8000", None, "0.0.0.0:8000");
    }
}
