//! A condition on an item: `ConditionExpression`, `FilterExpression`, or a legacy parameter of the same meaning.

use model::{KeySchema, MapRef};

use crate::ast::Predicate;
use crate::error::{ExpressionError, ExpressionKind, Problem};
use crate::evaluate;
use crate::parser::parse_condition;
use crate::placeholders::Placeholders;

#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    predicate: Predicate,
}

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
        Condition { predicate }
    }

    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// Whether the item satisfies it. An item that does not exist is an empty one.
    pub fn matches(&self, item: MapRef<'_>) -> bool {
        evaluate::holds(&self.predicate, item)
    }

    /// The top-level attributes that it names, each once, in the order of the text.
    pub fn attribute_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.predicate.visit_paths(&mut |path| {
            if !names.contains(&path.name.as_str()) {
                names.push(path.name.as_str());
            }
        });
        names
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
