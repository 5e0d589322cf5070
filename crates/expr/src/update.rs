//! What an update makes of an item: an `UpdateExpression`, `AttributeUpdates`, or a PartiQL statement.
//!
//! Every operand is read from the item as it was; [`apply`] then makes all changes at once.

mod apply;
mod arithmetic;
mod statement_size;

use model::{Attributes, MapRef};

use crate::ast::Update;
use crate::error::{ExpressionError, LegacyProblem, Problem};
use crate::parser::parse_update;
use crate::placeholders::Placeholders;
use crate::projection::Projection;

impl Update {
    /// Parses an update expression.
    ///
    /// # Errors
    /// Whatever DynamoDB refuses before it reads the item.
    pub fn parse(text: &str, placeholders: &mut Placeholders) -> Result<Update, ExpressionError> {
        parse_update(text, placeholders)
    }

    /// The item after the update, from the item as it was: with its key and nothing else if it did not exist.
    ///
    /// # Errors
    /// Operands that the item lacks or that have the wrong type there, paths that lead nowhere, numbers out of
    /// range, and nesting beyond the limit.
    pub fn apply(&self, old: Attributes) -> Result<Attributes, ExpressionError> {
        apply::apply(self, old).map_err(|error| match error {
            ExpressionError::Bare(Problem::OperandTypeInItem) if self.legacy => LegacyProblem::TypeMismatch.into(),
            error => error,
        })
    }

    /// The image for `ReturnValues=UPDATED_OLD` or `UPDATED_NEW`: the values at the paths of all actions, in the item
    /// before or after the update. Indexes are used as they are written: where an element was removed, the one that
    /// moved there is shown, and one that was appended behind a gap is not. Captured in eu-west-2.
    pub fn image(&self, item: MapRef<'_>) -> Attributes {
        Projection::of(self.paths()).apply(item)
    }
}

#[cfg(test)]
mod tests;
