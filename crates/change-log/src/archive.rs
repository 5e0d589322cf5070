//! The archive of a table's log: segments of its records in their order, compressed, for point-in-time recovery.
//!
//! A segment has two rows: its content, under the archive's name and its last position in the family of logs, and its header in the
//! catalog, by which a moment is found without the contents; with a store the content is an object of it, which the header names. A third row
//! has the archive's state.
//!
//! Headers and states are JSON, as definitions are.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use storage::{Key, log};
use tables::{Unknown, rows};

use crate::segment_object::SegmentObject;

/// What of a log is archived.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArchiveState {
    /// All records behind this position, up to `archived`, are in segments.
    pub from: u64,
    /// The earliest moment that the segments go back to.
    pub from_ms: u64,
    /// The last position that is in a segment, or was.
    pub archived: u64,
    /// Where a store has manifests of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreState>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// The manifests of an archive in a store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StoreState {
    /// What the names of all of its objects begin with.
    pub folder: String,
    /// The last manifest that says what this state says.
    pub manifest: u64,
    /// The token of the next one. All archivers of this database write the same, and no other database does.
    pub next: String,
}

/// What is known of a segment without its content. Its last position is in the row's key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentHeader {
    /// The position of the first record.
    pub first: u64,
    /// When the last of its changes was made, by their own times, and no later than it was archived: a clock that was ahead for a
    /// while does not make later segments unreachable.
    pub until_ms: u64,
    /// None: the content is a row of the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<SegmentObject>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl ArchiveState {
    /// Of an archive that begins behind a position.
    pub fn new(head: u64, now_ms: u64) -> ArchiveState {
        ArchiveState { from: head, from_ms: now_ms, archived: head, store: None, unknown: Unknown::new() }
    }

    pub fn read(row: &[u8]) -> Option<ArchiveState> {
        // A state that is not in order would have a moment looked for where it is not.
        serde_json::from_slice(row).ok().filter(|state: &ArchiveState| state.from <= state.archived)
    }

    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl SegmentHeader {
    pub fn new(first: u64, until_ms: u64) -> SegmentHeader {
        SegmentHeader { first, until_ms, object: None, unknown: Unknown::new() }
    }

    pub fn read(row: &[u8]) -> Option<SegmentHeader> {
        serde_json::from_slice(row).ok()
    }

    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

/// A structure of numbers is always encoded.
fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}

/// The row of a segment's content.
pub fn segment_row(table_id: u64, log: u32, last: u64) -> Key {
    log::record(&rows::archive(table_id, log), last)
}

/// The row of the key that seals the objects of a log's archive, if they are sealed. It is beside the contents: encrypted as they are, and
/// destroyed with them. Records begin with position 1.
pub fn archive_key_row(table_id: u64, log: u32) -> Key {
    log::record(&rows::archive(table_id, log), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_headers_are_read_as_they_were_written() {
        let state = ArchiveState { from: 1, from_ms: 2, archived: 3, store: None, unknown: Unknown::new() };
        assert_eq!(ArchiveState::read(&state.encode()), Some(state));
        assert_eq!(ArchiveState::read(br#"{"from":4,"from_ms":2,"archived":3}"#), None);
        let header = SegmentHeader::new(4, 5);
        assert_eq!(SegmentHeader::read(&header.encode()), Some(header));
        assert_eq!(SegmentHeader::read(b"{}"), None);
    }
}
