//! Delivery of tables' changes from this server, and `--no-deliveries`, which leaves it out, and the deletion of expired items with
//! it: for looking at a restored copy, whose event source mappings and destinations are still those of the server that it was copied
//! from, and whose items have expired since.

use std::sync::Arc;

use deliver::{Deliveries, Settings};
use ops::{Collection, Service};

use crate::log::{self, Value};

/// Begins the delivery, or with `paused` settings the API of event source mappings alone.
pub(super) async fn start(service: &Arc<Service>, settings: Settings) -> Deliveries {
    let delivers = !settings.paused;
    report(service, settings.kinesis.is_some() || !delivers, delivers).await;
    Deliveries::start(service, settings)
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
             for up to 24 hours. Expired items are not deleted"
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
