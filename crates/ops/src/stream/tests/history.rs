//! A random history of writes, restarts, trims and streams that are disabled and enabled again: the records of each stream
//! are compared with a list of the changes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use change_log::Hot;
use proptest::prelude::*;

use super::reader::{Start, StreamReader};
use super::*;

#[derive(Clone, Debug)]
enum Step {
    Put {
        pk: &'static str,
        value: &'static str,
    },
    Delete {
        pk: &'static str,
    },
    Wait {
        minutes: u64,
    },
    Restart,
    Trim,
    Roll,
    /// Ends the stream and begins another one.
    Renew,
}

fn any_step() -> impl Strategy<Value = Step> {
    let pk = || prop_oneof![Just("a"), Just("b"), Just("c")];
    let value = prop_oneof![Just("1"), Just("2")];
    prop_oneof![
        8 => (pk(), value).prop_map(|(pk, value)| Step::Put { pk, value }),
        3 => pk().prop_map(|pk| Step::Delete { pk }),
        3 => (0..900_u64).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Restart),
        2 => Just(Step::Trim),
        2 => Just(Step::Roll),
        1 => Just(Step::Renew),
    ]
}

/// A record as the test sees it.
type Seen = (String, Option<String>, Option<String>);

#[derive(Default)]
struct Expected {
    records: Vec<(u64, Seen)>,
    disabled_ms: Option<u64>,
}

/// The items of the table, and the records that its streams must have.
#[derive(Default)]
struct Model {
    items: BTreeMap<&'static str, &'static str>,
    streams: BTreeMap<String, Expected>,
    newest: String,
}

impl Model {
    fn change(&mut self, now_ms: u64, pk: &'static str, new: Option<&'static str>) {
        let old = match new {
            Some(new) => self.items.insert(pk, new),
            None => self.items.remove(pk),
        };
        let stream = self.streams.get_mut(&self.newest).unwrap();
        if old != new {
            stream.records.push((now_ms, (pk.to_owned(), old.map(str::to_owned), new.map(str::to_owned))));
        }
    }

    fn trim(&mut self, now_ms: u64) {
        for stream in self.streams.values_mut() {
            stream.records.retain(|(since_ms, _)| now_ms < since_ms + STREAM_RETENTION_MS);
        }
    }
}

async fn run(streamed: &mut StreamedTable, model: &mut Model, step: Step) {
    let now_ms = streamed.clock.now_ms();
    match step {
        Step::Put { pk, value } => {
            streamed.put(pk, value).await;
            model.change(now_ms, pk, Some(value));
        }
        Step::Delete { pk } => {
            streamed.delete(pk).await;
            model.change(now_ms, pk, None);
        }
        Step::Wait { minutes } => streamed.hand.advance_ms(minutes * 60_000),
        Step::Restart => streamed.restart().await,
        Step::Trim => {
            streamed.service.trim_logs().await;
            model.trim(now_ms);
        }
        Step::Roll => roll(streamed).await,
        Step::Renew => {
            streamed.set_stream(None).await;
            streamed.disabled(&model.newest).await;
            model.streams.get_mut(&model.newest).unwrap().disabled_ms = Some(now_ms);
            streamed.set_stream(Some(StreamViewType::NewAndOldImages)).await;
            model.newest = streamed.arn().await;
            model.streams.insert(model.newest.clone(), Expected::default());
        }
    }
}

/// Rolls the log if it is due, and waits until the old shard has its end.
async fn roll(streamed: &StreamedTable) {
    streamed.service.roll_logs().await;
    streamed.rolled().await;
}

/// A stream's records, shard by shard, in pages of three. Shards come after their parents, and only the last is open.
async fn read_all(streamed: &StreamedTable, arn: &str) -> Vec<StreamRecord> {
    let mut seen: Vec<StreamRecord> = Vec::new();
    let mut parent: Option<String> = None;
    for shard in streamed.describe_all(arn).await {
        assert!(parent.is_none() || shard.parent_shard_id == parent, "a child follows its parent");
        let mut iterator = Some(streamed.iterator_of(arn, &shard, From::Horizon).await.unwrap());
        while let Some(from) = iterator {
            let page = streamed.read(&from, Some(3)).await.unwrap();
            let records = page.records.unwrap();
            let closed = shard.sequence_number_range.as_ref().unwrap().ending_sequence_number.is_some();
            // Only an open shard has an empty page with an iterator.
            assert!(!closed || !records.is_empty() || page.next_shard_iterator.is_none());
            iterator = page.next_shard_iterator.filter(|_| !records.is_empty());
            seen.extend(records.into_iter().map(|record| record.dynamodb.unwrap()));
        }
        parent = shard.shard_id;
    }
    seen
}

/// Every stream has the expected records.
async fn check(streamed: &StreamedTable, model: &Model) {
    let now_ms = streamed.clock.now_ms();
    for (arn, expected) in &model.streams {
        if expected.disabled_ms.is_some_and(|since_ms| since_ms + STREAM_RETENTION_MS <= now_ms) {
            assert!(matches!(streamed.describe(arn).await, Err(Exception::ResourceNotFound(_))));
            continue;
        }
        let records = read_all(streamed, arn).await;
        let seen: Vec<Seen> =
            records.iter().map(|record| (key(record), text(&record.old_image), text(&record.new_image))).collect();
        let sequences: Vec<_> = records.iter().map(|record| record.sequence_number.clone().unwrap()).collect();
        let expected: Vec<&Seen> = expected.records.iter().map(|(_, record)| record).collect();
        assert_eq!(seen.iter().collect::<Vec<_>>(), expected);
        assert!(sequences.is_sorted_by(|left, right| left < right));
    }
}

proptest! {
    #[test]
    fn streams_tell_what_was_done(steps in proptest::collection::vec(any_step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
            let newest = streamed.arn().await;
            let streams = [(newest.clone(), Expected::default())].into();
            let mut model = Model { streams, newest, ..Model::default() };
            for step in steps {
                run(&mut streamed, &mut model, step).await;
                check(&streamed, &model).await;
            }
        });
    }
}

/// Writers of the same items while shards roll and split: each record's old image is the new image of the record before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn items_keep_their_order_while_shards_roll_and_split() {
    const ROLLS: usize = 20;
    let streamed = Arc::new(StreamedTable::new(StreamViewType::NewAndOldImages).await);
    let ended = Arc::new(AtomicBool::new(false));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (streamed, ended) = (streamed.clone(), ended.clone());
        writers.spawn(async move {
            let mut round = 0;
            while !ended.load(Ordering::Relaxed) {
                streamed.put(["a", "b", "c"][(writer + round) % 3], &format!("{writer} {round}")).await;
                tokio::task::yield_now().await;
                round += 1;
            }
            round
        });
    }
    for rolled in 1..=ROLLS {
        let before = streamed.describe_all(&streamed.arn().await).await.len();
        let newest = streamed.open_shards().await.pop().unwrap();
        let split_at = newest.hashes.first + (newest.hashes.last - newest.hashes.first) / 2;
        let hot = [Hot { shard: newest.number, split_at }];
        if rolled % 3 > 0 {
            streamed.hand.advance_ms(4 * 60 * 60 * 1000);
        }
        // One roll waits until the one before is done.
        while streamed.describe_all(&streamed.arn().await).await.len() <= before {
            streamed.service.roll_shards(1, if rolled % 3 == 0 { &hot[..] } else { &[] }).await.unwrap();
            streamed.rolled().await;
        }
    }
    ended.store(true, Ordering::Relaxed);
    let written: usize = writers.join_all().await.into_iter().sum();
    let arn = streamed.arn().await;
    let mut items: BTreeMap<String, Option<String>> = BTreeMap::new();
    assert_eq!(streamed.open_shards().await.len(), 1 + ROLLS / 3);
    let mut reader = StreamReader::new(&arn, Start::Horizon, 0);
    let check = |record: &Record| {
        let record = record.dynamodb.as_ref().unwrap();
        let before = items.insert(key(record), text(&record.new_image)).flatten();
        assert_eq!(text(&record.old_image), before, "record {:?}", record.sequence_number);
    };
    reader.drain(&streamed.service, check).await;
    assert_eq!(reader.records, written);
}
