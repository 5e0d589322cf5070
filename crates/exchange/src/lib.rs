//! Items in files: the formats of DynamoDB's exports and imports.
//!
//! Pure, as `model` is: bytes in, bytes out; the caller has the sockets and the files.
//! [`write`](mod@write) makes lines of DynamoDB JSON and of Ion text, straight from stored items, and the compressed file that
//! contains them.

pub mod write;
