//! The listening socket: accepts connections, serves HTTP/1.1 and HTTP/2 on them, and lets them finish at the end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use ops::allowance::{MemoryBudget, Peer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::answer::SERVER;
use crate::connection_states::{ConnectionState, ConnectionStates};
use crate::framing::Watched;
use crate::host;
use crate::log::{self, Gate, Value};
use crate::metrics::Connections;
use crate::patience::Patient;
use crate::tls::Tls;
use crate::transport::transport;
use crate::unsent::AnswerBody;

/// The pause after a failed accept (no file handles left), so that it is not repeated in a tight loop.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// How long a new connection waits for the slot of an evicted one before another is evicted.
const EVICTION: Duration = Duration::from_millis(100);
/// Connections that wait to be accepted. The operating system's own limit may be lower.
const BACKLOG: u32 = 4096;
/// What a connection may fill before the server reads it: a request's head, or a piece of its body. Unit: bytes.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Requests under way at once on one HTTP/2 connection.
const HTTP2_STREAMS_MAX: u32 = 128;
/// What a client may send on one stream and on one connection before the server reads it. Unit: bytes.
const HTTP2_STREAM_WINDOW: u32 = 128 * 1024;
const HTTP2_CONNECTION_WINDOW: u32 = 512 * 1024;
/// A request's head on HTTP/2, decompressed. Unit: bytes.
const HTTP2_HEAD_BYTES_MAX: u32 = 16 * 1024;
/// Header fields of a request: as many as hyper takes on HTTP/1.1. An empty field takes far more memory than its bytes.
const HTTP2_FIELDS_MAX: usize = 100;

/// How often the log says that all connections are taken.
const FULL_LINES: u64 = 1;
const FULL_LINES_WINDOW: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(crate) struct Limits {
    pub(crate) connections_max: u32,
    /// How many of them one address may have.
    pub(crate) connections_per_address_max: u32,
    pub(crate) idle_timeout: Duration,
    pub(crate) drain_timeout: Duration,
    /// What connections can hold that others may want.
    pub(crate) memory: Vec<Arc<MemoryBudget>>,
}

/// What answers the requests of a connection.
pub(crate) trait Responder: Clone + Send + Sync + 'static {
    fn respond(
        &self,
        request: Request<Incoming>,
        state: Arc<ConnectionState>,
    ) -> impl Future<Output = Response<AnswerBody>> + Send;
}

/// Listens with a long backlog: the standard library alone asks for 128.
pub(crate) fn listen(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // An address can be taken again at once after a stop. (On Windows this would let two programs share it.)
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        match socket.bind(*address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Serves until `end` is done, then lets running requests finish.
pub(crate) async fn run<T>(
    listener: TcpListener,
    responder: impl Responder,
    acceptor: Acceptor,
    limits: Limits,
    end: impl Future<Output = T>,
) -> T {
    let connections = GracefulShutdown::new();
    let states = ConnectionStates::new(Arc::clone(&acceptor.counts));
    let ended = tokio::select! {
        never = accept(&listener, responder, &acceptor, &limits, &connections, &states) => match never {},
        never = states.watch(&limits.memory) => match never {},
        ended = end => ended,
    };
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, connections.shutdown()).await.is_err() {
        log::warning("requests_abandoned", "stopping although some requests have not finished", &[]);
    }
    ended
}

/// Does `work`; serves meanwhile from when `begin` is done. The connections of that time are closed at its end.
pub(crate) async fn run_meanwhile<T>(
    listener: &TcpListener,
    begin: impl Future<Output = ()>,
    responder: impl Responder,
    acceptor: &Acceptor,
    limits: &Limits,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = begin => {}
    }
    let connections = GracefulShutdown::new();
    let states = ConnectionStates::new(Arc::clone(&acceptor.counts));
    let done = tokio::select! {
        never = accept(listener, responder, acceptor, limits, &connections, &states) => match never {},
        never = states.watch(&limits.memory) => match never {},
        done = &mut work => done,
    };
    tokio::spawn(tokio::time::timeout(limits.drain_timeout, connections.shutdown()));
    done
}

/// Serves as long as the program runs.
pub(crate) async fn run_without_end(
    listener: TcpListener,
    responder: impl Responder,
    acceptor: Acceptor,
    limits: Limits,
) -> Infallible {
    let states = ConnectionStates::new(Arc::clone(&acceptor.counts));
    let connections = GracefulShutdown::new();
    tokio::select! {
        never = accept(&listener, responder, &acceptor, &limits, &connections, &states) => never,
        never = states.watch(&limits.memory) => never,
    }
}

/// Accepts connections, and counts them.
pub(crate) struct Acceptor {
    counts: Arc<Connections>,
    full: Gate,
    /// Connections are encrypted.
    tls: Option<Arc<Tls>>,
}

impl Acceptor {
    pub(crate) fn new(counts: Arc<Connections>, tls: Option<Arc<Tls>>) -> Acceptor {
        Acceptor { counts, full: Gate::new(FULL_LINES, FULL_LINES_WINDOW), tls }
    }

    /// A slot for an accepted connection. While all are taken, an idle connection is evicted for it; if none is idle, it waits,
    /// and those after it wait in the backlog.
    async fn slot(
        &self,
        peer: Peer,
        slots: &Arc<Semaphore>,
        limits: &Limits,
        states: &ConnectionStates,
    ) -> Option<OwnedSemaphorePermit> {
        if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
            return Some(slot);
        }
        self.counts.delayed.fetch_add(1, Ordering::Relaxed);
        if self.full.pass().is_some() {
            let data = [("connections_max", Value::Number(limits.connections_max.into()))];
            log::warning("connections_full", "all connections are taken, and others wait for their turn", &data);
        }
        loop {
            states.evict_one(peer);
            if let Ok(slot) = tokio::time::timeout(EVICTION, Arc::clone(slots).acquire_owned()).await {
                // Never an error: the semaphore is never closed.
                return slot.ok();
            }
        }
    }

    async fn next(&self, listener: &TcpListener) -> Option<(TcpStream, SocketAddr, Open)> {
        match listener.accept().await {
            Ok((socket, peer)) => socket.set_nodelay(true).is_ok().then(|| (socket, peer, Open::count(&self.counts))),
            Err(error) => {
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
                let data = [("detail", Value::Text(&error.to_string()))];
                log::error("accept_failed", "a connection could not be accepted", &data);
                tokio::time::sleep(ACCEPT_RETRY).await;
                None
            }
        }
    }
}

impl Default for Acceptor {
    fn default() -> Acceptor {
        Acceptor::new(Arc::default(), None)
    }
}

/// An open connection, counted until this is dropped.
struct Open(Arc<Connections>);

impl Open {
    fn count(counts: &Arc<Connections>) -> Open {
        counts.accepted.fetch_add(1, Ordering::Relaxed);
        counts.open.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(counts))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn accept(
    listener: &TcpListener,
    responder: impl Responder,
    acceptor: &Acceptor,
    limits: &Limits,
    connections: &GracefulShutdown,
    states: &Arc<ConnectionStates>,
) -> Infallible {
    let builder = http(limits.idle_timeout);
    let slots = Arc::new(Semaphore::new(limits.connections_max as usize));
    loop {
        let Some((socket, peer, open)) = acceptor.next(listener).await else { continue };
        let state = ConnectionState::new(transport(peer, acceptor.tls.is_some()));
        if !states.admit(state.peer(), limits.connections_per_address_max) {
            acceptor.counts.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let slot = acceptor.slot(state.peer(), &slots, limits, states).await;
        let responder = responder.clone();
        let (registration, own_state) = (states.register(&state), Arc::clone(&state));
        let service = service_fn(move |request| answer(responder.clone(), request, Arc::clone(&own_state)));
        let socket = Patient::new(socket, limits.idle_timeout, Arc::clone(&state));
        let held = (registration, slot, open);
        // Two kinds of futures, so that a plain connection does not carry what an encrypted one needs.
        match &acceptor.tls {
            None => {
                let socket = Watched::new(socket, Arc::clone(&state));
                let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
                tokio::spawn(stay(connections.watch(connection), state, held));
            }
            Some(tls) => {
                let socket = Watched::new(tls.encrypt(socket, &state, &acceptor.counts), Arc::clone(&state));
                let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
                tokio::spawn(stay(connections.watch(connection), state, held));
            }
        }
    }
}

/// A connection to its end, or until it has to go. What it holds is free after it.
async fn stay<T, H>(connection: impl Future<Output = T>, state: Arc<ConnectionState>, held: H) {
    tokio::select! {
        // A connection fails when its client vanishes or speaks no HTTP: nothing that anyone here can mend.
        _ = connection => {}
        () = state.evicted() => {}
    }
    drop(held);
}

fn http(idle_timeout: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(idle_timeout)
        .max_buf_size(BUFFER_BYTES_MAX)
        // With this, a client that hangs up does not cut off the operation that it has asked for.
        .half_close(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .initial_stream_window_size(HTTP2_STREAM_WINDOW)
        .initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
        .max_header_list_size(HTTP2_HEAD_BYTES_MAX);
    builder
}

/// A started operation always runs to its end: HTTP/2 drops the future of a stream that its client resets, so there it
/// runs in a task of its own.
async fn answer(
    responder: impl Responder,
    request: Request<Incoming>,
    state: Arc<ConnectionState>,
) -> Result<Response<AnswerBody>, Infallible> {
    if let Some(status) = refused(&request, &state) {
        return Ok(closing(status, request.version()));
    }
    if request.version() < Version::HTTP_2 {
        return Ok(responder.respond(request, state).await);
    }
    let answer = tokio::spawn(async move { responder.respond(request, state).await }).await;
    Ok(answer.unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR)))
}

/// The status of a request that is refused for its head alone, before any of its body is read.
fn refused(request: &Request<Incoming>, state: &ConnectionState) -> Option<StatusCode> {
    let headers = request.headers();
    if request.version() >= Version::HTTP_2 {
        return (headers.len() > HTTP2_FIELDS_MAX).then_some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if state.has_two_lengths() || !has_host(request) {
        return Some(StatusCode::BAD_REQUEST);
    }
    // Source: RFC 9112, section 6.1. A proxy in front that decodes another coding would see another body.
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter().map(|coding| coding.as_bytes().trim_ascii());
    let first = codings.next()?;
    let is_chunked = first.eq_ignore_ascii_case(b"chunked") && codings.next().is_none();
    (!is_chunked).then_some(StatusCode::NOT_IMPLEMENTED)
}

/// Whether a request has the one host that HTTP/1.1 demands, also where its target is a whole URL. Source: RFC 9112, section 3.2.
fn has_host(request: &Request<Incoming>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => host::is_host(host.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

fn empty(status: StatusCode) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::default());
    *response.status_mut() = status;
    response.headers_mut().insert(header::SERVER, SERVER);
    response
}

/// What follows on a connection of HTTP/1.1 cannot be understood.
fn closing(status: StatusCode, version: Version) -> Response<AnswerBody> {
    let mut response = empty(status);
    if version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    }
    response
}
