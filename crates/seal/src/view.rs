//! A view through the seal.
//!
//! Pages are cut where they would be without it: limits count bytes of plain keys and values.

use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use storage::{BoxFuture, Family, Key, Row, ScanPage, ScanRange, StorageError, View};

use crate::order::KeyReader;
use crate::sealed_rows::SealedRows;
use crate::secret::hex;

pub(crate) struct SealedView {
    inner: Box<dyn View>,
    sealed_rows: Arc<SealedRows>,
}

impl SealedView {
    pub(crate) fn around(inner: Box<dyn View>, sealed_rows: &Arc<SealedRows>) -> Box<dyn View> {
        Box::new(SealedView { inner, sealed_rows: Arc::clone(sealed_rows) })
    }

    async fn read_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, StorageError> {
        let seal = |key: &Key| Key { family: key.family, bytes: self.sealed_rows.seal_key(key.family, &key.bytes) };
        let keys: Vec<Key> = keys.iter().map(seal).collect();
        let mut values = self.inner.get_many(&keys).await?;
        for (key, value) in keys.iter().zip(&mut values) {
            if let Some(value) = value {
                *value = self.sealed_rows.unseal(key.family, &key.bytes, std::mem::take(value)).await?;
            }
        }
        Ok(values)
    }

    async fn read_page(&self, range: &ScanRange) -> Result<ScanPage, StorageError> {
        let mut page = PlainPage::new(&self.sealed_rows, range);
        let mut left = self.seal_range(range);
        loop {
            left.rows_max = range.rows_max.saturating_sub(page.rows.len()).max(1);
            left.bytes_max = sealed_bytes(range.bytes_max.saturating_sub(page.bytes));
            let found = self.inner.scan(&left).await?;
            let last = found.rows.last().map(|row| row.key.clone());
            for row in found.rows {
                if !page.has_room() {
                    return Ok(page.end(true));
                }
                page.push(row).await?;
            }
            match last {
                Some(last) if found.more && page.has_room() => left.resume_after(last),
                _ => return Ok(page.end(found.more)),
            }
        }
    }

    fn seal_range(&self, range: &ScanRange) -> ScanRange {
        let seal = |bound: &Bound<Bytes>| bound.as_ref().map(|key| self.sealed_rows.seal_key(range.family, key));
        ScanRange { lower: seal(&range.lower), upper: seal(&range.upper), ..range.clone() }
    }
}

/// Room for about as many rows as fit into so many plain bytes.
fn sealed_bytes(bytes_max: usize) -> usize {
    bytes_max.saturating_add(bytes_max / 8).saturating_add(256)
}

/// Rows in plain, as many as there is room for.
struct PlainPage<'a> {
    sealed_rows: &'a SealedRows,
    range: &'a ScanRange,
    keys: KeyReader<'a>,
    rows: Vec<Row>,
    bytes: usize,
}

impl<'a> PlainPage<'a> {
    fn new(sealed_rows: &'a SealedRows, range: &'a ScanRange) -> PlainPage<'a> {
        let keys = KeyReader::new(&sealed_rows.order, range.family);
        PlainPage { sealed_rows, range, keys, rows: Vec::new(), bytes: 0 }
    }

    fn has_room(&self) -> bool {
        self.rows.is_empty() || (self.rows.len() < self.range.rows_max && self.bytes < self.range.bytes_max)
    }

    async fn push(&mut self, row: Row) -> Result<(), StorageError> {
        let family = self.range.family;
        let plain = self.sealed_rows.layout.plain(family, &row.key);
        let key = self.keys.read(&row.key, plain).ok_or_else(|| foreign(family, &row.key))?;
        let value = self.sealed_rows.unseal(family, &row.key, row.value).await?;
        self.bytes += key.len() + value.len();
        self.rows.push(Row { key, value });
        Ok(())
    }

    fn end(self, more: bool) -> ScanPage {
        ScanPage { rows: self.rows, more }
    }
}

fn foreign(family: Family, key: &[u8]) -> StorageError {
    StorageError::Corrupt(format!("the key of {family:?} row {} was not sealed with this database's keys", hex(key)))
}

impl View for SealedView {
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>> {
        Box::pin(self.read_many(keys))
    }

    fn scan<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
        Box::pin(self.read_page(range))
    }
}
