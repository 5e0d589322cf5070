//! UpdateTimeToLive and DescribeTimeToLive: the attribute with the time at which an item expires.
//!
//! AWS takes up to an hour for a change and refuses the next one meanwhile; here a change is done at once, so the next
//! one may follow. The deletion of items is in [`expiry`].

use api::{
    DescribeTimeToLiveInput, DescribeTimeToLiveOutput, Exception, TimeToLiveDescription, TimeToLiveStatus,
    UpdateTimeToLiveInput, UpdateTimeToLiveOutput,
};
use auth::Caller;
use cluster::catalog::{Edit, Work};
use model::limits::KEY_NAME_SIZE_MAX;
use tables::TimeToLive;
use tables::expiry;

use crate::service::Service;

/// The maximum of indexes of expiries with a pending deletion: faster changes are refused, as on DynamoDB.
const DROPPING_MAX: usize = 16;

impl Service {
    /// # Errors
    /// DynamoDB's refusals, among them of a change that changes nothing.
    pub(crate) async fn update_time_to_live(
        &self,
        caller: &Caller,
        request: UpdateTimeToLiveInput,
    ) -> Result<UpdateTimeToLiveOutput, Exception> {
        let asked = request.time_to_live_specification;
        check_attribute_name(&asked.attribute_name)?;
        self.catch_up_with_group(caller, &request.table_name).await;
        // Locked from the read of the definition on: another change of it would be lost otherwise.
        let guard = self.catalog.lock().await?;
        let table = self.catalog.changeable(caller, &request.table_name)?;
        let attribute = changed(&table.definition.time_to_live, &asked)?;
        let mut definition = table.definition.clone();
        drop(table);
        if definition.time_to_live.dropping.len() >= DROPPING_MAX {
            return Err(Exception::validation("Time to live has been modified multiple times within a fixed interval"));
        }
        self.refuse_while_group_changes(&definition)?;
        let before = Work::left_by(&definition);
        match attribute {
            Some(attribute) => expiry::enable(&mut definition, attribute),
            None => expiry::disable(&mut definition),
        }
        // None if the index has no id yet, and so no rows.
        let work = Work::left_by(&definition).into_iter().find(|work| !before.contains(work));
        definition.count_group_change();
        let table = self.catalog.replace(&self.engine, guard, definition, Edit { work, ..Edit::requested() }).await?;
        self.share_group_change(&table.definition);
        Ok(UpdateTimeToLiveOutput { time_to_live_specification: Some(asked) })
    }

    /// # Errors
    /// If the table does not exist.
    pub(crate) async fn describe_time_to_live(
        &self,
        caller: &Caller,
        request: DescribeTimeToLiveInput,
    ) -> Result<DescribeTimeToLiveOutput, Exception> {
        self.catalog.refresh().await?;
        let table = self.catalog.described(caller, &request.table_name)?;
        if table.definition.status == tables::TableStatus::Creating {
            return Err(tables::not_found(table.name()));
        }
        let attribute_name = table.definition.time_to_live.attribute.clone();
        let enabled = attribute_name.is_some();
        let status = if enabled { TimeToLiveStatus::Enabled } else { TimeToLiveStatus::Disabled };
        let description = TimeToLiveDescription { attribute_name, time_to_live_status: Some(status) };
        Ok(DescribeTimeToLiveOutput { time_to_live_description: Some(description) })
    }
}

/// The attribute after the change.
fn changed(current: &TimeToLive, asked: &api::TimeToLiveSpecification) -> Result<Option<String>, Exception> {
    match (&current.attribute, asked.enabled) {
        (None, true) => Ok(Some(asked.attribute_name.clone())),
        (None, false) => Err(Exception::validation("TimeToLive is already disabled")),
        (Some(own), true) if *own == asked.attribute_name => {
            Err(Exception::validation("TimeToLive is already enabled"))
        }
        (Some(own), false) if *own == asked.attribute_name => Ok(None),
        (Some(own), _) => Err(Exception::validation(format!(
            "TimeToLive is active on a different AttributeName: current AttributeName is {own}"
        ))),
    }
}

fn check_attribute_name(name: &str) -> Result<(), Exception> {
    if (1..=KEY_NAME_SIZE_MAX).contains(&name.len()) {
        return Ok(());
    }
    Err(Exception::validation(format!(
        "TimeToLiveSpecification.AttributeName must have a length of 1 to {KEY_NAME_SIZE_MAX} bytes"
    )))
}

#[cfg(test)]
mod tests;
