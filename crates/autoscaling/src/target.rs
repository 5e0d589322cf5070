//! A scalable target: what is scaled, its bounds, its policy, its scheduled actions, and what is being done to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::TargetId;
use crate::resource::{self, Dimension, Resource};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Target {
    pub account: String,
    pub region: String,
    pub resource_id: String,
    pub dimension: Dimension,
    pub min: u32,
    pub max: u32,
    pub created_ms: u64,
    pub suspended: Suspended,
    pub tags: BTreeMap<String, String>,
    /// There can be one: a dimension has one metric that is tracked, and a metric one policy.
    pub policy: Option<Policy>,
    /// By their names.
    pub actions: BTreeMap<String, Action>,
    /// Whether capacity outside of the bounds is moved to them: they are new. A bound does not hold what others set later.
    pub is_unsettled: bool,
    /// The scheduled action that has set the bounds; none if a request has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounded_by: Option<String>,
    /// The activity that was begun and has no end yet.
    pub in_progress: Option<u64>,
    /// The number of the next activity.
    pub activity_next: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Suspended {
    pub dynamic_in: bool,
    pub dynamic_out: bool,
    pub scheduled: bool,
}

/// A policy that tracks a target value. Step and predictive scaling are not there for tables.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub name: String,
    pub id: String,
    pub created_ms: u64,
    pub tracking: Tracking,
    /// Of the names of its alarms, in the order of [`crate::alarms::Kind::ALL`].
    pub alarm_ids: [String; 4],
    /// The units that the thresholds of the alarms were computed from.
    pub armed_units: u64,
    pub last_out: Option<ScaledOut>,
    pub last_in_ms: Option<u64>,
    /// Nothing is tried before, behind a refusal.
    pub retry_ms: u64,
}

/// The configuration of a policy, as its request had it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Tracking {
    /// The bits of the double, which JSON may round. Unit: percent of the provisioned capacity.
    pub value_bits: u64,
    pub disable_scale_in: Option<bool>,
    /// Unit: seconds. Negative ones are taken, and are none.
    pub in_cooldown: Option<i32>,
    pub out_cooldown: Option<i32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct ScaledOut {
    pub at_ms: u64,
    /// Units that were added.
    pub by: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Action {
    pub id: String,
    pub created_ms: u64,
    pub schedule: String,
    pub timezone: Option<String>,
    pub start_ms: Option<u64>,
    pub end_ms: Option<u64>,
    pub min: Option<u32>,
    pub max: Option<u32>,
    /// When it runs next; none if never again.
    pub next_ms: Option<u64>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Activity {
    pub id: String,
    pub resource_id: String,
    pub dimension: Dimension,
    pub description: String,
    pub cause: String,
    pub started_ms: u64,
    pub ended_ms: Option<u64>,
    pub status: Status,
    pub message: String,
    /// The units that are set, of an activity that sets some.
    pub units: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Status {
    InProgress,
    Successful,
    Failed,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::InProgress => "InProgress",
            Status::Successful => "Successful",
            Status::Failed => "Failed",
        }
    }
}

impl Policy {
    pub(crate) fn new(name: &str, tracking: Tracking, now_ms: u64) -> Policy {
        Policy {
            name: name.to_owned(),
            id: base::random::uuid_v4(),
            created_ms: now_ms,
            tracking,
            alarm_ids: std::array::from_fn(|_| base::random::uuid_v4()),
            armed_units: 0,
            last_out: None,
            last_in_ms: None,
            retry_ms: 0,
        }
    }
}

impl Tracking {
    /// What of a target value is not that of a predefined metric.
    pub(crate) fn problem_of(dimension: Dimension, value: f64) -> Option<String> {
        let [least, most] = VALUES;
        let problem = || {
            format!(
                "For predefined metric type {}, target value must be between '{}' and '{}', but was '{}'.",
                dimension.predefined_metric(),
                shown(least),
                shown(most),
                shown(value)
            )
        };
        (!(least..=most).contains(&value)).then(problem)
    }

    /// Unit: percent.
    pub(crate) fn value(&self) -> f64 {
        f64::from_bits(self.value_bits)
    }
}

/// Target values of a predefined metric. Unit: percent. Source: captures.
const VALUES: [f64; 2] = [10.0, 90.0];

/// A number as the service's sentences have it.
pub(crate) fn shown(value: f64) -> String {
    match value.abs() {
        magnitude if magnitude != 0.0 && !(1e-3..1e7).contains(&magnitude) => format!("{value:E}"),
        _ => format!("{value:?}"),
    }
}

impl Target {
    /// One that has nothing but its bounds.
    pub(crate) fn new(id: TargetId<'_>, [min, max]: [u32; 2], now_ms: u64) -> Target {
        Target {
            account: id.account.to_owned(),
            region: id.region.to_owned(),
            resource_id: id.resource_id.to_owned(),
            dimension: id.dimension,
            min,
            max,
            created_ms: now_ms,
            suspended: Suspended::default(),
            tags: BTreeMap::new(),
            policy: None,
            actions: BTreeMap::new(),
            is_unsettled: true,
            bounded_by: None,
            in_progress: None,
            activity_next: 0,
        }
    }

    pub(crate) fn id(&self) -> TargetId<'_> {
        TargetId {
            account: &self.account,
            region: &self.region,
            resource_id: &self.resource_id,
            dimension: self.dimension,
        }
    }

    /// A stored ResourceId is one that was parsed.
    pub(crate) fn resource(&self) -> Resource<'_> {
        let (table, index) = resource::parse(&self.resource_id).unwrap_or_default();
        Resource { account: &self.account, region: &self.region, table, index }
    }

    /// The dimensions of its metrics.
    pub(crate) fn metric_dimensions(&self) -> Vec<(&str, &str)> {
        let Resource { table, index, .. } = self.resource();
        let index = index.map(|index| ("GlobalSecondaryIndexName", index));
        std::iter::once(("TableName", table)).chain(index).collect()
    }

    pub(crate) fn policy_arn(&self, policy: &Policy) -> String {
        self.arn("scalingPolicy", &policy.id, "policyName", &policy.name)
    }

    pub(crate) fn action_arn(&self, name: &str, action: &Action) -> String {
        self.arn("scheduledAction", &action.id, "scheduledActionName", name)
    }

    fn arn(&self, kind: &str, id: &str, named: &str, name: &str) -> String {
        let Target { region, account, resource_id, .. } = self;
        format!("arn:aws:autoscaling:{region}:{account}:{kind}:{id}:resource/dynamodb/{resource_id}:{named}/{name}")
    }

    /// The number of an activity that begins.
    pub(crate) fn next_activity(&mut self) -> u64 {
        let number = self.activity_next;
        self.activity_next += 1;
        number
    }

    /// An activity that sets units.
    pub(crate) fn setting(&self, units: u64, cause: String, now_ms: u64) -> Activity {
        let name = self.dimension.units();
        let message = format!("Successfully set {name} to {units}. Waiting for change to be fulfilled by dynamodb.");
        Activity {
            description: format!("Setting {name} to {units}."),
            units: Some(units),
            ..self.activity(cause, Status::InProgress, message, now_ms)
        }
    }

    /// An activity with its end, without a description.
    pub(crate) fn activity(&self, cause: String, status: Status, message: String, now_ms: u64) -> Activity {
        Activity {
            id: base::random::uuid_v4(),
            resource_id: self.resource_id.clone(),
            dimension: self.dimension,
            description: String::new(),
            cause,
            started_ms: now_ms,
            ended_ms: (status != Status::InProgress).then_some(now_ms),
            status,
            message,
            units: None,
        }
    }
}

impl Activity {
    pub(crate) fn succeeded(self, now_ms: u64) -> Activity {
        let (name, units) = (self.dimension.units(), self.units.unwrap_or_default());
        let message = format!("Successfully set {name} to {units}. Change successfully fulfilled by dynamodb.");
        Activity { status: Status::Successful, message, ended_ms: Some(now_ms), ..self }
    }

    pub(crate) fn failed(self, reason: &str, now_ms: u64) -> Activity {
        let (name, units) = (self.dimension.units(), self.units.unwrap_or_default());
        let message = format!("Failed to set {name} to {units}. Reason: {reason}");
        Activity { status: Status::Failed, message, ended_ms: Some(now_ms), ..self }
    }
}
