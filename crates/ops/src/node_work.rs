//! This node among the others, as the service keeps it: heartbeats, settled changes, and whose the background work is
//! (`nodes`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jobs::{Job, Ran};
use storage::{Batch, BoxFuture, Key, Mode, Reads, StorageError};

use crate::failure::OpenError;
use crate::nodes::{Nodes, Written, owner::Ownership};
use crate::rows;
use crate::service::Service;

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

    /// The job that keeps the node's lease. It stops last: the writes of the others need the lease.
    pub(crate) fn heartbeat_job(self: &Arc<Service>) -> Option<Job> {
        let interval = self.nodes.as_ref().map(Nodes::interval)?;
        let held_before = Arc::new(AtomicBool::new(true));
        let job = Job::on(self, "heartbeat", interval, move |service| {
            let held_before = Arc::clone(&held_before);
            async move {
                let beaten = service.beat().await;
                if let Err(StorageError::Closed) = beaten {
                    return Ran::Ended;
                }
                let held = service.tell_lease(held_before.load(Ordering::Relaxed));
                held_before.store(held, Ordering::Relaxed);
                if beaten.is_ok() { Ran::Done } else { Ran::Failed }
            }
        });
        Some(job.stopped_last())
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
        nodes.survey(nodes.engine()).await.map(drop)
    }

    /// Waits until nothing under way, on any node, uses an older definition of the table than this one does.
    pub(crate) async fn settle(&self, table_id: u64) -> Result<(), StorageError> {
        self.catalog.settle(table_id).await;
        let version = self.catalog.version();
        let Some(nodes) = &self.nodes else { return Ok(()) };
        loop {
            // Not through the heartbeats' connections: many tables may be waited for at once.
            let all = nodes.survey(self.engine.as_ref()).await?;
            if all.iter().all(|(_, row)| row.settled >= version) {
                return Ok(());
            }
            tokio::time::sleep(nodes.interval() / 4).await;
        }
    }
}

impl Service {
    /// Asks for a table's background work, or for work that belongs to no table ([`rows::COMMON_WORK`], [`rows::EXPIRY_WORK`]).
    pub(crate) async fn own(&self, table_id: u64) -> Result<Ownership, StorageError> {
        self.own_key(rows::owner(table_id)).await
    }

    /// The check of a job's lease: whether work that belongs to no table is this node's. It is taken if it is free.
    pub(crate) fn lease(self: &Arc<Service>, work: u64) -> impl Fn() -> BoxFuture<'static, bool> + Send + Sync + use<> {
        let service = Arc::downgrade(self);
        move || {
            let service = service.upgrade();
            Box::pin(async move {
                let Some(service) = service else { return false };
                matches!(service.own(work).await, Ok(Ownership::Alone | Ownership::Ours(_)))
            })
        }
    }

    /// Asks for the work that belongs to the one who is named under a key.
    pub(crate) async fn own_key(&self, key: Key) -> Result<Ownership, StorageError> {
        let Some(nodes) = &self.nodes else { return Ok(Ownership::Alone) };
        Ok(match nodes.own(key, self.engine.as_ref()).await? {
            Some(owned) => Ownership::Ours(owned),
            None => Ownership::Others,
        })
    }

    /// Lets go of work that is done.
    pub(crate) async fn disown(&self, ownership: &Ownership) {
        let Some(owned) = ownership.owned() else { return };
        // A row that stays names a node that will be gone one day.
        let release = |reads: &Reads, batch: &mut Batch| owned.release(reads, batch);
        let _ = self.engine.write(Mode::Plain, &[owned.key()], release).await;
    }
}
