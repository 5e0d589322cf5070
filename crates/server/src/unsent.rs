//! The body of an answer until its client has taken it.
//!
//! What a client does not read stays in memory: on HTTP/2 the client sets how much the server may send, and one
//! connection has many streams. So each body counts for its connection until its last byte is sent or the connection is
//! closed. The first [`UNSENT_FREE_BYTES_MAX`] of a connection are free; each answer beyond them holds a share of the
//! memory for answers.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};
use ops::allowance::{Exhausted, MemoryBudget};

use crate::connection_states::{AtRequest, ConnectionState, Held};
use crate::metrics::UnderWay;

/// What one connection may have unsent without a share of the memory. Unit: bytes.
const UNSENT_FREE_BYTES_MAX: usize = 64 * 1024;

/// The bytes of one answer, counted on their connection until this is dropped.
pub(crate) struct Unsent {
    state: Arc<ConnectionState>,
    bytes: usize,
    share: Option<Held>,
    is_beyond: bool,
}

impl Unsent {
    pub(crate) fn new(state: &Arc<ConnectionState>, bytes: usize, share: Option<Held>) -> Unsent {
        let is_beyond = bytes > 0 && state.add_unsent(bytes) > UNSENT_FREE_BYTES_MAX;
        Unsent { state: Arc::clone(state), bytes, share, is_beyond }
    }

    /// Whether the connection has more unsent than is free, and this answer holds no memory for it.
    pub(crate) fn needs_share(&self) -> bool {
        self.is_beyond && self.share.is_none()
    }

    /// Takes memory for the bytes, and waits for it.
    ///
    /// # Errors
    /// [`Exhausted`] if there was none in time.
    pub(crate) async fn take_share(&mut self, memory: &Arc<MemoryBudget>) -> Result<(), Exhausted> {
        // The bytes are there while they wait, so one answer of a connection waits at a time.
        let Some(_waits) = self.state.answer_waits() else {
            let share = memory.try_share(self.state.peer(), self.bytes)?;
            self.share = Some(Held::new(share, &self.state));
            return Ok(());
        };
        let mut share = Held::new(memory.nothing(self.state.peer()), &self.state);
        share.grow(self.bytes).await?;
        self.share = Some(share);
        Ok(())
    }

    /// Counts the bytes in the memory even if there is none left for them.
    pub(crate) fn overdraw(&mut self, memory: &Arc<MemoryBudget>) {
        let mut share = Held::new(memory.nothing(self.state.peer()), &self.state);
        share.resize(self.bytes);
        self.share = Some(share);
    }

    /// The answer has another size after compression.
    pub(crate) fn resize(&mut self, bytes: usize) {
        if bytes == self.bytes {
            return;
        }
        self.state.add_unsent(bytes);
        self.state.sent(self.bytes);
        self.bytes = bytes;
        if let Some(share) = &mut self.share {
            share.resize(bytes);
        }
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.state.sent(self.bytes);
    }
}

/// An answer's body. Its bytes carry what they are counted as, through hyper's queues to the socket.
#[derive(Default)]
pub(crate) struct AnswerBody(Option<AnswerBytes>);

pub(crate) struct AnswerBytes {
    bytes: Bytes,
    _unsent: Unsent,
    request: Option<(UnderWay, AtRequest)>,
}

impl AnswerBody {
    pub(crate) fn new(bytes: Bytes, mut unsent: Unsent) -> AnswerBody {
        unsent.resize(bytes.len());
        AnswerBody(Some(AnswerBytes { bytes, _unsent: unsent, request: None }))
    }

    /// The request is under way until the body is sent.
    pub(crate) fn of_request(&mut self, under_way: UnderWay, at_request: AtRequest) {
        if let Some(body) = &mut self.0 {
            body.request = Some((under_way, at_request));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |body| body.bytes.len())
    }
}

impl Body for AnswerBody {
    type Data = AnswerBytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<AnswerBytes>, Infallible>>> {
        let bytes = self.0.take().filter(AnswerBytes::has_remaining);
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len() as u64)
    }
}

impl Buf for AnswerBytes {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    /// Only tests take the bytes out; what they are counted as ends with the rest.
    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}

#[cfg(test)]
mod tests;
