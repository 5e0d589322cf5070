//! A table's log of changes: what follows writes reads here, and nowhere else (`docs/decisions/0010-change-log.md`).
//!
//! The log consists of shards. Each has records of its own, an item's in the order of its changes, and an end once it is
//! closed; who has read a shard to its end goes on with its children. A table that nobody follows has no open shard, and
//! its writes leave no records.
//!
//! A reader asks for a view that shows all changes that were answered (`Service::view_of_logs`), lists the shards in the
//! order in which they were made, each with its parent (`Shard::list`), and reads each one page by page
//! (`Service::page_of_shard`), a child after its parent's end.

mod heat;
mod keep;
#[cfg(test)]
pub(crate) mod lagging;
mod record;
mod shard;

pub use heat::ShardSettings;
pub(crate) use heat::{Heat, Hot};
pub(crate) use keep::{follow, is_to_be_kept, outlives_table, removed_consumers};
pub use record::{Author, LogRecord};
pub(crate) use record::{Content, Header, Record, append};
pub(crate) use shard::{Closed, Shard};
