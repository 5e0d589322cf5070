//! Reads of items by their keys, one by one or several of one state.

use api::Exception;
use bytes::Bytes;
use expr::Condition;
use model::Attributes;
use model::codec::row::StoredItem;
use model::limits::TRANSACTION_SIZE_MAX;
use storage::Key;
use tables::Table;
use tables::failure::storage_failure;

use super::LOOKS_WORTH_A_THREAD;
use crate::allowance::{self, Effort};
use crate::capacity::{Charge, ReadKind};
use crate::change::read_stored;
use crate::consumed::Consumed;
use crate::contributors::Accessed;
use crate::service::Service;
use crate::throttle::check_admitted;

/// How much a read of several items reads between two reservations of memory. Unit: items.
const READ_AT_ONCE: usize = 4;
/// The memory of its items: themselves, and again as JSON. Unit: bytes.
const TOGETHER_MEMORY: usize = 3 * TRANSACTION_SIZE_MAX;

/// An item to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemRead<'r> {
    pub table: &'r Table,
    /// The table as the request names it.
    pub table_name: &'r str,
    /// A key of the table's schema.
    pub key: &'r Attributes,
    /// The row that the key names.
    pub row: &'r Key,
    pub filter: Option<&'r Condition>,
}

impl Service {
    /// Reads one item; none if it does not exist or the filter excludes it. It counts towards the request's memory, of which
    /// the request's items may take `memory` bytes.
    pub(crate) async fn read_item(
        &self,
        read: &ItemRead<'_>,
        kind: ReadKind,
        memory: usize,
        effort: &mut Effort,
        consumed: &mut Consumed,
    ) -> Result<Option<StoredItem>, Exception> {
        let stored = self.find_item(read, kind, memory).await?;
        Ok(self.take_item(read, stored, kind, effort, consumed).await)
    }

    /// The first step of [`Service::read_item`], for a request that may put the item back uncharged. The other one is
    /// [`Service::take_item`].
    pub(crate) async fn find_item(
        &self,
        read: &ItemRead<'_>,
        kind: ReadKind,
        memory: usize,
    ) -> Result<Option<StoredItem>, Exception> {
        self.admit_read(read.table, read.key)?;
        let value = self.engine.get(read.row, kind.consistency()).await.map_err(storage_failure)?;
        let stored = value.map(|bytes| read.decode(&bytes)).transpose()?.flatten();
        allowance::read(stored.as_ref().map_or(0, StoredItem::size), memory).await?;
        Ok(stored)
    }

    /// Applies the filter to the item that was found. The read is charged also if the filter excludes the item, and as the
    /// read of a small item if there is none. A request with filters that read items often waits for a CPU permit.
    pub(crate) async fn take_item(
        &self,
        read: &ItemRead<'_>,
        stored: Option<StoredItem>,
        kind: ReadKind,
        effort: &mut Effort,
        consumed: &mut Consumed,
    ) -> Option<StoredItem> {
        let charge = Charge::of_read(kind, stored.as_ref().map_or(0, StoredItem::size));
        self.charge(read.table, read.table_name, &charge, Accessed::Item(read.key), consumed);
        let (Some(item), Some(filter)) = (&stored, read.filter) else { return stored };
        let work = filter.looks() * item.size();
        effort.spend(work).await;
        let matches = allowance::in_one_go(work / LOOKS_WORTH_A_THREAD, || filter.matches(item.attributes()));
        stored.filter(|_| matches)
    }

    /// Reads items of one consistent state, for a transaction; by place, those that exist and pass their filters.
    pub(crate) async fn read_items_together(
        &self,
        reads: &[ItemRead<'_>],
        consumed: &mut Consumed,
    ) -> Result<Vec<Option<StoredItem>>, Exception> {
        let kind = ReadKind::Transactional;
        if self.throttle.is_some() {
            check_admitted(reads.iter().map(|read| self.admit_read(read.table, read.key)).collect())?;
        }
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
            let stored = value.map(|bytes| read.decode(&bytes)).transpose()?.flatten();
            found.push(self.take_item(read, stored, kind, &mut effort, consumed).await);
        }
        Ok(found)
    }
}

impl ItemRead<'_> {
    /// The item in its row, if there is one.
    fn decode(&self, bytes: &Bytes) -> Result<Option<StoredItem>, Exception> {
        let stored = read_stored(self.table, self.row, bytes, self.key).map_err(Exception::internal)?;
        Ok(stored.into_item())
    }
}
