//! A line of plain JSON: `{"pk":"a","n":1.50}`, without the names of types.
//!
//! Numbers keep all their digits, which no reader with floating-point numbers does: hence this one. A string is a string, except that of a
//! binary key, which is base64; an array is a list, an object a map.

use std::collections::BTreeMap;

use model::limits::NESTING_MAX;
use model::{AttributeValue, Attributes, KeyType};

use super::memory::Memory;
use super::value::{EMPTY_NAME, Problems, TOO_DEEP};

const ENDS: &str = "a line ends within its JSON";

/// The item of a line, or why it has no valid one.
///
/// # Errors
/// Why the line cannot be read.
pub(super) fn item(
    line: &[u8],
    key_types: &BTreeMap<String, KeyType>,
    memory: &Memory,
) -> Result<Result<Attributes, String>, String> {
    let mut text = Text { bytes: line, at: 0, memory, problems: Problems::default() };
    match text.peek()? {
        b'{' => {}
        b'[' => {
            return Err("a line is no JSON object, but a list: write its elements one a line (jq -c '.[]')".to_owned());
        }
        _ => return Err("a line is no JSON object".to_owned()),
    }
    let mut item = text.map(1)?;
    text.skip_blanks();
    if text.at < line.len() {
        return Err("something follows the JSON of a line".to_owned());
    }
    for (name, _) in key_types.iter().filter(|(_, key_type)| **key_type == KeyType::B) {
        let Some(value) = item.get_mut(name) else { continue };
        let AttributeValue::S(base64) = &value else { continue };
        match base64_simd::STANDARD.decode_to_vec(base64) {
            Ok(bytes) => *value = AttributeValue::B(bytes),
            Err(_) => text.problems.note(super::value::not_base64(name)),
        }
    }
    Ok(text.problems.verdict(item))
}

struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
    memory: &'a Memory,
    problems: Problems,
}

impl Text<'_> {
    fn skip_blanks(&mut self) {
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.at += self.bytes[self.at..].iter().take_while(is_blank).count();
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Result<u8, String> {
        self.skip_blanks();
        self.bytes.get(self.at).copied().ok_or_else(|| ENDS.to_owned())
    }

    fn expect(&mut self, expected: u8) -> Result<(), String> {
        match self.peek()? {
            byte if byte == expected => {
                self.at += 1;
                Ok(())
            }
            _ => Err(format!("a line is no JSON: there is no {} at byte {}", char::from(expected), self.at + 1)),
        }
    }

    /// Whether a list of members goes on: behind a comma, or at its first one.
    fn goes_on(&mut self, end: u8, is_first: bool) -> Result<bool, String> {
        if self.peek()? == end {
            self.at += 1;
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    fn map(&mut self, level: usize) -> Result<Attributes, String> {
        self.expect(b'{')?;
        let mut entries = Vec::new();
        while self.goes_on(b'}', entries.is_empty())? {
            let name = self.string()?;
            self.memory.name(name.len())?;
            if name.is_empty() {
                self.problems.note(EMPTY_NAME);
            }
            self.expect(b':')?;
            entries.push((name, self.value(level)?));
        }
        Ok(Attributes::from_unsorted(entries))
    }

    fn list(&mut self, level: usize) -> Result<Vec<AttributeValue>, String> {
        self.expect(b'[')?;
        let mut elements = Vec::new();
        while self.goes_on(b']', elements.is_empty())? {
            elements.push(self.value(level)?);
        }
        Ok(elements)
    }

    /// A value on this level. Recursion is bounded by the level: what is deeper cannot be read.
    fn value(&mut self, level: usize) -> Result<AttributeValue, String> {
        if level > NESTING_MAX {
            return Err(TOO_DEEP.to_owned());
        }
        self.memory.value(0)?;
        Ok(match self.peek()? {
            b'{' => AttributeValue::M(self.map(level + 1)?),
            b'[' => AttributeValue::L(self.list(level + 1)?),
            b'"' => {
                let text = self.string()?;
                self.memory.text(text.len())?;
                AttributeValue::S(text)
            }
            b'-' | b'0'..=b'9' => {
                let rest = &self.bytes[self.at..];
                let is_of_number = |byte: &&u8| matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let size = rest.iter().take_while(is_of_number).count();
                self.at += size;
                AttributeValue::N(self.problems.number(&String::from_utf8_lossy(&rest[..size])))
            }
            _ => self.word()?,
        })
    }

    fn word(&mut self) -> Result<AttributeValue, String> {
        let words = [
            (&b"true"[..], AttributeValue::Bool(true)),
            (b"false", AttributeValue::Bool(false)),
            (b"null", AttributeValue::Null),
        ];
        let rest = &self.bytes[self.at..];
        for (word, value) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(format!("a line is no JSON: there is no value at byte {}", self.at + 1))
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect(b'"')?;
        let start = self.at - 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let found = memchr::memchr2(b'"', b'\\', rest).ok_or_else(|| ENDS.to_owned())?;
            if rest[found] == b'"' {
                self.at += found + 1;
                let quoted = &self.bytes[start..self.at];
                return serde_json::from_slice(quoted).map_err(|error| format!("a line is no JSON: {error}"));
            }
            // Whatever is escaped does not end the string.
            self.at += found + 2;
        }
    }
}
