//! A write, from its latches to the queue: all of it is synchronous and does not wait for the disk.

use std::collections::HashMap;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::Embedded;
use super::cache::is_cached;
use super::latches::{Held, Ticket};
use super::queue::{Admission, Job, batch_bytes};
use super::store::{Store, is_storable};
use crate::batch::{Batch, Decision, Reads};
use crate::error::{StorageError, TxError};
use crate::key::{Family, Key, KeyUse, ScanRange};
use crate::scan::Pages;
use crate::{Decide, Mode, log};

/// More than any request can ask for, and little enough to be written as one piece. Unit: bytes.
const BATCH_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What one step of a destruction reads, and so deletes.
const DESTROY_ROWS: usize = 1024;
const DESTROY_BYTES: usize = 256 * 1024;

/// A decided write, queued or with nothing to wait for. It happens even if this is dropped.
pub(super) struct Begun {
    decision: Decision,
    durable: Option<Durable>,
}

type Durable = oneshot::Receiver<Result<(), StorageError>>;

impl Begun {
    /// Waits until the write is durable, and with it everything that it was decided on.
    pub(super) async fn finish(self) -> Result<Decision, TxError> {
        if let Some(durable) = self.durable {
            wait(durable).await?;
        }
        Ok(self.decision)
    }
}

async fn wait(durable: Durable) -> Result<(), StorageError> {
    let gone = |_| Err(StorageError::Unavailable("the thread that writes to the disk is gone".to_owned()));
    durable.await.unwrap_or_else(gone)
}

impl Embedded {
    pub(super) fn begin(&self, mode: Mode, keys: &[KeyUse], decide: &mut Decide<'_>) -> Result<Begun, TxError> {
        self.health.check()?;
        let store = self.open_store()?;
        self.queue.admit()?;
        let held = self.latches.hold(keys);
        if let Some(key) = held.conflict() {
            return Err(TxError::Conflict { key });
        }
        let (reads, builds_on) = read(&store, &held, keys)?;
        let mut batch = Batch::default();
        let decision = decide(&reads, &mut batch);
        if decision == Decision::Refuse {
            batch.clear();
        }
        if batch.is_empty() {
            drop(held);
            return self.answer_without_writing(decision, builds_on);
        }
        check_size(&batch)?;
        self.space.admit(&batch, &store)?;

        let written = written(keys, &batch);
        let (done, durable) = oneshot::channel();
        let noted = held.notes(mode, &reads, &written);
        let latchless = latchless(keys, &batch);
        let job = Job { ticket: 0, bytes: batch_bytes(&batch), batch, noted, latchless, done };
        // Queued and noted while the latches are held: writes of a key are queued in the order of their decisions, and the next
        // decision on it reads this value.
        let ticket = self.queue.push(job, Admission::IfRoom)?;
        held.note(ticket, mode, written);
        Ok(Begun { decision, durable: Some(durable) })
    }

    /// An answer that was decided on values which are only queued must not be given before they are durable: after a
    /// crash they might never have been.
    fn answer_without_writing(&self, decision: Decision, builds_on: Option<Ticket>) -> Result<Begun, TxError> {
        let durable = builds_on.map(|_| self.enqueue(Batch::default(), Admission::Always)).transpose()?;
        Ok(Begun { decision, durable })
    }

    fn enqueue(&self, batch: Batch, admission: Admission) -> Result<Durable, TxError> {
        let (done, durable) = oneshot::channel();
        let latchless = latchless(&[], &batch);
        let job = Job { ticket: 0, bytes: batch_bytes(&batch), batch, noted: Vec::new(), latchless, done };
        self.queue.push(job, admission)?;
        Ok(durable)
    }

    /// Reads and deletes in turn, one bounded step after the other.
    pub(super) async fn destroy_in_steps(&self, family: Family, prefix: Bytes) -> Result<(), StorageError> {
        let range = ScanRange::of_prefix(family, prefix, DESTROY_ROWS, DESTROY_BYTES);
        let mut pages = Pages::of_fresh_views(self, range);
        while let Some(page) = pages.next().await? {
            let mut batch = Batch::default();
            for row in page.rows {
                batch.delete(Key::new(family, row.key));
            }
            if batch.is_empty() {
                break;
            }
            self.space.admit(&batch, &*self.open_store()?)?;
            // One step at a time is queued: no reason to turn it away.
            wait(self.enqueue(batch, Admission::Always)?).await?;
        }
        Ok(())
    }
}

/// The newest values of all keys, queued ones included, and the last job among those that bring them.
fn read(store: &Store, held: &Held<'_>, keys: &[KeyUse]) -> Result<(Reads, Option<Ticket>), StorageError> {
    let mut reads = Reads { values: Vec::with_capacity(keys.len()) };
    let mut builds_on = None;
    for (at, KeyUse { key, .. }) in keys.iter().enumerate() {
        let value = match held.queued(at) {
            Some((ticket, value)) => {
                builds_on = builds_on.max(Some(ticket));
                value
            }
            None => match held.cached(at) {
                Some(value) => Some(value),
                None => store.get_newest(key)?,
            },
        };
        reads.values.push(value);
    }
    Ok((reads, builds_on))
}

fn check_size(batch: &Batch) -> Result<(), TxError> {
    let counted = batch.tallies.iter().map(|tally| &tally.key);
    let rewritten = batch.rewrites.iter().map(|rewrite| &rewrite.key);
    let mut keys = batch.writes.iter().map(|(key, _)| key).chain(counted).chain(rewritten);
    let appends = batch.appends.iter().all(|append| is_storable(&log::record(&append.log, 1)));
    if keys.all(is_storable) && appends && batch_bytes(batch) <= BATCH_BYTES_MAX {
        Ok(())
    } else {
        Err(TxError::TooLarge)
    }
}

/// Rows that the cache may hold and that the batch writes or rewrites without their latch.
fn latchless(keys: &[KeyUse], batch: &Batch) -> Vec<Key> {
    let cached = batch.writes.iter().map(|(key, _)| key).filter(|key| is_cached(key));
    let unheld = cached.filter(|key| !keys.iter().any(|key_use| key_use.key == **key));
    // The committer rewrites a row later than its latch is held, if it is.
    let rewritten = batch.rewrites.iter().map(|rewrite| &rewrite.key).filter(|key| is_cached(key));
    unheld.chain(rewritten).cloned().collect()
}

/// What the batch leaves under each of the keys; `None` where it writes nothing.
fn written(keys: &[KeyUse], batch: &Batch) -> Vec<Option<Option<Bytes>>> {
    const FEW: usize = 8;
    let mut written = vec![None; keys.len()];
    let index: Option<HashMap<&Key, usize>> =
        (keys.len() > FEW).then(|| keys.iter().enumerate().map(|(at, key_use)| (&key_use.key, at)).collect());
    for (key, value) in &batch.writes {
        let at = match &index {
            Some(index) => index.get(key).copied(),
            None => keys.iter().position(|key_use| key_use.key == *key),
        };
        if let Some(at) = at {
            debug_assert!(keys[at].write, "{key:?} was only to be read");
            written[at] = Some(value.clone());
        }
    }
    written
}
