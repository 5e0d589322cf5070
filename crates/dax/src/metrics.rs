//! A node's page of metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use base::{Metric, Page};

use crate::cache::AnswerCache;
use crate::node::Node;
use crate::request::Method;

static REQUESTS: Metric = Metric::counter("stator_dax_requests_total", "Requests of DAX's clients, by method.");
static ERRORS: Metric = Metric::counter("stator_dax_errors_total", "Requests of DAX's clients that were refused.");
static FAULTS: Metric = Metric::counter("stator_dax_faults_total", "Requests of DAX's clients that the server failed.");
static CONNECTIONS: Metric = Metric::gauge("stator_dax_connections", "Open connections of DAX's clients.");
static REFUSED: Metric = Metric::counter(
    "stator_dax_connections_refused_total",
    "Connections of DAX's clients that were not accepted: there were too many.",
);
static THROTTLED: Metric = Metric::counter(
    "stator_dax_throttled_total",
    "Requests of DAX's clients that were refused because there were too many.",
);
static RECEIVED: Metric = Metric::counter("stator_dax_received_bytes_total", "What DAX's clients have sent.");
static SENT: Metric = Metric::counter("stator_dax_sent_bytes_total", "What was sent to DAX's clients.");
static HITS: Metric = Metric::counter("stator_dax_cache_hits_total", "Reads that a cache of DAX answered.");
static MISSES: Metric =
    Metric::counter("stator_dax_cache_misses_total", "Reads that a cache of DAX asked the table for.");
static BYTES: Metric = Metric::gauge("stator_dax_cache_bytes", "What the entries of a cache of DAX take.");
static EVICTED: Metric =
    Metric::counter("stator_dax_cache_evicted_bytes_total", "What a cache of DAX evicted because it was full.");

/// A metric of each cache.
type OfCache = (&'static Metric, fn(&AnswerCache) -> u64);

impl Node {
    /// Series of methods begin with their first request.
    pub fn write_metrics(&self, page: &mut Page) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (counts, node) = (self.counts(), self.number().to_string());
        let own = [("cluster", self.cluster()), ("node", node.as_str())];
        let mut series = page.metric(&REQUESTS);
        for (method, count) in Method::ALL.iter().zip(&counts.requests).filter(|(_, count)| read(count) > 0) {
            series.labelled(&[&own[..], &[("method", method.name())]].concat(), read(count));
        }
        for (metric, count) in [
            (&ERRORS, &counts.errors),
            (&FAULTS, &counts.faults),
            (&THROTTLED, &counts.throttled),
            (&CONNECTIONS, &counts.connections),
            (&REFUSED, &counts.refused),
            (&RECEIVED, &counts.received),
            (&SENT, &counts.sent),
        ] {
            page.metric(metric).labelled(&own, read(count));
        }
        let caches = [("item", self.items()), ("query", self.queries())];
        let figures: [OfCache; 4] = [
            (&HITS, AnswerCache::hits),
            (&MISSES, AnswerCache::misses),
            (&BYTES, AnswerCache::bytes),
            (&EVICTED, AnswerCache::evicted_bytes),
        ];
        for (metric, figure) in figures {
            let mut series = page.metric(metric);
            for (name, cache) in caches {
                series.labelled(&[&own[..], &[("cache", name)]].concat(), figure(cache));
            }
        }
    }
}
