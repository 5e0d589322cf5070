//! What the operator's tools ask, without credentials: does the process live, does it take requests, how does it fare.
//!
//! | path | answer |
//! |---|---|
//! | `/healthz` | 200 as long as the process answers at all |
//! | `/readyz` | 200 if it takes requests, else 503 and why not |
//! | `/metrics` | Prometheus's text format |
//!
//! Nothing here names a table, a caller or a value.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use storage::Embedded;

use crate::answer::{Answer, ContentType};
use crate::listener::Responder;
use crate::metrics::Metrics;
use crate::seats::Seat;

pub(crate) struct Operator {
    pub(crate) metrics: Metrics,
    /// Set once the data is open; nothing for an engine that keeps nothing.
    engine: OnceLock<Option<Arc<Embedded>>>,
    /// Set with it: what may take no writes for a while.
    service: OnceLock<Arc<ops::Service>>,
    stopping: AtomicBool,
}

impl Operator {
    pub(crate) fn new() -> Arc<Operator> {
        Arc::new(Operator {
            metrics: Metrics::new(),
            engine: OnceLock::new(),
            service: OnceLock::new(),
            stopping: AtomicBool::new(false),
        })
    }

    /// The data is open: requests may come.
    pub(crate) fn ready(&self, engine: Option<Arc<Embedded>>, service: Option<Arc<ops::Service>>) {
        // Only the first one counts, and there is no second.
        if let Some(service) = service {
            let _ = self.service.set(service);
        }
        let _ = self.engine.set(engine);
    }

    /// No new requests are taken any more.
    pub(crate) fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn unready(&self) -> Option<String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("stopping".to_owned());
        }
        match self.engine.get() {
            None => Some("starting".to_owned()),
            Some(Some(engine)) if engine.failure().is_some() => Some("the storage engine failed".to_owned()),
            Some(_) => self.service.get().and_then(|service| service.unready()),
        }
    }

    /// The answer to one of the paths above; none to any other request.
    pub(crate) async fn answer(self: &Arc<Operator>, head: &Parts) -> Option<Answer> {
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return None;
        }
        match head.uri.path() {
            "/healthz" => Some(Answer::text(StatusCode::OK, ContentType::Text, "ok\n")),
            "/readyz" => Some(match self.unready() {
                None => Answer::text(StatusCode::OK, ContentType::Text, "ready\n"),
                Some(why) => {
                    Answer::text(StatusCode::SERVICE_UNAVAILABLE, ContentType::Text, format!("not ready: {why}\n"))
                }
            }),
            "/metrics" => Some(self.page().await),
            _ => None,
        }
    }

    /// On a thread that may wait: sizes of files are read.
    async fn page(self: &Arc<Operator>) -> Answer {
        let operator = Arc::clone(self);
        let page = tokio::task::spawn_blocking(move || {
            let engine = operator.engine.get().and_then(Option::as_ref).map(|engine| engine.stats());
            let database = operator.metrics.database();
            let background = operator.service.get().map(|service| service.background_stats()).unwrap_or_default();
            operator.metrics.page(operator.unready().is_none(), &background, engine.as_ref(), database.as_ref())
        });
        match page.await {
            Ok(page) => Answer::text(StatusCode::OK, ContentType::Prometheus, page),
            // Only a panic or the end of the runtime leads here.
            Err(_) => Answer::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// On an address of its own.
impl Responder for Arc<Operator> {
    async fn respond(&self, request: Request<Incoming>, _: Arc<Seat>) -> Response<Full<Bytes>> {
        let (head, _) = request.into_parts();
        let answer = self.answer(&head).await;
        let answer = answer.unwrap_or_else(|| Answer::text(StatusCode::NOT_FOUND, ContentType::Text, "no such page\n"));
        answer.into_response(&head, &base::random::request_id()).await
    }
}
