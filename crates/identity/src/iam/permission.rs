//! Whether a caller may do what it asks for: policies are evaluated before anything else is checked.
//!
//! The request's keys are read from the members of the operation's own input, by the reader of the operation itself, and
//! `auth::iam` reads those that the action has.
//!
//! Source: Service Authorization Reference, "Condition keys for AWS Identity and Access Management".

use std::borrow::Cow;
use std::cell::OnceCell;

use auth::iam::{Context, Permission, Values, WorkBudget, tag_value};
use aws::Members;
use aws::iam::Tag;

use super::tag;
use super::target::{RequestAttributes, Target};
use crate::query::Refusal;
use crate::store::Account;
use crate::store::entity::Tags;
use crate::tag_key::with_stored_keys;

/// IAM has one place for all regions.
const REGION: &str = "us-east-1";

/// The condition keys of a request, beside the global ones.
struct ConditionContext<'a> {
    request: &'a RequestAttributes<'a>,
    action: &'a str,
    target: &'a Target,
    /// Those that the request gives.
    tags: Tags,
    tag_keys: OnceCell<Vec<String>>,
}

impl<'a> ConditionContext<'a> {
    fn of(request: &'a RequestAttributes<'a>, action: &'a str, target: &'a Target) -> ConditionContext<'a> {
        // Tags that cannot be read are none here, and the operation refuses them.
        let text = |member: &Members<'_>, name| member.text(name).unwrap_or_default().to_owned();
        let tag = |member: &Members<'_>| Tag { key: text(member, "Key"), value: text(member, "Value") };
        let tags: Vec<Tag> = request.members.structures("Tags").iter().map(tag).collect();
        let tags = tag::asked(&tags).unwrap_or_default();
        ConditionContext { request, action, target, tags, tag_keys: OnceCell::new() }
    }

    /// Of those that are set, or those that are taken away; as the target has them too, where that differs in case: the
    /// operation replaces or removes these.
    fn tag_keys(&self) -> Option<Values<'_>> {
        let keys = self.tag_keys.get_or_init(|| {
            let own = self.tags.keys().map(String::as_str);
            let named = own.chain(self.request.members.texts("TagKeys")).collect();
            let stored = self.target.tags.keys().map(String::as_str);
            with_stored_keys(named, stored).into_iter().map(str::to_owned).collect()
        });
        (!keys.is_empty()).then(|| Values::Many(keys.iter().map(|key| Cow::Borrowed(key.as_str())).collect()))
    }

    /// Whether the input of the action's operation has a member.
    fn has_member(&self, member: &str) -> bool {
        let operation = self.action.strip_prefix("iam:").and_then(|name| aws::IAM.operation(name));
        operation.is_some_and(|operation| operation.model().has_member(member))
    }

    /// The one that the request is about to set; of a principal that is there, the one that is attached to it.
    /// Source: IAM User Guide, "Permissions boundaries for IAM entities".
    fn boundary(&self) -> Option<&str> {
        const MEMBER: &str = "PermissionsBoundary";
        if self.has_member(MEMBER) { self.request.optional(MEMBER) } else { self.target.boundary.as_deref() }
    }
}

impl Context for ConditionContext<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        if let Some(tag) = key.strip_prefix("aws:requesttag/") {
            return tag_of(&self.tags, tag, work);
        }
        if let Some(tag) = key.strip_prefix("aws:resourcetag/").or_else(|| key.strip_prefix("iam:resourcetag/")) {
            return tag_of(&self.target.tags, tag, work);
        }
        match key {
            "aws:tagkeys" => self.tag_keys(),
            "iam:policyarn" => self.request.optional("PolicyArn").map(one),
            "iam:permissionsboundary" => self.boundary().map(one),
            _ => None,
        }
    }
}

fn one(value: &str) -> Values<'_> {
    Values::One(Cow::Borrowed(value))
}

fn tag_of<'a>(tags: &'a Tags, name: &str, work: &WorkBudget) -> Option<Values<'a>> {
    tag_value(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), name, work)
}

/// # Errors
/// AWS's sentence, if the caller has an identity that may not.
pub(super) fn check(
    request: &RequestAttributes<'_>,
    action: &str,
    target: &Target,
    account: &Account,
    work: &WorkBudget,
) -> Result<(), Refusal> {
    let Some(identity) = &request.caller.identity else { return Ok(()) };
    let own = ConditionContext::of(request, action, target);
    let permission = Permission {
        identity,
        region: REGION,
        account: &account.id,
        action,
        resource: &target.arn,
        resource_account: &account.id,
        own: &own,
    };
    Ok(permission.ask_shown(work, target.shown())?)
}
