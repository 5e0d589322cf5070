//! Reading an object in windows. Each window is a request of its own for a range of one version (`If-Match`), so that a cut
//! connection costs a window, and an object that was replaced meanwhile is an error.

use bytes::Bytes;
use client::Answer;

use crate::error::ObjectError;
use crate::place::Place;
use crate::s3::request::Request;
use crate::s3::{S3, nonsense, xml};

/// Unit: bytes.
const WINDOW_BYTES: u64 = 4 << 20;
/// No object is larger, and servers differ in what they make of larger positions. Unit: bytes.
const POSITION_MAX: u64 = 1 << 50;

#[derive(Debug)]
pub(crate) struct S3Reader {
    at: Place,
    /// The position behind all that was returned.
    position: u64,
    size: u64,
    version: String,
    /// The first window, which came with the size.
    first: Option<Bytes>,
}

impl S3Reader {
    pub(crate) async fn open(s3: &S3, at: &Place, from: u64) -> Result<S3Reader, ObjectError> {
        if from > POSITION_MAX {
            return S3Reader::at_end(s3, at).await;
        }
        let reply = s3.reply(&range(at, from)).await?;
        match reply.refusal {
            // Nothing is behind this position; of an empty object nothing at all.
            Some(refusal) if refusal.status == 416 => S3Reader::at_end(s3, at).await,
            Some(refusal) => Err(refusal.into_error()),
            None => {
                let version = version(&reply.answer);
                let Window { size, bytes } = window(reply.answer, from).ok_or_else(|| nonsense("a range"))?;
                let first = Some(bytes).filter(|bytes| !bytes.is_empty());
                Ok(S3Reader { at: at.clone(), position: from, size, version, first })
            }
        }
    }

    async fn at_end(s3: &S3, at: &Place) -> Result<S3Reader, ObjectError> {
        let answer = s3.call(&Request::new("HEAD", at.bucket(), Some(at.key()))).await?;
        let size = answer.header("content-length").and_then(|size| size.parse().ok());
        let size = size.ok_or_else(|| nonsense("an object's size"))?;
        Ok(S3Reader { at: at.clone(), position: size, size, version: version(&answer), first: None })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) async fn next(&mut self, s3: &S3) -> Result<Option<Bytes>, ObjectError> {
        let bytes = match self.first.take() {
            Some(bytes) => bytes,
            None if self.position >= self.size => return Ok(None),
            None => self.window(s3).await?,
        };
        self.position += bytes.len() as u64;
        Ok(Some(bytes))
    }

    async fn window(&self, s3: &S3) -> Result<Bytes, ObjectError> {
        let request = range(&self.at, self.position).header("if-match", format!("\"{}\"", self.version));
        let answer = s3.call(&request).await.map_err(|error| match error {
            ObjectError::AlreadyExists => self.replaced(),
            error => error,
        })?;
        // A server may not know the condition.
        if version(&answer) != self.version {
            return Err(self.replaced());
        }
        let Window { size, bytes } = window(answer, self.position).ok_or_else(|| nonsense("a range"))?;
        match size == self.size && !bytes.is_empty() {
            true => Ok(bytes),
            false => Err(self.replaced()),
        }
    }

    fn replaced(&self) -> ObjectError {
        let key = base::cut(self.at.key(), 200).escape_default().to_string();
        ObjectError::Failed(format!("the object \"{key}\" was replaced while it was read"))
    }
}

fn range(at: &Place, from: u64) -> Request<'_> {
    let range = format!("bytes={from}-{}", from + WINDOW_BYTES - 1);
    Request::new("GET", at.bucket(), Some(at.key())).header("range", range)
}

fn version(answer: &Answer) -> String {
    xml::unquoted(answer.header("etag").unwrap_or_default()).to_owned()
}

struct Window {
    /// Of the whole object.
    size: u64,
    bytes: Bytes,
}

/// What a reply has of an object from a position on.
fn window(answer: Answer, from: u64) -> Option<Window> {
    if answer.status == 200 {
        // A server that knows no ranges sends all of a small object.
        let bytes = Bytes::from(answer.body);
        let skipped = usize::try_from(from).ok()?.min(bytes.len());
        return Some(Window { size: bytes.len() as u64, bytes: bytes.slice(skipped..) });
    }
    let range = answer.header("content-range")?.strip_prefix("bytes ")?;
    let (range, size) = range.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size): (u64, u64, u64) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    let is_asked = answer.status == 206 && first == from && last < size;
    let is_whole = last.checked_sub(first)?.checked_add(1)? == answer.body.len() as u64;
    (is_asked && is_whole).then(|| Window { size, bytes: answer.body.into() })
}
