//! One round: a workload against one server for a while.
//!
//! Each client thread runs its connections on a runtime of its own, so that they share one histogram without a lock and
//! the client wakes no thread but the one that has something to do. The connections are open before the clock starts.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use crate::chance::Chance;
use crate::data::Data;
use crate::peer::Peer;
use crate::plan::{Plan, Target};
use crate::recorder::Recorder;
use crate::runtime::one_thread;
use crate::schedule::{Pacer, Schedule};
use crate::trouble::Trouble;
use crate::workload::{Driver, DriverState, Workload};
use crate::{Failure, cpu};

/// The pause before a lost connection is opened again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);
/// What an open loop gets in addition to its time to answer what it was too slow for.
const GRACE_MIN: Duration = Duration::from_secs(1);

pub(crate) struct Round<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) data: &'a Arc<Data>,
    pub(crate) workload: &'a Workload,
    pub(crate) target: &'a Target,
    pub(crate) duration: Duration,
    /// Rounds that differ here ask for different keys.
    pub(crate) number: u64,
}

/// What a round gave.
pub(crate) struct Outcome {
    pub(crate) recorder: Recorder,
    pub(crate) spent: Spent,
    /// What the client beside got done.
    pub(crate) beside: Option<Recorder>,
}

/// What a round took.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) elapsed: Duration,
    pub(crate) server_cpu: Option<Duration>,
    pub(crate) client_cpu: Option<Duration>,
}

struct Meter {
    start: Instant,
    server_pid: Option<u32>,
    server_cpu: Option<Duration>,
    client_cpu: Option<Duration>,
}

impl Meter {
    fn start(server_pid: Option<u32>) -> Meter {
        let server_cpu = server_pid.and_then(cpu::of_process);
        Meter { server_pid, server_cpu, client_cpu: cpu::of_this_process(), start: Instant::now() }
    }

    fn spent(&self) -> Spent {
        let since = |now: Option<Duration>, start: Option<Duration>| Some(now?.saturating_sub(start?));
        Spent {
            elapsed: self.start.elapsed(),
            server_cpu: since(self.server_pid.and_then(cpu::of_process), self.server_cpu),
            client_cpu: since(cpu::of_this_process(), self.client_cpu),
        }
    }
}

/// A client thread's runtime, and its connections with their drivers.
type Opened = (Runtime, Vec<(Peer, Box<dyn Driver>)>);

impl Round<'_> {
    pub(crate) fn run(&self) -> Result<Outcome, Failure> {
        let (measured, beside) = (self.connections(), self.beside());
        let ready = Barrier::new(measured.len() + beside.iter().len() + 1);
        // Set once all connections are open: the clock starts then.
        let pacers = std::sync::OnceLock::new();
        std::thread::scope(|scope| {
            let spawn = |states: Vec<DriverState>, is_beside: bool| {
                let (ready, pacers) = (&ready, &pacers);
                scope.spawn(move || self.client(states, is_beside, ready, pacers))
            };
            let clients: Vec<_> = measured.into_iter().map(|states| spawn(states, false)).collect();
            let beside = beside.map(|state| spawn(vec![state], true));
            ready.wait();
            let meter = Meter::start(self.target.pid);
            let pacers = pacers.get_or_init(|| Pacers::new(self, meter.start));
            ready.wait();
            let announcer = scope.spawn(|| pacers.measured.announce(self.plan.connections));

            let recorders: Vec<_> = clients.into_iter().map(|client| joined(client.join())).collect();
            let spent = meter.spent();
            // Also where a client failed: no connection may wait for a turn that never comes.
            pacers.measured.stop();
            pacers.beside.stop();
            let beside = beside.map(|client| joined(client.join())).transpose()?;
            joined(announcer.join().map(Ok))?;
            let mut recorder = Recorder::new()?;
            for other in recorders {
                recorder.merge(&other?)?;
            }
            recorder.troubles(&Trouble::NeverSent, pacers.measured.never_begun());
            Ok(Outcome { recorder, spent, beside })
        })
    }

    /// The states of the measured connections, dealt out to the client threads.
    fn connections(&self) -> Vec<Vec<DriverState>> {
        let mut threads: Vec<Vec<DriverState>> = (0..self.plan.threads).map(|_| Vec::new()).collect();
        for connection in 0..self.plan.connections {
            threads[connection % self.plan.threads].push(self.state(connection));
        }
        threads
    }

    /// The state of the client beside. The ceiling has nothing to scan.
    fn beside(&self) -> Option<DriverState> {
        self.workload.beside.filter(|_| !self.target.is_ceiling).map(|_| self.state(self.plan.connections))
    }

    fn state(&self, connection: usize) -> DriverState {
        let stream = self.number << 32 | connection as u64;
        DriverState {
            data: Arc::clone(self.data),
            chance: Chance::new(self.plan.seed, stream),
            connection: connection as u64,
            connections: self.plan.connections as u64,
        }
    }

    /// One client thread, from its connections' opening to the end of the round.
    fn client(
        &self,
        states: Vec<DriverState>,
        is_beside: bool,
        ready: &Barrier,
        pacers: &std::sync::OnceLock<Pacers>,
    ) -> Result<Recorder, Failure> {
        let opened = self.open(states, is_beside);
        // Both barriers are passed in any case: the others wait at them.
        ready.wait();
        ready.wait();
        let (runtime, peers) = opened?;
        let Some(pacers) = pacers.get() else { return Err(Failure::new("the round did not start")) };
        let pacer = if is_beside { &pacers.beside } else { &pacers.measured };
        let recorder = Rc::new(RefCell::new(Recorder::new()?));
        let local = LocalSet::new();
        for (peer, driver) in peers {
            let each = Each { peer, driver, checks: self.target.answers_requests(), recorder: Rc::clone(&recorder) };
            local.spawn_local(each.run(Arc::clone(pacer)));
        }
        runtime.block_on(local);
        let recorder = recorder.borrow().clone();
        Ok(recorder)
    }

    fn open(&self, states: Vec<DriverState>, is_beside: bool) -> Result<Opened, Failure> {
        let make = self.workload.beside.filter(|_| is_beside).unwrap_or(self.workload.driver);
        let runtime = one_thread()?;
        let mut peers = Vec::new();
        for state in states {
            let mut peer = self.target.peer(self.plan.timeout);
            let opened = runtime.block_on(peer.open());
            opened.map_err(|trouble| self.target.unreachable(&trouble))?;
            peers.push((peer, make(state)));
        }
        Ok((runtime, peers))
    }
}

fn joined<T>(result: std::thread::Result<Result<T, Failure>>) -> Result<T, Failure> {
    result.unwrap_or_else(|_| Err(Failure::new("a thread of the client panicked")))
}

struct Pacers {
    measured: Arc<Pacer>,
    beside: Arc<Pacer>,
}

impl Pacers {
    fn new(round: &Round<'_>, start: Instant) -> Pacers {
        let (duration, plan) = (round.duration, round.plan);
        let measured = match plan.rate {
            None => Pacer::closed(start, duration, plan.operations_max),
            Some(rate) => {
                let mut schedule = Schedule::new(rate, duration);
                schedule.requests = schedule.requests.min(plan.operations_max);
                Pacer::open(start, schedule, duration.max(GRACE_MIN))
            }
        };
        // The client beside is stopped when the others are done.
        let beside = Pacer::closed(start, Duration::from_secs(86_400 * 365), u64::MAX);
        Pacers { measured: Arc::new(measured), beside: Arc::new(beside) }
    }
}

/// One connection and its driver.
struct Each {
    peer: Peer,
    driver: Box<dyn Driver>,
    checks: bool,
    recorder: Rc<RefCell<Recorder>>,
}

impl Each {
    async fn run(mut self, pacer: Arc<Pacer>) {
        let mut body = Vec::new();
        loop {
            // Built and signed before its turn comes: the client's work is not the server's latency.
            body.clear();
            let operation = self.driver.request(&mut body);
            self.peer.prepare(operation, &body);
            let Some(moment) = pacer.turn().await else { return };
            let reply = self.peer.exchange().await;
            let latency = moment.elapsed();
            let outcome = reply.and_then(|reply| match self.checks {
                true => self.driver.check(reply).map(|()| reply.len()).map_err(Trouble::Unexpected),
                false => Ok(reply.len()),
            });
            match outcome {
                Ok(bytes) => self.recorder.borrow_mut().success(latency, bytes),
                Err(trouble) => {
                    self.recorder.borrow_mut().trouble(&trouble);
                    if trouble.breaks_connection() {
                        tokio::time::sleep(RECONNECT_PAUSE).await;
                    }
                }
            }
        }
    }
}
