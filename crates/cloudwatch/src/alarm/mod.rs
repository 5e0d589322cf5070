//! An alarm: one metric, a threshold, and the state that follows from both.
//!
//! | module | what |
//! |---|---|
//! | `rows` | alarms and their histories in the catalog |
//! | `history` | what a history has of a change |
//! | `notification` | what actions send |
//! | `verdict` | the state of an alarm by its datapoints |

mod history;
mod notification;
mod rows;
mod verdict;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use history::HistoryItem;
pub(crate) use rows::{
    AlarmId, AlarmPages, AlarmPlace, HistoryPlace, change, delete, get, get_sized, history, is_row, put,
};
pub(crate) use verdict::{Point, Verdict, verdict};

use crate::MINUTE_MS;
use crate::series::Series;

/// Of an account in a region. Source: CloudWatch User Guide, "CloudWatch service quotas".
pub(crate) const ALARMS_MAX: u64 = 5_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum State {
    Ok,
    Alarm,
    InsufficientData,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Comparison {
    GreaterOrEqual,
    Greater,
    Less,
    LessOrEqual,
}

/// What a period without values counts as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum MissingData {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Alarm {
    pub name: String,
    /// Without a unit.
    pub series: Series,
    pub description: Option<String>,
    pub actions_enabled: bool,
    pub ok_actions: Vec<String>,
    pub alarm_actions: Vec<String>,
    pub insufficient_data_actions: Vec<String>,
    pub comparison: Comparison,
    /// The bits of the double, which JSON may round.
    pub threshold_bits: u64,
    pub statistic: String,
    /// Whether the statistic is an ExtendedStatistic.
    pub is_extended: bool,
    pub period_seconds: u32,
    pub unit: Option<String>,
    pub evaluation_periods: u32,
    pub datapoints_to_alarm: Option<u32>,
    pub missing_data: Option<MissingData>,
    pub low_sample_counts: Option<String>,
    pub configured_ms: u64,
    pub state: State,
    pub reason: String,
    pub reason_data: Option<String>,
    pub updated_ms: u64,
    pub transitioned_ms: u64,
    /// The end of the minutes by which the job last changed the state: another process does not change it by the same or
    /// earlier ones.
    pub evaluated_minute: u64,
    /// The number of the next item of its history.
    pub history_next: u64,
    pub tags: BTreeMap<String, String>,
    /// Actions that are to be executed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingAction>,
}

/// An action of a change of state that is not executed yet.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct PendingAction {
    pub id: String,
    pub action: String,
    pub subject: String,
    /// JSON.
    pub message: String,
    /// When the state changed.
    pub at_ms: u64,
    /// Until then a process executes it.
    pub claimed_until_ms: u64,
}

/// Actions of an alarm that wait: of more, the oldest are given up.
const PENDING_MAX: usize = 15;

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Ok => "OK",
            State::Alarm => "ALARM",
            State::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<State> {
        [State::Ok, State::Alarm, State::InsufficientData].into_iter().find(|state| state.name() == text)
    }
}

impl Comparison {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Comparison::GreaterOrEqual => "GreaterThanOrEqualToThreshold",
            Comparison::Greater => "GreaterThanThreshold",
            Comparison::Less => "LessThanThreshold",
            Comparison::LessOrEqual => "LessThanOrEqualToThreshold",
        }
    }

    /// None of the comparisons with a band.
    pub(crate) fn parse(text: &str) -> Option<Comparison> {
        let all = [Comparison::GreaterOrEqual, Comparison::Greater, Comparison::Less, Comparison::LessOrEqual];
        all.into_iter().find(|comparison| comparison.name() == text)
    }

    fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Comparison::GreaterOrEqual => value >= threshold,
            Comparison::Greater => value > threshold,
            Comparison::Less => value < threshold,
            Comparison::LessOrEqual => value <= threshold,
        }
    }

    /// Within the sentence of a reason.
    fn words(self) -> &'static str {
        match self {
            Comparison::GreaterOrEqual => "greater than or equal to",
            Comparison::Greater => "greater than",
            Comparison::Less => "less than",
            Comparison::LessOrEqual => "less than or equal to",
        }
    }
}

impl MissingData {
    pub(crate) fn name(self) -> &'static str {
        match self {
            MissingData::Missing => "missing",
            MissingData::Ignore => "ignore",
            MissingData::Breaching => "breaching",
            MissingData::NotBreaching => "notBreaching",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<MissingData> {
        let all = [MissingData::Missing, MissingData::Ignore, MissingData::Breaching, MissingData::NotBreaching];
        all.into_iter().find(|treatment| treatment.name() == text)
    }
}

impl Alarm {
    pub(crate) fn id(&self) -> AlarmId<'_> {
        AlarmId { account: &self.series.account, region: &self.series.region, name: &self.name }
    }

    pub(crate) fn place(&self) -> AlarmPlace {
        self.id().place()
    }

    pub(crate) fn threshold(&self) -> f64 {
        f64::from_bits(self.threshold_bits)
    }

    /// A period below a minute is a minute.
    pub(crate) fn period_minutes(&self) -> u64 {
        (u64::from(self.period_seconds) * 1_000).div_ceil(MINUTE_MS).max(1)
    }

    /// Of the last periods, how many have to be over the threshold.
    pub(crate) fn datapoints_needed(&self) -> u32 {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }

    /// Of all states.
    pub(crate) fn actions(&self) -> impl Iterator<Item = &String> {
        self.ok_actions.iter().chain(&self.alarm_actions).chain(&self.insufficient_data_actions)
    }

    pub(crate) fn actions_of(&self, state: State) -> &[String] {
        match state {
            State::Ok => &self.ok_actions,
            State::Alarm => &self.alarm_actions,
            State::InsufficientData => &self.insufficient_data_actions,
        }
    }

    /// Sets the state. The items are for its history: none if only the reason is another one. Its actions are pending, but for those that
    /// there is a refusal of.
    pub(crate) fn enter(
        &mut self,
        verdict: Verdict,
        now_ms: u64,
        refusal: impl Fn(&str, &str) -> Option<String>,
    ) -> Vec<HistoryItem> {
        let before = self.clone();
        let Verdict { state, reason, data } = verdict;
        (self.state, self.reason, self.reason_data, self.updated_ms) = (state, reason, data, now_ms);
        if before.state == state {
            return Vec::new();
        }
        self.transitioned_ms = now_ms;
        let mut items = vec![HistoryItem::of_state(&before, self, now_ms)];
        let actions = if self.actions_enabled { self.actions_of(state).to_vec() } else { Vec::new() };
        let message = notification::message(&before, self, now_ms);
        for action in actions {
            let pending = PendingAction {
                id: base::hex(&base::random::bytes16()),
                subject: notification::subject(self),
                message: message.clone(),
                at_ms: now_ms,
                claimed_until_ms: 0,
                action,
            };
            if history::is_scaling_policy(&pending.action) {
                items.push(HistoryItem::of_action(self, &pending, &Ok(()), now_ms));
                continue;
            }
            match refusal(&self.series.account, &pending.action) {
                Some(why) => items.push(HistoryItem::of_action(self, &pending, &Err(why), now_ms)),
                None => self.pending.push(pending),
            }
        }
        let over = self.pending.len().saturating_sub(PENDING_MAX);
        for pending in self.pending.drain(..over).collect::<Vec<_>>() {
            let why = Err("Too many actions of the alarm wait".to_owned());
            items.push(HistoryItem::of_action(self, &pending, &why, now_ms));
        }
        items
    }

    /// Takes over what a new configuration leaves as it is. Source: API Reference, PutMetricAlarm.
    pub(crate) fn continue_from(&mut self, old: Alarm) {
        self.state = old.state;
        self.reason = old.reason;
        self.reason_data = old.reason_data;
        self.updated_ms = old.updated_ms;
        self.transitioned_ms = old.transitioned_ms;
        self.evaluated_minute = old.evaluated_minute;
        self.history_next = old.history_next;
        self.tags = old.tags;
        self.pending = old.pending;
    }
}
