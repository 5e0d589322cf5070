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

#[cfg(test)]
mod tests {
    use api::Exception;
    use base::Clock;
    use bytes::Bytes;
    use storage::Memory;

    use super::*;
    use crate::cluster::Cluster;
    use crate::node::CacheSettings;
    use crate::remote::Remote;

    async fn read(node: &Node, key: &'static str) {
        let fetch = async { Ok::<_, Exception>((None, ())) };
        node.items().get_or_fetch(Bytes::from_static(key.as_bytes()), fetch).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_counted_since_the_last_time_is_measured_in_three_series() {
        let clock = Clock::manual(0).0;
        let settings =
            CacheSettings { item_bytes_max: 1 << 20, query_bytes_max: 1 << 20, record_ttl_ms: 0, query_ttl_ms: 0 };
        // An upstream that is never asked.
        let upstream = Remote::new("http://127.0.0.1:9", Some("r"), None, clock.clone()).unwrap();
        let cluster = Cluster::new("c", Arc::new(upstream), Memory::new(), settings, &clock);
        let nodes: Vec<Arc<Node>> = (0..2).map(|_| Arc::new(cluster.add(None, None))).collect();
        let recorder = Arc::new(Recorder::new(clock, 1_000));
        let mut measures = Measures::new(Arc::clone(&recorder), "1".to_owned(), "r".to_owned());
        measures.measure(&nodes);
        assert_eq!(recorder.series_of("1", "r").len(), 0, "nothing was counted");
        for (node, reads) in [(&nodes[0], 3), (&nodes[1], 1)] {
            for _ in 0..reads {
                read(node, "a").await;
            }
        }
        measures.measure(&nodes);
        let dimensions = |metric: &str| {
            let series = recorder.series_of("1", "r").into_iter().filter(|series| series.metric == metric);
            let mut all: Vec<usize> = series.map(|series| series.dimensions.len()).collect();
            all.sort_unstable();
            all
        };
        // Of the account, of the cluster, and of the nodes that have some.
        assert_eq!(dimensions("ItemCacheHits"), [0, 1, 2]);
        assert_eq!(dimensions("ItemCacheMisses"), [0, 1, 2, 2]);
        assert_eq!(dimensions("EstimatedDbSize"), [0, 1, 2, 2]);
        assert!(recorder.series_of("1", "r").iter().all(|series| series.namespace == "AWS/DAX"));
    }
}
