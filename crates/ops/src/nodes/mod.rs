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

use std::sync::{Arc, Weak};
use std::time::Duration;

use base::Clock;
use parking_lot::Mutex;
use storage::{Batch, Decision, Engine, KeyUse, Mode, OpId, Reads, StorageError};

pub use list::{NodeReport, list_nodes};
pub(crate) use row::{NodeId, NodeRow};
pub use silence::until_silent;

use crate::rows;
use crate::service::{OpenError, Service};
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
    failure: Mutex<Option<String>>,
    beating: tokio::sync::Mutex<()>,
}

/// What became of a heartbeat's row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Written {
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

    async fn write(&self, settled: u64) -> Result<Written, StorageError> {
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
        let mut written = Written::Joined;
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            let before = reads.values[0].as_deref().and_then(NodeRow::read);
            written = if before.is_some() { Written::Renewed } else { Written::Joined };
            let beats = before.map_or(0, |before| before.beats) + 1;
            // Whoever joins has settled nothing: what it knows may be older than what the others rely on.
            let settled = if written == Written::Joined { 0 } else { row.settled };
            batch.put(key.clone(), NodeRow { beats, settled, ..row.clone() }.write());
            Decision::Commit
        };
        let keys = [KeyUse::write(key.clone())];
        transact(self.engine(), &keys, &mut decide).await?;
        Ok(written)
    }

    /// Ends the membership at once, instead of by silence.
    async fn leave(&self) {
        self.lease.end();
        let key = rows::node(&self.id.0);
        let mut decide = |_: &Reads, batch: &mut Batch| {
            batch.delete(key.clone());
            Decision::Commit
        };
        let keys = [KeyUse::write(key.clone())];
        // The others find out in any case.
        let _ = transact(self.engine(), &keys, &mut decide).await;
    }
}

async fn transact(
    engine: &dyn Engine,
    keys: &[KeyUse],
    decide: &mut (dyn FnMut(&Reads, &mut Batch) -> Decision + Send),
) -> Result<Decision, StorageError> {
    let done = engine.transact(OpId(base::random::bytes16()), Mode::Plain, keys, decide).await;
    done.map_err(StorageError::from)
}

impl Service {
    /// Why this server takes no writes just now, if it does not.
    pub fn unready(&self) -> Option<String> {
        let nodes = self.nodes.as_ref().filter(|nodes| !nodes.lease.is_held())?;
        let why = nodes.failure.lock().clone();
        Some(format!("the node's lease has run out{}", why.map(|why| format!(": {why}")).unwrap_or_default()))
    }

    /// Whether other servers may use the same engine.
    pub fn is_shared(&self) -> bool {
        self.nodes.is_some()
    }

    /// Tells other nodes that this one stops, so that they need not find out.
    pub async fn leave(&self) {
        if let Some(nodes) = &self.nodes {
            let _alone = nodes.beating.lock().await;
            nodes.leave().await;
        }
    }

    /// Keeps the lease, for as long as the service lives.
    pub(crate) fn keep_beating(self: &Arc<Service>) {
        let Some(interval) = self.nodes.as_ref().map(Nodes::interval) else { return };
        let service: Weak<Service> = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut held = true;
            loop {
                tokio::time::sleep(interval).await;
                let Some(service) = service.upgrade() else { return };
                match service.beat().await {
                    Err(StorageError::Closed) => return,
                    Ok(()) | Err(_) => held = service.tell_lease(held),
                }
            }
        });
    }

    /// Tells the operator when the lease was lost and when it is held again.
    fn tell_lease(&self, held_before: bool) -> bool {
        let lost = self.unready();
        match (&lost, held_before) {
            (Some(why), true) => {
                log::warn!(event = "lease_lost"; "no writes are taken until the next heartbeat succeeds: {why}")
            }
            (None, false) => {
                log::info!(event = "lease_regained"; "the node's lease is held again, and writes are taken")
            }
            _ => {}
        }
        lost.is_none()
    }

    /// One heartbeat.
    pub(crate) async fn beat(&self) -> Result<(), StorageError> {
        let Some(nodes) = &self.nodes else { return Ok(()) };
        let _alone = nodes.beating.lock().await;
        let done = self.beat_once(nodes).await;
        *nodes.failure.lock() = done.as_ref().err().map(StorageError::cause);
        done
    }

    async fn beat_once(&self, nodes: &Nodes) -> Result<(), StorageError> {
        if nodes.lease.is_ended() {
            return Err(StorageError::Closed);
        }
        let mut lapsed = !nodes.lease.is_held();
        loop {
            let begun = nodes.lease.moment();
            nodes.engine().verify().await?;
            self.catalog.refresh_from(nodes.engine()).await.map_err(|error| match error {
                OpenError::Storage(error) => error,
                OpenError::Malformed(text) => StorageError::Corrupt(text),
            })?;
            let applied = self.catalog.applied();
            let settled = nodes.lease.settled(self.catalog.settled());
            nodes.lease.knows(applied);
            if nodes.write(settled).await? == Written::Joined {
                // The others have gone on without us, so all that was begun before must be over first.
                nodes.lease.lose();
                lapsed = true;
                continue;
            }
            // Whoever was silent may have been left behind: what is under way must not use an older definition.
            if lapsed && self.catalog.settled() < applied {
                return Err(StorageError::Unavailable("requests from before are still being ended".to_owned()));
            }
            nodes.lease.renew(begun);
            break;
        }
        nodes.watch.survey(nodes.engine()).await.map(drop)
    }

    /// Waits until nothing under way, on any node, uses an older definition of the table than this one does.
    pub(crate) async fn settle(&self, table_id: u64) -> Result<(), StorageError> {
        self.catalog.settle(table_id).await;
        let version = self.catalog.version();
        let Some(nodes) = &self.nodes else { return Ok(()) };
        loop {
            // Not through the heartbeats' connections: many tables may be waited for at once.
            let all = nodes.watch.survey(self.engine.as_ref()).await?;
            if all.iter().all(|(_, row)| row.settled >= version) {
                return Ok(());
            }
            tokio::time::sleep(nodes.interval() / 4).await;
        }
    }
}

#[cfg(test)]
mod tests;
