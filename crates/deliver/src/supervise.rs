//! One job that gives each destination of a kind its worker, and ends those of destinations that are gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jobs::{Job, Ran, ScopedJob};
use ops::Service;
use ops::follow::Consumer;
use parking_lot::Mutex;

/// A kind of destinations of tables' logs.
pub(crate) trait Kind: Send + 'static {
    /// The name of the job that supervises them.
    const SUPERVISOR: &'static str;
    /// How often the tables' definitions are looked at; a look costs nothing while they stay as they are.
    const LOOK_INTERVAL: Duration;

    type Destination;
    /// What changes a running worker.
    type Handle: Send;

    /// The destinations that there are now.
    fn destinations(&mut self, service: &Service) -> Vec<Self::Destination>;

    fn consumer(destination: &Self::Destination) -> &Consumer;

    fn serve(&self, service: &Arc<Service>, destination: &Self::Destination) -> (ScopedJob, Self::Handle);

    /// Tells a running worker what its destination is now.
    fn update(_handle: &Self::Handle, _destination: &Self::Destination) {}
}

/// What a supervisor knows between two looks. Dropping it ends all workers.
struct Supervisor<K: Kind> {
    kind: K,
    /// By the destination's consumer.
    running: BTreeMap<String, (ScopedJob, K::Handle)>,
    /// The state of the tables' definitions that the workers are of.
    seen: Option<u64>,
}

/// Adds the job that supervises all destinations of a kind, until the returned value is dropped.
pub(crate) fn start<K: Kind>(service: &Arc<Service>, kind: K) -> ScopedJob {
    let supervisor = Arc::new(Mutex::new(Supervisor { kind, running: BTreeMap::new(), seen: None }));
    let job = Job::on(service, K::SUPERVISOR, K::LOOK_INTERVAL, move |service| {
        // Never contended: a job has one run at a time.
        supervisor.lock().look(&service);
        async { Ran::Done }
    });
    service.jobs().add_scoped(job.at_once())
}

impl<K: Kind> Supervisor<K> {
    fn look(&mut self, service: &Arc<Service>) {
        // Read before the destinations: a change in between is seen at the next look.
        let changes = service.definitions_changes();
        if self.seen == Some(changes) {
            return;
        }
        let wanted = self.kind.destinations(service);
        let name = |destination: &K::Destination| K::consumer(destination).to_string();
        self.running.retain(|running, (job, _)| {
            !job.is_over() && wanted.iter().any(|destination| name(destination) == *running)
        });
        for destination in &wanted {
            match self.running.get(&name(destination)) {
                Some((_, handle)) => K::update(handle, destination),
                None => _ = self.running.insert(name(destination), self.kind.serve(service, destination)),
            }
        }
        self.seen = Some(changes);
    }
}
