//! What S3's refusals mean: which may pass, and which error each is.

use client::{Answer, Trouble};

use crate::error::{ObjectError, S3Words};
use crate::s3::xml::{self, ErrorBody};

/// Error codes of requests that may succeed later, whatever their status. Source: Amazon S3 API Reference, "List of error codes".
const PASSING: [&str; 9] = [
    "ConditionalRequestConflict",
    "InternalError",
    "OperationAborted",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
];
/// As much as is shown of a message. Unit: bytes.
const MESSAGE_BYTES_MAX: usize = 500;

/// A reply with an error.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    body: ErrorBody,
}

impl Refusal {
    /// `None` for a reply that is none. S3 may refuse to complete an upload behind a status of 200; of a success of any other method the
    /// body may be an object, whatever it looks like.
    pub(super) fn of(method: &str, answer: &Answer) -> Option<Refusal> {
        let is_success = matches!(answer.status, 200..=299);
        if is_success && method != "POST" {
            return None;
        }
        let body = xml::error(&answer.body);
        if is_success && body.is_none() {
            return None;
        }
        let header = |name| answer.header(name).map(str::to_owned);
        let mut body = body.unwrap_or_default();
        body.request_id = header("x-amz-request-id").or(body.request_id);
        body.host_id = header("x-amz-id-2").or(body.host_id);
        Some(Refusal { status: answer.status, body })
    }

    pub(super) fn code(&self) -> &str {
        &self.body.code
    }

    pub(super) fn may_pass(&self) -> bool {
        self.status >= 500 || self.status == 429 || PASSING.contains(&self.code())
    }

    /// Replies without a body, as those to HEAD, have a status alone. What may pass was attempted until its time was over.
    pub(super) fn into_error(self) -> ObjectError {
        let words = self.words();
        match (self.body.code.as_str(), self.status) {
            ("NoSuchBucket", _) => ObjectError::NoSuchBucket(words),
            ("NoSuchKey", _) | ("", 404) => ObjectError::NoSuchKey(words),
            ("KMS.NotFoundException", _) => ObjectError::KmsNotFound(words),
            ("PreconditionFailed", _) | ("", 412) => ObjectError::AlreadyExists,
            (_, 401 | 403) => ObjectError::AccessDenied(words),
            _ if self.may_pass() => ObjectError::Unavailable(words),
            _ => ObjectError::Failed(words),
        }
    }

    /// In the words of AWS's own SDK.
    pub(super) fn words(&self) -> String {
        let ErrorBody { code, message, request_id, host_id } = &self.body;
        let shown = |text: &str| base::visible(base::cut(text, MESSAGE_BYTES_MAX)).into_owned();
        let (message, code) = (shown(message), shown(code));
        let message = match (code.as_str(), message.as_str(), self.status) {
            ("NoSuchBucket", ..) => "The specified bucket does not exist",
            (_, "", 403) => "Access Denied",
            (_, "", _) => "The request was refused",
            (_, message, _) => message,
        };
        let (request_id, host_id) = (request_id.as_deref().map(shown), host_id.as_deref().map(shown));
        let words = S3Words {
            message,
            status: self.status,
            code: &code,
            request_id: request_id.as_deref(),
            extended_request_id: host_id.as_deref(),
        };
        words.to_string()
    }
}

/// A call without a reply. What it says is for a client of this server, too, so that it has no address in it.
pub(super) fn unreached(trouble: &Trouble) -> ObjectError {
    ObjectError::Unavailable(format!("the object store could not be reached (see --s3-endpoint): {trouble}"))
}
