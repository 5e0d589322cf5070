//! Alarms that another part of this program has, and the minutes that it decides by: those of scaling policies.
//!
//! They are alarms as all others: DescribeAlarms has them, and the job evaluates them.

use std::collections::{BTreeMap, BTreeSet};

use storage::{Engine, StorageError};

use crate::alarm::{self, ALARMS_MAX, Alarm, AlarmId, Comparison, HistoryItem, State};
use crate::metrics::Metrics;
use crate::series::Series;

/// An alarm on a metric of DynamoDB.
#[derive(Clone, PartialEq, Debug)]
pub struct ManagedAlarm {
    pub name: String,
    pub series: Series,
    /// Whether it is on values over the threshold; otherwise it is on those below.
    pub is_over: bool,
    pub threshold: f64,
    pub statistic: &'static str,
    pub period_seconds: u32,
    pub evaluation_periods: u32,
    pub description: String,
    /// Its only action, of its state ALARM.
    pub action: String,
}

impl ManagedAlarm {
    fn alarm(&self, now_ms: u64) -> Alarm {
        Alarm {
            name: self.name.clone(),
            series: Series { unit: String::new(), ..self.series.clone() },
            description: Some(self.description.clone()),
            actions_enabled: true,
            ok_actions: Vec::new(),
            alarm_actions: vec![self.action.clone()],
            insufficient_data_actions: Vec::new(),
            comparison: if self.is_over { Comparison::Greater } else { Comparison::Less },
            threshold_bits: self.threshold.to_bits(),
            statistic: self.statistic.to_owned(),
            is_extended: false,
            period_seconds: self.period_seconds,
            unit: None,
            evaluation_periods: self.evaluation_periods,
            datapoints_to_alarm: None,
            missing_data: None,
            low_sample_counts: None,
            configured_ms: now_ms,
            state: State::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            reason_data: None,
            updated_ms: now_ms,
            transitioned_ms: now_ms,
            evaluated_minute: 0,
            history_next: 0,
            tags: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    fn id(&self) -> AlarmId<'_> {
        AlarmId { account: &self.series.account, region: &self.series.region, name: &self.name }
    }

    pub fn arn(&self) -> String {
        self.id().arn()
    }
}

impl Metrics {
    /// Creates an alarm, or gives it another configuration: its state stays, and whether its actions are enabled. False if the account has as many as it may have.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn put_alarm(&self, wanted: &ManagedAlarm) -> Result<bool, StorageError> {
        let now_ms = self.now_ms();
        let put = alarm::put(self.engine(), wanted.id(), ALARMS_MAX, |old| {
            let mut alarm = wanted.alarm(now_ms);
            let is_new = old.is_none();
            if let Some(old) = old {
                // By DisableAlarmActions.
                alarm.actions_enabled = old.actions_enabled;
                alarm.continue_from(old);
            }
            let item = HistoryItem::of_configuration(&alarm, is_new, now_ms);
            (alarm, vec![item])
        });
        Ok(put.await?.is_some())
    }

    /// Names of no alarm are ignored.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn delete_alarms(&self, account: &str, region: &str, names: &[String]) -> Result<(), StorageError> {
        delete_alarms(self.engine(), account, region, names).await
    }

    /// Whether an alarm is in its state ALARM, and its actions are enabled; none if there is no such alarm.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn is_alarming(&self, account: &str, region: &str, name: &str) -> Result<Option<bool>, StorageError> {
        let alarm = alarm::get(self.engine(), AlarmId { account, region, name }).await?;
        Ok(alarm.map(|alarm| alarm.state == State::Alarm && alarm.actions_enabled))
    }

    /// The sums of the minutes between two, the second one excluded, in which something was measured.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn sums(&self, series: &Series, from: u64, to: u64) -> Result<BTreeMap<u64, f64>, StorageError> {
        let mut sums = BTreeMap::new();
        let add = |minute: u64, cell: &crate::cell::Cell| {
            sums.insert(minute, cell.sum);
        };
        self.periods(series, (from, to), 1, add).await?;
        Ok(sums)
    }
}

/// As [`Metrics::delete_alarms`], by the rows alone.
///
/// # Errors
/// The engine's failure.
pub async fn delete_alarms(
    engine: &dyn Engine,
    account: &str,
    region: &str,
    names: &[String],
) -> Result<(), StorageError> {
    let names: BTreeSet<&String> = names.iter().collect();
    let ids: Vec<AlarmId<'_>> = names.into_iter().map(|name| AlarmId { account, region, name }).collect();
    alarm::delete(engine, &ids).await
}
