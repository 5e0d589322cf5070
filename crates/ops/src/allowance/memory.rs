//! MemoryBudget that requests have together, as a number: whoever wants some of it waits for a while, first come, first
//! served, and is then sent away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const KIB: u64 = 1024;

/// There was no memory to be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exhausted;

pub struct MemoryBudget {
    /// A permit a KiB.
    free: Arc<Semaphore>,
    kib_max: u32,
    patience: Duration,
    waiting: AtomicU64,
    overdrawn_kib: AtomicU64,
    refused: AtomicU64,
}

impl MemoryBudget {
    pub fn new(bytes_max: u64, patience: Duration) -> Arc<MemoryBudget> {
        let kib_max = u32::try_from(bytes_max / KIB).unwrap_or(u32::MAX).clamp(1, (Semaphore::MAX_PERMITS >> 1) as u32);
        Arc::new(MemoryBudget {
            free: Arc::new(Semaphore::new(kib_max as usize)),
            kib_max,
            patience,
            waiting: AtomicU64::new(0),
            overdrawn_kib: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// Waits for a share. More than all of it counts as all of it: such a request is alone.
    pub async fn share(self: &Arc<MemoryBudget>, bytes: usize) -> Result<Share, Exhausted> {
        if let Ok(share) = self.try_now(bytes) {
            return Ok(share);
        }
        let _waiting = Waiting::begin(&self.waiting);
        let permit = Arc::clone(&self.free).acquire_many_owned(self.kib(bytes));
        match tokio::time::timeout(self.patience, permit).await {
            Ok(Ok(permit)) => Ok(self.shared(permit)),
            // Nobody closes the semaphore.
            Ok(Err(_)) | Err(_) => Err(self.refuse()),
        }
    }

    pub fn try_share(self: &Arc<MemoryBudget>, bytes: usize) -> Result<Share, Exhausted> {
        self.try_now(bytes).map_err(|Exhausted| self.refuse())
    }

    fn try_now(self: &Arc<MemoryBudget>, bytes: usize) -> Result<Share, Exhausted> {
        let permit = Arc::clone(&self.free).try_acquire_many_owned(self.kib(bytes));
        permit.map(|permit| self.shared(permit)).map_err(|_| Exhausted)
    }

    /// A share of nothing, to be resized.
    pub fn nothing(self: &Arc<MemoryBudget>) -> Share {
        Share { memory: Arc::clone(self), permit: None, overdrawn_kib: 0 }
    }

    fn shared(self: &Arc<MemoryBudget>, permit: OwnedSemaphorePermit) -> Share {
        Share { memory: Arc::clone(self), permit: Some(permit), overdrawn_kib: 0 }
    }

    fn refuse(&self) -> Exhausted {
        self.refused.fetch_add(1, Ordering::Relaxed);
        Exhausted
    }

    fn kib(&self, bytes: usize) -> u32 {
        u32::try_from((bytes as u64).div_ceil(KIB)).unwrap_or(u32::MAX).min(self.kib_max)
    }

    /// Whether somebody waits for what others hold, or more is held than there should be.
    pub fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0 || self.overdrawn_kib.load(Ordering::Relaxed) > 0
    }

    pub fn bytes_max(&self) -> u64 {
        u64::from(self.kib_max) * KIB
    }

    pub fn bytes_used(&self) -> u64 {
        let free = self.free.available_permits() as u64 * KIB;
        self.bytes_max().saturating_sub(free) + self.overdrawn_kib.load(Ordering::Relaxed) * KIB
    }

    /// Requests that wait for a share now.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Requests that were sent away.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Somebody waits, until this is dropped.
struct Waiting<'a>(&'a AtomicU64);

impl Waiting<'_> {
    fn begin(waiting: &AtomicU64) -> Waiting<'_> {
        waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Held until it is dropped.
pub struct Share {
    memory: Arc<MemoryBudget>,
    permit: Option<OwnedSemaphorePermit>,
    overdrawn_kib: u32,
}

impl Share {
    fn kib(&self) -> u32 {
        let held = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        u32::try_from(held).unwrap_or(u32::MAX) + self.overdrawn_kib
    }

    /// Makes it a share for what is there already. If there is no memory left for it, the account is overdrawn.
    pub fn resize(&mut self, bytes: usize) {
        let (own, wanted) = (self.kib(), self.memory.kib(bytes));
        if wanted <= own {
            self.give_back(own - wanted);
        } else {
            self.take(wanted - own);
        }
    }

    fn give_back(&mut self, kib: u32) {
        let from_overdrawn = kib.min(self.overdrawn_kib);
        self.overdrawn_kib -= from_overdrawn;
        self.memory.overdrawn_kib.fetch_sub(u64::from(from_overdrawn), Ordering::Relaxed);
        if let Some(permit) = &mut self.permit {
            drop(permit.split((kib - from_overdrawn) as usize));
        }
    }

    fn take(&mut self, kib: u32) {
        match Arc::clone(&self.memory.free).try_acquire_many_owned(kib) {
            Ok(permit) => self.merge_permit(Some(permit)),
            Err(_) => {
                self.overdrawn_kib += kib;
                self.memory.overdrawn_kib.fetch_add(u64::from(kib), Ordering::Relaxed);
            }
        }
    }

    /// Both in one, of the same memory.
    pub(super) fn merge(&mut self, mut other: Share) {
        self.merge_permit(other.permit.take());
        self.overdrawn_kib += std::mem::take(&mut other.overdrawn_kib);
    }

    fn merge_permit(&mut self, other: Option<OwnedSemaphorePermit>) {
        match (&mut self.permit, other) {
            (Some(own), Some(other)) => own.merge(other),
            (own, Some(other)) => *own = Some(other),
            (_, None) => {}
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.overdrawn_kib.fetch_sub(u64::from(self.overdrawn_kib), Ordering::Relaxed);
    }
}
