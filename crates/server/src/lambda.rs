//! Lambda's API: which requests are its, refusals of the front end, and what HTTP adds to an answer.

use auth::{Caller, Refusal as Unsigned};
use deliver::triggers::Triggers;
use deliver::triggers::api::{Call, Refusal, Reply, Route};
use hyper::Method;
use hyper::http::request::Parts;
use wire::{ExceptionName, ReplyError};

use crate::answer::{Answer, ContentType};
use crate::guard;

/// How AWS calls the service that its requests are signed for.
pub(crate) const SERVICE: &str = "lambda";

/// What a request is in Lambda's API, if its path is one of that. Browsers' preflights are answered at the door.
pub(crate) fn route(head: &Parts) -> Option<Result<Route, Refusal>> {
    let is_preflight = head.method == Method::OPTIONS;
    (!is_preflight).then(|| Route::of(head.method.as_str(), head.uri.path())).flatten()
}

pub(crate) async fn answer(triggers: &Triggers, caller: &Caller, call: &Call) -> Answer {
    let answered = guard::catch(triggers.answer(caller, call)).await;
    into_answer(
        answered
            .unwrap_or_else(|guard::Panicked| Refusal::Service("the request's handler panicked".to_owned()).reply()),
    )
}

pub(crate) fn refused(refusal: Refusal) -> Answer {
    into_answer(refusal.reply())
}

pub(crate) fn unsigned(refusal: &Unsigned) -> Answer {
    refused(Refusal::Unsigned(name(refusal), refusal.to_string()))
}

fn into_answer(reply: Reply) -> Answer {
    let detail = match &reply.refusal {
        Some(Refusal::Service(detail)) => Some(detail.clone()),
        _ => None,
    };
    let error = detail.map(|detail| ReplyError { name: ExceptionName::InternalServerError, detail: Some(detail) });
    let whole = wire::Reply { status: reply.status, body: reply.body, error };
    Answer::reply(whole, ContentType::Json).of_type(reply.refusal.as_ref().map(Refusal::name))
}

fn name(refusal: &Unsigned) -> &'static str {
    match refusal {
        Unsigned::Missing => "MissingAuthenticationTokenException",
        Unsigned::SignedTwice | Unsigned::Invalid(_) => "InvalidSignatureException",
        Unsigned::Unrecognized => "UnrecognizedClientException",
        Unsigned::Expired => "ExpiredTokenException",
        Unsigned::Incomplete(_) => "IncompleteSignatureException",
    }
}
