//! The settings of a table's or an index's scaling, as DynamoDB's own operations on replicas describe them.

use storage::{Engine, StorageError};

use crate::id::TargetId;
use crate::resource::{Access, Dimension, Resource};
use crate::rows;
use crate::target::{Policy, Tracking};

#[derive(Clone, PartialEq, Debug)]
pub struct ScalingSettings {
    pub min: u32,
    pub max: u32,
    pub policy: Option<PolicySettings>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct PolicySettings {
    pub name: String,
    /// Unit: percent.
    pub target_value: f64,
    pub disable_scale_in: Option<bool>,
    /// Unit: seconds.
    pub in_cooldown: Option<i32>,
    pub out_cooldown: Option<i32>,
}

impl ScalingSettings {
    /// None of what is no scalable target.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn read(
        engine: &dyn Engine,
        of: Resource<'_>,
        access: Access,
    ) -> Result<Option<ScalingSettings>, StorageError> {
        let dimension = Dimension::of(access, of.index.is_some());
        let resource_id = of.id();
        let id = TargetId { account: of.account, region: of.region, resource_id: &resource_id, dimension };
        let target = rows::get(engine, id.key()).await?;
        Ok(target.map(|target| ScalingSettings {
            min: target.min,
            max: target.max,
            policy: target.policy.as_ref().map(Policy::settings),
        }))
    }
}

impl Policy {
    fn settings(&self) -> PolicySettings {
        let Tracking { disable_scale_in, in_cooldown, out_cooldown, .. } = self.tracking;
        let (name, target_value) = (self.name.clone(), self.tracking.value());
        PolicySettings { name, target_value, disable_scale_in, in_cooldown, out_cooldown }
    }
}
