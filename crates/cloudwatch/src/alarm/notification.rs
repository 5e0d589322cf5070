//! What the actions of a change of state send: the message that CloudWatch publishes to a topic.

use serde_json::json;

use super::{Alarm, MissingData, State};

/// Source: SNS API Reference, Publish, Subject: fewer than 100 characters. Unit: characters.
const SUBJECT_CHARS_MAX: usize = 99;

/// As `ALARM: "name" in us-east-1`.
pub(super) fn subject(alarm: &Alarm) -> String {
    let text = format!("{}: \"{}\" in {}", alarm.state.name(), alarm.name, alarm.series.region);
    // A subject is ASCII.
    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).take(SUBJECT_CHARS_MAX).collect()
}

pub(super) fn message(before: &Alarm, alarm: &Alarm, now_ms: u64) -> String {
    let dimension = |(name, value): &(String, String)| json!({"value": value, "name": name});
    let dimensions: Vec<serde_json::Value> = alarm.series.dimensions.iter().map(dimension).collect();
    let (kind, statistic) = match alarm.is_extended {
        true => ("ExtendedStatistic", alarm.statistic.clone()),
        false => ("Statistic", alarm.statistic.to_uppercase()),
    };
    let trigger = json!({
        "MetricName": alarm.series.metric,
        "Namespace": alarm.series.namespace,
        "StatisticType": kind,
        "Statistic": statistic,
        "Unit": alarm.unit,
        "Dimensions": dimensions,
        "Period": alarm.period_seconds,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": alarm.comparison.name(),
        "Threshold": alarm.threshold(),
        "TreatMissingData": alarm.missing_data.map_or("", MissingData::name),
        "EvaluateLowSampleCountPercentile": alarm.low_sample_counts.as_deref().unwrap_or_default(),
    });
    let message = json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": alarm.series.account,
        "AlarmConfigurationUpdatedTimestamp": iso(alarm.configured_ms),
        "NewStateValue": alarm.state.name(),
        "NewStateReason": alarm.reason,
        "StateChangeTime": iso(now_ms),
        "Region": alarm.series.region,
        "AlarmArn": alarm.id().arn(),
        "OldStateValue": before.state.name(),
        "OKActions": alarm.actions_of(State::Ok),
        "AlarmActions": alarm.actions_of(State::Alarm),
        "InsufficientDataActions": alarm.actions_of(State::InsufficientData),
        "Trigger": trigger,
    });
    message.to_string()
}

/// As `2026-12-01T03:00:00.000+0000`.
fn iso(ms: u64) -> String {
    format!("{}.{:03}+0000", base::utc::date_time(ms), ms % 1_000)
}
