//! Reading ranges: the rows of a page, damaged ones among them, and the one iterator over pages.

use std::ops::Bound;

use bytes::Bytes;

use crate::error::StorageError;
use crate::key::{DamagedRow, Family, Row, ScanDirection, ScanPage, ScanRange, prefix_end};
use crate::{Consistency, Engine, View};

impl dyn View {
    /// As [`View::scan_page`], for readers that need every row: none of the page is damaged.
    ///
    /// # Errors
    /// The engine's failure; [`StorageError::Corrupt`] if a row of the page is damaged.
    pub async fn scan(&self, range: &ScanRange) -> Result<ScanPage, StorageError> {
        self.scan_page(range).await?.whole()
    }
}

impl ScanRange {
    /// All rows of a family.
    pub fn whole(family: Family, rows_max: usize, bytes_max: usize) -> ScanRange {
        ScanRange::of_prefix(family, Bytes::new(), rows_max, bytes_max)
    }

    /// All rows of a family with keys that start with a prefix.
    pub fn of_prefix(family: Family, prefix: Bytes, rows_max: usize, bytes_max: usize) -> ScanRange {
        let (upper, direction) = (prefix_end(&prefix), ScanDirection::Forward);
        ScanRange { family, lower: Bound::Included(prefix), upper, direction, rows_max, bytes_max }
    }
}

impl ScanPage {
    /// The page, if none of its rows is damaged.
    fn whole(self) -> Result<ScanPage, StorageError> {
        match self.damaged.first() {
            Some(damaged) => Err(StorageError::Corrupt(damaged.what.clone())),
            None => Ok(self),
        }
    }

    /// All rows of the page in its order, each readable or damaged.
    pub fn in_order(&self) -> impl Iterator<Item = Result<&Row, &DamagedRow>> {
        let mut damaged = self.damaged.iter().peekable();
        let mut rows = self.rows.iter().enumerate().peekable();
        std::iter::from_fn(move || {
            let at = rows.peek().map_or(usize::MAX, |(at, _)| *at);
            match damaged.next_if(|row| row.position <= at) {
                Some(row) => Some(Err(row)),
                None => rows.next().map(|(_, row)| Ok(row)),
            }
        })
    }

    /// Adds a row that cannot be read behind those of the page.
    pub fn push_damaged(&mut self, key: Option<Bytes>, what: String) {
        self.damaged.push(DamagedRow { key, position: self.rows.len(), what });
    }

    /// Rows of the page, damaged ones included.
    pub fn count(&self) -> usize {
        self.rows.len() + self.damaged.len()
    }

    /// The key of the last row, if it has a known one.
    pub fn last_key(&self) -> Option<&Bytes> {
        match self.damaged.last() {
            Some(last) if last.position == self.rows.len() => last.key.as_ref(),
            _ => self.rows.last().map(|row| &row.key),
        }
    }
}

/// The pages of a range, one after the other: each of at most the range's `rows_max` rows, and about its `bytes_max` bytes.
pub struct Pages<'a> {
    source: Source<'a>,
    /// None at the end.
    left: Option<ScanRange>,
}

enum Source<'a> {
    Snapshot(&'a dyn View),
    FreshViews(&'a dyn Engine),
}

impl<'a> Pages<'a> {
    /// All pages of one snapshot. For short ranges, and where pages have to agree: while the view is held, old versions of rows
    /// are.
    pub fn of_snapshot(view: &'a dyn View, range: ScanRange) -> Pages<'a> {
        Pages { source: Source::Snapshot(view), left: Some(range) }
    }

    /// Each page of a view of its own, for long walks: a row that is written meanwhile is in its page as it is then.
    pub fn of_fresh_views(engine: &'a dyn Engine, range: ScanRange) -> Pages<'a> {
        Pages { source: Source::FreshViews(engine), left: Some(range) }
    }

    /// The next page, of which no row is damaged; none at the end.
    ///
    /// # Errors
    /// As `scan` of a view: the page is read again by the next call.
    pub async fn next(&mut self) -> Result<Option<ScanPage>, StorageError> {
        let Some(page) = self.read().await? else { return Ok(None) };
        let page = page.whole()?;
        self.pass(&page)?;
        Ok(Some(page))
    }

    /// The next page, with its damaged rows, for work that continues with the others; none at the end.
    ///
    /// # Errors
    /// As [`View::scan_page`]: the page is read again by the next call.
    pub async fn next_with_damaged(&mut self) -> Result<Option<ScanPage>, StorageError> {
        let Some(page) = self.read().await? else { return Ok(None) };
        self.pass(&page)?;
        Ok(Some(page))
    }

    /// All rows that are left, of which none is damaged. For ranges that fit into memory.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn rows(mut self) -> Result<Vec<Row>, StorageError> {
        let mut rows = Vec::new();
        while let Some(page) = self.next().await? {
            rows.extend(page.rows);
        }
        Ok(rows)
    }

    /// From the next page on, pages have at most so many rows.
    pub fn limit_rows(&mut self, rows_max: usize) {
        if let Some(range) = &mut self.left {
            range.rows_max = rows_max;
        }
    }

    /// What is left of the range; none at the end. A walk that pauses continues there.
    pub fn left(self) -> Option<ScanRange> {
        self.left
    }

    async fn read(&self) -> Result<Option<ScanPage>, StorageError> {
        let Some(range) = &self.left else { return Ok(None) };
        let page = match &self.source {
            Source::Snapshot(view) => view.scan_page(range).await?,
            Source::FreshViews(engine) => engine.view(Consistency::Strong).await?.scan_page(range).await?,
        };
        Ok(Some(page))
    }

    /// The rest of the range begins behind a page.
    fn pass(&mut self, page: &ScanPage) -> Result<(), StorageError> {
        if !page.more {
            self.left = None;
            return Ok(());
        }
        let last = page.last_key().ok_or_else(|| {
            // Without it the same page would be read again and again.
            StorageError::Corrupt("a page that continues has no last key".to_owned())
        })?;
        if let Some(range) = &mut self.left {
            range.resume_after(last.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_rows_are_in_their_place() {
        let mut page = ScanPage::default();
        let key = |name: &'static str| Some(Bytes::from(name));
        assert_eq!((page.in_order().count(), page.last_key()), (0, None));
        page.push_damaged(key("a"), String::new());
        assert_eq!(page.last_key(), key("a").as_ref());
        page.push_damaged(None, String::new());
        assert_eq!(page.last_key(), None);
        for name in ["c", "d"] {
            page.rows.push(Row { key: Bytes::from(name), value: Bytes::new() });
        }
        assert_eq!(page.last_key(), key("d").as_ref());
        page.push_damaged(key("e"), String::new());
        assert_eq!(page.last_key(), key("e").as_ref());
        let names: Vec<Option<Bytes>> =
            page.in_order().map(|row| row.map_or_else(|row| row.key.clone(), |row| Some(row.key.clone()))).collect();
        assert_eq!(names, [key("a"), None, key("c"), key("d"), key("e")]);
        assert_eq!(page.count(), 5);
        assert!(matches!(page.whole(), Err(StorageError::Corrupt(_))));
    }
}
