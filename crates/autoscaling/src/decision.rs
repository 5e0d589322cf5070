//! What a target needs now: a pure function of the target, of what is known of its table and its load, and of the time.
//!
//! The capacity that a policy sets is the load at its target: units that were consumed a second, by the target's share. The load is the
//! greatest of the minutes that the alarm looks at: two to scale out, fifteen to scale in, so that one quiet minute takes nothing
//! away. An alarm that stays in its state acts again, as scaling actions of alarms do; where the capacity is the computed one already,
//! nothing is done.

use crate::alarms::{self, Kind};
use crate::tables::Capacity;
use crate::target::{Policy, ScaledOut, Target};

/// How long a policy waits behind a refusal.
pub(crate) const RETRY_MS: u64 = 5 * 60_000;

/// What is known of a target.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Seen {
    pub now_ms: u64,
    pub capacity: Capacity,
    /// In the order of [`Kind::ALL`].
    pub alarming: [bool; 4],
    /// The greatest sums of a minute, of the last two and the last fifteen.
    pub load: [f64; 2],
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Decision {
    /// Units are to be set.
    Set {
        units: u64,
        cause: String,
        by: Option<Direction>,
    },
    /// The bounds hold the capacity.
    Settle,
    /// The thresholds of the alarms are to be those of the capacity.
    Arm {
        units: u64,
    },
    Nothing,
}

/// Of what a policy does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Out,
    In,
}

/// The name of the action that is due first.
pub(crate) fn due_action(target: &Target, now_ms: u64) -> Option<String> {
    let due = target.actions.iter().filter_map(|(name, action)| Some((action.next_ms?, name)));
    due.filter(|(next_ms, _)| *next_ms <= now_ms).min().map(|(_, name)| name.clone())
}

pub(crate) fn decide(target: &Target, seen: &Seen) -> Decision {
    let Some(units) = seen.capacity.units.filter(|_| seen.capacity.is_changeable) else { return Decision::Nothing };
    if target.is_unsettled {
        return bounded(target, units);
    }
    let Some(policy) = &target.policy else { return Decision::Nothing };
    if let Some(decision) = tracked(target, policy, units, seen) {
        return decision;
    }
    let has_moved = seen.alarming[Kind::ProvisionedHigh as usize] || seen.alarming[Kind::ProvisionedLow as usize];
    if has_moved && policy.armed_units != units { Decision::Arm { units } } else { Decision::Nothing }
}

/// New bounds act at once.
fn bounded(target: &Target, units: u64) -> Decision {
    let (min, max) = (u64::from(target.min), u64::from(target.max));
    let set = |units: u64, cause: String| Decision::Set { units, cause, by: None };
    if units < min {
        set(min, format!("minimum capacity was set to {min}"))
    } else if units > max {
        set(max, format!("maximum capacity was set to {max}"))
    } else {
        Decision::Settle
    }
}

/// What the policy sets, if anything.
fn tracked(target: &Target, policy: &Policy, units: u64, seen: &Seen) -> Option<Decision> {
    if seen.now_ms < policy.retry_ms {
        return None;
    }
    let wanted = |load: f64| {
        // In units a second, rounded up; floats saturate.
        let wanted = (load / 60.0 * 100.0 / policy.tracking.value()).ceil() as u64;
        wanted.clamp(u64::from(target.min), u64::from(target.max).max(u64::from(target.min)))
    };
    let set = |units: u64, kind: Kind, direction: Direction| {
        let cause = format!(
            "monitor alarm {} in state ALARM triggered policy {}",
            alarms::name(target, policy, kind),
            policy.name
        );
        Some(Decision::Set { units, cause, by: Some(direction) })
    };
    let [out_to, in_to] = seen.load.map(wanted);
    if seen.alarming[Kind::High as usize]
        && out_to > units
        && may_scale_out(target, policy, out_to - units, seen.now_ms)
    {
        return set(out_to, Kind::High, Direction::Out);
    }
    if seen.alarming[Kind::Low as usize] && in_to < units && may_scale_in(target, policy, seen) {
        return set(in_to, Kind::Low, Direction::In);
    }
    None
}

/// In the cooldown of a scaling, only a larger one is made. Source: User Guide, "Define cooldown periods".
fn may_scale_out(target: &Target, policy: &Policy, by: u64, now_ms: u64) -> bool {
    let cooldown = policy.tracking.out_cooldown;
    let is_cool = |last: ScaledOut| is_over(last.at_ms, cooldown, now_ms) || by > last.by;
    !target.suspended.dynamic_out && policy.last_out.is_none_or(is_cool)
}

/// The last decrease of a day's budget is not tried in vain.
fn may_scale_in(target: &Target, policy: &Policy, seen: &Seen) -> bool {
    let is_cool = policy.last_in_ms.is_none_or(|at_ms| is_over(at_ms, policy.tracking.in_cooldown, seen.now_ms));
    !target.suspended.dynamic_in
        && !policy.tracking.disable_scale_in.unwrap_or(false)
        && seen.capacity.may_decrease
        && is_cool
}

fn is_over(at_ms: u64, cooldown_seconds: Option<i32>, now_ms: u64) -> bool {
    let seconds = u64::try_from(cooldown_seconds.unwrap_or(0)).unwrap_or(0);
    now_ms >= at_ms.saturating_add(seconds * 1_000)
}

#[cfg(test)]
mod tests;
