//! The one mechanism of indexes: rows that are a function of an item.
//!
//! Every index of a table, of any kind, is a [`MaintainedIndex`]: it computes an item's row. The write path writes the
//! difference between the rows of the old and the new item ([`write_difference`]), and the builder puts the row of each
//! stored item (`table_work::build_index`), so that both agree. A kind of index is a variant here, a state in
//! `tables::index_state`, and the code that reads it.

use bytes::Bytes;
use model::MapRef;
use model::codec::key::HashSecret;
use model::codec::row::{self, StoredItem};
use storage::{Batch, Key};
use tables::rows::{self, ItemKey};
use tables::{Index, IndexKind, IndexStatus, Table, TimeIndex};

use crate::capacity::write_units;

/// An index as the writes of its table maintain it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MaintainedIndex<'t> {
    Secondary(&'t Index),
    Expiry(&'t TimeIndex),
}

/// An item's row of an index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct IndexRow {
    pub key: Key,
    /// The projected attributes; none in an index of expiries: its rows are keys alone.
    projected: Option<StoredItem>,
}

/// What a write did to an index, as it is charged and counted.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct IndexChange {
    pub units: f64,
    /// Those of the old entry, where the new one has another key.
    pub units_moved: f64,
    /// Of item collections: what local indexes add to them.
    pub bytes: i64,
}

/// The indexes that writes of a table maintain, those under construction included.
pub(crate) fn maintained(table: &Table) -> impl Iterator<Item = MaintainedIndex<'_>> {
    let secondary = table.indexes.iter().map(MaintainedIndex::Secondary);
    secondary.chain(table.times.as_ref().map(MaintainedIndex::Expiry))
}

impl<'t> MaintainedIndex<'t> {
    /// The index of this id that still lacks rows of items from before it.
    pub(crate) fn building(table: &'t Table, index_id: u32) -> Option<MaintainedIndex<'t>> {
        maintained(table).find(|index| index.id() == index_id && index.is_building())
    }

    fn id(self) -> u32 {
        match self {
            MaintainedIndex::Secondary(index) => index.id,
            MaintainedIndex::Expiry(index) => index.id,
        }
    }

    fn is_building(self) -> bool {
        match self {
            MaintainedIndex::Secondary(index) => index.status == IndexStatus::Creating,
            MaintainedIndex::Expiry(index) => index.is_building,
        }
    }

    /// Whether the index has a tally of its rows, and its writes consume capacity.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self, MaintainedIndex::Secondary(_))
    }

    /// The row of an item; none if the item is not in the index.
    pub(crate) fn row(
        self,
        secret: &HashSecret,
        table: &Table,
        item: MapRef<'_>,
        item_key: &ItemKey,
    ) -> Option<IndexRow> {
        match self {
            MaintainedIndex::Secondary(index) => {
                let key = rows::index_row(secret, table, index, item, item_key)?;
                let projected = row::project(0, item, |name| index.projects(table, name));
                Some(IndexRow { key, projected: Some(projected) })
            }
            MaintainedIndex::Expiry(index) => {
                Some(IndexRow { key: index.row(table.id(), item, item_key)?, projected: None })
            }
        }
    }

    pub(crate) fn is_local(self) -> bool {
        matches!(self, MaintainedIndex::Secondary(index) if index.kind == IndexKind::Local)
    }
}

impl IndexRow {
    /// As capacity units and tallies count it.
    fn size(&self) -> usize {
        self.projected.as_ref().map_or(0, StoredItem::size)
    }

    pub(crate) fn into_value(self) -> Bytes {
        self.projected.map(StoredItem::into_bytes).unwrap_or_default()
    }
}

/// Writes the difference between an item's rows of an index before and after its write. An unchanged row costs nothing, a row
/// with another key costs a deletion and a put.
pub(crate) fn write_difference(
    table: &Table,
    index: MaintainedIndex<'_>,
    before: Option<IndexRow>,
    after: Option<IndexRow>,
    batch: &mut Batch,
) -> IndexChange {
    if before == after {
        return IndexChange::default();
    }
    let size = |row: &Option<IndexRow>| row.as_ref().map_or(0, IndexRow::size);
    let tally = [i64::from(after.is_some()) - i64::from(before.is_some()), size(&after) as i64 - size(&before) as i64];
    let moves = before.as_ref().map(|row| &row.key) != after.as_ref().map(|row| &row.key);
    let of_row = |row: &Option<IndexRow>| row.as_ref().map_or(0.0, |row| write_units(row.size()));
    let (units, units_moved) = match (&before, &after) {
        _ if !index.is_counted() => (0.0, 0.0),
        (Some(old), Some(new)) if !moves => (write_units(old.size().max(new.size())), 0.0),
        (old, new) => (of_row(old) + of_row(new), of_row(old)),
    };
    if let Some(row) = before
        && moves
    {
        batch.delete(row.key);
    }
    if let Some(row) = after {
        batch.put(row.key.clone(), row.into_value());
    }
    if index.is_counted() {
        batch.hot_tally(rows::index_tally(table.id(), index.id()), tally);
    }
    IndexChange { units, units_moved, bytes: tally[1] }
}
