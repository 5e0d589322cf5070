//! A connection's bytes on their way to hyper, watched for heads of HTTP/1.1 that say twice how long their body is.
//!
//! A request with `Transfer-Encoding` and `Content-Length`, or with two of the latter, ends in one place for a proxy and in another for
//! us: what follows could be a request that the proxy has never seen (request smuggling). hyper takes one of the fields and drops the
//! other, so its request does not show it.
//!
//! A head ends at an empty line, so both fields are between two empty lines, wherever the head begins: nothing else of HTTP is parsed
//! here. A body may have such lines, too; no JSON and no form has, and a connection that is closed for them loses nothing.
//!
//! Source: RFC 9112, sections 6.1 and 6.3.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection_states::ConnectionState;

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";
/// How a connection of HTTP/2 begins, which has no such heads. Source: RFC 9113, section 3.4.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// No shorter than what a line is compared with.
const START_SIZE: usize = TRANSFER_ENCODING.len();

/// Which protocol a connection speaks. Its first bytes decide that, as hyper's do: the whole preface and nothing less is
/// HTTP/2, and no later line is a preface.
enum Protocol {
    /// So many bytes came, all of them the preface's.
    Open(usize),
    Http1,
    Http2,
}

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol::Open(0)
    }
}

impl Protocol {
    fn push(&mut self, bytes: &[u8]) {
        let Protocol::Open(matched) = self else { return };
        let expected = &HTTP2_PREFACE[*matched..];
        let compared = expected.len().min(bytes.len());
        *self = match bytes[..compared] == expected[..compared] {
            false => Protocol::Http1,
            true if compared == expected.len() => Protocol::Http2,
            true => Protocol::Open(*matched + compared),
        };
    }
}

/// What is remembered between two pieces.
#[derive(Default)]
struct Lines {
    protocol: Protocol,
    /// The beginning of the line, and how long the line is so far, at most one more than that.
    start: [u8; START_SIZE],
    length: usize,
    lengths: u32,
    has_coding: bool,
}

impl Lines {
    /// Whether a head that ends in these bytes has two lengths.
    fn push(&mut self, mut bytes: &[u8]) -> bool {
        self.protocol.push(bytes);
        // Lines of a preface that is not complete yet are no fields.
        if matches!(self.protocol, Protocol::Http2) {
            return false;
        }
        let mut found = false;
        while !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.extend(line);
            if end.is_some() {
                found |= self.end_line();
            }
            bytes = rest;
        }
        found
    }

    fn extend(&mut self, line: &[u8]) {
        let room = &mut self.start[self.length.min(START_SIZE)..];
        let taken = room.len().min(line.len());
        room[..taken].copy_from_slice(&line[..taken]);
        self.length = (self.length + line.len()).min(START_SIZE + 1);
    }

    fn end_line(&mut self) -> bool {
        let line = &self.start[..self.length.min(START_SIZE)];
        let begins = |name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        self.lengths += u32::from(begins(CONTENT_LENGTH));
        self.has_coding |= begins(TRANSFER_ENCODING);
        let found = self.lengths > 1 || self.lengths > 0 && self.has_coding;
        if matches!(line, b"\n" | b"\r\n") {
            (self.lengths, self.has_coding) = (0, false);
        }
        self.length = 0;
        found
    }
}

/// A socket whose bytes are watched. What is found is noted on the connection before hyper has the bytes.
pub(crate) struct Watched<S> {
    socket: S,
    lines: Lines,
    state: Arc<ConnectionState>,
}

impl<S> Watched<S> {
    pub(crate) fn new(socket: S, state: Arc<ConnectionState>) -> Watched<S> {
        Watched { socket, lines: Lines::default(), state }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(context, buffer))?;
        if self.lines.push(&buffer.filled()[filled..]) {
            self.state.note_two_lengths();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_with_two_lengths() {
        let check = |text: &str, expected: bool| {
            let whole = Lines::default().push(text.as_bytes());
            let mut lines = Lines::default();
            let mut in_bytes = false;
            for byte in text.as_bytes() {
                in_bytes |= lines.push(&[*byte]);
            }
            assert_eq!((whole, in_bytes), (expected, expected), "{text:?}");
        };
        let (length, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
        let head = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        for fields in [
            [length, chunked].concat(),
            [chunked, "A: b\r\n", length].concat(),
            [length, length].concat(),
            "CONTENT-LENGTH:5\ntransfer-encoding:x\n".to_owned(),
        ] {
            check(&head(&fields), true);
            // A body without an end of its own line is before it.
            check(&[&head(length), "{\"a\":\n\"b\"}", &head(&fields)].concat(), true);
            check(&["\r\n", &head(&fields)].concat(), true);
        }
        for fields in
            [length, chunked, "X-Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Lengths: 1\r\nTransfer: b\r\n"]
        {
            check(&head(fields), false);
        }
        check(&[&head(length), "{}abc", &head(chunked), "0\r\n\r\n", &head(length)].concat(), false);
        check(&[&head(chunked), "5\r\nabcde\r\n0\r\nContent-Length: 5\r\n\r\n"].concat(), false);
        check(&["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", length, chunked].concat(), false);
        // The whole preface at the beginning of a connection, and nothing else, is HTTP/2.
        let both = head(&[length, chunked].concat());
        for line in ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0"] {
            check(&[&head(length), "{}\n", line, "\r\n", &both].concat(), true);
            check(&["\r\n", line, "\r\n", &both].concat(), true);
        }
        for cut in
            ["PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n", "PRI * HTTP/2.0\n\nSM\n\n"]
        {
            check(&[cut, &both].concat(), true);
        }
    }
}
