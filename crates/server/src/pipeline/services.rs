//! A request for an operation of a service: authentication, the event in the audit log, the span, the call, and the refusals
//! in the service's own words. There is one way for all services.

use std::sync::Arc;

use ::aws::{AwsService, Fault, Input, OperationId, Protocol, Reply, Request, ServiceModel};
use auth::Access;
use hyper::http::request::Parts;
use ops::allowance::Allowance;

use super::{Pipeline, user_agent};
use crate::answer::{Answer, ContentType};
use crate::audit::{Action, Audit, Draft, Origin};
use crate::body::RequestBody;
use crate::form::{self, Form};
use crate::route::Asked;
use crate::seats::{Held, Seat};
use crate::services::ServiceId;
use crate::visit::Visit;
use crate::{foreign, guard, traces};

/// What is asked of a service.
struct Call<'a> {
    service: &'a Arc<dyn AwsService>,
    /// Of a form, an operation that the service does not have is refused once its caller is known.
    operation: Result<OperationId, Fault>,
    /// The operation's name, if it can be one's.
    name: Option<&'a str>,
    input: Input<'a>,
    protocol: Protocol,
    content_type: ContentType,
}

impl Call<'_> {
    fn refuse(&self, fault: Fault, request_id: &str) -> Answer {
        answer(self.service.refuse(fault, request_id), self.protocol, self.content_type)
    }
}

/// Clients of REST read an exception's name in the head.
fn answer(reply: Reply, protocol: Protocol, content_type: ContentType) -> Answer {
    let error_type = reply.error.as_ref().filter(|_| protocol == Protocol::RestJson).map(|error| error.name);
    Answer::reply(reply, content_type).of_type(error_type)
}

impl Pipeline {
    /// An operation that the head names.
    pub(super) async fn operation(
        &self,
        asked: Asked,
        head: &Parts,
        body: RequestBody,
        visit: &mut Visit,
        seat: &Arc<Seat>,
    ) -> Result<Answer, Answer> {
        let Asked { service, operation, protocol, content_type, labels } = asked;
        let service = &self.services[service];
        let input = match protocol {
            Protocol::RestJson => {
                Input::Rest { labels, query: head.uri.query().unwrap_or_default(), body: body.bytes.clone() }
            }
            Protocol::AwsJson | Protocol::RpcV2Cbor | Protocol::Query => Input::Body(body.bytes.clone()),
        };
        let name = operation.as_ref().ok().map(|operation| operation.name());
        let mut call = Call { service, operation, name, input, protocol, content_type };
        if let Err(fault) = &mut call.operation {
            let fault = std::mem::replace(fault, Fault::Throttled);
            let refuse = || call.refuse(fault, visit.request_id());
            return Err(foreign::answer(head, &body.bytes, &self.services).unwrap_or_else(refuse));
        }
        self.call(call, head, &body, visit, seat).await
    }

    /// An operation that a form names.
    pub(super) async fn form(
        &self,
        form: Form,
        head: &Parts,
        body: &RequestBody,
        visit: &mut Visit,
        seat: &Arc<Seat>,
    ) -> Result<Answer, Answer> {
        if let Some(answer) = foreign::answer(head, &body.bytes, &self.services) {
            return Ok(answer);
        }
        let read = form::parameters(form, head, body, &self.services);
        let version = read.as_ref().ok().and_then(|parameters| parameters.get("Version"));
        let Some(service) = self.services.of_version(version) else { return Err(super::too_many(head)) };
        let service = &self.services[service];
        let refuse = |fault| answer(service.refuse(fault, visit.request_id()), Protocol::Query, ContentType::TextXml);
        let parameters = read.map_err(|error| refuse(Fault::Form(error)))?;
        let name = parameters.get("Action").unwrap_or_default();
        let version = parameters.get("Version").unwrap_or(service.model().api_version);
        let unknown = || Fault::UnknownOperation { name: name.to_owned(), version: version.to_owned() };
        let call = Call {
            service,
            operation: service.model().operation(name).ok_or_else(unknown),
            name: parameters.action(),
            input: Input::Form(&parameters),
            protocol: Protocol::Query,
            content_type: ContentType::TextXml,
        };
        self.call(call, head, body, visit, seat).await
    }

    async fn call(
        &self,
        mut call: Call<'_>,
        head: &Parts,
        body: &RequestBody,
        visit: &mut Visit,
        seat: &Arc<Seat>,
    ) -> Result<Answer, Answer> {
        let asked = call.operation.as_ref().ok().copied();
        if matches!(self.access, Access::Open(_)) {
            visit.operation = asked;
        }
        let model = call.service.model();
        visit.audit = self.draft(head, visit, seat, |audit| action(audit, model, asked, call.name));
        if let (Some(traces), Some(operation)) = (&self.traces, asked) {
            visit.trace = traces.begin(head, operation, body.bytes.len(), visit.request_id());
        }
        // Of a refused caller's request nothing is executed, whatever its beginning says.
        let is_signed = asked.is_none_or(|operation| operation.model().is_signed) || body.refused.is_some();
        let caller = is_signed.then(|| self.caller(model.signing_name, head, body, seat, visit)).transpose();
        let caller = caller.map_err(|refusal| call.refuse(Fault::Caller(refusal), visit.request_id()))?;
        // Where callers are checked, an unknown one begins no series of metrics.
        visit.operation = asked;
        if visit.audit.is_some() {
            // Boxed, so that requests without an event have no room for it.
            let reserved = Box::pin(visit.reserve()).await;
            let refuse =
                |error: crate::audit::Unaudited| call.refuse(Fault::Internal(error.to_string()), visit.request_id());
            reserved.map_err(refuse)?;
        }
        let fault = |call: &mut Call<'_>| std::mem::replace(&mut call.operation, Err(Fault::Throttled));
        let operation = match fault(&mut call) {
            Ok(operation) => operation,
            Err(fault) => return Err(call.refuse(fault, visit.request_id())),
        };
        let Call { service, input, protocol, content_type, .. } = call;
        let user_agent = user_agent(head);
        let request = Request {
            operation,
            caller: caller.as_ref(),
            observer: visit.observer(),
            input,
            request_id: visit.request_id(),
            transport: seat.transport(),
            user_agent: user_agent.as_deref(),
        };
        let allowance = Allowance::new(&self.memory, seat.peer());
        let called = allowance.scope(service.call(request));
        let reply = guard::catch(traces::within(visit.trace.as_ref(), called)).await;
        if let Some(caller) = caller.as_ref().filter(|_| visit.lacks_names(&self.notable)) {
            let facts = service.facts(operation, caller, &body.bytes);
            facts.iter().for_each(|facts| visit.name_tables(facts));
        }
        let reply = reply.unwrap_or_else(|guard::Panicked| {
            service.refuse(Fault::Internal("the request's handler panicked".to_owned()), visit.request_id())
        });
        let share = allowance.keep(reply.body.len()).map(|share| Held::new(share, seat));
        Ok(answer(reply, protocol, content_type).holding(share))
    }

    /// An event begins, if it is one that is wanted.
    fn draft(
        &self,
        head: &Parts,
        visit: &Visit,
        seat: &Arc<Seat>,
        action: impl FnOnce(&Audit) -> Option<Action>,
    ) -> Option<Draft> {
        let audit = self.audit.as_ref()?;
        let action = action(audit)?;
        Some(audit.begin(action, Origin::of(head, seat, visit.request_id())))
    }

    /// The refusal of a body that is larger than the service takes.
    pub(super) fn too_large(
        &self,
        service: ServiceId,
        operation: OperationId,
        protocol: Protocol,
        content_type: ContentType,
    ) -> Answer {
        answer(self.services[service].refuse(Fault::TooLarge(operation), ""), protocol, content_type)
    }

    /// The refusal in place of an answer to a known operation, which would be in the same protocol.
    pub(super) fn throttled(&self, operation: Option<OperationId>, answered: &Answer) -> Option<Answer> {
        let service = &self.services[self.services.of_model(operation?.service())?];
        Some(answer(service.refuse(Fault::Throttled, ""), protocol(service), answered.content_type()?))
    }

    /// Ends the event of an answer. The client has an error instead if the event must be in the file and is not.
    pub(super) async fn audited(&self, draft: Draft, answered: Answer, request_id: &str) -> Answer {
        let source = draft.source();
        let outcome = draft.outcome(&answered);
        let Err(unaudited) = draft.end(&outcome).await else { return answered };
        let service = &self.services[self.services.of_event_source(source).unwrap_or(ServiceId::FIRST)];
        let reply = service.refuse(Fault::Internal(unaudited.to_string()), request_id);
        let content_type = answered.content_type().unwrap_or(ContentType::AmzJson10);
        answer(reply, protocol(service), content_type)
    }
}

fn action(
    audit: &Audit,
    model: &'static ServiceModel,
    operation: Option<OperationId>,
    name: Option<&str>,
) -> Option<Action> {
    match operation {
        Some(operation) => audit.action(operation),
        None => Audit::unknown_action(model, name),
    }
}

/// Of a service that speaks several, the first: none of those has REST.
fn protocol(service: &Arc<dyn AwsService>) -> Protocol {
    service.model().protocols.first().copied().unwrap_or(Protocol::AwsJson)
}
