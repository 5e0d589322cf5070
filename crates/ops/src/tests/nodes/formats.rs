//! A newer program changes the format of rows: it waits for nodes that do not know the new one, and such a node that
//! resumes later takes no writes.

use std::sync::Mutex;

use cluster::nodes::{NodeReport, until_silent};
use storage::Transaction;

use super::*;

/// The reported addresses, one list for each report.
type Reports = Arc<Mutex<Vec<Vec<String>>>>;

fn wait(cluster: &Cluster, format: i64) -> (tokio::task::JoinHandle<()>, Reports) {
    let (engine, clock, reports) = (cluster.memory.clone(), cluster.clock.clone(), Reports::default());
    let tell = {
        let reports = Arc::clone(&reports);
        move |nodes: &[NodeReport]| {
            reports.lock().unwrap().push(nodes.iter().map(|node| node.address.clone()).collect());
        }
    };
    let waiting = async move { until_silent(engine.as_ref(), clock, MARGIN, format, tell).await.unwrap() };
    (tokio::spawn(waiting), reports)
}

/// The row of a node of a version without formats.
async fn add_older(cluster: &Cluster) {
    let row = r#"{"address":"older","version":"0","started_ms":1,"lease_ms":60,"beats":1,"settled":0}"#;
    let key = rows::node(&[0; 16]);
    let mut decide = |_: &storage::Reads, batch: &mut storage::Batch| {
        batch.put(key.clone(), row);
        Decision::Commit
    };
    let keys = [KeyUse::write(key.clone())];
    cluster
        .memory
        .transact(Transaction { op: OpId([7; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_new_format_waits_for_those_who_do_not_know_it() {
    let cluster = Cluster::new();
    let node = cluster.node().await;
    let (known, reports) = wait(&cluster, FORMAT);
    known.await.unwrap();
    assert!(reports.lock().unwrap().is_empty());

    add_older(&cluster).await;
    let (older, reports) = wait(&cluster, FORMAT);
    until(async || (*reports.lock().unwrap() == [["older"]]).then_some(())).await;
    let (newer, reports) = wait(&cluster, FORMAT + 1);
    until(async || (*reports.lock().unwrap() == [["older", "127.0.0.1:8000"]]).then_some(())).await;
    node.service.leave().await;
    until(async || (reports.lock().unwrap()[1..] == [["older"]]).then_some(())).await;
    assert!(!older.is_finished() && !newer.is_finished());
    cluster.hand.advance_ms(FOR_GOOD_MS);
    older.await.unwrap();
    newer.await.unwrap();
}

#[tokio::test]
async fn who_finds_another_format_takes_no_writes() {
    let cluster = Cluster::new();
    let node = cluster.node().await;
    create(&node, "kept").await.unwrap();
    put(&node, "kept", "before").await.unwrap();
    node.heartbeats.changed.store(true, Ordering::SeqCst);
    assert!(node.service.beat().await.is_err());
    cluster.hand.advance_ms(LEASE.as_millis() as u64);
    assert!(put(&node, "kept", "after").await.is_err());
    assert!(node.service.unready().unwrap().contains("they have another format"));
}
