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
    /// The key of these rows may not be used; the text says who says so, and why.
    Inaccessible(String),
}

/// Why a write was not committed, or why nobody knows.
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
            StorageError::Unavailable(text) => write!(f, "the storage engine failed: {text}"),
            StorageError::Inaccessible(text) => write!(f, "the key may not be used: {text}"),
            StorageError::Corrupt(text) => write!(f, "stored data is damaged: {text}"),
        }
    }
}

impl std::error::Error for StorageError {}

impl From<StorageError> for TxError {
    fn from(error: StorageError) -> TxError {
        TxError::Storage(error)
    }
}
