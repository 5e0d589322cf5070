//! Locks that another node holds, or any other session.

use std::sync::Arc;
use std::time::Duration;

use storage::{Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, Transaction, TxError};
use storage_postgres::testing::PostgresServer;
use storage_postgres::{Options, Patience, Postgres};

async fn open(url: &str) -> Arc<Postgres> {
    let mut options = Options::parse(url, None).unwrap();
    options.patience =
        Patience { lock: Duration::from_millis(200), call: Duration::from_millis(900), ..Patience::default() };
    Postgres::open(options).await.unwrap()
}

fn key(name: &str) -> Key {
    Key::new(Family::Items, name.as_bytes().to_vec())
}

async fn put(engine: &Postgres, mode: Mode, names: &[&str]) -> Result<Decision, TxError> {
    let keys: Vec<KeyUse> = names.iter().map(|name| KeyUse::write(key(name))).collect();
    let mut decide = |_: &Reads, batch: &mut Batch| {
        keys.iter().for_each(|key| batch.put(key.key.clone(), "x"));
        Decision::Commit
    };
    engine.transact(Transaction { op: OpId::random(), mode, keys: &keys, decide: &mut decide }).await
}

/// Two nodes: one holds a row in the middle of its decision, the other wants it.
async fn meet(mode: Mode) -> Option<Result<Decision, TxError>> {
    let server = PostgresServer::shared()?;
    let url = server.database();
    let (holder, other) = (open(&url).await, open(&url).await);
    assert_eq!(put(&holder, Mode::Plain, &["a", "b"]).await, Ok(Decision::Commit));
    let name = url.rsplit('/').next().unwrap().to_owned();
    let (held, of) = (Arc::clone(&server), name.clone());
    // A session that locks "b" for longer than the other waits.
    let session = tokio::task::spawn_blocking(move || {
        held.psql(&of, "BEGIN; SELECT 1 FROM stator_kv WHERE p = '\\x0262'::bytea FOR UPDATE; SELECT pg_sleep(60)")
    });
    server.wait_for_sleeper(&name);
    let met = put(&other, mode, &["b", "a"]).await;
    server.end_sleepers(&name);
    session.await.unwrap().expect_err("it was ended");
    Some(met)
}

#[tokio::test]
async fn a_transaction_meets_a_lock() {
    let Some(met) = meet(Mode::Transaction).await else { return };
    assert_eq!(met, Err(TxError::Conflict { key: 0 }));
}

#[tokio::test]
async fn a_plain_write_meets_a_lock() {
    let Some(met) = meet(Mode::Plain).await else { return };
    assert_eq!(met, Err(TxError::Busy));
}

/// Several nodes write the same absent rows, in orders of their own: no write is lost, none waits forever.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_race_for_absent_rows() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Postgres::open(Options::parse(&url, None).unwrap()).await.unwrap());
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..12_usize {
        let node = Arc::clone(&nodes[writer % nodes.len()]);
        writers.spawn(async move {
            let mut won = 0;
            for round in 0..20_usize {
                let mut names = [format!("{round}/x"), format!("{round}/y"), format!("{round}/z")];
                names.rotate_left(writer % 3);
                let keys = names.map(|name| KeyUse::write(key(&name)));
                let mut absent = 0;
                let mut decide = |reads: &Reads, batch: &mut Batch| {
                    absent = reads.values.iter().filter(|value| value.is_none()).count();
                    if absent < 3 {
                        return Decision::Refuse;
                    }
                    keys.iter().for_each(|key| batch.put(key.key.clone(), vec![writer as u8]));
                    batch.hot_tally(Key::new(Family::Catalog, "wins"), [1, 0]);
                    Decision::Commit
                };
                let mode = if writer.is_multiple_of(2) { Mode::Plain } else { Mode::Transaction };
                match node.transact(Transaction { op: OpId::random(), mode, keys: &keys, decide: &mut decide }).await {
                    Ok(Decision::Commit) => won += 1,
                    Ok(Decision::Refuse) => assert_eq!(absent, 0, "a torn read was answered from"),
                    other => panic!("{other:?}"),
                }
            }
            won
        });
    }
    let won: u64 = writers.join_all().await.into_iter().sum();
    assert_eq!(won, 20, "each round has one winner");
    let tally = nodes[0].get(&Key::new(Family::Catalog, "wins"), Consistency::Strong).await.unwrap().unwrap();
    assert_eq!(tally[..8], 20_u64.to_be_bytes());
}

/// Nodes have no latches in common: only the server's locks keep their additions apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_add_to_one_row() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8_u8 {
        let url = url.clone();
        writers.spawn(async move {
            let node = Postgres::open(Options::parse(&url, None).unwrap()).await.unwrap();
            let keys = [KeyUse::write(key("sum"))];
            let mode = if writer.is_multiple_of(2) { Mode::Plain } else { Mode::Transaction };
            for _ in 0..25 {
                let mut decide = |reads: &Reads, batch: &mut Batch| {
                    let sum = reads.values[0].as_ref().map_or(0, |sum| u64::from_be_bytes(sum[..].try_into().unwrap()));
                    batch.put(keys[0].key.clone(), (sum + 1).to_be_bytes().to_vec());
                    Decision::Commit
                };
                let done =
                    node.transact(Transaction { op: OpId::random(), mode, keys: &keys, decide: &mut decide }).await;
                assert_eq!(done, Ok(Decision::Commit));
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let engine = open(&url).await;
    assert_eq!(engine.get(&key("sum"), Consistency::Strong).await.unwrap().unwrap()[..], 200_u64.to_be_bytes());
}

/// "a" is read as absent before another write puts both rows, "b" is locked after: a refusal that rests on such reads
/// is not answered.
#[tokio::test]
async fn torn_reads_refuse_nothing() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let engine = Postgres::open(Options::parse(&url, None).unwrap()).await.unwrap();
    assert_eq!(put(&engine, Mode::Plain, &["b"]).await, Ok(Decision::Commit));
    let name = url.rsplit('/').next().unwrap().to_owned();
    let (held, of) = (Arc::clone(&server), name.clone());
    let session = tokio::task::spawn_blocking(move || {
        let (a, b) = ("'\\x0261'::bytea", "'\\x0262'::bytea");
        held.psql(
            &of,
            &format!(
                "BEGIN; SELECT 1 FROM stator_kv WHERE p = {b} FOR UPDATE; SELECT pg_sleep(1); \
                 INSERT INTO stator_kv (p, s, ver, v) VALUES ({a}, '', 1, 'new'); \
                 UPDATE stator_kv SET v = 'new' WHERE p = {b}; COMMIT"
            ),
        )
    });
    server.wait_for_sleeper(&name);
    let keys = [KeyUse::read(key("a")), KeyUse::read(key("b"))];
    let (mut seen, mut runs) = (Vec::new(), 0);
    let mut decide = |reads: &Reads, _: &mut Batch| {
        runs += 1;
        seen.clone_from(&reads.values);
        Decision::Refuse
    };
    let done = engine
        .transact(Transaction { op: OpId([1; 16]), mode: Mode::Transaction, keys: &keys, decide: &mut decide })
        .await;
    assert_eq!(done, Ok(Decision::Refuse));
    session.await.unwrap().unwrap();
    assert_eq!(seen, [Some("new".into()), Some("new".into())], "in {runs} runs");
}
