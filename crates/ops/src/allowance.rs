//! Admission control: the memory and CPU that one request may use while others wait.
//!
//! A small request takes what it needs without a reservation. A request that reads more than [`SMALL_BYTES`], or occupies a CPU
//! for as long as that would take, is large: it reserves a share of the [`MemoryBudget`] of all large requests, or is
//! refused after a timeout, and it works only while it holds one of a few CPU permits (turns). So a small request hardly
//! ever waits for large ones, however many there are. The process has as many turns as CPUs.
//!
//! The work of one request has a ceiling, which follows from DynamoDB's limits: 1 MB of a page, or 16 MB of a batch, times the
//! attributes that its expression names, which 4 KB and 300 operators bound. A lower ceiling would refuse requests that DynamoDB
//! answers, so work is divided into turns, and not refused.
//!
//! The request's allowance is in a task-local variable and not in arguments: hardly any operation needs to know of it.
//! Work that belongs to no request (an index being built) is not bounded here.
//!
//! An operation does not wait for memory while it holds some of it or a turn, so it does not wait without end. (The
//! reservation of a body may grow, by the rules of [`MemoryBudget`].)

mod admission;
mod memory;
mod peer;

use std::pin::pin;
use std::sync::{Arc, LazyLock};

use api::Exception;
use parking_lot::Mutex;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use admission::{Admitted, BodyCost};
pub use memory::{Exhausted, MemoryBudget, Share};
pub use peer::Peer;

/// A request that reads or processes more than this is large. Unit: bytes.
pub const SMALL_BYTES: usize = 256 * 1024;
/// The work of a large request in one turn; after it the request queues behind the others that wait for one. Unit: bytes.
const TURN_BYTES: usize = 64 << 20;

static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(cores))
});

tokio::task_local! {
    static OWN: Arc<Allowance>;
}

/// One request's budget.
pub struct Allowance {
    memory: Arc<MemoryBudget>,
    peer: Peer,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    read_bytes: usize,
    share: Option<Share>,
    turn: Option<Turn>,
    /// The work done in this turn.
    turn_bytes: usize,
}

/// The permit to occupy a CPU, until it is dropped.
pub struct Turn(#[expect(dead_code, reason = "it is held, not read")] Option<OwnedSemaphorePermit>);

/// Waits for a turn. The holder of a turn must wait for nothing else.
pub async fn turn() -> Turn {
    // Never an error: the semaphore is never closed.
    Turn(Arc::clone(&TURNS).acquire_owned().await.ok())
}

impl Allowance {
    pub fn new(memory: &Arc<MemoryBudget>, peer: Peer) -> Arc<Allowance> {
        Arc::new(Allowance { memory: Arc::clone(memory), peer, used: Mutex::default() })
    }

    /// Runs a request under this allowance.
    pub async fn scope<F: Future>(self: &Arc<Allowance>, request: F) -> F::Output {
        OWN.scope(Arc::clone(self), request).await
    }

    /// Reduces the reservation to the size of the request's answer. The answer of a request without a reservation has none
    /// here either.
    pub fn keep(&self, answer_bytes: usize) -> Option<Share> {
        // The work is done: another request may have the turn while this one sends its answer.
        let mut used = self.used.lock();
        used.turn = None;
        let share = used.share.take();
        if answer_bytes <= SMALL_BYTES / 4 {
            return None;
        }
        let mut share = share?;
        share.resize(answer_bytes);
        Some(share)
    }

    async fn take_memory(&self, bytes: usize) -> Result<(), Exception> {
        // The turn is given back before the wait: another request may need it to finish and free its memory. A request that
        // holds memory does not wait for more: two such requests could wait for each other.
        let holds_some = {
            let mut used = self.used.lock();
            used.turn = None;
            used.share.is_some()
        };
        let share = match holds_some {
            true => self.memory.try_share(self.peer, bytes),
            false => self.memory.share(self.peer, bytes).await,
        };
        let share = share.map_err(|Exhausted| Exception::throttled())?;
        let mut used = self.used.lock();
        match &mut used.share {
            Some(own) => own.merge(share),
            none => *none = Some(share),
        }
        Ok(())
    }

    /// Takes a turn for so much more work. A used-up turn is given back first: the semaphore is fair, so a request with much
    /// work takes turns with the others that wait.
    async fn take_turn(&self, bytes: usize) {
        {
            let mut used = self.used.lock();
            used.turn_bytes += bytes;
            if used.turn_bytes > TURN_BYTES {
                used.turn = None;
            }
            if used.turn.is_some() {
                return;
            }
        }
        // Without the lock: no lock is held across a wait. The turn that was given back is another request's meanwhile.
        let turn = turn().await;
        let mut used = self.used.lock();
        (used.turn, used.turn_bytes) = (Some(turn), bytes);
    }
}

fn own() -> Option<Arc<Allowance>> {
    OWN.try_with(Arc::clone).ok()
}

/// Reserves memory for what a request is about to allocate.
///
/// # Errors
/// `Throttling` if there was none until the timeout.
pub async fn reserve(bytes: usize) -> Result<(), Exception> {
    match own() {
        Some(own) => own.take_memory(bytes).await,
        None => Ok(()),
    }
}

/// Counts bytes that were read. When the request becomes large by them, it reserves `most`, the greatest memory it may need.
///
/// # Errors
/// `Throttling` if there was none until the timeout.
pub async fn read(bytes: usize, most: usize) -> Result<(), Exception> {
    let Some(own) = own() else { return Ok(()) };
    let grows_large = {
        let mut used = own.used.lock();
        let was_small = used.read_bytes <= SMALL_BYTES;
        used.read_bytes += bytes;
        was_small && used.read_bytes > SMALL_BYTES
    };
    // Once: only the read that crosses the bound reserves, for all that the request may still read.
    if grows_large {
        own.take_memory(most).await?;
        own.take_turn(0).await;
    }
    Ok(())
}

/// Meters work between two awaits, in bytes that were processed.
#[derive(Default)]
pub(crate) struct Effort {
    bytes: usize,
}

impl Effort {
    /// Counts work. After each [`SMALL_BYTES`] of it, waits for a turn and yields.
    pub(crate) async fn spend(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes > SMALL_BYTES {
            let bytes = std::mem::take(&mut self.bytes);
            if let Some(own) = own() {
                own.take_turn(bytes).await;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Does work without an await. If it is much, the runtime moves the other tasks of this thread to another one.
pub fn in_one_go<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let has_others = || Handle::try_current().is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::MultiThread);
    match bytes > SMALL_BYTES && has_others() {
        true => tokio::task::block_in_place(work),
        false => work(),
    }
}

/// Does the work of a large request. It waits for a turn and holds it until its first await (of its commit, of its memory).
/// Other tasks never wait for it: each poll runs as [`in_one_go`].
pub async fn heavy<F: Future>(bytes: usize, work: F) -> F::Output {
    let mut work = pin!(work);
    // A request with a turn does not wait for a second one: requests that hold one and wait could have all turns.
    let has_turn = own().is_some_and(|own| own.used.lock().turn.is_some());
    let mut turn = if has_turn { None } else { Some(turn().await) };
    std::future::poll_fn(move |context| {
        let polled = in_one_go(bytes, || work.as_mut().poll(context));
        drop(turn.take());
        polled
    })
    .await
}

#[cfg(test)]
mod tests;
