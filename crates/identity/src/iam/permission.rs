//! Whether a caller may do what it asks for: policies are asked before anything else is looked at.

use std::borrow::Cow;

use auth::iam::{Context, Decision, Question, Values, decide};

use super::asked::Ask;
use crate::query::{Code, Refusal};
use crate::store::Account;

/// What conditions can look at.
struct Circumstances<'a> {
    ask: &'a Ask<'a>,
}

impl Context for Circumstances<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let one = |value: &'static str| self.ask.optional(value).map(|value| Values::One(Cow::Borrowed(value)));
        match key {
            "iam:policyarn" => one("PolicyArn"),
            "iam:permissionsboundary" => one("PermissionsBoundary"),
            _ => None,
        }
    }
}

/// # Errors
/// AWS's sentence, if the caller has an identity that may not.
pub(super) fn check(ask: &Ask<'_>, action: &str, resource: &str, account: &Account) -> Result<(), Refusal> {
    let Some(identity) = &ask.caller.identity else { return Ok(()) };
    let question = Question {
        principal: &identity.principal,
        action,
        resource,
        resource_account: &account.id,
        resource_policy: None,
        context: &Circumstances { ask },
    };
    match decide(&question) {
        Decision::Allowed => Ok(()),
        Decision::Denied(denial) => Err(Refusal::new(Code::AccessDenied, question.refusal(denial))),
    }
}
