//! Delivery of tables' changes: to Kinesis data streams, to functions, and to the replicas of global tables.
//!
//! `follow` is the one loop that hands the changes of a table to a receiver, until they are taken, at least once, an
//! item's in their order. What a receiver does with them, over the network, is a folder's: `kinesis`, `triggers`. Positions of
//! consumers, and the node that has a consumer's lease, are rows of `ops::follow`; this crate knows no storage.

mod figures;
pub mod follow;
pub mod kinesis;
#[cfg(test)]
mod log_lines;
mod memory;
mod replicas;
mod supervise;
pub mod triggers;

use std::sync::Arc;

use jobs::ScopedJob;
use memory::DeliveryMemory;
use ops::Service;
use triggers::{Places, Triggers};

pub use figures::Figures;
pub use replicas::{LinkReport, Links};

/// Where changes may be delivered to.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub kinesis: Option<kinesis::Settings>,
    pub places: Places,
    /// Nothing is delivered: there is the API of event source mappings alone.
    pub paused: bool,
}

/// All delivery of a server: its supervisors are jobs of the service's registry, and so are their workers. Dropped, it ends at
/// once; what was not delivered is, after the next start.
pub struct Deliveries {
    supervisors: Vec<ScopedJob>,
    figures: Arc<Figures>,
    triggers: Arc<Triggers>,
    links: Arc<Links>,
}

impl Deliveries {
    pub fn start(service: &Arc<Service>, settings: Settings) -> Deliveries {
        let figures: Arc<Figures> = Arc::default();
        let memory = DeliveryMemory::new();
        let (places, clock) = (settings.places, service.clock().clone());
        let triggers = Triggers::new(Arc::clone(service), places, Arc::clone(&figures), Arc::clone(&memory), clock);
        let links: Arc<Links> = Arc::default();
        let mut deliveries = Deliveries { supervisors: Vec::new(), figures, triggers, links };
        if settings.paused {
            return deliveries;
        }
        deliveries.supervisors.push(deliveries.triggers.start());
        let of_replicas = (Arc::clone(&deliveries.figures), Arc::clone(&memory));
        let links = Arc::clone(&deliveries.links);
        deliveries.supervisors.push(replicas::start(service, of_replicas.0, of_replicas.1, links));
        if settings.kinesis.is_none() && !service.kinesis_destinations().is_empty() {
            log::warn!(
                event = "kinesis_not_configured";
                "tables have Kinesis destinations, and without --kinesis-endpoint nothing is delivered to them here: what is \
                 not delivered elsewhere is lost after 24 hours"
            );
        }
        if let Some(kinesis) = settings.kinesis {
            service.reaches_kinesis();
            let figures = Arc::clone(&deliveries.figures);
            deliveries.supervisors.push(kinesis::start(service, kinesis, figures, memory));
        }
        deliveries
    }

    pub fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// The pairs of replicas that changes are delivered between.
    pub fn links(&self) -> &Arc<Links> {
        &self.links
    }

    /// The event source mappings.
    pub fn triggers(&self) -> &Arc<Triggers> {
        &self.triggers
    }
}
