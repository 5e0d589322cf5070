//! The job that evaluates alarms.
//!
//! Alarms cost what they read. A run has a bound, of which each account with alarms has an equal part: one with more to read has its
//! alarms evaluated in several runs, and others' are not evaluated later for it.
//!
//! Each process evaluates all alarms. A change is decided in a write that reads the alarm's row: only while it is the row
//! that was evaluated, and by later minutes than the last change, so that of several processes exactly one changes an alarm.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jobs::{Job, Ran};
use storage::StorageError;
use tokio::sync::Mutex;

use crate::actions;
use crate::alarm::{Alarm, AlarmPages, AlarmPlace, Point, change, verdict};
use crate::cell::Cell;
use crate::metrics::Metrics;
use crate::statistic::Statistic;
use crate::{HOUR_MINUTES, MINUTE_MS};

const INTERVAL: Duration = Duration::from_secs(60);
/// How long a minute is over before it is evaluated: other processes have stored it by then.
const DELAY_MS: u64 = 30_000;
/// Alarms on longer times are evaluated once an hour. Source: API Reference, PutMetricAlarm, EvaluationPeriods.
const EACH_MINUTE_MAX: u64 = 24 * HOUR_MINUTES;
/// What a run reads. Unit: bytes of minutes in memory.
const RUN_COST_MAX: usize = 4 << 30;
/// An account's part of it, if it has alarms alone.
const ACCOUNT_COST_MAX: usize = 1 << 30;
/// What an hour of a series costs beside its minutes.
const HOUR_COST: usize = 4 << 10;
/// Clocks of servers differ by less: a later evaluation is of a clock that was set back since. Unit: minutes.
const AHEAD_MAX: u64 = HOUR_MINUTES;

/// The jobs of metrics and their alarms.
pub fn jobs(metrics: &Arc<Metrics>) -> Vec<Job> {
    let rounds = Arc::new(Mutex::new(Rounds::new(ACCOUNT_COST_MAX)));
    let evaluate = Job::on(metrics, "evaluate_alarms", INTERVAL, move |metrics| {
        let rounds = Arc::clone(&rounds);
        async move {
            let minute = evaluated_minute(&metrics);
            match evaluate_all(&metrics, minute, &mut *rounds.lock().await).await {
                Ok(()) => Ran::Done,
                Err(error) => {
                    log::error!(event = "alarms_not_evaluated"; "alarms could not be evaluated, which is tried again: {error}");
                    Ran::Failed
                }
            }
        }
    });
    [metrics.job(), evaluate].into_iter().chain(actions::job(metrics)).collect()
}

/// The end of the minutes that are evaluated now.
fn evaluated_minute(metrics: &Metrics) -> u64 {
    metrics.now_ms().saturating_sub(DELAY_MS) / MINUTE_MS
}

/// How far the alarms of accounts are evaluated.
struct Rounds {
    account_cost_max: usize,
    /// Of the last run that had alarms.
    accounts: usize,
    by_account: HashMap<String, Round>,
}

/// The alarms of an account, from the first to the last one: a round may take several runs.
#[derive(Default)]
struct Round {
    /// The last alarm that was evaluated.
    after: Option<AlarmPlace>,
    /// When the round began, and the one before. Unit: hours.
    hours: [u64; 2],
    /// Of this run.
    cost: usize,
    /// Whether the rest is of the next run.
    is_cut: bool,
    /// Whether this run has met an alarm of the account.
    is_met: bool,
}

impl Rounds {
    fn new(account_cost_max: usize) -> Rounds {
        Rounds { account_cost_max, accounts: 1, by_account: HashMap::new() }
    }

    /// A run begins: rounds that have ended begin anew.
    fn begin(&mut self, minute: u64) {
        self.by_account.retain(|_, round| round.is_met);
        self.accounts = self.by_account.len();
        for round in self.by_account.values_mut() {
            if !round.is_cut {
                (round.after, round.hours) = (None, [minute / HOUR_MINUTES, round.hours[0]]);
            }
            (round.cost, round.is_cut, round.is_met) = (0, false, false);
        }
    }

    /// Whether an alarm is evaluated now.
    fn has(&mut self, alarm: &Alarm, minute: u64) -> bool {
        let cost_max = (RUN_COST_MAX / self.accounts.max(1)).min(self.account_cost_max);
        let new = || Round { hours: [minute / HOUR_MINUTES, 0], ..Round::default() };
        let round = self.by_account.entry(alarm.series.account.clone()).or_insert_with(new);
        round.is_met = true;
        round.is_cut |= round.cost >= cost_max;
        if round.is_cut || round.after.is_some_and(|after| alarm.place() <= after) {
            return false;
        }
        round.after = Some(alarm.place());
        let is_long = u64::from(alarm.evaluation_periods) * alarm.period_minutes() > EACH_MINUTE_MAX;
        !is_long || round.hours[0] != round.hours[1]
    }

    fn spend(&mut self, alarm: &Alarm, cost: usize) {
        if let Some(round) = self.by_account.get_mut(&alarm.series.account) {
            round.cost += cost;
        }
    }
}

/// # Errors
/// The first failure, behind all alarms that can be evaluated.
async fn evaluate_all(metrics: &Metrics, minute: u64, rounds: &mut Rounds) -> Result<(), StorageError> {
    let mut failure = Ok(());
    rounds.begin(minute);
    let mut pages = AlarmPages::new(metrics.engine(), None);
    while let Some(page) = pages.next().await? {
        for (alarm, row) in page {
            if alarm.pending.iter().any(|pending| pending.claimed_until_ms <= metrics.now_ms()) {
                metrics.add_due(alarm.id());
            }
            if !rounds.has(&alarm, minute) {
                continue;
            }
            match evaluate(metrics, &alarm, &row, minute).await {
                Ok(cost) => rounds.spend(&alarm, cost),
                Err(error) => failure = failure.and(Err(error)),
            }
        }
        tokio::task::yield_now().await;
    }
    failure
}

/// Evaluates an alarm by the minutes before `minute`. Returns what it has read.
async fn evaluate(metrics: &Metrics, alarm: &Alarm, row: &Bytes, minute: u64) -> Result<usize, StorageError> {
    if (minute..minute.saturating_add(AHEAD_MAX)).contains(&alarm.evaluated_minute) {
        return Ok(0);
    }
    let now_ms = metrics.now_ms();
    let (points, cost) = points(metrics, alarm, minute).await?;
    let Some(verdict) = verdict(alarm, &points, now_ms) else { return Ok(cost) };
    let enter = |mut stored: Alarm, now: &Bytes| {
        // Changed since: by its caller, or by another process's evaluation.
        if now != row {
            return None;
        }
        let refusal = |account: &str, action: &str| metrics.targets().refusal(account, action);
        let items = stored.enter(verdict.clone(), now_ms, refusal);
        stored.evaluated_minute = minute;
        Some((stored, items))
    };
    change(metrics.engine(), alarm.id(), enter).await?;
    metrics.add_due(alarm.id());
    Ok(cost)
}

/// Of each period that ends at or before a minute, the last one first, what its values come to; and what was read for it.
async fn points(metrics: &Metrics, alarm: &Alarm, minute: u64) -> Result<(Vec<Option<Point>>, usize), StorageError> {
    let (period, count) = (alarm.period_minutes(), alarm.periods_read());
    let mut cells = vec![Cell::default(); count];
    let is_other_unit = match &alarm.unit {
        Some(unit) => *unit != metrics.unit(&alarm.series).await?,
        None => false,
    };
    let Some(statistic) = Statistic::parse(&alarm.statistic).filter(|_| !is_other_unit) else {
        return Ok((vec![None; count], HOUR_COST));
    };
    let from = minute.saturating_sub(period * count as u64);
    let mut cost = ((minute - from) / HOUR_MINUTES + 1) as usize * HOUR_COST;
    let add = |at: u64, cell: &Cell| {
        cost += cell.bytes();
        let age = minute.saturating_sub(1).saturating_sub(at) / period;
        if let Some(sum) = usize::try_from(age).ok().and_then(|age| cells.get_mut(age)) {
            sum.merge(cell);
        }
    };
    metrics.periods(&alarm.series, (from, minute), 1, add).await?;
    let point = |(age, cell): (usize, &Cell)| {
        let value = statistic.of(cell).filter(|value| cell.count > 0.0 && value.is_finite())?;
        let begin = minute.saturating_sub((age as u64 + 1) * period);
        Some(Point { at_ms: begin * MINUTE_MS, samples: cell.count, value })
    };
    Ok((cells.iter().enumerate().map(point).collect(), cost))
}

#[cfg(test)]
pub(crate) mod tests;
