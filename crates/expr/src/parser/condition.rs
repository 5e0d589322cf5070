//! Conditions: comparisons, functions, AND, OR, NOT and parentheses.
//!
//! Nesting is stored on a stack of [`Frame`]s, not on the call stack, so that no text can overflow it. NOT binds
//! tighter than AND, and AND tighter than OR; a chain of either is one node.
//!
//! Parentheses hold a condition or a lone operand (`(size(a)) < :b`); which of the two is known only inside.

use model::limits::IN_OPERANDS_MAX;
use model::{AttributeValue, DocumentPath, ValueKind};
use std::sync::Arc;

use super::{Parsed, Parser, Term};
use crate::ast::{Comparator, Operand, Predicate};
use crate::error::{ExpressionKind, Problem};
use crate::placeholders::Placeholders;
use crate::token::TokenKind;

/// Parses a condition, filter or key condition.
pub(crate) fn parse_condition(kind: ExpressionKind, text: &str, placeholders: &mut Placeholders) -> Parsed<Predicate> {
    let mut parser = Parser::new(kind, text, placeholders)?;
    let predicate = parser.predicate()?;
    parser.expect_end()?;
    parser.finish()?;
    Ok(predicate)
}

/// What one pair of parentheses, or the whole text, has gathered so far.
#[derive(Default)]
struct Frame {
    /// Closed by OR.
    alternatives: Vec<Predicate>,
    /// Joined by AND, since the last OR.
    conjuncts: Vec<Predicate>,
    /// A NOT, or an odd number of them, precedes the next condition.
    negated: bool,
    /// It contained NOT, AND or OR; without, its parentheses may be redundant.
    operators: bool,
}

impl Frame {
    fn push(&mut self, predicate: Predicate) {
        let negated = std::mem::take(&mut self.negated);
        self.conjuncts.push(if negated { Predicate::Not(Box::new(predicate)) } else { predicate });
    }

    fn close_alternative(&mut self) {
        let conjuncts = std::mem::take(&mut self.conjuncts);
        self.alternatives.push(one_or(conjuncts, Predicate::And));
    }

    fn into_predicate(mut self) -> Predicate {
        self.close_alternative();
        one_or(self.alternatives, Predicate::Or)
    }
}

fn one_or(mut branches: Vec<Predicate>, join: fn(Vec<Predicate>) -> Predicate) -> Predicate {
    if branches.len() > 1 { join(branches) } else { branches.pop().unwrap_or(Predicate::True) }
}

/// What was parsed where a condition may be.
struct Node<'t> {
    content: Content<'t>,
    parenthesized: bool,
}

enum Content<'t> {
    Term(Term<'t>),
    Predicate(Predicate),
}

impl<'t> Parser<'t, '_> {
    fn predicate(&mut self) -> Parsed<Predicate> {
        let mut stack: Vec<Frame> = Vec::new();
        let mut frame = Frame::default();
        loop {
            if self.take_keyword("NOT") {
                self.operators += 1;
                frame.negated = !frame.negated;
                frame.operators = true;
                continue;
            }
            if self.take_symbol("(") {
                stack.push(std::mem::take(&mut frame));
                continue;
            }
            let mut node = Node { content: Content::Term(self.term(0)?), parenthesized: false };
            // Closes as many parentheses as end here; leaves with `frame` waiting for its next condition.
            loop {
                node = self.complete_condition(node)?;
                if self.take_keyword("AND") {
                    self.join(&mut frame, node)?;
                    break;
                }
                if self.take_keyword("OR") {
                    self.join(&mut frame, node)?;
                    frame.close_alternative();
                    break;
                }
                if self.peek().is_symbol(")")
                    && let Some(outer) = stack.pop()
                {
                    let inner = std::mem::replace(&mut frame, outer);
                    node = self.close_parentheses(inner, node)?;
                    continue;
                }
                if !stack.is_empty() || self.peek().kind != TokenKind::End {
                    return Err(self.syntax_error());
                }
                let predicate = self.condition_of(node)?;
                frame.push(predicate);
                return Ok(frame.into_predicate());
            }
        }
    }

    /// Adds a condition that AND or OR continues.
    fn join(&mut self, frame: &mut Frame, node: Node<'t>) -> Parsed<()> {
        self.operators += 1;
        frame.operators = true;
        let predicate = self.condition_of(node)?;
        frame.push(predicate);
        Ok(())
    }

    /// The node that a closed pair of parentheses makes.
    fn close_parentheses(&mut self, mut frame: Frame, node: Node<'t>) -> Parsed<Node<'t>> {
        if node.parenthesized && !frame.operators {
            self.findings.push(Problem::RedundantParentheses);
        }
        let content = match node.content {
            Content::Term(term) if !frame.operators && !is_condition_function(&term) => Content::Term(term),
            content => {
                let predicate = self.condition_of(Node { content, parenthesized: false })?;
                frame.push(predicate);
                Content::Predicate(frame.into_predicate())
            }
        };
        self.expect_symbol(")")?;
        Ok(Node { content, parenthesized: true })
    }

    /// Reads the rest of a comparison, if one begins with this term. A path or a value must continue, or be closed by
    /// the parenthesis before it.
    fn complete_condition(&mut self, node: Node<'t>) -> Parsed<Node<'t>> {
        let Content::Term(term) = node.content else { return Ok(node) };
        let comparator = match self.peek() {
            token if token.kind == TokenKind::Symbol => Comparator::from_symbol(token.text),
            _ => None,
        };
        let predicate = if let Some(comparator) = comparator {
            self.advance();
            self.operators += 1;
            self.comparison(comparator, term)?
        } else if self.take_keyword("BETWEEN") {
            self.operators += 1;
            self.between(term)?
        } else if self.take_keyword("IN") {
            self.operators += 1;
            self.in_list(term)?
        } else {
            let complete = matches!(term, Term::Call(..)) || self.peek().is_symbol(")");
            let node = Node { content: Content::Term(term), parenthesized: node.parenthesized };
            return if complete { Ok(node) } else { Err(self.syntax_error()) };
        };
        Ok(Node { content: Content::Predicate(predicate), parenthesized: false })
    }

    fn comparison(&mut self, comparator: Comparator, left: Term<'t>) -> Parsed<Predicate> {
        let left = self.operand(left);
        let right = self.parenthesized_operand()?;
        self.check_distinct(comparator.symbol(), &left, [&right]);
        if comparator.is_ordering() {
            self.check_ordered(comparator.symbol(), &left);
            self.check_ordered(comparator.symbol(), &right);
        }
        Ok(Predicate::Compare(comparator, left, right))
    }

    fn between(&mut self, value: Term<'t>) -> Parsed<Predicate> {
        let value = self.operand(value);
        let low = self.parenthesized_operand()?;
        if !self.take_keyword("AND") {
            return Err(self.syntax_error());
        }
        let high = self.parenthesized_operand()?;
        self.check_distinct("BETWEEN", &value, [&low, &high]);
        for operand in [&value, &low, &high] {
            self.check_ordered("BETWEEN", operand);
        }
        self.check_bounds(&low, &high);
        Ok(Predicate::Between(value, low, high))
    }

    fn in_list(&mut self, value: Term<'t>) -> Parsed<Predicate> {
        let value = self.operand(value);
        self.expect_symbol("(")?;
        let mut candidates = vec![self.parenthesized_operand()?];
        while self.take_symbol(",") {
            candidates.push(self.parenthesized_operand()?);
        }
        self.expect_symbol(")")?;
        if candidates.len() > IN_OPERANDS_MAX {
            self.findings.push(Problem::InOperands(candidates.len()));
        }
        self.check_distinct("IN", &value, &candidates);
        Ok(Predicate::In(value, candidates))
    }

    fn parenthesized_operand(&mut self) -> Parsed<Operand> {
        let term = self.parenthesized_term(0)?;
        Ok(self.operand(term))
    }

    // Meaning.

    /// A term in the place of an operand. Of the functions only `size` may be one.
    fn operand(&mut self, term: Term<'t>) -> Operand {
        match term {
            Term::Path(path) => Operand::Path(path),
            Term::Value(value) => Operand::Value(value),
            Term::Call("size", operands) => self.size(operands),
            Term::Call(name, _) => {
                self.refuse_function(name);
                Operand::Value(Arc::new(AttributeValue::Null))
            }
        }
    }

    fn size(&mut self, operands: Vec<Term<'t>>) -> Operand {
        let [operand] = self.exactly("size", operands);
        let operand = self.operand(operand);
        self.check_kind("size", &operand, |kind| !matches!(kind, ValueKind::N | ValueKind::Bool | ValueKind::Null));
        Operand::Size(Box::new(operand))
    }

    /// A node in the place of a condition. A lone path or value is a syntax error at the token that should have
    /// continued it.
    fn condition_of(&mut self, node: Node<'t>) -> Parsed<Predicate> {
        match node.content {
            Content::Predicate(predicate) => Ok(predicate),
            Content::Term(Term::Call(name, operands)) => Ok(self.function(name, operands)),
            Content::Term(_) => Err(self.syntax_error()),
        }
    }

    fn function(&mut self, name: &'t str, operands: Vec<Term<'t>>) -> Predicate {
        match name {
            "attribute_exists" => {
                let [path] = self.exactly(name, operands);
                Predicate::AttributeExists(self.path_operand(name, path))
            }
            "attribute_not_exists" => {
                let [path] = self.exactly(name, operands);
                Predicate::AttributeNotExists(self.path_operand(name, path))
            }
            "attribute_type" => {
                let [value, kind] = self.exactly(name, operands).map(|term| self.operand(term));
                self.check_type_name(&kind);
                Predicate::AttributeType(value, kind)
            }
            "begins_with" => {
                let [value, prefix] = self.exactly(name, operands).map(|term| self.operand(term));
                self.check_distinct(name, &value, [&prefix]);
                self.check_kind(name, &value, |kind| matches!(kind, ValueKind::S | ValueKind::B));
                self.check_kind(name, &prefix, |kind| matches!(kind, ValueKind::S | ValueKind::B));
                Predicate::BeginsWith(value, prefix)
            }
            "contains" => {
                let [container, element] = self.exactly(name, operands).map(|term| self.operand(term));
                self.check_distinct(name, &container, [&element]);
                self.check_kind(name, &container, |kind| {
                    !matches!(kind, ValueKind::N | ValueKind::Bool | ValueKind::Null | ValueKind::M)
                });
                Predicate::Contains(container, element)
            }
            _ => {
                self.refuse_function(name);
                Predicate::True
            }
        }
    }

    /// A function that is not allowed at its place, or not in such an expression, or that does not exist.
    fn refuse_function(&mut self, name: &str) {
        self.findings.push(match name {
            "size" | "attribute_exists" | "attribute_not_exists" | "attribute_type" | "begins_with" | "contains" => {
                Problem::FunctionMisplaced(name.to_owned())
            }
            "if_not_exists" | "list_append" => Problem::FunctionNotAllowed(name.to_owned()),
            _ => Problem::UnknownFunction(name.to_owned()),
        });
    }

    /// The operands, in the number that the function takes; missing ones are made up beside the finding.
    fn exactly<const N: usize>(&mut self, name: &str, operands: Vec<Term<'t>>) -> [Term<'t>; N] {
        if operands.len() != N {
            self.findings.push(Problem::OperandCount { operator: name.to_owned(), count: operands.len() });
        }
        let mut operands = operands.into_iter();
        std::array::from_fn(|_| operands.next().unwrap_or(Term::Value(Arc::new(AttributeValue::Null))))
    }

    fn path_operand(&mut self, name: &str, term: Term<'t>) -> DocumentPath {
        if let Term::Path(path) = term {
            return path;
        }
        self.operand(term);
        self.findings.push(Problem::PathRequired(name.to_owned()));
        DocumentPath::top("")
    }

    // Checks of operands.

    fn check_distinct<'a>(&mut self, operator: &str, first: &Operand, rest: impl IntoIterator<Item = &'a Operand>) {
        let Operand::Path(path) = first else { return };
        if rest.into_iter().any(|operand| operand.as_path() == Some(path)) {
            let operator = operator.to_owned();
            self.findings.push(Problem::OperandsNotDistinct { operator, path: path.clone() });
        }
    }

    fn check_ordered(&mut self, operator: &str, operand: &Operand) {
        self.check_kind(operator, operand, |kind| matches!(kind, ValueKind::S | ValueKind::N | ValueKind::B));
    }

    /// Only values are judged here: what a path leads to may be anything, and then the condition is just false.
    fn check_kind(&mut self, operator: &str, operand: &Operand, allowed: impl Fn(ValueKind) -> bool) {
        let kind = match operand {
            Operand::Value(value) => value.view().kind(),
            Operand::Size(_) => ValueKind::N,
            Operand::Path(_) => return,
        };
        if !allowed(kind) {
            self.findings.push(Problem::operand_type(operator, kind));
        }
    }

    fn check_type_name(&mut self, operand: &Operand) {
        self.check_kind("attribute_type", operand, |kind| kind == ValueKind::S);
        if let Some(AttributeValue::S(name)) = operand.as_value()
            && ValueKind::from_descriptor(name).is_none()
        {
            self.findings.push(Problem::TypeName(name.clone()));
        }
    }

    fn check_bounds(&mut self, low: &Operand, high: &Operand) {
        let (Some(low), Some(high)) = (low.as_value(), high.as_value()) else { return };
        let bounds = || Box::new((low.clone(), high.clone()));
        if low.view().kind() != high.view().kind() {
            self.findings.push(Problem::BetweenKinds(bounds()));
        } else if low.view().compare(&high.view()).is_some_and(|order| order.is_gt()) {
            self.findings.push(Problem::BetweenOrder(bounds()));
        }
    }
}

/// Whether the term is a condition by itself, so that parentheses around it make a condition.
fn is_condition_function(term: &Term<'_>) -> bool {
    matches!(term, Term::Call(name, _) if *name != "size")
}
