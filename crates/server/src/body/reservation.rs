//! The memory that one body holds: none while it is small, and then as much as has arrived, in steps that double.

use std::sync::Arc;

use bytes::Bytes;
use ops::allowance::{Exhausted, MemoryBudget};

use super::{BODY_SMALL_BYTES_MAX, NotAdmitted, Stop};
use crate::body_error::BodyError;
use crate::connection_states::{ConnectionState, Held};

pub(super) struct Reservation<'a, F> {
    memory: &'a Arc<MemoryBudget>,
    state: &'a Arc<ConnectionState>,
    admit: F,
    is_admitted: bool,
    /// What the body may be without any of the memory. Unit: bytes.
    small: usize,
    /// The largest body. Unit: bytes.
    bytes_max: usize,
    /// For the body as it comes, and decompressed. Unit: bytes.
    sent: usize,
    plain: usize,
    share: Option<Held>,
}

impl<'a, F: Fn(Option<&[u8]>) -> Result<(), NotAdmitted>> Reservation<'a, F> {
    pub(super) fn new(
        memory: &'a Arc<MemoryBudget>,
        state: &'a Arc<ConnectionState>,
        bytes_max: usize,
        admit: F,
    ) -> Reservation<'a, F> {
        let small = BODY_SMALL_BYTES_MAX / usize::try_from(state.requests()).unwrap_or(1).max(1);
        Reservation { memory, state, admit, is_admitted: false, small, bytes_max, sent: 0, plain: 0, share: None }
    }

    /// What the body may be without any of the memory: a connection's requests share it, or one connection of HTTP/2 would
    /// hold what a hundred of HTTP/1.1 do. Unit: bytes.
    pub(super) fn small(&self) -> usize {
        self.small
    }

    /// The largest body, as it comes and decompressed. Unit: bytes.
    pub(super) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// What is reserved for so many bytes: memory doubles, as buffers do. While a buffer is moved to a larger one, both are
    /// there; that happens within one poll, so that it is true of one body a processor, and is not counted.
    pub(super) fn step(&self, bytes: usize) -> usize {
        bytes.next_power_of_two().clamp(2 * self.small, self.bytes_max)
    }

    /// Asks whether a body behind this head gets memory at all. While nothing can be read of it, the answer is a first one.
    pub(super) fn admit(&mut self, arrived: Option<&[u8]>) -> Result<(), Stop> {
        if self.is_admitted {
            return Ok(());
        }
        self.is_admitted = arrived.is_some();
        (self.admit)(arrived).map_err(|refused| match refused {
            NotAdmitted::Caller(refusal) => {
                Stop::Caller { refusal, arrived: Bytes::copy_from_slice(arrived.unwrap_or_default()) }
            }
            NotAdmitted::TooLarge => BodyError::TooLarge.into(),
        })
    }

    /// Whether a body could begin now without waiting. It promises nothing: an announced body holds nothing yet.
    pub(super) fn has_room(&self, declared: Option<u64>) -> bool {
        declared.is_some_and(|bytes| bytes <= self.small as u64) || !self.memory.is_wanted()
    }

    /// How much of the body as it comes is reserved.
    pub(super) fn sent(&self) -> usize {
        self.sent
    }

    /// Room for so much of the body as it comes, of which `arrived` is the beginning.
    pub(super) async fn for_sent(
        &mut self,
        bytes: usize,
        bytes_max: usize,
        arrived: Option<&[u8]>,
    ) -> Result<(), Stop> {
        if bytes > self.sent {
            self.admit(arrived)?;
            self.sent = self.step(bytes).min(bytes_max.max(bytes));
            self.grow().await?;
        }
        Ok(())
    }

    /// The same, decompressed.
    pub(super) async fn for_plain(&mut self, bytes: usize, arrived: &[u8]) -> Result<(), Stop> {
        if bytes > self.plain {
            self.admit(Some(arrived))?;
            self.plain = bytes;
            self.grow().await?;
        }
        Ok(())
    }

    async fn grow(&mut self) -> Result<(), Stop> {
        let (memory, state) = (self.memory, self.state);
        let share = self.share.get_or_insert_with(|| Held::new(memory.nothing(state.peer()), state));
        share.grow(self.sent + self.plain).await.map_err(|Exhausted| Stop::NoMemory)
    }

    /// The body is discarded.
    pub(super) fn release(&mut self) {
        self.share = None;
    }

    pub(super) fn into_share(self) -> Option<Held> {
        self.share
    }
}
