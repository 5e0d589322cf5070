//! The rows of a log in [`Family::Log`]: its records by their positions, and its head.
//!
//! | row | key | value |
//! |---|---|---|
//! | head: the last position that was given out | the log's name | position (8, big-endian) |
//! | a record | the log's name · position (8, big-endian) | as it was appended |
//!
//! Positions are dense and begin with 1. A record that can be seen has all its predecessors before it, but for those
//! that were deleted, so that a reader that continues behind the last record it saw misses nothing. Records may be
//! deleted like other rows; the head stays, so that no position is given out twice. Only the log's destruction takes it
//! away.

use bytes::Bytes;

use crate::key::{Family, Key};

const POSITION_SIZE: usize = size_of::<u64>();

/// The row of the last position.
pub fn head(log: Bytes) -> Key {
    Key { family: Family::Log, bytes: log }
}

pub fn record(log: &[u8], position: u64) -> Key {
    let mut bytes = Vec::with_capacity(log.len() + POSITION_SIZE);
    bytes.extend_from_slice(log);
    bytes.extend_from_slice(&position.to_be_bytes());
    Key::new(Family::Log, bytes)
}

/// The position of a record of this log; none if the key is another row's.
pub fn position(log: &[u8], key: &[u8]) -> Option<u64> {
    key.strip_prefix(log)?.try_into().ok().map(u64::from_be_bytes)
}

pub fn encode_head(last: u64) -> Bytes {
    Bytes::copy_from_slice(&last.to_be_bytes())
}

/// The last position of a head; 0 of a log that has none yet. `None` if it is not a head.
pub fn decode_head(row: Option<&Bytes>) -> Option<u64> {
    row.map_or(Some(0), |row| row[..].try_into().ok().map(u64::from_be_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_positions_in_order() {
        let positions = [1, 2, 255, 256, u64::MAX];
        let keys = positions.map(|at| record(b"log", at));
        assert!(keys.is_sorted());
        assert!(head(Bytes::from_static(b"log")) < keys[0]);
        for (key, at) in keys.iter().zip(positions) {
            assert_eq!(position(b"log", &key.bytes), Some(at));
            assert_eq!(position(b"lo", &key.bytes), None);
            assert_eq!(position(b"mog", &key.bytes), None);
        }
        assert_eq!(position(b"log", b"log"), None);
    }

    #[test]
    fn heads_are_eight_bytes() {
        assert_eq!(decode_head(None), Some(0));
        assert_eq!(decode_head(Some(&encode_head(7))), Some(7));
        assert_eq!(decode_head(Some(&Bytes::from_static(&[0; 9]))), None);
    }
}
