//! Capacity units: what reads and writes consume, and how ConsumedCapacity reports it.
//!
//! Source: Developer Guide, "DynamoDB read and write operations" (capacity unit consumption); captures for indexes.

use std::collections::BTreeMap;

use api::{Capacity, ConsumedCapacity, ReturnConsumedCapacity};
use model::limits::{READ_UNIT_SIZE, WRITE_UNIT_SIZE};

use crate::tables::IndexKind;

/// What one operation consumed of one table.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Units {
    pub table: f64,
    /// By index: kind, name, units.
    pub indexes: Vec<(IndexKind, String, f64)>,
}

/// Whether the report also says of which kind the units are, as it does for transactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Split {
    None,
    Read,
    Write,
}

/// How a read is charged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReadKind {
    Eventual,
    Strong,
    Transactional,
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

impl Units {
    pub(crate) fn of_table(table: f64) -> Units {
        Units { table, indexes: Vec::new() }
    }

    pub(crate) fn total(&self) -> f64 {
        self.table + self.indexes.iter().map(|(_, _, units)| units).sum::<f64>()
    }

    /// Adds what another request consumed of the same table.
    pub(crate) fn add(&mut self, other: &Units) {
        self.table += other.table;
        for (kind, name, units) in &other.indexes {
            match self.indexes.iter_mut().find(|(_, own, _)| own == name) {
                Some((_, _, sum)) => *sum += units,
                None => self.indexes.push((*kind, name.clone(), *units)),
            }
        }
    }

    /// The report that the request asked for. `table_name` is the table as the request named it.
    pub(crate) fn report(
        &self,
        asked: Option<ReturnConsumedCapacity>,
        table_name: &str,
        split: Split,
    ) -> Option<ConsumedCapacity> {
        let detailed = match asked {
            None | Some(ReturnConsumedCapacity::None) => return None,
            Some(ReturnConsumedCapacity::Total) => false,
            Some(ReturnConsumedCapacity::Indexes) => true,
        };
        let whole = capacity(self.total(), split);
        Some(ConsumedCapacity {
            table_name: Some(table_name.to_owned()),
            capacity_units: whole.capacity_units,
            read_capacity_units: whole.read_capacity_units,
            write_capacity_units: whole.write_capacity_units,
            table: detailed.then(|| capacity(self.table, split)),
            local_secondary_indexes: self.index_report(detailed, IndexKind::Local, split),
            global_secondary_indexes: self.index_report(detailed, IndexKind::Global, split),
            ..ConsumedCapacity::default()
        })
    }

    fn index_report(&self, detailed: bool, kind: IndexKind, split: Split) -> Option<BTreeMap<String, Capacity>> {
        let of_kind = self.indexes.iter().filter(|(own, _, _)| *own == kind);
        let report: BTreeMap<String, Capacity> =
            of_kind.map(|(_, name, units)| (name.clone(), capacity(*units, split))).collect();
        (detailed && !report.is_empty()).then_some(report)
    }
}

fn capacity(units: f64, split: Split) -> Capacity {
    Capacity {
        capacity_units: Some(units),
        read_capacity_units: (split == Split::Read).then_some(units),
        write_capacity_units: (split == Split::Write).then_some(units),
    }
}
