//! What is known of the pairs of replicas that this server delivers between, for the operator: lag, backlog, the last failure, and
//! comparisons of whole tables. A test may pause the pairs of two regions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use base::{Clock, Detail, Metric, Page};
use ops::ReplicaDestination;
use parking_lot::Mutex;

use crate::follow::Counts;

static LAG: Metric = Metric::gauge(
    "stator_replication_lag_seconds",
    "Age of the oldest change that waits for its delivery to a replica.",
);
static BACKLOG: Metric = Metric::gauge(
    "stator_replication_backlog_records",
    "Records of a table's log that wait for their delivery to a replica.",
);
static DELIVERED: Metric = Metric::counter(
    "stator_replication_delivered_total",
    "Changes that a replica took; some may have been delivered twice.",
);
static FAILURES: Metric =
    Metric::counter("stator_replication_failures_total", "Times that changes could not be delivered to a replica.");
static RESYNCS: Metric = Metric::counter(
    "stator_replication_resyncs_total",
    "Comparisons of a whole table with a replica that was away for longer than the log.",
);

/// All pairs of one server.
#[derive(Default)]
pub struct Links {
    /// By their consumers.
    all: Mutex<BTreeMap<String, Weak<Link>>>,
    /// Pairs of regions that nothing is delivered between: from, to.
    paused: Mutex<BTreeSet<(String, String)>>,
}

/// One pair.
pub(super) struct Link {
    destination: ReplicaDestination,
    counts: Arc<Counts>,
    delivered: AtomicU64,
    failures: AtomicU64,
    backlog: AtomicU64,
    resyncs: AtomicU64,
    state: Mutex<State>,
    /// Held while the whole tables are compared; when the last comparison began.
    pub(super) comparing: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Default)]
struct State {
    delivered_ms: Option<u64>,
    error: Option<String>,
    /// The whole tables are being compared.
    is_compared: bool,
}

/// What the operator is shown of a pair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkReport {
    pub account: String,
    pub table: String,
    pub from: String,
    pub to: String,
    pub lag_ms: u64,
    pub backlog: u64,
    pub delivered: u64,
    pub failures: u64,
    /// When changes were last taken.
    pub delivered_ms: Option<u64>,
    /// Why the last batch was not taken, if it was not.
    pub error: Option<String>,
    pub resyncs: u64,
    pub is_compared: bool,
    pub is_paused: bool,
}

impl Links {
    pub(super) fn add(&self, destination: &ReplicaDestination, counts: &Arc<Counts>) -> Arc<Link> {
        let link = Arc::new(Link {
            destination: destination.clone(),
            counts: Arc::clone(counts),
            delivered: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            backlog: AtomicU64::new(0),
            resyncs: AtomicU64::new(0),
            state: Mutex::default(),
            comparing: tokio::sync::Mutex::default(),
        });
        let mut all = self.all.lock();
        all.retain(|_, link| link.strong_count() > 0);
        all.insert(destination.consumer.to_string(), Arc::downgrade(&link));
        link
    }

    /// Stops, or resumes, what is delivered from one region to another.
    pub fn pause(&self, from: &str, to: &str, is_paused: bool) {
        let pair = (from.to_owned(), to.to_owned());
        let mut paused = self.paused.lock();
        match is_paused {
            true => _ = paused.insert(pair),
            false => _ = paused.remove(&pair),
        }
    }

    pub(super) fn is_paused(&self, destination: &ReplicaDestination) -> bool {
        let paused = self.paused.lock();
        !paused.is_empty() && paused.contains(&(destination.from_region.clone(), destination.to_region.clone()))
    }

    /// All pairs, those with the longest lag first.
    pub fn reports(&self) -> Vec<LinkReport> {
        let now_ms = Clock::system().now_ms();
        let links: Vec<Arc<Link>> = self.all.lock().values().filter_map(Weak::upgrade).collect();
        let mut all: Vec<LinkReport> = links.iter().map(|link| link.report(now_ms, self)).collect();
        all.sort_by_key(|link| std::cmp::Reverse(link.lag_ms));
        all
    }

    /// A series for each pair, up to the cap on tables; the others together.
    pub fn write_metrics(&self, page: &mut Page) {
        let mut reports = self.reports();
        if reports.is_empty() {
            return;
        }
        // So that a pair's series does not come and go with its lag.
        reports
            .sort_by(|one, other| (&one.account, &one.table, &one.to).cmp(&(&other.account, &other.table, &other.to)));
        let named = match page.detail() {
            Detail::Each(tables_max) => tables_max.min(reports.len()),
            Detail::Total => 0,
        };
        type Value = fn(&LinkReport) -> u64;
        let counts: [(&'static Metric, Value, bool); 5] = [
            (&LAG, |link| link.lag_ms, true),
            (&BACKLOG, |link| link.backlog, false),
            (&DELIVERED, |link| link.delivered, false),
            (&FAILURES, |link| link.failures, false),
            (&RESYNCS, |link| link.resyncs, false),
        ];
        let page_is_total = page.detail() == Detail::Total;
        let (own, rest) = reports.split_at(named);
        for (metric, value, is_lag) in counts {
            let mut series = page.metric(metric);
            let shown = |value: u64| if is_lag { value as f64 / 1000.0 } else { value as f64 };
            for link in own {
                let labels = [
                    ("account", link.account.as_str()),
                    ("table", link.table.as_str()),
                    ("from", link.from.as_str()),
                    ("to", link.to.as_str()),
                ];
                series.labelled(&labels, shown(value(link)));
            }
            let together =
                rest.iter().map(value).reduce(|one, other| if is_lag { one.max(other) } else { one + other });
            if let Some(value) = together {
                match page_is_total {
                    true => series.value(shown(value)),
                    false => series.labelled(
                        &[("account", OTHER), ("table", OTHER), ("from", OTHER), ("to", OTHER)],
                        shown(value),
                    ),
                }
            }
        }
    }
}

const OTHER: &str = "other";

impl Link {
    pub(super) fn took(&self, count: usize, now_ms: u64) {
        self.delivered.fetch_add(count as u64, Ordering::Relaxed);
        let mut state = self.state.lock();
        (state.delivered_ms, state.error) = (Some(now_ms), None);
    }

    pub(super) fn failed(&self, why: &str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.state.lock().error = Some(why.to_owned());
    }

    pub(super) fn waits(&self, backlog: u64) {
        self.backlog.store(backlog, Ordering::Relaxed);
    }

    pub(super) fn compares(&self, is_compared: bool) {
        if is_compared {
            self.resyncs.fetch_add(1, Ordering::Relaxed);
        }
        self.state.lock().is_compared = is_compared;
    }

    fn report(&self, now_ms: u64, links: &Links) -> LinkReport {
        let ReplicaDestination { account, table_name, from_region, to_region, .. } = &self.destination;
        let state = self.state.lock();
        LinkReport {
            account: account.clone(),
            table: table_name.clone(),
            from: from_region.clone(),
            to: to_region.clone(),
            lag_ms: self.counts.lag_ms(now_ms),
            backlog: self.backlog.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            delivered_ms: state.delivered_ms,
            error: state.error.clone(),
            resyncs: self.resyncs.load(Ordering::Relaxed),
            is_compared: state.is_compared,
            is_paused: links.is_paused(&self.destination),
        }
    }
}
