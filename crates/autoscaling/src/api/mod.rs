//! Application Auto Scaling's API: version 2016-02-06, in AWS JSON.

mod activities;
mod list;
mod permission;
mod policies;
mod refusal;
mod schedules;
mod tags;
mod targets;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use auth::Caller;
use aws::application_auto_scaling::GetPredictiveScalingForecastRequest;
use aws::{
    APPLICATION_AUTO_SCALING, DecodeError, Decoded, HostedService, OperationId, Permissions, Protocol,
    Refusal as Common, Request, ServiceError, ServiceModel, Structure, codec,
};
use jobs::Turns;
use storage::Engine;

use crate::id::TargetId;
use crate::job::Scaler;
use crate::resource::{self, Dimension, NAMESPACE};
use list::{Filter, Page};
use refusal::Refusal;

type Answer<T> = Result<T, Refusal>;

/// Lists at once, of all accounts; an account has one.
const READS_MAX: usize = 4;

/// The members that the audit log has.
const NAMES: &[(&str, &str)] = &[
    ("serviceNamespace", "ServiceNamespace"),
    ("resourceId", "ResourceId"),
    ("scalableDimension", "ScalableDimension"),
    ("policyName", "PolicyName"),
    ("scheduledActionName", "ScheduledActionName"),
    ("resourceARN", "ResourceARN"),
    ("minCapacity", "MinCapacity"),
    ("maxCapacity", "MaxCapacity"),
    ("targetValue", "TargetTrackingScalingPolicyConfiguration.TargetValue"),
    ("schedule", "Schedule"),
    ("timezone", "Timezone"),
    ("startTime", "StartTime"),
    ("endTime", "EndTime"),
    ("scalableTargetAction.minCapacity", "ScalableTargetAction.MinCapacity"),
    ("scalableTargetAction.maxCapacity", "ScalableTargetAction.MaxCapacity"),
];

/// Application Auto Scaling as a service of the handler.
pub struct AutoScaling {
    scaler: Arc<Scaler>,
    /// Of lists. They give way between their pages.
    reads: Turns,
}

impl AutoScaling {
    pub fn new(scaler: Arc<Scaler>) -> AutoScaling {
        AutoScaling { scaler, reads: Turns::new(1, READS_MAX) }
    }

    fn engine(&self) -> &dyn Engine {
        &*self.scaler.engine
    }

    fn now_ms(&self) -> u64 {
        self.scaler.clock.now_ms()
    }

    async fn dispatch(&self, caller: &Caller, operation: OperationId, request: Structure) -> Answer<Structure> {
        match operation.name() {
            "RegisterScalableTarget" => self.register(caller, codec::checked(request)?).await.map(codec::output),
            "DeregisterScalableTarget" => self.deregister(caller, codec::checked(request)?).await.map(codec::output),
            "DescribeScalableTargets" => {
                self.describe_targets(caller, codec::checked(request)?).await.map(codec::output)
            }
            "PutScalingPolicy" => self.put_policy(caller, codec::checked(request)?).await.map(codec::output),
            "DeleteScalingPolicy" => self.delete_policy(caller, codec::checked(request)?).await.map(codec::output),
            "DescribeScalingPolicies" => {
                self.describe_policies(caller, codec::checked(request)?).await.map(codec::output)
            }
            "PutScheduledAction" => self.put_action(caller, codec::checked(request)?).await.map(codec::output),
            "DeleteScheduledAction" => self.delete_action(caller, codec::checked(request)?).await.map(codec::output),
            "DescribeScheduledActions" => {
                self.describe_actions(caller, codec::checked(request)?).await.map(codec::output)
            }
            "DescribeScalingActivities" => {
                self.describe_activities(caller, codec::checked(request)?).await.map(codec::output)
            }
            "GetPredictiveScalingForecast" => {
                let _: GetPredictiveScalingForecastRequest = codec::checked(request)?;
                Err(Refusal::Validation(policies::NO_PREDICTIVE.to_owned()))
            }
            "ListTagsForResource" => self.list_tags(caller, codec::checked(request)?).await.map(codec::output),
            "TagResource" => self.tag(caller, codec::checked(request)?).await.map(codec::output),
            "UntagResource" => self.untag(caller, codec::checked(request)?).await.map(codec::output),
            _ => Err(Common::not_built("Application Auto Scaling's API", operation).into()),
        }
    }
}

impl HostedService for AutoScaling {
    const MODEL: &'static ServiceModel = &APPLICATION_AUTO_SCALING;
    type Call = Decoded;
    type Refusal = Refusal;

    async fn decode(&self, _: &Caller, request: Request<'_>) -> Answer<Decoded> {
        Ok(Decoded::of(&request)?)
    }

    fn names(&self, call: &Decoded) -> Vec<(&'static str, String)> {
        call.names(NAMES)
    }

    fn check_sizes(&self, call: &Decoded) -> Result<(), DecodeError> {
        call.check_sizes()
    }

    async fn permissions<'a>(&'a self, caller: &'a Caller, call: &'a Decoded) -> Answer<Permissions<'a>> {
        permission::required(caller, call, self.engine()).await
    }

    async fn execute(&self, caller: &Caller, call: Decoded) -> Answer<Structure> {
        self.dispatch(caller, call.operation, call.checked()?).await
    }

    fn error(refusal: Refusal, protocol: Protocol) -> ServiceError {
        refusal.error(protocol)
    }
}

/// What a request about one target names.
struct Named {
    resource_id: String,
    dimension: Dimension,
}

impl Named {
    /// # Errors
    /// If it is not what is scaled here.
    fn of(namespace: &str, resource_id: String, dimension: &str) -> Answer<Named> {
        let found = resource::dimension(&resource_id, dimension).filter(|_| namespace == NAMESPACE);
        let dimension = found.ok_or_else(|| {
            let text = "Unsupported service namespace, resource type or scalable dimension";
            Refusal::Validation(text.to_owned())
        })?;
        Ok(Named { resource_id, dimension })
    }

    fn id<'a>(&'a self, caller: &'a Caller) -> TargetId<'a> {
        let Named { resource_id, dimension } = self;
        TargetId { account: &caller.account, region: &caller.region, resource_id, dimension: *dimension }
    }

    /// As refusals describe it.
    fn described(&self) -> String {
        format!(
            "service namespace: {NAMESPACE}, resource ID: {}, scalable dimension: {}",
            self.resource_id,
            self.dimension.name()
        )
    }

    /// Of a policy or an action.
    fn unregistered(&self) -> Refusal {
        Refusal::NotFound(format!("No scalable target registered for {}", self.described()))
    }
}
