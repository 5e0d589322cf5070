//! Delivery of tables' changes to other systems: to Kinesis data streams, and to functions.
//!
//! `follow` is the one loop that hands the changes of a table to a receiver, until they are taken, at least once, an
//! item's in their order. What a receiver does with them, over the network, is a folder's: `kinesis`, `triggers`. Where a
//! follower stands, and which node follows, is kept by `ops::follow`; this crate knows no storage.

mod figures;
pub mod follow;
pub mod kinesis;
mod memory;
pub mod triggers;

use std::sync::Arc;

use base::Clock;
use memory::DeliveryMemory;
use ops::Service;
use tokio::task::JoinSet;
use triggers::{Places, Triggers};

pub use figures::{Figure, Figures};

/// Where changes may be delivered to.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub kinesis: Option<kinesis::Settings>,
    pub places: Places,
    /// Nothing is delivered: there is the API of event source mappings alone.
    pub paused: bool,
}

/// All delivery of a server. Dropped, it ends at once; what was not delivered is, after the next start.
pub struct Deliveries {
    tasks: JoinSet<()>,
    figures: Arc<Figures>,
    triggers: Arc<Triggers>,
}

impl Deliveries {
    pub fn start(service: &Arc<Service>, settings: Settings) -> Deliveries {
        let figures: Arc<Figures> = Arc::default();
        let memory = DeliveryMemory::new();
        let (places, clock) = (settings.places, Clock::system());
        let triggers = Triggers::new(Arc::clone(service), places, Arc::clone(&figures), Arc::clone(&memory), clock);
        let mut deliveries = Deliveries { tasks: JoinSet::new(), figures, triggers };
        if settings.paused {
            return deliveries;
        }
        deliveries.tasks.spawn(Arc::clone(&deliveries.triggers).run());
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
            deliveries.tasks.spawn(kinesis::run(Arc::clone(service), kinesis, figures, memory));
        }
        deliveries
    }

    pub fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// The event source mappings.
    pub fn triggers(&self) -> &Arc<Triggers> {
        &self.triggers
    }

    /// Ends all tasks where they are, and waits until they are gone.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}
