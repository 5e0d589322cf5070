//! Ion's text encoding.

use super::symbols::Symbols;
use super::tree::{DEPTH_MAX, Data, IonValue};
use super::{Found, Problem, malformed};
use crate::read::memory::Memory;

const VERSION_MARKER: &str = "$ion_1_0";

/// The next value of a stream, or what is before it.
pub(super) fn next(
    bytes: &[u8],
    is_end: bool,
    in_list: &mut bool,
    symbols: &mut Symbols,
    memory: &Memory,
) -> Result<Found, Problem> {
    let mut parser = Parser { bytes, at: 0, is_end, symbols, memory, depth: 0 };
    // Each is taken alone, so that what precedes a value is not read again with it.
    if parser.space()? {
        return Ok(Found::Nothing(parser.at));
    }
    match parser.peek() {
        Some(b'[') if !*in_list => *in_list = true,
        Some(b']') if *in_list => *in_list = false,
        Some(b',') if *in_list => {}
        _ => return parser.top_value(),
    }
    Ok(Found::Nothing(1))
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    is_end: bool,
    symbols: &'a mut Symbols,
    memory: &'a Memory,
    /// Open containers.
    depth: usize,
}

impl Parser<'_> {
    fn top_value(mut self) -> Result<Found, Problem> {
        let value = self.value()?;
        if value.annotations.is_empty()
            && let Data::Symbol(name) = &value.data
            && name.starts_with("$ion_")
        {
            if name != VERSION_MARKER {
                return malformed("it has a version other than 1.0");
            }
            self.symbols.reset();
            return Ok(Found::Nothing(self.at));
        }
        Ok(Found::Value(self.at, value))
    }

    /// A value with its annotations.
    fn value(&mut self) -> Result<IonValue, Problem> {
        let mut annotations = Vec::new();
        loop {
            self.space()?;
            let data = self.data()?;
            let Data::Symbol(name) = data else { return Ok(IonValue { annotations, data }) };
            // A symbol is an annotation if two colons follow it.
            self.space()?;
            if self.peek().is_none() && !self.is_end {
                return Err(Problem::Incomplete);
            }
            if self.peek() == Some(b':') && self.second()? == Some(b':') {
                self.at += 2;
                annotations.push(name);
            } else {
                return Ok(IonValue { annotations, data: Data::Symbol(name) });
            }
        }
    }

    fn data(&mut self) -> Result<Data, Problem> {
        let Some(first) = self.peek() else { return Err(Problem::Incomplete) };
        self.memory.value(0)?;
        let data = self.data_of(first)?;
        // All of these have no more bytes than the record; symbols by number are counted before they are copied.
        self.memory.text(match &data {
            Data::Text(text) | Data::Symbol(text) => text.len(),
            Data::Blob(bytes) => bytes.len(),
            _ => 0,
        })?;
        Ok(data)
    }

    fn data_of(&mut self, first: u8) -> Result<Data, Problem> {
        match first {
            b'"' => Ok(Data::Text(self.short_string(b'"')?)),
            b'\'' if self.is_long_string()? => Ok(Data::Text(self.long_string()?)),
            b'\'' => Ok(Data::Symbol(self.short_string(b'\'')?)),
            b'{' if self.second()? == Some(b'{') => self.lob(),
            b'{' => self.nested(Parser::fields),
            b'[' => self.nested(Parser::elements),
            b'(' => Ok(Data::Other("sexp")),
            b'+' | b'-' | b'0'..=b'9' => self.numeric(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => self.word(),
            _ => malformed("a value begins with a character that none begins with"),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Data, Problem>) -> Result<Data, Problem> {
        if self.depth == DEPTH_MAX {
            return malformed("its values are nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        let data = read(self)?;
        self.depth -= 1;
        Ok(data)
    }

    /// Behind the bracket of a list.
    fn elements(&mut self) -> Result<Data, Problem> {
        let mut elements = Vec::new();
        while !self.closes(b']')? {
            elements.push(self.value()?);
            self.separator(b']')?;
        }
        Ok(Data::List(elements))
    }

    /// Behind the brace of a struct.
    fn fields(&mut self) -> Result<Data, Problem> {
        let mut fields = Vec::new();
        while !self.closes(b'}')? {
            let name = match self.data()? {
                Data::Symbol(name) | Data::Text(name) => name,
                _ => return malformed("a field has no name"),
            };
            self.space()?;
            match self.peek() {
                Some(b':') => self.at += 1,
                Some(_) => return malformed("a field has no colon behind its name"),
                None => return Err(Problem::Incomplete),
            }
            fields.push((name, self.value()?));
            self.separator(b'}')?;
        }
        Ok(Data::Struct(fields))
    }

    /// Takes the end of a container, if it is next.
    fn closes(&mut self, end: u8) -> Result<bool, Problem> {
        self.space()?;
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Err(Problem::Incomplete),
        }
    }

    /// Takes a comma; the end of a container is left.
    fn separator(&mut self, end: u8) -> Result<(), Problem> {
        self.space()?;
        match self.peek() {
            Some(b',') => self.at += 1,
            Some(byte) if byte == end => {}
            Some(_) => return malformed("there is no comma between two values"),
            None => return Err(Problem::Incomplete),
        }
        Ok(())
    }

    /// `null`, `null.type`, `true`, `false`, `nan`, an identifier, or a symbol by its number.
    fn word(&mut self) -> Result<Data, Problem> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        let word = self.token(is_part)?.to_owned();
        match word.as_str() {
            "null" => {
                if self.peek() == Some(b'.') {
                    self.at += 1;
                    self.token(u8::is_ascii_alphabetic)?;
                } else if self.peek().is_none() && !self.is_end {
                    return Err(Problem::Incomplete);
                }
                Ok(Data::Null)
            }
            "true" => Ok(Data::Bool(true)),
            "false" => Ok(Data::Bool(false)),
            "nan" => Ok(Data::Number(word)),
            _ => match word.strip_prefix('$').and_then(|id| id.parse().ok()) {
                Some(id) => {
                    let text = self.symbols.text(id).map_err(Problem::Malformed)?;
                    self.memory.text(text.len())?;
                    Ok(Data::Symbol(text.to_owned()))
                }
                None => Ok(Data::Symbol(word)),
            },
        }
    }

    /// An int, a decimal, a float, or a timestamp.
    fn numeric(&mut self) -> Result<Data, Problem> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-' | b':');
        let token = self.token(is_part)?;
        let is_timestamp = token.len() > 4
            && token.bytes().take(4).all(|byte| byte.is_ascii_digit())
            && matches!(token.as_bytes()[4], b'-' | b'T');
        if is_timestamp {
            return Ok(Data::Other("timestamp"));
        }
        let text: String = token.chars().filter(|c| *c != '_').collect();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
        let prefix = digits.get(..2).map(str::to_ascii_lowercase);
        let radix = match prefix.as_deref() {
            Some("0x") => 16,
            Some("0b") => 2,
            _ => return Ok(Data::Number(text.replace(['d', 'D'], "e"))),
        };
        match u128::from_str_radix(&digits[2..], radix) {
            Ok(magnitude) => Ok(Data::Number(format!("{sign}{magnitude}"))),
            Err(_) => malformed("an int is no number, or too large"),
        }
    }

    /// The bytes of a token, which ends before the first other byte.
    fn token(&mut self, is_part: impl Fn(&u8) -> bool) -> Result<&str, Problem> {
        let rest = &self.bytes[self.at..];
        let size = match rest.iter().position(|byte| !is_part(byte)) {
            Some(size) => size,
            None if self.is_end => rest.len(),
            None => return Err(Problem::Incomplete),
        };
        self.at += size;
        Ok(std::str::from_utf8(&rest[..size]).unwrap_or_default())
    }

    fn is_long_string(&self) -> Result<bool, Problem> {
        let rest = &self.bytes[self.at..];
        match rest.len() < 3 && !self.is_end {
            true => Err(Problem::Incomplete),
            false => Ok(rest.starts_with(b"'''")),
        }
    }

    /// Segments in three quotes, with space between them.
    fn long_string(&mut self) -> Result<String, Problem> {
        let mut text = Vec::new();
        loop {
            self.at += 3;
            loop {
                let rest = &self.bytes[self.at..];
                if rest.starts_with(b"'''") {
                    self.at += 3;
                    break;
                }
                if rest.len() < 3 && !self.is_end {
                    return Err(Problem::Incomplete);
                }
                self.character(&mut text)?;
            }
            self.space()?;
            if self.peek() != Some(b'\'') || !self.is_long_string()? {
                return utf8(text);
            }
        }
    }

    fn short_string(&mut self, quote: u8) -> Result<String, Problem> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            // Most texts have no escapes.
            let rest = &self.bytes[self.at..];
            let size = memchr::memchr2(quote, b'\\', rest).ok_or(Problem::Incomplete)?;
            if memchr::memchr(b'\n', &rest[..size]).is_some() {
                return malformed("a line break is in a text");
            }
            text.extend_from_slice(&rest[..size]);
            self.at += size;
            if rest[size] == quote {
                self.at += 1;
                return utf8(text);
            }
            self.character(&mut text)?;
        }
    }

    /// One byte of a text, or an escape.
    fn character(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let Some(byte) = self.peek() else { return Err(Problem::Incomplete) };
        self.at += 1;
        if byte != b'\\' {
            out.push(byte);
            return Ok(());
        }
        let Some(escape) = self.peek() else { return Err(Problem::Incomplete) };
        self.at += 1;
        let code = match escape {
            b'x' => self.hexadecimal(2)?,
            b'u' => self.hexadecimal(4)?,
            b'U' => self.hexadecimal(8)?,
            b'\n' => return Ok(()),
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
                return Ok(());
            }
            _ => match simple_escape(escape) {
                Some(byte) => u32::from(byte),
                None => return malformed("an escape is not known"),
            },
        };
        let character = match code {
            // The two halves of a pair are two escapes.
            0xD800..=0xDBFF if self.bytes[self.at..].starts_with(b"\\u") => {
                self.at += 2;
                let low = self.hexadecimal(4)?;
                let of_pair = |low: u32| char::from_u32(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
                (0xDC00..=0xDFFF).contains(&low).then(|| of_pair(low)).flatten()
            }
            0xD800..=0xDBFF if !self.is_end && self.bytes.len() < self.at + 2 => return Err(Problem::Incomplete),
            code => char::from_u32(code),
        };
        let Some(character) = character else { return malformed("an escape is no character") };
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u32, Problem> {
        let text = self.bytes.get(self.at..self.at + digits).ok_or(Problem::Incomplete)?;
        self.at += digits;
        let is_hex = text.iter().all(u8::is_ascii_hexdigit);
        let code = std::str::from_utf8(text).ok().filter(|_| is_hex).and_then(|t| u32::from_str_radix(t, 16).ok());
        code.map_or_else(|| malformed("an escape is not hexadecimal"), Ok)
    }

    /// A blob, or a clob, which is text in quotes.
    fn lob(&mut self) -> Result<Data, Problem> {
        self.at += 2;
        self.blanks();
        if matches!(self.peek(), Some(b'"' | b'\'')) {
            return Ok(Data::Other("clob"));
        }
        let rest = &self.bytes[self.at..];
        let size = memchr::memchr(b'}', rest).ok_or(Problem::Incomplete)?;
        match rest.get(size + 1) {
            None => return Err(Problem::Incomplete),
            Some(b'}') => {}
            Some(_) => return malformed("a blob has no end"),
        }
        let text: Vec<u8> = rest[..size].iter().copied().filter(|byte| !is_blank(*byte)).collect();
        self.at += size + 2;
        match base64_simd::STANDARD.decode_to_vec(&text) {
            Ok(bytes) => Ok(Data::Blob(bytes)),
            Err(_) => malformed("a blob is not in base64"),
        }
    }

    /// Takes blanks and comments; whether there were any.
    fn space(&mut self) -> Result<bool, Problem> {
        let start = self.at;
        loop {
            self.blanks();
            if self.peek() != Some(b'/') {
                return Ok(self.at > start);
            }
            let rest = &self.bytes[self.at + 1..];
            let size = match rest.first() {
                Some(b'/') => memchr::memchr(b'\n', rest).or(self.is_end.then_some(rest.len())),
                Some(b'*') => memchr::memmem::find(&rest[1..], b"*/").map(|end| end + 3),
                Some(_) => return malformed("a slash begins no comment"),
                None => None,
            };
            self.at += 1 + size.ok_or(Problem::Incomplete)?;
        }
    }

    fn blanks(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The byte behind the next one.
    fn second(&self) -> Result<Option<u8>, Problem> {
        match self.bytes.get(self.at + 1) {
            None if !self.is_end => Err(Problem::Incomplete),
            second => Ok(second.copied()),
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

fn simple_escape(escape: u8) -> Option<u8> {
    Some(match escape {
        b'0' => 0,
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0B,
        b'f' => 0x0C,
        b'r' => b'\r',
        b'"' | b'\'' | b'?' | b'\\' | b'/' => escape,
        _ => return None,
    })
}

fn utf8(text: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(text).map_err(|_| Problem::Malformed("a text is not UTF-8".to_owned()))
}
