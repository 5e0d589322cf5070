//! UPDATE: its SET and REMOVE clauses, in any number and order, as one [`Update`].
//!
//! The functions on sets have no counterpart on the right side of an expression's SET; they are its ADD and DELETE
//! actions. So `SET a = set_add(b, …)` is refused unless `a` and `b` are one path.

use model::{AttributeValue, DocumentPath, ValueKind};
use std::sync::Arc;

use super::UpdateItem;
use super::error::{PartiqlError, Refusal};
use super::lexer::TokenKind;
use super::parser::{Parsed, Parser, PathKind};
use crate::ast::{Update, UpdateValue};
use crate::error::{ExpressionKind, Problem};
use crate::parser::{Findings, check_distinct_paths};

/// Levels of one assigned value: parentheses, calls and operators. It keeps hostile texts from exhausting the stack.
const DEPTH_MAX: usize = 32;

impl Parser<'_> {
    /// From behind the word UPDATE.
    pub(super) fn update(&mut self) -> Parsed<UpdateItem> {
        let table = self.table()?;
        let update = self.actions()?;
        let condition = self.item_condition()?;
        let returning = self.returning()?;
        Ok(UpdateItem { table, update, condition, returning })
    }

    /// From behind the word FROM that begins a statement.
    pub(super) fn update_from_first(&mut self) -> Parsed<UpdateItem> {
        let source = self.source(PathKind::Any)?;
        let condition = self.item_condition()?;
        let update = self.actions()?;
        let returning = self.returning()?;
        let table = self.table_of(source, Refusal::IndexWrite);
        Ok(UpdateItem { table, update, condition, returning })
    }

    fn actions(&mut self) -> Parsed<Update> {
        let mut update = Update::default();
        let mut clauses = 0;
        loop {
            if self.take_word("SET") {
                self.assignments(&mut update)?;
            } else if self.take_word("REMOVE") {
                update.remove.push(self.path(PathKind::Simple)?);
            } else {
                break;
            }
            clauses += 1;
        }
        if clauses == 0 {
            return Err(PartiqlError::Malformed("Expected data manipulation"));
        }
        let mut findings = Findings::default();
        check_distinct_paths(update.paths(), &mut findings);
        if let Some(problem) = findings.gravest(ExpressionKind::Update) {
            self.refuse(problem);
        }
        Ok(update)
    }

    fn assignments(&mut self, update: &mut Update) -> Parsed<()> {
        loop {
            let path = self.path(PathKind::Simple)?;
            self.expect_symbol("=", "Expected '='")?;
            let (token, call) = (self.peek(), self.peek_second().is_symbol("("));
            if call && token.is_word("set_add") {
                update.add.extend(self.set_function("SET_ADD", path)?.map(|(path, value)| (path, value.into())));
            } else if call && token.is_word("set_delete") {
                update.delete.extend(self.set_function("SET_DELETE", path)?.map(|(path, value)| (path, value.into())));
            } else {
                let value = self.assigned_value(0)?;
                update.set.push((path, value));
            }
            if !self.take_symbol(",") {
                return Ok(());
            }
        }
    }

    /// `set_add(path, set)` or `set_delete(path, set)`, assigned to `target`.
    fn set_function(
        &mut self,
        name: &'static str,
        target: DocumentPath,
    ) -> Parsed<Option<(DocumentPath, AttributeValue)>> {
        let function = self.advance();
        let function = self.place(function);
        self.expect_symbol("(", "Expected LEFT_PAREN")?;
        let first = self.place(self.peek());
        let mut arguments = Vec::new();
        if !self.take_symbol(")") {
            arguments.push(self.set_argument()?);
            while self.take_symbol(",") {
                arguments.push(self.set_argument()?);
            }
            self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        }
        let refusal = match <[SetArgument; 2]>::try_from(arguments) {
            Ok([SetArgument::Path(path), SetArgument::Value(set)]) if path == target && is_set(&set) => {
                return Ok(Some((path, set)));
            }
            Ok([SetArgument::Path(path), _]) if path == target => Refusal::SetFunctionOperand(name, first),
            Ok(_) => Refusal::SetFunctionTarget(name, function),
            Err(_) => Refusal::SetFunctionCount(name, function),
        };
        self.refuse(refusal);
        Ok(None)
    }

    fn set_argument(&mut self) -> Parsed<SetArgument> {
        if self.at_value() {
            return self.value().map(SetArgument::Value);
        }
        if self.peek().kind == TokenKind::Word && self.peek_second().is_symbol("(") {
            self.skip_call()?;
            return Ok(SetArgument::Call);
        }
        self.path(PathKind::Any).map(SetArgument::Path)
    }

    /// Operands, joined by `+` and `-` from left to right.
    fn assigned_value(&mut self, depth: usize) -> Parsed<UpdateValue> {
        let mut value = self.assigned_operand(depth)?;
        // Each operator is a level of the tree, too.
        for depth in depth.. {
            let token = self.peek();
            if !token.is_symbol("+") && !token.is_symbol("-") {
                break;
            }
            self.advance();
            self.expect_right_side()?;
            let right = self.assigned_operand(depth + 1)?;
            self.check_kinds(token.text, [&value, &right], ValueKind::N);
            let (left, right) = (Box::new(value), Box::new(right));
            value = match token.text {
                "+" => UpdateValue::Add(left, right),
                _ => UpdateValue::Subtract(left, right),
            };
        }
        Ok(value)
    }

    fn assigned_operand(&mut self, depth: usize) -> Parsed<UpdateValue> {
        if depth > DEPTH_MAX {
            return Err(PartiqlError::Malformed("Expression is nested too deeply"));
        }
        if self.at_value() {
            return self.value().map(|value| UpdateValue::Value(Arc::new(value)));
        }
        if self.take_symbol("(") {
            let value = self.assigned_value(depth + 1)?;
            self.expect_symbol(")", "Expected RIGHT_PAREN")?;
            return Ok(value);
        }
        if self.peek().kind != TokenKind::Word || !self.peek_second().is_symbol("(") {
            return self.path(PathKind::Any).map(UpdateValue::Path);
        }
        let function = self.peek();
        if !function.is_word("list_append") {
            self.refuse_function()?;
            return Ok(UpdateValue::Value(Arc::new(AttributeValue::Null)));
        }
        self.advance();
        self.list_append(depth + 1)
    }

    /// Refuses operands that the operator cannot take, whatever the item.
    fn check_kinds(&mut self, operator: &str, operands: [&UpdateValue; 2], allowed: ValueKind) {
        if let Some(other) = operands.into_iter().filter_map(kind).find(|kind| *kind != allowed) {
            self.refuse(Problem::operand_type(operator, other));
        }
    }

    fn list_append(&mut self, depth: usize) -> Parsed<UpdateValue> {
        self.expect_symbol("(", "Expected LEFT_PAREN")?;
        let first = self.assigned_value(depth)?;
        self.expect_symbol(",", "Expected COMMA")?;
        let second = self.assigned_value(depth)?;
        self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        self.check_kinds("list_append", [&first, &second], ValueKind::L);
        Ok(UpdateValue::ListAppend(Box::new(first), Box::new(second)))
    }
}

/// What one of the functions on sets is called with.
enum SetArgument {
    Path(DocumentPath),
    Value(AttributeValue),
    /// Of another function, which is neither.
    Call,
}

fn is_set(value: &AttributeValue) -> bool {
    matches!(value, AttributeValue::SS(_) | AttributeValue::NS(_) | AttributeValue::BS(_))
}

/// The type of an operand, if the text alone decides it.
fn kind(operand: &UpdateValue) -> Option<ValueKind> {
    match operand {
        UpdateValue::Value(value) => Some(value.view().kind()),
        UpdateValue::ListAppend(..) => Some(ValueKind::L),
        UpdateValue::Add(..) | UpdateValue::Subtract(..) => Some(ValueKind::N),
        UpdateValue::Path(_) | UpdateValue::IfNotExists(..) => None,
    }
}
