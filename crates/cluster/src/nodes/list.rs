//! `stator nodes`: the nodes of a database, as an observer sees them that watches their rows for a moment.

use std::time::Duration;

use base::Clock;
use storage::{Engine, StorageError};

use super::watch::read_nodes;
use super::{NodeId, NodeRow};

/// The interval between two reads of the nodes' rows.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A node as it was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeReport {
    pub id: String,
    pub address: String,
    pub version: String,
    /// By the node's own clock, in milliseconds since the start of 1970.
    pub started_ms: u64,
    pub lease: Duration,
    /// The version of the catalog that the node has settled.
    pub catalog: u64,
    /// The age of its last heartbeat; none if there was none while we watched.
    pub heartbeat: Option<Duration>,
}

/// Watches all nodes for a while and returns a report of each.
///
/// # Errors
/// The engine's failure.
pub async fn list_nodes(
    engine: &dyn Engine,
    clock: &Clock,
    watched: Duration,
) -> Result<Vec<NodeReport>, StorageError> {
    let first = read_nodes(engine).await?;
    let begun_ms = clock.steady_ms();
    let mut last = first.clone();
    let mut changed_ms: Vec<_> = Vec::new();
    while clock.steady_ms() - begun_ms < watched.as_millis() as u64 {
        tokio::time::sleep(LOOK_INTERVAL).await;
        let now = read_nodes(engine).await?;
        for (id, row) in &now {
            let before = last.iter().find(|(own, _)| own == id).map(|(_, row)| row.beats);
            if before != Some(row.beats) {
                changed_ms.retain(|(own, _)| own != id);
                changed_ms.push((*id, clock.steady_ms()));
            }
        }
        last = now;
    }
    let now_ms = clock.steady_ms();
    let age = |id| changed_ms.iter().find(|(own, _)| *own == id).map(|(_, at)| now_ms.saturating_sub(*at));
    Ok(last.into_iter().map(|(id, row)| NodeReport::of(id, row, age(id))).collect())
}

impl NodeReport {
    pub(super) fn of(id: NodeId, row: NodeRow, heartbeat_ms: Option<u64>) -> NodeReport {
        NodeReport {
            id: id.to_string(),
            address: row.address,
            version: row.version,
            started_ms: row.started_ms,
            lease: Duration::from_millis(row.lease_ms),
            catalog: row.settled,
            heartbeat: heartbeat_ms.map(Duration::from_millis),
        }
    }
}
