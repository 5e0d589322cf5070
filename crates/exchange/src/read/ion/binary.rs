//! Ion's binary encoding.
//!
//! | value | bytes |
//! |---|---|
//! | any | 4 bits of its type, 4 bits of its length; 14: a VarUInt of the length follows; 15: null |
//! | version marker | E0, major, minor, EA |
//! | annotated | type 14: length, length of the annotations, their symbols as VarUInts, the value |
//! | struct | type 13: fields, each a symbol as VarUInt and a value |
//! | decimal | exponent as VarInt, coefficient as Int |
//!
//! Lengths precede everything, so a value is known to be complete before it is read.

use super::symbols::Symbols;
use super::tree::{DEPTH_MAX, Data, IonValue};
use super::{Found, Problem, malformed};
use crate::read::RECORD_SIZE_MAX;
use crate::read::memory::Memory;

const VERSION_MARKER: [u8; 4] = [0xE0, 1, 0, 0xEA];
/// Digits of a number that is read; a number has at most 38. Unit: bytes of the magnitude.
const MAGNITUDE_SIZE_MAX: usize = 16;

/// The next value of a stream, or what is before it.
pub(super) fn next(
    bytes: &[u8],
    list_left: &mut Option<u64>,
    symbols: &mut Symbols,
    memory: &Memory,
) -> Result<Found, Problem> {
    if *list_left == Some(0) {
        *list_left = None;
    }
    if bytes[0] == VERSION_MARKER[0] {
        let marker = bytes.first_chunk().ok_or(Problem::Incomplete)?;
        if list_left.is_some() || *marker != VERSION_MARKER {
            return malformed("it has a version other than 1.0");
        }
        symbols.reset();
        return Ok(Found::Nothing(4));
    }
    let mut reader = Reader { bytes, symbols, memory };
    let header = reader.header()?;
    let header_size = bytes.len() - reader.bytes.len();
    if header.kind == Kind::List && list_left.is_none() {
        *list_left = Some(header.size as u64);
        return Ok(Found::Nothing(header_size));
    }
    let size = header_size + header.size;
    if size > RECORD_SIZE_MAX {
        return malformed("a value is larger than a record may be");
    }
    if let Some(left) = list_left {
        *left = left.checked_sub(size as u64).ok_or_else(too_long)?;
    }
    if reader.bytes.len() < header.size {
        // Read again when it is complete.
        if let Some(left) = list_left {
            *left += size as u64;
        }
        return Err(Problem::Incomplete);
    }
    match reader.value(header, DEPTH_MAX)? {
        Some(value) => Ok(Found::Value(size, value)),
        None => Ok(Found::Nothing(size)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Null, or padding where there is nothing to be null.
    Null,
    Bool(bool),
    Int {
        negative: bool,
    },
    Float,
    Decimal,
    Symbol,
    Text,
    Blob,
    List,
    Struct,
    Annotated,
    Padding,
    Other(&'static str),
}

#[derive(Clone, Copy)]
struct Header {
    kind: Kind,
    /// Unit: bytes behind the header.
    size: usize,
}

/// Bytes that were not read yet.
struct Reader<'a> {
    bytes: &'a [u8],
    symbols: &'a Symbols,
    memory: &'a Memory,
}

impl<'a> Reader<'a> {
    fn header(&mut self) -> Result<Header, Problem> {
        let first = self.take(1)?[0];
        let (code, length) = (first >> 4, first & 0xF);
        if length == 15 && code != 14 && code != 15 {
            return Ok(Header { kind: Kind::Null, size: 0 });
        }
        let kind = match code {
            0 => Kind::Padding,
            1 if length < 2 => return Ok(Header { kind: Kind::Bool(length == 1), size: 0 }),
            2 => Kind::Int { negative: false },
            3 => Kind::Int { negative: true },
            4 => Kind::Float,
            5 => Kind::Decimal,
            6 => Kind::Other("timestamp"),
            7 => Kind::Symbol,
            8 => Kind::Text,
            9 => Kind::Other("clob"),
            10 => Kind::Blob,
            11 => Kind::List,
            12 => Kind::Other("sexp"),
            13 => Kind::Struct,
            14 if (3..15).contains(&length) => Kind::Annotated,
            _ => return malformed("a value has a type that is not known"),
        };
        // A struct of length 1 says that its fields are sorted, and has its length behind.
        let size = match length {
            14 => self.var_uint()?,
            1 if kind == Kind::Struct => self.var_uint()?,
            length => u64::from(length),
        };
        let size = usize::try_from(size).map_err(|_| too_long())?;
        Ok(Header { kind, size })
    }

    /// The value behind its header; `None` for padding.
    fn value(&mut self, header: Header, depth: usize) -> Result<Option<IonValue>, Problem> {
        let Some(depth) = depth.checked_sub(1) else { return malformed("its values are nested too deeply") };
        let bytes = self.take(header.size)?;
        match header.kind {
            Kind::Text | Kind::Blob => self.memory.value(bytes.len())?,
            Kind::Padding | Kind::Annotated => {}
            _ => self.memory.value(0)?,
        }
        let mut inner = Reader { bytes, ..*self };
        let data = match header.kind {
            Kind::Padding => return Ok(None),
            Kind::Annotated => return inner.annotated(depth).map(Some),
            Kind::Null => Data::Null,
            Kind::Bool(value) => Data::Bool(value),
            Kind::Int { negative } => Data::Number(with_sign(negative, magnitude(bytes)?)),
            Kind::Float => Data::Number(float(bytes)?),
            Kind::Decimal => Data::Number(inner.decimal()?),
            Kind::Symbol => Data::Symbol(inner.symbol_of(uint(bytes)?)?),
            Kind::Text => match std::str::from_utf8(bytes) {
                Ok(text) => Data::Text(text.to_owned()),
                Err(_) => return malformed("a text is not UTF-8"),
            },
            Kind::Blob => Data::Blob(bytes.to_vec()),
            Kind::List => Data::List(inner.elements(depth)?),
            Kind::Struct => Data::Struct(inner.fields(depth)?),
            Kind::Other(kind) => Data::Other(kind),
        };
        Ok(Some(IonValue::plain(data)))
    }

    fn elements(&mut self, depth: usize) -> Result<Vec<IonValue>, Problem> {
        let mut elements = Vec::new();
        while !self.bytes.is_empty() {
            let header = self.inner_header()?;
            elements.extend(self.value(header, depth)?);
        }
        Ok(elements)
    }

    fn fields(&mut self, depth: usize) -> Result<Vec<(String, IonValue)>, Problem> {
        let mut fields = Vec::new();
        while !self.bytes.is_empty() {
            let symbol = self.inner(Reader::var_uint)?;
            let header = self.inner_header()?;
            // The name of padding has no meaning, and may have no text.
            if header.kind == Kind::Padding {
                self.inner(|reader| reader.take(header.size))?;
                continue;
            }
            let name = self.symbol_of(symbol)?;
            if let Some(value) = self.value(header, depth)? {
                fields.push((name, value));
            }
        }
        Ok(fields)
    }

    fn annotated(&mut self, depth: usize) -> Result<IonValue, Problem> {
        let size = self.inner(Reader::var_uint)?;
        let size = usize::try_from(size).map_err(|_| too_long())?;
        let bytes = self.inner(|reader| reader.take(size))?;
        let mut names = Reader { bytes, ..*self };
        let mut annotations = Vec::new();
        while !names.bytes.is_empty() {
            let symbol = names.inner(Reader::var_uint)?;
            annotations.push(self.symbol_of(symbol)?);
        }
        let header = self.inner_header()?;
        if matches!(header.kind, Kind::Annotated | Kind::Padding) {
            return malformed("an annotation has no value");
        }
        match self.value(header, depth)? {
            Some(value) if self.bytes.is_empty() => Ok(IonValue { annotations, data: value.data }),
            _ => malformed("an annotated value has another length than it says"),
        }
    }

    /// A decimal as text.
    fn decimal(&mut self) -> Result<String, Problem> {
        if self.bytes.is_empty() {
            return Ok("0".to_owned());
        }
        let (negative, exponent) = self.inner(Reader::var_int)?;
        let exponent = with_sign(negative, exponent.into());
        let Some((first, rest)) = self.bytes.split_first() else { return Ok(format!("0e{exponent}")) };
        let mut coefficient = vec![first & 0x7F];
        coefficient.extend_from_slice(rest);
        let coefficient = with_sign(first & 0x80 != 0, magnitude(&coefficient)?);
        Ok(format!("{coefficient}e{exponent}"))
    }

    fn symbol_of(&self, id: u64) -> Result<String, Problem> {
        let text = self.symbols.text(id).map_err(Problem::Malformed)?;
        self.memory.name(text.len())?;
        Ok(text.to_owned())
    }

    fn inner_header(&mut self) -> Result<Header, Problem> {
        self.inner(Reader::header)
    }

    /// Reads within a value that is complete: what is missing there does not come later.
    fn inner<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        read(self).map_err(|problem| match problem {
            Problem::Incomplete => too_long(),
            other => other,
        })
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.bytes.split_at_checked(size).ok_or(Problem::Incomplete)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// 7 bits a byte, high ones first; the last byte has its top bit set.
    fn var_uint(&mut self) -> Result<u64, Problem> {
        let mut value = 0_u64;
        loop {
            let byte = self.take(1)?[0];
            if value >> 57 != 0 {
                return malformed("a number of the encoding is too large");
            }
            value = value << 7 | u64::from(byte & 0x7F);
            if byte & 0x80 != 0 {
                return Ok(value);
            }
        }
    }

    /// As a VarUInt, whose first byte has a sign instead of its second bit.
    fn var_int(&mut self) -> Result<(bool, u64), Problem> {
        let first = self.take(1)?[0];
        let (negative, mut value) = (first & 0x40 != 0, u64::from(first & 0x3F));
        let mut is_last = first & 0x80 != 0;
        while !is_last {
            let byte = self.take(1)?[0];
            if value >> 57 != 0 {
                return malformed("a number of the encoding is too large");
            }
            value = value << 7 | u64::from(byte & 0x7F);
            is_last = byte & 0x80 != 0;
        }
        Ok((negative, value))
    }
}

fn too_long() -> Problem {
    Problem::Malformed("a value is longer than what contains it".to_owned())
}

fn with_sign(negative: bool, magnitude: u128) -> String {
    format!("{}{magnitude}", if negative { "-" } else { "" })
}

/// An unsigned number, high byte first.
fn magnitude(bytes: &[u8]) -> Result<u128, Problem> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let bytes = &bytes[start..];
    if bytes.len() > MAGNITUDE_SIZE_MAX {
        return malformed("a number is too large");
    }
    Ok(bytes.iter().fold(0, |value, byte| value << 8 | u128::from(*byte)))
}

fn uint(bytes: &[u8]) -> Result<u64, Problem> {
    u64::try_from(magnitude(bytes)?).map_err(|_| Problem::Malformed("a symbol has no text".to_owned()))
}

/// A float as text: its shortest one that is read as the same float.
fn float(bytes: &[u8]) -> Result<String, Problem> {
    match (bytes.len(), bytes.first_chunk::<4>(), bytes.first_chunk::<8>()) {
        (0, ..) => Ok("0".to_owned()),
        (4, Some(bytes), _) => Ok(format!("{:e}", f32::from_be_bytes(*bytes))),
        (8, _, Some(bytes)) => Ok(format!("{:e}", f64::from_be_bytes(*bytes))),
        _ => malformed("a float has a length that none has"),
    }
}
