//! What a request to a hosted service requires of its caller's policies: actions on resources, with the values of the condition keys.
//!
//! Which keys an action has is AWS's Service Authorization Reference's to say, whose generated tables `auth::iam` applies to every
//! question: a key that a request brings and its action has not is seen by no policy. Here are the values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use auth::Caller;
use auth::iam::{Context, Permission, Unpermitted, Values, WorkBudget, tag_value};

use crate::members::Members;

/// Each of the actions on each of the resources.
#[derive(Clone, Default)]
pub struct Permissions<'a> {
    /// As `lambda:TagResource`.
    pub actions: Vec<Cow<'a, str>>,
    pub resources: Vec<Resource<'a>>,
    pub keys: RequestKeys<'a>,
}

/// A resource of a request.
#[derive(Clone, Default)]
pub struct Resource<'a> {
    /// Or `*`.
    pub arn: Cow<'a, str>,
    /// The resource's account, as conditions see it, if it may be another one than the caller's.
    pub account: Option<Cow<'a, str>>,
    /// Of the resource as it is; none if there is no such resource.
    pub tags: Cow<'a, BTreeMap<String, String>>,
}

/// The condition keys that a request sets.
#[derive(Clone, Default)]
pub struct RequestKeys<'a> {
    /// Those that the request sets.
    pub tags: Vec<(&'a str, &'a str)>,
    /// Those that the request sets or takes away.
    pub tag_keys: Vec<&'a str>,
    /// Of the service, in lower case: `lambda:functionarn`.
    pub own: Vec<(&'static str, Values<'a>)>,
}

impl<'a> Resource<'a> {
    /// Without tags.
    pub fn of(arn: impl Into<Cow<'a, str>>) -> Resource<'a> {
        Resource { arn: arn.into(), ..Resource::default() }
    }

    /// With the tags that it has.
    pub fn tagged(arn: impl Into<Cow<'a, str>>, tags: BTreeMap<String, String>) -> Resource<'a> {
        Resource { tags: Cow::Owned(tags), ..Resource::of(arn) }
    }
}

impl<'a> RequestKeys<'a> {
    /// The tags of a request: a list or a map `Tags`, and the list `TagKeys`.
    pub fn of_tags(members: &Members<'a>) -> RequestKeys<'a> {
        let text = |member: &Members<'a>, name| member.text(name).unwrap_or_default();
        let listed = members.structures("Tags");
        let listed = listed.iter().map(|tag| (text(tag, "Key"), text(tag, "Value")));
        let tags: Vec<(&str, &str)> = listed.chain(members.text_map("Tags")).collect();
        let tag_keys = tags.iter().map(|(key, _)| *key).chain(members.texts("TagKeys")).collect();
        RequestKeys { tags, tag_keys, own: Vec::new() }
    }

    /// With a key of the service, if the request has its value.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> RequestKeys<'a> {
        self.own.extend(value.map(|value| (key, Values::One(value.into()))));
        self
    }

    /// With a key that has several values by its nature; without any, the request has no such key.
    #[must_use]
    pub fn with_all(mut self, key: &'static str, values: impl Iterator<Item = &'a str>) -> RequestKeys<'a> {
        self.own.extend(many(values).map(|values| (key, values)));
        self
    }
}

fn many<'a>(values: impl Iterator<Item = &'a str>) -> Option<Values<'a>> {
    let values: Vec<Cow<'a, str>> = values.map(Cow::Borrowed).collect();
    (!values.is_empty()).then_some(Values::Many(values))
}

/// The keys of a question about one resource.
struct ConditionContext<'a> {
    request: &'a RequestKeys<'a>,
    resource: &'a Resource<'a>,
}

impl Context for ConditionContext<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        if let Some(tag) = key.strip_prefix("aws:requesttag/") {
            return tag_value(self.request.tags.iter().copied(), tag, work);
        }
        if let Some(tag) = key.strip_prefix("aws:resourcetag/") {
            let stored = self.resource.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            return tag_value(stored, tag, work);
        }
        match key {
            "aws:tagkeys" => many(self.request.tag_keys.iter().copied()),
            _ => self.request.own.iter().find(|(own, _)| *own == key).map(|(_, values)| values.clone()),
        }
    }
}

impl Permissions<'_> {
    /// Asks the policies of a caller that has an identity.
    ///
    /// # Errors
    /// Why the request may not be done.
    pub fn ask(&self, caller: &Caller) -> Result<(), Unpermitted> {
        let Some(identity) = &caller.identity else { return Ok(()) };
        // One for the request: many resources must not multiply what its policies may cost.
        let work = WorkBudget::default();
        for resource in &self.resources {
            let own = ConditionContext { request: &self.keys, resource };
            for action in &self.actions {
                let permission = Permission {
                    identity,
                    region: &caller.region,
                    account: &caller.account,
                    action,
                    resource: &resource.arn,
                    resource_account: resource.account.as_deref().unwrap_or(&caller.account),
                    own: &own,
                };
                permission.ask(&work)?;
            }
        }
        Ok(())
    }
}
