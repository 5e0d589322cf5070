//! The one page loop: Query and Scan, over tables and indexes, for expressions, legacy parameters and PartiQL alike.
//!
//! A page is read from one snapshot, in chunks, so that neither memory nor a thread is held for long. The limits of a page
//! count before the filter: rows by `Limit`, bytes by the 1 MB rule, on an index the projected size. The item that crosses
//! the limit is the last one of its page. Source: captures from AWS.

use std::fmt;
use std::ops::Bound;

use api::Exception;
use bytes::Bytes;
use expr::Condition;
use model::codec::row::{Stored, StoredItem};
use model::limits::{ITEM_SIZE_MAX, PAGE_SIZE_MAX};
use model::{Attributes, MapRef};
use storage::{Family, Key, Pages, Row, ScanDirection, ScanRange, View};
use tables::failure::storage_failure;
use tables::rows::{self, ItemKey, damaged};
use tables::{Index, Table};

use super::LOOKS_WORTH_A_THREAD;
use crate::allowance::{self, Effort};
use crate::capacity::{Charge, ReadKind};
use crate::consumed::Consumed;
use crate::contributors::{Accessed, PageKeys};
use crate::coverage::Source;
use crate::damage_report::damaged_in_page;
use crate::service::Service;

/// What one step of a page reads from the engine. Unit: bytes.
const CHUNK_SIZE: usize = 256 * 1024;
/// The size of the first step when nothing else bounds it: most partitions are small. Unit: rows.
const CHUNK_ROWS_MAX: usize = 4096;
/// The same where every row's item is fetched from the table, which may be 400 KB each. Unit: rows.
const FETCH_ROWS_MAX: usize = 64;

/// The memory of a page while it is read and serialized: its rows, and those again as JSON, which is up to three times as
/// long if attributes are short. Unit: bytes.
const PAGE_MEMORY: usize = 4 * (PAGE_SIZE_MAX + ITEM_SIZE_MAX);

/// The rows of a page, and how to read them.
#[derive(Debug)]
pub(crate) struct PageRequest<'a> {
    pub table: &'a Table,
    /// The table as the request names it.
    pub table_name: &'a str,
    pub index: Option<&'a Index>,
    pub lower: Bound<Bytes>,
    pub upper: Bound<Bytes>,
    /// The partition's key, if all rows are of one.
    pub partition: Option<&'a Attributes>,
    pub direction: ScanDirection,
    pub filter: Option<&'a Condition>,
    /// Rows to evaluate at most.
    pub limit: Option<usize>,
    /// Whether a local index's rows are answered from the table's items.
    pub source: Source,
    pub kind: ReadKind,
}

/// What a page found.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The items that passed the filter.
    pub items: Vec<StoredItem>,
    pub scanned: usize,
    /// What was read, as the 1 MB rule counts it. Unit: bytes.
    pub read_size: usize,
    /// Where the next page begins, if there may be one.
    pub last: Option<Attributes>,
}

impl Service {
    /// Reads a page and charges it.
    pub(crate) async fn page(&self, request: &PageRequest<'_>, consumed: &mut Consumed) -> Result<Page, Exception> {
        let size_max = self.admit_page(request.table, request.index, request.kind, request.partition)?;
        let walk = self.walk(request, size_max).await?;
        let charge = Charge::of_page(request.kind, request.index, walk.page.read_size, walk.fetched_units);
        self.charge(request.table, request.table_name, &charge, Accessed::Page(walk.keys.as_ref()), consumed);
        Ok(walk.page)
    }

    /// Reads rows until the page is full, with so many bytes at most, or there are no more.
    async fn walk<'r>(&self, request: &'r PageRequest<'r>, size_max: usize) -> Result<Walk<'r>, Exception> {
        let view = self.engine.view(request.kind.consistency()).await.map_err(storage_failure)?;
        let mut walk = Walk::new(request, size_max);
        let mut effort = Effort::default();
        // A filter reads an item as often as it names an attribute.
        let looks = 1 + request.filter.map_or(0, Condition::looks);
        let mut pages = Pages::of_snapshot(&*view, request.range());
        let mut passed_over = false;
        loop {
            // Tombstones do not count as rows of the page. Among many of them, a small limit would make small reads.
            pages.limit_rows(if passed_over { CHUNK_ROWS_MAX } else { walk.rows_left() });
            let chunk = pages.next_with_damaged().await.map_err(storage_failure)?;
            let Some(chunk) = chunk else { return Ok(walk) };
            allowance::read(chunk.rows.iter().map(|row| row.value.len()).sum(), PAGE_MEMORY).await?;
            let fetched = self.fetch(request, view.as_ref(), &chunk.rows).await?;
            let mut fetched = fetched.iter();
            for row in chunk.in_order() {
                // Rows before a damaged one may fill the page, which then does not need it.
                let row = row.map_err(|row| damaged_in_page(request.table, row))?;
                let Some(item) = request.item_of(row)? else {
                    passed_over = true;
                    effort.spend(row.value.len()).await;
                    continue;
                };
                let fetched = fetched.next();
                let work = looks * fetched.map_or(item.size(), StoredItem::size);
                effort.spend(work).await;
                allowance::in_one_go(work / LOOKS_WORTH_A_THREAD, || walk.take(item, fetched));
                if walk.is_full() {
                    walk.stop();
                    return Ok(walk);
                }
            }
        }
    }

    /// The table's items behind the rows of a local index, in their order.
    async fn fetch(
        &self,
        request: &PageRequest<'_>,
        view: &dyn View,
        rows: &[Row],
    ) -> Result<Vec<StoredItem>, Exception> {
        if request.source == Source::Rows {
            return Ok(Vec::new());
        }
        let mut keys: Vec<Key> = Vec::with_capacity(rows.len());
        for row in rows {
            let entry = StoredItem::read_projected(row.value.clone());
            let entry = entry.map_err(|what| damaged(request.table, &row.key, what))?;
            let key = ItemKey::of(&self.secret, request.table, entry.attributes());
            keys.push(key.map_err(|_| damaged(request.table, &row.key, "it lacks the item's key"))?.row);
        }
        let values = view.get_many(&keys).await.map_err(storage_failure)?;
        allowance::read(values.iter().flatten().map(Bytes::len).sum(), PAGE_MEMORY).await?;
        let item = |(key, value): (&Key, Option<Bytes>)| {
            let damaged = |what: &dyn fmt::Display| damaged(request.table, &key.bytes, what);
            let stored = value.map(Stored::read).transpose().map_err(|what| damaged(&what))?;
            stored.and_then(Stored::into_item).ok_or_else(|| damaged(&"an index row has no item"))
        };
        keys.iter().zip(values).map(item).collect()
    }
}

impl PageRequest<'_> {
    /// A row of the index as an item, or the item of a row of the table, if there is one.
    fn item_of(&self, row: &Row) -> Result<Option<StoredItem>, Exception> {
        let item = match self.index {
            Some(_) => StoredItem::read_projected(row.value.clone()).map(Some),
            None => Stored::read(row.value.clone()).map(Stored::into_item),
        };
        item.map_err(|what| damaged(self.table, &row.key, what))
    }

    fn range(&self) -> ScanRange {
        ScanRange {
            family: if self.index.is_some() { Family::Index } else { Family::Items },
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            direction: self.direction,
            rows_max: 0,
            bytes_max: CHUNK_SIZE,
        }
    }
}

/// A page being filled.
struct Walk<'a> {
    request: &'a PageRequest<'a>,
    /// The page ends with the row that crosses it. Unit: bytes.
    size_max: usize,
    page: Page,
    fetched_units: f64,
    /// The memory of what has been read; of a fetched item its own size, not its row's. Unit: bytes.
    held: usize,
    /// The last row that was evaluated.
    reached: Option<StoredItem>,
    /// Of the rows, if Contributor Insights counts them.
    keys: Option<PageKeys>,
}

impl<'a> Walk<'a> {
    fn new(request: &'a PageRequest<'a>, size_max: usize) -> Walk<'a> {
        let keys = PageKeys::of(request.table, request.index);
        Walk { request, size_max, page: Page::default(), fetched_units: 0.0, held: 0, reached: None, keys }
    }

    fn rows_left(&self) -> usize {
        let rows_max = match self.request.source {
            Source::Rows => CHUNK_ROWS_MAX,
            Source::Table => FETCH_ROWS_MAX,
        };
        self.request.limit.map_or(rows_max, |limit| limit - self.page.scanned).min(rows_max)
    }

    fn is_full(&self) -> bool {
        self.held > self.size_max || self.rows_left() == 0
    }

    fn take(&mut self, row: StoredItem, fetched: Option<&StoredItem>) {
        self.page.scanned += 1;
        self.page.read_size += row.size();
        if let Some(keys) = &mut self.keys {
            keys.take(row.attributes(), row.size());
        }
        let item = fetched.unwrap_or(&row);
        self.held += item.size();
        if fetched.is_some() {
            self.fetched_units += self.request.kind.units(item.size());
        }
        if self.request.filter.is_none_or(|filter| filter.matches(item.attributes())) {
            self.page.items.push(item.clone());
        }
        self.reached = Some(row);
    }

    /// Ends the page before the range does.
    fn stop(&mut self) {
        self.page.last = self.reached.take().map(|row| position(self.request, row.attributes()));
    }
}

/// The key that names a row among those of its table or index: LastEvaluatedKey.
fn position(request: &PageRequest<'_>, row: MapRef<'_>) -> Attributes {
    let mut key = rows::key_attributes(request.table, row);
    for part in request.index.iter().flat_map(|index| index.key.attributes()) {
        if let Some(value) = row.get(&part.name) {
            key.insert(part.name.clone(), value.to_owned());
        }
    }
    key
}
