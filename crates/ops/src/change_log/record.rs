//! One change as it stands in the log.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | format, [`FORMAT`] |
//! | 1 | who made the change: 0 a client, 1 time to live; 255 is a mark between two shards, and there are no images |
//! | 8 | when, in milliseconds since 1970 (big-endian) |
//! | 4 | size of the old image (big-endian); 0 if there was no item |
//! | n | the old image: the item's row as it was |
//! | m | the new image: the item's row as it is; none if there is no item any more |

use base::Clock;
use bytes::Bytes;
use model::ValueRef;
use model::codec::row::StoredItem;
use storage::Batch;

use crate::change::Change;
use crate::rows;

const FORMAT: u8 = 1;
const HEADER_SIZE: usize = 14;
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

/// Adds the record of a change to its batch, if the table is followed and something has changed.
pub(crate) fn append(
    change: &Change,
    clock: &Clock,
    old: Option<&StoredItem>,
    new: Option<&StoredItem>,
    batch: &mut Batch,
) {
    let Some(shard) = change.table.log.of(&change.key.partition) else { return };
    // Versions differ with every write; what a reader can see may not.
    let old_attributes = old.map(|item| ValueRef::M(item.attributes()));
    let new_attributes = new.map(|item| ValueRef::M(item.attributes()));
    if old_attributes == new_attributes {
        return;
    }
    let record = encode(change.author, clock.now_ms(), old, new);
    batch.append(rows::log(change.table.id(), shard), record);
}

fn encode(author: Author, created_ms: u64, old: Option<&StoredItem>, new: Option<&StoredItem>) -> Vec<u8> {
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
    record.extend_from_slice(&old);
    record.extend_from_slice(&new);
    record
}

impl Record {
    /// Reads a record, whose images share its bytes. `None` if it is not one of this program's.
    pub(crate) fn read(bytes: &Bytes) -> Option<Record> {
        let (header, images) = bytes.split_first_chunk::<HEADER_SIZE>()?;
        let [FORMAT, author, ..] = header else { return None };
        let author = match author {
            0 => Author::Client,
            1 => Author::TimeToLive,
            _ => return None,
        };
        let created_ms = u64::from_be_bytes(*header[2..].first_chunk()?);
        let old_size = u32::from_be_bytes(*header.last_chunk()?) as usize;
        if old_size > images.len() {
            return None;
        }
        let image = |from: usize, to: usize| {
            let bytes = bytes.slice(HEADER_SIZE + from..HEADER_SIZE + to);
            let item = if bytes.is_empty() { Ok(None) } else { StoredItem::read(bytes).map(Some) };
            item.ok()
        };
        let (old, new) = (image(0, old_size)?, image(old_size, images.len())?);
        (old.is_some() || new.is_some()).then_some(Record { author, created_ms, old, new })
    }

    /// What stands between two shards of one log.
    pub(crate) fn mark(created_ms: u64) -> Vec<u8> {
        [&[FORMAT, MARK][..], &created_ms.to_be_bytes(), &[0; 4]].concat()
    }

    pub(crate) fn is_mark(bytes: &[u8]) -> bool {
        bytes.starts_with(&[FORMAT, MARK])
    }

    /// The time of a record's header alone.
    pub(crate) fn created_ms(bytes: &[u8]) -> Option<u64> {
        (*bytes.first()? == FORMAT)
            .then(|| bytes.get(2..10))?
            .and_then(|time| time.first_chunk())
            .map(|time| u64::from_be_bytes(*time))
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
            let bytes = Bytes::from(encode(author, 77, old, new));
            let (old, new) = (old.cloned(), new.cloned());
            assert_eq!(Record::created_ms(&bytes), Some(77));
            assert_eq!(Record::read(&bytes), Some(Record { author, created_ms: 77, old, new }));
        }
        assert_eq!(Record::read(&Bytes::from(encode(Author::Client, 77, None, None))), None);
        let mark = Bytes::from(Record::mark(77));
        assert!(Record::is_mark(&mark) && !Record::is_mark(&encode(Author::TimeToLive, 77, Some(&old), None)));
        assert_eq!((Record::read(&mark), Record::created_ms(&mark)), (None, Some(77)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_record_or_none(bytes in vec(any::<u8>(), 0..40)) {
            let bytes = Bytes::from(bytes);
            let read = Record::read(&bytes);
            prop_assert!(read.is_none() || Record::created_ms(&bytes) == read.map(|record| record.created_ms));
        }
    }
}
