//! DynamoDB's JSON protocol: bytes to typed requests, typed responses and exceptions to bytes.
//!
//! Takes no decision about data. What a body must look like, and in which words it is refused, follows from the AWS
//! service model: the tables in `generated` come from it, `constraint` and `decode` give them their meaning. HTTP is
//! the server's; here a request is an operation and a body, an answer a status and a body.

mod constraint;
mod decode;
mod dispatch;
mod encode;
mod exception;
mod generated;
mod target;

pub use dispatch::{facts, handle};
pub use exception::{ExceptionName, exception};
pub use target::target;

/// The answer to one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Of HTTP.
    pub status: u16,
    /// JSON; empty for an operation that answers with nothing.
    pub body: Vec<u8>,
    /// Set if the body is an exception: for the operator.
    pub error: Option<ReplyError>,
}

/// What the operator wants to know of an exception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplyError {
    pub name: ExceptionName,
    /// What happened inside, if the failure is ours. The client does not read it.
    pub detail: Option<String>,
}
