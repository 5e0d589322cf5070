//! One change as its log has it.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | format: [`FORMAT`], or [`FORMAT_WITH_PARTS`] if there are optional parts; 1 is as [`FORMAT`], without the hash |
//! | 1 | author: 0 a client, 1 time to live, 2 replication, 3 a restore; 255 is a mark that ends a shard, and there are no images |
//! | 8 | when, in milliseconds since 1970 (big-endian) |
//! | 4 | size of the old image (big-endian); 0 if there was no item |
//! | 8 | the partition key's hash, as much of it as chooses a shard; of a mark, the shard's number (big-endian) |
//! | 1 | with optional parts only: flags; a set bit announces a part |
//! | | the optional parts, in the order of their bits |
//! | n | the old image: the item's row as it was |
//! | m | the new image: the item's row as it is; none if there is no item any more |
//!
//! | bit | part | bytes | content |
//! |---|---|---|---|
//! | 0 | region | 1, n | of a replicated change, where it was made: size of the region's name, the name |
//! | 1 | stamp | 8, 4 | of a delete: wall clock in milliseconds since 1970, counter. A put's is in its new image |
//!
//! A record without optional parts is written in the format that programs before [`FORMAT_WITH_PARTS`] read. So a reader of one
//! shard's records passes over others by their headers alone.

use bytes::Bytes;
use model::codec::row::{HybridTime, Stamp, Stored, StoredItem};
use model::{RegionName, ValueRef};
use storage::Batch;
use tables::rows;
use tables::{Table, hash_range};

const FORMAT: u8 = 2;
const HEADER_SIZE: usize = 22;
/// Without a hash.
const FORMAT_1: u8 = 1;
const HEADER_SIZE_1: usize = 14;
const FORMAT_WITH_PARTS: u8 = 3;
const MARK: u8 = u8::MAX;
const FLAG_REGION: u8 = 1;
const FLAG_STAMP: u8 = 2;

/// The source of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Author {
    Client,
    TimeToLive,
    /// A change of another region, applied here.
    Replication {
        region: RegionName,
    },
    /// A restore of a backup, of a point in time or of an import.
    Restore,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    pub author: Author,
    pub created_ms: u64,
    pub old: Option<StoredItem>,
    pub new: Option<StoredItem>,
    /// The stamp's time of a delete in a replicated table; its region is the author's, or the table's own.
    pub delete_time: Option<HybridTime>,
}

/// A change as a reader of the log gets it: all of the record, with its place in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRecord {
    pub position: u64,
    pub author: Author,
    /// When and where the change was made, if the table was replicated then.
    pub stamp: Option<Stamp>,
    /// The clock of the node that made the change, or that applied it here.
    pub created_ms: u64,
    /// The partition key's hash, as much of it as chooses a shard.
    pub key_hash: u64,
    pub before: Option<StoredItem>,
    pub after: Option<StoredItem>,
}

impl LogRecord {
    /// The newest image of the item, which has its key. A record has at least one image.
    pub fn image(&self) -> Option<&StoredItem> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// Whether streams show the change: a new stamp alone is none.
    pub fn is_shown(&self) -> bool {
        // Only a replica's records can have the same attributes twice.
        self.stamp.is_none() || !is_no_change(self.before.as_ref(), self.after.as_ref())
    }

    /// Whether it was made in the table's own region: only such changes are delivered to the other replicas.
    pub fn is_local(&self) -> bool {
        !matches!(self.author, Author::Replication { .. })
    }
}

/// The part of a record before its images.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    pub created_ms: u64,
    pub content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// Of an item with a hash; older programs left it to be found from the item's keys.
    Change(Option<u64>),
    /// The end of a shard; older programs did not name the shard, for there was only one that was open.
    Mark(Option<u32>),
}

impl Header {
    /// `None` if it has no format that this program reads.
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let number = |from: usize| bytes.get(from..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
        let format = *bytes.first()?;
        let hash = match format {
            FORMAT | FORMAT_WITH_PARTS => Some(number(HEADER_SIZE_1)?),
            FORMAT_1 => None,
            _ => return None,
        };
        let content = match *bytes.get(1)? {
            MARK if format == FORMAT_WITH_PARTS => return None,
            MARK => Content::Mark(hash.map(u32::try_from).transpose().ok()?),
            _ => Content::Change(hash),
        };
        Some(Header { created_ms: number(2)?, content })
    }

    /// Whether a shard ends here, if it has no end before.
    pub fn ends(&self, shard: u32) -> bool {
        matches!(self.content, Content::Mark(named) if named.is_none_or(|named| named == shard))
    }
}

/// The author of a change, its time and its stamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Made {
    pub author: Author,
    pub at_ms: u64,
    /// If the table is replicated.
    pub stamp: Option<Stamp>,
}

/// Adds the record of a change to its batch, if the table is followed and something has changed.
pub fn append(
    table: &Table,
    partition: &[u8],
    made: Made,
    old: Option<&StoredItem>,
    new: Option<&StoredItem>,
    batch: &mut Batch,
) {
    let Some(shard) = table.log.of(partition) else { return };
    // Attributes are compared, not rows: rows differ in their version with every write, and a write that changes nothing
    // that a reader can see has no record. But a stamp is news to the other replicas: without it they would take an older
    // write for the newest one.
    let is_stamped = made.stamp.is_some() && new.is_some();
    if !is_stamped && is_no_change(old, new) {
        return;
    }
    let delete_time = made.stamp.filter(|_| new.is_none()).map(|stamp| stamp.time);
    let hash = hash_range::leading(partition);
    let record = encode(made.author, made.at_ms, hash, old, new, delete_time);
    batch.append(rows::log(table.id(), shard), record);
}

/// Whether both images have the same attributes: readers of a stream see nothing of such a change.
fn is_no_change(old: Option<&StoredItem>, new: Option<&StoredItem>) -> bool {
    old.map(|item| ValueRef::M(item.attributes())) == new.map(|item| ValueRef::M(item.attributes()))
}

fn encode(
    author: Author,
    created_ms: u64,
    hash: u64,
    old: Option<&StoredItem>,
    new: Option<&StoredItem>,
    delete_time: Option<HybridTime>,
) -> Vec<u8> {
    let bytes = |item: Option<&StoredItem>| item.map(|item| item.clone().into_bytes()).unwrap_or_default();
    let (old, new) = (bytes(old), bytes(new));
    let region = match author {
        Author::Replication { region } => Some(region),
        Author::Client | Author::TimeToLive | Author::Restore => None,
    };
    let flags = region.map_or(0, |_| FLAG_REGION) | delete_time.map_or(0, |_| FLAG_STAMP);
    let mut record = Vec::with_capacity(HEADER_SIZE + parts_size(region, delete_time) + old.len() + new.len());
    record.push(if flags == 0 { FORMAT } else { FORMAT_WITH_PARTS });
    record.push(author.code());
    record.extend_from_slice(&created_ms.to_be_bytes());
    // An item is far smaller than 4 GB.
    record.extend_from_slice(&(old.len() as u32).to_be_bytes());
    record.extend_from_slice(&hash.to_be_bytes());
    if flags != 0 {
        record.push(flags);
    }
    if let Some(region) = region {
        region.push(&mut record);
    }
    if let Some(time) = delete_time {
        time.push(&mut record);
    }
    record.extend_from_slice(&old);
    record.extend_from_slice(&new);
    record
}

/// The flags and the optional parts.
fn parts_size(region: Option<RegionName>, delete_time: Option<HybridTime>) -> usize {
    let parts = region.map_or(0, |region| 1 + region.as_str().len()) + delete_time.map_or(0, |_| HybridTime::SIZE);
    if parts == 0 { 0 } else { 1 + parts }
}

impl Author {
    fn code(self) -> u8 {
        match self {
            Author::Client => 0,
            Author::TimeToLive => 1,
            Author::Replication { .. } => 2,
            Author::Restore => 3,
        }
    }

    /// A change has a region exactly if replication made it.
    fn of(code: u8, region: Option<RegionName>) -> Option<Author> {
        match (code, region) {
            (0, None) => Some(Author::Client),
            (1, None) => Some(Author::TimeToLive),
            (2, Some(region)) => Some(Author::Replication { region }),
            (3, None) => Some(Author::Restore),
            _ => None,
        }
    }
}

/// The optional parts of a record, and where its images begin. `None` if they are not well formed.
fn read_parts(bytes: &[u8]) -> Option<(Option<RegionName>, Option<HybridTime>, usize)> {
    let (flags, mut rest) = bytes.get(HEADER_SIZE..)?.split_first()?;
    // Without a flag it would have been written in the other format.
    if *flags == 0 || flags & !(FLAG_REGION | FLAG_STAMP) != 0 {
        return None;
    }
    let (mut region, mut delete_time) = (None, None);
    if flags & FLAG_REGION != 0 {
        let (found, behind) = RegionName::split_from(rest)?;
        (region, rest) = (Some(found), behind);
    }
    if flags & FLAG_STAMP != 0 {
        let (found, behind) = HybridTime::split_from(rest)?;
        (delete_time, rest) = (Some(found), behind);
    }
    Some((region, delete_time, bytes.len() - rest.len()))
}

impl Record {
    /// Reads a record; its images share its bytes. `None` if it has no format that this program reads.
    pub fn read(bytes: &Bytes) -> Option<Record> {
        let (region, delete_time, header_size) = match *bytes.first()? {
            FORMAT => (None, None, HEADER_SIZE),
            FORMAT_1 => (None, None, HEADER_SIZE_1),
            FORMAT_WITH_PARTS => read_parts(bytes)?,
            _ => return None,
        };
        let author = Author::of(*bytes.get(1)?, region)?;
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
        let is_whole = (old.is_some() || new.is_some()) && (new.is_none() || delete_time.is_none());
        is_whole.then_some(Record { author, created_ms, old, new, delete_time })
    }

    /// The record at a position of the log of a table in `region`.
    pub fn at(self, position: u64, key_hash: u64, region: &str) -> LogRecord {
        let of_delete = self.delete_time.and_then(|time| {
            let region = match self.author {
                Author::Replication { region } => region,
                Author::Client | Author::TimeToLive | Author::Restore => RegionName::parse(region)?,
            };
            Some(Stamp { time, region })
        });
        LogRecord {
            position,
            author: self.author,
            stamp: self.new.as_ref().and_then(StoredItem::stamp).or(of_delete),
            created_ms: self.created_ms,
            key_hash,
            before: self.old,
            after: self.new,
        }
    }

    /// The newest image of the item.
    pub fn image(&self) -> Option<&StoredItem> {
        self.new.as_ref().or(self.old.as_ref())
    }

    /// What ends a shard within its log.
    pub fn mark(created_ms: u64, shard: u32) -> Vec<u8> {
        [&[FORMAT, MARK][..], &created_ms.to_be_bytes(), &[0; 4], &u64::from(shard).to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use model::codec::row::Tombstone;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use tables::fixture::{item, s};

    use super::*;

    fn image(text: &str) -> StoredItem {
        StoredItem::new(3, item(&[("pk", s("a")), ("v", s(text))]).view())
    }

    #[test]
    fn records_keep_what_they_are_made_of() {
        let (old, new) = (image("old"), image("newer"));
        for (author, old, new) in [
            (Author::Client, None, Some(&new)),
            (Author::Client, Some(&old), Some(&new)),
            (Author::TimeToLive, Some(&old), None),
            (Author::Restore, None, Some(&new)),
        ] {
            let bytes = encode(author, 77, 1 << 63, old, new, None);
            assert_eq!(bytes[0], FORMAT);
            // As older programs wrote it.
            let before = [&[FORMAT_1][..], &bytes[1..HEADER_SIZE_1], &bytes[HEADER_SIZE..]].concat();
            let record = Record { author, created_ms: 77, old: old.cloned(), new: new.cloned(), delete_time: None };
            for (bytes, hash) in [(bytes, Some(1 << 63)), (before, None)] {
                let header = Header { created_ms: 77, content: Content::Change(hash) };
                assert_eq!(Header::read(&bytes), Some(header));
                assert_eq!(Record::read(&bytes.into()), Some(record.clone()));
            }
        }
        assert_eq!(Record::read(&Bytes::from(encode(Author::Client, 77, 0, None, None, None))), None);
    }

    #[test]
    fn optional_parts_have_a_format_of_their_own() {
        let region = RegionName::parse("eu-west-3").unwrap();
        let time = HybridTime { wall_ms: 70, counter: 2 };
        let own_region = RegionName::parse("us-east-1").unwrap();
        let stamped = StoredItem::stamped(4, &Stamp { time, region }, item(&[("pk", s("a"))]).view());
        let old = image("old");
        for (author, old, new, delete_time) in [
            (Author::Replication { region }, None, Some(&stamped), None),
            (Author::Replication { region }, Some(&old), Some(&stamped), None),
            (Author::Replication { region }, Some(&stamped), None, Some(time)),
            (Author::Client, Some(&stamped), None, Some(time)),
            (Author::TimeToLive, Some(&old), None, Some(time)),
        ] {
            let bytes = encode(author, 77, 5, old, new, delete_time);
            assert_eq!(bytes[0], FORMAT_WITH_PARTS);
            assert_eq!(bytes.capacity(), bytes.len());
            let header = Header { created_ms: 77, content: Content::Change(Some(5)) };
            assert_eq!(Header::read(&bytes), Some(header));
            let record = Record { author, created_ms: 77, old: old.cloned(), new: new.cloned(), delete_time };
            assert_eq!(Record::read(&Bytes::from(bytes)), Some(record.clone()));
            let place = if let Author::Replication { region } = author { region } else { own_region };
            let stamp = record.at(9, 5, own_region.as_str()).stamp;
            assert_eq!(stamp, Some(Stamp { time, region: place }));
        }
    }

    #[test]
    fn records_that_no_program_writes_are_refused() {
        let region = RegionName::parse("eu-west-3").unwrap();
        let time = HybridTime { wall_ms: 70, counter: 2 };
        let (old, new) = (image("old"), image("newer"));
        let good = encode(Author::Replication { region }, 77, 5, Some(&old), None, Some(time));
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Bytes::from(bytes)
        };
        assert!(Record::read(&with(0, FORMAT_WITH_PARTS)).is_some());
        let tombstone = Tombstone { version: 1, stamp: Stamp { time, region }, end_of_life_ms: 9 }.encode();
        let of_tombstone = [&encode(Author::Client, 77, 5, Some(&old), None, None)[..], &tombstone].concat();
        for (bytes, what) in [
            (with(1, 0), "a client's change with a region"),
            (with(1, MARK), "a mark with optional parts"),
            (with(1, 4), "an unknown author"),
            (with(0, FORMAT + 2), "an unknown format"),
            (with(HEADER_SIZE, 0), "a record with parts and without flags"),
            (with(HEADER_SIZE, FLAG_REGION | FLAG_STAMP | 4), "an unknown flag"),
            (with(HEADER_SIZE + 1, u8::MAX), "a region beyond the record's end"),
            (with(HEADER_SIZE + 2, b'E'), "no region's name"),
            (encode(Author::Client, 77, 5, None, Some(&new), Some(time)).into(), "the delete stamp of a put"),
            (of_tombstone.into(), "a tombstone as an image"),
        ] {
            assert_eq!(Record::read(&bytes), None, "{what}");
        }
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
        fn any_bytes_are_a_record_or_none(format in 0_u8..5, author in 0_u8..5, rest in vec(any::<u8>(), 0..60)) {
            let bytes = Bytes::from([&[format, author][..], &rest].concat());
            if let Some(record) = Record::read(&bytes) {
                let header = Header::read(&bytes).unwrap();
                prop_assert_eq!(header.created_ms, record.created_ms);
                prop_assert!(!header.ends(0));
            }
        }
    }
}
