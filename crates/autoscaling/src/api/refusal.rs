//! What the API refuses with.

use aws::{APPLICATION_AUTO_SCALING, DecodeError, Protocol, Refusal as Common, ServiceError};
use storage::StorageError;

use crate::rows::{Failure, TARGETS_MAX};

#[derive(Clone, PartialEq, Debug)]
pub enum Refusal {
    /// What all services refuse.
    Common(Common),
    Validation(String),
    NotFound(String),
    Limit(String),
    NextToken,
    /// No target has the ARN.
    NoResource(String),
    TooManyTags(String),
}

impl Refusal {
    pub(super) fn error(self, protocol: Protocol) -> ServiceError {
        match self {
            Refusal::Common(refusal) => refusal.error(&APPLICATION_AUTO_SCALING, protocol),
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
        }
    }
}

impl From<Common> for Refusal {
    fn from(refusal: Common) -> Refusal {
        Refusal::Common(refusal)
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        Refusal::Common(error.into())
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Refusal {
        Refusal::Common(Common::failure(error))
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
