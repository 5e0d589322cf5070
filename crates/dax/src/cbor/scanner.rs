//! Where a value ends, while its bytes arrive.
//!
//! DAX's requests have no length in front of them: a message ends where its last value ends. The scanner goes over a growing buffer and
//! continues where it was, so that a client that sends byte by byte costs no more than one that sends all at once.

use super::{
    FALSE, FLOAT64, MAJOR_ARRAY, MAJOR_BYTES, MAJOR_MAP, MAJOR_NEGATIVE, MAJOR_SIMPLE, MAJOR_TAG, MAJOR_TEXT,
    MAJOR_UNSIGNED, Malformed, NULL, raw_head,
};

/// Containers within each other: those of attribute values, and a few of the request around them.
const DEPTH_MAX: usize = 96;
/// The same for bytes that have arrived: an expression has 300 operators, each perhaps within the one before.
const DEPTH_MAX_ARRIVED: usize = 1024;

/// A container whose end has not come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    /// So many values are still to come.
    Definite(u64),
    Array,
    /// Whether a key's value is to come.
    Map {
        has_key: bool,
    },
    /// Pieces of bytes or a text of this major type.
    Pieces(u8),
}

/// Finds the ends of values in a buffer that only grows.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// Up to here the buffer is read.
    at: usize,
    open: Vec<Open>,
    /// The longest message. Unit: bytes.
    bytes_max: usize,
    depth_max: usize,
    /// Values, and heads of containers, that were found.
    count: usize,
}

impl Scanner {
    pub(crate) fn new(bytes_max: usize) -> Scanner {
        Scanner { at: 0, open: Vec::new(), bytes_max, depth_max: DEPTH_MAX, count: 0 }
    }

    /// Of bytes that have arrived.
    pub(crate) fn of_arrived(bytes: &[u8]) -> Scanner {
        Scanner { at: 0, open: Vec::new(), bytes_max: bytes.len(), depth_max: DEPTH_MAX_ARRIVED, count: 0 }
    }

    /// The end of the last value that was found.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// How many values were found, those within others among them.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether the buffer has the whole of the next value; if not, call again with more.
    ///
    /// # Errors
    /// Bytes that are no CBOR, too many levels, or a length beyond the longest message: the end of the message cannot be found.
    pub(crate) fn value(&mut self, buffer: &[u8]) -> Result<bool, Malformed> {
        loop {
            let Some(rest) = buffer.get(self.at..) else { return Ok(false) };
            let Some(head) = raw_head(rest)? else { return Ok(false) };
            let is_break = head.major == MAJOR_SIMPLE && head.argument.is_none();
            if let Some(Open::Pieces(major)) = self.open.last()
                && !is_break
                && (head.major != *major || head.argument.is_none())
            {
                return Err(Malformed("a piece of another type than its text or bytes"));
            }
            let mut size = head.size;
            match (head.major, head.argument) {
                (MAJOR_BYTES | MAJOR_TEXT, Some(length)) => {
                    size = self.checked(size, length)?;
                    if rest.len() < size {
                        return Ok(false);
                    }
                }
                (MAJOR_SIMPLE, Some(_)) if !matches!(rest[0], FALSE..=NULL | FLOAT64) => {
                    return Err(Malformed("a simple value or a float that DAX does not use"));
                }
                _ => {}
            }
            self.checked(size, 0)?;
            self.at += size;
            self.count += 1;
            match (head.major, head.argument) {
                (MAJOR_ARRAY, Some(count)) => self.open(Open::Definite(self.plausible(count)?))?,
                (MAJOR_MAP, Some(count)) => self.open(Open::Definite(self.plausible(count)?.saturating_mul(2)))?,
                (MAJOR_TAG, Some(_)) => self.open(Open::Definite(1))?,
                (MAJOR_ARRAY, None) => self.open(Open::Array)?,
                (MAJOR_MAP, None) => self.open(Open::Map { has_key: false })?,
                (major @ (MAJOR_BYTES | MAJOR_TEXT), None) => self.open(Open::Pieces(major))?,
                (MAJOR_SIMPLE, None) => self.close()?,
                (MAJOR_UNSIGNED | MAJOR_NEGATIVE | MAJOR_BYTES | MAJOR_TEXT | MAJOR_SIMPLE, _) => self.value_ended(),
                _ => return Err(Malformed("a head that CBOR does not have")),
            }
            self.end_full();
            if self.open.is_empty() {
                return Ok(true);
            }
        }
    }

    /// The size of a head and its payload, if the message may be that long.
    fn checked(&self, head: usize, length: u64) -> Result<usize, Malformed> {
        let size = usize::try_from(length).ok().and_then(|length| length.checked_add(head));
        size.filter(|size| self.at.saturating_add(*size) <= self.bytes_max)
            .ok_or(Malformed("the message is larger than the server takes"))
    }

    /// Each element is a byte at least.
    fn plausible(&self, count: u64) -> Result<u64, Malformed> {
        self.checked(0, count).map(|_| count)
    }

    fn open(&mut self, container: Open) -> Result<(), Malformed> {
        if self.open.len() == self.depth_max {
            return Err(Malformed("too many levels of arrays, maps and tags"));
        }
        self.open.push(container);
        Ok(())
    }

    /// An indefinite container ends.
    fn close(&mut self) -> Result<(), Malformed> {
        match self.open.pop() {
            Some(Open::Array | Open::Map { has_key: false } | Open::Pieces(_)) => {
                self.value_ended();
                Ok(())
            }
            _ => Err(Malformed("a break where no array, map or text ends")),
        }
    }

    fn value_ended(&mut self) {
        match self.open.last_mut() {
            Some(Open::Definite(count)) => *count = count.saturating_sub(1),
            Some(Open::Map { has_key }) => *has_key = !*has_key,
            Some(Open::Array | Open::Pieces(_)) | None => {}
        }
    }

    /// Containers that have all of their values end, and are values themselves.
    fn end_full(&mut self) {
        while self.open.last() == Some(&Open::Definite(0)) {
            self.open.pop();
            self.value_ended();
        }
    }
}
