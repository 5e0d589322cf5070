//! UPDATE: its SET and REMOVE clauses, in any number and order, as one [`Update`].
//!
//! The functions on sets have no counterpart on the right side of an expression's SET; they are its ADD and DELETE
//! actions. So `SET a = set_add(b, …)` is refused unless `a` and `b` are one path.

use model::{AttributeValue, DocumentPath, ValueKind};

use super::UpdateItem;
use super::error::{PartiqlError, Refusal};
use super::parser::{Parsed, Parser};
use crate::error::Problem;
use crate::parser::{Findings, check_distinct_paths};
use crate::update::{Update, UpdateValue};

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
        let source = self.source()?;
        let condition = self.where_clause()?;
        let update = self.actions()?;
        let returning = self.returning()?;
        if !self.at_end() {
            return Err(PartiqlError::Malformed("Unexpected token after expression"));
        }
        let table = Parser::not_an_index(source)?;
        let condition = condition.ok_or(PartiqlError::KeyRequired)?;
        Ok(UpdateItem { table, update, condition, returning })
    }

    fn actions(&mut self) -> Parsed<Update> {
        let mut update = Update::default();
        loop {
            if self.take_word("SET") {
                self.assignments(&mut update)?;
            } else if self.take_word("REMOVE") {
                update.remove.push(self.path()?);
                while self.take_symbol(",") {
                    update.remove.push(self.path()?);
                }
            } else {
                break;
            }
        }
        if update == Update::default() {
            return Err(PartiqlError::Malformed("Expected data manipulation"));
        }
        let mut findings = Findings::default();
        check_distinct_paths(update.paths(), &mut findings);
        match findings.gravest() {
            Some(problem) => Err(problem.into()),
            None => Ok(update),
        }
    }

    fn assignments(&mut self, update: &mut Update) -> Parsed<()> {
        loop {
            let path = self.path()?;
            self.expect_symbol("=", "Expected assignment for SET")?;
            let (token, call) = (self.peek(), self.peek_second().is_symbol("("));
            if call && token.is_word("set_add") {
                update.add.push(self.set_function("SET_ADD", path)?);
            } else if call && token.is_word("set_delete") {
                update.delete.push(self.set_function("SET_DELETE", path)?);
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
    fn set_function(&mut self, name: &'static str, target: DocumentPath) -> Parsed<(DocumentPath, AttributeValue)> {
        let function = self.advance();
        let function = self.place(function);
        self.expect_symbol("(", "Expected LEFT_PAREN")?;
        let first = self.place(self.peek());
        let mut arguments = vec![self.set_argument()?];
        while self.take_symbol(",") {
            arguments.push(self.set_argument()?);
        }
        self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        let arguments = <[SetArgument; 2]>::try_from(arguments);
        let [path, set] = arguments.map_err(|_| Refusal::SetFunctionCount(name, function))?;
        match (path, set) {
            (SetArgument::Path(path), _) if path != target => Err(Refusal::SetFunctionTarget(name, function).into()),
            (SetArgument::Path(path), SetArgument::Value(set)) if is_set(&set) => Ok((path, set)),
            (SetArgument::Path(_), _) => Err(Refusal::SetFunctionOperand(name, first).into()),
            (SetArgument::Value(_), _) => Err(Refusal::SetFunctionTarget(name, function).into()),
        }
    }

    fn set_argument(&mut self) -> Parsed<SetArgument> {
        match self.at_value() {
            true => self.value().map(SetArgument::Value),
            false => self.path().map(SetArgument::Path),
        }
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
            let right = self.assigned_operand(depth + 1)?;
            for operand in [&value, &right] {
                check_kind(token.text, operand, ValueKind::N)?;
            }
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
            return self.value().map(UpdateValue::Value);
        }
        if self.take_symbol("(") {
            let value = self.assigned_value(depth + 1)?;
            self.expect_symbol(")", "Expected RIGHT_PAREN")?;
            return Ok(value);
        }
        if !self.peek_second().is_symbol("(") {
            return self.path().map(UpdateValue::Path);
        }
        let function = self.peek();
        if !function.is_word("list_append") {
            return Err(self.unsupported("function", function));
        }
        self.advance();
        self.list_append(depth + 1)
    }

    fn list_append(&mut self, depth: usize) -> Parsed<UpdateValue> {
        self.expect_symbol("(", "Expected LEFT_PAREN")?;
        let first = self.assigned_value(depth)?;
        self.expect_symbol(",", "Expected COMMA")?;
        let second = self.assigned_value(depth)?;
        self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        for operand in [&first, &second] {
            check_kind("list_append", operand, ValueKind::L)?;
        }
        Ok(UpdateValue::ListAppend(Box::new(first), Box::new(second)))
    }
}

/// What one of the functions on sets is called with.
enum SetArgument {
    Path(DocumentPath),
    Value(AttributeValue),
}

fn is_set(value: &AttributeValue) -> bool {
    matches!(value, AttributeValue::SS(_) | AttributeValue::NS(_) | AttributeValue::BS(_))
}

/// Judges an operand whose type the text alone decides.
fn check_kind(operator: &str, operand: &UpdateValue, allowed: ValueKind) -> Parsed<()> {
    let kind = match operand {
        UpdateValue::Value(value) => value.view().kind(),
        UpdateValue::ListAppend(..) => ValueKind::L,
        UpdateValue::Add(..) | UpdateValue::Subtract(..) => ValueKind::N,
        UpdateValue::Path(_) | UpdateValue::IfNotExists(..) => return Ok(()),
    };
    if kind == allowed { Ok(()) } else { Err(Problem::operand_type(operator, kind).into()) }
}
