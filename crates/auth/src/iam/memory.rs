//! What parsed policies take in memory: each type counts what it has on the heap, so that caches of policies can be bounded in bytes.
//!
//! A document of short patterns takes dozens of times its text, a document of long ones little more than it, so that no factor
//! of the text's length is a bound.

use std::borrow::Cow;

/// Allocators round sizes up to a multiple of it. Unit: bytes.
const ALLOCATION_BYTES: usize = 16;

pub(super) trait HeapSize {
    /// What it has on the heap, without the value itself. Unit: bytes.
    fn heap_bytes(&self) -> usize;
}

/// Of an allocation that is one value of this size.
pub(super) fn allocation(bytes: usize) -> usize {
    bytes.next_multiple_of(ALLOCATION_BYTES)
}

/// The heap size of a list of values that own no heap memory themselves.
pub(super) fn flat<T>(list: &Vec<T>) -> usize {
    allocation(list.capacity() * size_of::<T>())
}

impl HeapSize for String {
    fn heap_bytes(&self) -> usize {
        allocation(self.capacity())
    }
}

impl HeapSize for Cow<'_, str> {
    fn heap_bytes(&self) -> usize {
        match self {
            Cow::Borrowed(_) => 0,
            Cow::Owned(text) => text.heap_bytes(),
        }
    }
}

impl<T: HeapSize> HeapSize for Vec<T> {
    fn heap_bytes(&self) -> usize {
        flat(self) + self.iter().map(T::heap_bytes).sum::<usize>()
    }
}

impl<T: HeapSize> HeapSize for Option<T> {
    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::heap_bytes)
    }
}
