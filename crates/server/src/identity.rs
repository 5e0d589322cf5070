//! IAM's and STS's APIs at the door: which requests are theirs, who calls, and what HTTP adds to an answer. Where callers have
//! no identities, STS says whose account it is, and all else needs `--auth`.

use std::sync::Arc;

use ::identity::sts::{Way, caller_identity};
use ::identity::{Api, Authority, Code, Parameters, Refusal, Reply, Request};
use auth::{Caller, Refusal as Unsigned};
use hyper::http::request::Parts;
use hyper::{Method, header};
use wire::{ExceptionName, ReplyError};

use crate::answer::{Answer, ContentType};
use crate::guard;

const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a request is one of IAM's or STS's: a form, or a query that names an action.
pub(crate) fn is_asked(head: &Parts) -> bool {
    if head.uri.path() != "/" {
        return false;
    }
    match head.method {
        Method::POST => is_form(head),
        Method::GET => names_action(head),
        _ => false,
    }
}

/// Whether the query string is one of AWS's Query protocol.
pub(crate) fn names_action(head: &Parts) -> bool {
    head.method == Method::GET && query(head).split('&').any(|pair| pair.starts_with("Action="))
}

pub(crate) fn is_form(head: &Parts) -> bool {
    let text = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM)
}

/// Where a request's parameters are.
pub(crate) fn form<'a>(head: &'a Parts, body: &'a [u8]) -> &'a [u8] {
    if head.method == Method::GET { query(head).as_bytes() } else { body }
}

/// The service that a request is signed for, by the beginning of its body; nothing if it is one that needs no signature.
pub(crate) fn service_that_signs(head: &Parts, arrived: &[u8]) -> Option<&'static str> {
    let Ok(parameters) = Parameters::parse(form(head, whole_parameters(arrived))) else {
        return Some(Api::Iam.service());
    };
    let (api, request) = (Api::of(&parameters), Request { parameters: &parameters, request_id: "" });
    Authority::is_signed(api, &request).then(|| api.service())
}

/// The beginning of a form without the parameter that was cut off.
pub(crate) fn whole_parameters(arrived: &[u8]) -> &[u8] {
    let end = arrived.iter().rposition(|byte| *byte == b'&').unwrap_or(0);
    &arrived[..end]
}

fn query(head: &Parts) -> &str {
    head.uri.query().unwrap_or_default()
}

/// `caller` tells who has signed, for a service as AWS calls it.
pub(crate) async fn answer(
    authority: Option<&Arc<Authority>>,
    caller: impl FnOnce(&'static str) -> Result<Caller, Unsigned>,
    way: Way,
    head: &Parts,
    body: &[u8],
    request_id: &str,
) -> Answer {
    let reply = match Parameters::parse(form(head, body)) {
        Err(refusal) => refusal.reply(Api::Iam, request_id),
        Ok(parameters) => {
            let request = Request { parameters: &parameters, request_id };
            let api = Api::of(&parameters);
            let answered = guard::catch(answered(authority, api, caller, &way, &request)).await;
            answered.unwrap_or_else(|guard::Panicked| {
                Refusal::failure("the request's handler panicked").reply(api, request_id)
            })
        }
    };
    into_answer(reply)
}

async fn answered(
    authority: Option<&Arc<Authority>>,
    api: Api,
    caller: impl FnOnce(&'static str) -> Result<Caller, Unsigned>,
    way: &Way,
    request: &Request<'_>,
) -> Reply {
    let caller = match Authority::is_signed(api, request) {
        false => None,
        true => match caller(api.service()) {
            Ok(caller) => Some(caller),
            Err(refusal) => return Refusal::from(refusal).reply(api, request.request_id),
        },
    };
    match (authority, caller) {
        (Some(authority), caller) => authority.answer(api, caller.as_ref(), way, request).await,
        (None, Some(caller)) if is_caller_identity(api, request) => caller_identity(&caller, request.request_id),
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
