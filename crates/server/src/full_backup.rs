//! Full backups: all rows of a database at one moment, in a folder or a bucket.
//!
//! A backup is made below encryption and above the engine: rows are copied as they are stored, so that sealed values stay sealed and
//! valid. The reasons are in `docs/decisions/0030-full-backups.md`.
//!
//! | object | what it is |
//! |---|---|
//! | `catalog-000001.rows`, `items-…`, `index-…`, `log-…`, `pending-…` | rows of one family, in blocks with checksums ([`block`]) |
//! | `manifest.jsonl` | the list of the files, with their sizes, hashes and counts ([`manifest`]); written last |
//!
//! A backup without a manifest does not exist. The rows are read in one snapshot ([`parts`]): by the process that has
//! the folder open, which passes them on over a socket in it ([`socket`]), or from a database by the command. The command writes the files.
//!
//! Modules, lowest first: `block`, `manifest`; `parts`, `place`; `socket`; `source`, `files`; `archive`, `create`, `verify`, `restore`.

mod archive;
mod block;
mod create;

mod files;
mod manifest;
mod parts;
mod place;
mod restore;
mod socket;
mod source;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use create::{AllArguments, create};
pub(crate) use restore::{RestoreArguments, restore};
pub(crate) use socket::OperatorSocket;
pub(crate) use verify::{VerifyArguments, verify};
