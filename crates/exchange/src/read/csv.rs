//! Lines of CSV, by RFC 4180: fields may be quoted, and a quoted field may have delimiters, line breaks and doubled quotes.
//!
//! - The first record names the columns, unless a list of names is given.
//! - An attribute that is a key has its declared type; all others are strings. An empty field is no attribute.
//! - A quote within a field that is not quoted, and a record with another number of fields than there are columns, cannot be read.
//! - Our own choices, where DynamoDB's are not known: a byte order mark is ignored, a line ends with LF or CR LF, binary keys are in
//!   base64, and a number that is none costs its item only.

use std::collections::{BTreeMap, BTreeSet};

use model::{AttributeValue, Attributes, KeyType};

use super::memory::{Memory, TooLarge};
use super::value::{Problems, not_base64};
use super::{Put, Scan, blank_size, too_large};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How CSV is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CsvOptions {
    pub delimiter: u8,
    /// The names of the columns, if the first record is data.
    pub header: Option<Vec<String>>,
    /// The types of the key attributes of the table and of its indexes.
    pub key_types: BTreeMap<String, KeyType>,
}

pub(super) struct Csv {
    options: CsvOptions,
    is_start: bool,
}

/// A field, and the size of what it takes with the delimiter or line break behind it.
struct Field {
    bytes: Vec<u8>,
    size: usize,
    is_last: bool,
}

enum Problem {
    Incomplete,
    Malformed(&'static str),
    TooLarge(TooLarge),
}

impl From<TooLarge> for Problem {
    fn from(why: TooLarge) -> Problem {
        Problem::TooLarge(why)
    }
}

impl Csv {
    pub(super) fn new(options: CsvOptions) -> Csv {
        Csv { options, is_start: true }
    }

    pub(super) fn scan(&mut self, bytes: &[u8], is_end: bool, record_size_max: usize, memory: &Memory) -> Scan {
        if self.is_start {
            if bytes.len() < BYTE_ORDER_MARK.len() && !is_end {
                return Scan::Incomplete;
            }
            self.is_start = false;
            if bytes.starts_with(BYTE_ORDER_MARK) {
                return Scan::Skip(BYTE_ORDER_MARK.len());
            }
        }
        if let Some(size) = blank_size(bytes, is_end) {
            return Scan::Skip(size);
        }
        if bytes.is_empty() {
            return Scan::Incomplete;
        }
        let (fields, size) = match record(bytes, self.options.delimiter, is_end, memory) {
            Ok(record) => record,
            Err(Problem::Incomplete) if is_end => {
                return Scan::Malformed("a quoted field has no end".to_owned());
            }
            Err(Problem::Incomplete) => return Scan::Incomplete,
            Err(Problem::Malformed(why)) => return Scan::Malformed(why.to_owned()),
            Err(Problem::TooLarge(why)) => return Scan::Malformed(why.to_string()),
        };
        if size > record_size_max {
            return Scan::Malformed(too_large(record_size_max));
        }
        match &self.options.header {
            Some(header) => match item(header, &self.options.key_types, fields, memory) {
                Ok(item) => Scan::Record(size, item.map(Put::from)),
                Err(why) => Scan::Unreadable(size, why),
            },
            None => match columns(fields) {
                Ok(header) => {
                    self.options.header = Some(header);
                    Scan::Skip(size)
                }
                Err(why) => Scan::Malformed(why),
            },
        }
    }
}

/// The fields of the first record, and its size.
fn record(bytes: &[u8], delimiter: u8, is_end: bool, memory: &Memory) -> Result<(Vec<Vec<u8>>, usize), Problem> {
    let (mut fields, mut at) = (Vec::new(), 0);
    loop {
        let rest = &bytes[at..];
        let field = match rest.first() {
            Some(b'"') => quoted(rest, delimiter, is_end)?,
            _ => unquoted(rest, delimiter, is_end)?,
        };
        at += field.size;
        memory.value(field.bytes.len())?;
        fields.push(field.bytes);
        if field.is_last {
            return Ok((fields, at));
        }
    }
}

fn unquoted(bytes: &[u8], delimiter: u8, is_end: bool) -> Result<Field, Problem> {
    let end = bytes.iter().position(|byte| *byte == delimiter || matches!(byte, b'\n' | b'"'));
    let (content, size, is_last) = match end.map(|end| (end, bytes[end])) {
        Some((_, b'"')) => return Err(Problem::Malformed("a field has a quote but does not begin with one")),
        Some((end, b'\n')) => (without_return(&bytes[..end]), end + 1, true),
        Some((end, _)) => (&bytes[..end], end + 1, false),
        None if is_end => (without_return(bytes), bytes.len(), true),
        None => return Err(Problem::Incomplete),
    };
    Ok(Field { bytes: content.to_vec(), size, is_last })
}

fn without_return(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

fn quoted(bytes: &[u8], delimiter: u8, is_end: bool) -> Result<Field, Problem> {
    let (mut content, mut at) = (Vec::new(), 1);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let quote = memchr::memchr(b'"', rest).ok_or(Problem::Incomplete)?;
        content.extend_from_slice(&rest[..quote]);
        let behind = &rest[quote + 1..];
        let end = at + quote + 1;
        let (size, is_last) = match behind {
            [b'"', ..] => {
                content.push(b'"');
                at = end + 1;
                continue;
            }
            [byte, ..] if *byte == delimiter => (end + 1, false),
            [b'\n', ..] => (end + 1, true),
            [b'\r', b'\n', ..] => (end + 2, true),
            [] | [b'\r'] if is_end => (bytes.len(), true),
            [] | [b'\r'] => return Err(Problem::Incomplete),
            _ => return Err(Problem::Malformed("something follows the end of a quoted field")),
        };
        return Ok(Field { bytes: content, size, is_last });
    }
}

/// The names of the columns.
fn columns(fields: Vec<Vec<u8>>) -> Result<Vec<String>, String> {
    let names: Vec<String> = fields.into_iter().map(text).collect::<Result<_, _>>()?;
    if names.iter().any(String::is_empty) {
        return Err("a column of the header has no name".to_owned());
    }
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        return Err("two columns of the header have the same name".to_owned());
    }
    Ok(names)
}

fn item(
    header: &[String],
    key_types: &BTreeMap<String, KeyType>,
    fields: Vec<Vec<u8>>,
    memory: &Memory,
) -> Result<Result<Attributes, String>, String> {
    if fields.len() != header.len() {
        return Err(format!("a record has {} fields, and there are {} columns", fields.len(), header.len()));
    }
    let mut problems = Problems::default();
    let mut entries = Vec::with_capacity(header.len());
    for (name, field) in header.iter().zip(fields) {
        let field = text(field)?;
        if field.is_empty() {
            continue;
        }
        memory.name(name.len())?;
        let value = match key_types.get(name) {
            None | Some(KeyType::S) => AttributeValue::S(field),
            Some(KeyType::N) => AttributeValue::N(problems.number(&field)),
            Some(KeyType::B) => AttributeValue::B(base64_simd::STANDARD.decode_to_vec(&field).unwrap_or_else(|_| {
                problems.note(not_base64(name));
                Vec::new()
            })),
        };
        entries.push((name.clone(), value));
    }
    Ok(problems.verdict(Attributes::from_unsorted(entries)))
}

fn text(field: Vec<u8>) -> Result<String, String> {
    String::from_utf8(field).map_err(|_| "a field is not UTF-8".to_owned())
}
