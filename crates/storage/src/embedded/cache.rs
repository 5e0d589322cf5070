//! The row cache: whole rows of items in memory, so that a point read of a warm one does not search tables and blocks.
//!
//! It holds durable values only, and must never hold an older one than the store. So a row leaves the cache before a
//! write of it is queued, while the writer has the key's latch; nothing is put in for a key on which a value is queued;
//! and a reader that found a value in the store puts it in only if no write of the key's stripe became durable since it
//! began to read ([`Latches::fill`](super::latches::Latches::fill)). A row that was overwritten comes back with its new
//! value once that is durable.
//!
//! A value that the store returned is copied, because it is a slice of a whole block, which it would keep in memory. A
//! written value has its own allocation already and is shared with the store's memtable.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::stats::RowCacheStats;
use crate::key::{Family, Key};

/// What a cached row takes beside its key and value: the cache's own entry and two headers of `Bytes`. Unit: bytes.
const ROW_OVERHEAD: u64 = 128;
/// Rows for which the cache makes room at the start; it grows as it fills.
const ROWS_AT_START: usize = 1024;

pub(super) struct RowCache {
    rows: Cache<Bytes, Bytes, RowBytes>,
}

#[derive(Clone)]
struct RowBytes;

impl Weighter<Bytes, Bytes> for RowBytes {
    fn weight(&self, key: &Bytes, value: &Bytes) -> u64 {
        ROW_OVERHEAD + (key.len() + value.len()) as u64
    }
}

impl RowCache {
    /// A cache of about so many bytes; with none it stays empty.
    pub(super) fn new(bytes: u64) -> RowCache {
        RowCache { rows: Cache::with_weighter(ROWS_AT_START, bytes, RowBytes) }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Bytes> {
        if is_cached(key) { self.rows.get(&key.bytes) } else { None }
    }

    /// Puts in a row that was read.
    pub(super) fn put_copy(&self, key: &Key, value: &Bytes) {
        if is_cached(key) {
            self.rows.insert(Bytes::copy_from_slice(&key.bytes), Bytes::copy_from_slice(value));
        }
    }

    /// Puts in a row that was written.
    pub(super) fn put(&self, key: &Key, value: Bytes) {
        if is_cached(key) {
            self.rows.insert(key.bytes.clone(), value);
        }
    }

    pub(super) fn stats(&self) -> RowCacheStats {
        RowCacheStats {
            hits: self.rows.hits(),
            misses: self.rows.misses(),
            rows: self.rows.len() as u64,
            bytes: self.rows.weight(),
            bytes_max: self.rows.capacity(),
        }
    }

    pub(super) fn remove(&self, key: &Key) {
        if is_cached(key) {
            self.rows.remove(&key.bytes);
        }
    }
}

/// Rows that are read by their keys, and of which every write names its key: not so those of indexes.
pub(super) fn is_cached(key: &Key) -> bool {
    key.family == Family::Items
}
