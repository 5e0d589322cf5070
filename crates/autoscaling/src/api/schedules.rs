//! PutScheduledAction, DeleteScheduledAction and DescribeScheduledActions.

use auth::Caller;
use aws::Timestamp;
use aws::application_auto_scaling::{
    DeleteScheduledActionRequest, DeleteScheduledActionResponse, DescribeScheduledActionsRequest,
    DescribeScheduledActionsResponse, PutScheduledActionRequest, PutScheduledActionResponse, ScalableTargetAction,
    ScheduledAction,
};

use super::list::{is_named, names};
use super::refusal::Refusal;
use super::targets::{capacity, place};
use super::{Answer, AutoScaling, Filter, Named, Page};
use crate::resource::NAMESPACE;
use crate::rows::{self, Change};
use crate::schedule::{Schedule, Timing, zone};
use crate::target::{Action, Target};

/// Of a target. Source: User Guide, "Quotas".
const ACTIONS_MAX: usize = 200;

/// What a request has of an action, proven.
struct Wanted {
    schedule: Option<String>,
    timezone: Option<String>,
    start_ms: Option<u64>,
    end_ms: Option<u64>,
    bounds: Option<(Option<u32>, Option<u32>)>,
}

impl AutoScaling {
    pub(super) async fn put_action(
        &self,
        caller: &Caller,
        request: PutScheduledActionRequest,
    ) -> Answer<PutScheduledActionResponse> {
        let named = Named::of(&request.service_namespace, request.resource_id.clone(), &request.scalable_dimension)?;
        self.permit_table(caller, &named).await?;
        let wanted = wanted(&request)?;
        let (name, now_ms) = (request.scheduled_action_name, self.now_ms());
        let key = named.id(caller).key();
        // Its next time is computed outside of the write, whose keys others wait for.
        let read = rows::get(self.engine(), key).await?.ok_or_else(|| named.unregistered())?;
        let read = read.actions.get(&name);
        let computed = action(read, &wanted, now_ms)?;
        rows::change(self.engine(), key, |stored, _| {
            let mut target: Target = stored.ok_or_else(|| named.unregistered())?;
            let old = target.actions.get(&name);
            if old.is_none() && target.actions.len() >= ACTIONS_MAX {
                let text = format!("A scalable target can have at most {ACTIONS_MAX} scheduled actions.");
                return Err(Refusal::Limit(text));
            }
            let action = if old == read { computed.clone() } else { action(old, &wanted, now_ms)? };
            target.actions.insert(name.clone(), action);
            Ok(Change::Put(Box::new(target)))
        })
        .await?;
        // It may be due.
        self.scaler.wake(key);
        Ok(PutScheduledActionResponse {})
    }

    pub(super) async fn delete_action(
        &self,
        caller: &Caller,
        request: DeleteScheduledActionRequest,
    ) -> Answer<DeleteScheduledActionResponse> {
        let named = Named::of(&request.service_namespace, request.resource_id, &request.scalable_dimension)?;
        let name = request.scheduled_action_name;
        let unknown = || {
            let text = format!("No scheduled action found for {}, scheduled action name: {name}", named.described());
            Refusal::NotFound(text)
        };
        rows::change(self.engine(), named.id(caller).key(), |stored, _| {
            let mut target: Target = stored.ok_or_else(unknown)?;
            target.actions.remove(&name).ok_or_else(unknown)?;
            Ok(Change::Put(Box::new(target)))
        })
        .await?;
        Ok(DeleteScheduledActionResponse {})
    }

    pub(super) async fn describe_actions(
        &self,
        caller: &Caller,
        request: DescribeScheduledActionsRequest,
    ) -> Answer<DescribeScheduledActionsResponse> {
        let mut page = Page::of(request.max_results, request.next_token.as_deref())?;
        let filter = Filter::of_one(&request.service_namespace, request.resource_id, request.scalable_dimension)?;
        let names = names(request.scheduled_action_names);
        let each = |target: Target| {
            for (name, action) in target.actions.iter().filter(|(name, _)| is_named(&names, name)) {
                page.add(format!("{} {name}", place(&target)), || described(&target, name, action));
            }
        };
        self.each_target(caller, &filter, each).await?;
        let (actions, next_token) = page.end();
        Ok(DescribeScheduledActionsResponse { next_token, scheduled_actions: Some(actions) })
    }
}

fn invalid(text: &str) -> Refusal {
    Refusal::Validation(text.to_owned())
}

fn wanted(request: &PutScheduledActionRequest) -> Answer<Wanted> {
    let schedule = request.schedule.clone();
    if schedule.as_deref().is_some_and(|schedule| Schedule::parse(schedule).is_none()) {
        return Err(invalid(
            "The schedule must be at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(minutes hours day_of_month month day_of_week year), of \
             whose two days one is ?",
        ));
    }
    if zone(request.timezone.as_deref()).is_none() {
        return Err(invalid("The time zone must be a name of the IANA, such as Etc/GMT+9 or Pacific/Tahiti"));
    }
    let ms = |time: Option<Timestamp>| time.map(|Timestamp(ms)| ms);
    let (start_ms, end_ms) = (ms(request.start_time), ms(request.end_time));
    if let (Some(start_ms), Some(end_ms)) = (start_ms, end_ms)
        && end_ms <= start_ms
    {
        return Err(invalid("The end time must be after the start time"));
    }
    let bounds = match &request.scalable_target_action {
        None => None,
        Some(ScalableTargetAction { max_capacity: None, min_capacity: None }) => {
            return Err(invalid("MinCapacity or MaxCapacity of the scalable target action must be specified"));
        }
        Some(ScalableTargetAction { max_capacity, min_capacity }) => {
            let min = min_capacity.map(|min| capacity("Minimum", min)).transpose()?;
            let max = max_capacity.map(|max| capacity("Maximum", max)).transpose()?;
            if let (Some(min), Some(max)) = (min, max)
                && max < min
            {
                return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
            }
            Some((min, max))
        }
    };
    Ok(Wanted { schedule, timezone: request.timezone.clone(), start_ms, end_ms, bounds })
}

/// Of an action that is there, what the request does not have stays, but for its start and its end. Source: API Reference,
/// PutScheduledAction.
fn action(old: Option<&Action>, wanted: &Wanted, now_ms: u64) -> Answer<Action> {
    let schedule = wanted.schedule.clone().or_else(|| old.map(|old| old.schedule.clone()));
    let schedule = schedule.ok_or_else(|| invalid("Schedule must be specified when creating a scheduled action"))?;
    let bounds = wanted.bounds.or_else(|| old.map(|old| (old.min, old.max)));
    let (min, max) =
        bounds.ok_or_else(|| invalid("ScalableTargetAction must be specified when creating a scheduled action"))?;
    let mut action = Action {
        id: old.map_or_else(base::random::uuid_v4, |old| old.id.clone()),
        created_ms: old.map_or(now_ms, |old| old.created_ms),
        schedule,
        timezone: wanted.timezone.clone().or_else(|| old.and_then(|old| old.timezone.clone())),
        start_ms: wanted.start_ms,
        end_ms: wanted.end_ms,
        min,
        max,
        next_ms: None,
    };
    action.next_ms = Timing::of(&action).and_then(|timing| timing.first_from(now_ms));
    Ok(action)
}

fn described(target: &Target, name: &str, action: &Action) -> ScheduledAction {
    let units = |units: u32| i32::try_from(units).unwrap_or(i32::MAX);
    ScheduledAction {
        creation_time: Timestamp(action.created_ms),
        end_time: action.end_ms.map(Timestamp),
        resource_id: target.resource_id.clone(),
        scalable_dimension: Some(target.dimension.name().to_owned()),
        scalable_target_action: Some(ScalableTargetAction {
            max_capacity: action.max.map(units),
            min_capacity: action.min.map(units),
        }),
        schedule: action.schedule.clone(),
        scheduled_action_arn: target.action_arn(name, action),
        scheduled_action_name: name.to_owned(),
        service_namespace: NAMESPACE.to_owned(),
        start_time: action.start_ms.map(Timestamp),
        timezone: action.timezone.clone(),
    }
}
