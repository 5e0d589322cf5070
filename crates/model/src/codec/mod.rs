//! How items and keys become bytes, on disk and on the wire.

pub mod compact;
pub mod json;
pub mod key;
pub mod row;
