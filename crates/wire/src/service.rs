//! DynamoDB and DynamoDB Streams as services of the handler: two models over one set of operations.

use std::sync::Arc;

use api::{Exception, Operation};
use auth::{Caller, Refusal};
use aws::{
    Answering, AwsService, BodyFault, DYNAMODB, DYNAMODB_STREAMS, Fault, Input, OperationId, Protocol, Reply, Request,
    RequestContext, RequestFacts, ServiceModel,
};
use bytes::Bytes;
use ops::Service;

use crate::{dispatch, exception};

/// Source: DynamoDB's answer to a body of more than 16 MiB.
const TOO_LARGE: &str =
    r#"{"__type":"com.amazon.coral.service#RequestEntityTooLargeException","message":"Request entity too large"}"#;
const BROKEN: &str =
    r#"{"__type":"com.amazon.coral.service#SerializationException","message":"The request's body is broken"}"#;
const TOO_SLOW: &str = r#"{"__type":"com.amazon.coral.service#RequestTimeoutException","message":"The request's body did not arrive in time"}"#;
const BAD_REQUEST: u16 = 400;
const REQUEST_TIMEOUT: u16 = 408;
const PAYLOAD_TOO_LARGE: u16 = 413;

/// One of the two APIs.
pub struct DynamoDb {
    service: Arc<Service>,
    model: &'static ServiceModel,
}

impl DynamoDb {
    pub fn new(service: &Arc<Service>) -> DynamoDb {
        DynamoDb { service: Arc::clone(service), model: &DYNAMODB }
    }

    pub fn streams(service: &Arc<Service>) -> DynamoDb {
        DynamoDb { service: Arc::clone(service), model: &DYNAMODB_STREAMS }
    }
}

impl AwsService for DynamoDb {
    fn model(&self) -> &'static ServiceModel {
        self.model
    }

    fn call<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        let (Some(operation), Some(caller)) = (operation(request.operation), request.caller) else {
            return Box::pin(async { exception(&Exception::UnknownOperation) });
        };
        let body = match request.input {
            Input::Body(body) | Input::Rest { body, .. } => body,
            Input::Form(_) => Bytes::new(),
        };
        let context = RequestContext { caller, observer: request.observer };
        Box::pin(dispatch::handle(&self.service, operation, context, body))
    }

    fn facts(&self, operation: OperationId, caller: &Caller, body: &[u8]) -> Option<RequestFacts> {
        dispatch::facts(&self.service, self::operation(operation)?, caller, body)
    }

    fn refuse(&self, fault: Fault, _protocol: Protocol, _request_id: &str) -> Reply {
        exception(&match fault {
            Fault::Caller(refusal) => unsigned(refusal),
            Fault::UnknownOperation { .. } => Exception::UnknownOperation,
            Fault::TooLarge(_) => return plain(PAYLOAD_TOO_LARGE, TOO_LARGE),
            Fault::Body(BodyFault::Broken) => return plain(BAD_REQUEST, BROKEN),
            Fault::Body(BodyFault::TooSlow) => return plain(REQUEST_TIMEOUT, TOO_SLOW),
            // Not this server's, although DynamoDB says so.
            Fault::Body(BodyFault::Corrupt) => {
                let theirs = exception(&Exception::internal(String::new()));
                return Reply { error: None, ..theirs };
            }
            Fault::Form(error) => Exception::Serialization(error.to_string()),
            Fault::Throttled => Exception::throttled(),
            Fault::Internal(detail) => Exception::internal(detail),
        })
    }
}

/// DynamoDB's service model has no words for most bodies that do not arrive: the statuses are HTTP's.
fn plain(status: u16, body: &str) -> Reply {
    Reply::new(status, body.as_bytes().to_vec())
}

/// The typed list has the operations of both models, one behind the other.
fn operation(id: OperationId) -> Option<Operation> {
    let before = if std::ptr::eq(id.service(), &DYNAMODB) { 0 } else { DYNAMODB.operations.len() };
    Operation::ALL.get(before + id.place()).copied()
}

fn unsigned(refusal: Refusal) -> Exception {
    let text = refusal.to_string();
    match refusal {
        Refusal::Missing => Exception::MissingAuthenticationToken(text),
        Refusal::SignedTwice | Refusal::Invalid(_) => Exception::InvalidSignature(text),
        Refusal::Incomplete(_) => Exception::IncompleteSignature(text),
        Refusal::Unrecognized => Exception::UnrecognizedClient(text),
        Refusal::Expired => Exception::ExpiredToken(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of operations that is typed, and the models that requests are routed by.
    #[test]
    fn models_and_operations_agree() {
        let models = || DYNAMODB.operations().chain(DYNAMODB_STREAMS.operations());
        assert!(models().map(OperationId::name).eq(Operation::ALL.iter().map(|operation| operation.name())));
        assert!(models().map(|id| operation(id).expect("an operation")).eq(Operation::ALL.iter().copied()));
    }
}
