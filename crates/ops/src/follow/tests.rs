//! A consumer of a table, on an engine that gives positions late, with a manual clock.

mod consumers;
mod history;

use std::ops::Deref;

use api::{DeleteTableInput, OperationType, PutItemInput, Record, StreamViewType};
use base::Clock;
use change_log::{Shard, lagging::Lagging};
use model::AttributeValue;
use model::limits::STREAM_RETENTION_MS;
use storage::Consistency;
use storage::Engine;
use tables::fixture::{item, s};

use super::*;
use crate::kinesis_streaming_destination::tests::{STREAM, asked, deliver};
use crate::service::{Service, Settings};
use crate::tests::catalog::stream_reader::{self, StreamReader};
use crate::tests::catalog::test_service::TestService;
use crate::tests::catalog::{caller, open, simple};

const BOUNDS: Bounds = Bounds { records_max: 3, bytes_max: 1 << 20 };

/// A service with one table, `tab`, and a consumer of it.
struct ConsumedTable {
    table: TestService<Lagging>,
    consumer: Consumer,
}

impl Deref for ConsumedTable {
    type Target = TestService<Lagging>;

    fn deref(&self) -> &TestService<Lagging> {
        &self.table
    }
}

impl ConsumedTable {
    /// A table that is delivered to Kinesis.
    async fn new() -> ConsumedTable {
        let consumed = ConsumedTable::unfollowed().await;
        consumed.service.enable_kinesis_streaming_destination(&caller(), asked(STREAM)).await.unwrap();
        let consumer = deliver(&consumed.service, Ok(())).await.consumer;
        ConsumedTable { consumer, ..consumed }
    }

    /// A table whose log has no consumer yet.
    async fn unfollowed() -> ConsumedTable {
        let clock = Clock::manual(1_700_000_000_500);
        let table = TestService::open(Lagging::new(), Settings::default(), clock).await;
        table.service.reaches_kinesis();
        table.create_table(None).await;
        put(&table.service, "before", "it was followed").await;
        let consumer = Consumer { table_id: 1, name: String::new(), of: Followed::Table };
        ConsumedTable { table, consumer }
    }

    async fn restart(&mut self) {
        self.table.restart().await;
        self.service.reaches_kinesis();
    }

    async fn ready(&self) -> Vec<Cursor> {
        self.service.ready(&self.consumer).await.unwrap().cursors
    }

    async fn poll_changes(&self, cursor: Cursor) -> Batch {
        self.service.poll_changes(&self.consumer, cursor, BOUNDS).await.unwrap()
    }

    async fn checkpoint(&self, cursor: Cursor) -> Result<(), FollowError> {
        let lease = self.service.acquire_lease(&self.consumer).await.unwrap().unwrap();
        self.service.checkpoint(&self.consumer, &lease, cursor).await
    }

    /// Rolls the log if it is due, and waits until the old shard has its end.
    async fn roll(&self) {
        self.service.roll_logs().await;
        self.rolled().await;
    }

    async fn split(&self) {
        self.table.split().await.unwrap();
        self.rolled().await;
    }

    /// The values of a stream's records.
    async fn stream(&self, arn: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut reader = StreamReader::new(arn, stream_reader::Start::Horizon, 0);
        reader.drain(&self.service, |record| found.push(value(record))).await;
        found
    }
}

async fn put(service: &Service, pk: &str, value: &str) {
    let item = item(&[("pk", s(pk)), ("v", s(value))]);
    let request = PutItemInput { table_name: "tab".to_owned(), item, ..PutItemInput::default() };
    service.put_item(&caller(), request).await.unwrap();
}

fn text(image: Option<&model::Item>, name: &str) -> String {
    match image.unwrap().view().get(name).unwrap().to_owned() {
        AttributeValue::S(text) => text,
        other => panic!("{other:?}"),
    }
}

/// The `v` of a change's newest image.
fn value(record: &Record) -> String {
    let shown = record.dynamodb.as_ref().unwrap();
    text(shown.new_image.as_ref().or(shown.old_image.as_ref()), "v")
}

fn values(batch: &Batch) -> Vec<String> {
    batch.changes.iter().map(|change| value(&change.record)).collect()
}

#[tokio::test]
async fn what_is_saved_is_not_read_again_and_the_rest_is() {
    let mut consumed = ConsumedTable::new().await;
    for at in 0..5 {
        put(&consumed.service, "a", &at.to_string()).await;
    }
    let [cursor] = consumed.ready().await.try_into().unwrap();
    let batch = consumed.poll_changes(cursor).await;
    assert_eq!((values(&batch), batch.lost, batch.ended), (vec!["0".into(), "1".into(), "2".into()], 0, false));
    let record = &batch.changes[1].record;
    assert_eq!(record.event_name, Some(OperationType::Modify));
    assert_eq!(text(record.dynamodb.as_ref().unwrap().old_image.as_ref(), "v"), "0");
    assert_eq!(batch.changes[0].item, batch.changes[1].item);
    consumed.checkpoint(batch.cursor_after(2)).await.unwrap();
    consumed.restart().await;
    let [cursor] = consumed.ready().await.try_into().unwrap();
    let batch = consumed.poll_changes(cursor).await;
    assert_eq!(values(&batch), ["2", "3", "4"]);
    let end = batch.cursor_after(9);
    assert_eq!((end, values(&consumed.poll_changes(end).await)), (batch.cursor_after(3), Vec::new()));
}

#[tokio::test]
async fn raw_records_have_all_of_a_change() {
    let consumed = ConsumedTable::new().await;
    put(&consumed.service, "a", "1").await;
    consumed.hand.advance_ms(7);
    put(&consumed.service, "a", "2").await;
    let [cursor] = consumed.ready().await.try_into().unwrap();
    let (consumer, now_ms) = (&consumed.consumer, consumed.clock.now_ms());
    let raw = consumed.service.poll(consumer, cursor, BOUNDS).await.unwrap();
    let shown = consumed.poll_changes(cursor).await;
    let table = consumed.service.catalog.by_id(1).unwrap();
    let key = tables::rows::ItemKey::of(&consumed.service.secret, &table, item(&[("pk", s("a"))]).view()).unwrap();
    let value =
        |image: &Option<model::codec::row::StoredItem>| image.as_ref().map(|image| text(Some(&image.item()), "v"));
    let of = |record: &LogRecord| {
        assert_eq!((record.author, record.stamp), (Author::Client, None));
        assert_eq!(record.key_hash, tables::hash_range::leading(&key.partition));
        (record.position, record.created_ms, value(&record.before), value(&record.after))
    };
    let expected =
        [(1, now_ms - 7, None, Some("1".to_owned())), (2, now_ms, Some("1".to_owned()), Some("2".to_owned()))];
    assert_eq!(raw.changes.iter().map(of).collect::<Vec<_>>(), expected);
    assert_eq!(values(&shown), ["1", "2"]);
    for taken in 0..4 {
        assert_eq!(raw.cursor_after(taken), shown.cursor_after(taken));
    }
}

#[tokio::test]
async fn a_consumer_that_was_forgotten_leaves_nothing_behind() {
    let consumed = ConsumedTable::new().await;
    put(&consumed.service, "a", "1").await;
    let [cursor] = consumed.ready().await.try_into().unwrap();
    consumed.service.forget_consumer(&consumed.consumer).await.unwrap();
    assert_eq!(consumed.checkpoint(cursor).await, Err(FollowError::Gone));
    let view = consumed.engine.view(Consistency::Strong).await.unwrap();
    assert_eq!(position::all(&*view, &consumed.consumer).await.unwrap().next, None);
}

#[tokio::test]
async fn followers_begin_where_they_are_asked_to() {
    let consumed = ConsumedTable::new().await;
    put(&consumed.service, "a", "1").await;
    consumed.hand.advance_ms(10);
    put(&consumed.service, "a", "2").await;
    let middle_ms = consumed.clock.now_ms();
    for (name, start, expected) in [
        ("horizon", Start::TrimHorizon, vec!["1", "2", "3"]),
        ("time", Start::At { epoch_ms: middle_ms }, vec!["2", "3"]),
        ("latest", Start::Latest, vec!["3"]),
    ] {
        let consumer = Consumer { name: name.to_owned(), ..consumed.consumer.clone() };
        let retention = Retention::Age { ms: STREAM_RETENTION_MS };
        let own = LogConsumer::new(name.to_owned(), start, ConsumerNeeds::Images, retention);
        consumed.service.add_log_consumer(1, own).await.unwrap();
        let lease = consumed.service.acquire_lease(&consumer).await.unwrap().unwrap();
        assert_eq!(consumed.service.ready(&consumer).await, Err(FollowError::Gone));
        assert_eq!(consumed.service.initialize(&consumer, &lease, start).await, Ok(true));
        if name == "latest" {
            put(&consumed.service, "a", "3").await;
        }
        // Only the first one counts.
        assert_eq!(consumed.service.initialize(&consumer, &lease, Start::Latest).await, Ok(true));
        let [cursor] = consumed.service.ready(&consumer).await.unwrap().cursors.try_into().unwrap();
        let found = consumed.service.poll_changes(&consumer, cursor, BOUNDS).await.unwrap();
        let expected: Vec<&str> = expected.into_iter().filter(|value| *value != "3" || name == "latest").collect();
        assert_eq!(values(&found), expected, "{name}");
    }
}

#[tokio::test]
async fn a_stream_begins_and_ends_within_a_log_that_goes_on() {
    let consumed = ConsumedTable::new().await;
    put(&consumed.service, "a", "1").await;
    consumed.set_stream(Some(StreamViewType::NewAndOldImages)).await;
    let first = consumed.arn().await;
    put(&consumed.service, "a", "2").await;
    consumed.set_stream(None).await;
    put(&consumed.service, "a", "3").await;
    consumed.hand.advance_ms(1);
    consumed.set_stream(Some(StreamViewType::NewAndOldImages)).await;
    let second = consumed.arn().await;
    put(&consumed.service, "a", "4").await;
    assert_eq!(
        (consumed.stream(&first).await, consumed.stream(&second).await),
        (vec!["2".to_owned()], vec!["4".to_owned()])
    );
    let (mut all, mut shards) = (Vec::new(), 0);
    while all.len() < 4 {
        let [cursor] = consumed.ready().await.try_into().unwrap();
        let batch = consumed.poll_changes(cursor).await;
        all.extend(values(&batch));
        shards += usize::from(batch.ended);
        consumed.checkpoint(batch.cursor_after(9)).await.unwrap();
    }
    assert_eq!((all, shards), (vec!["1".to_owned(), "2".into(), "3".into(), "4".into()], 3));
}

#[tokio::test]
async fn a_stream_that_was_disabled_is_read_to_its_end() {
    let consumed = ConsumedTable::new().await;
    consumed.set_stream(Some(StreamViewType::KeysOnly)).await;
    let arn = consumed.arn().await;
    let label = arn.rsplit_once('/').unwrap().1.to_owned();
    let consumer = Consumer { table_id: 1, name: "function".to_owned(), of: Followed::Stream { label } };
    let lease = consumed.service.acquire_lease(&consumer).await.unwrap().unwrap();
    assert_eq!(consumed.service.initialize(&consumer, &lease, Start::TrimHorizon).await, Ok(true));
    put(&consumed.service, "a", "1").await;
    consumed.set_stream(None).await;
    put(&consumed.service, "a", "2").await;
    let ready = consumed.service.ready(&consumer).await.unwrap();
    let [cursor] = ready.cursors.try_into().unwrap();
    let batch = consumed.service.poll_changes(&consumer, cursor, BOUNDS).await.unwrap();
    assert_eq!((batch.changes.len(), batch.ended, ready.finished), (1, true, false));
    let shown = batch.changes[0].record.dynamodb.as_ref().unwrap();
    assert_eq!((&shown.new_image, shown.stream_view_type), (&None, Some(StreamViewType::KeysOnly)));
    consumed.service.checkpoint(&consumer, &lease, batch.cursor_after(1)).await.unwrap();
    assert_eq!(consumed.service.ready(&consumer).await, Ok(Ready { cursors: Vec::new(), finished: true }));
}

#[tokio::test]
async fn a_stream_is_read_to_its_end_after_its_table_is_deleted() {
    let consumed = ConsumedTable::new().await;
    consumed.set_stream(Some(StreamViewType::NewImage)).await;
    let arn = consumed.arn().await;
    let label = arn.rsplit_once('/').unwrap().1.to_owned();
    let consumer = Consumer { table_id: 1, name: "function".to_owned(), of: Followed::Stream { label } };
    let lease = consumed.service.acquire_lease(&consumer).await.unwrap().unwrap();
    assert_eq!(consumed.service.initialize(&consumer, &lease, Start::TrimHorizon).await, Ok(true));
    put(&consumed.service, "a", "1").await;
    let request = DeleteTableInput { table_name: "tab".to_owned() };
    consumed.service.delete_table(&caller(), request).await.unwrap();
    while consumed.service.catalog.by_id(1).is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(consumed.service.ready(&consumed.consumer).await, Err(FollowError::Gone));
    let [cursor] = consumed.service.ready(&consumer).await.unwrap().cursors.try_into().unwrap();
    let batch = consumed.service.poll_changes(&consumer, cursor, BOUNDS).await.unwrap();
    assert_eq!((values(&batch), batch.ended), (vec!["1".to_owned()], true));
    consumed.service.checkpoint(&consumer, &lease, batch.cursor_after(1)).await.unwrap();
    assert!(consumed.service.ready(&consumer).await.unwrap().finished);
}

#[tokio::test]
async fn what_was_trimmed_is_counted_as_lost() {
    let consumed = ConsumedTable::new().await;
    for at in 0..4 {
        put(&consumed.service, "a", &at.to_string()).await;
    }
    let [cursor] = consumed.ready().await.try_into().unwrap();
    consumed.checkpoint(consumed.poll_changes(cursor).await.cursor_after(1)).await.unwrap();
    consumed.hand.advance_ms(STREAM_RETENTION_MS);
    put(&consumed.service, "a", "new").await;
    consumed.service.trim_logs().await;
    let [cursor] = consumed.ready().await.try_into().unwrap();
    let batch = consumed.poll_changes(cursor).await;
    assert_eq!((values(&batch), batch.lost), (vec!["new".to_owned()], 3));
}

#[tokio::test]
async fn positions_go_with_their_shards() {
    let consumed = ConsumedTable::new().await;
    for at in 0..3 {
        put(&consumed.service, "a", &at.to_string()).await;
        let [cursor] = consumed.ready().await.try_into().unwrap();
        consumed.checkpoint(consumed.poll_changes(cursor).await.cursor_after(9)).await.unwrap();
        consumed.hand.advance_ms(STREAM_RETENTION_MS);
        consumed.roll().await;
        let [last] = consumed.ready().await.try_into().unwrap();
        assert_ne!(last.shard, cursor.shard);
        consumed.hand.advance_ms(STREAM_RETENTION_MS);
        consumed.service.trim_logs().await;
        let cursors = consumed.ready().await;
        let view = consumed.engine.view(Consistency::Strong).await.unwrap();
        let positions = position::all(&*view, &consumed.consumer).await.unwrap().next.unwrap();
        assert!(!positions.contains_key(&cursor.shard) && cursors.len() == 1, "{positions:?}");
    }
}

#[tokio::test]
async fn a_table_without_consumers_has_no_log() {
    let service = open(&storage::Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    put(&service, "a", "1").await;
    let log = &service.catalog.by_id(1).unwrap().definition.log;
    assert_eq!((log.next_shard, log.open.len()), (0, 0));
    assert!(service.kinesis_destinations().is_empty());
}
