//! A request as STS's operations see it: its caller, and its typed members.

use std::collections::BTreeMap;

use auth::Caller;
use auth::iam::{Identity, Permission, WorkBudget};
use aws::{Input, OperationId, Protocol, Typed, codec};

use super::condition_context::ConditionContext;
use crate::authority::Authority;
use crate::query::{Parameters, Refusal};

pub(super) struct Ask<'a> {
    pub authority: &'a Authority,
    pub caller: &'a Caller,
    pub identity: &'a Identity,
    pub operation: OperationId,
    pub parameters: &'a Parameters,
}

impl Ask<'_> {
    /// The request, which satisfies the model's constraints.
    pub(super) fn request<T: Typed>(&self) -> Result<T, Refusal> {
        decoded(self.operation, self.parameters)
    }

    /// Whether the caller's own policies allow something that only its own account has a say in.
    pub(super) fn allowed(&self, action: &str, resource: &str) -> Result<(), Refusal> {
        self.allowed_with(action, resource, &BTreeMap::new())
    }

    /// As [`Ask::allowed`], with the tags that a session is asked for with.
    pub(super) fn allowed_with(
        &self,
        action: &str,
        resource: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        let tags = tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let own = ConditionContext { tags, ..ConditionContext::default() };
        let account = &self.caller.account;
        let permission = Permission {
            identity: self.identity,
            region: &self.caller.region,
            account,
            action,
            resource,
            resource_account: account,
            own: &own,
        };
        Ok(permission.ask(&WorkBudget::default())?)
    }
}

/// A request of the operation.
///
/// # Errors
/// AWS's sentence of all constraints that it breaks.
pub(super) fn decoded<T: Typed>(operation: OperationId, parameters: &Parameters) -> Result<T, Refusal> {
    let request = codec::decode(operation, Protocol::Query, &Input::Form(parameters))?;
    Ok(codec::typed(operation, request)?)
}
