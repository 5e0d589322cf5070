//! What the API refuses with: names, statuses and bodies as Lambda's service model has them.

use api::Exception;
use aws::{DecodeError, ServiceError};

use super::BODY_SIZE_BYTES_MAX;

/// Of a value in a refusal. Unit: characters.
const VALUE_LENGTH_MAX: usize = 256;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Constraints of the service model that members break.
    Validation(Vec<String>),
    Serialization(String),
    InvalidParameterValue(String),
    ResourceNotFound,
    ResourceConflict(String),
    ResourceInUse(String),
    TooManyRequests,
    /// A body beyond [`BODY_SIZE_BYTES_MAX`], of this operation.
    RequestTooLarge(&'static str),
    /// Of the front end that all AWS services share: its name and sentence.
    Unsigned(&'static str, String),
    UnknownOperation,
    /// Not the client's fault. The text is the operator's.
    Service(String),
}

impl Refusal {
    pub(crate) fn invalid(text: impl Into<String>) -> Refusal {
        Refusal::InvalidParameterValue(text.into())
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Refusal::Validation(_) => "ValidationException",
            Refusal::Serialization(_) => "SerializationException",
            Refusal::InvalidParameterValue(_) => "InvalidParameterValueException",
            Refusal::ResourceNotFound => "ResourceNotFoundException",
            Refusal::ResourceConflict(_) => "ResourceConflictException",
            Refusal::ResourceInUse(_) => "ResourceInUseException",
            Refusal::TooManyRequests => "TooManyRequestsException",
            Refusal::RequestTooLarge(_) => "RequestTooLargeException",
            Refusal::Unsigned(name, _) => name,
            Refusal::UnknownOperation => "UnknownOperationException",
            Refusal::Service(_) => "ServiceException",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Refusal::Validation(_) | Refusal::Serialization(_) | Refusal::InvalidParameterValue(_) => 400,
            Refusal::ResourceInUse(_) => 400,
            Refusal::Unsigned(..) => 403,
            Refusal::ResourceNotFound | Refusal::UnknownOperation => 404,
            Refusal::ResourceConflict(_) => 409,
            Refusal::RequestTooLarge(_) => 413,
            Refusal::TooManyRequests => 429,
            Refusal::Service(_) => 500,
        }
    }

    /// With the members that Lambda's errors have beside their sentence.
    pub(super) fn error(&self) -> ServiceError {
        const USER: &[(&str, &str)] = &[("Type", "User")];
        let (message, members) = match self {
            Refusal::Validation(broken) => {
                let errors = if broken.len() == 1 { "error" } else { "errors" };
                (format!("{} validation {errors} detected: {}", broken.len(), broken.join("; ")), &[][..])
            }
            Refusal::Serialization(text)
            | Refusal::InvalidParameterValue(text)
            | Refusal::ResourceConflict(text)
            | Refusal::ResourceInUse(text) => (text.clone(), USER),
            Refusal::ResourceNotFound => ("The resource you requested does not exist.".to_owned(), USER),
            Refusal::TooManyRequests => {
                ("Rate Exceeded.".to_owned(), &[("Reason", "CallerRateLimitExceeded"), ("Type", "User")][..])
            }
            Refusal::RequestTooLarge(name) => {
                (format!("Request must be smaller than {BODY_SIZE_BYTES_MAX} bytes for the {name} operation"), USER)
            }
            Refusal::Unsigned(_, text) => (text.clone(), &[][..]),
            Refusal::UnknownOperation => ("This server has no such operation of Lambda's API".to_owned(), &[][..]),
            Refusal::Service(_) => ("An internal error occurred.".to_owned(), &[("Type", "Service")][..]),
        };
        let members = members.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let detail = match self {
            Refusal::Service(detail) => Some(detail.clone()),
            _ => None,
        };
        ServiceError { members, detail, ..ServiceError::new(self.name(), self.status(), message) }
    }

    #[cfg(test)]
    pub(super) fn reply(&self) -> aws::Reply {
        aws::codec::refuse(&aws::LAMBDA, aws::Protocol::RestJson, self.error(), "")
    }
}

/// The sentence of a broken constraint. A member is named as requests spell it.
pub(super) fn broken(member: &str, value: &str, constraint: &str) -> String {
    let mut letters = member.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    let member: String = first.into_iter().chain(letters).collect();
    format!("Value '{}' at '{member}' failed to satisfy constraint: {constraint}", beginning(value))
}

/// As much of a text of a request as a refusal repeats.
pub(super) fn beginning(text: &str) -> &str {
    text.char_indices().nth(VALUE_LENGTH_MAX).map_or(text, |(at, _)| &text[..at])
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        match error {
            DecodeError::Broken(broken) => Refusal::Validation(broken.into_sentences()),
            DecodeError::Type { member, .. } => {
                Refusal::Serialization(format!("The value of {member} has another type"))
            }
            DecodeError::Malformed => Refusal::Serialization("Could not parse request body into json".to_owned()),
            DecodeError::TooLarge => Refusal::Serialization(error.to_string()),
        }
    }
}

/// What happens below the API is not the client's fault, unless the server is busy.
impl From<Exception> for Refusal {
    fn from(error: Exception) -> Refusal {
        match error {
            Exception::Throttling { .. } | Exception::TransactionConflict => Refusal::TooManyRequests,
            Exception::InternalServerError(detail) => Refusal::Service(detail),
            other => Refusal::Service(other.to_string()),
        }
    }
}
