//! Triggers: event source mappings, by Lambda's own API. Each follows a table's stream and invokes a function with its
//! records, batch by batch.
//!
//! `api` stores the mappings, which `mappings` has parsed; `keeper` runs on every node and gives each mapping a `runner`. The
//! runner on the node with the consumer's lease ends the mapping's transient state, and delivers: a `shard` at a time, in
//! `lane`s, which decide when the function is invoked and what happens to failed batches. They and the modules below them are
//! pure: `filter`, `event`, `answer`, `failure_record`. `reader` is the right to read another account's stream, and
//! `read_permission` the last answer about it. Calls over the network are in `receivers`.

mod answer;
pub mod api;
mod event;
mod failure_record;
mod filter;
mod function;
mod keeper;
mod lane;
mod mapping;
mod mappings;
mod progress;
mod read_permission;
mod reader;
mod receivers;
mod runner;
mod shard;

use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use ops::follow::FollowError;
use ops::{Collection, Service};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::figures::Figures;
use crate::memory::DeliveryMemory;
use mapping::Mapping;
use mappings::Mappings;
pub use receivers::Places;
use receivers::queue_place;

/// The collection of the stored mappings, each with the result of its last invocation.
const MAPPINGS: Collection = Collection::EventSourceMappings;
/// How often a node looks whether mappings were changed on another one.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// All event source mappings.
pub struct Triggers {
    service: Arc<Service>,
    places: Places,
    figures: Arc<Figures>,
    memory: Arc<DeliveryMemory>,
    clock: Clock,
    /// The mappings, as they were seen last.
    known: Mutex<Arc<Mappings>>,
    /// A mapping was changed here.
    changed: Arc<Notify>,
}

impl Triggers {
    pub(crate) fn new(
        service: Arc<Service>,
        places: Places,
        figures: Arc<Figures>,
        memory: Arc<DeliveryMemory>,
        clock: Clock,
    ) -> Arc<Triggers> {
        let (known, changed) = (Mutex::default(), Arc::default());
        Arc::new(Triggers { service, places, figures, memory, clock, known, changed })
    }

    /// Writes down where a new mapping begins. If that cannot be done yet, its runner does it.
    async fn begin(&self, mapping: &Mapping) {
        let begin = async {
            let Some(lease) = self.service.acquire_lease(&mapping.consumer()).await? else { return Ok(false) };
            self.service.initialize(&mapping.consumer(), &lease, mapping.start()).await
        };
        if let Err(FollowError::Failed(text) | FollowError::Damaged(text)) = begin.await {
            log::warn!(event = "mapping_delayed", mapping = mapping.uuid.as_str(); "{} starts later: {text}", mapping.title());
        }
    }
}
