//! Reads the values of a message that has arrived.

use std::borrow::Cow;

use super::{
    FALSE, FLOAT64, MAJOR_ARRAY, MAJOR_BYTES, MAJOR_MAP, MAJOR_NEGATIVE, MAJOR_SIMPLE, MAJOR_TAG, MAJOR_TEXT,
    MAJOR_UNSIGNED, Malformed, NULL, RawHead, Scanner, TRUE, TRUNCATED, raw_head,
};

/// The beginning of a value. The payload of bytes and texts follows it, and so do the elements of containers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Head {
    Unsigned(u64),
    /// The value is -1 - n.
    Negative(u64),
    /// `None`: pieces follow, up to a break.
    Bytes(Option<usize>),
    Text(Option<usize>),
    Array(Option<u64>),
    Map(Option<u64>),
    Tag(u64),
    Bool(bool),
    Null,
    Float(f64),
    Break,
}

/// Borrows a message and moves over it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The elements of an array, or the pairs of a map, that are to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sequence {
    left: Option<u64>,
}

impl Sequence {
    /// Whether there is another element; at the end of an indefinite sequence its break is read.
    ///
    /// # Errors
    /// The bytes end.
    pub(crate) fn next(&mut self, reader: &mut Reader<'_>) -> Result<bool, Malformed> {
        match &mut self.left {
            Some(left) => {
                let is_more = *left > 0;
                *left = left.saturating_sub(1);
                Ok(is_more)
            }
            None if reader.peek()? == Head::Break => {
                reader.head()?;
                self.left = Some(0);
                Ok(false)
            }
            None => Ok(true),
        }
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// How many bytes are read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// All that is left, which is read by this.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at = self.bytes.len();
        rest
    }

    /// # Errors
    /// Bytes that are no head.
    pub(crate) fn head(&mut self) -> Result<Head, Malformed> {
        let (head, size) = self.read_head()?;
        self.at += size;
        Ok(head)
    }

    /// The next head, which is read again by the next call.
    ///
    /// # Errors
    /// Bytes that are no head.
    pub(crate) fn peek(&self) -> Result<Head, Malformed> {
        self.read_head().map(|(head, _)| head)
    }

    fn read_head(&self) -> Result<(Head, usize), Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let RawHead { major, argument, size } = raw_head(rest)?.ok_or(TRUNCATED)?;
        let length = |argument: Option<u64>| match argument {
            None => Ok(None),
            Some(length) => {
                usize::try_from(length).ok().filter(|length| *length <= rest.len() - size).map(Some).ok_or(TRUNCATED)
            }
        };
        let head = match (major, argument) {
            (MAJOR_UNSIGNED, Some(value)) => Head::Unsigned(value),
            (MAJOR_NEGATIVE, Some(value)) => Head::Negative(value),
            (MAJOR_BYTES, length_) => Head::Bytes(length(length_)?),
            (MAJOR_TEXT, length_) => Head::Text(length(length_)?),
            (MAJOR_ARRAY, count) => Head::Array(count),
            (MAJOR_MAP, count) => Head::Map(count),
            (MAJOR_TAG, Some(tag)) => Head::Tag(tag),
            (MAJOR_SIMPLE, None) => Head::Break,
            (MAJOR_SIMPLE, Some(bits)) => match rest[0] {
                FALSE => Head::Bool(false),
                TRUE => Head::Bool(true),
                NULL => Head::Null,
                FLOAT64 => Head::Float(f64::from_bits(bits)),
                _ => return Err(Malformed("a simple value or a float that DAX does not use")),
            },
            _ => return Err(Malformed("a head that CBOR does not have")),
        };
        Ok((head, size))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length).ok_or(TRUNCATED)?;
        let taken = self.bytes.get(self.at..end).ok_or(TRUNCATED)?;
        self.at = end;
        Ok(taken)
    }

    /// # Errors
    /// Another type.
    pub(crate) fn bytes(&mut self) -> Result<Cow<'a, [u8]>, Malformed> {
        match self.head()? {
            Head::Bytes(length) => self.payload_of_bytes(length),
            _ => Err(Malformed("bytes are expected")),
        }
    }

    /// What follows the head of bytes.
    ///
    /// # Errors
    /// Pieces of another type.
    pub(crate) fn payload_of_bytes(&mut self, length: Option<usize>) -> Result<Cow<'a, [u8]>, Malformed> {
        if let Some(length) = length {
            return self.take(length).map(Cow::Borrowed);
        }
        let mut all = Vec::new();
        loop {
            match self.head()? {
                Head::Bytes(Some(length)) => all.extend_from_slice(self.take(length)?),
                Head::Break => return Ok(Cow::Owned(all)),
                _ => return Err(Malformed("a piece of another type than its text or bytes")),
            }
        }
    }

    /// # Errors
    /// Another type, or no UTF-8.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, Malformed> {
        match self.head()? {
            Head::Text(length) => self.payload_of_text(length),
            _ => Err(Malformed("a text is expected")),
        }
    }

    /// What follows the head of a text.
    ///
    /// # Errors
    /// Pieces of another type, or no UTF-8.
    pub(crate) fn payload_of_text(&mut self, length: Option<usize>) -> Result<Cow<'a, str>, Malformed> {
        if let Some(length) = length {
            return std::str::from_utf8(self.take(length)?).map(Cow::Borrowed).map_err(|_| NOT_UTF8);
        }
        let mut all = String::new();
        loop {
            match self.head()? {
                Head::Text(Some(length)) => {
                    all.push_str(std::str::from_utf8(self.take(length)?).map_err(|_| NOT_UTF8)?);
                }
                Head::Break => return Ok(Cow::Owned(all)),
                _ => return Err(Malformed("a piece of another type than its text or bytes")),
            }
        }
    }

    /// An integer of 64 bits.
    ///
    /// # Errors
    /// Another type, or a larger integer.
    pub(crate) fn int(&mut self) -> Result<i64, Malformed> {
        let large = Malformed("an integer is too large");
        match self.head()? {
            Head::Unsigned(value) => i64::try_from(value).map_err(|_| large),
            Head::Negative(value) => i64::try_from(value).map(|value| -1 - value).map_err(|_| large),
            _ => Err(Malformed("an integer is expected")),
        }
    }

    /// # Errors
    /// Another type.
    pub(crate) fn array(&mut self) -> Result<Sequence, Malformed> {
        match self.head()? {
            Head::Array(left) => Ok(Sequence { left }),
            _ => Err(Malformed("an array is expected")),
        }
    }

    /// # Errors
    /// Another type.
    pub(crate) fn map(&mut self) -> Result<Sequence, Malformed> {
        match self.head()? {
            Head::Map(left) => Ok(Sequence { left }),
            _ => Err(Malformed("a map is expected")),
        }
    }

    /// The elements that follow the head of an array or a map.
    pub(crate) fn sequence(left: Option<u64>) -> Sequence {
        Sequence { left }
    }

    /// Reads a null, if there is one.
    ///
    /// # Errors
    /// Bytes that are no head.
    pub(crate) fn null(&mut self) -> Result<bool, Malformed> {
        let is_null = self.peek()? == Head::Null;
        if is_null {
            self.head()?;
        }
        Ok(is_null)
    }

    /// Moves over a value, whatever it is.
    ///
    /// # Errors
    /// Bytes that are no value.
    pub(crate) fn skip(&mut self) -> Result<(), Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut scanner = Scanner::of_arrived(rest);
        if !scanner.value(rest)? {
            return Err(TRUNCATED);
        }
        self.at += scanner.position();
        Ok(())
    }
}

const NOT_UTF8: Malformed = Malformed("a text is no UTF-8");
