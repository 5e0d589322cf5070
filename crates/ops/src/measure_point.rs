//! Where requests are measured: at their begin, and where they fail.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::{CancellationReason, Exception, Operation, ReturnConsumedCapacity};
use auth::Caller;
use jobs::{Job, Ran};
use model::MapRef;
use tables::{Definition, Index, NameUse, Place, Table, table_place};

use crate::capacity::Charge;
use crate::consumed::Consumed;
use crate::contributors::Accessed;
use crate::measures::{Measured, Reserved};
use crate::service::Service;
use crate::throttle::Throttled;

/// Between two measurements of what is provisioned. Source: Developer Guide.
const PROVISIONED_INTERVAL: Duration = Duration::from_secs(5 * 60);

impl Service {
    /// What a request will have consumed, which begins.
    pub(crate) fn consumed(&self, operation: Operation, asked: Option<ReturnConsumedCapacity>) -> Consumed {
        Consumed::new(asked, self.measured(operation))
    }

    /// The measurement of a request that begins; none if nothing is measured.
    fn measured(&self, operation: Operation) -> Option<Measured> {
        self.measures.as_ref().map(|measures| measures.measured(operation))
    }

    pub(crate) fn count_contributors(&self, table: &Table, charge: &Charge, accessed: &Accessed<'_>) {
        if let Some(measures) = &self.measures {
            measures.count_contributors(table, charge, accessed);
        }
    }

    pub(crate) fn count_throttled(&self, table: &Table, index: Option<&Index>, key: MapRef<'_>) {
        if let Some(measures) = &self.measures {
            measures.count_throttled(table, index, key);
        }
    }

    /// Measures how a request failed, as far as the read path and the write path have not measured it. `table_name` is what it names, if
    /// it is one table.
    pub(crate) fn measure_failure(
        &self,
        caller: &Caller,
        operation: Operation,
        table_name: Option<&str>,
        failure: &Exception,
    ) {
        let Some(measures) = &self.measures else { return };
        let account = Place { account: &caller.account, region: &caller.region, name: "" };
        let resource = failure.throttling_reasons().iter().find_map(|one| one.resource.as_deref());
        let table = table_name.or(resource).and_then(|name| table_place(caller, name, NameUse::Lookup).ok());
        // No series of a name that is no table's.
        let table = table.filter(|place| self.catalog.find(*place).is_some());
        let of_operation = |metric: &str| {
            let Some(place) = table else { return };
            measures.record(place, metric, &[("TableName", place.name), ("Operation", operation.name())], 1.0);
        };
        match failure {
            // Measured by their items.
            Exception::ConditionalCheckFailed { .. } | Exception::TransactionConflict => {}
            Exception::TransactionCanceled { reasons } if reasons.iter().all(is_measured) => {}
            Exception::InternalServerError(_) | Exception::ServiceUnavailable(_) => of_operation("SystemErrors"),
            Exception::ProvisionedThroughputExceeded { .. }
            | Exception::RequestLimitExceeded { .. }
            | Exception::Throttling { .. } => of_operation("ThrottledRequests"),
            // Regions have any names: only those with tables have a series.
            _ if self.catalog.names(caller, None, 1).0.is_empty() => {}
            _ => measures.record(account, "UserErrors", &[], 1.0),
        }
    }

    /// Values of metrics that are lost; none if nothing is measured.
    pub fn values_lost(&self) -> Option<u64> {
        self.measures.as_ref().map(|measures| measures.values_lost())
    }

    /// Measures how a statement of a batch failed. A throttled one is no throttled request.
    pub(crate) fn measure_statement_failure(&self, caller: &Caller, table_name: Option<&str>, failure: &Exception) {
        if failure.throttling_reasons().is_empty() {
            self.measure_failure(caller, Operation::BatchExecuteStatement, table_name, failure);
        }
    }

    /// Measures a limit that refused an access.
    pub(crate) fn measure_throttled(&self, table: &Table, throttled: &Throttled) {
        if let Some(measures) = &self.measures {
            measures.record_throttled(table.definition.place(), throttled.reason());
        }
    }

    /// Measures a request that was refused as a whole for want of throughput, by one of its tables.
    pub(crate) fn measure_throttled_request(&self, table: &Table, operation: Option<Operation>) {
        let Some(operation) = operation else { return };
        self.measure_table(table, "ThrottledRequests", &[("Operation", operation.name())], 1.0);
    }

    /// Measures a write whose condition does not hold.
    pub(crate) fn measure_failed_condition(&self, table: &Table) {
        self.measure_table(table, "ConditionalCheckFailedRequests", &[], 1.0);
    }

    /// Measures an item that another transaction is about to write.
    pub(crate) fn measure_conflict(&self, table: &Table) {
        self.measure_table(table, "TransactionConflict", &[], 1.0);
    }

    /// Measures in a series of a table, with these dimensions besides.
    pub(crate) fn measure_table(&self, table: &Table, metric: &str, more: &[(&str, &str)], value: f64) {
        if let Some(measures) = &self.measures {
            let place = table.definition.place();
            let dimensions: Vec<(&str, &str)> =
                [("TableName", place.name)].into_iter().chain(more.iter().copied()).collect();
            measures.record(place, metric, &dimensions, value);
        }
    }

    /// The job that measures what is provisioned, and forgets the gauges of deleted tables; none if nothing is measured.
    pub(crate) fn measures_job(self: &Arc<Service>) -> Option<Job> {
        self.measures.as_ref()?;
        let job = Job::on(self, "measure_tables", PROVISIONED_INTERVAL, |service| async move {
            service.measure_provisioned();
            Ran::Done
        });
        Some(job.at_once())
    }

    fn measure_provisioned(&self) {
        let Some(measures) = &self.measures else { return };
        measures.retain(|table_id| self.catalog.by_id(table_id).is_some());
        // Of several nodes, each measures the same: averages and maxima are right, sums and counts are not asked for.
        let mut accounts = BTreeMap::<(String, String), Reserved>::new();
        for table_id in self.catalog.table_ids(Definition::is_table) {
            let Some(table) = self.catalog.by_id(table_id) else { continue };
            let Place { account, region, .. } = table.definition.place();
            accounts.entry((account.to_owned(), region.to_owned())).or_default().add(&table.definition);
            measures.record_provisioned(&table.definition);
        }
        for ((account, region), reserved) in &accounts {
            measures.record_account(Place { account, region, name: "" }, &self.settings.quotas, reserved);
        }
    }
}

/// Whether a reason of a canceled transaction is measured by its item, or is none.
fn is_measured(reason: &CancellationReason) -> bool {
    const MEASURED: [&str; 5] =
        ["None", "ConditionalCheckFailed", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"];
    reason.code.as_deref().is_some_and(|code| MEASURED.contains(&code))
}

#[cfg(test)]
mod tests;
