//! The bytes of a connection, encrypted or not.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::endpoint::Endpoint;

pub(crate) enum Socket {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// As hyper takes it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Socket {
    pub(crate) fn into_stream(self) -> Box<dyn Stream> {
        match self {
            Socket::Plain(socket) => Box::new(socket),
            Socket::Encrypted(socket) => socket,
        }
    }

    /// To the first of the addresses that can be reached.
    pub(crate) async fn open(endpoint: &Endpoint) -> io::Result<Socket> {
        let socket = TcpStream::connect(endpoint.addresses.as_slice()).await?;
        socket.set_nodelay(true)?;
        match &endpoint.tls {
            None => Ok(Socket::Plain(socket)),
            Some(tls) => Ok(Socket::Encrypted(Box::new(tls.connect(socket).await?))),
        }
    }

    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Socket::Plain(socket) => socket.write_all(bytes).await,
            Socket::Encrypted(socket) => {
                socket.write_all(bytes).await?;
                // What is encrypted may still wait for room in the socket.
                socket.flush().await
            }
        }
    }

    pub(crate) async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Plain(socket) => socket.read(room).await,
            Socket::Encrypted(socket) => socket.read(room).await,
        }
    }
}
