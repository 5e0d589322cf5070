//! The keeper: gives each mapping that there is a runner on this node, and tells it when the mapping changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::mapping::Mapping;
use super::{LOOK_INTERVAL, MAPPINGS, Triggers, runner};

/// By the mapping's id. Dropping a sender ends its runner.
type Runners = BTreeMap<String, watch::Sender<Mapping>>;

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
        let rows = self.service.documents(MAPPINGS).await?;
        runners.retain(|uuid, _| rows.by_id.contains_key(uuid));
        for (uuid, row) in &rows.by_id {
            let mapping: Mapping = match serde_json::from_slice(row) {
                Ok(mapping) => mapping,
                Err(error) => {
                    log::error!(event = "mapping_unreadable", mapping = uuid.as_str(); "an event source mapping cannot be read: {error}");
                    continue;
                }
            };
            match runners.get(uuid) {
                Some(runner) => {
                    runner.send_if_modified(|before| {
                        !std::mem::replace(before, mapping.clone()).asks_for_the_same(&mapping)
                    });
                }
                None => {
                    let (sender, receiver) = watch::channel(mapping);
                    tasks.spawn(runner::run(Arc::clone(self), receiver));
                    runners.insert(uuid.clone(), sender);
                }
            }
        }
        *seen = Some(rows.version);
        Ok(())
    }
}
