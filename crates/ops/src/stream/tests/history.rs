//! A random history of writes, restarts, trims and streams that are disabled and enabled again: the records of each stream
//! are compared with a list of the changes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use change_log::Hot;
use proptest::prelude::*;

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

async fn run(house: &mut House, model: &mut Model, step: Step) {
    let now_ms = house.clock.now_ms();
    match step {
        Step::Put { pk, value } => {
            house.put(pk, value).await;
            model.change(now_ms, pk, Some(value));
        }
        Step::Delete { pk } => {
            house.delete(pk).await;
            model.change(now_ms, pk, None);
        }
        Step::Wait { minutes } => house.hand.advance_ms(minutes * 60_000),
        Step::Restart => house.restart().await,
        Step::Trim => {
            house.service.trim_logs().await;
            model.trim(now_ms);
        }
        Step::Roll => roll(house).await,
        Step::Renew => {
            house.set_stream(None).await;
            house.disabled(&model.newest).await;
            model.streams.get_mut(&model.newest).unwrap().disabled_ms = Some(now_ms);
            house.set_stream(Some(StreamViewType::NewAndOldImages)).await;
            model.newest = house.arn().await;
            model.streams.insert(model.newest.clone(), Expected::default());
        }
    }
}

/// Rolls the log if it is due, and waits until the old shard has its end.
async fn roll(house: &House) {
    house.service.roll_logs().await;
    while !house.service.catalog.by_id(1).unwrap().definition.log.rolling.is_empty() {
        tokio::task::yield_now().await;
    }
}

/// A stream's records, shard by shard, in pages of three. Shards come after their parents, and only the last is open.
async fn read_all(house: &House, arn: &str) -> Vec<StreamRecord> {
    let mut seen: Vec<StreamRecord> = Vec::new();
    let mut parent: Option<String> = None;
    for shard in house.describe_all(arn).await {
        assert!(parent.is_none() || shard.parent_shard_id == parent, "a child follows its parent");
        let mut iterator = Some(house.iterator_of(arn, &shard, From::Horizon).await.unwrap());
        while let Some(from) = iterator {
            let page = house.read(&from, Some(3)).await.unwrap();
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
async fn check(house: &House, model: &Model) {
    let now_ms = house.clock.now_ms();
    for (arn, expected) in &model.streams {
        if expected.disabled_ms.is_some_and(|since_ms| since_ms + STREAM_RETENTION_MS <= now_ms) {
            assert!(matches!(house.describe(arn).await, Err(Exception::ResourceNotFound(_))));
            continue;
        }
        let records = read_all(house, arn).await;
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
            let mut house = House::new(StreamViewType::NewAndOldImages).await;
            let newest = house.arn().await;
            let streams = [(newest.clone(), Expected::default())].into();
            let mut model = Model { streams, newest, ..Model::default() };
            for step in steps {
                run(&mut house, &mut model, step).await;
                check(&house, &model).await;
            }
        });
    }
}

/// Writers of the same items while shards roll and split: each record's old image is the new image of the record before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn items_keep_their_order_while_shards_roll_and_split() {
    const ROLLS: usize = 20;
    let house = Arc::new(House::new(StreamViewType::NewAndOldImages).await);
    let ended = Arc::new(AtomicBool::new(false));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (house, ended) = (house.clone(), ended.clone());
        writers.spawn(async move {
            let mut round = 0;
            while !ended.load(Ordering::Relaxed) {
                house.put(["a", "b", "c"][(writer + round) % 3], &format!("{writer} {round}")).await;
                tokio::task::yield_now().await;
                round += 1;
            }
            round
        });
    }
    for rolled in 1..=ROLLS {
        let before = house.describe_all(&house.arn().await).await.len();
        let newest = house.open_shards().await.pop().unwrap();
        let split_at = newest.hashes.first + (newest.hashes.last - newest.hashes.first) / 2;
        let hot = [Hot { shard: newest.number, split_at }];
        if rolled % 3 > 0 {
            house.hand.advance_ms(4 * 60 * 60 * 1000);
        }
        // One roll waits until the one before is done.
        while house.describe_all(&house.arn().await).await.len() <= before {
            house.service.roll_shards(1, if rolled % 3 == 0 { &hot[..] } else { &[] }).await.unwrap();
            house.rolled().await;
        }
    }
    ended.store(true, Ordering::Relaxed);
    let written: usize = writers.join_all().await.into_iter().sum();
    let arn = house.arn().await;
    let mut items: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut count = 0;
    let shards = house.describe_all(&arn).await;
    assert_eq!(house.open_shards().await.len(), 1 + ROLLS / 3);
    for shard in shards {
        let mut iterator = Some(house.iterator_of(&arn, &shard, From::Horizon).await.unwrap());
        while let Some(from) = iterator {
            let page = house.read(&from, None).await.unwrap();
            let records = page.records.unwrap();
            // The same position is the same text.
            iterator = page.next_shard_iterator.filter(|next| *next != from);
            for record in records.into_iter().map(|record| record.dynamodb.unwrap()) {
                let before = items.insert(key(&record), text(&record.new_image)).flatten();
                assert_eq!(text(&record.old_image), before, "record {count}");
                count += 1;
            }
        }
    }
    assert_eq!(count, written);
}
