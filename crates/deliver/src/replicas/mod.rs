//! Replication between the regions of global tables: the changes that were made in one region are applied in the others.
//!
//! One job watches the tables' definitions and maintains a job for each pair of replicas. What is applied, and when it is not, is
//! decided by stamps (`ops::replicate`): a batch that is given twice changes nothing.

mod lane;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use client::Holder;
use jobs::{Job, Ran, ScopedJob};
use ops::follow::Start;
use ops::{ReplicaDestination, Service};
use parking_lot::Mutex;

use crate::figures::Figures;
use crate::follow::{self, Counts};
use crate::memory::DeliveryMemory;
use lane::Lane;

/// How often the tables' definitions are looked at; a look costs nothing while they stay as they are.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// What the supervisor knows between two looks. Dropping it ends all workers.
struct Keeper {
    figures: Arc<Figures>,
    memory: Arc<DeliveryMemory>,
    /// By the destination's consumer.
    running: BTreeMap<String, ScopedJob>,
    /// The state of the tables' definitions that the workers are of.
    seen: Option<u64>,
}

/// Adds the job that supervises the replication of all tables, until the returned value is dropped.
pub(crate) fn start(service: &Arc<Service>, figures: Arc<Figures>, memory: Arc<DeliveryMemory>) -> ScopedJob {
    let keeper = Keeper { figures, memory, running: BTreeMap::new(), seen: None };
    let keeper = Arc::new(Mutex::new(keeper));
    let job = Job::on(service, "supervise_replicas", LOOK_INTERVAL, move |service| {
        // Never contended: a job has one run at a time.
        keeper.lock().look(&service);
        async { Ran::Done }
    });
    service.jobs().add_scoped(job.at_once())
}

impl Keeper {
    /// Gives each pair of replicas its worker.
    fn look(&mut self, service: &Arc<Service>) {
        let changes = service.definitions_changes();
        if self.seen == Some(changes) {
            return;
        }
        let wanted = service.replica_destinations();
        let name = |destination: &ReplicaDestination| destination.consumer.to_string();
        self.running
            .retain(|running, job| !job.is_over() && wanted.iter().any(|destination| name(destination) == *running));
        for destination in &wanted {
            if !self.running.contains_key(&name(destination)) {
                self.running.insert(name(destination), self.serve(service, destination));
            }
        }
        self.seen = Some(changes);
    }

    fn serve(&self, service: &Arc<Service>, destination: &ReplicaDestination) -> ScopedJob {
        let work = Work {
            service: Arc::clone(service),
            destination: Arc::new(destination.clone()),
            counts: self.figures.add("replica"),
            memory: Arc::clone(&self.memory),
            holder: Holder::new(&destination.account, &destination.consumer.to_string()),
        };
        service.jobs().add_scoped(Job::lasting("deliver_to_replica", move || deliver(work.clone())))
    }
}

/// What it takes to deliver to one replica.
#[derive(Clone)]
struct Work {
    service: Arc<Service>,
    destination: Arc<ReplicaDestination>,
    counts: Arc<Counts>,
    memory: Arc<DeliveryMemory>,
    holder: Holder,
}

/// Delivers to one replica, until one of both tables is deleted.
async fn deliver(work: Work) {
    let (service, consumer) = (Arc::clone(&work.service), work.destination.consumer.clone());
    let (counts, title) = (Arc::clone(&work.counts), work.title());
    let lane = |lease, cursor| Lane::new(work.clone(), lease, cursor).run();
    follow::follow_shards(&service, &consumer, &title, Start::TrimHorizon, &counts, lane).await;
}

impl Work {
    /// What the log calls it.
    fn title(&self) -> String {
        let ReplicaDestination { table_name, from_region, to_region, .. } = &*self.destination;
        format!("the replication of table {table_name} from {from_region} to {to_region}")
    }
}
