//! The job that evaluates targets: scheduled actions that are due, new bounds, and policies.
//!
//! One node runs it. A scan of all targets, once a period, finds those with something to do; a request that changes a target adds it by itself.
//! They wait in a line of their account, and accounts take turns: one with many targets does not delay another one's.
//!
//! Each step is decided in a write that reads the target's row: only while it is the row that was evaluated. A change of
//! capacity is an activity that is stored as begun first, then the change itself, then the activity's end; what a crash leaves between
//! them is ended by the next run, by the capacity that the table has then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::Clock;
use bytes::Bytes;
use cloudwatch::{Metrics, Series};
use jobs::{Job, Lines, Ran};
use storage::{BoxFuture, Engine, StorageError};
use tokio::sync::Notify;

use crate::alarms::{self, Kind};
use crate::decision::{Decision, Direction, RETRY_MS, Seen, decide, due_action};
use crate::id::TargetKey;
use crate::resource::Access;
use crate::rows::{self, Change, Failure, TargetPages};
use crate::schedule::Timing;
use crate::tables::{Capacity, CapacityAudit, CapacityChange, ChangeFailure, Tables};
use crate::target::{Activity, ScaledOut, Status, Target};

const INTERVAL: Duration = Duration::from_secs(10);
/// How long a minute is over before policies are evaluated: other processes have stored it by then.
const DELAY_MS: u64 = 15_000;
const MINUTE_MS: u64 = 60_000;
/// Between two scans: a period of the job, which is shortened by up to a tenth.
const SCAN_MS: u64 = 8_000;
/// Steps of a target before the next account has its turn.
const STEPS_MAX: usize = 16;
/// Targets of one run: the lease is looked at between runs.
const RUN_TARGETS_MAX: usize = 256;
/// Targets of an account that requests add. Another node may have the lease, and this one evaluate none.
const WOKEN_MAX: usize = 1_000;
const NOT_FULFILLED: &str = "The change was not fulfilled.";

/// What the API and the job share.
pub struct Scaler {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tables: Arc<dyn Tables>,
    pub(crate) clock: Clock,
    audit: Option<Arc<dyn CapacityAudit>>,
    /// Targets with something to do, by the scope of their account.
    due: Lines<[u8; 8], Due>,
    /// Wakes the job: a request has changed a target.
    woken: Arc<Notify>,
    /// When all targets were last looked at. Unit: milliseconds.
    scanned_ms: AtomicU64,
    /// The last minute that policies are evaluated for.
    minute: AtomicU64,
}

/// A target that is to be evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Due {
    key: TargetKey,
    /// Whether its policy is evaluated, too.
    with_policy: bool,
}

/// The job of the node that has its lease.
pub fn scaling_job(
    scaler: &Arc<Scaler>,
    is_ours: impl Fn() -> BoxFuture<'static, bool> + Send + Sync + 'static,
) -> Job {
    let woken = Arc::clone(&scaler.woken);
    let job = Job::on(scaler, "evaluate_scalable_targets", INTERVAL, |scaler| async move {
        let ran = scaler.run().await;
        if let Err(error) = &ran {
            log::error!(event = "targets_not_evaluated"; "scalable targets could not be evaluated, which is tried again: {error}");
        }
        match ran {
            // Others do not wait for what has failed.
            _ if !scaler.due.is_empty() => Ran::Again(Duration::ZERO),
            Ok(()) => Ran::Done,
            Err(_) => Ran::Failed,
        }
    });
    let woken = move || {
        let woken = Arc::clone(&woken);
        async move { woken.notified().await }
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
        Scaler::audited(engine, metrics, tables, clock, None)
    }

    /// With a log of what it changes.
    pub fn audited(
        engine: Arc<dyn Engine>,
        metrics: Arc<Metrics>,
        tables: Arc<dyn Tables>,
        clock: Clock,
        audit: Option<Arc<dyn CapacityAudit>>,
    ) -> Arc<Scaler> {
        let (due, woken, scanned_ms, minute) = Default::default();
        Arc::new(Scaler { engine, metrics, tables, clock, audit, due, woken, scanned_ms, minute })
    }

    /// A request has changed a target. What is not added here, the next scan adds.
    pub(crate) fn wake(&self, key: TargetKey) {
        if self.due.len_of(&key.account) < WOKEN_MAX {
            self.due.add(key.account, Due { key, with_policy: false });
        }
        self.woken.notify_one();
    }

    /// Evaluates some targets that are due, behind a scan if it is time for one.
    ///
    /// # Errors
    /// The first failure, behind all targets that can be evaluated.
    async fn run(&self) -> Result<(), StorageError> {
        // A clock that was set back by so much scans, too.
        let is_time = self.clock.now_ms().abs_diff(self.scanned_ms.load(Ordering::Relaxed)) >= SCAN_MS;
        let scanned = if is_time { self.scan().await } else { Ok(()) };
        scanned.and(self.evaluate_due().await)
    }

    /// Finds the targets with something to do.
    async fn scan(&self) -> Result<(), StorageError> {
        let now_ms = self.clock.now_ms();
        self.scanned_ms.store(now_ms, Ordering::Relaxed);
        let minute = now_ms.saturating_sub(DELAY_MS) / MINUTE_MS;
        let is_new = self.minute.swap(minute, Ordering::Relaxed) != minute;
        let mut pages = TargetPages::new(&*self.engine, None);
        while let Some(page) = pages.next().await? {
            for (target, _) in page {
                let with_policy = is_new && target.policy.is_some();
                if with_policy || !target.is_idle() || due_action(&target, now_ms).is_some() {
                    let key = target.id().key();
                    self.due.add(key.account, Due { key, with_policy });
                }
            }
            // An engine that answers at once would give other tasks no turn.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn evaluate_due(&self) -> Result<(), StorageError> {
        let mut failure = Ok(());
        for _ in 0..RUN_TARGETS_MAX {
            let Some((account, due)) = self.due.next() else { break };
            match self.evaluate(due).await {
                Ok(false) => {}
                Ok(true) => self.due.add(account, Due { with_policy: false, ..due }),
                Err(error) => failure = failure.and(Err(error)),
            }
            tokio::task::yield_now().await;
        }
        failure
    }

    /// Takes some steps. True if there may be more to do.
    async fn evaluate(&self, due: Due) -> Result<bool, StorageError> {
        let minute = due.with_policy.then(|| self.minute.load(Ordering::Relaxed));
        for step in 0..STEPS_MAX {
            let Some((target, row)) = rows::get_row(&*self.engine, due.key).await? else { return Ok(false) };
            let read = Read { target, row, key: due.key };
            if !self.step(&read, minute.filter(|_| step == 0)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One step. False if there is none to be done now.
    async fn step(&self, read: &Read, minute: Option<u64>) -> Result<bool, StorageError> {
        let target = &read.target;
        let now_ms = self.clock.now_ms();
        if let Some(name) = due_action(target, now_ms) {
            return self.run_action(read, &name, now_ms).await;
        }
        if target.is_idle() && (minute.is_none() || target.policy.is_none()) {
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
            Decision::Arm { units } => self.arm(read.key, units).await.map(|_| false),
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
                Ok(Change::Evaluated(Box::new(target), activities))
            }
            // Changed since, by a request or by another node: the next run evaluates what is there then.
            None => Err(()),
        };
        match rows::change(&*self.engine, read.key, decide).await {
            Ok(()) => Ok(true),
            Err(Failure::Storage(error)) => Err(error),
            Err(Failure::Refused(()) | Failure::TooMany) => Ok(false),
            Err(Failure::TooLarge) => Err(StorageError::Corrupt("a scalable target's row is too large".to_owned())),
        }
    }

    /// Runs a scheduled action: the target has its bounds, and its capacity follows in the next step.
    async fn run_action(&self, read: &Read, name: &str, now_ms: u64) -> Result<bool, StorageError> {
        // Computed outside of the write. Runs that a stopped server has missed are one.
        let next_ms = read.target.actions.get(name).and_then(Timing::of);
        let next_ms = next_ms.and_then(|timing| timing.first_from(now_ms + 1));
        self.update_with(read, |target| {
            let Some(action) = target.actions.get_mut(name) else { return Vec::new() };
            action.next_ms = next_ms;
            let bounds = (action.min, action.max);
            if target.suspended.scheduled {
                return Vec::new();
            }
            let activity = target.bound(bounds, format!("scheduled action name {name} was triggered"), now_ms);
            if activity.status == Status::Successful {
                target.bounded_by = Some(name.to_owned());
            }
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
        self.tell(&read.target, to, &activity.cause, by, changed.as_ref().err()).await;
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

    /// Tells the audit log of a change.
    async fn tell(
        &self,
        target: &Target,
        units: u64,
        cause: &str,
        by: Option<Direction>,
        failure: Option<&ChangeFailure>,
    ) {
        let Some(audit) = &self.audit else { return };
        let of_policy = target.policy.as_ref().filter(|_| by.is_some()).map(|policy| target.policy_arn(policy));
        let of_action = target.bounded_by.as_ref().and_then(|name| Some((name, target.actions.get(name)?)));
        let by = of_policy.or_else(|| of_action.map(|(name, action)| target.action_arn(name, action)));
        let by = by.unwrap_or_else(|| target.id().arn());
        let (of, access) = (target.resource(), target.dimension.access());
        audit.changed(CapacityChange { of, access, units, cause, by: &by, failure }).await;
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
                Ok(Change::Evaluated(Box::new(target), vec![(number, ended.clone())]))
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
            Some(units) if failure.is_none() => self.arm(read.key, units).await.map(|_| true),
            _ => Ok(true),
        }
    }

    /// Puts the alarms of the target's policy, for so many provisioned units. False if the account has too many alarms: it has the others.
    pub(crate) async fn arm(&self, key: TargetKey, units: u64) -> Result<bool, StorageError> {
        let Some(target) = rows::get(&*self.engine, key).await? else { return Ok(true) };
        let Some(policy) = &target.policy else { return Ok(true) };
        let mut has_all = true;
        for alarm in alarms::of_units(&target, policy, units) {
            has_all &= self.metrics.put_alarm(&alarm).await?;
        }
        let id = policy.id.clone();
        let decide = |stored: Option<Target>, _: Option<&Bytes>| {
            let Some(mut target) = stored else { return Err(()) };
            let Some(policy) = target.policy.as_mut().filter(|policy| policy.id == id) else { return Err(()) };
            policy.armed_units = units;
            Ok(Change::Evaluated(Box::new(target), Vec::new()))
        };
        match rows::change(&*self.engine, key, decide).await {
            Err(Failure::Storage(error)) => Err(error),
            // The policy was deleted meanwhile, and its alarms before these were put.
            Err(_) => {
                let names = alarms::names(&target, policy);
                self.metrics.delete_alarms(&target.account, &target.region, &names).await.map(|()| has_all)
            }
            Ok(()) => Ok(has_all),
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
    /// Whether nothing is being done to it.
    fn is_idle(&self) -> bool {
        self.in_progress.is_none() && !self.is_unsettled
    }

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
