//! What a request consumed ([`Consumed`]): the answer's ConsumedCapacity, and the measurement of the request.

use std::collections::BTreeMap;

use api::{ConsumedCapacity, Operation, ReturnConsumedCapacity};
use tables::Table;

use crate::capacity::Charge;
use crate::measures::Measured;

/// What a request consumed of each table. Reported only if the request asks for it.
#[derive(Debug)]
pub(crate) struct Consumed {
    asked: Option<ReturnConsumedCapacity>,
    measured: Option<Measured>,
    /// By the table as the request names it; none until the table is charged.
    tables: BTreeMap<String, Option<Charge>>,
}

impl Consumed {
    pub(crate) fn new(asked: Option<ReturnConsumedCapacity>, measured: Option<Measured>) -> Consumed {
        let asked = asked.filter(|asked| *asked != ReturnConsumedCapacity::None);
        Consumed { asked, measured, tables: BTreeMap::new() }
    }

    /// The answer has so many items.
    pub(crate) fn returns(&mut self, items: usize) {
        if let Some(measured) = &mut self.measured {
            measured.returns(items);
        }
    }

    /// The request has statements of PartiQL: the dimension that metrics have of them, and its value.
    pub(crate) fn runs(&mut self, statements: (&'static str, &'static str)) {
        if let Some(measured) = &mut self.measured {
            measured.runs(statements);
        }
    }

    /// If the request is measured.
    pub(crate) fn operation(&self) -> Option<Operation> {
        self.measured.as_ref().map(Measured::operation)
    }

    /// Reports the table even if the request consumes nothing of it.
    pub(crate) fn name(&mut self, table_name: &str) {
        if self.asked.is_some() && !self.tables.contains_key(table_name) {
            self.tables.insert(table_name.to_owned(), None);
        }
    }

    /// Measures a charge, asked for or not.
    pub(crate) fn measure(&mut self, table: &Table, charge: &Charge) {
        if let Some(measured) = &mut self.measured {
            measured.charge(table, charge);
        }
    }

    /// Only the charge point (`charge_point`) adds.
    pub(crate) fn add(&mut self, table_name: &str, charge: &Charge) {
        if self.asked.is_none() {
            return;
        }
        match self.tables.get_mut(table_name) {
            Some(Some(sum)) => sum.add(charge),
            Some(none) => *none = Some(charge.clone()),
            None => drop(self.tables.insert(table_name.to_owned(), Some(charge.clone()))),
        }
    }

    /// The reports of an answer that has a list of them, by table.
    pub(crate) fn list(self) -> Option<Vec<ConsumedCapacity>> {
        if let Some(measured) = &self.measured {
            measured.end();
        }
        let is_detailed = self.asked? == ReturnConsumedCapacity::Indexes;
        let report = |(name, charge): (String, Option<Charge>)| charge.unwrap_or_default().report(&name, is_detailed);
        let reports: Vec<ConsumedCapacity> = self.tables.into_iter().map(report).collect();
        (!reports.is_empty()).then_some(reports)
    }

    /// The report of an answer about one table.
    pub(crate) fn single(self) -> Option<ConsumedCapacity> {
        self.list()?.pop()
    }
}
