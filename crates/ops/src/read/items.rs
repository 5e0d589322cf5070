//! Reads of items by their keys, one by one or several of one state.

use api::Exception;
use bytes::Bytes;
use expr::Condition;
use model::Attributes;
use model::codec::row::StoredItem;
use model::limits::TRANSACTION_SIZE_MAX;
use storage::Key;

use super::page::LOOKS_WORTH_A_THREAD;
use crate::allowance::{self, Effort};
use crate::capacity::{ReadKind, Units};
use crate::change::read_stored;
use crate::failure::storage_failure;
use crate::service::Service;
use crate::tables::Table;

/// What a read of several items reads before it asks for more memory. Unit: items.
const READ_AT_ONCE: usize = 4;
/// What its items may take in memory: themselves, and again as JSON. Unit: bytes.
const TOGETHER_MEMORY: usize = 3 * TRANSACTION_SIZE_MAX;

/// An item to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemRead<'r> {
    pub table: &'r Table,
    /// A key of the table's schema.
    pub key: &'r Attributes,
    /// The row that the key names.
    pub row: &'r Key,
    pub filter: Option<&'r Condition>,
}

/// What came of reading an item.
#[derive(Debug)]
pub(crate) struct ItemFound {
    /// Absent if there is none, or the filter leaves it out.
    pub item: Option<StoredItem>,
    pub units: Units,
}

impl Service {
    /// Reads an item by itself. It is part of the request's memory, of which the request's items may take `memory` bytes.
    pub(crate) async fn read_item(
        &self,
        read: &ItemRead<'_>,
        kind: ReadKind,
        effort: &mut Effort,
        memory: usize,
    ) -> Result<ItemFound, Exception> {
        let stored = self.find_item(read, kind, memory).await?;
        Ok(read.found(stored, kind, effort).await)
    }

    /// The first step of [`Service::read_item`], for a request that may put the item back; [`ItemRead::found`] is the other
    /// one.
    pub(crate) async fn find_item(
        &self,
        read: &ItemRead<'_>,
        kind: ReadKind,
        memory: usize,
    ) -> Result<Option<StoredItem>, Exception> {
        let value = self.engine.get(read.row, kind.consistency()).await.map_err(storage_failure)?;
        let stored = value.map(|bytes| read.decode(&bytes)).transpose()?;
        allowance::read(stored.as_ref().map_or(0, StoredItem::size), memory).await?;
        Ok(stored)
    }

    /// Reads items of one consistent state, for a transaction.
    pub(crate) async fn read_items_together(&self, reads: &[ItemRead<'_>]) -> Result<Vec<ItemFound>, Exception> {
        let kind = ReadKind::Transactional;
        let view = self.engine.view(kind.consistency()).await.map_err(storage_failure)?;
        let mut values = Vec::with_capacity(reads.len());
        for some in reads.chunks(READ_AT_ONCE) {
            let rows: Vec<Key> = some.iter().map(|read| read.row.clone()).collect();
            let found = view.get_many(&rows).await.map_err(storage_failure)?;
            allowance::read(found.iter().flatten().map(Bytes::len).sum(), TOGETHER_MEMORY).await?;
            values.extend(found);
        }
        let mut effort = Effort::default();
        let mut found = Vec::with_capacity(reads.len());
        for (read, value) in reads.iter().zip(values) {
            let stored = value.map(|bytes| read.decode(&bytes)).transpose()?;
            found.push(read.found(stored, kind, &mut effort).await);
        }
        Ok(found)
    }
}

impl ItemRead<'_> {
    fn decode(&self, bytes: &Bytes) -> Result<StoredItem, Exception> {
        read_stored(self.table, bytes, self.key).map_err(Exception::internal)
    }

    /// Lets the item through the filter. Reading it consumes the same if it is left out, and reading none as much as
    /// reading a small one. A request whose filters look through items often waits for its turn.
    pub(crate) async fn found(&self, stored: Option<StoredItem>, kind: ReadKind, effort: &mut Effort) -> ItemFound {
        let units = Units::of_table(kind.units(stored.as_ref().map_or(0, StoredItem::size)));
        let item = match (stored, self.filter) {
            (Some(item), Some(filter)) => {
                let work = filter.looks() * item.size();
                effort.spend(work).await;
                let matches = allowance::in_one_go(work / LOOKS_WORTH_A_THREAD, || filter.matches(item.attributes()));
                Some(item).filter(|_| matches)
            }
            (stored, _) => stored,
        };
        ItemFound { item, units }
    }
}
