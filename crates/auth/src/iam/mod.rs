//! Identity and access management, as far as a decision needs it: who asks, for what, under which circumstances, and what
//! the policies say. Pure: entities are kept elsewhere and given to it.
//!
//! Source: IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".

mod arn;
mod condition;
mod context;
mod decision;
mod document;
mod explain;
mod glob;
mod globals;
mod json;
mod operand;
mod pattern;
mod policy;
mod principal;
mod principals;
mod statement;

pub use context::{Context, Values};
pub use decision::{Decision, Denial, PolicyType, Question, decide, decide_federated};
pub use explain::{ConditionReport, Element, StatementReport, explain};
pub use globals::Globals;
pub use policy::{Malformed, Policy, PolicyKind, Version};
pub use principal::{Identity, Principal, PrincipalKind, Transport};
pub use statement::Effect;
