//! Delivery of tables' changes from this server, and `--no-deliveries`, which leaves it out: for looking at a restored copy,
//! whose event source mappings and destinations are still those of the server that it was copied from.

use std::sync::Arc;

use deliver::triggers::Triggers;
use deliver::{Deliveries, Figures, Settings};
use ops::{Collection, Service};

use super::Failure;
use crate::log::{self, Value};

pub(super) struct Delivery {
    /// None with --no-deliveries.
    deliveries: Option<Deliveries>,
    triggers: Arc<Triggers>,
}

impl Delivery {
    pub(super) async fn start(service: &Arc<Service>, settings: Settings) -> Delivery {
        report(service, settings.kinesis.is_some(), true).await;
        let deliveries = Deliveries::start(service, settings);
        Delivery { triggers: Arc::clone(deliveries.triggers()), deliveries: Some(deliveries) }
    }

    /// The API of event source mappings alone.
    pub(super) async fn idle(service: &Arc<Service>, settings: Settings) -> Result<Delivery, Failure> {
        report(service, true, false).await;
        // Tasks of a runtime that no thread drives never run.
        let undriven = tokio::runtime::Builder::new_current_thread().build().map_err(Failure::Runtime)?;
        let triggers = {
            let _spawns_there = undriven.enter();
            Arc::clone(Deliveries::start(service, settings).triggers())
        };
        undriven.shutdown_background();
        Ok(Delivery { deliveries: None, triggers })
    }

    pub(super) fn figures(&self) -> Option<&Arc<Figures>> {
        self.deliveries.as_ref().map(Deliveries::figures)
    }

    pub(super) fn triggers(&self) -> &Arc<Triggers> {
        &self.triggers
    }

    pub(super) async fn stop(self) {
        if let Some(deliveries) = self.deliveries {
            deliveries.stop().await;
        }
    }
}

/// Logs what changes are delivered to, if there is anything. A copy of a data folder delivers as the original does, which nothing
/// else shows.
async fn report(service: &Service, reaches_kinesis: bool, delivers: bool) {
    // If they cannot be read, their own runner says so.
    let mappings = service.documents(Collection::EventSourceMappings).await.unwrap_or_default().by_id.len();
    let destinations = service.kinesis_destinations();
    let destinations = destinations.iter().filter(|destination| reaches_kinesis && destination.is_allowed).count();
    let counts =
        [("mappings", Value::Number(mappings as u64)), ("kinesis_destinations", Value::Number(destinations as u64))];
    let what = format!(
        "{} and {}",
        counted(mappings, "event source mapping"),
        counted(destinations, "Kinesis streaming destination")
    );
    if !delivers {
        let message = format!(
            "--no-deliveries: this server delivers no changes, and the data has {what}. Changes wait for a server that delivers, \
             for up to 24 hours. Time to live deletes expired items as ever"
        );
        log::warning("deliveries_off", &message, &counts);
    } else if mappings + destinations > 0 {
        let message = format!("this server delivers tables' changes: the data has {what}");
        log::info("deliveries_on", &message, &counts);
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
