//! A simulation of the whole system: one seed drives clients, an operator, jobs, the clock, faults of the engine and crashes, and a
//! model predicts every answer.
//!
//! All of it runs on one thread, on rows in memory that survive the crashes, with time and chance that the seed alone decides: a
//! seed that fails fails again (`STATOR_SIMULATION_SEED`; `STATOR_SIMULATION_RUNS` is the number of seeds that are tried). The
//! clients work side by side, each on items of its own, of which it knows exactly what each answer has to be; where an answer was
//! lost, both outcomes are possible until a read shows which it was. At the end no faults happen any more, the jobs finish their
//! work, and items, indexes, counters, transactions and the stream have to agree.

mod chance;
mod client;
mod end;
mod faulty_engine;
mod model;
mod operator;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use api::{
    CreateTableInput, KeyType, LocalSecondaryIndex, ProjectionType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TimeToLiveSpecification, UpdateTimeToLiveInput,
};
use base::{Clock, ManualClock};
use jobs::Jobs;
use parking_lot::Mutex;
use storage::Memory;

use crate::catalog::tests::{attribute, caller, key, projection, simple};
use crate::change_log::ShardSettings;
use crate::service::{Service, Settings};
use chance::Chance;
use client::Client;
use faulty_engine::{Faults, FaultyEngine};
use operator::Operator;

const TABLE: &str = "items";
const BANK: &str = "bank";
const ACCOUNTS: u64 = 4;
const START_MS: u64 = 1_700_000_000_000;
const CLIENTS: usize = 3;
/// What each client does in all.
const STEPS: usize = 150;
/// Runs of the process in one simulation: more mean that it does not get on.
const PROCESSES_MAX: usize = 500;

/// What survives a crash, and what the seed decides.
struct World {
    disk: Arc<Memory>,
    chance: Chance,
    clock: Clock,
    hand: ManualClock,
    clients: Vec<Arc<tokio::sync::Mutex<Client>>>,
    operator: Arc<tokio::sync::Mutex<Operator>>,
    history: History,
}

/// What happened, in order: the same seed gives the same lines.
#[derive(Clone, Default)]
struct History(Arc<Mutex<Vec<String>>>);

impl History {
    fn note(&self, line: String) {
        self.0.lock().push(line);
    }
}

/// How a run of the process ended.
#[derive(PartialEq, Debug)]
enum End {
    Crash,
    /// The clients are done.
    Done,
}

/// Runs one simulation; returns its history.
fn simulate(seed: u64) -> Vec<String> {
    base::random::seed_thread(seed);
    let mut world = World::new(seed);
    world.process(Faults::NONE, |world, service| async move { world.set_up(&service).await });
    let mut crashes = 0;
    while world.process(Faults::SOME, |world, service| async move { world.work(&service).await }) == End::Crash {
        crashes += 1;
        assert!(crashes < PROCESSES_MAX, "seed {seed}: the clients do not get on");
    }
    world.process(Faults::NONE, |world, service| async move { world.check(&service).await });
    world.history.note(format!("{crashes} crashes"));
    std::mem::take(&mut world.history.0.lock())
}

impl World {
    fn new(seed: u64) -> World {
        let (clock, hand) = Clock::manual(START_MS);
        let mut chance = Chance::new(seed);
        let history = History::default();
        let clients = (0..CLIENTS).map(|id| Client::new(id, chance.fork(), history.clone()));
        let clients = clients.map(|client| Arc::new(tokio::sync::Mutex::new(client))).collect();
        let operator = Arc::new(tokio::sync::Mutex::new(Operator::new(chance.fork(), history.clone())));
        World { disk: Memory::new(), chance, clock, hand, clients, operator, history }
    }

    /// Runs the process until it crashes or its work is done. All tasks that it has spawned end with it.
    fn process<W: Future<Output = ()>>(&mut self, faults: Faults, work: impl FnOnce(Parts, Arc<Service>) -> W) -> End {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let engine = FaultyEngine::new(self.disk.clone(), self.chance.fork(), faults);
        let power = engine.power();
        let parts = self.parts();
        let life = async {
            let shards = ShardSettings { age: Duration::from_secs(20 * 60), writes: 1_000 };
            let jobs = Some(Jobs::by_hand(parts.clock.clone()));
            let settings = Settings { shards, jobs, ..Settings::default() };
            // An engine that fails while the process starts ends the process.
            let Ok(service) = Service::open(engine, settings, parts.clock.clone()).await else { return End::Crash };
            work(parts, service).await;
            End::Done
        };
        let end = runtime.block_on(async {
            tokio::select! {
                biased;
                () = power.is_off() => End::Crash,
                end = life => end,
            }
        });
        if end == End::Crash {
            self.history.note("crash".to_owned());
        }
        end
    }

    fn parts(&mut self) -> Parts {
        Parts {
            chance: self.chance.fork(),
            clock: self.clock.clone(),
            hand: self.hand.clone(),
            clients: self.clients.clone(),
            operator: self.operator.clone(),
        }
    }
}

/// What one run of the process works with.
struct Parts {
    chance: Chance,
    clock: Clock,
    hand: ManualClock,
    clients: Vec<Arc<tokio::sync::Mutex<Client>>>,
    operator: Arc<tokio::sync::Mutex<Operator>>,
}

impl Parts {
    async fn set_up(self, service: &Service) {
        let stream =
            StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::NewAndOldImages) };
        let by_v = LocalSecondaryIndex {
            index_name: "by_v".to_owned(),
            key_schema: key(&[("pk", KeyType::Hash), ("v", KeyType::Range)]),
            projection: projection(ProjectionType::All),
        };
        let types = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N), ("v", ScalarAttributeType::S)];
        let table = CreateTableInput {
            attribute_definitions: Some(types.map(|(name, its_type)| attribute(name, its_type)).into()),
            key_schema: Some(key(&[("pk", KeyType::Hash), ("sk", KeyType::Range)])),
            local_secondary_indexes: Some(vec![by_v]),
            stream_specification: Some(stream),
            ..simple(TABLE)
        };
        service.create_table(&caller(), table).await.unwrap();
        service.create_table(&caller(), simple(BANK)).await.unwrap();
        let time_to_live_specification = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
        let request = UpdateTimeToLiveInput { table_name: TABLE.to_owned(), time_to_live_specification };
        service.update_time_to_live(&caller(), request).await.unwrap();
        service.jobs().run_due().await;
    }

    /// The clients' steps, with all that goes on beside them.
    async fn work(mut self, service: &Arc<Service>) {
        let mut working = tokio::task::JoinSet::new();
        for client in self.clients {
            let (service, clock) = (service.clone(), self.clock.clone());
            working.spawn(async move { client.lock().await.work(&service, &clock, STEPS).await });
        }
        let clients = async {
            while let Some(done) = working.join_next().await {
                // A client that panicked has found a fault: the test ends with its words.
                done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            }
        };
        let jobs = async {
            loop {
                service.jobs().run_due().await;
                tokio::task::yield_now().await;
            }
        };
        let mut operator = self.operator.lock().await;
        tokio::select! {
            biased;
            () = clients => {}
            () = operator.work(service) => {}
            () = jobs => {}
            () = pass_time(self.chance.fork(), self.hand) => {}
        }
    }
}

/// Lets up to a minute pass, again and again.
async fn pass_time(mut chance: Chance, hand: ManualClock) {
    loop {
        for _ in 0..chance.below(60) {
            tokio::task::yield_now().await;
        }
        let by_ms = chance.below(60_000);
        hand.advance_ms(by_ms);
        tokio::time::advance(Duration::from_millis(by_ms)).await;
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[test]
fn histories_are_as_the_model_predicts() {
    let first = setting("STATOR_SIMULATION_SEED").unwrap_or(1);
    for seed in first..first + setting("STATOR_SIMULATION_RUNS").unwrap_or(12) {
        // Before, so that it is there if the simulation panics.
        println!("STATOR_SIMULATION_SEED={seed}");
        let history = simulate(seed);
        assert!(history.len() > STEPS, "much has happened");
    }
}

#[test]
fn one_seed_gives_one_history() {
    assert!(simulate(7) == simulate(7), "a simulation depends on more than its seed");
}
