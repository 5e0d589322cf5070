//! SELECT, and EXISTS around one.

use model::DocumentPath;

use super::error::{PartiqlError, Refusal};
use super::lexer::TokenKind;
use super::parser::{Parsed, Parser, PathKind};
use super::{Columns, Exists, OrderKey, Select};
use crate::ast::Predicate;
use crate::condition::Condition;

/// Clauses of SQL that may follow where a SELECT of DynamoDB ends.
const OTHER_CLAUSES: [&str; 12] =
    ["AT", "BY", "CROSS", "FULL", "GROUP", "HAVING", "INNER", "JOIN", "LEFT", "LIMIT", "OFFSET", "RIGHT"];

const STAR_AMONG_COLUMNS: &str =
    "Other expressions may not be present in the select list when '*' is used without dot notation.";

/// Words that begin no column, whatever else PartiQL lets them begin.
const CLAUSES: [&str; 7] = ["DELETE", "FROM", "REMOVE", "SELECT", "SET", "UPDATE", "WHERE"];

impl Parser<'_> {
    /// From behind the word SELECT.
    pub(super) fn select(&mut self) -> Parsed<Select> {
        let mut refused = None;
        let columns = self.columns(&mut refused)?;
        self.refuse_clauses()?;
        self.expect_word("FROM", "Expected FROM after SELECT list")?;
        let source = self.source(PathKind::Any)?;
        self.refuse_clauses()?;
        let condition = self.where_clause()?;
        self.refuse_clauses()?;
        let order = self.order_by()?;
        self.refuse_clauses()?;
        Ok(Select { table: source.table, index: source.index, columns, refused, condition, order })
    }

    pub(super) fn exists(&mut self) -> Parsed<Exists> {
        self.advance();
        self.expect_symbol("(", "Expected LEFT_PAREN")?;
        self.expect_word("SELECT", "Unexpected term")?;
        let select = self.select()?;
        self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        let Select { table, index, condition, .. } = select;
        if index.is_some() {
            self.refuse(PartiqlError::IndexInTransaction);
        }
        if condition.is_none() {
            self.refuse(PartiqlError::ExistsWithoutCondition);
        }
        Ok(Exists { table, condition: condition.unwrap_or_else(|| Condition::new(Predicate::True)) })
    }

    /// `None` for `*`.
    fn columns(&mut self, refused: &mut Option<PartiqlError>) -> Parsed<Option<Columns>> {
        let mut paths = Vec::new();
        let (mut count, mut all) = (0, false);
        loop {
            count += 1;
            if CLAUSES.iter().any(|word| self.peek().is_word(word)) {
                return Err(PartiqlError::KeywordAmongColumns(self.peek().text.to_ascii_lowercase()));
            }
            if self.take_symbol("*") {
                all = true;
            } else if self.peek().kind == TokenKind::Word && self.peek_second().is_symbol("(") {
                let place = self.place(self.peek());
                refused.get_or_insert_with(|| Refusal::PathComponent(place).into());
                self.skip_call()?;
            } else {
                paths.push(self.column()?);
                self.alias()?;
            }
            if !self.take_symbol(",") {
                break;
            }
        }
        match (all, count) {
            (false, _) => Ok(Some(Columns::new(paths))),
            (true, 1) => Ok(None),
            (true, _) => Err(PartiqlError::Malformed(STAR_AMONG_COLUMNS)),
        }
    }

    /// Passes over a function's call, whatever its arguments are.
    pub(super) fn skip_call(&mut self) -> Parsed<()> {
        self.advance();
        let mut open = 0_usize;
        loop {
            let token = self.advance();
            match (token.kind, token.text) {
                (TokenKind::End, _) => return Err(PartiqlError::Malformed("Expected RIGHT_PAREN")),
                (TokenKind::Symbol, "(") => open += 1,
                (TokenKind::Symbol, ")") => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn column(&mut self) -> Parsed<DocumentPath> {
        let token = self.peek();
        if token.is_word("DISTINCT") || token.is_word("ALL") || token.is_word("VALUE") {
            return Err(self.unsupported("clause", token));
        }
        self.path(PathKind::Any)
    }

    fn refuse_clauses(&self) -> Parsed<()> {
        let token = self.peek();
        match OTHER_CLAUSES.iter().any(|clause| token.is_word(clause)) {
            true => Err(self.unsupported("clause", token)),
            false => Ok(()),
        }
    }

    pub(super) fn where_clause(&mut self) -> Parsed<Option<Condition>> {
        if self.take_word("WHERE") { Ok(Some(Condition::new(self.predicate()?))) } else { Ok(None) }
    }

    fn order_by(&mut self) -> Parsed<Vec<OrderKey>> {
        let mut order = Vec::new();
        if !self.take_word("ORDER") {
            return Ok(order);
        }
        self.expect_word("BY", "Expected BY")?;
        loop {
            let path = self.path(PathKind::Any)?;
            if !path.is_top() {
                return Err(PartiqlError::OrderNotKey(path.to_string()));
            }
            let name = path.name;
            let descending = self.take_word("DESC");
            if !descending {
                self.take_word("ASC");
            }
            order.push(OrderKey { name, descending });
            if !self.take_symbol(",") {
                return Ok(order);
            }
        }
    }
}
