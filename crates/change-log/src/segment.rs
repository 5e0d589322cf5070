//! The content of a segment: records of a log in their order, compressed.
//!
//! | bytes of a content | what |
//! |---|---|
//! | 1 | format: [`FORMAT`] |
//! | 4 | CRC-32 of all that follows (big-endian) |
//! | 8 | the position of the first record (big-endian) |
//! | 4 | size of the records before compression (big-endian) |
//! | n | LZ4 block of the records, one after the other: size (4, big-endian), the record as its log has it |
//!
//! Positions are dense, so the first one gives all.

use bytes::{Buf, BufMut, Bytes};

const FORMAT: u8 = 1;
const HEAD_SIZE: usize = 1 + 4;
/// Far more than a segment is made of: a damaged size allocates no more.
const RECORDS_SIZE_MAX: usize = 64 << 20;

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
}
