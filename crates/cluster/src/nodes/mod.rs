//! Several servers over one engine: which nodes are alive, which version of the catalog each has settled, and which one
//! owns background work.
//!
//! A node has one row, its heartbeat, and writes it several times within a lease. The lease is its right to write
//! ([`lease`]): it runs from the moment before the heartbeat, and only after the catalog was read anew. Other nodes judge
//! a node by their own steady clock since they last saw its counter change ([`watch`]); clocks of two machines are never
//! compared. A node that was silent for its lease and a margin is removed; it has to join again.
//!
//! The margin covers a node's writes in flight when its lease ends: a write is decided under the lease, after its rows are
//! locked, and an engine ends a write that does not continue from there within a time that the engine knows.
//!
//! Each heartbeat also checks with the engine that its rows still have a format of this program: a newer program changes
//! the format only when all nodes that do not know it are silent ([`silence`]); such a node that resumes later fails the
//! check and takes no writes.
//!
//! A step relies on a changed definition only when every node's row says that the node has settled it: it knows the
//! change, and no request there uses an older definition ([`Service::settle`]).

pub mod lease;
mod list;
pub mod owner;
mod row;
mod silence;
pub mod watch;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use parking_lot::Mutex;
use storage::{Batch, Engine, KeyUse, Mode, Reads, StorageError, TxError};

pub use list::{NodeReport, list_nodes};
pub use row::{NodeId, NodeRow};
pub use silence::until_silent;

use tables::failure::OpenError;
use tables::rows;

use lease::Lease;
use watch::Watch;

/// Heartbeats within one lease: some may be late or lost before it ends.
const BEATS_PER_LEASE: u32 = 6;

/// The settings of a server that shares its engine with others.
#[derive(Clone)]
pub struct NodeSettings {
    /// Of this process: a start that joins again, because it does not know whether it has joined, is the same node.
    pub id: NodeId,
    /// For heartbeats: of their own, so that they do not queue behind requests.
    pub engine: Arc<dyn Engine>,
    /// Where it listens, for `stator nodes`.
    pub address: String,
    pub version: String,
    /// The format of its engine's rows, if that has one. Nodes that know only an older one must not use the rows once they
    /// have this one.
    pub format: i64,
    /// How long it may write after its last heartbeat.
    pub lease: Duration,
    /// How long after its decision a write may still be committed.
    pub margin: Duration,
}

/// This node among the others.
pub struct Nodes {
    pub id: NodeId,
    settings: NodeSettings,
    pub lease: Arc<Lease>,
    started_ms: u64,
    watch: Watch,
    /// Why the last heartbeat failed.
    pub failure: Mutex<Option<String>>,
    pub beating: tokio::sync::Mutex<()>,
}

/// What the write of a heartbeat found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    Renewed,
    /// There was no row: the other nodes have not waited for this one.
    Joined,
}

impl Nodes {
    pub fn new(settings: NodeSettings, clock: Clock) -> Nodes {
        let lease = Arc::new(Lease::new(clock.clone(), settings.lease, settings.margin));
        Nodes {
            id: settings.id,
            started_ms: clock.now_ms(),
            watch: Watch::new(clock, settings.margin),
            settings,
            lease,
            failure: Mutex::default(),
            beating: tokio::sync::Mutex::default(),
        }
    }

    pub fn interval(&self) -> Duration {
        self.settings.lease / BEATS_PER_LEASE
    }

    pub fn engine(&self) -> &dyn Engine {
        self.settings.engine.as_ref()
    }

    /// Writes this node's row before it reads the catalog: from then on the other nodes wait for it.
    pub async fn join(&self) -> Result<(), OpenError> {
        self.write(0).await.map(drop).map_err(OpenError::of_write)
    }

    pub async fn write(&self, settled: u64) -> Result<Written, TxError> {
        let key = rows::node(&self.id.0);
        let row = NodeRow {
            address: self.settings.address.clone(),
            version: self.settings.version.clone(),
            format: self.settings.format,
            started_ms: self.started_ms,
            lease_ms: self.settings.lease.as_millis() as u64,
            beats: 0,
            settled,
        };
        let beat = |reads: &Reads, batch: &mut Batch| {
            let before = reads.values[0].as_deref().and_then(NodeRow::read);
            let written = if before.is_some() { Written::Renewed } else { Written::Joined };
            let beats = before.map_or(0, |before| before.beats) + 1;
            // A node that joins has settled nothing: its definitions may be older than those that others rely on.
            let settled = if written == Written::Joined { 0 } else { row.settled };
            batch.put(key.clone(), NodeRow { beats, settled, ..row.clone() }.write());
            Ok::<Written, Infallible>(written)
        };
        let Ok(written) = self.engine().write(Mode::Plain, &[KeyUse::write(key.clone())], beat).await?;
        Ok(written)
    }

    /// All nodes that live, read from the engine.
    pub async fn survey(&self, engine: &dyn Engine) -> Result<Vec<(NodeId, NodeRow)>, StorageError> {
        self.watch.survey(engine).await
    }

    /// Ends the membership at once, instead of by silence.
    pub async fn leave(&self) {
        // The lease ends before the row is deleted: without the row no node waits for this one's writes.
        self.lease.end();
        let key = rows::node(&self.id.0);
        let leave = |_: &Reads, batch: &mut Batch| {
            batch.delete(key.clone());
            Ok::<(), Infallible>(())
        };
        // A failure is ignored: the other nodes remove the row of a silent node.
        let _ = self.engine().write(Mode::Plain, &[KeyUse::write(key.clone())], leave).await;
    }
}
