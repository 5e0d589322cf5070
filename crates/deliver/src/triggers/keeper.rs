//! The supervisor: starts a runner on this node for each mapping, and passes the mapping's changes to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jobs::{Job, Ran, ScopedJob};
use tokio::sync::watch;

use super::mapping::Mapping;
use super::{LOOK_INTERVAL, MAPPINGS, Triggers, runner};

/// What the supervisor knows between two looks. Dropping it ends all runners.
#[derive(Default)]
struct Keeper {
    /// By the mapping's id.
    runners: BTreeMap<String, Runner>,
    /// The version of the mappings that the runners are of.
    seen: Option<u64>,
    failing: bool,
}

struct Runner {
    /// Dropping it ends the runner.
    changes: watch::Sender<Arc<Mapping>>,
    _job: ScopedJob,
}

impl Triggers {
    /// Adds the job that supervises all mappings, until the returned value is dropped.
    pub fn start(self: &Arc<Triggers>) -> ScopedJob {
        let keeper: Arc<tokio::sync::Mutex<Keeper>> = Arc::default();
        let job = Job::on(self, "supervise_mappings", LOOK_INTERVAL, move |triggers: Arc<Triggers>| {
            let keeper = Arc::clone(&keeper);
            // Never contended: a job has one run at a time.
            async move { triggers.look(&mut *keeper.lock().await).await }
        });
        let changed = Arc::clone(&self.changed);
        let job = job.at_once().or_when(move || {
            let changed = Arc::clone(&changed);
            async move { changed.notified().await }
        });
        self.service.jobs().add_scoped(job)
    }

    async fn look(self: &Arc<Triggers>, keeper: &mut Keeper) -> Ran {
        let looked = self.follow_mappings(keeper).await;
        let was_failing = std::mem::replace(&mut keeper.failing, looked.is_err());
        let Err(error) = looked else { return Ran::Done };
        // Once for each time that they cannot be read, not every second of it.
        if !was_failing {
            log::warn!(event = "mapping_unreadable"; "event source mappings cannot be read: {}", error.cause());
        }
        Ran::Failed
    }

    /// Gives each mapping its runner.
    async fn follow_mappings(self: &Arc<Triggers>, keeper: &mut Keeper) -> Result<(), ::api::Exception> {
        if keeper.seen == Some(self.service.documents_version(MAPPINGS).await?) {
            return Ok(());
        }
        let mappings = self.mappings().await?;
        let runners = &mut keeper.runners;
        runners.retain(|uuid, _| mappings.contains(uuid));
        for (uuid, mapping) in mappings.all() {
            match runners.get(uuid) {
                Some(runner) => {
                    runner.changes.send_if_modified(|before| {
                        let before = std::mem::replace(before, Arc::clone(mapping));
                        !Arc::ptr_eq(&before, mapping) && !before.asks_for_the_same(mapping)
                    });
                }
                None => _ = runners.insert(uuid.clone(), self.runner(mapping)),
            }
        }
        keeper.seen = Some(mappings.version);
        Ok(())
    }

    fn runner(self: &Arc<Triggers>, mapping: &Arc<Mapping>) -> Runner {
        let (changes, receiver) = watch::channel(Arc::clone(mapping));
        let triggers = Arc::clone(self);
        let run = move || runner::run(Arc::clone(&triggers), receiver.clone());
        Runner { changes, _job: self.service.jobs().add_scoped(Job::lasting("run_mapping", run)) }
    }
}
