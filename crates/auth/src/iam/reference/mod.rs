//! What AWS documents of each action: its access level, its resource types and its condition keys.
//!
//! The tables are the Service Authorization Reference's, for the services whose actions policies decide here. The keys
//! that are added to them below have a source each.

mod generated;

use super::glob::{self, Letters};
use super::work::WorkBudget;

/// An action, as `iam:CreateUser`.
#[derive(Debug)]
pub struct Action {
    pub name: &'static str,
    pub access_level: &'static str,
    pub condition_keys: &'static [&'static str],
    /// None for an action whose only resource is `*`.
    pub resources: &'static [ActionResource],
}

/// A resource type that an action is allowed or denied on.
#[derive(Debug)]
pub struct ActionResource {
    pub resource_type: &'static ResourceType,
    pub is_required: bool,
    /// Of this action on this type, beside the type's own.
    pub condition_keys: &'static [&'static str],
}

#[derive(Debug)]
pub struct ResourceType {
    pub name: &'static str,
    /// With variables, as `arn:${Partition}:iam::${Account}:group/${GroupNameWithPath}`.
    pub arn: &'static str,
    pub condition_keys: &'static [&'static str],
}

const fn action(
    name: &'static str,
    access_level: &'static str,
    condition_keys: &'static [&'static str],
    resources: &'static [ActionResource],
) -> Action {
    Action { name, access_level, condition_keys, resources }
}

const fn of(
    resource_type: &'static ResourceType,
    is_required: bool,
    condition_keys: &'static [&'static str],
) -> ActionResource {
    ActionResource { resource_type, is_required, condition_keys }
}

const fn resource_type(name: &'static str, arn: &'static str, condition_keys: &'static [&'static str]) -> ResourceType {
    ResourceType { name, arn, condition_keys }
}

/// Keys that the guides document for an action and the reference's table of actions leaves out.
const DOCUMENTED: [(&str, &[&str]); 1] = [
    // Source: DynamoDB Developer Guide, "Using IAM with DynamoDB transactions", examples 2 and 3.
    ("dynamodb:ConditionCheckItem", &["dynamodb:EnclosingOperation"]),
];

/// The attributes of a partition key, which is what `dynamodb:LeadingKeys` is about. The reference defines them and
/// names no action of theirs. Source: Service Authorization Reference, "Condition keys for Amazon DynamoDB".
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
const PARTITION_KEYS: &[&str] = &[
    "dynamodb:FirstPartitionKeyValues",
    "dynamodb:SecondPartitionKeyValues",
    "dynamodb:ThirdPartitionKeyValues",
    "dynamodb:FourthPartitionKeyValues",
];

/// What the keys of services begin with. Of `saml`, the reference has keys though it is no service; the other keys that
/// it has for STS are claims, which come from a token that was verified and begin with its issuer.
const OF_SERVICES: [&str; 11] = [
    "application-autoscaling:",
    "aws:requesttag/",
    "aws:resourcetag/",
    "aws:tagkeys",
    "cloudwatch:",
    "dax:",
    "dynamodb:",
    "iam:",
    "lambda:",
    "saml:",
    "sts:",
];

/// All actions, in the order of their names in lower case.
pub fn actions() -> &'static [Action] {
    generated::ACTIONS
}

/// An action by its name, in letters of either case.
pub fn find(name: &str) -> Option<&'static Action> {
    let lower = |text: &'static str| text.bytes().map(|byte| byte.to_ascii_lowercase());
    let wanted = || name.bytes().map(|byte| byte.to_ascii_lowercase());
    let found = generated::ACTIONS.binary_search_by(|action| lower(action.name).cmp(wanted()));
    found.ok().map(|at| &generated::ACTIONS[at])
}

/// Whether a name or a pattern of an action is of a service that is known here, and fits none of its actions.
pub fn is_unknown(pattern: &str) -> bool {
    let Some((service, _)) = pattern.split_once(':') else { return pattern != "*" };
    let is_of_service =
        |action: &&Action| action.name.split_once(':').is_some_and(|(of, _)| of.eq_ignore_ascii_case(service));
    let atoms = glob::compile(pattern);
    let fits = |action: &Action| glob::matches(&atoms, action.name, Letters::Either, &WorkBudget::default());
    let mut of_service = actions().iter().filter(is_of_service).peekable();
    of_service.peek().is_some() && !of_service.any(fits)
}

/// Whether a key, in lower case, has several values by its nature, even if it has but one now.
pub fn is_list(key: &str) -> bool {
    generated::LISTS.binary_search(&key).is_ok()
}

/// Whether a key, in lower case, belongs to services: only the actions that have it are decided by it. All others follow
/// from the caller's credentials and from how the request came, and are the same for every action.
pub fn is_of_service(key: &str) -> bool {
    OF_SERVICES.iter().any(|start| key.starts_with(start))
}

/// Whether an action on a resource can have a key, in lower case. Of an action that the reference does not have, nothing
/// is known, so it can have all of them.
pub fn can_have(action: &str, resource: &str, key: &str) -> bool {
    let work = WorkBudget::new(u64::MAX);
    !is_of_service(key) || ActionKeys::within(action, resource, &work).have(key, &work)
}

/// The keys of services that one action on one resource has.
#[derive(Debug)]
pub(super) struct ActionKeys {
    /// `None` for an action that is not known, which has all of them.
    action: Option<&'static Action>,
    /// Which of the action's types the resource is of: a bit each, so that a decision allocates nothing.
    types: u64,
    /// How many keys there are to compare one with.
    count: usize,
}

impl ActionKeys {
    /// Resources are as long as requests make them: each comparison with a type's pattern is paid for.
    pub(super) fn within(action: &str, resource: &str, work: &WorkBudget) -> ActionKeys {
        let action = find(action);
        let resources = action.map_or(&[][..], |action| action.resources);
        let bit = |(at, of): (usize, &ActionResource)| u64::from(of.resource_type.has(resource)) << at;
        let types = match work.spend(resources.len() * (1 + resource.len())) {
            true => resources.iter().enumerate().map(bit).sum(),
            false => 0,
        };
        let keys = ActionKeys { action, types, count: 0 };
        let of_type = |of: &ActionResource| of.condition_keys.len() + of.resource_type.condition_keys.len();
        let of_types: usize = keys.types().map(of_type).sum();
        ActionKeys { count: action.map_or(0, |action| action.condition_keys.len()) + of_types, ..keys }
    }

    fn types(&self) -> impl Iterator<Item = &'static ActionResource> {
        let resources = self.action.map_or(&[][..], |action| action.resources);
        resources.iter().enumerate().filter(|(at, _)| self.types >> at & 1 == 1).map(|(_, of)| of)
    }

    /// Whether a key of a service, in lower case, is one of them.
    pub(super) fn have(&self, key: &str, work: &WorkBudget) -> bool {
        let Some(action) = self.action else { return true };
        let is_own = |keys: &[&str]| keys.iter().any(|own| fits(own, key));
        let of_type = |of: &ActionResource| is_own(of.condition_keys) || is_own(of.resource_type.condition_keys);
        work.spend(self.count)
            && (is_own(action.condition_keys) || action.is_documented(key) || self.types().any(of_type))
    }
}

impl Action {
    fn is_documented(&self, key: &str) -> bool {
        let is_one = |keys: &[&str]| keys.iter().any(|other| other.eq_ignore_ascii_case(key));
        let documented = || DOCUMENTED.iter().any(|(name, keys)| *name == self.name && is_one(keys));
        (self.condition_keys.contains(&LEADING_KEYS) && is_one(PARTITION_KEYS)) || documented()
    }
}

impl ResourceType {
    /// Whether a resource is of this type; `*` is of any.
    pub fn has(&self, resource: &str) -> bool {
        resource == "*" || fits(self.arn, resource)
    }
}

/// Whether a text is spelt as a pattern, in which each `${…}` is some text. Letters are the same in either case.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, mut pattern)) = pattern.split_once("${") else { return pattern.eq_ignore_ascii_case(text) };
    let Some(mut rest) = without_start(text, start) else { return false };
    loop {
        let Some((_, behind)) = pattern.split_once('}') else { return false };
        let (fixed, next) = behind.split_once("${").map_or((behind, None), |(fixed, next)| (fixed, Some(next)));
        let Some(next) = next else { return ends_with(rest, fixed) };
        // A variable takes the least that it can, and at least one byte.
        let Some(left) = rest.char_indices().skip(1).find_map(|(at, _)| without_start(&rest[at..], fixed)) else {
            return false;
        };
        (rest, pattern) = (left, next);
    }
}

fn without_start<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// Whether there is some text and then this end.
fn ends_with(text: &str, end: &str) -> bool {
    let at = text.len().checked_sub(end.len()).filter(|at| *at > 0);
    at.and_then(|at| text.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests;
