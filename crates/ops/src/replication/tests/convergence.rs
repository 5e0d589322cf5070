//! Two regions in one process: writes, deletions and deliveries in any order, with ties, crashes and repeated batches. Both end with what has
//! the greatest stamp; and the property finds a wrong tie-break, tombstones that are not left, and a checkpoint that skips a change.

use std::collections::HashMap;

use model::codec::row::Stamp;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::*;
use crate::change::broken::{Broken, break_one, is_broken};
use crate::follow::{Bounds, Start};

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
const KEYS: u8 = 3;

#[derive(Clone, PartialEq, Debug)]
enum Step {
    Put {
        region: usize,
        key: u8,
    },
    Delete {
        region: usize,
        key: u8,
    },
    /// From a region to the other one. What is not stored is given again.
    Deliver {
        from: usize,
        count: usize,
        stores: bool,
    },
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..2_usize, 0..KEYS).prop_map(|(region, key)| Step::Put { region, key }),
        2 => (0..2_usize, 0..KEYS).prop_map(|(region, key)| Step::Delete { region, key }),
        3 => (0..2_usize, 1..4_usize, any::<bool>()).prop_map(|(from, count, stores)| Step::Deliver { from, count, stores }),
        1 => Just(Step::Tick),
    ];
    proptest::collection::vec(step, 1..40)
}

/// A group, and the greatest write of each key.
struct Group {
    service: Arc<Service>,
    engine: Arc<dyn Engine>,
    expected: HashMap<u8, (Stamp, Option<String>)>,
}

impl Group {
    fn table(&self, region: &str) -> Arc<Table> {
        let is_it = |definition: &Definition| definition.region == region;
        self.service.catalog.by_id(self.service.catalog.table_ids(is_it)[0]).unwrap()
    }

    /// The stamp of a key's row, and its value.
    async fn stored(&self, region: &str, key: u8) -> Option<(Stamp, Option<String>)> {
        let attributes = item(&[("pk", s(&key.to_string()))]);
        let row = tables::rows::ItemKey::of(&self.service.secret, &self.table(region), attributes.view()).unwrap().row;
        let row = self.engine.get(&row, storage::Consistency::Strong).await.unwrap()?;
        let stored = Stored::read(row).unwrap();
        let stamp = stored.stamp().unwrap();
        let value = stored.into_item().map(|item| match item.attributes().to_owned().get("v") {
            Some(model::AttributeValue::S(value)) => value.clone(),
            other => panic!("{other:?}"),
        });
        Some((stamp, value))
    }

    /// Takes what a write has left for the last one of its key, if it is.
    async fn note(&mut self, region: &str, key: u8) {
        let Some(written) = self.stored(region, key).await else { return };
        let last = self.expected.entry(key).or_insert_with(|| written.clone());
        if written.0 > last.0 {
            *last = written;
        }
    }

    /// Delivers what is next of each log; returns whether there was anything.
    async fn deliver(&self, from: &str, count: usize, stores: bool) -> bool {
        let all = self.service.replica_destinations();
        let destination = all.into_iter().find(|destination| destination.from_region == from).unwrap();
        let consumer = destination.consumer.clone();
        let lease = self.service.acquire_lease(&consumer).await.unwrap().unwrap();
        self.service.initialize(&consumer, &lease, Start::TrimHorizon).await.unwrap();
        let mut has_any = false;
        for cursor in self.service.ready(&consumer).await.unwrap().cursors {
            let bounds = Bounds { records_max: count, bytes_max: 1 << 20 };
            let batch = self.service.poll(&consumer, cursor, bounds).await.unwrap();
            has_any |= !batch.changes.is_empty();
            let taken = if is_broken(Broken::Cursor) { batch.changes.len().min(1) } else { 0 };
            self.service.replicate(&destination, &batch.changes[taken..]).await.unwrap();
            if stores {
                let behind = batch.cursor_after(batch.changes.len());
                self.service.checkpoint(&consumer, &lease, behind).await.unwrap();
            }
        }
        has_any
    }
}

async fn converges(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (service, hand, engine) = open_regions(0).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    let callers = REGIONS.map(|region| auth::Caller { region: region.to_owned(), ..caller() });
    let mut group = Group { service: Arc::clone(&service), engine, expected: HashMap::new() };
    for (at, step) in steps.into_iter().enumerate() {
        match step {
            Step::Put { region, key } => {
                let item = item(&[("pk", s(&key.to_string())), ("v", s(&at.to_string()))]);
                let put = PutItemInput { table_name: "tab".to_owned(), item, ..Default::default() };
                service.put_item(&callers[region], put).await.unwrap();
                group.note(REGIONS[region], key).await;
            }
            Step::Delete { region, key } => {
                let names = item(&[("pk", s(&key.to_string()))]);
                let delete = DeleteItemInput { table_name: "tab".to_owned(), key: names, ..Default::default() };
                service.delete_item(&callers[region], delete).await.unwrap();
                group.note(REGIONS[region], key).await;
            }
            Step::Deliver { from, count, stores } => _ = group.deliver(REGIONS[from], count, stores).await,
            Step::Tick => hand.advance_ms(1),
        }
    }
    for region in REGIONS {
        while group.deliver(region, 100, true).await {}
    }
    for key in 0..KEYS {
        for region in REGIONS {
            let found = group.stored(region, key).await;
            prop_assert_eq!(found.as_ref(), group.expected.get(&key), "key {} in {}", key, region);
        }
    }
    Ok(())
}

/// The same cases in each run.
fn run(cases: u32, broken: Option<Broken>) -> Result<(), TestError<Vec<Step>>> {
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    break_one(broken);
    let found = runner.run(&steps(), |steps| {
        // Its tasks run on this thread.
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(converges(steps))
    });
    break_one(None);
    found
}

#[test]
fn regions_end_with_the_greatest_writes() {
    assert_eq!(run(60, None), Ok(()));
}

/// Negative controls: a property that cannot fail says nothing.
#[test]
fn what_is_broken_is_found() {
    for broken in [Broken::TieBreak, Broken::Tombstones, Broken::Cursor] {
        let found = run(400, Some(broken));
        assert!(matches!(found, Err(TestError::Fail(..))), "{broken:?} is not found: {found:?}");
    }
}
