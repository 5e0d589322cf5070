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
    APPLICATION_AUTO_SCALING, Answering, AwsService, Fault, Protocol, Reply, Request, RequestFacts, ServiceError,
    ServiceModel, Structure, codec,
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

    async fn called(&self, request: &Request<'_>) -> Answer<Reply> {
        let Request { operation, protocol, .. } = *request;
        let caller = request.caller.ok_or(Refusal::Unsigned)?;
        let decoded = codec::decode(operation, protocol, &request.input)?;
        if let Some(observer) = request.observer {
            observer.asked(RequestFacts { accesses: Vec::new(), parameters: refusal::names(operation, &decoded) });
        }
        codec::check_sizes(operation, &decoded)?;
        permission::permit(caller, operation, &decoded, self.engine()).await?;
        codec::check(operation, &decoded)?;
        let output = self.execute(caller, operation.name(), decoded).await?;
        Ok(codec::answer(operation, protocol, &output, request.request_id))
    }

    async fn execute(&self, caller: &Caller, operation: &'static str, request: Structure) -> Answer<Structure> {
        match operation {
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
            other => Err(Refusal::NotBuilt(other)),
        }
    }
}

impl AwsService for AutoScaling {
    fn model(&self) -> &'static ServiceModel {
        &APPLICATION_AUTO_SCALING
    }

    fn call<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let (protocol, request_id) = (request.protocol, request.request_id);
            self.called(&request).await.unwrap_or_else(|refusal| {
                codec::refuse(&APPLICATION_AUTO_SCALING, protocol, refusal.error(protocol), request_id)
            })
        })
    }

    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> Reply {
        let error = ServiceError::common(&APPLICATION_AUTO_SCALING, fault, protocol);
        codec::refuse(&APPLICATION_AUTO_SCALING, protocol, error, request_id)
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
