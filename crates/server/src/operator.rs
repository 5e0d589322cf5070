//! What the operator's tools ask, without credentials: does the process live, does it take requests, how does it fare.
//!
//! | path | answer |
//! |---|---|
//! | `/healthz` | 200, or 503 if only a restart helps: the storage engine has failed |
//! | `/readyz` | 200 if it takes requests, else 503 and why not |
//! | `/metrics` | Prometheus's text format |
//!
//! Nothing here names a table, a caller or a value.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use api::Exception;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use storage::Embedded;
use tokio::sync::watch;

use crate::answer::{Answer, ContentType};
use crate::door;
use crate::listener::Responder;
use crate::metrics::Metrics;
use crate::seats::Seat;

pub(crate) struct Operator {
    pub(crate) metrics: Metrics,
    /// Set once the data is open; nothing for an engine that keeps nothing.
    engine: OnceLock<Option<Arc<Embedded>>>,
    /// Set with it: what may take no writes for a while.
    service: OnceLock<Arc<ops::Service>>,
    /// What the start waits for, once it does.
    waiting: watch::Sender<Option<String>>,
    stopping: AtomicBool,
}

impl Operator {
    pub(crate) fn new() -> Arc<Operator> {
        Arc::new(Operator {
            metrics: Metrics::new(),
            engine: OnceLock::new(),
            service: OnceLock::new(),
            waiting: watch::Sender::new(None),
            stopping: AtomicBool::new(false),
        })
    }

    /// The data cannot be opened yet.
    pub(crate) fn waits(&self, what: String) {
        self.waiting.send_replace(Some(what));
    }

    /// Done when the start waits for something.
    pub(crate) async fn waiting(&self) {
        let mut waiting = self.waiting.subscribe();
        // Never an error: the sender is here.
        let _ = waiting.wait_for(Option::is_some).await.map(drop);
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

    /// Why the storage engine writes nothing until a restart, if it has failed.
    fn failed(&self) -> Option<String> {
        self.engine.get().and_then(Option::as_ref)?.failure()
    }

    fn unready(&self) -> Option<String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("stopping".to_owned());
        }
        match self.engine.get() {
            None => Some(self.waiting.borrow().clone().unwrap_or_else(|| "starting".to_owned())),
            Some(_) if self.failed().is_some() => Some("the storage engine failed; restart the server".to_owned()),
            Some(_) => self.service.get().and_then(|service| service.unready()),
        }
    }

    /// The answer to one of the paths above; none to any other request.
    pub(crate) async fn answer(self: &Arc<Operator>, head: &Parts) -> Option<Answer> {
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return None;
        }
        match head.uri.path() {
            "/healthz" => Some(match self.failed() {
                None => Answer::text(StatusCode::OK, ContentType::Text, "ok\n"),
                Some(why) => unavailable(format!("failed, restart the server: {why}\n")),
            }),
            "/readyz" => Some(match self.unready() {
                None => Answer::text(StatusCode::OK, ContentType::Text, "ready\n"),
                Some(why) => unavailable(format!("not ready: {why}\n")),
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

fn unavailable(text: String) -> Answer {
    Answer::text(StatusCode::SERVICE_UNAVAILABLE, ContentType::Text, text)
}

/// On the main address while the start waits for a database.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) operator: Arc<Operator>,
    /// Whether the paths above are on this address.
    pub(crate) answers_operator: bool,
}

impl Responder for Waiting {
    async fn respond(&self, request: Request<Incoming>, _: Arc<Seat>) -> Response<Full<Bytes>> {
        let (head, _) = request.into_parts();
        let answer = if self.answers_operator { self.operator.answer(&head).await } else { None };
        let answer = answer.unwrap_or_else(|| {
            let text = "The server is waiting for its database.".to_owned();
            let dialect = door::content_type(&head).unwrap_or(ContentType::AmzJson10);
            Answer::reply(wire::exception(&Exception::ServiceUnavailable(text)), dialect).closing()
        });
        answer.into_response(&head, &base::random::request_id()).await
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
