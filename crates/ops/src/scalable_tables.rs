//! Tables and global indexes as Application Auto Scaling sees and changes them: by UpdateTable, as a client does.

use api::{
    DescribeTableInput, Exception, GlobalSecondaryIndexUpdate, Operation, ProvisionedThroughput,
    UpdateGlobalSecondaryIndexAction, UpdateTableInput,
};
use auth::Caller;
use autoscaling::{Access, Capacity, ChangeFailure, Resource, Tables, Unpermitted};
use storage::BoxFuture;
use tables::{Definition, IndexStatus, Place, Provisioned, TableStatus, ThroughputChanges};

use crate::service::Service;
use crate::update_table::Origin;

/// What a request sets that has not the table yet: it is completed with the table as it is changed.
const UNKNOWN: ProvisionedThroughput = ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 };

/// The units of a table or of an index, their changes, and whether it is active.
struct Scalable {
    units: Option<Provisioned>,
    changes: ThroughputChanges,
    is_active: bool,
}

/// None if the table has no such index.
fn scalable(definition: &Definition, index: Option<&str>) -> Option<Scalable> {
    let is_active = definition.status == TableStatus::Active;
    let Some(name) = index else {
        let (units, changes) = (definition.billing.provisioned(), definition.changes);
        return Some(Scalable { units, changes, is_active });
    };
    let index = definition.global_indexes.iter().find(|index| index.name == name)?;
    let is_active = is_active && index.status == IndexStatus::Active;
    Some(Scalable { units: index.provisioned, changes: index.changes, is_active })
}

/// The throughput of a resource with other units of one access.
fn with(definition: &Definition, of: Resource<'_>, access: Access, wanted: u64) -> Option<ProvisionedThroughput> {
    let units = scalable(definition, of.index)?.units?;
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
    let (read_capacity_units, write_capacity_units) = match access {
        Access::Read => (wanted, units.write_units),
        Access::Write => (units.read_units, wanted),
    };
    Some(ProvisionedThroughput { read_capacity_units, write_capacity_units })
}

fn request(of: Resource<'_>, throughput: ProvisionedThroughput) -> UpdateTableInput {
    let request = UpdateTableInput { table_name: of.table.to_owned(), ..UpdateTableInput::default() };
    let Some(index) = of.index else {
        return UpdateTableInput { provisioned_throughput: Some(throughput), ..request };
    };
    let update = UpdateGlobalSecondaryIndexAction {
        index_name: index.to_owned(),
        provisioned_throughput: Some(throughput),
        ..UpdateGlobalSecondaryIndexAction::default()
    };
    let update = GlobalSecondaryIndexUpdate { update: Some(Box::new(update)), ..GlobalSecondaryIndexUpdate::default() };
    UpdateTableInput { global_secondary_index_updates: Some(vec![update]), ..request }
}

impl Service {
    async fn change_units(&self, of: Resource<'_>, access: Access, units: u64) -> Result<(), Exception> {
        // The service itself, as its role on AWS: no policies are evaluated.
        let caller = Caller {
            account: of.account.to_owned(),
            region: of.region.to_owned(),
            access_key: String::new(),
            identity: None,
            served: None,
        };
        // The other access keeps what it has in the moment of the change: another request may have set it meanwhile.
        let complete = |definition: &Definition, asked: &mut UpdateTableInput| {
            if let Some(throughput) = with(definition, of, access, units) {
                *asked = request(of, throughput);
            }
        };
        let place = Place { account: of.account, region: of.region, name: of.table };
        let found = self.catalog.find(place).and_then(|table| with(&table.definition, of, access, units));
        let asked = request(of, found.unwrap_or(UNKNOWN));
        self.update_table_as(&caller, asked, Origin::Scaling, complete).await.map(|_| ())
    }
}

impl Service {
    /// Whether policies allow a caller to have a resource scaled: to see the table and to change its capacity.
    pub(crate) async fn permit_scaling(&self, caller: &Caller, of: Resource<'_>) -> Result<(), Exception> {
        let described = DescribeTableInput { table_name: of.table.to_owned() };
        self.permit(caller, Operation::DescribeTable, &described).await?;
        self.permit(caller, Operation::UpdateTable, &request(of, UNKNOWN)).await
    }
}

impl Tables for Service {
    fn refresh(&self) -> BoxFuture<'_, ()> {
        // A failure is that of the next operation on the table, too.
        Box::pin(async { _ = self.catalog.refresh().await })
    }

    fn permit<'a>(&'a self, caller: &'a Caller, of: Resource<'a>) -> BoxFuture<'a, Result<(), Unpermitted>> {
        Box::pin(async move {
            self.permit_scaling(caller, of).await.map_err(|failure| match failure {
                Exception::InternalServerError(detail) => Unpermitted::Failed(detail),
                other => Unpermitted::Denied(other.to_string()),
            })
        })
    }

    fn capacity<'a>(&'a self, of: Resource<'a>, access: Access) -> BoxFuture<'a, Option<Capacity>> {
        Box::pin(async move {
            let place = Place { account: of.account, region: of.region, name: of.table };
            let table = self.catalog.find(place)?;
            let definition = Some(&table.definition).filter(|definition| definition.is_table())?;
            let Scalable { units, changes, is_active } = scalable(definition, of.index)?;
            let units = units.map(|units| match access {
                Access::Read => units.read_units,
                Access::Write => units.write_units,
            });
            Some(Capacity {
                units: units.and_then(|units| u64::try_from(units).ok()),
                is_changeable: is_active,
                may_decrease: changes.may_decrease(self.clock.now_ms()),
            })
        })
    }

    fn change<'a>(&'a self, of: Resource<'a>, access: Access, units: u64) -> BoxFuture<'a, Result<(), ChangeFailure>> {
        Box::pin(async move {
            self.change_units(of, access, units).await.map_err(|failure| ChangeFailure {
                is_transient: matches!(
                    failure,
                    Exception::ResourceInUse(_) | Exception::InternalServerError(_) | Exception::ServiceUnavailable(_)
                ),
                reason: failure.to_string(),
            })
        })
    }
}

#[cfg(test)]
mod tests;
