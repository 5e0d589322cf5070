//! What happens to two nodes over one database while clients call them: connections break at the worst moments, commits
//! come late or not at all, a node is stopped for longer than its lease, the database fails over.
//!
//! A call that fails then may have happened or not. Its client waits until its node takes calls again before it continues,
//! so that only a few calls of a history are in doubt.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use storage_postgres::testing::{Fault, Pair, PostgresServer, Proxy};
use tokio::runtime::Runtime;

use super::Stage;
use crate::client::{Client, Response};
use crate::program::PATIENCE;
use crate::proof_chance::Chance;
use crate::test_server::TestServer;

/// Short, so that a node is stopped for longer in no time.
pub(super) const LEASE_MS: u64 = 600;
/// Kinds of faults.
const FAULTS: u64 = 7;

/// The database of the nodes, if there are several.
pub(super) enum Database {
    None,
    Good(Arc<PostgresServer>),
    /// Behind a proxy that breaks connections.
    Far {
        server: Arc<PostgresServer>,
        proxy: Proxy,
        strikes: u64,
        _runtime: Runtime,
    },
    /// Taken out while it fails over.
    Pair(Option<Pair>),
}

impl Database {
    pub(super) fn of(stage: Stage) -> Database {
        match stage {
            Stage::Memory | Stage::Disk | Stage::Kills => Database::None,
            Stage::Nodes | Stage::NodeKills => PostgresServer::shared().map_or(Database::None, Database::Good),
            Stage::NodeFaults => PostgresServer::shared().map_or(Database::None, Database::far),
            Stage::FailOver => Pair::start().map_or(Database::None, |pair| Database::Pair(Some(pair))),
        }
    }

    fn far(server: Arc<PostgresServer>) -> Database {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let proxy = runtime.block_on(Proxy::start(server.port));
        Database::Far { server, proxy, strikes: 0, _runtime: runtime }
    }

    /// Of a new database.
    pub(super) fn url(&self) -> String {
        match self {
            Database::None | Database::Pair(None) => String::new(),
            Database::Good(server) => server.database(),
            Database::Far { server, proxy, .. } => {
                server.database().replace(&format!(":{}/", server.port), &format!(":{}/", proxy.port))
            }
            Database::Pair(Some(pair)) => pair.database(),
        }
    }

    /// Does its worst, for as long as there are calls to be made.
    pub(super) fn trouble(
        &mut self,
        servers: &[TestServer],
        chance: &mut Chance,
        pause: Duration,
        calls_left: impl Fn() -> u64,
    ) {
        match self {
            Database::None | Database::Good(_) => {}
            Database::Far { proxy, strikes, .. } => {
                let half = calls_left() / 2;
                let mut is_rested = false;
                while calls_left() > 0 {
                    if !is_rested && calls_left() < half {
                        is_rested = true;
                        nap(&servers[chance.below(2) as usize], chance);
                    }
                    if proxy.has_struck() {
                        proxy.arm(fault(*strikes, chance));
                        *strikes += 1;
                    }
                    thread::sleep(Duration::from_millis(1 + chance.below(20)));
                }
                assert!(is_rested && *strikes > FAULTS, "{strikes} faults");
            }
            Database::Pair(pair) => {
                thread::sleep(pause);
                *pair = pair.take().map(Pair::fail_over);
            }
        }
    }
}

/// Stops a node in the middle of whatever it does, for longer than its lease.
fn nap(server: &TestServer, chance: &mut Chance) {
    server.signal("-STOP");
    thread::sleep(Duration::from_millis(LEASE_MS + 100 + chance.below(LEASE_MS)));
    server.signal("-CONT");
}

/// Each kind in its turn.
fn fault(number: u64, chance: &mut Chance) -> Fault {
    let delay = Duration::from_millis(1 + chance.below(300));
    match number % FAULTS {
        0 => Fault::CutAfterCommit,
        1 => Fault::CutBeforeCommit,
        2 => Fault::CutInReplies,
        3 => Fault::LateCommit(delay),
        4 => Fault::SlowCommit(delay),
        5 => Fault::CutFirstFlight,
        // It takes its time: once is enough.
        6 if number == 6 => Fault::BlackHole,
        _ => Fault::SlowCommit(delay / 4),
    }
}

/// Whether an answer leaves open what became of the call.
pub(super) fn is_failure(response: &Response) -> bool {
    response.status >= 500 || response.text().contains("#ThrottlingException")
}

/// A new connection to a node that takes calls again, writes included.
pub(super) fn recovered(address: SocketAddr) -> Client {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut client = Client::connect(address);
        client.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let is_ready = client.try_response().is_some_and(|response| response.status == 200);
        if is_ready && client.try_call("ListTables", "{}").is_some_and(|response| response.status == 200) {
            return client;
        }
        assert!(Instant::now() < deadline, "the node does not recover");
        thread::sleep(Duration::from_millis(20));
    }
}
