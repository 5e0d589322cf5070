//! A runner: ends the transient state of one mapping, and delivers while the mapping is enabled. Every node has one for each
//! mapping; only the one on the node with the consumer's lease does more than ask for that lease.

use std::sync::Arc;
use std::time::Duration;

use base::Gate;
use ops::DocumentChange;
use ops::follow::FollowError;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::filter::Filters;
use super::mapping::{Mapping, State};
use super::read_permission::{ANSWER_MS, ReadPermission};
use super::shard::Shard;
use super::{LOOK_INTERVAL, MAPPINGS, Triggers};
use crate::follow::{Counts, End, follow_shards};

/// How often something is tried again that is not ready yet.
const SOON: Duration = Duration::from_millis(100);
/// How often a stream is looked for that is not there. It may be new, and not known here yet.
const GONE_INTERVAL: Duration = Duration::from_secs(2);

/// How often a mapping looks whether it may read another account's stream, beside the times before something is read or delivered.
const PERMISSION_INTERVAL: Duration = Duration::from_millis(ANSWER_MS);
const NOT_PERMITTED: &str = "PROBLEM: The policy of the stream does not allow this mapping to read it";

/// How many lines of a kind the log takes of a mapping in a window.
const LINES: u64 = 10;
const LINES_WINDOW: Duration = Duration::from_secs(60);

/// The lines about a mapping's failures. Batches of one record can fail as often as items change, and owners of tables choose functions
/// that fail.
pub(super) struct Lines {
    pub failed: Gate,
    pub discarded: Gate,
    pub refused: Gate,
}

impl Default for Lines {
    fn default() -> Lines {
        let gate = || Gate::new(LINES, LINES_WINDOW);
        Lines { failed: gate(), discarded: gate(), refused: gate() }
    }
}

/// What the shards of a mapping share.
pub(super) struct Delivery {
    pub triggers: Arc<Triggers>,
    pub mapping: Arc<Mapping>,
    pub filters: Filters,
    pub counts: Arc<Counts>,
    pub lines: Lines,
    permission: ReadPermission,
    /// What came of the last invocation, as far as it is written down.
    result: Mutex<Option<String>>,
}

impl Delivery {
    /// Writes down what came of an invocation, if that is something new.
    pub(super) async fn tell(&self, result: &str) {
        if self.result.lock().as_deref() == Some(result) {
            return;
        }
        let told = self.triggers.service.put_document_note(MAPPINGS, &self.mapping.uuid, result).await;
        // Only once it is stored: a result that could not be stored is stored with the next invocation.
        if told.is_ok() {
            *self.result.lock() = Some(result.to_owned());
        }
    }
}

/// The policy of another account's stream.
impl Delivery {
    /// Whether the mapping may read its stream, and deliver what it has read.
    pub(super) async fn is_permitted(&self) -> bool {
        self.permission.check(&self.triggers, &self.mapping).await.is_ok()
    }

    /// Waits until it may, and says meanwhile that it may not.
    async fn until_permitted(&self) {
        let Some(owner) = self.mapping.foreign_owner() else { return };
        let mut was_denied = false;
        while let Err(refused) = self.permission.check(&self.triggers, &self.mapping).await {
            if !std::mem::replace(&mut was_denied, true) {
                let (uuid, account) = (self.mapping.uuid.as_str(), self.mapping.account.as_str());
                log::warn!(
                    event = "mapping_not_permitted", mapping = uuid, account = account, owner = owner;
                    "an event source mapping of account {account} delivers nothing: the stream of account {owner} is closed to it: {}",
                    refused.cause()
                );
            }
            self.counts.rest();
            self.tell(NOT_PERMITTED).await;
            tokio::time::sleep(PERMISSION_INTERVAL).await;
        }
    }

    async fn until_denied(&self) {
        if self.mapping.foreign_owner().is_none() {
            return std::future::pending().await;
        }
        while self.is_permitted().await {
            tokio::time::sleep(PERMISSION_INTERVAL).await;
        }
    }
}

/// Runs until the mapping is deleted.
pub(super) async fn run(triggers: Arc<Triggers>, mut changes: watch::Receiver<Arc<Mapping>>) {
    loop {
        let mapping = Arc::clone(&changes.borrow_and_update());
        let work = async {
            match mapping.state {
                State::Enabled => deliver(&triggers, mapping).await,
                State::Disabled => std::future::pending().await,
                _ => settle(&triggers, &mapping).await,
            }
        };
        tokio::select! {
            () = work => {}
            changed = changes.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        }
        // Done, until the mapping changes.
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Makes the change of a transient state, and ends that state.
async fn settle(triggers: &Triggers, mapping: &Mapping) {
    loop {
        let pause = match settle_once(triggers, mapping).await {
            Ok(true) => return triggers.changed.notify_one(),
            Ok(false) => SOON,
            Err(FollowError::Stopping) => return,
            Err(FollowError::LeaseLost) => LOOK_INTERVAL,
            Err(error) => {
                log::warn!(event = "mapping_delayed", mapping = mapping.uuid.as_str(); "{} cannot change its state yet: {error}", mapping.title());
                LOOK_INTERVAL
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Whether it is done.
async fn settle_once(triggers: &Triggers, mapping: &Mapping) -> Result<bool, FollowError> {
    let (service, consumer) = (&triggers.service, mapping.consumer());
    let lease = service.acquire_lease(&consumer).await?.ok_or(FollowError::LeaseLost)?;
    if mapping.state == State::Deleting {
        service.forget_consumer(&consumer).await?;
    } else {
        match service.initialize(&consumer, &lease, mapping.start()).await {
            Ok(true) | Err(FollowError::Gone) => {}
            other => return other,
        }
    }
    let mappings = triggers.mappings().await?;
    let stored = mappings.get(&mapping.uuid).filter(|stored| stored.asks_for_the_same(mapping));
    let Some(stored) = stored else {
        // Changed meanwhile: there is something new to be done.
        return Ok(true);
    };
    let after = (mapping.state != State::Deleting).then(|| serde_json::to_vec(&stored.settled())).transpose();
    let after = after.map_err(|error| FollowError::Failed(error.to_string()))?;
    let change = DocumentChange { id: mapping.uuid.clone(), text: after };
    let is_changed = service.change_documents(MAPPINGS, mappings.version, std::slice::from_ref(&change)).await?;
    if is_changed {
        triggers.know_changed(&mappings, &mapping.uuid, change.text);
    }
    Ok(is_changed)
}

/// Delivers until nothing can come any more.
async fn deliver(triggers: &Arc<Triggers>, mapping: Arc<Mapping>) {
    let filters = Filters::parse(mapping.settings.filters.iter().map(String::as_str));
    let Ok(filters) = filters else {
        log::error!(event = "mapping_unreadable", mapping = mapping.uuid.as_str(); "the filters of {} cannot be read", mapping.title());
        return;
    };
    let delivery = Arc::new(Delivery {
        triggers: Arc::clone(triggers),
        filters,
        counts: triggers.figures.add("lambda"),
        lines: Lines::default(),
        permission: ReadPermission::default(),
        result: Mutex::new(None),
        mapping,
    });
    let mapping = &delivery.mapping;
    let consumer = mapping.consumer();
    loop {
        delivery.until_permitted().await;
        let shard = |lease, cursor| Shard::new(Arc::clone(&delivery), lease, cursor).run();
        let (service, counts, start) = (&triggers.service, &delivery.counts, mapping.start());
        let title = mapping.title();
        let followed = tokio::select! {
            end = follow_shards(service, &consumer, &title, start, counts, shard) => Some(end),
            // What is under way ends here, and its records are read again if they may be.
            () = delivery.until_denied() => None,
        };
        match followed {
            None => continue,
            Some(End::Stopping) => return,
            Some(End::Finished) => {
                return delivery.tell("PROBLEM: The stream is disabled. All of its records were delivered").await;
            }
            Some(End::Gone) => delivery.tell("PROBLEM: The stream is not there any more").await,
        }
        tokio::time::sleep(GONE_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function that fails for each record of a busy table does not fill the disk of the log.
    #[test]
    fn few_lines_of_a_kind_pass() {
        let Lines { failed, discarded, refused } = Lines::default();
        for gate in [failed, discarded, refused] {
            let passed = (0..1000).filter_map(|_| gate.pass()).count();
            // At the turn of a window, those of two pass.
            assert!((10..=20).contains(&passed), "{passed}");
        }
    }
}
