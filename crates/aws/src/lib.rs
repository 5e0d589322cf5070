//! What all of AWS's APIs have in common: service models as data, the request that a model describes, and the trait of a
//! service that one handler serves.
//!
//! A service is added by its model (`models/*.json` and a row of `HOSTED` in `xtask`, made into statics by `cargo xtask generate`) and
//! by its functions: `HostedService` says what is particular of a service, and has all else in common. HTTP
//! is the server's; here a request is a method, a path and bytes. Nothing here knows what an operation means.
//!
//! Modules, lowest first: `shape`, the tables of shapes; `value`, what has one, and `typed`, the same as Rust types; `pattern` and
//! `check`, constraints; `model` and its `generated` tables; `members`, a request's by name; `form`, the Query protocol's parameters; `facts`, what a request
//! names; `service`, the trait; `service_error`; `codec`, the four protocols; `permission`, what a request requires of policies;
//! `hosted`, a service in one order of steps; `route`, which operation of which service a request asks for; `toy` and `fixture`, for tests.

mod check;
pub mod codec;
mod decode_error;
mod facts;
#[cfg(any(test, feature = "test-util"))]
pub mod fixture;
mod form;
mod generated;
mod hosted;
mod members;
mod model;
mod pattern;
mod permission;
mod route;
mod service;
mod service_error;
mod shape;
#[cfg(any(test, feature = "test-util"))]
mod toy;
mod typed;
mod value;

pub use check::{Broken, beginning};
pub use decode_error::{DecodeError, Expected};
pub use facts::{NamedResource, Observer, RequestContext, RequestFacts, ResourceAccess, TransportFault};
pub use form::{FormError, Parameters};
pub use generated::{APPLICATION_AUTO_SCALING, CLOUDWATCH, DYNAMODB, DYNAMODB_STREAMS, IAM, LAMBDA, STS};
pub use generated::{application_auto_scaling, cloudwatch, iam, lambda, sts};
pub use hosted::{Decoded, HostedService, Refusal, perform};
pub use members::Members;
pub use model::{OperationId, OperationModel, Protocol, ServiceModel};
pub use permission::{Permissions, RequestKeys, Resource};
pub use route::{PathMatch, ServiceName, by_path, rpc_names, target_names};
pub use service::{Answering, AwsService, BODY_SIZE_BYTES_MAX, BodyFault, Fault, Input, Reply, ReplyError, Request};
pub use service_error::ServiceError;
pub use shape::{Bounds, ErrorModel, Member, Place, Shape, ShapeIndex};
#[cfg(any(test, feature = "test-util"))]
pub use toy::TOY;
pub use typed::{Typed, TypedOperation};
pub use value::{Structure, Timestamp, Value};
