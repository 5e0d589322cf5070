//! Consumers that are stored in a table's definition: how long records are retained for them.

use super::*;

const HOUR_MS: u64 = 60 * 60 * 1000;
pub(super) const ARCHIVE_MAX_MS: u64 = 72 * HOUR_MS;

fn log_consumer(name: &str, retention: Retention) -> LogConsumer {
    LogConsumer::new(name.to_owned(), Start::TrimHorizon, ConsumerNeeds::Images, retention)
}

fn archive(max_ms: u64) -> LogConsumer {
    log_consumer("archive-1", Retention::Position { max_ms })
}

impl ConsumedTable {
    /// A table with one consumer of its log; trimming waits for the consumer's position.
    pub(super) async fn archived(max_ms: u64) -> ConsumedTable {
        let consumed = ConsumedTable::unfollowed().await;
        consumed.add(archive(max_ms)).await
    }

    /// Adds a consumer and initializes it; it becomes the fixture's consumer.
    async fn add(self, own: LogConsumer) -> ConsumedTable {
        let consumer = Consumer { table_id: 1, name: own.name.clone(), of: Followed::Table };
        self.service.add_log_consumer(1, own.clone()).await.unwrap();
        let lease = self.service.acquire_lease(&consumer).await.unwrap().unwrap();
        assert_eq!(self.service.initialize(&consumer, &lease, own.from).await, Ok(true));
        ConsumedTable { consumer, ..self }
    }

    async fn put_some(&self, values: std::ops::Range<usize>) {
        for at in values {
            put(&self.service, "a", &at.to_string()).await;
        }
    }

    /// The positions up to which the log is trimmed, and of its last record.
    async fn trimmed(&self) -> (u64, u64) {
        assert!(self.service.trim_logs().await);
        let view = self.service.view_of_logs(1, &[0]).await.unwrap();
        let shard = Shard::find(&*view, 1, 0).await.unwrap().unwrap();
        (shard.trimmed, shard.last(&*view).await.unwrap())
    }

    async fn take(&self, count: usize) {
        let [cursor] = self.ready().await.try_into().unwrap();
        let batch = self.service.poll(&self.consumer, cursor, BOUNDS).await.unwrap();
        self.checkpoint(batch.cursor_after(count)).await.unwrap();
    }

    fn lost(&self) -> u64 {
        self.service.background_stats().lost_records
    }
}

#[tokio::test]
async fn trimming_waits_for_a_position_up_to_a_maximum() {
    let mut consumed = ConsumedTable::archived(ARCHIVE_MAX_MS).await;
    consumed.put_some(0..3).await;
    consumed.hand.advance_ms(STREAM_RETENTION_MS + HOUR_MS);
    assert_eq!(consumed.trimmed().await, (0, 3));
    consumed.take(2).await;
    consumed.restart().await;
    assert_eq!(consumed.trimmed().await, (2, 3));
    // Without another consumer a record is trimmed as soon as it was taken.
    consumed.put_some(3..5).await;
    consumed.take(2).await;
    assert_eq!(consumed.trimmed().await, (4, 5));
    consumed.hand.advance_ms(ARCHIVE_MAX_MS - 1);
    assert_eq!((consumed.trimmed().await, consumed.lost()), ((4, 5), 0));
    consumed.put_some(5..7).await;
    consumed.hand.advance_ms(1);
    assert_eq!((consumed.trimmed().await, consumed.lost()), ((5, 7), 1));
    let [cursor] = consumed.ready().await.try_into().unwrap();
    let batch = consumed.service.poll(&consumed.consumer, cursor, BOUNDS).await.unwrap();
    assert_eq!((batch.lost, batch.changes.len()), (1, 2));
}

#[tokio::test]
async fn the_slowest_consumer_and_the_longest_age_decide() {
    let consumed = ConsumedTable::archived(ARCHIVE_MAX_MS).await;
    let fast = consumed.consumer.clone();
    let consumed = consumed.add(log_consumer("export-1", Retention::Position { max_ms: 2 * ARCHIVE_MAX_MS })).await;
    consumed.put_some(0..3).await;
    consumed.take(1).await;
    let slow = consumed.consumer.clone();
    let consumed = ConsumedTable { consumer: fast, ..consumed };
    consumed.take(3).await;
    assert_eq!(consumed.trimmed().await, (1, 3));
    let by_age = log_consumer("export-2", Retention::Age { ms: STREAM_RETENTION_MS });
    consumed.service.add_log_consumer(1, by_age).await.unwrap();
    let consumed = ConsumedTable { consumer: slow, ..consumed };
    consumed.take(3).await;
    assert_eq!(consumed.trimmed().await.0, 1, "the third consumer's retention is by age");
    consumed.hand.advance_ms(STREAM_RETENTION_MS);
    assert_eq!(consumed.trimmed().await.0, 3);
    assert_eq!(consumed.lost(), 0);
}

#[tokio::test]
async fn a_consumer_that_has_not_begun_may_begin_anywhere() {
    let consumed = ConsumedTable::archived(ARCHIVE_MAX_MS).await;
    consumed.put_some(0..3).await;
    consumed
        .service
        .add_log_consumer(1, log_consumer("export-1", Retention::Position { max_ms: HOUR_MS }))
        .await
        .unwrap();
    consumed.take(3).await;
    assert_eq!(consumed.trimmed().await, (0, 3));
    consumed.hand.advance_ms(HOUR_MS);
    assert_eq!((consumed.trimmed().await, consumed.lost()), ((3, 3), 3));
}

#[tokio::test]
async fn records_are_released_with_the_consumer() {
    let consumed = ConsumedTable::archived(ARCHIVE_MAX_MS).await;
    consumed.put_some(0..3).await;
    assert_eq!(consumed.trimmed().await, (0, 3));
    consumed.service.remove_log_consumer(1, "archive-1").await.unwrap();
    let log = || consumed.service.catalog.by_id(1).unwrap().definition.log.clone();
    while !log().consumers.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(log().open.is_empty());
    assert_eq!((consumed.trimmed().await, consumed.lost()), ((3, 3), 0));
    assert_eq!(consumed.service.ready(&consumed.consumer).await, Err(FollowError::Gone));
    // Each step may be repeated.
    consumed.service.remove_log_consumer(1, "archive-1").await.unwrap();
    put(&consumed.service, "a", "not followed").await;
    let consumed = consumed.add(archive(ARCHIVE_MAX_MS)).await;
    put(&consumed.service, "a", "followed").await;
    let [cursor] = consumed.ready().await.try_into().unwrap();
    assert_eq!((cursor.shard, values(&consumed.poll_changes(cursor).await)), (1, vec!["followed".to_owned()]));
}

#[tokio::test]
async fn consumers_have_names_of_their_own_and_are_bounded() {
    let consumed = ConsumedTable::archived(ARCHIVE_MAX_MS).await;
    let add = async |own| consumed.service.add_log_consumer(1, own).await;
    assert_eq!(add(archive(ARCHIVE_MAX_MS)).await, Ok(()), "it may be added again");
    for refused in [archive(1), log_consumer("", Retention::Age { ms: 1 })] {
        assert!(matches!(add(refused).await, Err(FollowError::Failed(_))));
    }
    assert_eq!(consumed.service.add_log_consumer(9, archive(1)).await, Err(FollowError::Gone));
    let mut added = 1;
    while add(log_consumer(&format!("export-{added}"), Retention::Age { ms: 1 })).await.is_ok() {
        added += 1;
    }
    assert_eq!(added, super::super::consumers::CONSUMERS_MAX);
}
