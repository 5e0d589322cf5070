//! A connection that is encrypted from its first byte on.
//!
//! The handshake runs with the first read, that is, in the connection's own task and behind its `Patient`
//! socket: a client that stalls it delays no other, can be evicted, and has a timeout. A first byte that begins no
//! handshake is plain HTTP: the answer says so, and nothing else of the request is read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::connection_states::ConnectionState;
use crate::metrics::Connections;
use crate::patience::Patient;

use super::session;

/// What every handshake begins with: a record of that kind.
const HANDSHAKE_RECORD: u8 = 22;
/// What is read of a plain request before it is answered. Unit: bytes.
const PLAIN_BYTES_MAX: usize = 16 * 1024;
const PLAIN_ANSWER: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nServer: Server\r\nContent-Type: text/plain\r\nContent-Length: 57\r\n\
    Connection: close\r\n\r\nThis port speaks TLS: the endpoint's URL is an https://.\n";

type Handshake = Pin<Box<dyn Future<Output = io::Result<TlsStream<Patient>>> + Send>>;

pub(crate) struct Encrypted {
    state: State,
    connection: Arc<ConnectionState>,
    /// Counts failed handshakes.
    counts: Arc<Connections>,
}

enum State {
    Handshake(Handshake),
    Open(Box<TlsStream<Patient>>),
    Failed,
}

impl Encrypted {
    pub(super) fn new(
        acceptor: TlsAcceptor,
        socket: Patient,
        timeout: Duration,
        connection: Arc<ConnectionState>,
        counts: Arc<Connections>,
    ) -> Encrypted {
        let handshake = async move {
            let handshake = tokio::time::timeout(timeout, shake_hands(acceptor, socket));
            handshake.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        };
        Encrypted { state: State::Handshake(Box::pin(handshake)), connection, counts }
    }

    /// The connection, once the handshake is done.
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Pin<&mut TlsStream<Patient>>>> {
        if let State::Handshake(handshake) = &mut self.state {
            match ready!(handshake.as_mut().poll(context)) {
                Ok(stream) => {
                    self.connection.encrypted(session::of(stream.get_ref().1));
                    self.state = State::Open(Box::new(stream));
                }
                Err(error) => {
                    self.state = State::Failed;
                    // A client that disconnects without a byte was only probing the port.
                    if error.kind() != io::ErrorKind::ConnectionAborted {
                        self.counts.handshakes_failed.fetch_add(1, Ordering::Relaxed);
                    }
                    return Poll::Ready(Err(error));
                }
            }
        }
        match &mut self.state {
            State::Open(stream) => Poll::Ready(Ok(Pin::new(stream.as_mut()))),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

async fn shake_hands(acceptor: TlsAcceptor, mut socket: Patient) -> io::Result<TlsStream<Patient>> {
    match socket.first_byte().await? {
        Some(HANDSHAKE_RECORD) => acceptor.accept(socket).await,
        Some(_) => Err(refuse_plain(socket).await.err().unwrap_or_else(|| io::ErrorKind::InvalidData.into())),
        None => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// What has been sent must be read before the end: otherwise the operating system may take the answer back.
async fn refuse_plain(mut socket: Patient) -> io::Result<()> {
    let mut request = vec![0; PLAIN_BYTES_MAX];
    let _ = socket.read(&mut request).await?;
    socket.write_all(PLAIN_ANSWER).await?;
    socket.shutdown().await
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(context))?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(context))?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(context))?.poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state {
            State::Open(stream) => Pin::new(stream.as_mut()).poll_flush(context),
            // Nothing has been written yet.
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state {
            State::Open(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
            _ => Poll::Ready(Ok(())),
        }
    }
}
