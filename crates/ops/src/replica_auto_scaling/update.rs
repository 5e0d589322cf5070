//! What an UpdateTableReplicaAutoScaling says: whether anything, and enough.

use std::collections::BTreeSet;

use api::{AutoScalingSettingsUpdate, Exception, ReplicaAutoScalingUpdate, UpdateTableReplicaAutoScalingInput};

/// # Errors
/// Of no settings, of a region that comes twice, and of settings that enable scaling without its bounds and policy.
pub(super) fn check(name: &str, request: &UpdateTableReplicaAutoScalingInput) -> Result<(), Exception> {
    let replicas = request.replica_updates.as_deref().unwrap_or_default();
    let indexes = request.global_secondary_index_updates.as_deref().unwrap_or_default();
    let refusal = |because: &str| {
        let text = format!("Failed to update settings for global table with name: ‘{name}’ because {because}.");
        Err(Exception::validation(text))
    };
    if request.provisioned_write_capacity_auto_scaling_update.is_none() && replicas.is_empty() && indexes.is_empty() {
        return refusal("at least one update parameter must be specified");
    }
    let mut regions = BTreeSet::new();
    if let Some(twice) = replicas.iter().find(|replica| !regions.insert(&replica.region_name)) {
        return refusal(&format!("the regions: ‘[{}]’ were specified more than once", twice.region_name));
    }
    if let Some(empty) = replicas.iter().find(|replica| is_empty(replica)) {
        let region = &empty.region_name;
        return refusal(&format!("at least one update parameter must be specified for region: ‘{region}’"));
    }
    all_settings(request).try_for_each(|settings| check_settings(name, settings))
}

/// Of a group that is on demand, where scaling can be disabled alone.
///
/// # Errors
/// Of settings that enable it.
pub(super) fn check_on_demand<'a>(
    name: &str,
    request: &UpdateTableReplicaAutoScalingInput,
    regions: impl Iterator<Item = &'a String>,
) -> Result<(), Exception> {
    if all_settings(request).all(|settings| settings.auto_scaling_disabled == Some(true)) {
        return Ok(());
    }
    let regions: Vec<String> = regions.map(|region| format!("'{}'", region.to_uppercase())).collect();
    Err(Exception::validation(format!(
        "Failed to update global table with name: ‘{name}‘. Replicas {} BillingMode is PayPerRequest. You must convert table's \
         BillingMode to PROVISIONED to set parameters: 'GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate'.",
        regions.join(", ")
    )))
}

/// Those of the table and of its indexes, in all regions.
fn all_settings(request: &UpdateTableReplicaAutoScalingInput) -> impl Iterator<Item = &AutoScalingSettingsUpdate> {
    let replicas = request.replica_updates.as_deref().unwrap_or_default();
    let indexes = request.global_secondary_index_updates.as_deref().unwrap_or_default();
    let of_indexes = indexes.iter().map(|index| &index.provisioned_write_capacity_auto_scaling_update);
    let of_replicas = replicas.iter().map(|replica| &replica.replica_provisioned_read_capacity_auto_scaling_update);
    let of_their_indexes = replicas
        .iter()
        .flat_map(|replica| replica.replica_global_secondary_index_updates.iter().flatten())
        .map(|index| &index.provisioned_read_capacity_auto_scaling_update);
    let own = std::iter::once(&request.provisioned_write_capacity_auto_scaling_update);
    own.chain(of_indexes).chain(of_replicas).chain(of_their_indexes).flatten()
}

fn is_empty(replica: &ReplicaAutoScalingUpdate) -> bool {
    replica.replica_provisioned_read_capacity_auto_scaling_update.is_none()
        && replica.replica_global_secondary_index_updates.as_ref().is_none_or(Vec::is_empty)
}

fn check_settings(name: &str, settings: &AutoScalingSettingsUpdate) -> Result<(), Exception> {
    let is_disabled = settings.auto_scaling_disabled == Some(true);
    let missing = [
        ("MaximumUnits", settings.maximum_units.is_none()),
        ("ScalingPolicyUpdate", settings.scaling_policy_update.is_none()),
        ("MinimumUnits", settings.minimum_units.is_none()),
    ];
    let missing: Vec<String> =
        missing.iter().filter(|(_, is_missing)| *is_missing).map(|(member, _)| format!("'{member}'")).collect();
    if is_disabled || missing.is_empty() {
        return Ok(());
    }
    Err(Exception::validation(format!(
        "Failed to update settings for global table with name: ‘{name}’: Parameters {} are required unless auto scaling is being disabled.",
        missing.join(", ")
    )))
}
