//! Tags of event source mappings: TagResource, UntagResource and ListTags of Lambda's API.
//!
//! They are part of the mapping's document and do not affect its delivery, so they may change in any state of it.

use std::collections::BTreeMap;

use auth::Caller;
use aws::lambda::ListTagsResponse;

use super::call::Call;
use super::permission::permit_one;
use super::{Answer, Refusal, find};
use crate::triggers::Triggers;
use crate::triggers::mapping::Mapping;
use crate::triggers::mappings::Mappings;

/// Source: AWS Lambda Developer Guide, "Tag requirements".
const TAGS_MAX: usize = 50;
/// Unit: characters.
const KEY_LENGTH_MAX: usize = 128;
const VALUE_LENGTH_MAX: usize = 256;

pub(crate) type Tags = BTreeMap<String, String>;

impl Triggers {
    pub(super) async fn list_tags(&self, caller: &Caller, arn: &str) -> Answer<ListTagsResponse> {
        let mappings = self.mappings().await?;
        Ok(ListTagsResponse { tags: Some(of_arn(&mappings, caller, arn)?.tags.clone()) })
    }

    pub(super) async fn tag(&self, caller: &Caller, call: &Call, added: &Tags) -> Answer {
        self.change_tags(caller, call, &|tags| tags.extend(added.clone())).await
    }

    pub(super) async fn untag(&self, caller: &Caller, call: &Call, keys: &[String]) -> Answer {
        self.change_tags(caller, call, &|tags| tags.retain(|key, _| !keys.contains(key))).await
    }

    pub(super) async fn change_tags(
        &self,
        caller: &Caller,
        call: &Call,
        change: &(dyn Fn(&mut Tags) + Sync),
    ) -> Answer {
        let arn = call.route.mapping.as_str();
        let changed = self.change(uuid_of(arn), |mappings| {
            let before = of_arn(mappings, caller, arn)?;
            // Its function and its tags, which conditions see, may be others than a moment ago.
            permit_one(caller, call.route.operation.action(), before, call.request_tags())?;
            let mut mapping = Mapping::clone(before);
            change(&mut mapping.tags);
            mapping.tags = checked(mapping.tags)?;
            Ok(mapping)
        });
        changed.await.map(drop)
    }
}

/// Of a mapping's ARN, or of its UUID alone.
pub(super) fn uuid_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or_default()
}

fn of_arn<'a>(mappings: &'a Mappings, caller: &Caller, arn: &str) -> Result<&'a Mapping, Refusal> {
    let found = find(mappings, caller, uuid_of(arn)).ok();
    found.filter(|mapping| mapping.arn() == arn).map(|mapping| &**mapping).ok_or(Refusal::ResourceNotFound)
}

/// # Errors
/// If a mapping cannot have all these tags.
pub(super) fn checked(tags: Tags) -> Result<Tags, Refusal> {
    let is_good = |(key, value): (&String, &String)| {
        let length = key.chars().count();
        (1..=KEY_LENGTH_MAX).contains(&length) && value.chars().count() <= VALUE_LENGTH_MAX && !key.starts_with("aws:")
    };
    match tags.iter().all(is_good) && tags.len() <= TAGS_MAX {
        true => Ok(tags),
        false => Err(Refusal::invalid(format!(
            "Tags: up to {TAGS_MAX}, with keys of 1 to {KEY_LENGTH_MAX} characters that do not begin with aws:, and values of up to {VALUE_LENGTH_MAX}"
        ))),
    }
}
