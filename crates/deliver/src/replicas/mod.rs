//! Replication between the regions of global tables: the changes that were made in one region are applied in the others.
//!
//! One job watches the tables' definitions and maintains a job for each pair of replicas. What is applied, and when it is not, is
//! decided by stamps (`ops::replicate`): a batch that is given twice changes nothing.

mod lane;
mod links;
#[cfg(test)]
mod peer_tests;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use client::Holder;
use jobs::{Job, ScopedJob};
use ops::follow::{Consumer, Start};
use ops::{ReplicaDestination, Service};

use crate::figures::Figures;
use crate::follow::{self, Counts};
use crate::memory::DeliveryMemory;
use crate::supervise::{self, Kind};
use lane::Lane;
use links::Link;
pub use links::{LinkReport, Links};

/// How often the tables' definitions are looked at; a look costs nothing while they stay as they are.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// The kind of destinations that replicas are.
struct Replicas {
    figures: Arc<Figures>,
    memory: Arc<DeliveryMemory>,
    links: Arc<Links>,
}

/// Adds the job that supervises the replication of all tables, until the returned value is dropped.
pub(crate) fn start(
    service: &Arc<Service>,
    figures: Arc<Figures>,
    memory: Arc<DeliveryMemory>,
    links: Arc<Links>,
) -> ScopedJob {
    supervise::start(service, Replicas { figures, memory, links })
}

impl Kind for Replicas {
    const SUPERVISOR: &'static str = "supervise_replicas";
    const LOOK_INTERVAL: Duration = LOOK_INTERVAL;

    type Destination = ReplicaDestination;
    type Handle = ();

    fn destinations(&mut self, service: &Service) -> Vec<ReplicaDestination> {
        service.replica_destinations()
    }

    fn consumer(destination: &ReplicaDestination) -> &Consumer {
        &destination.consumer
    }

    fn serve(&self, service: &Arc<Service>, destination: &ReplicaDestination) -> (ScopedJob, ()) {
        let counts = self.figures.add("replica");
        let work = Work {
            service: Arc::clone(service),
            destination: Arc::new(destination.clone()),
            link: self.links.add(destination, &counts),
            links: Arc::clone(&self.links),
            counts,
            memory: Arc::clone(&self.memory),
            holder: Holder::new(&destination.account, &destination.consumer.to_string()),
        };
        let job = Job::lasting("deliver_to_replica", move || deliver(work.clone()));
        (service.jobs().add_scoped(job), ())
    }
}

/// What it takes to deliver to one replica.
#[derive(Clone)]
struct Work {
    service: Arc<Service>,
    destination: Arc<ReplicaDestination>,
    link: Arc<Link>,
    links: Arc<Links>,
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
