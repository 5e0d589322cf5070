//! Lambda's API at the door: which requests are its, who calls, and what HTTP adds to an answer.

use auth::{Caller, Refusal as Unsigned};
use deliver::triggers::Triggers;
use deliver::triggers::api::{Refusal, Reply, Request};
use hyper::Method;
use hyper::http::request::Parts;
use wire::{ExceptionName, ReplyError};

use crate::answer::{Answer, ContentType};
use crate::guard;

/// How AWS calls the service that its requests are signed for.
pub(crate) const SERVICE: &str = "lambda";

/// Whether a request is one of Lambda's. Browsers' preflights are answered at the door.
pub(crate) fn is_asked(head: &Parts) -> bool {
    head.method != Method::OPTIONS && deliver::triggers::api::is_ours(head.uri.path())
}

pub(crate) async fn answer(triggers: &Triggers, caller: Result<Caller, Unsigned>, head: &Parts, body: &[u8]) -> Answer {
    let reply = match caller {
        Err(refusal) => Refusal::Unsigned(name(&refusal), refusal.to_string()).reply(),
        Ok(caller) => {
            let query = head.uri.query().unwrap_or_default();
            let request = Request { method: head.method.as_str(), path: head.uri.path(), query, body };
            let answered = guard::catch(triggers.answer(&caller, &request)).await;
            answered
                .unwrap_or_else(|guard::Panicked| Refusal::Service("the request's handler panicked".to_owned()).reply())
        }
    };
    into_answer(reply)
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
