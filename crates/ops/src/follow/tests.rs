//! A consumer of a table, on an engine that gives positions late, with a manual clock.

mod consumers;
mod history;

use std::sync::Arc;

use api::{
    DeleteTableInput, DescribeStreamInput, GetRecordsInput, GetShardIteratorInput, OperationType, PutItemInput, Record,
    ShardIteratorType, StreamSpecification, StreamViewType, UpdateTableInput,
};
use base::{Clock, ManualClock};
use change_log::{Hot, Shard, lagging::Lagging};
use model::AttributeValue;
use model::limits::STREAM_RETENTION_MS;
use storage::Consistency;
use storage::Engine;
use tables::fixture::{item, s};

use super::*;
use crate::kinesis_streaming_destination::tests::{STREAM, asked, deliver};
use crate::service::{Service, Settings};
use crate::tests::catalog::{caller, describe, open, simple};

const BOUNDS: Bounds = Bounds { records_max: 3, bytes_max: 1 << 20 };

/// A server with one table, `tab`, and a consumer of it.
struct House {
    engine: Arc<Lagging>,
    service: Arc<Service>,
    clock: Clock,
    hand: ManualClock,
    consumer: Consumer,
}

async fn serve(engine: &Arc<Lagging>, clock: &Clock) -> Arc<Service> {
    let settings = Settings::default();
    let service = Service::open(engine.clone(), settings, clock.clone()).await.unwrap();
    service.reaches_kinesis();
    service
}

impl House {
    /// A table that is delivered to Kinesis.
    async fn new() -> House {
        let house = House::unfollowed().await;
        house.service.enable_kinesis_streaming_destination(&caller(), asked(STREAM)).await.unwrap();
        let consumer = deliver(&house.service, Ok(())).await.consumer;
        House { consumer, ..house }
    }

    /// A table whose log has no consumer yet.
    async fn unfollowed() -> House {
        let (clock, hand) = Clock::manual(1_700_000_000_500);
        let engine = Lagging::new();
        let service = serve(&engine, &clock).await;
        service.create_table(&caller(), simple("tab")).await.unwrap();
        put(&service, "before", "it was followed").await;
        let consumer = Consumer { table_id: 1, name: String::new(), of: Followed::Table };
        House { engine, service, clock, hand, consumer }
    }

    async fn restart(&mut self) {
        self.service = serve(&self.engine, &self.clock).await;
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

    async fn set_stream(&self, view: Option<StreamViewType>) {
        let stream_specification = Some(StreamSpecification { stream_enabled: view.is_some(), stream_view_type: view });
        let request = UpdateTableInput { table_name: "tab".to_owned(), stream_specification, ..Default::default() };
        self.service.update_table(&caller(), request).await.unwrap();
    }

    /// Rolls the log if it is due, and waits until the old shard has its end.
    async fn roll(&self) {
        self.service.roll_logs().await;
        self.rolled().await;
    }

    async fn split(&self) {
        let view = self.engine.view(Consistency::Strong).await.unwrap();
        let mut open = Shard::list(&*view, 1, 0, u32::MAX).await.unwrap();
        open.retain(|shard| shard.closed.is_none());
        let newest = open.pop().unwrap();
        let split_at = newest.hashes.first + (newest.hashes.last - newest.hashes.first) / 2;
        self.service.roll_shards(1, &[Hot { shard: newest.number, split_at }]).await.unwrap();
        self.rolled().await;
    }

    async fn rolled(&self) {
        while !self.service.catalog.by_id(1).unwrap().definition.log.rolling.is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// The records of a stream's shards, one shard after the other.
    async fn stream(&self, arn: &str) -> Vec<String> {
        let request = DescribeStreamInput { stream_arn: arn.to_owned(), ..DescribeStreamInput::default() };
        let described = self.service.describe_stream(&caller(), request).await.unwrap().stream_description.unwrap();
        let mut found = Vec::new();
        for shard in described.shards.unwrap() {
            let request = GetShardIteratorInput {
                stream_arn: arn.to_owned(),
                shard_id: shard.shard_id.unwrap(),
                shard_iterator_type: ShardIteratorType::TrimHorizon,
                sequence_number: None,
                timestamp: None,
            };
            let found_at = self.service.get_shard_iterator(&caller(), request).await.unwrap();
            let request = GetRecordsInput { shard_iterator: found_at.shard_iterator.unwrap(), limit: None };
            let page = self.service.get_records(&caller(), request).await.unwrap();
            found.extend(page.records.unwrap().iter().map(value));
        }
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
    let mut house = House::new().await;
    for at in 0..5 {
        put(&house.service, "a", &at.to_string()).await;
    }
    let [cursor] = house.ready().await.try_into().unwrap();
    let batch = house.poll_changes(cursor).await;
    assert_eq!((values(&batch), batch.lost, batch.ended), (vec!["0".into(), "1".into(), "2".into()], 0, false));
    let record = &batch.changes[1].record;
    assert_eq!(record.event_name, Some(OperationType::Modify));
    assert_eq!(text(record.dynamodb.as_ref().unwrap().old_image.as_ref(), "v"), "0");
    assert_eq!(batch.changes[0].item, batch.changes[1].item);
    house.checkpoint(batch.cursor_after(2)).await.unwrap();
    house.restart().await;
    let [cursor] = house.ready().await.try_into().unwrap();
    let batch = house.poll_changes(cursor).await;
    assert_eq!(values(&batch), ["2", "3", "4"]);
    let end = batch.cursor_after(9);
    assert_eq!((end, values(&house.poll_changes(end).await)), (batch.cursor_after(3), Vec::new()));
}

#[tokio::test]
async fn raw_records_have_all_of_a_change() {
    let house = House::new().await;
    put(&house.service, "a", "1").await;
    house.hand.advance_ms(7);
    put(&house.service, "a", "2").await;
    let [cursor] = house.ready().await.try_into().unwrap();
    let (consumer, now_ms) = (&house.consumer, house.clock.now_ms());
    let raw = house.service.poll(consumer, cursor, BOUNDS).await.unwrap();
    let shown = house.poll_changes(cursor).await;
    let table = house.service.catalog.by_id(1).unwrap();
    let key = tables::rows::ItemKey::of(&house.service.secret, &table, item(&[("pk", s("a"))]).view()).unwrap();
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
    let house = House::new().await;
    put(&house.service, "a", "1").await;
    let [cursor] = house.ready().await.try_into().unwrap();
    house.service.forget_consumer(&house.consumer).await.unwrap();
    assert_eq!(house.checkpoint(cursor).await, Err(FollowError::Gone));
    let view = house.engine.view(Consistency::Strong).await.unwrap();
    assert_eq!(position::all(&*view, &house.consumer).await.unwrap().next, None);
}

#[tokio::test]
async fn followers_begin_where_they_are_asked_to() {
    let house = House::new().await;
    put(&house.service, "a", "1").await;
    house.hand.advance_ms(10);
    put(&house.service, "a", "2").await;
    let middle_ms = house.clock.now_ms();
    for (name, start, expected) in [
        ("horizon", Start::TrimHorizon, vec!["1", "2", "3"]),
        ("time", Start::At { epoch_ms: middle_ms }, vec!["2", "3"]),
        ("latest", Start::Latest, vec!["3"]),
    ] {
        let consumer = Consumer { name: name.to_owned(), ..house.consumer.clone() };
        let retention = Retention::Age { ms: STREAM_RETENTION_MS };
        let own = LogConsumer::new(name.to_owned(), start, ConsumerNeeds::Images, retention);
        house.service.add_log_consumer(1, own).await.unwrap();
        let lease = house.service.acquire_lease(&consumer).await.unwrap().unwrap();
        assert_eq!(house.service.ready(&consumer).await, Err(FollowError::Gone));
        assert_eq!(house.service.initialize(&consumer, &lease, start).await, Ok(true));
        if name == "latest" {
            put(&house.service, "a", "3").await;
        }
        // Only the first one counts.
        assert_eq!(house.service.initialize(&consumer, &lease, Start::Latest).await, Ok(true));
        let [cursor] = house.service.ready(&consumer).await.unwrap().cursors.try_into().unwrap();
        let found = house.service.poll_changes(&consumer, cursor, BOUNDS).await.unwrap();
        let expected: Vec<&str> = expected.into_iter().filter(|value| *value != "3" || name == "latest").collect();
        assert_eq!(values(&found), expected, "{name}");
    }
}

#[tokio::test]
async fn a_stream_begins_and_ends_within_a_log_that_goes_on() {
    let house = House::new().await;
    put(&house.service, "a", "1").await;
    house.set_stream(Some(StreamViewType::NewAndOldImages)).await;
    let first = describe(&house.service, "tab").await.unwrap().latest_stream_arn.unwrap();
    put(&house.service, "a", "2").await;
    house.set_stream(None).await;
    put(&house.service, "a", "3").await;
    house.hand.advance_ms(1);
    house.set_stream(Some(StreamViewType::NewAndOldImages)).await;
    let second = describe(&house.service, "tab").await.unwrap().latest_stream_arn.unwrap();
    put(&house.service, "a", "4").await;
    assert_eq!((house.stream(&first).await, house.stream(&second).await), (vec!["2".to_owned()], vec!["4".to_owned()]));
    let (mut all, mut shards) = (Vec::new(), 0);
    while all.len() < 4 {
        let [cursor] = house.ready().await.try_into().unwrap();
        let batch = house.poll_changes(cursor).await;
        all.extend(values(&batch));
        shards += usize::from(batch.ended);
        house.checkpoint(batch.cursor_after(9)).await.unwrap();
    }
    assert_eq!((all, shards), (vec!["1".to_owned(), "2".into(), "3".into(), "4".into()], 3));
}

#[tokio::test]
async fn a_stream_that_was_disabled_is_read_to_its_end() {
    let house = House::new().await;
    house.set_stream(Some(StreamViewType::KeysOnly)).await;
    let arn = describe(&house.service, "tab").await.unwrap().latest_stream_arn.unwrap();
    let label = arn.rsplit_once('/').unwrap().1.to_owned();
    let consumer = Consumer { table_id: 1, name: "function".to_owned(), of: Followed::Stream { label } };
    let lease = house.service.acquire_lease(&consumer).await.unwrap().unwrap();
    assert_eq!(house.service.initialize(&consumer, &lease, Start::TrimHorizon).await, Ok(true));
    put(&house.service, "a", "1").await;
    house.set_stream(None).await;
    put(&house.service, "a", "2").await;
    let ready = house.service.ready(&consumer).await.unwrap();
    let [cursor] = ready.cursors.try_into().unwrap();
    let batch = house.service.poll_changes(&consumer, cursor, BOUNDS).await.unwrap();
    assert_eq!((batch.changes.len(), batch.ended, ready.finished), (1, true, false));
    let shown = batch.changes[0].record.dynamodb.as_ref().unwrap();
    assert_eq!((&shown.new_image, shown.stream_view_type), (&None, Some(StreamViewType::KeysOnly)));
    house.service.checkpoint(&consumer, &lease, batch.cursor_after(1)).await.unwrap();
    assert_eq!(house.service.ready(&consumer).await, Ok(Ready { cursors: Vec::new(), finished: true }));
}

#[tokio::test]
async fn a_stream_is_read_to_its_end_after_its_table_is_deleted() {
    let house = House::new().await;
    house.set_stream(Some(StreamViewType::NewImage)).await;
    let arn = describe(&house.service, "tab").await.unwrap().latest_stream_arn.unwrap();
    let label = arn.rsplit_once('/').unwrap().1.to_owned();
    let consumer = Consumer { table_id: 1, name: "function".to_owned(), of: Followed::Stream { label } };
    let lease = house.service.acquire_lease(&consumer).await.unwrap().unwrap();
    assert_eq!(house.service.initialize(&consumer, &lease, Start::TrimHorizon).await, Ok(true));
    put(&house.service, "a", "1").await;
    let request = DeleteTableInput { table_name: "tab".to_owned() };
    house.service.delete_table(&caller(), request).await.unwrap();
    while house.service.catalog.by_id(1).is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.service.ready(&house.consumer).await, Err(FollowError::Gone));
    let [cursor] = house.service.ready(&consumer).await.unwrap().cursors.try_into().unwrap();
    let batch = house.service.poll_changes(&consumer, cursor, BOUNDS).await.unwrap();
    assert_eq!((values(&batch), batch.ended), (vec!["1".to_owned()], true));
    house.service.checkpoint(&consumer, &lease, batch.cursor_after(1)).await.unwrap();
    assert!(house.service.ready(&consumer).await.unwrap().finished);
}

#[tokio::test]
async fn what_was_trimmed_is_counted_as_lost() {
    let house = House::new().await;
    for at in 0..4 {
        put(&house.service, "a", &at.to_string()).await;
    }
    let [cursor] = house.ready().await.try_into().unwrap();
    house.checkpoint(house.poll_changes(cursor).await.cursor_after(1)).await.unwrap();
    house.hand.advance_ms(STREAM_RETENTION_MS);
    put(&house.service, "a", "new").await;
    house.service.trim_logs().await;
    let [cursor] = house.ready().await.try_into().unwrap();
    let batch = house.poll_changes(cursor).await;
    assert_eq!((values(&batch), batch.lost), (vec!["new".to_owned()], 3));
}

#[tokio::test]
async fn positions_go_with_their_shards() {
    let house = House::new().await;
    for at in 0..3 {
        put(&house.service, "a", &at.to_string()).await;
        let [cursor] = house.ready().await.try_into().unwrap();
        house.checkpoint(house.poll_changes(cursor).await.cursor_after(9)).await.unwrap();
        house.hand.advance_ms(STREAM_RETENTION_MS);
        house.roll().await;
        let [last] = house.ready().await.try_into().unwrap();
        assert_ne!(last.shard, cursor.shard);
        house.hand.advance_ms(STREAM_RETENTION_MS);
        house.service.trim_logs().await;
        let cursors = house.ready().await;
        let view = house.engine.view(Consistency::Strong).await.unwrap();
        let positions = position::all(&*view, &house.consumer).await.unwrap().next.unwrap();
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
