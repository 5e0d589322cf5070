//! A request's journey, in DynamoDB's own order of refusal.

use std::sync::Arc;

use api::{Exception, Operation};
use auth::{Caller, Refusal, Signed, Spaces};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, header};

use crate::answer::{Answer, ContentType};
use crate::body::{BodyError, BodyReader};
use crate::listener::Responder;
use crate::operator::Operator;
use crate::traces::{self, Traces};
use crate::visit::{Notable, Visit};
use crate::{door, guard};

/// What stands behind the door: answers one operation of one caller.
pub(crate) trait Backend: Send + Sync + 'static {
    fn handle(&self, operation: Operation, caller: &Caller, body: Bytes) -> impl Future<Output = wire::Reply> + Send;
}

impl Backend for Arc<ops::Service> {
    fn handle(&self, operation: Operation, caller: &Caller, body: Bytes) -> impl Future<Output = wire::Reply> + Send {
        wire::handle(self, operation, caller, body)
    }
}

pub(crate) struct Pipeline<S> {
    pub(crate) backend: S,
    pub(crate) spaces: Spaces,
    pub(crate) region: String,
    pub(crate) bodies: BodyReader,
    pub(crate) operator: Arc<Operator>,
    /// Whether the operator's questions are answered here; else they have an address of their own.
    pub(crate) answers_operator: bool,
    pub(crate) notable: Notable,
    /// Only if somebody has asked for them.
    pub(crate) traces: Option<Arc<Traces>>,
}

impl<S: Backend> Responder for Arc<Pipeline<S>> {
    fn respond(&self, request: Request<Incoming>) -> impl Future<Output = Response<Full<Bytes>>> + Send {
        self.answer(request)
    }
}

impl<S: Backend> Pipeline<S> {
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
    {
        let requests = &self.operator.metrics.requests;
        let _under_way = requests.begin();
        let mut visit = Visit::begin();
        let (head, body) = request.into_parts();
        let mut answer = self.journey(&head, body, &mut visit).await.unwrap_or_else(|refusal| refusal);
        let error = answer.error.take();
        let response = answer.into_response(&head, &visit.request_id).await;
        let response_bytes = response.body().size_hint().lower();
        if let Some(trace) = visit.trace.take() {
            trace.end(response.status(), error.as_ref(), response_bytes);
        }
        visit.end(requests, &self.notable, error.as_ref(), response_bytes);
        response
    }

    async fn journey<B>(&self, head: &Parts, body: B, visit: &mut Visit) -> Result<Answer, Answer>
    where
        B: Body<Data = Bytes>,
    {
        let body = self.bodies.read(&head.headers, body).await.map_err(|error| self.unreadable(error))?;
        visit.arrived(body.bytes.len());
        if self.answers_operator
            && let Some(answer) = self.operator.answer(head).await
        {
            return Ok(answer);
        }
        if let Some(answer) = door::answer(head, &self.region) {
            return Ok(answer);
        }
        let dialect = door::content_type(head).unwrap_or(ContentType::AmzJson10);
        let refuse = |exception: Exception| Answer::reply(wire::exception(&exception), dialect);

        let operation = wire::target(text(head, "x-amz-target").unwrap_or_default()).map_err(refuse)?;
        visit.operation = Some(operation);
        if let Some(traces) = &self.traces {
            visit.trace = traces.begin(head, operation, &body.bytes, visit.request_id());
        }
        let credential = signed(head).credential().map_err(|refusal| refuse(unsigned(refusal)))?;
        let caller = self.spaces.caller(&credential);
        // Shape and constraints of the body, then what the operation means.
        let handled = traces::within(visit.trace.as_ref(), self.backend.handle(operation, &caller, body.bytes));
        let reply = guard::catch(handled).await;
        let reply = reply.map_err(|guard::Panicked| refuse(internal()))?;
        Ok(Answer::reply(reply, dialect))
    }

    fn unreadable(&self, error: BodyError) -> Answer {
        self.operator.metrics.requests.body_refused(error);
        unreadable(error)
    }
}

fn text<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

fn signed(head: &Parts) -> Signed<'_> {
    Signed {
        authorization: text(head, header::AUTHORIZATION.as_str()),
        query: head.uri.query(),
        dated: head.headers.contains_key("x-amz-date") || head.headers.contains_key(header::DATE),
        region_set: text(head, "x-amz-region-set"),
    }
}

fn unsigned(refusal: Refusal) -> Exception {
    let text = refusal.to_string();
    match refusal {
        Refusal::Missing => Exception::MissingAuthenticationToken(text),
        Refusal::SignedTwice => Exception::InvalidSignature(text),
        Refusal::Incomplete(_) => Exception::IncompleteSignature(text),
    }
}

fn internal() -> Exception {
    Exception::internal("the request's handler panicked")
}

/// A body that could not be had. DynamoDB's service model has no words for the first two: they are HTTP's.
fn unreadable(error: BodyError) -> Answer {
    let plain = |status, text: &'static str| Answer::text(status, ContentType::AmzJson10, text);
    let too_large = plain(
        StatusCode::PAYLOAD_TOO_LARGE,
        r#"{"__type":"com.amazon.coral.service#RequestEntityTooLargeException","message":"Request entity too large"}"#,
    );
    match error {
        BodyError::TooLarge => too_large,
        BodyError::FarTooLarge => too_large.closing(),
        BodyError::TooSlow | BodyError::Broken => plain(
            StatusCode::REQUEST_TIMEOUT,
            r#"{"__type":"com.amazon.coral.service#RequestTimeoutException","message":"The request's body did not arrive in time"}"#,
        )
        .closing(),
        BodyError::CorruptGzip => {
            // Not ours, although DynamoDB says so.
            let theirs = wire::exception(&Exception::internal(String::new()));
            Answer::reply(wire::Reply { error: None, ..theirs }, ContentType::AmzJson10)
        }
    }
}

#[cfg(test)]
mod tests;
