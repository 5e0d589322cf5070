//! Why an object is not stored, read or listed: what DynamoDB reports of an export or import that fails.
//!
//! Source of codes and texts: exports and imports on AWS, October 2026 (`S3NoSuchBucket`, `S3AccessDenied`,
//! `KmsNotFoundException`); the other codes are Stator's own.

use std::fmt;

use crate::place::InvalidName;

/// Each has its message; [`ObjectError::AlreadyExists`] is a result that its caller handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectError {
    NoSuchBucket(String),
    NoSuchKey(String),
    /// Also for a bucket that belongs to another account than the expected one.
    AccessDenied(String),
    KmsNotFound(String),
    /// There is an object at a place that must have none.
    AlreadyExists,
    /// The server has no store: the message names the flag.
    Setting(String),
    /// The server did not answer, or refused what may pass, for as long as a call is attempted.
    Unavailable(String),
    /// It cannot succeed, also later: a key that no file can have, or that is a folder's.
    Refused(String),
    /// All others: a full disk.
    Failed(String),
}

impl ObjectError {
    /// The `FailureCode` of an export, an import or a bulk operation.
    pub fn failure_code(&self) -> &'static str {
        match self {
            // A server without a store has no bucket either.
            ObjectError::NoSuchBucket(_) | ObjectError::Setting(_) => "S3NoSuchBucket",
            ObjectError::NoSuchKey(_) => "S3NoSuchKey",
            ObjectError::AccessDenied(_) => "S3AccessDenied",
            ObjectError::KmsNotFound(_) => "KmsNotFoundException",
            ObjectError::AlreadyExists => "S3PreconditionFailed",
            ObjectError::Unavailable(_) | ObjectError::Refused(_) | ObjectError::Failed(_) => "InternalServerError",
        }
    }

    /// The `FailureMessage` of an export, an import or a bulk operation.
    pub fn failure_message(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ObjectError::NoSuchBucket(message)
            | ObjectError::NoSuchKey(message)
            | ObjectError::AccessDenied(message)
            | ObjectError::KmsNotFound(message)
            | ObjectError::Setting(message)
            | ObjectError::Unavailable(message)
            | ObjectError::Refused(message)
            | ObjectError::Failed(message) => f.write_str(message),
            ObjectError::AlreadyExists => f.write_str("the object already exists"),
        }
    }
}

impl std::error::Error for ObjectError {}

impl From<InvalidName> for ObjectError {
    fn from(error: InvalidName) -> ObjectError {
        ObjectError::Refused(error.to_string())
    }
}

/// What S3 has said, in the words of AWS's own SDK, which DynamoDB passes on.
pub(crate) struct S3Words<'a> {
    pub(crate) message: &'a str,
    pub(crate) status: u16,
    pub(crate) code: &'a str,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) extended_request_id: Option<&'a str>,
}

impl fmt::Display for S3Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let S3Words { message, status, code, request_id, extended_request_id } = self;
        let (id, extended) = (request_id.unwrap_or("null"), extended_request_id.unwrap_or("null"));
        write!(f, "{message} (Service: Amazon S3; Status Code: {status}; Error Code: {code}; ")?;
        write!(f, "Request ID: {id}; S3 Extended Request ID: {extended}; Proxy: null)")
    }
}

impl<'a> S3Words<'a> {
    pub(crate) fn no_such_bucket() -> S3Words<'a> {
        S3Words {
            message: "The specified bucket does not exist",
            status: 404,
            code: "NoSuchBucket",
            request_id: None,
            extended_request_id: None,
        }
    }

    pub(crate) fn no_such_key() -> S3Words<'a> {
        S3Words { message: "The specified key does not exist.", code: "NoSuchKey", ..S3Words::no_such_bucket() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_aws() {
        let words = S3Words { request_id: Some("A1"), extended_request_id: Some("x="), ..S3Words::no_such_bucket() };
        assert_eq!(
            words.to_string(),
            "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket; \
             Request ID: A1; S3 Extended Request ID: x=; Proxy: null)"
        );
        let error = ObjectError::NoSuchBucket(S3Words::no_such_bucket().to_string());
        assert_eq!(error.failure_code(), "S3NoSuchBucket");
        assert!(error.failure_message().ends_with("Request ID: null; S3 Extended Request ID: null; Proxy: null)"));
        assert_eq!(ObjectError::Setting(String::new()).failure_code(), "S3NoSuchBucket");
    }
}
