//! Streams as a reader sees them, on an engine that gives positions late if not stated otherwise, with a manual clock.

mod authors;
mod behind;
mod breaks;
mod chance;
mod deleted;
mod expired;
mod history;
mod reader;
mod splits;
mod steps;

use std::ops::Deref;
use std::sync::Arc;

use api::*;
use base::Clock;
use change_log::lagging::Lagging;
use model::AttributeValue;
use model::limits::{SHARD_ITERATOR_MS, STREAM_RETENTION_MS};
use storage::Consistency;
use storage::Engine;
use storage::Transaction;
use storage::faulty::FaultyEngine;
use tables::Place;
use tables::fixture::{item, n, s};

use crate::service::Settings;
use crate::tests::catalog::stream_reader::{self, From};
use crate::tests::catalog::test_service::TestService;
use crate::tests::catalog::{caller, simple};
use breaks::Breaks;

const START_MS: u64 = 1_700_000_000_500;

/// The engine of a test's rows.
enum Ground {
    Memory,
    Lagging,
    Embedded(tempfile::TempDir),
}

impl Ground {
    fn embedded() -> Ground {
        Ground::Embedded(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> Arc<dyn Engine> {
        match self {
            Ground::Memory => storage::Memory::new(),
            Ground::Lagging => Lagging::new(),
            Ground::Embedded(folder) => {
                storage::Embedded::open(folder.path(), storage::EmbeddedOptions::default()).unwrap()
            }
        }
    }
}

/// A service with one streamed table, `tab`.
struct StreamedTable {
    ground: Ground,
    /// The engine is between the service and the rows.
    table: TestService<FaultyEngine<Breaks>>,
}

impl Deref for StreamedTable {
    type Target = TestService<FaultyEngine<Breaks>>;

    fn deref(&self) -> &Self::Target {
        &self.table
    }
}

/// Hashes that are the same in every run.
async fn settle_secret(rows: &Arc<dyn Engine>) {
    let key = tables::rows::database_settings();
    let settings = serde_json::json!({"format": 1, "hash_secret": tables::fixture::SECRET}).to_string();
    let mut decide = |_: &storage::Reads, batch: &mut storage::Batch| {
        batch.put(key.clone(), settings.clone());
        storage::Decision::Commit
    };
    let keys = [storage::KeyUse::write(key.clone())];
    rows.transact(Transaction {
        op: storage::OpId([0; 16]),
        mode: storage::Mode::Plain,
        keys: &keys,
        decide: &mut decide,
    })
    .await
    .unwrap();
}

impl StreamedTable {
    async fn new(view: StreamViewType) -> StreamedTable {
        StreamedTable::on(Ground::Lagging, view).await
    }

    async fn on(ground: Ground, view: StreamViewType) -> StreamedTable {
        let rows = ground.open();
        settle_secret(&rows).await;
        let engine = FaultyEngine::new(rows, Breaks::default());
        let table = TestService::open(engine, Settings::default(), Clock::manual(START_MS)).await;
        table.create_table(Some(view)).await;
        StreamedTable { ground, table }
    }

    /// Starts the next server. Background work of the old one has no effect any more.
    async fn restart(&mut self) {
        self.engine.faults.stop();
        let rows = match self.ground {
            Ground::Embedded(_) => {
                self.engine.inner.close().await.unwrap();
                self.ground.open()
            }
            _ => self.engine.inner.clone(),
        };
        self.table.restart_on(FaultyEngine::new(rows, Breaks::default())).await;
    }

    async fn put(&self, pk: &str, value: &str) {
        self.table.put(&[("pk", s(pk)), ("v", s(value))]).await;
    }

    async fn delete(&self, pk: &str) {
        let key = item(&[("pk", s(pk))]);
        let request = DeleteItemInput { table_name: "tab".to_owned(), key, ..DeleteItemInput::default() };
        self.service.delete_item(&caller(), request).await.unwrap();
    }

    async fn describe(&self, arn: &str) -> Result<StreamDescription, Exception> {
        stream_reader::describe(&self.service, arn).await
    }

    async fn describe_all(&self, arn: &str) -> Vec<Shard> {
        stream_reader::shards(&self.service, arn).await
    }

    /// The only shard of a stream.
    async fn shard(&self, arn: &str) -> Shard {
        let [shard] = self.describe(arn).await.unwrap().shards.unwrap().try_into().unwrap();
        shard
    }

    /// Waits for background work on a stream that was disabled.
    async fn disabled(&self, arn: &str) -> StreamDescription {
        loop {
            let description = self.describe(arn).await.unwrap();
            if description.stream_status == Some(StreamStatus::Disabled) {
                return description;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn iterator(&self, arn: &str, from: From<'_>) -> Result<String, Exception> {
        self.iterator_of(arn, &self.shard(arn).await, from).await
    }

    async fn iterator_of(&self, arn: &str, shard: &Shard, from: From<'_>) -> Result<String, Exception> {
        stream_reader::iterator(&self.service, arn, shard.shard_id.as_deref().unwrap(), from).await
    }

    async fn read(&self, iterator: &str, limit: Option<i32>) -> Result<GetRecordsOutput, Exception> {
        stream_reader::read(&self.service, iterator, limit).await
    }

    async fn records(&self, arn: &str, from: From<'_>) -> Vec<StreamRecord> {
        let iterator = self.iterator(arn, from).await.unwrap();
        let records = self.read(&iterator, None).await.unwrap().records.unwrap();
        records.into_iter().map(|record| record.dynamodb.unwrap()).collect()
    }

    async fn keys(&self, arn: &str, from: From<'_>) -> Vec<String> {
        self.records(arn, from).await.iter().map(key).collect()
    }
}

fn key(record: &StreamRecord) -> String {
    match record.keys.clone().unwrap().into_attributes().get("pk") {
        Some(AttributeValue::S(text)) => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn text(image: &Option<model::Item>) -> Option<String> {
    let attributes = image.clone()?.into_attributes();
    let AttributeValue::S(text) = attributes.get("v")? else { panic!("another type") };
    Some(text.clone())
}

#[tokio::test]
async fn changes_are_told_once_as_the_view_type_shows_them() {
    use StreamViewType::*;
    for (view, wants_old, wants_new) in
        [(KeysOnly, false, false), (OldImage, true, false), (NewImage, false, true), (NewAndOldImages, true, true)]
    {
        let streamed = StreamedTable::new(view).await;
        streamed.put("a", "1").await;
        streamed.put("a", "2").await;
        streamed.put("a", "2").await;
        streamed.delete("a").await;
        streamed.delete("a").await;
        let arn = streamed.arn().await;
        let iterator = streamed.iterator(&arn, From::Horizon).await.unwrap();
        let page = streamed.read(&iterator, None).await.unwrap();
        assert!(page.next_shard_iterator.is_some());
        let records = page.records.unwrap();
        let events: Vec<_> = records.iter().map(|record| record.event_name.unwrap()).collect();
        assert_eq!(events, [OperationType::Insert, OperationType::Modify, OperationType::Remove]);
        let expected = [(None, Some("1")), (Some("1"), Some("2")), (Some("2"), None)];
        for (record, (old, new)) in records.iter().zip(expected) {
            let shown = record.dynamodb.as_ref().unwrap();
            let old = old.filter(|_| wants_old);
            let new = new.filter(|_| wants_new);
            assert_eq!((text(&shown.old_image).as_deref(), text(&shown.new_image).as_deref()), (old, new));
            // Keys are pk and "a": 3 bytes; images have 2 more for v and its value.
            let images = i64::from(old.is_some()) + i64::from(new.is_some());
            assert_eq!((key(shown).as_str(), shown.size_bytes), ("a", Some(3 + 5 * images)));
            assert_eq!(shown.approximate_creation_date_time, Some(Timestamp { epoch_ms: 1_700_000_000_000 }));
            assert_eq!(record.user_identity, None);
        }
        let ids: std::collections::BTreeSet<_> = records.iter().map(|record| record.event_id.clone()).collect();
        assert_eq!(ids.len(), 3);
    }
}

#[tokio::test]
async fn every_way_to_write_leaves_records() {
    let streamed = StreamedTable::new(StreamViewType::NewImage).await;
    let (service, caller) = (&streamed.service, caller());
    let write = |pk: &str| WriteRequest {
        put_request: Some(Box::new(PutRequest { item: item(&[("pk", s(pk))]) })),
        delete_request: None,
    };
    let batch = [("tab".to_owned(), vec![write("b"), write("c")])].into();
    let batch = BatchWriteItemInput { request_items: batch, ..BatchWriteItemInput::default() };
    service.batch_write_item(&caller, batch).await.unwrap();
    let update = Update {
        table_name: "tab".to_owned(),
        key: item(&[("pk", s("u"))]),
        update_expression: "ADD x :one".to_owned(),
        expression_attribute_values: Some(item(&[(":one", n("1"))])),
        ..Update::default()
    };
    let check = ConditionCheck {
        table_name: "tab".to_owned(),
        key: item(&[("pk", s("b"))]),
        condition_expression: "attribute_exists(pk)".to_owned(),
        ..ConditionCheck::default()
    };
    let actions = vec![
        TransactWriteItem { update: Some(Box::new(update)), ..TransactWriteItem::default() },
        TransactWriteItem { condition_check: Some(Box::new(check)), ..TransactWriteItem::default() },
    ];
    let transaction = TransactWriteItemsInput {
        transact_items: actions,
        client_request_token: Some("once".to_owned()),
        ..TransactWriteItemsInput::default()
    };
    for _ in 0..2 {
        service.transact_write_items(&caller, transaction.clone()).await.unwrap();
    }
    let key = item(&[("pk", s("bare"))]);
    let bare = UpdateItemInput { table_name: "tab".to_owned(), key, ..UpdateItemInput::default() };
    for _ in 0..2 {
        service.update_item(&caller, bare.clone()).await.unwrap();
    }
    let statement = "INSERT INTO tab VALUE {'pk': 'p'}".to_owned();
    let statement = ExecuteStatementInput { statement, ..ExecuteStatementInput::default() };
    service.execute_statement(&caller, statement).await.unwrap();
    let refused = PutItemInput {
        table_name: "tab".to_owned(),
        item: item(&[("pk", s("b")), ("v", s("other"))]),
        condition_expression: Some("attribute_not_exists(pk)".to_owned()),
        ..PutItemInput::default()
    };
    service.put_item(&caller, refused).await.unwrap_err();
    assert_eq!(streamed.keys(&streamed.arn().await, From::Horizon).await, ["b", "c", "u", "bare", "p"]);
}

#[tokio::test]
async fn iterators_point_where_they_are_asked_to() {
    let mut streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    let arn = streamed.arn().await;
    let shard = streamed.shard(&arn).await;
    let range = shard.sequence_number_range.unwrap();
    let first = range.starting_sequence_number.unwrap();
    assert_eq!(range.ending_sequence_number, None);
    // Nothing has come yet: its number is known already.
    let early = streamed.iterator(&arn, From::At(&first)).await.unwrap();
    for pk in ["a", "b", "c"] {
        streamed.put(pk, "1").await;
        streamed.hand.advance_ms(1_000);
    }
    let latest = streamed.iterator(&arn, From::Latest).await.unwrap();
    streamed.put("d", "1").await;
    streamed.restart().await;

    let sequences: Vec<String> =
        streamed.records(&arn, From::Horizon).await.into_iter().map(|record| record.sequence_number.unwrap()).collect();
    assert_eq!(sequences[0], first);
    assert!(sequences.is_sorted() && sequences.iter().all(|sequence| sequence.len() == 21));
    let start = START_MS as i64;
    for (from, expected) in [
        (From::Horizon, &["a", "b", "c", "d"][..]),
        (From::Latest, &[]),
        (From::At(&sequences[1]), &["b", "c", "d"]),
        (From::After(&sequences[1]), &["c", "d"]),
        (From::After(&sequences[3]), &[]),
        (From::Time(0), &["a", "b", "c", "d"]),
        (From::Time(start), &["a", "b", "c", "d"]),
        (From::Time(start + 1), &["b", "c", "d"]),
        (From::Time(start + 2_000), &["c", "d"]),
        (From::Time(start + 3_000), &["d"]),
    ] {
        assert_eq!(streamed.keys(&arn, from).await, expected);
    }
    for (iterator, expected) in [(early, 4), (latest, 1)] {
        assert_eq!(streamed.read(&iterator, None).await.unwrap().records.unwrap().len(), expected);
    }
    let beyond = "100000000000000000005";
    for (from, text) in [
        (From::At(beyond), "Invalid SequenceNumber"),
        (From::After("100000000000000000000"), "Invalid SequenceNumber"),
        (From::Time(i64::MAX), "Timestamp must not be in the future"),
    ] {
        assert_eq!(streamed.iterator(&arn, from).await, Err(Exception::validation(text)));
    }
}

#[tokio::test]
async fn pages_follow_one_another() {
    let streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    let arn = streamed.arn().await;
    for at in 0..5 {
        streamed.put(&format!("{at}"), "1").await;
    }
    let mut iterator = streamed.iterator(&arn, From::Horizon).await.unwrap();
    let mut counts = Vec::new();
    for _ in 0..4 {
        let page = streamed.read(&iterator, Some(2)).await.unwrap();
        counts.push(page.records.unwrap().len());
        iterator = page.next_shard_iterator.expect("an open shard goes on");
    }
    assert_eq!(counts, [2, 2, 1, 0]);
    assert!(streamed.read(&iterator, Some(1_001)).await.is_err());
}

#[tokio::test]
async fn a_page_holds_up_to_a_megabyte() {
    let streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    for value in ["x", "y", "z"] {
        streamed.put("a", &value.repeat(390_000)).await;
    }
    let iterator = streamed.iterator(&streamed.arn().await, From::Horizon).await.unwrap();
    let page = streamed.read(&iterator, None).await.unwrap();
    assert_eq!(page.records.unwrap().len(), 1, "the second record has two images");
    let page = streamed.read(&page.next_shard_iterator.unwrap(), None).await.unwrap();
    assert_eq!(page.records.unwrap().len(), 1);
}

#[tokio::test]
async fn old_iterators_and_old_records_go() {
    let streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    let arn = streamed.arn().await;
    streamed.put("a", "1").await;
    streamed.hand.advance_ms(1);
    streamed.put("b", "1").await;
    let iterator = streamed.iterator(&arn, From::Horizon).await.unwrap();
    streamed.hand.advance_ms(SHARD_ITERATOR_MS + 1);
    assert!(matches!(streamed.read(&iterator, None).await, Err(Exception::ExpiredIterator(_))));
    let first = streamed.records(&arn, From::Horizon).await[0].sequence_number.clone().unwrap();

    streamed.hand.advance_ms(STREAM_RETENTION_MS - SHARD_ITERATOR_MS - 2);
    let kept = streamed.iterator(&arn, From::Horizon).await.unwrap();
    streamed.service.trim_logs().await;
    assert_eq!(streamed.keys(&arn, From::Horizon).await, ["b"], "one is a day old, the other a millisecond less");
    assert!(matches!(streamed.read(&kept, None).await, Err(Exception::TrimmedDataAccess(_))));
    assert!(matches!(streamed.iterator(&arn, From::At(&first)).await, Err(Exception::TrimmedDataAccess(_))));
    assert_eq!(streamed.keys(&arn, From::After(&first)).await, ["b"]);

    streamed.hand.advance_ms(1);
    streamed.service.trim_logs().await;
    assert_eq!(streamed.keys(&arn, From::Horizon).await, [""; 0]);
    streamed.put("c", "1").await;
    let next = streamed.records(&arn, From::Horizon).await;
    assert_eq!(next[0].sequence_number.as_deref(), Some("100000000000000000003"), "no number is given twice");
    assert_eq!(streamed.shard(&arn).await.sequence_number_range.unwrap().starting_sequence_number, Some(first));
}

#[tokio::test]
async fn a_disabled_stream_is_read_for_a_day() {
    let mut streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    let old = streamed.arn().await;
    streamed.put("a", "1").await;
    streamed.put("b", "1").await;
    streamed.set_stream(None).await;
    streamed.put("unseen", "1").await;
    let description = streamed.disabled(&old).await;
    let range = description.shards.unwrap()[0].sequence_number_range.clone().unwrap();
    assert_eq!(range.ending_sequence_number.as_deref(), Some("100000000000000000002"));

    streamed.hand.advance_ms(10);
    streamed.set_stream(Some(StreamViewType::NewImage)).await;
    let new = streamed.arn().await;
    assert_ne!(old, new);
    streamed.put("c", "1").await;
    streamed.restart().await;
    assert_eq!(streamed.keys(&new, From::Horizon).await, ["c"]);

    // A closed shard ends.
    let iterator = streamed.iterator(&old, From::Horizon).await.unwrap();
    let page = streamed.read(&iterator, Some(1)).await.unwrap();
    let page = streamed.read(&page.next_shard_iterator.unwrap(), Some(1)).await.unwrap();
    assert_eq!((page.records.unwrap().len(), page.next_shard_iterator), (1, None));
    let end = streamed.iterator(&old, From::Latest).await.unwrap();
    assert_eq!(streamed.read(&end, None).await.unwrap().next_shard_iterator, None);

    let newest = streamed.shard(&new).await.shard_id;
    let request =
        DescribeStreamInput { stream_arn: old.clone(), exclusive_start_shard_id: newest, ..Default::default() };
    let page = streamed.service.describe_stream(&caller(), request).await.unwrap().stream_description.unwrap();
    assert_eq!((page.shards, page.stream_status), (Some(vec![]), Some(StreamStatus::Disabled)));

    let streams = |after: Option<&str>, limit| ListStreamsInput {
        table_name: Some("tab".to_owned()),
        exclusive_start_stream_arn: after.map(str::to_owned),
        limit,
    };
    let page = streamed.service.list_streams(&caller(), streams(None, Some(1))).await.unwrap();
    assert_eq!(page.last_evaluated_stream_arn.as_deref(), Some(old.as_str()));
    let page = streamed.service.list_streams(&caller(), streams(Some(&old), Some(1))).await.unwrap();
    let arns: Vec<_> = page.streams.unwrap().into_iter().map(|stream| stream.stream_arn.unwrap()).collect();
    assert_eq!((arns, page.last_evaluated_stream_arn), (vec![new.clone()], None));

    streamed.hand.advance_ms(STREAM_RETENTION_MS);
    streamed.service.trim_logs().await;
    assert!(matches!(streamed.describe(&old).await, Err(Exception::ResourceNotFound(_))));
    assert_eq!(streamed.describe(&new).await.unwrap().stream_status, Some(StreamStatus::Enabled));
    let left = streamed.engine.view(Consistency::Strong).await.unwrap();
    let shards = change_log::Shard::list(&*left, 1, 0, u32::MAX).await.unwrap();
    assert_eq!(shards.iter().map(|shard| shard.number).collect::<Vec<_>>(), [1]);
    let head = storage::log::head(tables::rows::log(1, 0));
    assert_eq!(streamed.engine.get(&head, Consistency::Strong).await, Ok(None), "nothing of the old shard is left");
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    let arn = streamed.arn().await;
    for (other, text) in [
        ("arn:aws:dynamodb:us-east-1:000000000000:table/tab", "Invalid StreamArn"),
        ("arn:aws:dynamodb:us-east-1:000000000000:table/tab/index/x", "Invalid StreamArn"),
        (
            "arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/1",
            "Requested resource not found: Stream: \
             arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/1 not found",
        ),
    ] {
        assert_eq!(streamed.describe(other).await.unwrap_err().to_string(), text);
    }
    let request = GetShardIteratorInput {
        stream_arn: arn.clone(),
        shard_id: "shardId-00000000000000000000-00000000".to_owned(),
        shard_iterator_type: ShardIteratorType::Latest,
        sequence_number: None,
        timestamp: None,
    };
    let missing = streamed.service.get_shard_iterator(&caller(), request).await;
    assert!(matches!(missing, Err(Exception::ResourceNotFound(_))));
    let made_up = streamed.read("arn|1|AAAA", None).await;
    assert_eq!(made_up, Err(Exception::validation("Invalid ShardIterator")));
}

#[tokio::test]
async fn a_table_that_nobody_follows_leaves_no_records() {
    let mut streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    streamed.service.create_table(&caller(), simple("plain")).await.unwrap();
    let item = item(&[("pk", s("a"))]);
    let request = PutItemInput { table_name: "plain".to_owned(), item, ..PutItemInput::default() };
    streamed.service.put_item(&caller(), request).await.unwrap();
    streamed.restart().await;
    let range = storage::ScanRange::whole(storage::Family::Log, 10, 1_000);
    assert_eq!(streamed.engine.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap().rows, []);
}

/// Changes a table's stored definition, as another version or an interrupted server would have left it.
async fn rewrite(streamed: &StreamedTable, change: impl Fn(&mut serde_json::Value) + Sync) {
    let definition = tables::rows::definition(1);
    let mut decide = |reads: &storage::Reads, batch: &mut storage::Batch| {
        let mut value = serde_json::from_slice(reads.values[0].as_ref().unwrap()).unwrap();
        change(&mut value);
        batch.put(definition.clone(), value.to_string());
        storage::Decision::Commit
    };
    let keys = [storage::KeyUse::write(definition.clone())];
    let op = storage::OpId([0; 16]);
    streamed
        .engine
        .transact(Transaction { op, mode: storage::Mode::Plain, keys: &keys, decide: &mut decide })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_table_that_was_followed_before_there_was_a_log_gets_one() {
    let mut streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    rewrite(&streamed, |definition| {
        let members = definition.as_object_mut().unwrap();
        members.remove("log");
        members.remove("past_streams");
        let stream = &members["stream"];
        members["stream"] = serde_json::json!({"label": stream["label"], "view": stream["view"], "enabled": true});
    })
    .await;
    streamed.engine.destroy(storage::Family::Catalog, tables::rows::shard(1, 0).bytes).await.unwrap();
    streamed.restart().await;
    let arn = streamed.arn().await;
    while streamed.describe(&arn).await.unwrap().shards.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    streamed.put("a", "1").await;
    assert_eq!(streamed.keys(&arn, From::Horizon).await, ["a"]);
}

#[tokio::test]
async fn a_shard_that_was_being_closed_is_closed_by_the_next_server() {
    let mut streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    let arn = streamed.arn().await;
    streamed.put("a", "1").await;
    rewrite(&streamed, |definition| {
        definition["stream"]["enabled"] = false.into();
        definition["stream"]["disabled_ms"] = START_MS.into();
        definition["stream"]["end_shard"] = 1.into();
        definition["log"] = serde_json::json!({"next_shard": 1, "open": [], "closing": [0]});
    })
    .await;
    streamed.restart().await;
    let shards = streamed.disabled(&arn).await.shards.unwrap();
    let end = shards[0].sequence_number_range.clone().unwrap().ending_sequence_number;
    assert_eq!(end.as_deref(), Some("100000000000000000001"));
}
