//! What the API refuses with.

use aws::{DecodeError, Members, OperationId, Protocol, ServiceError, Structure};
use storage::StorageError;

use crate::rows::{Failure, TARGETS_MAX};

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Refusal {
    Undecodable(DecodeError),
    Denied(String),
    Unsigned,
    /// An operation that this server does not have.
    NotBuilt(&'static str),
    Validation(String),
    NotFound(String),
    Limit(String),
    NextToken,
    /// No target has the ARN.
    NoResource(String),
    TooManyTags(String),
    /// A failure of this server. The text is the operator's.
    Failure(String),
}

impl Refusal {
    pub(super) fn error(self, protocol: Protocol) -> ServiceError {
        match self {
            Refusal::Undecodable(error) => ServiceError::undecodable(&error, protocol),
            Refusal::Denied(text) => ServiceError::new("AccessDeniedException", 400, text),
            Refusal::Unsigned => {
                ServiceError::new("MissingAuthenticationTokenException", 403, "Missing Authentication Token")
            }
            Refusal::NotBuilt(operation) => {
                let text = format!("This server has no operation {operation} of Application Auto Scaling's API");
                ServiceError::new("UnknownOperationException", 400, text)
            }
            Refusal::Validation(text) => ServiceError::new("ValidationException", 400, text),
            Refusal::NotFound(text) => ServiceError::new("ObjectNotFoundException", 400, text),
            Refusal::Limit(text) => ServiceError::new("LimitExceededException", 400, text),
            Refusal::NextToken => ServiceError::new("InvalidNextTokenException", 400, "The next token is not valid"),
            Refusal::NoResource(arn) => {
                let text = format!("The specified resource doesn't exist: {arn}");
                let error = ServiceError::new("ResourceNotFoundException", 400, text);
                ServiceError { members: vec![("ResourceName", arn)], ..error }
            }
            Refusal::TooManyTags(arn) => {
                let error = ServiceError::new("TooManyTagsException", 400, "A resource can have at most 50 tags");
                ServiceError { members: vec![("ResourceName", arn)], ..error }
            }
            Refusal::Failure(detail) => {
                let text = "The request processing has failed because of an unknown error, exception or failure.";
                ServiceError { detail: Some(detail), ..ServiceError::new("InternalServiceException", 500, text) }
            }
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        Refusal::Undecodable(error)
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Refusal {
        Refusal::Failure(error.to_string())
    }
}

impl From<Failure<Refusal>> for Refusal {
    fn from(failure: Failure<Refusal>) -> Refusal {
        match failure {
            Failure::Refused(refusal) => refusal,
            Failure::TooMany => {
                Refusal::Limit(format!("The maximum limit of {TARGETS_MAX} scalable targets has been exceeded."))
            }
            Failure::TooLarge => {
                let text = "The scheduled actions and the tags of a scalable target may have 64 KiB together.";
                Refusal::Limit(text.to_owned())
            }
            Failure::Storage(error) => error.into(),
        }
    }
}

/// What the audit log has of a request.
pub(super) fn names(operation: OperationId, request: &Structure) -> Vec<(&'static str, String)> {
    let members = Members::of_request(operation, request);
    let named = [
        ("serviceNamespace", "ServiceNamespace"),
        ("resourceId", "ResourceId"),
        ("scalableDimension", "ScalableDimension"),
        ("policyName", "PolicyName"),
        ("scheduledActionName", "ScheduledActionName"),
        ("resourceARN", "ResourceARN"),
    ];
    named.iter().filter_map(|(shown, member)| Some((*shown, members.text(member)?.to_owned()))).collect()
}
