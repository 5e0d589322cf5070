//! Tags of users, roles, policies and OIDC providers. Their keys differ in more than case.

use std::collections::BTreeSet;

use auth::iam::{folded_tag, is_same_tag};

use super::asked::Ask;
use super::{Answer, oidc_provider, policy, quota};
use crate::query::{Code, Refusal, Xml};
use crate::store::entity::{ManagedPolicy, OidcProvider, Role, Tags, User};
use crate::store::{Account, Draft, Kept};

use super::holder::Holder;

/// One that can have tags.
pub(super) trait Tagged: Kept {
    /// The one that a request names.
    fn named(ask: &Ask<'_>, account: &Account) -> Result<Self, Refusal>;
    fn tags(&self) -> &Tags;
    fn tags_mut(&mut self) -> &mut Tags;
}

macro_rules! tagged {
    ($($entity:ident $named:expr;)+) => {$(
        impl Tagged for $entity {
            fn named(ask: &Ask<'_>, account: &Account) -> Result<$entity, Refusal> {
                let named: fn(&Ask<'_>, &Account) -> Result<$entity, Refusal> = $named;
                named(ask, account)
            }

            fn tags(&self) -> &Tags {
                &self.tags
            }

            fn tags_mut(&mut self) -> &mut Tags {
                &mut self.tags
            }
        }
    )+};
}

tagged! {
    User |ask, account| User::asked(ask, account).map(|user| User::clone(user));
    Role |ask, account| Role::asked(ask, account).map(|role| Role::clone(role));
    ManagedPolicy |ask, account| policy::asked(ask, account).map(|policy| ManagedPolicy::clone(policy));
    OidcProvider |ask, account| oidc_provider::asked(ask, account).map(|provider| OidcProvider::clone(provider));
}

pub(super) fn add<T: Tagged>(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let added = asked(ask)?;
    let mut entity = T::named(ask, draft)?;
    for (key, value) in added {
        entity.tags_mut().retain(|other, _| !is_same_tag(other, &key));
        entity.tags_mut().insert(key, value);
    }
    if entity.tags().len() > quota::TAGS_MAX {
        return Err(too_many());
    }
    draft.put(entity);
    Ok(None)
}

pub(super) fn remove<T: Tagged>(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let keys = ask.members.texts("TagKeys");
    let mut entity = T::named(ask, draft)?;
    entity.tags_mut().retain(|other, _| !keys.iter().any(|key| is_same_tag(other, key)));
    draft.put(entity);
    Ok(None)
}

pub(super) fn list<T: Tagged>(ask: &Ask<'_>, account: &Account) -> Answer {
    let entity = T::named(ask, account)?;
    let tags = entity.tags().iter().map(|tag| (tag.0.clone(), tag));
    let mut xml = Xml::new();
    ask.page(&mut xml, "Tags", tags, |xml, (key, value)| show_one(xml, key, value))?;
    Ok(Some(xml))
}

/// The tags that something new is asked for with.
pub(super) fn of_new(ask: &Ask<'_>) -> Result<Tags, Refusal> {
    asked(ask)
}

fn too_many() -> Refusal {
    Refusal::new(Code::LimitExceeded, "The number of tags has reached the maximum limit.")
}

/// The tags that a request has; conditions look at the same ones.
pub(super) fn asked(ask: &Ask<'_>) -> Result<Tags, Refusal> {
    let members = ask.members.structures("Tags");
    if members.len() > quota::TAGS_MAX {
        return Err(too_many());
    }
    let (mut tags, mut seen) = (Tags::new(), BTreeSet::new());
    for member in members {
        let (key, value) = (member.text("Key").unwrap_or_default(), member.text("Value").unwrap_or_default());
        if key.to_ascii_lowercase().starts_with("aws:") {
            let text = "Tag keys that start with aws: are reserved for system use.";
            return Err(Refusal::invalid_input(text));
        }
        if !seen.insert(folded_tag(key)) {
            let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(Refusal::invalid_input(text));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    Ok(tags)
}

pub(super) fn show(xml: &mut Xml, tags: &Tags) {
    xml.list("Tags", tags, |xml, (key, value)| show_one(xml, key, value));
}

/// Nothing, if there are none.
pub(super) fn show_some(xml: &mut Xml, tags: &Tags) {
    if !tags.is_empty() {
        show(xml, tags);
    }
}

fn show_one(xml: &mut Xml, key: &str, value: &str) {
    xml.text("Key", key);
    xml.text("Value", value);
}
