//! Capacity units: what one read or one write consumes ([`Charge`]), and what a request consumed of each table
//! ([`Consumed`], the answer's ConsumedCapacity).
//!
//! | access | units | of |
//! |---|---|---|
//! | read, eventually consistent, strongly, in a transaction | ½, 1, 2 for each 4 KB or part of it | the item; nothing found is one block |
//! | page of a Query, Scan, SELECT | the same | the sum of its rows, before the filter |
//! | item that a local index fetches from its table | the same, on the table | the item |
//! | write, in a transaction | 1, 2 for each KB or part of it | the larger one of the item before and after, at least one block |
//! | write with a condition that does not hold, or that only checks | the same | the stored item |
//! | entry of an index that changes | 1 for each KB, in a transaction too | the larger entry; if its key changes, both |
//! | replayed transaction | as a read in a transaction | the items as they were written |
//! | deletion by time to live | none | |
//!
//! Source: Developer Guide, "DynamoDB read and write operations" (capacity unit consumption), "Using time to live"; captures
//! for indexes (eu-west-2, us-east-1).

use std::collections::BTreeMap;

use api::{Capacity, ConsumedCapacity};
use model::Attributes;
use model::limits::{READ_UNIT_SIZE, WRITE_UNIT_SIZE};
use tables::{Index, IndexKind};

/// How a read is charged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReadKind {
    Eventual,
    Strong,
    Transactional,
}

/// Whether units are of reading or of writing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Access {
    #[default]
    Read,
    Write,
}

/// What one read or one write consumed of a table and of its indexes. Unit: capacity units.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Charge {
    pub access: Access,
    /// Reports of transactions also say of which access the units are.
    pub is_transactional: bool,
    pub table: f64,
    pub indexes: Vec<IndexCharge>,
}

/// What it consumed of one index. Unit: capacity units.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct IndexCharge {
    pub kind: IndexKind,
    pub name: String,
    pub units: f64,
    /// The entries that a write changes, by their keys in the index, if Contributor Insights counts them.
    pub entries: Vec<(Attributes, f64)>,
}

impl ReadKind {
    pub(crate) fn of(consistent: Option<bool>) -> ReadKind {
        if consistent == Some(true) { ReadKind::Strong } else { ReadKind::Eventual }
    }

    /// Units for so many bytes; reading nothing costs as much as reading a little.
    pub(crate) fn units(self, size: usize) -> f64 {
        let blocks = size.div_ceil(READ_UNIT_SIZE).max(1) as f64;
        match self {
            ReadKind::Eventual => blocks * 0.5,
            ReadKind::Strong => blocks,
            ReadKind::Transactional => blocks * 2.0,
        }
    }
}

/// Units to write an item of so many bytes.
pub(crate) fn write_units(size: usize) -> f64 {
    size.div_ceil(WRITE_UNIT_SIZE).max(1) as f64
}

impl Charge {
    /// A read of one item of `size` bytes, or of none.
    pub(crate) fn of_read(kind: ReadKind, size: usize) -> Charge {
        let is_transactional = kind == ReadKind::Transactional;
        Charge { access: Access::Read, is_transactional, table: kind.units(size), indexes: Vec::new() }
    }

    /// A page of rows of `size` bytes in all, and the units of the items that were fetched for them.
    pub(crate) fn of_page(kind: ReadKind, index: Option<&Index>, size: usize, fetched: f64) -> Charge {
        let page = Charge::of_read(kind, size);
        let Some(index) = index else { return page };
        let of_index =
            IndexCharge { kind: index.kind, name: index.name.clone(), units: page.table, entries: Vec::new() };
        Charge { table: fetched, indexes: vec![of_index], ..page }
    }

    /// A write of an item that has `size` bytes, where it is larger: before or after it.
    pub(crate) fn of_write(size: usize) -> Charge {
        Charge { table: write_units(size), ..Charge::no_write() }
    }

    /// A write that consumes nothing.
    pub(crate) fn no_write() -> Charge {
        Charge { access: Access::Write, ..Charge::default() }
    }

    /// Adds what a write consumes of an index; an index that it does not change is left out.
    pub(crate) fn add_index(&mut self, index: &Index, units: f64, entries: Vec<(Attributes, f64)>) {
        if units > 0.0 {
            self.indexes.push(IndexCharge { kind: index.kind, name: index.name.clone(), units, entries });
        }
    }

    /// The same write in a transaction. Only the table's own part pays for the second phase; captured in eu-west-2.
    pub(crate) fn in_transaction(self) -> Charge {
        Charge { is_transactional: true, table: self.table * 2.0, ..self }
    }

    fn total(&self) -> f64 {
        self.table + self.indexes.iter().map(|index| index.units).sum::<f64>()
    }

    /// Adds another charge of the same request on the same table.
    pub(crate) fn add(&mut self, other: &Charge) {
        // A request reads or writes, never both, and is a transaction or none: its sum is of one kind.
        debug_assert!(self.access == other.access && self.is_transactional == other.is_transactional);
        self.table += other.table;
        for index in &other.indexes {
            match self.indexes.iter_mut().find(|own| own.name == index.name) {
                Some(own) => own.units += index.units,
                None => self.indexes.push(index.clone()),
            }
        }
    }

    pub(crate) fn report(&self, table_name: &str, is_detailed: bool) -> ConsumedCapacity {
        let whole = self.capacity(self.total());
        ConsumedCapacity {
            table_name: Some(table_name.to_owned()),
            capacity_units: whole.capacity_units,
            read_capacity_units: whole.read_capacity_units,
            write_capacity_units: whole.write_capacity_units,
            table: is_detailed.then(|| self.capacity(self.table)),
            local_secondary_indexes: self.index_report(is_detailed, IndexKind::Local),
            global_secondary_indexes: self.index_report(is_detailed, IndexKind::Global),
            ..ConsumedCapacity::default()
        }
    }

    fn index_report(&self, is_detailed: bool, kind: IndexKind) -> Option<BTreeMap<String, Capacity>> {
        let of_kind = self.indexes.iter().filter(|index| index.kind == kind);
        let report: BTreeMap<String, Capacity> =
            of_kind.map(|index| (index.name.clone(), self.capacity(index.units))).collect();
        (is_detailed && !report.is_empty()).then_some(report)
    }

    fn capacity(&self, units: f64) -> Capacity {
        let of = |access| (self.is_transactional && self.access == access).then_some(units);
        Capacity {
            capacity_units: Some(units),
            read_capacity_units: of(Access::Read),
            write_capacity_units: of(Access::Write),
        }
    }
}

#[cfg(test)]
mod tests;
