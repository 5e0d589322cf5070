//! PutScalingPolicy, DeleteScalingPolicy and DescribeScalingPolicies: policies that track the utilization of provisioned capacity.

use auth::Caller;
use aws::Timestamp;
use aws::application_auto_scaling::{
    Alarm, DeleteScalingPolicyRequest, DeleteScalingPolicyResponse, DescribeScalingPoliciesRequest,
    DescribeScalingPoliciesResponse, PredefinedMetricSpecification, PutScalingPolicyRequest, PutScalingPolicyResponse,
    ScalingPolicy, TargetTrackingScalingPolicyConfiguration,
};
use cloudwatch::ManagedAlarm;

use super::list::{is_named, names};
use super::refusal::Refusal;
use super::targets::place;
use super::{Answer, AutoScaling, Filter, Named, Page};
use crate::alarms;
use crate::resource::{Dimension, NAMESPACE};
use crate::rows::{self, Change};
use crate::target::{Policy, Target, Tracking, shown};

const TARGET_TRACKING: &str = "TargetTrackingScaling";
pub(super) const NO_PREDICTIVE: &str = "PredictiveScaling is not supported for service namespace dynamodb: its policies are of the type TargetTrackingScaling";
/// Of all metrics. Source: captures.
const ALL_VALUES: [f64; 2] = [8.51592e-109, 1.174271e108];

impl AutoScaling {
    pub(super) async fn put_policy(
        &self,
        caller: &Caller,
        request: PutScalingPolicyRequest,
    ) -> Answer<PutScalingPolicyResponse> {
        let named = Named::of(&request.service_namespace, request.resource_id.clone(), &request.scalable_dimension)?;
        self.permit_table(caller, &named).await?;
        self.permit_new_alarms(caller, &named)?;
        refuse_types(&request)?;
        let tracking = match request.target_tracking_scaling_policy_configuration {
            Some(configuration) => Some(tracking(named.dimension, &configuration)?),
            None => None,
        };
        let (name, now_ms) = (request.policy_name, self.now_ms());
        let is_typed = request.policy_type.is_some();
        let key = named.id(caller).key();
        let mut is_new = false;
        rows::change(self.engine(), key, |stored, _| {
            let mut target: Target = stored.ok_or_else(|| named.unregistered())?;
            is_new = target.policy.is_none();
            match (&mut target.policy, &tracking) {
                (Some(policy), tracking) if policy.name == name => {
                    policy.tracking = tracking.clone().unwrap_or_else(|| policy.tracking.clone());
                    policy.retry_ms = 0;
                }
                (Some(_), _) => {
                    let text = "Only one TargetTrackingScaling policy for a given metric specification is allowed.";
                    return Err(Refusal::Validation(text.to_owned()));
                }
                (None, _) if !is_typed => {
                    return Err(Refusal::Validation("PolicyType must be specified when creating a policy".to_owned()));
                }
                (None, None) => {
                    let text = "TargetTrackingScalingPolicyConfiguration must be specified for the policy type TargetTrackingScaling";
                    return Err(Refusal::Validation(text.to_owned()));
                }
                (None, Some(tracking)) => target.policy = Some(Policy::new(&name, tracking.clone(), now_ms)),
            }
            Ok(Change::Put(Box::new(target)))
        })
        .await?;
        self.arm_policy(caller, &named, is_new).await
    }

    /// The policy's alarms, and the answer that names them. A request that fails here can be made again.
    async fn arm_policy(&self, caller: &Caller, named: &Named, is_new: bool) -> Answer<PutScalingPolicyResponse> {
        let key = named.id(caller).key();
        let target = rows::get(self.engine(), key).await?.ok_or_else(|| named.unregistered())?;
        let policy = target.policy.as_ref().ok_or_else(|| named.unregistered())?;
        let units = self.scaler.units(&target).await;
        if !self.scaler.arm(key, units).await? {
            if is_new {
                self.take_back(&target, &policy.id).await?;
            }
            return Err(Refusal::Limit("The account has as many CloudWatch alarms as it may have.".to_owned()));
        }
        Ok(PutScalingPolicyResponse {
            alarms: Some(described_alarms(&target, policy)),
            policy_arn: target.policy_arn(policy),
        })
    }

    /// A new policy that cannot have all of its alarms is none.
    async fn take_back(&self, target: &Target, policy_id: &str) -> Answer<()> {
        rows::change(self.engine(), target.id().key(), |stored, _| {
            // Deleted or replaced meanwhile: the other request has its own answer.
            let is_it = |target: &Target| target.policy.as_ref().is_some_and(|policy| policy.id == policy_id);
            let target = stored
                .filter(is_it)
                .ok_or_else(|| Refusal::Validation("The policy was changed meanwhile".to_owned()))?;
            Ok(Change::Put(Box::new(Target { policy: None, ..target })))
        })
        .await?;
        self.delete_alarms(target).await
    }

    pub(super) async fn delete_policy(
        &self,
        caller: &Caller,
        request: DeleteScalingPolicyRequest,
    ) -> Answer<DeleteScalingPolicyResponse> {
        let named = Named::of(&request.service_namespace, request.resource_id, &request.scalable_dimension)?;
        let key = named.id(caller).key();
        let name = request.policy_name;
        let is_it = |target: &Target| target.policy.as_ref().is_some_and(|policy| policy.name == name);
        let unknown =
            || Refusal::NotFound(format!("No scaling policy found for {}, policy name: {name}", named.described()));
        let target = rows::get(self.engine(), key).await?.filter(is_it).ok_or_else(unknown)?;
        self.permit_end_of_alarms(caller, &target)?;
        // As in `deregister`.
        self.delete_alarms(&target).await?;
        rows::change(self.engine(), key, |stored, _| {
            let target = stored.filter(is_it).ok_or_else(unknown)?;
            Ok(Change::Put(Box::new(Target { policy: None, ..target })))
        })
        .await?;
        self.delete_alarms(&target).await?;
        Ok(DeleteScalingPolicyResponse {})
    }

    pub(super) async fn describe_policies(
        &self,
        caller: &Caller,
        request: DescribeScalingPoliciesRequest,
    ) -> Answer<DescribeScalingPoliciesResponse> {
        let mut page = Page::of(request.max_results, request.next_token.as_deref())?;
        let filter = Filter::of_one(&request.service_namespace, request.resource_id, request.scalable_dimension)?;
        let names = names(request.policy_names);
        let each = |target: Target| {
            let policy = target.policy.as_ref().filter(|policy| is_named(&names, &policy.name));
            policy.into_iter().for_each(|policy| page.add(place(&target), || described(&target, policy)));
        };
        self.each_target(caller, &filter, each).await?;
        let (policies, next_token) = page.end();
        Ok(DescribeScalingPoliciesResponse { next_token, scaling_policies: Some(policies) })
    }
}

/// The types of policies that tables do not have.
fn refuse_types(request: &PutScalingPolicyRequest) -> Answer<()> {
    let kind = request.policy_type.as_deref().unwrap_or(TARGET_TRACKING);
    if kind == "PredictiveScaling" || request.predictive_scaling_policy_configuration.is_some() {
        return Err(Refusal::Validation(NO_PREDICTIVE.to_owned()));
    }
    if kind != TARGET_TRACKING || request.step_scaling_policy_configuration.is_some() {
        return Err(Refusal::Validation(NO_PREDICTIVE.replace("PredictiveScaling", "StepScaling")));
    }
    Ok(())
}

fn tracking(dimension: Dimension, configuration: &TargetTrackingScalingPolicyConfiguration) -> Answer<Tracking> {
    let TargetTrackingScalingPolicyConfiguration { target_value: value, .. } = *configuration;
    if !(ALL_VALUES[0]..=ALL_VALUES[1]).contains(&value) {
        return Err(Refusal::Validation(format!(
            "For target tracking scaling, target value must be between '{}' and '{}', but was '{}'.",
            shown(ALL_VALUES[0]),
            shown(ALL_VALUES[1]),
            shown(value)
        )));
    }
    if configuration.customized_metric_specification.is_some() {
        let text = format!(
            "This server tracks the predefined metrics of DynamoDB: PredefinedMetricSpecification must be {}, without CustomizedMetricSpecification",
            dimension.predefined_metric()
        );
        return Err(Refusal::Validation(text));
    }
    let metric = configuration.predefined_metric_specification.as_ref();
    let metric =
        metric.map(|PredefinedMetricSpecification { predefined_metric_type, .. }| predefined_metric_type.as_str());
    if metric != Some(dimension.predefined_metric()) {
        return Err(Refusal::Validation(format!(
            "The predefined metric of the scalable dimension {} must be {}",
            dimension.name(),
            dimension.predefined_metric()
        )));
    }
    if configuration.predefined_metric_specification.as_ref().is_some_and(|metric| metric.resource_label.is_some()) {
        let text = format!("{} takes no ResourceLabel", dimension.predefined_metric());
        return Err(Refusal::Validation(text));
    }
    if let Some(problem) = Tracking::problem_of(dimension, value) {
        return Err(Refusal::Validation(problem));
    }
    Ok(Tracking {
        value_bits: value.to_bits(),
        disable_scale_in: configuration.disable_scale_in,
        in_cooldown: configuration.scale_in_cooldown,
        out_cooldown: configuration.scale_out_cooldown,
    })
}

fn described_alarms(target: &Target, policy: &Policy) -> Vec<Alarm> {
    let described = |alarm: ManagedAlarm| Alarm { alarm_arn: alarm.arn(), alarm_name: alarm.name };
    alarms::of_units(target, policy, policy.armed_units).map(described).into()
}

fn described(target: &Target, policy: &Policy) -> ScalingPolicy {
    let Tracking { disable_scale_in, in_cooldown, out_cooldown, .. } = policy.tracking;
    let metric = PredefinedMetricSpecification {
        predefined_metric_type: target.dimension.predefined_metric().to_owned(),
        resource_label: None,
    };
    ScalingPolicy {
        alarms: Some(described_alarms(target, policy)),
        creation_time: Timestamp(policy.created_ms),
        policy_arn: target.policy_arn(policy),
        policy_name: policy.name.clone(),
        policy_type: TARGET_TRACKING.to_owned(),
        predictive_scaling_policy_configuration: None,
        resource_id: target.resource_id.clone(),
        scalable_dimension: target.dimension.name().to_owned(),
        service_namespace: NAMESPACE.to_owned(),
        step_scaling_policy_configuration: None,
        target_tracking_scaling_policy_configuration: Some(TargetTrackingScalingPolicyConfiguration {
            customized_metric_specification: None,
            disable_scale_in,
            predefined_metric_specification: Some(metric),
            scale_in_cooldown: in_cooldown,
            scale_out_cooldown: out_cooldown,
            target_value: policy.tracking.value(),
        }),
    }
}
