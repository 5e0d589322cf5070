//! DynamoDB's API as types: the operations, their requests, responses and exceptions.
//!
//! What follows from the AWS service model is generated (`cargo xtask generate`) into `generated`; `Exception` is
//! written by hand, for its data and sentences are not in the model. Pure: no JSON, no HTTP. The protocols (`wire`)
//! turn bytes into these types and back, and `ops` gives them their meaning.
//!
//! A member that the model requires is not optional: a request without it never becomes a typed one.

mod enumeration;
mod exception;
mod generated;
mod operation;
mod statement_parameters;
mod timestamp;
pub mod validation;

pub use enumeration::UnknownValue;
pub use exception::Exception;
pub use generated::enums::*;
pub use generated::operations::Operation;
pub use generated::requests::*;
pub use generated::structures::*;
pub use operation::Service;
pub use statement_parameters::StatementParameters;
pub use timestamp::Timestamp;
