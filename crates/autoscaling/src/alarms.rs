//! The four alarms of a policy: two on the load, two on whether others have changed the capacity.
//!
//! Their names, periods and thresholds are those that the service's own alarms were captured with, at a target of 70 %: the load is high
//! over the target for 2 minutes, low under 20 points less for 15. Of low targets the lower threshold is half of the target: 20 points
//! less would be no load at all.

use cloudwatch::{ManagedAlarm, Series};

use crate::target::{Policy, Target};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    High,
    Low,
    ProvisionedHigh,
    ProvisionedLow,
}

/// How far below the target the load is low. Unit: points of percent.
const LOW_POINTS: f64 = 20.0;
const MINUTE_SECONDS: u32 = 60;
/// Provisioned capacity is measured every 5 minutes.
const PROVISIONED_SECONDS: u32 = 300;

impl Kind {
    pub(crate) const ALL: [Kind; 4] = [Kind::High, Kind::Low, Kind::ProvisionedHigh, Kind::ProvisionedLow];

    fn name(self) -> &'static str {
        match self {
            Kind::High => "AlarmHigh",
            Kind::Low => "AlarmLow",
            Kind::ProvisionedHigh => "ProvisionedCapacityHigh",
            Kind::ProvisionedLow => "ProvisionedCapacityLow",
        }
    }

    /// Periods that are evaluated, all of which have to be over the threshold.
    pub(crate) fn periods(self) -> u32 {
        match self {
            Kind::High => 2,
            Kind::Low => 15,
            Kind::ProvisionedHigh | Kind::ProvisionedLow => 3,
        }
    }
}

/// Of an alarm's name. Source: CloudWatch's model, AlarmName. Unit: characters.
const NAME_MAX: usize = 255;

/// Unit: percent.
pub(crate) fn low_percent(target: f64) -> f64 {
    (target - LOW_POINTS).max(target / 2.0)
}

pub(crate) fn name(target: &Target, policy: &Policy, kind: Kind) -> String {
    name_with(&target.resource_id, kind, &policy.alarm_ids[kind as usize])
}

fn name_with(resource_id: &str, kind: Kind, id: &str) -> String {
    let kind = kind.name();
    // The id is unique: of a long resource, its beginning is named.
    let left = NAME_MAX.saturating_sub("TargetTracking---".len() + kind.len() + id.len());
    format!("TargetTracking-{}-{kind}-{id}", base::cut(resource_id, left))
}

/// The names of the alarms that policies of a resource may have, with a `*` for their ids.
pub(crate) fn names_of_any(resource_id: &str) -> [String; 4] {
    Kind::ALL.map(|kind| name_with(resource_id, kind, "*"))
}

pub(crate) fn names(target: &Target, policy: &Policy) -> [String; 4] {
    Kind::ALL.map(|kind| name(target, policy, kind))
}

/// The alarms at so many provisioned units.
pub(crate) fn of_units(target: &Target, policy: &Policy, units: u64) -> [ManagedAlarm; 4] {
    let units = units as f64;
    let consumed = |percent: f64| units * f64::from(MINUTE_SECONDS) * percent / 100.0;
    let arn = target.policy_arn(policy);
    Kind::ALL.map(|kind| {
        let (metric, threshold) = match kind {
            Kind::High => (target.dimension.consumed_metric(), consumed(policy.tracking.value())),
            Kind::Low => (target.dimension.consumed_metric(), consumed(low_percent(policy.tracking.value()))),
            Kind::ProvisionedHigh | Kind::ProvisionedLow => (target.dimension.provisioned_metric(), units),
        };
        let is_of_load = matches!(kind, Kind::High | Kind::Low);
        ManagedAlarm {
            name: name(target, policy, kind),
            series: Series::of_dynamodb(&target.account, &target.region, metric, &target.metric_dimensions()),
            is_over: matches!(kind, Kind::High | Kind::ProvisionedHigh),
            threshold,
            statistic: if is_of_load { "Sum" } else { "Average" },
            period_seconds: if is_of_load { MINUTE_SECONDS } else { PROVISIONED_SECONDS },
            evaluation_periods: kind.periods(),
            description: format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}."),
            action: arn.clone(),
        }
    })
}
