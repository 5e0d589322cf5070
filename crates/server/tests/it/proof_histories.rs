//! Proof: what concurrent clients see on a few keys is what one server doing one thing after the other would show.
//!
//! Single-item operations are checked linearizable key by key ([`linearizable`], load in [`items`]), transactions
//! strictly serializable ([`serializable`], load in [`lists`]). Both run on the engine in memory, on the embedded one,
//! and on the embedded one killed again and again, where a call without an answer may or may not have happened; and in
//! the same two ways on two nodes over one PostgreSQL, half of the clients on each. There, connections to the database
//! break at the worst moments, too, a node sleeps through its lease, and the database fails over ([`faults`]).
//!
//! A history has many short chapters, each on fresh keys, so that the checkers stay quick. The long form is
//! `STATOR_PROOF_OPERATIONS=1000000` (docs/proofs.md).

mod faults;
mod items;
mod linearizable;
mod lists;
mod serializable;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, Response};
use crate::proof_chance::{Chance, seed, setting};
use crate::test_server::TestServer;
use faults::Database;

const CLIENTS: u64 = 8;
/// Calls in one chapter, of all clients together.
const CHAPTER_OPERATIONS: u64 = 400;
/// Calls of each of the tests below in the short form.
const SHORT_OPERATIONS: u64 = 2_000;

/// Where the histories are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Memory,
    Disk,
    /// The server is killed in the middle of each chapter, twice.
    Kills,
    Nodes,
    /// Both nodes are killed at once, twice in each chapter; the database keeps running.
    NodeKills,
    /// The way to the database is bad, and nodes are stopped for longer than their lease.
    NodeFaults,
    /// The database's primary is killed in each chapter, and its synchronous standby takes its place.
    FailOver,
}

impl Stage {
    fn has_kills(self) -> bool {
        matches!(self, Stage::Kills | Stage::NodeKills)
    }

    fn nodes(self) -> usize {
        if matches!(self, Stage::Memory | Stage::Disk | Stage::Kills) { 1 } else { 2 }
    }

    /// Whether calls may fail while their server lives.
    fn has_faults(self) -> bool {
        matches!(self, Stage::NodeFaults | Stage::FailOver)
    }

    /// A stage that takes seconds for each chapter has fewer of them in the short form.
    fn short_operations(self) -> u64 {
        if self.has_faults() { SHORT_OPERATIONS / 2 } else { SHORT_OPERATIONS }
    }
}

#[test]
fn items_in_memory_are_linearizable() {
    run::<items::Items>(Stage::Memory);
}

#[test]
fn items_on_disk_are_linearizable() {
    run::<items::Items>(Stage::Disk);
}

#[test]
fn items_are_linearizable_across_kills() {
    run::<items::Items>(Stage::Kills);
}

#[test]
fn items_on_two_nodes_are_linearizable() {
    run::<items::Items>(Stage::Nodes);
}

#[test]
fn items_on_two_nodes_are_linearizable_across_kills() {
    run::<items::Items>(Stage::NodeKills);
}

#[test]
fn transactions_on_two_nodes_are_serializable() {
    run::<lists::Lists>(Stage::Nodes);
}

#[test]
fn transactions_on_two_nodes_are_serializable_across_kills() {
    run::<lists::Lists>(Stage::NodeKills);
}

#[test]
fn items_on_two_nodes_are_linearizable_across_faults() {
    run::<items::Items>(Stage::NodeFaults);
}

#[test]
fn transactions_on_two_nodes_are_serializable_across_faults() {
    run::<lists::Lists>(Stage::NodeFaults);
}

#[test]
fn items_are_linearizable_across_failovers_of_the_database() {
    run::<items::Items>(Stage::FailOver);
}

#[test]
fn transactions_are_serializable_across_failovers_of_the_database() {
    run::<lists::Lists>(Stage::FailOver);
}

#[test]
fn transactions_in_memory_are_serializable() {
    run::<lists::Lists>(Stage::Memory);
}

#[test]
fn transactions_on_disk_are_serializable() {
    run::<lists::Lists>(Stage::Disk);
}

#[test]
fn transactions_are_serializable_across_kills() {
    run::<lists::Lists>(Stage::Kills);
}

/// A kind of load, and what its history must be.
trait Load {
    const TABLE: &str;
    type Call: Send;

    /// Makes one call on the keys of a chapter; false if the server has ended.
    fn call(worker: &mut Worker<'_>, into: &mut Vec<Self::Call>) -> bool;

    /// Checks a chapter when all is over; what is wrong in words.
    fn check(client: &mut Client, chapter: u64, calls: Vec<Self::Call>) -> Result<(), String>;
}

/// One client in one chapter.
struct Worker<'a> {
    client: Client,
    chance: Chance,
    chapter: u64,
    /// Values that no other client uses.
    next_value: u64,
    /// Where the server lives on after a call that failed: its address.
    lives_at: Option<SocketAddr>,
    start: &'a Instant,
}

/// A call's answer, if one came, and the times around it.
struct Answer {
    called: u64,
    returned: Option<u64>,
    response: Option<Response>,
}

impl Worker<'_> {
    fn ask(&mut self, operation: &str, body: &serde_json::Value) -> Answer {
        let called = self.now();
        let mut response = self.client.try_call(operation, &body.to_string());
        if self.lives_at.is_some() {
            // It may have happened, or may not.
            response = response.filter(|response| !faults::is_failure(response));
        }
        let returned = response.is_some().then(|| self.now());
        Answer { called, returned, response }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).expect("a time")
    }

    fn value(&mut self) -> u64 {
        self.next_value += 1;
        self.next_value
    }
}

fn run<L: Load>(stage: Stage) {
    let operations = setting("STATOR_PROOF_OPERATIONS", stage.short_operations());
    let mut chance = Chance::new(seed());
    let mut database = match Database::of(stage) {
        // There is no PostgreSQL here, which was said.
        Database::None if stage.nodes() > 1 => return,
        database => database,
    };
    let url = database.url();
    let node = match stage {
        Stage::Memory => TestServer::in_memory(),
        Stage::Disk | Stage::Kills => TestServer::on_data("data"),
        Stage::NodeFaults => TestServer::on_database(&url).flag("--node-lease-ms", faults::LEASE_MS.to_string()),
        Stage::Nodes | Stage::NodeKills | Stage::FailOver => TestServer::on_database(&url),
    };
    let mut servers = vec![node.start()];
    let created = servers[0].client().call("CreateTable", L::TABLE);
    assert_eq!(created.status, 200, "{}", created.text());
    servers.extend((1..stage.nodes()).map(|_| node.start()));
    let (mut answered, mut kills, mut unanswered) = (0, 0, 0);
    let start = Instant::now();
    for chapter in 0.. {
        let mut calls = Vec::new();
        let quota = AtomicI64::new(i64::try_from(CHAPTER_OPERATIONS).expect("a quota"));
        let sections = if stage.has_kills() { 3 } else { 1 };
        for section in 0..sections {
            let is_killed = section + 1 < sections;
            let workers = (0..CLIENTS).map(|client| Worker {
                client: servers[client as usize % servers.len()].client(),
                chance: Chance::new(chance.next()),
                chapter,
                next_value: ((chapter * 10 + section) * CLIENTS + client) * 100_000,
                lives_at: stage.has_faults().then(|| servers[client as usize % servers.len()].address),
                start: &start,
            });
            let workers: Vec<Worker<'_>> = workers.collect();
            let pause = Duration::from_micros(chance.below(100_000));
            let (more, gone) = run_all::<L>(workers, &quota, || {
                if is_killed {
                    thread::sleep(pause);
                    servers.iter().for_each(|server| server.signal("-KILL"));
                }
                database.trouble(&servers, &mut chance, pause, || {
                    u64::try_from(quota.load(Ordering::Relaxed)).unwrap_or(0)
                });
            });
            calls.extend(more);
            unanswered += gone;
            if is_killed {
                kills += 1;
                for server in servers.drain(..) {
                    server.wait();
                }
                servers.extend((0..stage.nodes()).map(|_| node.start()));
            }
        }
        answered += calls.len() as u64;
        if stage.has_faults() {
            servers.iter().for_each(|server| drop(faults::recovered(server.address)));
        }
        let verdict = L::check(&mut servers[0].client(), chapter, calls);
        verdict.unwrap_or_else(|problem| panic!("chapter {chapter}: {problem}"));
        if answered >= operations {
            break;
        }
    }
    eprintln!("{answered} calls, {unanswered} of them without an answer, {kills} kills, {:?}", start.elapsed());
}

/// Lets all clients continue until the quota is used up or the server has ended. Returns the calls and how many were left
/// without an answer.
fn run_all<L: Load>(workers: Vec<Worker<'_>>, quota: &AtomicI64, meanwhile: impl FnOnce()) -> (Vec<L::Call>, u64) {
    thread::scope(|scope| {
        let threads: Vec<_> = workers
            .into_iter()
            .map(|mut worker| {
                scope.spawn(move || {
                    let (mut calls, mut gone) = (Vec::new(), 0);
                    while quota.fetch_sub(1, Ordering::Relaxed) > 0 {
                        if !L::call(&mut worker, &mut calls) {
                            gone += 1;
                            let Some(address) = worker.lives_at else { break };
                            worker.client = faults::recovered(address);
                        }
                    }
                    (calls, gone)
                })
            })
            .collect();
        meanwhile();
        let results = threads.into_iter().map(|thread| thread.join().expect("a client"));
        results.fold((Vec::new(), 0), |(mut all, count), (calls, gone)| {
            all.extend(calls);
            (all, count + gone)
        })
    })
}
