//! The state of an alarm by its datapoints: M of N, and what missing ones count as.
//!
//! Source: CloudWatch User Guide, "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data". More
//! periods are looked at than are evaluated: real datapoints of the periods before are evaluated in the place of missing ones.

use serde::Serialize;

use super::{Alarm, MissingData, State};

/// Periods that are looked at beyond the evaluated ones.
pub(crate) const FURTHER_PERIODS: usize = 2;
/// Datapoints that a reason lists, and those in its data.
const LISTED_MAX: usize = 10;
const DATA_POINTS_MAX: usize = 20;

/// What a period's values come to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Point {
    /// When the period begins.
    pub at_ms: u64,
    pub samples: f64,
    pub value: f64,
}

/// A state, why it is, and the datapoints that say so, as JSON.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Verdict {
    pub state: State,
    pub reason: String,
    pub data: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReasonData<'a> {
    version: &'static str,
    query_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    statistic: &'a str,
    period: u32,
    recent_datapoints: Vec<f64>,
    threshold: f64,
    evaluated_datapoints: Vec<Evaluated>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Evaluated {
    timestamp: String,
    sample_count: f64,
    value: f64,
}

impl Alarm {
    /// Periods that its evaluation looks at.
    pub(crate) fn periods_read(&self) -> usize {
        self.evaluation_periods as usize + FURTHER_PERIODS
    }

    /// Without a choice, alarms on metrics of DynamoDB ignore missing data. Source: CloudWatch User Guide, "Configuring how CloudWatch
    /// alarms treat missing data".
    fn treatment(&self) -> MissingData {
        let is_of_dynamodb = self.series.namespace == crate::DYNAMODB;
        self.missing_data.unwrap_or(if is_of_dynamodb { MissingData::Ignore } else { MissingData::Missing })
    }

    fn is_breaching(&self, point: &Point) -> bool {
        self.comparison.holds(point.value, self.threshold())
    }
}

/// The state that an alarm enters; none if it stays in its own. Of each period, the last one first, its point.
pub(crate) fn verdict(alarm: &Alarm, points: &[Option<Point>], now_ms: u64) -> Option<Verdict> {
    let evaluated = alarm.evaluation_periods as usize;
    let real = points.iter().enumerate().filter_map(|(age, point)| Some((age, point.as_ref()?)));
    let real: Vec<(usize, &Point)> = real.take(evaluated).collect();
    let state = state(alarm, &real).filter(|state| *state != alarm.state)?;
    let shown: Vec<&Point> = real.iter().map(|(_, point)| *point).collect();
    Some(Verdict { state, reason: reason(alarm, state, &shown), data: Some(reason_data(alarm, &shown, now_ms)) })
}

/// None for the state that it has. `real`: the datapoints that are evaluated, with their ages.
fn state(alarm: &Alarm, real: &[(usize, &Point)]) -> Option<State> {
    let needed = alarm.datapoints_needed() as usize;
    let missing = (alarm.evaluation_periods as usize).saturating_sub(real.len());
    let breaching = real.iter().filter(|(_, point)| alarm.is_breaching(point)).count();
    let treatment = alarm.treatment();
    let is_filled = matches!(treatment, MissingData::Breaching | MissingData::NotBreaching);
    let filled = if treatment == MissingData::Breaching { missing } else { 0 };
    if real.is_empty() && !is_filled {
        return (treatment == MissingData::Missing).then_some(State::InsufficientData);
    }
    if breaching + filled >= needed {
        return Some(State::Alarm);
    }
    if !is_filled && breaching == real.len() {
        // All that there is: enough if the oldest one is old enough. Source: "Avoiding premature transitions to alarm state".
        let oldest = real.last().map_or(0, |(age, _)| age + 1);
        return (treatment == MissingData::Missing && oldest >= needed).then_some(State::Alarm);
    }
    Some(State::Ok)
}

/// As `1 datapoint was`, `2 datapoints were`.
fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun} was") } else { format!("{count} {noun}s were") }
}

fn reason(alarm: &Alarm, state: State, real: &[&Point]) -> String {
    let evaluated = alarm.evaluation_periods as usize;
    if state == State::InsufficientData {
        return format!("Insufficient Data: {} unknown.", counted(evaluated, "datapoint"));
    }
    let missing = evaluated.saturating_sub(real.len());
    let treated = match alarm.treatment() {
        MissingData::Breaching if missing > 0 => Some("Breaching"),
        MissingData::NotBreaching if missing > 0 => Some("NonBreaching"),
        _ => None,
    };
    let treated = treated.map(|word| format!("{} treated as [{word}]", counted(missing, "missing datapoint")));
    if real.is_empty() {
        let periods = if evaluated == 1 { "period" } else { "periods" };
        let treated = treated.unwrap_or_default();
        return format!("Threshold Crossed: no datapoints were received for {evaluated} {periods} and {treated}.");
    }
    let is_alarm = state == State::Alarm;
    let crossed: Vec<&&Point> = real.iter().filter(|point| alarm.is_breaching(point) == is_alarm).collect();
    let listed: Vec<String> = crossed
        .iter()
        .take(LISTED_MAX)
        .map(|point| format!("{:?} ({})", point.value, day_first(point.at_ms)))
        .collect();
    let (verb, not) = (if crossed.len() == 1 { "was" } else { "were" }, if is_alarm { "" } else { "not " });
    let real_part = (!crossed.is_empty()).then(|| {
        format!(
            "{} out of the last {evaluated} datapoints [{}] {verb} {not}{} the threshold ({:?})",
            crossed.len(),
            listed.join(", "),
            alarm.comparison.words(),
            alarm.threshold(),
        )
    });
    let parts: Vec<String> = real_part.into_iter().chain(treated).collect();
    let needed = alarm.datapoints_needed() as usize;
    let (least, change) =
        if is_alarm { (needed, "OK -> ALARM") } else { ((evaluated + 1).saturating_sub(needed), "ALARM -> OK") };
    let datapoints = if least == 1 { "datapoint" } else { "datapoints" };
    format!("Threshold Crossed: {} (minimum {least} {datapoints} for {change} transition).", parts.join(" and "))
}

fn reason_data(alarm: &Alarm, real: &[&Point], now_ms: u64) -> String {
    let shown = &real[..real.len().min(DATA_POINTS_MAX)];
    let data = ReasonData {
        version: "1.0",
        query_date: iso(now_ms),
        start_date: shown.last().map(|point| iso(point.at_ms)),
        unit: alarm.unit.as_deref(),
        statistic: &alarm.statistic,
        period: alarm.period_seconds,
        recent_datapoints: shown.iter().rev().map(|point| point.value).collect(),
        threshold: alarm.threshold(),
        evaluated_datapoints: shown
            .iter()
            .map(|point| Evaluated { timestamp: iso(point.at_ms), sample_count: point.samples, value: point.value })
            .collect(),
    };
    serde_json::to_string(&data).unwrap_or_default()
}

/// As `2026-12-01T03:00:00.000+0000`.
fn iso(ms: u64) -> String {
    format!("{}.{:03}+0000", base::utc::date_time(ms), ms % 1_000)
}

/// As `01/12/26 03:00:00`.
fn day_first(ms: u64) -> String {
    let text = base::utc::date_time(ms);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    format!("{}/{}/{} {}", part(8..10), part(5..7), part(2..4), part(11..19))
}

#[cfg(test)]
mod tests;
