//! CloudWatch's metrics of a cluster: AWS/DAX, of the account, of the cluster and of each of its nodes.
//!
//! Counts are measured as what was added since the last time, so that the sum of a minute is right; how many measurements
//! a minute has is other than AWS's. What was not counted is not measured, as AWS does. Source: DAX's Developer Guide, "Viewing DAX metrics
//! and dimensions".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudwatch::{Recorder, Series};

use crate::node::Node;
use crate::request::Method;

const NAMESPACE: &str = "AWS/DAX";

/// What a cluster's nodes have counted until the last measurement.
pub struct Measures {
    recorder: Arc<Recorder>,
    account: String,
    region: String,
    /// By the nodes' numbers and the metrics' names.
    last: BTreeMap<(i64, &'static str), u64>,
}

/// A count that only grows, and its unit.
type Count = (&'static str, &'static str, u64);

impl Measures {
    /// In this account and region.
    pub fn new(recorder: Arc<Recorder>, account: String, region: String) -> Measures {
        Measures { recorder, account, region, last: BTreeMap::new() }
    }

    /// Measures what was counted since the last time, and how much there is now.
    pub fn measure(&mut self, nodes: &[Arc<Node>]) {
        self.last.retain(|(number, _), _| nodes.iter().any(|node| node.number() == *number));
        for node in nodes {
            for (metric, unit, count) in counts(node) {
                let last = self.last.insert((node.number(), metric), count).unwrap_or_default();
                self.record(node, metric, unit, count.saturating_sub(last));
            }
            let held = node.items().bytes() + node.queries().bytes();
            let room = node.items().bytes_max() + node.queries().bytes_max();
            self.record(node, "EstimatedDbSize", "Bytes", held);
            self.record(node, "ClientConnections", "Count", node.counts().connections.load(Ordering::Relaxed));
            self.record(node, "CacheMemoryUtilization", "Percent", (held * 100).checked_div(room).unwrap_or_default());
        }
    }

    fn record(&self, node: &Node, metric: &str, unit: &str, value: u64) {
        if value == 0 {
            return;
        }
        let number = format!("{}-{}", node.cluster(), node.number());
        let cluster = ("ClusterId", node.cluster());
        for dimensions in [&[][..], &[cluster], &[cluster, ("NodeId", &number)]] {
            let series = Series::of_service(&self.account, &self.region, NAMESPACE, metric, dimensions, unit);
            self.recorder.record(&self.recorder.gauge(series), value as f64);
        }
    }
}

fn counts(node: &Node) -> Vec<Count> {
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let counts = node.counts();
    let of = |method: Method| counts.requests.get(method as usize).map_or(0, read);
    let operations = [
        ("GetItemRequestCount", Method::GetItem),
        ("BatchGetItemRequestCount", Method::BatchGetItem),
        ("BatchWriteItemRequestCount", Method::BatchWriteItem),
        ("DeleteItemRequestCount", Method::DeleteItem),
        ("PutItemRequestCount", Method::PutItem),
        ("UpdateItemRequestCount", Method::UpdateItem),
        ("QueryRequestCount", Method::Query),
        ("ScanRequestCount", Method::Scan),
        ("TransactWriteItemsCount", Method::TransactWriteItems),
        ("TransactGetItemsCount", Method::TransactGetItems),
    ];
    let mut all: Vec<Count> = operations.map(|(metric, method)| (metric, "Count", of(method))).into();
    let (errors, faults) = (read(&counts.errors), read(&counts.faults));
    let items = node.items();
    all.extend([
        ("TotalRequestCount", "Count", operations.iter().map(|(_, method)| of(*method)).sum()),
        ("ItemCacheHits", "Count", items.hits()),
        ("ItemCacheMisses", "Count", items.misses()),
        ("QueryCacheHits", "Count", read(&counts.queries.hits)),
        ("QueryCacheMisses", "Count", read(&counts.queries.misses)),
        ("ScanCacheHits", "Count", read(&counts.scans.hits)),
        ("ScanCacheMisses", "Count", read(&counts.scans.misses)),
        ("ErrorRequestCount", "Count", errors),
        ("ThrottledRequestCount", "Count", read(&counts.throttled)),
        ("FaultRequestCount", "Count", faults),
        ("FailedRequestCount", "Count", errors + faults),
        ("EvictedSize", "Bytes", items.evicted_bytes() + node.queries().evicted_bytes()),
        ("NetworkBytesIn", "Bytes", read(&counts.received)),
        ("NetworkBytesOut", "Bytes", read(&counts.sent)),
    ]);
    all
}
