//! Random histories of writes, rolls, streams that come and go, and restarts, under a receiver that fails as it likes:
//! each change reaches it at least once, an item's in their order, and none is left out. On the engine in memory with a
//! clock of the test's own, and on the embedded one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::{
    AttributeDefinition, BillingMode, CreateTableInput, DeleteItemInput, KeySchemaElement, KeyType,
    KinesisStreamingDestinationInput, PutItemInput, ScalarAttributeType, StreamSpecification, StreamViewType,
    UpdateTableInput,
};
use auth::{Caller, SHARED_ACCOUNT};
use base::{Clock, ManualClock};
use model::{AttributeValue, Attributes, Item};
use parking_lot::Mutex;
use proptest::prelude::*;
use storage::{Embedded, EmbeddedOptions, Engine, Memory, OpenError};
use tokio::task::JoinHandle;

use super::*;

const FOUR_HOURS_MS: u64 = 4 * 60 * 60 * 1000;
/// Longer than logs wait to be looked after.
const MINUTE: Duration = Duration::from_secs(61);

fn caller() -> Caller {
    Caller {
        account: SHARED_ACCOUNT.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "test".to_owned(),
        identity: None,
        served: None,
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn read(image: Option<&Item>, name: &str) -> String {
    match image.and_then(|image| image.view().get(name).map(|value| value.to_owned())) {
        Some(AttributeValue::S(text)) => text,
        other => panic!("{name}: {other:?}"),
    }
}

/// What arrived: the newest change of each item, and whether any came too early.
#[derive(Default)]
struct Seen {
    newest: BTreeMap<String, usize>,
    skipped: Option<String>,
    arrivals: usize,
}

impl Seen {
    fn arrives(&mut self, change: &Change) {
        let shown = change.record.dynamodb.as_ref().unwrap();
        let pk = read(shown.keys.as_ref(), "pk");
        // The change that made the item has the new image's number, the one that deleted it the next after the old one's.
        let number: usize = match (&shown.new_image, &shown.old_image) {
            (Some(new), _) => read(Some(new), "v").parse().unwrap(),
            (None, old) => read(old.as_ref(), "v").parse::<usize>().unwrap() + 1,
        };
        let newest = self.newest.entry(pk.clone()).or_default();
        if number > *newest + 1 {
            self.skipped = Some(format!("change {number} of {pk} came after {newest}"));
        }
        *newest = number.max(*newest);
        self.arrivals += 1;
    }
}

/// Accepts changes, or some of them, or fails after it has them; each call by the next of its outcomes.
struct FlakyReceiver {
    seen: Arc<Mutex<Seen>>,
    outcomes: Vec<u8>,
    calls: Arc<AtomicUsize>,
}

impl Receiver for FlakyReceiver {
    fn take<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Taken> {
        let outcome = self.outcomes[self.calls.fetch_add(1, Ordering::Relaxed) % self.outcomes.len()];
        let failure = || Some("not now".to_owned());
        let (arrive, taken) = match outcome {
            0 => (Some(0), Taken { count: 0, failure: failure() }),
            1 => (Some(changes.len() / 2), Taken { count: changes.len() / 2, failure: failure() }),
            2 => (Some(changes.len()), Taken { count: 0, failure: failure() }),
            // Never answers: the consumer is ended in the middle.
            3 => (None, Taken::all(changes)),
            _ => (Some(changes.len()), Taken::all(changes)),
        };
        Box::pin(async move {
            let Some(arrive) = arrive else {
                tokio::time::sleep(MINUTE).await;
                return Taken { count: 0, failure: failure() };
            };
            changes[..arrive].iter().for_each(|change| self.seen.lock().arrives(change));
            taken
        })
    }
}

/// A table, its consumer in the loop under test, and a receiver that compares what arrives with what was written.
struct Fixture {
    engine: Arc<dyn Engine>,
    clock: Clock,
    service: Arc<Service>,
    outcomes: Vec<u8>,
    calls: Arc<AtomicUsize>,
    seen: Arc<Mutex<Seen>>,
    consumer: Consumer,
    task: JoinHandle<End>,
    /// The number of each item's newest change.
    written: BTreeMap<&'static str, usize>,
    /// Items that are there.
    present: BTreeMap<&'static str, bool>,
    streamed: bool,
}

async fn open(engine: &Arc<dyn Engine>, clock: &Clock) -> Arc<Service> {
    let settings = ops::Settings::default();
    let service = Service::open(Arc::clone(engine), settings, clock.clone()).await.unwrap();
    service.reaches_kinesis();
    service
}

/// Makes the table, and a destination of its changes.
async fn prepare(service: &Service) -> Consumer {
    let request = CreateTableInput {
        table_name: "tab".to_owned(),
        attribute_definitions: Some(vec![AttributeDefinition {
            attribute_name: "pk".to_owned(),
            attribute_type: ScalarAttributeType::S,
        }]),
        key_schema: Some(vec![KeySchemaElement { attribute_name: "pk".to_owned(), key_type: KeyType::Hash }]),
        billing_mode: Some(BillingMode::PayPerRequest),
        ..CreateTableInput::default()
    };
    service.execute::<ops::call::CreateTable>(&caller(), request).await.unwrap();
    let request = KinesisStreamingDestinationInput {
        table_name: "tab".to_owned(),
        stream_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/changes".to_owned(),
        enable_kinesis_streaming_configuration: None,
    };
    service.execute::<ops::call::EnableKinesisStreamingDestination>(&caller(), request).await.unwrap();
    let [destination] = service.kinesis_destinations().try_into().unwrap();
    let lease = service.acquire_lease(&destination.consumer).await.unwrap().unwrap();
    assert_eq!(service.end_enabling(&destination, &lease, Ok(())).await, Ok(true));
    destination.consumer
}

impl Fixture {
    async fn new(engine: Arc<dyn Engine>, clock: Clock, outcomes: Vec<u8>) -> Fixture {
        let service = open(&engine, &clock).await;
        let consumer = prepare(&service).await;
        let (seen, calls) = (Arc::default(), Arc::default());
        let task = start(&service, &consumer, &outcomes, &calls, &seen);
        let (written, present, streamed) = (BTreeMap::new(), BTreeMap::new(), false);
        Fixture { engine, clock, service, outcomes, calls, seen, consumer, task, written, present, streamed }
    }

    /// What follows is ended wherever it is, and begins anew; over `engine`, if that was opened again.
    async fn restart(&mut self, engine: Option<Arc<dyn Engine>>) {
        self.task.abort();
        self.engine = engine.unwrap_or_else(|| Arc::clone(&self.engine));
        self.service = open(&self.engine, &self.clock).await;
        self.task = start(&self.service, &self.consumer, &self.outcomes, &self.calls, &self.seen);
    }

    async fn put(&mut self, pk: &'static str) {
        let number = self.written.entry(pk).or_default();
        *number += 1;
        let item = [("pk", text(pk)), ("v", text(&number.to_string()))];
        let item: Attributes = item.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let request = PutItemInput { table_name: "tab".to_owned(), item, ..PutItemInput::default() };
        self.service.execute::<ops::call::PutItem>(&caller(), request).await.unwrap();
        self.present.insert(pk, true);
    }

    async fn delete(&mut self, pk: &'static str) {
        if !self.present.insert(pk, false).unwrap_or_default() {
            return;
        }
        *self.written.entry(pk).or_default() += 1;
        let key: Attributes = [("pk".to_owned(), text(pk))].into_iter().collect();
        let request = DeleteItemInput { table_name: "tab".to_owned(), key, ..DeleteItemInput::default() };
        self.service.execute::<ops::call::DeleteItem>(&caller(), request).await.unwrap();
    }

    async fn turn_stream(&mut self) {
        self.streamed = !self.streamed;
        let view = self.streamed.then_some(StreamViewType::KeysOnly);
        let stream_specification = Some(StreamSpecification { stream_enabled: view.is_some(), stream_view_type: view });
        let request = UpdateTableInput { table_name: "tab".to_owned(), stream_specification, ..Default::default() };
        self.service.execute::<ops::call::UpdateTable>(&caller(), request).await.unwrap();
    }

    /// Waits until everything has arrived.
    async fn settle(&self) {
        let expected: BTreeMap<String, usize> = self.written.iter().map(|(pk, at)| ((*pk).to_owned(), *at)).collect();
        loop {
            if let Some(skipped) = &self.seen.lock().skipped {
                panic!("{skipped}");
            }
            if self.seen.lock().newest == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn start(
    service: &Arc<Service>,
    consumer: &Consumer,
    outcomes: &[u8],
    calls: &Arc<AtomicUsize>,
    seen: &Arc<Mutex<Seen>>,
) -> JoinHandle<End> {
    let receiver = FlakyReceiver { seen: Arc::clone(seen), outcomes: outcomes.to_vec(), calls: Arc::clone(calls) };
    tokio::spawn(follow(
        Arc::clone(service),
        Following {
            consumer: consumer.clone(),
            title: "a test".into(),
            start: Start::Latest,
            bounds: Bounds { records_max: 4, bytes_max: 1 << 20 },
            receiver: Arc::new(receiver),
            counts: Arc::default(),
            memory: DeliveryMemory::new(),
            holder: Holder::server("test"),
        },
    ))
}

#[derive(Clone, Debug)]
enum Step {
    Put(&'static str),
    Delete(&'static str),
    Wait {
        ms: u64,
    },
    /// The shard's time is over.
    Roll,
    Restart,
    TurnStream,
}

fn any_step() -> impl Strategy<Value = Step> {
    let pk = || prop_oneof![Just("a"), Just("b"), Just("c")];
    prop_oneof![
        12 => pk().prop_map(Step::Put),
        3 => pk().prop_map(Step::Delete),
        3 => (1..400_u64).prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::Roll),
        1 => Just(Step::Restart),
        1 => Just(Step::TurnStream),
    ]
}

/// At least one outcome that takes all, so that it ends.
fn any_outcomes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..8_u8, 0..12).prop_map(|mut outcomes| {
        outcomes.push(9);
        outcomes
    })
}

async fn run(fixture: &mut Fixture, hand: &ManualClock, step: Step) {
    match step {
        Step::Put(pk) => fixture.put(pk).await,
        Step::Delete(pk) => fixture.delete(pk).await,
        Step::Wait { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
        Step::Roll => {
            hand.advance_ms(FOUR_HOURS_MS);
            tokio::time::sleep(MINUTE).await;
            // None may become too old before it is delivered.
            fixture.settle().await;
        }
        Step::Restart => fixture.restart(None).await,
        Step::TurnStream => {
            hand.advance_ms(1);
            fixture.turn_stream().await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_change_is_delivered_in_order(steps in prop::collection::vec(any_step(), 1..60), outcomes in any_outcomes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (clock, hand) = Clock::manual(1_700_000_000_000);
            let mut fixture = Fixture::new(Memory::new(), clock, outcomes).await;
            for step in steps {
                run(&mut fixture, &hand, step).await;
            }
            fixture.settle().await;
            fixture.task.abort();
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_delivered_from_a_folder_that_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    // A task that was aborted may hold a view of the folder for a moment longer.
    let engine = async || loop {
        let options = EmbeddedOptions { cache_bytes: 1 << 20, ..EmbeddedOptions::default() };
        match Embedded::open(folder.path(), options) {
            Err(OpenError::Locked) => tokio::time::sleep(Duration::from_millis(5)).await,
            opened => return opened.unwrap(),
        }
    };
    let (clock, outcomes) = (Clock::system(), vec![9, 1, 2, 9, 0, 9]);
    let mut fixture = Fixture::new(engine().await, clock, outcomes).await;
    for round in 0..4 {
        for at in 0..40 {
            fixture.put(["a", "b", "c"][at % 3]).await;
        }
        if round % 2 == 0 {
            fixture.turn_stream().await;
            fixture.delete("b").await;
        }
        fixture.task.abort();
        fixture.engine.close().await.unwrap();
        fixture.restart(Some(engine().await)).await;
    }
    fixture.settle().await;
    assert!(fixture.seen.lock().arrivals >= 120, "some twice");
    fixture.task.abort();
    fixture.engine.close().await.unwrap();
}

#[tokio::test]
async fn following_ends_with_its_table() {
    let (clock, _hand) = Clock::manual(1_700_000_000_000);
    let mut fixture = Fixture::new(Memory::new(), clock, vec![9]).await;
    fixture.put("a").await;
    fixture.settle().await;
    let request = api::DeleteTableInput { table_name: "tab".to_owned() };
    fixture.service.execute::<ops::call::DeleteTable>(&caller(), request).await.unwrap();
    assert_eq!(fixture.task.await.unwrap(), End::Gone);
}
