//! The rows of metrics.
//!
//! | row | key | value |
//! |---|---|---|
//! | an hour of a series, of one process | `D` · hours since 1970 (4) · series id (16) · process (8) | [`FORMAT`] (1), then each minute: its place in the hour (1) and its cell |
//! | a series | `S` · scope of its account and region (8) · series id (16) | JSON: the series, and the hour when it was last measured |
//!
//! The rows of alarms (`A`, `C` and `H`) are those of `alarm::rows`, those of Contributor Insights (`I`) those of `contributors::rows`.
//!
//! A process writes its own rows alone, so that servers do not wait for each other; a reader adds up those of all.

use std::collections::BTreeMap;

use bytes::{BufMut, Bytes};
use keyspace::DatabaseRow;
use serde::{Deserialize, Serialize};
use storage::{Consistency, Engine, Family, Key, Pages, ScanRange, StorageError, TxError};

use crate::HOUR_MINUTES;
use crate::cell::Cell;
use crate::series::{Series, SeriesId, scope};

const FORMAT: u8 = 1;
/// The letter of the rows of series.
pub(crate) const SERIES: u8 = b'D';
const PAGE_ROWS: usize = 512;
const PAGE_BYTES: usize = 1 << 20;

/// A series as its row has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct KnownSeries {
    pub series: Series,
    pub last_hour: u64,
}

/// By the place in the hour.
pub(crate) type Hour = BTreeMap<u8, Cell>;

pub(crate) fn hour_key(hour: u64, id: &SeriesId, process: [u8; 8]) -> Key {
    DatabaseRow::Metric.key(&[&hour_rest(SERIES, hour)[..], id, &process].concat())
}

pub(crate) fn series_key(series: &Series) -> Key {
    DatabaseRow::Metric.key(&[&b"S"[..], &scope(&series.account, &series.region), &series.id()].concat())
}

/// What keys of the rows of an hour have behind their kind, by their letter.
pub(crate) fn hour_rest(letter: u8, hour: u64) -> [u8; 5] {
    // In the year 490,000 it wraps around.
    let [a, b, c, d] = (hour as u32).to_be_bytes();
    [letter, a, b, c, d]
}

/// All of an hour.
pub(crate) fn hour_prefix(letter: u8, hour: u64) -> Bytes {
    DatabaseRow::Metric.key(&hour_rest(letter, hour)).bytes
}

pub(crate) fn encode_hour(hour: &Hour) -> Bytes {
    let mut bytes = vec![FORMAT];
    for (minute, cell) in hour {
        bytes.put_u8(*minute);
        cell.encode(&mut bytes);
    }
    bytes.into()
}

pub(crate) fn read_hour(row: &[u8]) -> Option<Hour> {
    let (format, mut rest) = row.split_first()?;
    let mut hour = Hour::new();
    while let Some((minute, cells)) = rest.split_first().filter(|_| *format == FORMAT) {
        rest = cells;
        hour.insert(*minute, Cell::read(&mut rest)?);
    }
    (*format == FORMAT && hour.keys().all(|minute| u64::from(*minute) < HOUR_MINUTES)).then_some(hour)
}

/// Whether a row of metrics has the form that its key says, by what the key has behind its kind.
pub(crate) fn is_row(rest: &[u8], value: &[u8]) -> bool {
    match rest.split_first() {
        Some((b'D', rest)) => rest.len() == 28 && read_hour(value).is_some(),
        Some((b'S', rest)) => rest.len() == 24 && serde_json::from_slice::<KnownSeries>(value).is_ok(),
        _ => false,
    }
}

/// What is stored of an hour of a series, of all processes.
pub(crate) async fn stored_hour(engine: &dyn Engine, id: &SeriesId, hour: u64) -> Result<Hour, StorageError> {
    let prefix = DatabaseRow::Metric.key(&[&hour_rest(SERIES, hour)[..], id].concat()).bytes;
    let range = ScanRange::of_prefix(Family::Catalog, prefix, PAGE_ROWS, PAGE_BYTES);
    let mut pages = Pages::of_fresh_views(engine, range);
    let mut minutes = Hour::new();
    while let Some(page) = pages.next_with_damaged().await? {
        // A damaged row is left out: a metric with a gap is better than none.
        for (place, cell) in page.rows.iter().filter_map(|row| read_hour(&row.value)).flatten() {
            minutes.entry(place).or_default().merge(&cell);
        }
    }
    Ok(minutes)
}

/// What the rows of the series of an account and a region begin with; of all without.
fn series_prefix(of: Option<(&str, &str)>) -> Bytes {
    let scope = of.map(|(account, region)| scope(account, region));
    DatabaseRow::Metric.key(&[&b"S"[..], scope.as_ref().map_or(&[], |scope| &scope[..])].concat()).bytes
}

/// The series that have rows: those of an account and a region, or all.
pub(crate) async fn known_series(
    engine: &dyn Engine,
    of: Option<(&str, &str)>,
) -> Result<Vec<KnownSeries>, StorageError> {
    let prefix = series_prefix(of);
    let mut pages = Pages::of_fresh_views(engine, ScanRange::of_prefix(Family::Catalog, prefix, PAGE_ROWS, PAGE_BYTES));
    let mut all = Vec::new();
    while let Some(page) = pages.next_with_damaged().await? {
        for row in &page.rows {
            all.extend(serde_json::from_slice::<KnownSeries>(&row.value).ok());
        }
    }
    Ok(all)
}

/// The oldest hour that has rows of this letter.
pub(crate) async fn first_hour(engine: &dyn Engine, letter: u8) -> Result<Option<u64>, StorageError> {
    let prefix = DatabaseRow::Metric.key(&[letter]).bytes;
    let range = ScanRange::of_prefix(Family::Catalog, prefix.clone(), 1, PAGE_BYTES);
    let page = engine.view(Consistency::Strong).await?.scan_page(&range).await?;
    let hour = page.last_key().and_then(|key| key.strip_prefix(&prefix[..])).and_then(<[u8]>::first_chunk::<4>);
    Ok(hour.map(|hour| u64::from(u32::from_be_bytes(*hour))))
}

pub(crate) fn storage_error(error: TxError) -> StorageError {
    match error {
        TxError::Storage(error) => error,
        error => StorageError::Corrupt(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_they_were_written() {
        let mut hour = Hour::new();
        hour.entry(0).or_default().add(0.5, 1.0);
        hour.entry(59).or_default().add(7.25, 3.0);
        let row = encode_hour(&hour);
        assert_eq!(read_hour(&row), Some(hour));
        assert_eq!(read_hour(&encode_hour(&Hour::new())), Some(Hour::new()));
        assert_eq!(read_hour(&row[..row.len() - 1]), None);
        assert_eq!(read_hour(&[&[FORMAT + 1], &row[1..]].concat()), None);
        assert_eq!(read_hour(&[]), None);
    }
}
