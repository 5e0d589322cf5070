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
    /// The statement gives its table another name, which is refused once all of it is known to be PartiQL.
    has_alias: bool,
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

fn is_type(word: &str) -> bool {
    TYPES.iter().any(|name| name.eq_ignore_ascii_case(word))
}

/// What stands behind FROM, INTO or UPDATE.
pub(super) struct Source {
    pub(super) table: String,
    pub(super) index: Option<String>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, parameters: &'t [AttributeValue]) -> Parsed<Parser<'t>> {
        Ok(Parser { text, tokens: tokenize(text)?, at: 0, parameters: parameters.iter(), has_alias: false })
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
        } else if self.take_word("FROM") {
            Statement::Update(self.update_from_first()?)
        } else {
            return Err(self.no_statement());
        };
        self.end()?;
        if self.has_alias { Err(Refusal::Alias.into()) } else { Ok(statement) }
    }

    /// A text that begins with no statement; an expression that PartiQL knows by itself is recognized.
    fn no_statement(&mut self) -> PartiqlError {
        if self.path().is_ok() && self.take_word("IS") {
            self.take_word("NOT");
            if self.type_name() && self.end().is_ok() {
                return Refusal::IsType.into();
            }
        }
        PartiqlError::Malformed("Expected data manipulation")
    }

    fn end(&mut self) -> Parsed<()> {
        self.take_symbol(";");
        match self.peek().kind {
            TokenKind::End => Ok(()),
            _ => Err(PartiqlError::Malformed("Unexpected token after expression")),
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

    /// Whether nothing but the end of the statement follows.
    pub(super) fn at_end(&self) -> bool {
        self.peek().kind == TokenKind::End || (self.peek().is_symbol(";") && self.peek_second().kind == TokenKind::End)
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
        let operator = match token.kind {
            TokenKind::Symbol => OPERATORS.contains(&token.text),
            TokenKind::Word => OPERATOR_WORDS.iter().any(|word| token.is_word(word)),
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

    pub(super) fn name(&mut self) -> Parsed<String> {
        if self.peek().is_name() { Ok(self.advance().content()) } else { Err(self.unexpected()) }
    }

    /// `table` or `table.index`.
    fn table_or_index(&mut self) -> Parsed<Source> {
        let table = self.name()?;
        let index = if self.take_symbol(".") { Some(self.dot_name()?) } else { None };
        Ok(Source { table, index })
    }

    /// The same with an alias behind it.
    pub(super) fn source(&mut self) -> Parsed<Source> {
        let source = self.table_or_index()?;
        if self.take_word("AS") {
            self.name()?;
            self.has_alias = true;
        } else if self.peek().is_name() && !self.peek().is_word("RETURNING") {
            self.advance();
            self.has_alias = true;
        }
        Ok(source)
    }

    /// The table of an UPDATE or a DELETE.
    pub(super) fn table(&mut self) -> Parsed<String> {
        let source = self.source()?;
        Parser::not_an_index(source)
    }

    /// The table of an INSERT.
    pub(super) fn table_without_alias(&mut self) -> Parsed<String> {
        let source = self.table_or_index()?;
        Parser::not_an_index(source)
    }

    pub(super) fn not_an_index(source: Source) -> Parsed<String> {
        match source {
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
