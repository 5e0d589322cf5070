//! What changes on their way out may take of memory, together: records that wait for their receivers, calls with them, answers.
//!
//! It is reserved for an account before records are held, and shared as [`SharedBudget`] says, so that receivers that never
//! answer hold a part of it and no more. Without room nothing more is read: the changes stay in the table's log.

use std::sync::Arc;

use client::{Holder, Reservation, SharedBudget};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Unit: bytes.
const BYTES_MAX: u64 = 128 << 20;
/// Reads of triggers whose records are not reserved yet, at once. Each is bounded, but not yet counted.
const READS_MAX: usize = 4;

pub(crate) struct DeliveryMemory {
    budget: Arc<SharedBudget>,
    reading: Semaphore,
}

impl DeliveryMemory {
    pub(crate) fn new() -> Arc<DeliveryMemory> {
        DeliveryMemory::of(BYTES_MAX)
    }

    pub(crate) fn of(bytes: u64) -> Arc<DeliveryMemory> {
        Arc::new(DeliveryMemory { budget: SharedBudget::new(bytes), reading: Semaphore::new(READS_MAX) })
    }

    pub(crate) fn nothing(&self, holder: &Holder) -> Reservation {
        self.budget.nothing(holder)
    }

    /// Waits for so much.
    pub(crate) async fn take(&self, holder: &Holder, bytes: u64) -> Reservation {
        self.budget.take(holder, bytes).await
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> u64 {
        self.budget.used()
    }

    /// Waits for a turn to read.
    pub(crate) async fn read(&self) -> Option<SemaphorePermit<'_>> {
        // Never an error: the semaphore is not closed.
        self.reading.acquire().await.ok()
    }
}
