//! This node among the others, as the service runs it: heartbeats, settled changes, and ownership of background work
//! (`nodes`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cluster::nodes::{Nodes, Written, owner::Ownership};
use jobs::{Job, Ran};
use storage::{Batch, BoxFuture, Key, Mode, Reads, StorageError};
use tables::failure::OpenError;
use tables::rows;

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

    /// Removes this node's row, so that other nodes need not wait for its silence.
    pub async fn leave(&self) {
        if let Some(nodes) = &self.nodes {
            // Not during a heartbeat: it would write the row again.
            let _alone = nodes.beating.lock().await;
            nodes.leave().await;
        }
    }

    /// The job that renews the node's lease. It stops last: the writes of the other jobs need the lease.
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

    /// Logs when the lease was lost and when it is held again.
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
        // Not beside `leave`: a heartbeat in flight would write the row again after `leave` has deleted it.
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
                OpenError::Away(text) => StorageError::Unavailable(text),
                OpenError::Malformed(text) => StorageError::Corrupt(text),
            })?;
            let applied = self.catalog.applied();
            let settled = nodes.lease.settled(self.catalog.settled());
            nodes.lease.knows(applied);
            if nodes.write(settled).await? == Written::Joined {
                // The other nodes have continued without this one: all requests from before must end first.
                nodes.lease.lose();
                lapsed = true;
                continue;
            }
            // The other nodes may have relied on a change during the silence: no request in flight may use an older definition.
            if lapsed && self.catalog.settled() < applied {
                return Err(StorageError::Unavailable("requests from before are still being ended".to_owned()));
            }
            // Last, and from before the row was written: other nodes count this node's silence from a later moment.
            nodes.lease.renew(begun);
            break;
        }
        let live = nodes.survey(nodes.engine()).await?;
        if let Some(throttle) = &self.throttle {
            throttle.set_nodes(live.len());
        }
        Ok(())
    }

    /// Waits until no request on any node uses an older definition of the table than this node does.
    pub(crate) async fn settle(&self, table_id: u64) -> Result<(), StorageError> {
        self.catalog.settle(table_id).await;
        let version = self.catalog.version();
        let Some(nodes) = &self.nodes else { return Ok(()) };
        loop {
            // Not through the heartbeats' connections: many tables may wait at once.
            let all = nodes.survey(self.engine.as_ref()).await?;
            if all.iter().all(|(_, row)| row.settled >= version) {
                return Ok(());
            }
            tokio::time::sleep(nodes.interval() / 4).await;
        }
    }
}

impl Service {
    /// Takes a table's background work, or work that belongs to no table ([`rows::COMMON_WORK`] and its like).
    pub(crate) async fn own(&self, table_id: u64) -> Result<Ownership, StorageError> {
        self.own_key(rows::owner(table_id)).await
    }

    /// The lease of Application Auto Scaling's job.
    pub fn scaling_lease(self: &Arc<Service>) -> impl Fn() -> BoxFuture<'static, bool> + Send + Sync + use<> {
        self.lease(rows::SCALING_WORK)
    }

    /// The check of a job's lease: whether this node owns work that belongs to no table. It takes the work if that is free.
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

    /// Takes the work with its owner under a key.
    pub(crate) async fn own_key(&self, key: Key) -> Result<Ownership, StorageError> {
        let Some(nodes) = &self.nodes else { return Ok(Ownership::Alone) };
        Ok(match nodes.own(key, self.engine.as_ref()).await? {
            Some(owned) => Ownership::Ours(owned),
            None => Ownership::Others,
        })
    }

    /// Gives up the ownership of work that is done.
    pub(crate) async fn disown(&self, ownership: &Ownership) {
        let Some(owned) = ownership.owned() else { return };
        // A failure is ignored: the row then names a node that will be dead one day, and the work is free.
        let release = |reads: &Reads, batch: &mut Batch| owned.release(reads, batch);
        let _ = self.engine.write(Mode::Plain, &[owned.key()], release).await;
    }
}
