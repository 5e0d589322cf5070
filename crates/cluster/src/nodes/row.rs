//! A node's row: what it publishes with each heartbeat.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Random at each start of a server, so that a restarted node is another node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub [u8; 16]);

impl NodeId {
    #[must_use]
    pub fn random() -> NodeId {
        NodeId(base::random::bytes16())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base::hex(&self.0))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NodeRow {
    pub address: String,
    pub version: String,
    /// The newest format of the storage that the node knows; 0 if its version did not write this member.
    #[serde(default)]
    pub format: i64,
    /// By the node's own clock; only for people.
    pub started_ms: u64,
    pub lease_ms: u64,
    /// Grows with each heartbeat: other nodes check only that it changes.
    pub beats: u64,
    /// The newest version of the catalog such that no request on the node uses a definition from before it.
    pub settled: u64,
}

impl NodeRow {
    pub fn read(row: &[u8]) -> Option<NodeRow> {
        serde_json::from_slice(row).ok()
    }

    pub fn write(&self) -> Vec<u8> {
        // Numbers and texts always have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
