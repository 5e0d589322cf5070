//! UpdateTableReplicaAutoScaling of a group with provisioned capacity: the scaling of writes in all regions, that of reads in one.
//!
//! All settings are checked before the first one is changed.

use api::{
    AutoScalingSettingsUpdate, AutoScalingTargetTrackingScalingPolicyConfigurationUpdate as Configuration, Exception,
    UpdateTableReplicaAutoScalingInput,
};
use auth::Caller;
use autoscaling::{Access, PolicySettings, ScalingSettings};
use tables::failure::storage_failure;
use tables::not_built;

use super::GlobalTable;
use crate::replication::scaling::{policy_name, resource};
use crate::replication::update::not_members;
use crate::service::Service;

/// What is asked of one scalable target.
struct Asked<'a> {
    region: &'a str,
    index: Option<&'a str>,
    access: Access,
    settings: &'a AutoScalingSettingsUpdate,
}

impl Service {
    /// # Errors
    /// Of settings that no target can have, and of replicas and indexes that are not there; then nothing is changed.
    pub(super) async fn change_scaling(
        &self,
        caller: &Caller,
        table: &GlobalTable,
        request: &UpdateTableReplicaAutoScalingInput,
    ) -> Result<(), Exception> {
        let asked = asked(table, request)?;
        let mut changes = Vec::with_capacity(asked.len());
        for Asked { region, index, access, settings } in asked {
            if self.is_remote(region) {
                return Err(not_built("UpdateTableReplicaAutoScaling of a region of another server"));
            }
            let of = resource(&table.definition, region, index);
            // Capacity follows from it there, as it does from UpdateTable.
            let there = Caller { region: region.to_owned(), ..caller.clone() };
            self.permit_scaling(&there, of).await?;
            let wanted = (settings.auto_scaling_disabled != Some(true))
                .then(|| wanted(settings, policy_name(of, access)))
                .transpose()?;
            if let Some(problem) = wanted.as_ref().and_then(|wanted| wanted.problem(of, access)) {
                return Err(Exception::validation(problem));
            }
            changes.push((of, access, wanted));
        }
        let (engine, now_ms) = (self.engine.as_ref(), self.clock.now_ms());
        for (of, access, wanted) in changes {
            let Some(wanted) = wanted else {
                ScalingSettings::remove(engine, of, access).await.map_err(storage_failure)?;
                continue;
            };
            if !wanted.put(engine, of, access, now_ms).await.map_err(storage_failure)? {
                return Err(Exception::LimitExceeded(format!(
                    "The account has as many scalable targets in {} as it may have.",
                    of.region
                )));
            }
        }
        Ok(())
    }
}

/// All targets that a request names.
fn asked<'a>(
    table: &'a GlobalTable,
    request: &'a UpdateTableReplicaAutoScalingInput,
) -> Result<Vec<Asked<'a>>, Exception> {
    let mut all = Vec::new();
    let writes = request.provisioned_write_capacity_auto_scaling_update.iter().map(|settings| (None, settings));
    let mut of_writes: Vec<(Option<&str>, &AutoScalingSettingsUpdate)> = writes.collect();
    for update in request.global_secondary_index_updates.iter().flatten() {
        let index = known_index(table, update.index_name.as_deref())?;
        of_writes.extend(update.provisioned_write_capacity_auto_scaling_update.iter().map(|it| (Some(index), it)));
    }
    for region in table.regions.keys() {
        let access = Access::Write;
        all.extend(of_writes.iter().map(|(index, settings)| Asked { region, index: *index, access, settings }));
    }
    for update in request.replica_updates.iter().flatten() {
        let region = update.region_name.as_str();
        if !table.regions.contains_key(region) {
            return Err(not_members(&[region]));
        }
        let access = Access::Read;
        let of_table = update.replica_provisioned_read_capacity_auto_scaling_update.iter();
        all.extend(of_table.map(|settings| Asked { region, index: None, access, settings }));
        for update in update.replica_global_secondary_index_updates.iter().flatten() {
            let index = Some(known_index(table, update.index_name.as_deref())?);
            let of_index = update.provisioned_read_capacity_auto_scaling_update.iter();
            all.extend(of_index.map(|settings| Asked { region, index, access, settings }));
        }
    }
    Ok(all)
}

/// The text is ours: there is no capture of an index that is not there.
fn known_index<'a>(table: &'a GlobalTable, name: Option<&str>) -> Result<&'a str, Exception> {
    let definition = &table.definition;
    let known = definition.global_indexes.iter().find(|index| Some(index.name.as_str()) == name);
    known.map(|index| index.name.as_str()).ok_or_else(|| {
        Exception::validation(format!(
            "Failed to update settings for global table with name: ‘{}’ because it has no index: ‘{}’.",
            definition.name,
            name.unwrap_or_default()
        ))
    })
}

/// What a request that enables scaling wants; it has all members then (`update::check`).
fn wanted(settings: &AutoScalingSettingsUpdate, policy: String) -> Result<ScalingSettings, Exception> {
    let units = |units: Option<i64>| {
        let units = units.unwrap_or_default();
        u32::try_from(units).map_err(|_| Exception::validation(format!("No table has {units} units.")))
    };
    let policy = settings.scaling_policy_update.as_ref().map(|asked| {
        let Configuration { disable_scale_in, scale_in_cooldown, scale_out_cooldown, target_value } =
            asked.target_tracking_scaling_policy_configuration;
        PolicySettings {
            name: asked.policy_name.clone().unwrap_or(policy),
            target_value,
            disable_scale_in,
            in_cooldown: scale_in_cooldown,
            out_cooldown: scale_out_cooldown,
        }
    });
    Ok(ScalingSettings { min: units(settings.minimum_units)?, max: units(settings.maximum_units)?, policy })
}
