//! The settings of a table's or an index's scaling, as DynamoDB's own operations on replicas describe and change them.
//!
//! They are changed by their rows alone. The job puts alarms that are missing, and moves capacity to new bounds with its next run.

use std::convert::Infallible;

use storage::{Engine, StorageError};

use crate::alarms;
use crate::id::TargetId;
use crate::resource::{Access, Dimension, Resource};
use crate::rows::{self, Change, Failure};
use crate::target::{Policy, Target, Tracking};

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
        let resource_id = of.id();
        let target = rows::get(engine, id(of, access, &resource_id).key()).await?;
        Ok(target.as_ref().map(ScalingSettings::of))
    }

    /// Gives a table or an index these settings, in the place of those that it has. False if its account has as many scalable targets as
    /// it may have.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn put(
        &self,
        engine: &dyn Engine,
        of: Resource<'_>,
        access: Access,
        now_ms: u64,
    ) -> Result<bool, StorageError> {
        let resource_id = of.id();
        let id = id(of, access, &resource_id);
        let former = rows::get(engine, id.key()).await?;
        if former.as_ref().is_some_and(|former| ScalingSettings::of(former) == *self) {
            return Ok(true);
        }
        let put = rows::change(engine, id.key(), |stored, _| {
            let mut target = stored.unwrap_or_else(|| Target::new(id, [self.min, self.max], now_ms));
            (target.min, target.max, target.is_unsettled, target.bounded_by) = (self.min, self.max, true, None);
            let own = target.policy.take();
            target.policy = self.policy.as_ref().map(|wanted| wanted.policy(own, now_ms));
            Ok::<Change, Infallible>(Change::Put(Box::new(target)))
        });
        match put.await {
            Ok(()) => {}
            Err(Failure::Storage(error)) => return Err(error),
            Err(Failure::TooMany | Failure::TooLarge) => return Ok(false),
            Err(Failure::Refused(never)) => match never {},
        }
        // Behind the row: an evaluation in between would put those of the former policy again.
        delete_alarms(engine, former.as_ref()).await?;
        Ok(true)
    }

    /// Ends the scaling of a table or an index.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn remove(engine: &dyn Engine, of: Resource<'_>, access: Access) -> Result<(), StorageError> {
        let resource_id = of.id();
        let key = id(of, access, &resource_id).key();
        let Some(former) = rows::get(engine, key).await? else { return Ok(()) };
        match rows::change(engine, key, |_, _| Ok::<Change, Infallible>(Change::Delete)).await {
            Err(Failure::Storage(error)) => Err(error),
            _ => delete_alarms(engine, Some(&former)).await,
        }
    }

    /// What no target can have, as Application Auto Scaling says it.
    pub fn problem(&self, of: Resource<'_>, access: Access) -> Option<String> {
        if self.max < self.min {
            return Some("Maximum capacity cannot be less than minimum capacity".to_owned());
        }
        let policy = self.policy.as_ref()?;
        Tracking::problem_of(Dimension::of(access, of.index.is_some()), policy.target_value)
    }

    fn of(target: &Target) -> ScalingSettings {
        let policy = target.policy.as_ref().map(Policy::settings);
        ScalingSettings { min: target.min, max: target.max, policy }
    }
}

fn id<'a>(of: Resource<'a>, access: Access, resource_id: &'a str) -> TargetId<'a> {
    let dimension = Dimension::of(access, of.index.is_some());
    TargetId { account: of.account, region: of.region, resource_id, dimension }
}

async fn delete_alarms(engine: &dyn Engine, of: Option<&Target>) -> Result<(), StorageError> {
    let Some((target, policy)) = of.and_then(|target| Some((target, target.policy.as_ref()?))) else { return Ok(()) };
    cloudwatch::delete_alarms(engine, &target.account, &target.region, &alarms::names(target, policy)).await
}

impl PolicySettings {
    /// The policy, in the place of the one that is there.
    fn policy(&self, own: Option<Policy>, now_ms: u64) -> Policy {
        let tracking = Tracking {
            value_bits: self.target_value.to_bits(),
            disable_scale_in: self.disable_scale_in,
            in_cooldown: self.in_cooldown,
            out_cooldown: self.out_cooldown,
        };
        match own {
            Some(own) => Policy { name: self.name.clone(), tracking, retry_ms: 0, ..own },
            None => Policy::new(&self.name, tracking, now_ms),
        }
    }
}

impl Policy {
    fn settings(&self) -> PolicySettings {
        let Tracking { disable_scale_in, in_cooldown, out_cooldown, .. } = self.tracking;
        let (name, target_value) = (self.name.clone(), self.tracking.value());
        PolicySettings { name, target_value, disable_scale_in, in_cooldown, out_cooldown }
    }
}
