//! A table's log of changes: what follows writes reads here, and nowhere else (`docs/decisions/0010-change-log.md`).
//!
//! The log consists of shards. Each has records of its own, an item's in the order of its changes, and an end once it is
//! closed. A table that nobody follows has no open shard, and its writes leave no records.

mod keep;
#[cfg(test)]
pub(crate) mod lagging;
mod measure;
mod open;
mod record;
mod roll;
mod shard;
mod trim;

pub(crate) use keep::{follow, is_to_be_kept};
pub(crate) use open::OpenShards;
pub(crate) use record::{Author, Record, append};
pub(crate) use shard::{Closed, Shard, first_since};
