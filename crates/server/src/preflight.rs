//! Requests that are answered before any operation is looked for: the health check, a browser's preflight, and
//! whatever is not DynamoDB's protocol at all.

use hyper::http::request::Parts;
use hyper::{Method, StatusCode, header};

use crate::answer::{Answer, ContentType};

/// The answer, or `None` for a request that an operation may answer.
pub(crate) fn answer(head: &Parts, region: &str) -> Option<Answer> {
    match (&head.method, head.uri.path()) {
        (&Method::GET | &Method::HEAD, "/") => Some(health(region)),
        (&Method::OPTIONS, _) => Some(Answer::empty(StatusCode::OK)),
        // Habits of DynamoDB Local: some clients have the path of its shell in their endpoint.
        (&Method::POST, "/" | "/shell" | "/shell/") if content_type(head).is_some() => None,
        _ => Some(Answer::text(StatusCode::NOT_FOUND, ContentType::Xml, "<UnknownOperationException/>")),
    }
}

/// DynamoDB's own words, trailing blank included; load balancers and wait scripts look for them.
fn health(region: &str) -> Answer {
    Answer::text(StatusCode::OK, ContentType::Text, format!("healthy: dynamodb.{region}.amazonaws.com "))
}

/// The dialect of the request's body, if it is one of DynamoDB's; answers come in the same one.
pub(crate) fn content_type(head: &Parts) -> Option<ContentType> {
    let text = head.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default().trim();
    [ContentType::AmzJson10, ContentType::AmzJson11, ContentType::Json]
        .into_iter()
        .find(|known| essence.eq_ignore_ascii_case(known.as_str()))
}
