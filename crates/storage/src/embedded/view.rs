//! A snapshot of the store. Scans run on the caller's thread, in chunks between which others get their turn.

use std::sync::Arc;

use bytes::Bytes;
use fjall::{Iter, Readable, Snapshot};
use tokio::task::yield_now;

use super::store::{Store, read_failure, storable_bounds};
use super::upkeep::Bell;
use crate::error::StorageError;
use crate::key::{Key, Row, ScanDirection, ScanPage, ScanRange};
use crate::{BoxFuture, View};

/// What is read before others get their turn: well under a millisecond from the cache. Unit: bytes.
const CHUNK_BYTES: usize = 64 * 1024;

pub(super) struct StoreView {
    // Before the store, which must not close while the snapshot is open.
    snapshot: Snapshot,
    store: Arc<Store>,
    bell: Arc<Bell>,
}

impl StoreView {
    pub(super) fn new(store: Arc<Store>, bell: Arc<Bell>) -> StoreView {
        StoreView { snapshot: store.snapshot(), store, bell }
    }

    async fn get_each(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, StorageError> {
        let mut values = Vec::with_capacity(keys.len());
        let mut chunk_bytes = 0;
        for key in keys {
            let value = self.store.get_at(&self.snapshot, key)?;
            chunk_bytes += value.as_ref().map_or(0, Bytes::len);
            values.push(value);
            if chunk_bytes >= CHUNK_BYTES {
                chunk_bytes = 0;
                yield_now().await;
            }
        }
        Ok(values)
    }

    async fn read_page(&self, range: &ScanRange) -> Result<ScanPage, StorageError> {
        let mut page = ScanPage::default();
        if range.is_empty() {
            return Ok(page);
        }
        if self.store.churn().read(range.family, &range.lower) {
            self.bell.wake();
        }
        let mut rows = self.snapshot.range(self.store.family(range.family), storable_bounds(range));
        let (mut page_bytes, mut chunk_bytes) = (0, 0);
        loop {
            let row = match next(&mut rows, range.direction) {
                // A block of rows is damaged. The page ends before it, and the next one fails.
                Err(StorageError::Corrupt(_)) if !page.rows.is_empty() => {
                    page.more = true;
                    break;
                }
                row => row?,
            };
            let Some(row) = row else { break };
            let full = page.rows.len() >= range.rows_max || page_bytes >= range.bytes_max;
            if full && !page.rows.is_empty() {
                page.more = true;
                break;
            }
            let row_bytes = row.key.len() + row.value.len();
            page_bytes += row_bytes;
            chunk_bytes += row_bytes;
            page.rows.push(row);
            if chunk_bytes >= CHUNK_BYTES {
                chunk_bytes = 0;
                yield_now().await;
            }
        }
        Ok(page)
    }
}

fn next(rows: &mut Iter, direction: ScanDirection) -> Result<Option<Row>, StorageError> {
    let row = match direction {
        ScanDirection::Forward => rows.next(),
        ScanDirection::Backward => rows.next_back(),
    };
    let Some(row) = row else { return Ok(None) };
    let (key, value) = row.into_inner().map_err(read_failure)?;
    Ok(Some(Row { key: key.into(), value: value.into() }))
}

impl View for StoreView {
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>> {
        Box::pin(self.get_each(keys))
    }

    fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
        Box::pin(self.read_page(range))
    }
}
