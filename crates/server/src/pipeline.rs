//! A request's journey, in DynamoDB's own order of refusal.

use std::sync::Arc;

use ::identity::Authority;
use api::{Exception, Operation};
use auth::{Access, Caller, Refusal};
use bytes::Bytes;
use deliver::triggers::Triggers;
use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Version, header};
use ops::allowance::{Allowance, MemoryBudget};
use ops::{RequestContext, RequestFacts};

use crate::answer::{Answer, ContentType};
use crate::audit::Audit;
use crate::body::{BodyReader, RequestBody};
use crate::body_error::BodyError;
use crate::heads::HeldHead;
use crate::listener::Responder;
use crate::operator::{Audience, Operator, too_many_pages};
use crate::route::{Page, Route};
use crate::seats::{Held, Seat};
use crate::traces::{self, Traces};
use crate::unsent::AnswerBody;
use crate::visit::{Notable, Visit};
use crate::web::Web;
use crate::{door, foreign, guard, heads};

mod preflight;
mod services;
mod signature;

use signature::{SERVICE, SentHeaders, received, signed, unsigned};

/// Requests at once that any connection may have.
const REQUESTS_FEW: u32 = 8;

/// What stands behind the door: answers one operation of one caller.
pub(crate) trait Backend: Send + Sync + 'static {
    fn handle(
        &self,
        operation: Operation,
        context: RequestContext<'_>,
        body: Bytes,
    ) -> impl Future<Output = wire::Reply> + Send;

    /// What a request names that was not observed.
    fn facts(&self, operation: Operation, caller: &Caller, body: &[u8]) -> Option<RequestFacts>;
}

impl Backend for Arc<ops::Service> {
    fn handle(
        &self,
        operation: Operation,
        context: RequestContext<'_>,
        body: Bytes,
    ) -> impl Future<Output = wire::Reply> + Send {
        wire::handle(self, operation, context, body)
    }

    fn facts(&self, operation: Operation, caller: &Caller, body: &[u8]) -> Option<RequestFacts> {
        wire::facts(self, operation, caller, body)
    }
}

pub(crate) struct Pipeline<S> {
    pub(crate) backend: S,
    pub(crate) access: Access,
    pub(crate) region: String,
    pub(crate) bodies: BodyReader,
    /// What large requests read, and large answers.
    pub(crate) memory: Arc<MemoryBudget>,
    /// When there are more requests under way, connections with many at once are refused more.
    pub(crate) requests_max: u64,
    pub(crate) operator: Arc<Operator>,
    /// Whether the operator's questions are answered here; else they have an address of their own.
    pub(crate) answers_operator: bool,
    pub(crate) web: Web,
    pub(crate) notable: Notable,
    /// Lambda's API, as far as it is about event source mappings.
    pub(crate) triggers: Option<Arc<Triggers>>,
    /// IAM and STS, if callers have identities.
    pub(crate) authority: Option<Arc<Authority>>,
    /// Only if somebody has asked for them.
    pub(crate) traces: Option<Arc<Traces>>,
    /// Only if there is a file for it.
    pub(crate) audit: Option<Arc<Audit>>,
}

impl<S: Backend> Responder for Arc<Pipeline<S>> {
    async fn respond(&self, request: Request<Incoming>, seat: Arc<Seat>) -> Response<AnswerBody> {
        self.answer(request, &seat).await
    }
}

impl<S: Backend> Pipeline<S> {
    pub(crate) async fn answer<B>(&self, request: Request<B>, seat: &Arc<Seat>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes>,
        B::Error: std::error::Error + 'static,
    {
        let requests = &self.operator.metrics.requests;
        let (under_way, (at_request, of_connection)) = (requests.begin(), seat.request());
        let mut visit = Visit::begin();
        let (mut head, body) = request.into_parts();
        if head.version >= Version::HTTP_2 {
            visit.head = Some(HeldHead::new(seat, heads::detach(&mut head)));
        }
        let many = of_connection > REQUESTS_FEW && requests.under_way() > self.requests_max;
        let answer = if many { Err(too_many(&head)) } else { self.journey(&head, body, &mut visit, seat).await };
        let answer = answer.unwrap_or_else(|refusal| refusal);
        let refusal = |answer: &Answer| self.unread(&head, answer, visit.operation);
        let (mut answer, unsent) = answer.counted(seat, &self.memory, refusal).await;
        if let Some(draft) = visit.audit.take() {
            // Boxed, so that requests without an event have no room for it.
            answer = Box::pin(services::audited(draft, answer, visit.request_id())).await;
        }
        if visit.unread {
            answer = answer.closing();
        }
        let error = answer.error.take();
        let mut response = answer.into_response(&head, &visit.request_id, unsent).await;
        self.web.allow(&head, response.headers_mut());
        let response_bytes = response.body().len() as u64;
        response.body_mut().of_request(under_way, at_request);
        if let Some(trace) = visit.trace.take() {
            trace.end(response.status(), error.as_ref(), response_bytes);
        }
        visit.end(requests, &self.notable, error.as_ref(), response_bytes);
        response
    }

    async fn journey<B>(&self, head: &Parts, body: B, visit: &mut Visit, seat: &Arc<Seat>) -> Result<Answer, Answer>
    where
        B: Body<Data = Bytes>,
        B::Error: std::error::Error + 'static,
    {
        if let Some(refusal) = self.web.refuse(head) {
            return Err(refusal);
        }
        let route = Route::of(head, self.answers_operator, &self.region);
        if !self.holds(&route, head, visit.head.as_mut()) {
            return Err(too_many(head));
        }
        let admit = |arrived: Option<&[u8]>| self.preflight(&route, head, arrived);
        let body = self.bodies.read(&head.headers, body, seat, route.body_bytes_max(), admit).await;
        let body = body.map_err(|error| self.unreadable(&route, head, error))?;
        visit.unread = body.unread;
        let Some(_running) = seat.run() else { return Err(Answer::empty(StatusCode::SERVICE_UNAVAILABLE).closing()) };
        visit.arrived(body.bytes.len());
        match route {
            Route::Page(page) => Ok(self.operator.answer(page, Audience::of(&self.access)).await),
            Route::Answered(answer) => Ok(foreign::answer(head, &body.bytes).unwrap_or(answer)),
            Route::Lambda(route) => self.lambda(route, head, &body, visit, seat).await,
            Route::Form(form) => self.form(form, head, &body, visit, seat).await,
            Route::DynamoDb(operation, dialect) => self.operation(operation, dialect, head, body, visit, seat).await,
        }
    }

    /// Whether there is memory for a head until its request is answered. One of an unknown caller has what is free.
    fn holds(&self, route: &Route, head: &Parts, held: Option<&mut HeldHead>) -> bool {
        let Some(held) = held.filter(|held| held.needs_share()) else { return true };
        self.preflight(route, head, Some(&[])).is_ok() && held.take_share(self.bodies.memory()).is_ok()
    }

    async fn operation(
        &self,
        operation: Result<Operation, Exception>,
        dialect: ContentType,
        head: &Parts,
        body: RequestBody,
        visit: &mut Visit,
        seat: &Arc<Seat>,
    ) -> Result<Answer, Answer> {
        let refuse = |exception: Exception| Answer::reply(wire::exception(&exception), dialect);
        let unknown = |exception| foreign::answer(head, &body.bytes).unwrap_or_else(|| refuse(exception));
        let operation = operation.map_err(unknown)?;
        if matches!(self.access, Access::Open(_)) {
            visit.operation = Some(operation);
        }
        visit.audit = self.draft(head, visit, seat, |audit| audit.of_dynamodb(operation));
        if let Some(traces) = &self.traces {
            visit.trace = traces.begin(head, operation, body.bytes.len(), visit.request_id());
        }
        let caller = self.caller(SERVICE, head, &body, seat, visit).map_err(|refusal| refuse(unsigned(refusal)))?;
        // Where callers are checked, an unknown one begins no series of metrics.
        visit.operation = Some(operation);
        if visit.audit.is_some() {
            // Boxed, so that requests without an event have no room for it.
            let reserved = Box::pin(visit.reserve()).await;
            reserved.map_err(|unaudited| refuse(Exception::internal(unaudited.to_string())))?;
        }
        // Shape and constraints of the body, then what the operation means.
        let allowance = Allowance::new(&self.memory, seat.peer());
        let bytes = body.bytes.clone();
        let context = RequestContext { caller: &caller, observer: visit.observer() };
        let handled = self.backend.handle(operation, context, body.bytes);
        let handled = allowance.scope(handled);
        let reply = guard::catch(traces::within(visit.trace.as_ref(), handled)).await;
        if visit.lacks_names(&self.notable) {
            self.backend.facts(operation, &caller, &bytes).iter().for_each(|facts| visit.name_tables(facts));
        }
        let reply = reply.map_err(|guard::Panicked| refuse(internal()))?;
        let share = allowance.keep(reply.body.len()).map(|share| Held::new(share, seat));
        Ok(Answer::reply(reply, dialect).holding(share))
    }

    fn caller(
        &self,
        service: &str,
        head: &Parts,
        body: &RequestBody,
        seat: &Seat,
        visit: &mut Visit,
    ) -> Result<Caller, Refusal> {
        let (headers, signed) = (SentHeaders(head), signed(head));
        let mut caller = match &body.refused {
            Some(refusal) => Err(refusal.clone()),
            None => self.access.caller(service, &signed, &received(head, &headers, &body.sent), seat.transport()),
        };
        if caller.is_ok() {
            seat.used();
        }
        if let Some(identity) = caller.as_mut().ok().and_then(|caller| caller.identity.as_mut()) {
            identity.user_agent = user_agent(head);
        }
        if let Some(draft) = &mut visit.audit {
            match &caller {
                Ok(caller) => draft.by(caller),
                Err(_) => draft.by_unknown(signed.signature().ok().map(|it| it.credential.access_key).as_deref()),
            }
        }
        caller
    }

    /// In place of an answer that its connection has no memory for, as it does not read others. What may have changed something
    /// is not refused afterwards: its client would do it again.
    fn unread(&self, head: &Parts, answer: &Answer, operation: Option<Operation>) -> Option<Answer> {
        if self.answers_operator && Page::of(head).is_some() {
            return Some(too_many_pages());
        }
        (answer.is_refusal() || operation.is_some_and(is_read)).then(|| too_many(head))
    }

    fn unreadable(&self, route: &Route, head: &Parts, error: BodyError) -> Answer {
        self.operator.metrics.requests.body_refused(error);
        match (route, error) {
            (Route::Lambda(Ok(route)), BodyError::TooLarge) => services::too_large(route.operation),
            (Route::Lambda(Ok(route)), BodyError::FarTooLarge) => services::too_large(route.operation).closing(),
            _ => unreadable(head, error),
        }
    }
}

/// Whether an operation changes nothing, by its name. PartiQL's may.
fn is_read(operation: Operation) -> bool {
    const READS: [&str; 7] = ["BatchGet", "Describe", "Get", "List", "Query", "Scan", "TransactGet"];
    READS.iter().any(|read| operation.name().starts_with(read))
}

/// More than the server takes now; SDKs try again.
fn too_many(head: &Parts) -> Answer {
    let dialect = door::content_type(head).unwrap_or(ContentType::AmzJson10);
    Answer::reply(wire::exception(&Exception::throttled()), dialect)
}

fn text<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

fn user_agent(head: &Parts) -> Option<String> {
    text(head, header::USER_AGENT.as_str()).map(str::to_owned)
}

fn internal() -> Exception {
    Exception::internal("the request's handler panicked")
}

/// A body that could not be had. DynamoDB's service model has no words for most of it: the statuses are HTTP's.
fn unreadable(head: &Parts, error: BodyError) -> Answer {
    let plain = |status, text: &'static str| Answer::text(status, ContentType::AmzJson10, text);
    let too_large = plain(
        StatusCode::PAYLOAD_TOO_LARGE,
        r#"{"__type":"com.amazon.coral.service#RequestEntityTooLargeException","message":"Request entity too large"}"#,
    );
    match error {
        BodyError::TooLarge => too_large,
        BodyError::FarTooLarge => too_large.closing(),
        // Of a client that went away, nothing is heard; one that only ended its half hears that something is missing.
        BodyError::Malformed | BodyError::Broken => plain(
            StatusCode::BAD_REQUEST,
            r#"{"__type":"com.amazon.coral.service#SerializationException","message":"The request's body is broken"}"#,
        )
        .closing(),
        BodyError::TooSlow => plain(
            StatusCode::REQUEST_TIMEOUT,
            r#"{"__type":"com.amazon.coral.service#RequestTimeoutException","message":"The request's body did not arrive in time"}"#,
        )
        .closing(),
        BodyError::NoMemory { unread: true } => too_many(head).closing(),
        BodyError::NoMemory { unread: false } => too_many(head),
        BodyError::CorruptGzip => {
            // Not ours, although DynamoDB says so.
            let theirs = wire::exception(&Exception::internal(String::new()));
            Answer::reply(wire::Reply { error: None, ..theirs }, ContentType::AmzJson10)
        }
    }
}

#[cfg(test)]
mod tests;
