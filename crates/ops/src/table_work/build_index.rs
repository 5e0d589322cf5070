//! Building an index on a table that already has items: a global index, or the index of expiries.
//!
//! The index is published first, so that every write maintains it, and the backfill begins once no request uses a
//! definition without it. It scans the items in the order of their rows. Each step re-reads its items under the same
//! exclusion as any other write, and puts the row that a write of that item would put; an item that was written
//! meanwhile gets the row that it already has. The position of the scan is stored in the same batch as the rows, so an
//! interrupted backfill resumes there. Items that lack a key attribute, or have one of a wrong type, have no row.
//!
//! Writes add to the index's counters from the beginning, although the items that they replace may not be counted
//! yet. Once all rows exist, one snapshot shows both the rows and the counters, and their difference is added;
//! from then on writes keep the counters right.
//!
//! The index of a table's items by their expiry has no counters.
//!
//! With several nodes, each step also has the row of the work's owner among its keys.

use std::ops::Bound;

use bytes::Bytes;
use cluster::catalog::{Edit, Interrupted};
use cluster::nodes::owner::{self, Owned};
use keyspace::TABLE_ID_SIZE;
use model::codec::row::{Stored, StoredItem};
use storage::{Batch, Consistency, Family, Key, KeyUse, Mode, Pages, Reads, ScanRange, TALLY_WIDTH, TxError, View};
use tables::rows::{self, ItemKey};
use tables::{IndexState, Table};

use crate::index_rows::{IndexRow, MaintainedIndex};
use crate::service::Service;

/// Items of one step.
const STEP_ITEMS: usize = 256;
/// Rows of the index that are counted in one step.
const COUNTED_ROWS: usize = 4096;
/// What one step reads. Unit: bytes.
const STEP_SIZE: usize = 4 << 20;
/// The consequence of a damaged item, as it is reported.
const LEFT_OUT: &str = "an index is built without a row";
/// How long a step waits after a conflict with a transaction.
const CONFLICT_INTERVAL: std::time::Duration = std::time::Duration::from_millis(1);

impl Service {
    pub(super) async fn build_index(
        &self,
        table_id: u64,
        index_id: u32,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        match self.fill_index(table_id, index_id, owned).await? {
            true => self.finish_index(table_id, index_id).await,
            false => Ok(()),
        }
    }

    /// Scans all items; returns false if the index was deleted meanwhile.
    pub(crate) async fn fill_index(
        &self,
        table_id: u64,
        index_id: u32,
        owned: Option<&Owned>,
    ) -> Result<bool, Interrupted> {
        self.settle(table_id).await?;
        let progress = rows::build_progress(table_id, index_id);
        let passed = self.engine.get(&progress, Consistency::Strong).await?;
        // A write with a dropped future may still be queued, or wait for a replica. Commits become visible in their
        // order: the scan, which begins after this commit, sees all commits before it.
        let begun = passed.clone().unwrap_or_else(|| rows::table_prefix(table_id));
        self.index_batch(table_id, index_id, &[], begun, owned).await.map_err(of_step)?;
        let mut range = ScanRange::of_prefix(Family::Items, rows::table_prefix(table_id), STEP_ITEMS, STEP_SIZE);
        if let Some(passed) = passed {
            range.lower = Bound::Excluded(passed);
        }
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        while self.is_building(table_id, index_id) {
            let Some(page) = pages.next_with_damaged().await? else { return Ok(true) };
            // A damaged row is not among the keys of a step: the engine would refuse to read it.
            self.report_damaged_rows(table_id, &page.damaged, LEFT_OUT);
            let items: Vec<Key> = page.rows.into_iter().map(|row| row.into_key(Family::Items)).collect();
            self.index_items(table_id, index_id, &items, owned).await?;
            self.measure_build(table_id, index_id, items.last().map_or(0.0, passed_percent));
        }
        Ok(false)
    }

    /// Measures how much of a global index is built. Its writes consume no units and are not throttled.
    fn measure_build(&self, table_id: u64, index_id: u32, percent: f64) {
        let Some(table) = self.catalog.by_id(table_id) else { return };
        let Some(index) = table.indexes.iter().find(|index| index.id == index_id) else { return };
        let own = [("GlobalSecondaryIndexName", index.name.as_str())];
        let consumed = ["OnlineIndexConsumedWriteCapacity", "OnlineIndexThrottleEvents"].map(|metric| (metric, 0.0));
        for (metric, value) in [("OnlineIndexPercentageProgress", percent)].into_iter().chain(consumed) {
            self.measure_table(&table, metric, &own, value);
        }
    }

    /// Whether the index is still wanted.
    fn is_building(&self, table_id: u64, index_id: u32) -> bool {
        let table = self.catalog.by_id(table_id).filter(|table| table.is_usable());
        table.is_some_and(|table| MaintainedIndex::building(&table, index_id).is_some())
    }

    /// Puts the index rows of these items. After a conflict with a transaction or a refusal for size, batches are smaller.
    async fn index_items(
        &self,
        table_id: u64,
        index_id: u32,
        items: &[Key],
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let mut left = items;
        let mut count = left.len();
        while let Some(last) = left[..count.min(left.len())].last() {
            let (now, later) = left.split_at(count.min(left.len()));
            match self.index_batch(table_id, index_id, now, last.bytes.clone(), owned).await {
                Ok(()) => left = later,
                Err(TxError::Conflict { .. } | TxError::Busy | TxError::TooLarge) => {
                    count = (now.len() / 2).max(1);
                    tokio::time::sleep(CONFLICT_INTERVAL).await;
                }
                Err(error) => return Err(of_step(error)),
            }
        }
        Ok(())
    }

    async fn index_batch(
        &self,
        table_id: u64,
        index_id: u32,
        items: &[Key],
        passed: Bytes,
        owned: Option<&Owned>,
    ) -> Result<(), TxError> {
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let keys: Vec<KeyUse> = items.iter().cloned().map(KeyUse::write).chain(owned.map(Owned::key)).collect();
        // Ownership is checked in the write itself: a former owner whose step was delayed must not move the progress back.
        let build = |reads: &Reads, batch: &mut Batch| {
            if owned.is_some_and(|owned| !owned.renew(reads, batch)) {
                return Err(owner::taken());
            }
            for (item, stored) in items.iter().zip(&reads.values) {
                let row = stored.as_ref().and_then(|stored| self.built_row(&table, index_id, item, stored));
                if let Some(row) = row {
                    batch.put(row.key.clone(), row.into_value());
                }
            }
            batch.put(rows::build_progress(table_id, index_id), passed.clone());
            Ok(())
        };
        self.engine.write(Mode::Plain, &keys, build).await?
    }

    /// The index row of a stored item. A tombstone has none, nor does a damaged row: that is reported here, and by each read of
    /// the item.
    fn built_row(&self, table: &Table, index_id: u32, item_row: &Key, stored: &Bytes) -> Option<IndexRow> {
        let read = Stored::read(stored.clone()).map_err(|what| what.to_string());
        let item = read.map(Stored::into_item).transpose()?;
        let keyed = item.and_then(|item| match ItemKey::of(&self.secret, table, item.attributes()) {
            Ok(key) if key.row == *item_row => Ok((item, key)),
            _ => Err("it is another item than its key names".to_owned()),
        });
        let (item, key) = match keyed {
            Ok(keyed) => keyed,
            Err(what) => {
                self.report_damaged(table, Some(&item_row.bytes), &what, LEFT_OUT);
                return None;
            }
        };
        let index = MaintainedIndex::building(table, index_id)?;
        index.row(&self.secret, table, item.attributes(), &key)
    }

    /// Corrects the counters and makes the index readable.
    async fn finish_index(&self, table_id: u64, index_id: u32) -> Result<(), Interrupted> {
        // Rows are counted before the catalog is locked: the count takes long, and later writes change rows and tally alike.
        // The state is checked again under the lock: the index may have been deleted meanwhile.
        let tallies = self.missing_from_tally(table_id, index_id).await?;
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id).filter(|table| table.is_usable()) else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        if !definition.has_index_in(index_id, IndexState::Building) {
            return Ok(());
        }
        self.measure_build(table_id, index_id, 100.0);
        definition.set_index_ready(index_id);
        let edit = Edit { deletes: vec![rows::build_progress(table_id, index_id)], tallies, ..Edit::default() };
        self.catalog.replace(&self.engine, guard, definition, edit).await?;
        Ok(())
    }

    /// The difference between the rows of one snapshot of the index and its tally, if it has one. The snapshot is held for a
    /// scan of the whole index, which happens once in its life.
    async fn missing_from_tally(
        &self,
        table_id: u64,
        index_id: u32,
    ) -> Result<Vec<(Key, [i64; TALLY_WIDTH])>, Interrupted> {
        let table = self.catalog.by_id(table_id);
        let index = table.as_deref().and_then(|table| MaintainedIndex::building(table, index_id));
        if !index.is_some_and(MaintainedIndex::is_counted) {
            return Ok(Vec::new());
        }
        drop(table);
        let tally_key = rows::index_tally(table_id, index_id);
        let view = self.engine.view(Consistency::Strong).await?;
        let known = view.get_many(std::slice::from_ref(&tally_key)).await?;
        let known = rows::read_tally(&tally_key, known.first().and_then(Option::as_ref))?;
        let counted = count_rows(view.as_ref(), rows::index_prefix(table_id, index_id)).await?;
        let missing = [counted[0].saturating_sub(known[0]), counted[1].saturating_sub(known[1])];
        Ok(vec![(tally_key, missing)])
    }
}

/// How much of a table's items are passed with this one: items are in the order of their hashes, which are spread evenly.
fn passed_percent(item: &Key) -> f64 {
    let hash = item.bytes.get(TABLE_ID_SIZE..).and_then(<[u8]>::first_chunk::<4>);
    hash.map_or(0.0, |hash| 100.0 * f64::from(u32::from_be_bytes(*hash)) / f64::from(u32::MAX))
}

/// Why the scan ends with a step.
fn of_step(error: TxError) -> Interrupted {
    match error {
        TxError::Storage(error) => error.into(),
        error => Interrupted::Failed(format!("an index could not be filled further: {error}")),
    }
}

async fn count_rows(view: &dyn View, prefix: Bytes) -> Result<[i64; TALLY_WIDTH], Interrupted> {
    let mut counted = [0; TALLY_WIDTH];
    let mut pages = Pages::of_snapshot(view, ScanRange::of_prefix(Family::Index, prefix, COUNTED_ROWS, STEP_SIZE));
    while let Some(page) = pages.next_with_damaged().await? {
        counted[0] += page.count() as i64;
        // A row's size is in its value: that of a damaged one is not known.
        counted[1] += page
            .rows
            .iter()
            .filter_map(|row| StoredItem::read_projected(row.value.clone()).ok())
            .map(|row| row.size() as i64)
            .sum::<i64>();
    }
    Ok(counted)
}
