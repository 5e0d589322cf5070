//! Identity and access management, as far as a decision needs it: who asks, for what, under which circumstances, and what
//! the policies say. Pure: entities are kept elsewhere and given to it.
//!
//! Source: IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".

mod context;
mod decision;
mod policy;
mod principal;

pub use context::{Context, Values};
pub use decision::{Decision, Denial, PolicyType, Question, decide};
pub use policy::{Malformed, Policy, PolicyKind};
pub use principal::{Identity, Principal, PrincipalKind, Transport};
