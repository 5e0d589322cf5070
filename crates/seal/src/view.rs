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

/// Consecutive rows with unreadable keys: more of them are not damage to single rows, but another database.
const NAMELESS_MAX: usize = 1024;

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
            left.rows_max = range.rows_max.saturating_sub(page.page.count()).max(1);
            left.bytes_max = sealed_bytes(range.bytes_max.saturating_sub(page.bytes));
            let found = match self.inner.scan_page(&left).await {
                // A block of the engine's rows is damaged. The page ends before it, and the next one fails.
                Err(StorageError::Corrupt(_)) if page.page.count() > 0 && page.nameless == 0 => {
                    return Ok(page.end(true));
                }
                found => found?,
            };
            for row in found.in_order() {
                if !page.has_room() {
                    return Ok(page.end(true));
                }
                match row {
                    Ok(row) => page.push(row).await?,
                    Err(row) => page.push_unread(row.key.as_ref(), row.what.clone())?,
                }
            }
            match found.last_key() {
                Some(last) if found.more && page.has_room() => left.resume_after(last.clone()),
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
    page: ScanPage,
    bytes: usize,
    /// Rows without a known key at the page's end.
    nameless: usize,
}

impl<'a> PlainPage<'a> {
    fn new(sealed_rows: &'a SealedRows, range: &'a ScanRange) -> PlainPage<'a> {
        let keys = KeyReader::new(&sealed_rows.order, range.family);
        PlainPage { sealed_rows, range, keys, page: ScanPage::default(), bytes: 0, nameless: 0 }
    }

    /// A page continues after its last row's key, so it does not end with a row that has an unreadable key.
    fn has_room(&self) -> bool {
        let count = self.page.count();
        count == 0 || self.nameless > 0 || (count < self.range.rows_max && self.bytes < self.range.bytes_max)
    }

    async fn push(&mut self, row: &Row) -> Result<(), StorageError> {
        let family = self.range.family;
        let Some(key) = self.key(&row.key) else {
            return self.push_damaged(None, foreign(family, &row.key));
        };
        match self.sealed_rows.unseal_or_damage(family, &row.key, row.value.clone()).await? {
            Ok(value) => {
                self.bytes += key.len() + value.len();
                self.nameless = 0;
                self.page.rows.push(Row { key, value });
                Ok(())
            }
            Err(what) => self.push_damaged(Some(key), what),
        }
    }

    /// A row that the inner engine could not read.
    fn push_unread(&mut self, key: Option<&Bytes>, what: String) -> Result<(), StorageError> {
        let key = key.and_then(|key| self.key(key));
        self.push_damaged(key, what)
    }

    fn push_damaged(&mut self, key: Option<Bytes>, what: String) -> Result<(), StorageError> {
        self.nameless = if key.is_some() { 0 } else { self.nameless + 1 };
        if self.nameless > NAMELESS_MAX {
            return Err(StorageError::Corrupt(format!("{what}, and so are the {NAMELESS_MAX} rows before it")));
        }
        self.bytes += key.as_ref().map_or(0, Bytes::len);
        self.page.push_damaged(key, what);
        Ok(())
    }

    /// A key in plain, if it is one of this database's.
    fn key(&mut self, sealed: &Bytes) -> Option<Bytes> {
        let plain = self.sealed_rows.layout.plain(self.range.family, sealed);
        self.keys.read(sealed, plain)
    }

    fn end(self, more: bool) -> ScanPage {
        ScanPage { more, ..self.page }
    }
}

fn foreign(family: Family, key: &[u8]) -> String {
    format!("the key of {family:?} row {} was not sealed with this database's keys", hex(key))
}

impl View for SealedView {
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>> {
        Box::pin(self.read_many(keys))
    }

    fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
        Box::pin(self.read_page(range))
    }
}
