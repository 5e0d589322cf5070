//! TagResource, UntagResource and ListTagsForResource, of alarms.

use std::collections::BTreeMap;

use auth::Caller;
use aws::cloudwatch::{
    ListTagsForResourceInput, ListTagsForResourceOutput, Tag, TagResourceInput, TagResourceOutput, UntagResourceInput,
    UntagResourceOutput,
};

use super::refusal::Refusal;
use super::{Answer, CloudWatch, beginning};
use crate::alarm::{self, Alarm, AlarmId};

/// Source: API Reference, TagResource.
const TAGS_MAX: usize = 50;

impl CloudWatch {
    pub(super) async fn tag(&self, caller: &Caller, request: TagResourceInput) -> Answer<TagResourceOutput> {
        let TagResourceInput { resource_arn, tags } = request;
        let id = alarm_of(caller, &resource_arn)?;
        let mut refusal = None;
        let tagged = alarm::change(self.metrics.engine(), id, |mut alarm: Alarm, _| {
            refusal = None;
            match checked_tags(alarm.tags.clone(), tags.clone()) {
                Ok(tags) => {
                    alarm.tags = tags;
                    Some((alarm, Vec::new()))
                }
                Err(refused) => {
                    refusal = Some(refused);
                    None
                }
            }
        });
        let is_there = tagged.await?;
        match refusal {
            Some(refusal) => Err(refusal),
            None if is_there => Ok(TagResourceOutput {}),
            None => Err(Refusal::NoResource(resource_arn)),
        }
    }

    pub(super) async fn untag(&self, caller: &Caller, request: UntagResourceInput) -> Answer<UntagResourceOutput> {
        let id = alarm_of(caller, &request.resource_arn)?;
        let untagged = alarm::change(self.metrics.engine(), id, |mut alarm: Alarm, _| {
            alarm.tags.retain(|key, _| !request.tag_keys.contains(key));
            Some((alarm, Vec::new()))
        });
        let is_there = untagged.await?;
        if is_there { Ok(UntagResourceOutput {}) } else { Err(Refusal::NoResource(request.resource_arn)) }
    }

    pub(super) async fn list_tags(
        &self,
        caller: &Caller,
        request: ListTagsForResourceInput,
    ) -> Answer<ListTagsForResourceOutput> {
        let id = alarm_of(caller, &request.resource_arn)?;
        let alarm = alarm::get(self.metrics.engine(), id).await?;
        let tags = alarm.ok_or_else(|| Refusal::NoResource(request.resource_arn.clone()))?.tags;
        let tags = tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
        Ok(ListTagsForResourceOutput { tags: Some(tags) })
    }
}

/// Tags with others set.
pub(super) fn checked_tags(mut tags: BTreeMap<String, String>, set: Vec<Tag>) -> Answer<BTreeMap<String, String>> {
    for Tag { key, value } in set {
        if key.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("aws:")) {
            return Err(Refusal::Value(format!(
                "The tag key {} is reserved: aws: is AWS's own prefix.",
                beginning(&key)
            )));
        }
        tags.insert(key, value);
    }
    match tags.len() > TAGS_MAX {
        true => Err(Refusal::Value(format!("A resource can have at most {TAGS_MAX} tags."))),
        false => Ok(tags),
    }
}

/// The name of the alarm of an ARN of the caller's account and region.
pub(super) fn alarm_name<'a>(caller: &Caller, arn: &'a str) -> Option<&'a str> {
    AlarmId { account: &caller.account, region: &caller.region, name: "" }.of_arn(arn)
}

/// Those of other accounts and regions do not exist.
fn alarm_of<'a>(caller: &'a Caller, arn: &'a str) -> Answer<AlarmId<'a>> {
    let service = arn.strip_prefix("arn:aws:cloudwatch:");
    if service.and_then(|rest| rest.splitn(3, ':').nth(2)).is_none_or(|rest| !rest.starts_with("alarm:")) {
        return Err(Refusal::Value(format!(
            "The value {} for parameter ResourceARN is not the ARN of an alarm.",
            beginning(arn)
        )));
    }
    let name = alarm_name(caller, arn).ok_or_else(|| Refusal::NoResource(arn.to_owned()))?;
    Ok(AlarmId { account: &caller.account, region: &caller.region, name })
}
