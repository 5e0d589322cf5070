//! A simulation of the whole system: one seed drives clients, an operator, jobs, the clock, faults of the engine and crashes,
//! and a model predicts every answer.
//!
//! All of it runs on one thread, on rows in memory that survive the crashes, with time and chance that the seed alone decides: a
//! seed that fails fails again (`STATOR_PROOF_SEED`; `STATOR_PROOF_SIMULATIONS` is the number of seeds that are tried). The
//! clients work side by side, each on items of its own, of which it knows exactly what each answer has to be; where an answer was
//! lost, both outcomes are possible until a read shows which it was. At the end no faults happen any more, the jobs finish their
//! work, and items, indexes, counters, transactions and the stream have to agree.

mod chance;
mod client;
mod end;
mod faults;
mod model;
mod operator;

use std::sync::Arc;
use std::time::Duration;

use api::{
    CreateTableInput, KeyType, LocalSecondaryIndex, ProjectionType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TimeToLiveSpecification, UpdateTimeToLiveInput,
};
use base::{Clock, ManualClock};
use change_log::{ShardSettings, lagging::Lagging};
use cluster::nodes::NodeSettings;
use jobs::Jobs;
use parking_lot::Mutex;
use storage::faulty::FaultyEngine;
use storage::{Engine, Memory};
use tokio::task::JoinSet;

use crate::service::{Service, Settings};
use crate::tests::catalog::{attribute, caller, key, projection, simple};
use chance::Chance;
use client::Client;
use faults::{RandomFaults, Rates};
use operator::Operator;

const TABLE: &str = "items";
const BANK: &str = "bank";
const ACCOUNTS: u64 = 4;
const START_MS: u64 = 1_700_000_000_000;
const CLIENTS: usize = 4;
/// The number of steps of each client.
const STEPS: usize = 150;
/// Crashes of one simulation: more mean that it makes no progress.
const CRASHES_MAX: usize = 500;
const LEASE: Duration = Duration::from_secs(60);
const MARGIN: Duration = Duration::from_secs(5);

/// How many processes share the rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    /// One, on an engine that gives positions of logs at the commit.
    Alone,
    /// Two nodes, on an engine that gives them behind its writers.
    Nodes,
}

/// The state that survives a crash, and the decisions of the seed.
struct World {
    shape: Shape,
    disk: Arc<dyn Engine>,
    chance: Mutex<Chance>,
    clock: Clock,
    hand: ManualClock,
    clients: Vec<Arc<tokio::sync::Mutex<Client>>>,
    operator: tokio::sync::Mutex<Operator>,
    history: History,
}

/// What happened, in order: the same seed gives the same lines.
#[derive(Clone, Default)]
struct History(Arc<Mutex<Vec<String>>>);

impl History {
    fn note(&self, line: String) {
        self.0.lock().push(line);
    }

    fn count(&self, what: &str) -> usize {
        self.0.lock().iter().filter(|line| line.contains(what)).count()
    }
}

/// Runs one simulation; returns its history.
fn simulate(shape: Shape, seed: u64) -> Vec<String> {
    base::random::seed_thread(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let world = Arc::new(World::new(shape, seed));
    runtime.block_on(async {
        let time = tokio::spawn(pass_time(Arc::clone(&world)));
        world.without_faults(async |service| world.set_up(service).await).await;
        let mut processes = JoinSet::new();
        for number in 0..shape.processes() {
            processes.spawn(Arc::clone(&world).run(number));
        }
        while let Some(done) = processes.join_next().await {
            // A client that panicked has found a fault: the test ends with its message.
            done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        }
        time.abort();
        world.without_faults(async |service| world.check(service).await).await;
    });
    std::mem::take(&mut world.history.0.lock())
}

impl Shape {
    fn processes(self) -> usize {
        match self {
            Shape::Alone => 1,
            Shape::Nodes => 2,
        }
    }

    /// The longest step of the clock: nodes have several within their leases. Unit: milliseconds.
    fn step_max_ms(self) -> u64 {
        match self {
            Shape::Alone => 60_000,
            Shape::Nodes => 3_000,
        }
    }
}

impl World {
    fn new(shape: Shape, seed: u64) -> World {
        let (clock, hand) = Clock::manual(START_MS);
        let mut chance = Chance::new(seed);
        let history = History::default();
        let clients = (0..CLIENTS).map(|id| Client::new(id, chance.fork(), history.clone()));
        let clients = clients.map(|client| Arc::new(tokio::sync::Mutex::new(client))).collect();
        let operator = tokio::sync::Mutex::new(Operator::new(chance.fork(), history.clone()));
        let disk: Arc<dyn Engine> = match shape {
            Shape::Alone => Memory::new(),
            Shape::Nodes => Lagging::new(),
        };
        World { shape, disk, chance: Mutex::new(chance), clock, hand, clients, operator, history }
    }

    fn chance(&self) -> Chance {
        self.chance.lock().fork()
    }

    /// Starts a process. None if the engine failed meanwhile.
    async fn start(&self, engine: &Arc<FaultyEngine<RandomFaults>>) -> Option<Arc<Service>> {
        let shards = ShardSettings { age: 20 * Duration::from_millis(self.shape.step_max_ms()), writes: 1_000 };
        let jobs = Some(Jobs::new(self.clock.clone()));
        let (settings, clock) = (Settings { shards, jobs, ..Settings::default() }, self.clock.clone());
        let service = match self.shape {
            Shape::Alone => Service::open(engine.clone(), settings, clock).await,
            Shape::Nodes => {
                let node = NodeSettings {
                    id: cluster::nodes::NodeId::random(),
                    engine: engine.clone(),
                    address: "127.0.0.1:8000".to_owned(),
                    version: "test".to_owned(),
                    format: 1,
                    lease: LEASE,
                    margin: MARGIN,
                };
                Service::open_node(engine.clone(), settings, clock, node).await
            }
        };
        service.ok()
    }

    /// Runs a process without faults.
    async fn without_faults(&self, work: impl AsyncFnOnce(&Arc<Service>)) {
        let engine = FaultyEngine::new(self.disk.clone(), RandomFaults::new(self.chance(), Rates::NONE));
        let service = self.start(&engine).await.unwrap();
        work(&service).await;
        engine.faults.cut_power();
    }

    /// Runs a process again and again, until its clients are done.
    async fn run(self: Arc<World>, number: usize) {
        let mut chance = self.chance();
        loop {
            let engine = FaultyEngine::new(self.disk.clone(), RandomFaults::new(chance.fork(), Rates::SOME));
            let power = engine.faults.power();
            let is_done = tokio::select! {
                biased;
                () = power.cut() => false,
                is_done = self.live(number, &engine) => is_done,
            };
            // Tasks that the process has spawned can write no rows any more.
            engine.faults.cut_power();
            if is_done {
                return;
            }
            self.history.note(format!("process {number} crashes"));
            assert!(self.history.count("crashes") < CRASHES_MAX, "the clients do not get on");
            tokio::time::sleep(Duration::from_millis(chance.below(2 * self.shape.step_max_ms()))).await;
        }
    }

    /// One life of a process: its share of the clients, and all other tasks. Returns whether the clients are done.
    async fn live(&self, number: usize, engine: &Arc<FaultyEngine<RandomFaults>>) -> bool {
        let Some(service) = self.start(engine).await else { return false };
        let mut working = JoinSet::new();
        for client in self.clients.iter().skip(number).step_by(self.shape.processes()) {
            let (client, service, clock) = (client.clone(), service.clone(), self.clock.clone());
            working.spawn(async move { client.lock().await.work(&service, &clock, STEPS).await });
        }
        let clients = async {
            while let Some(done) = working.join_next().await {
                done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            }
        };
        // The first process that locks the operator runs it until the process ends.
        let operator = async { self.operator.lock().await.work(&service).await };
        tokio::select! {
            biased;
            () = clients => {}
            () = operator => {}
        }
        true
    }

    async fn set_up(&self, service: &Service) {
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
    }
}

/// Lets time pass, a little at a time.
async fn pass_time(world: Arc<World>) {
    let mut chance = world.chance();
    loop {
        for _ in 0..chance.below(60) {
            tokio::task::yield_now().await;
        }
        let by_ms = chance.below(world.shape.step_max_ms());
        world.hand.advance_ms(by_ms);
        tokio::time::advance(Duration::from_millis(by_ms)).await;
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn run(shape: Shape) {
    let first = setting("STATOR_PROOF_SEED").unwrap_or(1);
    for seed in first..first + setting("STATOR_PROOF_SIMULATIONS").unwrap_or(8) {
        // Before, so that it is there if the simulation panics.
        eprintln!("{shape:?} STATOR_PROOF_SEED={seed}");
        let history = simulate(shape, seed);
        let count = |what: &str| history.iter().filter(|line| line.contains(what)).count();
        let [crashes, added, failed] = ["crashes", "index added", "failed"].map(count);
        eprintln!("{} steps, {crashes} crashes, {added} indexes, {failed} lost answers", history.len());
        assert!(history.len() > CLIENTS * STEPS / 2 && failed > 0, "much has happened");
    }
}

#[test]
fn one_process_does_as_the_model_predicts() {
    run(Shape::Alone);
}

#[test]
fn nodes_do_as_the_model_predicts() {
    run(Shape::Nodes);
}

#[test]
fn one_seed_gives_one_history() {
    for shape in [Shape::Alone, Shape::Nodes] {
        assert!(simulate(shape, 7) == simulate(shape, 7), "{shape:?}: a simulation depends on more than its seed");
    }
}
