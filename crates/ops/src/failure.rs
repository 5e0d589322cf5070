//! Failures of what is stored: the one place where an engine's becomes an exception, and why a database cannot be opened.

use std::fmt;

use api::Exception;
use storage::{StorageError, TxError};

/// A read that failed. The client may try again; what happened is told to the operator.
pub(crate) fn storage_failure(error: StorageError) -> Exception {
    match error {
        // As DynamoDB says it, with the words of its KMS.
        StorageError::Inaccessible(text) => Exception::AccessDenied(format!("KMS key access denied error: {text}")),
        // Nothing is wrong that a line of the log a request would help with.
        StorageError::Full(text) => Exception::ServiceUnavailable(text.to_owned()),
        error => Exception::internal(error.to_string()),
    }
}

/// A plain write that was not made, or of which nobody knows.
pub(crate) fn write_failure(error: TxError) -> Exception {
    match error {
        TxError::Conflict { .. } => Exception::TransactionConflict,
        TxError::Busy => Exception::throttled(),
        TxError::Storage(error) => storage_failure(error),
        error @ (TxError::TooLarge | TxError::Unknown) => Exception::internal(error.to_string()),
    }
}

/// Why the stored database cannot be served.
#[derive(Debug)]
pub enum OpenError {
    Storage(StorageError),
    /// A row that this program did not write so.
    Malformed(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Storage(error) => error.fmt(f),
            OpenError::Malformed(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<StorageError> for OpenError {
    fn from(error: StorageError) -> OpenError {
        OpenError::Storage(error)
    }
}
