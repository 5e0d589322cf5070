//! Who sits on the server's connections, and who has to go when there is no room left.
//!
//! A connection whose operation is running is left alone. All others wait for their client: for its next request, for
//! the rest of one, or for it to read its answer. That is fine as long as there is room, and not when others want it:
//!
//! - If all connections are taken and a new client knocks, the one goes that has been waiting for its client longest.
//! - If memory is wanted, those go that hold some of it and hardly move: that send or read less than
//!   [`SLOW_BYTES_PER_SECOND`].
//!
//! No operation is cut off, and a client that is sent away connects again, as it does after any other loss.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use auth::iam::Transport;
use ops::allowance::{MemoryBudget, Share};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::metrics::Connections;
use crate::tls::Session;

/// Who has come, sent or got something this short time ago is not sent away for a newcomer.
const SETTLED: Duration = Duration::from_secs(1);
/// How often those are looked for who hold memory that others want.
const LOOK: Duration = Duration::from_secs(1);
/// So many looks in a row must find a connection slow. The first may have come too early to tell.
const SLOW_LOOKS: u32 = 3;
const SLOW_BYTES_PER_SECOND: u64 = 256 * 1024;

/// In place of the number of running operations: it has to go.
const EVICTED: u32 = u32::MAX;

/// One connection.
pub(crate) struct Seat {
    transport: Transport,
    tls: OnceLock<Session>,
    opened: Instant,
    /// When it last began to wait for its client. Unit: milliseconds since it was opened.
    waits_since_ms: AtomicU64,
    /// Operations that are running, or [`EVICTED`].
    running: AtomicU32,
    /// Requests that are being received or answered.
    requests: AtomicU32,
    /// Shares of memory that stand for its requests and answers.
    holding: AtomicU32,
    /// Bytes that came and went.
    moved: AtomicU64,
    /// What `moved` was at the last look, and how many looks in a row found it slow.
    looked_at: AtomicU64,
    slow_looks: AtomicU32,
    leave: Notify,
}

impl Seat {
    pub(crate) fn new(transport: Transport) -> Arc<Seat> {
        Arc::new(Seat {
            transport,
            tls: OnceLock::new(),
            opened: Instant::now(),
            waits_since_ms: AtomicU64::new(0),
            running: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            holding: AtomicU32::new(0),
            moved: AtomicU64::new(0),
            looked_at: AtomicU64::new(0),
            slow_looks: AtomicU32::new(0),
            leave: Notify::new(),
        })
    }

    /// Who sits here, and whether others can listen.
    pub(crate) fn transport(&self) -> Transport {
        self.transport
    }

    /// The handshake is done.
    pub(crate) fn encrypted(&self, session: Session) {
        // Only the first one counts, and there is no second.
        let _ = self.tls.set(session);
    }

    /// What was agreed on, where the connection is encrypted.
    pub(crate) fn tls(&self) -> Option<&Session> {
        self.tls.get()
    }

    /// A request has begun to arrive. Returns how many there are now.
    pub(crate) fn request(&self) -> (AtRequest<'_>, u32) {
        self.waits();
        let others = self.requests.fetch_add(1, Ordering::Relaxed);
        (AtRequest(self), others + 1)
    }

    /// An operation begins, unless the connection is already to go.
    pub(crate) fn run(&self) -> Option<Running<'_>> {
        let more = |running| if running == EVICTED { None } else { Some(running + 1) };
        self.running.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Running(self))
    }

    pub(crate) fn moved(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Done when it has to go.
    pub(crate) async fn evicted(&self) {
        self.leave.notified().await;
    }

    fn waits(&self) {
        let ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.waits_since_ms.store(ms, Ordering::Relaxed);
    }

    /// Since when it has been waiting for its client; nothing while an operation is running.
    fn waiting_since(&self) -> Option<Instant> {
        let waits = self.running.load(Ordering::Acquire) == 0;
        waits.then(|| self.opened + Duration::from_millis(self.waits_since_ms.load(Ordering::Relaxed)))
    }

    fn evict(&self) -> bool {
        let evicted = self.running.compare_exchange(0, EVICTED, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if evicted {
            self.leave.notify_one();
        }
        evicted
    }

    /// Looks whether it holds memory and hardly moves, at so many looks in a row.
    fn is_stuck(&self) -> bool {
        let moved = self.moved.load(Ordering::Relaxed);
        let since = moved - self.looked_at.swap(moved, Ordering::Relaxed).min(moved);
        let waits = self.holding.load(Ordering::Relaxed) > 0 && self.running.load(Ordering::Acquire) == 0;
        if !waits || since >= SLOW_BYTES_PER_SECOND {
            self.slow_looks.store(0, Ordering::Relaxed);
            return false;
        }
        self.slow_looks.fetch_add(1, Ordering::Relaxed) + 1 >= SLOW_LOOKS
    }
}

pub(crate) struct AtRequest<'a>(&'a Seat);

impl Drop for AtRequest<'_> {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An operation is running, until this is dropped.
pub(crate) struct Running<'a>(&'a Seat);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.waits();
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A share of memory that a connection answers for.
pub(crate) struct Held {
    share: Share,
    seat: Arc<Seat>,
}

impl Held {
    pub(crate) fn new(share: Share, seat: &Arc<Seat>) -> Held {
        seat.holding.fetch_add(1, Ordering::Relaxed);
        Held { share, seat: Arc::clone(seat) }
    }

    pub(crate) fn resize(&mut self, bytes: usize) {
        self.share.resize(bytes);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.seat.holding.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All of them.
pub(crate) struct Seats {
    taken: Mutex<Taken>,
    counts: Arc<Connections>,
}

#[derive(Default)]
struct Taken {
    last: u64,
    seats: HashMap<u64, Arc<Seat>>,
}

/// A seat among the others, until this is dropped.
pub(crate) struct Sitting {
    number: u64,
    seats: Arc<Seats>,
}

impl Drop for Sitting {
    fn drop(&mut self) {
        self.seats.taken.lock().seats.remove(&self.number);
    }
}

impl Seats {
    pub(crate) fn new(counts: Arc<Connections>) -> Arc<Seats> {
        Arc::new(Seats { taken: Mutex::default(), counts })
    }

    pub(crate) fn sit(self: &Arc<Seats>, seat: &Arc<Seat>) -> Sitting {
        let mut taken = self.taken.lock();
        taken.last += 1;
        let number = taken.last;
        taken.seats.insert(number, Arc::clone(seat));
        Sitting { number, seats: Arc::clone(self) }
    }

    /// Sends away whoever has been waiting for its client longest.
    pub(crate) fn evict_one(&self) {
        let now = Instant::now();
        let taken = self.taken.lock();
        let waiting = taken.seats.values().filter_map(|seat| Some((seat.waiting_since()?, seat)));
        let settled = waiting.filter(|(since, _)| now.saturating_duration_since(*since) >= SETTLED);
        if let Some((_, seat)) = settled.min_by_key(|(since, _)| *since)
            && seat.evict()
        {
            self.counts.evicted_idle.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends away those who are stuck with memory that is wanted, for ever.
    pub(crate) async fn watch(&self, memory: &[Arc<MemoryBudget>]) -> Infallible {
        loop {
            tokio::time::sleep(LOOK).await;
            if memory.iter().any(|memory| memory.is_wanted()) {
                self.evict_stuck();
            }
        }
    }

    fn evict_stuck(&self) {
        let taken = self.taken.lock();
        for seat in taken.seats.values() {
            if seat.is_stuck() && seat.evict() {
                self.counts.evicted_stuck.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests;
