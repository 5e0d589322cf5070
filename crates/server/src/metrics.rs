//! What is counted while the server works, and the page that reports it in Prometheus's text format.
//!
//! A request costs a few additions to shared numbers, found by the operation's place in its service's list: no lock, no
//! hash, no text; an exception costs a look at the few that its operation has had. Everything else happens when the page is
//! asked for, in the sources of the one registry ([`base::MetricsRegistry`]). What counts and lives in this program or in a
//! crate below adds its source once it exists.

mod arguments;
mod background;
mod database;
mod engine;
mod faults;
mod measured;
mod process;
mod requests;
mod throttle;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::aws::ServiceModel;
use base::{Clock, Detail, Metric, MetricsRegistry, Page};
use ops::allowance::MemoryBudget;
use storage::{Embedded, Memory};
use storage_postgres::Postgres;

use crate::current::Current;

pub(crate) use arguments::MetricsArguments;
pub(crate) use requests::{Requests, UnderWay};

/// What the server counts on the way of a request, and the registry of all metrics.
pub(crate) struct Metrics {
    pub(crate) requests: Arc<Requests>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) registry: MetricsRegistry,
    /// Tables that have series of their own, for readers that may see any.
    tables_max: usize,
}

#[derive(Default)]
pub(crate) struct Connections {
    pub(crate) open: AtomicU64,
    pub(crate) accepted: AtomicU64,
    /// The operating system did not give us the connection.
    pub(crate) failed: AtomicU64,
    /// It was to be encrypted, and client and server did not come to an agreement.
    pub(crate) handshakes_failed: AtomicU64,
    /// All slots were taken when it was its turn to be accepted.
    pub(crate) delayed: AtomicU64,
    /// Not taken: its address has as many as an address may have, and all of them are in use.
    pub(crate) refused: AtomicU64,
    /// Sent away for a new one.
    pub(crate) evicted_idle: AtomicU64,
    /// Closed for a new one of the same address, which may have no more.
    pub(crate) evicted_address: AtomicU64,
    /// Sent away because it held memory and hardly moved.
    pub(crate) evicted_stuck: AtomicU64,
}

static INFO: Metric = Metric::gauge("stator_info", "The version that runs; the value is always 1.");

/// A metric of the memory that large requests and answers share.
type OfBudget = (Metric, fn(&MemoryBudget) -> u64);

static BUDGETS: [OfBudget; 4] = [
    (
        Metric::gauge("stator_memory_bytes", "Memory that large requests and their answers have reserved."),
        MemoryBudget::bytes_used,
    ),
    (Metric::gauge("stator_memory_bytes_max", "Limit of the memory that they may reserve."), MemoryBudget::bytes_max),
    (Metric::gauge("stator_memory_waiting", "Requests that wait for a reservation."), MemoryBudget::waiting),
    (
        Metric::counter(
            "stator_memory_refused_total",
            "Requests that were refused after they waited for a reservation.",
        ),
        MemoryBudget::refused,
    ),
];

impl Metrics {
    #[cfg(test)]
    pub(crate) fn new(models: &[&'static ServiceModel]) -> Metrics {
        Metrics::of(models, arguments::TABLES_MAX)
    }

    /// Counts the requests to the services of these models, and has series for so many tables.
    pub(crate) fn of(models: &[&'static ServiceModel], tables_max: usize) -> Metrics {
        let (requests, connections) = (Arc::new(Requests::new(models)), Arc::<Connections>::default());
        let (registry, started_ms) = (MetricsRegistry::default(), Clock::system().now_ms());
        registry.add(|page| page.metric(&INFO).labelled(&[("version", env!("CARGO_PKG_VERSION"))], 1));
        let (of_requests, of_connections) = (Arc::clone(&requests), Arc::clone(&connections));
        registry.add(move |page| of_requests.write(page));
        registry.add(move |page| of_connections.write(page));
        registry.add(move |page| process::write(started_ms, page));
        Metrics { requests, connections, registry, tables_max }
    }

    /// Adds the engine in a folder.
    pub(crate) fn add_embedded(&self, embedded: Arc<Embedded>) {
        self.registry.add(move |page| engine::write(&embedded.stats(), page));
    }

    /// Adds the engine in memory.
    pub(crate) fn add_rows(&self, rows: Arc<Memory>) {
        self.registry.add(move |page| engine::write_memory(&rows.stats(), page));
    }

    /// Adds the engine over a database.
    pub(crate) fn add_database(&self, database: Arc<Postgres>) {
        self.registry.add(move |page| database::write(&database.stats(), page));
    }

    /// Adds what the service does in the background, and how far it is behind. Its jobs are in it.
    pub(crate) fn add_service(&self, service: Current<ops::Service>) {
        self.registry.add(move |page| {
            let Some(service) = service.get() else { return };
            background::write(&service.background_stats(), page);
            if let Some(stats) = service.throttle_stats() {
                throttle::write(&stats, page);
            }
            if let Some(faults) = service.faults() {
                faults::write(&faults.stats(), page);
            }
            if let Some(lost) = service.values_lost() {
                measured::write(lost, page);
            }
            service.jobs().write_metrics(page);
        });
    }

    /// Adds the memory that requests' bodies share, and that answers share.
    pub(crate) fn add_memory(&self, requests: &Arc<MemoryBudget>, answers: &Arc<MemoryBudget>) {
        let budgets = [("requests", Arc::clone(requests)), ("answers", Arc::clone(answers))];
        self.registry.add(move |page| {
            for (metric, value) in &BUDGETS {
                let mut series = page.metric(metric);
                budgets.iter().for_each(|(of, budget)| series.labelled(&[("of", of)], value(budget)));
            }
        });
    }

    /// What a page names for readers that may see everything.
    pub(crate) fn detail(&self) -> Detail {
        Detail::Each(self.tables_max)
    }
}

type OfConnections = (Metric, fn(&Connections) -> &AtomicU64);

static CONNECTIONS: [OfConnections; 6] = [
    (Metric::gauge("stator_connections", "Connections that are open."), |counts| &counts.open),
    (Metric::counter("stator_connections_accepted_total", "Connections that were accepted."), |counts| {
        &counts.accepted
    }),
    (
        Metric::counter(
            "stator_connections_failed_total",
            "Connections that the operating system could not hand over.",
        ),
        |counts| &counts.failed,
    ),
    (
        Metric::counter("stator_tls_handshakes_failed_total", "Connections that ended before they were encrypted."),
        |counts| &counts.handshakes_failed,
    ),
    (
        Metric::counter("stator_connections_delayed_total", "Times that all --connections-max connections were taken."),
        |counts| &counts.delayed,
    ),
    (
        Metric::counter(
            "stator_connections_refused_total",
            "Connections of an address that may have no more (--connections-per-address-max).",
        ),
        |counts| &counts.refused,
    ),
];
static EVICTED: Metric =
    Metric::counter("stator_connections_evicted_total", "Connections that were closed to make room for others.");

impl Connections {
    fn write(&self, page: &mut Page) {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        CONNECTIONS.iter().for_each(|(metric, of)| page.metric(metric).value(read(of(self))));
        let mut evicted = page.metric(&EVICTED);
        evicted.labelled(&[("reason", "idle")], read(&self.evicted_idle));
        evicted.labelled(&[("reason", "address")], read(&self.evicted_address));
        evicted.labelled(&[("reason", "stuck")], read(&self.evicted_stuck));
    }
}

#[cfg(test)]
mod tests;
