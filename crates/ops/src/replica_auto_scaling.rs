//! DescribeTableReplicaAutoScaling and UpdateTableReplicaAutoScaling: the scaling of a global table's replicas.
//!
//! What they describe are scalable targets of Application Auto Scaling, which every replica has in its own region. Of a table of one region
//! both answer that there is no such global table. Texts: captures; of the order of an update's checks there is none.

mod change;
mod update;

use std::collections::BTreeMap;

use api::{
    AutoScalingPolicyDescription, AutoScalingSettingsDescription,
    AutoScalingTargetTrackingScalingPolicyConfigurationDescription, DescribeTableReplicaAutoScalingInput,
    DescribeTableReplicaAutoScalingOutput, Exception, IndexStatus, ReplicaAutoScalingDescription,
    ReplicaGlobalSecondaryIndexAutoScalingDescription, ReplicaStatus, TableAutoScalingDescription, TableStatus,
    UpdateTableReplicaAutoScalingInput, UpdateTableReplicaAutoScalingOutput,
};
use auth::Caller;
use autoscaling::{Access, PolicySettings, Resource, ScalingSettings};
use storage::StorageError;

use tables::{Definition, MemberStatus, NameUse, Place, table_place};

use crate::replication::scaling::resource;
use crate::service::Service;

/// A table of several regions.
struct GlobalTable {
    definition: Definition,
    /// Of all replicas, the caller's own one as well, in the order of their names.
    regions: BTreeMap<String, ReplicaStatus>,
}

impl Service {
    /// # Errors
    /// Of a table that is not global.
    pub(crate) async fn describe_table_replica_auto_scaling(
        &self,
        caller: &Caller,
        request: DescribeTableReplicaAutoScalingInput,
    ) -> Result<DescribeTableReplicaAutoScalingOutput, Exception> {
        let place = table_place(caller, &request.table_name, NameUse::Lookup)?;
        let table = self.global_table(place).await?;
        let description = self.described_scaling(&table).await.map_err(tables::failure::storage_failure)?;
        Ok(DescribeTableReplicaAutoScalingOutput { table_auto_scaling_description: Some(description) })
    }

    /// # Errors
    /// Of settings that say nothing or too little, and of a table that is not global.
    pub(crate) async fn update_table_replica_auto_scaling(
        &self,
        caller: &Caller,
        request: UpdateTableReplicaAutoScalingInput,
    ) -> Result<UpdateTableReplicaAutoScalingOutput, Exception> {
        let place = table_place(caller, &request.table_name, NameUse::Lookup)?;
        update::check(place.name, &request)?;
        let table = self.global_table(place).await?;
        match table.definition.is_on_demand() {
            true => update::check_on_demand(place.name, &request, table.regions.keys())?,
            false => self.change_scaling(caller, &table, &request).await?,
        }
        let description = self.described_scaling(&table).await.map_err(tables::failure::storage_failure)?;
        Ok(UpdateTableReplicaAutoScalingOutput { table_auto_scaling_description: Some(description) })
    }

    /// # Errors
    /// If there is none.
    async fn global_table(&self, place: Place<'_>) -> Result<GlobalTable, Exception> {
        self.catalog.refresh().await?;
        let table = self
            .catalog
            .lookup(place)?
            .map(|table| GlobalTable { regions: regions(&table.definition), definition: table.definition.clone() });
        table.filter(|table| !table.regions.is_empty()).ok_or_else(|| {
            Exception::ResourceNotFound(format!("Global table with name: '{}' does not exist.", place.name))
        })
    }

    async fn described_scaling(&self, table: &GlobalTable) -> Result<TableAutoScalingDescription, StorageError> {
        let definition = &table.definition;
        let mut replicas = Vec::new();
        for (region, status) in &table.regions {
            let of_table = resource(definition, region, None);
            let mut indexes = Vec::new();
            for index in &definition.global_indexes {
                let of_index = resource(definition, region, Some(&index.name));
                indexes.push(ReplicaGlobalSecondaryIndexAutoScalingDescription {
                    index_name: Some(index.name.clone()),
                    index_status: Some(IndexStatus::Active),
                    provisioned_read_capacity_auto_scaling_settings: self.settings_of(of_index, Access::Read).await?,
                    provisioned_write_capacity_auto_scaling_settings: self.settings_of(of_index, Access::Write).await?,
                });
            }
            replicas.push(ReplicaAutoScalingDescription {
                global_secondary_indexes: Some(indexes),
                region_name: Some(region.clone()),
                replica_provisioned_read_capacity_auto_scaling_settings: self
                    .settings_of(of_table, Access::Read)
                    .await?,
                replica_provisioned_write_capacity_auto_scaling_settings: self
                    .settings_of(of_table, Access::Write)
                    .await?,
                replica_status: Some(*status),
            });
        }
        Ok(TableAutoScalingDescription {
            replicas: Some(replicas),
            table_name: Some(definition.name.clone()),
            table_status: Some(TableStatus::Active),
        })
    }

    async fn settings_of(
        &self,
        of: Resource<'_>,
        access: Access,
    ) -> Result<Option<AutoScalingSettingsDescription>, StorageError> {
        Ok(Some(described(ScalingSettings::read(self.engine.as_ref(), of, access).await?)))
    }
}

/// None of a table that is in no group.
fn regions(definition: &Definition) -> BTreeMap<String, ReplicaStatus> {
    let Some(replica) = definition.replica() else { return BTreeMap::new() };
    let others = replica.members.iter().map(|member| {
        let status = match member.status {
            MemberStatus::Creating => ReplicaStatus::Creating,
            MemberStatus::Active => ReplicaStatus::Active,
            MemberStatus::Deleting => ReplicaStatus::Deleting,
        };
        (member.region.clone(), status)
    });
    let own = if definition.is_being_replicated() { ReplicaStatus::Creating } else { ReplicaStatus::Active };
    others.chain([(definition.region.clone(), own)]).collect()
}

/// Without a target, scaling is disabled.
fn described(settings: Option<ScalingSettings>) -> AutoScalingSettingsDescription {
    let Some(settings) = settings else {
        return AutoScalingSettingsDescription {
            auto_scaling_disabled: Some(true),
            scaling_policies: Some(Vec::new()),
            ..AutoScalingSettingsDescription::default()
        };
    };
    AutoScalingSettingsDescription {
        auto_scaling_disabled: None,
        auto_scaling_role_arn: None,
        maximum_units: Some(settings.max.into()),
        minimum_units: Some(settings.min.into()),
        scaling_policies: Some(settings.policy.into_iter().map(policy).collect()),
    }
}

fn policy(policy: PolicySettings) -> AutoScalingPolicyDescription {
    let configuration = AutoScalingTargetTrackingScalingPolicyConfigurationDescription {
        disable_scale_in: policy.disable_scale_in,
        scale_in_cooldown: policy.in_cooldown,
        scale_out_cooldown: policy.out_cooldown,
        target_value: policy.target_value,
    };
    AutoScalingPolicyDescription {
        policy_name: Some(policy.name),
        target_tracking_scaling_policy_configuration: Some(configuration),
    }
}

#[cfg(test)]
mod tests;
