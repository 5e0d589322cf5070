//! ReplicaUpdates: what a request asks of the members of a group, checked before the table is looked at.
//!
//! AWS refuses all of it as ValidationException; the texts tell the reasons apart. Source: captures of October 2026.

use api::{
    Exception, GlobalTableSettingsReplicationMode, MultiRegionConsistency, OnDemandThroughputOverride,
    ProvisionedThroughputOverride, ReplicaGlobalSecondaryIndex, ReplicationGroupUpdate, UpdateTableInput,
};
use tables::{IndexOverrides, Overrides};

/// What a request asks.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Asked {
    Create(MemberSettings),
    /// Of one or more members.
    Update(Vec<MemberSettings>),
    Delete {
        region: String,
    },
    /// Of the region that is asked: its table leaves with its data.
    Disassociate {
        region: String,
    },
}

/// A member, and how it differs from its group.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct MemberSettings {
    pub region: String,
    pub overrides: Overrides,
    pub kms_key: Option<String>,
    /// The ARN that the KMS knows the key by, once it is asked.
    pub resolved_key: Option<String>,
}

impl Asked {
    /// What the request asks of members, if it asks anything.
    ///
    /// # Errors
    /// DynamoDB's refusals that need no table.
    pub(crate) fn of(request: &UpdateTableInput) -> Result<Option<Asked>, Exception> {
        let Some(updates) = request.replica_updates.as_deref() else { return Ok(None) };
        if request.multi_region_consistency == Some(MultiRegionConsistency::Strong) {
            return Err(tables::not_built("MultiRegionConsistency STRONG"));
        }
        let mut asked: Vec<Asked> = Vec::with_capacity(updates.len());
        for update in updates {
            let one = one(update)?;
            // The same one twice is asked once.
            if asked.contains(&one) {
                continue;
            }
            match (asked.last_mut(), one) {
                (Some(Asked::Update(all)), Asked::Update(more)) => all.extend(more),
                (_, one) => asked.push(one),
            }
        }
        match asked.len() {
            0 => Err(no_actions()),
            1 => Ok(asked.pop()),
            _ if asked.iter().any(|one| matches!(one, Asked::Update(_))) => Err(several_kinds()),
            _ => Err(Exception::validation(
                "Update table operation with more than one create or delete replica actions not allowed",
            )),
        }
    }
}

fn one(update: &ReplicationGroupUpdate) -> Result<Asked, Exception> {
    let ReplicationGroupUpdate { create, delete, disassociate, update } = update;
    let given = [create.is_some(), delete.is_some(), disassociate.is_some(), update.is_some()];
    if given.into_iter().filter(|given| *given).count() > 1 {
        return Err(several_kinds());
    }
    if let Some(create) = create {
        return Ok(Asked::Create(MemberSettings {
            region: create.region_name.clone(),
            overrides: overrides(
                create.provisioned_throughput_override.as_ref(),
                create.on_demand_throughput_override.as_ref(),
                create.table_class_override,
                create.global_secondary_indexes.as_deref(),
            ),
            kms_key: create.kms_master_key_id.clone(),
            resolved_key: None,
        }));
    }
    if let Some(delete) = delete {
        return Ok(Asked::Delete { region: delete.region_name.clone() });
    }
    if let Some(disassociate) = disassociate {
        // There is one mode.
        return Ok(Asked::Disassociate { region: disassociate.region_name.clone() });
    }
    let update = update.as_ref().ok_or_else(no_actions)?;
    let overrides = overrides(
        update.provisioned_throughput_override.as_ref(),
        update.on_demand_throughput_override.as_ref(),
        update.table_class_override,
        update.global_secondary_indexes.as_deref(),
    );
    if overrides == Overrides::default() && update.kms_master_key_id.is_none() {
        return Err(no_actions());
    }
    let (region, kms_key) = (update.region_name.clone(), update.kms_master_key_id.clone());
    Ok(Asked::Update(vec![MemberSettings { region, overrides, kms_key, resolved_key: None }]))
}

fn overrides(
    provisioned: Option<&ProvisionedThroughputOverride>,
    on_demand: Option<&OnDemandThroughputOverride>,
    class: Option<api::TableClass>,
    indexes: Option<&[ReplicaGlobalSecondaryIndex]>,
) -> Overrides {
    let read_units = |of: Option<&ProvisionedThroughputOverride>| of.and_then(|of| of.read_capacity_units);
    let max_read_units = |of: Option<&OnDemandThroughputOverride>| of.and_then(|of| of.max_read_request_units);
    let index = |asked: &ReplicaGlobalSecondaryIndex| {
        let read_units = read_units(asked.provisioned_throughput_override.as_ref());
        let max_read_units = max_read_units(asked.on_demand_throughput_override.as_ref());
        let named = IndexOverrides { read_units, max_read_units };
        (named != IndexOverrides::default()).then(|| (asked.index_name.clone(), named))
    };
    Overrides {
        read_units: read_units(provisioned),
        max_read_units: max_read_units(on_demand),
        table_class: class.map(Into::into),
        indexes: indexes.unwrap_or_default().iter().filter_map(index).collect(),
    }
}

/// How settings are replicated. Of tables of one account all are, and may be overridden; a table of one region has none that are, and the
/// mode has no effect. The end of the first text is ours: the capture is cut.
///
/// # Errors
/// Of a mode that is not that of the table.
pub(crate) fn check_mode(mode: GlobalTableSettingsReplicationMode, is_replica: bool) -> Result<(), Exception> {
    match (mode, is_replica) {
        (GlobalTableSettingsReplicationMode::EnabledWithOverrides, false) => Err(Exception::validation(
            "Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only ENABLED and \
             DISABLED settings replication are supported for a table that is no replica",
        )),
        (GlobalTableSettingsReplicationMode::Enabled | GlobalTableSettingsReplicationMode::Disabled, true) => {
            Err(tables::not_built("GlobalTableSettingsReplicationMode ENABLED or DISABLED of replicas of one account"))
        }
        _ => Ok(()),
    }
}

fn no_actions() -> Exception {
    Exception::validation("There are no actions specified in the Replica Update Action of the request.")
}

fn several_kinds() -> Exception {
    Exception::validation("Update table operation with more than one type of replica actions not allowed.")
}
