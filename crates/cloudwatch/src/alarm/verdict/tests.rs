//! States by datapoints, from the tables of the User Guide.

use super::super::Comparison;
use super::*;
use crate::series::Series;

const BEGIN_MS: u64 = 1_796_094_000_000;

/// `M` of three periods greater than 1, in a state.
fn alarm(needed: u32, treatment: MissingData, state: State) -> Alarm {
    let series = Series::new("111111111111", "us-east-1", "Own", "m", Vec::new(), "");
    Alarm {
        name: "a".to_owned(),
        series,
        description: None,
        actions_enabled: true,
        ok_actions: Vec::new(),
        alarm_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        comparison: Comparison::Greater,
        threshold_bits: 1.0f64.to_bits(),
        statistic: "Sum".to_owned(),
        is_extended: false,
        period_seconds: 60,
        unit: None,
        evaluation_periods: 3,
        datapoints_to_alarm: Some(needed),
        missing_data: Some(treatment),
        low_sample_counts: None,
        configured_ms: 0,
        state,
        reason: String::new(),
        reason_data: None,
        updated_ms: 0,
        transitioned_ms: 0,
        evaluated_minute: 0,
        history_next: 0,
        tags: Default::default(),
        pending: Vec::new(),
    }
}

/// The oldest first: `-` is missing, `0` is not over the threshold, `X` is.
fn points(text: &str) -> Vec<Option<Point>> {
    let newest_first = text.bytes().rev().enumerate();
    let point = |(age, letter): (usize, u8)| {
        let value = match letter {
            b'X' => 5.0,
            b'0' => 0.0,
            _ => return None,
        };
        Some(Point { at_ms: BEGIN_MS - age as u64 * 60_000, samples: 1.0, value })
    };
    newest_first.map(point).collect()
}

/// The state that follows from datapoints, whatever state it was in; `=` for the one that it was in.
fn follows(needed: u32, treatment: MissingData, text: &str) -> &'static str {
    let of = |state: State| {
        verdict(&alarm(needed, treatment, state), &points(text), BEGIN_MS).map(|verdict| verdict.state.name())
    };
    match (of(State::Ok), of(State::Alarm), of(State::InsufficientData)) {
        (None, None, None) => "=",
        (Some(one), Some(other), None) if one == other => "INSUFFICIENT_DATA",
        (Some("ALARM"), None, Some("ALARM")) => "ALARM",
        (None, Some("OK"), Some("OK")) => "OK",
        _ => "?",
    }
}

/// Source: CloudWatch User Guide, "How alarm state is evaluated when data is missing", both tables.
#[test]
fn states_are_those_of_the_user_guide() {
    use MissingData::{Breaching, Ignore, Missing, NotBreaching};
    let rows = [
        (3, "0-X-X", ["OK", "OK", "OK", "OK"]),
        (3, "0----", ["OK", "OK", "OK", "OK"]),
        (3, "-----", ["INSUFFICIENT_DATA", "=", "ALARM", "OK"]),
        (3, "0XX-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        (3, "--X--", ["ALARM", "=", "ALARM", "OK"]),
        (2, "0-X-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        (2, "00X0X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        (2, "0-X--", ["OK", "OK", "ALARM", "OK"]),
        (2, "----0", ["OK", "OK", "ALARM", "OK"]),
        (2, "---X-", ["ALARM", "=", "ALARM", "OK"]),
    ];
    for (needed, text, expected) in rows {
        for (treatment, expected) in [Missing, Ignore, Breaching, NotBreaching].into_iter().zip(expected) {
            assert_eq!(follows(needed, treatment, text), expected, "{needed} of 3, {text}, {treatment:?}");
        }
    }
}

#[test]
fn alarms_on_metrics_of_dynamodb_ignore_missing_data_by_default() {
    let mut alarm = Alarm { missing_data: None, ..alarm(1, MissingData::Missing, State::Alarm) };
    let state = |alarm: &Alarm| verdict(alarm, &points("-----"), BEGIN_MS).map(|verdict| verdict.state);
    assert_eq!(state(&alarm), Some(State::InsufficientData));
    alarm.series.namespace = crate::DYNAMODB.to_owned();
    assert_eq!(state(&alarm), None);
    alarm.missing_data = Some(MissingData::Missing);
    assert_eq!(state(&alarm), Some(State::InsufficientData));
}

#[test]
fn reasons_have_the_form_of_cloudwatch() {
    let reason = |needed, treatment, state, text: &str| {
        verdict(&alarm(needed, treatment, state), &points(text), BEGIN_MS).unwrap().reason
    };
    let of_one = Alarm { evaluation_periods: 1, ..alarm(1, MissingData::Missing, State::Ok) };
    assert_eq!(
        verdict(&of_one, &points("X"), BEGIN_MS).unwrap().reason,
        "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (01/12/26 03:00:00)] was greater than the threshold (1.0) \
         (minimum 1 datapoint for OK -> ALARM transition)."
    );
    assert_eq!(
        reason(2, MissingData::Missing, State::Alarm, "0X0"),
        "Threshold Crossed: 2 out of the last 3 datapoints [0.0 (01/12/26 03:00:00), 0.0 (01/12/26 02:58:00)] were not \
         greater than the threshold (1.0) (minimum 2 datapoints for ALARM -> OK transition)."
    );
    assert_eq!(reason(2, MissingData::Missing, State::Ok, "-----"), "Insufficient Data: 3 datapoints were unknown.");
    assert_eq!(
        reason(2, MissingData::Breaching, State::Ok, "-----"),
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching]."
    );
    assert_eq!(
        reason(3, MissingData::Breaching, State::Ok, "--X--"),
        "Threshold Crossed: 1 out of the last 3 datapoints [5.0 (01/12/26 02:58:00)] was greater than the threshold (1.0) \
         and 2 missing datapoints were treated as [Breaching] (minimum 3 datapoints for OK -> ALARM transition)."
    );
    let data = verdict(&of_one, &points("X"), BEGIN_MS).unwrap().data.unwrap();
    assert_eq!(
        data,
        r#"{"version":"1.0","queryDate":"2026-12-01T03:00:00.000+0000","startDate":"2026-12-01T03:00:00.000+0000","statistic":"Sum","period":60,"recentDatapoints":[5.0],"threshold":1.0,"evaluatedDatapoints":[{"timestamp":"2026-12-01T03:00:00.000+0000","sampleCount":1.0,"value":5.0}]}"#
    );
}

/// The model allows 1,023 letters and 4,000.
#[test]
fn long_reasons_are_cut() {
    let long = Alarm { evaluation_periods: 1_440, ..alarm(1_440, MissingData::Missing, State::Ok) };
    let found = verdict(&long, &points(&"X".repeat(1_440)), BEGIN_MS).unwrap();
    assert!(found.reason.len() < 1_023 && found.data.unwrap().len() < 4_000, "{}", found.reason);
}
