//! The listening socket: accepts connections, serves HTTP/1.1 and HTTP/2 on them, and lets them finish at the end.

use std::convert::Infallible;
use std::sync::Arc;
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
use tokio::sync::Semaphore;

use crate::patience::Patient;
use crate::pipeline::{Backend, Pipeline};
use crate::serve;

/// The pause after a failed accept (no file handles left), so that it is not repeated in a tight loop.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// Requests under way at once on one HTTP/2 connection.
const HTTP2_STREAMS_MAX: u32 = 256;

pub(crate) struct Limits {
    pub(crate) connections_max: u32,
    pub(crate) idle_timeout: Duration,
    pub(crate) drain_timeout: Duration,
}

/// Serves until `end` is done, then lets running requests finish.
pub(crate) async fn run<S: Backend, T>(
    listener: TcpListener,
    pipeline: Pipeline<S>,
    limits: Limits,
    end: impl Future<Output = T>,
) -> T {
    let connections = GracefulShutdown::new();
    let ended = tokio::select! {
        never = accept(&listener, Arc::new(pipeline), &limits, &connections) => match never {},
        ended = end => ended,
    };
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, connections.shutdown()).await.is_err() {
        serve::say(format_args!("stopping although some requests have not finished"));
    }
    ended
}

async fn accept<S: Backend>(
    listener: &TcpListener,
    pipeline: Arc<Pipeline<S>>,
    limits: &Limits,
    connections: &GracefulShutdown,
) -> Infallible {
    let builder = http(limits.idle_timeout);
    let slots = Arc::new(Semaphore::new(limits.connections_max as usize));
    loop {
        // Never an error: nobody closes the semaphore.
        let slot = Arc::clone(&slots).acquire_owned().await;
        let Some(socket) = next(listener).await else { continue };
        let pipeline = Arc::clone(&pipeline);
        let service = service_fn(move |request| answer(Arc::clone(&pipeline), request));
        let connection = builder.serve_connection(Patient::new(socket, limits.idle_timeout), service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A connection fails when its client vanishes or speaks no HTTP: nothing that anyone here can mend.
            let _ = connection.await;
            drop(slot);
        });
    }
}

async fn next(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((socket, _)) => socket.set_nodelay(true).is_ok().then_some(socket),
        Err(error) => {
            serve::say(format_args!("cannot accept a connection: {error}"));
            tokio::time::sleep(ACCEPT_RETRY).await;
            None
        }
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
async fn answer<S: Backend>(
    pipeline: Arc<Pipeline<S>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.version() < Version::HTTP_2 {
        return Ok(pipeline.answer(request).await);
    }
    let answer = tokio::spawn(async move { pipeline.answer(request).await }).await;
    Ok(answer.unwrap_or_else(|_| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    }))
}
