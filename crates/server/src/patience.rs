//! A socket that gives up on a silent peer: one that sends nothing while we wait to read, or takes nothing while we
//! wait to write. It bounds how long a connection slot can be held without any progress.
//!
//! Nothing times out while a request is being answered: hyper then neither reads nor writes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use crate::connection_states::ConnectionState;

pub(crate) struct Patient {
    socket: TcpStream,
    limit: Duration,
    progressed: Instant,
    alarm: Pin<Box<Sleep>>,
    state: Arc<ConnectionState>,
}

impl Patient {
    pub(crate) fn new(socket: TcpStream, limit: Duration, state: Arc<ConnectionState>) -> Patient {
        let alarm = Box::pin(tokio::time::sleep(limit));
        Patient { socket, limit, progressed: Instant::now(), alarm, state }
    }

    /// The first byte that comes, which stays there to be read; nothing if the peer has hung up.
    pub(crate) async fn first_byte(&mut self) -> io::Result<Option<u8>> {
        std::future::poll_fn(|context| {
            let mut byte = [0];
            let mut buffer = ReadBuf::new(&mut byte);
            let polled = self.socket.poll_peek(context, &mut buffer);
            let first = buffer.filled().first().copied();
            self.observe(polled.map_ok(|_| first), context)
        })
        .await
    }

    fn wrote(&self, polled: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = polled {
            self.state.moved(*bytes);
        }
    }

    /// Notes progress, or, while there is none, sees whether patience has run out. The alarm is not moved with every
    /// byte: when it rings it is set anew to what the last progress allows.
    fn observe<T>(&mut self, polled: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.progressed = Instant::now();
            return polled;
        }
        loop {
            ready!(self.alarm.as_mut().poll(context));
            let deadline = self.progressed + self.limit;
            if deadline <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(deadline);
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(context, buffer);
        self.state.moved(buffer.filled().len() - filled);
        self.observe(polled, context)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.wrote(&polled);
        self.observe(polled, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write_vectored(context, parts);
        self.wrote(&polled);
        self.observe(polled, context)
    }

    /// Headers and body leave in one system call, so no client ever sees the one without the other.
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
