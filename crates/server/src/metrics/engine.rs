//! What the storage engine reports of itself, as metrics.

use base::{Metric, Page};
use storage::{DiskSpace, EmbeddedStats, FamilyStats, MemoryStats, RowCacheStats, StoreStats};

const NS_A_SECOND: f64 = 1e9;

static COMMIT_WRITES: Metric =
    Metric::histogram("stator_commit_writes", "Writes that shared one commit, and so one sync of the disk.");
static COMMIT_DURATION: Metric =
    Metric::histogram("stator_commit_duration_seconds", "Time of one commit: write, sync, and stalls of the store.");
static WRITES_REFUSED: Metric =
    Metric::counter("stator_writes_refused_total", "Writes that were refused because there was no room for them.");

/// A metric of such statistics.
type Of<S> = (Metric, fn(&S) -> u64);

static ENGINE: [Of<EmbeddedStats>; 3] = [
    (Metric::counter("stator_commit_bytes_total", "Bytes of committed writes."), |engine| engine.committed_bytes),
    (Metric::gauge("stator_queue_bytes", "Bytes of writes that wait for a commit."), |engine| engine.queue_bytes),
    (Metric::gauge("stator_queue_bytes_max", "Bytes in the queue at which writes are refused."), |engine| {
        engine.queue_bytes_max
    }),
];

static DISK: [Of<DiskSpace>; 2] = [
    (Metric::gauge("stator_disk_free_bytes", "Free space of the file system that the data are on."), |disk| {
        disk.free_bytes
    }),
    (
        Metric::gauge("stator_disk_reserve_bytes", "Free space below which writes are refused; deletes are accepted."),
        |disk| disk.reserve_bytes,
    ),
];

static ROW_CACHE: [Of<RowCacheStats>; 5] = [
    (Metric::counter("stator_row_cache_hits_total", "Reads of an item that found it in the row cache."), |cache| {
        cache.hits
    }),
    (
        Metric::counter("stator_row_cache_misses_total", "Reads of an item that did not find it in the row cache."),
        |cache| cache.misses,
    ),
    (Metric::gauge("stator_row_cache_rows", "Items in the row cache."), |cache| cache.rows),
    (Metric::gauge("stator_row_cache_bytes", "Memory of the row cache."), |cache| cache.bytes),
    (Metric::gauge("stator_row_cache_bytes_max", "Limit of the row cache's memory."), |cache| cache.bytes_max),
];

static STORE: [Of<StoreStats>; 8] = [
    (Metric::gauge("stator_block_cache_bytes", "Memory of the block cache of SSTable files."), |store| {
        store.block_cache_bytes
    }),
    (Metric::gauge("stator_block_cache_bytes_max", "Limit of the block cache's memory."), |store| {
        store.block_cache_bytes_max
    }),
    (
        Metric::gauge("stator_memtable_bytes", "Memory of memtables: rows in the journal, not yet in an SSTable."),
        |store| store.memtable_bytes,
    ),
    (Metric::gauge("stator_journals", "Journals on the disk."), |store| store.journals),
    (Metric::gauge("stator_journal_disk_bytes", "Disk space of the journals."), |store| store.journal_disk_bytes),
    (Metric::gauge("stator_flushes_waiting", "Memtables that wait to be written to SSTable files."), |store| {
        store.flushes_waiting
    }),
    (Metric::gauge("stator_compactions_running", "Compactions that run now."), |store| store.compactions_running),
    (Metric::counter("stator_compactions_total", "Compactions that are done."), |store| store.compactions),
];
static COMPACTION_SECONDS: Metric =
    Metric::counter("stator_compaction_seconds_total", "Time that compactions took, of all threads together.");

static FAMILIES: [Of<FamilyStats>; 4] = [
    (Metric::gauge("stator_sstable_disk_bytes", "Disk space of the SSTable files of each kind of rows."), |family| {
        family.disk_bytes
    }),
    (Metric::gauge("stator_sstables", "SSTable files of each kind of rows."), |family| family.tables),
    (
        Metric::gauge(
            "stator_sstables_l0",
            "SSTable files in level 0, not compacted yet: writes slow at 20, stop at 30.",
        ),
        |family| family.fresh_tables,
    ),
    (Metric::gauge("stator_memtables_full", "Full memtables that wait: writes stop at 4."), |family| {
        family.full_memtables
    }),
];

static MEMORY: [Of<MemoryStats>; 2] = [
    (Metric::gauge("stator_memory_rows_bytes", "Memory of all rows, about."), |memory| memory.bytes),
    (
        Metric::gauge("stator_memory_rows_bytes_max", "Memory of rows above which writes are refused; 0 for no limit."),
        |memory| memory.bytes_max,
    ),
];

fn write_all<S>(metrics: &'static [Of<S>], stats: &S, page: &mut Page) {
    metrics.iter().for_each(|(metric, of)| page.metric(metric).value(of(stats)));
}

/// The engine in a folder.
pub(super) fn write(engine: &EmbeddedStats, page: &mut Page) {
    page.metric(&COMMIT_WRITES).reading(&[], &engine.group_writes, 1.0);
    page.metric(&COMMIT_DURATION).reading(&[], &engine.commit_duration_ns, NS_A_SECOND);
    write_all(&ENGINE, engine, page);
    write_all(&DISK, &engine.disk, page);
    write_all(&ROW_CACHE, &engine.row_cache, page);
    if let Some(store) = &engine.store {
        write_all(&STORE, store, page);
        page.metric(&COMPACTION_SECONDS).value(store.compaction_time.as_secs_f64());
        for (metric, of) in &FAMILIES {
            let mut series = page.metric(metric);
            store.families.iter().for_each(|family| series.labelled(&[("rows", family.name)], of(family)));
        }
    }
    page.metric(&WRITES_REFUSED).labelled(&[("reason", "disk_full")], engine.disk.refused_writes);
}

/// The engine in memory.
pub(super) fn write_memory(memory: &MemoryStats, page: &mut Page) {
    write_all(&MEMORY, memory, page);
    page.metric(&WRITES_REFUSED).labelled(&[("reason", "memory_full")], memory.refused_writes);
}
