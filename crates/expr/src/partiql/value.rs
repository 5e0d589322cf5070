//! Literals: scalars, lists `[…]`, maps `{'name': …}` and sets `<<…>>`, with parameters anywhere inside.

use std::fmt::Display;

use model::limits::NESTING_MAX;
use model::{AttributeValue, Attributes, Number, PathElement};

use super::error::{PartiqlError, Refusal, ValuePath};
use super::lexer::TokenKind;
use super::parser::{Parsed, Parser};
use crate::error::Problem;

impl Parser<'_> {
    /// Whether a value begins here, rather than a path or a call.
    pub(super) fn at_value(&self) -> bool {
        let token = self.peek();
        match token.kind {
            TokenKind::Text | TokenKind::Number | TokenKind::Parameter => true,
            TokenKind::Word => ["TRUE", "FALSE", "NULL"].iter().any(|word| token.is_word(word)),
            TokenKind::Symbol => match token.text {
                "[" | "{" | "<<" => true,
                "+" | "-" => self.peek_second().kind == TokenKind::Number,
                _ => false,
            },
            TokenKind::QuotedName | TokenKind::End => false,
        }
    }

    /// A value of an attribute, or one to compare with.
    pub(super) fn value(&mut self) -> Parsed<AttributeValue> {
        self.nested_value(1)
    }

    /// The item of an INSERT, which is no level of its own.
    pub(super) fn item(&mut self) -> Parsed<Attributes> {
        match self.nested_value(0)? {
            AttributeValue::M(item) => Ok(item),
            _ => Err(Refusal::ItemNotMap.into()),
        }
    }

    fn nested_value(&mut self, level: usize) -> Parsed<AttributeValue> {
        if level > NESTING_MAX {
            return Err(Problem::NestingTooDeep.into());
        }
        if !self.at_value() {
            return Err(self.no_value());
        }
        let token = self.advance();
        match (token.kind, token.text) {
            (TokenKind::Parameter, _) => Ok(self.parameter()),
            (TokenKind::Text, _) => Ok(AttributeValue::S(token.content())),
            (TokenKind::Number, text) => number(text),
            (TokenKind::Symbol, "[") => self.elements("]", level).map(AttributeValue::L),
            (TokenKind::Symbol, "{") => self.members(level).map(AttributeValue::M),
            (TokenKind::Symbol, "<<") => set(self.elements(">>", level)?),
            (TokenKind::Symbol, "-") => number(&format!("-{}", self.advance().text)),
            (TokenKind::Symbol, _) => number(self.advance().text),
            _ if token.is_word("NULL") => Ok(AttributeValue::Null),
            _ => Ok(AttributeValue::Bool(token.is_word("TRUE"))),
        }
    }

    /// What is wrong where a value must begin.
    fn no_value(&self) -> PartiqlError {
        let token = self.peek();
        if token.kind == TokenKind::Word && self.peek_second().is_symbol("(") {
            let name = token.text.to_ascii_lowercase();
            return Refusal::DataType { name, path: ValuePath::default(), place: self.place(token) }.into();
        }
        self.unexpected()
    }

    fn elements(&mut self, end: &str, level: usize) -> Parsed<Vec<AttributeValue>> {
        let mut elements = Vec::new();
        if self.take_symbol(end) {
            return Ok(elements);
        }
        loop {
            let element = self.nested_value(level + 1);
            elements.push(element.map_err(|error| error.inside(PathElement::Index(elements.len())))?);
            if self.take_symbol(end) {
                return Ok(elements);
            }
            self.expect_symbol(",", "Expected COMMA")?;
        }
    }

    fn members(&mut self, level: usize) -> Parsed<Attributes> {
        let mut members = Vec::new();
        if self.take_symbol("}") {
            return Ok(Attributes::new());
        }
        loop {
            if self.peek().kind != TokenKind::Text {
                return Err(self.unexpected());
            }
            let name = self.advance().content();
            self.expect_symbol(":", "Expected COLON")?;
            // The item of an INSERT is no level: each of its attributes is a root.
            let value = self.nested_value(level + 1).map_err(|error| match level {
                0 => error,
                _ => error.inside(PathElement::Name(name.clone())),
            })?;
            members.push((name, value));
            if self.take_symbol("}") {
                return Ok(Attributes::from_unsorted(members));
            }
            self.expect_symbol(",", "Expected COMMA")?;
        }
    }
}

fn number(text: &str) -> Parsed<AttributeValue> {
    let at_root = |error| PartiqlError::NumberAt { error, path: ValuePath::default() };
    Number::parse(text).map(AttributeValue::N).map_err(at_root)
}

/// The set of these elements; the first decides its type.
fn set(elements: Vec<AttributeValue>) -> Parsed<AttributeValue> {
    let text = |value| if let AttributeValue::S(text) = value { Some(text) } else { None };
    let number = |value| if let AttributeValue::N(number) = value { Some(number) } else { None };
    let binary = |value| if let AttributeValue::B(bytes) = value { Some(bytes) } else { None };
    match elements.first() {
        None => Err(Refusal::EmptySet.into()),
        Some(AttributeValue::S(_)) => sorted(elements, text, |text| text.clone()).map(AttributeValue::SS),
        Some(AttributeValue::N(_)) => sorted(elements, number, Number::to_string).map(AttributeValue::NS),
        Some(AttributeValue::B(_)) => {
            let spell = |bytes: &Vec<u8>| format!("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len());
            sorted(elements, binary, spell).map(AttributeValue::BS)
        }
        Some(_) => Err(Refusal::SetElements.into()),
    }
}

fn sorted<T: Ord, D: Display>(
    elements: Vec<AttributeValue>,
    element: impl Fn(AttributeValue) -> Option<T>,
    spell: impl Fn(&T) -> D,
) -> Parsed<Vec<T>> {
    let elements: Option<Vec<T>> = elements.into_iter().map(element).collect();
    let mut elements = elements.ok_or(PartiqlError::Refused(Refusal::SetElements))?;
    let spelled: Vec<String> = elements.iter().map(|element| spell(element).to_string()).collect();
    elements.sort_unstable();
    match elements.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Refusal::DuplicateElement(format!("[{}]", spelled.join(", "))).into()),
        false => Ok(elements),
    }
}
