//! Identity and access management, as far as a decision needs it: the principal, the action and resource, the context of the
//! request, and the policies. Pure: entities are stored elsewhere and passed in.
//!
//! Source: IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".

mod arn;
mod condition;
mod context;
mod decision;
mod document;
mod explain;
mod filtered;
mod glob;
mod globals;
mod json;
mod memory;
mod occurrence;
mod operand;
mod pattern;
mod permission;
mod policy;
mod principal;
mod principal_ids;
mod principals;
pub mod reference;
mod statement;
mod summary;
mod tags;
mod work;

pub use context::{Context, Values};
pub use decision::{Decision, Denial, PolicyType, Question, decide, decide_below, decide_federated, decide_within};
pub use explain::{ConditionReport, Element, StatementReport, explain, explain_within};
pub use globals::Globals;
pub use permission::{Permission, Unpermitted};
pub use policy::{Malformed, Policy, PolicyKind, Version};
pub use principal::{Identity, Principal, PrincipalKind, Transport};
pub use principal_ids::PrincipalIds;
pub use statement::Effect;
pub use summary::{AppliedStatement, Summary, summarize_within};
pub use tags::{folded_tag, is_same_tag, tag_value};
pub use work::{QUESTION_STEPS_MAX, REQUEST_STEPS_MAX, STEP_BYTES, WorkBudget};
