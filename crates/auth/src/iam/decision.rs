//! Whether a principal may do something.

use super::{Context, Policy, Principal};

/// One action on one resource; a request may be several.
pub struct Question<'a> {
    pub principal: &'a Principal,
    /// As `dynamodb:GetItem`.
    pub action: &'a str,
    /// An ARN, or `*` for actions that have none.
    pub resource: &'a str,
    /// Whose the resource is.
    pub resource_account: &'a str,
    /// What the resource itself says.
    pub resource_policy: Option<&'a Policy>,
    pub context: &'a dyn Context,
}

/// Which policies a decision came from, in the words of AWS's refusals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyType {
    Identity,
    Resource,
    Boundary,
    Session,
    Trust,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denial {
    /// A statement says so.
    Explicit(PolicyType),
    /// No statement of these allows it.
    Implicit(PolicyType),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    Allowed,
    Denied(Denial),
}

pub fn decide(_question: &Question<'_>) -> Decision {
    Decision::Denied(Denial::Implicit(PolicyType::Identity))
}

impl Question<'_> {
    /// AWS's sentence for a denial.
    pub fn refusal(&self, _denial: Denial) -> String {
        let Question { principal, action, resource, .. } = self;
        format!("User: {} is not authorized to perform: {action} on resource: {resource}", principal.arn)
    }
}
