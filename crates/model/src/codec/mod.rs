//! How items and keys become bytes, on disk and on the wire.

pub mod json;
pub mod key;
pub mod row;

pub use crate::value::compact;
