//! A body on its way here: its frames, each of which may be the last that comes in time.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use hyper::body::Body;
use tokio::time::{Instant, Sleep};

use super::reservation::Reservation;
use super::{NotAdmitted, REQUEST_DISCARDED_BYTES_MAX, Stop};
use crate::body_error::BodyError;

pub(super) struct Incoming<'a, B> {
    body: Pin<&'a mut B>,
    /// When the body has taken too long.
    alarm: Pin<&'a mut Sleep>,
    received: u64,
    has_begun: bool,
    has_ended: bool,
}

impl<'a, B> Incoming<'a, B>
where
    B: Body<Data = Bytes>,
    B::Error: Error + 'static,
{
    pub(super) fn new(body: Pin<&'a mut B>, alarm: Pin<&'a mut Sleep>) -> Incoming<'a, B> {
        Incoming { body, alarm, received: 0, has_begun: false, has_ended: false }
    }

    /// How long the head says that the body is. Unit: bytes.
    pub(super) fn declared(&self) -> Option<u64> {
        self.body.size_hint().upper()
    }

    /// Whether the client was asked for any of it.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The next piece; nothing at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        self.has_begun = true;
        loop {
            let frame = std::future::poll_fn(|context| match self.body.as_mut().poll_frame(context) {
                Poll::Ready(frame) => Poll::Ready(Ok(frame)),
                Poll::Pending => self.alarm.as_mut().poll(context).map(|()| Err(BodyError::TooSlow)),
            });
            let Some(frame) = frame.await? else {
                self.has_ended = true;
                return Ok(None);
            };
            // What is no data is a trailer.
            let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
            self.received += data.len() as u64;
            match self.received > REQUEST_DISCARDED_BYTES_MAX {
                true => return Err(BodyError::FarTooLarge),
                false => return Ok(Some(data)),
            }
        }
    }

    /// Reads on to the end. Most clients hear nothing before they have sent everything.
    pub(super) async fn discard(&mut self) -> Result<(), BodyError> {
        while !self.has_ended && self.next().await?.is_some() {}
        Ok(())
    }

    /// All bytes of the body. One whose length is declared and that comes in a single piece, as nearly all do, is
    /// not copied. What has arrived is shown
    /// to `reservation` if it is `readable`.
    pub(super) async fn collect<F>(
        &mut self,
        reservation: &mut Reservation<'_, F>,
        readable: bool,
    ) -> Result<Bytes, Stop>
    where
        F: Fn(Option<&[u8]>) -> Result<(), NotAdmitted>,
    {
        let declared = self.declared().and_then(|bytes| usize::try_from(bytes).ok());
        let bytes_max = declared.unwrap_or(usize::MAX).min(reservation.bytes_max());
        let (mut first, mut all) = (Bytes::new(), BytesMut::new());
        while let Some(data) = self.next().await? {
            let length = first.len() + all.len() + data.len();
            if length > reservation.bytes_max() {
                // None of it is stored, so no memory is reserved while the rest is read.
                reservation.release();
                return Err(BodyError::TooLarge.into());
            }
            if length > reservation.small() && length > reservation.sent() {
                let arrived = [&all[..], &first[..], &data[..]].into_iter().find(|bytes| !bytes.is_empty());
                let began = Instant::now();
                reservation.for_sent(length, bytes_max, arrived.filter(|_| readable)).await?;
                // The server's own delay is not the client's.
                let deadline = self.alarm.deadline() + began.elapsed();
                self.alarm.as_mut().reset(deadline);
            }
            // A piece is a part of what was read from the socket, so one that waits for others is copied out of it.
            if all.is_empty() && declared == Some(length) && !data.is_empty() {
                first = data;
                continue;
            }
            // Where the length is known, the buffer never moves; what of it has not arrived takes no memory yet.
            let room = declared.map_or(reservation.sent(), |_| bytes_max);
            all.reserve(room.max(length) - all.len());
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&data);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }
}

/// Whether the client broke the framing, or only the connection.
fn broken(error: &(dyn Error + 'static)) -> BodyError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => return BodyError::Malformed,
            Some(_) => return BodyError::Broken,
            None => cause = error.source(),
        }
    }
    BodyError::Broken
}
