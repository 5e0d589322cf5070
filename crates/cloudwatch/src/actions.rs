//! The job that executes the actions of alarms.
//!
//! A change of state stores its actions with the alarm's row, so that a restart loses none. A process claims each in a write just before it
//! executes it, so that one of several does; a claim ends, so that another one continues behind a process that has ended: an action is executed at
//! least once. What becomes of it is an item of the alarm's history, of the process that has the claim.
//!
//! Callers choose the URLs. Each account's actions are a task of its own, which outlives the run that has begun it: an endpoint that never
//! answers delays its own account alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jobs::{Job, Ran};
use storage::StorageError;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::alarm::{AlarmId, HistoryItem, PendingAction, change};
use crate::metrics::Metrics;

/// Between two looks at whether there is an action to execute.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a claim holds: longer than an action takes.
const CLAIM_MS: u64 = 90_000;
/// Of an action, with all of its attempts.
const ACTION_TIME: Duration = Duration::from_secs(45);
const _: () = assert!(ACTION_TIME.as_millis() as u64 * 2 <= CLAIM_MS);
/// After so long, the rest of an alarm's actions is at the end of the account's line.
const ALARM_TIME: Duration = Duration::from_secs(30);
/// Alarms of an account whose actions are executed at once.
const AT_ONCE_MAX: usize = 4;
/// An action that could not be executed for so long is given up: what it tells is over.
const LIFE_MS: u64 = 60 * 60 * 1_000;

/// The job that executes the actions of alarms; none if this process executes none.
pub(crate) fn job(metrics: &Arc<Metrics>) -> Option<Job> {
    if metrics.targets().paused {
        return None;
    }
    Some(Job::by_account(metrics, "execute_alarm_actions", INTERVAL, |metrics| {
        let accounts = metrics.due_actions().accounts().into_iter();
        let work = accounts.map(|account| (account.clone(), execute_all_of(Arc::clone(&metrics), account)));
        work.collect::<BTreeMap<String, _>>()
    }))
}

async fn execute_all_of(metrics: Arc<Metrics>, account: String) -> Ran {
    // It waits for what the account chooses, and writes little.
    match jobs::without_slot(execute_due(&metrics, &account)).await {
        Ok(()) => Ran::Done,
        Err(error) => {
            log::error!(event = "alarm_actions_not_executed", account = account.as_str(); "actions of alarms could not be read or stored, which is tried again: {error}");
            Ran::Failed
        }
    }
}

/// Executes the actions of an account's alarms, some alarms at once, until none is due.
///
/// # Errors
/// The first failure of the engine, behind all others' actions.
async fn execute_due(metrics: &Arc<Metrics>, account: &str) -> Result<(), StorageError> {
    let account = account.to_owned();
    let (mut running, mut failure) = (JoinSet::new(), Ok(()));
    loop {
        while running.len() < AT_ONCE_MAX
            && let Some((region, name)) = metrics.due_actions().next_of(&account)
        {
            let (metrics, account) = (Arc::clone(metrics), account.clone());
            running.spawn(async move {
                let id = AlarmId { account: &account, region: &region, name: &name };
                execute_of(&metrics, id).await
            });
        }
        // Those that become due meanwhile do not wait for the end of the ones that are executed.
        match tokio::time::timeout(INTERVAL, running.join_next()).await {
            Ok(None) => return failure,
            Ok(Some(done)) => failure = failure.and(done.unwrap_or(Ok(()))),
            Err(_) => {}
        }
    }
}

/// Executes the actions of an alarm, one after the other, for as long as an alarm may take.
async fn execute_of(metrics: &Metrics, id: AlarmId<'_>) -> Result<(), StorageError> {
    let begun = Instant::now();
    while let Some(pending) = claim(metrics, id).await? {
        let outcome = match pending.at_ms.saturating_add(LIFE_MS) < metrics.now_ms() {
            true => Err(("It was not executed for an hour".to_owned(), "too old".to_owned())),
            false => execute(metrics, id, &pending).await,
        };
        if let Err((_, detail)) = &outcome {
            log::warn!(event = "alarm_action_failed", account = id.account, alarm = id.name, action = pending.action.as_str(); "an action of an alarm failed: {detail}");
        }
        record(metrics, id, &pending, &outcome.map_err(|(shown, _)| shown)).await?;
        if begun.elapsed() >= ALARM_TIME {
            metrics.add_due(id);
            return Ok(());
        }
    }
    Ok(())
}

async fn execute(metrics: &Metrics, id: AlarmId<'_>, pending: &PendingAction) -> Result<(), (String, String)> {
    let executed = tokio::time::timeout(ACTION_TIME, metrics.targets().execute(id.account, pending)).await;
    executed.unwrap_or_else(|_| {
        Err(("The endpoint could not be reached".to_owned(), format!("no answer within {ACTION_TIME:?}")))
    })
}

/// Claims the first action that no process has a claim of.
async fn claim(metrics: &Metrics, id: AlarmId<'_>) -> Result<Option<PendingAction>, StorageError> {
    let now_ms = metrics.now_ms();
    let mut claimed = None;
    change(metrics.engine(), id, |mut alarm, _| {
        // Decided again if the write is.
        let unclaimed = alarm.pending.iter_mut().find(|pending| pending.claimed_until_ms <= now_ms);
        claimed = unclaimed.map(|pending| {
            pending.claimed_until_ms = now_ms + CLAIM_MS;
            pending.clone()
        });
        claimed.is_some().then_some((alarm, Vec::new()))
    })
    .await?;
    Ok(claimed)
}

/// Ends an action. Under a claim that has ended another process executes it, and records what becomes of it.
async fn record(
    metrics: &Metrics,
    id: AlarmId<'_>,
    pending: &PendingAction,
    outcome: &Result<(), String>,
) -> Result<(), StorageError> {
    let now_ms = metrics.now_ms();
    change(metrics.engine(), id, |mut alarm, _| {
        let count = alarm.pending.len();
        alarm.pending.retain(|own| (&own.id, own.claimed_until_ms) != (&pending.id, pending.claimed_until_ms));
        let is_ours = alarm.pending.len() < count;
        let item = HistoryItem::of_action(&alarm, pending, outcome, now_ms);
        is_ours.then_some((alarm, vec![item]))
    })
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
