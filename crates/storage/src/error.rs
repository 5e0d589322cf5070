//! Errors by what the caller does next, not by where they arose.

use std::fmt;

/// Why a read, or an engine as a whole, failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StorageError {
    /// The engine was closed: the server is stopping.
    Closed,
    /// The disk or the connection failed; the text is the operator's.
    Unavailable(String),
    /// What was read cannot be what was written; the text is the operator's.
    Corrupt(String),
    /// The disk, or the memory that an engine may take, is full. Nothing was written. The text is the client's as well.
    Full(&'static str),
    /// The key of these rows may not be used; the text names what denies it, and why.
    Inaccessible(String),
}

/// Why a write was not committed, or why its outcome is unknown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TxError {
    /// Another transaction is under way on one of the keys; `key` is its place in the call's `keys`.
    Conflict {
        key: usize,
    },
    /// The connection was lost during the commit: read the witness.
    Unknown,
    /// More than the engine takes in one batch.
    TooLarge,
    /// Too much is queued: nothing was done, try again later.
    Busy,
    Storage(StorageError),
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageError::Closed => f.write_str("the storage engine is closed"),
            StorageError::Full(text) => f.write_str(text),
            StorageError::Unavailable(text) => write!(f, "the storage engine failed: {text}"),
            StorageError::Inaccessible(text) => write!(f, "the key may not be used: {text}"),
            StorageError::Corrupt(text) => write!(f, "stored data is damaged: {text}"),
        }
    }
}

impl std::error::Error for StorageError {}

impl StorageError {
    /// What happened, without the kind of error before it: to be part of another text.
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            StorageError::Unavailable(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for TxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TxError::Conflict { .. } => f.write_str("another transaction is writing the same rows; try again"),
            TxError::Unknown => f.write_str(
                "the connection to the database was lost during a commit, and the outcome is not known; read the data \
                 before writing again",
            ),
            TxError::TooLarge => f.write_str("the write is larger than the storage engine takes; write less at once"),
            TxError::Busy => f.write_str(
                "storage is too busy: a row stays locked, no connection is free, or the disk does not keep up; try again",
            ),
            TxError::Storage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TxError {}

/// For callers that cannot try again themselves.
impl From<TxError> for StorageError {
    fn from(error: TxError) -> StorageError {
        match error {
            TxError::Storage(error) => error,
            error => StorageError::Unavailable(error.to_string()),
        }
    }
}

impl From<StorageError> for TxError {
    fn from(error: StorageError) -> TxError {
        TxError::Storage(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What operators read says the cause and what to do, once, and not what the code calls it.
    #[test]
    fn errors_are_sentences() {
        let unavailable = || StorageError::Unavailable("no route to host".to_owned());
        let errors =
            [TxError::Conflict { key: 0 }, TxError::Unknown, TxError::TooLarge, TxError::Busy, unavailable().into()];
        for error in errors {
            let name = format!("{error:?}");
            let name = name.split([' ', '(']).next().unwrap_or_default();
            let texts = [error.to_string(), StorageError::from(error).cause()];
            for text in texts {
                assert!(text.contains(' ') && !text.contains(name) && !text.contains('{'), "{text}");
                assert!(text.matches("the storage engine failed").count() <= 1, "{text}");
            }
        }
        assert_eq!(unavailable().cause(), "no route to host");
        assert_eq!(unavailable().to_string(), "the storage engine failed: no route to host");
        assert_eq!(StorageError::Full("full").to_string(), "full");
    }
}
