//! Several servers over one engine: who lives, what each knows of the catalog, and who does the background work.
//!
//! A node keeps one row, its heartbeat, and writes it several times within a lease. The lease is its right to write
//! ([`lease`]): it runs from the moment before the heartbeat, and only after the catalog was read anew. Others judge a
//! node by their own steady clock since they last saw its counter change ([`watch`]); clocks of two machines are never
//! compared. A node that was silent for its lease and a margin is removed; it has to join again.
//!
//! The margin covers what a node may have under way when its lease ends: a write is decided under the lease, after its
//! rows are locked, and an engine ends what does not go on from there within a time that it knows.
//!
//! Each heartbeat also asks the engine whether it is still this program's kind of rows: a newer program changes that only
//! when all who do not know it are silent ([`silence`]), and whoever comes back later finds out and takes no writes.
//!
//! A change of a definition that writers must know is relied on only when every row says that its node has settled it:
//! it knows the change, and nothing under way there uses what was before ([`Service::settle`]).

pub(crate) mod lease;
mod list;
pub(crate) mod owner;
mod row;
mod silence;
mod watch;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use parking_lot::Mutex;
use storage::{Batch, Engine, KeyUse, Mode, Reads, StorageError};

pub use list::{NodeReport, list_nodes};
pub(crate) use row::{NodeId, NodeRow};
pub use silence::until_silent;

use crate::failure::OpenError;
use crate::rows;
use lease::Lease;
use watch::Watch;

/// Heartbeats within one lease: some may be late or lost before it ends.
const BEATS_PER_LEASE: u32 = 6;

/// How this server is one of several.
#[derive(Clone)]
pub struct NodeSettings {
    /// For heartbeats: of their own, so that they do not queue behind requests.
    pub engine: Arc<dyn Engine>,
    /// Where it listens, for `stator nodes`.
    pub address: String,
    pub version: String,
    /// The format in which its engine keeps rows, if that has one. Nodes that know only an older one must not use rows
    /// any more once they have this one.
    pub format: i64,
    /// How long it may write after its last heartbeat.
    pub lease: Duration,
    /// How long after its decision a write may still be committed.
    pub margin: Duration,
}

/// This node among the others.
pub(crate) struct Nodes {
    pub id: NodeId,
    settings: NodeSettings,
    pub lease: Arc<Lease>,
    started_ms: u64,
    watch: Watch,
    /// Why the last heartbeat failed.
    pub(crate) failure: Mutex<Option<String>>,
    pub(crate) beating: tokio::sync::Mutex<()>,
}

/// What became of a heartbeat's row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    Renewed,
    /// There was none: others have not waited for us.
    Joined,
}

impl Nodes {
    pub(crate) fn new(settings: NodeSettings, clock: Clock) -> Nodes {
        let lease = Arc::new(Lease::new(clock.clone(), settings.lease, settings.margin));
        Nodes {
            id: NodeId(base::random::bytes16()),
            started_ms: clock.now_ms(),
            watch: Watch::new(clock, settings.margin),
            settings,
            lease,
            failure: Mutex::default(),
            beating: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn interval(&self) -> Duration {
        self.settings.lease / BEATS_PER_LEASE
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        self.settings.engine.as_ref()
    }

    /// Tells the others that they have to wait for us from now on, before the catalog is read.
    pub(crate) async fn join(&self) -> Result<(), OpenError> {
        self.write(0).await.map(drop).map_err(|error| OpenError::Malformed(format!("this node cannot join: {error}")))
    }

    pub(crate) async fn write(&self, settled: u64) -> Result<Written, StorageError> {
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
            // Whoever joins has settled nothing: what it knows may be older than what the others rely on.
            let settled = if written == Written::Joined { 0 } else { row.settled };
            batch.put(key.clone(), NodeRow { beats, settled, ..row.clone() }.write());
            Ok::<Written, Infallible>(written)
        };
        let Ok(written) = self.engine().write(Mode::Plain, &[KeyUse::write(key.clone())], beat).await?;
        Ok(written)
    }

    /// All nodes that live, read from the engine.
    pub(crate) async fn survey(&self, engine: &dyn Engine) -> Result<Vec<(NodeId, NodeRow)>, StorageError> {
        self.watch.survey(engine).await
    }

    /// Ends the membership at once, instead of by silence.
    pub(crate) async fn leave(&self) {
        self.lease.end();
        let key = rows::node(&self.id.0);
        let leave = |_: &Reads, batch: &mut Batch| {
            batch.delete(key.clone());
            Ok::<(), Infallible>(())
        };
        // The others find out in any case.
        let _ = self.engine().write(Mode::Plain, &[KeyUse::write(key.clone())], leave).await;
    }
}

#[cfg(test)]
mod tests;
