//! The job that evaluates alarms.
//!
//! Each process evaluates all alarms. A change is decided in a write that reads the alarm's row: only while it is the row
//! that was evaluated, and by later minutes than the last change, so that of several processes exactly one changes an alarm.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jobs::{Job, Ran};
use storage::StorageError;

use crate::alarm::{Alarm, AlarmPages, Point, change, verdict};
use crate::cell::Cell;
use crate::metrics::Metrics;
use crate::statistic::Statistic;
use crate::{HOUR_MINUTES, MINUTE_MS};

const INTERVAL: Duration = Duration::from_secs(60);
/// How long a minute is over before it is evaluated: other processes have stored it by then.
const DELAY_MS: u64 = 30_000;
/// Alarms on longer times are evaluated once an hour. Source: API Reference, PutMetricAlarm, EvaluationPeriods.
const EACH_MINUTE_MAX: u64 = 24 * HOUR_MINUTES;

/// The jobs of metrics and their alarms.
pub fn jobs(metrics: &Arc<Metrics>) -> [Job; 2] {
    let last = Arc::new(AtomicU64::new(0));
    let evaluate = Job::on(metrics, "evaluate_alarms", INTERVAL, move |metrics| {
        let last = Arc::clone(&last);
        async move {
            let minute = evaluated_minute(&metrics);
            let is_new_hour = last.swap(minute, Ordering::Relaxed) / HOUR_MINUTES != minute / HOUR_MINUTES;
            match evaluate_all(&metrics, minute, is_new_hour).await {
                Ok(()) => Ran::Done,
                Err(error) => {
                    log::error!(event = "alarms_not_evaluated"; "alarms could not be evaluated, which is tried again: {error}");
                    Ran::Failed
                }
            }
        }
    });
    [metrics.job(), evaluate]
}

/// The end of the minutes that are evaluated now.
fn evaluated_minute(metrics: &Metrics) -> u64 {
    metrics.now_ms().saturating_sub(DELAY_MS) / MINUTE_MS
}

/// # Errors
/// The first failure, behind all alarms that can be evaluated.
async fn evaluate_all(metrics: &Metrics, minute: u64, has_long: bool) -> Result<(), StorageError> {
    let mut failure = Ok(());
    let mut pages = AlarmPages::new(metrics.engine(), None);
    while let Some(page) = pages.next().await? {
        for (alarm, row) in page {
            let is_long = u64::from(alarm.evaluation_periods) * alarm.period_minutes() > EACH_MINUTE_MAX;
            if is_long && !has_long {
                continue;
            }
            let evaluated = evaluate(metrics, &alarm, &row, minute).await;
            failure = failure.and(evaluated);
        }
    }
    failure
}

/// Evaluates an alarm by the minutes before `minute`.
async fn evaluate(metrics: &Metrics, alarm: &Alarm, row: &Bytes, minute: u64) -> Result<(), StorageError> {
    if alarm.evaluated_minute >= minute {
        return Ok(());
    }
    let now_ms = metrics.now_ms();
    let Some(verdict) = verdict(alarm, &points(metrics, alarm, minute).await?, now_ms) else { return Ok(()) };
    let enter = |mut stored: Alarm, now: &Bytes| {
        // Changed since: by its caller, or by another process's evaluation.
        if now != row {
            return None;
        }
        let items = stored.enter(verdict.clone(), now_ms);
        stored.evaluated_minute = minute;
        Some((stored, items))
    };
    change(metrics.engine(), alarm.id(), enter).await.map(|_| ())
}

/// Of each period that ends at or before a minute, the last one first, what its values come to.
async fn points(metrics: &Metrics, alarm: &Alarm, minute: u64) -> Result<Vec<Option<Point>>, StorageError> {
    let (period, count) = (alarm.period_minutes(), alarm.periods_read());
    let mut cells = vec![Cell::default(); count];
    let is_other_unit = match &alarm.unit {
        Some(unit) => *unit != metrics.unit(&alarm.series).await?,
        None => false,
    };
    let Some(statistic) = Statistic::parse(&alarm.statistic).filter(|_| !is_other_unit) else {
        return Ok(vec![None; count]);
    };
    let from = minute.saturating_sub(period * count as u64);
    let add = |at: u64, cell: &Cell| {
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
    Ok(cells.iter().enumerate().map(point).collect())
}

#[cfg(test)]
mod tests;
