//! The one tree that condition, filter, key-condition, legacy and PartiQL conditions are lowered into, and that of
//! updates.
//!
//! Placeholders are resolved: the tree shares the values it compares with. `And` and `Or` hold any number of branches,
//! so the tree is only as deep as the parentheses of the text.

mod update;

use std::sync::Arc;

use model::{AttributeValue, DocumentPath};

pub use update::{Update, UpdateValue};

/// A truth about an item.
#[derive(Clone, PartialEq, Debug)]
pub enum Predicate {
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Not(Box<Predicate>),
    Compare(Comparator, Operand, Operand),
    /// Value, lower bound, upper bound; both bounds count as inside.
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    AttributeExists(DocumentPath),
    AttributeNotExists(DocumentPath),
    /// The second operand is a string: a type's descriptor.
    AttributeType(Operand, Operand),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
    /// Nothing to ask: an `Expected` or a filter without conditions.
    True,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Operand {
    Path(DocumentPath),
    Value(Arc<AttributeValue>),
    /// `size(operand)`
    Size(Box<Operand>),
}

impl Operand {
    pub fn as_path(&self) -> Option<&DocumentPath> {
        if let Operand::Path(path) = self { Some(path) } else { None }
    }

    pub fn as_value(&self) -> Option<&AttributeValue> {
        if let Operand::Value(value) = self { Some(value) } else { None }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparator {
    pub const ALL: [Comparator; 6] = [
        Comparator::Equal,
        Comparator::NotEqual,
        Comparator::Less,
        Comparator::LessOrEqual,
        Comparator::Greater,
        Comparator::GreaterOrEqual,
    ];

    pub const fn symbol(self) -> &'static str {
        match self {
            Comparator::Equal => "=",
            Comparator::NotEqual => "<>",
            Comparator::Less => "<",
            Comparator::LessOrEqual => "<=",
            Comparator::Greater => ">",
            Comparator::GreaterOrEqual => ">=",
        }
    }

    pub fn from_symbol(symbol: &str) -> Option<Comparator> {
        Comparator::ALL.into_iter().find(|comparator| comparator.symbol() == symbol)
    }

    /// Whether it asks which of two values is greater, rather than whether they are equal.
    pub const fn is_ordering(self) -> bool {
        !matches!(self, Comparator::Equal | Comparator::NotEqual)
    }

    /// The comparator that asks the same of the operands in the other order.
    #[must_use]
    pub const fn mirrored(self) -> Comparator {
        match self {
            Comparator::Less => Comparator::Greater,
            Comparator::LessOrEqual => Comparator::GreaterOrEqual,
            Comparator::Greater => Comparator::Less,
            Comparator::GreaterOrEqual => Comparator::LessOrEqual,
            same => same,
        }
    }
}

impl Predicate {
    /// Calls `visit` with every path of the tree, in the order of the text.
    pub fn visit_paths<'a>(&'a self, visit: &mut impl FnMut(&'a DocumentPath)) {
        match self {
            Predicate::And(branches) | Predicate::Or(branches) => {
                branches.iter().for_each(|branch| branch.visit_paths(visit));
            }
            Predicate::Not(inner) => inner.visit_paths(visit),
            Predicate::Compare(_, left, right)
            | Predicate::AttributeType(left, right)
            | Predicate::BeginsWith(left, right)
            | Predicate::Contains(left, right) => {
                left.visit_paths(visit);
                right.visit_paths(visit);
            }
            Predicate::Between(value, low, high) => {
                value.visit_paths(visit);
                low.visit_paths(visit);
                high.visit_paths(visit);
            }
            Predicate::In(value, candidates) => {
                value.visit_paths(visit);
                candidates.iter().for_each(|candidate| candidate.visit_paths(visit));
            }
            Predicate::AttributeExists(path) | Predicate::AttributeNotExists(path) => visit(path),
            Predicate::True => {}
        }
    }
}

impl Operand {
    pub fn visit_paths<'a>(&'a self, visit: &mut impl FnMut(&'a DocumentPath)) {
        match self {
            Operand::Path(path) => visit(path),
            Operand::Value(_) => {}
            Operand::Size(inner) => inner.visit_paths(visit),
        }
    }
}
