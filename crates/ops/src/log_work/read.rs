//! Reading a shard: its next records from a position on, and whether it has ended.
//!
//! Shards that were split share their log: each reader passes over the records of the others, by their headers. How much
//! one page passes over is bounded, so that a page may be short or empty, and the next one goes on behind it.

use api::Exception;
use storage::{Pages, Row, StorageError, View, log};

use crate::change_log::{Content, Header, LogRecord, Record, Shard};
use crate::failure::storage_failure;
use crate::rows::{ItemKey, damaged_row};
use crate::service::Service;
use crate::tables::{Table, hash_range};

/// Rows that one page reads, those of other shards included. Few in tests, so that pages end there.
const READ_ROWS_MAX: usize = if cfg!(test) { 32 } else { 8 * 1024 };
const READ_BYTES_MAX: usize = 8 << 20;
/// Rows that are read at once where some are another shard's.
const STEP_ROWS: usize = if cfg!(test) { 8 } else { 256 };
const SEARCH_BYTES: usize = 1 << 20;

/// Some of a shard's records, one after the other.
pub(crate) struct Page {
    pub records: Vec<LogRecord>,
    /// Where the next page begins.
    pub next: u64,
    /// Whether nothing is left, and nothing more comes.
    pub is_end: bool,
    /// If it was given up before the log's end: when the last change was made that was passed over.
    pub given_up_ms: Option<u64>,
    /// If it ends before a damaged record: what is wrong with that one, for the operator. Behind it nothing is read, as each
    /// item's changes have an order.
    pub damaged: Option<String>,
}

impl Page {
    /// For a reader that is to be given records: those before a damaged one, and once there are none, the damage.
    pub(crate) fn or_damage(self) -> Result<Page, String> {
        match self.damaged {
            Some(text) if self.records.is_empty() => Err(text),
            _ => Ok(self),
        }
    }
}

impl Service {
    /// The records of a shard from a position on, as the view sees them: up to so many, and about so many bytes of them.
    ///
    /// # Errors
    /// The engine's failure.
    pub(crate) async fn page_of_shard(
        &self,
        view: &dyn View,
        table: &Table,
        shard: &Shard,
        from: u64,
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<Page, Exception> {
        let is_end = shard.is_over_at(from);
        let mut page = Page { records: Vec::new(), next: from, is_end, given_up_ms: None, damaged: None };
        let (mut own_bytes, mut read_rows, mut read_bytes) = (0, 0, 0);
        while !page.is_end {
            let left = rows_max - page.records.len();
            let at_once = if shard.hashes.is_whole() { left } else { left.max(STEP_ROWS) };
            let range = shard.records(page.next, at_once, bytes_max);
            let step = shard.scan(view, range).await.map_err(storage_failure)?;
            for row in step.in_order() {
                let is_end = |row: &&Row| Header::read(&row.value).is_some_and(|at| at.ends(shard.number));
                if page.records.len() == rows_max || row.as_ref().is_ok_and(is_end) {
                    return Ok(page);
                }
                let row = match row {
                    Ok(row) => row,
                    Err(damaged) => {
                        let key = log::record(&shard.log_name(), page.next).bytes;
                        let key = damaged.key.as_ref().unwrap_or(&key);
                        page.damaged = Some(damaged_row(table, key, &damaged.what));
                        return Ok(page);
                    }
                };
                let Some((position, record)) = self.own_record(table, shard, row) else {
                    page.damaged = Some(damaged_row(table, &row.key, "it is no record that this program knows"));
                    return Ok(page);
                };
                if let Some(record) = record {
                    own_bytes += row.value.len();
                    page.records.push(record);
                }
                page.next = position.saturating_add(1);
                page.is_end = shard.is_over_at(page.next);
                read_bytes += row.value.len();
            }
            read_rows += step.rows.len();
            let is_full = page.records.len() == rows_max || own_bytes > bytes_max / 2;
            let is_costly = read_rows >= READ_ROWS_MAX || read_bytes >= READ_BYTES_MAX;
            if step.more && !is_full && is_costly {
                let last = step.rows.last().and_then(|row| Header::read(&row.value));
                page.given_up_ms = last.map(|header| header.created_ms);
            }
            if !step.more || is_full || is_costly {
                break;
            }
        }
        Ok(page)
    }

    /// A row's position, and its record if it is the shard's own. None if it cannot be read.
    fn own_record(&self, table: &Table, shard: &Shard, row: &Row) -> Option<(u64, Option<LogRecord>)> {
        let position = shard.position_of(&row.key)?;
        let Content::Change(_) = Header::read(&row.value)?.content else { return Some((position, None)) };
        let hash = self.hash_of_record(table, row)?;
        if !shard.hashes.contains(hash) {
            return Some((position, None));
        }
        let record = Record::read(&row.value)?;
        Some((position, Some(record.at(position, hash, &table.definition.region))))
    }

    /// The hash that chooses a record's shard; none for a mark.
    pub(super) fn hash_of_record(&self, table: &Table, row: &Row) -> Option<u64> {
        match Header::read(&row.value)?.content {
            Content::Change(Some(hash)) => Some(hash),
            Content::Change(None) => {
                let record = Record::read(&row.value)?;
                let key = ItemKey::of(&self.secret, table, record.image()?.attributes()).ok()?;
                Some(hash_range::leading(&key.partition))
            }
            Content::Mark(_) => None,
        }
    }
}

impl Shard {
    /// Whether it has ended before a position.
    fn is_over_at(&self, position: u64) -> bool {
        self.closed.is_some_and(|closed| position > closed.last)
    }

    /// The last position that may be its own, as the view sees it: before its end, or the last one that was given out.
    pub(crate) async fn last(&self, view: &dyn View) -> Result<u64, Exception> {
        if let Some(closed) = self.closed {
            return Ok(closed.last);
        }
        if let Some(from) = self.rolling_from
            && let Some(mark) = self.mark(view, from).await?
        {
            return Ok(mark.saturating_sub(1));
        }
        self.head(view).await
    }

    /// The last position of its log that was given out.
    pub(super) async fn head(&self, view: &dyn View) -> Result<u64, Exception> {
        let row = view.get_many(&[log::head(self.log_name())]).await.map_err(storage_failure)?;
        let last = log::decode_head(row.first().and_then(Option::as_ref));
        last.ok_or_else(|| Exception::internal("the head of a log cannot be read"))
    }

    /// The position of the mark that ends it, which is behind another one.
    pub(super) async fn mark(&self, view: &dyn View, after: u64) -> Result<Option<u64>, Exception> {
        let range = self.records(after.saturating_add(1), STEP_ROWS, SEARCH_BYTES);
        let mut pages = Pages::of_snapshot(view, range);
        let mut damaged = None;
        while let Some(page) = pages.next_with_damaged().await.map_err(storage_failure)? {
            let is_end = |row: &&Row| Header::read(&row.value).is_some_and(|header| header.ends(self.number));
            if let Some(row) = page.rows.iter().find(is_end) {
                return Ok(self.position_of(&row.key));
            }
            damaged = damaged.or_else(|| page.damaged.into_iter().next());
        }
        // A shard has one mark. As none is found, a damaged record may be it.
        match damaged {
            Some(row) => Err(storage_failure(StorageError::Corrupt(row.what))),
            None => Ok(None),
        }
    }

    /// The position of the first record of its log that was made at a time or later, or of the next one to come. Times in
    /// a log grow, but for a clock that was set back.
    pub(crate) async fn first_since(&self, view: &dyn View, time_ms: u64) -> Result<u64, Exception> {
        let name = self.log_name();
        let (mut low, mut high) = (self.trimmed.saturating_add(1), self.last(view).await?.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let row = view.get_many(&[log::record(&name, middle)]).await.map_err(storage_failure)?;
            let header = row.first().and_then(Option::as_ref).and_then(|row| Header::read(row));
            let header = header
                .ok_or_else(|| Exception::internal(format!("record {middle} of shard {} cannot be read", self.number)));
            match header?.created_ms {
                created_ms if created_ms >= time_ms => high = middle,
                _ => low = middle.saturating_add(1),
            }
        }
        Ok(low)
    }
}
