//! The queue between writers and the committer: first come, first durable.

use std::collections::VecDeque;
use std::time::Instant;

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

use super::churn::Deaths;
use super::gather::Plan;
use super::latches::{Noted, Ticket};
use crate::batch::{Append, Batch, Rewrite};
use crate::error::{StorageError, TxError};
use crate::key::{Family, Key};

/// What may wait in the queue. Beyond it the disk does not keep up, and writers are sent away to try again.
/// Unit: bytes as [`batch_bytes`] counts them.
pub(super) const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What is written and synced at once: large enough to share a sync among thousands, small enough to keep the next
/// ones from waiting long.
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One write, decided, on its way to the disk. An empty batch only waits for all that was queued before it.
pub(super) struct Job {
    pub(super) ticket: Ticket,
    pub(super) batch: Batch,
    pub(super) bytes: usize,
    pub(super) noted: Vec<Noted>,
    /// Rows to take out of the cache once they are written, as they are written without their latches: those of a
    /// destruction, which are not read any more, and those that are rewritten, of which either value may be read until then.
    pub(super) latchless: Vec<Key>,
    pub(super) done: oneshot::Sender<Result<(), StorageError>>,
}

impl Job {
    /// Counts the versions of rows that the batch leaves dead: of what is deleted, and of what is overwritten. Rows of an
    /// index are written without being read; those of an item that is overwritten were there before, most likely.
    pub(super) fn count_deaths(&self, deaths: &mut Deaths) {
        let mut overwrites = false;
        for key in self.noted.iter().filter_map(Noted::overwritten) {
            overwrites = true;
            deaths.add(key.family, &key.bytes);
        }
        for (key, value) in &self.batch.writes {
            if value.is_none() || (overwrites && key.family == Family::Index) {
                deaths.add(key.family, &key.bytes);
            }
        }
    }
}

/// Whether a full queue turns a job away.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    IfRoom,
    Always,
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    bytes: usize,
    last_ticket: Ticket,
    /// How many jobs the committer waits for: it is woken when they are there.
    wanted: usize,
    end: Option<StorageError>,
    /// Keeps the committer from taking anything.
    #[cfg(test)]
    paused: bool,
}

impl State {
    fn admit(&self, bytes: usize, admission: Admission) -> Result<(), TxError> {
        if let Some(end) = &self.end {
            return Err(TxError::Storage(end.clone()));
        }
        // Any batch is taken if it is alone, however large.
        let full = !self.jobs.is_empty() && self.bytes + bytes > QUEUE_BYTES_MAX;
        if full && admission == Admission::IfRoom { Err(TxError::Busy) } else { Ok(()) }
    }

    /// Whether a group is worth its sync.
    fn is_enough(&self, wanted: usize) -> bool {
        self.jobs.len() >= wanted || self.bytes >= GROUP_BYTES_MAX || self.end.is_some()
    }

    #[cfg(test)]
    fn is_paused(&self) -> bool {
        self.paused && self.end.is_none()
    }

    #[cfg(not(test))]
    fn is_paused(&self) -> bool {
        false
    }
}

impl Queue {
    /// Whether a job of any size would be taken now. Asked before work is done for it.
    pub(super) fn admit(&self) -> Result<(), TxError> {
        self.state.lock().admit(0, Admission::IfRoom)
    }

    /// Queues a job and gives it its ticket. From here on it is executed, with or without a waiter.
    pub(super) fn push(&self, mut job: Job, admission: Admission) -> Result<Ticket, TxError> {
        // One lock for the ticket and the place: jobs become durable in the order of their tickets.
        let mut state = self.state.lock();
        state.admit(job.bytes, admission)?;
        state.last_ticket += 1;
        let ticket = state.last_ticket;
        job.ticket = ticket;
        state.bytes += job.bytes;
        state.jobs.push_back(job);
        let enough = state.is_enough(state.wanted);
        drop(state);
        if enough {
            self.filled.notify_one();
        }
        Ok(ticket)
    }

    /// Waits for jobs as planned, and takes those of the next group. None once the queue has ended and is empty.
    pub(super) fn take(&self, plan: Plan) -> Option<Vec<Job>> {
        let mut state = self.state.lock();
        state.wanted = 1;
        while state.is_paused() || !state.is_enough(1) {
            self.filled.wait(&mut state);
        }
        self.gather(&mut state, plan);
        if state.jobs.is_empty() {
            return None;
        }
        if state.bytes <= GROUP_BYTES_MAX {
            state.bytes = 0;
            return Some(std::mem::take(&mut state.jobs).into());
        }
        // Divided between jobs, never within one: a batch is committed whole. A single job that is too large is a group by itself.
        let mut group = Vec::new();
        let mut group_bytes = 0;
        let fits = |job: &Job, group_bytes| group_bytes == 0 || group_bytes + job.bytes <= GROUP_BYTES_MAX;
        while state.jobs.front().is_some_and(|job| fits(job, group_bytes)) {
            let Some(job) = state.jobs.pop_front() else { break };
            group_bytes += job.bytes;
            group.push(job);
        }
        state.bytes -= group_bytes;
        Some(group)
    }

    /// Gives the writers that the plan wants the time to come.
    fn gather(&self, state: &mut MutexGuard<'_, State>, plan: Plan) {
        if plan.patience.is_zero() || state.is_enough(plan.jobs) {
            return;
        }
        state.wanted = plan.jobs;
        let until = Instant::now() + plan.patience;
        while !state.is_enough(plan.jobs) && !self.filled.wait_until(state, until).timed_out() {}
    }

    /// Takes no more jobs; those that wait are still written.
    pub(super) fn close(&self) {
        self.state.lock().end.get_or_insert(StorageError::Closed);
        self.filled.notify_one();
    }

    /// Takes no more jobs, and completes the waiting ones with the error.
    pub(super) fn fail(&self, error: &StorageError) {
        let mut state = self.state.lock();
        state.end = Some(error.clone());
        state.bytes = 0;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        for job in jobs {
            // The waiter may have been dropped.
            let _ = job.done.send(Err(error.clone()));
        }
    }

    /// Bytes that wait, as [`batch_bytes`] counts them.
    pub(super) fn bytes(&self) -> usize {
        self.state.lock().bytes
    }

    #[cfg(test)]
    pub(super) fn pause(&self, paused: bool) {
        self.state.lock().paused = paused;
        self.filled.notify_one();
    }
}

/// What a batch takes in memory, roughly.
pub(super) fn batch_bytes(batch: &Batch) -> usize {
    const ROW_OVERHEAD: usize = 64;
    let write = |(key, value): &(Key, Option<bytes::Bytes>)| {
        ROW_OVERHEAD + key.bytes.len() + value.as_ref().map_or(0, bytes::Bytes::len)
    };
    let append = |append: &Append| 2 * ROW_OVERHEAD + append.log.len() + append.record.len();
    let rewrite =
        |rewrite: &Rewrite| ROW_OVERHEAD + rewrite.key.bytes.len() + rewrite.expected.len() + rewrite.value.len();
    let writes: usize =
        batch.writes.iter().map(write).sum::<usize>() + batch.rewrites.iter().map(rewrite).sum::<usize>();
    let appends: usize = batch.appends.iter().map(append).sum();
    writes + appends + batch.tallies.iter().map(|tally| ROW_OVERHEAD + tally.key.bytes.len()).sum::<usize>()
}
