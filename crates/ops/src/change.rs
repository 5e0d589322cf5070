//! The mutation of one item: a pure function of the stored item and the request.
//!
//! PutItem, UpdateItem, DeleteItem, BatchWriteItem, TransactWriteItems, PartiQL and background work all make
//! [`Change`]s; `write.rs` runs them. A change is made in two steps. The constructors check what is known without
//! the stored item: the key, the types of index keys, the size of a whole new item. [`Change::apply`] decides on
//! the stored item and adds the item, its index rows and the counters to one batch.

#[cfg(test)]
pub(crate) mod broken;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use change_log::{self, Author, Made};
use expr::{Condition, Update};
use model::codec::key::HashSecret;
use model::codec::row::{Stamp, Stored, StoredItem, Tombstone};
use model::limits::ITEM_SIZE_MAX;
use model::{Attributes, item_size};
use storage::{Batch, Key};
use tables::item_key::{self, KeyProblem};
use tables::rows::{self, ItemKey, damaged_row};
use tables::{ContributorInsights, Index, TOMBSTONE_LIFE_MS, Table};

use crate::capacity::Charge;
use crate::contributors::Accessed;
use crate::index_rows::{self, IndexChange, MaintainedIndex};
use crate::throttle::Throttled;

/// What to do with the item.
#[derive(Debug)]
pub(crate) enum Action {
    Put(Attributes),
    Update(Update),
    Delete,
    /// A deletion, unless the item has not expired by then.
    Expire {
        now_s: u64,
    },
    /// Nothing: only the condition counts (ConditionCheck).
    Check,
    /// What another replica has: its item, or none. Made only over a row with an older stamp, so that it may be repeated, and
    /// arrive in any order.
    Replicate {
        item: Option<Attributes>,
        stamp: Stamp,
        /// It is a part of the first copy of a table, and no change of it: no log records it.
        is_copy: bool,
    },
}

/// One item's change, proven as far as it can be without the stored item.
#[derive(Debug)]
pub(crate) struct Change {
    pub table: Arc<Table>,
    pub key: ItemKey,
    pub key_attributes: Attributes,
    pub condition: Option<Condition>,
    pub action: Action,
    pub author: Author,
}

/// What a change did.
#[derive(Debug)]
pub(crate) struct Applied {
    pub old: Option<StoredItem>,
    pub new: Option<StoredItem>,
    /// Whether it wrote anything.
    pub wrote: bool,
    pub charge: Charge,
}

impl Applied {
    /// The size that the change is charged by: the larger one of the item before and after.
    pub(crate) fn size(&self) -> usize {
        let size = |item: &Option<StoredItem>| item.as_ref().map_or(0, StoredItem::size);
        size(&self.old).max(size(&self.new))
    }

    /// Without the items: a batch returns none of them, and a hundred are much memory to hold until the commit is durable.
    pub(crate) fn forget_items(self) -> Applied {
        Applied { old: None, new: None, ..self }
    }
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum Refusal {
    ConditionFailed {
        old: Option<StoredItem>,
    },
    /// The result of the update is not an item that may be stored.
    Invalid(String),
    /// The result of the update has an index key that cannot be stored.
    Key(KeyProblem),
    /// The stored row cannot be read; the text is for the operator.
    Damaged(String),
    /// An index that it would change has no units left.
    Throttled(Throttled),
}

impl Refusal {
    /// What the refused change consumes: if its condition does not hold, as much as a write of the stored item.
    /// Source: Developer Guide, "DynamoDB read and write operations", on conditional writes.
    pub(crate) fn charge(&self) -> Charge {
        match self {
            Refusal::ConditionFailed { old } => Charge::of_write(old.as_ref().map_or(0, StoredItem::size)),
            Refusal::Invalid(_) | Refusal::Key(_) | Refusal::Damaged(_) | Refusal::Throttled(_) => Charge::no_write(),
        }
    }
}

impl Change {
    pub(crate) fn put(
        secret: &HashSecret,
        table: Arc<Table>,
        item: Attributes,
        condition: Option<Condition>,
    ) -> Result<Change, KeyProblem> {
        item_key::check_item(&table, &item)?;
        item_key::check_condition(&table, condition.as_ref())?;
        let key = ItemKey::of(secret, &table, item.view())?;
        let key_attributes = rows::key_attributes(&table, item.view());
        Ok(Change { table, key, key_attributes, condition, action: Action::Put(item), author: Author::Client })
    }

    /// An update, a deletion or a check of the item that `key` names.
    pub(crate) fn of_key(
        secret: &HashSecret,
        table: Arc<Table>,
        key: Attributes,
        condition: Option<Condition>,
        action: Action,
    ) -> Result<Change, KeyProblem> {
        item_key::check_key(&table, &key)?;
        item_key::check_condition(&table, condition.as_ref())?;
        if let Action::Update(update) = &action {
            item_key::check_update(&table, update)?;
        }
        let item_key = ItemKey::of(secret, &table, key.view())?;
        Ok(Change { table, key: item_key, key_attributes: key, condition, action, author: Author::Client })
    }

    /// What its charge is for.
    pub(crate) fn accessed(&self) -> Accessed<'_> {
        Accessed::Item(&self.key_attributes)
    }

    /// Whether the change consumes capacity units.
    pub(crate) fn consumes(&self) -> bool {
        match self.author {
            // A replicated write consumes the receiving region's units. Source: Developer Guide, "Global tables: billing".
            Author::Client | Author::Replication { .. } => true,
            Author::TimeToLive | Author::Restore => false,
        }
    }

    /// Decides: adds the writes to `batch`, or returns the reason for a refusal. Called with the item's row locked, so that
    /// condition, index rows and log record are of the item that the batch replaces. `now_ms` is one for all changes of a batch: a
    /// moment that a table is restored to divides no write.
    pub(crate) fn apply(
        &self,
        secret: &HashSecret,
        now_ms: u64,
        stored: Option<&Bytes>,
        batch: &mut Batch,
    ) -> Result<Applied, Refusal> {
        let stored = match stored {
            Some(bytes) => {
                let read = read_stored(&self.table, &self.key.row, bytes, &self.key_attributes);
                Some(read.map_err(Refusal::Damaged)?)
            }
            None => None,
        };
        // A tombstone is no item, but an item that replaces it has a greater version: versions of one row never repeat.
        let version = stored.as_ref().map_or(1, |stored| stored.version().saturating_add(1));
        let before = stored.as_ref().and_then(Stored::stamp);
        let old = stored.and_then(Stored::into_item);
        let stamp = self.stamp(now_ms, before, old.as_ref());
        if let Some(condition) = &self.condition {
            let nothing = Attributes::new();
            if !condition.matches(old.as_ref().map_or(nothing.view(), StoredItem::attributes)) {
                return Err(Refusal::ConditionFailed { old });
            }
        }
        let row = |item: &Attributes| match &stamp {
            None => StoredItem::new(version, item.view()),
            Some(stamp) => StoredItem::stamped(version, stamp, item.view()),
        };
        let new = match &self.action {
            Action::Put(item) => Some(row(item)),
            // REMOVE and DELETE alone do not create the item, and their paths are not resolved in it. Observed on AWS.
            Action::Update(update) if old.is_none() && update.only_clears() => None,
            Action::Update(update) => {
                let item = self.updated(update, old.as_ref())?;
                Some(row(&item))
            }
            Action::Delete => None,
            Action::Expire { now_s } if self.is_due(old.as_ref(), *now_s) => None,
            Action::Expire { .. } => {
                return Ok(Applied { wrote: false, charge: Charge::no_write(), new: old.clone(), old });
            }
            Action::Check => {
                let charge = Charge::of_write(old.as_ref().map_or(0, StoredItem::size));
                return Ok(Applied { wrote: false, charge, new: old.clone(), old });
            }
            // The last writer wins. An equal stamp is the same write, which is here already.
            Action::Replicate { stamp, .. } if before.is_some_and(|before| stays(before, *stamp)) => {
                return Ok(Applied { wrote: false, charge: Charge::no_write(), new: old.clone(), old });
            }
            Action::Replicate { item, .. } => item.as_ref().map(row),
        };
        let tombstone = stamp;
        #[cfg(test)]
        let tombstone = tombstone.filter(|_| !broken::is_broken(broken::Broken::Tombstones));
        if let (None, Some(stamp)) = (&new, tombstone)
            && (old.is_some() || matches!(self.action, Action::Replicate { .. }))
        {
            let end_of_life_ms = now_ms.saturating_add(TOMBSTONE_LIFE_MS);
            batch.put(self.key.row.clone(), Tombstone { version, stamp, end_of_life_ms }.encode());
        }
        let charge = self.write(secret, old.as_ref(), new.as_ref(), tombstone.is_some(), batch);
        if !matches!(self.action, Action::Replicate { is_copy: true, .. }) {
            let made = Made { author: self.author, at_ms: now_ms, stamp };
            change_log::append(&self.table, &self.key.partition, made, old.as_ref(), new.as_ref(), batch);
        }
        let charge = if self.consumes() { charge } else { Charge::no_write() };
        Ok(Applied { wrote: old.is_some() || new.is_some(), old, new, charge })
    }

    /// The stamp of the write. A deletion by time to live has the moment at which the item expired: a later write of any region
    /// wins over it, whenever the sweep comes by.
    fn stamp(&self, now_ms: u64, before: Option<Stamp>, old: Option<&StoredItem>) -> Option<Stamp> {
        let at_ms = match &self.action {
            Action::Replicate { stamp, .. } => return Some(*stamp),
            Action::Expire { .. } => {
                let times = self.table.times.as_ref().zip(old);
                times.and_then(|(times, old)| times.expiry_ms(old.attributes())).unwrap_or(now_ms).min(now_ms)
            }
            Action::Put(_) | Action::Update(_) | Action::Delete | Action::Check => now_ms,
        };
        self.table.stamps.next(at_ms, before)
    }

    fn updated(&self, update: &Update, old: Option<&StoredItem>) -> Result<Attributes, Refusal> {
        let before = old.map_or_else(|| self.key_attributes.clone(), |old| old.attributes().to_owned());
        let updated = update.apply(before).map_err(|error| Refusal::Invalid(error.to_string()))?;
        if item_size(updated.view()) > ITEM_SIZE_MAX {
            return Err(Refusal::Invalid(KeyProblem::UpdatedItemTooLarge.to_string()));
        }
        item_key::check_updated_index_keys(&self.table, updated.view()).map_err(Refusal::Key)?;
        Ok(updated)
    }

    fn is_due(&self, old: Option<&StoredItem>, now_s: u64) -> bool {
        self.table.times.as_ref().zip(old).is_some_and(|(times, old)| times.is_due(old.attributes(), now_s))
    }

    /// Adds the item's row, its index rows and the counters; returns what the write consumes.
    fn write(
        &self,
        secret: &HashSecret,
        old: Option<&StoredItem>,
        new: Option<&StoredItem>,
        leaves_tombstone: bool,
        batch: &mut Batch,
    ) -> Charge {
        let size = |item: Option<&StoredItem>| item.map_or(0, StoredItem::size);
        let mut charge = Charge::of_write(size(old).max(size(new)));
        match (old, new) {
            (_, Some(new)) => batch.put(self.key.row.clone(), new.clone().into_bytes()),
            (Some(_), None) if leaves_tombstone => {}
            (Some(_), None) => batch.delete(self.key.row.clone()),
            (None, None) => return charge,
        }
        let mut collection = deltas(old, new);
        batch.hot_tally(rows::table_tally(self.table.id()), collection);
        for index in index_rows::maintained(&self.table) {
            let row = |item: Option<&StoredItem>| index.row(secret, &self.table, item?.attributes(), &self.key);
            let change = index_rows::write_difference(&self.table, index, row(old), row(new), batch);
            if let MaintainedIndex::Secondary(index) = index {
                charge.add_index(index, change.units, counted_entries(index, change, old, new));
            }
            if index.is_local() {
                collection[1] += change.bytes;
            }
        }
        if self.table.has_local_indexes() {
            batch.tally(rows::collection_tally(self.table.id(), &self.key.partition), collection);
        }
        charge
    }
}

/// Whether a row stays as it is when another region's write arrives.
fn stays(own: Stamp, arriving: Stamp) -> bool {
    #[cfg(test)]
    if broken::is_broken(broken::Broken::TieBreak) {
        return own.time >= arriving.time;
    }
    own >= arriving
}

/// Reads the stored row of an item's key. An item in it must be the one that `key` names: two keys that share a hash would
/// share a row.
///
/// # Errors
/// The problem of the row, for the operator.
pub(crate) fn read_stored(table: &Table, row: &Key, bytes: &Bytes, key: &Attributes) -> Result<Stored, String> {
    let damaged = |what: &dyn fmt::Display| damaged_row(table, &row.bytes, what);
    let stored = Stored::read(bytes.clone()).map_err(|what| damaged(&what))?;
    let Stored::Item(item) = &stored else { return Ok(stored) };
    let attributes = item.attributes();
    let mut parts = table.key.attributes();
    if !parts.all(|part| attributes.get(&part.name) == key.get(&part.name).map(|value| value.view())) {
        return Err(damaged(&"it is another item than its key names, or two partition keys have one hash"));
    }
    Ok(stored)
}

/// The keys of the entries that a write changes, with their units, if Contributor Insights counts them.
fn counted_entries(
    index: &Index,
    change: IndexChange,
    old: Option<&StoredItem>,
    new: Option<&StoredItem>,
) -> Vec<(Attributes, f64)> {
    if !index.insights.is_some_and(ContributorInsights::counts_accesses) {
        return Vec::new();
    }
    let key = |item: &StoredItem| {
        let value = |name: &String| Some((name.clone(), item.attributes().get(name)?.to_owned()));
        index.key.attributes().filter_map(|part| value(&part.name)).collect()
    };
    let parts = [(old, change.units_moved), (new, change.units - change.units_moved)];
    parts.into_iter().filter(|(_, units)| *units > 0.0).filter_map(|(item, units)| Some((key(item?), units))).collect()
}

/// What a write adds to a counter of rows and of bytes.
fn deltas(old: Option<&StoredItem>, new: Option<&StoredItem>) -> [i64; 2] {
    let count = |item: Option<&StoredItem>| i64::from(item.is_some());
    let bytes = |item: Option<&StoredItem>| item.map_or(0, |item| item.size() as i64);
    [count(new) - count(old), bytes(new) - bytes(old)]
}

#[cfg(test)]
mod tests;
