//! The state of the server's connections, and which one is closed when there is no room left.
//!
//! A connection whose operation is running is left alone. All others wait for their client: for its next request, for
//! the rest of one, or for it to read its answer. That is fine as long as there is room, and not when others want it:
//!
//! - If all connections are taken and a new client connects, one is closed of the address that has most of them, and of
//!   those the one that has been idle longest. So an address cannot crowd out another one, and behind one load balancer,
//!   where all have the same address, the one idle longest is closed.
//! - If memory is wanted, those are closed that hold some of it and hardly move: that send or read less than
//!   [`SLOW_BYTES_PER_SECOND`], or than [`CROWDING_BYTES_PER_SECOND`] where their address holds more than its share while
//!   others wait.
//!
//! Only an operation of a known caller counts as use of a connection. What needs no credentials (a health check, a request that
//! is refused, HTTP/2's PING) leaves it as idle as it was.
//!
//! No operation is cut off, and a client that is sent away connects again, as it does after any other loss.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use auth::iam::Transport;
use ops::allowance::{Exhausted, MemoryBudget, Peer, Share};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::metrics::Connections;
use crate::transport::TlsSession;

/// A connection that was opened, or used, or has begun its next request this short time ago is not closed for a new one.
const SETTLED: Duration = Duration::from_secs(1);
/// Period of the search for slow connections, while requests wait for memory.
const LOOK: Duration = Duration::from_secs(1);
/// So many looks in a row must find a connection slow. The first one may be too early to be a measurement.
const SLOW_LOOKS: u32 = 3;
const SLOW_BYTES_PER_SECOND: u64 = 256 * 1024;
const CROWDING_BYTES_PER_SECOND: u64 = 1024 * 1024;

/// In place of the number of running operations: it has to go.
const EVICTED: u32 = u32::MAX;
/// How long the answer in place of which a connection is closed waits for that.
const CUT: Duration = Duration::from_secs(1);

/// One connection.
pub(crate) struct ConnectionState {
    transport: Transport,
    peer: Peer,
    tls: OnceLock<TlsSession>,
    opened: Instant,
    /// When it was last used. Unit: milliseconds since it was opened.
    idle_since_ms: AtomicU64,
    /// When it last became one that is not closed for a new one, in the same unit.
    unsettled_since_ms: AtomicU64,
    /// The next request that begins makes it so: the first one behind a use.
    may_unsettle: AtomicBool,
    /// An operation of a known caller runs, or did.
    is_used: AtomicBool,
    /// Operations that are running, or [`EVICTED`].
    running: AtomicU32,
    /// Requests that are being received or answered, or whose answer is not sent.
    requests: AtomicU32,
    /// Bytes of answers that are not sent.
    unsent: AtomicUsize,
    /// Bytes of heads of HTTP/2.
    heads: AtomicUsize,
    /// An answer waits for memory.
    answer_waits: AtomicBool,
    /// Shares of memory that stand for its requests and answers.
    holding: AtomicU32,
    /// Of those, how many wait for more memory: they cannot move.
    growing: AtomicU32,
    /// A head has come that says twice how long its body is.
    has_two_lengths: AtomicBool,
    /// Bytes that came and went.
    moved: AtomicU64,
    /// What `moved` was at the last look, and how many looks in a row found it slow.
    looked_at: AtomicU64,
    slow_looks: AtomicU32,
    leave: Notify,
}

impl ConnectionState {
    pub(crate) fn new(transport: Transport) -> Arc<ConnectionState> {
        Arc::new(ConnectionState {
            transport,
            peer: Peer::of(transport.peer),
            tls: OnceLock::new(),
            opened: Instant::now(),
            idle_since_ms: AtomicU64::new(0),
            unsettled_since_ms: AtomicU64::new(0),
            may_unsettle: AtomicBool::new(true),
            is_used: AtomicBool::new(false),
            running: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            unsent: AtomicUsize::new(0),
            heads: AtomicUsize::new(0),
            answer_waits: AtomicBool::new(false),
            holding: AtomicU32::new(0),
            growing: AtomicU32::new(0),
            has_two_lengths: AtomicBool::new(false),
            moved: AtomicU64::new(0),
            looked_at: AtomicU64::new(0),
            slow_looks: AtomicU32::new(0),
            leave: Notify::new(),
        })
    }

    /// The client's address, and whether the connection is encrypted.
    pub(crate) fn transport(&self) -> Transport {
        self.transport
    }

    /// The peer whose shares of memory and connections it counts for.
    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// The handshake is done.
    pub(crate) fn encrypted(&self, session: TlsSession) {
        // Only the first one counts, and there is no second.
        let _ = self.tls.set(session);
    }

    /// What was agreed on, where the connection is encrypted.
    pub(crate) fn tls(&self) -> Option<&TlsSession> {
        self.tls.get()
    }

    /// A request has begun to arrive. Returns how many there are now.
    pub(crate) fn request(self: &Arc<ConnectionState>) -> (AtRequest, u32) {
        if self.may_unsettle.swap(false, Ordering::Relaxed) {
            self.unsettled_since_ms.store(self.now_ms(), Ordering::Relaxed);
        }
        let others = self.requests.fetch_add(1, Ordering::Relaxed);
        (AtRequest(Arc::clone(self)), others + 1)
    }

    /// Counts bytes of an answer until they are [`ConnectionState::sent`]. Returns how many there are now.
    pub(crate) fn add_unsent(&self, bytes: usize) -> usize {
        self.unsent.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.unsent.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts bytes of a head until they are dropped. Returns how many there are now.
    pub(crate) fn add_heads(&self, bytes: usize) -> usize {
        self.heads.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    pub(crate) fn drop_heads(&self, bytes: usize) {
        self.heads.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// An answer begins to wait for memory, unless another one does.
    pub(crate) fn answer_waits(&self) -> Option<AnswerWaits<'_>> {
        let others = self.answer_waits.swap(true, Ordering::AcqRel);
        (!others).then_some(AnswerWaits(self))
    }

    /// Requests that are being received or answered, or whose answer is not sent.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// An operation begins, unless the connection is already to go.
    pub(crate) fn run(&self) -> Option<Running<'_>> {
        // One atomic value for both: an operation begins before an eviction, which then fails, or finds that it is evicted.
        let more = |running| if running == EVICTED { None } else { Some(running + 1) };
        self.running.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Running(self))
    }

    /// A known caller's operation is what runs.
    pub(crate) fn used(&self) {
        self.is_used.store(true, Ordering::Relaxed);
    }

    pub(crate) fn note_two_lengths(&self) {
        self.has_two_lengths.store(true, Ordering::Relaxed);
    }

    /// Whether it is not certain any more where its requests end.
    pub(crate) fn has_two_lengths(&self) -> bool {
        self.has_two_lengths.load(Ordering::Relaxed)
    }

    pub(crate) fn moved(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Closes it, whatever it does: its request has no answer. Done when the connection is closed, at the latest after a while.
    pub(crate) async fn cut(&self) {
        self.leave.notify_one();
        // The connection's own task drops this future with the connection. A stream of HTTP/2 has a task of its own.
        tokio::time::sleep(CUT).await;
    }

    /// Done when it has to go.
    pub(crate) async fn evicted(&self) {
        self.leave.notified().await;
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// An operation ended. What a known caller asked for is a use; behind it, the next request is given time to arrive.
    fn ended(&self) {
        if self.is_used.swap(false, Ordering::Relaxed) {
            let now_ms = self.now_ms();
            self.idle_since_ms.store(now_ms, Ordering::Relaxed);
            self.unsettled_since_ms.store(now_ms, Ordering::Relaxed);
            self.may_unsettle.store(true, Ordering::Relaxed);
        }
    }

    /// Since when it has been idle; nothing while an operation is running.
    fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.running.load(Ordering::Acquire) == 0;
        is_idle.then(|| self.opened + Duration::from_millis(self.idle_since_ms.load(Ordering::Relaxed)))
    }

    fn is_settled(&self, now: Instant) -> bool {
        let since = self.opened + Duration::from_millis(self.unsettled_since_ms.load(Ordering::Relaxed));
        now.saturating_duration_since(since) >= SETTLED
    }

    fn evict(&self) -> bool {
        let evicted = self.running.compare_exchange(0, EVICTED, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if evicted {
            self.leave.notify_one();
        }
        evicted
    }

    /// Looks whether it holds memory and moves less than it should, at so many looks in a row.
    fn is_stuck(&self, bytes_per_second_min: u64) -> bool {
        let moved = self.moved.load(Ordering::Relaxed);
        let since = moved - self.looked_at.swap(moved, Ordering::Relaxed).min(moved);
        let waits = self.holds_idly() && self.running.load(Ordering::Acquire) == 0;
        if !waits || since >= bytes_per_second_min {
            self.slow_looks.store(0, Ordering::Relaxed);
            return false;
        }
        self.slow_looks.fetch_add(1, Ordering::Relaxed) + 1 >= SLOW_LOOKS
    }
}

impl ConnectionState {
    /// Whether it holds memory of a request that waits for its client, and not for more memory.
    fn holds_idly(&self) -> bool {
        self.holding.load(Ordering::Relaxed) > self.growing.load(Ordering::Relaxed)
    }
}

pub(crate) struct AtRequest(Arc<ConnectionState>);

impl Drop for AtRequest {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer waits for memory, until this is dropped.
pub(crate) struct AnswerWaits<'a>(&'a ConnectionState);

impl Drop for AnswerWaits<'_> {
    fn drop(&mut self) {
        self.0.answer_waits.store(false, Ordering::Release);
    }
}

/// An operation is running, until this is dropped.
pub(crate) struct Running<'a>(&'a ConnectionState);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Before the count: a thread that sees no operation running finds since when.
        self.0.ended();
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A share of memory that a connection answers for.
pub(crate) struct Held {
    share: Share,
    state: Arc<ConnectionState>,
}

impl Held {
    pub(crate) fn new(share: Share, state: &Arc<ConnectionState>) -> Held {
        state.holding.fetch_add(1, Ordering::Relaxed);
        Held { share, state: Arc::clone(state) }
    }

    pub(crate) fn resize(&mut self, bytes: usize) {
        self.share.resize(bytes);
    }

    /// Waits for so much memory.
    pub(crate) async fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let _growing = Growing::begin(&self.state);
        self.share.grow(bytes).await
    }
}

/// Waits for memory, until this is dropped.
struct Growing<'a>(&'a ConnectionState);

impl Growing<'_> {
    fn begin(state: &ConnectionState) -> Growing<'_> {
        state.growing.fetch_add(1, Ordering::Relaxed);
        Growing(state)
    }
}

impl Drop for Growing<'_> {
    fn drop(&mut self) {
        self.0.growing.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.state.holding.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All of them.
pub(crate) struct ConnectionStates {
    taken: Mutex<Taken>,
    counts: Arc<Connections>,
}

#[derive(Default)]
struct Taken {
    last: u64,
    states: HashMap<u64, Taking>,
    /// How many connections each address has; one without any is not here.
    of_peer: HashMap<Peer, Arc<AtomicU32>>,
}

struct Taking {
    state: Arc<ConnectionState>,
    of_peer: Arc<AtomicU32>,
}

/// Which connection makes room first: the greatest, of the address that has most of them, a settled one, the one idle
/// longest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    of_peer: u32,
    is_settled: bool,
    since: Reverse<Instant>,
}

impl Taken {
    fn idle(&self, now: Instant) -> impl Iterator<Item = (Claim, &ConnectionState)> {
        self.states.values().filter_map(move |Taking { state, of_peer }| {
            let (since, of_peer) = (Reverse(state.idle_since()?), of_peer.load(Ordering::Relaxed));
            Some((Claim { of_peer, is_settled: state.is_settled(now), since }, &**state))
        })
    }

    fn count(&self, peer: Peer) -> u32 {
        self.of_peer.get(&peer).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// A connection among the others, until this is dropped.
pub(crate) struct Registration {
    number: u64,
    states: Arc<ConnectionStates>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut taken = self.states.taken.lock();
        if let Some(Taking { state, of_peer }) = taken.states.remove(&self.number)
            && of_peer.fetch_sub(1, Ordering::Relaxed) == 1
        {
            taken.of_peer.remove(&state.peer);
        }
    }
}

impl ConnectionStates {
    pub(crate) fn new(counts: Arc<Connections>) -> Arc<ConnectionStates> {
        Arc::new(ConnectionStates { taken: Mutex::default(), counts })
    }

    pub(crate) fn register(self: &Arc<ConnectionStates>, state: &Arc<ConnectionState>) -> Registration {
        let mut taken = self.taken.lock();
        taken.last += 1;
        let number = taken.last;
        let of_peer = Arc::clone(taken.of_peer.entry(state.peer).or_default());
        of_peer.fetch_add(1, Ordering::Relaxed);
        taken.states.insert(number, Taking { state: Arc::clone(state), of_peer });
        Registration { number, states: Arc::clone(self) }
    }

    /// Closes a connection for a new one: of the address with most connections, the one idle longest.
    pub(crate) fn evict_one(&self, newcomer: Peer) {
        let now = Instant::now();
        let taken = self.taken.lock();
        let of_newcomer = taken.count(newcomer) + 1;
        let Some((claim, state)) = taken.idle(now).max_by_key(|(claim, _)| *claim) else { return };
        // A connection that has just come or been used is given a moment: a server with no others would close each before its
        // first request. It gets none where a connection of an address with fewer would have to go in its place, or where
        // the newcomer's has far fewer: else an address could hold all connections by using them now and then.
        let crowds = claim.of_peer > 2 * of_newcomer;
        if claim.is_settled || crowds || taken.idle(now).any(|(claim, _)| claim.is_settled) {
            self.evict(state, &self.counts.evicted_idle);
        }
    }

    /// Makes room for one more of an address that may have no more than so many. Whether it may come.
    pub(crate) fn admit(&self, peer: Peer, connections_max: u32) -> bool {
        let now = Instant::now();
        let taken = self.taken.lock();
        if taken.count(peer) < connections_max {
            return true;
        }
        let own = taken.states.values().map(|taking| &taking.state).filter(|state| state.peer == peer);
        let settled =
            own.filter_map(|state| Some((state.idle_since()?, state))).filter(|(_, state)| state.is_settled(now));
        let oldest = settled.min_by_key(|(since, _)| *since);
        oldest.is_some_and(|(_, state)| self.evict(state, &self.counts.evicted_address))
    }

    fn evict(&self, state: &ConnectionState, count: &AtomicU64) -> bool {
        let evicted = state.evict();
        count.fetch_add(u64::from(evicted), Ordering::Relaxed);
        evicted
    }

    /// Closes connections that are stuck with memory that is wanted, as long as the server runs.
    pub(crate) async fn watch(&self, memory: &[Arc<MemoryBudget>]) -> Infallible {
        loop {
            tokio::time::sleep(LOOK).await;
            if memory.iter().any(|memory| memory.is_wanted()) {
                self.evict_stuck(memory);
            }
        }
    }

    fn evict_stuck(&self, memory: &[Arc<MemoryBudget>]) {
        let taken = self.taken.lock();
        for Taking { state, .. } in taken.states.values() {
            let crowds = state.holds_idly() && memory.iter().any(|memory| memory.is_crowded_by(state.peer));
            if state.is_stuck(if crowds { CROWDING_BYTES_PER_SECOND } else { SLOW_BYTES_PER_SECOND }) {
                self.evict(state, &self.counts.evicted_stuck);
            }
        }
    }
}

#[cfg(test)]
mod tests;
