//! WHERE: comparisons, IN, BETWEEN, IS, functions, AND, OR, NOT and parentheses.
//!
//! Nesting is stored on a stack of [`Frame`]s, not on the call stack. NOT binds tighter than AND, and AND tighter than
//! OR; chains of either are one node, however they are parenthesized.
//!
//! Parentheses hold a condition or a lone operand (`(size(a)) < 5`); which of the two is known only inside.

use model::limits::IN_OPERANDS_MAX;
use model::{AttributeValue, DocumentPath, ValueKind};
use std::sync::Arc;

use super::error::{PartiqlError, Refusal};
use super::lexer::{Token, TokenKind};
use super::parser::{Parsed, Parser, PathKind};
use crate::ast::{Comparator, Operand, Predicate};
use crate::error::Problem;

/// Parentheses within one another. The tree is no deeper, so that walking it cannot exhaust the stack.
const DEPTH_MAX: usize = 200;

/// What one pair of parentheses, or the whole clause, has gathered so far.
#[derive(Default)]
struct Frame {
    /// Closed by OR.
    alternatives: Vec<Predicate>,
    /// Joined by AND, since the last OR.
    conjuncts: Vec<Predicate>,
    /// A NOT, or an odd number of them, precedes the next condition.
    negated: bool,
    /// It contained NOT, AND or OR, so it is no lone operand.
    operators: bool,
}

impl Frame {
    fn push(&mut self, predicate: Predicate) {
        match (std::mem::take(&mut self.negated), predicate) {
            (true, predicate) => self.conjuncts.push(negate(predicate)),
            (false, Predicate::And(inner)) => self.conjuncts.extend(inner),
            (false, predicate) => self.conjuncts.push(predicate),
        }
    }

    fn close_alternative(&mut self) {
        match one_or(std::mem::take(&mut self.conjuncts), Predicate::And) {
            Predicate::Or(inner) => self.alternatives.extend(inner),
            predicate => self.alternatives.push(predicate),
        }
    }

    fn into_predicate(mut self) -> Predicate {
        self.close_alternative();
        one_or(self.alternatives, Predicate::Or)
    }
}

fn negate(predicate: Predicate) -> Predicate {
    match predicate {
        Predicate::Not(inner) => *inner,
        predicate => Predicate::Not(Box::new(predicate)),
    }
}

fn one_or(mut branches: Vec<Predicate>, join: fn(Vec<Predicate>) -> Predicate) -> Predicate {
    if branches.len() > 1 { join(branches) } else { branches.pop().unwrap_or(Predicate::True) }
}

/// What was parsed where a condition may be.
enum Node {
    Operand(Operand),
    Predicate(Predicate),
}

impl Parser<'_> {
    pub(super) fn predicate(&mut self) -> Parsed<Predicate> {
        let mut stack: Vec<Frame> = Vec::new();
        let mut frame = Frame::default();
        loop {
            if self.take_word("NOT") {
                frame.negated = !frame.negated;
                frame.operators = true;
                continue;
            }
            if self.take_symbol("(") {
                if stack.len() == DEPTH_MAX {
                    return Err(PartiqlError::Malformed("Expression is nested too deeply"));
                }
                stack.push(std::mem::take(&mut frame));
                continue;
            }
            let mut node = self.node()?;
            // Closes as many parentheses as end here; leaves with `frame` waiting for its next condition.
            loop {
                node = self.complete(node)?;
                let disjunction = self.peek().is_word("OR");
                if disjunction || self.peek().is_word("AND") {
                    self.advance();
                    frame.operators = true;
                    frame.push(self.condition(node));
                    if disjunction {
                        frame.close_alternative();
                    }
                    self.expect_right_side()?;
                    break;
                }
                let Some(outer) = stack.pop() else {
                    frame.push(self.condition(node));
                    return Ok(frame.into_predicate());
                };
                self.expect_symbol(")", "Expected RIGHT_PAREN")?;
                let mut inner = std::mem::replace(&mut frame, outer);
                if inner.operators || matches!(node, Node::Predicate(_)) {
                    inner.push(self.condition(node));
                    node = Node::Predicate(inner.into_predicate());
                }
            }
        }
    }

    /// An operand is no condition, which is known when nothing that compares it follows.
    fn condition(&mut self, node: Node) -> Predicate {
        match node {
            Node::Predicate(predicate) => predicate,
            Node::Operand(_) => {
                self.refuse(PartiqlError::Malformed("Unexpected term"));
                Predicate::True
            }
        }
    }

    /// A function that is a condition by itself, or an operand.
    fn node(&mut self) -> Parsed<Node> {
        let token = self.peek();
        if token.kind != TokenKind::Word || !self.peek_second().is_symbol("(") {
            return self.operand().map(Node::Operand);
        }
        match token.text.to_ascii_lowercase().as_str() {
            "begins_with" => self.judged(token, |[value, prefix]| {
                check_kinds("begins_with", &[&value, &prefix], &[ValueKind::S, ValueKind::B])?;
                Ok(Predicate::BeginsWith(value, prefix))
            }),
            "contains" => self.judged(token, |[container, element]| Ok(Predicate::Contains(container, element))),
            "attribute_type" => self.judged(token, attribute_type),
            "attribute_exists" => {
                self.judged(token, |[operand]| path_of("attribute_exists", operand).map(Predicate::AttributeExists))
            }
            "attribute_not_exists" => self
                .judged(token, |[operand]| path_of("attribute_not_exists", operand).map(Predicate::AttributeNotExists)),
            _ => self.operand().map(Node::Operand),
        }
    }

    /// A function that is a condition, if its arguments are as many and such as it takes.
    fn judged<const N: usize>(
        &mut self,
        function: Token<'_>,
        judge: impl Fn([Operand; N]) -> Result<Predicate, Problem>,
    ) -> Parsed<Node> {
        let operands = self.arguments(Parser::operand)?;
        let counted = operands.try_into().map_err(|operands: Vec<Operand>| {
            let operator = function.text.to_ascii_lowercase();
            Problem::OperandCount { operator, count: operands.len() }
        });
        Ok(Node::Predicate(self.or_refuse(counted.and_then(judge))))
    }

    /// A condition, or a placeholder once it is refused.
    fn or_refuse(&mut self, judged: Result<Predicate, Problem>) -> Predicate {
        judged.unwrap_or_else(|problem| {
            self.refuse(problem);
            Predicate::True
        })
    }

    fn arguments(&mut self, argument: fn(&mut Self) -> Parsed<Operand>) -> Parsed<Vec<Operand>> {
        self.advance();
        self.expect_symbol("(", "Expected LEFT_PAREN")?;
        let mut operands = Vec::new();
        if !self.take_symbol(")") {
            operands.push(argument(self)?);
            while self.take_symbol(",") {
                operands.push(argument(self)?);
            }
            self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        }
        Ok(operands)
    }

    /// A value, a path, or a call of `size`.
    fn operand(&mut self) -> Parsed<Operand> {
        if self.at_value() {
            return self.value().map(|value| Operand::Value(Arc::new(value)));
        }
        let token = self.peek();
        if token.kind != TokenKind::Word || !self.peek_second().is_symbol("(") {
            return self.path(PathKind::Any).map(Operand::Path);
        }
        if !token.is_word("size") {
            self.refuse_function()?;
            return Ok(Operand::Value(Arc::new(AttributeValue::Null)));
        }
        let measured = one_measured(self.arguments(Parser::operand_without_call)?);
        Ok(measured.map(|operand| Operand::Size(Box::new(operand))).unwrap_or_else(|problem| {
            self.refuse(problem);
            Operand::Value(Arc::new(AttributeValue::Null))
        }))
    }

    /// An argument of `size`, which no other function gives: calls within calls need no stack.
    fn operand_without_call(&mut self) -> Parsed<Operand> {
        if self.peek().kind == TokenKind::Word && self.peek_second().is_symbol("(") {
            self.refuse(Problem::PathRequired("size".to_owned()));
            self.skip_call()?;
            return Ok(Operand::Value(Arc::new(AttributeValue::Null)));
        }
        match self.at_value() {
            true => self.value().map(|value| Operand::Value(Arc::new(value))),
            false => self.path(PathKind::Any).map(Operand::Path),
        }
    }

    /// Passes over a call of a function that does not belong here.
    pub(super) fn refuse_function(&mut self) -> Parsed<()> {
        let token = self.peek();
        let refusal = Refusal::UnknownFunction { name: token.text.to_ascii_lowercase(), place: self.place(token) };
        self.refuse(refusal);
        self.skip_call()
    }

    /// An operand on the right of an operator, where its parentheses can mean nothing else.
    fn right_operand(&mut self) -> Parsed<Operand> {
        let mut open = 0;
        while self.take_symbol("(") {
            open += 1;
        }
        let operand = self.operand()?;
        for _ in 0..open {
            self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        }
        Ok(operand)
    }

    /// Reads the rest of a condition, if one begins with this operand.
    fn complete(&mut self, node: Node) -> Parsed<Node> {
        let left = match node {
            Node::Operand(left) => left,
            Node::Predicate(predicate) => return self.compared_with_truth(predicate).map(Node::Predicate),
        };
        let token = self.peek();
        if let Some(comparator) = comparator(&token) {
            self.advance();
            return self.comparison(comparator, left).map(Node::Predicate);
        }
        if self.take_word("IS") {
            return self.is(left).map(Node::Predicate);
        }
        if ["+", "-", "*", "/", "%", "||"].iter().any(|symbol| token.is_symbol(symbol)) {
            return self.unsupported_operator();
        }
        let negated = self.take_word("NOT");
        let predicate = if self.take_word("IN") {
            self.in_list(left)?
        } else if self.take_word("BETWEEN") {
            self.between(left)?
        } else if self.peek().is_word("LIKE") {
            return self.unsupported_operator();
        } else if negated {
            return Err(self.unexpected());
        } else {
            return Ok(Node::Operand(left));
        };
        Ok(Node::Predicate(if negated { negate(predicate) } else { predicate }))
    }

    fn unsupported_operator(&mut self) -> Parsed<Node> {
        let token = self.advance();
        self.expect_right_side()?;
        Err(self.unsupported("operator", token))
    }

    /// `condition = TRUE` and its like.
    fn compared_with_truth(&mut self, predicate: Predicate) -> Parsed<Predicate> {
        let Some(comparator) = comparator(&self.peek()).filter(|comparator| !comparator.is_ordering()) else {
            return Ok(predicate);
        };
        let truth = self.peek_second();
        if truth.kind != TokenKind::Parameter && !truth.is_word("TRUE") && !truth.is_word("FALSE") {
            return Ok(predicate);
        }
        self.advance();
        let AttributeValue::Bool(is_true) = self.value()? else {
            // A condition is no other value than a truth.
            return Ok(if comparator == Comparator::Equal { negate(Predicate::True) } else { Predicate::True });
        };
        let holds = is_true == (comparator == Comparator::Equal);
        Ok(if holds { predicate } else { negate(predicate) })
    }

    fn comparison(&mut self, comparator: Comparator, left: Operand) -> Parsed<Predicate> {
        self.expect_right_side()?;
        if self.take_word("MISSING") {
            let path = path_of("MISSING", left);
            return match comparator {
                Comparator::Equal => Ok(self.or_refuse(path.map(Predicate::AttributeNotExists))),
                Comparator::NotEqual => Ok(self.or_refuse(path.map(Predicate::AttributeExists))),
                _ => Err(PartiqlError::Malformed("Unexpected term")),
            };
        }
        let right = self.right_operand()?;
        let kinds = match comparator.is_ordering() {
            true => check_kinds(comparator.symbol(), &[&left, &right], &ORDERED),
            false => Ok(()),
        };
        Ok(self.or_refuse(kinds.map(|()| Predicate::Compare(comparator, left, right))))
    }

    fn between(&mut self, value: Operand) -> Parsed<Predicate> {
        self.expect_right_side()?;
        let low = self.right_operand()?;
        self.expect_word("AND", "Expected AND keyword")?;
        if self.at_end() || self.peek().is_symbol(";") {
            return Err(PartiqlError::Malformed("Expected expression after AND"));
        }
        let high = self.right_operand()?;
        let bounds = check_kinds("BETWEEN", &[&value, &low, &high], &ORDERED).and_then(|()| check_bounds(&low, &high));
        Ok(self.or_refuse(bounds.map(|()| Predicate::Between(value, low, high))))
    }

    /// `(a, b)`, `[a, b]`, `<<a, b>>`, or a parameter that is one of the latter.
    fn in_list(&mut self, value: Operand) -> Parsed<Predicate> {
        self.expect_right_side()?;
        let candidates = if self.take_symbol("[") {
            self.candidates("]")?
        } else if self.take_symbol("<<") {
            self.candidates(">>")?
        } else if self.take_symbol("(") {
            if self.peek().is_symbol(")") {
                return Err(self.unexpected());
            }
            self.candidates(")")?
        } else if self.peek().kind == TokenKind::Parameter {
            self.advance();
            let parameter = self.parameter();
            elements(parameter).unwrap_or_else(|problem| {
                self.refuse(problem);
                Vec::new()
            })
        } else {
            return Err(self.unexpected());
        };
        if candidates.len() > IN_OPERANDS_MAX {
            self.refuse(Problem::InOperands(candidates.len()));
        }
        Ok(Predicate::In(value, candidates))
    }

    fn candidates(&mut self, end: &str) -> Parsed<Vec<Operand>> {
        let mut candidates = Vec::new();
        if self.take_symbol(end) {
            return Ok(candidates);
        }
        loop {
            candidates.push(self.right_operand()?);
            if self.take_symbol(end) {
                return Ok(candidates);
            }
            self.expect_comma(end)?;
        }
    }

    /// `IS [NOT] NULL`, `IS [NOT] MISSING`, or `IS [NOT]` with the name of a type.
    fn is(&mut self, left: Operand) -> Parsed<Predicate> {
        let negated = self.take_word("NOT");
        let name = self.peek();
        if !self.type_name() {
            return Err(PartiqlError::Malformed("Expected type name"));
        }
        let path = match path_of("IS", left) {
            Ok(path) => path,
            Err(problem) => return Ok(self.or_refuse(Err(problem))),
        };
        let predicate = if name.is_word("MISSING") {
            Predicate::AttributeNotExists(path)
        } else {
            let Some((_, kinds)) = TYPES.iter().find(|(own, _)| name.is_word(own)) else {
                self.refuse(Refusal::IsType);
                return Ok(Predicate::True);
            };
            let of_kind = |kind: &ValueKind| {
                let name = AttributeValue::S(kind.descriptor().to_owned());
                Predicate::AttributeType(Operand::Path(path.clone()), Operand::Value(Arc::new(name)))
            };
            one_or(kinds.iter().map(of_kind).collect(), Predicate::Or)
        };
        Ok(match (negated, predicate) {
            (true, Predicate::AttributeNotExists(path)) => Predicate::AttributeExists(path),
            (true, predicate) => negate(predicate),
            (false, predicate) => predicate,
        })
    }
}

/// What the names of PartiQL's types mean here. A missing attribute is of no type.
const TYPES: [(&str, &[ValueKind]); 11] = [
    ("NULL", &[ValueKind::Null]),
    ("BOOLEAN", &[ValueKind::Bool]),
    ("BOOL", &[ValueKind::Bool]),
    ("DECIMAL", &[ValueKind::N]),
    ("NUMERIC", &[ValueKind::N]),
    ("STRING", &[ValueKind::S]),
    ("BLOB", &[ValueKind::B]),
    ("LIST", &[ValueKind::L]),
    ("STRUCT", &[ValueKind::M]),
    ("TUPLE", &[ValueKind::M]),
    ("BAG", &[ValueKind::SS, ValueKind::NS, ValueKind::BS]),
];

/// What `<` and BETWEEN compare.
const ORDERED: [ValueKind; 3] = [ValueKind::S, ValueKind::N, ValueKind::B];

/// What has a size.
const SIZED: [ValueKind; 7] =
    [ValueKind::S, ValueKind::B, ValueKind::L, ValueKind::M, ValueKind::SS, ValueKind::NS, ValueKind::BS];

fn comparator(token: &Token<'_>) -> Option<Comparator> {
    match (token.kind, token.text) {
        (TokenKind::Symbol, "!=") => Some(Comparator::NotEqual),
        (TokenKind::Symbol, symbol) => Comparator::from_symbol(symbol),
        _ => None,
    }
}

fn path_of(operator: &str, operand: Operand) -> Result<DocumentPath, Problem> {
    match operand {
        Operand::Path(path) => Ok(path),
        _ => Err(Problem::PathRequired(operator.to_owned())),
    }
}

/// The argument of `size`.
fn one_measured(operands: Vec<Operand>) -> Result<Operand, Problem> {
    let count = operands.len();
    let [operand] =
        <[Operand; 1]>::try_from(operands).map_err(|_| Problem::OperandCount { operator: "size".to_owned(), count })?;
    match operand {
        Operand::Path(_) => Ok(operand),
        _ => {
            check_kinds("size", &[&operand], &SIZED)?;
            Ok(operand)
        }
    }
}

fn attribute_type([value, kind]: [Operand; 2]) -> Result<Predicate, Problem> {
    check_kinds("attribute_type", &[&kind], &[ValueKind::S])?;
    if let (Operand::Path(_), Some(AttributeValue::S(name))) = (&value, kind.as_value())
        && ValueKind::from_descriptor(name).is_none()
    {
        return Err(Problem::TypeName(name.clone()));
    }
    match value {
        value @ Operand::Path(_) => Ok(Predicate::AttributeType(value, kind)),
        _ => Err(Problem::PathRequired("attribute_type".to_owned())),
    }
}

/// Refuses bounds of BETWEEN that nothing lies between, whatever the item.
fn check_bounds(low: &Operand, high: &Operand) -> Result<(), Problem> {
    let (Operand::Value(low), Operand::Value(high)) = (low, high) else { return Ok(()) };
    match low.view().compare(&high.view()) {
        None => Err(Problem::BetweenKinds(Box::new((low.as_ref().clone(), high.as_ref().clone())))),
        Some(order) if order.is_gt() => {
            Err(Problem::BetweenOrder(Box::new((low.as_ref().clone(), high.as_ref().clone()))))
        }
        Some(_) => Ok(()),
    }
}

/// The elements of a list or a set.
fn elements(value: AttributeValue) -> Result<Vec<Operand>, Problem> {
    let elements: Vec<AttributeValue> = match value {
        AttributeValue::L(list) => list,
        AttributeValue::SS(set) => set.into_iter().map(AttributeValue::S).collect(),
        AttributeValue::NS(set) => set.into_iter().map(AttributeValue::N).collect(),
        AttributeValue::BS(set) => set.into_iter().map(AttributeValue::B).collect(),
        other => return Err(Problem::operand_type("IN", other.view().kind())),
    };
    Ok(elements.into_iter().map(|value| Operand::Value(Arc::new(value))).collect())
}

/// Refuses values that the operator cannot take, whatever the item.
fn check_kinds(operator: &str, operands: &[&Operand], allowed: &[ValueKind]) -> Result<(), Problem> {
    let kinds = operands.iter().filter_map(|operand| operand.as_value()).map(|value| value.view().kind());
    match kinds.into_iter().find(|kind| !allowed.contains(kind)) {
        Some(kind) => Err(Problem::operand_type(operator, kind)),
        None => Ok(()),
    }
}
