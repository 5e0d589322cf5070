//! A disk that fills up: what is refused, what still works, and how space is reclaimed.

use crate::Consistency;
use crate::{KeyUse, Mode};
use std::sync::atomic::{AtomicU64, Ordering};

use fjall::AbstractTree;

use super::*;
use crate::embedded::space::FileSystem;
use crate::key::ScanRange;

const MIB: u64 = 1 << 20;
const RESERVE: u64 = 64 * MIB;

/// An engine on a disk of which the test says how much is free.
fn on_disk(memtable_bytes_max: Option<u64>) -> (tempfile::TempDir, Arc<Embedded>, Arc<AtomicU64>) {
    let folder = tempfile::tempdir().unwrap();
    let options =
        EmbeddedOptions { disk_reserve_bytes: Some(RESERVE), memtable_bytes_max, ..EmbeddedOptions::default() };
    let engine = Embedded::open(folder.path(), options).unwrap();
    let free = Arc::new(AtomicU64::new(u64::MAX));
    let probed = Arc::clone(&free);
    engine.space.set_probe(move |_| Some(FileSystem { free: probed.load(Ordering::Relaxed), total: u64::MAX }));
    (folder, engine, free)
}

fn set_free(engine: &Embedded, free: &AtomicU64, bytes: u64) {
    free.store(bytes, Ordering::Relaxed);
    engine.space.sample(&engine.open_store().unwrap());
}

async fn write(engine: &Embedded, family: Family, name: &str, value: Option<&str>) -> Result<Decision, TxError> {
    let value = value.map(|value| Bytes::from(value.to_owned()));
    commit(engine, &Batch { writes: vec![(Key::new(family, name.to_owned()), value)], ..Batch::default() }).await
}

fn is_full<T>(done: Result<T, TxError>) -> bool {
    matches!(done, Err(TxError::Storage(StorageError::Full(_))))
}

#[tokio::test]
async fn a_full_disk_refuses_what_adds_data_and_takes_deletes() {
    let (_folder, engine, free) = on_disk(None);
    let mut changes = engine.disk_changes();
    write(&engine, Family::Items, "a", Some("1")).await.unwrap();
    set_free(&engine, &free, RESERVE - 1);
    assert_eq!(*changes.borrow_and_update(), DiskState::Low);

    assert!(is_full(write(&engine, Family::Items, "b", Some("1")).await));
    assert!(is_full(write(&engine, Family::Index, "b", Some("1")).await));
    assert_eq!(engine.stats().disk.refused_writes, 2);
    // What its author calls growth, whatever its rows are.
    let mut token = Batch { grows: true, ..Batch::default() };
    token.put(Key::new(Family::Catalog, "token"), "1");
    assert!(is_full(commit(&engine, &token).await));
    // With its counters, its record and what the catalog notes.
    let mut delete = Batch::default();
    delete.delete(key("a"));
    delete.hot_tally(Key::new(Family::Catalog, "count"), [-1, -1]);
    delete.append(Bytes::from_static(b"log"), "record");
    delete.put(Key::new(Family::Catalog, "note"), "1");
    commit(&engine, &delete).await.unwrap();
    assert_eq!(get(&engine, "a"), None);
    Engine::destroy(&*engine, Family::Items, Bytes::from("a")).await.unwrap();

    set_free(&engine, &free, RESERVE / 8);
    assert_eq!(*changes.borrow_and_update(), DiskState::Exhausted, "pending memtables count");
    assert!(is_full(write(&engine, Family::Items, "b", Some("1")).await));
    assert!(is_full(commit(&engine, &delete).await), "with a record");
    // What deletes a table, and other deletes that leave next to nothing.
    write(&engine, Family::Catalog, "b", Some("1")).await.unwrap();
    assert!(is_full(commit(&engine, &token).await));
    write(&engine, Family::Items, "a", None).await.unwrap();
    Engine::destroy(&*engine, Family::Log, Bytes::from("log")).await.unwrap();

    set_free(&engine, &free, MIB);
    assert!(is_full(write(&engine, Family::Catalog, "b", Some("2")).await));
    assert!(is_full(write(&engine, Family::Items, "a", None).await));
    assert_eq!(*changes.borrow_and_update(), DiskState::Exhausted);
    assert!(engine.failure().is_none());

    set_free(&engine, &free, RESERVE + MIB);
    assert!(is_full(write(&engine, Family::Items, "b", Some("1")).await), "a little more than the reserve");
    // Without being asked to look: the refused write does.
    free.store(2 * RESERVE, Ordering::Relaxed);
    while is_full(write(&engine, Family::Items, "b", Some("1")).await) {
        tokio::task::yield_now().await;
    }
    assert_eq!(*changes.borrow_and_update(), DiskState::Ample);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_refused_write_leaves_nothing() {
    let (_folder, engine, free) = on_disk(None);
    set_free(&engine, &free, RESERVE / 2);
    let uses = [KeyUse::write(key("a"))];
    assert!(matches!(begin(&engine, Mode::Transaction, &uses, "1"), Err(TxError::Storage(StorageError::Full(_)))));
    assert_eq!(engine.latches.pending(), 0);
    assert_eq!(get(&engine, "a"), None);
}

#[tokio::test]
async fn without_a_reserve_nothing_is_refused_beforehand() {
    let folder = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions { disk_reserve_bytes: Some(0), ..EmbeddedOptions::default() };
    let engine = Embedded::open(folder.path(), options).unwrap();
    engine.space.set_probe(|_| Some(FileSystem { free: 0, total: 1 }));
    engine.space.sample(&engine.open_store().unwrap());
    write(&engine, Family::Items, "a", Some("1")).await.unwrap();
}

/// The reserve of a disk of which nothing was said.
#[test]
fn the_reserve_of_a_small_disk_is_small() {
    for (total, reserve) in [(1 << 40, 256 * MIB), (2000 * MIB, 40 * MIB)] {
        let probe = Box::new(move |_: &Path| Some(FileSystem { free: total, total }));
        let space = crate::embedded::space::Space::with(Path::new("/"), None, probe);
        assert_eq!(space.stats().reserve_bytes, reserve);
    }
}

#[tokio::test]
async fn deletes_give_space_back_on_a_full_disk() {
    const ROWS: usize = 2_000;
    let (_folder, engine, free) = on_disk(Some(MIB));
    for at in 0..ROWS {
        write(&engine, Family::Items, &format!("{at:08}"), Some(&incompressible(at))).await.unwrap();
    }
    let store = engine.open_store().unwrap();
    store.flush();
    let full = store.family(Family::Items).disk_space();
    assert!(full > MIB, "{full}");
    // Room for deletes, and for what a compaction leaves of the rows, but not for all of them once more.
    set_free(&engine, &free, RESERVE / 8 + MIB);
    for at in 0..ROWS {
        write(&engine, Family::Items, &format!("{at:08}"), None).await.unwrap();
    }
    wait_until(&engine, || store.family(Family::Items).disk_space() < full / 10).await;
    assert!(engine.failure().is_none());
}

/// What deletes append to a log lies in memory and in the journal, and nothing in it is dead.
#[tokio::test]
async fn a_log_is_flushed_on_a_full_disk() {
    let (_folder, engine, free) = on_disk(None);
    set_free(&engine, &free, RESERVE / 2);
    let mut append = Batch::default();
    append.append(Bytes::from_static(b"log"), "record".repeat(100_000));
    commit(&engine, &append).await.unwrap();
    let store = engine.open_store().unwrap();
    wait_until(&engine, || store.is_flushed(Family::Log) && store.family(Family::Log).table_count() > 0).await;
    assert!(store.is_flushed(Family::Catalog), "and what is small");

    // A memtable that does not fit waits until it does.
    commit(&engine, &append).await.unwrap();
    free.store(MIB / 4 + 500_000, Ordering::Relaxed);
    let tables = store.family(Family::Log).table_count();
    let mut upkeep = Upkeep::new(store.clone(), engine.space.clone(), engine.health.clone(), engine.queue.clone());
    assert!(upkeep.tick());
    assert_eq!(engine.space.state(), DiskState::Exhausted);
    assert!(!store.is_flushed(Family::Log) && store.family(Family::Log).table_count() == tables);
    free.store(RESERVE / 2, Ordering::Relaxed);
    wait_until(&engine, || store.is_flushed(Family::Log)).await;
}

/// A flush that the disk does not take would end all writing.
#[tokio::test]
async fn deletes_flush_nothing_that_does_not_fit() {
    let (_folder, engine, free) = on_disk(None);
    write(&engine, Family::Items, "a", Some(&"x".repeat(2 * MIB as usize))).await.unwrap();
    let store = engine.open_store().unwrap();
    let tables = store.family(Family::Items).table_count();
    set_free(&engine, &free, MIB + MIB / 2);
    assert_eq!(engine.space.state(), DiskState::Exhausted);
    write(&engine, Family::Items, "a", None).await.unwrap();
    let mut upkeep = Upkeep::new(store.clone(), engine.space.clone(), engine.health.clone(), engine.queue.clone());
    assert!(upkeep.tick() && store.churn().dead(Family::Items) > 0);
    assert!(!store.is_flushed(Family::Items) && store.family(Family::Items).table_count() == tables);
    set_free(&engine, &free, RESERVE / 2);
    wait_until(&engine, || store.is_flushed(Family::Items)).await;
}

/// A kilobyte, another one for each number.
fn incompressible(at: usize) -> String {
    (0..64).map(|part| format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&(at * 64 + part).to_le_bytes()))).collect()
}

/// Until upkeep has done what it is to do; only a hang reaches the bound.
async fn wait_until(engine: &Embedded, is_done: impl Fn() -> bool) {
    let patience = std::time::Instant::now();
    while !is_done() {
        assert!(patience.elapsed().as_secs() < 120, "upkeep does not come");
        engine.bell.wake();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

fn range(prefix: &'static str) -> ScanRange {
    ScanRange {
        family: Family::Items,
        lower: std::ops::Bound::Included(Bytes::from(prefix)),
        upper: crate::key::prefix_end(prefix.as_bytes()),
        direction: crate::key::ScanDirection::Forward,
        rows_max: usize::MAX,
        bytes_max: usize::MAX,
    }
}

/// Rows that were overwritten often do not slow range reads down for long: the first one asks for a flush.
#[tokio::test]
async fn a_range_read_of_many_dead_versions_flushes_them() {
    let (_folder, engine) = fresh();
    for _ in 0..30 {
        let mut batch = Batch::default();
        let names: Vec<String> = (0..200).map(|at| format!("table--1{at}")).collect();
        names.iter().for_each(|name| batch.put(key(name), "value"));
        let keys: Vec<KeyUse> = names.iter().map(|name| KeyUse::write(key(name))).collect();
        let begun = engine.begin(Mode::Plain, &keys, &mut |_, into| {
            *into = batch.clone();
            Decision::Commit
        });
        begun.unwrap().finish().await.unwrap();
    }
    let store = engine.open_store().unwrap();
    assert_eq!(store.churn().dead(Family::Items), 29 * 200);
    let memtable = || store.family(Family::Items).tree.active_memtable().len();
    assert_eq!(memtable(), 30 * 200);
    let page = engine.view(Consistency::Strong).await.unwrap().scan(&range("table--1")).await.unwrap();
    assert_eq!(page.rows.len(), 200);
    wait_until(&engine, || memtable() == 0 && store.family(Family::Items).table_count() > 0).await;
    let page = engine.view(Consistency::Strong).await.unwrap().scan(&range("table--1")).await.unwrap();
    assert_eq!(page.rows.len(), 200);
    assert_eq!(store.tombstones(Family::Items), (200, 0));
}

/// Deleted rows leave nothing to step over, in memory or on the disk.
#[tokio::test]
async fn a_range_read_of_many_deleted_rows_removes_them() {
    let (_folder, engine) = fresh();
    let names: Vec<String> = (0..5_000).map(|at| format!("table--1{at}")).collect();
    for value in [Some(Bytes::from("value")), None] {
        let writes = names.iter().map(|name| (key(name), value.clone())).collect();
        commit(&engine, &Batch { writes, ..Batch::default() }).await.unwrap();
    }
    write(&engine, Family::Items, "table--1x", Some("kept")).await.unwrap();
    let store = engine.open_store().unwrap();
    assert_eq!(engine.view(Consistency::Strong).await.unwrap().scan(&range("table--1")).await.unwrap().rows.len(), 1);
    let memtable = || store.family(Family::Items).tree.active_memtable().len();
    wait_until(&engine, || memtable() == 0 && store.tombstones(Family::Items) == (1, 0)).await;
    assert_eq!(engine.view(Consistency::Strong).await.unwrap().scan(&range("table--1")).await.unwrap().rows.len(), 1);
}

/// Nothing is written that would find out: the thread for upkeep does, so that `/healthz` can fail.
#[tokio::test]
async fn a_flush_that_fails_ends_writing() {
    let (folder, engine) = fresh();
    begin_put(&engine, "a", "1").finish().await.unwrap();
    let store = engine.open_store().unwrap();
    std::fs::remove_dir_all(folder.path().join("database/fjall/keyspaces")).unwrap();
    let _ = store.family(Family::Items).rotate_memtable();
    wait_until(&engine, || engine.failure().is_some()).await;
    let text = engine.failure().unwrap();
    assert!(text.starts_with("cannot write to ") && text.contains("a flush or a compaction failed"), "{text}");
    assert!(begin(&engine, Mode::Plain, &[KeyUse::write(key("b"))], "1").is_err());
    assert_eq!(get(&engine, "a"), Some(Bytes::from("1")), "reads go on");
}
