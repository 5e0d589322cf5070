//! One change as it stands in the log.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | format, [`FORMAT`]; 1 is as this one, without the hash |
//! | 1 | who made the change: 0 a client, 1 time to live; 255 is a mark that ends a shard, and there are no images |
//! | 8 | when, in milliseconds since 1970 (big-endian) |
//! | 4 | size of the old image (big-endian); 0 if there was no item |
//! | 8 | the partition key's hash, as much of it as chooses a shard; of a mark, the shard's number (big-endian) |
//! | n | the old image: the item's row as it was |
//! | m | the new image: the item's row as it is; none if there is no item any more |
//!
//! So who looks for one shard's records passes over others by their headers alone.

use bytes::Bytes;
use model::ValueRef;
use model::codec::row::{Stored, StoredItem};
use storage::Batch;

use crate::rows;
use crate::tables::{Table, hash_range};

const FORMAT: u8 = 2;
const HEADER_SIZE: usize = 22;
/// Without a hash.
const FORMAT_1: u8 = 1;
const HEADER_SIZE_1: usize = 14;
const MARK: u8 = u8::MAX;

/// Who made a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Author {
    Client,
    TimeToLive,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    pub author: Author,
    pub created_ms: u64,
    pub old: Option<StoredItem>,
    pub new: Option<StoredItem>,
}

/// What a record says before its images.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub created_ms: u64,
    pub content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    /// Of an item with a hash; older programs left it to be found from the item's keys.
    Change(Option<u64>),
    /// The end of a shard; older programs did not name the shard, for there was only one that was open.
    Mark(Option<u32>),
}

impl Header {
    /// `None` if it is not one of this program's.
    pub(crate) fn read(bytes: &[u8]) -> Option<Header> {
        let number = |from: usize| bytes.get(from..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
        let hash = match *bytes.first()? {
            FORMAT => Some(number(HEADER_SIZE_1)?),
            FORMAT_1 => None,
            _ => return None,
        };
        let content = match *bytes.get(1)? {
            MARK => Content::Mark(hash.map(u32::try_from).transpose().ok()?),
            _ => Content::Change(hash),
        };
        Some(Header { created_ms: number(2)?, content })
    }

    /// Whether a shard ends here, if it has no end before.
    pub(crate) fn ends(&self, shard: u32) -> bool {
        matches!(self.content, Content::Mark(named) if named.is_none_or(|named| named == shard))
    }
}

/// Adds the record of a change to its batch, if the table is followed and something has changed.
pub(crate) fn append(
    table: &Table,
    partition: &[u8],
    author: Author,
    at_ms: u64,
    old: Option<&StoredItem>,
    new: Option<&StoredItem>,
    batch: &mut Batch,
) {
    let Some(shard) = table.log.of(partition) else { return };
    // Versions differ with every write; what a reader can see may not.
    let old_attributes = old.map(|item| ValueRef::M(item.attributes()));
    let new_attributes = new.map(|item| ValueRef::M(item.attributes()));
    if old_attributes == new_attributes {
        return;
    }
    let hash = hash_range::leading(partition);
    let record = encode(author, at_ms, hash, old, new);
    batch.append(rows::log(table.id(), shard), record);
}

fn encode(author: Author, created_ms: u64, hash: u64, old: Option<&StoredItem>, new: Option<&StoredItem>) -> Vec<u8> {
    let bytes = |item: Option<&StoredItem>| item.map(|item| item.clone().into_bytes()).unwrap_or_default();
    let (old, new) = (bytes(old), bytes(new));
    let mut record = Vec::with_capacity(HEADER_SIZE + old.len() + new.len());
    record.push(FORMAT);
    record.push(match author {
        Author::Client => 0,
        Author::TimeToLive => 1,
    });
    record.extend_from_slice(&created_ms.to_be_bytes());
    // An item is far smaller than 4 GB.
    record.extend_from_slice(&(old.len() as u32).to_be_bytes());
    record.extend_from_slice(&hash.to_be_bytes());
    record.extend_from_slice(&old);
    record.extend_from_slice(&new);
    record
}

impl Record {
    /// Reads a record, whose images share its bytes. `None` if it is not one of this program's.
    pub(crate) fn read(bytes: &Bytes) -> Option<Record> {
        let header_size = match *bytes.first()? {
            FORMAT => HEADER_SIZE,
            FORMAT_1 => HEADER_SIZE_1,
            _ => return None,
        };
        let author = match *bytes.get(1)? {
            0 => Author::Client,
            1 => Author::TimeToLive,
            _ => return None,
        };
        let created_ms = u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
        let old_size = u32::from_be_bytes(*bytes.get(10..)?.first_chunk()?) as usize;
        let images = bytes.len().checked_sub(header_size)?;
        if old_size > images {
            return None;
        }
        let image = |from: usize, to: usize| {
            let bytes = bytes.slice(header_size + from..header_size + to);
            if bytes.is_empty() {
                return Some(None);
            }
            // A tombstone is no image: a delete has none.
            Stored::read(bytes).ok()?.into_item().map(Some)
        };
        let (old, new) = (image(0, old_size)?, image(old_size, images)?);
        (old.is_some() || new.is_some()).then_some(Record { author, created_ms, old, new })
    }

    /// The newest image of the item.
    pub(crate) fn image(&self) -> Option<&StoredItem> {
        self.new.as_ref().or(self.old.as_ref())
    }

    /// What ends a shard within its log.
    pub(crate) fn mark(created_ms: u64, shard: u32) -> Vec<u8> {
        [&[FORMAT, MARK][..], &created_ms.to_be_bytes(), &[0; 4], &u64::from(shard).to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::{item, s};

    #[test]
    fn records_keep_what_they_are_made_of() {
        let image = |text: &str| StoredItem::new(3, item(&[("pk", s("a")), ("v", s(text))]).view());
        let (old, new) = (image("old"), image("newer"));
        for (author, old, new) in [
            (Author::Client, None, Some(&new)),
            (Author::Client, Some(&old), Some(&new)),
            (Author::TimeToLive, Some(&old), None),
        ] {
            let bytes = encode(author, 77, 1 << 63, old, new);
            // As older programs wrote it.
            let before = [&[FORMAT_1][..], &bytes[1..HEADER_SIZE_1], &bytes[HEADER_SIZE..]].concat();
            let record = Record { author, created_ms: 77, old: old.cloned(), new: new.cloned() };
            for (bytes, hash) in [(bytes, Some(1 << 63)), (before, None)] {
                let header = Header { created_ms: 77, content: Content::Change(hash) };
                assert_eq!(Header::read(&bytes), Some(header));
                assert_eq!(Record::read(&bytes.into()), Some(record.clone()));
            }
        }
        assert_eq!(Record::read(&Bytes::from(encode(Author::Client, 77, 0, None, None))), None);
    }

    #[test]
    fn marks_end_the_shard_that_they_name() {
        let mark = Record::mark(77, 5);
        // As older programs wrote it.
        let before = [&[FORMAT_1][..], &mark[1..HEADER_SIZE_1]].concat();
        for (mark, named, ends_another) in [(mark, Some(5), false), (before, None, true)] {
            let header = Header::read(&mark).unwrap();
            assert_eq!(header, Header { created_ms: 77, content: Content::Mark(named) });
            assert!(header.ends(5));
            assert_eq!(header.ends(6), ends_another);
            assert_eq!(Record::read(&mark.into()), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_record_or_none(bytes in vec(any::<u8>(), 0..40)) {
            let bytes = Bytes::from(bytes);
            if let Some(record) = Record::read(&bytes) {
                let header = Header::read(&bytes).unwrap();
                prop_assert_eq!(header.created_ms, record.created_ms);
                prop_assert!(!header.ends(0));
            }
        }
    }
}
