//! What a history has of a change: a sentence, and the change as JSON, in the forms of CloudWatch.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Alarm, PendingAction, State};

/// Unit: bytes. Source: the model, HistoryData and HistorySummary.
const DATA_BYTES_MAX: usize = 4_095;
const SUMMARY_CHARS_MAX: usize = 255;
/// As much of an action's ARN as a summary repeats.
const ACTION_CHARS_MAX: usize = 150;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum HistoryKind {
    ConfigurationUpdate,
    StateUpdate,
    Action,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct HistoryItem {
    pub name: String,
    pub at_ms: u64,
    pub kind: HistoryKind,
    pub summary: String,
    pub data: String,
}

impl HistoryKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            HistoryKind::ConfigurationUpdate => "ConfigurationUpdate",
            HistoryKind::StateUpdate => "StateUpdate",
            HistoryKind::Action => "Action",
        }
    }
}

impl HistoryItem {
    fn new(alarm: &Alarm, now_ms: u64, kind: HistoryKind, summary: &str, data: String) -> HistoryItem {
        let summary = summary.chars().take(SUMMARY_CHARS_MAX).collect();
        HistoryItem { name: alarm.name.clone(), at_ms: now_ms, kind, summary, data }
    }

    /// Of an alarm that is created or has another configuration.
    pub(crate) fn of_configuration(alarm: &Alarm, is_new: bool, now_ms: u64) -> HistoryItem {
        let (kind, shown, done) =
            if is_new { ("Create", "createdAlarm", "created") } else { ("Update", "updatedAlarm", "updated") };
        let mut whole = json!({"version": "1.0", "type": kind});
        let mut brief = whole.clone();
        whole[shown] = configuration(alarm);
        brief[shown] = json!({"stateValue": alarm.state.name()});
        let data = fitting([whole, brief]);
        let summary = format!("Alarm \"{}\" {done}", alarm.name);
        HistoryItem::new(alarm, now_ms, HistoryKind::ConfigurationUpdate, &summary, data)
    }

    pub(crate) fn of_state(before: &Alarm, after: &Alarm, now_ms: u64) -> HistoryItem {
        let reason_data = |alarm: &Alarm| {
            alarm.reason_data.as_ref().and_then(|data| serde_json::from_str::<serde_json::Value>(data).ok())
        };
        let state = |alarm: &Alarm, has_reason: bool, has_data: bool| {
            let mut state = json!({"stateValue": alarm.state.name()});
            if has_reason {
                state["stateReason"] = alarm.reason.clone().into();
            }
            if let Some(data) = reason_data(alarm).filter(|_| has_data) {
                state["stateReasonData"] = data;
            }
            state
        };
        let change = |has_reason: bool, has_data: bool| {
            json!({"version": "1.0", "oldState": state(before, has_reason, has_data),
                   "newState": state(after, has_reason, has_data)})
        };
        let data = fitting([change(true, true), change(true, false), change(false, false)]);
        let summary = format!("Alarm updated from {} to {}", before.state.name(), after.state.name());
        HistoryItem::new(after, now_ms, HistoryKind::StateUpdate, &summary, data)
    }

    /// Of an action of the state that the alarm has entered.
    pub(crate) fn of_action(
        alarm: &Alarm,
        pending: &PendingAction,
        outcome: &Result<(), String>,
        now_ms: u64,
    ) -> HistoryItem {
        let beginning: String = pending.action.chars().take(ACTION_CHARS_MAX).collect();
        let (state, summary) = match outcome {
            Ok(()) => ("Succeeded", format!("Successfully executed action {beginning}")),
            Err(why) => ("Failed", format!("Failed to execute action {beginning}. {why}")),
        };
        let data = |message: serde_json::Value| {
            json!({"actionState": state, "stateUpdateTimestamp": pending.at_ms, "notificationResource": pending.action,
                   "publishedMessage": message, "error": outcome.as_ref().err()})
        };
        let data = fitting([data(pending.message.as_str().into()), data(serde_json::Value::Null)]);
        HistoryItem::new(alarm, now_ms, HistoryKind::Action, &summary, data)
    }
}

/// Of a policy whose evaluation reads the states of its alarms.
pub(super) fn is_scaling_policy(action: &str) -> bool {
    action.starts_with("arn:aws:autoscaling:") && action.contains(":scalingPolicy:")
}

/// The first of several forms of one change that is not too long.
fn fitting<const FORMS: usize>(forms: [serde_json::Value; FORMS]) -> String {
    let mut texts = forms.iter().map(ToString::to_string);
    texts.find(|text| text.len() <= DATA_BYTES_MAX).unwrap_or_else(|| "{\"version\":\"1.0\"}".to_owned())
}

fn configuration(alarm: &Alarm) -> serde_json::Value {
    let dimension = |(name, value): &(String, String)| json!({"name": name, "value": value});
    let dimensions: Vec<serde_json::Value> = alarm.series.dimensions.iter().map(dimension).collect();
    json!({
        "alarmName": alarm.name,
        "alarmArn": alarm.id().arn(),
        "alarmDescription": alarm.description,
        "namespace": alarm.series.namespace,
        "metricName": alarm.series.metric,
        "dimensions": dimensions,
        "statistic": alarm.statistic,
        "period": alarm.period_seconds,
        "unit": alarm.unit,
        "evaluationPeriods": alarm.evaluation_periods,
        "datapointsToAlarm": alarm.datapoints_to_alarm,
        "threshold": alarm.threshold(),
        "comparisonOperator": alarm.comparison.name(),
        "treatMissingData": alarm.missing_data.map(|treatment| treatment.name()),
        "actionsEnabled": alarm.actions_enabled,
        "okActions": alarm.actions_of(State::Ok),
        "alarmActions": alarm.actions_of(State::Alarm),
        "insufficientDataActions": alarm.actions_of(State::InsufficientData),
        "stateValue": alarm.state.name(),
    })
}
