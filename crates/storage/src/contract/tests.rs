//! The contract, run by the engines of this crate.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::{any_scan_agrees_with_the_model, run};
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

#[test]
fn any_scan_of_memory_agrees_with_the_model() {
    any_scan_agrees_with_the_model(&runtime(), Memory::new(), "", 256);
}

#[test]
fn any_scan_of_embedded_agrees_with_the_model() {
    let (_folder, engine) = embedded();
    any_scan_agrees_with_the_model(&runtime(), engine, "", 256);
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}
