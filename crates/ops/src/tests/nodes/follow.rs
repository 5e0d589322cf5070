//! One consumer over two nodes: one of them has the lease, and the other one takes it once the first is silent.

use super::*;
use crate::follow::{
    Batch, Bounds, Consumer, ConsumerNeeds, ConsumerState, FollowError, Followed, LogConsumer, Retention, Start,
};
use crate::kinesis_streaming_destination::tests::{STREAM, asked};

const BOUNDS: Bounds = Bounds { records_max: 10, bytes_max: 1 << 20 };

async fn read(node: &Node, consumer: &Consumer) -> Batch {
    let [cursor] = node.service.ready(consumer).await.unwrap().cursors.try_into().unwrap();
    node.service.poll_changes(consumer, cursor, BOUNDS).await.unwrap()
}

#[tokio::test]
async fn another_node_follows_when_one_is_silent() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tab").await.unwrap();
    put(&b, "tab", "before").await.unwrap();
    a.service.reaches_kinesis();
    a.service.enable_kinesis_streaming_destination(&caller(), asked(STREAM)).await.unwrap();
    let [destination] = a.service.kinesis_destinations().try_into().unwrap();
    let consumer = &destination.consumer;
    assert_eq!(consumer.of, Followed::Table);
    let a_lease = a.service.acquire_lease(consumer).await.unwrap().unwrap();
    assert_eq!(b.service.acquire_lease(consumer).await, Ok(None));
    // Not before b knows that the table is followed.
    until(async || a.service.end_enabling(&destination, &a_lease, Ok(())).await.unwrap().then_some(())).await;
    put(&b, "tab", "one").await.unwrap();
    put(&a, "tab", "two").await.unwrap();
    let batch = read(&a, consumer).await;
    assert_eq!(batch.changes.len(), 2);
    a.service.checkpoint(consumer, &a_lease, batch.cursor_after(1)).await.unwrap();

    a.heartbeats.freeze_after(0);
    a.heartbeats.holds_a_write().await;
    cluster.hand.advance_ms(FOR_GOOD_MS);
    let b_lease = until(async || b.service.acquire_lease(consumer).await.ok()?).await;
    let batch = read(&b, consumer).await;
    assert_eq!(batch.changes.len(), 1);
    until(async || b.service.checkpoint(consumer, &b_lease, batch.cursor_after(1)).await.ok()).await;

    a.heartbeats.thaw();
    until(async || a.service.unready().is_none().then_some(())).await;
    let late = a.service.checkpoint(consumer, &a_lease, batch.cursor_after(0)).await;
    assert_eq!(late, Err(FollowError::LeaseLost), "it may not go back");
    assert!(read(&b, consumer).await.changes.is_empty());
}

/// The node that trims does not know yet of a consumer that another node has added, and that has begun.
#[tokio::test]
async fn records_of_a_consumer_that_another_node_added_are_not_trimmed() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tab").await.unwrap();
    let log_consumer = |name: &str| {
        let retention = Retention::Position { max_ms: u64::MAX };
        LogConsumer::new(name.to_owned(), Start::TrimHorizon, ConsumerNeeds::Images, retention)
    };
    let consumer = |name: &str| Consumer { table_id: 1, name: name.to_owned(), of: Followed::Table };
    let begin = async |node: &Node, name: &str| {
        node.service.add_log_consumer(1, log_consumer(name)).await.unwrap();
        let lease = node.service.acquire_lease(&consumer(name)).await.unwrap().unwrap();
        until(async || {
            node.service.initialize(&consumer(name), &lease, Start::TrimHorizon).await.unwrap().then_some(())
        })
        .await;
        lease
    };
    let lease = begin(&a, "archive-1").await;
    put(&a, "tab", "one").await.unwrap();
    let batch = read(&a, &consumer("archive-1")).await;
    a.service.checkpoint(&consumer("archive-1"), &lease, batch.cursor_after(1)).await.unwrap();

    a.heartbeats.freeze_after(0);
    a.heartbeats.holds_a_write().await;
    begin(&b, "export-1").await;
    assert_eq!(a.service.catalog.by_id(1).unwrap().definition.log.consumers.len(), 1);
    assert!(a.service.trim_logs().await);
    let batch = read(&b, &consumer("export-1")).await;
    assert_eq!((batch.changes.len(), batch.lost), (1, 0));

    a.heartbeats.thaw();
    until(async || (a.service.catalog.by_id(1)?.definition.log.consumers.len() == 2).then_some(())).await;
    assert!(a.service.trim_logs().await);
    let batch = read(&b, &consumer("export-1")).await;
    assert_eq!((batch.changes.len(), batch.lost), (1, 0));
}

/// The node that initializes a consumer does not know yet that another node has removed it, or deletes its table.
#[tokio::test]
async fn a_consumer_that_another_node_removed_is_not_initialized() {
    for deletes_table in [false, true] {
        let cluster = Cluster::new();
        let (a, b) = (cluster.node().await, cluster.node().await);
        create(&a, "tab").await.unwrap();
        let consumer = Consumer { table_id: 1, name: "archive-1".to_owned(), of: Followed::Table };
        let retention = Retention::Position { max_ms: u64::MAX };
        let own = LogConsumer::new(consumer.name.clone(), Start::TrimHorizon, ConsumerNeeds::Images, retention);
        a.service.add_log_consumer(1, own).await.unwrap();
        let is_open = |node: &Node| node.service.catalog.by_id(1).is_some_and(|table| !table.definition.log.opening);
        until(async || (is_open(&a) && is_open(&b)).then_some(())).await;
        let lease = a.service.acquire_lease(&consumer).await.unwrap().unwrap();

        a.heartbeats.freeze_after(0);
        a.heartbeats.holds_a_write().await;
        match deletes_table {
            true => {
                let request = DeleteTableInput { table_name: "tab".to_owned() };
                b.service.delete_table(&caller(), request).await.map(drop).unwrap();
            }
            false => b.service.remove_log_consumer(1, &consumer.name).await.unwrap(),
        }
        assert_eq!(a.service.catalog.by_id(1).unwrap().definition.log.consumers[0].state, ConsumerState::Active);
        let initialized = a.service.initialize(&consumer, &lease, Start::TrimHorizon).await;
        assert_eq!(initialized, Err(FollowError::Gone));
        assert_eq!(a.service.ready(&consumer).await, Err(FollowError::Gone));
        a.heartbeats.thaw();
    }
}

/// The name of the consumer whose lease stays begins with the removed one's.
#[tokio::test]
async fn a_removed_consumer_takes_only_its_own_lease() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tab").await.unwrap();
    let consumer = |name: &str| Consumer { table_id: 1, name: name.to_owned(), of: Followed::Table };
    let (removed, other) = (consumer("archive-1"), consumer("archive-10"));
    for own in [&removed, &other] {
        assert!(a.service.acquire_lease(own).await.unwrap().is_some());
    }
    a.service.forget_consumer(&removed).await.unwrap();
    assert_eq!(b.service.acquire_lease(&other).await, Ok(None));
    assert!(b.service.acquire_lease(&removed).await.unwrap().is_some());
}
