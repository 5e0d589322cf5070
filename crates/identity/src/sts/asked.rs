//! A request as STS's operations see it: who asks, and its parameters, each checked as it is taken.

use std::collections::BTreeMap;

use auth::Caller;
use auth::iam::{Decision, Globals, Identity, Question, WorkBudget, decide_within};

use super::circumstances::Circumstances;
use crate::authority::Authority;
use crate::query::{Code, Parameters, Refusal};

pub(super) struct Ask<'a> {
    pub authority: &'a Authority,
    pub caller: &'a Caller,
    pub identity: &'a Identity,
    pub parameters: &'a Parameters,
}

impl<'a> Ask<'a> {
    pub(super) fn text(&self, member: &str, min: usize, max: usize) -> Result<&'a str, Refusal> {
        required(self.parameters, member, min, max)
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
        let own = Circumstances { tags, ..Circumstances::of(self.parameters) };
        let account = &self.caller.account;
        let context =
            Globals { identity: self.identity, region: &self.caller.region, resource_account: account, own: &own };
        let question = Question {
            principal: &self.identity.principal,
            action,
            resource,
            resource_account: account,
            resource_policy: None,
            context: &context,
        };
        let work = WorkBudget::default();
        match decide_within(&question, &work) {
            _ if work.is_exhausted() => Err(Refusal::new(Code::LimitExceeded, WorkBudget::REFUSAL)),
            Decision::Allowed => Ok(()),
            Decision::Denied(denial) => Err(Refusal::new(Code::AccessDenied, question.refusal(denial))),
        }
    }
}

/// A member of the request that must be there. Unit: characters.
pub(super) fn required<'a>(
    parameters: &'a Parameters,
    member: &str,
    min: usize,
    max: usize,
) -> Result<&'a str, Refusal> {
    optional(parameters, member, min, max)?.ok_or_else(|| Refusal::missing(member))
}

pub(super) fn optional<'a>(
    parameters: &'a Parameters,
    member: &str,
    min: usize,
    max: usize,
) -> Result<Option<&'a str>, Refusal> {
    let Some(text) = parameters.get(member) else { return Ok(None) };
    length(member, text, min, max).map(|()| Some(text))
}

pub(super) fn length(member: &str, text: &str, min: usize, max: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    let wrong = if length < min { ("greater", min) } else { ("less", max) };
    match (min..=max).contains(&length) {
        true => Ok(()),
        false => {
            let constraint = format!("Member must have length {} than or equal to {}", wrong.0, wrong.1);
            Err(Refusal::broken(member, text, &constraint))
        }
    }
}

/// A name of a session or a federated user, of 2 letters or more.
pub(super) fn name<'a>(parameters: &'a Parameters, member: &str, max: usize) -> Result<&'a str, Refusal> {
    let name = required(parameters, member, 2, max)?;
    is_name(member, name).map(|()| name)
}

pub(super) fn is_name(member: &str, name: &str) -> Result<(), Refusal> {
    match name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter)) {
        true => Ok(()),
        false => {
            let constraint = "Member must satisfy regular expression pattern: [\\w+=,.@-]*";
            Err(Refusal::broken(member, name, constraint))
        }
    }
}

/// The seconds that a session is to last.
pub(super) fn duration(parameters: &Parameters, max: u32) -> Result<Option<u64>, Refusal> {
    const MEMBER: &str = "DurationSeconds";
    const MIN: i64 = 900;
    let Some(text) = parameters.get(MEMBER) else { return Ok(None) };
    let seconds: i64 = text.parse().map_err(|_| Refusal::validation(format!("{MEMBER} is no number")))?;
    let constraint = match seconds {
        ..MIN => format!("Member must have value greater than or equal to {MIN}"),
        _ if seconds > i64::from(max) => format!("Member must have value less than or equal to {max}"),
        _ => return Ok(Some(seconds.unsigned_abs())),
    };
    Err(Refusal::broken(MEMBER, text, &constraint))
}
