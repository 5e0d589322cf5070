//! A table's log of changes: the one source of every consumer of changes (`docs/decisions/0010-change-log.md`).
//!
//! The log consists of shards. Each has records of its own, an item's in the order of its changes, and an end once it is
//! closed; a reader continues from a shard's end with its children. A table without consumers has no open shard, and its
//! writes add no records.
//!
//! A reader takes a view that shows all acknowledged changes (`Service::view_of_logs`), lists the shards in the
//! order in which they were made, each with its parent (`Shard::list`), and reads each one page by page
//! (`Service::page_of_shard`), a child after its parent's end.

mod archive;
mod archive_manifest;
mod ends;
mod heat;
mod keep;
pub mod lag;
#[cfg(any(test, feature = "test-util"))]
pub mod lagging;
mod record;
mod segment;
mod segment_object;
mod shard;

pub use archive::{ArchiveState, SegmentHeader, StoreState, archive_key_row, segment_row};
pub use archive_manifest::{ArchiveManifest, MANIFEST_SIZE_MAX, ManifestPage, PAGE_SEGMENTS, PageEntry, SegmentEntry};
pub use ends::Mark;
pub use heat::{Heat, Hot, ShardSettings};
pub use keep::{follow, is_to_be_kept, outlives_table, removed_consumers};
pub use record::{Author, Content, Header, LogRecord, Made, Record, append};
pub use segment::{encode_segment, read_segment};
pub use segment_object::{
    ArchiveKey, OBJECT_SIZE_MAX, ObjectDamage, ReadObject, RecordsHash, SegmentObject, encode_object, read_object,
};
pub use shard::{Closed, Shard};
