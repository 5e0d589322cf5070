//! For tests: a request as the handler gives it to a service.

use auth::Caller;
use auth::fixture::TRANSPORT;

use crate::model::{OperationId, Protocol};
use crate::service::{Input, Request};

/// Of a caller, without an observer.
pub fn request<'a>(operation: OperationId, protocol: Protocol, caller: &'a Caller, input: Input<'a>) -> Request<'a> {
    Request {
        operation,
        protocol,
        caller: Some(caller),
        observer: None,
        input,
        request_id: "id",
        transport: TRANSPORT,
        user_agent: None,
    }
}
