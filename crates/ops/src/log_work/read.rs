//! Reading a shard: its next records from a position on, and whether it has ended.
//!
//! Shards that were split share their log: each reader passes over the records of the others, by their headers. How much
//! one page passes over is bounded, so that a page may be short or empty, and the next one goes on behind it.

use api::Exception;
use change_log::{Content, Header, LogRecord, Record, Shard};
use storage::{Row, View, log};
use tables::failure::storage_failure;
use tables::rows::{ItemKey, damaged_row};
use tables::{Table, hash_range};

use crate::service::Service;

/// Rows that one page reads, those of other shards included. Few in tests, so that pages end there.
const READ_ROWS_MAX: usize = if cfg!(test) { 32 } else { 8 * 1024 };
const READ_BYTES_MAX: usize = 8 << 20;
/// Rows that are read at once where some are another shard's.
const STEP_ROWS: usize = if cfg!(test) { 8 } else { 256 };

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
