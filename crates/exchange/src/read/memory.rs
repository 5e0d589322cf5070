//! What one record becomes in memory, counted while it is read.
//!
//! The size of a record bounds it badly: a value of a byte is a node of a tree, and an Ion symbol of a byte is a text of any size. So each
//! reader takes what it makes of a record from one [`Memory`], before it makes it.

use std::cell::Cell;
use std::fmt;

use model::limits::ITEM_SIZE_MAX;

use super::RECORD_SIZE_MAX;

/// What one record may take. Unit: bytes. Our own bound.
pub const RECORD_MEMORY_MAX: usize = 32 << 20;
/// A value in the tree of a record, beside its text: the largest node of any reader. Unit: bytes.
const VALUE_SIZE: usize = 64;
/// A name or an annotation, beside its text. Unit: bytes.
const NAME_SIZE: usize = 32;

// A value of an item counts at least one byte for DynamoDB, an empty text of a list: all items of 400 KB can be read.
const _: () = assert!(ITEM_SIZE_MAX * VALUE_SIZE + RECORD_SIZE_MAX <= RECORD_MEMORY_MAX);

/// The count of one record.
#[derive(Default)]
pub(super) struct Memory {
    taken: Cell<usize>,
}

/// More than one record may take.
#[derive(Debug)]
pub(super) struct TooLarge;

impl Memory {
    /// Unit: bytes.
    pub(super) fn taken(&self) -> usize {
        self.taken.get()
    }

    /// Whether a reader has failed with [`TooLarge`].
    pub(super) fn is_exceeded(&self) -> bool {
        self.taken() > RECORD_MEMORY_MAX
    }

    /// A value with so many bytes of text.
    pub(super) fn value(&self, text_size: usize) -> Result<(), TooLarge> {
        self.take(VALUE_SIZE.saturating_add(text_size))
    }

    /// A name of so many bytes.
    pub(super) fn name(&self, size: usize) -> Result<(), TooLarge> {
        self.take(NAME_SIZE.saturating_add(size))
    }

    /// So many bytes of text of a value that is counted.
    pub(super) fn text(&self, size: usize) -> Result<(), TooLarge> {
        self.take(size)
    }

    fn take(&self, size: usize) -> Result<(), TooLarge> {
        self.taken.set(self.taken().saturating_add(size));
        if self.is_exceeded() { Err(TooLarge) } else { Ok(()) }
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a record takes more than {RECORD_MEMORY_MAX} bytes of memory")
    }
}

impl From<TooLarge> for String {
    fn from(why: TooLarge) -> String {
        why.to_string()
    }
}
