//! A snapshot of [`Memory`](super::Memory): the number of a commit, and a place among those that pruning spares.

use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::yield_now;

use super::{Chain, Commit, Shared};
use crate::error::StorageError;
use crate::key::{Key, Row, ScanDirection, ScanPage, ScanRange};
use crate::{BoxFuture, View};

/// Rows read under one hold of the lock. Unit: bytes of keys and values; rows that the view does not see count as
/// their keys.
const CHUNK_BYTES: usize = 64 * 1024;

pub(super) struct MemoryView {
    shared: Arc<Shared>,
    commit: Commit,
}

impl MemoryView {
    /// The caller has counted it among the views.
    pub(super) fn new(shared: Arc<Shared>, commit: Commit) -> MemoryView {
        MemoryView { shared, commit }
    }

    pub(super) fn get_all(&self, keys: &[Key]) -> Vec<Option<Bytes>> {
        let rows = self.shared.rows.read();
        let value = |key: &Key| rows.family(key.family).get(&key.bytes)?.at(self.commit).cloned();
        keys.iter().map(value).collect()
    }

    /// Reads on into `page`; true once the page is done.
    fn read_chunk(&self, range: &mut ScanRange, page: &mut ScanPage, page_bytes: &mut usize) -> bool {
        if range.is_empty() {
            return true;
        }
        let rows = self.shared.rows.read();
        let bounds = (range.lower.clone(), range.upper.clone());
        let chains = rows.family(range.family).range::<Bytes, (Bound<Bytes>, Bound<Bytes>)>(bounds);
        let chains: Box<dyn Iterator<Item = (&Bytes, &Chain)>> = match range.direction {
            ScanDirection::Forward => Box::new(chains),
            ScanDirection::Backward => Box::new(chains.rev()),
        };
        let mut chunk_bytes = 0;
        for (key, chain) in chains {
            let value = chain.at(self.commit);
            if value.is_some() && !page.rows.is_empty() && page_is_full(range, page, *page_bytes) {
                page.more = true;
                return true;
            }
            chunk_bytes += key.len() + value.map_or(0, Bytes::len);
            if let Some(value) = value {
                *page_bytes += key.len() + value.len();
                page.rows.push(Row { key: key.clone(), value: value.clone() });
            }
            if chunk_bytes >= CHUNK_BYTES {
                range.resume_after(key.clone());
                return false;
            }
        }
        true
    }
}

fn page_is_full(range: &ScanRange, page: &ScanPage, page_bytes: usize) -> bool {
    page.rows.len() >= range.rows_max || page_bytes >= range.bytes_max
}

impl View for MemoryView {
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>> {
        Box::pin(std::future::ready(Ok(self.get_all(keys))))
    }

    fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
        Box::pin(async move {
            let mut left = range.clone();
            let mut page = ScanPage::default();
            let mut page_bytes = 0;
            while !self.read_chunk(&mut left, &mut page, &mut page_bytes) {
                yield_now().await;
            }
            Ok(page)
        })
    }
}

impl Drop for MemoryView {
    fn drop(&mut self) {
        self.shared.release_view(self.commit);
    }
}
