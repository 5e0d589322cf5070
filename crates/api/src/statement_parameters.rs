//! The parameters of a PartiQL statement. What is wrong with them is an answer to their statement, not to the request
//! that it belongs to: a batch continues.

use model::AttributeValue;

/// The values, or why one of them is none: DynamoDB's sentence about the first.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementParameters(pub Result<Vec<AttributeValue>, String>);

impl StatementParameters {
    /// The values, of which there are none if one of them is refused.
    pub fn values(&self) -> &[AttributeValue] {
        self.0.as_deref().unwrap_or_default()
    }
}
