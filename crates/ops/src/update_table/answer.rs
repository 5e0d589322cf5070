//! How UpdateTable's answer differs from DescribeTable's: it shows the state at the beginning of the change.
//!
//! For changes that DynamoDB makes in the background the answer has the former values and a status UPDATING of their own;
//! the table's status is UPDATING only if the change is of the whole table. Here they are made at once, so that the next
//! DescribeTable shows them. Source: captures from us-west-2.

use api::{
    OnDemandThroughput, ProvisionedThroughputDescription, SSEDescription, SSEStatus, SSEType, TableDescription,
    UpdateGlobalSecondaryIndexAction, UpdateTableInput,
};
use tables::{
    Definition, Provisioned, Shown, ThroughputChanges,
    throughput::{UNLIMITED, current_warm, is_empty_warm},
};

use super::members::{self, Members};

/// The parts of the request that the answer depends on.
pub(super) struct Asked {
    members: Members,
    on_demand: Option<OnDemandThroughput>,
    /// Indexes that get other throughput.
    indexes: Vec<UpdateGlobalSecondaryIndexAction>,
}

impl Asked {
    pub(super) fn of(request: &UpdateTableInput) -> Asked {
        let updates = request.global_secondary_index_updates.iter().flatten();
        let indexes = updates.filter_map(|update| update.update.as_deref().cloned());
        Asked {
            members: members::of(request),
            on_demand: request.on_demand_throughput.clone(),
            indexes: indexes.collect(),
        }
    }

    /// The status of the table in the answer.
    pub(super) fn shown(&self) -> Shown {
        if self.members & !members::BESIDE_TABLE_STATUS == 0 { Shown::AsIs } else { Shown::JustUpdated }
    }

    /// Turns the description of the changed table into the answer's.
    pub(super) fn adapt(&self, description: &mut TableDescription, before: &Definition, now_ms: u64) {
        if self.members & members::ENCRYPTION != 0 {
            // The key that is replaced; none where there was none.
            let replaced = before.encryption.as_ref();
            description.sse_description = Some(SSEDescription {
                status: Some(SSEStatus::Updating),
                sse_type: replaced.map(|_| SSEType::Kms),
                kms_master_key_arn: replaced.map(|encryption| encryption.key_arn.clone()),
                inaccessible_encryption_date_time: None,
            });
        }
        if self.members & members::WARM != 0
            && let Some(warm) = &mut description.warm_throughput
        {
            let own = current_warm(before.warm, before.billing.provisioned());
            warm.read_units_per_second = Some(own.read_units);
            warm.write_units_per_second = Some(own.write_units);
            warm.status = Some(api::TableStatus::Updating);
        }
        if self.members & members::BILLING != 0
            && let Some(summary) = &mut description.billing_mode_summary
        {
            let since = before.on_demand_since_ms.map(tables::timestamp);
            summary.last_update_to_pay_per_request_date_time = since;
        }
        if let Some(shown) = &mut description.provisioned_throughput {
            show_former(shown, before.billing.provisioned(), &before.changes, now_ms);
        }
        show_removed_maxima(self.on_demand.as_ref(), &mut description.on_demand_throughput);
        self.show_updated_indexes(description, before, now_ms);
    }

    fn show_updated_indexes(&self, description: &mut TableDescription, before: &Definition, now_ms: u64) {
        for index in description.global_secondary_indexes.iter_mut().flatten() {
            let own = before.global_indexes.iter().find(|own| index.index_name.as_ref() == Some(&own.name));
            let asked = own.and_then(|own| self.indexes.iter().find(|asked| asked.index_name == own.name));
            let Some((own, asked)) = own.zip(asked) else { continue };
            index.index_status = Some(api::IndexStatus::Updating);
            if let Some(shown) = &mut index.provisioned_throughput {
                show_former(shown, own.provisioned, &own.changes, now_ms);
            }
            show_removed_maxima(asked.on_demand_throughput.as_ref(), &mut index.on_demand_throughput);
            let asks_warm = asked.warm_throughput.as_ref().is_some_and(|asked| !is_empty_warm(asked));
            if let Some(warm) = index.warm_throughput.as_mut().filter(|_| asks_warm) {
                let former = current_warm(own.warm, own.provisioned);
                warm.read_units_per_second = Some(former.read_units);
                warm.write_units_per_second = Some(former.write_units);
                warm.status = Some(api::IndexStatus::Updating);
            }
        }
    }
}

/// A maximum that the request removes is shown with the request's value.
fn show_removed_maxima(asked: Option<&OnDemandThroughput>, shown: &mut Option<OnDemandThroughput>) {
    let Some(asked) = asked else { return };
    let removed = |asked: Option<i64>| asked.filter(|units| *units == UNLIMITED);
    let (read, write) = (removed(asked.max_read_request_units), removed(asked.max_write_request_units));
    if read.is_none() && write.is_none() {
        return;
    }
    let shown = shown.get_or_insert_default();
    shown.max_read_request_units = read.or(shown.max_read_request_units);
    shown.max_write_request_units = write.or(shown.max_write_request_units);
}

/// Shows provisioned units, and the decreases of the day, as they were; the time of the change is shown already. Units that a
/// change of the billing mode removes or adds are shown as they become.
fn show_former(
    shown: &mut ProvisionedThroughputDescription,
    before: Option<Provisioned>,
    changes: &ThroughputChanges,
    now_ms: u64,
) {
    let is_provisioned = shown.read_capacity_units != Some(0);
    if let Some(units) = before.filter(|_| is_provisioned) {
        shown.read_capacity_units = Some(units.read_units);
        shown.write_capacity_units = Some(units.write_units);
        shown.number_of_decreases_today = Some(changes.decreases_today(now_ms));
    }
}
