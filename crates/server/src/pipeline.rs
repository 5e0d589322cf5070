//! A request's journey, in DynamoDB's own order of refusal.

use std::sync::Arc;

use ::aws::{BodyFault, Fault, OperationId, TransportFault};
use auth::{Access, Api, Caller, Refusal};
use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Version, header};
use ops::allowance::MemoryBudget;

use crate::answer::Answer;
use crate::audit::Audit;
use crate::body::{BodyReader, RequestBody};
use crate::body_error::BodyError;
use crate::connection_states::ConnectionState;
use crate::heads::HeldHead;
use crate::listener::Responder;
use crate::operator::{Audience, Operator, too_many_pages};
use crate::request_record::{Notable, RequestRecord};
use crate::route::{Page, Pages, Route};
use crate::services::Services;
use crate::traces::Traces;
use crate::unsent::AnswerBody;
use crate::web::Web;
use crate::{admin, answer, foreign, heads};

mod preflight;
mod services;
mod signature;

use signature::{SentHeaders, received, signed};

/// Requests at once that any connection may have.
const REQUESTS_FEW: u32 = 8;

pub(crate) struct Pipeline {
    pub(crate) services: Arc<Services>,
    pub(crate) access: Arc<Access>,
    pub(crate) region: String,
    pub(crate) bodies: BodyReader,
    /// What large requests read, and large answers.
    pub(crate) memory: Arc<MemoryBudget>,
    /// When there are more requests under way, connections with many at once are refused more.
    pub(crate) requests_max: u64,
    pub(crate) operator: Arc<Operator>,
    /// What is answered here beside the services.
    pub(crate) pages: Pages,
    pub(crate) web: Web,
    pub(crate) notable: Notable,
    /// Only if they are configured.
    pub(crate) traces: Option<Arc<Traces>>,
    /// Only if there is a file for it.
    pub(crate) audit: Option<Arc<Audit>>,
}

impl Responder for Arc<Pipeline> {
    async fn respond(&self, request: Request<Incoming>, state: Arc<ConnectionState>) -> Response<AnswerBody> {
        self.answer(request, &state).await
    }
}

impl Pipeline {
    pub(crate) async fn answer<B>(&self, request: Request<B>, state: &Arc<ConnectionState>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes>,
        B::Error: std::error::Error + 'static,
    {
        let requests = &self.operator.metrics.requests;
        let (under_way, (at_request, of_connection)) = (requests.begin(), state.request());
        let mut record = RequestRecord::begin(self.operator.admin.faults.is_some());
        let (mut head, body) = request.into_parts();
        if head.version >= Version::HTTP_2 {
            record.head = Some(HeldHead::new(state, heads::detach(&mut head)));
        }
        let many = of_connection > REQUESTS_FEW && requests.under_way() > self.requests_max;
        let answer =
            if many { Err(self.too_many(&head, &record)) } else { self.journey(&head, body, &mut record, state).await };
        let answer = answer.unwrap_or_else(|refusal| refusal);
        let refusal = |answer: &Answer| self.unread(&head, answer, &record);
        let (mut answer, unsent) = answer.counted(state, &self.memory, refusal).await;
        if let Some(draft) = record.audit.take() {
            // Boxed, so that requests without an event have no room for it.
            answer = Box::pin(self.audited(draft, answer, record.request_id())).await;
        }
        if record.unread {
            answer = answer.closing();
        }
        let error = answer.error.take();
        let mut response = answer.into_response(&head, &record.request_id, unsent).await;
        self.web.allow(&head, response.headers_mut());
        let response_bytes = response.body().len() as u64;
        response.body_mut().of_request(under_way, at_request);
        if let Some(trace) = record.trace.take() {
            trace.end(response.status(), error.as_ref(), response_bytes);
        }
        record.end(requests, &self.notable, error.as_ref(), response_bytes);
        match record.broken() {
            None => {}
            Some(TransportFault::WrongCrc32) => answer::break_crc32(response.headers_mut()),
            // Boxed, so that other requests have no room for it.
            Some(TransportFault::DropConnection) => Box::pin(state.cut()).await,
        }
        response
    }

    async fn journey<B>(
        &self,
        head: &Parts,
        body: B,
        record: &mut RequestRecord,
        state: &Arc<ConnectionState>,
    ) -> Result<Answer, Answer>
    where
        B: Body<Data = Bytes>,
        B::Error: std::error::Error + 'static,
    {
        if let Some(refusal) = self.web.refuse(head) {
            return Err(refusal);
        }
        let route = self.route(head);
        if !self.holds(&route, head, record.head.as_mut()) {
            return Err(self.too_many(head, record));
        }
        let admit = |arrived: Option<&[u8]>| self.preflight(&route, head, arrived);
        let body = self.bodies.read(&head.headers, body, state, route.body_bytes_max(&self.services), admit).await;
        let body = body.map_err(|error| self.unreadable(&route, head, error, record))?;
        record.unread = body.unread;
        let Some(_running) = state.run() else { return Err(Answer::empty(StatusCode::SERVICE_UNAVAILABLE).closing()) };
        record.arrived(body.bytes.len());
        match route {
            Route::Page(page) => Ok(self.operator.answer(page, Audience::of(&self.access)).await),
            Route::Admin => {
                let whole = body.refused.is_none().then_some(&*body.bytes);
                Ok(self.operator.change(head, whole))
            }
            Route::Console(answer) => Ok(answer),
            Route::Answered(answer) => Ok(foreign::answer(head, &body.bytes, &self.services).unwrap_or(answer)),
            Route::Form(form) => self.form(form, head, &body, record, state).await,
            Route::Operation(asked) => self.operation(asked, head, body, record, state).await,
        }
    }

    /// Where callers are checked, what a test changes is on the operator's own address alone.
    fn route(&self, head: &Parts) -> Route {
        if self.pages.operator && admin::is_path(head) && Audience::of(&self.access) == Audience::Operator {
            return Route::Admin;
        }
        Route::of(head, &self.services, &self.pages, &self.region)
    }

    /// Whether there is memory for a head until its request is answered. One of an unknown caller has what is free.
    fn holds(&self, route: &Route, head: &Parts, held: Option<&mut HeldHead>) -> bool {
        let Some(held) = held.filter(|held| held.needs_share()) else { return true };
        self.preflight(route, head, Some(&[])).is_ok() && held.take_share(self.bodies.memory()).is_ok()
    }

    fn caller(
        &self,
        api: Api<'_>,
        head: &Parts,
        body: &RequestBody,
        state: &ConnectionState,
        record: &mut RequestRecord,
    ) -> Result<Caller, Refusal> {
        let (headers, signed) = (SentHeaders(head), signed(head));
        let mut caller = match &body.refused {
            Some(refusal) => Err(refusal.clone()),
            None => self.access.caller(api, &signed, &received(head, &headers, &body.sent), state.transport()),
        };
        if caller.is_ok() {
            state.used();
        }
        if let Some(identity) = caller.as_mut().ok().and_then(|caller| caller.identity.as_mut()) {
            identity.user_agent = user_agent(head);
        }
        if let Some(draft) = &mut record.audit {
            match &caller {
                Ok(caller) => draft.by(caller),
                Err(_) => draft.by_unknown(signed.signature().ok().map(|it| it.credential.access_key).as_deref()),
            }
        }
        caller
    }

    /// In place of an answer that its connection has no memory for, as it does not read others. What may have changed something
    /// is not refused afterwards: its client would do it again.
    fn unread(&self, head: &Parts, answer: &Answer, record: &RequestRecord) -> Option<Answer> {
        if self.pages.operator && Page::of(head).is_some() {
            return Some(too_many_pages());
        }
        let is_repeatable = answer.is_refusal() || record.operation.is_some_and(OperationId::is_read);
        is_repeatable.then(|| self.throttled(record, answer).unwrap_or_else(|| self.too_many(head, record)))
    }

    /// A body that was not received, in the words of the service that the head names.
    fn unreadable(&self, route: &Route, head: &Parts, error: BodyError, record: &RequestRecord) -> Answer {
        self.operator.metrics.requests.body_refused(error);
        let operation = match route {
            Route::Operation(asked) => asked.operation.as_ref().ok().copied(),
            Route::Page(_) | Route::Admin | Route::Console(_) | Route::Form(_) | Route::Answered(_) => None,
        };
        let fault = match error {
            BodyError::TooLarge | BodyError::FarTooLarge => Fault::TooLarge(operation),
            // A client that has only ended its half of the connection reads that something is missing.
            BodyError::Malformed | BodyError::Broken => Fault::Body(BodyFault::Broken),
            BodyError::TooSlow => Fault::Body(BodyFault::TooSlow),
            BodyError::CorruptGzip => Fault::Body(BodyFault::Corrupt),
            BodyError::NoMemory { .. } => Fault::Throttled,
        };
        let answer = self.speaker(route, head).refuse(fault, record.request_id());
        match error {
            BodyError::TooLarge | BodyError::CorruptGzip | BodyError::NoMemory { unread: false } => answer,
            BodyError::FarTooLarge
            | BodyError::Malformed
            | BodyError::Broken
            | BodyError::TooSlow
            | BodyError::NoMemory { unread: true } => answer.closing(),
        }
    }

    /// More than the server takes now; SDKs try again.
    fn too_many(&self, head: &Parts, record: &RequestRecord) -> Answer {
        let route = self.route(head);
        self.speaker(&route, head).refuse(Fault::Throttled, record.request_id())
    }
}

fn text<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

fn user_agent(head: &Parts) -> Option<String> {
    text(head, header::USER_AGENT.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
