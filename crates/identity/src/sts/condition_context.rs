//! What conditions can look at in a request of STS, beside its caller; of that, `auth::iam` looks at the keys that the
//! action has.
//!
//! Source: Service Authorization Reference, "Condition keys for AWS Security Token Service".

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use auth::iam::{Context, Values, WorkBudget, tag_value};

use super::RequestOrigin;
use crate::tag_key::with_stored_keys;

#[derive(Default)]
pub(super) struct ConditionContext<'a> {
    pub(super) external_id: Option<&'a str>,
    pub(super) role_session_name: Option<&'a str>,
    /// Tags that the session is asked for with, wherever they come from.
    pub(super) tags: BTreeMap<&'a str, &'a str>,
    pub(super) transitive: Vec<&'a str>,
    pub(super) source_identity: Option<&'a str>,
    /// Of the role that is asked for.
    pub(super) role_tags: Option<&'a BTreeMap<String, String>>,
    /// Claims of a web identity, in lower case.
    pub(super) claims: Option<&'a BTreeMap<String, Vec<String>>>,
    pub(super) tag_keys: OnceCell<Vec<&'a str>>,
    /// Of an unsigned request; signed ones have it in their identity.
    pub(super) origin: Option<(&'a RequestOrigin, u64)>,
}

fn one(value: &str) -> Option<Values<'_>> {
    Some(Values::One(Cow::Borrowed(value)))
}

fn many<'a>(values: impl Iterator<Item = &'a str>) -> Option<Values<'a>> {
    let values: Vec<Cow<'a, str>> = values.map(Cow::Borrowed).collect();
    (!values.is_empty()).then_some(Values::Many(values))
}

impl Context for ConditionContext<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        if let Some(tag) = key.strip_prefix("aws:requesttag/") {
            return tag_value(self.tags.iter().map(|(name, value)| (*name, *value)), tag, work);
        }
        let of_role = key.strip_prefix("aws:resourcetag/").or_else(|| key.strip_prefix("iam:resourcetag/"));
        if let Some(tag) = of_role {
            return tag_value(self.role_tags?.iter().map(|(name, value)| (name.as_str(), value.as_str())), tag, work);
        }
        match key {
            "aws:tagkeys" => many(self.tag_keys().iter().copied()),
            "sts:transitivetagkeys" => many(self.transitive.iter().copied()),
            "sts:externalid" => self.external_id.and_then(one),
            "sts:rolesessionname" => self.role_session_name.and_then(one),
            "sts:sourceidentity" => self.source_identity.and_then(one),
            _ => self.of_way(key).or_else(|| self.claim(key)),
        }
    }
}

impl ConditionContext<'_> {
    /// Of the request, and those of the role's tags that the request's replace though they differ in case.
    fn tag_keys(&self) -> &[&str] {
        self.tag_keys.get_or_init(|| {
            let stored = self.role_tags.into_iter().flat_map(|tags| tags.keys().map(String::as_str));
            with_stored_keys(self.tags.keys().copied().collect(), stored)
        })
    }

    fn claim(&self, key: &str) -> Option<Values<'_>> {
        match self.claims?.get(key)?.as_slice() {
            // Methods of authentication are several by their nature.
            [value] if !key.ends_with(":amr") => one(value),
            values => many(values.iter().map(String::as_str)),
        }
    }

    fn of_way(&self, key: &str) -> Option<Values<'_>> {
        let (origin, now_ms) = self.origin?;
        let value = match key {
            "aws:sourceip" => origin.transport.peer.to_canonical().to_string(),
            "aws:securetransport" => origin.transport.secure.to_string(),
            "aws:useragent" => origin.user_agent.clone()?,
            "aws:currenttime" => base::utc::rfc3339(now_ms),
            "aws:epochtime" => (now_ms / 1_000).to_string(),
            _ => return None,
        };
        Some(Values::One(Cow::Owned(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session's tag replaces the role's tag if their keys differ only in case.
    #[test]
    fn tag_keys_are_also_those_of_the_role_that_are_replaced() {
        let role_tags: BTreeMap<String, String> =
            ["team", "other", "same"].map(|key| (key.to_owned(), "r".to_owned())).into();
        let own = ConditionContext {
            tags: [("TEAM", "x"), ("same", "y")].into(),
            role_tags: Some(&role_tags),
            ..ConditionContext::default()
        };
        let Some(Values::Many(keys)) = own.values("aws:tagkeys", &WorkBudget::default()) else { panic!("keys") };
        assert_eq!(keys, ["TEAM", "same", "team"]);
        let own = ConditionContext { role_tags: Some(&role_tags), ..ConditionContext::default() };
        assert_eq!(own.values("aws:tagkeys", &WorkBudget::default()), None);
    }
}
