//! A terse spelling of items for the tables of tests: `{pk: "a", n: 1.5, l: [true, null], m: {x: 0x00ff}, s: <1, 2>}`.
//! Angle brackets hold a set; quotes a string; `0x` a binary.

use std::collections::BTreeMap;

use model::{AttributeValue, Attributes, Number};

use crate::placeholders::Placeholders;

pub(crate) fn item(text: &str) -> Attributes {
    match value(text) {
        AttributeValue::M(map) => map,
        other => panic!("not an item: {other:?}"),
    }
}

pub(crate) fn value(text: &str) -> AttributeValue {
    let mut reader = Reader { rest: text };
    let value = reader.value();
    reader.skip();
    assert!(reader.rest.is_empty(), "left over: {}", reader.rest);
    value
}

/// Placeholders from an item such as `{"#a": …}`: its names begin with `#` or `:`, and the values of `#` names are
/// strings.
pub(crate) fn placeholders(text: &str) -> Placeholders {
    let (mut names, mut values) = (BTreeMap::new(), Vec::new());
    for (key, value) in item(text) {
        match value {
            AttributeValue::S(name) if key.starts_with('#') => drop(names.insert(key, name)),
            value => values.push((key, value)),
        }
    }
    let names = (!names.is_empty()).then_some(names);
    let values = (!values.is_empty()).then(|| Attributes::from_unsorted(values));
    Placeholders::new(names, values).expect("good placeholders")
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, symbol: char) -> bool {
        self.skip();
        let found = self.rest.strip_prefix(symbol);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn until(&mut self, end: impl Fn(char) -> bool) -> String {
        self.skip();
        let at = self.rest.find(end).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(at);
        self.rest = rest;
        text.trim().to_owned()
    }

    fn sequence(&mut self, end: char) -> Vec<AttributeValue> {
        let mut values = Vec::new();
        while !self.take(end) {
            values.push(self.value());
            self.take(',');
        }
        values
    }

    fn map(&mut self) -> AttributeValue {
        let mut entries = Vec::new();
        while !self.take('}') {
            // The first character may be the colon of a value placeholder.
            self.skip();
            let first = self.rest.chars().next().expect("a name");
            self.rest = &self.rest[first.len_utf8()..];
            let name = format!("{first}{}", self.until(|c| c == ':'));
            assert!(self.take(':'));
            entries.push((name, self.value()));
            self.take(',');
        }
        AttributeValue::M(Attributes::from_unsorted(entries))
    }

    fn value(&mut self) -> AttributeValue {
        if self.take('{') {
            self.map()
        } else if self.take('[') {
            AttributeValue::L(self.sequence(']'))
        } else if self.take('<') {
            set(self.sequence('>'))
        } else if self.take('"') {
            let text = self.rest.split('"').next().expect("a closing quote").to_owned();
            self.rest = &self.rest[text.len() + 1..];
            AttributeValue::S(text)
        } else {
            scalar(&self.until(|c| ",]}> ".contains(c)))
        }
    }
}

fn scalar(text: &str) -> AttributeValue {
    match text {
        "true" => AttributeValue::Bool(true),
        "false" => AttributeValue::Bool(false),
        "null" => AttributeValue::Null,
        text => match text.strip_prefix("0x") {
            Some(digits) => AttributeValue::B(
                (0..digits.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex"))
                    .collect(),
            ),
            None => AttributeValue::N(Number::parse(text).expect("a number")),
        },
    }
}

fn set(values: Vec<AttributeValue>) -> AttributeValue {
    let (mut strings, mut numbers, mut binaries) = (Vec::new(), Vec::new(), Vec::new());
    for value in values {
        match value {
            AttributeValue::S(text) => strings.push(text),
            AttributeValue::N(number) => numbers.push(number),
            AttributeValue::B(bytes) => binaries.push(bytes),
            other => panic!("not an element of a set: {other:?}"),
        }
    }
    strings.sort();
    numbers.sort();
    binaries.sort();
    if !strings.is_empty() {
        AttributeValue::SS(strings)
    } else if !numbers.is_empty() {
        AttributeValue::NS(numbers)
    } else {
        AttributeValue::BS(binaries)
    }
}
