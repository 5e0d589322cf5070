//! A request for an operation of a service: authentication, the event in the audit log, the span, the call, and the refusals
//! in the service's own words. There is one way for all services.

use std::sync::Arc;

use ::aws::{AwsService, Fault, Input, OperationId, Protocol, Reply, Request, ServiceModel, ServiceName};
use auth::{Access, Api, Caller};
use hyper::http::request::Parts;
use ops::allowance::Allowance;

use super::{Pipeline, user_agent};
use crate::answer::{Answer, ContentType};
use crate::audit::{Action, Audit, Draft, Origin};
use crate::body::RequestBody;
use crate::connection_states::{ConnectionState, Held};
use crate::form::{self, Form};
use crate::request_record::RequestRecord;
use crate::route::{Asked, Route};
use crate::services::ServiceId;
use crate::{foreign, guard, preflight, traces};

/// A service, and how its answer is written.
pub(super) struct Speaker<'a> {
    service: &'a dyn AwsService,
    protocol: Protocol,
    content_type: ContentType,
}

impl<'a> Speaker<'a> {
    fn of_asked(service: &'a dyn AwsService, asked: &Asked) -> Speaker<'a> {
        Speaker { service, protocol: asked.protocol, content_type: asked.content_type }
    }

    fn of_form(service: &'a dyn AwsService) -> Speaker<'a> {
        Speaker { service, protocol: Protocol::Query, content_type: ContentType::TextXml }
    }

    /// In place of an answer that there was: it is in the protocol of that. An answer of no service is refused as DynamoDB does.
    fn again(service: &'a dyn AwsService, answered: &Answer) -> Speaker<'a> {
        let content_type = answered.content_type().unwrap_or(ContentType::AmzJson10);
        Speaker { service, protocol: answered.protocol().unwrap_or(Protocol::AwsJson), content_type }
    }

    /// Clients of REST read an exception's name in the head.
    fn answer(&self, reply: Reply) -> Answer {
        let error_type = reply.error.as_ref().filter(|_| self.protocol == Protocol::RestJson).map(|error| error.name);
        Answer::reply(reply, self.content_type).in_protocol(self.protocol).of_type(error_type)
    }

    pub(super) fn refuse(&self, fault: Fault, request_id: &str) -> Answer {
        self.answer(self.service.refuse(fault, self.protocol, request_id))
    }
}

/// A request that has all arrived.
struct Arrived<'a> {
    head: &'a Parts,
    body: &'a RequestBody,
    state: &'a Arc<ConnectionState>,
}

/// What is asked of a service.
struct Call<'a> {
    /// Of a form, an operation that the service does not have is refused once its caller is known.
    operation: Result<OperationId, Fault>,
    /// The operation's name, if it can be one's.
    name: Option<&'a str>,
    input: Input<'a>,
}

impl Pipeline {
    /// An operation that the head names.
    pub(super) async fn operation(
        &self,
        asked: Asked,
        head: &Parts,
        body: RequestBody,
        record: &mut RequestRecord,
        state: &Arc<ConnectionState>,
    ) -> Result<Answer, Answer> {
        let speaker = Speaker::of_asked(&*self.services[asked.service], &asked);
        let Asked { operation, protocol, labels, .. } = asked;
        let operation = operation.map_err(|fault| {
            // A path of REST names its service by itself.
            let is_named = protocol == Protocol::RestJson;
            let elsewhere = (!is_named).then(|| foreign::answer(head, &body.bytes, &self.services)).flatten();
            elsewhere.unwrap_or_else(|| speaker.refuse(fault, record.request_id()))
        })?;
        let input = match protocol {
            Protocol::RestJson => {
                Input::Rest { labels, query: head.uri.query().unwrap_or_default(), body: body.bytes.clone() }
            }
            Protocol::AwsJson | Protocol::RpcV2Cbor | Protocol::Query => Input::Body(body.bytes.clone()),
        };
        let call = Call { operation: Ok(operation), name: Some(operation.name()), input };
        self.call(&speaker, call, &Arrived { head, body: &body, state }, record).await
    }

    /// An operation that a form names.
    pub(super) async fn form(
        &self,
        form: Form,
        head: &Parts,
        body: &RequestBody,
        record: &mut RequestRecord,
        state: &Arc<ConnectionState>,
    ) -> Result<Answer, Answer> {
        if let Some(answer) = foreign::answer(head, &body.bytes, &self.services) {
            return Ok(answer);
        }
        let read = form::parameters(form, head, body, &self.services);
        let version = read.as_ref().ok().and_then(|parameters| parameters.get("Version"));
        let service = self.services.of_form(version.map(ServiceName::FormVersion));
        let speaker = Speaker::of_form(&*self.services[service]);
        let parameters = read.map_err(|error| speaker.refuse(Fault::Form(error), record.request_id()))?;
        let model = speaker.service.model();
        let name = parameters.get("Action").unwrap_or_default();
        let version = parameters.get("Version").unwrap_or(model.api_version);
        let unknown = || Fault::UnknownOperation { name: name.to_owned(), version: version.to_owned() };
        let operation = model.operation(name).ok_or_else(unknown);
        let call = Call { operation, name: parameters.action(), input: Input::Form(&parameters) };
        self.call(&speaker, call, &Arrived { head, body, state }, record).await
    }

    async fn call(
        &self,
        speaker: &Speaker<'_>,
        call: Call<'_>,
        arrived: &Arrived<'_>,
        record: &mut RequestRecord,
    ) -> Result<Answer, Answer> {
        let Call { operation, name, input } = call;
        let Arrived { head, body, state } = arrived;
        let asked = operation.as_ref().ok().copied();
        let caller = self.begin(speaker, asked, name, arrived, record).await?;
        let operation = operation.map_err(|fault| speaker.refuse(fault, record.request_id()))?;
        let user_agent = user_agent(head);
        let request = Request {
            operation,
            protocol: speaker.protocol,
            caller: caller.as_ref(),
            observer: record.observer(),
            input,
            request_id: record.request_id(),
            transport: state.transport(),
            user_agent: user_agent.as_deref(),
        };
        let allowance = Allowance::new(&self.memory, state.peer());
        let called = allowance.scope(speaker.service.call(request));
        let reply = guard::catch(traces::within(record.trace.as_ref(), called)).await;
        if let Some(caller) = caller.as_ref().filter(|_| record.lacks_names(&self.notable)) {
            let facts = speaker.service.facts(operation, caller, &body.bytes);
            facts.iter().for_each(|facts| record.name_tables(facts));
        }
        let panicked = || Fault::Internal("the request's handler panicked".to_owned());
        let reply = reply.map_err(|guard::Panicked| speaker.refuse(panicked(), record.request_id()))?;
        let share = allowance.keep(reply.body.len()).map(|share| Held::new(share, state));
        Ok(speaker.answer(reply).holding(share))
    }

    /// The request's event and span begin, and its caller is found out: there is one unless the operation's requests are not signed.
    async fn begin(
        &self,
        speaker: &Speaker<'_>,
        operation: Option<OperationId>,
        name: Option<&str>,
        arrived: &Arrived<'_>,
        record: &mut RequestRecord,
    ) -> Result<Option<Caller>, Answer> {
        let Arrived { head, body, state } = arrived;
        if matches!(*self.access, Access::Open(_)) {
            record.operation = operation;
        }
        let model = speaker.service.model();
        record.audit = self.draft(head, record, state, |audit| action(audit, model, operation, name));
        if let (Some(traces), Some(operation)) = (&self.traces, operation) {
            record.trace = traces.begin(head, operation, body.bytes.len(), record.request_id());
        }
        // Of a refused caller's request nothing is executed, whatever its beginning says.
        let is_signed = operation.is_none_or(|operation| operation.model().is_signed) || body.refused.is_some();
        let caller =
            is_signed.then(|| self.caller(api(model, speaker.protocol), head, body, state, record)).transpose();
        let caller = caller.map_err(|refusal| speaker.refuse(Fault::Caller(refusal), record.request_id()))?;
        // Where callers are checked, an unknown one begins no series of metrics.
        record.operation = operation;
        if record.audit.is_some() {
            // Boxed, so that requests without an event have no room for it.
            let reserved = Box::pin(record.reserve()).await;
            reserved.map_err(|error| speaker.refuse(Fault::Internal(error.to_string()), record.request_id()))?;
        }
        Ok(caller)
    }

    /// An event begins, if it is one that is wanted.
    fn draft(
        &self,
        head: &Parts,
        record: &RequestRecord,
        state: &Arc<ConnectionState>,
        action: impl FnOnce(&Audit) -> Option<Action>,
    ) -> Option<Draft> {
        let audit = self.audit.as_ref()?;
        let action = action(audit)?;
        Some(audit.begin(action, Origin::of(head, state, record.request_id())))
    }

    /// The service that refuses a request before its operation is known, and its protocol. A form's is that of its signature;
    /// what names no service is DynamoDB's.
    pub(super) fn speaker(&self, route: &Route, head: &Parts) -> Speaker<'_> {
        match route {
            Route::Operation(asked) => Speaker::of_asked(&*self.services[asked.service], asked),
            Route::Form(_) => {
                let service = form::signed_for(head, &self.services).unwrap_or_else(|| self.services.of_form(None));
                Speaker::of_form(&*self.services[service])
            }
            Route::Page(_) | Route::Admin | Route::Console(_) | Route::Answered(_) => {
                let content_type = preflight::content_type(head).unwrap_or(ContentType::AmzJson10);
                let service = &*self.services[ServiceId::FIRST];
                Speaker { service, protocol: Protocol::AwsJson, content_type }
            }
        }
    }

    /// The refusal in place of an answer to a known operation.
    pub(super) fn throttled(&self, record: &RequestRecord, answered: &Answer) -> Option<Answer> {
        let service = &*self.services[self.services.of_model(record.operation?.service())?];
        Some(Speaker::again(service, answered).refuse(Fault::Throttled, record.request_id()))
    }

    /// Ends the event of an answer. The client has an error instead if the event must be in the file and is not.
    pub(super) async fn audited(&self, draft: Draft, answered: Answer, request_id: &str) -> Answer {
        let service = self.services.find(ServiceName::EventSource(draft.source())).unwrap_or(ServiceId::FIRST);
        let outcome = draft.outcome(&answered);
        let Err(unaudited) = draft.end(&outcome).await else { return answered };
        let speaker = Speaker::again(&*self.services[service], &answered);
        speaker.refuse(Fault::Internal(unaudited.to_string()), request_id)
    }
}

/// What a request's signature has to be for.
pub(super) fn api(model: &'static ServiceModel, protocol: Protocol) -> Api<'static> {
    Api { service: model.signing_name, content_types: protocol.content_types() }
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

#[cfg(test)]
mod tests {
    use ::identity::QueryService;

    use super::*;

    /// AWS JSON may have the content type that REST JSON has.
    #[test]
    fn a_refusal_in_place_of_an_answer_is_in_its_protocol() {
        let service = QueryService::new(::identity::Api::Iam, None);
        for protocol in [Protocol::AwsJson, Protocol::RestJson] {
            let speaker = Speaker { service: &service, protocol, content_type: ContentType::Json };
            let refused = Speaker::again(&service, &speaker.answer(Reply::new(200, Vec::new())));
            let refused = refused.refuse(Fault::Throttled, "id");
            assert_eq!(refused.body().starts_with(b"{\"__type\""), protocol == Protocol::AwsJson, "{protocol:?}");
        }
    }
}
