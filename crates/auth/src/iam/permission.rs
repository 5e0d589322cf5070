//! A permission that a request requires of its caller's own policies: an action on a resource without a policy of its own, or whose
//! policy is another service's to know.

use std::fmt;

use super::{Context, Decision, Globals, Identity, Question, WorkBudget, decide_within};

#[derive(Clone, Copy)]
pub struct Permission<'a> {
    pub identity: &'a Identity,
    pub region: &'a str,
    /// The account whose policies decide.
    pub account: &'a str,
    pub action: &'a str,
    /// An ARN, or `*`.
    pub resource: &'a str,
    /// The resource's, as conditions see it.
    pub resource_account: &'a str,
    /// The operation's condition keys, of which those are seen that the action has.
    pub own: &'a dyn Context,
}

/// Why a request may not be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unpermitted {
    /// Its policies take more work than a request may cause.
    Exhausted,
    /// A policy denies it, or none allows it, in AWS's sentence.
    Denied(String),
}

impl Question<'_> {
    /// Decides one of a request's questions.
    ///
    /// # Errors
    /// Why the request may not be done.
    pub fn permit(&self, work: &WorkBudget) -> Result<(), Unpermitted> {
        self.permitted(decide_within(self, work), work)
    }

    /// What a decision on this question means for its request.
    ///
    /// # Errors
    /// Why the request may not be done.
    pub fn permitted(&self, decision: Decision, work: &WorkBudget) -> Result<(), Unpermitted> {
        match decision {
            // First: an evaluation that did not end may have missed a denial, and its own denial has no statement for a reason.
            _ if work.is_exhausted() => Err(Unpermitted::Exhausted),
            Decision::Allowed => Ok(()),
            Decision::Denied(denial) => Err(Unpermitted::Denied(self.refusal(denial))),
        }
    }
}

impl Permission<'_> {
    /// # Errors
    /// Why the request may not be done.
    pub fn ask(&self, work: &WorkBudget) -> Result<(), Unpermitted> {
        self.ask_shown(work, self.resource)
    }

    /// As [`Permission::ask`], with another name of the resource in the refusal.
    ///
    /// # Errors
    /// Why the request may not be done.
    pub fn ask_shown(&self, work: &WorkBudget, shown: &str) -> Result<(), Unpermitted> {
        let Permission { identity, region, account, action, resource, resource_account, own } = *self;
        let question = Question {
            principal: &identity.principal,
            action,
            resource,
            resource_account: account,
            resource_policy: None,
            context: &Globals { identity, region, resource_account, own },
        };
        let decision = decide_within(&question, work);
        Question { resource: shown, ..question }.permitted(decision, work)
    }
}

impl fmt::Display for Unpermitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unpermitted::Exhausted => f.write_str(WorkBudget::REFUSAL),
            Unpermitted::Denied(text) => f.write_str(text),
        }
    }
}
