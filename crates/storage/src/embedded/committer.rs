//! Group commit: one thread writes everything that is queued as one batch, with one sync of the disk.
//!
//! While it syncs one group the next one gathers in the queue, so the busier the engine, the more writes share a sync.
//! A sync per writer would hold fjall's journal for each of them in turn, and be many times slower.
//!
//! A group that cannot be written is the end: whether its bytes reached the disk is unknown, and later groups may have
//! been decided on its values. All waiters get that error, and only a restart reads what is durable.

use std::sync::Arc;
use std::time::Instant;

use super::churn::Deaths;
use super::commit_row;
use super::floor::Floor;
use super::gather::Gather;
use super::health::Health;
use super::latches::Latches;
use super::logs::Logs;
use super::queue::{Job, Queue};
use super::rewrites::Rewrites;
use super::space::Space;
use super::stats::CommitMeter;
use super::store::Store;
use super::tallies::Tallies;
use crate::batch::{Batch, Rewrite};
use crate::error::StorageError;
use crate::log;

pub(super) struct Committer {
    store: Arc<Store>,
    latches: Arc<Latches>,
    queue: Arc<Queue>,
    observers: Observers,
    floor: Floor,
    last_commit: u64,
    tallies: Tallies,
    logs: Logs,
    gather: Gather,
    /// Commits since the start; without any, closing has nothing to confirm.
    commits: u64,
}

/// What learns of commits and of their end.
pub(super) struct Observers {
    pub(super) health: Arc<Health>,
    pub(super) space: Arc<Space>,
    pub(super) meter: Arc<CommitMeter>,
}

impl Committer {
    pub(super) fn new(
        store: Arc<Store>,
        latches: Arc<Latches>,
        queue: Arc<Queue>,
        observers: Observers,
        mut floor: Floor,
        last_commit: u64,
    ) -> Committer {
        floor.raise(last_commit);
        Committer {
            store,
            latches,
            queue,
            observers,
            floor,
            last_commit,
            tallies: Tallies::default(),
            logs: Logs::default(),
            gather: Gather::default(),
            commits: 0,
        }
    }

    /// Writes groups until the queue is closed and empty, or a group fails.
    pub(super) fn run(mut self) {
        let guard = FailUnlessEnded { queue: self.queue.clone(), health: self.observers.health.clone(), ended: false };
        if let Err(error) = self.commit_all() {
            guard.fail(&error.cause());
        }
        guard.ended();
    }

    fn commit_all(&mut self) -> Result<(), StorageError> {
        while let Some(mut group) = self.queue.take(self.gather.plan()) {
            if let Err(error) = self.commit(&mut group) {
                let failure = StorageError::Unavailable(error.cause());
                self.observers.health.fail(&error.cause());
                report(group, &Err(failure));
                return Err(error);
            }
            // Released before the writers are answered: a client's next write does not conflict with its finished transaction.
            for job in &group {
                self.latches.release(job.ticket, &job.noted);
                job.latchless.iter().for_each(|key| self.latches.forget(key));
            }
            report(group, &Ok(()));
            self.floor.follow(self.last_commit);
        }
        if self.commits > 0 {
            self.floor.raise(self.last_commit);
            // An empty commit behind the last one proves at the next start that the last one is whole.
            self.commit(&mut [])?;
        }
        Ok(())
    }

    /// Makes a group durable and visible. Of several writes of one row the last counts.
    fn commit(&mut self, group: &mut [Job]) -> Result<(), StorageError> {
        if !group.is_empty() && group.iter().all(|job| job.batch.is_empty()) {
            return Ok(());
        }
        let rows = |batch: &Batch| batch.writes.len() + batch.rewrites.len() + batch.appends.len();
        let rows = group.iter().map(|job| rows(&job.batch)).sum::<usize>();
        let mut batch = self.store.batch(rows + 1);
        let commit = self.last_commit + 1;
        self.store.put_engine_row(&mut batch, &commit_row::key(commit), &commit_row::value(commit, self.floor.mark()));
        let mut deaths = Deaths::default();
        let mut rewrites = Rewrites::of(group);
        for job in group.iter_mut() {
            job.count_deaths(&mut deaths);
            for (key, value) in job.batch.writes.drain(..) {
                self.tallies.overwrite(&key, value.as_ref());
                self.logs.overwrite(&key);
                rewrites.note(&key, value.as_ref());
                self.store.put(&mut batch, key, value);
            }
            // In the order of the queue, as all else: what is queued behind is written behind, and what is queued before is
            // in the store or in the group.
            for rewrite in job.batch.rewrites.drain(..) {
                if rewrites.are_due(&self.store, &rewrite) {
                    let Rewrite { key, value, .. } = rewrite;
                    deaths.add(key.family, &key.bytes);
                    rewrites.note(&key, Some(&value));
                    self.store.put(&mut batch, key, Some(value));
                }
            }
            for tally in job.batch.tallies.drain(..) {
                self.tallies.add(&self.store, &tally)?;
            }
            for append in job.batch.appends.drain(..) {
                let position = self.logs.next(&self.store, &append.log)?;
                self.store.put(&mut batch, log::record(&append.log, position), Some(append.record));
            }
        }
        for (head, last) in self.logs.take_changed() {
            self.store.put(&mut batch, head, Some(last));
        }
        for (key, value) in self.tallies.take_changed() {
            self.store.put(&mut batch, key, value);
        }
        let began = Instant::now();
        batch.commit().map_err(|error| self.store.commit_failure(&error))?;
        let took = began.elapsed();
        self.store.churn().record(deaths);
        self.observers.space.committed(group.iter().map(|job| job.bytes as u64).sum(), &self.store);
        self.observers.meter.record(group, took);
        self.gather.learn(group.len(), took);
        self.last_commit = commit;
        self.commits += 1;
        Ok(())
    }
}

fn report(group: Vec<Job>, result: &Result<(), StorageError>) {
    for job in group {
        // The waiter may have been dropped.
        let _ = job.done.send(result.clone());
    }
}

/// Turns an unexpected end of the thread into a failure that all waiters get.
struct FailUnlessEnded {
    queue: Arc<Queue>,
    health: Arc<Health>,
    ended: bool,
}

impl FailUnlessEnded {
    fn fail(&self, text: &str) {
        self.health.fail(text);
        self.queue.fail(&StorageError::Unavailable(text.to_owned()));
    }

    fn ended(mut self) {
        self.ended = true;
    }
}

impl Drop for FailUnlessEnded {
    fn drop(&mut self) {
        if !self.ended {
            self.fail("the thread that writes to the disk panicked");
        }
    }
}
