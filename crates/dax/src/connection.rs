//! A client's connection: the handshake, then one request after the other, until the client hangs up or the server stops.
//!
//! Nothing is known of a message's length before its end. What a client may send is bounded in bytes and in time from the first byte of a
//! message to its last; between messages a connection may be idle, for some clients never notice that theirs is closed. A message of more
//! than 64 KiB reserves memory as it grows, as bodies of HTTP do. Before its caller is known, a connection has a deadline, and messages that
//! are small.
//!
//! A message whose end cannot be found, and a method of unknown length, end the connection: what follows cannot be understood.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::Exception;
use auth::Caller;
use auth::iam::Transport;
use base::random::request_id;
use base::{Clock, catch_panic};
use model::limits::{MIB, REQUEST_SIZE_MAX};
use ops::allowance::{self, Allowance, Peer, SMALL_BYTES, Share};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::authorize::{Authorization, Authorized, is_checked};
use crate::cbor::{Malformed, Reader, Scanner, Writer};
use crate::errors;
use crate::handshake::{self, Handshake};
use crate::host::{Begun, Host, Record};
use crate::node::{Answer, Failure, Node, Requester};
use crate::request::{Method, PREFIX_VALUES, SERVICE};
use crate::value::VALUE_MEMORY;

/// A message that holds no reserved memory. Unit: bytes.
const SMALL_MESSAGE: usize = 64 * 1024;
/// The largest message: a batch, with what is around its items. Unit: bytes.
const MESSAGE_BYTES_MAX: usize = REQUEST_SIZE_MAX + MIB;
/// Room that is made for the next bytes of a message. Unit: bytes.
const READ_BYTES: usize = 8 * 1024;
/// As of bodies of HTTP: a byte of a message is as much work as so many that are only looked at.
const WORK_PER_BYTE: usize = 8;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From its connection to the end of its handshake, and of its authorization where that is checked.
    pub handshake: Duration,
    /// From the first byte of a request to its last, and for reading its answer.
    pub message: Duration,
}

/// What all connections of a node share.
pub struct Endpoint {
    pub node: Arc<Node>,
    pub clock: Clock,
    pub timeouts: Timeouts,
}

/// The ends of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub transport: Transport,
    pub local: SocketAddr,
}

/// Why a connection ends.
enum End {
    /// The client has hung up, is too slow, or the server stops.
    Closed,
    /// The client does not speak DAX's protocol.
    Malformed(Malformed),
    NoMemory,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> End {
        End::Closed
    }
}

impl From<tokio::time::error::Elapsed> for End {
    fn from(_: tokio::time::error::Elapsed) -> End {
        End::Closed
    }
}

impl From<Malformed> for End {
    fn from(malformed: Malformed) -> End {
        End::Malformed(malformed)
    }
}

/// Serves a client until it hangs up, or `stop` is true: a request that has begun is answered.
pub async fn serve<S>(endpoint: Arc<Endpoint>, host: impl Host, stream: S, client: Client, stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let _connected = endpoint.node.counts().connected();
    let share = host.request_memory().nothing(Peer::of(client.transport.peer));
    let deadline = Instant::now() + endpoint.timeouts.handshake;
    let mut connection = Connection {
        endpoint: &endpoint,
        host: &host,
        stream,
        client,
        buffer: Vec::new(),
        scanner: Scanner::new(handshake::BYTES_MAX),
        share,
        reserved: 0,
        authorized: Authorized::default(),
        is_known: !is_checked(host.access()),
        deadline,
        stop,
    };
    let _ = connection.run().await;
}

struct Connection<'e, S> {
    endpoint: &'e Endpoint,
    host: &'e dyn Host,
    stream: S,
    client: Client,
    /// The message that arrives, and what has come behind it.
    buffer: Vec<u8>,
    scanner: Scanner,
    /// The memory of a large message.
    share: Share,
    reserved: usize,
    authorized: Authorized,
    /// Whether its caller was known once.
    is_known: bool,
    /// Of the handshake and the authorization.
    deadline: Instant,
    /// The server stops: what has not arrived by then is not waited for.
    stop: watch::Receiver<bool>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<'_, S> {
    async fn run(&mut self) -> Result<(), End> {
        let deadline = self.deadline;
        timeout_at(deadline, self.values(handshake::VALUES)).await??;
        let handshake = Handshake::read(self.message(0))?;
        self.end_message();
        loop {
            self.begin_message().await?;
            match self.request(&handshake).await {
                Ok(()) => {}
                Err(End::Malformed(malformed)) => {
                    let failure = Failure::from(malformed);
                    return self.refuse(&handshake, failure).await;
                }
                Err(End::NoMemory) => return self.refuse(&handshake, Exception::throttled().into()).await,
                Err(End::Closed) => return Err(End::Closed),
            }
        }
    }

    /// Waits for the first byte of a message. A client that is not known yet has a deadline for it.
    async fn begin_message(&mut self) -> Result<(), End> {
        let is_late = !self.is_known && Instant::now() >= self.deadline;
        if is_late || *self.stop.borrow() {
            return Err(End::Closed);
        }
        if !self.buffer.is_empty() {
            return Ok(());
        }
        match self.is_known {
            true => self.read().await,
            false => timeout_at(self.deadline, self.read()).await?,
        }
    }

    /// Receives one request and answers it.
    async fn request(&mut self, handshake: &Handshake) -> Result<(), End> {
        let deadline = Instant::now() + self.endpoint.timeouts.message;
        let deadline = if self.is_known { deadline } else { deadline.min(self.deadline) };
        timeout_at(deadline, self.values(PREFIX_VALUES)).await??;
        let mut reader = Reader::new(self.message(0));
        let (service, id) = (reader.int()?, reader.int()?);
        let arguments_at = reader.position();
        let method = Method::of_id(id).filter(|_| service == SERVICE);
        let Some(method) = method else {
            self.refuse(handshake, Exception::UnknownOperation.into()).await?;
            return Err(End::Closed);
        };
        timeout_at(deadline, self.values(method.arguments())).await??;
        if method == Method::AuthorizeConnection {
            let authorization = Authorization::read(self.message(arguments_at))?;
            self.authorized.replace(authorization);
            // Verified now: the next message may be large, if its caller is known. A refusal waits for that message.
            let (access, now_ms) = (self.host.access(), self.endpoint.clock.now_ms());
            self.is_known |= self.authorized.callers(access, self.client.transport, now_ms).is_ok();
            self.end_message();
            return Ok(());
        }
        let answer = self.answer(method, arguments_at, handshake).await;
        self.end_message();
        let (answer, share) = answer;
        self.send(handshake, answer).await?;
        drop(share);
        Ok(())
    }

    /// The answer of a request that has arrived, and the memory that it holds.
    async fn answer(&mut self, method: Method, arguments_at: usize, handshake: &Handshake) -> (Vec<u8>, Option<Share>) {
        let request_id = request_id();
        let request_id = std::str::from_utf8(&request_id).unwrap_or_default();
        let counts = self.endpoint.node.counts();
        counts.request(method);
        let allowance = Allowance::new(self.host.answer_memory(), Peer::of(self.client.transport.peer));
        let answered = self.recorded(method, arguments_at, handshake, request_id, &allowance).await;
        let answer = match answered {
            Ok(answer) => answer.into_bytes(),
            Err(Failure { exception, items }) => {
                counts.failed(&exception);
                errors::write(&exception, request_id, &items).into_bytes()
            }
        };
        let share = allowance.keep(answer.len());
        (answer, share)
    }

    /// Finds the caller, and executes the request between the beginning and the end of its record.
    async fn recorded(
        &mut self,
        method: Method,
        arguments_at: usize,
        handshake: &Handshake,
        request_id: &str,
        allowance: &Arc<Allowance>,
    ) -> Answer {
        let Connection { endpoint, host, client, buffer, scanner, authorized, is_known, .. } = self;
        let claimed = authorized.access_key();
        let callers = authorized.callers(host.access(), client.transport, endpoint.clock.now_ms());
        let arguments = buffer.get(arguments_at..scanner.position()).unwrap_or_default();
        let begun = |caller: Result<&Caller, Option<String>>| {
            let operation = method.operation()?;
            let user_agent = handshake.user_agent.as_deref();
            Some(host.begin(Begun { operation, caller, request_id, user_agent, size: arguments.len() }))
        };
        let callers = match callers {
            Ok(callers) => callers,
            Err(refusal) => {
                if let Some(mut record) = begun(Err(claimed)) {
                    record.reserve().await?;
                    record.end(Some(refusal.clone()), 0).await?;
                }
                return Err(refusal.into());
            }
        };
        *is_known = true;
        let caller = &callers.caller;
        let mut record = begun(Ok(caller));
        if let Some(record) = &mut record {
            record.reserve().await?;
        }
        let requester = Requester {
            caller,
            permitted: &callers.permitted,
            observer: record.as_deref().and_then(Record::observer),
            local: client.local,
            adds_select: handshake.adds_select(),
            wants_unprocessed: handshake.wants_unprocessed(),
        };
        let values = scanner.count();
        let work = async {
            let size = arguments.len();
            let answering = endpoint.node.answer(method, arguments, requester);
            if size <= SMALL_MESSAGE {
                return answering.await;
            }
            // Items and the values of expressions are bytes here: what is in those is reserved as it is read.
            allowance::reserve(2 * size + values * VALUE_MEMORY).await?;
            allowance::heavy(size * WORK_PER_BYTE, answering).await
        };
        let answered = catch_panic(allowance.scope(work)).await;
        let answered = answered.unwrap_or_else(|panicked| Err(Exception::internal(panicked.to_string()).into()));
        if let Some(record) = record {
            let failure = answered.as_ref().err().map(|failure| failure.exception.clone());
            record.end(failure, answered.as_ref().map_or(0, Writer::len)).await?;
        }
        answered
    }

    /// Reports why the connection ends, to a client that may understand it.
    async fn refuse(&mut self, handshake: &Handshake, failure: Failure) -> Result<(), End> {
        let request_id = request_id();
        let request_id = std::str::from_utf8(&request_id).unwrap_or_default();
        let answer = errors::write(&failure.exception, request_id, &failure.items).into_bytes();
        self.send(handshake, answer).await
    }

    async fn send(&mut self, handshake: &Handshake, answer: Vec<u8>) -> Result<(), End> {
        let bytes = handshake.layering.lay_out(answer);
        self.endpoint.node.counts().sent(bytes.len());
        let deadline = Instant::now() + self.endpoint.timeouts.message;
        let sent = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        Ok(timeout_at(deadline, sent).await??)
    }

    /// Receives so many more values of the message.
    async fn values(&mut self, count: usize) -> Result<(), End> {
        for _ in 0..count {
            while !self.scanner.value(&self.buffer)? {
                self.read().await?;
            }
        }
        Ok(())
    }

    /// Receives some more bytes.
    async fn read(&mut self) -> Result<(), End> {
        if self.buffer.len() > SMALL_MESSAGE && self.buffer.len() + READ_BYTES > self.reserved {
            // In steps that double, as the buffer does.
            self.reserved = (2 * self.buffer.len()).max(SMALL_BYTES);
            self.share.grow(self.reserved).await.map_err(|_| End::NoMemory)?;
        }
        self.buffer.reserve(READ_BYTES);
        let read = tokio::select! {
            read = self.stream.read_buf(&mut self.buffer) => read?,
            _ = self.stop.wait_for(|stop| *stop) => 0,
        };
        self.endpoint.node.counts().received(read);
        if read == 0 { Err(End::Closed) } else { Ok(()) }
    }

    /// What has arrived of the message, from this byte on.
    fn message(&self, at: usize) -> &[u8] {
        self.buffer.get(at..self.scanner.position()).unwrap_or_default()
    }

    /// The message is done with. What has come behind it stays.
    fn end_message(&mut self) {
        let end = self.scanner.position().min(self.buffer.len());
        self.buffer.drain(..end);
        if self.buffer.capacity() > SMALL_MESSAGE && self.buffer.len() <= READ_BYTES {
            self.buffer.shrink_to(READ_BYTES);
            self.share.resize(0);
            self.reserved = 0;
        }
        let bytes_max = if self.is_known { MESSAGE_BYTES_MAX } else { SMALL_MESSAGE };
        self.scanner = Scanner::new(bytes_max);
    }
}

#[cfg(test)]
mod tests;
