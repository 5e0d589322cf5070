//! WHERE: comparisons, IN, BETWEEN, IS, functions, AND, OR, NOT and parentheses.
//!
//! Nesting is kept on a stack of [`Frame`]s, not on the call stack. NOT binds tighter than AND, and AND tighter than
//! OR; chains of either are one node, however they are parenthesized.
//!
//! Parentheses hold a condition or a lone operand (`(size(a)) < 5`); which of the two is known only inside.

use model::limits::IN_OPERANDS_MAX;
use model::{AttributeValue, DocumentPath, ValueKind};

use super::error::{PartiqlError, Refusal};
use super::lexer::{Token, TokenKind};
use super::parser::{Parsed, Parser};
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
    /// A NOT, or an odd number of them, stands before the next condition.
    negated: bool,
    /// NOT, AND or OR stood in it, so it is no lone operand.
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

/// What stands where a condition may stand.
enum Node {
    Operand(Operand),
    Predicate(Predicate),
}

impl Node {
    fn into_predicate(self) -> Parsed<Predicate> {
        match self {
            Node::Predicate(predicate) => Ok(predicate),
            Node::Operand(_) => Err(PartiqlError::Malformed("Unexpected term")),
        }
    }
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
                    frame.push(node.into_predicate()?);
                    if disjunction {
                        frame.close_alternative();
                    }
                    self.expect_right_side()?;
                    break;
                }
                let Some(outer) = stack.pop() else {
                    frame.push(node.into_predicate()?);
                    return Ok(frame.into_predicate());
                };
                self.expect_symbol(")", "Expected RIGHT_PAREN")?;
                let mut inner = std::mem::replace(&mut frame, outer);
                if inner.operators || matches!(node, Node::Predicate(_)) {
                    inner.push(node.into_predicate()?);
                    node = Node::Predicate(inner.into_predicate());
                }
            }
        }
    }

    /// Refuses a statement that ends behind an operator.
    fn expect_right_side(&self) -> Parsed<()> {
        match self.at_end() {
            true => Err(PartiqlError::Malformed("Missing right-hand side expression of infix operator")),
            false => Ok(()),
        }
    }

    /// A function that is a condition by itself, or an operand.
    fn node(&mut self) -> Parsed<Node> {
        let token = self.peek();
        if token.kind != TokenKind::Word || !self.peek_second().is_symbol("(") {
            return self.operand().map(Node::Operand);
        }
        match token.text.to_ascii_lowercase().as_str() {
            "begins_with" => {
                let [value, prefix] = self.two_operands(token)?;
                check_kinds("begins_with", &[&value, &prefix], &[ValueKind::S, ValueKind::B])?;
                Ok(Node::Predicate(Predicate::BeginsWith(value, prefix)))
            }
            "contains" => {
                let [container, element] = self.two_operands(token)?;
                Ok(Node::Predicate(Predicate::Contains(container, element)))
            }
            "attribute_type" => {
                let [value, kind] = self.two_operands(token)?;
                self.attribute_type(value, kind).map(Node::Predicate)
            }
            "attribute_exists" => {
                let path = self.one_path(token)?;
                Ok(Node::Predicate(Predicate::AttributeExists(path)))
            }
            "attribute_not_exists" => {
                let path = self.one_path(token)?;
                Ok(Node::Predicate(Predicate::AttributeNotExists(path)))
            }
            _ => self.operand().map(Node::Operand),
        }
    }

    fn attribute_type(&mut self, value: Operand, kind: Operand) -> Parsed<Predicate> {
        check_kinds("attribute_type", &[&kind], &[ValueKind::S])?;
        match (value, &kind) {
            (Operand::Path(_), Operand::Value(AttributeValue::S(name)))
                if ValueKind::from_descriptor(name).is_none() =>
            {
                Err(Problem::TypeName(name.clone()).into())
            }
            (value @ Operand::Path(_), _) => Ok(Predicate::AttributeType(value, kind)),
            _ => Err(Problem::PathRequired("attribute_type".to_owned()).into()),
        }
    }

    fn one_path(&mut self, function: Token<'_>) -> Parsed<DocumentPath> {
        let [operand] = self.arguments(function)?;
        path_of(&function.text.to_ascii_lowercase(), operand)
    }

    fn two_operands(&mut self, function: Token<'_>) -> Parsed<[Operand; 2]> {
        self.arguments(function)
    }

    /// The arguments of a function, of which it takes so many.
    fn arguments<const N: usize>(&mut self, function: Token<'_>) -> Parsed<[Operand; N]> {
        self.advance();
        self.expect_symbol("(", "Expected LEFT_PAREN")?;
        let mut operands = Vec::new();
        if !self.take_symbol(")") {
            operands.push(self.operand()?);
            while self.take_symbol(",") {
                operands.push(self.operand()?);
            }
            self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        }
        operands.try_into().map_err(|operands: Vec<Operand>| {
            let operator = function.text.to_ascii_lowercase();
            Problem::OperandCount { operator, count: operands.len() }.into()
        })
    }

    /// A value, a path, or the size of what stands there.
    fn operand(&mut self) -> Parsed<Operand> {
        if self.at_value() {
            return self.value().map(Operand::Value);
        }
        let token = self.peek();
        if token.kind != TokenKind::Word || !self.peek_second().is_symbol("(") {
            return self.path().map(Operand::Path);
        }
        if !token.is_word("size") {
            let name = token.text.to_ascii_lowercase();
            return Err(Refusal::UnknownFunction { name, place: self.place(token) }.into());
        }
        self.advance();
        self.expect_symbol("(", "Expected LEFT_PAREN")?;
        let path = self.path()?;
        self.expect_symbol(")", "Expected RIGHT_PAREN")?;
        Ok(Operand::Size(Box::new(Operand::Path(path))))
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
            return Err(self.unsupported("operator", token));
        }
        let negated = self.take_word("NOT");
        let predicate = if self.take_word("IN") {
            self.in_list(left)?
        } else if self.take_word("BETWEEN") {
            self.between(left)?
        } else if self.peek().is_word("LIKE") {
            return Err(self.unsupported("operator", self.peek()));
        } else if negated {
            return Err(self.unexpected());
        } else {
            return Ok(Node::Operand(left));
        };
        Ok(Node::Predicate(if negated { negate(predicate) } else { predicate }))
    }

    /// `condition = TRUE` and its like.
    fn compared_with_truth(&mut self, predicate: Predicate) -> Parsed<Predicate> {
        let Some(comparator) = comparator(&self.peek()).filter(|comparator| !comparator.is_ordering()) else {
            return Ok(predicate);
        };
        let truth = self.peek_second();
        let is_true = truth.is_word("TRUE");
        if !is_true && !truth.is_word("FALSE") {
            return Ok(predicate);
        }
        self.advance();
        self.advance();
        let holds = is_true == (comparator == Comparator::Equal);
        Ok(if holds { predicate } else { negate(predicate) })
    }

    fn comparison(&mut self, comparator: Comparator, left: Operand) -> Parsed<Predicate> {
        self.expect_right_side()?;
        if self.take_word("MISSING") {
            return match comparator {
                Comparator::Equal => Ok(Predicate::AttributeNotExists(path_of("MISSING", left)?)),
                Comparator::NotEqual => Ok(Predicate::AttributeExists(path_of("MISSING", left)?)),
                _ => Err(PartiqlError::Malformed("Unexpected term")),
            };
        }
        let right = self.right_operand()?;
        if comparator.is_ordering() {
            check_kinds(comparator.symbol(), &[&left, &right], &ORDERED)?;
        }
        Ok(Predicate::Compare(comparator, left, right))
    }

    fn between(&mut self, value: Operand) -> Parsed<Predicate> {
        let low = self.right_operand()?;
        self.expect_word("AND", "Expected expression after AND")?;
        let high = self.right_operand()?;
        check_kinds("BETWEEN", &[&value, &low, &high], &ORDERED)?;
        if let (Operand::Value(low), Operand::Value(high)) = (&low, &high) {
            match low.view().compare(&high.view()) {
                None => return Err(Problem::BetweenKinds(Box::new((low.clone(), high.clone()))).into()),
                Some(order) if order.is_gt() => {
                    return Err(Problem::BetweenOrder(Box::new((low.clone(), high.clone()))).into());
                }
                Some(_) => {}
            }
        }
        Ok(Predicate::Between(value, low, high))
    }

    /// `(a, b)`, `[a, b]`, `<<a, b>>`, or a parameter that is one of the latter.
    fn in_list(&mut self, value: Operand) -> Parsed<Predicate> {
        let candidates = if self.take_symbol("[") {
            self.candidates("]")?
        } else if self.take_symbol("<<") {
            self.candidates(">>")?
        } else if self.take_symbol("(") {
            if self.peek().is_symbol(")") {
                return Err(PartiqlError::Malformed("Expression group cannot be empty"));
            }
            self.candidates(")")?
        } else if self.peek().kind == TokenKind::Parameter {
            self.advance();
            elements(self.parameter())?
        } else {
            return Err(self.unexpected());
        };
        match candidates.len() {
            count if count > IN_OPERANDS_MAX => Err(Problem::InOperands(count).into()),
            _ => Ok(Predicate::In(value, candidates)),
        }
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
            self.expect_symbol(",", "Expected COMMA")?;
        }
    }

    /// `IS [NOT] NULL`, `IS [NOT] MISSING`, or `IS [NOT]` with the name of a type.
    fn is(&mut self, left: Operand) -> Parsed<Predicate> {
        let negated = self.take_word("NOT");
        let path = path_of("IS", left)?;
        let name = self.peek();
        let predicate = if name.is_word("MISSING") {
            Predicate::AttributeNotExists(path)
        } else {
            let Some((_, kinds)) = TYPES.iter().find(|(own, _)| name.is_word(own)) else {
                return Err(match self.type_name() {
                    true => Refusal::IsType.into(),
                    false => PartiqlError::Malformed("Expected type name"),
                });
            };
            let of_kind = |kind: &ValueKind| {
                let name = AttributeValue::S(kind.descriptor().to_owned());
                Predicate::AttributeType(Operand::Path(path.clone()), Operand::Value(name))
            };
            one_or(kinds.iter().map(of_kind).collect(), Predicate::Or)
        };
        self.advance();
        Ok(match (negated, predicate) {
            (true, Predicate::AttributeNotExists(path)) => Predicate::AttributeExists(path),
            (true, predicate) => negate(predicate),
            (false, predicate) => predicate,
        })
    }
}

/// What the names of PartiQL's types mean here. A missing attribute is of no type.
const TYPES: [(&str, &[ValueKind]); 12] = [
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
    ("MAP", &[ValueKind::M]),
    ("BAG", &[ValueKind::SS, ValueKind::NS, ValueKind::BS]),
];

/// What `<` and BETWEEN compare.
const ORDERED: [ValueKind; 3] = [ValueKind::S, ValueKind::N, ValueKind::B];

fn comparator(token: &Token<'_>) -> Option<Comparator> {
    match (token.kind, token.text) {
        (TokenKind::Symbol, "!=") => Some(Comparator::NotEqual),
        (TokenKind::Symbol, symbol) => Comparator::from_symbol(symbol),
        _ => None,
    }
}

fn path_of(operator: &str, operand: Operand) -> Parsed<DocumentPath> {
    match operand {
        Operand::Path(path) => Ok(path),
        _ => Err(Problem::PathRequired(operator.to_owned()).into()),
    }
}

/// The elements of a list or a set.
fn elements(value: AttributeValue) -> Parsed<Vec<Operand>> {
    let elements: Vec<AttributeValue> = match value {
        AttributeValue::L(list) => list,
        AttributeValue::SS(set) => set.into_iter().map(AttributeValue::S).collect(),
        AttributeValue::NS(set) => set.into_iter().map(AttributeValue::N).collect(),
        AttributeValue::BS(set) => set.into_iter().map(AttributeValue::B).collect(),
        other => return Err(Problem::operand_type("IN", other.view().kind()).into()),
    };
    Ok(elements.into_iter().map(Operand::Value).collect())
}

/// Refuses values that the operator cannot take, whatever the item.
fn check_kinds(operator: &str, operands: &[&Operand], allowed: &[ValueKind]) -> Parsed<()> {
    let kinds = operands.iter().filter_map(|operand| operand.as_value()).map(|value| value.view().kind());
    match kinds.into_iter().find(|kind| !allowed.contains(kind)) {
        Some(kind) => Err(Problem::operand_type(operator, kind).into()),
        None => Ok(()),
    }
}
