//! Reads from replicas: for reads that may miss the writes of the last seconds, up to an allowed lag.
//!
//! This node counts up a number in `stator_meta` on the primary, now and then: a mark, of which it remembers when it
//! was begun ([`marks`]). Each first flight to a replica reads the number before anything else. A read that sees a mark
//! sees all that was committed before the mark was begun, so each read proves its own maximal lag, in the flight that
//! it needs anyway, and without another machine's clock. A replica that is behind, or cut off, or none of this
//! database's, is found out: the count begins anywhere.
//!
//! A replica that failed gets no reads until a probe of it succeeds. Without a usable replica a read goes to the
//! primary.

mod hosts;
mod marks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use jobs::{Job, Ran};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::connection::{Ask, BEGIN, COMMIT, Reply, Sql, Value};
use crate::error::{OpenError, Trouble};
use crate::options::{Options, Patience};
use crate::pool::{Left, Pool, Session};
use marks::Marks;

/// Marks within the time that a replica may be behind.
const MARKS_PER_LAG: u32 = 4;
const INTERVAL_MIN: Duration = Duration::from_millis(25);
const INTERVAL_MAX: Duration = Duration::from_secs(1);
/// A replica that does not answer must not delay reads that the primary could answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
const FLIGHT_PATIENCE: Duration = Duration::from_secs(2);
const POOL_PATIENCE: Duration = Duration::from_millis(500);

/// Which replicas may be asked, and how far they may be behind.
#[derive(Clone, Debug)]
pub struct ReplicaOptions {
    hosts: Vec<Options>,
    lag: Duration,
}

impl ReplicaOptions {
    /// Reads a URL as [`Options::parse`] does. It may name several hosts, which are asked in turn.
    ///
    /// # Errors
    /// What is wrong with the URL or with a file that it names.
    pub fn parse(url: &str, password: Option<&str>, lag: Duration) -> Result<ReplicaOptions, OpenError> {
        let hosts: Result<Vec<Options>, OpenError> =
            hosts::apart(url).iter().map(|url| Options::parse(url, password).map(for_replica)).collect();
        Ok(ReplicaOptions { hosts: hosts?, lag })
    }

    /// Replaces the waits for a replica, which are short so that a silent replica does not delay reads.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> ReplicaOptions {
        let hosts = self.hosts.into_iter().map(|host| Options { patience, ..host }).collect();
        ReplicaOptions { hosts, ..self }
    }

    fn interval(&self) -> Duration {
        (self.lag / MARKS_PER_LAG).clamp(INTERVAL_MIN, INTERVAL_MAX)
    }
}

fn for_replica(options: Options) -> Options {
    let patience =
        Patience { connect: CONNECT_PATIENCE, flight: FLIGHT_PATIENCE, pool: POOL_PATIENCE, ..options.patience };
    Options { patience, ..options }
}

/// What became of reads that replicas were asked for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ReplicaStats {
    pub answered: u64,
    /// The replica was too far behind.
    pub stale: u64,
    pub failed: u64,
}

pub(crate) struct Replicas {
    hosts: Vec<Arc<Host>>,
    /// The next host in turn (round robin).
    next: AtomicUsize,
    marks: Mutex<Marks>,
    /// The one connection over which marks are made.
    primary: Arc<Pool>,
    counts: Counts,
}

struct Host {
    pool: Arc<Pool>,
    rests: AtomicBool,
}

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    stale: AtomicU64,
    failed: AtomicU64,
}

/// Why a host's answer does not count.
enum Unfit {
    Stale,
    Failed,
    /// It has no connection to spare.
    Busy,
}

impl Replicas {
    /// Writes marks and probes replicas until the last reference is dropped. The marks go over a connection of their
    /// own, so that a busy node does not take its replicas for stale.
    pub(crate) fn start(primary: Options, replicas: ReplicaOptions) -> Arc<Replicas> {
        let interval = replicas.interval();
        let host = |options| Arc::new(Host { pool: Pool::new(options), rests: AtomicBool::new(true) });
        let started = Arc::new(Replicas {
            hosts: replicas.hosts.into_iter().map(host).collect(),
            next: AtomicUsize::new(0),
            marks: Mutex::new(Marks::new(replicas.lag)),
            primary: Pool::new(primary.with_connections_max(1)),
            counts: Counts::default(),
        });
        let jobs = started.primary.jobs();
        jobs.add(marking(&started, interval));
        started.hosts.iter().for_each(|host| _ = jobs.add(probing(&started, host, interval)));
        started
    }

    /// The first flight of a read: `begin` and then `asks`; returns the replies to `asks`. None if no replica is
    /// usable.
    pub(crate) async fn fly(&self, begin: &[Ask], asks: &[Ask], leaves: Left) -> Option<(Session, Vec<Reply>)> {
        let flight: Vec<Ask> = begin.iter().chain([&MARKED]).chain(asks).cloned().collect();
        // Each host is tried once, and is paused if it failed.
        for _ in 0..self.hosts.len() {
            let host = self.pick()?;
            let count = match self.ask(host, &flight, begin.len(), leaves).await {
                Ok((session, mut replies)) => {
                    self.counts.answered.fetch_add(1, Ordering::Relaxed);
                    replies.drain(..=begin.len());
                    return Some((session, replies));
                }
                Err(Unfit::Stale) => &self.counts.stale,
                Err(Unfit::Failed) => &self.counts.failed,
                Err(Unfit::Busy) => return None,
            };
            count.fetch_add(1, Ordering::Relaxed);
            host.rest();
        }
        None
    }

    fn pick(&self) -> Option<&Host> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.hosts.len();
        let in_turn = (0..count).map(|at| &self.hosts[turn.wrapping_add(at) % count]);
        in_turn.map(Arc::as_ref).find(|host| !host.rests.load(Ordering::Relaxed))
    }

    /// One flight with the marked number at its place `at`.
    async fn ask(&self, host: &Host, flight: &[Ask], at: usize, leaves: Left) -> Result<(Session, Vec<Reply>), Unfit> {
        // Chosen now, before the connection is waited for: the read shows all that was committed up to the allowed lag ago.
        let wanted = self.marks.lock().wanted(Instant::now()).ok_or(Unfit::Stale)?;
        let mut session = host.pool.take().await.map_err(|trouble| match trouble {
            Trouble::Busy(_) | Trouble::Closed => Unfit::Busy,
            _ => Unfit::Failed,
        })?;
        let replies = session.fly(flight, leaves).await.map_err(|_| Unfit::Failed)?;
        match replies.get(at).and_then(marked) {
            Some(number) if wanted.contains(&number) => Ok((session, replies)),
            _ => Err(Unfit::Stale),
        }
    }

    pub(crate) fn stats(&self) -> ReplicaStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { answered, stale, failed } = &self.counts;
        ReplicaStats { answered: read(answered), stale: read(stale), failed: read(failed) }
    }

    pub(crate) async fn close(&self) {
        self.primary.close().await;
        for host in &self.hosts {
            host.pool.close().await;
        }
    }
}

impl Host {
    /// Its connections go, too: behind one name there may be several machines.
    fn rest(&self) {
        self.rests.store(true, Ordering::Relaxed);
        self.pool.forget_idle();
    }
}

const MARKED: Ask = Ask::Of(Sql::Marked, Vec::new());

fn marked(reply: &Reply) -> Option<i64> {
    reply.rows.first().and_then(|row| row.try_get(0).ok())
}

/// The job that counts up the number on the primary.
fn marking(replicas: &Arc<Replicas>, interval: Duration) -> Job {
    let job = Job::on(replicas, "mark_primary", interval, |replicas| async move {
        if replicas.primary.check_open().is_err() {
            return Ran::Ended;
        }
        let begun = Instant::now();
        match mark(&replicas.primary).await {
            Some(number) => {
                replicas.marks.lock().made(number, begun);
                Ran::Done
            }
            None => {
                // A mark that was made and is not known of does no harm.
                replicas.primary.forget_idle();
                Ran::Failed
            }
        }
    });
    job.at_once()
}

async fn mark(primary: &Arc<Pool>) -> Option<i64> {
    let mut session = primary.take().await.ok()?;
    // The first mark is random: it distinguishes this database from others.
    let first = i64::from_be_bytes(base::random::bytes16()[..8].try_into().ok()?) & marks::FIRST_MAX;
    let mark = Ask::Of(Sql::Mark, vec![Value::Int(first)]);
    let replies = session.fly(&[BEGIN, mark, MARKED, COMMIT], Left::Idle).await.ok()?;
    replies.get(2).and_then(marked)
}

/// The job that looks at a replica that rests.
fn probing(replicas: &Arc<Replicas>, host: &Arc<Host>, interval: Duration) -> Job {
    let host = Arc::clone(host);
    let job = Job::on(replicas, "probe_replica", interval, move |replicas| {
        let host = Arc::clone(&host);
        async move {
            if host.pool.check_open().is_err() {
                return Ran::Ended;
            }
            if !host.rests.load(Ordering::Relaxed) {
                return Ran::Done;
            }
            match replicas.ask(&host, &[MARKED], 0, Left::Idle).await {
                Ok(_) => {
                    host.rests.store(false, Ordering::Relaxed);
                    Ran::Done
                }
                Err(_) => {
                    host.rest();
                    Ran::Failed
                }
            }
        }
    });
    job.at_once()
}
