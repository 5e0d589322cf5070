//! An error as its service words it, before it is written in a protocol; and the errors that all services have.
//!
//! Source: "Common errors" of the API references of IAM (Query), Application Auto Scaling (JSON) and Lambda (REST).

use auth::Refusal;

use crate::check::beginning;
use crate::decode_error::DecodeError;
use crate::form::FormError;
use crate::model::{Protocol, ServiceModel};
use crate::service::{BodyFault, Fault};

/// What the client reads of a failure.
const FAILURE: &str = "The request processing has failed because of an unknown error, exception or failure.";

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceError {
    /// The shape's name, if the model has the error.
    pub name: &'static str,
    pub status: u16,
    pub message: String,
    /// Beside the sentence.
    pub members: Vec<(&'static str, String)>,
    /// What happened inside, if the failure is this server's. The client does not read it.
    pub detail: Option<String>,
}

impl ServiceError {
    pub fn new(name: &'static str, status: u16, message: impl Into<String>) -> ServiceError {
        ServiceError { name, status, message: message.into(), members: Vec::new(), detail: None }
    }

    /// A body that is no request to its operation.
    pub fn undecodable(error: &DecodeError, protocol: Protocol) -> ServiceError {
        let name = match (error, protocol) {
            (DecodeError::Broken(_), Protocol::Query) => "ValidationError",
            (DecodeError::Broken(_), _) => "ValidationException",
            (DecodeError::TooLarge, _) => return too_large(protocol, error.to_string()),
            (DecodeError::Malformed | DecodeError::Type { .. }, Protocol::Query) => "MalformedInput",
            (DecodeError::Malformed | DecodeError::Type { .. }, _) => "SerializationException",
        };
        ServiceError::new(name, 400, error.to_string())
    }

    /// A refusal of the front end, for a service that has no words of its own for it. A failure has the name that operators watch, if
    /// it is one of the model's errors.
    pub fn common(service: &ServiceModel, fault: Fault, protocol: Protocol) -> ServiceError {
        let is_form = protocol == Protocol::Query;
        match fault {
            Fault::Caller(refusal) => unsigned(&refusal, protocol),
            Fault::UnknownOperation { name, .. } if is_form && name.is_empty() => {
                ServiceError::new("MissingAction", 400, "The request must contain the parameter Action.")
            }
            Fault::UnknownOperation { name, version } if is_form => {
                let (name, version) = (beginning(&name), beginning(&version));
                let text = format!("Could not find operation {name} for version {version}");
                ServiceError::new("InvalidAction", 400, text)
            }
            Fault::UnknownOperation { .. } => {
                let status = if protocol == Protocol::RestJson { 404 } else { 400 };
                ServiceError::new("UnknownOperationException", status, "The service has no such operation.")
            }
            Fault::TooLarge(_) | Fault::Form(FormError::TooLarge) => {
                too_large(protocol, FormError::TooLarge.to_string())
            }
            Fault::Body(fault) => unreceived(fault, protocol),
            Fault::Form(error) if is_form => ServiceError::new("MalformedQueryString", 404, error.to_string()),
            Fault::Form(error) => ServiceError::new("SerializationException", 400, error.to_string()),
            Fault::Throttled if is_form => ServiceError::new("Throttling", 400, "Rate exceeded"),
            Fault::Throttled => {
                let status = if protocol == Protocol::RestJson { 429 } else { 400 };
                ServiceError::new("ThrottlingException", status, "Rate exceeded")
            }
            Fault::Internal(detail) => {
                let of_model = |name: &&str| service.errors.iter().any(|error| error.name == *name);
                let name = service.watched.first().copied().filter(of_model).unwrap_or("InternalFailure");
                let error = ServiceError::new(name, 500, FAILURE);
                ServiceError { detail: Some(detail), ..error }
            }
        }
    }
}

fn too_large(protocol: Protocol, text: String) -> ServiceError {
    let name = match protocol {
        Protocol::Query => "RequestEntityTooLarge",
        _ => "RequestEntityTooLargeException",
    };
    ServiceError::new(name, 413, text)
}

fn unreceived(fault: BodyFault, protocol: Protocol) -> ServiceError {
    let (of_form, of_json, status, text) = match fault {
        BodyFault::Broken => ("MalformedInput", "SerializationException", 400, "The request's body is broken"),
        BodyFault::TooSlow => {
            ("RequestTimeout", "RequestTimeoutException", 408, "The request's body did not arrive in time")
        }
        BodyFault::Corrupt => {
            let text = "The request's body is not what its Content-Encoding says";
            ("MalformedInput", "SerializationException", 400, text)
        }
    };
    ServiceError::new(if protocol == Protocol::Query { of_form } else { of_json }, status, text)
}

fn unsigned(refusal: &Refusal, protocol: Protocol) -> ServiceError {
    let (of_form, of_json) = match refusal {
        Refusal::Missing => ("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        Refusal::SignedTwice | Refusal::Invalid(_) => ("SignatureDoesNotMatch", "InvalidSignatureException"),
        Refusal::Unrecognized => ("InvalidClientTokenId", "UnrecognizedClientException"),
        Refusal::Expired => ("ExpiredToken", "ExpiredTokenException"),
        Refusal::Incomplete(_) => ("IncompleteSignature", "IncompleteSignatureException"),
    };
    let is_incomplete = matches!(refusal, Refusal::Incomplete(_));
    match protocol {
        Protocol::Query => ServiceError::new(of_form, if is_incomplete { 400 } else { 403 }, refusal.to_string()),
        Protocol::RestJson => ServiceError::new(of_json, 403, refusal.to_string()),
        Protocol::AwsJson | Protocol::RpcV2Cbor => ServiceError::new(of_json, 400, refusal.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_repeats_only_the_beginning_of_a_long_name() {
        let (name, version) = ("n".repeat(1 << 20), "v".repeat(1 << 20));
        let fault = Fault::UnknownOperation { name, version };
        let error = ServiceError::common(&crate::generated::IAM, fault, Protocol::Query);
        assert!(error.message.starts_with("Could not find operation nnn") && error.message.len() < 1024);
    }
}
