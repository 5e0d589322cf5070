//! What the operator's tools ask, without credentials: does the process live, does it take requests, how does it fare.
//!
//! | path | answer |
//! |---|---|
//! | `/healthz` | 200, or 503 if only a restart helps: the storage engine has failed |
//! | `/readyz` | 200 if it takes requests, else 503 and why not |
//! | `/metrics` | Prometheus's text format |
//! | `/admin/...` | changes for tests ([`admin`]) |
//!
//! On an address of its own the metrics of tables name them. On the main address they do not where callers are checked, and
//! a reason there does not say more than that there is one: what the pages say is for any caller then ([`Audience`]).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use api::Exception;
use auth::Access;
use base::{Detail, Metric};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use ops::allowance::MemoryBudget;
use storage::Embedded;
use tokio::sync::watch;

use crate::admin::state::StateApi;
use crate::admin::{self, Admin};
use crate::answer::{Answer, ContentType};
use crate::audit;
use crate::connection_states::ConnectionState;
use crate::current::Current;
use crate::listener::Responder;
use crate::metrics::Metrics;
use crate::preflight;
use crate::route::Page;
use crate::service_manager;
#[cfg(test)]
use crate::services::HOSTED;
use crate::unsent::AnswerBody;
use crate::web::Web;

mod rendered;

use rendered::Rendered;

/// How long the body of a change may take to arrive, on the address of the pages.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// For which readers a page is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Audience {
    /// They may read everything.
    Operator,
    /// They have shown no credentials, on a server that demands them.
    Anyone,
}

impl Audience {
    /// On the main address. Without a check of callers there is nothing that its readers may not see.
    pub(crate) fn of(access: &Access) -> Audience {
        match access {
            Access::Open(_) => Audience::Operator,
            Access::Signed(..) | Access::Identity(_) => Audience::Anyone,
        }
    }
}

pub(crate) struct Operator {
    pub(crate) metrics: Metrics,
    /// What a test may change.
    pub(crate) admin: Admin,
    /// Set once the data is open; nothing for an engine in memory.
    engine: OnceLock<Option<Arc<Embedded>>>,
    /// Set with it: what may take no writes for a while.
    service: Current<ops::Service>,
    /// Set with it, if all state may be replaced.
    state: OnceLock<StateApi>,
    /// The audit log, if there is one.
    audit: OnceLock<Arc<audit::Watch>>,
    /// What the start waits for, once it does.
    waiting: watch::Sender<Option<String>>,
    stopping: AtomicBool,
    /// The last page of metrics, of all tables and without them.
    each: Rendered,
    total: Rendered,
}

static READY: Metric = Metric::gauge("stator_ready", "1 if the server takes requests, as /readyz says.");

impl Operator {
    #[cfg(test)]
    pub(crate) fn new() -> Arc<Operator> {
        Operator::with(Metrics::new(&HOSTED), Admin::default())
    }

    pub(crate) fn with(metrics: Metrics, admin: Admin) -> Arc<Operator> {
        let operator = Arc::new(Operator {
            metrics,
            admin,
            engine: OnceLock::new(),
            service: Current::default(),
            state: OnceLock::new(),
            audit: OnceLock::new(),
            waiting: watch::Sender::new(None),
            stopping: AtomicBool::new(false),
            each: Rendered::default(),
            total: Rendered::default(),
        });
        let of_page = Arc::downgrade(&operator);
        operator.metrics.registry.add(move |page| {
            if let Some(operator) = of_page.upgrade() {
                page.metric(&READY).value(u8::from(operator.unready().is_none()));
            }
        });
        operator
    }

    pub(crate) fn watch_audit(&self, audit: &Arc<audit::Watch>) {
        let of_page = Arc::clone(audit);
        self.metrics.registry.add(move |page| of_page.write_metrics(page));
        // Only the first one counts, and there is no second.
        let _ = self.audit.set(Arc::clone(audit));
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
        service.into_iter().for_each(|service| self.serves(service));
        if let Some(embedded) = engine.clone() {
            self.metrics.add_embedded(embedded);
        }
        let _ = self.engine.set(engine);
    }

    /// These are the operations from now on.
    pub(crate) fn serves(&self, service: Arc<ops::Service>) {
        if self.service.set(service) {
            self.metrics.add_service(self.service.clone());
        }
    }

    /// All state may be replaced by requests to the address of the pages.
    pub(crate) fn add_state(&self, state: StateApi) {
        // Only the first one counts, and there is no second.
        let _ = self.state.set(state);
    }

    /// No new requests are taken any more.
    pub(crate) fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        service_manager::stopping();
    }

    /// Why the storage engine writes nothing until a restart, if it has failed.
    fn failed(&self) -> Option<String> {
        self.engine.get().and_then(Option::as_ref)?.failure()
    }

    /// Whether requests are refused because the audit log cannot be written.
    fn refuses_unaudited(&self) -> bool {
        self.audit.get().is_some_and(|audit| audit.is_blocked())
    }

    fn unready(&self) -> Option<String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("stopping".to_owned());
        }
        match self.engine.get() {
            None => Some(self.waiting.borrow().clone().unwrap_or_else(|| "starting".to_owned())),
            Some(_) if self.failed().is_some() => Some("the storage engine failed; restart the server".to_owned()),
            Some(_) if self.refuses_unaudited() => Some("the audit log cannot be written".to_owned()),
            Some(_) => self.service.get().and_then(|service| service.unready()),
        }
    }

    pub(crate) async fn answer(self: &Arc<Operator>, page: Page, audience: Audience) -> Answer {
        match page {
            Page::Health => self.health(audience),
            Page::Ready => self.readiness(audience),
            // Boxed, so that other requests have no room for it.
            Page::Metrics => Box::pin(self.page(audience)).await,
        }
    }

    /// A change for a test. `body` is absent if it was not received whole.
    pub(crate) fn change(&self, head: &Parts, body: Option<&[u8]>) -> Answer {
        let service = self.service.get();
        self.admin.answer(head, body, service.as_ref().map(|service| service.jobs()))
    }

    /// As [`Operator::change`], of all state.
    async fn change_state(&self, head: &Parts) -> Answer {
        match (self.state.get(), self.admin.state) {
            (Some(state), _) => state.answer(head, self.admin.clock.now_ms()).await,
            (None, true) => unavailable("starting\n".to_owned()),
            (None, false) => admin::state_disabled(),
        }
    }

    fn health(&self, audience: Audience) -> Answer {
        match (self.failed(), audience) {
            (None, _) => Answer::text(StatusCode::OK, ContentType::Text, "ok\n"),
            (Some(why), Audience::Operator) => unavailable(format!("failed, restart the server: {why}\n")),
            (Some(_), Audience::Anyone) => unavailable("failed, restart the server; see its log\n".to_owned()),
        }
    }

    fn readiness(&self, audience: Audience) -> Answer {
        match (self.unready(), audience) {
            (None, _) => Answer::text(StatusCode::OK, ContentType::Text, "ready\n"),
            (Some(why), Audience::Operator) => unavailable(format!("not ready: {why}\n")),
            (Some(_), Audience::Anyone) => unavailable("not ready: see the server's log\n".to_owned()),
        }
    }

    async fn page(self: &Arc<Operator>, audience: Audience) -> Answer {
        let (detail, rendered) = match audience {
            Audience::Operator => (self.metrics.detail(), &self.each),
            Audience::Anyone => (Detail::Total, &self.total),
        };
        match rendered.page(self.render(detail)).await {
            Some(page) => Answer::text(StatusCode::OK, ContentType::Prometheus, page),
            None => Answer::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// On a thread that may wait: sizes of files are read.
    async fn render(self: &Arc<Operator>, detail: Detail) -> Option<String> {
        let registry = self.metrics.registry.clone();
        let page = tokio::task::spawn_blocking(move || registry.page(detail));
        // Not there only after a panic or at the end of the runtime.
        page.await.ok()
    }
}

/// In place of a page for which there is no memory: its connection has not read others.
pub(crate) fn too_many_pages() -> Answer {
    unavailable("too many unread answers\n".to_owned())
}

fn unavailable(text: String) -> Answer {
    Answer::text(StatusCode::SERVICE_UNAVAILABLE, ContentType::Text, text)
}

/// On the main address while the start waits for a database.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) operator: Arc<Operator>,
    pub(crate) web: Arc<Web>,
    /// For which readers the paths above are on this address, if they are.
    pub(crate) pages: Option<Audience>,
    /// For answers that their clients do not read.
    pub(crate) memory: Arc<MemoryBudget>,
}

impl Waiting {
    async fn answer(&self, head: &Parts) -> Answer {
        if let Some(refusal) = self.web.refuse(head) {
            return refusal;
        }
        if let Some(audience) = self.pages
            && let Some(page) = Page::of(head)
        {
            return self.operator.answer(page, audience).await;
        }
        let text = "The server is waiting for its database.".to_owned();
        let dialect = preflight::content_type(head).unwrap_or(ContentType::AmzJson10);
        Answer::reply(wire::exception(&Exception::ServiceUnavailable(text)), dialect).closing()
    }
}

impl Responder for Waiting {
    async fn respond(&self, request: Request<Incoming>, state: Arc<ConnectionState>) -> Response<AnswerBody> {
        let (head, _) = request.into_parts();
        let (answer, unsent) = self.answer(&head).await.counted(&state, &self.memory, |_| Some(too_many_pages())).await;
        answer.into_response(&head, &base::random::request_id(), unsent).await
    }
}

/// The pages on an address of their own.
#[derive(Clone)]
pub(crate) struct OwnAddress {
    pub(crate) operator: Arc<Operator>,
    pub(crate) web: Arc<Web>,
    /// For pages that their clients do not read.
    pub(crate) memory: Arc<MemoryBudget>,
}

impl OwnAddress {
    async fn answer(&self, head: &Parts, body: Incoming) -> Answer {
        if let Some(refusal) = self.web.refuse(head) {
            return refusal;
        }
        if admin::is_path(head) {
            // Boxed, so that the pages have no room for it.
            let body = Box::pin(tokio::time::timeout(BODY_TIMEOUT, admin::read(body))).await;
            if admin::state::is_path(head) {
                return Box::pin(self.operator.change_state(head)).await;
            }
            return self.operator.change(head, body.ok().flatten().as_deref());
        }
        match Page::of(head) {
            Some(page) => self.operator.answer(page, Audience::Operator).await,
            None => Answer::text(StatusCode::NOT_FOUND, ContentType::Text, "no such page\n"),
        }
    }
}

impl Responder for OwnAddress {
    async fn respond(&self, request: Request<Incoming>, state: Arc<ConnectionState>) -> Response<AnswerBody> {
        let (head, body) = request.into_parts();
        let answer = self.answer(&head, body).await;
        let (answer, unsent) = answer.counted(&state, &self.memory, |_| Some(too_many_pages())).await;
        let mut response = answer.into_response(&head, &base::random::request_id(), unsent).await;
        self.web.allow(&head, response.headers_mut());
        response
    }
}
