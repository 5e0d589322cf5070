//! PutMetricAlarm: an alarm on one metric.

use std::collections::BTreeMap;

use auth::Caller;
use aws::cloudwatch::{PutMetricAlarmInput, Tag};

use super::refusal::Refusal;
use super::tags::checked_tags;
use super::{Answer, CloudWatch, beginning, dimensions, statistic};
use crate::alarm::{self, ALARMS_MAX, Alarm, AlarmId, Comparison, HistoryItem, MissingData, State};
use crate::series::Series;

/// Periods of metrics of high resolution. Here they are a minute.
const SHORT_PERIODS: [u32; 3] = [10, 20, 30];
/// How long the evaluated periods may be, with a period of an hour or more, and with a shorter one. Unit: seconds. Source: API
/// Reference, PutMetricAlarm, EvaluationPeriods.
const EVALUATED_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;
const EVALUATED_SHORT_SECONDS_MAX: u64 = 24 * 60 * 60;
const HOUR_SECONDS: u32 = 60 * 60;

impl CloudWatch {
    pub(super) async fn put_metric_alarm(&self, caller: &Caller, request: PutMetricAlarmInput) -> Answer<()> {
        let now_ms = self.metrics.now_ms();
        let wanted = alarm(caller, request, now_ms)?;
        let id = AlarmId { account: &caller.account, region: &caller.region, name: &wanted.name };
        let put = alarm::put(self.metrics.engine(), id, ALARMS_MAX, |old| {
            let mut alarm = wanted.clone();
            let is_new = old.is_none();
            if let Some(old) = old {
                alarm.continue_from(old);
            }
            let item = HistoryItem::of_configuration(&alarm, is_new, now_ms);
            (alarm, vec![item])
        });
        put.await?.ok_or(Refusal::TooManyAlarms(ALARMS_MAX))
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::Missing(format!("The parameter {name} is required."))
}

/// An alarm as a request has it, new.
fn alarm(caller: &Caller, request: PutMetricAlarmInput, now_ms: u64) -> Answer<Alarm> {
    refuse_others(&request)?;
    let series = Series::new(
        &caller.account,
        &caller.region,
        request.namespace.as_deref().ok_or_else(|| missing("Namespace"))?,
        request.metric_name.as_deref().ok_or_else(|| missing("MetricName"))?,
        dimensions(request.dimensions),
        "",
    );
    let (statistic, is_extended) = named_statistic(request.statistic, request.extended_statistic)?;
    let comparison = request.comparison_operator.ok_or_else(|| missing("ComparisonOperator"))?;
    let comparison = Comparison::parse(&comparison).ok_or_else(|| {
        Refusal::Value(format!(
            "The ComparisonOperator {comparison} is of alarms with a band, which this server does not have."
        ))
    })?;
    let threshold = request.threshold.ok_or_else(|| missing("Threshold"))?;
    if !threshold.is_finite() {
        return Err(Refusal::Value(format!("The value {threshold} for parameter Threshold is invalid.")));
    }
    let missing_data = request.treat_missing_data.as_deref().map(treatment).transpose()?;
    let period_seconds = period(request.period.ok_or_else(|| missing("Period"))?)?;
    let (evaluation_periods, datapoints_to_alarm) =
        evaluated(period_seconds, request.evaluation_periods, request.datapoints_to_alarm)?;
    Ok(Alarm {
        name: name(request.alarm_name)?,
        series,
        description: request.alarm_description,
        actions_enabled: request.actions_enabled.unwrap_or(true),
        ok_actions: request.ok_actions.unwrap_or_default(),
        alarm_actions: request.alarm_actions.unwrap_or_default(),
        insufficient_data_actions: request.insufficient_data_actions.unwrap_or_default(),
        comparison,
        threshold_bits: threshold.to_bits(),
        statistic,
        is_extended,
        period_seconds,
        unit: request.unit,
        evaluation_periods,
        datapoints_to_alarm,
        missing_data,
        low_sample_counts: request.evaluate_low_sample_count_percentile,
        configured_ms: now_ms,
        state: State::InsufficientData,
        reason: "Unchecked: Initial alarm creation".to_owned(),
        reason_data: None,
        updated_ms: now_ms,
        transitioned_ms: now_ms,
        evaluated_minute: 0,
        history_next: 0,
        tags: tags(request.tags)?,
        pending: Vec::new(),
    })
}

/// What this server's alarms do not have.
fn refuse_others(request: &PutMetricAlarmInput) -> Answer<()> {
    if request.metrics.is_some() {
        let text = "This server has alarms on one metric (MetricName and Namespace), and none with Metrics.";
        return Err(Refusal::Value(text.to_owned()));
    }
    let others = [
        ("ThresholdMetricId", request.threshold_metric_id.is_some()),
        ("EvaluationCriteria", request.evaluation_criteria.is_some()),
        ("EvaluationInterval", request.evaluation_interval.is_some()),
        ("EvaluationWindow", request.evaluation_window.is_some()),
        ("WarmUpConfiguration", request.warm_up_configuration.is_some()),
        ("ActionConfiguration", request.action_configuration.is_some()),
    ];
    if let Some((name, _)) = others.into_iter().find(|(_, is_there)| *is_there) {
        return Err(Refusal::Value(format!("This server has no alarms with {name}.")));
    }
    match request.evaluate_low_sample_count_percentile.as_deref() {
        None | Some("evaluate") => Ok(()),
        Some("ignore") => {
            let text = "This server evaluates percentiles of few samples: EvaluateLowSampleCountPercentile can be evaluate alone.";
            Err(Refusal::Value(text.to_owned()))
        }
        Some(other) => Err(Refusal::Value(format!(
            "The value {} for parameter EvaluateLowSampleCountPercentile is invalid.",
            beginning(other)
        ))),
    }
}

fn name(name: String) -> Answer<String> {
    match name.chars().any(char::is_control) {
        true => Err(Refusal::Value("The parameter AlarmName must not have control characters.".to_owned())),
        false => Ok(name),
    }
}

/// With whether it is an extended one.
fn named_statistic(plain: Option<String>, extended: Option<String>) -> Answer<(String, bool)> {
    let (name, is_extended) = match (plain, extended) {
        (Some(plain), None) => (plain, false),
        (None, Some(extended)) if extended.starts_with('p') => (extended, true),
        (None, Some(extended)) => {
            let extended = beginning(&extended);
            return Err(Refusal::Value(format!(
                "The value {extended} for parameter ExtendedStatistic is not supported."
            )));
        }
        (Some(_), Some(_)) | (None, None) => {
            let text = "Exactly one of the parameters Statistic and ExtendedStatistic must be specified.";
            return Err(Refusal::Combination(text.to_owned()));
        }
    };
    statistic(&name)?;
    Ok((name, is_extended))
}

fn treatment(text: &str) -> Answer<MissingData> {
    let refusal = || {
        Refusal::Value(format!(
            "The value {} for parameter TreatMissingData is invalid: it must be breaching, notBreaching, ignore or missing.",
            beginning(text)
        ))
    };
    MissingData::parse(text).ok_or_else(refusal)
}

fn period(seconds: i32) -> Answer<u32> {
    let is_period = |seconds: &u32| SHORT_PERIODS.contains(seconds) || (*seconds > 0 && seconds.is_multiple_of(60));
    let refusal = || {
        Refusal::Value(format!(
            "The value {seconds} for parameter Period is not valid: it must be 10, 20, 30 or a multiple of 60."
        ))
    };
    u32::try_from(seconds).ok().filter(is_period).ok_or_else(refusal)
}

/// EvaluationPeriods and DatapointsToAlarm.
fn evaluated(period: u32, periods: Option<i32>, datapoints: Option<i32>) -> Answer<(u32, Option<u32>)> {
    let periods = periods.ok_or_else(|| missing("EvaluationPeriods"))?;
    let positive = |name: &str, number: i32| {
        let number = u32::try_from(number).ok().filter(|number| *number > 0);
        number.ok_or_else(|| Refusal::Value(format!("The parameter {name} must be greater than 0.")))
    };
    let periods = positive("EvaluationPeriods", periods)?;
    let seconds_max = if period >= HOUR_SECONDS { EVALUATED_SECONDS_MAX } else { EVALUATED_SHORT_SECONDS_MAX };
    if u64::from(periods) * u64::from(period) > seconds_max {
        return Err(Refusal::Value(format!(
            "Metrics cannot be checked across more than {} (EvaluationPeriods * Period must be <= {seconds_max}).",
            if period >= HOUR_SECONDS { "seven days" } else { "a day" }
        )));
    }
    let datapoints = datapoints.map(|number| positive("DatapointsToAlarm", number)).transpose()?;
    match datapoints.filter(|datapoints| *datapoints > periods) {
        Some(_) => Err(Refusal::Value(
            "The parameter DatapointsToAlarm must be less than or equal to EvaluationPeriods.".to_owned(),
        )),
        None => Ok((periods, datapoints)),
    }
}

fn tags(tags: Option<Vec<Tag>>) -> Answer<BTreeMap<String, String>> {
    checked_tags(BTreeMap::new(), tags.unwrap_or_default())
}
