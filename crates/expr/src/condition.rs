//! A condition on an item: `ConditionExpression`, `FilterExpression`, or a legacy parameter of the same meaning.

use std::collections::BTreeSet;

use model::{KeySchema, MapRef};

use crate::ast::Predicate;
use crate::error::{ExpressionError, ExpressionKind, Problem};
use crate::evaluate;
use crate::parser::parse_condition;
use crate::placeholders::Placeholders;

#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    predicate: Predicate,
    /// Whether it names more paths than an expression can.
    wide: bool,
}

/// Paths that a condition may look up in a stored item one by one, each stepping over the attributes before its own:
/// expressions have fewer operators, but legacy parameters may have any number.
const LOOKED_UP_MAX: usize = 1000;

impl Condition {
    /// Parses a condition, filter or key condition.
    ///
    /// # Errors
    /// Whatever DynamoDB refuses before it reads an item.
    pub fn parse(
        kind: ExpressionKind,
        text: &str,
        placeholders: &mut Placeholders,
    ) -> Result<Condition, ExpressionError> {
        parse_condition(kind, text, placeholders).map(Condition::new)
    }

    /// A condition from a tree that was made otherwise.
    pub fn new(predicate: Predicate) -> Condition {
        let mut paths = 0;
        predicate.visit_paths(&mut |_| paths += 1);
        Condition { predicate, wide: paths > LOOKED_UP_MAX }
    }

    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// Whether the item satisfies it. An item that does not exist is an empty one.
    pub fn matches(&self, item: MapRef<'_>) -> bool {
        match item {
            // In a tree each is found at once.
            MapRef::Compact(_) if self.wide => evaluate::holds(&self.predicate, item.to_owned().view()),
            _ => evaluate::holds(&self.predicate, item),
        }
    }

    /// Whether any part of it asks if an attribute is there.
    pub fn tests_existence(&self) -> bool {
        fn tests(predicate: &Predicate) -> bool {
            match predicate {
                Predicate::AttributeExists(_) | Predicate::AttributeNotExists(_) => true,
                Predicate::And(branches) | Predicate::Or(branches) => branches.iter().any(tests),
                Predicate::Not(inner) => tests(inner),
                _ => false,
            }
        }
        tests(&self.predicate)
    }

    /// The top-level attributes that it names, each once, in the order of the text.
    pub fn attribute_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let mut seen = BTreeSet::new();
        self.predicate.visit_paths(&mut |path| {
            if seen.insert(path.name.as_str()) {
                names.push(path.name.as_str());
            }
        });
        names
    }

    /// The attributes with nested paths in the condition, in the order of the text.
    pub fn nested_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.predicate.visit_paths(&mut |path| {
            if !path.is_top() {
                names.push(path.name.as_str());
            }
        });
        names
    }

    /// How often it names an attribute: how often an item may have to be looked through.
    pub fn looks(&self) -> usize {
        let mut looks = 0;
        self.predicate.visit_paths(&mut |_| looks += 1);
        looks
    }

    /// Refuses a Query's filter that names an attribute of the key it queries by.
    ///
    /// # Errors
    /// Names the attribute.
    pub fn check_non_key(&self, schema: &KeySchema) -> Result<(), ExpressionError> {
        self.check_non_key_for("Filter Expression", schema)
    }

    /// The same for a legacy `QueryFilter`.
    ///
    /// # Errors
    /// Names the attribute.
    pub fn check_non_key_legacy(&self, schema: &KeySchema) -> Result<(), ExpressionError> {
        self.check_non_key_for("QueryFilter", schema)
    }

    fn check_non_key_for(&self, parameter: &'static str, schema: &KeySchema) -> Result<(), ExpressionError> {
        match self.attribute_names().into_iter().find(|name| schema.contains(name)) {
            Some(name) => Err(Problem::FilterNamesKey { parameter, name: name.to_owned() }.into()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
