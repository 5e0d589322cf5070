//! Items in files: the formats of DynamoDB's exports and imports.
//!
//! Pure, as `model` is: bytes in, bytes out; the caller has the sockets and the files.
//! - [`write`](mod@write) makes lines of DynamoDB JSON, of Ion text, of plain JSON and of CSV, straight from stored items, and the compressed
//!   file that contains them.
//! - [`read`] finds the items of one object, in DynamoDB JSON, Ion (text and binary), plain JSON and CSV, plain or compressed. Its memory is
//!   bounded by a record and a window of the decompressor, whatever the object says.

pub mod read;
pub mod write;
