//! The rows of Contributor Insights: `I` · hours since 1970 (4) · rule id (16) · minute of the hour (1) · process (8), a minute of a
//! rule as one process has counted it (`counted`).
//!
//! A process writes its own rows alone, so that servers do not wait for each other; a reader merges those of all. Hours come first, so that
//! they are deleted by prefix.

use std::collections::BTreeMap;

use keyspace::DatabaseRow;
use storage::{Engine, Family, Key, Pages, ScanRange, StorageError};

use super::counted::Counted;
use super::rule::RuleId;
use crate::HOUR_MINUTES;

/// The letter of these rows.
pub(crate) const RULES: u8 = b'I';
const PAGE_ROWS: usize = 512;
const PAGE_BYTES: usize = 1 << 20;

pub(crate) fn minute_key(minute: u64, id: &RuleId, process: [u8; 8]) -> Key {
    let hour = crate::store::hour_rest(RULES, minute / HOUR_MINUTES);
    DatabaseRow::Metric.key(&[&hour[..], id, &[(minute % HOUR_MINUTES) as u8], &process].concat())
}

/// Whether a row has the form that its key says, by what the key has behind its letter.
pub(crate) fn is_row(rest: &[u8], value: &[u8]) -> bool {
    rest.len() == 29 && Counted::read(value).is_some()
}

/// What is stored of an hour of a rule, of all processes, by the minute of the hour.
pub(crate) async fn read_hour(
    engine: &dyn Engine,
    id: &RuleId,
    hour: u64,
) -> Result<BTreeMap<u8, Counted>, StorageError> {
    let prefix = DatabaseRow::Metric.key(&[&crate::store::hour_rest(RULES, hour)[..], id].concat()).bytes;
    let mut pages =
        Pages::of_fresh_views(engine, ScanRange::of_prefix(Family::Catalog, prefix.clone(), PAGE_ROWS, PAGE_BYTES));
    let mut minutes = BTreeMap::<u8, Counted>::new();
    while let Some(page) = pages.next_with_damaged().await? {
        // A damaged row is left out: a report with a gap is better than none.
        for row in &page.rows {
            let (Some(minute), Some(counted)) = (row.key.get(prefix.len()), Counted::read(&row.value)) else {
                continue;
            };
            minutes.entry(*minute).or_default().merge(&counted);
        }
    }
    Ok(minutes)
}
