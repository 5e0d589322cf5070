//! The archive of a table's log: segments of its records in their order, compressed, for point-in-time recovery.
//!
//! A segment has two rows: its content, under the archive's name and its last position in the family of logs, and its header in the
//! catalog, by which a moment is found without the contents. A third row has the archive's state.
//!
//! | bytes of a content | what |
//! |---|---|
//! | 1 | format: [`FORMAT`] |
//! | 4 | CRC-32 of all that follows (big-endian) |
//! | 8 | the position of the first record (big-endian) |
//! | 4 | size of the records before compression (big-endian) |
//! | n | LZ4 block of the records, one after the other: size (4, big-endian), the record as its log has it |
//!
//! Positions are dense, so the first one gives all. Headers and states are JSON, as definitions are.

use bytes::{Buf, BufMut, Bytes};
use serde::{Deserialize, Serialize};
use storage::{Key, log};
use tables::{Unknown, rows};

const FORMAT: u8 = 1;
const HEAD_SIZE: usize = 1 + 4;
/// Far more than a segment is made of: a damaged size allocates no more.
const RECORDS_SIZE_MAX: usize = 64 << 20;

/// What of a log is archived.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArchiveState {
    /// All records behind this position, up to `archived`, are in segments.
    pub from: u64,
    /// The earliest moment that the segments go back to.
    pub from_ms: u64,
    /// The last position that is in a segment, or was.
    pub archived: u64,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// What is known of a segment without its content. Its last position is in the row's key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentHeader {
    /// The position of the first record.
    pub first: u64,
    /// When the last of its changes was made, by their own times, and no later than it was archived: a clock that was ahead for a
    /// while does not make later segments unreachable.
    pub until_ms: u64,
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl ArchiveState {
    /// Of an archive that begins behind a position.
    pub fn new(head: u64, now_ms: u64) -> ArchiveState {
        ArchiveState { from: head, from_ms: now_ms, archived: head, unknown: Unknown::new() }
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
        SegmentHeader { first, until_ms, unknown: Unknown::new() }
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

/// The content of a segment with these records, the first of which has the position `first`.
pub fn encode_segment<'a>(first: u64, records: impl Iterator<Item = &'a Bytes>) -> Bytes {
    let mut plain = Vec::new();
    for record in records {
        // A record is far smaller than 4 GB.
        plain.put_u32(record.len() as u32);
        plain.extend_from_slice(record);
    }
    let mut rest = Vec::with_capacity(plain.len() / 2);
    rest.put_u64(first);
    rest.put_u32(plain.len() as u32);
    rest.extend_from_slice(&lz4_flex::block::compress(&plain));
    let mut content = Vec::with_capacity(HEAD_SIZE + rest.len());
    content.put_u8(FORMAT);
    content.put_u32(crc32fast::hash(&rest));
    content.extend_from_slice(&rest);
    content.into()
}

/// The position of the first record, and the records. `None` if it is no segment that was written whole.
pub fn read_segment(content: &[u8]) -> Option<(u64, Vec<Bytes>)> {
    let (head, mut rest) = content.split_at_checked(HEAD_SIZE)?;
    let (format, mut crc) = head.split_first()?;
    if *format != FORMAT || crc.try_get_u32().ok()? != crc32fast::hash(rest) {
        return None;
    }
    let first = rest.try_get_u64().ok()?;
    let size = usize::try_from(rest.try_get_u32().ok()?).ok().filter(|size| *size <= RECORDS_SIZE_MAX)?;
    let mut plain = Bytes::from(lz4_flex::block::decompress(rest, size).ok()?);
    let mut records = Vec::new();
    while plain.has_remaining() {
        let size = usize::try_from(plain.try_get_u32().ok()?).ok().filter(|size| *size <= plain.len())?;
        records.push(plain.split_to(size));
    }
    Some((first, records))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Bytes> {
        vec![Bytes::from_static(b"one"), Bytes::new(), Bytes::from(vec![7; 100_000])]
    }

    #[test]
    fn segments_are_read_as_they_were_written() {
        let content = encode_segment(17, records().iter());
        assert!(content.len() < 1_000, "repeated bytes are compressed: {}", content.len());
        assert_eq!(read_segment(&content), Some((17, records())));
        assert_eq!(read_segment(&encode_segment(3, [].iter())), Some((3, vec![])));
    }

    #[test]
    fn a_damaged_segment_is_none() {
        let content = encode_segment(17, records().iter());
        for at in 0..content.len() {
            let mut damaged = content.to_vec();
            damaged[at] ^= 1;
            assert_eq!(read_segment(&damaged), None, "byte {at}");
            assert_eq!(read_segment(&content[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn states_and_headers_are_read_as_they_were_written() {
        let state = ArchiveState { from: 1, from_ms: 2, archived: 3, unknown: Unknown::new() };
        assert_eq!(ArchiveState::read(&state.encode()), Some(state));
        assert_eq!(ArchiveState::read(br#"{"from":4,"from_ms":2,"archived":3}"#), None);
        let header = SegmentHeader::new(4, 5);
        assert_eq!(SegmentHeader::read(&header.encode()), Some(header));
        assert_eq!(SegmentHeader::read(b"{}"), None);
    }
}
