//! What the engine over a database says of itself, as metrics.

use storage_postgres::PostgresStats;

use super::page::Page;

pub(super) fn write(database: &PostgresStats, page: &mut Page) {
    page.gauge("stator_storage_connections_used", "Connections to the database that requests have now.");
    page.value(database.connections_used as u64);
    page.gauge("stator_storage_connections_max", "How many they may have; who needs one more waits.");
    page.value(database.connections_max as u64);
    let Some(replicas) = &database.replicas else { return };
    page.counter(
        "stator_replica_reads_total",
        "Reads that a replica was asked for. Those that were stale or failed went on to another one or the primary.",
    );
    page.labelled(&[("result", "answered")], replicas.answered);
    page.labelled(&[("result", "stale")], replicas.stale);
    page.labelled(&[("result", "failed")], replicas.failed);
}
