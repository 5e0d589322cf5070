//! Shard iterators: the position from which a reader of a shard continues. All state is in the text itself, so an
//! iterator survives restarts, and the server stores nothing for a reader.
//!
//! An iterator is the stream's ARN, `|1|` and, in base 64:
//!
//! | bytes | content |
//! |---|---|
//! | 8 | seal: a keyed hash of the ARN and the rest |
//! | 4 | the shard's number (big-endian) |
//! | 8 | the position of the next record (big-endian) |
//! | 8 | when it was issued, in milliseconds since 1970 (big-endian) |

use base64_simd::STANDARD;
use model::codec::key::{HashSecret, KeyValue, h16};
use model::limits::SHARD_ITERATOR_MS;

const SEAL_SIZE: usize = 8;
const VERSION: &str = "|1|";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ShardIterator {
    pub shard: u32,
    /// Of the next record.
    pub position: u64,
    pub issued_ms: u64,
}

impl ShardIterator {
    pub(crate) fn write(&self, secret: &HashSecret, stream_arn: &str) -> String {
        let mut rest = self.shard.to_be_bytes().to_vec();
        rest.extend_from_slice(&self.position.to_be_bytes());
        rest.extend_from_slice(&self.issued_ms.to_be_bytes());
        let text = STANDARD.encode_to_string([&seal(secret, stream_arn, &rest)[..], &rest].concat());
        format!("{stream_arn}{VERSION}{text}")
    }

    /// The stream's ARN and the iterator; `None` for a text that this database did not write.
    pub(crate) fn read<'a>(secret: &HashSecret, text: &'a str) -> Option<(&'a str, ShardIterator)> {
        let (stream_arn, text) = text.split_once(VERSION)?;
        let bytes = STANDARD.decode_to_vec(text).ok()?;
        let (sealed, rest) = bytes.split_first_chunk::<SEAL_SIZE>()?;
        if *sealed != seal(secret, stream_arn, rest) {
            return None;
        }
        let (shard, times) = rest.split_first_chunk::<4>()?;
        let (position, issued_ms) = times.split_first_chunk::<8>()?;
        let iterator = ShardIterator {
            shard: u32::from_be_bytes(*shard),
            position: u64::from_be_bytes(*position),
            issued_ms: issued_ms.try_into().ok().map(u64::from_be_bytes)?,
        };
        Some((stream_arn, iterator))
    }

    pub(crate) fn is_expired(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.issued_ms) > SHARD_ITERATOR_MS
    }
}

fn seal(secret: &HashSecret, stream_arn: &str, rest: &[u8]) -> [u8; SEAL_SIZE] {
    let hash = h16(secret, [KeyValue::S(stream_arn), KeyValue::B(rest)]);
    let mut seal = [0; SEAL_SIZE];
    seal.copy_from_slice(&hash[..SEAL_SIZE]);
    seal
}

#[cfg(test)]
mod tests {
    use tables::fixture::SECRET;

    use super::*;

    #[test]
    fn only_own_iterators_are_read() {
        let iterator = ShardIterator { shard: 3, position: u64::MAX, issued_ms: 1_000 };
        let text = iterator.write(&SECRET, "arn:s");
        assert_eq!(ShardIterator::read(&SECRET, &text), Some(("arn:s", iterator)));
        let others = [text.replace("arn:s", "arn:t"), text.replace("|1|", "|2|"), text[..text.len() - 4].to_owned()];
        for other in others.iter().map(String::as_str).chain(["", "|1|", "arn:s|1|AAAA", "arn:s|1|\u{e9}"]) {
            assert_eq!(ShardIterator::read(&SECRET, other), None, "{other}");
        }
        assert_eq!(ShardIterator::read(&[1; 16], &text), None);
    }

    #[test]
    fn they_last_for_fifteen_minutes() {
        let iterator = ShardIterator { shard: 0, position: 1, issued_ms: 1_000 };
        for (now_ms, expired) in [(0, false), (1_000, false), (901_000, false), (901_001, true)] {
            assert_eq!(iterator.is_expired(now_ms), expired, "{now_ms}");
        }
    }
}
