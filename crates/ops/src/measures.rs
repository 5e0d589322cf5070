//! DynamoDB's metrics, as CloudWatch has them: what operations consume of tables and indexes, how long they take, how they fail.
//!
//! A read or a write is measured where it is charged, its request where its answer is made. Source of metrics and dimensions:
//! Developer Guide, "DynamoDB metrics and dimensions".

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use api::{Exception, Operation};
use cloudwatch::{Gauge, Recorder, Series};
use model::MapRef;
use parking_lot::RwLock;
use tables::{Definition, Index, IndexKind, Place, Provisioned, Table, TableArn};

use crate::capacity::{Access, Charge};
use crate::contributors::{Accessed, Contributors};

/// The gauges of all tables.
pub(crate) struct Measures {
    recorder: Arc<Recorder>,
    /// By table id. Those of deleted tables are removed now and then.
    tables: RwLock<HashMap<u64, Arc<TableGauges>, BuildHasherDefault<IdHasher>>>,
    contributors: Contributors,
}

/// Of table ids, which are counted up and no one chooses.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(self.0 ^ u64::from(*byte)));
    }

    /// The table takes the upper bits, too.
    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// The gauges of a table.
pub(crate) struct TableGauges {
    table_id: u64,
    account: String,
    region: String,
    name: String,
    consumed: [Gauge; 2],
    /// By the index's name: those of global ones.
    indexes: RwLock<HashMap<String, [Gauge; 2]>>,
    /// By operation.
    latencies: OperationGauges,
    returned: OperationGauges,
}

type OperationGauges = [OnceLock<Gauge>; Operation::ALL.len()];

/// The measurement of one request, from its begin to its answer.
pub(crate) struct Measured {
    measures: Arc<Measures>,
    operation: Operation,
    begun: Instant,
    minute: u64,
    /// Of most requests the only table.
    first: Option<Arc<TableGauges>>,
    others: Vec<Arc<TableGauges>>,
    /// Items of the answer, of a request that has a page of them.
    returned: Option<usize>,
}

impl std::fmt::Debug for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Measured").field("operation", &self.operation).finish_non_exhaustive()
    }
}

impl Measures {
    pub(crate) fn new(recorder: Arc<Recorder>) -> Arc<Measures> {
        Arc::new(Measures { recorder, tables: RwLock::default(), contributors: Contributors::default() })
    }

    fn of(&self, table: &Table) -> Arc<TableGauges> {
        if let Some(found) = self.tables.read().get(&table.id()) {
            return Arc::clone(found);
        }
        let gauges = Arc::new(self.gauges(table.id(), table.definition.place()));
        Arc::clone(self.tables.write().entry(table.id()).or_insert(gauges))
    }

    fn gauges(&self, table_id: u64, place: Place<'_>) -> TableGauges {
        let consumed = CONSUMED.map(|metric| self.gauge(place, metric, &[("TableName", place.name)]));
        let (account, region, name) = (place.account.to_owned(), place.region.to_owned(), place.name.to_owned());
        let [latencies, returned]: [OperationGauges; 2] =
            [const { [const { OnceLock::new() }; Operation::ALL.len()] }; 2];
        TableGauges { table_id, account, region, name, consumed, indexes: RwLock::default(), latencies, returned }
    }

    fn gauge(&self, place: Place<'_>, metric: &str, dimensions: &[(&str, &str)]) -> Gauge {
        self.recorder.gauge(Series::of_dynamodb(place.account, place.region, metric, dimensions))
    }

    /// Measures in a series that is measured seldom.
    pub(crate) fn record(&self, place: Place<'_>, metric: &str, dimensions: &[(&str, &str)], value: f64) {
        self.recorder.record(&self.gauge(place, metric, dimensions), value);
    }

    fn record_charge(&self, gauges: &TableGauges, minute: u64, charge: &Charge) {
        let access = if charge.access == Access::Read { 0 } else { 1 };
        // Entries of local indexes are the table's.
        let local = charge.indexes.iter().filter(|part| part.kind == IndexKind::Local);
        let of_table = charge.table + local.map(|part| part.units).sum::<f64>();
        if of_table > 0.0 {
            self.recorder.record_in(&gauges.consumed[access], minute, of_table);
        }
        for part in charge.indexes.iter().filter(|part| part.kind == IndexKind::Global && part.units > 0.0) {
            let known = gauges.indexes.read().get(&part.name).map(|own| own[access].clone());
            let gauge = known.unwrap_or_else(|| self.index_gauges(gauges, &part.name)[access].clone());
            self.recorder.record_in(&gauge, minute, part.units);
        }
    }

    fn index_gauges(&self, gauges: &TableGauges, index: &str) -> [Gauge; 2] {
        let dimensions = [("TableName", &*gauges.name), ("GlobalSecondaryIndexName", index)];
        let own = CONSUMED.map(|metric| self.gauge(gauges.place(), metric, &dimensions));
        gauges.indexes.write().entry(index.to_owned()).or_insert(own).clone()
    }

    /// One of a table's gauges by operation, which is looked up by its name once.
    fn of_operation<'g>(
        &self,
        gauges: &TableGauges,
        all: &'g OperationGauges,
        metric: &str,
        operation: Operation,
    ) -> &'g Gauge {
        all[operation as usize].get_or_init(|| {
            let dimensions = [("TableName", &*gauges.name), ("Operation", operation.name())];
            self.gauge(gauges.place(), metric, &dimensions)
        })
    }
}

/// By access.
const CONSUMED: [&str; 2] = ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"];

impl TableGauges {
    fn place(&self) -> Place<'_> {
        Place { account: &self.account, region: &self.region, name: &self.name }
    }
}

impl Measured {
    /// Measures what a read or a write has consumed of a table.
    pub(crate) fn charge(&mut self, table: &Table, charge: &Charge) {
        let known = self.first.iter().chain(&self.others).find(|gauges| gauges.table_id == table.id());
        if let Some(gauges) = known {
            return self.measures.record_charge(gauges, self.minute, charge);
        }
        let gauges = self.measures.of(table);
        self.measures.record_charge(&gauges, self.minute, charge);
        match self.first {
            None => self.first = Some(gauges),
            Some(_) => self.others.push(gauges),
        }
    }

    pub(crate) fn returns(&mut self, items: usize) {
        self.returned = Some(items);
    }

    /// Measures how long the request took, for each of its tables.
    pub(crate) fn end(&self) {
        let milliseconds = self.begun.elapsed().as_secs_f64() * 1000.0;
        for gauges in self.first.iter().chain(&self.others) {
            let measures = &self.measures;
            let latency = measures.of_operation(gauges, &gauges.latencies, "SuccessfulRequestLatency", self.operation);
            measures.recorder.record_in(latency, self.minute, milliseconds);
            if let Some(returned) = self.returned {
                let gauge = measures.of_operation(gauges, &gauges.returned, "ReturnedItemCount", self.operation);
                measures.recorder.record_in(gauge, self.minute, returned as f64);
            }
        }
    }
}

impl Measures {
    /// Each limit that refused, by its table or index.
    pub(crate) fn record_throttled(&self, account: Place<'_>, failure: &Exception) {
        for one in failure.throttling_reasons() {
            let (Some(reason), Some(resource)) = (&one.reason, &one.resource) else { continue };
            let Some(arn) = TableArn::parse(resource) else { continue };
            let access = if reason.contains("Read") { "Read" } else { "Write" };
            let place = Place { name: arn.name, ..account };
            let index = arn.rest.and_then(|rest| rest.strip_prefix("index/"));
            let dimensions = [("TableName", arn.name), ("GlobalSecondaryIndexName", index.unwrap_or_default())];
            let dimensions = &dimensions[..if index.is_some() { 2 } else { 1 }];
            self.record(place, &format!("{access}ThrottleEvents"), dimensions, 1.0);
        }
    }

    /// Forgets the gauges of tables that do not exist.
    pub(crate) fn retain(&self, exists: impl Fn(u64) -> bool) {
        self.tables.write().retain(|table_id, _| exists(*table_id));
        self.contributors.retain(exists);
    }

    /// Counts the keys of what consumed so much.
    pub(crate) fn count_contributors(&self, table: &Table, charge: &Charge, accessed: &Accessed<'_>) {
        let (tally, minute) = (self.recorder.contributors(), self.recorder.minute());
        self.contributors.count(tally, minute, table, charge, accessed);
    }

    /// Counts the key of an access that was refused.
    pub(crate) fn count_throttled(&self, table: &Table, index: Option<&Index>, key: MapRef<'_>) {
        let (tally, minute) = (self.recorder.contributors(), self.recorder.minute());
        self.contributors.count_throttled(tally, minute, table, index, key);
    }

    /// The measurement of a request that begins.
    pub(crate) fn measured(self: &Arc<Measures>, operation: Operation) -> Measured {
        Measured {
            measures: Arc::clone(self),
            operation,
            begun: Instant::now(),
            minute: self.recorder.minute(),
            first: None,
            others: Vec::new(),
            returned: None,
        }
    }

    pub(crate) fn record_provisioned(&self, definition: &Definition) {
        let place = definition.place();
        let own = [("TableName", place.name)];
        self.record_units(place, &own, definition.billing.provisioned());
        for index in &definition.global_indexes {
            let dimensions = [("TableName", place.name), ("GlobalSecondaryIndexName", &*index.name)];
            self.record_units(place, &dimensions, index.provisioned);
        }
    }

    fn record_units(&self, place: Place<'_>, dimensions: &[(&str, &str)], units: Option<Provisioned>) {
        let Some(Provisioned { read_units, write_units }) = units else { return };
        self.record(place, "ProvisionedReadCapacityUnits", dimensions, read_units as f64);
        self.record(place, "ProvisionedWriteCapacityUnits", dimensions, write_units as f64);
    }
}
