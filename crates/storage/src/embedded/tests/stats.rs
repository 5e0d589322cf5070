//! Reported statistics agree with what was done.

use super::*;

#[tokio::test]
async fn writes_are_counted_by_the_commit_they_share() {
    let (_folder, engine) = fresh();
    let before = engine.stats();
    engine.queue.pause(true);
    let begun: Vec<Begun> = ["a", "b", "c"].map(|name| begin_put(&engine, name, "value")).into();
    let waiting = engine.stats();
    assert!(waiting.queue_bytes > 0 && waiting.queue_bytes <= waiting.queue_bytes_max);
    engine.queue.pause(false);
    for begun in begun {
        begun.finish().await.unwrap();
    }
    let after = engine.stats();
    assert_eq!((after.queue_bytes, after.committed_bytes), (0, waiting.queue_bytes));
    // One commit of three writes: the third bound is 4.
    assert_eq!((after.group_writes.count(), after.group_writes.sum), (1, 3));
    assert_eq!(after.group_writes.counts[2], 1);
    assert_eq!(after.commit_duration_ns.count(), before.commit_duration_ns.count() + 1);
    assert!(after.commit_duration_ns.sum > 0);
}

#[tokio::test]
async fn caches_and_files_are_measured() {
    let (_folder, engine) = fresh();
    begin_put(&engine, "a", "value").finish().await.unwrap();
    // The first read finds the row in the store, the others in the cache.
    let before = engine.stats().row_cache;
    for _ in 0..3 {
        assert!(get(&engine, "a").is_some());
    }
    let stats = engine.stats();
    assert_eq!((stats.row_cache.hits - before.hits, stats.row_cache.misses - before.misses), (2, 1));
    assert!(stats.row_cache.rows == 1 && stats.row_cache.bytes <= stats.row_cache.bytes_max);
    let store = stats.store.unwrap();
    assert!(store.journals == 1 && store.journal_disk_bytes > 0);
    assert!(store.memtable_bytes > 0 && store.block_cache_bytes_max == 4 << 20);
    assert_eq!(
        store.families.iter().map(|it| it.name).collect::<Vec<_>>(),
        ["catalog", "items", "index", "log", "engine"]
    );

    engine.close().await.unwrap();
    assert!(engine.stats().store.is_none());
}
