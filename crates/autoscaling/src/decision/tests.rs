//! What a target needs, case by case.

use std::collections::BTreeMap;

use super::*;
use crate::resource::Dimension;
use crate::target::{Suspended, Tracking};

const NOW_MS: u64 = 1_700_000_000_000;
const HIGH: [bool; 4] = [true, false, false, false];
const LOW: [bool; 4] = [false, true, false, false];

fn target() -> Target {
    let tracking = Tracking {
        value_bits: 50.0f64.to_bits(),
        disable_scale_in: None,
        in_cooldown: Some(60),
        out_cooldown: Some(60),
    };
    let policy = Policy {
        name: "track".to_owned(),
        id: "id".to_owned(),
        created_ms: 0,
        tracking,
        alarm_ids: std::array::from_fn(|_| "a".to_owned()),
        armed_units: 10,
        last_out: None,
        last_in_ms: None,
        retry_ms: 0,
    };
    Target {
        account: "1".to_owned(),
        region: "r".to_owned(),
        resource_id: "table/tab/index/idx".to_owned(),
        dimension: Dimension::IndexWrite,
        min: 5,
        max: 100,
        created_ms: 0,
        suspended: Suspended::default(),
        tags: BTreeMap::new(),
        policy: Some(policy),
        actions: BTreeMap::new(),
        is_unsettled: false,
        bounded_by: None,
        in_progress: None,
        activity_next: 0,
    }
}

fn seen(units: u64, alarming: [bool; 4], units_a_second: f64) -> Seen {
    let capacity = Capacity { units: Some(units), is_changeable: true, may_decrease: true };
    Seen { now_ms: NOW_MS, capacity, alarming, load: [units_a_second * 60.0; 2] }
}

/// The units that are set; None for another decision.
fn units(target: &Target, seen: &Seen) -> Option<u64> {
    match decide(target, seen) {
        Decision::Set { units, .. } => Some(units),
        _ => None,
    }
}

fn with(change: impl FnOnce(&mut Policy)) -> Target {
    let mut target = target();
    if let Some(policy) = &mut target.policy {
        change(policy);
    }
    target
}

#[test]
fn the_load_is_at_the_target() {
    for (has, alarming, load, expected) in [
        (10, HIGH, 6.0, Some(12)),
        (10, HIGH, 6.1, Some(13)),
        (10, HIGH, 5.0, None),
        (10, HIGH, 4.0, None),
        (10, HIGH, 1e300, Some(100)),
        (10, LOW, 3.0, Some(6)),
        (10, LOW, 0.0, Some(5)),
        (10, LOW, 5.1, None),
        (5, LOW, 0.0, None),
        // Below the minimum: others' value is left alone, and the load's one is at least the minimum.
        (2, LOW, 0.0, None),
        (2, HIGH, 1.5, Some(5)),
        (10, [false; 4], 60.0, None),
    ] {
        assert_eq!(units(&target(), &seen(has, alarming, load)), expected, "{has} {alarming:?} {load}");
    }
}

#[test]
fn what_holds_a_policy_back() {
    let idle = seen(10, LOW, 0.0);
    let busy = seen(10, HIGH, 10.0);
    assert_eq!(units(&with(|policy| policy.tracking.disable_scale_in = Some(true)), &idle), None);
    assert_eq!(units(&with(|policy| policy.retry_ms = NOW_MS + 1), &busy), None);
    let suspended = |suspended: Suspended| Target { suspended, ..target() };
    assert_eq!(units(&suspended(Suspended { dynamic_in: true, ..Suspended::default() }), &idle), None);
    assert_eq!(units(&suspended(Suspended { dynamic_out: true, ..Suspended::default() }), &busy), None);
    let budget = Capacity { may_decrease: false, ..idle.capacity };
    assert_eq!(units(&target(), &Seen { capacity: budget, ..idle.clone() }), None);
    let changing = Capacity { is_changeable: false, ..busy.capacity };
    assert_eq!(units(&target(), &Seen { capacity: changing, ..busy.clone() }), None);
    let on_demand = Capacity { units: None, ..busy.capacity };
    assert_eq!(decide(&target(), &Seen { capacity: on_demand, ..busy.clone() }), Decision::Nothing);
}

#[test]
fn cooldowns() {
    let (idle, busy) = (seen(10, LOW, 0.0), seen(10, HIGH, 10.0));
    let scaled_in = |ago_ms: u64| with(|policy| policy.last_in_ms = Some(NOW_MS - ago_ms));
    assert_eq!(units(&scaled_in(59_999), &idle), None);
    assert_eq!(units(&scaled_in(60_000), &idle), Some(5));
    assert_eq!(units(&scaled_in(1), &busy), Some(20), "scaling out does not wait for scaling in");
    let scaled_out =
        |ago_ms: u64, by: u64| with(|policy| policy.last_out = Some(ScaledOut { at_ms: NOW_MS - ago_ms, by }));
    assert_eq!(units(&scaled_out(59_999, 10), &busy), None);
    assert_eq!(units(&scaled_out(59_999, 9), &busy), Some(20), "a larger one");
    assert_eq!(units(&scaled_out(60_000, 10), &busy), Some(20));
    let negative = |policy: &mut Policy| {
        policy.tracking.in_cooldown = Some(-1);
        policy.last_in_ms = Some(NOW_MS);
    };
    assert_eq!(units(&with(negative), &idle), Some(5));
}

#[test]
fn thresholds_of_other_targets() {
    for (target, low) in [(90.0, 70.0), (70.0, 50.0), (40.0, 20.0), (30.0, 15.0), (10.0, 5.0)] {
        assert_eq!(alarms::low_percent(target), low, "{target}");
    }
    let target = target();
    let [high, low, more, less] = alarms::of_units(&target, target.policy.as_ref().unwrap(), 10);
    assert_eq!((high.threshold, low.threshold, more.threshold, less.threshold), (300.0, 180.0, 10.0, 10.0));
    assert_eq!(high.name, "TargetTracking-table/tab/index/idx-AlarmHigh-a");
    assert_eq!(high.series.dimensions.len(), 2);
    assert!(high.action.ends_with(":scalingPolicy:id:resource/dynamodb/table/tab/index/idx:policyName/track"));
}
