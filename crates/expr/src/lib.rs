//! DynamoDB's expression language: tokens, parser, one tree for conditions and one for updates, and what they mean for an
//! item.
//!
//! Pure. Conditions and projections are evaluated over borrowed views ([`model::MapRef`]), so a stored item is never
//! decoded to be tested. Placeholders are resolved while parsing: a tree contains the request's own values.
//!
//! The order of use, for one request: [`Placeholders::new`]; the `parse` functions of the request's expressions;
//! [`Placeholders::finish`], which refuses placeholders that none of them used.
//!
//! The legacy parameters (`Expected`, `AttributeUpdates`, `KeyConditions` …) and PartiQL are lowered into the same trees.
//!
//! Modules, lowest first: the trees (`ast`), `error` and the words (`token`, `reserved`); `placeholders`; `parser`; what trees
//! mean for an item (`condition` with `evaluate`, `projection`, `update`, `key_condition`); `legacy` and `partiql`.

pub mod ast;
mod condition;
mod error;
mod evaluate;
mod key_condition;
pub mod legacy;
mod parser;
pub mod partiql;
mod placeholders;
mod projection;
mod reserved;
#[cfg(test)]
mod testing;
mod token;
mod update;

pub use ast::{Update, UpdateValue};
pub use condition::Condition;
pub use error::{ExpressionError, ExpressionKind, LegacyProblem, PlaceholderMap, Problem};
pub use key_condition::{KeyCondition, KeyParts, RangeCondition};
pub use placeholders::Placeholders;
pub use projection::Projection;
pub use reserved::is_reserved;
