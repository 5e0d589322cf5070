//! Encrypted engines satisfy the contract of engines.

use std::sync::Arc;

use seal::{Layout, Sealed};
use storage::contract::{any_scan_agrees_with_the_model, run};
use storage::{Embedded, EmbeddedOptions, Engine, Memory};
use tokio::runtime::Runtime;

use crate::keyring;

fn embedded() -> (tempfile::TempDir, Arc<dyn Engine>) {
    let folder = tempfile::tempdir().expect("a folder");
    let options = EmbeddedOptions { cache_bytes: 8 << 20, ..EmbeddedOptions::default() };
    let engine = Embedded::open(folder.path(), options).expect("an engine");
    (folder, engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealed_memory_keeps_the_contract() {
    run(Sealed::over(Memory::new(), &keyring().await, None, Layout::ANY)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealed_embedded_keeps_the_contract() {
    let (_folder, engine) = embedded();
    run(Sealed::over(engine, &keyring().await, None, Layout::ANY)).await;
}

#[test]
fn any_scan_of_sealed_memory_agrees_with_the_model() {
    any_scan(Memory::new());
}

#[test]
fn any_scan_of_sealed_embedded_agrees_with_the_model() {
    let (_folder, engine) = embedded();
    any_scan(engine);
}

fn any_scan(engine: Arc<dyn Engine>) {
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let keyring = runtime.block_on(keyring());
    let sealed: Arc<dyn Engine> = Sealed::over(engine, &keyring, None, Layout::ANY);
    // Where keys begin to be sealed: before it, at it and behind it.
    for prefix in ["", "123456789", "1234567890", "12345678901234567890"] {
        any_scan_agrees_with_the_model(&runtime, Arc::clone(&sealed), prefix, 64);
    }
}
