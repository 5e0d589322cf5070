//! Reading a request's body without letting it exhaust the server: bounded in size before and after decompression, in
//! time, and, for large ones, in what all connections together may hold.

use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::header::{self, HeaderMap};
use ops::allowance::{self, Exhausted, MemoryBudget};

use crate::seats::{Held, Seat};

/// The largest request. Unit: bytes. Source: API Reference, BatchWriteItem ("up to 16 MB of data").
pub(crate) const REQUEST_SIZE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A body that is too large is read on and thrown away up to here, so that the client is still listening when the
/// refusal comes. Unit: bytes.
const REQUEST_DISCARDED_BYTES_MAX: u64 = 4 * REQUEST_SIZE_BYTES_MAX as u64;
/// Bodies up to here need no share of the memory. Unit: bytes.
const BODY_SMALL_BYTES_MAX: usize = 64 * 1024;

/// Why a body was not read to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BodyError {
    TooLarge,
    /// Larger than anyone would read on; what follows on the connection is lost.
    FarTooLarge,
    TooSlow,
    /// The client went away, or broke the framing.
    Broken,
    CorruptGzip,
    /// Others hold the memory that it needs. `unread` if the client still has it.
    NoMemory {
        unread: bool,
    },
}

impl BodyError {
    /// One of each name.
    pub(crate) const ALL: [BodyError; 6] = [
        BodyError::TooLarge,
        BodyError::FarTooLarge,
        BodyError::TooSlow,
        BodyError::Broken,
        BodyError::CorruptGzip,
        BodyError::NoMemory { unread: false },
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            BodyError::TooLarge => "too_large",
            BodyError::FarTooLarge => "far_too_large",
            BodyError::TooSlow => "too_slow",
            BodyError::Broken => "broken",
            BodyError::CorruptGzip => "corrupt_gzip",
            BodyError::NoMemory { .. } => "no_memory",
        }
    }

    /// Its place in [`BodyError::ALL`].
    pub(crate) const fn place(self) -> usize {
        match self {
            BodyError::TooLarge => 0,
            BodyError::FarTooLarge => 1,
            BodyError::TooSlow => 2,
            BodyError::Broken => 3,
            BodyError::CorruptGzip => 4,
            BodyError::NoMemory { .. } => 5,
        }
    }
}

/// A whole body, with its share of the memory.
pub(crate) struct RequestBody {
    pub(crate) bytes: Bytes,
    /// As it came, which is what was signed.
    pub(crate) sent: Bytes,
    _share: Option<Held>,
}

pub(crate) struct BodyReader {
    timeout: Duration,
    memory: Arc<MemoryBudget>,
}

impl BodyReader {
    pub(crate) fn new(timeout: Duration, memory: Arc<MemoryBudget>) -> BodyReader {
        BodyReader { timeout, memory }
    }

    pub(crate) async fn read<B>(&self, headers: &HeaderMap, body: B, seat: &Arc<Seat>) -> Result<RequestBody, BodyError>
    where
        B: Body<Data = Bytes>,
    {
        let body = std::pin::pin!(body);
        let gzip = headers.get(header::CONTENT_ENCODING).is_some_and(|value| value.as_bytes() == b"gzip");
        let share = match memory_needed(body.size_hint().upper(), gzip)? {
            Some(bytes) => match self.memory.share(bytes).await {
                Ok(share) => Some(Held::new(share, seat)),
                Err(Exhausted) => return Err(self.send_away(headers, body).await),
            },
            None => None,
        };
        let sent = self.in_time(collect(body)).await?;
        let bytes = if gzip { gunzip(sent.clone()).await? } else { sent.clone() };
        Ok(RequestBody { bytes, sent, _share: share })
    }

    async fn in_time<T>(&self, reading: impl Future<Output = Result<T, BodyError>>) -> Result<T, BodyError> {
        tokio::time::timeout(self.timeout, reading).await.unwrap_or(Err(BodyError::TooSlow))
    }

    /// Most clients hear nothing before they have sent everything, so it is read, and not kept. One that asks first
    /// whether it may send is told at once.
    async fn send_away<B>(&self, headers: &HeaderMap, body: Pin<&mut B>) -> BodyError
    where
        B: Body<Data = Bytes>,
    {
        if headers.contains_key(header::EXPECT) {
            return BodyError::NoMemory { unread: true };
        }
        match self.in_time(discard(body)).await {
            Ok(()) => BodyError::NoMemory { unread: false },
            Err(error) => error,
        }
    }
}

/// What a body may grow to while it is received and decompressed, if that is more than anybody may have. Unit: bytes.
fn memory_needed(declared: Option<u64>, gzip: bool) -> Result<Option<usize>, BodyError> {
    let bytes = match declared {
        Some(bytes) if bytes > REQUEST_DISCARDED_BYTES_MAX => return Err(BodyError::FarTooLarge),
        // What is too large is not kept.
        Some(bytes) if bytes > REQUEST_SIZE_BYTES_MAX as u64 => return Ok(None),
        Some(bytes) if !gzip => usize::try_from(bytes).unwrap_or(REQUEST_SIZE_BYTES_MAX),
        // It grows by doubling.
        _ => 2 * REQUEST_SIZE_BYTES_MAX,
    };
    Ok((bytes > BODY_SMALL_BYTES_MAX).then_some(bytes))
}

async fn discard<B>(mut body: Pin<&mut B>) -> Result<(), BodyError>
where
    B: Body<Data = Bytes>,
{
    let mut received: u64 = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        received += frame.data_ref().map_or(0, |data| data.len() as u64);
        if received > REQUEST_DISCARDED_BYTES_MAX {
            return Err(BodyError::FarTooLarge);
        }
    }
    Ok(())
}

/// All bytes of a body. One that comes in a single piece, as nearly all do, is not copied.
async fn collect<B>(mut body: Pin<&mut B>) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
{
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).min(REQUEST_SIZE_BYTES_MAX);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let mut received: u64 = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        received += data.len() as u64;
        if received > REQUEST_DISCARDED_BYTES_MAX {
            return Err(BodyError::FarTooLarge);
        }
        if received > REQUEST_SIZE_BYTES_MAX as u64 {
            (first, all) = (Bytes::new(), BytesMut::new());
        } else if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.reserve(declared);
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
    }
    match received {
        received if received > REQUEST_SIZE_BYTES_MAX as u64 => Err(BodyError::TooLarge),
        _ if all.is_empty() => Ok(first),
        _ => Ok(all.freeze()),
    }
}

/// Decompresses on a thread of its own: a small body can mean much work.
async fn gunzip(bytes: Bytes) -> Result<Bytes, BodyError> {
    let work = move || {
        let mut plain = Vec::new();
        let limit = REQUEST_SIZE_BYTES_MAX as u64 + 1;
        match MultiGzDecoder::new(bytes.as_ref()).take(limit).read_to_end(&mut plain) {
            Ok(_) if plain.len() > REQUEST_SIZE_BYTES_MAX => Err(BodyError::TooLarge),
            Ok(_) => Ok(Bytes::from(plain)),
            Err(_) => Err(BodyError::CorruptGzip),
        }
    };
    let _turn = allowance::turn().await;
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(BodyError::CorruptGzip))
}
