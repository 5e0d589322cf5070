//! What one request may use of the machine while others wait.
//!
//! A small request takes what it needs and asks nobody. One that reads more than [`SMALL_BYTES`], or keeps a processor
//! busy for as long as that would take, is large: it gets a share of the [`MemoryBudget`] that all large requests have
//! together, or is refused after a while, and it works only while it has one of a few turns, so that however many of
//! them there are, a small one waits for hardly any. Turns are as many as processors, in this whole process.
//!
//! The request's own allowance goes with its task and not with its arguments: hardly any operation needs to know of it.
//! Work that belongs to no request (an index being built) is not bounded here.
//!
//! An operation does not wait for memory while it holds some of it or a turn, so it does not wait without end. (What a body
//! holds may grow, by the rules of [`MemoryBudget`].)

mod memory;
mod peer;

use std::pin::pin;
use std::sync::{Arc, LazyLock};

use api::Exception;
use parking_lot::Mutex;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use memory::{Exhausted, MemoryBudget, Share};
pub use peer::Peer;

/// What a request may read and work through before it is a large one. Unit: bytes.
pub const SMALL_BYTES: usize = 256 * 1024;
/// What a large request works through in one turn: then it is behind the others that wait for one. Unit: bytes.
const TURN_BYTES: usize = 64 << 20;

static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(cores))
});

tokio::task_local! {
    static OWN: Arc<Allowance>;
}

/// One request's part.
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
    /// What was worked through in this turn.
    turn_bytes: usize,
}

/// The right to keep a processor busy, until it is dropped.
pub struct Turn(#[expect(dead_code, reason = "it is held, not read")] Option<OwnedSemaphorePermit>);

/// Waits for a turn. Whoever has one waits for nothing else.
pub async fn turn() -> Turn {
    // Never an error: nobody closes the semaphore.
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

    /// The request has its answer, of this size: what it holds of the memory is for that alone from now on. Of a request that
    /// held none, the answer holds none here either.
    pub fn keep(&self, answer_bytes: usize) -> Option<Share> {
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

    /// Has a turn for so much more work. One that was used up is given back first: turns are taken in the order in which
    /// they are asked for, so that no request has all of one as long as others wait, however much it has to do.
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
        let turn = turn().await;
        let mut used = self.used.lock();
        (used.turn, used.turn_bytes) = (Some(turn), bytes);
    }
}

fn own() -> Option<Arc<Allowance>> {
    OWN.try_with(Arc::clone).ok()
}

/// Takes memory for what a request is about to make.
///
/// # Errors
/// `Throttling` if there was none for too long.
pub async fn reserve(bytes: usize) -> Result<(), Exception> {
    match own() {
        Some(own) => own.take_memory(bytes).await,
        None => Ok(()),
    }
}

/// Counts what was read. When it is no small request's any more, it takes memory for the most that it may become.
///
/// # Errors
/// `Throttling` if there was none for too long.
pub async fn read(bytes: usize, most: usize) -> Result<(), Exception> {
    let Some(own) = own() else { return Ok(()) };
    let grows_large = {
        let mut used = own.used.lock();
        let was_small = used.read_bytes <= SMALL_BYTES;
        used.read_bytes += bytes;
        was_small && used.read_bytes > SMALL_BYTES
    };
    if grows_large {
        own.take_memory(most).await?;
        own.take_turn(0).await;
    }
    Ok(())
}

/// Work that is being done in one go, counted in bytes that were looked at.
#[derive(Default)]
pub(crate) struct Effort {
    bytes: usize,
}

impl Effort {
    /// Lets others have the processor now and then, and waits for a turn once the work is no small request's any more.
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

/// Does work that cannot be interrupted. If it is much, others are given another thread meanwhile.
pub fn in_one_go<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let has_others = || Handle::try_current().is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::MultiThread);
    match bytes > SMALL_BYTES && has_others() {
        true => tokio::task::block_in_place(work),
        false => work(),
    }
}

/// Does the work of a large request. It waits for a turn, keeps it until it first waits for anything (its commit, its
/// memory), and others never wait for it: each of its steps counts as done in one go.
pub async fn heavy<F: Future>(bytes: usize, work: F) -> F::Output {
    let mut work = pin!(work);
    // Who has a turn waits for no second one: all turns could be with such requests.
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
