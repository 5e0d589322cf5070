//! The contract, run by the engines of this crate.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{ScanCase, check_scan, run};
use crate::{Embedded, EmbeddedOptions, Engine, Memory};

fn embedded() -> (tempfile::TempDir, Arc<dyn Engine>) {
    let folder = tempfile::tempdir().unwrap();
    let engine =
        Embedded::open(folder.path(), EmbeddedOptions { cache_bytes: 8 << 20, ..EmbeddedOptions::default() }).unwrap();
    (folder, engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    run(Memory::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn embedded_keeps_the_contract() {
    let (_folder, engine) = embedded();
    run(engine).await;
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

fn check_scans(engine: &Arc<dyn Engine>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 256, failure_persistence: None, ..Config::default() });
    let cases = std::cell::Cell::new(0);
    let result = runner.run(&scan_case(), |case| {
        cases.set(cases.get() + 1);
        runtime.block_on(check_scan(engine, &format!("case {}", cases.get()), &case));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_scan_of_memory_agrees_with_the_model() {
    let engine: Arc<dyn Engine> = Memory::new();
    check_scans(&engine);
}

#[test]
fn any_scan_of_embedded_agrees_with_the_model() {
    let (_folder, engine) = embedded();
    check_scans(&engine);
}
