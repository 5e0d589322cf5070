//! Reading a request's body without letting it exhaust the server: bounded in size before and after decompression, in
//! time, and, for large ones, in what all connections together may hold.

use std::io::Read;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::header::{self, HeaderMap};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The largest request. Unit: bytes. Source: API Reference, BatchWriteItem ("up to 16 MB of data").
pub(crate) const REQUEST_SIZE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A body that is too large is read on and thrown away up to here, so that the client is still listening when the
/// refusal comes. Unit: bytes.
const REQUEST_DISCARDED_BYTES_MAX: u64 = 4 * REQUEST_SIZE_BYTES_MAX as u64;
/// Bodies up to here need no share of the budget. Unit: bytes.
const BODY_SMALL_BYTES_MAX: u64 = 64 * 1024;
/// What large bodies together may hold. Unit: KiB, so that it fits a semaphore.
const BODY_BUDGET_KIB: u32 = 512 * 1024;

const _: () = assert!(BODY_BUDGET_KIB as usize * 1024 >= 2 * REQUEST_SIZE_BYTES_MAX);

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
}

impl BodyError {
    pub(crate) const ALL: [BodyError; 5] =
        [BodyError::TooLarge, BodyError::FarTooLarge, BodyError::TooSlow, BodyError::Broken, BodyError::CorruptGzip];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            BodyError::TooLarge => "too_large",
            BodyError::FarTooLarge => "far_too_large",
            BodyError::TooSlow => "too_slow",
            BodyError::Broken => "broken",
            BodyError::CorruptGzip => "corrupt_gzip",
        }
    }
}

/// A whole body, with its share of the budget.
#[derive(Debug)]
pub(crate) struct RequestBody<'a> {
    pub(crate) bytes: Bytes,
    _share: Option<SemaphorePermit<'a>>,
}

pub(crate) struct BodyReader {
    timeout: Duration,
    budget: Semaphore,
}

impl BodyReader {
    pub(crate) fn new(timeout: Duration) -> BodyReader {
        BodyReader { timeout, budget: Semaphore::new(BODY_BUDGET_KIB as usize) }
    }

    pub(crate) async fn read<B>(&self, headers: &HeaderMap, body: B) -> Result<RequestBody<'_>, BodyError>
    where
        B: Body<Data = Bytes>,
    {
        let gzip = headers.get(header::CONTENT_ENCODING).is_some_and(|value| value.as_bytes() == b"gzip");
        let read = async {
            let share = self.share(body.size_hint().upper(), gzip).await?;
            Ok((collect(body).await?, share))
        };
        let (bytes, share) = tokio::time::timeout(self.timeout, read).await.unwrap_or(Err(BodyError::TooSlow))?;
        let bytes = if gzip { gunzip(bytes).await? } else { bytes };
        Ok(RequestBody { bytes, _share: share })
    }

    /// A share of the budget for what the body may grow to.
    async fn share(&self, declared: Option<u64>, gzip: bool) -> Result<Option<SemaphorePermit<'_>>, BodyError> {
        let largest = REQUEST_SIZE_BYTES_MAX as u64;
        let bytes = match declared {
            Some(bytes) if bytes > REQUEST_DISCARDED_BYTES_MAX => return Err(BodyError::FarTooLarge),
            // What is too large is not kept.
            Some(bytes) if bytes > largest => return Ok(None),
            Some(bytes) if !gzip => bytes,
            _ => largest,
        };
        if bytes <= BODY_SMALL_BYTES_MAX {
            return Ok(None);
        }
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(BODY_BUDGET_KIB);
        self.budget.acquire_many(kib).await.map(Some).map_err(|_| BodyError::Broken)
    }
}

/// All bytes of a body. One that comes in a single piece, as nearly all do, is not copied.
async fn collect<B>(body: B) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
{
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).min(REQUEST_SIZE_BYTES_MAX);
    let mut body = pin!(body);
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
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(BodyError::CorruptGzip))
}
