//! Tags of users, roles, policies and OIDC providers. Their keys differ in more than case.

use std::collections::BTreeSet;

use auth::iam::{folded_tag, is_same_tag};

use aws::iam::Tag;

use super::holder::Holder;
use super::page::{Page, Paging};
use super::{Answer, oidc_provider, policy, quota};
use crate::query::{Code, Refusal};
use crate::store::entity::{ManagedPolicy, OidcProvider, Role, Tags, User};
use crate::store::{Account, Draft, Kept};

/// One that can have tags.
pub(super) trait Tagged: Kept {
    /// The one that a request names.
    fn find(account: &Account, name: &str) -> Result<Self, Refusal>;
    fn tags(&self) -> &Tags;
    fn tags_mut(&mut self) -> &mut Tags;
}

macro_rules! tagged {
    ($($entity:ident $named:expr;)+) => {$(
        impl Tagged for $entity {
            fn find(account: &Account, name: &str) -> Answer<$entity> {
                let named: fn(&Account, &str) -> Result<$entity, Refusal> = $named;
                named(account, name)
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
    User |account, name| User::named(account, name).map(|user| User::clone(user));
    Role |account, name| Role::named(account, name).map(|role| Role::clone(role));
    ManagedPolicy |account, arn| policy::named(account, arn).map(|policy| ManagedPolicy::clone(policy));
    OidcProvider |account, arn| oidc_provider::named(account, arn).map(|provider| OidcProvider::clone(provider));
}

pub(super) fn add<T: Tagged>(draft: &mut Draft, name: &str, tags: &[Tag]) -> Answer {
    let added = asked(tags)?;
    let mut entity = T::find(draft, name)?;
    for (key, value) in added {
        entity.tags_mut().retain(|other, _| !is_same_tag(other, &key));
        entity.tags_mut().insert(key, value);
    }
    if entity.tags().len() > quota::TAGS_MAX {
        return Err(too_many());
    }
    draft.put(entity);
    Ok(())
}

pub(super) fn remove<T: Tagged>(draft: &mut Draft, name: &str, keys: &[String]) -> Answer {
    let mut entity = T::find(draft, name)?;
    entity.tags_mut().retain(|other, _| !keys.iter().any(|key| is_same_tag(other, key)));
    draft.put(entity);
    Ok(())
}

pub(super) fn list<T: Tagged>(account: &Account, name: &str, paging: Paging) -> Answer<Page<Tag>> {
    let tags = all(T::find(account, name)?.tags());
    Page::of(paging, tags.into_iter().map(|tag| (tag.key.clone(), tag)))
}

fn too_many() -> Refusal {
    Refusal::new(Code::LimitExceeded, "The number of tags has reached the maximum limit.")
}

/// The tags that a request has; conditions read the same ones.
pub(super) fn asked<'t>(asked: impl IntoIterator<Item = &'t Tag>) -> Answer<Tags> {
    let (mut tags, mut seen) = (Tags::new(), BTreeSet::new());
    let asked: Vec<&Tag> = asked.into_iter().collect();
    if asked.len() > quota::TAGS_MAX {
        return Err(too_many());
    }
    for Tag { key, value } in asked {
        if key.to_ascii_lowercase().starts_with("aws:") {
            let text = "Tag keys that start with aws: are reserved for system use.";
            return Err(Refusal::invalid_input(text));
        }
        if !seen.insert(folded_tag(key)) {
            let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(Refusal::invalid_input(text));
        }
        tags.insert(key.clone(), value.clone());
    }
    Ok(tags)
}

/// As answers have them.
pub(super) fn all(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

/// Nothing, if there are none.
pub(super) fn some(tags: &Tags) -> Option<Vec<Tag>> {
    Some(all(tags)).filter(|tags| !tags.is_empty())
}
