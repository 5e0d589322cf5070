//! Update expressions: the sections SET, REMOVE, ADD and DELETE, each at most once and in any order.

use model::{AttributeValue, DocumentPath, ValueKind};
use std::sync::Arc;

use super::{Parsed, Parser, Term, check_distinct_paths};
use crate::ast::{Update, UpdateValue};
use crate::error::{ExpressionKind, Problem};
use crate::placeholders::Placeholders;

/// Parses an update expression.
pub(crate) fn parse_update(text: &str, placeholders: &mut Placeholders) -> Parsed<Update> {
    let mut parser = Parser::new(ExpressionKind::Update, text, placeholders)?;
    let update = parser.sections()?;
    check_distinct_paths(update.paths(), &mut parser.findings);
    parser.finish()?;
    Ok(update)
}

const SECTIONS: [&str; 4] = ["SET", "REMOVE", "ADD", "DELETE"];

impl<'t> Parser<'t, '_> {
    fn sections(&mut self) -> Parsed<Update> {
        let mut update = Update::default();
        let mut seen = Vec::new();
        while self.expect_end().is_err() {
            let Some(section) = SECTIONS.into_iter().find(|section| self.peek().is_keyword(section)) else {
                return Err(self.syntax_error());
            };
            self.advance();
            if seen.contains(&section) {
                self.findings.push(Problem::SectionRepeated(section));
            }
            seen.push(section);
            self.section(section, &mut update)?;
        }
        Ok(update)
    }

    fn section(&mut self, section: &'static str, update: &mut Update) -> Parsed<()> {
        loop {
            let path = self.path()?;
            match section {
                "SET" => {
                    self.expect_symbol("=")?;
                    let value = self.assigned_value()?;
                    update.set.push((path, value));
                }
                "REMOVE" => update.remove.push(path),
                "ADD" => {
                    let value = self.action_value(section, |kind| is_set(kind) || kind == ValueKind::N)?;
                    update.add.push((path, value));
                }
                _ => {
                    let value = self.action_value(section, is_set)?;
                    update.delete.push((path, value));
                }
            }
            if !self.take_symbol(",") {
                return Ok(());
            }
        }
    }

    fn action_value(
        &mut self,
        action: &'static str,
        allowed: impl Fn(ValueKind) -> bool,
    ) -> Parsed<Arc<AttributeValue>> {
        let value = self.value()?;
        let kind = value.view().kind();
        if !allowed(kind) {
            self.findings.push(Problem::ActionOperandType { action, kind });
        }
        Ok(value)
    }

    /// `operand`, `operand + operand` or `operand - operand`; the whole and each operand may be in parentheses. Which of
    /// the two a leading parenthesis holds is known only where it closes.
    fn assigned_value(&mut self) -> Parsed<UpdateValue> {
        let mut open = self.opening_parentheses();
        let left = self.term(0)?;
        let mut around_left = 0;
        while around_left < open && self.peek_after(around_left).is_symbol(")") {
            around_left += 1;
        }
        self.closing_parentheses(around_left)?;
        open -= around_left;
        let operator = self.peek();
        let value = if operator.is_symbol("+") || operator.is_symbol("-") {
            self.advance();
            self.operators += 1;
            let right = self.parenthesized_term(0)?;
            self.arithmetic(operator.text, left, right)
        } else {
            self.update_value(left)
        };
        self.closing_parentheses(open)?;
        Ok(value)
    }

    fn arithmetic(&mut self, operator: &str, left: Term<'t>, right: Term<'t>) -> UpdateValue {
        let [left, right] = [left, right].map(|term| self.nested_value(term));
        for operand in [&left, &right] {
            self.check_result(operator, operand, |kind| kind == ValueKind::N);
        }
        let (left, right) = (Box::new(left), Box::new(right));
        if operator == "+" { UpdateValue::Add(left, right) } else { UpdateValue::Subtract(left, right) }
    }

    /// An operand of an operator or of a function, which no list_append may be.
    fn nested_value(&mut self, term: Term<'t>) -> UpdateValue {
        if let Term::Call(name @ "list_append", _) = term {
            self.findings.push(Problem::FunctionMisplaced(name.to_owned()));
        }
        self.update_value(term)
    }

    fn update_value(&mut self, term: Term<'t>) -> UpdateValue {
        match term {
            Term::Path(path) => UpdateValue::Path(path),
            Term::Value(value) => UpdateValue::Value(value),
            Term::Call("if_not_exists", operands) => self.if_not_exists(operands),
            Term::Call("list_append", operands) => self.list_append(operands),
            Term::Call(name, _) => {
                self.findings.push(match name {
                    "size"
                    | "attribute_exists"
                    | "attribute_not_exists"
                    | "attribute_type"
                    | "begins_with"
                    | "contains" => Problem::FunctionNotAllowed(name.to_owned()),
                    _ => Problem::UnknownFunction(name.to_owned()),
                });
                UpdateValue::Value(Arc::new(AttributeValue::Null))
            }
        }
    }

    fn if_not_exists(&mut self, operands: Vec<Term<'t>>) -> UpdateValue {
        let [path, default] = self.two("if_not_exists", operands);
        let path = match path {
            Term::Path(path) => path,
            _ => {
                self.findings.push(Problem::PathRequired("if_not_exists".to_owned()));
                DocumentPath::top("")
            }
        };
        UpdateValue::IfNotExists(path, Box::new(self.nested_value(default)))
    }

    fn list_append(&mut self, operands: Vec<Term<'t>>) -> UpdateValue {
        let [first, second] = self.two("list_append", operands).map(|term| self.nested_value(term));
        for operand in [&first, &second] {
            self.check_result("list_append", operand, |kind| kind == ValueKind::L);
        }
        UpdateValue::ListAppend(Box::new(first), Box::new(second))
    }

    fn two(&mut self, name: &str, operands: Vec<Term<'t>>) -> [Term<'t>; 2] {
        operands.try_into().unwrap_or_else(|operands: Vec<Term<'t>>| {
            self.findings.push(Problem::OperandCount { operator: name.to_owned(), count: operands.len() });
            [Term::Path(DocumentPath::top("")), Term::Path(DocumentPath::top(""))]
        })
    }

    /// Checks the type of an operand if the text alone decides it.
    fn check_result(&mut self, operator: &str, operand: &UpdateValue, allowed: impl Fn(ValueKind) -> bool) {
        let kind = match operand {
            UpdateValue::Value(value) => value.view().kind(),
            UpdateValue::IfNotExists(_, default) => match &**default {
                UpdateValue::Value(value) => value.view().kind(),
                _ => return,
            },
            UpdateValue::ListAppend(..) => ValueKind::L,
            UpdateValue::Add(..) | UpdateValue::Subtract(..) => ValueKind::N,
            UpdateValue::Path(_) => return,
        };
        if !allowed(kind) {
            self.findings.push(Problem::operand_type(operator, kind));
        }
    }
}

fn is_set(kind: ValueKind) -> bool {
    matches!(kind, ValueKind::SS | ValueKind::NS | ValueKind::BS)
}
