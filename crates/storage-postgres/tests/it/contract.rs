//! The contract that every engine satisfies.

use std::sync::Arc;

use storage::contract::{any_scan_agrees_with_the_model, run};
use storage_postgres::testing::PostgresServer;
use storage_postgres::{Options, Postgres};

pub(crate) async fn open(url: &str) -> Arc<Postgres> {
    Postgres::open(Options::parse(url, None).unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_keeps_the_contract() {
    let Some(server) = PostgresServer::shared() else { return };
    run(open(&server.database()).await).await;
}

pub(crate) fn any_scan(prefix: &str, cases: u32) {
    let Some(server) = PostgresServer::shared() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = runtime.block_on(open(&server.database()));
    any_scan_agrees_with_the_model(&runtime, engine, prefix, cases);
}

#[test]
fn any_scan_of_short_keys() {
    any_scan("", 128);
}
