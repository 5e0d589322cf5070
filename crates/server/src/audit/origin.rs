//! Where a request comes from, as its event reports it: a copy, since the event may outlive the request.

use std::sync::Arc;

use hyper::header::{self, HeaderName};
use hyper::http::request::Parts;

use crate::seats::Seat;

/// CloudTrail's own bound. Unit: bytes.
pub(super) const USER_AGENT_SIZE_MAX: usize = 1024;
/// Of a request that is refused unauthenticated.
pub(super) const USER_AGENT_UNKNOWN_SIZE_MAX: usize = 128;
const HOST_SIZE_MAX: usize = 255;

pub(crate) struct Origin {
    pub(super) seat: Arc<Seat>,
    pub(super) request_id: String,
    /// ASCII.
    pub(super) user_agent: Option<String>,
    pub(super) host: Option<String>,
}

impl Origin {
    pub(crate) fn of(head: &Parts, seat: &Arc<Seat>, request_id: &str) -> Origin {
        let text = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
        let authority = || head.uri.authority().map(|authority| authority.as_str());
        let host = text(header::HOST).or_else(authority).filter(|host| host.len() <= HOST_SIZE_MAX);
        let user_agent = text(header::USER_AGENT).map(|agent| cut(agent, USER_AGENT_SIZE_MAX));
        Origin {
            seat: Arc::clone(seat),
            request_id: request_id.to_owned(),
            user_agent: user_agent.map(str::to_owned),
            host: host.map(str::to_owned),
        }
    }
}

/// The first bytes of a text, in whole characters.
pub(super) fn cut(text: &str, size_max: usize) -> &str {
    let end = (0..=size_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}
