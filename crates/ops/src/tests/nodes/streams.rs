//! A stream of a table that several nodes write, read and change.

use std::collections::BTreeMap;

use change_log::{Hot, lagging::Lagging};
use model::AttributeValue;
use storage::{Batch, Consistency, Reads, Transaction};
use tokio::task::JoinSet;

use super::*;
use crate::tests::catalog::stream_reader::{self, Start, StreamReader};
use crate::tests::catalog::test_service::{middle, open_shards, specification};

/// Long enough for a shard to be due.
const ROLL_MS: u64 = 4 * 60 * 60 * 1000;

async fn set_stream(node: &Node, table: &str, enabled: bool) {
    let request = UpdateTableInput {
        table_name: table.to_owned(),
        stream_specification: Some(specification(enabled.then_some(StreamViewType::NewAndOldImages))),
        ..UpdateTableInput::default()
    };
    node.service.update_table(&caller(), request).await.unwrap();
}

async fn status(node: &Node, table: &str) -> TableStatus {
    describe(&node.service, table).await.unwrap().table_status.unwrap()
}

async fn arn(node: &Node, table: &str) -> String {
    describe(&node.service, table).await.unwrap().latest_stream_arn.unwrap()
}

async fn describe_stream(node: &Node, arn: &str) -> StreamDescription {
    stream_reader::describe(&node.service, arn).await.unwrap()
}

async fn write(node: &Node, pk: &str, value: &str) {
    let item = item(&[("pk", s(pk)), ("v", s(value))]);
    let request = PutItemInput { table_name: "tab".to_owned(), item, ..PutItemInput::default() };
    node.service.put_item(&caller(), request).await.unwrap();
}

fn text(item: &Option<model::Item>, name: &str) -> Option<String> {
    match item.clone()?.into_attributes().get(name)? {
        AttributeValue::S(text) => Some(text.clone()),
        other => panic!("{other:?}"),
    }
}

/// Reads a stream from its beginning on, each page on another node, and compares the records of each item.
struct Follower {
    stream: StreamReader,
    /// The state of each item after its last record.
    items: BTreeMap<String, String>,
}

impl Follower {
    fn new(arn: &str) -> Follower {
        Follower { stream: StreamReader::new(arn, Start::Horizon, 0), items: BTreeMap::new() }
    }

    /// Reads a page of each shard with a finished parent; false if there was nothing new.
    async fn step(&mut self, node: &Node) -> bool {
        let items = &mut self.items;
        let check = |record: &Record| {
            let record = record.dynamodb.as_ref().unwrap();
            let pk = text(&record.keys, "pk").unwrap();
            let before = items.insert(pk, text(&record.new_image, "v").unwrap());
            assert_eq!(text(&record.old_image, "v"), before, "record {:?}", record.sequence_number);
        };
        self.stream.step(&node.service, Some(7), check).await
    }
}

/// Makes the newest shard of the only table old.
async fn age_shards(cluster: &Cluster) {
    let definition = cluster.memory.get(&rows::definition(1), Consistency::Strong).await.unwrap().unwrap();
    let definition: serde_json::Value = serde_json::from_slice(&definition).unwrap();
    for number in 0..definition["log"]["next_shard"].as_u64().unwrap() as u32 {
        let keys = [KeyUse::write(rows::shard(1, number))];
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            let Some(row) = &reads.values[0] else { return Decision::Refuse };
            let mut shard: serde_json::Value = serde_json::from_slice(row).unwrap();
            shard["created_ms"] = 0.into();
            batch.put(keys[0].key.clone(), shard.to_string());
            Decision::Commit
        };
        let op = OpId::random();
        cluster.memory.transact(Transaction { op, mode: Mode::Plain, keys: &keys, decide: &mut decide }).await.unwrap();
    }
}

#[tokio::test]
async fn a_table_is_followed_once_all_nodes_know() {
    let cluster = Cluster::over(Lagging::new());
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tab").await.unwrap();
    write(&b, "x", "before").await;
    b.heartbeats.freeze_after(0);
    b.heartbeats.holds_a_write().await;
    set_stream(&a, "tab", true).await;
    let arn = arn(&a, "tab").await;
    assert_eq!(status(&a, "tab").await, TableStatus::Updating);
    assert_eq!(describe_stream(&a, &arn).await.stream_status, Some(StreamStatus::Enabling));
    b.heartbeats.thaw();
    until(async || (status(&a, "tab").await == TableStatus::Active).then_some(())).await;
    // Nothing here refreshes the catalog first.
    write(&b, "x", "after").await;
    write(&a, "x", "last").await;
    let mut follower = Follower::new(&arn);
    follower.items.insert("x".to_owned(), "before".to_owned());
    while follower.step(&b).await {}
    assert_eq!(follower.stream.records, 2);
    assert_eq!(describe_stream(&b, &arn).await.stream_status, Some(StreamStatus::Enabled));

    set_stream(&b, "tab", false).await;
    until(async || (describe_stream(&a, &arn).await.stream_status == Some(StreamStatus::Disabled)).then_some(())).await;
    write(&a, "x", "unseen").await;
    while follower.step(&a).await {}
    assert_eq!(follower.stream.records, 2);
    assert!(follower.stream.is_finished(), "it has its end");
}

/// Items are written on all nodes while their shards roll and split: readers on all nodes see each change once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn shards_roll_and_split_under_the_writers_of_several_nodes() {
    const ROLLS: usize = 12;
    let cluster = Cluster::over(Lagging::new());
    cluster.hand.advance_ms(2 * ROLL_MS);
    let nodes = Arc::new([cluster.node().await, cluster.node().await, cluster.node().await]);
    create(&nodes[0], "tab").await.unwrap();
    set_stream(&nodes[0], "tab", true).await;
    until(async || (status(&nodes[0], "tab").await == TableStatus::Active).then_some(())).await;
    let ended = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..6 {
        let (nodes, ended) = (nodes.clone(), ended.clone());
        writers.spawn(async move {
            let mut round = 0;
            while !ended.load(Ordering::Relaxed) {
                write(&nodes[writer % 3], ["a", "b", "c"][(writer + round) % 3], &format!("{writer} {round}")).await;
                tokio::task::yield_now().await;
                round += 1;
            }
            round
        });
    }
    let arn = arn(&nodes[0], "tab").await;
    let following = tokio::spawn({
        let (nodes, ended, arn) = (nodes.clone(), ended.clone(), arn.clone());
        async move {
            let mut follower = Follower::new(&arn);
            let mut page = 0;
            while !ended.load(Ordering::Relaxed) {
                follower.step(&nodes[page % 3]).await;
                page += 1;
            }
            follower
        }
    });
    for rolled in 1..=ROLLS {
        let before = describe_stream(&nodes[1], &arn).await.shards.unwrap().len();
        let newest = open_shards(&*cluster.memory, 1).await.pop().unwrap();
        let hot = [Hot { shard: newest.number, split_at: middle(&newest) }];
        let is_split = rolled % 3 == 0;
        if !is_split {
            age_shards(&cluster).await;
        }
        while describe_stream(&nodes[1], &arn).await.shards.unwrap().len() <= before {
            // Another node may just be doing it.
            let _ = nodes[rolled % 3].service.roll_shards(1, if is_split { &hot } else { &[] }).await;
            tokio::task::yield_now().await;
        }
    }
    ended.store(true, Ordering::Relaxed);
    let written: usize = writers.join_all().await.into_iter().sum();
    let mut follower = following.await.unwrap();
    while follower.step(&nodes[0]).await {}
    assert_eq!(follower.stream.records, written);
    let (_, open) = follower.stream.shard_counts();
    assert_eq!(open, 1 + ROLLS / 3);
}

#[tokio::test]
async fn the_stream_of_a_deleted_table_is_read_on_all_nodes() {
    let cluster = Cluster::over(Lagging::new());
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tab").await.unwrap();
    set_stream(&a, "tab", true).await;
    until(async || (status(&b, "tab").await == TableStatus::Active).then_some(())).await;
    let old = arn(&b, "tab").await;
    write(&b, "x", "1").await;
    write(&a, "y", "1").await;
    // It is deleted once this one has settled that it is.
    b.heartbeats.freeze_after(0);
    b.heartbeats.holds_a_write().await;
    a.service.delete_table(&caller(), DeleteTableInput { table_name: "tab".to_owned() }).await.unwrap();
    assert_eq!(describe_stream(&a, &old).await.stream_status, Some(StreamStatus::Disabling));
    // Nothing here has refreshed the catalog yet.
    write(&b, "x", "2").await;
    b.heartbeats.thaw();
    let mut follower = Follower::new(&old);
    until(async || (describe_stream(&b, &old).await.stream_status == Some(StreamStatus::Disabled)).then_some(())).await;
    while follower.step(&b).await {}
    assert_eq!(follower.stream.records, 3);
    assert!(follower.stream.is_finished());

    until(async || create(&b, "tab").await.ok()).await;
    set_stream(&b, "tab", true).await;
    until(async || (status(&a, "tab").await == TableStatus::Active).then_some(())).await;
    let new = arn(&a, "tab").await;
    for node in [&a, &b] {
        let page = node.service.list_streams(&caller(), ListStreamsInput::default()).await.unwrap();
        let arns: Vec<_> = page.streams.unwrap().into_iter().map(|stream| stream.stream_arn.unwrap()).collect();
        assert_eq!(arns, [old.clone(), new.clone()]);
    }
}

/// A node stops at each step of a split, and resumes when another one has ended it.
#[tokio::test]
async fn a_split_goes_on_on_another_node() {
    for steps in 0..4 {
        let cluster = Cluster::over(Lagging::new());
        let (a, b) = (cluster.node().await, cluster.node().await);
        create(&a, "tab").await.unwrap();
        set_stream(&a, "tab", true).await;
        until(async || (status(&b, "tab").await == TableStatus::Active).then_some(())).await;
        let mut follower = Follower::new(&arn(&b, "tab").await);
        let mut written = 0;
        let mut write_all = async |node: &Node| {
            for pk in ["a", "b", "c", "d", "e", "f"] {
                written += 1;
                write(node, pk, &written.to_string()).await;
            }
            written
        };
        write_all(&a).await;
        a.requests.freeze_after(steps);
        let hot = [Hot { shard: 0, split_at: 1 << 63 }];
        let split = tokio::spawn({
            let service = a.service.clone();
            async move { service.roll_shards(1, &hot).await }
        });
        until(async || (split.is_finished() || a.requests.waiting.load(Ordering::SeqCst) > 0).then_some(())).await;
        a.heartbeats.freeze_after(0);
        a.heartbeats.holds_a_write().await;
        write_all(&b).await;
        cluster.hand.advance_ms(FOR_GOOD_MS);
        until(async || b.service.unready().is_none().then_some(())).await;
        if steps == 0 {
            b.service.roll_shards(1, &hot).await.unwrap();
        }
        until(async || (describe_stream(&b, &follower.stream.arn).await.shards.unwrap().len() == 3).then_some(()))
            .await;
        write_all(&b).await;
        while follower.step(&b).await {}
        assert_eq!(follower.stream.records, 18, "after {steps} steps");

        a.requests.thaw();
        a.heartbeats.thaw();
        until(async || split.is_finished().then_some(())).await;
        until(async || a.service.unready().is_none().then_some(())).await;
        let written = write_all(&a).await;
        while follower.step(&b).await {}
        assert_eq!((follower.stream.records, follower.stream.shard_counts().0), (written, 3), "after {steps} steps");
    }
}
