//! The job that executes the actions of alarms.
//!
//! A change of state stores its actions with the alarm's row, so that a restart loses none. A process claims them in a write before it
//! executes them, so that one of several does; a claim ends, so that another one continues behind a process that has ended: an action is executed at
//! least once. What becomes of it is an item of the alarm's history.

use std::sync::Arc;
use std::time::Duration;

use jobs::{Job, Ran};
use storage::StorageError;
use tokio::task::JoinSet;

use crate::alarm::{AlarmId, HistoryItem, change};
use crate::metrics::Metrics;

/// Between two looks at whether there is an action to execute.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a claim holds: longer than all attempts take.
const CLAIM_MS: u64 = 90_000;
/// An action that could not be executed for so long is given up: what it tells is over.
const LIFE_MS: u64 = 60 * 60 * 1_000;

/// The job that executes the actions of alarms; none if this process executes none.
pub(crate) fn job(metrics: &Arc<Metrics>) -> Option<Job> {
    if metrics.targets().paused {
        return None;
    }
    Some(Job::on(metrics, "execute_alarm_actions", INTERVAL, |metrics| async move {
        match execute_due(&metrics).await {
            Ok(()) => Ran::Done,
            Err(error) => {
                log::error!(event = "alarm_actions_not_executed"; "actions of alarms could not be read or stored, which is tried again: {error}");
                Ran::Failed
            }
        }
    }))
}

/// Executes the actions of some alarms of each account.
///
/// # Errors
/// The first failure of the engine, behind all others' actions.
pub(crate) async fn execute_due(metrics: &Arc<Metrics>) -> Result<(), StorageError> {
    let mut running = JoinSet::new();
    for (account, region, name) in metrics.due_actions().take() {
        let metrics = Arc::clone(metrics);
        running.spawn(async move {
            let id = AlarmId { account: &account, region: &region, name: &name };
            execute_of(&metrics, id).await
        });
    }
    let mut failure = Ok(());
    while let Some(done) = running.join_next().await {
        failure = failure.and(done.unwrap_or(Ok(())));
    }
    failure
}

async fn execute_of(metrics: &Metrics, id: AlarmId<'_>) -> Result<(), StorageError> {
    let mut claimed = Vec::new();
    let now_ms = metrics.now_ms();
    change(metrics.engine(), id, |mut alarm, _| {
        // Decided again if the write is.
        claimed.clear();
        for pending in alarm.pending.iter_mut().filter(|pending| pending.claimed_until_ms <= now_ms) {
            pending.claimed_until_ms = now_ms + CLAIM_MS;
            claimed.push(pending.clone());
        }
        (!claimed.is_empty()).then_some((alarm, Vec::new()))
    })
    .await?;
    for pending in claimed {
        let outcome = match pending.at_ms + LIFE_MS < now_ms {
            true => Err(("It was not executed for an hour".to_owned(), "too old".to_owned())),
            false => metrics.targets().execute(id.account, &pending).await,
        };
        if let Err((_, detail)) = &outcome {
            log::warn!(event = "alarm_action_failed", account = id.account, alarm = id.name, action = pending.action.as_str(); "an action of an alarm failed: {detail}");
        }
        let outcome = outcome.map_err(|(shown, _)| shown);
        let now_ms = metrics.now_ms();
        change(metrics.engine(), id, |mut alarm, _| {
            let count = alarm.pending.len();
            alarm.pending.retain(|own| own.id != pending.id);
            // Another process was faster.
            let is_ours = alarm.pending.len() < count;
            let item = HistoryItem::of_action(&alarm, &pending, &outcome, now_ms);
            is_ours.then_some((alarm, vec![item]))
        })
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
