//! One connection to a server: a signed request out, its reply back, one at a time.

use std::io;
use std::time::Duration;

use api::Operation;
use base::Clock;

use crate::call::REPLY_SIZE_BYTES_MAX;
use crate::endpoint::Endpoint;
use crate::error::Trouble;
use crate::head;
use crate::refusal;
use crate::response::{self, Chunks, Head, Length};
use crate::sigv4::{Credentials, Protocol, Signer};
use crate::socket::Socket;

const READ_BUFFER_BYTES_MIN: usize = 16 * 1024;

pub struct Connection {
    endpoint: Endpoint,
    signer: Signer,
    timeout: Duration,
    /// Unit: bytes.
    reply_bytes_max: usize,
    socket: Option<Socket>,
    /// Credentials and host, if a head must not have them.
    unusable: Option<Trouble>,
    /// The prepared request; nothing if it must not be sent.
    out: Vec<u8>,
    /// The first `filled` bytes have arrived; the rest is room to read into.
    input: Vec<u8>,
    filled: usize,
    unchunked: Vec<u8>,
}

impl Connection {
    /// A connection to DynamoDB that is opened by its first exchange.
    pub fn new(endpoint: &Endpoint, credentials: &Credentials, timeout: Duration) -> Connection {
        Connection::to(Protocol::DYNAMODB, endpoint, credentials, timeout)
    }

    /// A connection to another service.
    pub fn to(protocol: Protocol, endpoint: &Endpoint, credentials: &Credentials, timeout: Duration) -> Connection {
        Connection {
            endpoint: endpoint.clone(),
            signer: Signer::new(protocol, credentials.clone(), &endpoint.host, Clock::system()),
            timeout,
            reply_bytes_max: REPLY_SIZE_BYTES_MAX,
            socket: None,
            unusable: head::check_credentials(credentials).and(head::check_value("host", &endpoint.host)).err(),
            out: Vec::new(),
            input: vec![0; READ_BUFFER_BYTES_MIN],
            filled: 0,
            unchunked: Vec::new(),
        }
    }

    /// The same, for replies of no more than so many bytes.
    #[must_use]
    pub fn bounded(self, reply_bytes_max: usize) -> Connection {
        Connection { reply_bytes_max, ..self }
    }

    /// Opens the connection before it is needed, so that no request's time contains it.
    pub async fn open(&mut self) -> Result<(), Trouble> {
        if self.socket.is_some() {
            return Ok(());
        }
        let opening = tokio::time::timeout(self.timeout, Socket::open(&self.endpoint));
        self.socket = Some(opening.await.map_err(|_| Trouble::Timeout)??);
        Ok(())
    }

    /// Closes the connection; the next exchange opens it again.
    pub fn close(&mut self) {
        self.socket = None;
    }

    /// Signs the request that `exchange` will send, outside of the time that counts.
    pub fn prepare(&mut self, operation: Operation, body: &[u8]) {
        self.prepare_for(&format!("{}.{}", operation.service().target_prefix(), operation.name()), body);
    }

    /// As [`Connection::prepare`], for an operation of any service by what `X-Amz-Target` says.
    pub fn prepare_for(&mut self, target: &str, body: &[u8]) {
        self.out.clear();
        if self.unusable.is_none() && head::check_value("x-amz-target", target).is_ok() {
            self.signer.request(target, body, &mut self.out);
        }
    }

    /// Sends the prepared request and gives the body of a successful reply.
    pub async fn exchange(&mut self) -> Result<&[u8], Trouble> {
        if self.out.is_empty() {
            return Err(self
                .unusable
                .clone()
                .unwrap_or_else(|| Trouble::Unusable("no request is prepared".to_owned())));
        }
        self.open().await?;
        let arrived = tokio::time::timeout(self.timeout, self.round_trip()).await.unwrap_or(Err(Trouble::Timeout));
        let head = match arrived {
            Ok(head) => head,
            Err(trouble) => {
                self.socket = None;
                return Err(trouble);
            }
        };
        if head.closes {
            self.socket = None;
        }
        let body = match head.length {
            Length::Known(length) => &self.input[head.size..head.size + length],
            Length::Chunked => &self.unchunked,
        };
        match head.status {
            200 => Ok(body),
            status => {
                let (exception, message) = refusal::exception(body);
                Err(Trouble::Refused { status, exception, message })
            }
        }
    }

    async fn round_trip(&mut self) -> Result<Head, Trouble> {
        let socket = self.socket.as_mut().ok_or(Trouble::Connection(io::ErrorKind::NotConnected))?;
        socket.write_all(&self.out).await?;
        self.filled = 0;
        self.unchunked.clear();
        let mut head = None;
        // What of a body in chunks is taken already, from the first byte of the reply on.
        let (mut chunks, mut taken) = (Chunks::new(), 0);
        loop {
            read(socket, &mut self.input, &mut self.filled, self.reply_bytes_max).await?;
            let arrived = &self.input[..self.filled];
            let Some(known) = (match head {
                Some(known) => Some(known),
                None => response::head(arrived)?,
            }) else {
                continue;
            };
            head = Some(known);
            let complete = match known.length {
                Length::Known(length) => {
                    reserve(&mut self.input, known.size.saturating_add(length), self.reply_bytes_max)?;
                    self.filled >= known.size + length
                }
                Length::Chunked => {
                    let new = &arrived[known.size.max(taken)..];
                    chunks.take(new, |data| self.unchunked.extend_from_slice(data))?;
                    taken = self.filled;
                    chunks.are_complete()
                }
            };
            if complete {
                return Ok(known);
            }
        }
    }
}

/// Reads what is there, with room for at least one byte more than has arrived.
async fn read(socket: &mut Socket, input: &mut Vec<u8>, filled: &mut usize, bytes_max: usize) -> Result<(), Trouble> {
    if *filled == input.len() {
        if *filled >= bytes_max {
            return Err(Trouble::NotHttp);
        }
        reserve(input, (*filled * 2).min(bytes_max), bytes_max)?;
    }
    match socket.read(&mut input[*filled..]).await? {
        0 => Err(Trouble::Connection(io::ErrorKind::UnexpectedEof)),
        read => {
            *filled += read;
            Ok(())
        }
    }
}

fn reserve(input: &mut Vec<u8>, size: usize, bytes_max: usize) -> Result<(), Trouble> {
    if size > bytes_max {
        return Err(Trouble::NotHttp);
    }
    if size > input.len() {
        input.resize(size, 0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_with_line_ends_in_its_head_is_not_sent() {
        let endpoint = Endpoint::parse("http://127.0.0.1:1", None).unwrap();
        let credentials = |region: &str| Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            session_token: None,
            region: region.to_owned(),
        };
        for (region, target) in [("us-east-1\r\nx: y", "Kinesis_20131202.PutRecords"), ("us-east-1", "A.B\r\nx: y")] {
            let mut connection =
                Connection::to(Protocol::KINESIS, &endpoint, &credentials(region), Duration::from_secs(10));
            connection.prepare_for(target, b"{}");
            let found = connection.exchange().await.map(<[u8]>::to_vec);
            assert!(matches!(found, Err(Trouble::Unusable(_))), "{found:?}");
        }
    }

    #[tokio::test]
    async fn replies_are_bounded() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            session_token: None,
            region: "us-east-1".to_owned(),
        };
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                // A length alone, and the head of a long one that never comes.
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 60000000\r\n\r\n").await;
                let _ = socket.read(&mut [0; 4096]).await;
            }
        });
        let connection = Connection::to(Protocol::KINESIS, &endpoint, &credentials, Duration::from_secs(600));
        let mut connection = connection.bounded(1 << 20);
        connection.prepare_for("Kinesis_20131202.PutRecords", b"{}");
        assert_eq!(connection.exchange().await.map(<[u8]>::to_vec), Err(Trouble::NotHttp));
        assert!(connection.input.capacity() < 1 << 20);
    }
}
