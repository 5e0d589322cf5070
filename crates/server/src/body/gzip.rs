//! Decompressing a body. A small one can become large, so that what it becomes is reserved before it is there, step by
//! step.

use std::io::{self, Read};

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use ops::allowance;

use super::reservation::Reservation;
use super::{NotAdmitted, Stop};
use crate::body_error::BodyError;

struct Decompression {
    decoder: MultiGzDecoder<Reader<Bytes>>,
    plain: Vec<u8>,
}

impl Decompression {
    /// Decompresses up to so many bytes. Returns whether there may be more.
    fn advance(&mut self, bytes: usize) -> io::Result<bool> {
        self.plain.reserve_exact(bytes - self.plain.len());
        let missing = (bytes - self.plain.len()) as u64;
        (&mut self.decoder).take(missing).read_to_end(&mut self.plain)?;
        Ok(self.plain.len() == bytes)
    }
}

pub(super) async fn decompress<F>(sent: Bytes, reservation: &mut Reservation<'_, F>) -> Result<Bytes, Stop>
where
    F: Fn(Option<&[u8]>) -> Result<(), NotAdmitted>,
{
    let mut state = Decompression { decoder: MultiGzDecoder::new(sent.reader()), plain: Vec::new() };
    let mut room = reservation.small();
    loop {
        // One byte more shows whether the body is too large.
        let bytes_max = reservation.bytes_max();
        let bytes = if room < bytes_max { room } else { bytes_max + 1 };
        let is_full;
        (state, is_full) = on_another_thread(state, bytes).await?;
        if state.plain.len() > bytes_max {
            return Err(BodyError::TooLarge.into());
        }
        if !is_full {
            return Ok(Bytes::from(state.plain));
        }
        room = reservation.step(room + 1);
        // The turn is over: no request waits for memory while it has one.
        reservation.for_plain(room, &state.plain).await?;
    }
}

/// A small body can mean much work.
async fn on_another_thread(mut state: Decompression, bytes: usize) -> Result<(Decompression, bool), BodyError> {
    let _turn = allowance::turn().await;
    let work = move || state.advance(bytes).map(|is_full| (state, is_full));
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(advanced)) => Ok(advanced),
        Ok(Err(_)) | Err(_) => Err(BodyError::CorruptGzip),
    }
}
