//! Where requests are measured: at their begin, and where they fail.

use std::sync::Arc;
use std::time::Duration;

use api::{Exception, Operation, ReturnConsumedCapacity};
use auth::Caller;
use jobs::{Job, Ran};
use model::MapRef;
use tables::{Definition, Index, NameUse, Place, Table, table_place};

use crate::capacity::Charge;
use crate::consumed::Consumed;
use crate::contributors::Accessed;
use crate::measures::Measured;
use crate::service::Service;

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

    /// Measures how a request failed. `table_name` is what it names, if it is one table.
    pub(crate) fn measure_failure(
        &self,
        caller: &Caller,
        operation: Operation,
        table_name: Option<&str>,
        failure: &Exception,
    ) {
        let Some(measures) = &self.measures else { return };
        let account = Place { account: &caller.account, region: &caller.region, name: "" };
        let table = table_name.and_then(|name| table_place(caller, name, NameUse::Lookup).ok());
        // No series of a name that is no table's.
        let table = table.filter(|place| self.catalog.find(*place).is_some());
        let of_table = |metric: &str, with_operation: bool| {
            let Some(place) = table else { return };
            let dimensions = [("TableName", place.name), ("Operation", operation.name())];
            measures.record(place, metric, &dimensions[..if with_operation { 2 } else { 1 }], 1.0);
        };
        match failure {
            Exception::ConditionalCheckFailed { .. } => of_table("ConditionalCheckFailedRequests", false),
            Exception::TransactionConflict => of_table("TransactionConflict", false),
            Exception::InternalServerError(_) | Exception::ServiceUnavailable(_) => of_table("SystemErrors", true),
            Exception::ProvisionedThroughputExceeded { .. }
            | Exception::RequestLimitExceeded { .. }
            | Exception::Throttling { .. } => {
                of_table("ThrottledRequests", true);
                measures.record_throttled(account, failure);
            }
            _ => measures.record(account, "UserErrors", &[], 1.0),
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
        for table_id in self.catalog.table_ids(Definition::is_table) {
            if let Some(table) = self.catalog.by_id(table_id) {
                measures.record_provisioned(&table.definition);
            }
        }
    }
}
