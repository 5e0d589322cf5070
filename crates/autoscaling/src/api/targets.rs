//! RegisterScalableTarget, DeregisterScalableTarget and DescribeScalableTargets.

use std::collections::BTreeMap;

use auth::Caller;
use aws::Timestamp;
use aws::application_auto_scaling::{
    DeregisterScalableTargetRequest, DeregisterScalableTargetResponse, DescribeScalableTargetsRequest,
    DescribeScalableTargetsResponse, RegisterScalableTargetRequest, RegisterScalableTargetResponse, ScalableTarget,
    SuspendedState,
};

use super::refusal::Refusal;
use super::tags::checked_tags;
use super::{Answer, AutoScaling, Filter, Named, Page};
use crate::alarms;
use crate::id::TargetId;
use crate::resource::{NAMESPACE, Resource};
use crate::rows::{self, Change};
use crate::target::{Suspended, Target};

impl AutoScaling {
    /// Of a target that is there, the members of the request are changed. New bounds act at once.
    pub(super) async fn register(
        &self,
        caller: &Caller,
        request: RegisterScalableTargetRequest,
    ) -> Answer<RegisterScalableTargetResponse> {
        let named = Named::of(&request.service_namespace, request.resource_id, &request.scalable_dimension)?;
        let [min, max] = [request.min_capacity, request.max_capacity];
        let (min, max) = (min.map(|min| capacity("Minimum", min)), max.map(|max| capacity("Maximum", max)));
        let (min, max) = (min.transpose()?, max.transpose()?);
        let tags = checked_tags(&named.id(caller).arn(), BTreeMap::new(), request.tags.unwrap_or_default())?;
        // Before the look at the table: a caller that may not describe it learns nothing of it.
        self.permit_table(caller, &named).await?;
        let id = named.id(caller);
        let now_ms = self.now_ms();
        if rows::get(self.engine(), id.key()).await?.is_none() {
            self.refuse_missing(caller, &named).await?;
        }
        rows::change(self.engine(), id.key(), |stored, _| {
            let mut target = match stored {
                Some(target) => target,
                None => new_target(id, [min, max], now_ms)?,
            };
            let suspended = request.suspended_state.as_ref();
            (target.min, target.max) = (min.unwrap_or(target.min), max.unwrap_or(target.max));
            if target.max < target.min {
                let text = "Maximum capacity cannot be less than minimum capacity";
                return Err(Refusal::Validation(text.to_owned()));
            }
            target.suspended = suspended.map_or(target.suspended, |state| with(target.suspended, state));
            if min.is_some() || max.is_some() {
                (target.is_unsettled, target.bounded_by) = (true, None);
            }
            target.tags = checked_tags(&id.arn(), target.tags, tags.clone())?;
            Ok(Change::Put(Box::new(target)))
        })
        .await?;
        self.scaler.wake(id.key());
        Ok(RegisterScalableTargetResponse { scalable_target_arn: Some(id.arn()) })
    }

    /// A target is registered for a table that there is, and survives it.
    async fn refuse_missing(&self, caller: &Caller, named: &Named) -> Answer<()> {
        let id = named.id(caller);
        let (table, index) = crate::resource::parse(id.resource_id).unwrap_or_default();
        let resource = Resource { account: id.account, region: id.region, table, index };
        let what = if index.is_some() { "index" } else { "table" };
        let tables = &self.scaler.tables;
        if tables.capacity(resource, id.dimension.access()).await.is_none() {
            tables.refresh().await;
        }
        match tables.capacity(resource, id.dimension.access()).await {
            Some(_) => Ok(()),
            None => Err(Refusal::Validation(format!("DynamoDB {what} does not exist: {}", named.resource_id))),
        }
    }

    /// With its policy, its scheduled actions and its activities.
    pub(super) async fn deregister(
        &self,
        caller: &Caller,
        request: DeregisterScalableTargetRequest,
    ) -> Answer<DeregisterScalableTargetResponse> {
        let named = Named::of(&request.service_namespace, request.resource_id, &request.scalable_dimension)?;
        let key = named.id(caller).key();
        let unknown = || Refusal::NotFound(format!("No scalable target found for {}", named.described()));
        let target = rows::get(self.engine(), key).await?.ok_or_else(unknown)?;
        self.permit_end_of_alarms(caller, &target)?;
        // Before the row, which has their names; and behind it, if an evaluation has put them again meanwhile.
        self.delete_alarms(&target).await?;
        let delete = |stored: Option<Target>, _: Option<&bytes::Bytes>| match stored {
            Some(_) => Ok(Change::Delete),
            None => Err(unknown()),
        };
        rows::change(self.engine(), key, delete).await?;
        self.delete_alarms(&target).await?;
        Ok(DeregisterScalableTargetResponse {})
    }

    /// Those of its policy.
    pub(super) async fn delete_alarms(&self, target: &Target) -> Answer<()> {
        let Some(policy) = &target.policy else { return Ok(()) };
        let names = alarms::names(target, policy);
        Ok(self.scaler.metrics.delete_alarms(&target.account, &target.region, &names).await?)
    }

    pub(super) async fn describe_targets(
        &self,
        caller: &Caller,
        request: DescribeScalableTargetsRequest,
    ) -> Answer<DescribeScalableTargetsResponse> {
        let mut page = Page::of(request.max_results, request.next_token.as_deref())?;
        let ids = request.resource_ids.filter(|ids| !ids.is_empty()).map(|ids| ids.into_iter().collect());
        let filter = Filter::of(&request.service_namespace, ids, request.scalable_dimension)?;
        self.each_target(caller, &filter, |target| page.add(place(&target), || described(target))).await?;
        let (targets, next_token) = page.end();
        Ok(DescribeScalableTargetsResponse { next_token, scalable_targets: Some(targets) })
    }
}

/// Where a target is in a list.
pub(super) fn place(target: &Target) -> String {
    format!("{} {}", target.resource_id, target.dimension.name())
}

/// # Errors
/// Of a capacity that no table can have.
pub(super) fn capacity(name: &str, units: i32) -> Answer<u32> {
    let refusal =
        || Refusal::Validation(format!("{name} capacity must be greater than or equal to 1, but was {units}"));
    u32::try_from(units).ok().filter(|units| *units > 0).ok_or_else(refusal)
}

/// # Errors
/// Without bounds.
fn new_target(id: TargetId<'_>, bounds: [Option<u32>; 2], now_ms: u64) -> Answer<Target> {
    let [Some(min), Some(max)] = bounds else {
        let which = if bounds[0].is_none() { "MinCapacity" } else { "MaxCapacity" };
        return Err(Refusal::Validation(format!("{which} must be specified when registering a new scalable target")));
    };
    Ok(Target::new(id, [min, max], now_ms))
}

/// Members that a request does not have stay.
fn with(suspended: Suspended, state: &SuspendedState) -> Suspended {
    Suspended {
        dynamic_in: state.dynamic_scaling_in_suspended.unwrap_or(suspended.dynamic_in),
        dynamic_out: state.dynamic_scaling_out_suspended.unwrap_or(suspended.dynamic_out),
        scheduled: state.scheduled_scaling_suspended.unwrap_or(suspended.scheduled),
    }
}

fn described(target: Target) -> ScalableTarget {
    let units = |units: u32| i32::try_from(units).unwrap_or(i32::MAX);
    let arn = target.id().arn();
    ScalableTarget {
        creation_time: Timestamp(target.created_ms),
        max_capacity: units(target.max),
        min_capacity: units(target.min),
        predicted_capacity: None,
        // The service's own role, whatever a request names. Source: API Reference, RegisterScalableTarget.
        role_arn: format!(
            "arn:aws:iam::{}:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
            target.account
        ),
        resource_id: target.resource_id,
        scalable_dimension: target.dimension.name().to_owned(),
        scalable_target_arn: Some(arn),
        service_namespace: NAMESPACE.to_owned(),
        suspended_state: Some(SuspendedState {
            dynamic_scaling_in_suspended: Some(target.suspended.dynamic_in),
            dynamic_scaling_out_suspended: Some(target.suspended.dynamic_out),
            scheduled_scaling_suspended: Some(target.suspended.scheduled),
        }),
    }
}
