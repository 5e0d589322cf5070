//! What the storage engine says of itself, as metrics.

use storage::{DiskSpace, EmbeddedStats, FamilyStats, MemoryStats, RowCacheStats, StoreStats};

use super::page::Page;

const NS_A_SECOND: f64 = 1e9;

pub(super) fn write(engine: &EmbeddedStats, page: &mut Page) {
    page.histogram("stator_commit_writes", "Writes that shared one commit, and so one sync of the disk.");
    page.reading(&[], &engine.group_writes, 1.0);
    page.histogram("stator_commit_duration_seconds", "Time of one commit: write, sync, and stalls of the store.");
    page.reading(&[], &engine.commit_duration_ns, NS_A_SECOND);
    page.counter("stator_commit_bytes_total", "Bytes of committed writes.");
    page.value(engine.committed_bytes);
    page.gauge("stator_queue_bytes", "Bytes of writes that wait for a commit.");
    page.value(engine.queue_bytes);
    page.gauge("stator_queue_bytes_max", "Bytes in the queue at which writes are refused.");
    page.value(engine.queue_bytes_max);
    write_disk(&engine.disk, page);
    write_row_cache(&engine.row_cache, page);
    if let Some(store) = &engine.store {
        write_store(store, page);
        write_families(&store.families, page);
    }
}

/// Rows in memory, if that is where they are.
pub(super) fn write_memory(memory: &MemoryStats, page: &mut Page) {
    page.gauge("stator_memory_rows_bytes", "Memory of all rows, about.");
    page.value(memory.bytes);
    page.gauge("stator_memory_rows_bytes_max", "Memory of rows above which writes are refused; 0 for no limit.");
    page.value(memory.bytes_max);
}

pub(super) fn write_refused(disk: Option<&DiskSpace>, memory: Option<&MemoryStats>, page: &mut Page) {
    if disk.is_none() && memory.is_none() {
        return;
    }
    page.counter("stator_writes_refused_total", "Writes that were refused because there was no room for them.");
    if let Some(disk) = disk {
        page.labelled(&[("reason", "disk_full")], disk.refused_writes);
    }
    if let Some(memory) = memory {
        page.labelled(&[("reason", "memory_full")], memory.refused_writes);
    }
}

fn write_disk(disk: &DiskSpace, page: &mut Page) {
    page.gauge("stator_disk_free_bytes", "Free space of the file system that the data are on.");
    page.value(disk.free_bytes);
    page.gauge("stator_disk_reserve_bytes", "Free space below which writes are refused; deletes are accepted.");
    page.value(disk.reserve_bytes);
}

fn write_row_cache(cache: &RowCacheStats, page: &mut Page) {
    page.counter("stator_row_cache_hits_total", "Reads of an item that found it in the row cache.");
    page.value(cache.hits);
    page.counter("stator_row_cache_misses_total", "Reads of an item that did not find it in the row cache.");
    page.value(cache.misses);
    page.gauge("stator_row_cache_rows", "Items in the row cache.");
    page.value(cache.rows);
    page.gauge("stator_row_cache_bytes", "Memory of the row cache.");
    page.value(cache.bytes);
    page.gauge("stator_row_cache_bytes_max", "Memory that the row cache may take.");
    page.value(cache.bytes_max);
}

fn write_store(store: &StoreStats, page: &mut Page) {
    page.gauge("stator_block_cache_bytes", "Memory of the cache of the files' blocks.");
    page.value(store.block_cache_bytes);
    page.gauge("stator_block_cache_bytes_max", "Memory that the cache of blocks may take.");
    page.value(store.block_cache_bytes_max);
    page.gauge("stator_memtable_bytes", "Memory of rows that are in the journal and not yet in a table.");
    page.value(store.memtable_bytes);
    page.gauge("stator_journals", "Journals on the disk.");
    page.value(store.journals);
    page.gauge("stator_journal_disk_bytes", "Disk space of the journals.");
    page.value(store.journal_disk_bytes);
    page.gauge("stator_flushes_waiting", "Memtables that wait to be written to tables.");
    page.value(store.flushes_waiting);
    page.gauge("stator_compactions_running", "Compactions under way.");
    page.value(store.compactions_running);
    page.counter("stator_compactions_total", "Compactions that are done.");
    page.value(store.compactions);
    page.counter("stator_compaction_seconds_total", "Time that compactions took, of all threads together.");
    page.value(store.compaction_time.as_secs_f64());
}

type OfFamily = fn(&FamilyStats) -> u64;

fn write_families(families: &[FamilyStats], page: &mut Page) {
    let metrics: [(&'static str, &str, OfFamily); 4] = [
        ("stator_table_disk_bytes", "Disk space of the tables of each kind of rows.", |family| family.disk_bytes),
        ("stator_table_files", "Tables of each kind of rows.", |family| family.tables),
        ("stator_table_files_fresh", "Tables not compacted yet: writes slow at 20, stop at 30.", |family| {
            family.fresh_tables
        }),
        ("stator_memtables_full", "Full memtables that wait: writes stop at 4.", |family| family.full_memtables),
    ];
    for (name, help, of) in metrics {
        page.gauge(name, help);
        for family in families {
            page.labelled(&[("rows", family.name)], of(family));
        }
    }
}
