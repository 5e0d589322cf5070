//! What of an HTTP request is signed.

use auth::{Headers, Received, Refusal, Signed};
use hyper::header;
use hyper::http::request::Parts;

use super::text;
use api::Exception;

/// How AWS calls the service that requests are signed for.
pub(super) const SERVICE: &str = "dynamodb";

pub(super) fn signed(head: &Parts) -> Signed<'_> {
    Signed {
        authorization: text(head, header::AUTHORIZATION.as_str()),
        query: head.uri.query(),
        date: text(head, "x-amz-date").or_else(|| text(head, header::DATE.as_str())),
        region_set: text(head, "x-amz-region-set"),
        token: text(head, "x-amz-security-token"),
    }
}

/// `body` as it was sent.
pub(super) fn received<'a>(head: &'a Parts, headers: &'a SentHeaders<'a>, body: &'a [u8]) -> Received<'a> {
    Received { method: head.method.as_str(), path: head.uri.path(), query: head.uri.query(), headers, body }
}

pub(super) struct SentHeaders<'a>(pub(super) &'a Parts);

impl Headers for SentHeaders<'_> {
    fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
        self.0.headers.get_all(name).iter().for_each(|value| each(value.as_bytes()));
        // HTTP/2 has the host in its request line.
        if name == "host"
            && !self.0.headers.contains_key(header::HOST)
            && let Some(authority) = self.0.uri.authority()
        {
            each(authority.as_str().as_bytes());
        }
    }
}

pub(super) fn unsigned(refusal: Refusal) -> Exception {
    let text = refusal.to_string();
    match refusal {
        Refusal::Missing => Exception::MissingAuthenticationToken(text),
        Refusal::SignedTwice | Refusal::Invalid(_) => Exception::InvalidSignature(text),
        Refusal::Incomplete(_) => Exception::IncompleteSignature(text),
        Refusal::Unrecognized => Exception::UnrecognizedClient(text),
        Refusal::Expired => Exception::ExpiredToken(text),
    }
}
