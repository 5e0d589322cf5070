//! Shards as their readers see them: names, sequence numbers, ends.
//!
//! A shard's row is JSON, as a table's definition is: a member that is added later has a default, and a program that does not
//! know it retains it.
//!
//! A shard's id is `shardId-` with its number in 20 digits, so that ids are ordered as shards are made, and 8 digits
//! that differ between tables. A sequence number is 10²⁰ plus the shard's base plus the record's position: 21 digits
//! that grow. Shards of one log have one base; where a child has a log of its own, as older
//! programs made it, its base is not below any sequence of its parent.

use std::ops::Bound;

use api::Exception;
use bytes::Bytes;
use model::codec::key::{HashSecret, KeyValue, h16};
use serde::{Deserialize, Serialize};
use storage::{Family, Row, ScanDirection, ScanPage, ScanRange, StorageError, View, log};
use tables::catalog_rows;
use tables::failure::storage_failure;
use tables::rows;
use tables::{HashRange, Unknown};

/// The prefix of the 20 digits of a sequence number: the API requires at least 21.
const SEQUENCE_LEAD: &str = "1";
const SEQUENCE_DIGITS: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Closed {
    /// The position of the last record; 0 if there was none.
    pub last: u64,
    pub at_ms: u64,
}

/// A shard's row, with the ids in its key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Shard {
    #[serde(skip)]
    pub table_id: u64,
    #[serde(skip)]
    pub number: u32,
    #[serde(default)]
    pub parent: Option<u32>,
    /// The first shard of its log, if that is another one.
    #[serde(default)]
    pub log: Option<u32>,
    /// The position before its first one.
    #[serde(default)]
    pub before: u64,
    /// Its part of the log's changes. Shards of one log with overlapping positions have no hash in common.
    #[serde(default, skip_serializing_if = "HashRange::is_whole")]
    pub hashes: HashRange,
    #[serde(default)]
    pub created_ms: u64,
    /// What is added to positions to make sequences.
    #[serde(default)]
    pub base: u64,
    /// The last deleted position. All later ones of its own are stored: a log is trimmed for all of its shards at once.
    #[serde(default)]
    pub trimmed: u64,
    #[serde(default)]
    pub closed: Option<Closed>,
    /// Once its end is marked, in the same batch: a position before the mark.
    #[serde(default)]
    pub rolling_from: Option<u64>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Shard {
    /// The first shard of its log, by which the log is named.
    pub fn log(&self) -> u32 {
        self.log.unwrap_or(self.number)
    }

    pub fn log_name(&self) -> Bytes {
        rows::log(self.table_id, self.log())
    }

    /// Encodes the row. Every shard that is written is encoded here, which checks its invariants.
    ///
    /// # Errors
    /// If one does not hold: a bug, and nothing is written.
    pub fn encode(&self) -> Result<Vec<u8>, Exception> {
        if !self.has_hashes() || !self.is_behind_its_parent() {
            return Err(Exception::internal(format!("shard {} is not written: it breaks an invariant", self.number)));
        }
        serde_json::to_vec(self).map_err(|error| Exception::internal(error.to_string()))
    }

    /// Some change can be its own: else its part of the log would have no reader.
    fn has_hashes(&self) -> bool {
        self.hashes.first <= self.hashes.last
    }

    /// Readers continue from parents to children, and numbers grow: the walk over a table's shards ends.
    fn is_behind_its_parent(&self) -> bool {
        self.parent.is_none_or(|parent| parent < self.number)
    }

    pub fn read(table_id: u64, number: u32, row: &[u8]) -> Result<Shard, Exception> {
        let shard: Shard = serde_json::from_slice(row)
            .map_err(|error| Exception::internal(format!("the row of a shard cannot be read: {error}")))?;
        Ok(Shard { table_id, number, ..shard })
    }

    pub async fn find(view: &dyn View, table_id: u64, number: u32) -> Result<Option<Shard>, Exception> {
        let found = view.get_many(&[rows::shard(table_id, number)]).await.map_err(storage_failure)?;
        found.into_iter().flatten().next().map(|row| Shard::read(table_id, number, &row)).transpose()
    }

    /// The shards of a table with numbers from `first` on and below `end`.
    pub async fn list(view: &dyn View, table_id: u64, first: u32, end: u32) -> Result<Vec<Shard>, Exception> {
        if first >= end {
            return Ok(Vec::new());
        }
        let edge = |number: u32| rows::shard(table_id, number).bytes;
        let range = (Bound::Included(edge(first)), Bound::Excluded(edge(end)));
        let shard = |row: Row| {
            let number = rows::shard_number(&row.key);
            let number = number.ok_or_else(|| Exception::internal("a shard's key cannot be read"))?;
            Shard::read(table_id, number, &row.value)
        };
        catalog_rows::pages(view, range).rows().await.map_err(storage_failure)?.into_iter().map(shard).collect()
    }

    pub fn id(&self, secret: &HashSecret) -> String {
        Shard::id_of(secret, self.table_id, self.number)
    }

    pub fn id_of(secret: &HashSecret, table_id: u64, number: u32) -> String {
        let mark = h16(secret, [KeyValue::B(&rows::log(table_id, number))]);
        let mark = mark.first_chunk().map_or(0, |mark| u32::from_be_bytes(*mark));
        format!("shardId-{number:020}-{mark:08x}")
    }

    /// The number in a shard's id; none if no shard of this table can have it.
    pub fn number_of(secret: &HashSecret, table_id: u64, id: &str) -> Option<u32> {
        let digits = id.strip_prefix("shardId-")?.split('-').next()?;
        let number = digits.parse().ok()?;
        (id == Shard::id_of(secret, table_id, number)).then_some(number)
    }

    pub fn sequence(&self, position: u64) -> String {
        format!("{SEQUENCE_LEAD}{:0SEQUENCE_DIGITS$}", self.base.saturating_add(position))
    }

    pub fn first_sequence(&self) -> String {
        self.sequence(self.before.saturating_add(1))
    }

    /// The last sequence number of a closed shard; of one without records, the one that its first would have had.
    pub fn last_sequence(&self) -> Option<String> {
        self.closed.map(|closed| self.sequence(closed.last.max(self.before.saturating_add(1))))
    }

    /// The position of a sequence number; none if no record of this shard can have it.
    pub fn position(&self, sequence: &str) -> Option<u64> {
        let digits = sequence.strip_prefix(SEQUENCE_LEAD)?;
        let is_number = digits.len() == SEQUENCE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        let position = is_number.then(|| digits.parse::<u64>().ok())??.checked_sub(self.base)?;
        (position > self.before).then_some(position)
    }

    /// The rows of its log from a position on, up to `rows_max`, and about `bytes_max` bytes of them. Those with hashes out of
    /// its range are not its own, nor those behind the mark that ends it.
    pub fn records(&self, from: u64, rows_max: usize, bytes_max: usize) -> ScanRange {
        self.rows_until(from, self.closed.map_or(u64::MAX, |closed| closed.last), rows_max, bytes_max)
    }

    /// The rows of its log from a position on, those behind its end included.
    pub fn rows_of_log(&self, from: u64, rows_max: usize, bytes_max: usize) -> ScanRange {
        self.rows_until(from, u64::MAX, rows_max, bytes_max)
    }

    /// A page of a range of [`Shard::records`] or [`Shard::rows_of_log`], with the damaged rows in it. An engine that cannot read a
    /// whole block of rows fails: positions are dense, so that each of its rows is known without being read, and the page continues
    /// behind them.
    ///
    /// # Errors
    /// The engine's, but for damage.
    pub async fn scan(&self, view: &dyn View, mut range: ScanRange) -> Result<ScanPage, StorageError> {
        let mut page = ScanPage::default();
        while page.count() < range.rows_max {
            let (next, what) = match view.scan_page(&range).await {
                Err(StorageError::Corrupt(what)) => (self.first_of(&range), what),
                found => {
                    let found = found?;
                    // What is there so far is damaged rows, which precede these.
                    page.damaged.extend(found.damaged);
                    return Ok(ScanPage { rows: found.rows, more: found.more, ..page });
                }
            };
            let Some(next) = next else { return Err(StorageError::Corrupt(what)) };
            let key = log::record(&self.log_name(), next).bytes;
            range.resume_after(key.clone());
            page.push_damaged(Some(key), what);
            page.more = true;
        }
        Ok(page)
    }

    /// The first position of a range.
    fn first_of(&self, range: &ScanRange) -> Option<u64> {
        match &range.lower {
            Bound::Included(key) => self.position_of(key),
            Bound::Excluded(key) => self.position_of(key)?.checked_add(1),
            Bound::Unbounded => None,
        }
    }

    pub fn rows_until(&self, from: u64, last: u64, rows_max: usize, bytes_max: usize) -> ScanRange {
        let name = self.log_name();
        ScanRange {
            family: Family::Log,
            lower: Bound::Included(log::record(&name, from).bytes),
            upper: Bound::Included(log::record(&name, last).bytes),
            direction: ScanDirection::Forward,
            rows_max,
            bytes_max,
        }
    }

    /// The position in a record's key.
    pub fn position_of(&self, key: &[u8]) -> Option<u64> {
        log::position(&self.log_name(), key)
    }

    /// Whether it has ended before a position.
    pub fn is_over_at(&self, position: u64) -> bool {
        self.closed.is_some_and(|closed| position > closed.last)
    }

    /// Whether none of its records is left, and none comes any more.
    pub fn is_trimmed(&self) -> bool {
        self.closed.is_some_and(|closed| closed.last <= self.trimmed)
    }

    /// Notes that the log is trimmed up to a position.
    pub fn trim(&mut self, last: u64) {
        let end = self.closed.map_or(u64::MAX, |closed| closed.last);
        if self.before < last {
            self.trimmed = self.trimmed.max(last.min(end));
        }
    }

    /// Whether a position is among its own that are not trimmed yet.
    pub fn has_left(&self, position: u64) -> bool {
        position > self.trimmed && self.closed.is_none_or(|closed| position <= closed.last)
    }
}

#[cfg(test)]
mod tests {
    use tables::fixture::SECRET;

    use super::*;

    #[test]
    fn rows_of_other_programs_are_read_and_kept() {
        let row = br#"{"base":7,"closed":{"last":3,"at_ms":5}}"#;
        let shard = Shard::read(1, 2, row).unwrap();
        assert_eq!((shard.log(), shard.hashes.is_whole(), shard.closed.unwrap().last), (2, true, 3));
        assert!(!String::from_utf8(shard.encode().unwrap()).unwrap().contains("hashes"));
        let half = Shard { hashes: HashRange { first: 1 << 63, last: u64::MAX }, ..shard };
        assert_eq!(Shard::read(1, 2, &half.encode().unwrap()).unwrap(), half);
        let newer = Shard::read(1, 2, br#"{"base":7,"speed":{"of":1}}"#).unwrap().encode().unwrap();
        assert!(String::from_utf8(newer).unwrap().contains(r#""speed":{"of":1}"#));
    }

    #[test]
    fn a_shard_that_breaks_an_invariant_is_not_written() {
        let shard = Shard { number: 3, parent: Some(2), ..Shard::default() };
        assert!(shard.encode().is_ok());
        assert!(Shard { parent: Some(3), ..shard.clone() }.encode().is_err());
        assert!(Shard { hashes: HashRange { first: 2, last: 1 }, ..shard }.encode().is_err());
    }

    #[test]
    fn ids_and_sequences_have_the_apis_lengths_and_grow() {
        let ids = [0, 1, 9, 10, u32::MAX].map(|number| Shard::id_of(&SECRET, 7, number));
        assert!(ids.is_sorted());
        for (id, number) in ids.iter().zip([0, 1, 9, 10, u32::MAX]) {
            assert!((28..=65).contains(&id.len()), "{id}");
            assert_eq!(Shard::number_of(&SECRET, 7, id), Some(number));
            assert_eq!(Shard::number_of(&SECRET, 8, id), None);
        }
        for other in ["", "shardId-", "shardId-00000000000000000001", "shardId-1-00000000"] {
            assert_eq!(Shard::number_of(&SECRET, 7, other), None, "{other}");
        }
        let shard = Shard { base: 10, ..Shard::default() };
        let sequences = [1, 2, 99, u64::MAX - 10].map(|at| shard.sequence(at));
        assert!(sequences.is_sorted());
        for (sequence, position) in sequences.iter().zip([1, 2, 99, u64::MAX - 10]) {
            assert_eq!(sequence.len(), 21);
            assert_eq!(shard.position(sequence), Some(position));
        }
        for other in ["100000000000000000010", "10000000000000000001x", "1+0000000000000000012", "0", "12", ""] {
            assert_eq!(shard.position(other), None, "{other}");
        }
        // More than any position.
        assert_eq!(shard.position("199999999999999999999"), None);
    }
}
