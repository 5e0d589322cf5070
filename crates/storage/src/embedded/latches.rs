//! Latches: the right to decide on a key, and what is queued for the key but not yet durable.
//!
//! Keys are spread over stripes by a hash; a stripe's lock is the latch of its keys and guards what is pending on them.
//! A writer holds the stripes of all its keys, taken in ascending order so that no two writers wait for each other,
//! only while it reads, decides and queues. What is pending stays noted, by exact key, until the committer has made
//! it durable: the newest queued value, which later writers read instead of the store, and whether transactions are in
//! flight, with which others conflict. Two keys that share a stripe never conflict.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};

use super::cache::RowCache;
use crate::Mode;
use crate::batch::Reads;
use crate::key::{Key, KeyUse};

/// Enough that two busy writers rarely meet by chance; 64 bytes and less each.
const STRIPES: usize = 4096;

/// The place of a job in the queue, from 1. Jobs become durable in this order.
pub(super) type Ticket = u64;

pub(super) struct Latches {
    stripes: Box<[Mutex<Stripe>]>,
    /// Writes of each stripe that became durable, counted so that a reader can detect whether there was one.
    durable_writes: Box<[AtomicU64]>,
    hasher: RandomState,
    cache: RowCache,
}

/// What a reader saw of its key's stripe before it read the store.
#[derive(Clone, Copy)]
pub(super) struct Witness {
    stripe: usize,
    durable_writes: u64,
}

/// What is pending on the keys of one stripe: nearly always nothing or one entry.
#[derive(Default)]
struct Stripe {
    pending: Vec<Pending>,
}

struct Pending {
    key: Key,
    /// The newest queued value, and the job that brings it.
    queued: Option<(Ticket, Option<Bytes>)>,
    /// Whether one of the writes that are already durable overwrote a row.
    cached: bool,
    /// Transactions in flight that write the key, and that only read it.
    transaction_writes: u32,
    transaction_reads: u32,
}

/// A note to take away once the job is durable.
pub(super) struct Noted {
    stripe: usize,
    key: Key,
    wrote: bool,
    /// Whether it overwrote a row: that one was read to decide, so its key is in use, and what is new comes into the
    /// cache. A row that is only added does not, or loading a table would drive out what is in use.
    cached: bool,
    transaction: Option<Use>,
}

impl Noted {
    /// The key, if the job overwrote a row that was there.
    pub(super) fn overwritten(&self) -> Option<&Key> {
        self.cached.then_some(&self.key)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Write,
}

impl Use {
    fn of(key_use: &KeyUse) -> Use {
        if key_use.write { Use::Write } else { Use::Read }
    }
}

impl Latches {
    pub(super) fn new(cache: RowCache) -> Latches {
        Latches {
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            durable_writes: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
            cache,
        }
    }

    pub(super) fn cache(&self) -> &RowCache {
        &self.cache
    }

    fn stripe_of(&self, key: &Key) -> usize {
        self.hasher.hash_one(key) as usize % self.stripes.len()
    }

    /// Begins a read of the store that may fill the cache.
    pub(super) fn witness(&self, key: &Key) -> Witness {
        let stripe = self.stripe_of(key);
        Witness { stripe, durable_writes: self.durable_writes[stripe].load(Ordering::Acquire) }
    }

    /// Puts into the cache what a reader found, unless a write of the key is queued or may have become durable since.
    pub(super) fn fill(&self, witness: Witness, key: &Key, value: &Bytes) {
        // Under the latch: a write that became durable since has changed the count, a queued one is found, and one that is
        // queued later removes the row again.
        let stripe = self.stripes[witness.stripe].lock();
        let unchanged = self.durable_writes[witness.stripe].load(Ordering::Acquire) == witness.durable_writes;
        if unchanged && stripe.find(key).is_none_or(|pending| pending.queued.is_none()) {
            self.cache.put_copy(key, value);
        }
    }

    /// Takes a row out of the cache that was written without its latch.
    pub(super) fn forget(&self, key: &Key) {
        let stripe = self.stripe_of(key);
        // Count and row under the latch: a reader of the older value has either cached it before, and it is removed here, or
        // finds the new count.
        let _latch = self.stripes[stripe].lock();
        self.durable_writes[stripe].fetch_add(1, Ordering::Release);
        self.cache.remove(key);
    }

    pub(super) fn hold<'a>(&'a self, keys: &'a [KeyUse]) -> Held<'a> {
        let stripes: Vec<usize> = keys.iter().map(|key_use| self.stripe_of(&key_use.key)).collect();
        let mut order = stripes.clone();
        order.sort_unstable();
        order.dedup();
        // Ascending and each once: no two writers wait for each other, and none for itself.
        let guards = order.iter().map(|stripe| self.stripes[*stripe].lock()).collect();
        Held { keys, stripes, order, guards, cache: &self.cache }
    }

    /// Takes away what a durable job had noted.
    pub(super) fn release(&self, ticket: Ticket, noted: &[Noted]) {
        for note in noted {
            let mut stripe = self.stripes[note.stripe].lock();
            // Counted under the latch under which the note is removed: a reader of the older value finds either of them, and
            // does not cache it.
            self.durable_writes[note.stripe].fetch_add(1, Ordering::Release);
            if let Some(value) = stripe.release(ticket, note) {
                self.cache.put(&note.key, value);
            }
        }
    }
}

impl Stripe {
    fn find(&self, key: &Key) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.key == *key)
    }

    fn find_or_add(&mut self, key: &Key) -> &mut Pending {
        let at = self.pending.iter().position(|pending| pending.key == *key).unwrap_or_else(|| {
            self.pending.push(Pending::new(key.clone()));
            self.pending.len() - 1
        });
        &mut self.pending[at]
    }

    /// Takes a note away. Returns the value that is now durable, if it belongs in the cache.
    fn release(&mut self, ticket: Ticket, note: &Noted) -> Option<Bytes> {
        let at = self.pending.iter().position(|pending| pending.key == note.key)?;
        let pending = &mut self.pending[at];
        let newest = pending.queued.take_if(|(newest, _)| *newest == ticket && note.wrote);
        pending.cached |= note.cached;
        let cached = newest.filter(|_| pending.cached).and_then(|(_, value)| value);
        match note.transaction {
            Some(Use::Write) => pending.transaction_writes -= 1,
            Some(Use::Read) => pending.transaction_reads -= 1,
            None => {}
        }
        if pending.is_over() {
            self.pending.swap_remove(at);
        }
        cached
    }
}

impl Pending {
    fn new(key: Key) -> Pending {
        Pending { key, queued: None, cached: false, transaction_writes: 0, transaction_reads: 0 }
    }

    fn is_over(&self) -> bool {
        self.queued.is_none() && self.transaction_writes == 0 && self.transaction_reads == 0
    }

    /// Whether a transaction in flight excludes this use: reads are compatible with reads, a write with nothing.
    fn conflicts(&self, usage: Use) -> bool {
        self.transaction_writes > 0 || (usage == Use::Write && self.transaction_reads > 0)
    }
}

/// The latches of a write's keys, held.
pub(super) struct Held<'a> {
    keys: &'a [KeyUse],
    /// The stripe of each key.
    stripes: Vec<usize>,
    /// The stripes that are held, ascending, and their locks.
    order: Vec<usize>,
    guards: Vec<MutexGuard<'a, Stripe>>,
    cache: &'a RowCache,
}

impl Held<'_> {
    fn stripe(&self, key: usize) -> &Stripe {
        &self.guards[self.place(key)]
    }

    fn place(&self, key: usize) -> usize {
        // One key is the usual case; every key's stripe is among those held.
        if self.order.len() == 1 { 0 } else { self.order.binary_search(&self.stripes[key]).unwrap_or(0) }
    }

    /// The first key on which a transaction in flight forbids this write.
    pub(super) fn conflict(&self) -> Option<usize> {
        (0..self.keys.len()).find(|at| {
            let pending = self.stripe(*at).find(&self.keys[*at].key);
            pending.is_some_and(|pending| pending.conflicts(Use::of(&self.keys[*at])))
        })
    }

    /// The durable value of a key on which nothing is queued, if it is in the cache.
    pub(super) fn cached(&self, key: usize) -> Option<Bytes> {
        self.cache.get(&self.keys[key].key)
    }

    /// The value that is queued for a key, and the job that brings it.
    pub(super) fn queued(&self, key: usize) -> Option<(Ticket, Option<Bytes>)> {
        self.stripe(key).find(&self.keys[key].key)?.queued.clone()
    }

    /// What a job notes when it is queued: the keys that it writes and, in a transaction, those that it reads. What it
    /// writes leaves the cache now: once it is queued it may become visible to scans, after which no get may find the
    /// older value.
    pub(super) fn notes(&self, mode: Mode, reads: &Reads, written: &[Option<Option<Bytes>>]) -> Vec<Noted> {
        let note = |at: usize| {
            let transaction = (mode == Mode::Transaction).then(|| Use::of(&self.keys[at]));
            let wrote = written[at].is_some();
            let key = self.keys[at].key.clone();
            let cached = wrote && reads.values[at].is_some();
            if wrote {
                self.cache.remove(&key);
            }
            let noted = Noted { stripe: self.stripes[at], key, wrote, cached, transaction };
            (wrote || transaction.is_some()).then_some(noted)
        };
        (0..self.keys.len()).filter_map(note).collect()
    }

    /// Notes a queued job, and lets go. The committer may have finished it already and waits here to release it.
    pub(super) fn note(mut self, ticket: Ticket, mode: Mode, written: Vec<Option<Option<Bytes>>>) {
        for (at, value) in written.into_iter().enumerate() {
            if value.is_none() && mode == Mode::Plain {
                continue;
            }
            let place = self.place(at);
            let pending = self.guards[place].find_or_add(&self.keys[at].key);
            if let Some(value) = value {
                self.cache.remove(&self.keys[at].key);
                pending.queued = Some((ticket, value));
            }
            match (mode, Use::of(&self.keys[at])) {
                (Mode::Plain, _) => {}
                (Mode::Transaction, Use::Write) => pending.transaction_writes += 1,
                (Mode::Transaction, Use::Read) => pending.transaction_reads += 1,
            }
        }
    }
}

#[cfg(test)]
impl Latches {
    /// Keys with something pending.
    pub(super) fn pending(&self) -> usize {
        self.stripes.iter().map(|stripe| stripe.lock().pending.len()).sum()
    }
}
