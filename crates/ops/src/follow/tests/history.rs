//! A random history of writes, rolls, splits, restarts, trims, and a stream that is enabled and disabled, while a consumer
//! reads with a receiver that takes some records: each change reaches it at least once, an item's in their order, and none
//! is left out except those that were trimmed first. Records are retained by age, or until a consumer has taken them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::consumers::ARCHIVE_MAX_MS;
use super::*;

#[derive(Clone, Debug)]
enum Step {
    Put {
        pk: &'static str,
    },
    Wait {
        minutes: u64,
    },
    Restart,
    Trim,
    Roll,
    /// Of the newest shard, in the middle.
    Split,
    Stream {
        enabled: bool,
    },
    /// Reads each shard that is ready; the receiver takes `taken` records, and the checkpoint is not stored if `lost`.
    Read {
        taken: usize,
        lost: bool,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => prop::sample::select(vec!["a", "b", "c", "d", "e"]).prop_map(|pk| Step::Put { pk }),
        2 => (0..700_u64).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Restart),
        1 => Just(Step::Trim),
        2 => Just(Step::Roll),
        2 => Just(Step::Split),
        1 => any::<bool>().prop_map(|enabled| Step::Stream { enabled }),
        8 => (0..4_usize, prop::bool::weighted(0.2)).prop_map(|(taken, lost)| Step::Read { taken, lost }),
    ]
}

/// What was written and what has arrived, by item.
#[derive(Default)]
struct Model {
    /// When each change was made; its place is its value.
    made: BTreeMap<&'static str, Vec<u64>>,
    /// The first change of each item that has not arrived.
    next: BTreeMap<String, usize>,
    /// Changes that were made before may have been trimmed.
    trimmed_ms: u64,
    /// Records are not trimmed sooner, unless they were taken.
    retention_ms: u64,
    streamed: bool,
}

impl Model {
    fn arrives(&mut self, change: &Change) {
        let shown = change.record.dynamodb.as_ref().unwrap();
        let (pk, at) = (text(shown.keys.as_ref(), "pk"), value(&change.record).parse::<usize>().unwrap());
        let next = self.next.entry(pk.clone()).or_default();
        let skipped = self.made[pk.as_str()].get(*next..at).unwrap_or_default();
        assert!(skipped.iter().all(|made_ms| *made_ms <= self.trimmed_ms), "{pk} {at} came when {next} was due");
        *next = (*next).max(at + 1);
    }

    fn all_have_arrived(&self) {
        for (pk, made) in &self.made {
            let missing = &made[self.next.get(*pk).copied().unwrap_or(0)..];
            assert!(missing.iter().all(|made_ms| *made_ms <= self.trimmed_ms), "{pk} lacks {missing:?}");
        }
    }
}

async fn run(consumed: &mut ConsumedTable, model: &mut Model, step: Step) {
    let now_ms = consumed.clock.now_ms();
    match step {
        Step::Put { pk } => {
            let made = model.made.entry(pk).or_default();
            put(&consumed.service, pk, &made.len().to_string()).await;
            made.push(now_ms);
        }
        Step::Wait { minutes } => consumed.hand.advance_ms(minutes * 60_000),
        Step::Restart => consumed.restart().await,
        Step::Trim => {
            consumed.service.trim_logs().await;
            model.trimmed_ms = model.trimmed_ms.max(now_ms.saturating_sub(model.retention_ms));
        }
        Step::Roll => consumed.roll().await,
        Step::Split => consumed.split().await,
        Step::Stream { enabled } if enabled != model.streamed => {
            consumed.hand.advance_ms(1);
            consumed.set_stream(enabled.then_some(StreamViewType::KeysOnly)).await;
            model.streamed = enabled;
        }
        Step::Stream { .. } => {}
        Step::Read { taken, lost } => {
            read(consumed, model, taken, lost).await;
        }
    }
}

/// Returns whether it has read anything.
async fn read(consumed: &ConsumedTable, model: &mut Model, taken: usize, lost: bool) -> bool {
    let mut came = false;
    for cursor in consumed.ready().await {
        let batch = consumed.poll_changes(cursor).await;
        let taken = taken.min(batch.changes.len());
        batch.changes[..taken].iter().for_each(|change| model.arrives(change));
        if !lost {
            consumed.checkpoint(batch.cursor_after(taken)).await.unwrap();
        }
        came |= taken > 0 || batch.ended;
    }
    came
}

async fn run_all(mut consumed: ConsumedTable, retention_ms: u64, steps: Vec<Step>) {
    let mut model = Model { retention_ms, ..Model::default() };
    for step in steps {
        run(&mut consumed, &mut model, step).await;
    }
    while read(&consumed, &mut model, usize::MAX, false).await {}
    model.all_have_arrived();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_change_arrives_in_the_order_of_its_item(
        steps in prop::collection::vec(any_step(), 1..80),
        is_waited_for: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            match is_waited_for {
                true => run_all(ConsumedTable::archived(ARCHIVE_MAX_MS).await, ARCHIVE_MAX_MS, steps).await,
                false => run_all(ConsumedTable::new().await, STREAM_RETENTION_MS, steps).await,
            }
        });
    }
}
