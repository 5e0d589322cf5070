//! The job that evaluates targets: scheduled actions that are due, new bounds, and policies.
//!
//! One node runs it. Each step is decided in a write that reads the target's row: only while it is the row that was evaluated. A change of
//! capacity is an activity that is stored as begun first, then the change itself, then the activity's end; what a crash leaves between
//! them is ended by the next run, by the capacity that the table has then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::Clock;
use bytes::Bytes;
use cloudwatch::{Metrics, Series};
use jobs::{Job, Ran};
use storage::{BoxFuture, Engine, StorageError};
use tokio::sync::Notify;

use crate::alarms::{self, Kind};
use crate::decision::{Decision, Direction, RETRY_MS, Seen, decide, due_action};
use crate::id::TargetKey;
use crate::resource::Access;
use crate::rows::{self, Change, Failure, TargetPages};
use crate::schedule::Timing;
use crate::tables::{Capacity, ChangeFailure, Tables};
use crate::target::{Activity, ScaledOut, Status, Target};

const INTERVAL: Duration = Duration::from_secs(10);
/// How long a minute is over before policies are evaluated: other processes have stored it by then.
const DELAY_MS: u64 = 15_000;
const MINUTE_MS: u64 = 60_000;
/// Steps of a target in one run: more actions than these are not due at once.
const STEPS_MAX: usize = 16;
const NOT_FULFILLED: &str = "The change was not fulfilled.";

/// What the API and the job share.
pub struct Scaler {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tables: Arc<dyn Tables>,
    pub(crate) clock: Clock,
    /// Wakes the job: a target has new bounds.
    pub(crate) registered: Arc<Notify>,
    /// The last minute that policies were evaluated for.
    evaluated: AtomicU64,
}

/// The job of the node that has its lease.
pub fn scaling_job(
    scaler: &Arc<Scaler>,
    is_ours: impl Fn() -> BoxFuture<'static, bool> + Send + Sync + 'static,
) -> Job {
    let registered = Arc::clone(&scaler.registered);
    let job = Job::on(scaler, "evaluate_scalable_targets", INTERVAL, |scaler| async move {
        match scaler.run().await {
            Ok(()) => Ran::Done,
            Err(error) => {
                log::error!(event = "targets_not_evaluated"; "scalable targets could not be evaluated, which is tried again: {error}");
                Ran::Failed
            }
        }
    });
    let woken = move || {
        let registered = Arc::clone(&registered);
        async move { registered.notified().await }
    };
    job.leased(is_ours).or_when(woken)
}

/// A target as a step has read it.
struct Read {
    target: Target,
    row: Bytes,
    key: TargetKey,
}

impl Scaler {
    pub fn new(engine: Arc<dyn Engine>, metrics: Arc<Metrics>, tables: Arc<dyn Tables>, clock: Clock) -> Arc<Scaler> {
        let (registered, evaluated) = (Arc::default(), AtomicU64::new(0));
        Arc::new(Scaler { engine, metrics, tables, clock, registered, evaluated })
    }

    /// # Errors
    /// The first failure, behind all targets that can be evaluated.
    pub(crate) async fn run(&self) -> Result<(), StorageError> {
        let minute = self.clock.now_ms().saturating_sub(DELAY_MS) / MINUTE_MS;
        let is_new = self.evaluated.swap(minute, Ordering::Relaxed) != minute;
        let minute = is_new.then_some(minute);
        let mut failure = Ok(());
        let mut pages = TargetPages::new(&*self.engine, None);
        while let Some(page) = pages.next().await? {
            for (target, row) in page {
                let key = target.id().key();
                failure = failure.and(self.evaluate(Read { target, row, key }, minute).await);
                // An engine that answers at once would give other tasks no turn.
                tokio::task::yield_now().await;
            }
        }
        failure
    }

    /// Policies are evaluated with a minute: by those before it.
    async fn evaluate(&self, mut read: Read, minute: Option<u64>) -> Result<(), StorageError> {
        for step in 0..STEPS_MAX {
            let minute = minute.filter(|_| step == 0);
            if !self.step(&read, minute).await? {
                return Ok(());
            }
            let Some((target, row)) = rows::get_row(&*self.engine, read.key).await? else { return Ok(()) };
            read = Read { target, row, ..read };
        }
        Ok(())
    }

    /// One step. False if there is none to be done now.
    async fn step(&self, read: &Read, minute: Option<u64>) -> Result<bool, StorageError> {
        let target = &read.target;
        let now_ms = self.clock.now_ms();
        if let Some(name) = due_action(target, now_ms) {
            return self.run_action(read, &name, now_ms).await;
        }
        let is_idle = target.in_progress.is_none() && !target.is_unsettled;
        if is_idle && (minute.is_none() || target.policy.is_none()) {
            return Ok(false);
        }
        let Some(capacity) = self.tables.capacity(target.resource(), target.dimension.access()).await else {
            return Ok(false);
        };
        if let Some(number) = target.in_progress {
            return self.end_interrupted(read, number, capacity, now_ms).await;
        }
        let seen = self.seen(target, capacity, minute, now_ms).await?;
        match decide(target, &seen) {
            Decision::Set { units, cause, by } => self.set(read, [capacity.units.unwrap_or(0), units], cause, by).await,
            Decision::Settle => self.update(read, |target| target.is_unsettled = false).await.map(|_| true),
            Decision::Arm { units } => self.arm(read.key, units).await.map(|()| false),
            Decision::Nothing => Ok(false),
        }
    }

    /// What decisions follow from. Alarms that are missing are put again.
    async fn seen(
        &self,
        target: &Target,
        capacity: Capacity,
        minute: Option<u64>,
        now_ms: u64,
    ) -> Result<Seen, StorageError> {
        let mut seen = Seen { now_ms, capacity, alarming: [false; 4], load: [0.0; 2] };
        let (Some(minute), Some(policy), Some(units)) = (minute, &target.policy, capacity.units) else {
            return Ok(seen);
        };
        let Target { account, region, .. } = target;
        let mut has_all = true;
        for (state, name) in seen.alarming.iter_mut().zip(alarms::names(target, policy)) {
            let found = self.metrics.is_alarming(account, region, &name).await?;
            has_all &= found.is_some();
            *state = found.unwrap_or(false);
        }
        if !has_all {
            self.arm(target.id().key(), units).await?;
        }
        let dimensions = target.metric_dimensions();
        let consumed = Series::of_dynamodb(account, region, target.dimension.consumed_metric(), &dimensions);
        let from = minute.saturating_sub(u64::from(Kind::Low.periods()));
        let sums = self.metrics.sums(&consumed, from, minute).await?;
        let last = minute.saturating_sub(1);
        if !sums.contains_key(&last) {
            // Without traffic, the metric is zero: an alarm on missing values would stay as it is.
            let recorder = self.metrics.recorder();
            recorder.record_in(&recorder.gauge(consumed), last, 0.0);
        }
        seen.load = [Kind::High, Kind::Low].map(|kind| {
            let from = minute.saturating_sub(u64::from(kind.periods()));
            sums.range(from..minute).map(|(_, sum)| *sum).fold(0.0, f64::max)
        });
        Ok(seen)
    }

    /// Changes the target, if its row is the one that was read. False if it is not.
    async fn update(&self, read: &Read, change: impl Fn(&mut Target) + Send + Sync) -> Result<bool, StorageError> {
        self.update_with(read, |target| {
            change(target);
            Vec::new()
        })
        .await
    }

    async fn update_with(
        &self,
        read: &Read,
        change: impl Fn(&mut Target) -> Vec<(u64, Activity)> + Send + Sync,
    ) -> Result<bool, StorageError> {
        let decide = |stored: Option<Target>, row: Option<&Bytes>| match stored.filter(|_| row == Some(&read.row)) {
            Some(mut target) => {
                let activities = change(&mut target);
                Ok(Change::Put(Box::new(target), activities))
            }
            // Changed since, by a request or by another node: the next run evaluates what is there then.
            None => Err(()),
        };
        match rows::change(&*self.engine, read.key, decide).await {
            Ok(()) => Ok(true),
            Err(Failure::Storage(error)) => Err(error),
            Err(Failure::Refused(()) | Failure::TooMany | Failure::TooLarge) => Ok(false),
        }
    }

    /// Runs a scheduled action: the target has its bounds, and its capacity follows in the next step.
    async fn run_action(&self, read: &Read, name: &str, now_ms: u64) -> Result<bool, StorageError> {
        self.update_with(read, |target| {
            let Some(action) = target.actions.get_mut(name) else { return Vec::new() };
            // Runs that a stopped server has missed are one.
            action.next_ms = Timing::of(action).and_then(|timing| timing.first_from(now_ms + 1));
            let bounds = (action.min, action.max);
            if target.suspended.scheduled {
                return Vec::new();
            }
            let activity = target.bound(bounds, format!("scheduled action name {name} was triggered"), now_ms);
            vec![(target.next_activity(), activity)]
        })
        .await
    }

    /// Sets units, from and to, and stores the activity.
    async fn set(
        &self,
        read: &Read,
        [from, to]: [u64; 2],
        cause: String,
        by: Option<Direction>,
    ) -> Result<bool, StorageError> {
        let now_ms = self.clock.now_ms();
        let activity = read.target.setting(to, cause, now_ms);
        let number = read.target.activity_next;
        let is_begun = self.update_with(read, |target| {
            let number = target.next_activity();
            (target.is_unsettled, target.in_progress) = (false, Some(number));
            vec![(number, activity.clone())]
        });
        if !is_begun.await? {
            return Ok(false);
        }
        let changed = self.tables.change(read.target.resource(), read.target.dimension.access(), to).await;
        let was_unsettled = read.target.is_unsettled;
        self.end(read.key, number, activity, changed.as_ref().err(), |target, now_ms| {
            let is_done = changed.is_ok();
            target.is_unsettled |= was_unsettled && changed.as_ref().is_err_and(|failure| failure.is_transient);
            let Some(policy) = &mut target.policy else { return };
            match by {
                Some(_) if !is_done => policy.retry_ms = now_ms + RETRY_MS,
                Some(Direction::Out) => {
                    policy.last_out = Some(ScaledOut { at_ms: now_ms, by: to.saturating_sub(from) });
                    // Ends the cooldown of a scaling in. Source: User Guide, "Define cooldown periods".
                    policy.last_in_ms = None;
                }
                Some(Direction::In) => policy.last_in_ms = Some(now_ms),
                None => {}
            }
        })
        .await?;
        if changed.is_ok() {
            self.arm(read.key, to).await?;
        }
        // A transient refusal is tried again by the next run.
        Ok(false)
    }

    /// Ends an activity, if it is the one in progress.
    async fn end(
        &self,
        key: TargetKey,
        number: u64,
        activity: Activity,
        failure: Option<&ChangeFailure>,
        change: impl Fn(&mut Target, u64) + Send + Sync,
    ) -> Result<(), StorageError> {
        let now_ms = self.clock.now_ms();
        let ended = match failure {
            None => activity.succeeded(now_ms),
            Some(failure) => activity.failed(&failure.reason, now_ms),
        };
        // Decided by its number: an activity that another node has ended, and the next one, are left as they are.
        let decide = |stored: Option<Target>, _: Option<&Bytes>| match stored {
            Some(mut target) if target.in_progress == Some(number) => {
                target.in_progress = None;
                change(&mut target, now_ms);
                Ok(Change::Put(Box::new(target), vec![(number, ended.clone())]))
            }
            _ => Err(()),
        };
        match rows::change(&*self.engine, key, decide).await {
            Err(Failure::Storage(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends the activity of a run that was cut off: by whether the table has what it was to get.
    async fn end_interrupted(
        &self,
        read: &Read,
        number: u64,
        capacity: Capacity,
        _now_ms: u64,
    ) -> Result<bool, StorageError> {
        let activity = rows::activity(&*self.engine, read.key, number).await?;
        let Some(activity) = activity.filter(|activity| activity.status == Status::InProgress) else {
            return self.update(read, |target| target.in_progress = None).await;
        };
        let failure = ChangeFailure { reason: NOT_FULFILLED.to_owned(), is_transient: true };
        let failure = (activity.units != capacity.units).then_some(&failure);
        self.end(read.key, number, activity, failure, |target, _| target.is_unsettled |= failure.is_some()).await?;
        match capacity.units {
            Some(units) if failure.is_none() => self.arm(read.key, units).await.map(|()| true),
            _ => Ok(true),
        }
    }

    /// Puts the alarms of the target's policy, for so many provisioned units.
    pub(crate) async fn arm(&self, key: TargetKey, units: u64) -> Result<(), StorageError> {
        let Some(target) = rows::get(&*self.engine, key).await? else { return Ok(()) };
        let Some(policy) = &target.policy else { return Ok(()) };
        for alarm in alarms::of_units(&target, policy, units) {
            // An account with too many alarms has the others: PutScalingPolicy refuses a policy without its alarms.
            self.metrics.put_alarm(&alarm).await?;
        }
        let id = policy.id.clone();
        let decide = |stored: Option<Target>, _: Option<&Bytes>| {
            let Some(mut target) = stored else { return Err(()) };
            let Some(policy) = target.policy.as_mut().filter(|policy| policy.id == id) else { return Err(()) };
            policy.armed_units = units;
            Ok(Change::Put(Box::new(target), Vec::new()))
        };
        match rows::change(&*self.engine, key, decide).await {
            Err(Failure::Storage(error)) => Err(error),
            // The policy was deleted meanwhile, and its alarms before these were put.
            Err(_) => {
                let names = alarms::names(&target, policy);
                self.metrics.delete_alarms(&target.account, &target.region, &names).await
            }
            Ok(()) => Ok(()),
        }
    }

    /// The units of a target's table now; its minimum if that has none.
    pub(crate) async fn units(&self, target: &Target) -> u64 {
        let access: Access = target.dimension.access();
        let capacity = self.tables.capacity(target.resource(), access).await;
        capacity.and_then(|capacity| capacity.units).unwrap_or(u64::from(target.min))
    }
}

impl Target {
    /// Takes the bounds of an action; its activity says whether they can be.
    fn bound(&mut self, (min, max): (Option<u32>, Option<u32>), cause: String, now_ms: u64) -> Activity {
        let parts = [min.map(|min| format!("min capacity to {min}")), max.map(|max| format!("max capacity to {max}"))];
        let bounds = parts.into_iter().flatten().collect::<Vec<String>>().join(" and ");
        let (min, max) = (min.unwrap_or(self.min), max.unwrap_or(self.max));
        let (status, message) = if min > max {
            let text = format!("Failed to set {bounds}. Reason: Maximum capacity cannot be less than minimum capacity");
            (Status::Failed, text)
        } else {
            (self.min, self.max, self.is_unsettled) = (min, max, true);
            (Status::Successful, format!("Successfully set {bounds}"))
        };
        Activity { description: format!("Setting {bounds}"), ..self.activity(cause, status, message, now_ms) }
    }
}

#[cfg(test)]
mod tests;
