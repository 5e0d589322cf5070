//! The members that an UpdateTable may combine: DynamoDB makes one logical change with each request.
//!
//! Checked before the table is looked up. The rules and their order are captures from us-west-2 and us-east-1 of
//! October 2026, which agree.

use api::{BillingMode, Exception, UpdateTableInput};
use tables::{
    self,
    throughput::{check_units, is_empty_warm},
};

use super::indexes;

/// Members of a request, as a set of bits.
pub(super) type Members = u16;

const UNITS: Members = 1;
pub(super) const BILLING: Members = 1 << 1;
/// Provisioned units, or the mode that needs them.
const IOPS: Members = 1 << 2;
const STREAM: Members = 1 << 3;
pub(super) const ENCRYPTION: Members = 1 << 4;
const CLASS: Members = 1 << 5;
const PROTECTION: Members = 1 << 6;
const ON_DEMAND: Members = 1 << 7;
pub(super) const WARM: Members = 1 << 8;
const INDEX_CREATION: Members = 1 << 9;
const INDEX_DELETION: Members = 1 << 10;
const INDEX_UPDATE: Members = 1 << 11;
const REPLICAS: Members = 1 << 12;
const DISASSOCIATION: Members = 1 << 13;
const SETTINGS_MODE: Members = 1 << 14;

/// Changes that are immediate, or have a status of their own beside the table's.
pub(super) const BESIDE_TABLE_STATUS: Members =
    ENCRYPTION | PROTECTION | ON_DEMAND | WARM | INDEX_UPDATE | DISASSOCIATION | SETTINGS_MODE;

/// Two members that exclude each other, and the message. The first rule that a request breaks is reported.
const RULES: &[(Members, Members, &str)] = &[
    (REPLICAS, !REPLICAS, "Replica modification must be the only operation in the request"),
    (ENCRYPTION, !ENCRYPTION, "Server-Side Encryption modification must be the only operation in the request"),
    (CLASS, !CLASS, "TableClass modification must be the only operation in the request"),
    (PROTECTION, !PROTECTION, "DeletionProtection modification must be the only operation in the request"),
    // Ours, as those before them: there are no captures.
    (
        DISASSOCIATION,
        !DISASSOCIATION,
        "DisassociationProtection modification must be the only operation in the request",
    ),
    (SETTINGS_MODE, !SETTINGS_MODE, "GlobalTableSettingsReplicationMode must be the only operation in the request"),
    (WARM, INDEX_CREATION, "Create global secondary index cannot be specified when updating WarmThroughput"),
    (
        ON_DEMAND,
        !(ON_DEMAND | BILLING | IOPS | UNITS),
        "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
    ),
    (WARM, !WARM, "WarmThroughput must be the only operation in the request"),
    (STREAM, IOPS, "You cannot modify stream status while updating table IOPS"),
    (INDEX_CREATION | INDEX_DELETION, IOPS, "You cannot create or delete index while updating table IOPS"),
    (INDEX_CREATION | INDEX_DELETION, STREAM, "You cannot create or delete index while changing stream status"),
];

/// The checks that need no table.
pub(super) fn check(request: &UpdateTableInput) -> Result<(), Exception> {
    let updates = request.global_secondary_index_updates.as_deref().unwrap_or_default();
    let members = of(request);
    // An empty structure counts for this check alone, an empty list does not.
    let asks = members != 0
        || request.on_demand_throughput.is_some()
        || request.warm_throughput.is_some()
        || !updates.is_empty();
    if !asks {
        return Err(Exception::validation(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, \
             SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, \
             MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is \
             required",
        ));
    }
    if request.global_secondary_index_updates.as_ref().is_some_and(Vec::is_empty) {
        return Err(tables::invalid("List of GlobalSecondaryIndexUpdates is empty"));
    }
    request.provisioned_throughput.as_ref().map(check_units).transpose()?;
    indexes::check_updates(updates)?;
    let broken = RULES.iter().find(|(one, other, _)| members & one != 0 && members & other != 0);
    broken.map_or(Ok(()), |(_, _, text)| Err(tables::invalid(text)))
}

pub(super) fn of(request: &UpdateTableInput) -> Members {
    let updates = request.global_secondary_index_updates.as_deref().unwrap_or_default();
    let has_units = request.provisioned_throughput.is_some();
    let given = [
        (UNITS, has_units),
        (BILLING, request.billing_mode.is_some()),
        (IOPS, has_units || request.billing_mode == Some(BillingMode::Provisioned)),
        (STREAM, request.stream_specification.is_some()),
        (ENCRYPTION, request.sse_specification.is_some()),
        (CLASS, request.table_class.is_some()),
        (PROTECTION, request.deletion_protection_enabled.is_some()),
        (ON_DEMAND, indexes::has_maxima(request.on_demand_throughput.as_ref())),
        (WARM, request.warm_throughput.as_ref().is_some_and(|own| !is_empty_warm(own))),
        (INDEX_CREATION, updates.iter().any(|update| update.create.is_some())),
        (INDEX_DELETION, updates.iter().any(|update| update.delete.is_some())),
        (INDEX_UPDATE, updates.iter().any(|update| update.update.is_some())),
        (REPLICAS, request.replica_updates.is_some()),
        (DISASSOCIATION, request.disassociation_protection_enabled.is_some()),
        (SETTINGS_MODE, request.global_table_settings_replication_mode.is_some()),
    ];
    given.into_iter().filter(|(_, given)| *given).fold(0, |set, (member, _)| set | member)
}
