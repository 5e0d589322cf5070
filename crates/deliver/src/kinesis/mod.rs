//! Kinesis streaming destinations: every change of a table is put into a Kinesis data stream.
//!
//! One job watches the tables' definitions and maintains a job for each destination that is in use. That one first checks
//! whether the stream exists, which completes or fails the destination's enabling, and then delivers the table's changes.

mod call;
mod put;
mod record;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base::Gate;
use client::Holder;
use jobs::{Job, ScopedJob};
use ops::follow::{Bounds, Consumer, FollowError, Start};
use ops::{KinesisDestination, Service};
use tokio::time::Instant;

use crate::figures::Figures;
use crate::follow::{self, Counts, Following, backoff};
use crate::memory::DeliveryMemory;
use crate::supervise::{self, Kind};
use call::{Kinesis, Problem};
use put::Putter;

/// How often the tables' definitions are looked at; a look costs nothing while they stay as they are.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How long a stream that cannot be reached is tried before its destination counts as failed.
const ENABLE_TIMEOUT: Duration = Duration::from_secs(30);
/// What one read of the log gives: one full call of PutRecords, if the changes are of different items.
const BOUNDS: Bounds = Bounds { records_max: put::RECORDS_MAX, bytes_max: 512 << 10 };

/// How many lines about destinations that cannot be enabled the log takes in a window: owners of tables choose streams that are not there.
static ENABLE_LINES: LazyLock<Gate> = LazyLock::new(|| Gate::new(10, Duration::from_secs(60)));

/// Where Kinesis is.
#[derive(Clone, Debug)]
pub struct Settings {
    pub endpoint: String,
    /// A file with the authorities to believe, instead of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Streams are named by their ARNs alone. A name beside it is one of the account that the server's keys belong to, for a server
    /// that does not know ARNs.
    pub by_arn: bool,
}

/// The kind of destinations that Kinesis is.
struct Streams {
    settings: Settings,
    figures: Arc<Figures>,
    memory: Arc<DeliveryMemory>,
    warned: BTreeSet<String>,
}

/// Adds the job that supervises all destinations, until the returned value is dropped.
pub(crate) fn start(
    service: &Arc<Service>,
    settings: Settings,
    figures: Arc<Figures>,
    memory: Arc<DeliveryMemory>,
) -> ScopedJob {
    supervise::start(service, Streams { settings, figures, memory, warned: BTreeSet::new() })
}

impl Kind for Streams {
    const SUPERVISOR: &'static str = "supervise_kinesis";
    const LOOK_INTERVAL: Duration = LOOK_INTERVAL;

    type Destination = KinesisDestination;
    type Handle = Arc<put::Precision>;

    fn destinations(&mut self, service: &Service) -> Vec<KinesisDestination> {
        let (wanted, closed): (Vec<_>, Vec<_>) =
            service.kinesis_destinations().into_iter().partition(|destination| destination.is_allowed);
        warn_of_closed(&mut self.warned, &closed);
        wanted
    }

    fn consumer(destination: &KinesisDestination) -> &Consumer {
        &destination.consumer
    }

    fn serve(&self, service: &Arc<Service>, destination: &KinesisDestination) -> (ScopedJob, Arc<put::Precision>) {
        let precision = Arc::new(put::Precision::new(destination.precision));
        let work = Work {
            service: Arc::clone(service),
            settings: self.settings.clone(),
            destination: destination.clone(),
            precision: Arc::clone(&precision),
            counts: self.figures.add("kinesis"),
            memory: Arc::clone(&self.memory),
        };
        let job = Job::lasting("deliver_to_kinesis", move || deliver(work.clone()));
        (service.jobs().add_scoped(job), precision)
    }

    fn update(precision: &Arc<put::Precision>, destination: &KinesisDestination) {
        precision.set(destination.precision);
    }
}

/// Logs each destination once that the operator's rules close. Its changes stay in the table's log for as long as that has them.
fn warn_of_closed(warned: &mut BTreeSet<String>, closed: &[KinesisDestination]) {
    for destination in closed {
        if warned.insert(destination.consumer.to_string()) {
            log::warn!(
                event = "kinesis_not_allowed";
                "table {} has a Kinesis destination in another account, {}, and nothing is delivered to it: allow it with \
                 --allow-arn, or disable it",
                destination.table_name,
                destination.stream_arn
            );
        }
    }
}

/// What the log calls it.
fn title(destination: &KinesisDestination) -> String {
    format!("the Kinesis destination {} of table {}", destination.stream_arn, destination.table_name)
}

/// What it takes to deliver to one destination.
#[derive(Clone)]
struct Work {
    service: Arc<Service>,
    settings: Settings,
    destination: KinesisDestination,
    precision: Arc<put::Precision>,
    counts: Arc<Counts>,
    memory: Arc<DeliveryMemory>,
}

/// What calls and memory are reserved for.
fn holder(destination: &KinesisDestination) -> Holder {
    Holder::new(&destination.account, &destination.consumer.to_string())
}

/// Delivers to one destination, until it is disabled or its table is deleted.
async fn deliver(work: Work) {
    let Work { service, settings, destination, precision, counts, memory } = work;
    let holder = holder(&destination);
    if destination.is_enabling && !enable(&service, &settings, &destination, &counts).await {
        return;
    }
    let title = title(&destination);
    let receiver = Putter::new(&settings, &destination, precision);
    let (consumer, start) = (destination.consumer, Start::Latest);
    let (title, bounds) = (title.into(), BOUNDS);
    let following = Following { consumer, title, start, bounds, receiver: Arc::new(receiver), counts, memory, holder };
    follow::follow(service, following).await;
}

/// Returns whether the destination is to be delivered to.
async fn enable(service: &Service, settings: &Settings, destination: &KinesisDestination, counts: &Counts) -> bool {
    let mut backoff = backoff();
    loop {
        match enable_once(service, settings, destination, counts).await {
            Ok(reached) => return reached,
            Err(FollowError::Gone | FollowError::Stopping) => return false,
            Err(FollowError::LeaseLost) => {}
            Err(FollowError::Failed(text) | FollowError::Damaged(text)) => {
                log_enable_failure(&format!("{} could not be enabled, which is retried: {text}", title(destination)));
            }
        }
        backoff.pause().await;
    }
}

fn log_enable_failure(text: &str) {
    if let Some(held_back) = ENABLE_LINES.pass() {
        log::warn!(event = "kinesis_enable_failed", held_back = held_back; "{text}");
    }
}

async fn enable_once(
    service: &Service,
    settings: &Settings,
    destination: &KinesisDestination,
    counts: &Counts,
) -> Result<bool, FollowError> {
    let lease = follow::acquire_lease(service, &destination.consumer, counts).await?;
    let reached = reach(settings, destination).await;
    if let Err(problem) = &reached {
        log_enable_failure(&format!("{} cannot be enabled: {}", title(destination), problem.text));
    }
    let reached = reached.map_err(|problem| problem.shown);
    while !service.end_enabling(destination, &lease, reached.clone()).await? {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    if reached.is_err() {
        service.forget_consumer(&destination.consumer).await?;
    }
    Ok(reached.is_ok())
}

/// Whether the stream can be put to. One that is still being made is waited for, and so is a server that does not answer.
async fn reach(settings: &Settings, destination: &KinesisDestination) -> Result<(), Problem> {
    let kinesis = Kinesis::new(settings, &destination.stream_arn, &holder(destination))?;
    let mut backoff = backoff();
    let until = Instant::now() + ENABLE_TIMEOUT;
    loop {
        match kinesis.describe_stream().await {
            Ok(()) => return Ok(()),
            Err(problem) if !problem.passes || Instant::now() >= until => return Err(problem),
            Err(_) => backoff.pause().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_lines::count_lines;

    #[test]
    fn few_lines_a_minute_name_destinations_that_cannot_be_enabled() {
        let text = "the destination of a test cannot be enabled";
        // Two windows, if a minute ends meanwhile.
        assert!(count_lines(text, || (0..100).for_each(|_| log_enable_failure(text))) <= 20);
    }
}
