//! What IAM and STS refuse with: AWS's codes, each with its status.

use std::fmt;

use ::api::Exception;
use auth::iam::Unpermitted;
use aws::{DecodeError, Protocol, ServiceError, codec};

use super::reply::{self, Api, Reply};

macro_rules! codes {
    ($($code:ident $name:literal $status:literal;)+) => {
        /// Source: IAM API Reference and STS API Reference, "Common error types" and each operation's errors.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Code {
            $($code,)+
        }

        impl Code {
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$code => $name,)+
                }
            }

            pub fn status(self) -> u16 {
                match self {
                    $(Code::$code => $status,)+
                }
            }
        }
    };
}

codes! {
    AccessDenied "AccessDenied" 403;
    ConcurrentModification "ConcurrentModification" 409;
    DeleteConflict "DeleteConflict" 409;
    EntityAlreadyExists "EntityAlreadyExists" 409;
    ExpiredToken "ExpiredToken" 403;
    ExpiredTokenException "ExpiredTokenException" 400;
    IdpCommunicationError "IDPCommunicationError" 400;
    IdpRejectedClaim "IDPRejectedClaim" 403;
    IncompleteSignature "IncompleteSignature" 400;
    InvalidAction "InvalidAction" 400;
    InvalidAuthorizationMessage "InvalidAuthorizationMessageException" 400;
    InvalidClientTokenId "InvalidClientTokenId" 403;
    InvalidIdentityToken "InvalidIdentityToken" 400;
    InvalidInput "InvalidInput" 400;
    InvalidParameterValue "InvalidParameterValue" 400;
    LimitExceeded "LimitExceeded" 409;
    MalformedPolicyDocument "MalformedPolicyDocument" 400;
    MissingAction "MissingAction" 400;
    MissingAuthenticationToken "MissingAuthenticationToken" 403;
    NoSuchEntity "NoSuchEntity" 404;
    NotImplemented "NotImplemented" 501;
    PackedPolicyTooLarge "PackedPolicyTooLarge" 400;
    PolicyEvaluation "PolicyEvaluation" 500;
    ServiceFailure "ServiceFailure" 500;
    ServiceUnavailable "ServiceUnavailable" 503;
    SignatureDoesNotMatch "SignatureDoesNotMatch" 403;
    Throttling "Throttling" 400;
    UnmodifiableEntity "UnmodifiableEntity" 400;
    ValidationError "ValidationError" 400;
}

/// A code and AWS's sentence. Of a failure of this server, the sentence is the operator's and the client gets another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    pub code: Code,
    pub text: String,
}

impl Refusal {
    pub fn new(code: Code, text: impl Into<String>) -> Refusal {
        Refusal { code, text: text.into() }
    }

    pub fn no_such_entity(text: impl Into<String>) -> Refusal {
        Refusal::new(Code::NoSuchEntity, text)
    }

    pub fn invalid_input(text: impl Into<String>) -> Refusal {
        Refusal::new(Code::InvalidInput, text)
    }

    pub fn validation(text: impl Into<String>) -> Refusal {
        Refusal::new(Code::ValidationError, text)
    }

    /// A constraint of the service model that a member breaks.
    pub fn broken(member: &str, value: &str, constraint: &str) -> Refusal {
        Refusal::validation(format!(
            "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: {constraint}",
            aws::beginning(value),
            small(member)
        ))
    }

    pub fn missing(member: &str) -> Refusal {
        Refusal::validation(format!(
            "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
            small(member)
        ))
    }

    pub fn failure(text: impl Into<String>) -> Refusal {
        Refusal::new(Code::ServiceFailure, text)
    }

    /// This server cannot answer now, and may soon.
    pub fn unavailable(text: impl Into<String>) -> Refusal {
        Refusal::new(Code::ServiceUnavailable, text)
    }

    /// No operation has this name.
    pub fn unknown_action(name: &str, version: &str) -> Refusal {
        if name.is_empty() {
            return Refusal::new(Code::MissingAction, "The request must contain the parameter Action.");
        }
        let (name, version) = (aws::beginning(name), aws::beginning(version));
        Refusal::new(Code::InvalidAction, format!("Could not find operation {name} for version {version}"))
    }

    pub fn throttled() -> Refusal {
        Refusal::new(Code::Throttling, "Rate exceeded")
    }

    /// What the operator should know of it.
    pub fn detail(&self) -> Option<&str> {
        (self.code.status() >= 500 && self.code != Code::ServiceUnavailable).then_some(&*self.text)
    }

    /// What the client reads.
    pub fn message(&self) -> &str {
        self.detail().map_or(&*self.text, |_| self.code.of_failure())
    }

    pub fn reply(self, api: Api, request_id: &str) -> Reply {
        let error = ServiceError::new(self.code.name(), self.code.status(), self.message());
        let reply = codec::refuse(api.model(), Protocol::Query, error, request_id);
        Reply { status: reply.status, body: reply::text(reply.body), refusal: Some(self) }
    }
}

impl Code {
    /// What the client reads of a failure.
    fn of_failure(self) -> &'static str {
        match self {
            Code::ServiceUnavailable => "The request has failed due to a temporary failure of the server.",
            _ => FAILURE,
        }
    }
}

const FAILURE: &str = "The request processing has failed because of an unknown error, exception or failure.";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.text)
    }
}

impl std::error::Error for Refusal {}

/// What happens below is not the client's fault, unless the server is busy.
impl From<Exception> for Refusal {
    fn from(error: Exception) -> Refusal {
        match error {
            Exception::Throttling { .. } | Exception::TransactionConflict => Refusal::throttled(),
            Exception::InternalServerError(detail) => Refusal::failure(detail),
            Exception::ServiceUnavailable(text) => Refusal::new(Code::ServiceUnavailable, text),
            other => Refusal::failure(other.to_string()),
        }
    }
}

/// What the caller's policies are refused for.
impl From<Unpermitted> for Refusal {
    fn from(reason: Unpermitted) -> Refusal {
        let code = match reason {
            Unpermitted::Exhausted => Code::LimitExceeded,
            Unpermitted::Denied(_) => Code::AccessDenied,
        };
        Refusal::new(code, reason.to_string())
    }
}

/// A form that is no request to its operation.
impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        Refusal::validation(error.to_string())
    }
}

/// What the signature was refused for, in the words of the Query protocol.
impl From<auth::Refusal> for Refusal {
    fn from(refusal: auth::Refusal) -> Refusal {
        let code = match &refusal {
            auth::Refusal::Missing => Code::MissingAuthenticationToken,
            auth::Refusal::SignedTwice | auth::Refusal::Invalid(_) => Code::SignatureDoesNotMatch,
            auth::Refusal::Unrecognized => Code::InvalidClientTokenId,
            auth::Refusal::Expired => Code::ExpiredToken,
            auth::Refusal::Incomplete(_) => Code::IncompleteSignature,
        };
        Refusal::new(code, refusal.to_string())
    }
}

/// A member's name as sentences spell it.
fn small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_repeats_only_the_beginning_of_a_long_text() {
        let long = "x".repeat(1 << 20);
        for refusal in [Refusal::broken("UserName", &long, "too long"), Refusal::unknown_action(&long, &long)] {
            assert!(refusal.text.contains("xxx") && refusal.text.len() < 1024, "{} bytes", refusal.text.len());
        }
    }
}
