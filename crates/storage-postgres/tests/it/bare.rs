//! The statements without the engine: the same as the engine's, or a comparison of the two would say nothing.

use bytes::Bytes;
use storage::{Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, Transaction};
use storage_postgres::testing::PostgresServer;
use storage_postgres::{Bare, Options};

use crate::contract::open;

/// The statements that the server was given between two marks, in their order.
fn statements(server: &PostgresServer, from: &str, to: &str) -> Vec<String> {
    let log = server.log();
    let (_, after) = log.split_once(from).expect("the first mark");
    let (between, _) = after.split_once(to).expect("the second mark");
    // The mark's own line has begun there.
    let (between, _) = between.rsplit_once('\n').expect("lines");
    let given = between.lines().filter(|line| line.contains("LOG:  statement: ") || line.contains("LOG:  execute "));
    given.filter_map(|line| Some(line.split_once("LOG:  ")?.1.split_once(": ")?.1.to_owned())).collect()
}

#[tokio::test]
async fn they_are_those_of_the_engine() {
    let Some(server) = PostgresServer::start() else { return };
    server.psql("postgres", "ALTER SYSTEM SET log_statement = 'all'").unwrap();
    server.psql("postgres", "SELECT pg_reload_conf()").unwrap();
    let mark = |name: &str| server.psql("postgres", &format!("SELECT 'mark {name}'")).unwrap();
    let url = server.database();
    let (key, old, new) = (Key::new(Family::Items, [7; 24].to_vec()), Bytes::from("old"), Bytes::from("new"));

    let engine = open(&url).await;
    let put = async |value: &Bytes| {
        let mut decide = |_: &Reads, batch: &mut Batch| {
            batch.put(key.clone(), value.clone());
            Decision::Commit
        };
        let keys = [KeyUse::write(key.clone())];
        engine
            .transact(Transaction { op: OpId::random(), mode: Mode::Plain, keys: &keys, decide: &mut decide })
            .await
            .unwrap()
    };
    put(&old).await;
    mark("engine");
    put(&new).await;
    assert_eq!(engine.get(&key, Consistency::Strong).await, Ok(Some(new.clone())));
    mark("between");

    let bare = Bare::new(Options::parse(&url, None).unwrap(), "beside \"it\"");
    assert_eq!(bare.make().await, Ok(true));
    assert_eq!(bare.make().await, Ok(false));
    let connection = bare.open().await.unwrap();
    connection.fill(&[(key.clone(), old)]).await.unwrap();
    mark("bare");
    connection.write(&key, &new).await.unwrap();
    assert_eq!(connection.read(&key).await, Ok(new));
    mark("end");
    assert_eq!(statements(&server, "mark engine", "mark between"), statements(&server, "mark bare", "mark end"));
    assert_eq!(statements(&server, "mark bare", "mark end").len(), 5);

    let absent = Key::new(Family::Items, "absent");
    let missing = Err("a row is not there".to_owned());
    assert_eq!(connection.read(&absent).await, missing.clone());
    assert_eq!(connection.write(&absent, b"x").await.map(|()| Bytes::new()), missing);
    // With the transaction that failed.
    drop(connection);
    bare.remove().await.unwrap();
    assert_eq!(bare.make().await, Ok(true), "it was gone");
    assert_eq!(
        engine.get(&key, Consistency::Strong).await.map(|value| value.is_some()),
        Ok(true),
        "the engine's rows are not touched"
    );
}
