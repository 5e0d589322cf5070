//! Splits of shards: their ends and children, the state after an interruption, and which shards are split at all.

use change_log::{self, Hot};
use storage::Consistency;
use tables::rows;

use super::reader::{Change, Changes, Reader, Start};
use super::*;

const KEYS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// In two equal parts.
fn halves(shard: &change_log::Shard) -> Hot {
    let width = shard.hashes.last - shard.hashes.first;
    Hot { shard: shard.number, split_at: shard.hashes.first + width / 2 + 1 }
}

/// Splits every open shard.
async fn split(streamed: &StreamedTable) -> Result<(), Exception> {
    let hot: Vec<Hot> = streamed.open_shards().await.iter().map(halves).collect();
    streamed.service.roll_shards(1, &hot).await
}

async fn put_all(streamed: &StreamedTable, changes: &mut Changes, value: &str) {
    for pk in KEYS {
        streamed.put(pk, value).await;
        let changes = changes.entry(pk.to_owned()).or_default();
        let old = changes.last().and_then(|change| change.new.clone());
        let (at_ms, new) = (streamed.clock.now_ms(), Some(value.to_owned()));
        changes.push(Change { at_ms, old, new, is_trimmed: false });
    }
}

fn id(shard: &Shard) -> &str {
    shard.shard_id.as_deref().unwrap()
}

fn range(shard: &Shard) -> (String, Option<String>) {
    let range = shard.sequence_number_range.clone().unwrap();
    (range.starting_sequence_number.unwrap(), range.ending_sequence_number)
}

#[tokio::test]
async fn a_split_shard_has_an_end_and_two_children() {
    let streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    let (arn, mut changes) = (streamed.arn().await, Changes::new());
    put_all(&streamed, &mut changes, "1").await;
    split(&streamed).await.unwrap();
    put_all(&streamed, &mut changes, "2").await;
    split(&streamed).await.unwrap();
    put_all(&streamed, &mut changes, "3").await;

    let shards = streamed.describe_all(&arn).await;
    let parents: Vec<_> = shards.iter().map(|shard| shard.parent_shard_id.as_deref()).collect();
    let own = |at: usize| Some(id(&shards[at]));
    assert_eq!(parents, [None, own(0), own(0), own(1), own(1), own(2), own(2)]);
    // Eight records and a mark; eight and two marks.
    let sequence = |at: u64| format!("1{at:020}");
    let (first, second, third) = ((sequence(1), Some(sequence(8))), sequence(10), sequence(19));
    assert_eq!(range(&shards[0]), first);
    assert_eq!(range(&shards[1]), (second.clone(), Some(sequence(17))));
    assert_eq!(range(&shards[2]), (second, Some(sequence(18))));
    assert_eq!(range(&shards[3]), (third.clone(), None));
    assert_eq!(range(&shards[5]), (sequence(20), None));

    let children = |of: &str| DescribeStreamInput {
        stream_arn: arn.clone(),
        shard_filter: Some(ShardFilter { r#type: Some(ShardFilterType::ChildShards), shard_id: Some(of.to_owned()) }),
        ..DescribeStreamInput::default()
    };
    let page = streamed.service.describe_stream(&caller(), children(id(&shards[2]))).await.unwrap();
    assert_eq!(page.stream_description.unwrap().shards.unwrap(), shards[5..]);
    let request = DescribeStreamInput { limit: Some(1), ..children(id(&shards[0])) };
    let page = streamed.service.describe_stream(&caller(), request.clone()).await.unwrap().stream_description.unwrap();
    assert_eq!(page.last_evaluated_shard_id.as_deref(), own(1));
    let request = DescribeStreamInput { exclusive_start_shard_id: page.last_evaluated_shard_id, ..request };
    let page = streamed.service.describe_stream(&caller(), request).await.unwrap().stream_description.unwrap();
    assert_eq!((page.shards.unwrap(), page.last_evaluated_shard_id), (shards[2..3].to_vec(), None));

    let mut seen = Vec::new();
    for shard in &shards[1..3] {
        let all = all_of(&streamed, &arn, shard, From::Horizon).await;
        assert_eq!(all, all_of(&streamed, &arn, shard, From::At(&range(shard).0)).await);
        assert_eq!(all, all_of(&streamed, &arn, shard, From::Time(START_MS as i64)).await);
        let sequences: Vec<String> = all.iter().map(|record| record.sequence_number.clone().unwrap()).collect();
        assert_eq!(all[1..], all_of(&streamed, &arn, shard, From::After(&sequences[0])).await);
        assert_eq!(all_of(&streamed, &arn, shard, From::Latest).await, []);
        seen.extend(all.iter().map(key));
    }
    seen.sort();
    assert_eq!(seen, KEYS, "both children have some, and none both");
}

/// The records of a closed shard, to its end.
async fn all_of(streamed: &StreamedTable, arn: &str, shard: &Shard, from: From<'_>) -> Vec<StreamRecord> {
    let mut next = Some(streamed.iterator_of(arn, shard, from).await.unwrap());
    let mut all = Vec::new();
    while let Some(iterator) = next {
        let page = streamed.read(&iterator, Some(3)).await.unwrap();
        all.extend(page.records.unwrap().into_iter().map(|record| record.dynamodb.unwrap()));
        next = page.next_shard_iterator;
    }
    all
}

/// Every commit of a split fails once, and its server stops there.
async fn break_splits(ground: impl Fn() -> Ground) {
    for at in 0.. {
        let mut was_broken = true;
        for is_done in [false, true] {
            let mut streamed = StreamedTable::on(ground(), StreamViewType::NewAndOldImages).await;
            let (arn, mut changes) = (streamed.arn().await, Changes::new());
            put_all(&streamed, &mut changes, "1").await;
            let mut reader = Reader::new(&streamed, &arn, Start::Horizon, &changes).await;
            streamed.engine.faults.breaks(at, is_done);
            was_broken &= split(&streamed).await.is_err();
            streamed.restart().await;
            let mut latest = Reader::new(&streamed, &arn, Start::Latest, &changes).await;
            put_all(&streamed, &mut changes, "2").await;
            reader.drain_some(&streamed, &changes).await;
            streamed.rolled().await;
            split(&streamed).await.unwrap();
            put_all(&streamed, &mut changes, "3").await;
            for reader in [&mut reader, &mut latest] {
                reader.drain(&streamed, &changes).await;
            }
            assert!(matches!(streamed.open_shards().await.len(), 2 | 4), "each shard is split, or was not yet");
        }
        if !was_broken {
            assert!(at >= 2, "it is announced by one commit, and ended by another");
            return;
        }
    }
}

#[tokio::test]
async fn an_interrupted_split_is_ended_by_the_next_server() {
    break_splits(|| Ground::Memory).await;
    break_splits(|| Ground::Lagging).await;
    break_splits(Ground::embedded).await;
}

#[tokio::test]
async fn before_a_mark_is_found_nothing_behind_it_is_the_parents() {
    let streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    let (arn, mut changes) = (streamed.arn().await, Changes::new());
    put_all(&streamed, &mut changes, "1").await;
    let shard = streamed.shard(&arn).await;
    // The split is in the definition, and cannot be completed.
    streamed.engine.faults.refuse([0, 1, 2].map(|number| rows::shard(1, number)).to_vec());
    split(&streamed).await.unwrap_err();
    put_all(&streamed, &mut changes, "2").await;
    assert_eq!(streamed.describe_all(&arn).await, std::slice::from_ref(&shard));
    let sequence = |at: u64| format!("1{at:020}");
    for behind in [9, 10, 17] {
        let refused = streamed.iterator_of(&arn, &shard, From::At(&sequence(behind))).await;
        assert_eq!(refused, Err(Exception::validation("Invalid SequenceNumber")), "{behind}");
    }
    let now_ms = i64::try_from(streamed.clock.now_ms()).unwrap();
    for from in [From::Latest, From::After(&sequence(8)), From::Time(now_ms)] {
        let is_time = matches!(from, From::Time(_));
        let iterator = streamed.iterator_of(&arn, &shard, from).await.unwrap();
        let page = streamed.read(&iterator, None).await.unwrap();
        assert_eq!(page.records.unwrap().len(), if is_time { 8 } else { 0 });
        assert!(page.next_shard_iterator.is_some());
    }
}

#[tokio::test]
async fn a_mark_stays_until_it_is_found() {
    let mut streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    let (arn, mut changes) = (streamed.arn().await, Changes::new());
    put_all(&streamed, &mut changes, "1").await;
    streamed.engine.faults.refuse([0, 1, 2].map(|number| rows::shard(1, number)).to_vec());
    split(&streamed).await.unwrap_err();
    streamed.hand.advance_ms(STREAM_RETENTION_MS);
    streamed.service.trim_logs().await;
    assert_eq!(streamed.open_shards().await[0].trimmed, 8, "the mark is as old as the records");
    changes.values_mut().flatten().for_each(|change| change.is_trimmed = true);
    streamed.restart().await;
    put_all(&streamed, &mut changes, "2").await;
    streamed.rolled().await;
    Reader::new(&streamed, &arn, Start::Horizon, &changes).await.drain(&streamed, &changes).await;
    assert_eq!(streamed.open_shards().await.len(), 2);
}

#[tokio::test]
async fn records_of_older_programs_are_told_by_their_keys() {
    let streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    let (arn, mut changes) = (streamed.arn().await, Changes::new());
    split(&streamed).await.unwrap();
    put_all(&streamed, &mut changes, "1").await;
    // Their positions.
    assert_eq!(streamed.describe_all(&arn).await.len(), 3);
    let mut reader = Reader::new(&streamed, &arn, Start::Latest, &changes).await;
    for at in 2..=9 {
        let key = storage::log::record(&rows::log(1, 0), at);
        let row = streamed.engine.get(&key, Consistency::Strong).await.unwrap().unwrap();
        let older = [&[1][..], &row[1..14], &row[22..]].concat();
        let mut decide = |_: &storage::Reads, batch: &mut storage::Batch| {
            batch.put(key.clone(), older.clone());
            storage::Decision::Commit
        };
        let keys = [storage::KeyUse::write(key.clone())];
        let op = storage::OpId([0; 16]);
        let transaction = storage::Transaction { op, mode: storage::Mode::Plain, keys: &keys, decide: &mut decide };
        streamed.engine.transact(transaction).await.unwrap();
    }
    put_all(&streamed, &mut changes, "2").await;
    reader.drain(&streamed, &changes).await;
    Reader::new(&streamed, &arn, Start::Horizon, &changes).await.drain(&streamed, &changes).await;
}

/// Puts items for ten seconds, and counts the open shards.
async fn load(streamed: &StreamedTable, keys: &[&str], puts: usize, value: &str) -> usize {
    streamed.service.roll_logs().await;
    for at in 0..puts {
        streamed.put(keys[at % keys.len()], &format!("{value}{at}")).await;
    }
    streamed.hand.advance_ms(10_000);
    streamed.service.roll_logs().await;
    streamed.open_shards().await.len()
}

#[tokio::test]
async fn shards_that_are_written_much_are_split() {
    const WRITES: u64 = 10;
    let kilobytes = "x".repeat(4 * 1024);
    for (keys, puts, value, expected) in [
        (&KEYS[..], 99, "", &[1, 1][..]),
        // Two, of which neither has more than a half, and two again.
        (&KEYS, 120, "", &[2]),
        (&KEYS[..1], 400, "", &[1, 1]),
        (&KEYS, 60, &kilobytes, &[2]),
        (&KEYS, 1_000, "", &[2, 4, 8, 8]),
    ] {
        let mut streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
        streamed.table.settings.shards.writes = WRITES;
        streamed.restart().await;
        for expected in expected {
            assert_eq!(load(&streamed, keys, puts, value).await, *expected, "{puts} puts of {} keys", keys.len());
        }
        // There are no more writes.
        streamed.hand.advance_ms(10_000);
        streamed.service.roll_logs().await;
        let open = streamed.open_shards().await.len();
        assert_eq!(load(&streamed, keys, 0, value).await, open);
    }
}

#[tokio::test]
async fn split_shards_roll_by_themselves() {
    let mut streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    streamed.table.settings.shards.age = std::time::Duration::from_secs(60);
    streamed.restart().await;
    let (arn, mut changes) = (streamed.arn().await, Changes::new());
    let mut reader = Reader::new(&streamed, &arn, Start::Horizon, &changes).await;
    put_all(&streamed, &mut changes, "1").await;
    split(&streamed).await.unwrap();
    streamed.hand.advance_ms(30_000);
    let lower = streamed.open_shards().await.remove(0);
    streamed.service.roll_shards(1, &[halves(&lower)]).await.unwrap();
    put_all(&streamed, &mut changes, "2").await;
    streamed.hand.advance_ms(30_000);
    // The upper half of the first split is a minute old, and the halves of the lower one are not.
    streamed.service.roll_logs().await;
    put_all(&streamed, &mut changes, "3").await;
    let parents: Vec<_> = streamed.open_shards().await.iter().map(|shard| (shard.number, shard.parent)).collect();
    assert_eq!(parents, [(3, Some(1)), (4, Some(1)), (5, Some(2))]);
    reader.drain(&streamed, &changes).await;
}

/// Two shards of one log and their ends, by clocks that differ: the child was closed before its parent.
#[tokio::test]
async fn a_log_goes_with_the_last_of_its_shards_whatever_the_clocks_said() {
    let streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    let arn = streamed.arn().await;
    streamed.put("a", "1").await;
    streamed.hand.advance_ms(4 * 60 * 60_000);
    streamed.service.roll_logs().await;
    streamed.set_stream(None).await;
    streamed.disabled(&arn).await;
    let keys = [storage::KeyUse::write(rows::shard(1, 0))];
    let mut later = |reads: &storage::Reads, batch: &mut storage::Batch| {
        let mut shard = change_log::Shard::read(1, 0, reads.values[0].as_ref().unwrap()).unwrap();
        shard.closed.as_mut().unwrap().at_ms += 60_000;
        batch.put(keys[0].key.clone(), shard.encode().unwrap());
        storage::Decision::Commit
    };
    let op = storage::OpId([0; 16]);
    let transaction = storage::Transaction { op, mode: storage::Mode::Plain, keys: &keys, decide: &mut later };
    streamed.engine.transact(transaction).await.unwrap();
    let record = storage::log::record(&rows::log(1, 0), 1);
    let left = async || {
        let view = streamed.engine.view(Consistency::Strong).await.unwrap();
        let shards = change_log::Shard::list(&*view, 1, 0, u32::MAX).await.unwrap();
        let numbers: Vec<u32> = shards.iter().map(|shard| shard.number).collect();
        (numbers, view.get_many(&[storage::log::head(rows::log(1, 0)), record.clone()]).await.unwrap())
    };
    streamed.hand.advance_ms(STREAM_RETENTION_MS);
    streamed.service.trim_logs().await;
    let (shards, logs) = left().await;
    assert_eq!((shards, logs[0].is_some()), (vec![0, 1], true));
    streamed.hand.advance_ms(60_000);
    streamed.service.trim_logs().await;
    assert_eq!(left().await, (vec![], vec![None, None]));
}
