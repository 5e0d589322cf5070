//! Connections that break at the worst moments. A counter is added to, and each sum is appended to a log, so that a write
//! that is lost or done twice shows.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use storage::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, StorageError, Transaction, TxError,
};
use storage_postgres::testing::{Fault, PostgresServer, Proxy};
use storage_postgres::{Options, Patience, Postgres};

use crate::logs::records;

fn key() -> Key {
    Key::new(Family::Items, "counter")
}

fn log() -> Bytes {
    Bytes::from_static(b"a log of sums")
}

fn number(value: Option<&Bytes>) -> u64 {
    value.map_or(0, |value| u64::from_be_bytes(value[..].try_into().unwrap()))
}

/// Adds one; returns the answer, and how often it was decided.
async fn add(engine: &Postgres, mode: Mode) -> (Result<Decision, TxError>, u32) {
    let keys = [KeyUse::write(key())];
    let mut decided = 0;
    let mut decide = |reads: &Reads, batch: &mut Batch| {
        decided += 1;
        batch.put(key(), (number(reads.values[0].as_ref()) + 1).to_be_bytes().to_vec());
        batch.put(Key::new(Family::Index, "beside"), vec![7; 100]);
        batch.hot_tally(Key::new(Family::Catalog, "tally"), [1, 10]);
        batch.append(log(), (number(reads.values[0].as_ref()) + 1).to_be_bytes().to_vec());
        Decision::Commit
    };
    let done = engine.transact(Transaction { op: OpId::random(), mode, keys: &keys, decide: &mut decide }).await;
    (done, decided)
}

/// What is stored, read past the proxy.
async fn stored(direct: &Postgres) -> [u64; 3] {
    let counter = number(direct.get(&key(), Consistency::Strong).await.unwrap().as_ref());
    let tally = direct.get(&Key::new(Family::Catalog, "tally"), Consistency::Strong).await.unwrap();
    let counted = tally.map_or(0, |row| u64::from_be_bytes(row[..8].try_into().unwrap()));
    let recorded: Vec<u64> = records(direct, &log(), 0).await.iter().map(|record| number(Some(record))).collect();
    assert_eq!(recorded, (1..=recorded.len() as u64).collect::<Vec<_>>());
    [counter, counted, recorded.len() as u64]
}

/// Three records are waiting when the flight that gives them positions is struck.
async fn check_sequencing(fault: Fault) {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let proxy = Proxy::start(server.port).await;
    let through = url.replace(&format!(":{}/", server.port), &format!(":{}/", proxy.port));
    let (engine, direct) = (open(&through).await, open(&url).await);
    for sum in 1..=3 {
        assert_eq!(add(&direct, Mode::Plain).await.0, Ok(Decision::Commit));
        assert_eq!(number(direct.get(&key(), Consistency::Strong).await.unwrap().as_ref()), sum);
    }
    for count in [3, 4] {
        proxy.arm(fault);
        assert_eq!(engine.sequence(&log()).await, Ok(()), "{fault:?}");
        assert!(proxy.has_struck(), "{fault:?}");
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(stored(&direct).await, [count; 3], "{fault:?}");
        assert_eq!(add(&direct, Mode::Plain).await.0, Ok(Decision::Commit));
    }
}

#[tokio::test]
async fn positions_that_were_being_given_out() {
    let late = Duration::from_millis(400);
    for fault in [
        Fault::CutFirstFlight,
        Fault::CutBeforeCommit,
        Fault::CutAfterCommit,
        Fault::CutInReplies,
        Fault::LateFlight(late),
        Fault::LateCommit(late),
        Fault::BlackHole,
    ] {
        check_sequencing(fault).await;
    }
}

fn patience() -> Patience {
    Patience {
        flight: Duration::from_secs(2),
        lock: Duration::from_millis(300),
        idle_in_transaction: Duration::from_secs(4),
        // A fault strikes the test's own statements, not background work.
        gather: Duration::from_secs(3600),
        ..Patience::default()
    }
}

async fn open(url: &str) -> Arc<Postgres> {
    let mut options = Options::parse(url, None).unwrap();
    options.patience = patience();
    Postgres::open(options).await.unwrap()
}

/// A write that is struck is done once all the same, having been decided so often.
async fn check(fault: Fault, present: bool, mode: Mode, decided: u32) {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let proxy = Proxy::start(server.port).await;
    let through = url.replace(&format!(":{}/", server.port), &format!(":{}/", proxy.port));
    let (engine, direct) = (open(&through).await, open(&url).await);
    let before = u64::from(present);
    if present {
        assert_eq!(add(&engine, mode).await.0, Ok(Decision::Commit));
    }
    let case = format!("{fault:?}, present: {present}, {mode:?}");
    proxy.arm(fault);
    let (done, times) = add(&engine, mode).await;
    assert!(proxy.has_struck(), "{case}");
    assert_eq!(done, Ok(Decision::Commit), "{case}");
    let count = before + 1;
    // Nothing of the lost one follows.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(stored(&direct).await, [count; 3], "{case}");
    assert_eq!(times, decided, "{case}");
    // The pool has healed.
    assert_eq!(add(&engine, mode).await.0, Ok(Decision::Commit), "{case}");
    assert_eq!(stored(&direct).await, [count + 1; 3], "{case}");
}

async fn check_all(fault: Fault, decided_absent: u32, decided_present: u32) {
    for mode in [Mode::Plain, Mode::Transaction] {
        check(fault, false, mode, decided_absent).await;
        check(fault, true, mode, decided_present).await;
    }
}

#[tokio::test]
async fn cut_in_the_first_flight() {
    check_all(Fault::CutFirstFlight, 1, 1).await;
}

#[tokio::test]
async fn cut_before_the_commit() {
    check_all(Fault::CutBeforeCommit, 2, 2).await;
}

#[tokio::test]
async fn cut_after_the_commit() {
    check_all(Fault::CutAfterCommit, 1, 1).await;
}

#[tokio::test]
async fn cut_in_the_replies() {
    check_all(Fault::CutInReplies, 1, 1).await;
}

/// The lost flight comes while the doubt about it is settled, or after: shut out where the row was absent, waited for
/// where it holds the row's lock.
#[tokio::test]
async fn a_late_flight() {
    check_all(Fault::LateFlight(Duration::from_millis(400)), 2, 1).await;
}

/// A write that is refused when it is decided again must not happen afterwards.
#[tokio::test]
async fn a_late_flight_of_what_was_refused() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let proxy = Proxy::start(server.port).await;
    let through = url.replace(&format!(":{}/", server.port), &format!(":{}/", proxy.port));
    let (engine, direct) = (open(&through).await, open(&url).await);
    proxy.arm(Fault::LateFlight(Duration::from_millis(400)));
    let keys = [KeyUse::write(key())];
    let mut decided = 0;
    let mut decide = |_: &Reads, batch: &mut Batch| {
        decided += 1;
        batch.put(key(), 1_u64.to_be_bytes().to_vec());
        // As if what the decision rests on had changed in between.
        if decided == 1 { Decision::Commit } else { Decision::Refuse }
    };
    let done =
        engine.transact(Transaction { op: OpId::random(), mode: Mode::Plain, keys: &keys, decide: &mut decide }).await;
    assert_eq!(done, Ok(Decision::Refuse));
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(direct.get(&key(), Consistency::Strong).await, Ok(None));
}

#[tokio::test]
async fn a_slow_commit() {
    check_all(Fault::SlowCommit(Duration::from_millis(400)), 1, 1).await;
}

#[tokio::test]
async fn a_late_commit() {
    check_all(Fault::LateCommit(Duration::from_millis(400)), 1, 1).await;
}

/// The server holds the lost transaction's locks until its idle timeout, and then it is known to be rolled back.
#[tokio::test]
async fn a_black_hole() {
    check_all(Fault::BlackHole, 2, 2).await;
}

/// A write without a locked row has no witness.
#[tokio::test]
async fn a_write_without_a_witness_may_have_an_unknown_outcome() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let proxy = Proxy::start(server.port).await;
    let through = url.replace(&format!(":{}/", server.port), &format!(":{}/", proxy.port));
    let (engine, direct) = (open(&through).await, open(&url).await);
    assert_eq!(add(&engine, Mode::Plain).await.0, Ok(Decision::Commit));
    // Another node writes the row between the loss and the settling.
    proxy.arm(Fault::LateCommit(Duration::from_millis(100)));
    let rival = async {
        while !proxy.has_struck() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // It has the row's lock as soon as the lost one is through.
        add(&direct, Mode::Plain).await.0
    };
    let ((done, _), rivals) = tokio::join!(add(&engine, Mode::Plain), rival);
    assert_eq!(rivals, Ok(Decision::Commit));
    // Either of the two may have come first; what is answered is never wrong.
    match done {
        Ok(Decision::Commit) | Err(TxError::Unknown) => assert_eq!(stored(&direct).await, [3; 3]),
        other => panic!("{other:?}"),
    }
}

/// A server that is not there: reads and writes fail in time, and nothing is in doubt.
#[tokio::test]
async fn no_server() {
    let Some(server) = PostgresServer::start() else { return };
    let engine = open(&server.database()).await;
    assert_eq!(add(&engine, Mode::Plain).await.0, Ok(Decision::Commit));
    server.crash();
    assert!(matches!(engine.get(&key(), Consistency::Strong).await, Err(StorageError::Unavailable(_))));
    assert!(matches!(add(&engine, Mode::Plain).await.0, Err(TxError::Storage(StorageError::Unavailable(_)))));
    server.run();
    assert_eq!(add(&engine, Mode::Plain).await.0, Ok(Decision::Commit));
    assert_eq!(stored(&engine).await, [2; 3]);
}
