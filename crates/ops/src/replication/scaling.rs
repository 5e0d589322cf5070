//! Auto scaling of replicas with provisioned capacity: that of writes is a condition of theirs, with the same settings in all regions.
//!
//! Settings are scalable targets of Application Auto Scaling, which every replica has in its own region. The capacity that follows from
//! them is each region's own. Texts: captures.

use api::Exception;
use autoscaling::{Access, PolicySettings, Resource, ScalingSettings};
use cluster::catalog::Interrupted;
use tables::failure::storage_failure;
use tables::{Definition, IndexStatus};

use crate::service::Service;

/// The scaling of writes that an index gets which is added to a group.
const INDEX_BOUNDS: [u32; 2] = [1, 10];
const INDEX_TARGET_PERCENT: f64 = 70.0;

impl Service {
    /// Refuses a group of provisioned tables whose writes are not scaled.
    ///
    /// # Errors
    /// DynamoDB's refusals.
    pub(super) async fn check_write_scaling(&self, definition: &Definition) -> Result<(), Exception> {
        if definition.is_on_demand() {
            return Ok(());
        }
        if !self.has_scaled_writes(definition, None).await? {
            return Err(Exception::validation("Table write capacity should either be Pay-Per-Request or AutoScaled."));
        }
        self.check_index_scaling(definition).await
    }

    async fn check_index_scaling(&self, definition: &Definition) -> Result<(), Exception> {
        for name in live_indexes(definition) {
            if !self.has_scaled_writes(definition, Some(name)).await? {
                return Err(Exception::validation(
                    "GSI write capacity should either be Pay-Per-Request or AutoScaled.",
                ));
            }
        }
        Ok(())
    }

    /// With a target and a policy: bounds alone move nothing.
    async fn has_scaled_writes(&self, definition: &Definition, index: Option<&str>) -> Result<bool, Exception> {
        let of = resource(definition, &definition.region, index);
        let settings = ScalingSettings::read(self.engine.as_ref(), of, Access::Write).await.map_err(storage_failure)?;
        Ok(settings.is_some_and(|settings| settings.policy.is_some()))
    }

    /// Gives indexes that are added to a group of provisioned tables their scaling of writes, in all regions.
    ///
    /// # Errors
    /// DynamoDB's refusal, if an index of the group has none.
    pub(crate) async fn scale_new_indexes(&self, before: &Definition, after: &Definition) -> Result<(), Exception> {
        let Some(replica) = after.replica().filter(|_| !after.is_on_demand()) else { return Ok(()) };
        let is_new = |name: &&str| before.index_names().all(|own| own != *name);
        let new: Vec<&str> = live_indexes(after).filter(is_new).collect();
        if new.is_empty() {
            return Ok(());
        }
        self.check_index_scaling(before).await?;
        let members = replica.members.iter().map(|member| member.region.as_str());
        for region in std::iter::once(after.region.as_str()).chain(members) {
            for name in &new {
                let of = resource(after, region, Some(name));
                let settings = new_index_settings(of);
                let put = settings.put(self.engine.as_ref(), of, Access::Write, self.clock.now_ms());
                if !put.await.map_err(storage_failure)? {
                    return Err(Exception::LimitExceeded(format!(
                        "The account has as many scalable targets in {region} as it may have."
                    )));
                }
            }
        }
        Ok(())
    }

    /// Gives a new replica the scaling that its source has, of reads and of writes.
    pub(super) async fn mirror_scaling(&self, source: &Definition, region: &str) -> Result<(), Interrupted> {
        if source.is_on_demand() {
            return Ok(());
        }
        let (engine, now_ms) = (self.engine.as_ref(), self.clock.now_ms());
        for index in std::iter::once(None).chain(live_indexes(source).map(Some)) {
            for access in [Access::Read, Access::Write] {
                let from = resource(source, &source.region, index);
                let Some(settings) = ScalingSettings::read(engine, from, access).await? else { continue };
                if !settings.put(engine, resource(source, region, index), access, now_ms).await? {
                    log::warn!(
                        event = "replica_not_scaled", table = source.arn().as_str();
                        "a replica in {region} gets no auto scaling: the account has as many scalable targets there as it may have"
                    );
                }
            }
        }
        Ok(())
    }
}

fn live_indexes(definition: &Definition) -> impl Iterator<Item = &str> {
    let live = definition.global_indexes.iter().filter(|index| index.status != IndexStatus::Deleting);
    live.map(|index| index.name.as_str())
}

/// A table of the group, or an index of it.
pub(crate) fn resource<'a>(definition: &'a Definition, region: &'a str, index: Option<&'a str>) -> Resource<'a> {
    Resource { account: &definition.account, region, table: &definition.name, index }
}

fn new_index_settings(of: Resource<'_>) -> ScalingSettings {
    let policy = PolicySettings {
        name: policy_name(of, Access::Write),
        target_value: INDEX_TARGET_PERCENT,
        disable_scale_in: None,
        in_cooldown: None,
        out_cooldown: None,
    };
    let [min, max] = INDEX_BOUNDS;
    ScalingSettings { min, max, policy: Some(policy) }
}

/// The name of a policy that no request names.
pub(crate) fn policy_name(of: Resource<'_>, access: Access) -> String {
    let metric = match access {
        Access::Read => "DynamoDBReadCapacityUtilization",
        Access::Write => "DynamoDBWriteCapacityUtilization",
    };
    match of.index {
        None => format!("{metric}:table/{}", of.table),
        Some(index) => format!("{metric}:table/{}/index/{index}", of.table),
    }
}
