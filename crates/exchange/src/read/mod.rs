//! The items of an object, one after the other.
//!
//! [`ObjectReader`] is a state machine: it takes the object's bytes as they come ([`ObjectReader::push`]) and returns records
//! ([`ObjectReader::next_record`]). A record is a line of DynamoDB JSON or of plain JSON, a line of CSV, or an Ion value. There are three kinds of bad input:
//! - a record that is read but has no valid item ([`Record::item`]): the next records are read;
//! - a record that cannot be read ([`Next::Failed`]): the rest of the object is not read;
//! - bytes that cannot be decompressed: the same.
//!
//! A reader of bulk puts ([`ObjectReader::with_conditions`]) reads the condition of each record beside its item.
//!
//! An object has its records close together: more than [`BLANK_SIZE_MAX`] bytes without one (blank lines, comments, symbol tables) end it, as
//! few compressed bytes can stand for any number of them.
//!
//! A tolerant reader ([`ObjectReader::tolerant`]) takes a record that cannot be read, and whose end is known, for one without a valid item.
//!
//! What is in memory is bounded: a record has at most [`RECORD_SIZE_MAX`] bytes and becomes at most [`RECORD_MEMORY_MAX`] bytes, compressed
//! bytes are decompressed in small portions, and the decompressor's window is limited. Nesting is bounded before it takes stack.
//!
//! A reader of an object that was read in part starts at its beginning and skips the records up to an offset in the uncompressed
//! bytes, since the meaning of a record may depend on those before it (headers, symbol tables, the decompressor's window). The
//! exception is [`ObjectReader::can_start_within`].

mod csv;
mod decompress;
mod ion;
mod json;
mod memory;
mod plain;
mod value;

use std::collections::BTreeMap;

use bytes::{Buf, Bytes, BytesMut};
use model::{Attributes, KeyType};

pub use csv::CsvOptions;
pub use decompress::Compression;
pub use json::ItemJson;
pub use memory::RECORD_MEMORY_MAX;

use csv::Csv;
use decompress::{Decompressor, Filled};
use ion::Ion;
use memory::Memory;

/// A record, uncompressed: an item of 400 KB takes most with escaped characters, six bytes each, or in lists of NULL. Unit: bytes. Our own
/// bound.
pub const RECORD_SIZE_MAX: usize = 4 << 20;

/// Bytes without a record, uncompressed, in an object of a caller's. Unit: bytes. Our own bound.
pub const BLANK_SIZE_MAX: u64 = 64 << 20;

/// Portions that are decompressed without finding a record before [`Next::Busy`].
const PORTIONS_MAX: usize = 16;
/// As many bytes are looked at together, unless the object has fewer. Unit: bytes.
const SCAN_SIZE: usize = 64 * 1024;

/// The format of an object's records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InputFormat {
    DynamoDbJson,
    Ion,
    Csv(CsvOptions),
    /// Plain JSON, with the types of the key attributes.
    Plain(BTreeMap<String, KeyType>),
}

/// Reads the records of one object.
pub struct ObjectReader {
    decompressor: Decompressor,
    records: Records,
    /// Uncompressed bytes that no record has taken yet.
    bytes: BytesMut,
    /// Before there are as many bytes, the next record is not looked for again.
    wanted: usize,
    record_size_max: usize,
    is_tolerant: bool,
    has_conditions: bool,
    is_end: bool,
    has_failed: bool,
    offset: u64,
    /// The end of the last record.
    record_end: u64,
    count: u64,
    /// Line feeds before the offset, and before the last record.
    line_feeds: u64,
    record_line_feeds: u64,
}

/// What an object has next.
#[derive(Clone, PartialEq, Debug)]
pub enum Next {
    Record(Record),
    /// The bytes that were pushed are used up; more are to be pushed, or the end.
    Starved,
    /// Much was read and nothing found, such as blank lines: to be asked again, after other work had its turn.
    Busy,
    /// The object has no more records.
    End,
    /// The next record cannot be read, for this reason, and none behind it.
    Failed(String),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// How many records of the object precede it.
    pub index: u64,
    /// Its item, or why it is none.
    pub item: Result<Attributes, String>,
    /// What a bulk put asks of the item that is there. None of a record without an item.
    pub condition: Option<Box<RecordCondition>>,
    /// About what it takes in memory, which may be far more than its bytes. Unit: bytes.
    pub memory: usize,
}

/// The condition of a record, as PutItem has it: the members `ConditionExpression`, `ExpressionAttributeNames` and
/// `ExpressionAttributeValues` beside `Item`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RecordCondition {
    pub expression: Option<String>,
    pub names: Option<BTreeMap<String, String>>,
    pub values: Option<Attributes>,
}

/// A record that was read.
struct Put {
    item: Attributes,
    condition: Option<Box<RecordCondition>>,
}

enum Records {
    DynamoDbJson,
    Ion(Ion),
    Csv(Csv),
    Plain(BTreeMap<String, KeyType>),
}

/// What a format finds at the beginning of bytes.
enum Scan {
    /// Nothing that is complete.
    Incomplete,
    /// Bytes that are no record: blank lines, headers.
    Skip(usize),
    /// A record of this many bytes.
    Record(usize, Result<Put, String>),
    /// A record of this many bytes that cannot be read.
    Unreadable(usize, String),
    Malformed(String),
}

impl ObjectReader {
    pub fn new(format: InputFormat, compression: Compression) -> ObjectReader {
        let records = match format {
            InputFormat::DynamoDbJson => Records::DynamoDbJson,
            InputFormat::Ion => Records::Ion(Ion::default()),
            InputFormat::Csv(options) => Records::Csv(Csv::new(options)),
            InputFormat::Plain(key_types) => Records::Plain(key_types),
        };
        ObjectReader {
            decompressor: Decompressor::new(compression),
            records,
            bytes: BytesMut::new(),
            wanted: 0,
            record_size_max: RECORD_SIZE_MAX,
            is_tolerant: false,
            has_conditions: false,
            is_end: false,
            has_failed: false,
            offset: 0,
            record_end: 0,
            count: 0,
            line_feeds: 0,
            record_line_feeds: 0,
        }
    }

    /// The same for a file that an operator reads: a line that cannot be read costs only itself, and a line may have so many bytes. Values of
    /// Ion keep their bound, and one that cannot be read ends the object all the same.
    #[must_use]
    pub fn tolerant(self, record_size_max: usize) -> ObjectReader {
        ObjectReader { record_size_max, is_tolerant: true, ..self }
    }

    /// The same with the conditions of records; formats without them have none.
    #[must_use]
    pub fn with_conditions(self) -> ObjectReader {
        ObjectReader { has_conditions: true, ..self }
    }

    /// Whether the records behind an offset can be read without those before it ([`ObjectReader::start_within`]).
    pub fn can_start_within(format: &InputFormat, compression: Compression) -> bool {
        *format == InputFormat::DynamoDbJson && compression == Compression::None
    }

    /// The position of the first byte that is pushed, where an object is not read from its beginning.
    pub fn start_within(&mut self, offset: u64, count: u64) {
        (self.offset, self.record_end, self.count) = (offset, offset, count);
    }

    /// Takes the next bytes of the object, as they are stored.
    pub fn push(&mut self, bytes: Bytes) {
        self.decompressor.push(bytes);
    }

    /// Says that the object has no more bytes.
    pub fn push_end(&mut self) {
        self.decompressor.push_end();
    }

    /// The offset behind the records that were returned. Unit: bytes, uncompressed.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of records that were returned.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The line at which the last record begins; the first line is 1.
    pub fn line(&self) -> u64 {
        self.record_line_feeds + 1
    }

    /// The next record. After [`Next::Failed`] there is no other.
    pub fn next_record(&mut self) -> Next {
        let mut portions = 0;
        loop {
            if self.has_failed {
                return Next::End;
            }
            if !self.is_end && self.bytes.len() < self.wanted {
                if portions == PORTIONS_MAX {
                    return Next::Busy;
                }
                portions += 1;
                match self.decompressor.fill(&mut self.bytes) {
                    Filled::Some => {}
                    Filled::Starved => return Next::Starved,
                    Filled::End => self.is_end = true,
                    Filled::Malformed(why) => return self.fail(why),
                }
                continue;
            }
            let size_max = self.record_size_max;
            let memory = Memory::default();
            match self.records.scan(&self.bytes, self.is_end, size_max, self.has_conditions, &memory) {
                Scan::Skip(size) => {
                    self.take(size);
                    if !self.is_tolerant && self.offset - self.record_end > BLANK_SIZE_MAX {
                        return self.fail(format!("more than {BLANK_SIZE_MAX} bytes have no record"));
                    }
                }
                Scan::Record(size, put) => return self.record(size, put, &memory),
                Scan::Unreadable(size, why) if self.is_tolerant => return self.record(size, Err(why), &memory),
                Scan::Unreadable(_, why) | Scan::Malformed(why) => return self.fail(why),
                Scan::Incomplete if self.is_end => return Next::End,
                Scan::Incomplete if self.bytes.len() > size_max => return self.fail(too_large(size_max)),
                // A long record is looked at a few times, not once for each portion of it.
                Scan::Incomplete => self.wanted = (2 * self.bytes.len()).clamp(SCAN_SIZE, size_max + 1),
            }
        }
    }

    fn record(&mut self, size: usize, put: Result<Put, String>, memory: &Memory) -> Next {
        self.record_line_feeds = self.line_feeds;
        self.take(size);
        self.record_end = self.offset;
        let index = self.count;
        self.count += 1;
        let (item, condition) = match put {
            Ok(Put { item, condition }) => (Ok(item), condition),
            Err(why) => (Err(why), None),
        };
        Next::Record(Record { index, item, condition, memory: memory.taken() })
    }

    /// A record that cannot be read counts as one.
    fn fail(&mut self, why: String) -> Next {
        self.record_line_feeds = self.line_feeds;
        self.has_failed = true;
        self.count += 1;
        Next::Failed(why)
    }

    fn take(&mut self, size: usize) {
        self.line_feeds += memchr::memchr_iter(b'\n', &self.bytes[..size]).count() as u64;
        self.bytes.advance(size);
        self.offset += size as u64;
        self.wanted = 0;
    }
}

impl Records {
    fn scan(
        &mut self,
        bytes: &[u8],
        is_end: bool,
        record_size_max: usize,
        has_conditions: bool,
        memory: &Memory,
    ) -> Scan {
        match self {
            Records::DynamoDbJson => {
                scan_line(bytes, is_end, record_size_max, |line| json::record(line, has_conditions, memory))
            }
            Records::Plain(key_types) => scan_line(bytes, is_end, record_size_max, |line| {
                Ok(plain::item(line, key_types, memory)?.map(Put::from))
            }),
            Records::Ion(ion) => ion.scan(bytes, is_end, has_conditions, memory),
            Records::Csv(csv) => csv.scan(bytes, is_end, record_size_max, memory),
        }
    }
}

/// An item, or why the record has no valid one; or why the record cannot be read.
type Line = Result<Result<Put, String>, String>;

impl From<Attributes> for Put {
    fn from(item: Attributes) -> Put {
        Put { item, condition: None }
    }
}

impl RecordCondition {
    /// None if the record has none of the members.
    fn boxed(self) -> Option<Box<RecordCondition>> {
        (self != RecordCondition::default()).then(|| Box::new(self))
    }
}

/// The first line. Blank lines are no records.
fn scan_line(bytes: &[u8], is_end: bool, record_size_max: usize, read: impl Fn(&[u8]) -> Line) -> Scan {
    if let Some(size) = blank_size(bytes, is_end) {
        return Scan::Skip(size);
    }
    let Some(size) = line_size(bytes, is_end) else { return Scan::Incomplete };
    if size > record_size_max {
        return Scan::Malformed(too_large(record_size_max));
    }
    match read(bytes[..size].trim_ascii()) {
        Ok(item) => Scan::Record(size, item),
        Err(why) => Scan::Unreadable(size, why),
    }
}

/// The size of all blank lines at the beginning; none if there is none.
fn blank_size(bytes: &[u8], is_end: bool) -> Option<usize> {
    let blanks = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    match is_end && blanks == bytes.len() {
        true => (blanks > 0).then_some(blanks),
        false => memchr::memrchr(b'\n', &bytes[..blanks]).map(|at| at + 1),
    }
}

fn too_large(record_size_max: usize) -> String {
    format!("a record is larger than {record_size_max} bytes")
}

/// The size of the first line, with its line feed.
fn line_size(bytes: &[u8], is_end: bool) -> Option<usize> {
    memchr::memchr(b'\n', bytes).map(|at| at + 1).or((is_end && !bytes.is_empty()).then_some(bytes.len()))
}

#[cfg(test)]
mod tests;
