//! The metrics of logs and of their readers.

use api::StreamViewType;
use change_log::Hot;
use change_log::lag::TableLag;

use super::{From, StreamedTable};

async fn lag_of(streamed: &StreamedTable) -> TableLag {
    streamed.service.measure_logs().await;
    let [lag] = streamed.service.lags().try_into().unwrap();
    lag
}

#[tokio::test]
async fn a_log_is_measured_and_its_readers_age() {
    let streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    let empty = lag_of(&streamed).await;
    assert_eq!((empty.table.as_str(), empty.region.as_str()), ("tab", "us-east-1"));
    assert_eq!(empty.log.map(|log| (log.records, log.bytes)), Some((0, 0)));
    assert_eq!((empty.iterator_age_ms, empty.overdue_s), (None, None));

    for at in 0..50 {
        streamed.put(&at.to_string(), &"x".repeat(1000)).await;
    }
    let arn = streamed.arn().await;
    streamed.hand.advance_ms(7_000);
    assert_eq!(streamed.records(&arn, From::Horizon).await.len(), 50);
    let full = lag_of(&streamed).await;
    let log = full.log.unwrap();
    assert_eq!(log.records, 50);
    assert!((50_000..60_000).contains(&log.bytes), "{log:?}");
    assert_eq!(full.iterator_age_ms, Some(7_000));

    // A reader that has all records has no lag once the minute is over; and old records are trimmed.
    streamed.hand.advance_ms(3 * 60_000);
    streamed.records(&arn, From::Latest).await;
    assert_eq!(lag_of(&streamed).await.iterator_age_ms, Some(0));

    // A reader that only skips another shard's changes has their lag.
    let hot = [Hot { shard: 0, split_at: 1 << 63 }];
    streamed.service.roll_shards(1, &hot).await.unwrap();
    let at = streamed.clock.now_ms();
    for value in 0..100 {
        streamed.put("a", &value.to_string()).await;
    }
    streamed.hand.advance_ms(3 * 60_000);
    for shard in &streamed.describe_all(&arn).await[1..] {
        let iterator = streamed.iterator_of(&arn, shard, From::Horizon).await.unwrap();
        let given = streamed.read(&iterator, Some(1)).await.unwrap().records.unwrap().len();
        assert_eq!(lag_of(&streamed).await.iterator_age_ms, Some(streamed.clock.now_ms() - at), "{given} given");
        streamed.hand.advance_ms(3 * 60_000);
    }
    streamed.hand.advance_ms(25 * 60 * 60_000);
    streamed.service.trim_logs().await;
    assert_eq!(lag_of(&streamed).await.log.map(|log| log.records), Some(0));
}
