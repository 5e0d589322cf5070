//! The owner of the data keys that a row is encrypted with: the database, or a table that has a key of its own.

use storage::StorageError;

/// The owner of data keys: a table's id, or [`DATABASE`].
pub(crate) type Scope = u64;
pub(crate) const DATABASE: Scope = 0;

/// Why a value is neither to be sealed nor to be read just now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NoScope {
    /// The table has to be looked at first.
    Unknown(u64),
    Inaccessible(StorageError),
}
