//! The way to the collector: a POST for each batch, on a connection of its own. A collector that does not answer costs
//! the batch, which is logged at a bounded rate; no request waits for it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use crate::log::{self, Gate, Value};

const HTTP_PORT: u16 = 80;
/// A collector has little to say. Unit: bytes.
const ANSWER_SIZE_MAX: usize = 64 * 1024;
/// How often the log says that spans were lost.
const LOST_LINES: u64 = 1;
const LOST_LINES_WINDOW: Duration = Duration::from_secs(60);

/// Speaks HTTP for the exporter, which runs on a thread without a runtime.
#[derive(Clone, Debug)]
pub(super) struct Collector {
    runtime: Handle,
    timeout: Duration,
    /// Why the last attempt failed: the exporter forgets it.
    trouble: Arc<Mutex<String>>,
}

impl Collector {
    /// Inside the runtime.
    pub(super) fn new(timeout: Duration) -> Collector {
        Collector { runtime: Handle::current(), timeout, trouble: Arc::default() }
    }

    fn remember(&self, trouble: &str) {
        trouble.clone_into(&mut self.trouble.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn trouble(&self) -> String {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let timeout = self.timeout;
        let sent = self.runtime.spawn(async move { tokio::time::timeout(timeout, send(request)).await });
        let answer = match sent.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err("it did not answer in time".into()),
            Err(_) => Err("the server is stopping".into()),
        };
        match &answer {
            Ok(answer) => self.remember(&format!("it answered {}", answer.status())),
            Err(error) => self.remember(&error.to_string()),
        }
        answer
    }
}

async fn send(mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let uri = request.uri().clone();
    let authority = uri.authority().ok_or_else(|| io::Error::other("the URL has no host"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let socket = TcpStream::connect((host, authority.port_u16().unwrap_or(HTTP_PORT))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    // It ends when the sender is dropped; what goes wrong with it is seen there.
    tokio::spawn(connection);
    request.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str())?);
    *request.uri_mut() = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, ANSWER_SIZE_MAX).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}

/// An exporter whose failures are logged.
#[derive(Debug)]
pub(super) struct Telling<E> {
    exporter: E,
    collector: Collector,
    lost: Gate,
}

impl<E> Telling<E> {
    pub(super) fn new(exporter: E, collector: Collector) -> Telling<E> {
        Telling { exporter, collector, lost: Gate::new(LOST_LINES, LOST_LINES_WINDOW) }
    }

    fn tell(&self, spans: usize) {
        let Some(held_back) = self.lost.pass() else { return };
        let detail = self.collector.trouble();
        let data = [
            ("spans", Value::Number(spans as u64)),
            ("detail", Value::Text(&detail)),
            ("held_back", Value::Number(held_back)),
        ];
        let told = if held_back > 0 { &data[..] } else { &data[..2] };
        log::warning("traces_lost", "the collector did not take a batch of spans", told);
    }
}

impl<E: SpanExporter> SpanExporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let exported = self.exporter.export(batch).await;
        if exported.is_err() {
            self.tell(spans);
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
