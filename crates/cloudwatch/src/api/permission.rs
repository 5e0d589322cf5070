//! Whether a caller may read or put metrics. Actions have no resources; PutMetricData has a key, the namespace.
//!
//! Source: Service Authorization Reference, "Amazon CloudWatch".

use std::borrow::Cow;

use auth::Caller;
use auth::iam::{Context, Decision, Globals, Question, Values, WorkBudget, decide_within};
use aws::{Members, OperationId, Structure};

use super::refusal::Refusal;

struct Namespace<'a>(Option<&'a str>);

impl Context for Namespace<'_> {
    fn values(&self, key: &str, _: &WorkBudget) -> Option<Values<'_>> {
        match key {
            "cloudwatch:namespace" => Some(Values::One(Cow::Borrowed(self.0?))),
            _ => None,
        }
    }
}

/// # Errors
/// The refusal of the caller's policies.
pub(super) fn permit(caller: &Caller, operation: OperationId, request: &Structure) -> Result<(), Refusal> {
    let Some(identity) = &caller.identity else { return Ok(()) };
    let members = Members::of_request(operation, request);
    let own = Namespace(if operation.name() == "PutMetricData" { members.text("Namespace") } else { None });
    let context = Globals { identity, region: &caller.region, resource_account: &caller.account, own: &own };
    let action = format!("cloudwatch:{}", operation.name());
    let question = Question {
        principal: &identity.principal,
        action: &action,
        resource: "*",
        resource_account: &caller.account,
        resource_policy: None,
        context: &context,
    };
    let work = WorkBudget::default();
    match decide_within(&question, &work) {
        _ if work.is_exhausted() => Err(Refusal::Denied(WorkBudget::REFUSAL.to_owned())),
        Decision::Allowed => Ok(()),
        Decision::Denied(denial) => Err(Refusal::Denied(question.refusal(denial))),
    }
}
