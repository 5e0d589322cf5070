//! Backups and restores that one node begins and another one ends.

use super::*;

use crate::backup::tests::restore_request;
use cluster::catalog::Work;
use storage::{Batch, Reads};

async fn back_up(node: &Node, table: &str) -> String {
    let request = CreateBackupInput { table_name: table.to_owned(), backup_name: "bbb".to_owned() };
    node.service.create_backup(&caller(), request).await.unwrap().backup_details.unwrap().backup_arn
}

async fn restore(node: &Node, backup_arn: &str, target: &str) {
    let request = restore_request(backup_arn, target);
    node.service.restore_table_from_backup(&caller(), request).await.unwrap();
}

async fn table_status(node: &Node, table: &str) -> TableStatus {
    describe(&node.service, table).await.unwrap().table_status.unwrap()
}

async fn value(node: &Node, table: &str) -> Option<String> {
    let request =
        GetItemInput { table_name: table.to_owned(), key: item(&[("pk", s("a"))]), ..GetItemInput::default() };
    let found = node.service.get_item(&caller(), request).await.unwrap().item?;
    match found.view().to_owned().get("v") {
        Some(model::AttributeValue::N(number)) => Some(number.to_string()),
        _ => None,
    }
}

async fn put_value(node: &Node, table: &str, value: &str) {
    let item = item(&[("pk", s("a")), ("v", n(value))]);
    let request = PutItemInput { table_name: table.to_owned(), item, ..PutItemInput::default() };
    node.service.put_item(&caller(), request).await.unwrap();
}

/// A backup, once no node has any work left for it.
async fn finished_backup(cluster: &Cluster, node: &Node, table: &str) -> String {
    let arn = back_up(node, table).await;
    let is_idle = async || {
        let ids = node.service.catalog.table_ids(|_| true);
        for id in ids {
            let table = node.service.catalog.by_id(id)?;
            let owner = cluster.memory.get(&rows::owner(id), Consistency::Strong).await.unwrap();
            if owner.is_some() || !Work::left_by(&table.definition).is_empty() {
                return None;
            }
        }
        Some(())
    };
    until(is_idle).await;
    arn
}

/// A node that has not yet heard that a restore has ended must not copy the backup over what was written since.
#[tokio::test]
async fn a_restore_that_another_node_has_ended_is_not_begun_again() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tab").await.unwrap();
    put_value(&a, "tab", "1").await;
    let arn = finished_backup(&cluster, &a, "tab").await;
    b.requests.freeze_after(0);
    // The definition, and the ownership.
    a.requests.freeze_after(2);
    restore(&a, &arn, "res").await;
    a.requests.holds_a_write().await;
    let place = caller();
    let table_id = until(async || b.service.catalog.find(Place::own(&place, "res")).map(|table| table.id())).await;
    b.heartbeats.freeze_after(0);
    b.heartbeats.holds_a_write().await;
    b.requests.thaw();
    a.requests.thaw();
    until(async || (table_status(&a, "res").await == TableStatus::Active).then_some(())).await;
    put_value(&a, "res", "2").await;
    until(async || matches!(b.service.do_if_ours(Work::RestoreTable { table_id }).await, Ok(true)).then_some(())).await;
    assert_eq!(value(&a, "res").await.as_deref(), Some("2"));
    b.heartbeats.thaw();
}

/// Its successor would find no progress, and copy the backup over what is written into a table that is in use.
#[tokio::test]
async fn a_restore_is_not_ended_by_its_former_owner() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tab").await.unwrap();
    let arn = finished_backup(&cluster, &a, "tab").await;
    b.requests.freeze_after(0);
    // The definition, and the ownership: the end of the restore waits.
    a.requests.freeze_after(2);
    restore(&a, &arn, "res").await;
    a.requests.holds_a_write().await;
    let place = caller();
    let table_id = until(async || b.service.catalog.find(Place::own(&place, "res")).map(|table| table.id())).await;
    let owner = async || cluster.memory.get(&rows::owner(table_id), Consistency::Strong).await.unwrap();
    let [a_id, b_id] = [&a, &b].map(|node| node.service.nodes.as_ref().unwrap().id.0);
    assert_eq!(owner().await.unwrap()[..16], a_id);
    let take = |_: &Reads, batch: &mut Batch| {
        batch.put(rows::owner(table_id), [&b_id[..], &[0; 8]].concat());
        Ok::<(), ()>(())
    };
    cluster.memory.write(Mode::Plain, &[KeyUse::write(rows::owner(table_id))], take).await.unwrap().unwrap();
    a.requests.thaw();
    for _ in 0..50 {
        assert_eq!(table_status(&a, "res").await, TableStatus::Creating);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    b.requests.thaw();
    until(async || (table_status(&a, "res").await == TableStatus::Active).then_some(())).await;
}
