//! What is counted while the server works, and the page that tells it in Prometheus's text format.
//!
//! A request costs a few additions to shared numbers, found by the operation's place in its service's list: no lock, no
//! hash, no text; an exception costs a look at the few that its operation has had. Everything else happens when the page is asked for. Modules above this one register what they count
//! themselves ([`Collector`]).

mod arguments;
mod background;
mod database;
mod deliveries;
mod engine;
mod page;
mod process;
mod requests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use ::aws::ServiceModel;
use base::Clock;
use deliver::Figures;
use ops::BackgroundStats;
use ops::allowance::MemoryBudget;
use storage::{EmbeddedStats, Memory};
use storage_postgres::{Postgres, PostgresStats};

pub(crate) use arguments::MetricsArguments;
pub(crate) use background::TableSeries;
pub(crate) use page::Page;
pub(crate) use requests::{Requests, UnderWay};

/// A module above this one that has metrics of its own, and writes them on the page when it is asked for.
pub(crate) trait Collector: Send + Sync {
    fn collect(&self, page: &mut Page);
}

/// Everything that the server itself counts.
pub(crate) struct Metrics {
    pub(crate) requests: Requests,
    pub(crate) connections: Arc<Connections>,
    /// What requests' bodies share, and what answers do; set once the server takes requests.
    memory: OnceLock<[(&'static str, Arc<MemoryBudget>); 2]>,
    /// The database that keeps the tables, if one does.
    database: OnceLock<Arc<Postgres>>,
    /// Rows in memory, if that is where they are.
    rows: OnceLock<Arc<Memory>>,
    /// What delivers changes, once it does.
    deliveries: OnceLock<Arc<Figures>>,
    /// What encrypts connections, if they are.
    tls: OnceLock<Arc<dyn Collector>>,
    /// The audit log, if there is one.
    audit: OnceLock<Arc<dyn Collector>>,
    /// Tables that have series of their own, unless it is the default.
    tables_max: OnceLock<usize>,
    started_ms: u64,
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

impl Metrics {
    /// `models` are those of the services whose requests are counted.
    pub(crate) fn new(models: &[&'static ServiceModel]) -> Metrics {
        let started_ms = Clock::system().now_ms();
        Metrics {
            requests: Requests::new(models),
            connections: Arc::default(),
            memory: OnceLock::new(),
            database: OnceLock::new(),
            rows: OnceLock::new(),
            deliveries: OnceLock::new(),
            tls: OnceLock::new(),
            audit: OnceLock::new(),
            tables_max: OnceLock::new(),
            started_ms,
        }
    }

    pub(crate) fn watch_database(&self, database: Option<Arc<Postgres>>) {
        if let Some(database) = database {
            // Only the first one counts, and there is no second.
            let _ = self.database.set(database);
        }
    }

    pub(crate) fn watch_rows(&self, rows: Option<&Arc<Memory>>) {
        if let Some(rows) = rows {
            // Only the first one counts, and there is no second.
            let _ = self.rows.set(Arc::clone(rows));
        }
    }

    pub(crate) fn watch_deliveries(&self, figures: &Arc<Figures>) {
        // Only the first one counts, and there is no second.
        let _ = self.deliveries.set(Arc::clone(figures));
    }

    pub(crate) fn watch_tls(&self, tls: Arc<dyn Collector>) {
        // Only the first one counts, and there is no second.
        let _ = self.tls.set(tls);
    }

    pub(crate) fn watch_audit(&self, audit: Arc<dyn Collector>) {
        // Only the first one counts, and there is no second.
        let _ = self.audit.set(audit);
    }

    pub(crate) fn watch(&self, requests: &Arc<MemoryBudget>, answers: &Arc<MemoryBudget>) {
        // Only the first one counts, and there is no second.
        let _ = self.memory.set([("requests", Arc::clone(requests)), ("answers", Arc::clone(answers))]);
    }

    /// How many tables have series of their own.
    pub(crate) fn limit_tables(&self, arguments: &MetricsArguments) {
        // Only the first one counts, and there is no second.
        let _ = self.tables_max.set(arguments.metrics_tables_max);
    }

    pub(crate) fn tables_max(&self) -> usize {
        self.tables_max.get().copied().unwrap_or(arguments::TABLES_MAX)
    }

    pub(crate) fn database(&self) -> Option<PostgresStats> {
        self.database.get().map(|database| database.stats())
    }

    /// The page. `engine` is what the engine says of itself if it keeps anything on disk, `database` if that is where it
    /// keeps everything.
    pub(crate) fn page(
        &self,
        ready: bool,
        tables: TableSeries,
        background: &BackgroundStats,
        engine: Option<&EmbeddedStats>,
        database: Option<&PostgresStats>,
    ) -> String {
        let mut page = Page::default();
        page.gauge("stator_info", "The version that runs; the value is always 1.");
        page.labelled(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        page.gauge("stator_ready", "1 if the server takes requests, as /readyz says.");
        page.value(u8::from(ready));
        self.requests.write(&mut page);
        self.connections.write(&mut page);
        self.tls.get().into_iter().for_each(|tls| tls.collect(&mut page));
        self.write_memory(&mut page);
        background::write(background, tables, &mut page);
        let figures = self.deliveries.get().map(|figures| figures.read()).unwrap_or_default();
        deliveries::write(&figures, &mut page);
        self.audit.get().into_iter().for_each(|audit| audit.collect(&mut page));
        if let Some(engine) = engine {
            engine::write(engine, &mut page);
        }
        let rows = self.rows.get().map(|rows| rows.stats());
        if let Some(rows) = &rows {
            engine::write_memory(rows, &mut page);
        }
        engine::write_refused(engine.map(|engine| &engine.disk), rows.as_ref(), &mut page);
        if let Some(database) = database {
            database::write(database, &mut page);
        }
        process::write(self.started_ms, &mut page);
        page.into_text()
    }
}

impl Metrics {
    fn write_memory(&self, page: &mut Page) {
        let of = |page: &mut Page, value: fn(&MemoryBudget) -> u64| {
            for (kind, memory) in self.memory.get().into_iter().flatten() {
                page.labelled(&[("of", kind)], value(memory));
            }
        };
        page.gauge("stator_memory_bytes", "MemoryBudget that large requests and answers hold, as it is counted.");
        of(page, MemoryBudget::bytes_used);
        page.gauge("stator_memory_bytes_max", "What there is of it.");
        of(page, MemoryBudget::bytes_max);
        page.gauge("stator_memory_waiting", "Requests that wait for some of it.");
        of(page, MemoryBudget::waiting);
        page.counter("stator_memory_refused_total", "Requests that were refused because others held it.");
        of(page, MemoryBudget::refused);
    }
}

impl Connections {
    fn write(&self, page: &mut Page) {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        page.gauge("stator_connections", "Connections that are open.");
        page.value(read(&self.open));
        page.counter("stator_connections_accepted_total", "Connections that were accepted.");
        page.value(read(&self.accepted));
        page.counter("stator_connections_failed_total", "Connections that the operating system could not hand over.");
        page.value(read(&self.failed));
        page.counter("stator_tls_handshakes_failed_total", "Connections that ended before they were encrypted.");
        page.value(read(&self.handshakes_failed));
        page.counter("stator_connections_delayed_total", "Times that all --connections-max connections were taken.");
        page.value(read(&self.delayed));
        page.counter(
            "stator_connections_refused_total",
            "Connections of an address that may have no more (--connections-per-address-max).",
        );
        page.value(read(&self.refused));
        page.counter(
            "stator_connections_evicted_total",
            "Connections that had to go because others needed their room.",
        );
        page.labelled(&[("reason", "idle")], read(&self.evicted_idle));
        page.labelled(&[("reason", "address")], read(&self.evicted_address));
        page.labelled(&[("reason", "stuck")], read(&self.evicted_stuck));
    }
}

#[cfg(test)]
mod tests;
