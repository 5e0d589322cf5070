//! A runner: does for one mapping what its state asks for, and delivers while it is enabled. Every node has one for each
//! mapping; only that of the node which may follow the stream gets beyond asking for that.

use std::sync::Arc;
use std::time::Duration;

use ops::DocumentChange;
use ops::follow::FollowError;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::filter::Filters;
use super::mapping::{Mapping, State};
use super::shard::Shard;
use super::{LOOK_INTERVAL, MAPPINGS, Triggers};
use crate::follow::{Counts, End, follow_shards};

/// How often something is tried again that is not ready yet.
const SOON: Duration = Duration::from_millis(100);
/// How often a stream is looked for that is not there. It may be new, and not known here yet.
const GONE_INTERVAL: Duration = Duration::from_secs(2);

/// What the shards of a mapping share.
pub(super) struct Delivery {
    pub triggers: Arc<Triggers>,
    pub mapping: Mapping,
    pub filters: Filters,
    pub counts: Arc<Counts>,
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
        if told.is_ok() {
            *self.result.lock() = Some(result.to_owned());
        }
    }
}

/// Runs until the mapping is taken away.
pub(super) async fn run(triggers: Arc<Triggers>, mut changes: watch::Receiver<Mapping>) {
    loop {
        let mapping = changes.borrow_and_update().clone();
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

/// Does what a passing state asks for, and ends it.
async fn settle(triggers: &Triggers, mapping: &Mapping) {
    loop {
        let pause = match settle_once(triggers, mapping).await {
            Ok(true) => return triggers.changed.notify_one(),
            Ok(false) => SOON,
            Err(FollowError::Stopping) => return,
            Err(FollowError::Taken) => LOOK_INTERVAL,
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
    let (service, follower) = (&triggers.service, mapping.follower());
    let hold = service.hold(&follower).await?.ok_or(FollowError::Taken)?;
    if mapping.state == State::Deleting {
        service.forget_follower(&follower).await?;
    } else {
        match service.begin(&follower, &hold, mapping.start()).await {
            Ok(true) | Err(FollowError::Gone) => {}
            other => return other,
        }
    }
    let rows = service.documents(MAPPINGS).await?;
    let stored = rows.by_id.get(&mapping.uuid).and_then(|row| serde_json::from_slice::<Mapping>(row).ok());
    let Some(stored) = stored.filter(|stored| stored.asks_for_the_same(mapping)) else {
        // Changed meanwhile: there is something new to be done.
        return Ok(true);
    };
    let after = (mapping.state != State::Deleting).then(|| serde_json::to_vec(&stored.settled())).transpose();
    let after = after.map_err(|error| FollowError::Failed(error.to_string()))?;
    let change = DocumentChange { id: mapping.uuid.clone(), text: after };
    Ok(service.change_documents(MAPPINGS, rows.version, &[change]).await?)
}

/// Delivers until nothing can come any more.
async fn deliver(triggers: &Arc<Triggers>, mapping: Mapping) {
    let filters = Filters::parse(mapping.settings.filters.iter().map(String::as_str));
    let Ok(filters) = filters else {
        log::error!(event = "mapping_unreadable", mapping = mapping.uuid.as_str(); "the filters of {} cannot be read", mapping.title());
        return;
    };
    let delivery = Arc::new(Delivery {
        triggers: Arc::clone(triggers),
        filters,
        counts: triggers.figures.add("lambda"),
        result: Mutex::new(None),
        mapping,
    });
    let mapping = &delivery.mapping;
    loop {
        let shard = |hold, cursor| Shard::new(Arc::clone(&delivery), hold, cursor).run();
        match follow_shards(
            &triggers.service,
            &mapping.follower(),
            &mapping.title(),
            mapping.start(),
            &delivery.counts,
            shard,
        )
        .await
        {
            End::Stopping => return,
            End::Finished => {
                return delivery.tell("PROBLEM: The stream is disabled. All of its records were delivered").await;
            }
            End::Gone => delivery.tell("PROBLEM: The stream is not there any more").await,
        }
        tokio::time::sleep(GONE_INTERVAL).await;
    }
}
