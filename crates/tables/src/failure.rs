//! Failures of storage: the one place where an engine's error becomes an exception, and why a database cannot be opened.

use std::fmt;

use api::Exception;
use storage::{StorageError, TxError};

/// A read that failed. The client may retry; the exception has the cause for the operator's log.
pub fn storage_failure(error: StorageError) -> Exception {
    match error {
        // DynamoDB's text, with the KMS's own.
        StorageError::Inaccessible(text) => Exception::AccessDenied(format!("KMS key access denied error: {text}")),
        // Not an internal error: a log line for each request would not help against a full disk.
        StorageError::Full(text) => Exception::ServiceUnavailable(text.to_owned()),
        error => Exception::internal(error.to_string()),
    }
}

/// A write that failed, or with an unknown outcome.
pub fn write_failure(error: TxError) -> Exception {
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
    /// The engine is away, or the outcome of a write is unknown: opening again may succeed.
    Away(String),
    /// A row that this program cannot have written.
    Malformed(String),
}

impl OpenError {
    /// Of a write that opening makes, and can make again.
    pub fn of_write(error: TxError) -> OpenError {
        match error {
            TxError::Storage(StorageError::Unavailable(text)) => OpenError::Away(text),
            TxError::Storage(error) => OpenError::Storage(error),
            TxError::Unknown => OpenError::Away("a commit has had no answer, and may have been made".to_owned()),
            TxError::Busy | TxError::Conflict { .. } => OpenError::Away(error.to_string()),
            TxError::TooLarge => OpenError::Malformed(error.to_string()),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Storage(error) => error.fmt(f),
            OpenError::Away(text) => write!(f, "the storage engine failed: {text}"),
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
