//! The parser's base: tokens, the choice of the statement, names and paths.

use model::{AttributeValue, DocumentPath, PathElement};

use super::Statement;
use super::error::{PartiqlError, Place, Refusal};
use super::lexer::{Token, TokenKind, tokenize};

pub(super) type Parsed<T> = Result<T, PartiqlError>;

pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    parameters: std::slice::Iter<'t, AttributeValue>,
}

/// What stands behind FROM, INTO or UPDATE.
pub(super) struct Source {
    pub(super) table: String,
    pub(super) index: Option<String>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, parameters: &'t [AttributeValue]) -> Parsed<Parser<'t>> {
        Ok(Parser { text, tokens: tokenize(text)?, at: 0, parameters: parameters.iter() })
    }

    /// How many parameters the statement takes.
    pub(super) fn parameter_count(&self) -> usize {
        self.tokens.iter().filter(|token| token.kind == TokenKind::Parameter).count()
    }

    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        let statement = if self.take_word("SELECT") {
            Statement::Select(self.select()?)
        } else if self.take_word("INSERT") {
            Statement::Insert(self.insert()?)
        } else if self.take_word("UPDATE") {
            Statement::Update(self.update()?)
        } else if self.take_word("DELETE") {
            Statement::Delete(self.delete()?)
        } else if self.take_word("EXISTS") {
            Statement::Exists(self.exists()?)
        } else {
            return Err(PartiqlError::Malformed("Expected data manipulation"));
        };
        self.take_symbol(";");
        match self.peek().kind {
            TokenKind::End => Ok(statement),
            _ => Err(PartiqlError::Malformed("Unexpected token after expression")),
        }
    }

    // Tokens.

    pub(super) fn peek(&self) -> Token<'t> {
        self.tokens[self.at]
    }

    pub(super) fn peek_second(&self) -> Token<'t> {
        self.tokens[(self.at + 1).min(self.tokens.len() - 1)]
    }

    pub(super) fn advance(&mut self) -> Token<'t> {
        let token = self.peek();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_word(word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str, detail: &'static str) -> Parsed<()> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(PartiqlError::Malformed(detail)) }
    }

    pub(super) fn expect_word(&mut self, word: &str, detail: &'static str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { Err(PartiqlError::Malformed(detail)) }
    }

    /// The parameter of a `?` that has just been taken; NULL if the request has too few, which is reported later.
    pub(super) fn parameter(&mut self) -> AttributeValue {
        self.parameters.next().cloned().unwrap_or(AttributeValue::Null)
    }

    /// What is wrong where a name or a value should stand.
    pub(super) fn unexpected(&self) -> PartiqlError {
        let token = self.peek();
        let operator = token.kind == TokenKind::Symbol
            && matches!(
                token.text,
                "+" | "-" | "*" | "/" | "%" | "=" | "<" | ">" | "<>" | "<=" | ">=" | "!=" | "||" | "@"
            );
        PartiqlError::Malformed(match (token.is_keyword(), operator) {
            (true, _) => "Unexpected keyword",
            (_, true) => "Unexpected operator",
            _ => "Unexpected term",
        })
    }

    /// The refusal of the clause, function or operator that a token begins.
    pub(super) fn unsupported(&self, what: &'static str, token: Token<'_>) -> PartiqlError {
        let place = Place::of(self.text, token.start, token.text.len());
        Refusal::Unsupported { what, name: token.text.to_ascii_uppercase(), place }.into()
    }

    // Names and paths.

    pub(super) fn name(&mut self) -> Parsed<String> {
        if self.peek().is_name() { Ok(self.advance().content()) } else { Err(self.unexpected()) }
    }

    /// `table` or `table.index`.
    pub(super) fn source(&mut self) -> Parsed<Source> {
        let table = self.name()?;
        let index = if self.take_symbol(".") { Some(self.dot_name()?) } else { None };
        Ok(Source { table, index })
    }

    /// The table of a write.
    pub(super) fn table(&mut self) -> Parsed<String> {
        match self.source()? {
            Source { table, index: None } => Ok(table),
            Source { .. } => Err(Refusal::IndexWrite.into()),
        }
    }

    /// `name.name[0]…`; `['name']` is another spelling of `.name`.
    pub(super) fn path(&mut self) -> Parsed<DocumentPath> {
        let mut path = DocumentPath::top(self.name()?);
        loop {
            if self.take_symbol(".") {
                let name = self.dot_name()?;
                path.steps.push(PathElement::Name(name));
            } else if self.take_symbol("[") {
                let step = self.bracketed_step()?;
                path.steps.push(step);
            } else {
                return Ok(path);
            }
        }
    }

    fn dot_name(&mut self) -> Parsed<String> {
        if self.peek().is_name() {
            return Ok(self.advance().content());
        }
        Err(PartiqlError::Malformed("Invalid path dot component"))
    }

    fn bracketed_step(&mut self) -> Parsed<PathElement> {
        let token = self.advance();
        let step = match token.kind {
            TokenKind::Text => PathElement::Name(token.content()),
            // An index beyond `usize` is beyond every list, so it saturates.
            TokenKind::Number if token.text.bytes().all(|byte| byte.is_ascii_digit()) => {
                PathElement::Index(token.text.parse().unwrap_or(usize::MAX))
            }
            _ => return Err(PartiqlError::Malformed("Invalid path component for simple path")),
        };
        self.expect_symbol("]", "Expected RIGHT_BRACKET")?;
        Ok(step)
    }
}
