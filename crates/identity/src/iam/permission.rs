//! Whether a caller may do what it asks for: policies are asked before anything else is looked at.
//!
//! Source: Service Authorization Reference, "Condition keys for AWS Identity and Access Management".

use std::borrow::Cow;

use auth::iam::{Context, Decision, Globals, Question, Values, decide};

use super::asked::Ask;
use super::target::Target;
use crate::query::{Code, Refusal};
use crate::store::Account;
use crate::store::entity::Tags;

/// IAM has one place for all regions.
const REGION: &str = "us-east-1";

/// What conditions can look at, beside what is true of every request.
struct Circumstances<'a> {
    ask: &'a Ask<'a>,
    target: &'a Target,
    /// Those that the request gives.
    tags: Tags,
    keys: Vec<&'a str>,
}

impl<'a> Circumstances<'a> {
    fn of(ask: &'a Ask<'a>, target: &'a Target) -> Circumstances<'a> {
        let given = ask.parameters.members("Tags");
        let tag = |tag: &std::collections::BTreeMap<&'a str, &'a str>| {
            Some(((*tag.get("Key")?).to_owned(), (*tag.get("Value")?).to_owned()))
        };
        let keys = given.values().filter_map(|tag| tag.get("Key").copied());
        let keys = keys.chain(ask.parameters.list("TagKeys")).collect();
        Circumstances { ask, target, tags: given.values().filter_map(tag).collect(), keys }
    }
}

impl Context for Circumstances<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        if let Some(tag) = key.strip_prefix("aws:requesttag/") {
            return tag_of(&self.tags, tag);
        }
        if let Some(tag) = key.strip_prefix("aws:resourcetag/").or_else(|| key.strip_prefix("iam:resourcetag/")) {
            return tag_of(&self.target.tags, tag);
        }
        match key {
            "aws:tagkeys" if !self.keys.is_empty() => {
                Some(Values::Many(self.keys.iter().map(|key| Cow::Borrowed(*key)).collect()))
            }
            "iam:policyarn" => self.ask.optional("PolicyArn").map(one),
            "iam:permissionsboundary" => {
                self.ask.optional("PermissionsBoundary").or(self.target.boundary.as_deref()).map(one)
            }
            _ => None,
        }
    }
}

fn one(value: &str) -> Values<'_> {
    Values::One(Cow::Borrowed(value))
}

fn tag_of<'a>(tags: &'a Tags, name: &str) -> Option<Values<'a>> {
    tags.iter().find(|(key, _)| key.to_lowercase() == name).map(|(_, value)| one(value))
}

/// # Errors
/// AWS's sentence, if the caller has an identity that may not.
pub(super) fn check(ask: &Ask<'_>, action: &str, target: &Target, account: &Account) -> Result<(), Refusal> {
    let Some(identity) = &ask.caller.identity else { return Ok(()) };
    let own = Circumstances::of(ask, target);
    let question = Question {
        principal: &identity.principal,
        action,
        resource: &target.arn,
        resource_account: &account.id,
        resource_policy: None,
        context: &Globals { identity, region: REGION, resource_account: &account.id, own: &own },
    };
    match decide(&question) {
        Decision::Allowed => Ok(()),
        Decision::Denied(denial) => Err(Refusal::new(Code::AccessDenied, question.refusal(denial))),
    }
}
