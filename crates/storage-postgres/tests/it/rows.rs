//! What this engine leaves in its tables.

use storage::{Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, Transaction, TxError};
use storage_postgres::testing::PostgresServer;

use crate::contract::open;

#[tokio::test]
async fn absence_is_stored_as_a_row() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let engine = open(&url).await;
    let (absent, written) = (Key::new(Family::Items, "absent"), Key::new(Family::Items, "written"));
    let keys = [KeyUse::read(absent.clone()), KeyUse::write(written.clone())];
    let mut put = |_: &Reads, batch: &mut Batch| {
        batch.put(written.clone(), "x");
        Decision::Commit
    };
    let done = engine
        .transact(Transaction { op: OpId([1; 16]), mode: Mode::Transaction, keys: &keys, decide: &mut put })
        .await;
    assert_eq!(done, Ok(Decision::Commit));
    assert_eq!(engine.get(&absent, Consistency::Strong).await, Ok(None));
    let rows = server.psql(&name, "SELECT convert_from(substr(p, 2), 'UTF8'), v IS NULL FROM stator_kv ORDER BY p");
    assert_eq!(rows.as_deref(), Ok("absent|t\nwritten|f"));
}

#[tokio::test]
async fn a_value_that_no_server_takes() {
    let Some(server) = PostgresServer::shared() else { return };
    let engine = open(&server.database()).await;
    let key = Key::new(Family::Catalog, "tally");
    let mut tallies = |_: &Reads, batch: &mut Batch| {
        // Counters have no long keys: such a row does not fit into the index, whatever the server does to shrink it.
        let long: Vec<u8> = (0..1_000).flat_map(|_| base::random::secret16()).collect();
        batch.tally(Key::new(Family::Catalog, long), [1, 1]);
        Decision::Commit
    };
    let keys = [KeyUse::write(key)];
    let done =
        engine.transact(Transaction { op: OpId([1; 16]), mode: Mode::Plain, keys: &keys, decide: &mut tallies }).await;
    assert_eq!(done, Err(TxError::TooLarge));
}
