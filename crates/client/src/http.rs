//! HTTP/1.1 by hyper over one connection: a request out, its reply back, one at a time.
//!
//! A connection makes progress only while it is polled by an exchange, and dropping it closes its socket. There is no task beside it
//! that would hold the file handle longer than the reservation for it.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use crate::answer::{Answer, ReplyBounds};
use crate::endpoint::Endpoint;
use crate::error::Trouble;
use crate::socket::Socket;

/// Headers longer than this are no answer of a service. Unit: bytes.
const HEAD_SIZE_BYTES_MAX: usize = 64 * 1024;

pub(crate) struct HttpConnection {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
}

/// The side of hyper that reads and writes the socket.
struct Driver {
    connection: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
    is_over: bool,
}

impl HttpConnection {
    /// To the first of the endpoint's addresses that can be reached.
    ///
    /// # Errors
    /// If there is none, or no encrypted connection can be had.
    pub(crate) async fn open(endpoint: &Endpoint) -> Result<HttpConnection, Trouble> {
        let socket = TokioIo::new(Socket::open(endpoint).await?.into_stream());
        let (sender, connection) = http1::Builder::new().max_buf_size(HEAD_SIZE_BYTES_MAX).handshake(socket).await?;
        Ok(HttpConnection { sender, driver: Driver { connection: Box::pin(connection), is_over: false } })
    }

    /// Sends a request and reads all of its reply. After an error, or if it is dropped before its end, the connection is of no use.
    ///
    /// # Errors
    /// If the connection breaks, or the reply is not HTTP or too long.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        bounds: ReplyBounds,
    ) -> Result<Answer, Trouble> {
        let HttpConnection { sender, driver } = self;
        let exchange = async {
            sender.ready().await?;
            Answer::read(sender.send_request(request).await?, bounds).await
        };
        driver.drive(exchange).await
    }

    /// Whether another request can be sent: the last reply is complete, and neither side has closed the connection.
    pub(crate) fn is_ready(&mut self) -> bool {
        self.driver.poll(&mut Context::from_waker(Waker::noop()));
        !self.driver.is_over && self.sender.is_ready()
    }
}

impl Driver {
    /// Reads and writes what is possible now. Errors are reported to the exchange.
    fn poll(&mut self, context: &mut Context<'_>) {
        self.is_over = self.is_over || self.connection.as_mut().poll(context).is_ready();
    }

    async fn drive<T>(&mut self, exchange: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let mut exchange = pin!(exchange);
        poll_fn(|context| {
            self.poll(context);
            match exchange.as_mut().poll(context) {
                // Nothing more can come.
                Poll::Pending if self.is_over => Poll::Ready(Err(Trouble::Connection(io::ErrorKind::UnexpectedEof))),
                polled => polled,
            }
        })
        .await
    }
}
