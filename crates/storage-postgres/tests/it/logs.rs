//! Logs that several nodes write and read: positions without gaps, each item's records in the order of its changes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use storage::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Pages, Reads, ScanDirection, ScanRange,
    StorageError, Transaction, log,
};
use storage_postgres::testing::PostgresServer;
use storage_postgres::{Options, Postgres};
use tokio::task::JoinSet;

use crate::contract::open;

pub(crate) const LOG: Bytes = Bytes::from_static(b"a log of changes");
/// The columns of its head.
pub(crate) const HEAD_P: &str = "'\\x0461206c6f67206f6620636861'::bytea";
pub(crate) const HEAD_S: &str = "'\\x6e676573'::bytea";

/// The records behind a position, which are dense.
pub(crate) async fn try_records(engine: &Postgres, log: &Bytes, after: u64) -> Result<Vec<Bytes>, StorageError> {
    engine.sequence(log).await?;
    let view = engine.view(Consistency::Strong).await?;
    let range = ScanRange {
        family: Family::Log,
        lower: Bound::Excluded(log::record(log, after).bytes),
        upper: Bound::Included(log::record(log, u64::MAX).bytes),
        direction: ScanDirection::Forward,
        rows_max: 1_000,
        bytes_max: 1 << 20,
    };
    let mut records = Vec::new();
    let mut pages = Pages::of_snapshot(&*view, range);
    while let Some(page) = pages.next().await? {
        for row in &page.rows {
            let position = log::position(log, &row.key);
            assert_eq!(position, Some(after + 1 + records.len() as u64), "dense");
            records.push(row.value.clone());
        }
    }
    Ok(records)
}

pub(crate) async fn records(engine: &Postgres, log: &Bytes, after: u64) -> Vec<Bytes> {
    try_records(engine, log, after).await.unwrap()
}

/// A node that gives no positions unless it is asked.
pub(crate) async fn open_idle(url: &str) -> Arc<Postgres> {
    let mut options = Options::parse(url, None).unwrap();
    options.patience.gather = Duration::from_secs(3_600);
    Postgres::open(options).await.unwrap()
}

pub(crate) fn number(value: Option<&Bytes>) -> u64 {
    value.map_or(0, |value| u64::from_be_bytes(value[..].try_into().unwrap()))
}

fn item(at: u64) -> Key {
    Key::new(Family::Items, at.to_be_bytes().to_vec())
}

/// Adds one to each of some items, and appends what they are then.
pub(crate) async fn add(engine: &Postgres, mode: Mode, items: &[u64]) {
    let keys: Vec<KeyUse> = items.iter().map(|at| KeyUse::write(item(*at))).collect();
    let mut decide = |reads: &Reads, batch: &mut Batch| {
        for (key, value) in keys.iter().zip(&reads.values) {
            let sum = (number(value.as_ref()) + 1).to_be_bytes();
            batch.put(key.key.clone(), sum.to_vec());
            batch.append(LOG, [&key.key.bytes[..], &sum].concat());
        }
        Decision::Commit
    };
    while engine.transact(Transaction { op: OpId::random(), mode, keys: &keys, decide: &mut decide }).await.is_err() {}
}

/// What a reader knows of the items from the records that it has seen.
#[derive(Default)]
struct Replayed {
    items: BTreeMap<Bytes, u64>,
    count: u64,
}

impl Replayed {
    async fn read_on(&mut self, engine: &Postgres) {
        for record in records(engine, &LOG, self.count).await {
            self.count += 1;
            let sum = number(Some(&record.slice(8..)));
            let before = self.items.insert(record.slice(..8), sum);
            assert_eq!(sum, before.unwrap_or(0) + 1, "record {} is an item's next one", self.count);
        }
    }
}

pub(crate) fn waiting(server: &PostgresServer, url: &str) -> String {
    server.psql(url.rsplit('/').next().unwrap(), "SELECT count(*) FROM stator_outbox").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_nodes_write_and_read() {
    const NODES: usize = 3;
    const ITEMS: u64 = 5;
    const ROUNDS: u64 = 30;
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(open(&url).await);
    }
    let ended = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for node in &nodes {
        let (node, ended) = (Arc::clone(node), Arc::clone(&ended));
        readers.spawn(async move {
            let mut replayed = Replayed::default();
            while !ended.load(Ordering::Relaxed) {
                replayed.read_on(&node).await;
            }
            replayed.read_on(&node).await;
            replayed
        });
    }
    let mut writers = JoinSet::new();
    for writer in 0..12_u64 {
        let node = Arc::clone(&nodes[writer as usize % NODES]);
        writers.spawn(async move {
            for round in 0..ROUNDS {
                let (one, other) = ((writer + round) % ITEMS, (writer * 3 + round * 2 + 1) % ITEMS);
                if writer % 3 == 0 && one != other {
                    add(&node, Mode::Transaction, &[one, other]).await;
                } else {
                    add(&node, Mode::Plain, &[one]).await;
                }
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    ended.store(true, Ordering::Relaxed);
    let keys: Vec<Key> = (0..ITEMS).map(item).collect();
    let stored = nodes[0].view(Consistency::Strong).await.unwrap().get_many(&keys).await.unwrap();
    let expected: BTreeMap<Bytes, u64> =
        keys.iter().zip(&stored).map(|(key, value)| (key.bytes.clone(), number(value.as_ref()))).collect();
    while let Some(replayed) = readers.join_next().await {
        let replayed = replayed.unwrap();
        assert_eq!(replayed.items, expected);
        assert_eq!(replayed.count, expected.values().sum::<u64>());
    }
    assert_eq!(waiting(&server, &url), "0");
}

/// A slow transaction sorts before others in the outbox when it is committed, and behind them in the log.
#[tokio::test]
async fn a_late_record_gets_a_later_position() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let node = open_idle(&url).await;
    let name = url.rsplit('/').next().unwrap().to_owned();
    server.psql(&name, "CREATE TABLE gate ()").unwrap();
    let session = |script: &str| {
        let (held, of, script) = (Arc::clone(&server), name.clone(), script.to_owned());
        tokio::task::spawn_blocking(move || held.psql(&of, &script))
    };
    let gate = session("BEGIN; LOCK TABLE gate; SELECT pg_sleep(60)");
    server.wait_for_sleeper(&name);
    let late = session(&format!(
        "BEGIN; INSERT INTO stator_outbox VALUES ({HEAD_P}, {HEAD_S}, 1, '', 0, 'late'); LOCK TABLE gate; COMMIT"
    ));
    while !server.is_blocked(&name) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for count in 1..=2 {
        add(&node, Mode::Plain, &[1]).await;
        assert_eq!(records(&node, &LOG, 0).await.len(), count);
    }
    server.end_sleepers(&name);
    gate.await.unwrap().expect_err("it was ended");
    late.await.unwrap().unwrap();
    add(&node, Mode::Plain, &[1]).await;
    let records = records(&node, &LOG, 2).await;
    assert_eq!(records.len(), 2);
    assert_eq!(records[0], "late");
}

/// A node with a clock that is days ahead has changed an item; the next change of it is ordered behind nevertheless.
#[tokio::test]
async fn the_order_of_an_item_needs_no_clock() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let (ahead, behind) = (open_idle(&url).await, open_idle(&url).await);
    add(&ahead, Mode::Plain, &[1, 2]).await;
    let name = url.rsplit('/').next().unwrap();
    for table in ["stator_kv", "stator_outbox"] {
        server.psql(name, &format!("UPDATE {table} SET ver = ver + 1000000000000")).unwrap();
    }
    for _ in 0..3 {
        add(&behind, Mode::Plain, &[2]).await;
        add(&behind, Mode::Plain, &[3]).await;
        add(&ahead, Mode::Plain, &[3]).await;
        add(&ahead, Mode::Transaction, &[1, 3]).await;
    }
    let mut replayed = Replayed::default();
    replayed.read_on(&behind).await;
    assert_eq!(replayed.items.into_values().collect::<Vec<_>>(), [4, 4, 9]);
}

/// The deletion of a log deletes its records without positions, too.
#[tokio::test]
async fn what_waits_is_destroyed_with_its_log() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let node = open_idle(&url).await;
    add(&node, Mode::Plain, &[1]).await;
    assert_eq!(records(&node, &LOG, 0).await.len(), 1);
    add(&node, Mode::Plain, &[1]).await;
    assert_eq!(waiting(&server, &url), "1");
    node.destroy(Family::Log, LOG.slice(..8)).await.unwrap();
    assert_eq!(waiting(&server, &url), "0");
    assert!(records(&node, &LOG, 0).await.is_empty());
    assert_eq!(node.get(&log::head(LOG), Consistency::Strong).await, Ok(None));
}

/// Many records have gathered after the server has made its plans for few.
#[tokio::test]
async fn a_long_queue_is_moved_in_order() {
    const COUNT: u64 = 30_000;
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let node = open_idle(&url).await;
    for count in 1..=10 {
        add(&node, Mode::Plain, &[1]).await;
        assert_eq!(records(&node, &LOG, count - 1).await.len(), 1);
    }
    let fill = format!(
        "INSERT INTO stator_outbox SELECT {HEAD_P}, {HEAD_S}, at, '\\x01', 0, int8send(at) \
         FROM generate_series({COUNT}, 1, -1) AS at"
    );
    server.psql(url.rsplit('/').next().unwrap(), &fill).unwrap();
    let moved: Vec<u64> = records(&node, &LOG, 10).await.iter().map(|record| number(Some(record))).collect();
    assert!(moved.into_iter().eq(1..=COUNT));
}

/// Records get their positions a moment later, with or without a reader.
#[tokio::test]
async fn nothing_waits_for_long() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let node = open(&url).await;
    add(&node, Mode::Plain, &[1]).await;
    while node.get(&log::record(&LOG, 1), Consistency::Strong).await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(waiting(&server, &url), "0");
}
