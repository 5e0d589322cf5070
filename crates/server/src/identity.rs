//! IAM's and STS's APIs: whose a form is, and what HTTP adds to an answer. Where callers have no identities, STS says
//! whose account it is, and all else needs `--auth`.

use std::sync::Arc;

use ::identity::sts::{Way, caller_identity};
use ::identity::{Api, Authority, Code, Parameters, Refusal, Reply, Request};
use auth::Caller;
use hyper::header;
use hyper::http::request::Parts;
use wire::{ExceptionName, ReplyError};

use crate::answer::{Answer, ContentType};
use crate::body::RequestBody;
use crate::form::Form;
use crate::{guard, scope};

/// The service that a head's signature names; nothing if it has no signature.
pub(crate) fn signed_for(head: &Parts) -> Option<Api> {
    match scope::service(head) {
        Some(service) if service == Api::Sts.service() => Some(Api::Sts),
        Some(_) => Some(Api::Iam),
        None => head.headers.contains_key(header::AUTHORIZATION).then_some(Api::Iam),
    }
}

/// Whether the beginning of a form names an operation of STS that needs no signature; its `Version` may come behind it.
pub(crate) fn needs_no_caller(form: Form, head: &Parts, arrived: &[u8]) -> bool {
    let Ok(parameters) = Parameters::parse(form.bytes(head, whole_parameters(arrived))) else { return false };
    !Authority::is_signed(Api::Sts, &Request { parameters: &parameters, request_id: "" })
}

/// The beginning of a form without the parameter that was cut off.
fn whole_parameters(arrived: &[u8]) -> &[u8] {
    let end = arrived.iter().rposition(|byte| *byte == b'&').unwrap_or(0);
    &arrived[..end]
}

/// The parameters of a form. Of a refused caller's, the beginning may have arrived alone: its service is that of the signature.
///
/// # Errors
/// If it is no form.
pub(crate) fn parameters(form: Form, head: &Parts, body: &RequestBody) -> Result<Parameters, Refusal> {
    if body.refused.is_none() {
        return Parameters::parse(form.bytes(head, &body.bytes));
    }
    let arrived = Parameters::parse(form.bytes(head, whole_parameters(&body.bytes)))?;
    Ok(match signed_for(head) {
        Some(api) => arrived.of_api(api),
        None => arrived,
    })
}

/// There is a caller if the request must be signed.
pub(crate) async fn answer(
    authority: Option<&Arc<Authority>>,
    caller: Option<&Caller>,
    way: &Way,
    api: Api,
    request: &Request<'_>,
) -> Answer {
    let answered = guard::catch(answered(authority, caller, way, api, request)).await;
    into_answer(answered.unwrap_or_else(|guard::Panicked| {
        Refusal::failure("the request's handler panicked").reply(api, request.request_id)
    }))
}

pub(crate) fn refused(api: Api, refusal: Refusal, request_id: &str) -> Answer {
    into_answer(refusal.reply(api, request_id))
}

async fn answered(
    authority: Option<&Arc<Authority>>,
    caller: Option<&Caller>,
    way: &Way,
    api: Api,
    request: &Request<'_>,
) -> Reply {
    match (authority, caller) {
        (Some(authority), caller) => authority.answer(api, caller, way, request).await,
        (None, Some(caller)) if is_caller_identity(api, request) => caller_identity(caller, request.request_id),
        (None, _) => without_identities().reply(api, request.request_id),
    }
}

fn is_caller_identity(api: Api, request: &Request<'_>) -> bool {
    api == Api::Sts && request.parameters.get("Action") == Some("GetCallerIdentity")
}

fn without_identities() -> Refusal {
    let text = "This server keeps no identities. Make the first account with 'stator init', and start the server with \
                'stator serve --auth'.";
    Refusal::new(Code::InvalidAction, text)
}

fn into_answer(reply: Reply) -> Answer {
    let detail = reply.refusal.as_ref().and_then(Refusal::detail).map(str::to_owned);
    let error = detail.map(|detail| ReplyError { name: ExceptionName::InternalServerError, detail: Some(detail) });
    Answer::reply(wire::Reply { status: reply.status, body: reply.body.into(), error }, ContentType::TextXml)
}
