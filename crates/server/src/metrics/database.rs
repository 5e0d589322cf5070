//! What the engine over a database reports of itself, as metrics.

use base::{Metric, Page};
use storage_postgres::PostgresStats;

static CONNECTIONS_USED: Metric =
    Metric::gauge("stator_storage_connections_used", "Connections to the database that requests hold now.");
static CONNECTIONS_MAX: Metric = Metric::gauge(
    "stator_storage_connections_max",
    "Connections to the database that requests may hold; more requests wait.",
);
static REPLICA_READS: Metric = Metric::counter(
    "stator_replica_reads_total",
    "Reads sent to a replica; stale and failed ones are retried on another replica or the primary.",
);

pub(super) fn write(database: &PostgresStats, page: &mut Page) {
    page.metric(&CONNECTIONS_USED).value(database.connections_used as u64);
    page.metric(&CONNECTIONS_MAX).value(database.connections_max as u64);
    let Some(replicas) = &database.replicas else { return };
    let mut reads = page.metric(&REPLICA_READS);
    reads.labelled(&[("result", "answered")], replicas.answered);
    reads.labelled(&[("result", "stale")], replicas.stale);
    reads.labelled(&[("result", "failed")], replicas.failed);
}
