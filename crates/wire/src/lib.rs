//! DynamoDB's JSON protocol: bytes to typed requests, typed responses and exceptions to bytes.
//!
//! Takes no decision about data. What a body must look like, and in which words it is refused, follows from the AWS
//! service model: the tables in `generated` come from it, `constraint` and `decode` give them their meaning. HTTP is
//! the server's; here a request is an operation and a body, an answer a status and a body. [`DynamoDb`] is the service that the
//! server's handler calls. [`client`] is the other side, for calls of other servers.

pub mod client;
mod constraint;
mod decode;
mod dispatch;
mod encode;
mod exception;
mod generated;
mod service;

pub use dispatch::handle;
pub use exception::{NameError, exception, named};
pub use service::DynamoDb;
