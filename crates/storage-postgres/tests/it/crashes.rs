//! The server killed under load and started again: every answered write is there, none twice, none torn, and a log has
//! a record of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use storage::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, StorageError, Transaction, TxError,
};
use storage_postgres::testing::PostgresServer;

use crate::contract::open;
use crate::logs::{records, try_records};

const WRITERS: u8 = 8;
const KILLS: usize = 2;
const LOG: Bytes = Bytes::from_static(b"a log of sums");

fn counters(writer: u8) -> [Key; 2] {
    [0, 1].map(|half| Key::new(Family::Items, vec![half, writer]))
}

fn number(value: Option<&Bytes>) -> u64 {
    value.map_or(0, |value| u64::from_be_bytes(value[..].try_into().unwrap()))
}

/// What a writer knows of its counters: additions that were committed, and additions with an unknown outcome.
#[derive(Default)]
struct Known {
    done: u64,
    unknown: u64,
}

async fn write(engine: Arc<storage_postgres::Postgres>, writer: u8, stop: Arc<AtomicBool>) -> Known {
    let mut known = Known::default();
    let keys = counters(writer).map(KeyUse::write);
    let mode = if writer.is_multiple_of(2) { Mode::Plain } else { Mode::Transaction };
    while !stop.load(Ordering::Relaxed) {
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            let [left, right] = [0, 1].map(|half: usize| number(reads.values[half].as_ref()));
            assert_eq!(left, right, "torn");
            keys.iter().for_each(|key| batch.put(key.key.clone(), (left + 1).to_be_bytes().to_vec()));
            batch.append(LOG, [&[writer][..], &(left + 1).to_be_bytes()].concat());
            Decision::Commit
        };
        match engine.transact(Transaction { op: OpId::random(), mode, keys: &keys, decide: &mut decide }).await {
            Ok(_) => known.done += 1,
            Err(TxError::Unknown) => known.unknown += 1,
            Err(TxError::Busy | TxError::Storage(StorageError::Unavailable(_))) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    known
}

/// What a reader has seen until the end, on a node of its own.
async fn follow(engine: Arc<storage_postgres::Postgres>, stop: Arc<AtomicBool>) -> Vec<Bytes> {
    let mut seen = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        if let Ok(next) = try_records(&engine, &LOG, seen.len() as u64).await {
            seen.extend(next);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_under_load() {
    let Some(server) = PostgresServer::start() else { return };
    let server = Arc::new(server);
    let url = server.database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let engine = open(&url).await;
    let stop = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(follow(open(&server.url(server.port, &name)).await, stop.clone()));
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(engine.clone(), writer, stop.clone()))).collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let struck = Arc::clone(&server);
        tokio::task::spawn_blocking(move || {
            struck.crash();
            struck.run();
        })
        .await
        .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::Relaxed);
    let mut all_known = Vec::new();
    for writer in writers {
        all_known.push(writer.await.unwrap());
    }
    let mut recorded = [0; WRITERS as usize];
    let mut seen = reader.await.unwrap();
    seen.extend(records(&engine, &LOG, seen.len() as u64).await);
    for record in &seen {
        let (writer, sum) = (usize::from(record[0]), number(Some(&record.slice(1..))));
        assert_eq!(sum, recorded[writer] + 1, "in order, none lost, none twice");
        recorded[writer] = sum;
    }
    let mut done = 0;
    for (writer, known) in all_known.into_iter().enumerate() {
        let [left, right] = counters(writer as u8);
        let stored = number(engine.get(&left, Consistency::Strong).await.unwrap().as_ref());
        assert_eq!(stored, number(engine.get(&right, Consistency::Strong).await.unwrap().as_ref()), "torn");
        assert_eq!(recorded[writer], stored, "a record of each");
        assert!((known.done..=known.done + known.unknown).contains(&stored), "{stored} of {}", known.done);
        done += known.done;
    }
    assert!(done > 0, "there were writes");
}
