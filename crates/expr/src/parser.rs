//! The parser's base, common to all expressions: tokens, syntax errors, paths, operands and placeholders.
//!
//! A syntax error ends parsing at once. Everything else that may be wrong with an expression is a *finding*: it is
//! stored until the whole text has been read, and then the gravest is reported, since DynamoDB checks one concern over
//! the whole expression before it checks the next.

mod condition;
mod findings;
mod paths;
mod update;

use model::limits::{EXPRESSION_OPERATORS_MAX, EXPRESSION_SIZE_MAX, LIST_INDEX_MAX};
use model::{AttributeValue, DocumentPath, PathElement};
use std::sync::Arc;

use crate::error::{ExpressionError, ExpressionKind, Problem};
use crate::placeholders::Placeholders;
use crate::reserved::is_reserved;
use crate::token::{Token, TokenKind, tokenize};

pub(crate) use condition::parse_condition;
pub(crate) use findings::Findings;
pub(crate) use paths::{check_distinct_paths, parse_projection};
pub(crate) use update::parse_update;

/// Function calls within function calls. `list_append(if_not_exists(a, :b), :c)` is two deep; the bound only keeps
/// hostile texts from exhausting the stack.
const CALL_DEPTH_MAX: usize = 32;

/// An operand as written, before its meaning is checked.
#[derive(Clone, Debug)]
pub(crate) enum Term<'t> {
    Path(DocumentPath),
    Value(Arc<AttributeValue>),
    Call(&'t str, Vec<Term<'t>>),
}

pub(crate) struct Parser<'t, 'p> {
    kind: ExpressionKind,
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    placeholders: &'p mut Placeholders,
    findings: Findings,
    operators: usize,
}

type Parsed<T> = Result<T, ExpressionError>;

impl<'t, 'p> Parser<'t, 'p> {
    /// Checks the size before anything else, as DynamoDB does.
    pub(crate) fn new(kind: ExpressionKind, text: &'t str, placeholders: &'p mut Placeholders) -> Parsed<Self> {
        if text.len() > EXPRESSION_SIZE_MAX {
            return Err(ExpressionError::Invalid(kind, Problem::TooLong(Some(text.len()))));
        }
        let tokens = tokenize(text);
        if tokens.len() == 1 {
            return Err(ExpressionError::Invalid(kind, Problem::Empty));
        }
        Ok(Parser { kind, text, tokens, at: 0, placeholders, findings: Findings::default(), operators: 0 })
    }

    /// Reports the gravest finding, if there is one.
    fn finish(mut self) -> Parsed<()> {
        self.check_operators();
        match self.findings.gravest(self.kind) {
            Some(problem) => Err(ExpressionError::Invalid(self.kind, problem)),
            None => Ok(()),
        }
    }

    fn check_operators(&mut self) {
        if self.operators > EXPRESSION_OPERATORS_MAX {
            self.findings.push(Problem::TooManyOperators(self.operators));
        }
    }

    // Tokens.

    fn peek(&self) -> Token<'t> {
        self.tokens[self.at]
    }

    fn peek_second(&self) -> Token<'t> {
        self.peek_after(1)
    }

    /// The token behind the next `count`.
    fn peek_after(&self, count: usize) -> Token<'t> {
        self.tokens[(self.at + count).min(self.tokens.len() - 1)]
    }

    fn advance(&mut self) -> Token<'t> {
        let token = self.peek();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_keyword(keyword);
        if found {
            self.advance();
        }
        found
    }

    fn expect_symbol(&mut self, symbol: &str) -> Parsed<()> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.syntax_error()) }
    }

    fn expect_end(&self) -> Parsed<()> {
        if self.peek().kind == TokenKind::End { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// Names the token at hand; `near` spans it and its two neighbours, spelled as in the text.
    fn syntax_error(&self) -> ExpressionError {
        let token = self.peek();
        let first = self.tokens[self.at.saturating_sub(1)];
        let last = self.peek_second();
        let near = match (token.kind, last.kind) {
            (TokenKind::End, _) => &self.text[first.start..first.end()],
            (_, TokenKind::End) => &self.text[first.start..token.end()],
            _ => &self.text[first.start..last.end()],
        };
        let text = if token.kind == TokenKind::End { "<EOF>" } else { token.text };
        ExpressionError::Invalid(self.kind, Problem::syntax(text, near))
    }

    // Paths and operands.

    /// `name.name[0]…`, where every name may be a placeholder.
    fn path(&mut self) -> Parsed<DocumentPath> {
        let mut path = DocumentPath::top(self.path_name()?);
        loop {
            if self.take_symbol(".") {
                let name = self.path_name()?;
                path.steps.push(PathElement::Name(name));
            } else if self.take_symbol("[") {
                let index = self.path_index()?;
                self.expect_symbol("]")?;
                path.steps.push(PathElement::Index(index));
            } else {
                return Ok(path);
            }
        }
    }

    fn path_name(&mut self) -> Parsed<String> {
        let token = self.peek();
        match token.kind {
            TokenKind::Name if !self.is_operator_keyword(&token) => {
                self.advance();
                if is_reserved(token.text) {
                    self.findings.push(Problem::ReservedWord(token.text.to_owned()));
                }
                Ok(token.text.to_owned())
            }
            TokenKind::NamePlaceholder => {
                self.advance();
                let name = self.placeholders.name(token.text).map(str::to_owned);
                if name.is_none() {
                    self.findings.push(Problem::NameUndefined(token.text.to_owned()));
                }
                // Without a name the path cannot be compared with others; its spelling keeps it apart from them.
                Ok(name.unwrap_or_else(|| token.text.to_owned()))
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn path_index(&mut self) -> Parsed<usize> {
        let token = self.peek();
        if token.kind != TokenKind::Digits {
            return Err(self.syntax_error());
        }
        self.advance();
        match token.text.parse() {
            Ok(index) if index <= LIST_INDEX_MAX => Ok(index),
            _ => Err(ExpressionError::Invalid(self.kind, Problem::ListIndex(token.text.to_owned()))),
        }
    }

    /// Words that are operators at their place, and therefore never names.
    fn is_operator_keyword(&self, token: &Token<'_>) -> bool {
        let keywords: &[&str] = match self.kind {
            ExpressionKind::Update => &["SET", "REMOVE", "ADD", "DELETE"],
            ExpressionKind::Projection => &[],
            _ => &["AND", "OR", "NOT", "BETWEEN", "IN"],
        };
        keywords.iter().any(|keyword| token.is_keyword(keyword))
    }

    /// A path, a value or a function call.
    fn term(&mut self, depth: usize) -> Parsed<Term<'t>> {
        let token = self.peek();
        match token.kind {
            TokenKind::ValuePlaceholder => self.value().map(Term::Value),
            TokenKind::Name if self.peek_second().is_symbol("(") && !self.is_operator_keyword(&token) => {
                self.call(token.text, depth)
            }
            _ => self.path().map(Term::Path),
        }
    }

    /// A term, alone or in parentheses.
    fn parenthesized_term(&mut self, depth: usize) -> Parsed<Term<'t>> {
        let open = self.opening_parentheses();
        let term = self.term(depth)?;
        self.closing_parentheses(open)?;
        Ok(term)
    }

    fn opening_parentheses(&mut self) -> usize {
        let mut open = 0;
        while self.take_symbol("(") {
            open += 1;
        }
        open
    }

    /// Closes the parentheses that hold one and the same thing: more than one pair is a finding.
    fn closing_parentheses(&mut self, count: usize) -> Parsed<()> {
        if count > 1 {
            self.findings.push(Problem::RedundantParentheses);
        }
        for _ in 0..count {
            self.expect_symbol(")")?;
        }
        Ok(())
    }

    fn value(&mut self) -> Parsed<Arc<AttributeValue>> {
        let token = self.peek();
        if token.kind != TokenKind::ValuePlaceholder {
            return Err(self.syntax_error());
        }
        self.advance();
        let value = self.placeholders.value(token.text).cloned();
        if value.is_none() {
            self.findings.push(Problem::ValueUndefined(token.text.to_owned()));
        }
        // Never looked at: the finding ends the request.
        Ok(value.unwrap_or_else(|| Arc::new(AttributeValue::Null)))
    }

    fn call(&mut self, name: &'t str, depth: usize) -> Parsed<Term<'t>> {
        if depth > CALL_DEPTH_MAX {
            return Err(ExpressionError::Invalid(self.kind, Problem::FunctionMisplaced(name.to_owned())));
        }
        self.advance();
        self.expect_symbol("(")?;
        self.operators += 1;
        let mut operands = vec![self.parenthesized_term(depth + 1)?];
        while self.take_symbol(",") {
            operands.push(self.parenthesized_term(depth + 1)?);
        }
        self.expect_symbol(")")?;
        Ok(Term::Call(name, operands))
    }
}
