//! A cache of answers by their keys, bounded in bytes and in age; with writes through it.
//!
//! - An entry is valid for the time to live from when it was written; 0 is no end. A changed time to live counts for the entries that
//!   are there.
//! - An absent item is an entry too.
//! - Of callers that miss one entry at once, one asks the table and the others wait for its answer.
//! - Entries are evicted when the cache is full, least used ones first (S3-FIFO's relative of `quick_cache`).
//!
//! Reads and writes of one key meet at the cache. A read that has missed holds the entry's place while it asks the table. A write that
//! ends puts the new item there, or removes the entry; both take the place away from the read, whose item may be older and is not stored
//! then. Two writes that overlap may end in another order than the table decided them: neither of their items is stored, and the
//! entry is removed. So an entry is never older than the last write that went through this cache.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::Exception;
use base::Clock;
use bytes::Bytes;
use parking_lot::Mutex;
use quick_cache::sync::{Cache, GuardResult, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};

/// What an entry takes beside the bytes of its key and its body: its place in the cache, two allocations, and the places that are free.
/// Measured by `tests/memory.rs`. Unit: bytes.
const ENTRY_OVERHEAD: u64 = 256;
/// What an entry is expected to take, for the size of the cache's tables. Unit: bytes.
const ENTRY_BYTES_USUAL: u64 = 1024;

/// An answer, or that there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    written_ms: u64,
    body: Option<Bytes>,
}

impl Entry {
    /// The body in an allocation of its own size: what has written it has left room for more, and the weight is of its bytes.
    fn new(written_ms: u64, body: Option<Bytes>) -> Entry {
        Entry { written_ms, body: body.map(|body| Bytes::copy_from_slice(&body)) }
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Bytes, Entry> for Weight {
    fn weight(&self, key: &Bytes, entry: &Entry) -> u64 {
        (key.len() + entry.body.as_ref().map_or(0, Bytes::len)) as u64 + ENTRY_OVERHEAD
    }
}

/// Counts what is evicted.
#[derive(Clone)]
struct Evictions(Arc<AtomicU64>);

impl Lifecycle<Bytes, Entry> for Evictions {
    type RequestState = ();

    fn begin_request(&self) {}

    fn on_evict(&self, (): &mut (), key: Bytes, entry: Entry) {
        self.0.fetch_add(Weight.weight(&key, &entry), Ordering::Relaxed);
    }
}

type Entries = Cache<Bytes, Entry, Weight, DefaultHashBuilder, Evictions>;
type Place<'c> = PlaceholderGuard<'c, Bytes, Entry, Weight, DefaultHashBuilder, Evictions>;

pub struct AnswerCache {
    entries: Entries,
    ttl_ms: Arc<AtomicU64>,
    clock: Clock,
    writes: Mutex<HashMap<Bytes, Overlap>>,
    hits: AtomicU64,
    misses: AtomicU64,
    evicted_bytes: Arc<AtomicU64>,
}

/// The writes of one key that are under way.
struct Overlap {
    count: u32,
    /// Whether there were several at once.
    overlapped: bool,
}

/// An answer from the cache, or from the table with what the table said beside it.
#[derive(Debug)]
pub enum Found<T> {
    Cached(Option<Bytes>),
    Fetched(Option<Bytes>, T),
}

impl<T> Found<T> {
    pub fn body(&self) -> Option<&Bytes> {
        match self {
            Found::Cached(body) | Found::Fetched(body, _) => body.as_ref(),
        }
    }
}

/// Whether an entry is there, for callers that ask the table about several at once.
pub enum Peeked<'c> {
    Cached(Option<Bytes>),
    /// The caller asks the table and fills the place.
    Missing(Filler<'c>),
    /// Another caller asks the table.
    Awaited,
}

/// The place of an entry that is asked for.
pub struct Filler<'c> {
    place: Place<'c>,
    now_ms: u64,
}

impl Filler<'_> {
    pub fn fill(self, body: Option<Bytes>) {
        // An error means that a write has taken the place: the body may be older than it.
        let _ = self.place.insert(Entry::new(self.now_ms, body));
    }
}

impl AnswerCache {
    pub fn new(bytes_max: u64, ttl_ms: u64, clock: Clock) -> AnswerCache {
        AnswerCache::sharing(bytes_max, Arc::new(AtomicU64::new(ttl_ms)), clock)
    }

    /// With a time to live that several caches have.
    pub(crate) fn sharing(bytes_max: u64, ttl_ms: Arc<AtomicU64>, clock: Clock) -> AnswerCache {
        let evicted_bytes = Arc::new(AtomicU64::new(0));
        let items = usize::try_from(bytes_max / ENTRY_BYTES_USUAL).unwrap_or(usize::MAX).max(32);
        let evictions = Evictions(Arc::clone(&evicted_bytes));
        AnswerCache {
            entries: Cache::with(items, bytes_max, Weight, DefaultHashBuilder::default(), evictions),
            ttl_ms,
            clock,
            writes: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evicted_bytes,
        }
    }

    /// Another time to live, also for the entries that are there.
    pub fn set_ttl_ms(&self, ttl_ms: u64) {
        self.ttl_ms.store(ttl_ms, Ordering::Relaxed);
    }

    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    pub fn evicted_bytes(&self) -> u64 {
        self.evicted_bytes.load(Ordering::Relaxed)
    }

    /// What the entries take. Unit: bytes.
    pub fn bytes(&self) -> u64 {
        self.entries.weight()
    }

    /// What they may take. Unit: bytes.
    pub fn bytes_max(&self) -> u64 {
        self.entries.capacity()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry, or what `fetch` returns, which becomes the entry.
    ///
    /// # Errors
    /// Those of `fetch`; nothing becomes an entry then, and the next caller asks again.
    pub async fn get_or_fetch<T>(
        &self,
        key: Bytes,
        fetch: impl Future<Output = Result<(Option<Bytes>, T), Exception>>,
    ) -> Result<Found<T>, Exception> {
        loop {
            let now_ms = self.clock.now_ms();
            match self.entries.get_value_or_guard_async(&key).await {
                Ok(entry) if self.is_valid(&entry, now_ms) => {
                    self.hits.fetch_add(1, Ordering::Relaxed);
                    return Ok(Found::Cached(entry.body));
                }
                // Only the entry that was seen: another caller may have replaced it meanwhile.
                Ok(expired) => _ = self.entries.remove_if(&key, |entry| *entry == expired),
                Err(place) => {
                    self.misses.fetch_add(1, Ordering::Relaxed);
                    let filler = Filler { place, now_ms };
                    let (body, beside) = fetch.await?;
                    filler.fill(body.clone());
                    return Ok(Found::Fetched(body, beside));
                }
            }
        }
    }

    /// The entry, or its place if no other caller has it.
    pub fn peek(&self, key: &Bytes) -> Peeked<'_> {
        loop {
            let now_ms = self.clock.now_ms();
            match self.entries.get_value_or_guard(key, Some(std::time::Duration::ZERO)) {
                GuardResult::Value(entry) if self.is_valid(&entry, now_ms) => {
                    self.hits.fetch_add(1, Ordering::Relaxed);
                    return Peeked::Cached(entry.body);
                }
                GuardResult::Value(expired) => _ = self.entries.remove_if(key, |entry| *entry == expired),
                GuardResult::Guard(place) => {
                    self.misses.fetch_add(1, Ordering::Relaxed);
                    return Peeked::Missing(Filler { place, now_ms });
                }
                GuardResult::Timeout => {
                    self.misses.fetch_add(1, Ordering::Relaxed);
                    return Peeked::Awaited;
                }
            }
        }
    }

    fn is_valid(&self, entry: &Entry, now_ms: u64) -> bool {
        let ttl_ms = self.ttl_ms.load(Ordering::Relaxed);
        ttl_ms == 0 || now_ms.saturating_sub(entry.written_ms) < ttl_ms
    }

    /// A write of the key begins.
    pub fn begin_write(self: &Arc<Self>, key: Bytes) -> Write {
        let mut writes = self.writes.lock();
        let overlap = writes.entry(key.clone()).or_insert(Overlap { count: 0, overlapped: false });
        overlap.count += 1;
        overlap.overlapped |= overlap.count > 1;
        drop(writes);
        Write { cache: Arc::clone(self), key, outcome: Outcome::Unknown }
    }
}

/// What is known of a write when it ends.
enum Outcome {
    /// The item is this now, or absent.
    Item(Option<Bytes>),
    /// The table was not changed.
    Refused,
    /// The table may have been changed.
    Unknown,
}

/// A write that is under way. If it is dropped, its outcome is unknown.
pub struct Write {
    cache: Arc<AnswerCache>,
    key: Bytes,
    outcome: Outcome,
}

impl Write {
    /// The write is made, and the item is this now.
    pub fn done(mut self, item: Option<Bytes>) {
        self.outcome = Outcome::Item(item);
    }

    /// The write is not made.
    pub fn refused(mut self) {
        self.outcome = Outcome::Refused;
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        // The entry is changed under the lock of the writes: of two that overlap, the one that ends second finds `overlapped`, and what
        // the first has put is removed.
        let mut writes = self.cache.writes.lock();
        let overlapped = match writes.get_mut(&self.key) {
            Some(overlap) if overlap.count > 1 => {
                overlap.count -= 1;
                true
            }
            Some(overlap) => {
                let overlapped = overlap.overlapped;
                writes.remove(&self.key);
                overlapped
            }
            None => true,
        };
        match std::mem::replace(&mut self.outcome, Outcome::Unknown) {
            Outcome::Refused => {}
            Outcome::Item(item) if !overlapped => {
                let entry = Entry::new(self.cache.clock.now_ms(), item);
                // An entry that is replaced would count as evicted.
                self.cache.entries.remove(&self.key);
                self.cache.entries.insert(self.key.clone(), entry);
            }
            Outcome::Item(_) | Outcome::Unknown => _ = self.cache.entries.remove(&self.key),
        }
    }
}

#[cfg(test)]
mod tests;
