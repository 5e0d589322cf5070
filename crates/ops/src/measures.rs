//! DynamoDB's metrics, as CloudWatch has them: what operations consume of tables and indexes, how long they take, how they fail.
//!
//! A read or a write is measured where it is charged, its request where its answer is made. Source of metrics and dimensions:
//! Developer Guide, "DynamoDB metrics and dimensions".

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use api::{Operation, ThrottlingReason};
use cloudwatch::{Gauge, Recorder, Series};
use cluster::catalog::Quotas;
use model::MapRef;
use parking_lot::RwLock;
use tables::{Definition, Index, IndexKind, OnDemandMax, Place, Provisioned, Stamps, Table, TableArn};

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
    /// Of writes in a global table, by their source.
    sources: [SourceGauges; 2],
    /// By operation.
    latencies: OperationGauges,
    returned: OperationGauges,
}

/// Where a write of a replica comes from. Source: Developer Guide, "DynamoDB metrics and dimensions".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
    Customer,
    GlobalTable,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Source::Customer => "Customer",
            Source::GlobalTable => "GlobalTable",
        }
    }
}

/// The write units of one source.
#[derive(Default)]
struct SourceGauges {
    table: OnceLock<Gauge>,
    /// By the index's name.
    indexes: RwLock<HashMap<String, Gauge>>,
}

type OperationGauges = [OnceLock<Gauge>; Operation::ALL.len()];

/// What the provisioned tables and indexes of an account in a region have, of reading and of writing: together, and the greatest of
/// them.
#[derive(Default)]
pub(crate) struct Reserved {
    sum: [i64; 2],
    most: [i64; 2],
}

impl Reserved {
    pub(crate) fn add(&mut self, definition: &Definition) {
        let indexes = definition.global_indexes.iter().map(|index| index.provisioned);
        for units in std::iter::once(definition.billing.provisioned()).chain(indexes).flatten() {
            for (at, units) in [units.read_units, units.write_units].into_iter().enumerate() {
                self.sum[at] = self.sum[at].saturating_add(units);
                self.most[at] = self.most[at].max(units);
            }
        }
    }
}

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
    /// What distinguishes statements of PartiQL beside their operation: the dimension and its value.
    statements: Option<(&'static str, &'static str)>,
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
        let (indexes, sources) = (RwLock::default(), Default::default());
        TableGauges { table_id, account, region, name, consumed, indexes, sources, latencies, returned }
    }

    fn gauge(&self, place: Place<'_>, metric: &str, dimensions: &[(&str, &str)]) -> Gauge {
        self.recorder.gauge(Series::of_dynamodb(place.account, place.region, metric, dimensions))
    }

    /// Measures in a series that is measured seldom.
    pub(crate) fn record(&self, place: Place<'_>, metric: &str, dimensions: &[(&str, &str)], value: f64) {
        self.recorder.record(&self.gauge(place, metric, dimensions), value);
    }

    /// Measures what a write of another region has consumed.
    pub(crate) fn record_replicated(&self, table: &Table, charge: &Charge) {
        self.record_charge(table, &self.of(table), self.recorder.minute(), charge, Source::GlobalTable);
    }

    fn record_charge(&self, table: &Table, gauges: &TableGauges, minute: u64, charge: &Charge, source: Source) {
        if charge.access == Access::Write && matches!(table.stamps, Stamps::All(_)) {
            self.record_source(gauges, minute, charge, source);
        }
        let access = if charge.access == Access::Read { 0 } else { 1 };
        let of_table = units_of_table(charge);
        if of_table > 0.0 {
            self.recorder.record_in(&gauges.consumed[access], minute, of_table);
        }
        for part in charge.indexes.iter().filter(|part| part.kind == IndexKind::Global && part.units > 0.0) {
            let known = gauges.indexes.read().get(&part.name).map(|own| own[access].clone());
            let gauge = known.unwrap_or_else(|| self.index_gauges(gauges, &part.name)[access].clone());
            self.recorder.record_in(&gauge, minute, part.units);
        }
    }

    /// The same write units, by where the write comes from.
    fn record_source(&self, gauges: &TableGauges, minute: u64, charge: &Charge, source: Source) {
        let of_source = &gauges.sources[source as usize];
        let gauge = |more: &[(&str, &str)]| {
            let dimensions: Vec<(&str, &str)> = [("TableName", &*gauges.name), ("Source", source.name())]
                .into_iter()
                .chain(more.iter().copied())
                .collect();
            self.gauge(gauges.place(), CONSUMED[1], &dimensions)
        };
        let of_table = units_of_table(charge);
        if of_table > 0.0 {
            self.recorder.record_in(of_source.table.get_or_init(|| gauge(&[])), minute, of_table);
        }
        for part in charge.indexes.iter().filter(|part| part.kind == IndexKind::Global && part.units > 0.0) {
            let known = of_source.indexes.read().get(&part.name).cloned();
            let own = known.unwrap_or_else(|| {
                let own = gauge(&[("GlobalSecondaryIndexName", &part.name)]);
                of_source.indexes.write().entry(part.name.clone()).or_insert(own).clone()
            });
            self.recorder.record_in(&own, minute, part.units);
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

/// Entries of local indexes are the table's.
fn units_of_table(charge: &Charge) -> f64 {
    let local = charge.indexes.iter().filter(|part| part.kind == IndexKind::Local);
    charge.table + local.map(|part| part.units).sum::<f64>()
}

impl SourceGauges {
    fn are_lost(&self) -> bool {
        self.table.get().is_some_and(Gauge::is_lost) || self.indexes.read().values().any(Gauge::is_lost)
    }
}

impl TableGauges {
    /// Whether one of them loses its values.
    fn are_lost(&self) -> bool {
        if self.sources.iter().any(SourceGauges::are_lost) {
            return true;
        }
        let of_operations = self.latencies.iter().chain(&self.returned).filter_map(OnceLock::get);
        let is_lost = self.consumed.iter().chain(of_operations).any(Gauge::is_lost);
        is_lost || self.indexes.read().values().flatten().any(Gauge::is_lost)
    }

    fn place(&self) -> Place<'_> {
        Place { account: &self.account, region: &self.region, name: &self.name }
    }
}

impl Measured {
    /// Measures what a read or a write has consumed of a table.
    pub(crate) fn charge(&mut self, table: &Table, charge: &Charge) {
        let known = self.first.iter().chain(&self.others).find(|gauges| gauges.table_id == table.id());
        if let Some(gauges) = known {
            return self.measures.record_charge(table, gauges, self.minute, charge, Source::Customer);
        }
        let gauges = self.measures.of(table);
        self.measures.record_charge(table, &gauges, self.minute, charge, Source::Customer);
        match self.first {
            None => self.first = Some(gauges),
            Some(_) => self.others.push(gauges),
        }
    }

    pub(crate) fn returns(&mut self, items: usize) {
        self.returned = Some(items);
    }

    pub(crate) fn runs(&mut self, statements: (&'static str, &'static str)) {
        self.statements = Some(statements);
    }

    pub(crate) fn operation(&self) -> Operation {
        self.operation
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
            if let Some(statements) = self.statements {
                let own = [("TableName", &*gauges.name), ("Operation", self.operation.name()), statements];
                measures.record(gauges.place(), "SuccessfulRequestLatency", &own, milliseconds);
                if let Some(returned) = self.returned {
                    measures.record(gauges.place(), "ReturnedItemCount", &own, returned as f64);
                }
            }
        }
    }
}

impl Measures {
    /// A limit that refused an access, by its table or index.
    pub(crate) fn record_throttled(&self, place: Place<'_>, one: &ThrottlingReason) {
        let (Some(reason), Some(resource)) = (&one.reason, &one.resource) else { return };
        let Some(arn) = TableArn::parse(resource) else { return };
        let index = arn.rest.and_then(|rest| rest.strip_prefix("index/"));
        let dimensions = [("TableName", place.name), ("GlobalSecondaryIndexName", index.unwrap_or_default())];
        let dimensions = &dimensions[..if index.is_some() { 2 } else { 1 }];
        // As "TableReadProvisionedThroughputExceeded".
        let cause = reason.strip_prefix("Table").or_else(|| reason.strip_prefix("Index")).unwrap_or(reason);
        let access = if cause.starts_with("Read") { "Read" } else { "Write" };
        self.record(place, &format!("{access}ThrottleEvents"), dimensions, 1.0);
        let cause = cause.strip_suffix("Exceeded").unwrap_or(cause);
        self.record(place, &format!("{cause}ThrottleEvents"), dimensions, 1.0);
    }

    pub(crate) fn values_lost(&self) -> u64 {
        self.recorder.lost()
    }

    /// Forgets the gauges of tables that do not exist, and those that were made when there were too many series: there may be room now.
    pub(crate) fn retain(&self, exists: impl Fn(u64) -> bool) {
        self.tables.write().retain(|table_id, gauges| exists(*table_id) && !gauges.are_lost());
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
            statements: None,
        }
    }

    pub(crate) fn record_provisioned(&self, definition: &Definition) {
        let place = definition.place();
        let own = [("TableName", place.name)];
        self.record_units(place, &own, definition.billing.provisioned(), definition.on_demand_max);
        for index in &definition.global_indexes {
            let dimensions = [("TableName", place.name), ("GlobalSecondaryIndexName", &*index.name)];
            self.record_units(place, &dimensions, index.provisioned, index.on_demand_max);
        }
    }

    fn record_units(
        &self,
        place: Place<'_>,
        dimensions: &[(&str, &str)],
        units: Option<Provisioned>,
        most: OnDemandMax,
    ) {
        let values = match units {
            Some(Provisioned { read_units, write_units }) => [
                ("ProvisionedReadCapacityUnits", Some(read_units)),
                ("ProvisionedWriteCapacityUnits", Some(write_units)),
            ],
            None => {
                [("OnDemandMaxReadRequestUnits", most.read_units), ("OnDemandMaxWriteRequestUnits", most.write_units)]
            }
        };
        for (metric, units) in values.into_iter().filter_map(|(metric, units)| Some((metric, units?))) {
            self.record(place, metric, dimensions, units as f64);
        }
    }

    /// The quotas of an account in a region, and how much of them its tables have.
    pub(crate) fn record_account(&self, account: Place<'_>, quotas: &Quotas, reserved: &Reserved) {
        let percent = |units: i64, max: i64| if max > 0 { 100.0 * units as f64 / max as f64 } else { 0.0 };
        let (account_max, table_max) = (quotas.account_units_max, quotas.table_units_max);
        for (at, (access, plural)) in [("Read", "Reads"), ("Write", "Writes")].into_iter().enumerate() {
            let values = [
                (format!("AccountMax{plural}"), account_max as f64),
                (format!("AccountMaxTableLevel{plural}"), table_max as f64),
                (format!("AccountProvisioned{access}CapacityUtilization"), percent(reserved.sum[at], account_max)),
                (format!("MaxProvisionedTable{access}CapacityUtilization"), percent(reserved.most[at], table_max)),
            ];
            for (metric, value) in values {
                self.record(account, &metric, &[], value);
            }
        }
    }
}
