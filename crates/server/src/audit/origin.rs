//! Where a request comes from, as its event reports it: a copy, since the event may outlive the request.

use std::borrow::Cow;
use std::sync::Arc;

use base::cut;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request::Parts;

use crate::connection_states::ConnectionState;

/// CloudTrail's own bound. Unit: bytes.
pub(super) const USER_AGENT_SIZE_MAX: usize = 1024;
/// Of a request that is refused unauthenticated.
pub(super) const USER_AGENT_UNKNOWN_SIZE_MAX: usize = 128;
const HOST_SIZE_MAX: usize = 255;

pub(crate) struct Origin {
    pub(super) state: Arc<ConnectionState>,
    pub(super) request_id: String,
    /// ASCII.
    pub(super) user_agent: Option<String>,
    pub(super) host: Option<String>,
}

impl Origin {
    pub(crate) fn of(head: &Parts, state: &Arc<ConnectionState>, request_id: &str) -> Origin {
        let text = |name: HeaderName| head.headers.get(name).map(visible);
        let authority = || head.uri.authority().map(|authority| authority.as_str().into());
        let host = text(header::HOST).or_else(authority);
        Origin {
            state: Arc::clone(state),
            request_id: request_id.to_owned(),
            user_agent: text(header::USER_AGENT).map(|agent| cut(&agent, USER_AGENT_SIZE_MAX).to_owned()),
            host: host.map(|host| cut(&host, HOST_SIZE_MAX).to_owned()),
        }
    }
}

impl Origin {
    /// Of a client that sends no headers.
    pub(crate) fn of_client(state: &Arc<ConnectionState>, request_id: &str, user_agent: Option<&str>) -> Origin {
        let user_agent = user_agent.and_then(|agent| HeaderValue::from_str(agent).ok());
        Origin {
            state: Arc::clone(state),
            request_id: request_id.to_owned(),
            user_agent: user_agent.map(|agent| cut(&visible(&agent), USER_AGENT_SIZE_MAX).to_owned()),
            host: None,
        }
    }
}

/// A header's value, with bytes that are no visible ASCII percent-encoded: no letter takes it out of the event.
fn visible(value: &HeaderValue) -> Cow<'_, str> {
    let encoded = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte).to_string(),
        byte => base::percent_escape(*byte).to_owned(),
    };
    value.to_str().map_or_else(|_| value.as_bytes().iter().map(encoded).collect(), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::local;

    #[test]
    fn headers_are_there_whatever_their_letters_are() {
        let agent = HeaderValue::from_bytes("agent \u{e9}/1".as_bytes()).unwrap();
        let request = hyper::Request::builder().header("user-agent", agent).header("host", "h".repeat(300));
        let (head, ()) = request.body(()).unwrap().into_parts();
        let origin = Origin::of(&head, &ConnectionState::new(local()), "id");
        assert_eq!(origin.user_agent.as_deref(), Some("agent %C3%A9/1"));
        assert_eq!(origin.host, Some("h".repeat(HOST_SIZE_MAX)));
    }
}
