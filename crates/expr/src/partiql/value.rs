//! Literals: scalars, lists `[…]`, maps `{'name': …}` and sets `<<…>>`, with parameters anywhere inside.

use std::fmt::Display;

use model::limits::NESTING_MAX;
use model::{AttributeValue, Attributes, Number, NumberReading, PathElement};

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
            _ => {
                self.refuse(Refusal::ItemNotMap);
                Ok(Attributes::new())
            }
        }
    }

    fn nested_value(&mut self, level: usize) -> Parsed<AttributeValue> {
        if level > NESTING_MAX {
            return Err(Problem::NestingTooDeep.into());
        }
        if !self.at_value() {
            return self.no_value();
        }
        let token = self.advance();
        match (token.kind, token.text) {
            (TokenKind::Parameter, _) => {
                let value = self.parameter();
                // The item of an INSERT is no level, whether it is a parameter or has some.
                if level + value.levels() > NESTING_MAX + 1 {
                    self.refuse(Problem::NestingTooDeep);
                }
                Ok(value)
            }
            (TokenKind::Text, _) => Ok(AttributeValue::S(token.content())),
            (TokenKind::Number, text) => Ok(self.number(text)),
            (TokenKind::Symbol, "[") => self.elements("]", level).map(AttributeValue::L),
            (TokenKind::Symbol, "{") => self.members(level).map(AttributeValue::M),
            (TokenKind::Symbol, "<<") => {
                let elements = self.elements(">>", level)?;
                Ok(set(elements).unwrap_or_else(|error| self.refused_value(error)))
            }
            (TokenKind::Symbol, "-") => {
                let text = format!("-{}", self.advance().text);
                Ok(self.number(&text))
            }
            (TokenKind::Symbol, _) => {
                let text = self.advance().text;
                Ok(self.number(text))
            }
            _ if token.is_word("NULL") => Ok(AttributeValue::Null),
            _ => Ok(AttributeValue::Bool(token.is_word("TRUE"))),
        }
    }

    /// What is wrong where a value must begin.
    fn no_value(&mut self) -> Parsed<AttributeValue> {
        let token = self.peek();
        if token.kind != TokenKind::Word || !self.peek_second().is_symbol("(") {
            return Err(self.unexpected());
        }
        let name = token.text.to_ascii_lowercase();
        let refusal = Refusal::DataType { name, path: ValuePath(self.inside.clone()), place: self.place(token) };
        self.skip_call()?;
        Ok(self.refused_value(refusal))
    }

    fn number(&mut self, text: &str) -> AttributeValue {
        Number::parse_as(text, NumberReading::BigDecimal).map(AttributeValue::N).unwrap_or_else(|error| {
            let path = ValuePath(self.inside.clone());
            self.refused_value(PartiqlError::NumberAt { error, path })
        })
    }

    /// The placeholder of a value that DynamoDB does not have.
    fn refused_value(&mut self, refusal: impl Into<PartiqlError>) -> AttributeValue {
        self.refuse(refusal);
        AttributeValue::Null
    }

    fn elements(&mut self, end: &str, level: usize) -> Parsed<Vec<AttributeValue>> {
        let mut elements = Vec::new();
        if self.take_symbol(end) {
            return Ok(elements);
        }
        loop {
            self.inside.push(PathElement::Index(elements.len()));
            elements.push(self.nested_value(level + 1)?);
            self.inside.pop();
            if self.take_symbol(end) {
                return Ok(elements);
            }
            self.expect_comma(end)?;
        }
    }

    /// Takes the comma behind an element; a list without one must end here.
    pub(super) fn expect_comma(&mut self, end: &str) -> Parsed<()> {
        self.expect_symbol(
            ",",
            match end {
                "]" => "Expected RIGHT_BRACKET",
                ">>" => "Expected RIGHT_DOUBLE_ANGLE_BRACKET",
                "}" => "Expected RIGHT_CURLY",
                _ => "Expected RIGHT_PAREN",
            },
        )
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
            if name.is_empty() {
                self.refuse(if level == 0 { Refusal::EmptyAttributeName } else { Refusal::EmptyKey });
            }
            self.expect_symbol(":", "Expected COLON")?;
            // The item of an INSERT is no level: each of its attributes is a root.
            let steps = usize::from(level > 0);
            self.inside.extend(std::iter::repeat_n(PathElement::Name(name.clone()), steps));
            let value = self.nested_value(level + 1)?;
            self.inside.truncate(self.inside.len() - steps);
            members.push((name, value));
            if self.take_symbol("}") {
                return Ok(Attributes::from_unsorted(members));
            }
            self.expect_comma("}")?;
        }
    }
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
