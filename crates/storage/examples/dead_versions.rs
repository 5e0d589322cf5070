//! How much dead versions slow range reads down, and for how long: rows that are overwritten, and rows that are deleted.
//!
//! `cargo run --release -p storage --example dead_versions`

#![allow(clippy::print_stdout)]

use std::ops::Bound;
use std::time::{Duration, Instant};

use bytes::Bytes;
use storage::{
    Consistency, Decision, Embedded, EmbeddedOptions, Engine, Family, Key, KeyUse, Mode, OpId, ScanDirection,
    ScanRange, Transaction, prefix_end,
};

const OVERWRITTEN: usize = 900;
const OVERWRITES: usize = 30;
const DELETED: usize = 40_000;
/// Reads of which the fastest counts, where nothing changes between them.
const READS: usize = 50;
/// Longer than upkeep waits between two flushes or compactions.
const SETTLE: Duration = Duration::from_secs(12);

fn key(table: &str, row: usize) -> Key {
    Key::new(Family::Items, format!("{table}{row:08}"))
}

async fn write(engine: &Embedded, table: &str, rows: usize, value: Option<&'static [u8]>) {
    for start in (0..rows).step_by(100) {
        let keys: Vec<KeyUse> = (start..rows.min(start + 100)).map(|row| KeyUse::write(key(table, row))).collect();
        let mut decide = |_: &storage::Reads, batch: &mut storage::Batch| {
            batch.writes = keys.iter().map(|used| (used.key.clone(), value.map(Bytes::from_static))).collect();
            Decision::Commit
        };
        let done = engine
            .transact(Transaction { op: OpId([0; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
            .await;
        assert_eq!(done, Ok(Decision::Commit));
    }
}

/// The fastest read of up to so many rows.
async fn read(engine: &Embedded, table: &'static str, rows_max: usize, expected: usize, reads: usize) -> Duration {
    let range = ScanRange {
        family: Family::Items,
        lower: Bound::Included(Bytes::from(table)),
        upper: prefix_end(table.as_bytes()),
        direction: ScanDirection::Forward,
        rows_max,
        bytes_max: usize::MAX,
    };
    let mut fastest = Duration::MAX;
    for _ in 0..reads {
        let start = Instant::now();
        let view = engine.view(Consistency::Strong).await.expect("a view");
        let page = view.scan(&range).await.expect("a page");
        fastest = fastest.min(start.elapsed());
        assert_eq!(page.rows.len(), expected);
    }
    fastest
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Embedded::open(folder.path(), EmbeddedOptions::default()).expect("an engine");
    let value: &[u8] = &[7; 200];
    write(&engine, "table--0", OVERWRITTEN, Some(value)).await;
    for _ in 0..=OVERWRITES {
        write(&engine, "table--1", OVERWRITTEN, Some(value)).await;
    }
    for value in [Some(value), None] {
        write(&engine, "table--2", DELETED, value).await;
    }
    let fresh = read(&engine, "table--0", usize::MAX, OVERWRITTEN, READS).await;
    println!("scan of {OVERWRITTEN} rows, written once: {fresh:?}");
    let report = async |when: &str, reads: usize| {
        let scan = read(&engine, "table--1", usize::MAX, OVERWRITTEN, reads).await;
        let query = read(&engine, "table--2", 1, 0, reads).await;
        let ratio = scan.as_secs_f64() / fresh.as_secs_f64();
        println!("{when}: the same rows, overwritten {OVERWRITES} times: {scan:?} ({ratio:.1} times)");
        println!("{when}: limit 1 over {DELETED} deleted rows: {query:?}");
    };
    // The first read asks for a flush, so that the second one finds less to step over.
    report("at once", 1).await;
    tokio::time::sleep(SETTLE).await;
    report("after 12 s", READS).await;
    engine.close().await.expect("an end");
}
