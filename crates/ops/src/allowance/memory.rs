//! The memory budget that requests share: reservations, no allocations.
//!
//! A reservation ([`Share`]) begins small and grows with the bytes that have arrived, so that a client holds what it has sent
//! and not what it has announced. A reservation that does not fit waits, and is refused after the budget's timeout; a
//! refused request gives back all that it holds.
//!
//! **Order.** Requests that hold a part and need more come first, the oldest first; then come new ones, as they arrived.
//!
//! **Progress.** Holding a part while waiting for more could end in a deadlock. Therefore the first in that order
//! may overdraw the budget, one request at a time, until it drops its reservation: it waits for no memory, so it ends with
//! its client's body or at the body's timeout, and frees what the next one needs. Its body is bounded
//! (`server::body`), and so is what is overdrawn.
//!
//! **Shares.** While several peers wait, one that would hold more than half of the budget waits behind the others. While one
//! peer alone waits there is none to protect, and no bound but the budget: behind a load balancer all clients are one
//! peer and use all of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Peer;

const KIB: u64 = 1024;

/// No memory was free in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exhausted;

pub struct MemoryBudget {
    kib_max: u64,
    timeout: Duration,
    state: Mutex<State>,
}

/// When a request waits and how early: those that hold a part before new ones, and the oldest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Order {
    is_new: bool,
    ticket: u64,
}

struct Waiter {
    kib: u64,
    peer: Peer,
    granted: oneshot::Sender<()>,
}

#[derive(Default)]
struct State {
    /// Held within the budget.
    used_kib: u64,
    overdrawn_kib: u64,
    tickets: u64,
    waiting: BTreeMap<Order, Waiter>,
    /// The number of waiters of each peer.
    waiting_of: HashMap<Peer, usize>,
    held_by: HashMap<Peer, u64>,
    /// The request that may overdraw.
    overdrawing: Option<u64>,
    refused: u64,
}

impl MemoryBudget {
    pub fn new(bytes_max: u64, timeout: Duration) -> Arc<MemoryBudget> {
        Arc::new(MemoryBudget { kib_max: (bytes_max / KIB).max(1), timeout, state: Mutex::default() })
    }

    /// Waits for a share. More than the budget counts as all of it: such a request runs alone.
    ///
    /// # Errors
    /// [`Exhausted`] if it is not granted until the timeout.
    pub async fn share(self: &Arc<MemoryBudget>, peer: Peer, bytes: usize) -> Result<Share, Exhausted> {
        let mut share = self.nothing(peer);
        share.grow(bytes).await?;
        Ok(share)
    }

    /// # Errors
    /// [`Exhausted`] if there is none now.
    pub fn try_share(self: &Arc<MemoryBudget>, peer: Peer, bytes: usize) -> Result<Share, Exhausted> {
        let mut share = self.nothing(peer);
        let kib = self.kib(bytes);
        let mut state = self.state.lock();
        if state.used_kib + kib > self.kib_max {
            state.refused += 1;
            return Err(Exhausted);
        }
        state.take(peer, kib);
        drop(state);
        share.kib = kib;
        Ok(share)
    }

    /// A share of nothing, to be grown or resized.
    pub fn nothing(self: &Arc<MemoryBudget>, peer: Peer) -> Share {
        let ticket = {
            let mut state = self.state.lock();
            state.tickets += 1;
            state.tickets
        };
        Share { memory: Arc::clone(self), peer, ticket, kib: 0, overdrawn_kib: 0 }
    }

    fn kib(&self, bytes: usize) -> u64 {
        (bytes as u64).div_ceil(KIB).min(self.kib_max)
    }

    /// Whether requests wait for memory, or the budget is overdrawn.
    pub fn is_wanted(&self) -> bool {
        let state = self.state.lock();
        !state.waiting.is_empty() || state.overdrawn_kib > 0
    }

    /// Whether other peers wait, while this one holds more than its share.
    pub fn is_crowded_by(&self, peer: Peer) -> bool {
        let state = self.state.lock();
        let others = state.waiting_of.keys().any(|waiting| *waiting != peer);
        others && state.held(peer) > self.peer_kib_max()
    }

    pub fn bytes_max(&self) -> u64 {
        self.kib_max * KIB
    }

    pub fn bytes_used(&self) -> u64 {
        let state = self.state.lock();
        (state.used_kib + state.overdrawn_kib) * KIB
    }

    /// Requests that wait for a share now.
    pub fn waiting(&self) -> u64 {
        self.state.lock().waiting.len() as u64
    }

    /// Requests that were refused.
    pub fn refused(&self) -> u64 {
        self.state.lock().refused
    }

    /// The memory that one peer may hold while others wait.
    fn peer_kib_max(&self) -> u64 {
        self.kib_max.div_ceil(2)
    }
}

impl State {
    fn held(&self, peer: Peer) -> u64 {
        self.held_by.get(&peer).copied().unwrap_or(0)
    }

    fn take(&mut self, peer: Peer, kib: u64) {
        self.used_kib += kib;
        self.hold(peer, kib);
    }

    fn overdraw(&mut self, peer: Peer, kib: u64) {
        self.overdrawn_kib += kib;
        self.hold(peer, kib);
    }

    fn hold(&mut self, peer: Peer, kib: u64) {
        if kib > 0 {
            *self.held_by.entry(peer).or_default() += kib;
        }
    }

    fn give_back(&mut self, peer: Peer, kib: u64, overdrawn_kib: u64) {
        self.used_kib -= kib;
        self.overdrawn_kib -= overdrawn_kib;
        // The entry of a peer without memory is removed: there are at most as many entries as reservations.
        if let Some(held) = self.held_by.get_mut(&peer) {
            *held -= kib + overdrawn_kib;
            if *held == 0 {
                self.held_by.remove(&peer);
            }
        }
    }

    fn enqueue(&mut self, order: Order, waiter: Waiter) {
        *self.waiting_of.entry(waiter.peer).or_default() += 1;
        self.waiting.insert(order, waiter);
    }

    fn dequeue(&mut self, order: Order) -> Option<Waiter> {
        let waiter = self.waiting.remove(&order)?;
        if let Some(count) = self.waiting_of.get_mut(&waiter.peer) {
            *count -= 1;
            if *count == 0 {
                self.waiting_of.remove(&waiter.peer);
            }
        }
        Some(waiter)
    }

    /// The next waiter: the first in order of a peer that stays within its share, or the first of all if there is none or
    /// only one peer waits.
    fn next(&self, peer_kib_max: u64) -> Option<Order> {
        let within = |waiter: &Waiter| self.held(waiter.peer) + waiter.kib <= peer_kib_max;
        let several = self.waiting_of.len() > 1;
        let fair = several.then(|| self.waiting.iter().find(|(_, waiter)| within(waiter))).flatten();
        fair.or_else(|| self.waiting.first_key_value()).map(|(order, _)| *order)
    }

    /// The next waiter if it holds memory, or else the oldest that does.
    fn first_holder(&self, next: Order) -> Option<Order> {
        let oldest = self.waiting.first_key_value().map(|(order, _)| *order);
        [Some(next), oldest].into_iter().flatten().find(|order| !order.is_new)
    }
}

impl MemoryBudget {
    /// Grants free memory to waiters. Called after each change that may allow a grant: memory given back, a waiter added or
    /// removed. Only the next one in order is considered, so that a large request does not starve behind small ones.
    fn grant(&self, state: &mut State) {
        while let Some(mut order) = state.next(self.peer_kib_max()) {
            let kib = state.waiting.get(&order).map_or(0, |waiter| waiter.kib);
            let fits = state.used_kib + kib <= self.kib_max;
            if !fits {
                // Progress: if no request overdraws, one that holds memory may. The next one may be new, of a peer that
                // others crowd out; the memory that it waits for is held by requests that wait, too, so one of those must
                // continue.
                let Some(holder) = state.first_holder(order).filter(|_| state.overdrawing.is_none()) else { return };
                order = holder;
            }
            let Some(waiter) = state.dequeue(order) else { return };
            let kib = waiter.kib;
            if waiter.granted.send(()).is_err() {
                // Its request ended meanwhile; it has taken nothing.
                continue;
            }
            if fits {
                state.take(waiter.peer, kib);
            } else {
                state.overdrawing = Some(order.ticket);
                state.overdraw(waiter.peer, kib);
            }
        }
    }
}

/// Held until it is dropped.
pub struct Share {
    memory: Arc<MemoryBudget>,
    peer: Peer,
    /// The age of the request: older ones have lower tickets.
    ticket: u64,
    kib: u64,
    overdrawn_kib: u64,
}

impl Share {
    /// Grows to this size, if it is smaller. Waits for memory that is not free.
    ///
    /// # Errors
    /// [`Exhausted`] if it is not granted until the timeout. The share then holds what it held before.
    pub async fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let timeout = self.memory.timeout;
        let Some(mut waiting) = self.ask(bytes) else { return Ok(()) };
        let granted = tokio::time::timeout(timeout, &mut waiting.granted).await;
        waiting.end(matches!(granted, Ok(Ok(()))))
    }

    /// Takes free memory, or queues. None if there is nothing to wait for.
    fn ask(&mut self, bytes: usize) -> Option<Waiting<'_>> {
        let wanted = self.memory.kib(bytes).saturating_sub(self.total());
        if wanted == 0 {
            return None;
        }
        let memory = Arc::clone(&self.memory);
        let mut state = memory.state.lock();
        let fits = state.used_kib + wanted <= memory.kib_max;
        // Free memory is taken past no waiter: a large request would starve behind small ones.
        if fits && state.waiting.is_empty() {
            state.take(self.peer, wanted);
            self.kib += wanted;
            return None;
        }
        // The request that overdraws waits for no memory (see Progress above): others wait for its end.
        if state.overdrawing == Some(self.ticket) {
            state.overdraw(self.peer, wanted);
            self.overdrawn_kib += wanted;
            return None;
        }
        let (sender, granted) = oneshot::channel();
        let order = Order { is_new: self.total() == 0, ticket: self.ticket };
        state.enqueue(order, Waiter { kib: wanted, peer: self.peer, granted: sender });
        memory.grant(&mut state);
        drop(state);
        Some(Waiting { share: self, order, kib: wanted, granted, is_settled: false })
    }

    fn total(&self) -> u64 {
        self.kib + self.overdrawn_kib
    }

    /// Resizes to memory that is allocated already, so without waiting: if the budget has no room for it, it is overdrawn.
    pub fn resize(&mut self, bytes: usize) {
        let (own, wanted) = (self.total(), self.memory.kib(bytes));
        let memory = Arc::clone(&self.memory);
        let mut state = memory.state.lock();
        if wanted <= own {
            // What is given back is granted under the same lock, so that no new request takes it past those that wait.
            self.give_back(own - wanted, &mut state);
            memory.grant(&mut state);
        } else if state.used_kib + wanted - own <= memory.kib_max {
            state.take(self.peer, wanted - own);
            self.kib += wanted - own;
        } else {
            state.overdraw(self.peer, wanted - own);
            self.overdrawn_kib += wanted - own;
        }
    }

    fn give_back(&mut self, kib: u64, state: &mut State) {
        let overdrawn_kib = kib.min(self.overdrawn_kib);
        self.overdrawn_kib -= overdrawn_kib;
        self.kib -= kib - overdrawn_kib;
        state.give_back(self.peer, kib - overdrawn_kib, overdrawn_kib);
    }

    /// Both in one, of the same memory and peer.
    pub(super) fn merge(&mut self, mut other: Share) {
        debug_assert!(Arc::ptr_eq(&self.memory, &other.memory) && self.peer == other.peer);
        self.kib += std::mem::take(&mut other.kib);
        self.overdrawn_kib += std::mem::take(&mut other.overdrawn_kib);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let memory = Arc::clone(&self.memory);
        let mut state = memory.state.lock();
        // Before `grant`, which lets the next request overdraw.
        if state.overdrawing == Some(self.ticket) {
            state.overdrawing = None;
        }
        let all = self.total();
        self.give_back(all, &mut state);
        memory.grant(&mut state);
    }
}

/// A share that is in the queue, until it is granted or this is dropped.
struct Waiting<'a> {
    share: &'a mut Share,
    order: Order,
    kib: u64,
    granted: oneshot::Receiver<()>,
    is_settled: bool,
}

impl Waiting<'_> {
    fn end(mut self, is_granted: bool) -> Result<(), Exhausted> {
        self.settle(is_granted, true)
    }

    /// A grant and the end of waiting may cross: under the lock it shows which of them came first. A waiter that is in the
    /// queue no more was granted, also after its timeout, and its memory counts as the share's.
    fn settle(&mut self, is_granted: bool, is_refusal: bool) -> Result<(), Exhausted> {
        self.is_settled = true;
        let memory = Arc::clone(&self.share.memory);
        let mut state = memory.state.lock();
        if !is_granted && state.dequeue(self.order).is_some() {
            state.refused += u64::from(is_refusal);
            // Other waiters may have queued behind it.
            memory.grant(&mut state);
            return Err(Exhausted);
        }
        // It was granted within the budget, or it is the one that overdraws.
        match state.overdrawing == Some(self.share.ticket) {
            true => self.share.overdrawn_kib += self.kib,
            false => self.share.kib += self.kib,
        }
        Ok(())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            // The request ended: memory granted at the last moment is added to the share and given back with it.
            let _ = self.settle(false, false);
        }
    }
}
