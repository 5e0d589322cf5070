//! The contract that every engine keeps.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use storage::Engine;
use storage::contract::{ScanCase, check_scan, run};
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

fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0), Just(1), Just(0x7F), Just(0xFF)], 0..4)
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![Just(Bound::Unbounded), key().prop_map(Bound::Included), key().prop_map(Bound::Excluded)]
}

fn scan_case() -> impl Strategy<Value = ScanCase> {
    let rows = btree_map(key(), vec(any::<u8>(), 0..40), 0..20);
    (rows, bound(), bound(), any::<bool>(), 1..8_usize, 0..200_usize).prop_map(
        |(rows, lower, upper, backward, rows_max, bytes_max): (BTreeMap<_, _>, _, _, _, _, _)| ScanCase {
            rows,
            lower,
            upper,
            backward,
            rows_max,
            bytes_max,
        },
    )
}

/// `prefix` stands before every key, and moves the rest to where the engine treats it in another way.
pub(crate) fn any_scan_agrees_with_the_model(prefix: &str, cases: u32) {
    let Some(server) = PostgresServer::shared() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine: Arc<dyn Engine> = runtime.block_on(open(&server.database()));
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let case_number = std::cell::Cell::new(0);
    let result = runner.run(&scan_case(), |case| {
        case_number.set(case_number.get() + 1);
        // A number before the prefix, so that cases do not meet.
        runtime.block_on(check_scan(&engine, &format!("case {:08}{prefix}", case_number.get()), &case));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_scan_of_short_keys() {
    any_scan_agrees_with_the_model("", 128);
}
