//! DeleteAlarms, SetAlarmState, EnableAlarmActions and DisableAlarmActions.

use std::collections::BTreeSet;

use auth::Caller;
use aws::cloudwatch::{DeleteAlarmsInput, SetAlarmStateInput};

use super::refusal::Refusal;
use super::{Answer, CloudWatch};
use crate::alarm::{self, Alarm, AlarmId, HistoryItem, State, Verdict};

fn id<'a>(caller: &'a Caller, name: &'a str) -> AlarmId<'a> {
    AlarmId { account: &caller.account, region: &caller.region, name }
}

impl CloudWatch {
    /// Names of no alarm are ignored. Source: API Reference, DeleteAlarms.
    pub(super) async fn delete_alarms(&self, caller: &Caller, request: DeleteAlarmsInput) -> Answer<()> {
        let names: BTreeSet<String> = request.alarm_names.into_iter().collect();
        let ids: Vec<AlarmId<'_>> = names.iter().map(|name| id(caller, name)).collect();
        Ok(alarm::delete(self.metrics.engine(), &ids).await?)
    }

    /// The next evaluation sets the state by data again.
    pub(super) async fn set_alarm_state(&self, caller: &Caller, request: SetAlarmStateInput) -> Answer<()> {
        let SetAlarmStateInput { alarm_name, state_reason, state_reason_data, state_value } = request;
        let is_json = |text: &String| serde_json::from_str::<serde_json::Value>(text).is_ok();
        if !state_reason_data.as_ref().is_none_or(is_json) {
            return Err(Refusal::Format("The parameter StateReasonData must be JSON.".to_owned()));
        }
        let state = State::parse(&state_value)
            .ok_or_else(|| Refusal::Value(format!("The value {state_value} for parameter StateValue is invalid.")))?;
        let verdict = Verdict { state, reason: state_reason, data: state_reason_data };
        let now_ms = self.metrics.now_ms();
        let set = alarm::change(self.metrics.engine(), id(caller, &alarm_name), |mut alarm: Alarm, _| {
            let refusal = |account: &str, action: &str| self.metrics.targets().refusal(account, action);
            let items = alarm.enter(verdict.clone(), now_ms, refusal);
            Some((alarm, items))
        });
        if !set.await? {
            return Err(Refusal::NoAlarm(alarm_name));
        }
        self.metrics.add_due(id(caller, &alarm_name));
        Ok(())
    }

    /// Names of no alarm are ignored: the operations have no error.
    pub(super) async fn enable_actions(&self, caller: &Caller, names: Vec<String>, is_enabled: bool) -> Answer<()> {
        let now_ms = self.metrics.now_ms();
        for name in names.into_iter().collect::<BTreeSet<String>>() {
            let enable = alarm::change(self.metrics.engine(), id(caller, &name), |mut alarm: Alarm, _| {
                if alarm.actions_enabled == is_enabled {
                    return None;
                }
                (alarm.actions_enabled, alarm.configured_ms) = (is_enabled, now_ms);
                let item = HistoryItem::of_configuration(&alarm, false, now_ms);
                Some((alarm, vec![item]))
            });
            enable.await?;
        }
        Ok(())
    }
}
