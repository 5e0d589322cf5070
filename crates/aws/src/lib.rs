//! What all of AWS's APIs have in common: service models as data, the request that a model describes, and the trait of a
//! service that one handler serves.
//!
//! A service is added by its model (`models/*.json` and a row of `HOSTED` in `xtask`, made into statics by `cargo xtask generate`) and
//! by its functions: `codec::decode`, `codec::check` or `codec::typed`, the function itself, `codec::answer` or `codec::refuse`. HTTP
//! is the server's; here a request is a method, a path and bytes. Nothing here knows what an operation means.
//!
//! Modules, lowest first: `shape`, the tables of shapes; `value`, what has one, and `typed`, the same as Rust types; `pattern` and
//! `check`, constraints; `model` and its `generated` tables; `members`, a request's by name; `form`, the Query protocol's parameters; `facts`, what a request
//! names; `service`, the trait; `service_error`; `codec`, the four protocols; `route`, which operation of which service a request
//! asks for; `toy`, a model for tests.

mod check;
pub mod codec;
mod decode_error;
mod facts;
mod form;
mod generated;
mod members;
mod model;
mod pattern;
mod route;
mod service;
mod service_error;
mod shape;
#[cfg(any(test, feature = "toy"))]
mod toy;
mod typed;
mod value;

pub use check::{Broken, beginning};
pub use decode_error::{DecodeError, Expected};
pub use facts::{NamedResource, Observer, RequestContext, RequestFacts, ResourceAccess, TransportFault};
pub use form::{FormError, Parameters};
pub use generated::{APPLICATION_AUTO_SCALING, CLOUDWATCH, DYNAMODB, DYNAMODB_STREAMS, IAM, LAMBDA, STS};
pub use generated::{cloudwatch, iam, lambda, sts};
pub use members::Members;
pub use model::{OperationId, OperationModel, Protocol, ServiceModel};
pub use route::{PathMatch, ServiceName, by_path, rpc_names, target_names};
pub use service::{Answering, AwsService, BODY_SIZE_BYTES_MAX, BodyFault, Fault, Input, Reply, ReplyError, Request};
pub use service_error::ServiceError;
pub use shape::{Bounds, ErrorModel, Member, Place, Shape, ShapeIndex};
#[cfg(any(test, feature = "toy"))]
pub use toy::TOY;
pub use typed::{Typed, TypedOperation};
pub use value::{Structure, Timestamp, Value};
