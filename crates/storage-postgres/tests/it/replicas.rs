//! Reads from a real streaming replica: only those that may be old, and none that is older than allowed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use storage::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, ScanDirection, ScanRange, Transaction,
};
use storage_postgres::testing::PostgresServer;
use storage_postgres::{Options, Patience, Postgres, ReplicaOptions, ReplicaStats};

/// The bound of every wait: only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(600);
/// So long that nothing is stale that merely took its time.
const FAR: Duration = Duration::from_secs(600);

/// A replica that answers late on a busy machine is waited for: what a test expects of it does not depend on the clock.
const PATIENT: Patience = Patience {
    connect: PATIENCE,
    flight: PATIENCE,
    lock: PATIENCE,
    pool: PATIENCE,
    call: PATIENCE,
    idle_in_transaction: PATIENCE,
    gather: Duration::from_millis(100),
};

fn key() -> Key {
    Key::new(Family::Items, "k")
}

async fn open(primary: &str, replicas: &str, lag: Duration) -> Arc<Postgres> {
    let options = Options::parse(primary, None).unwrap();
    let replicas = ReplicaOptions::parse(replicas, None, lag).unwrap().with_patience(PATIENT);
    Postgres::open_with(options, Some(replicas)).await.unwrap()
}

async fn put(engine: &Postgres, value: &'static str) {
    let keys = [KeyUse::write(key())];
    let mut decide = |_: &Reads, batch: &mut Batch| {
        batch.put(key(), value);
        Decision::Commit
    };
    let done =
        engine.transact(Transaction { op: OpId::random(), mode: Mode::Plain, keys: &keys, decide: &mut decide }).await;
    assert_eq!(done, Ok(Decision::Commit));
}

/// How many transactions [`read`] begins: one for its view, one for its get.
const READS: u64 = 2;

/// What is read in each of the ways, which must agree.
async fn read(engine: &Postgres, consistency: Consistency) -> Option<Bytes> {
    let view = engine.view(consistency).await.unwrap();
    let range = ScanRange {
        family: Family::Items,
        lower: std::ops::Bound::Unbounded,
        upper: std::ops::Bound::Unbounded,
        direction: ScanDirection::Forward,
        rows_max: 10,
        bytes_max: 1_000,
    };
    let scanned = view.scan(&range).await.unwrap().rows.first().map(|row| row.value.clone());
    let got = engine.get(&key(), consistency).await;
    assert_eq!(got, Ok(scanned.clone()));
    assert_eq!(view.get_many(&[key()]).await.unwrap(), std::slice::from_ref(&scanned));
    scanned
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !done().await {
        assert!(tokio::time::Instant::now() < deadline, "{what} does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a replica has: reads that the primary answered instead, because the replica was paused, are repeated.
async fn read_of_replica(engine: &Postgres) -> Option<Bytes> {
    until_answered(engine).await;
    let mut found = None;
    until("a read that only replicas answer", async || {
        let before = engine.stats().replicas.unwrap().answered;
        found = read(engine, Consistency::Eventual).await;
        engine.stats().replicas.unwrap().answered - before == READS
    })
    .await;
    found
}

/// Waits until a read is answered by a replica.
async fn until_answered(engine: &Postgres) {
    until("a replica's answer", async || {
        let before = engine.stats().replicas.unwrap().answered;
        engine.get(&key(), Consistency::Eventual).await.unwrap();
        engine.stats().replicas.unwrap().answered > before
    })
    .await;
}

fn renamed(url: &str, port: u16) -> String {
    let (_, name) = url.rsplit_once('/').unwrap();
    format!("postgres://stator@127.0.0.1:{port}/{name}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_reads_that_may_be_old_are_answered_by_a_replica() {
    let Some(primary) = PostgresServer::start() else { return };
    let url = primary.database();
    let replica = primary.standby();
    let engine = open(&url, &renamed(&url, replica.port), FAR).await;
    put(&engine, "old").await;
    until("the write at the replica", async || read_of_replica(&engine).await.is_some()).await;
    replica.psql("postgres", "SELECT pg_wal_replay_pause()").unwrap();
    put(&engine, "new").await;
    assert_eq!(read(&engine, Consistency::Strong).await.as_deref(), Some(&b"new"[..]));
    assert_eq!(read_of_replica(&engine).await.as_deref(), Some(&b"old"[..]));
    replica.psql("postgres", "SELECT pg_wal_replay_resume()").unwrap();
    until("the write at the replica", async || read_of_replica(&engine).await.as_deref() == Some(b"new")).await;
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_behind_or_stopped_is_not_asked() {
    let Some(primary) = PostgresServer::start() else { return };
    let url = primary.database();
    let [behind, other] = [primary.standby(), primary.standby()];
    let lag = Duration::from_millis(400);
    let replicas = renamed(&url, behind.port);
    let engine = open(&url, &replicas, lag).await;
    put(&engine, "old").await;
    until_answered(&engine).await;

    behind.psql("postgres", "SELECT pg_wal_replay_pause()").unwrap();
    // What the primary had before now must be seen once the allowed time has passed.
    put(&engine, "new").await;
    tokio::time::sleep(lag + Duration::from_millis(50)).await;
    assert_eq!(read(&engine, Consistency::Eventual).await.as_deref(), Some(&b"new"[..]));
    behind.psql("postgres", "SELECT pg_wal_replay_resume()").unwrap();
    until_answered(&engine).await;

    behind.crash();
    for _ in 0..50 {
        assert_eq!(read(&engine, Consistency::Eventual).await.as_deref(), Some(&b"new"[..]));
    }
    behind.run();
    until_answered(&engine).await;

    // Of two, the other one continues.
    let replicas = format!("postgres://stator@127.0.0.1:{},127.0.0.1:{}/{}", behind.port, other.port, {
        replicas.rsplit_once('/').unwrap().1
    });
    let both = open(&url, &replicas, FAR).await;
    until_answered(&both).await;
    until_answered(&both).await;
    behind.crash();
    until_answered(&both).await;
    assert_eq!(read(&both, Consistency::Eventual).await.as_deref(), Some(&b"new"[..]));
}

/// A replica of something else never shows the newest mark, or has no tables at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_database_is_no_replica() {
    let Some(server) = PostgresServer::shared() else { return };
    let (url, empty, used) = (server.database(), server.database(), server.database());
    // It has replicas, or what it takes for some, and so makes marks of its own.
    let stranger = open(&used, &used, FAR).await;
    put(&stranger, "strange").await;
    until_answered(&stranger).await;
    for wrong in [&empty, &used, "postgres://stator@127.0.0.1:1/nothing"] {
        let engine = open(&url, wrong, FAR).await;
        put(&engine, "own").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(read(&engine, Consistency::Eventual).await.as_deref(), Some(&b"own"[..]), "{wrong}");
        assert_eq!(engine.stats().replicas, Some(ReplicaStats::default()), "{wrong}");
    }
}
