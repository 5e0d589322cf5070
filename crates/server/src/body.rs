//! Reading a request's body without letting it exhaust the server: bounded in size before and after decompression, in
//! time, and, for large ones, in what all connections together may hold.
//!
//! A small body needs no memory of that budget. Before a larger one gets any, the request's head says whether its caller
//! may be a known one; what it then holds grows with what has arrived and been decompressed.

mod gzip;
mod incoming;
mod reservation;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use auth::Refusal;
use bytes::Bytes;
use hyper::body::Body;
use hyper::header::{self, HeaderMap};
use ops::allowance::MemoryBudget;

use crate::body_error::BodyError;
use crate::connection_states::{ConnectionState, Held};
use incoming::Incoming;
use reservation::Reservation;

/// The largest request. Unit: bytes.
pub(crate) const REQUEST_SIZE_BYTES_MAX: usize = model::limits::REQUEST_SIZE_MAX;
/// A body that is too large or unwanted is read on and discarded up to here, so that the client still listens when the
/// refusal comes. Unit: bytes.
const REQUEST_DISCARDED_BYTES_MAX: u64 = 4 * REQUEST_SIZE_BYTES_MAX as u64;
/// Bodies up to here need no share of the memory; requests at once on one connection share it. Unit: bytes.
const BODY_SMALL_BYTES_MAX: usize = 64 * 1024;

/// Why no memory is spent on a body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotAdmitted {
    /// Whatever the body is, this is the answer to the caller.
    Caller(Refusal),
    /// Without a known caller, bodies of this kind are small.
    TooLarge,
}

/// A whole body, with its share of the memory.
pub(crate) struct RequestBody {
    /// If the caller is refused, only the beginning of it.
    pub(crate) bytes: Bytes,
    /// As it came, which is what was signed.
    pub(crate) sent: Bytes,
    /// The caller is refused, whatever the rest of the body says.
    pub(crate) refused: Option<Refusal>,
    /// The client still has some of it: the connection ends with the answer.
    pub(crate) unread: bool,
    _share: Option<Held>,
}

/// Why reading ended early.
enum Stop {
    Body(BodyError),
    /// `arrived` is the beginning of the body, decompressed.
    Caller {
        refusal: Refusal,
        arrived: Bytes,
    },
    NoMemory,
}

impl From<BodyError> for Stop {
    fn from(error: BodyError) -> Stop {
        Stop::Body(error)
    }
}

pub(crate) struct BodyReader {
    timeout: Duration,
    memory: Arc<MemoryBudget>,
}

impl BodyReader {
    pub(crate) fn new(timeout: Duration, memory: Arc<MemoryBudget>) -> BodyReader {
        BodyReader { timeout, memory }
    }

    /// The memory that bodies share.
    pub(crate) fn memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    /// A body of more than `bytes_max` is refused. `admit` is asked before memory is spent, with what has arrived if that can be read: nothing has yet, or it is
    /// compressed.
    pub(crate) async fn read<B>(
        &self,
        headers: &HeaderMap,
        body: B,
        state: &Arc<ConnectionState>,
        bytes_max: usize,
        admit: impl Fn(Option<&[u8]>) -> Result<(), NotAdmitted> + Send,
    ) -> Result<RequestBody, BodyError>
    where
        B: Body<Data = Bytes>,
        B::Error: Error + 'static,
    {
        let body = std::pin::pin!(body);
        let alarm = std::pin::pin!(tokio::time::sleep(self.timeout));
        let mut incoming = Incoming::new(body, alarm);
        let mut reservation = Reservation::new(&self.memory, state, bytes_max, admit);
        let stop = match receive(headers, &mut incoming, &mut reservation).await {
            Ok((bytes, sent)) => {
                let share = reservation.into_share();
                return Ok(RequestBody { bytes, sent, refused: None, unread: false, _share: share });
            }
            Err(stop) => stop,
        };
        // What was received so far is not needed any more.
        drop(reservation);
        // A client that asks first whether it may send hears of a refusal at once.
        let unread = headers.contains_key(header::EXPECT) && !incoming.has_begun();
        match stop {
            Stop::Body(BodyError::TooLarge) => incoming.discard().await.and(Err(BodyError::TooLarge)),
            Stop::Body(error) => Err(error),
            Stop::NoMemory if unread => Err(BodyError::NoMemory { unread }),
            Stop::NoMemory => incoming.discard().await.and(Err(BodyError::NoMemory { unread: false })),
            Stop::Caller { refusal, arrived } => {
                let unread = unread || incoming.discard().await.is_err();
                let (refused, sent) = (Some(refusal), Bytes::new());
                Ok(RequestBody { bytes: arrived, sent, refused, unread, _share: None })
            }
        }
    }
}

/// The body, decompressed and as it came.
async fn receive<B, F>(
    headers: &HeaderMap,
    incoming: &mut Incoming<'_, B>,
    reservation: &mut Reservation<'_, F>,
) -> Result<(Bytes, Bytes), Stop>
where
    B: Body<Data = Bytes>,
    B::Error: Error + 'static,
    F: Fn(Option<&[u8]>) -> Result<(), NotAdmitted>,
{
    let declared = incoming.declared().unwrap_or(0);
    if declared > reservation.small() as u64 {
        reservation.admit(None)?;
    }
    if declared > REQUEST_DISCARDED_BYTES_MAX {
        return Err(BodyError::FarTooLarge.into());
    }
    if declared > reservation.bytes_max() as u64 {
        return Err(BodyError::TooLarge.into());
    }
    if headers.contains_key(header::EXPECT) && !reservation.has_room(incoming.declared()) {
        return Err(Stop::NoMemory);
    }
    let is_gzip = is_gzip(headers);
    let sent = incoming.collect(reservation, !is_gzip).await?;
    let bytes = if is_gzip { gzip::decompress(sent.clone(), reservation).await? } else { sent.clone() };
    Ok((bytes, sent))
}

/// Other codings are not DynamoDB's: what is in them is no JSON.
fn is_gzip(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().trim_ascii());
    value.is_some_and(|value| value.eq_ignore_ascii_case(b"gzip"))
}

#[cfg(test)]
mod tests;
