//! A reply to a call: its status and headers, and as much of its body as is stored.

use std::io;

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::{HeaderMap, Response};

use crate::error::Trouble;
use crate::refusal;

/// A reply, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    pub body: Vec<u8>,
    /// Whether `body` is all of it.
    pub is_whole: bool,
}

/// How much of a reply's body is read, and how much of that is stored. Unit: bytes.
#[derive(Clone, Copy, Debug)]
pub struct ReplyBounds {
    /// A longer body is an error.
    pub read: usize,
    /// The rest is read and dropped.
    pub kept: usize,
}

impl ReplyBounds {
    /// All of a body of no more than so many bytes.
    pub fn whole(bytes_max: usize) -> ReplyBounds {
        ReplyBounds { read: bytes_max, kept: bytes_max }
    }
}

impl Answer {
    /// The value of a header, if there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).map(str::trim)
    }

    /// The body of a reply that does not refuse: its status is 200.
    ///
    /// # Errors
    /// [`Trouble::Refused`] with the status and the exception that the body names.
    pub fn success(self) -> Result<Vec<u8>, Trouble> {
        match self.refusal() {
            None => Ok(self.body),
            Some(refused) => Err(refused),
        }
    }

    /// Why the reply is none that [`Answer::success`] takes.
    pub(crate) fn refusal(&self) -> Option<Trouble> {
        if self.status == 200 {
            return None;
        }
        let (exception, message) = refusal::exception(&self.body);
        Some(Trouble::Refused { status: self.status, exception, message })
    }

    /// Reads a reply to its end.
    ///
    /// # Errors
    /// If the body is longer than its bound, or the connection ends before it.
    pub(crate) async fn read(reply: Response<Incoming>, bounds: ReplyBounds) -> Result<Answer, Trouble> {
        let (head, mut body) = reply.into_parts();
        let mut answer =
            Answer { status: head.status.as_u16(), headers: head.headers, body: Vec::new(), is_whole: true };
        if body.size_hint().lower() > bounds.read as u64 {
            return Err(Trouble::NotHttp);
        }
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            read += data.len();
            if read > bounds.read {
                return Err(Trouble::NotHttp);
            }
            let kept = data.len().min(bounds.kept - answer.body.len());
            answer.body.extend_from_slice(&data[..kept]);
        }
        answer.is_whole = read == answer.body.len();
        Ok(answer)
    }
}

/// What hyper reports is a broken connection, with the cause of the break, or a reply that is not HTTP/1.1.
impl From<hyper::Error> for Trouble {
    fn from(error: hyper::Error) -> Trouble {
        if error.is_parse() {
            return Trouble::NotHttp;
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            match error.downcast_ref::<io::Error>() {
                Some(error) => return Trouble::of_reading(error),
                None => cause = error.source(),
            }
        }
        Trouble::Connection(io::ErrorKind::UnexpectedEof)
    }
}
