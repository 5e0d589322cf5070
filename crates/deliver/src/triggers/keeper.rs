//! The keeper: gives each mapping that there is a runner on this node, and tells it when the mapping changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::mapping::Mapping;
use super::{LOOK_INTERVAL, MAPPINGS, Triggers, runner};

/// By the mapping's id. Dropping a sender ends its runner.
type Runners = BTreeMap<String, watch::Sender<Arc<Mapping>>>;

impl Triggers {
    /// Keeps all mappings running for ever.
    pub async fn run(self: Arc<Triggers>) {
        let (mut runners, mut tasks, mut seen) = (Runners::new(), JoinSet::new(), None);
        let mut failing = false;
        loop {
            let looked = self.look(&mut runners, &mut tasks, &mut seen).await;
            // Once for each time that they cannot be read, not every second of it.
            if let Err(error) = &looked
                && !failing
            {
                log::warn!(event = "mapping_unreadable"; "event source mappings cannot be read: {}", error.cause());
            }
            failing = looked.is_err();
            while tasks.try_join_next().is_some() {}
            let _ = tokio::time::timeout(LOOK_INTERVAL, self.changed.notified()).await;
        }
    }

    async fn look(
        self: &Arc<Triggers>,
        runners: &mut Runners,
        tasks: &mut JoinSet<()>,
        seen: &mut Option<u64>,
    ) -> Result<(), ::api::Exception> {
        if *seen == Some(self.service.documents_version(MAPPINGS).await?) {
            return Ok(());
        }
        let mappings = self.mappings().await?;
        runners.retain(|uuid, _| mappings.contains(uuid));
        for (uuid, mapping) in mappings.all() {
            match runners.get(uuid) {
                Some(runner) => {
                    runner.send_if_modified(|before| {
                        let before = std::mem::replace(before, Arc::clone(mapping));
                        !Arc::ptr_eq(&before, mapping) && !before.asks_for_the_same(mapping)
                    });
                }
                None => {
                    let (sender, receiver) = watch::channel(Arc::clone(mapping));
                    tasks.spawn(runner::run(Arc::clone(self), receiver));
                    runners.insert(uuid.clone(), sender);
                }
            }
        }
        *seen = Some(mappings.version);
        Ok(())
    }
}
