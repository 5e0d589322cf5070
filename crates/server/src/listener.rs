//! The listening socket: accepts connections, serves HTTP/1.1 and HTTP/2 on them, and lets them finish at the end.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::log::{self, Gate, Value};
use crate::metrics::Connections;
use crate::patience::Patient;

/// The pause after a failed accept (no file handles left), so that it is not repeated in a tight loop.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// Requests under way at once on one HTTP/2 connection.
const HTTP2_STREAMS_MAX: u32 = 256;

/// How often the log says that all connections are taken.
const FULL_LINES: u64 = 1;
const FULL_LINES_WINDOW: Duration = Duration::from_secs(60);

pub(crate) struct Limits {
    pub(crate) connections_max: u32,
    pub(crate) idle_timeout: Duration,
    pub(crate) drain_timeout: Duration,
}

/// What answers the requests of a connection.
pub(crate) trait Responder: Clone + Send + Sync + 'static {
    fn respond(&self, request: Request<Incoming>) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// Serves until `end` is done, then lets running requests finish.
pub(crate) async fn run<T>(
    listener: TcpListener,
    responder: impl Responder,
    door: Door,
    limits: Limits,
    end: impl Future<Output = T>,
) -> T {
    let connections = GracefulShutdown::new();
    let ended = tokio::select! {
        never = accept(&listener, responder, &door, &limits, &connections) => match never {},
        ended = end => ended,
    };
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, connections.shutdown()).await.is_err() {
        log::warning("requests_abandoned", "stopping although some requests have not finished", &[]);
    }
    ended
}

/// Serves as long as the program runs.
pub(crate) async fn run_for_ever(listener: TcpListener, responder: impl Responder, limits: Limits) -> Infallible {
    accept(&listener, responder, &Door::default(), &limits, &GracefulShutdown::new()).await
}

/// Who comes in is counted here.
pub(crate) struct Door {
    counts: Arc<Connections>,
    full: Gate,
}

impl Door {
    pub(crate) fn counting(counts: Arc<Connections>) -> Door {
        Door { counts, full: Gate::new(FULL_LINES, FULL_LINES_WINDOW) }
    }

    /// A slot for the next connection. While all are taken, those who knock wait with the operating system.
    async fn slot(&self, slots: &Arc<Semaphore>, limits: &Limits) -> Option<OwnedSemaphorePermit> {
        if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
            return Some(slot);
        }
        self.counts.delayed.fetch_add(1, Ordering::Relaxed);
        if self.full.pass().is_some() {
            let data = [("connections_max", Value::Number(limits.connections_max.into()))];
            log::warning("connections_full", "all connections are taken, and others wait for their turn", &data);
        }
        // Never an error: nobody closes the semaphore.
        Arc::clone(slots).acquire_owned().await.ok()
    }

    async fn next(&self, listener: &TcpListener) -> Option<(TcpStream, Open)> {
        match listener.accept().await {
            Ok((socket, _)) => socket.set_nodelay(true).is_ok().then(|| (socket, Open::count(&self.counts))),
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

impl Default for Door {
    fn default() -> Door {
        Door::counting(Arc::default())
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
    door: &Door,
    limits: &Limits,
    connections: &GracefulShutdown,
) -> Infallible {
    let builder = http(limits.idle_timeout);
    let slots = Arc::new(Semaphore::new(limits.connections_max as usize));
    loop {
        let slot = door.slot(&slots, limits).await;
        let Some((socket, open)) = door.next(listener).await else { continue };
        let responder = responder.clone();
        let service = service_fn(move |request| answer(responder.clone(), request));
        let connection = builder.serve_connection(Patient::new(socket, limits.idle_timeout), service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A connection fails when its client vanishes or speaks no HTTP: nothing that anyone here can mend.
            let _ = connection.await;
            drop((slot, open));
        });
    }
}

fn http(idle_timeout: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(idle_timeout)
        // With this, a client that hangs up does not cut off the operation that it has asked for.
        .half_close(true);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(HTTP2_STREAMS_MAX);
    builder
}

/// A started operation always runs to its end: HTTP/2 drops the future of a stream that its client resets, so there it
/// runs in a task of its own.
async fn answer(responder: impl Responder, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.version() < Version::HTTP_2 {
        return Ok(responder.respond(request).await);
    }
    let answer = tokio::spawn(async move { responder.respond(request).await }).await;
    Ok(answer.unwrap_or_else(|_| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    }))
}
