//! Application Auto Scaling's API: version 2016-02-06, in AWS JSON.

mod activities;
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
use storage::{Engine, StorageError};

use crate::id::TargetId;
use crate::job::Scaler;
use crate::resource::{self, Dimension, NAMESPACE};
use crate::rows::TargetPages;
use crate::target::Target;
use refusal::Refusal;

type Answer<T> = Result<T, Refusal>;

/// Of a list. Source: API Reference, MaxResults.
const PAGE_MAX: usize = 50;

/// The members that the audit log has.
const NAMES: &[(&str, &str)] = &[
    ("serviceNamespace", "ServiceNamespace"),
    ("resourceId", "ResourceId"),
    ("scalableDimension", "ScalableDimension"),
    ("policyName", "PolicyName"),
    ("scheduledActionName", "ScheduledActionName"),
    ("resourceARN", "ResourceARN"),
];

/// Application Auto Scaling as a service of the handler.
pub struct AutoScaling {
    scaler: Arc<Scaler>,
}

impl AutoScaling {
    pub fn new(scaler: Arc<Scaler>) -> AutoScaling {
        AutoScaling { scaler }
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

/// What a list has of targets.
struct Filter {
    /// Whether there are any: all targets here are of one namespace.
    is_of_namespace: bool,
    resource_ids: Option<Vec<String>>,
    dimension: Option<String>,
}

impl Filter {
    /// # Errors
    /// Of a dimension without a resource.
    fn of(namespace: &str, resource_id: Option<String>, dimension: Option<String>) -> Answer<Filter> {
        if dimension.is_some() && resource_id.is_none() {
            let text = "If you specify a scalable dimension, you must also specify a resource ID";
            return Err(Refusal::Validation(text.to_owned()));
        }
        let resource_ids = resource_id.map(|resource_id| vec![resource_id]);
        Ok(Filter { is_of_namespace: namespace == NAMESPACE, resource_ids, dimension })
    }

    fn takes(&self, resource_id: &str, dimension: Dimension) -> bool {
        self.is_of_namespace
            && self.resource_ids.as_ref().is_none_or(|ids| ids.iter().any(|id| id == resource_id))
            && self.dimension.as_ref().is_none_or(|wanted| wanted == dimension.name())
    }
}

/// A page of a list: its size, and behind which text it begins.
struct Page {
    size: usize,
    after: Option<String>,
}

impl Page {
    /// # Errors
    /// Of another size, or of a token that no answer had.
    fn of(size: Option<i32>, token: Option<&str>) -> Answer<Page> {
        let size = match size {
            None => PAGE_MAX,
            Some(size) => usize::try_from(size).ok().filter(|size| (1..=PAGE_MAX).contains(size)).ok_or_else(|| {
                Refusal::Validation(format!("MaxResults must be between 1 and {PAGE_MAX}, but was {size}"))
            })?,
        };
        let after = token.map(|token| text_of(token).ok_or(Refusal::NextToken)).transpose()?;
        Ok(Page { size, after })
    }

    /// The first of all in the order of their texts, and the token of the rest.
    fn cut<T>(&self, mut all: Vec<(String, T)>) -> (Vec<T>, Option<String>) {
        all.retain(|(text, _)| self.after.as_ref().is_none_or(|after| text > after));
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let is_more = all.len() > self.size;
        all.truncate(self.size);
        let token = all.last().filter(|_| is_more).map(|(text, _)| base::hex(text.as_bytes()));
        (all.into_iter().map(|(_, item)| item).collect(), token)
    }
}

fn text_of(token: &str) -> Option<String> {
    let digits = token.as_bytes().chunks(2);
    let bytes = digits.map(|pair| base::unhex_lower::<1>(pair).map(|[byte]| byte)).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

impl AutoScaling {
    /// The targets of an account and a region that a filter takes.
    async fn targets(&self, caller: &Caller, filter: &Filter) -> Result<Vec<Target>, StorageError> {
        let mut found = Vec::new();
        let mut pages = TargetPages::new(self.engine(), Some((&caller.account, &caller.region)));
        while let Some(page) = pages.next().await? {
            let taken = page.into_iter().filter(|(target, _)| filter.takes(&target.resource_id, target.dimension));
            found.extend(taken.map(|(target, _)| target));
        }
        Ok(found)
    }
}
