//! Watching the other nodes: which are alive, judged by the time since a heartbeat was last seen to change.

use std::collections::HashMap;
use std::time::Duration;

use base::Clock;
use parking_lot::Mutex;
use storage::{Batch, Consistency, Engine, KeyUse, Mode, Reads, Row, StorageError};
use tables::catalog_rows;
use tables::key_range;
use tables::rows;

use super::{NodeId, NodeRow};

pub(super) struct Watch {
    clock: Clock,
    margin_ms: u64,
    seen: Mutex<HashMap<NodeId, Seen>>,
}

#[derive(Clone, Copy)]
struct Seen {
    beats: u64,
    lease_ms: u64,
    since_ms: u64,
}

impl Watch {
    pub(super) fn new(clock: Clock, margin: Duration) -> Watch {
        Watch { clock, margin_ms: margin.as_millis() as u64, seen: Mutex::default() }
    }

    /// Reads all nodes' rows, removes those of dead nodes, from which no write can come any more, and returns the others.
    pub(super) async fn survey(&self, engine: &dyn Engine) -> Result<Vec<(NodeId, NodeRow)>, StorageError> {
        let mut found = read_nodes(engine).await?;
        let now_ms = self.clock.steady_ms();
        self.note(&found, now_ms);
        let mut gone = Vec::new();
        for (id, row) in &found {
            if self.is_over(*id, row, now_ms) && remove(engine, *id, row.beats).await? {
                gone.push(*id);
            }
        }
        found.retain(|(id, _)| !gone.contains(id));
        Ok(found)
    }

    /// The nodes from which a write may still come, and for how long each has been silent. Changes nothing.
    pub(super) async fn look(&self, engine: &dyn Engine) -> Result<Vec<(NodeId, NodeRow, u64)>, StorageError> {
        let found = read_nodes(engine).await?;
        let now_ms = self.clock.steady_ms();
        self.note(&found, now_ms);
        let left = found.into_iter().filter(|(id, row)| !self.is_over(*id, row, now_ms));
        Ok(left.map(|(id, row)| (id, row, self.silent_ms(id, now_ms).unwrap_or(0))).collect())
    }

    /// Whether a node is dead: no write can come from it any more.
    fn is_over(&self, id: NodeId, row: &NodeRow, now_ms: u64) -> bool {
        self.silent_ms(id, now_ms).is_some_and(|silent| silent > row.lease_ms + self.margin_ms)
    }

    fn note(&self, found: &[(NodeId, NodeRow)], now_ms: u64) {
        // Time counts from when this node saw the change, by its own clock: clocks of two machines are never compared.
        let mut seen = self.seen.lock();
        seen.retain(|id, _| found.iter().any(|(own, _)| own == id));
        for (id, row) in found {
            let fresh = Seen { beats: row.beats, lease_ms: row.lease_ms, since_ms: now_ms };
            let known = seen.entry(*id).or_insert(fresh);
            if known.beats != row.beats {
                *known = fresh;
            }
        }
    }

    fn silent_ms(&self, id: NodeId, now_ms: u64) -> Option<u64> {
        self.seen.lock().get(&id).map(|seen| now_ms.saturating_sub(seen.since_ms))
    }

    /// Whether a node may still have its lease, as far as this node's clock shows.
    pub(super) fn is_live(&self, id: NodeId) -> bool {
        let now_ms = self.clock.steady_ms();
        self.seen.lock().get(&id).is_some_and(|seen| now_ms.saturating_sub(seen.since_ms) <= seen.lease_ms)
    }
}

/// The rows of all nodes, as they are now.
pub async fn read_nodes(engine: &dyn Engine) -> Result<Vec<(NodeId, NodeRow)>, StorageError> {
    let prefix = rows::nodes_prefix();
    let view = engine.view(Consistency::Strong).await?;
    let rows = catalog_rows::pages(&*view, key_range::of_prefix(&prefix)).rows().await?;
    let node = |row: &Row| {
        let id = row.key[prefix.len()..].try_into().ok().map(NodeId);
        // An unreadable row is a newer program's: its node must not be taken for absent.
        let read = id.zip(NodeRow::read(&row.value));
        read.ok_or_else(|| StorageError::Corrupt("a node's row cannot be read".to_owned()))
    };
    rows.iter().map(node).collect()
}

/// The node has sent a heartbeat meanwhile.
struct Beaten;

/// Removes the row of a node, unless it has sent a heartbeat since.
async fn remove(engine: &dyn Engine, id: NodeId, beats: u64) -> Result<bool, StorageError> {
    // Decided in the write: a node whose heartbeat comes first is alive.
    let key = rows::node(&id.0);
    let remove = |reads: &Reads, batch: &mut Batch| match reads.values[0].as_deref().and_then(NodeRow::read) {
        Some(row) if row.beats == beats => {
            batch.delete(key.clone());
            Ok(())
        }
        _ => Err(Beaten),
    };
    Ok(engine.write(Mode::Plain, &[KeyUse::write(key.clone())], remove).await?.is_ok())
}
