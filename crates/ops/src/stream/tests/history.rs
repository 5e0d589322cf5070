//! A random history of writes, restarts, trims and streams that are disabled and enabled again: what each stream tells
//! is compared with a list of what was done.

use std::collections::BTreeMap;

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

/// What is in the table, and what its streams must tell.
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

/// Every stream tells what it must, in pages of three.
async fn check(house: &House, model: &Model) {
    let now_ms = house.clock.now_ms();
    for (arn, expected) in &model.streams {
        if expected.disabled_ms.is_some_and(|since_ms| since_ms + STREAM_RETENTION_MS <= now_ms) {
            assert!(matches!(house.describe(arn).await, Err(Exception::ResourceNotFound(_))));
            continue;
        }
        let mut seen = Vec::new();
        let mut sequences = Vec::new();
        let mut iterator = house.iterator(arn, From::Horizon).await.ok();
        while let Some(from) = iterator {
            let page = house.read(&from, Some(3)).await.unwrap();
            let records = page.records.unwrap();
            iterator = page.next_shard_iterator.filter(|_| !records.is_empty());
            for record in records.into_iter().map(|record| record.dynamodb.unwrap()) {
                seen.push((key(&record), text(&record.old_image), text(&record.new_image)));
                sequences.push(record.sequence_number.unwrap());
            }
        }
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
