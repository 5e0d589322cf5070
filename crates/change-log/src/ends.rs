//! Where a shard begins and ends in its log, as a view sees it.

use api::Exception;
use storage::{DamagedRow, Row, StorageError, View, log};
use tables::failure::storage_failure;

use crate::{Header, Shard};

/// Rows that are read at once in search of a mark. Unit: rows, bytes.
const SEARCH_ROWS: usize = 256;
const SEARCH_BYTES: usize = 1 << 20;

/// The record that ends a shard.
pub enum Mark {
    At(u64),
    /// No record is the mark, and this is the first one that cannot be read.
    Damaged {
        position: u64,
        what: String,
    },
}

impl Shard {
    /// The last position that may be its own, as the view sees it: before its end, or the last one that was given out.
    pub async fn last(&self, view: &dyn View) -> Result<u64, Exception> {
        if let Some(closed) = self.closed {
            return Ok(closed.last);
        }
        if let Some(from) = self.rolling_from
            && let Some(mark) = self.mark(view, from).await?
        {
            return match mark {
                Mark::At(position) => Ok(position.saturating_sub(1)),
                Mark::Damaged { what, .. } => Err(storage_failure(StorageError::Corrupt(what))),
            };
        }
        self.head(view).await
    }

    /// The last position of its log that was given out.
    pub async fn head(&self, view: &dyn View) -> Result<u64, Exception> {
        let row = view.get_many(&[log::head(self.log_name())]).await.map_err(storage_failure)?;
        let last = log::decode_head(row.first().and_then(Option::as_ref));
        last.ok_or_else(|| Exception::internal("the head of a log cannot be read"))
    }

    /// The mark that ends it, which is behind another position.
    pub async fn mark(&self, view: &dyn View, after: u64) -> Result<Option<Mark>, Exception> {
        let (head, mut damaged) = (self.head(view).await?, None);
        let mut from = after.saturating_add(1);
        while from <= head {
            let range = self.rows_until(from, head, SEARCH_ROWS, SEARCH_BYTES);
            let page = self.scan(view, range).await.map_err(storage_failure)?;
            let is_end = |row: &&Row| Header::read(&row.value).is_some_and(|header| header.ends(self.number));
            if let Some(row) = page.rows.iter().find(is_end) {
                return Ok(self.position_of(&row.key).map(Mark::At));
            }
            let last = page.last_key().and_then(|key| self.position_of(key)).filter(|_| page.more);
            damaged = damaged.or_else(|| page.damaged.into_iter().next());
            let Some(last) = last else { break };
            from = last.saturating_add(1);
        }
        // A shard has one mark. As none is found, a damaged record may be it.
        let Some(DamagedRow { key, what, .. }) = damaged else { return Ok(None) };
        let position = key.and_then(|key| self.position_of(&key));
        let position = position.ok_or_else(|| storage_failure(StorageError::Corrupt(what.clone())))?;
        Ok(Some(Mark::Damaged { position, what }))
    }

    /// The position of the first record of its log that was made at a time or later, or of the next one to come. Times in
    /// a log grow, but for a clock that was set back. A damaged record has the time of the next one that can be read.
    pub async fn first_since(&self, view: &dyn View, time_ms: u64) -> Result<u64, Exception> {
        let (mut low, mut high) = (self.trimmed.saturating_add(1), self.last(view).await?.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let mut readable = middle;
            let created_ms = loop {
                match self.created_ms(view, readable).await? {
                    None if readable.saturating_add(1) < high => readable += 1,
                    found => break found,
                }
            };
            match created_ms {
                Some(created_ms) if created_ms < time_ms => low = readable.saturating_add(1),
                Some(_) | None => high = middle,
            }
        }
        Ok(low)
    }

    /// When a record was made; none if it cannot be read.
    async fn created_ms(&self, view: &dyn View, position: u64) -> Result<Option<u64>, Exception> {
        let row = match view.get_many(&[log::record(&self.log_name(), position)]).await {
            Err(StorageError::Corrupt(_)) => return Ok(None),
            row => row.map_err(storage_failure)?,
        };
        let header = row.first().and_then(Option::as_ref).and_then(|row| Header::read(row));
        Ok(header.map(|header| header.created_ms))
    }
}
