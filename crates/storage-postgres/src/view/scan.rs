//! Scans: pages of rows in the order of their keys.
//!
//! A range of keys is a range of positions `(p, s)`, read by one statement that stops at the page's rows and bytes.
//! Rows with long keys need two more thoughts. Positions of a range's ends may take in such rows beyond the ends, so
//! every key is compared again here. And a group of them (`place`) comes in no order: one that came whole is sorted
//! here; one that was cut off at the end of a fetch is read again, as the first of the next one; and one that fills a
//! fetch by itself is sorted by the server.

use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use storage::{Row, ScanDirection, ScanPage, ScanRange, StorageError};

use super::Snapshot;
use crate::connection::{Ask, Sql, Value};
use crate::place::{Group, Position};

/// Rows that the first fetch asks for; later ones go by what came.
const ROWS_FIRST: usize = 256;
const ROWS_MAX: usize = 8_192;
/// Rows that a fetch out of one group asks for.
const GROUP_ROWS: usize = 16;

/// How many rows a fetch asks for.
pub(super) struct Pace(AtomicUsize);

impl Default for Pace {
    fn default() -> Pace {
        Pace(AtomicUsize::new(ROWS_FIRST))
    }
}

impl Pace {
    fn rows(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks for a little more than fits, so that a page is one fetch, and the server looks at few rows in vain.
    fn learn(&self, asked: usize, came: usize, by_bytes: bool) {
        let rows = self.rows();
        if by_bytes {
            self.0.store((came + came / 4 + 16).min(ROWS_MAX), Ordering::Relaxed);
        } else if asked == rows && came == asked {
            self.0.store((rows * 4).min(ROWS_MAX), Ordering::Relaxed);
        }
    }
}

pub(super) async fn scan(view: &Snapshot, range: &ScanRange) -> Result<ScanPage, StorageError> {
    let mut walk = Walk::new(view, range);
    if !range.is_empty() {
        while walk.step().await? == Progress::More {}
    }
    Ok(walk.page)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    More,
    Done,
}

/// A page being filled.
struct Walk<'a> {
    view: &'a Snapshot,
    range: &'a ScanRange,
    /// The keys of the range: the lower one belongs to it, the upper one does not.
    lower: Bytes,
    upper: Option<Bytes>,
    /// The positions that are left.
    from: Position,
    to: Position,
    page: ScanPage,
    bytes: usize,
}

/// A row as it was fetched.
struct Found {
    at: Position,
    key: Bytes,
    /// Absent of the first row that does not fit any more.
    value: Option<Bytes>,
}

impl<'a> Walk<'a> {
    fn new(view: &'a Snapshot, range: &'a ScanRange) -> Walk<'a> {
        let family = range.family;
        let lower = match &range.lower {
            Bound::Included(key) => key.clone(),
            Bound::Excluded(key) => successor(key),
            Bound::Unbounded => Bytes::new(),
        };
        let upper = match &range.upper {
            Bound::Included(key) => Some(successor(key)),
            Bound::Excluded(key) => Some(key.clone()),
            Bound::Unbounded => None,
        };
        let from = Position::before(family, &lower);
        let to = match &upper {
            Some(upper) => Position::behind_all_below(family, upper),
            None => Position::family_end(family),
        };
        Walk { view, range, lower, upper, from, to, page: ScanPage::default(), bytes: 0 }
    }

    fn forward(&self) -> bool {
        self.range.direction == ScanDirection::Forward
    }

    fn is_full(&self) -> bool {
        !self.page.rows.is_empty()
            && (self.page.rows.len() >= self.range.rows_max || self.bytes >= self.range.bytes_max)
    }

    /// One fetch, and what it gives to the page.
    async fn step(&mut self) -> Result<Progress, StorageError> {
        let (mut found, cut) = self.fetch().await?;
        if cut && let Some(group) = found.last().and_then(|row| row.at.group()) {
            let whole = found.iter().take_while(|row| row.at.group().as_ref() != Some(&group)).count();
            if whole == 0 {
                return self.walk_group(&group).await;
            }
            found.truncate(whole);
        }
        let reached = found.iter().rev().find(|row| row.value.is_some()).map(|row| row.at.clone());
        self.sort_groups(&mut found);
        if self.take(found) == Progress::Done || !cut {
            return Ok(Progress::Done);
        }
        match reached {
            Some(at) if self.forward() => self.from = at.next(),
            Some(at) => self.to = at,
            None => return Err(StorageError::Corrupt("a page without rows goes on".to_owned())),
        }
        Ok(Progress::More)
    }

    /// The next rows, and whether there may be more behind them.
    async fn fetch(&self) -> Result<(Vec<Found>, bool), StorageError> {
        let rows_left = self.range.rows_max.saturating_sub(self.page.rows.len());
        let limit = rows_left.saturating_add(1).min(self.view.pace.rows());
        let bytes_left = self.range.bytes_max.saturating_sub(self.bytes).max(1);
        let mut values =
            [&self.from.p, &self.from.s, &self.to.p, &self.to.s].map(|bytes| Value::from(&bytes[..])).to_vec();
        values.extend([Value::Int(limit as i64), Value::Int(i64::try_from(bytes_left).unwrap_or(i64::MAX))]);
        let sql = if self.forward() { Sql::ScanForward } else { Sql::ScanBackward };
        let found = self.ask(sql, values).await?;
        let by_bytes = found.last().is_some_and(|row| row.value.is_none());
        self.view.pace.learn(limit, found.len(), by_bytes);
        let cut = by_bytes || found.len() == limit;
        Ok((found, cut))
    }

    async fn ask(&self, sql: Sql, values: Vec<Value>) -> Result<Vec<Found>, StorageError> {
        let replies = self.view.ask(vec![Ask::Of(sql, values)]).await?;
        let rows = replies.into_iter().flat_map(|reply| reply.rows);
        rows.map(|row| Found::read(&row)).collect()
    }

    /// Puts the rows of each group in the order of their keys.
    fn sort_groups(&self, found: &mut [Found]) {
        for run in found.chunk_by_mut(|left, right| left.at.group().is_some() && left.at.group() == right.at.group()) {
            match self.forward() {
                true => run.sort_by(|left, right| left.key.cmp(&right.key)),
                false => run.sort_by(|left, right| right.key.cmp(&left.key)),
            }
        }
    }

    /// Adds rows to the page until it is full and one more is seen.
    fn take(&mut self, found: Vec<Found>) -> Progress {
        for row in found {
            let within = row.key >= self.lower && self.upper.as_ref().is_none_or(|upper| row.key < *upper);
            if !within {
                continue;
            }
            if self.is_full() {
                self.page.more = true;
                return Progress::Done;
            }
            let Some(value) = row.value else { continue };
            self.bytes += row.key.len() + value.len();
            self.page.rows.push(Row { key: row.key, value });
        }
        Progress::More
    }

    /// Reads a group that is larger than a fetch, in the order of its keys.
    async fn walk_group(&mut self, group: &Group) -> Result<Progress, StorageError> {
        let prefix = group.prefix();
        let (start, end) = (group.start(), group.end());
        let mut lower = self.lower.strip_prefix(&prefix[..]).unwrap_or_default().to_vec();
        let mut upper = self.upper.as_ref().and_then(|upper| upper.strip_prefix(&prefix[..])).map(<[u8]>::to_vec);
        loop {
            let (sql, bound) = match self.forward() {
                true => (Sql::GroupForward, Value::from(&lower[..])),
                false => (Sql::GroupBackward, Value::from(upper.clone())),
            };
            let values =
                vec![group.p[..].into(), start.s[..].into(), end.s[..].into(), bound, Value::Int(GROUP_ROWS as i64)];
            let found = self.ask(sql, values).await?;
            let count = found.len();
            if let Some(last) = found.last() {
                let tail = last.key.strip_prefix(&prefix[..]).unwrap_or_default();
                lower = [tail, &[0]].concat();
                upper = Some(tail.to_vec());
            }
            if self.take(found) == Progress::Done {
                return Ok(Progress::Done);
            }
            if count < GROUP_ROWS {
                break;
            }
        }
        match self.forward() {
            true => self.from = end,
            false => self.to = start,
        }
        Ok(Progress::More)
    }
}

impl Found {
    fn read(row: &tokio_postgres::Row) -> Result<Found, StorageError> {
        let damaged = |error: tokio_postgres::Error| StorageError::Corrupt(error.to_string());
        let at = Position { p: row.try_get(0).map_err(damaged)?, s: row.try_get(1).map_err(damaged)? };
        let k: Option<&[u8]> = row.try_get(2).map_err(damaged)?;
        let key = at.key(k).ok_or_else(|| StorageError::Corrupt("a row's key cannot be one".to_owned()))?;
        let value: Option<&[u8]> = row.try_get(3).map_err(damaged)?;
        Ok(Found { at, key, value: value.map(Bytes::copy_from_slice) })
    }
}

/// The least key that is greater.
fn successor(key: &[u8]) -> Bytes {
    [key, &[0]].concat().into()
}
