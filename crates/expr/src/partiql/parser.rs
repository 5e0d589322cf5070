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
    /// The first thing that DynamoDB leaves out of the language, refused once all of the statement is known to be
    /// PartiQL.
    refused: Option<PartiqlError>,
    /// The way to the literal that is being read, inside the value of its attribute.
    pub(super) inside: Vec<PathElement>,
}

const OPERATORS: [&str; 14] = ["+", "-", "*", "/", "%", "=", "<", ">", "<>", "<=", ">=", "!=", "||", "@"];
/// Operators that are words. (NOT may begin a condition.)
const OPERATOR_WORDS: [&str; 9] = ["AND", "OR", "IS", "IN", "LIKE", "BETWEEN", "UNION", "INTERSECT", "EXCEPT"];

/// The names of PartiQL's types, of which DynamoDB has those of `condition`.
const TYPES: [&str; 35] = [
    "ANY",
    "BAG",
    "BLOB",
    "BOOL",
    "BOOLEAN",
    "CHAR",
    "CHARACTER",
    "CLOB",
    "DATE",
    "DEC",
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "INT",
    "INT2",
    "INT4",
    "INT8",
    "INTEGER",
    "INTEGER2",
    "INTEGER4",
    "INTEGER8",
    "LIST",
    "MISSING",
    "NULL",
    "NUMERIC",
    "REAL",
    "SEXP",
    "SMALLINT",
    "STRING",
    "STRUCT",
    "SYMBOL",
    "TIME",
    "TIMESTAMP",
    "TUPLE",
    "VARCHAR",
];

fn is_operator_word(token: &Token<'_>) -> bool {
    OPERATOR_WORDS.iter().any(|word| token.is_word(word))
}

fn is_type(word: &str) -> bool {
    TYPES.iter().any(|name| name.eq_ignore_ascii_case(word))
}

/// What follows FROM, INTO or UPDATE.
pub(super) struct Source {
    pub(super) table: String,
    pub(super) index: Option<String>,
}

/// Which paths are allowed: any, or those that can be written to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathKind {
    Any,
    Simple,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, parameters: &'t [AttributeValue]) -> Parsed<Parser<'t>> {
        Ok(Parser {
            text,
            tokens: tokenize(text)?,
            at: 0,
            parameters: parameters.iter(),
            refused: None,
            inside: Vec::new(),
        })
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
        } else if self.peek().is_word("EXISTS") && self.peek_second().is_symbol("(") {
            Statement::Exists(self.exists()?)
        } else if self.take_word("FROM") {
            Statement::Update(self.update_from_first()?)
        } else {
            return Err(self.no_statement());
        };
        self.end()?;
        self.refused.take().map_or(Ok(statement), Err)
    }

    /// Notes that what has just been read is PartiQL, but nothing that DynamoDB does.
    pub(super) fn refuse(&mut self, refusal: impl Into<PartiqlError>) {
        self.refused.get_or_insert(refusal.into());
    }

    /// A text that begins with no statement. PartiQL knows expressions by themselves, of which a test of a type is
    /// recognized; behind a whole expression nothing may follow. A FROM inside one would begin an UPDATE.
    fn no_statement(&mut self) -> PartiqlError {
        let first = self.peek();
        if !first.is_name() || self.peek_second().is_symbol("(") {
            return self.no_expression();
        }
        if let Err(error) = self.path(PathKind::Any) {
            return error;
        }
        if self.take_word("IS") {
            self.take_word("NOT");
            return match (self.type_name(), self.at_end() || self.peek().is_symbol(";")) {
                (true, true) => Refusal::IsType.into(),
                (true, false) => PartiqlError::Malformed("Unexpected token after expression"),
                (false, _) => PartiqlError::Malformed("Expected type name"),
            };
        }
        match self.peek().kind {
            TokenKind::Symbol | TokenKind::End => PartiqlError::Malformed("Expected data manipulation"),
            _ => PartiqlError::Malformed("Unexpected token after expression"),
        }
    }

    fn no_expression(&self) -> PartiqlError {
        let token = self.peek();
        match token.kind {
            TokenKind::End => self.unexpected(),
            TokenKind::Symbol if !token.is_symbol("(") && !self.at_value() => self.unexpected(),
            TokenKind::Word if token.is_word("INSERT") || is_operator_word(&token) => self.unexpected(),
            _ => PartiqlError::Malformed("Expected data manipulation"),
        }
    }

    fn end(&mut self) -> Parsed<()> {
        let ended = self.take_symbol(";");
        match (self.peek().kind, ended) {
            (TokenKind::End, _) => Ok(()),
            (_, true) => Err(PartiqlError::Malformed("Unexpected token after semicolon. (Only one query is allowed.)")),
            (_, false) => Err(PartiqlError::Malformed("Unexpected token after expression")),
        }
    }

    /// Takes the name of one of PartiQL's types, whether DynamoDB has it or not.
    pub(super) fn type_name(&mut self) -> bool {
        let first = self.peek();
        if first.kind != TokenKind::Word || !is_type(first.text) {
            return false;
        }
        self.advance();
        match first.text.to_ascii_uppercase().as_str() {
            "DOUBLE" => self.take_word("PRECISION"),
            "CHARACTER" => {
                self.take_word("VARYING");
                true
            }
            _ => true,
        }
    }

    /// Whether the statement's text ends here.
    pub(super) fn at_end(&self) -> bool {
        self.peek().kind == TokenKind::End
    }

    /// Refuses a statement that ends behind an operator.
    pub(super) fn expect_right_side(&self) -> Parsed<()> {
        match self.at_end() {
            true => Err(PartiqlError::Malformed("Missing right-hand side expression of infix operator")),
            false => Ok(()),
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

    /// The error for a token where a name or a value is expected.
    pub(super) fn unexpected(&self) -> PartiqlError {
        let token = self.peek();
        let operator = match token.kind {
            TokenKind::Symbol => OPERATORS.contains(&token.text),
            TokenKind::Word => is_operator_word(&token),
            _ => false,
        };
        PartiqlError::Malformed(match (operator, token.is_keyword()) {
            (true, _) => "Unexpected operator",
            (_, true) => "Unexpected keyword",
            _ => "Unexpected term",
        })
    }

    pub(super) fn place(&self, token: Token<'_>) -> Place {
        Place::of(self.text, token.start, token.text.len())
    }

    /// The refusal of the clause, function or operator that a token begins.
    pub(super) fn unsupported(&self, what: &'static str, token: Token<'_>) -> PartiqlError {
        Refusal::Unsupported { what, name: token.text.to_ascii_uppercase(), place: self.place(token) }.into()
    }

    // Names and paths.

    /// `table` or `table.index`.
    fn table_or_index(&mut self, kind: PathKind) -> Parsed<Source> {
        let table = self.path_name(kind)?;
        let mut further = Vec::new();
        while self.take_symbol(".") {
            further.push(self.dot_name(kind)?);
        }
        if further.len() > 1 {
            self.refuse(Refusal::LongSource);
        }
        Ok(Source { table, index: further.into_iter().next() })
    }

    /// The same with an alias behind it.
    pub(super) fn source(&mut self, kind: PathKind) -> Parsed<Source> {
        let source = self.table_or_index(kind)?;
        self.alias()?;
        Ok(source)
    }

    /// An alias for the table or column before it, with or without AS, which DynamoDB refuses.
    pub(super) fn alias(&mut self) -> Parsed<()> {
        if self.take_word("AS") {
            if !self.peek().is_name() {
                return Err(PartiqlError::Malformed("Expected identifier for AS-alias"));
            }
        } else if !self.peek().is_name() || self.peek().is_word("RETURNING") {
            return Ok(());
        }
        self.advance();
        self.refuse(Refusal::Alias);
        Ok(())
    }

    /// The table of an UPDATE or a DELETE.
    pub(super) fn table(&mut self) -> Parsed<String> {
        let source = self.source(PathKind::Simple)?;
        Ok(self.table_of(source, Refusal::IndexWrite))
    }

    /// The table of an INSERT, which takes no alias.
    pub(super) fn insert_table(&mut self) -> Parsed<String> {
        let source = self.table_or_index(PathKind::Simple)?;
        Ok(self.table_of(source, Refusal::IndexInsert))
    }

    pub(super) fn table_of(&mut self, source: Source, index: Refusal) -> String {
        if source.index.is_some() {
            self.refuse(index);
        }
        source.table
    }

    /// `name.name[0]…`; `['name']` is another spelling of `.name`.
    pub(super) fn path(&mut self, kind: PathKind) -> Parsed<DocumentPath> {
        let mut path = DocumentPath::top(self.path_name(kind)?);
        loop {
            if self.take_symbol(".") {
                let name = self.dot_name(kind)?;
                path.steps.push(PathElement::Name(name));
            } else if self.take_symbol("[") {
                let step = self.bracketed_step()?;
                path.steps.push(step);
            } else {
                return Ok(path);
            }
        }
    }

    /// The first name of a path.
    fn path_name(&mut self, kind: PathKind) -> Parsed<String> {
        if self.peek().is_name() {
            return Ok(self.component());
        }
        Err(match kind {
            PathKind::Any => self.unexpected(),
            PathKind::Simple => PartiqlError::Malformed("Expected identifier for simple path"),
        })
    }

    fn dot_name(&mut self, kind: PathKind) -> Parsed<String> {
        if self.peek().is_name() {
            return Ok(self.component());
        }
        Err(PartiqlError::Malformed(match kind {
            PathKind::Simple if self.peek().is_symbol("*") => "Invalid path dot component for simple path",
            _ => "Invalid path dot component",
        }))
    }

    /// A name that has been looked at.
    fn component(&mut self) -> String {
        let name = self.advance().content();
        if name.is_empty() {
            self.refuse(Refusal::EmptyName);
        }
        name
    }

    fn bracketed_step(&mut self) -> Parsed<PathElement> {
        let token = self.advance();
        let step = match token.kind {
            TokenKind::Text => {
                let name = token.content();
                if name.is_empty() {
                    self.refuse(Refusal::EmptyName);
                }
                PathElement::Name(name)
            }
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
