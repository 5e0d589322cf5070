//! What the handler asks of a service: its model, its answers, and the refusals of the front end in its own words.

use std::pin::Pin;

use auth::iam::Transport;
use auth::{Caller, Refusal};
use bytes::Bytes;

use crate::facts::{Observer, RequestFacts};
use crate::form::{FormError, Parameters};
use crate::model::{OperationId, Protocol, ServiceModel};

/// The largest body that is read, where a service names no other. Unit: bytes. Source: DynamoDB Developer Guide, quotas.
pub const BODY_SIZE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A request to one operation, of a caller that is known.
pub struct Request<'a> {
    pub operation: OperationId,
    /// Of the request and of its answer.
    pub protocol: Protocol,
    /// Absent only where the operation's requests are not signed.
    pub caller: Option<&'a Caller>,
    /// Absent if nothing wants the request's names.
    pub observer: Option<&'a dyn Observer>,
    pub input: Input<'a>,
    /// Some answers have it.
    pub request_id: &'a str,
    pub transport: Transport,
    pub user_agent: Option<&'a str>,
}

/// What a request has beside its operation, by protocol.
pub enum Input<'a> {
    /// Of the protocols whose operation is in the head.
    Body(Bytes),
    Rest {
        /// The labels of the path, by name, decoded.
        labels: Vec<(&'static str, String)>,
        query: &'a str,
        body: Bytes,
    },
    Form(&'a Parameters),
}

/// An answer before it becomes HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Of HTTP.
    pub status: u16,
    /// In the service's protocol; may be empty.
    pub body: Vec<u8>,
    /// Beside those that every answer has, in small letters.
    pub headers: Vec<(&'static str, String)>,
    /// Set if the body is an exception.
    pub error: Option<ReplyError>,
}

impl Reply {
    /// Without headers of its own.
    pub fn new(status: u16, body: Vec<u8>) -> Reply {
        Reply { status, body, headers: Vec::new(), error: None }
    }

    /// As the exception that the body is.
    #[must_use]
    pub fn with_error(self, error: ReplyError) -> Reply {
        Reply { error: Some(error), ..self }
    }
}

/// What logs and the audit log have of an exception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplyError {
    pub name: &'static str,
    /// The sentence that the client reads.
    pub message: String,
    /// What happened inside, if the failure is this server's. The client does not read it.
    pub detail: Option<String>,
}

/// A refusal of the front end, which each service has in its own words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The caller is unknown, or the signature is not good.
    Caller(Refusal),
    /// The operation that was asked for, and its version; empty where the request names none.
    UnknownOperation {
        name: String,
        version: String,
    },
    /// The body is larger than [`AwsService::body_bytes_max`]; the operation is unknown where a form would have named it.
    TooLarge(Option<OperationId>),
    Body(BodyFault),
    /// A form that cannot be read.
    Form(FormError),
    /// More than the server takes now; SDKs try again.
    Throttled,
    /// A failure of this server. The text is the operator's.
    Internal(String),
}

/// Why a body was not received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyFault {
    /// It ended before its end.
    Broken,
    TooSlow,
    /// It is not what its `Content-Encoding` says.
    Corrupt,
}

pub type Answering<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// One AWS API that this server has.
pub trait AwsService: Send + Sync + 'static {
    fn model(&self) -> &'static ServiceModel;

    /// The largest body that is read. Unit: bytes.
    fn body_bytes_max(&self) -> usize {
        BODY_SIZE_BYTES_MAX
    }

    /// Decodes the request, names its resources to the observer, asks the policies, and executes it. Never fails: a refusal is a
    /// reply too.
    fn call<'a>(&'a self, request: Request<'a>) -> Answering<'a>;

    /// What a request names that was not observed; `None` if it cannot be decoded.
    fn facts(&self, _operation: OperationId, _caller: &Caller, _body: &[u8]) -> Option<RequestFacts> {
        None
    }

    /// The front end's refusal, in the protocol of the request.
    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> Reply;
}
